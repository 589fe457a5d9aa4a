package rule_test

import (
	"time"

	"pgregory.net/rapid"

	"rollcall/model"
	"rollcall/model/rule"
	"rollcall/model/rule/ruletest"
)

// evaluatedAt is the moment that system.now means in the tests.
var evaluatedAt = time.Date(2026, 6, 15, 12, 30, 45, 0, time.UTC)

// alphabet is full of what the language treats specially, and of letters whose
// case folding is not simple.
var alphabet = []rune("aAbBkKK sSſßéÉİıΣσςЖж田\\\"'`-_()[],.$^*\n\t–“😀")

func texts() *rapid.Generator[string] {
	return rapid.StringOfN(rapid.SampledFrom(alphabet), 0, 6, -1)
}

func values(kind model.Type, op rule.Operator) *rapid.Generator[rule.Value] {
	return rapid.Custom(func(t *rapid.T) rule.Value {
		if null := rapid.Bool().Draw(t, "null"); kind == model.TypePlans || op.Positive() == rule.OpEq && (null || kind == model.TypeTime && op == rule.OpNe) {
			return rule.Value{Kind: rule.Null}
		}
		switch {
		case kind == model.TypeBool:
			return rule.Value{Kind: rule.Bool, Bool: rapid.Bool().Draw(t, "bool")}
		case kind == model.TypeTime && rapid.Bool().Draw(t, "literal"):
			return rule.Value{Kind: rule.Time, Time: evaluatedAt.AddDate(0, 0, rapid.IntRange(-2, 2).Draw(t, "days"))}
		case kind == model.TypeTime:
			return rule.Value{Kind: rule.Now, Shift: durations().Draw(t, "shift")}
		case op.Positive() == rule.OpIn:
			return rule.ListValue(rapid.SliceOfN(texts(), 1, 3).Draw(t, "list")...)
		case op.Positive() == rule.OpMatch:
			return rule.TextValue(rapid.SampledFrom([]string{"^a", "k$", "[a-s]", "É|ж", `\S\s`, "", "a.b", "σ+"}).Draw(t, "pattern"))
		default:
			return rule.TextValue(texts().Draw(t, "text"))
		}
	})
}

func durations() *rapid.Generator[rule.Duration] {
	return rapid.Custom(func(t *rapid.T) rule.Duration {
		part := func(name string) int { return rapid.IntRange(0, 3).Draw(t, name) }
		d := rule.Duration{Years: part("years"), Months: part("months"), Weeks: part("weeks"), Days: part("days"), Hours: part("hours"), Minutes: part("minutes"), Seconds: part("seconds")}
		d.Minus = d != rule.Duration{} && rapid.Bool().Draw(t, "minus")
		return d
	})
}

func comparisons(a model.Attribute, property string) *rapid.Generator[rule.Node] {
	return rapid.Custom(func(t *rapid.T) rule.Node {
		op := rapid.SampledFrom(rule.Operators(a.Type)).Draw(t, "operator")
		return &rule.Comparison{Property: property, Operator: op, Value: values(a.Type, op).Draw(t, "value")}
	})
}

// extension is a directory extension in the schema of the generated rules.
const extension = "extension_9d98ed114c144e5ea2ab8b2d6a5a4e1c_costCenter"

// fullSchema syncs the whole catalogue and the extension.
func fullSchema() *model.Schema {
	names := []string{extension}
	for _, a := range model.Catalogue() {
		names = append(names, a.Graph)
	}
	s, err := model.NewSchema(names...)
	if err != nil {
		panic(err)
	}
	return s
}

func guids() *rapid.Generator[rule.Value] {
	return rapid.Custom(func(t *rapid.T) rule.Value {
		return rule.TextValue(rapid.StringMatching(`[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}`).Draw(t, "guid"))
	})
}

// trees generates trees that Parse can build over all attributes.
func trees() *rapid.Generator[rule.Node] {
	attributes := fullSchema().Synced()
	clause := rapid.Custom(func(t *rapid.T) rule.Node {
		a := rapid.SampledFrom(attributes).Draw(t, "attribute")
		if !a.Type.IsCollection() || rapid.Bool().Draw(t, "straight") {
			return comparisons(a, a.Rule).Draw(t, "comparison")
		}
		part := comparisons(a, rule.Element)
		if a.Type == model.TypePlans {
			part = rapid.Custom(func(t *rapid.T) rule.Node {
				name := rapid.SampledFrom([]string{rule.PlanID, rule.PlanName, rule.PlanStatus}).Draw(t, "part")
				return comparisons(model.Attribute{Type: model.TypeString}, name).Draw(t, "comparison")
			})
		}
		q := rapid.SampledFrom([]rule.Quantifier{rule.Any, rule.All}).Draw(t, "quantifier")
		return &rule.Quantified{Property: a.Rule, Quantifier: q, Body: ruletest.Joined(part, 2).Draw(t, "body")}
	})
	return rapid.Custom(func(t *rapid.T) rule.Node {
		switch rapid.IntRange(0, 9).Draw(t, "kind") {
		case 0:
			return &rule.MemberOf{Groups: rapid.SliceOfN(guids(), 1, 3).Draw(t, "groups")}
		case 1:
			return &rule.DirectReports{Manager: guids().Draw(t, "manager")}
		default:
			return ruletest.Joined(clause, 4).Draw(t, "tree")
		}
	})
}
