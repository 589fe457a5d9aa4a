package directory_test

import (
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"rollcall/model"
	"rollcall/model/directory"
	"rollcall/model/rule"
	"rollcall/model/rule/ruletest"
)

// words are few, so that rules hit users, and differ in script and in letter
// case; the last is null.
var words = []string{"Sales", "SALES", "sales us", "Straße", "STRASSE", "Σίσυφος", "σίσυφοσ", "Kelvin", "kelvin", "田中", "Ольга", "ольга", ""}

// plans are service plans, of which some lack a part and one is none at all.
var plans = []string{
	"Sales/SALES/1", "sales us/Straße/1", "Sales/Kelvin/2", "田中//2", "/kelvin/", "a/Sales/b/3", "//", "Sales",
}

var instants = []string{"2026-01-01T00:00:00Z", "2026-06-15T12:30:45Z", "2026-12-31T23:59:59Z", "soon", ""}

var evaluatedAt = time.Date(2026, 6, 15, 12, 30, 45, 0, time.UTC)

// attributes of the generated users and rules: one of each type and some more.
var attributes = []model.AttrID{
	model.AttrDisplayName, model.AttrDepartment, model.AttrCountry, model.AttrAccountEnabled,
	model.AttrEmployeeHireDate, model.AttrOtherMails, model.AttrProxyAddresses, model.AttrAssignedPlans, model.AttrExtensionAttribute1 + 14,
}

func fields(a model.AttrID) *rapid.Generator[model.Field] {
	return rapid.Custom(func(t *rapid.T) model.Field {
		f := model.Field{Attr: a}
		switch model.FullSchema().Attribute(a).Type {
		case model.TypeBool:
			f.Value = rapid.SampledFrom([]string{"true", "false", ""}).Draw(t, "bool")
		case model.TypeTime:
			f.Value = rapid.SampledFrom(instants).Draw(t, "instant")
		case model.TypeCollection:
			f.Values = rapid.SliceOfN(rapid.SampledFrom(words), 0, 3).Draw(t, "elements")
		case model.TypePlans:
			f.Values = rapid.SliceOfN(rapid.SampledFrom(plans), 0, 3).Draw(t, "plans")
		default:
			f.Value = rapid.SampledFrom(words).Draw(t, "text")
		}
		return f
	})
}

func objectID(n int) string { return fmt.Sprintf("00000000-0000-4000-8000-%012x", n) }

// changes draws a delta over few users: new ones, changed ones, whole ones,
// removals, returns and replays.
func changes() *rapid.Generator[model.Change] {
	return rapid.Custom(func(t *rapid.T) model.Change {
		c := model.Change{ID: objectID(rapid.IntRange(0, 12).Draw(t, "user"))}
		if rapid.IntRange(0, 4).Draw(t, "removal") == 0 {
			c.Removed = "deleted"
			return c
		}
		c.Whole = rapid.Bool().Draw(t, "whole")
		for _, a := range rapid.SliceOfNDistinct(rapid.SampledFrom(attributes), 0, 4, rapid.ID).Draw(t, "attributes") {
			c.Fields = append(c.Fields, fields(a).Draw(t, "field"))
		}
		if rapid.Bool().Draw(t, "managed") {
			manager := rapid.SampledFrom([]string{"", objectID(0), objectID(1)}).Draw(t, "manager")
			c.Manager = &manager
		}
		return c
	})
}

// mirror is the directory as a map of plain users.
type mirror map[string]*model.User

func (m mirror) apply(c model.Change) {
	if c.Removed != "" {
		delete(m, c.ID)
		return
	}
	if m[c.ID] == nil {
		m[c.ID] = &model.User{}
	}
	m[c.ID].Apply(c)
}

func (m mirror) clone() mirror {
	out := mirror{}
	for id, u := range m {
		c := u.Clone()
		out[id] = &c
	}
	return out
}

func comparisons(a model.Attribute, property string) *rapid.Generator[rule.Node] {
	return rapid.Custom(func(t *rapid.T) rule.Node {
		op := rapid.SampledFrom(rule.Operators(a.Type)).Draw(t, "operator")
		c := &rule.Comparison{Property: property, Operator: op}
		word := func() string { return rapid.SampledFrom(words).Draw(t, "word") }
		switch {
		case op.Positive() == rule.OpEq && (rapid.IntRange(0, 2).Draw(t, "null") == 0 || a.Type == model.TypeTime && op == rule.OpNe):
			c.Value.Kind = rule.Null
		case a.Type == model.TypeBool:
			c.Value = rule.Value{Kind: rule.Bool, Bool: rapid.Bool().Draw(t, "bool")}
		case a.Type == model.TypeTime && rapid.Bool().Draw(t, "now"):
			c.Value = rule.Value{Kind: rule.Now, Shift: rule.Duration{Minus: true, Months: rapid.IntRange(1, 6).Draw(t, "months")}}
		case a.Type == model.TypeTime:
			c.Value = rule.TextValue(rapid.SampledFrom(instants[:3]).Draw(t, "instant"))
		case op.Positive() == rule.OpIn:
			c.Value = rule.ListValue(rapid.SliceOfN(rapid.SampledFrom(words), 1, 3).Draw(t, "list")...)
		case op.Positive() == rule.OpMatch:
			c.Value = rule.TextValue(rapid.SampledFrom([]string{"^s", "S$", "[k-z]+", "стра|ЛЬ", "", `^\S+$`}).Draw(t, "pattern"))
		default:
			w := []rune(word())
			from := rapid.IntRange(0, len(w)).Draw(t, "from")
			c.Value = rule.TextValue(string(w[from:rapid.IntRange(from, len(w)).Draw(t, "to")]))
		}
		return c
	})
}

func trees(depth int) *rapid.Generator[rule.Node] {
	clause := rapid.Custom(func(t *rapid.T) rule.Node {
		a := model.FullSchema().Attribute(rapid.SampledFrom(attributes).Draw(t, "attribute"))
		if a.Type == model.TypePlans {
			part := rapid.Custom(func(t *rapid.T) rule.Node {
				of := rapid.SampledFrom([]string{rule.PlanID, rule.PlanName, rule.PlanStatus}).Draw(t, "part")
				return comparisons(model.FullSchema().Attribute(model.AttrDepartment), of).Draw(t, "comparison")
			})
			return &rule.Quantified{
				Property: a.Rule, Quantifier: rapid.SampledFrom([]rule.Quantifier{rule.Any, rule.All}).Draw(t, "quantifier"),
				Body: ruletest.Joined(part, 2).Draw(t, "body"),
			}
		}
		if a.Type == model.TypeCollection && rapid.Bool().Draw(t, "quantified") {
			return &rule.Quantified{
				Property: a.Rule, Quantifier: rapid.SampledFrom([]rule.Quantifier{rule.Any, rule.All}).Draw(t, "quantifier"),
				Body: ruletest.Joined(comparisons(a, rule.Element), 2).Draw(t, "body"),
			}
		}
		return comparisons(a, a.Rule).Draw(t, "comparison")
	})
	return ruletest.Joined(clause, depth)
}

// wholes generates whole rules: trees, members of groups and direct reports.
func wholes() *rapid.Generator[rule.Node] {
	tree := trees(3)
	return rapid.Custom(func(t *rapid.T) rule.Node {
		id := func() rule.Value { return rule.TextValue(objectID(rapid.IntRange(0, 3).Draw(t, "id"))) }
		switch rapid.IntRange(0, 15).Draw(t, "whole") {
		case 0:
			return &rule.DirectReports{Manager: id()}
		case 1:
			return &rule.MemberOf{Groups: []rule.Value{id(), id()}}
		default:
			return tree.Draw(t, "tree")
		}
	})
}

// memberships are the members of each group, by object id. Some are no users.
type memberships map[string][]string

func groups() *rapid.Generator[memberships] {
	member := rapid.Map(rapid.IntRange(0, 15), objectID)
	return rapid.Custom(func(t *rapid.T) memberships {
		m := memberships{}
		for group := range 4 {
			m[objectID(group)] = rapid.SliceOfN(member, 0, 5).Draw(t, "members")
		}
		return m
	})
}

func (m memberships) isMember(user, group string) bool { return slices.Contains(m[group], user) }

func (m memberships) of(groups []string) []string {
	ids := []string{}
	for _, g := range groups {
		ids = append(ids, m[g]...)
	}
	return ids
}

// TestTheColumnarEvaluatorAgreesWithThePlainOneAfterAnyHistory holds rules over
// directories that have changed; in its long form 100,000 pairs of them.
func TestTheColumnarEvaluatorAgreesWithThePlainOneAfterAnyHistory(t *testing.T) {
	rounds, rules := 1, 20
	if os.Getenv("ROLLCALL_SOAK") == "1" {
		rounds, rules = 20, 50 // of 100 directories each
	}
	schema, pairs := model.FullSchema(), 0
	for range rounds {
		rapid.Check(t, func(t *rapid.T) {
			d, users := directory.New(schema), mirror{}
			for _, batch := range rapid.SliceOfN(rapid.SliceOfN(changes(), 0, 8), 0, 6).Draw(t, "history") {
				d.Apply(batch)
				for _, c := range batch {
					users.apply(c)
				}
			}
			s, members := d.Snapshot(), groups().Draw(t, "groups")
			for range rules {
				requireAgreement(t, s, users, members, rule.Print(wholes().Draw(t, "rule")))
				pairs++
			}
		})
	}
	t.Logf("%d pairs of a rule and a directory", pairs)
}

// requireAgreement holds a rule's users by the plain evaluator against those of
// the columnar one, whatever it takes the columns for.
func requireAgreement(t *rapid.T, s *directory.Snapshot, users mirror, members memberships, text string) {
	program, diagnostics, err := rule.Compile(text, s.Schema(), evaluatedAt)
	require.NoError(t, err, "%s %v", text, diagnostics)
	if program.Groups() != nil {
		program = program.WithMembers(members.of(program.Groups()))
	}
	set, err := s.Select(t.Context(), program)
	require.NoError(t, err)
	for _, ofRows := range []bool{false, true} {
		same, err := s.SelectByValues(t.Context(), program, ofRows)
		require.NoError(t, err)
		require.Equal(t, set, same, "%s, by the values of the rows: %t", text, ofRows)
	}
	matching := 0
	for id, u := range users {
		row, ok := s.ByID(id)
		require.True(t, ok, "user %s is missing", id)
		want := rule.Match(program.Rule(), u, rule.Given{Now: evaluatedAt, IsMember: members.isMember})
		if want != set.Has(row) {
			require.Fail(t, "the evaluators differ", "%s\nfor %+v: plain %t, columnar %t", text, u, want, !want)
		}
		if want {
			matching++
		}
	}
	require.Equal(t, matching, set.Count(), text)
	require.Len(t, s.Rows(set), matching)
}

func TestASnapshotStaysWhatItWasWhileChangesAreApplied(t *testing.T) {
	schema := model.FullSchema()
	rapid.Check(t, func(t *rapid.T) {
		d, users := directory.New(schema), mirror{}
		type taken struct {
			snapshot *directory.Snapshot
			users    mirror
		}
		var history []taken
		for _, batch := range rapid.SliceOfN(rapid.SliceOfN(changes(), 0, 6), 1, 8).Draw(t, "history") {
			d.Apply(batch)
			for _, c := range batch {
				users.apply(c)
			}
			history = append(history, taken{d.Snapshot(), users.clone()})
		}
		for i, past := range history {
			requireUsers(t, past.users, past.snapshot)
			if i > 0 {
				require.GreaterOrEqual(t, past.snapshot.Generation(), history[i-1].snapshot.Generation())
			}
		}
	})
}

// requireUsers holds everything that a snapshot says against plain users.
func requireUsers(t require.TestingT, want mirror, s *directory.Snapshot) {
	require.Equal(t, len(want), s.Len())
	require.Len(t, s.All(), len(want))
	reports := map[string]int{}
	for _, u := range want {
		reports[u.ManagerID]++
	}
	for n := range 13 {
		id := objectID(n)
		row, ok := s.ByID(id)
		u, exists := want[id]
		require.Equal(t, exists, ok, "user %s", id)
		require.Equal(t, reports[id], s.Reports(id))
		if !exists {
			continue
		}
		require.Contains(t, s.All(), row)
		got := s.User(row)
		require.Equal(t, u.ID, got.ID)
		require.Equal(t, u.ManagerID, got.ManagerID)
		for _, a := range attributes {
			wanted := []string{}
			for _, v := range u.Values(a) {
				if v != "" {
					wanted = append(wanted, v)
				}
			}
			require.ElementsMatch(t, wanted, got.Values(a), "attribute %d", a)
			require.ElementsMatch(t, wanted, s.Values(row, a))
		}
	}
}
