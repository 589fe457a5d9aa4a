package tui

import (
	"strings"

	"rollcall/model/rule"
)

// outlineItem is a line of a rule that is laid out as an outline: a group of
// lines, a condition on the elements of a collection, or a clause. The zero
// value is a clause of which nothing was typed yet.
type outlineItem struct {
	kind  itemKind
	not   int            // how often -not stands before it
	any   bool           // the items are joined by or, else by and
	items []*outlineItem // of a group; of a collection: the conditions on one element

	attribute  string          // of a clause or a collection: rule name, or what was typed so far
	quantifier rule.Quantifier // of a collection
	operator   rule.Operator   // of a clause
	value      string          // of a clause, as typed: Sales; US, CA; null; system.now -minus P30D
}

type itemKind uint8

const (
	itemClause itemKind = iota
	itemGroup
	itemCollection
)

// The attributes of rows that are no comparisons: each is a whole rule.
const (
	rowMemberOf      = "memberOf"
	rowDirectReports = "Direct Reports"
)

// standsAlone reports a row that cannot be joined with others.
func (i *outlineItem) standsAlone() bool {
	return i.kind == itemClause && (i.attribute == rowMemberOf || i.attribute == rowDirectReports)
}

// newOutline lays a tree out; nil is a group with one empty clause. The root
// is always a group.
func newOutline(n rule.Node) *outlineItem {
	root := &outlineItem{kind: itemGroup, items: []*outlineItem{{}}}
	if n == nil {
		return root
	}
	if i := itemOf(n); i.kind == itemGroup {
		return i
	} else {
		root.items[0] = i
	}
	return root
}

func itemOf(n rule.Node) *outlineItem {
	switch n := n.(type) {
	case *rule.Not:
		i := itemOf(n.Operand)
		i.not++
		return i
	case *rule.And:
		return &outlineItem{kind: itemGroup, items: itemsOf(n.Operands)}
	case *rule.Or:
		return &outlineItem{kind: itemGroup, any: true, items: itemsOf(n.Operands)}
	case *rule.Quantified:
		i := &outlineItem{kind: itemCollection, attribute: n.Property, quantifier: n.Quantifier}
		switch body := n.Body.(type) {
		case *rule.And:
			i.items = itemsOf(body.Operands)
		case *rule.Or:
			i.any, i.items = true, itemsOf(body.Operands)
		default:
			i.items = []*outlineItem{itemOf(body)}
		}
		return i
	case *rule.MemberOf:
		return &outlineItem{attribute: rowMemberOf, operator: rule.OpIn, value: cellText(rule.OpIn, rule.Value{Kind: rule.List, List: n.Groups})}
	case *rule.DirectReports:
		return &outlineItem{attribute: rowDirectReports, value: cellText(rule.OpEq, n.Manager)}
	case *rule.Comparison:
		return &outlineItem{attribute: n.Property, operator: n.Operator, value: cellText(n.Operator, n.Value)}
	}
	return &outlineItem{} // unreachable: these are all the nodes there are
}

func itemsOf(nodes []rule.Node) []*outlineItem {
	items := make([]*outlineItem, len(nodes))
	for i, n := range nodes {
		items[i] = itemOf(n)
	}
	return items
}

// node is the tree of what is complete; nil when nothing is. A group of one is
// that one.
func (i *outlineItem) node() rule.Node {
	n := i.bare()
	if n == nil {
		return nil
	}
	for range i.not {
		n = &rule.Not{Operand: n}
	}
	return n
}

// bare is node without -not.
func (i *outlineItem) bare() rule.Node {
	if i.kind == itemClause {
		return i.clause()
	}
	var operands []rule.Node
	for _, c := range i.items {
		if n := c.node(); n != nil {
			operands = append(operands, n)
		}
	}
	var n rule.Node
	switch {
	case len(operands) == 0 || i.kind == itemCollection && i.property() == "":
		return nil
	case len(operands) == 1:
		n = operands[0]
	case i.any:
		n = &rule.Or{Operands: operands}
	default:
		n = &rule.And{Operands: operands}
	}
	if i.kind == itemCollection {
		n = &rule.Quantified{Property: i.property(), Quantifier: i.quantifier, Body: n}
	}
	return n
}

func (i *outlineItem) clause() rule.Node {
	property := i.property()
	if property == "" || strings.TrimSpace(i.value) == "" {
		return nil
	}
	switch property {
	case rowMemberOf:
		groups := parseCell(rule.OpIn, i.value).List
		if len(groups) == 0 {
			return nil
		}
		return &rule.MemberOf{Groups: groups}
	case rowDirectReports:
		manager := parseCell(rule.OpEq, i.value)
		if manager.Kind != rule.Text {
			manager = rule.TextValue(i.value)
		}
		return &rule.DirectReports{Manager: manager}
	}
	v := parseCell(i.operator, i.value)
	if v.Kind == rule.List && len(v.List) == 0 {
		return nil
	}
	return &rule.Comparison{Property: property, Operator: i.operator, Value: v}
}

// property is the name that was typed, without "user.".
func (i *outlineItem) property() string {
	const prefix = "user."
	name := strings.TrimSpace(i.attribute)
	if len(name) >= len(prefix) && strings.EqualFold(name[:len(prefix)], prefix) {
		name = name[len(prefix):]
	}
	return name
}

// begun reports a line that holds something typed and is not part of the rule
// yet, or holds such a line.
func (i *outlineItem) begun() bool {
	if i.kind == itemClause {
		typed := i.attribute != rule.Element && i.attribute != "" || i.value != ""
		return typed && i.clause() == nil
	}
	for _, c := range i.items {
		if c.begun() {
			return true
		}
	}
	return i.kind == itemCollection && i.attribute != "" && i.bare() == nil
}

// adopt brings into the outline of a new tree what the outline before holds
// beyond its own tree: lines that are not finished, groups of one. Lines that
// say the same as before stay the same lines.
func (i *outlineItem) adopt(before *outlineItem) {
	if rule.Equal(i.node(), before.node()) {
		*i = *before
		return
	}
	if len(i.items) < 2 && i.kind == before.kind {
		i.any = before.any
	}
	var old []*outlineItem // the complete ones
	for _, c := range before.items {
		if c.node() != nil {
			old = append(old, c)
		}
	}
	fresh := i.items
	if i.node() == nil {
		fresh = nil // the one empty line of an empty rule
	}
	same := func(a, b *outlineItem) bool { return rule.Equal(a.node(), b.node()) }
	head := 0
	for head < min(len(old), len(fresh)) && same(old[head], fresh[head]) {
		head++
	}
	tail := 0
	for tail < min(len(old), len(fresh))-head && same(old[len(old)-1-tail], fresh[len(fresh)-1-tail]) {
		tail++
	}
	var merged []*outlineItem
	next, at := 0, 0 // of fresh, of old
	for _, c := range before.items {
		if c.node() == nil {
			if c.begun() {
				merged = append(merged, c)
			}
			continue
		}
		switch {
		case at < head || at >= len(old)-tail:
			if at == len(old)-tail { // the new lines that stand for none before
				merged = append(merged, fresh[next:len(fresh)-tail]...)
				next = len(fresh) - tail
			}
			merged = append(merged, c)
			next++
		case next < len(fresh)-tail:
			n := fresh[next]
			merged = append(merged, n)
			if n.kind == c.kind && n.kind != itemClause {
				n.adopt(c)
			} else {
				merged = append(merged, c.unfinished()...)
			}
			next++
		default:
			merged = append(merged, c.unfinished()...)
		}
		at++
	}
	i.items = append(merged, fresh[next:]...)
	if len(i.items) == 0 {
		i.items = []*outlineItem{{}}
	}
}

// unfinished are the begun lines inside a line that is gone.
func (i *outlineItem) unfinished() []*outlineItem {
	var out []*outlineItem
	for _, c := range i.items {
		switch {
		case c.node() == nil && c.begun():
			out = append(out, c)
		default:
			out = append(out, c.unfinished()...)
		}
	}
	return out
}

// outlineRow is an item with its place.
type outlineRow struct {
	*outlineItem
	parent *outlineItem // nil for the root
	index  int          // in the parent's items
	depth  int          // 0 for the root's items, -1 for the root
	last   bool         // of the parent's items
	of     string       // the collection whose element is compared; "" elsewhere
}

// rows are the item and everything below it, in the order of the screen.
func (i *outlineItem) rows() []outlineRow {
	rows := []outlineRow{{outlineItem: i, depth: -1}}
	var add func(parent *outlineItem, depth int, of string)
	add = func(parent *outlineItem, depth int, of string) {
		if parent.kind == itemCollection {
			of = parent.attribute
		}
		for n, c := range parent.items {
			rows = append(rows, outlineRow{c, parent, n, depth, n == len(parent.items)-1, of})
			if c.kind != itemClause {
				add(c, depth+1, of)
			}
		}
	}
	add(i, 0, "")
	return rows
}

// joint is the word of a group: how many of its lines must hold.
func (i *outlineItem) joint() string {
	word := "all of"
	if i.any {
		word = "any of"
	}
	not := i.not
	if i.kind == itemCollection {
		return word // its -not stands before the collection
	}
	if not > 0 && i.any {
		word, not = "none of", not-1
	}
	return strings.Repeat("not ", not) + word
}
