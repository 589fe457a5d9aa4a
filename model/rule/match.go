package rule

import (
	"slices"
	"strings"
	"time"

	"rollcall/model"
)

// Given is what a rule can ask of the world besides the user.
type Given struct {
	Now time.Time // what system.now means
	// Schema resolves the properties of the rule; nil: the whole catalogue, and
	// no directory extension.
	Schema *model.Schema
	// IsMember reports whether a user is a direct member of a group, both by
	// object id in small letters; nil: nobody is.
	IsMember func(user, group string) bool
}

// Match is the plain evaluator: whether the rule selects the user. It is the
// definition that the columnar evaluator is held against. The rule must be free
// of errors; a clause that is not selects nobody.
//
// It compiles regular expressions on each call: for many users use Compile.
func Match(r *Rule, u *model.User, given Given) bool {
	switch n := r.Root.(type) {
	case *MemberOf:
		user := strings.ToLower(u.ID)
		return given.IsMember != nil && slices.ContainsFunc(n.Groups, func(g Value) bool { return given.IsMember(user, strings.ToLower(g.Text)) })
	case *DirectReports:
		return u.ManagerID != "" && strings.EqualFold(u.ManagerID, n.Manager.Text)
	default:
		if given.Schema == nil {
			given.Schema = catalogue()
		}
		return matchNode(n, u, nil, given)
	}
}

// matchNode evaluates a node. within is the present element inside -any and
// -all, nil outside.
func matchNode(n Node, u *model.User, within *element, given Given) bool {
	switch n := n.(type) {
	case *And:
		return !slices.ContainsFunc(n.Operands, func(o Node) bool { return !matchNode(o, u, within, given) })
	case *Or:
		return slices.ContainsFunc(n.Operands, func(o Node) bool { return matchNode(o, u, within, given) })
	case *Not:
		return !matchNode(n.Operand, u, within, given)
	case *Comparison:
		a, values := operand(n.Property, u, within, given.Schema)
		return matchComparison(n, a, values, given.Now)
	case *Quantified:
		a, values := operand(n.Property, u, nil, given.Schema)
		one := func(v string) bool { return matchNode(n.Body, u, &element{a, v}, given) }
		if n.Quantifier == All {
			return !slices.ContainsFunc(values, func(v string) bool { return !one(v) })
		}
		return slices.ContainsFunc(values, one)
	default:
		return false
	}
}

// element is one value of the collection that -any or -all walks.
type element struct {
	attribute model.Attribute
	value     string
}

// operand returns what a property names, and its values; none is null.
func operand(property string, u *model.User, e *element, s *model.Schema) (model.Attribute, []string) {
	switch {
	case isPlanProperty(property) && e != nil:
		return model.Attribute{Type: model.TypeString}, notEmpty(planPart(e.value, property))
	case property == Element && e != nil:
		return e.attribute, notEmpty(e.value)
	}
	a, ok := s.ByRule(property)
	switch {
	case !ok:
		return a, nil
	case a.Type.IsCollection():
		return a, notEmpty(u.Values(a.ID)...)
	case a.Type == model.TypeTime:
		if _, ok := parseInstant(u.Value(a.ID)); !ok {
			return a, nil
		}
	}
	return a, notEmpty(u.Value(a.ID))
}

// notEmpty leaves out the empty texts, which count as null.
func notEmpty(values ...string) []string {
	return slices.DeleteFunc(slices.Clone(values), func(v string) bool { return v == "" })
}

// matchComparison is true when any of the values satisfies the operator; a
// negative operator is the complement of its positive one.
func matchComparison(c *Comparison, a model.Attribute, values []string, now time.Time) bool {
	if c.Operator.Negative() {
		positive := *c
		positive.Operator = c.Operator.Positive()
		return !matchComparison(&positive, a, values, now)
	}
	if c.Value.Kind == Null {
		return c.Operator == OpEq && len(values) == 0
	}
	return slices.ContainsFunc(values, func(v string) bool {
		switch a.Type {
		case model.TypeBool:
			want, ok := c.Value.truth()
			return ok && strings.EqualFold(v, "true") == want
		case model.TypeTime:
			return matchInstant(v, c.Operator, c.Value, now)
		default:
			return matchText(v, c.Operator, c.Value)
		}
	})
}

func matchInstant(v string, op Operator, value Value, now time.Time) bool {
	have, ok := parseInstant(v)
	want, valid := value.instant(now)
	if !ok || !valid {
		return false
	}
	switch op {
	case OpEq:
		return have.Equal(want)
	case OpLe:
		return !have.After(want)
	case OpGe:
		return !have.Before(want)
	default:
		return false
	}
}

func matchText(v string, op Operator, value Value) bool {
	have, want := Fold(v), Fold(value.Text)
	switch op {
	case OpEq:
		return have == want
	case OpStartsWith:
		return strings.HasPrefix(have, want)
	case OpEndsWith:
		return strings.HasSuffix(have, want)
	case OpContains:
		return strings.Contains(have, want)
	case OpMatch:
		re, err := compilePattern(value.Text)
		return err == nil && re.MatchString(v)
	case OpIn:
		return slices.ContainsFunc(value.List, func(e Value) bool { return strings.EqualFold(e.Text, v) })
	default:
		return false
	}
}
