package rule_test

import (
	"time"

	"pgregory.net/rapid"

	"rollcall/model"
	"rollcall/model/rule"
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
		if op.Positive() == rule.OpEq && (rapid.Bool().Draw(t, "null") || kind == model.TypeTime && op == rule.OpNe) {
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

// trees generates trees that Parse can build over all attributes.
func trees() *rapid.Generator[rule.Node] {
	return rapid.Custom(func(t *rapid.T) rule.Node {
		clause := rapid.Custom(func(t *rapid.T) rule.Node {
			a := rapid.SampledFrom(model.Catalogue()).Draw(t, "attribute")
			if a.Type == model.TypeCollection && rapid.Bool().Draw(t, "quantified") {
				q := rapid.SampledFrom([]rule.Quantifier{rule.Any, rule.All}).Draw(t, "quantifier")
				return &rule.Quantified{Property: a.Rule, Quantifier: q, Body: joined(comparisons(a, rule.Element), 2).Draw(t, "body")}
			}
			return comparisons(a, a.Rule).Draw(t, "comparison")
		})
		return joined(clause, 4).Draw(t, "tree")
	})
}

// joined combines clauses by -and, -or and -not, at most depth deep.
func joined(clause *rapid.Generator[rule.Node], depth int) *rapid.Generator[rule.Node] {
	if depth == 0 {
		return clause
	}
	return rapid.Custom(func(t *rapid.T) rule.Node {
		several := func() []rule.Node { return rapid.SliceOfN(joined(clause, depth-1), 2, 3).Draw(t, "operands") }
		switch rapid.IntRange(0, 4).Draw(t, "shape") {
		case 0:
			return &rule.And{Operands: several()}
		case 1:
			return &rule.Or{Operands: several()}
		case 2:
			return &rule.Not{Operand: joined(clause, depth-1).Draw(t, "operand")}
		default:
			return clause.Draw(t, "clause")
		}
	})
}
