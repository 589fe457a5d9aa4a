package tui

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"rollcall/model"
	"rollcall/model/rule"
	"rollcall/model/rule/ruletest"
)

func mustParse(t require.TestingT, text string) rule.Node {
	r, diagnostics := rule.Parse(text)
	require.False(t, rule.HasErrors(diagnostics), "%s: %v", text, diagnostics)
	return r.Root
}

func printed(n rule.Node) string {
	if n == nil {
		return ""
	}
	return rule.Print(n)
}

// sketch writes an outline as indented lines.
func sketch(i *outlineItem) string {
	var b strings.Builder
	for _, r := range i.rows() {
		b.WriteString(strings.Repeat("  ", r.depth+1))
		switch r.kind {
		case itemGroup:
			b.WriteString(r.joint())
		case itemCollection:
			b.WriteString(strings.Repeat("not ", r.not) + r.attribute + " " + r.quantifier.String() + " " + r.joint())
		default:
			b.WriteString(strings.Repeat("not ", r.not) + r.attribute + " " + r.operator.String() + " " + r.value)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func lines(s ...string) string { return strings.Join(s, "\n") + "\n" }

func TestRulesBecomeOutlines(t *testing.T) {
	for _, tt := range []struct{ name, rule, want string }{
		{"the empty rule has one empty line", ``, lines("all of", "   -eq ")},
		{"a clause stands alone", `user.department -eq "Sales"`, lines("all of", "  department -eq Sales")},
		{
			"clauses that are joined by and", `user.department -eq "Sales" -and user.country -in ["US", "CA"]`,
			lines("all of", "  department -eq Sales", "  country -in US, CA"),
		},
		{
			"a group in a group", `user.accountEnabled -eq true -and (user.city -eq "Paris" -or user.city -eq null -and user.city -eq "null")`,
			lines("all of", "  accountEnabled -eq true", "  any of", "    city -eq Paris", "    all of", "      city -eq null", `      city -eq "null"`),
		},
		{
			"the whole rule negated", `-not (user.city -eq "a" -or user.city -eq "b")`,
			lines("none of", "  city -eq a", "  city -eq b"),
		},
		{
			"not of a clause, twice of a group", `-not user.city -eq "a" -and -not -not (user.city -eq "a" -and user.city -eq "b")`,
			lines("all of", "  not city -eq a", "  not not all of", "    city -eq a", "    city -eq b"),
		},
		{
			"a condition on elements", `-not user.otherMails -any (_ -endsWith "@x.com" -and -not (_ -startsWith "a" -or _ -startsWith "b"))`,
			lines("all of", "  not otherMails -any all of", "    _ -endsWith @x.com", "    none of", "      _ -startsWith a", "      _ -startsWith b"),
		},
		{
			"moments", `user.employeeHireDate -ge system.now -minus P30D -or user.employeeHireDate -le 2026-01-31T00:00:00Z`,
			lines("any of", "  employeeHireDate -ge system.now -minus P30D", "  employeeHireDate -le 2026-01-31T00:00:00Z"),
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tree := mustParse(t, tt.rule)
			outline := newOutline(tree)
			assert.Equal(t, tt.want, sketch(outline))
			assert.True(t, rule.Equal(tree, outline.node()), "the rows say %s", printed(outline.node()))
		})
	}
}

func TestWholeRulesAndServicePlansAreRowsToo(t *testing.T) {
	for _, tree := range []rule.Node{
		&rule.MemberOf{Groups: []rule.Value{rule.TextValue("11111111-1111-4111-8111-111111111111"), rule.TextValue("a, b")}},
		&rule.DirectReports{Manager: rule.TextValue("11111111-1111-4111-8111-111111111111")},
		&rule.Quantified{Property: "assignedPlans", Body: &rule.And{Operands: []rule.Node{
			&rule.Comparison{Property: rule.PlanID, Value: rule.TextValue("efb87545-963c-4e0d-99df-69c6916d9eb0")},
			&rule.Comparison{Property: rule.PlanName, Value: rule.TextValue("exchange")},
			&rule.Comparison{Property: rule.PlanStatus, Operator: rule.OpIn, Value: rule.ListValue("Enabled", "Warning")},
		}}},
	} {
		assert.True(t, rule.Equal(tree, newOutline(tree).node()), printed(tree))
	}
}

func TestIncompleteRowsAreNotPartOfTheRule(t *testing.T) {
	outline := &outlineItem{kind: itemGroup, items: []*outlineItem{
		{attribute: "department", value: "Sales"},
		{attribute: "city"},
		{value: "Paris"},
		{kind: itemGroup, any: true, not: 1, items: []*outlineItem{{attribute: "city"}}},
		{kind: itemCollection, attribute: "otherMails", items: []*outlineItem{{attribute: rule.Element}}},
		{attribute: "country", operator: rule.OpIn, value: " , "},
	}}
	assert.Equal(t, `user.department -eq "Sales"`, printed(outline.node()))
	assert.True(t, outline.begun())
	assert.Nil(t, (&outlineItem{kind: itemGroup, items: []*outlineItem{{attribute: "city"}}}).node())
	assert.False(t, newOutline(nil).begun())
}

// alphabet is full of what rules and cells treat specially.
var alphabet = []rune("aAbZ 田é\\\"'`-_()[],.$^*\n\tß😀\u0301“”‘„:0129TZP")

func anyText() *rapid.Generator[string] {
	return rapid.OneOf(
		rapid.StringOfN(rapid.SampledFrom(alphabet), 0, 8, -1),
		rapid.SampledFrom([]string{"null", "true", "$false", "NULL", "2026-01-31T00:00:00Z", "system.now", "system.now -minus P1D", `"x"`, `'x'`, "`\"x`\"", `["a"]`, "[", `"`, "a, b", " a ", "42", "(system.now)"}),
	)
}

func anyValue(kind model.Type, op rule.Operator) *rapid.Generator[rule.Value] {
	return rapid.Custom(func(t *rapid.T) rule.Value {
		at := time.Date(2026, 6, 15, 12, 30, 45, 0, time.UTC)
		switch {
		case op.Positive() == rule.OpEq && rapid.IntRange(0, 3).Draw(t, "null") == 0:
			return rule.Value{Kind: rule.Null}
		case kind == model.TypeBool:
			return rule.Value{Kind: rule.Bool, Bool: rapid.Bool().Draw(t, "bool")}
		case kind == model.TypeTime && rapid.Bool().Draw(t, "literal"):
			return rule.Value{Kind: rule.Time, Time: at.AddDate(0, 0, rapid.IntRange(-2, 2).Draw(t, "days"))}
		case kind == model.TypeTime:
			d := rule.Duration{Days: rapid.IntRange(0, 99).Draw(t, "days"), Hours: rapid.IntRange(0, 3).Draw(t, "hours")}
			d.Minus = d != rule.Duration{} && rapid.Bool().Draw(t, "minus")
			return rule.Value{Kind: rule.Now, Shift: d}
		case op.Positive() == rule.OpIn:
			return rule.ListValue(rapid.SliceOfN(anyText(), 1, 4).Draw(t, "list")...)
		}
		return rule.TextValue(anyText().Draw(t, "text"))
	})
}

// anyTree generates every tree that Parse can build.
func anyTree() *rapid.Generator[rule.Node] {
	comparison := func(t *rapid.T, property string, kind model.Type) rule.Node {
		op := rapid.SampledFrom(rule.Operators(kind)).Draw(t, "operator")
		return &rule.Comparison{Property: property, Operator: op, Value: anyValue(kind, op).Draw(t, "value")}
	}
	clause := rapid.Custom(func(t *rapid.T) rule.Node {
		a := rapid.SampledFrom(model.Catalogue()).Draw(t, "attribute")
		if a.Type == model.TypePlans || a.Type == model.TypeCollection && rapid.Bool().Draw(t, "quantified") {
			element := rapid.Custom(func(t *rapid.T) rule.Node {
				property := rule.Element
				if a.Type == model.TypePlans {
					property = rapid.SampledFrom([]string{rule.PlanID, rule.PlanName, rule.PlanStatus}).Draw(t, "property")
				}
				return comparison(t, property, model.TypeString)
			})
			q := rapid.SampledFrom([]rule.Quantifier{rule.Any, rule.All}).Draw(t, "quantifier")
			return &rule.Quantified{Property: a.Rule, Quantifier: q, Body: ruletest.Joined(element, 2).Draw(t, "body")}
		}
		return comparison(t, a.Rule, a.Type)
	})
	return rapid.Custom(func(t *rapid.T) rule.Node {
		switch rapid.IntRange(0, 20).Draw(t, "alone") {
		case 0:
			return &rule.MemberOf{Groups: rule.ListValue(rapid.SliceOfN(anyText(), 1, 3).Draw(t, "groups")...).List}
		case 1:
			return &rule.DirectReports{Manager: rule.TextValue(anyText().Draw(t, "manager"))}
		}
		return ruletest.Joined(clause, 4).Draw(t, "tree")
	})
}

func TestEveryTreeIsTheTreeOfItsRows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tree := anyTree().Draw(t, "tree")
		outline := newOutline(tree)
		assert.True(t, rule.Equal(tree, outline.node()), "%s became %s in\n%s", printed(tree), printed(outline.node()), sketch(outline))
	})
}

func TestTextGoesThroughRowsToItsCanonicalPrint(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := printed(anyTree().Draw(t, "tree"))
		assert.Equal(t, text, printed(newOutline(mustParse(t, text)).node()))
	})
}

func TestEveryValueCanBeTypedIntoACell(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		kind := rapid.SampledFrom([]model.Type{model.TypeString, model.TypeBool, model.TypeTime}).Draw(t, "type")
		op := rapid.SampledFrom(rule.Operators(kind)).Draw(t, "operator")
		v := anyValue(kind, op).Draw(t, "value")
		cell := cellText(op, v)
		assert.True(t, v.Equal(parseCell(op, cell)), "%s stands as %q and is read as %s", v, cell, parseCell(op, cell))
	})
}

func TestCellsReadWhatIsTyped(t *testing.T) {
	text := rule.TextValue
	for _, tt := range []struct {
		name  string
		op    rule.Operator
		typed string
		want  rule.Value
	}{
		{"text needs no marks", rule.OpEq, "Sales Europe", text("Sales Europe")},
		{"an apostrophe is no mark", rule.OpEq, "O'Neil", text("O'Neil")},
		{"an inch mark behind a number", rule.OpEq, `5" pipe`, text(`5" pipe`)},
		{"blanks at the edges go", rule.OpEq, "  Sales ", text("Sales")},
		{"marks keep them", rule.OpEq, `"  Sales "`, text("  Sales ")},
		{"null", rule.OpNe, "null", rule.Value{Kind: rule.Null}},
		{"the text null", rule.OpNe, `"null"`, text("null")},
		{"the empty text", rule.OpEq, `""`, text("")},
		{"a mark that is not closed is text", rule.OpEq, `"Sales`, text(`"Sales`)},
		{"several", rule.OpIn, "US, CA", rule.ListValue("US", "CA")},
		{"commas in marks", rule.OpIn, `"Paris, TX", Rome`, rule.ListValue("Paris, TX", "Rome")},
		{"escaped marks", rule.OpIn, `"a\"b, c", d`, rule.ListValue(`a"b, c`, "d")},
		{"an array as in the text", rule.OpIn, `["a", "b"]`, rule.ListValue("a", "b")},
		{"one bracket is text", rule.OpIn, "[a, b", rule.ListValue("[a", "b")},
		{"a comma while typing adds nothing", rule.OpIn, "US, ", rule.ListValue("US")},
		{"a string while it is typed keeps its comma", rule.OpIn, `US, "Paris, T`, rule.ListValue("US", `"Paris, T`)},
		{"an apostrophe at the start of an element", rule.OpIn, "'t Zand, Rome", rule.ListValue("'t Zand", "Rome")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := parseCell(tt.op, tt.typed)
			assert.True(t, tt.want.Equal(got), "%s", got)
		})
	}
}

func TestWhatIsNotFinishedStaysWhenTheTextChanges(t *testing.T) {
	for _, tt := range []struct{ name, before, after, want string }{
		{
			"behind the line that it stood behind", `user.city -eq "a" -and user.city -eq "b"`, `user.city -eq "x" -and user.city -eq "b" -and user.city -eq "c"`,
			lines("all of", "  city -eq x", "  draft -eq ", "  city -eq b", "  city -eq c"),
		},
		{
			"when its neighbour goes", `user.city -eq "a" -and user.city -eq "b"`, `user.city -eq "b"`,
			lines("all of", "  draft -eq ", "  city -eq b"),
		},
		{"when all goes", `user.city -eq "a"`, ``, lines("all of", "  draft -eq ")},
		{
			"when the joiner turns", `user.city -eq "a" -and user.city -eq "b"`, `user.city -eq "a" -or user.city -eq "b"`,
			lines("any of", "  city -eq a", "  draft -eq ", "  city -eq b"),
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			before := newOutline(mustParse(t, tt.before))
			before.items = append(before.items[:1:1], append([]*outlineItem{{attribute: "draft"}}, before.items[1:]...)...)
			tree := mustParse(t, tt.after)
			after := newOutline(tree)
			after.adopt(before)
			assert.Equal(t, tt.want, sketch(after))
			assert.True(t, rule.Equal(tree, after.node()))
		})
	}
}

// TestTheRowsSayTheTextWhateverWasUnfinished changes a text under an outline
// with drafts in random places: the tree is the text's, and no draft is lost.
func TestTheRowsSayTheTextWhateverWasUnfinished(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		before := newOutline(anyTree().Draw(t, "before"))
		drafts := 0
		for _, r := range before.rows() {
			if r.kind == itemGroup && rapid.Bool().Draw(t, "here") {
				at := rapid.IntRange(0, len(r.items)).Draw(t, "at")
				r.outlineItem.items = append(r.items[:at:at], append([]*outlineItem{{attribute: "draft"}}, r.items[at:]...)...)
				drafts++
			}
		}
		tree := anyTree().Draw(t, "after")
		after := newOutline(tree)
		after.adopt(before)
		assert.True(t, rule.Equal(tree, after.node()), "%s became %s", printed(tree), printed(after.node()))
		kept := 0
		for _, r := range after.rows() {
			if r.attribute == "draft" {
				kept++
			}
		}
		assert.Equal(t, drafts, kept)
	})
}
