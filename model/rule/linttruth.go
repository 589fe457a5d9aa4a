package rule

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"rollcall/model"
)

// maxSide is the number of clauses on a property up to which each is held
// against the others.
const maxSide = 12

// lintTruth reports clauses of a chain that contradict each other, that one
// of them always satisfies, and that the others make superfluous. It holds the
// clauses on one property against the values that can tell them apart, so that
// what it says is so for every user.
func (l *linter) lintTruth(n Node, operands []Node, collection *model.Attribute) bool {
	_, isOr := n.(*Or)
	if l.lintOpposites(n, operands, isOr) {
		return true
	}
	for _, group := range byProperty(operands) {
		whole := chain(n, group.nodes)
		values, ok := l.deciding(group.property, whole, isOr, collection)
		if !ok {
			continue
		}
		if !slices.ContainsFunc(values, func(v decider) bool { return v.decide(whole) != isOr }) {
			at := n.Span()
			if len(group.nodes) == 1 {
				at = group.nodes[0].Span()
			}
			l.report.lintAt(at, verdict(group, isOr, collection != nil), "")
			return true
		}
	}
	return l.lintRedundant(n, operands, isOr, collection)
}

// verdict words what a group of clauses comes to.
func verdict(g clauses, always, element bool) string {
	who := [2]string{"nobody", "everybody"}
	if element {
		who = [2]string{"no element", "every element"}
	}
	switch {
	case always && len(g.nodes) == 1:
		return who[1] + " satisfies this clause"
	case always:
		return fmt.Sprintf("%s satisfies one of these: they are always true", who[1])
	case len(g.nodes) == 1:
		return who[0] + " can satisfy this clause"
	default:
		return fmt.Sprintf("these contradict each other: %s can satisfy all of them", who[0])
	}
}

// lintOpposites reports a clause whose complement stands beside it.
func (l *linter) lintOpposites(n Node, operands []Node, isOr bool) bool {
	place := map[string]bool{}
	for _, o := range operands {
		place[identity(o)] = true
	}
	for _, o := range operands {
		opposite := Node(&Not{Operand: o})
		if of := withoutNot(&Not{Operand: o}); of != nil {
			opposite = of
		}
		if place[identity(opposite)] {
			message := "one clause is the complement of another: nobody can satisfy both"
			if isOr {
				message = "one clause is the complement of another: everybody satisfies one of them"
			}
			l.report.lintAt(n.Span(), message, "")
			return true
		}
	}
	return false
}

// lintRedundant reports a clause without which the chain says the same.
func (l *linter) lintRedundant(n Node, operands []Node, isOr bool, collection *model.Attribute) bool {
	for _, group := range byProperty(operands) {
		if len(group.nodes) < 2 || len(group.nodes) > maxSide {
			continue
		}
		for i, o := range group.nodes {
			rest := chain(n, slices.Delete(slices.Clone(group.nodes), i, i+1))
			if !l.implied(group.property, rest, o, isOr, collection) {
				continue
			}
			without := chain(n, slices.DeleteFunc(slices.Clone(operands), func(other Node) bool { return other == o }))
			reason := "the other clauses leave out whoever this one does"
			if isOr {
				reason = "the other clauses select whoever this one does"
			}
			l.better(n, without, fmt.Sprintf("%s is not needed: %s", inShort(o), reason))
			return true
		}
	}
	return false
}

// implied reports whether a chain says the same without one of its clauses.
func (l *linter) implied(property string, rest, o Node, isOr bool, collection *model.Attribute) bool {
	if a, ok := o.(*Comparison); ok {
		if b, ok := rest.(*Comparison); ok {
			narrow, wide := b, a // of an -and the narrow one says it all
			if isOr {
				narrow, wide = a, b
			}
			if within(narrow, wide) {
				return true
			}
		}
	}
	// Of an -and, o is not needed where the rest without it is never true; of an
	// -or, where o without the rest is.
	never := Node(&And{Operands: []Node{rest, &Not{Operand: o}}})
	if isOr {
		never = &And{Operands: []Node{o, &Not{Operand: rest}}}
	}
	values, ok := l.deciding(property, never, false, collection)
	return ok && !slices.ContainsFunc(values, func(v decider) bool { return v.decide(never) })
}

// within reports whether whoever satisfies the first of two comparisons of one
// property satisfies the second, by their texts.
func within(narrow, wide *Comparison) bool {
	if narrow.Value.Kind != Text {
		return false
	}
	if narrow.Operator.Negative() {
		if !wide.Operator.Negative() || wide.Value.Kind != Text {
			return false
		}
		return within(complementary(wide), complementary(narrow))
	}
	have, want := Fold(narrow.Value.Text), Fold(wide.Value.Text)
	switch narrow.Operator {
	case OpEq, OpStartsWith, OpEndsWith, OpContains, OpMatch:
	default:
		return false
	}
	if wide.Operator == OpNe && wide.Value.Kind == Null {
		return true
	}
	if wide.Value.Kind != Text || narrow.Operator == OpMatch {
		return false
	}
	switch wide.Operator {
	case OpStartsWith:
		return (narrow.Operator == OpStartsWith || narrow.Operator == OpEq) && strings.HasPrefix(have, want)
	case OpEndsWith:
		return (narrow.Operator == OpEndsWith || narrow.Operator == OpEq) && strings.HasSuffix(have, want)
	case OpContains:
		return strings.Contains(have, want)
	default:
		return false
	}
}

// clauses are those clauses of a chain that are about one property.
type clauses struct {
	property string
	nodes    []Node
}

// byProperty groups clauses by the one property that each is about. Those
// about several, and about elements of a collection, are left out.
func byProperty(operands []Node) []clauses {
	var groups []clauses
	for _, o := range operands {
		property, ok := propertyOf(o)
		if !ok {
			continue
		}
		i := slices.IndexFunc(groups, func(g clauses) bool { return g.property == property })
		if i < 0 {
			i, groups = len(groups), append(groups, clauses{property: property})
		}
		groups[i].nodes = append(groups[i].nodes, o)
	}
	return groups
}

func propertyOf(n Node) (property string, ok bool) {
	ok = true
	Walk(n, func(n Node) {
		switch n := n.(type) {
		case *Comparison:
			ok = ok && (property == "" || property == n.Property)
			property = n.Property
		case *Quantified:
			ok = false
		}
	})
	return property, ok && property != ""
}

// decider is a value that a property may have.
type decider struct {
	user    *model.User
	element *element
	now     time.Time
}

func (d decider) decide(n Node) bool {
	return matchNode(n, d.user, d.element, Given{Now: d.now, Schema: catalogue()})
}

// deciding returns values of a property such that a tree which is about it
// alone is false, or with always set true, of each value that is possible when
// it is of each of these; false where that cannot be told.
func (l *linter) deciding(property string, n Node, always bool, collection *model.Attribute) ([]decider, bool) {
	a, known := l.schema.ByRule(property)
	values, null := []string(nil), true
	var now time.Time
	switch {
	case property == Element && collection != nil:
		var finite bool
		if values, _, finite = only(n, always); !finite || hasPattern(n) {
			return nil, false
		}
		deciders := make([]decider, 0, len(values))
		for _, v := range values {
			if v != "" {
				deciders = append(deciders, decider{user: &model.User{}, element: &element{*collection, v}})
			}
		}
		return deciders, true
	case !known, a.IsExtension(), a.Type.IsCollection():
		return nil, false
	case a.Type == model.TypeBool:
		values = []string{"true", "false"}
	case a.Type == model.TypeTime:
		var ok bool
		if values, now, ok = instantsAround(n); !ok {
			return nil, false
		}
	default:
		var finite bool
		if values, null, finite = only(n, always); !finite || hasPattern(n) {
			return nil, false
		}
	}
	if null {
		values = append(values, "")
	}
	deciders := make([]decider, len(values))
	for i, v := range values {
		u := &model.User{}
		u.Set(model.Field{Attr: a.ID, Value: v})
		deciders[i] = decider{user: u, now: now}
	}
	return deciders, true
}

// hasPattern reports whether a tree holds a regular expression, which may tell
// texts apart that differ by letter case alone.
func hasPattern(n Node) bool {
	found := false
	Walk(n, func(n Node) {
		c, ok := n.(*Comparison)
		found = found || ok && c.Operator.Positive() == OpMatch
	})
	return found
}

// maxOnly bounds the values that are tried.
const maxOnly = 24

// only returns values outside of which a tree on one property of texts is
// false, or with negated set true; null says whether null is one of them. It is
// false where such values cannot be listed.
func only(n Node, negated bool) (values []string, null, ok bool) {
	switch n := n.(type) {
	case *Not:
		return only(n.Operand, !negated)
	case *Comparison:
		return onlyOf(n, negated)
	case *And:
		return onlyOfChain(n.Operands, negated, negated)
	case *Or:
		return onlyOfChain(n.Operands, !negated, negated)
	default:
		return nil, false, false
	}
}

func onlyOf(c *Comparison, negated bool) (values []string, null, ok bool) {
	if c.Operator.Negative() != negated {
		return nil, false, false
	}
	switch {
	case c.Operator.Positive() == OpEq && c.Value.Kind == Null:
		return nil, true, true
	case c.Operator.Positive() == OpEq && c.Value.Kind == Text:
		return []string{c.Value.Text}, false, true
	case c.Operator.Positive() == OpIn && len(c.Value.List) <= maxOnly:
		for _, v := range c.Value.List {
			values = append(values, v.Text)
		}
		return values, false, true
	default:
		return nil, false, false
	}
}

// onlyOfChain joins what the operands allow: of a disjunction the values of
// all of them, else those of one.
func onlyOfChain(operands []Node, either, negated bool) (values []string, null, ok bool) {
	for _, o := range operands {
		own, ownNull, listed := only(o, negated)
		switch {
		case listed && !either:
			return own, ownNull, true
		case !listed && either:
			return nil, false, false
		case listed:
			values, null, ok = append(values, own...), null || ownNull, true
		}
	}
	return values, null, ok && len(values) <= maxOnly
}

// instantsAround returns the moments of a tree on a date with those a second
// before and behind: between them nothing changes. Moments that move against
// each other as time passes cannot be told.
func instantsAround(n Node) (values []string, now time.Time, ok bool) {
	now = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	moving, fixed := false, false
	values, ok = []string{now.Format(time.RFC3339)}, true
	Walk(n, func(n Node) {
		c, isComparison := n.(*Comparison)
		if !isComparison || c.Value.Kind == Null {
			return
		}
		at, known := c.Value.instant(now)
		if c.Value.Kind == Now {
			moving = true
			ok = ok && c.Value.Shift.Years == 0 && c.Value.Shift.Months == 0
		} else {
			fixed = true
		}
		ok = ok && known
		for _, d := range []time.Duration{-time.Second, 0, time.Second} {
			values = append(values, at.Add(d).Format(time.RFC3339))
		}
	})
	return values, now, ok && !(moving && fixed) && len(values) <= 4*maxOnly
}
