package rule_test

import (
	"encoding/json"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/model"
	"rollcall/model/directory"
	"rollcall/model/rule"
)

// corpusCase is a block of testdata/rules/language: testdata/rules/README.md
// describes it.
type corpusCase struct {
	name    string
	synced  []string // attributes of the profile; nil: all of them
	unread  []string // of those, the ones that no sync has read yet
	refused []string // and the ones that the tenant does not give
	text    string
	results string // what is compared: everything below the rule
}

const corpusFolder = "../../testdata/rules/language"

// corpusFiles are the files of the corpus by their path.
func corpusFiles(t testing.TB) iter.Seq2[string, []corpusCase] {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(corpusFolder, "*.rule"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	return func(yield func(string, []corpusCase) bool) {
		for _, file := range files {
			content, err := os.ReadFile(file)
			require.NoError(t, err)
			if !yield(file, readCorpus(t, string(content))) {
				return
			}
		}
	}
}

func readCorpus(t testing.TB, content string) (cases []corpusCase) {
	t.Helper()
	for block := range strings.SplitSeq(content, "\n= ") {
		if strings.HasPrefix(block, "#") {
			continue // the comment that a file begins with
		}
		var c corpusCase
		lines := strings.Split(strings.TrimRight(block, "\n"), "\n")
		c.name, lines = lines[0], lines[1:]
		var text []string
		for len(lines) > 0 {
			key, value, _ := strings.Cut(lines[0], " ")
			switch key {
			case "synced":
				c.synced = strings.Fields(value)
			case "unread":
				c.unread = strings.Fields(value)
			case "refused":
				c.refused = strings.Fields(value)
			case "|":
				text = append(text, value)
			case "|+":
				unquoted, err := strconv.Unquote(value)
				require.NoError(t, err, c.name)
				text = append(text, unquoted)
			default:
				c.results, lines = strings.Join(lines, "\n"), nil
				continue
			}
			lines = lines[1:]
		}
		c.text = strings.Join(text, "\n")
		cases = append(cases, c)
	}
	return cases
}

// write gives a block back with other results.
func (c corpusCase) write(b *strings.Builder, results string) {
	fmt.Fprintf(b, "\n= %s\n", c.name)
	for _, list := range []struct {
		key   string
		names []string
	}{{"synced", c.synced}, {"unread", c.unread}, {"refused", c.refused}} {
		if list.names != nil {
			fmt.Fprintf(b, "%s %s\n", list.key, strings.Join(list.names, " "))
		}
	}
	for line := range strings.SplitSeq(c.text, "\n") {
		if plain := strconv.Quote(line); strings.ReplaceAll(plain[1:len(plain)-1], `\"`, `"`) == strings.ReplaceAll(line, `\`, `\\`) && strings.TrimRight(line, " ") == line {
			fmt.Fprintf(b, "| %s\n", line)
		} else {
			fmt.Fprintf(b, "|+ %s\n", strconv.Quote(line))
		}
	}
	b.WriteString(results + "\n")
}

// person of testdata/rules/language/users.json.
type person struct {
	Name       string
	ID         string
	Manager    string
	Groups     []string // ids of those that the person is a direct member of
	Attributes map[string]any
	Plans      []model.ServicePlan
}

func (p person) user(t testing.TB, s *model.Schema) model.User {
	t.Helper()
	u := model.User{ID: p.ID, ManagerID: p.Manager}
	for name, value := range p.Attributes {
		a, ok := s.ByRule(name)
		require.True(t, ok, name)
		f := model.Field{Attr: a.ID}
		switch value := value.(type) {
		case string:
			f.Value = value
		case []any:
			for _, v := range value {
				f.Values = append(f.Values, v.(string))
			}
		}
		u.Set(f)
	}
	var plans []string
	for _, p := range p.Plans {
		plans = append(plans, p.String())
	}
	u.Set(model.Field{Attr: model.AttrAssignedPlans, Values: plans})
	return u
}

// crowd is the people whom the rules of the corpus select from.
type crowd struct {
	schema   *model.Schema
	people   []person
	users    []model.User
	snapshot *directory.Snapshot
}

func readCrowd(t testing.TB) crowd {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(corpusFolder, "users.json"))
	require.NoError(t, err)
	c := crowd{schema: fullSchema()}
	require.NoError(t, json.Unmarshal(content, &c.people))
	for _, p := range c.people {
		c.users = append(c.users, p.user(t, c.schema))
	}
	c.snapshot = snapshotOf(c.schema, c.users)
	return c
}

func (c crowd) isMember(user, group string) bool {
	return slices.ContainsFunc(c.people, func(p person) bool { return p.ID == user && slices.Contains(p.Groups, group) })
}

// selected names whom a rule without errors selects, as both evaluators find.
func (c crowd) selected(t *testing.T, text string) string {
	t.Helper()
	program, _, err := rule.Compile(text, c.schema, evaluatedAt)
	require.NoError(t, err)
	if groups := program.Groups(); groups != nil {
		var members []string
		for _, p := range c.people {
			if slices.ContainsFunc(groups, func(g string) bool { return c.isMember(p.ID, g) }) {
				members = append(members, p.ID)
			}
		}
		program = program.WithMembers(members)
	}
	set, err := c.snapshot.Select(t.Context(), program)
	require.NoError(t, err)
	var names []string
	for i, p := range c.people {
		row, ok := c.snapshot.ByID(p.ID)
		require.True(t, ok, p.ID)
		matches := rule.Match(program.Rule(), &c.users[i], rule.Given{Now: evaluatedAt, Schema: c.schema, IsMember: c.isMember})
		require.Equal(t, matches, set.Has(row), "the evaluators do not agree on %s", p.Name)
		if matches {
			names = append(names, p.Name)
		}
	}
	switch len(names) {
	case 0:
		return "nobody"
	case len(c.people):
		return "everybody"
	default:
		return strings.Join(names, " ")
	}
}

// schema is what the profile of a case syncs.
func (c corpusCase) schema(t testing.TB) *model.Schema {
	t.Helper()
	s := fullSchema()
	if c.synced != nil {
		var err error
		s, err = model.NewSchema(c.synced...)
		require.NoError(t, err)
	}
	return s.Without(c.unread, c.refused)
}

// outcome is everything that the package says of a case's rule.
func (c corpusCase) outcome(t *testing.T, people crowd) string {
	t.Helper()
	r, diagnostics := rule.Parse(c.text)
	_, all, _ := rule.Compile(c.text, c.schema(t), evaluatedAt)
	var b strings.Builder
	fmt.Fprintf(&b, "tree %s\n", expression(r.Root))
	if printed := rule.Print(r.Root); r.Root != nil && printed != c.text {
		fmt.Fprintf(&b, "print %s\n", printed)
	}
	if !rule.HasErrors(all) && c.synced == nil {
		fmt.Fprintf(&b, "users %s\n", people.selected(t, c.text))
	}
	require.GreaterOrEqual(t, len(all), len(diagnostics))
	for _, d := range all {
		fmt.Fprintf(&b, "%s %d:%d [%d:%d] %s\n", d.Severity, d.Line, d.Column, d.Start, d.End, d.Message)
		if d.Expected != "" {
			fmt.Fprintf(&b, "  expected %s\n", d.Expected)
		}
		if d.Suggestion != "" {
			fmt.Fprintf(&b, "  suggestion %s\n", d.Suggestion)
		}
	}
	return strings.TrimRight(b.String(), "\n")
}

// expression writes a tree as an s-expression.
func expression(n rule.Node) string {
	list := func(head string, operands []rule.Node) string {
		for _, o := range operands {
			head += " " + expression(o)
		}
		return "(" + head + ")"
	}
	switch n := n.(type) {
	case *rule.And:
		return list("and", n.Operands)
	case *rule.Or:
		return list("or", n.Operands)
	case *rule.Not:
		return list("not", []rule.Node{n.Operand})
	case *rule.Comparison:
		return fmt.Sprintf("(%s %s %s)", n.Operator.String()[1:], n.Property, literal(n.Value))
	case *rule.Quantified:
		return list(n.Quantifier.String()[1:]+" "+n.Property, []rule.Node{n.Body})
	case *rule.MemberOf:
		return fmt.Sprintf("(memberOf %s)", literal(rule.Value{Kind: rule.List, List: n.Groups}))
	case *rule.DirectReports:
		return fmt.Sprintf("(directReports %s)", literal(n.Manager))
	default:
		return "()"
	}
}

// literal writes a value as Go does, so that nothing in it is escaped as a rule
// would.
func literal(v rule.Value) string {
	switch v.Kind {
	case rule.Text:
		return strconv.Quote(v.Text)
	case rule.List:
		texts := make([]string, len(v.List))
		for i, e := range v.List {
			texts[i] = literal(e)
		}
		return "[" + strings.Join(texts, " ") + "]"
	case rule.Now:
		if v.Shift == (rule.Duration{}) {
			return "now"
		}
		if v.Shift.Minus {
			return "now-" + v.Shift.String()
		}
		return "now+" + v.Shift.String()
	default:
		return v.String()
	}
}

func TestTheCorpusSaysWhatTheLanguageIs(t *testing.T) {
	people := readCrowd(t)
	names := map[string]bool{}
	for file, cases := range corpusFiles(t) {
		content, err := os.ReadFile(file)
		require.NoError(t, err)
		comment, _, _ := strings.Cut(string(content), "\n= ")
		var b strings.Builder
		b.WriteString(strings.TrimRight(comment, "\n") + "\n")
		for _, c := range cases {
			require.False(t, names[c.name], "two cases are called %q", c.name)
			names[c.name] = true
			t.Run(c.name, func(t *testing.T) {
				outcome := c.outcome(t, people)
				c.write(&b, outcome)
				if !*update {
					assert.Equal(t, c.results, outcome, c.text)
				}
			})
		}
		if *update {
			require.NoError(t, os.WriteFile(file, []byte(b.String()), 0o644))
		}
	}
}
