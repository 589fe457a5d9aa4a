package tui

import (
	"slices"

	"rollcall/model/rule"
)

// remove takes a row out of its parent.
func (r outlineRow) remove() { r.parent.items = slices.Delete(r.parent.items, r.index, r.index+1) }

// insert adds a row below the current one: into a group or collection as its
// first line, else beside it.
func (e *segmentEditor) insert() {
	if e.frozen {
		return
	}
	e.settle()
	r := e.row()
	leaf := e.leaf(r)
	if e.inText {
		leaf = &outlineItem{}
		e.outline.items = append(e.outline.items, leaf)
	} else if r.kind != itemClause {
		r.outlineItem.items = slices.Insert(r.outlineItem.items, 0, leaf)
	} else {
		r.parent.items = slices.Insert(r.parent.items, r.index+1, leaf)
	}
	e.goTo(leaf, cellAttribute)
}

// change reports whether the structure under the cursor may be changed, and
// brings it into shape first.
func (e *segmentEditor) change() (r outlineRow, ok bool) {
	if e.inText || e.frozen {
		return r, false
	}
	e.settle()
	r = e.row()
	return r, r.parent != nil
}

// restructured carries a change of the structure to the text; the cursor stays in
// its row.
func (e *segmentEditor) restructured() bool {
	e.toText()
	e.goTo(e.at, e.cell)
	return true
}

// indent moves the row into the group above it, or below it. Where there is
// none it makes one: of the row and the one above, or of the row alone.
func (e *segmentEditor) indent() bool {
	r, ok := e.change()
	if !ok {
		return false
	}
	isGroup := func(at int) bool {
		return at >= 0 && at < len(r.parent.items) && r.parent.items[at].kind == itemGroup
	}
	items := r.parent.items
	switch {
	case isGroup(r.index - 1):
		g := items[r.index-1]
		r.remove()
		g.items = append(g.items, r.outlineItem)
	case isGroup(r.index + 1):
		g := items[r.index+1]
		r.remove()
		g.items = slices.Insert(g.items, 0, r.outlineItem)
	case r.index > 0:
		g := &outlineItem{kind: itemGroup, any: !r.parent.any, items: []*outlineItem{items[r.index-1], r.outlineItem}}
		r.remove()
		r.parent.items[r.index-1] = g
	default:
		items[0] = &outlineItem{kind: itemGroup, any: !r.parent.any, items: []*outlineItem{r.outlineItem}}
	}
	return e.restructured()
}

// outdent moves the row out of its group, behind it. A condition on elements
// that leaves its collection compares the collection itself, where it can. A
// group that is left empty goes.
func (e *segmentEditor) outdent() bool {
	r, ok := e.change()
	if !ok {
		return false
	}
	rows := e.outline.rows()
	out := rows[slices.IndexFunc(rows, func(o outlineRow) bool { return o.outlineItem == r.parent })]
	if out.parent == nil {
		return false
	}
	if out.kind == itemCollection {
		switch {
		case r.kind != itemClause || r.attribute != rule.Element && r.value != "":
			return false
		case r.value == "":
			*r.outlineItem = outlineItem{}
		default:
			r.outlineItem.attribute = out.attribute
		}
	}
	r.remove()
	out.parent.items = slices.Insert(out.parent.items, out.index+1, r.outlineItem)
	if len(out.items) == 0 {
		out.remove()
	}
	return e.restructured()
}

// move exchanges the row with its neighbour in the group.
func (e *segmentEditor) move(down bool) bool {
	r, ok := e.change()
	if !ok {
		return false
	}
	to := r.index - 1
	if down {
		to = r.index + 1
	}
	if to < 0 || to >= len(r.parent.items) {
		return false
	}
	items := r.parent.items
	items[r.index], items[to] = items[to], items[r.index]
	return e.restructured()
}

// negate puts -not before the row, or takes it away. On the first line it does
// so for the whole rule.
func (e *segmentEditor) negate() bool {
	if e.inText || e.frozen {
		return false
	}
	e.settle()
	if e.at.standsAlone() {
		return false
	}
	if e.at.not > 0 {
		e.at.not--
	} else {
		e.at.not++
	}
	return e.restructured()
}

// delete removes the row and everything in it. A group or collection that is
// left empty goes too.
func (e *segmentEditor) delete() bool {
	if e.inText || e.frozen || e.row().parent == nil {
		return false
	}
	at := e.index()
	e.row().remove()
	e.prune(e.outline)
	if len(e.outline.items) == 0 {
		e.outline.items = []*outlineItem{{}}
	}
	rows := e.outline.rows()
	to := rows[max(1, min(at, len(rows)-1))]
	e.toText()
	e.goTo(to.outlineItem, e.cell)
	return true
}

func (e *segmentEditor) prune(i *outlineItem) {
	for _, c := range i.items {
		e.prune(c)
	}
	i.items = slices.DeleteFunc(i.items, func(c *outlineItem) bool { return c.kind != itemClause && len(c.items) == 0 })
}

// joints are what a group may be, in the order in which they turn.
var joints = []struct {
	any  bool
	not  int
	note string
}{
	{false, 0, "every line below holds"},
	{true, 0, "at least one line below holds"},
	{true, 1, "no line below holds"},
	{false, 1, "at least one line below does not hold"},
}

// jointsOf are the words that a group may have: the -not of a collection
// stands elsewhere.
func jointsOf(i *outlineItem) int {
	if i.kind == itemCollection {
		return 2
	}
	return len(joints)
}

// turn changes the joiner or the operator under the cursor.
func (e *segmentEditor) turn(by int) bool {
	if e.inText || e.frozen {
		return false
	}
	switch e.cell {
	case cellJoin:
		n, at := jointsOf(e.at), 0
		for i, j := range joints[:n] {
			if j.any == e.at.any && (j.not == min(e.at.not, 1) || e.at.kind == itemCollection) {
				at = i
			}
		}
		e.join((at + by + n) % n)
	case cellOperator:
		choices := e.operatorChoices()
		at := slices.IndexFunc(choices, e.isOperator)
		e.setOperator(choices[(max(at, 0)+by+len(choices))%len(choices)])
	default:
		return false
	}
	return true
}

func (e *segmentEditor) join(to int) {
	e.at.any = joints[to].any
	if e.at.kind != itemCollection {
		e.at.not = joints[to].not
	}
	e.restructured()
}

// operatorChoice is what an operator cell may hold: an operator, or how many
// elements of a collection must satisfy what stands below.
type operatorChoice struct {
	operator   rule.Operator
	quantifier rule.Quantifier
	quantified bool
}

func (c operatorChoice) String() string {
	if c.quantified {
		return c.quantifier.String()
	}
	return c.operator.String()
}

// isOperator reports whether the row has the choice now.
func (e *segmentEditor) isOperator(c operatorChoice) bool {
	if e.at.kind == itemCollection {
		return c.quantified && c.quantifier == e.at.quantifier
	}
	return !c.quantified && c.operator == e.at.operator
}

// setOperator gives the row another operator; between a clause and a condition
// on elements it changes its shape.
func (e *segmentEditor) setOperator(c operatorChoice) {
	switch i := e.at; {
	case c.quantified && i.kind == itemClause:
		e.quantify(i, c.quantifier)
	case c.quantified:
		i.quantifier = c.quantifier
	case i.kind == itemCollection:
		e.direct(i, c.operator)
	default:
		i.operator = c.operator
	}
	e.restructured()
}
