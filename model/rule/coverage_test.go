package rule_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/model"
	"rollcall/model/rule"
)

// operators are all of them.
func operators() (list []rule.Operator) {
	for o := rule.OpEq; o <= rule.OpGe; o++ {
		list = append(list, o)
	}
	return list
}

func TestTheCorpusHoldsEveryOperatorOnEveryType(t *testing.T) {
	type pair struct {
		operator rule.Operator
		of       string
	}
	schema, seen := fullSchema(), map[pair]bool{}
	kinds := map[model.Type]string{model.TypeString: "text", model.TypeBool: "boolean", model.TypeTime: "date", model.TypeCollection: "collection", model.TypePlans: "plans"}
	for _, cases := range corpusFiles(t) {
		for _, c := range cases {
			r, _ := rule.Parse(c.text)
			rule.Walk(r.Root, func(n rule.Node) {
				comparison, ok := n.(*rule.Comparison)
				if !ok {
					return
				}
				of := comparison.Property
				if a, ok := schema.ByRule(of); ok && a.IsExtension() {
					of = "extension"
				} else if ok {
					of = kinds[a.Type]
				}
				seen[pair{comparison.Operator, of}] = true
				if comparison.Value.Kind == rule.Null {
					seen[pair{comparison.Operator, of + " with null"}] = true
				}
			})
		}
	}
	for _, o := range operators() {
		for _, of := range []string{"text", "boolean", "date", "collection", "plans", "extension", rule.Element, rule.PlanName, "text with null"} {
			assert.True(t, seen[pair{o, of}], "%s on a %s is in no case", o, of)
		}
	}
	for _, o := range []rule.Operator{rule.OpEq, rule.OpNe} {
		for _, of := range []string{"boolean", "date", "collection", "plans", rule.Element, rule.PlanID} {
			assert.True(t, seen[pair{o, of + " with null"}], "%s null on a %s is in no case", o, of)
		}
	}
}

// builtFaults are faults that only a tree that was built can have.
var builtFaults = map[string]struct {
	tree    rule.Node
	message string
}{
	"memberOf in another node": {&rule.Not{Operand: &rule.MemberOf{}}, "user.memberOf cannot be combined with other clauses"},
	"reports in another node":  {&rule.Not{Operand: &rule.DirectReports{}}, "Direct Reports for cannot be combined with other clauses"},
	"the element outside":      {is(rule.Element, "a"), "_ stands inside -any and -all only"},
	"a part of a plan outside": {is(rule.PlanID, "a"), "assignedPlan.servicePlanId stands inside -any and -all only"},
	"a property inside":        {&rule.Quantified{Property: "otherMails", Body: is("city", "a")}, "user.city is no part of user.otherMails"},
	"the element of plans":     {&rule.Quantified{Property: "assignedPlans", Body: is(rule.Element, "a")}, "the element is no part of user.assignedPlans"},
	"-all inside -any":         {&rule.Quantified{Property: "otherMails", Body: &rule.Quantified{Property: "otherMails", Quantifier: rule.All, Body: is(rule.Element, "a")}}, "-all cannot stand inside a condition on elements"},
	"a manager that is no id":  {&rule.DirectReports{Manager: rule.Value{Kind: rule.Bool}}, "false is not an object id"},
}

func TestATreeThatNoTextHasIsCheckedToo(t *testing.T) {
	for name, c := range builtFaults {
		t.Run(name, func(t *testing.T) {
			diagnostics := rule.Check(&rule.Rule{Root: c.tree}, fullSchema())
			require.Len(t, diagnostics, 1)
			assert.Equal(t, c.message, diagnostics[0].Message)
			assert.NotEmpty(t, diagnostics[0].Expected)
		})
	}
}

// TestTheCorpusHoldsEveryMessage reads the messages out of the source of what
// parses and checks. lint.go and the languages have tests of their own.
func TestTheCorpusHoldsEveryMessage(t *testing.T) {
	var said []string
	for _, c := range builtFaults {
		said = append(said, c.message)
	}
	position := regexp.MustCompile(`^(?:error|note|advice) \d+:\d+ \[\d+:\d+\] (.*)$`)
	for _, cases := range corpusFiles(t) {
		for _, c := range cases {
			for line := range strings.Lines(c.results) {
				if m := position.FindStringSubmatch(strings.TrimRight(line, "\n")); m != nil {
					said = append(said, m[1])
				}
			}
		}
	}
	_, tooLong := rule.Parse(strings.Repeat(" ", rule.MaxLength+1)) // as no file should be
	said = append(said, tooLong[0].Message)
	all := strings.Join(said, "\n")
	messages := 0
	for _, file := range []string{"parse.go", "clause.go", "operand.go", "scan.go", "alone.go", "plan.go", "check.go", "pattern.go"} {
		for place, format := range messagesIn(t, file) {
			messages++
			verbs := regexp.MustCompile(`%[sqdUtcvw]`)
			pattern := verbs.ReplaceAllString(regexp.QuoteMeta(format), ".*")
			assert.Regexp(t, "(?m)^"+pattern+"$", all, "%s: no case has this message", place)
		}
	}
	assert.Greater(t, messages, 70, "messages are not found in the source")
}

// messagesIn returns the texts of diagnostics in a source file by their place.
func messagesIn(t *testing.T, file string) map[string]string {
	t.Helper()
	set := token.NewFileSet()
	f, err := parser.ParseFile(set, file, nil, 0)
	require.NoError(t, err)
	found := map[string]string{}
	// literals collects the texts that an expression gives as a message: a
	// literal, or the first argument of Sprintf.
	literals := func(e ast.Expr) {
		if call, ok := e.(*ast.CallExpr); ok && len(call.Args) > 0 {
			e = call.Args[0]
		}
		if l, ok := e.(*ast.BasicLit); ok && l.Kind == token.STRING {
			text, err := strconv.Unquote(l.Value)
			require.NoError(t, err)
			found[set.Position(l.Pos()).String()] = text
		}
	}
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			selector, ok := n.Fun.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			switch selector.Sel.Name {
			case "errorAt", "noteAt", "lintAt", "noteOnce":
				literals(n.Args[1])
			case "New", "Errorf":
				if x, ok := selector.X.(*ast.Ident); ok && (x.Name == "errors" || x.Name == "fmt") {
					literals(n)
				}
			}
		case *ast.AssignStmt:
			if name, ok := n.Lhs[0].(*ast.Ident); ok && name.Name == "message" {
				literals(n.Rhs[0])
			}
		case *ast.FuncDecl:
			if n.Name.Name == "aloneFault" || n.Name.Name == "tooLong" {
				ast.Inspect(n, func(n ast.Node) bool {
					if r, ok := n.(*ast.ReturnStmt); ok {
						literals(r.Results[0])
					}
					return true
				})
			}
		}
		return true
	})
	return found
}

func TestEveryErrorOfTheCorpusSaysWhatWasExpected(t *testing.T) {
	for _, cases := range corpusFiles(t) {
		for _, c := range cases {
			_, diagnostics, err := rule.Compile(c.text, c.schema(t), evaluatedAt)
			assert.Equal(t, rule.HasErrors(diagnostics), err != nil, c.name)
			for _, d := range diagnostics {
				assert.Positive(t, d.Line, c.name)
				assert.Positive(t, d.Column, c.name)
				assert.True(t, 0 <= d.Start && d.Start <= d.End && d.End <= len(c.text), c.name)
				if d.Severity == rule.Error {
					assert.NotEmpty(t, d.Expected, "%s: %s", c.name, d)
				}
			}
		}
	}
}
