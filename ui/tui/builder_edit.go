package tui

import (
	"cmp"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"rollcall/model"
	"rollcall/model/directory"
	"rollcall/model/rule"
)

// segmentEditor edits one rule in two views of the same tree: rows and text.
// An edit in one is carried to the other at once. While the text cannot be
// read the rows keep their last state and cannot be edited, for that would
// replace what was typed.
type segmentEditor struct {
	shared
	text    ruleText
	outline *outlineItem
	frozen  bool // the text cannot be read; the rows show what it was before

	findings []rule.Diagnostic // of the text, from the rule alone
	found    string            // the text that the findings are of

	inText bool
	at     *outlineItem // the row under the cursor
	cell   builderCell
	field  ruleText // the attribute or value under the cursor
	top    int      // first row that is shown
	typed  bool     // since the cell was entered

	offers  []builderOffer
	near    bool   // the offers are only near to what was typed
	chosen  int    // into offers; -1: none yet
	target  target // what a completion replaces
	remark  string // what is to be said of the cell in place of completions
	facets  *directory.Facets
	of      uint64 // generation of the snapshot of the facets
	loading model.AttrID
	cursorY int // line of the cursor in the last frame
}

// builderCell is a column of the rows.
type builderCell uint8

const (
	cellJoin builderCell = iota // of a group: all of, any of, none of
	cellAttribute
	cellOperator
	cellValue
)

// noAttribute is the loading attribute while none is.
const noAttribute = model.AttrID(255)

func newSegmentEditor(s shared, text string) *segmentEditor {
	e := &segmentEditor{shared: s, cell: cellAttribute, chosen: -1, outline: newOutline(nil), loading: noAttribute}
	e.at = e.outline.items[0]
	e.field.cell = true
	e.text.SetValue(text)
	e.fromText()
	e.inText = e.frozen
	rows := e.outline.rows()
	e.at = rows[1].outlineItem
	e.cell = e.cells(rows[1])[0]
	e.load()
	return e
}

// typing reports whether letters are text. In the cells of operators and
// joiners they are not, and ? shows every key there.
func (e *segmentEditor) typing() bool {
	return e.inText || e.cell == cellAttribute || e.cell == cellValue
}

// unfinished reports rows that are not part of the rule yet.
func (e *segmentEditor) unfinished() bool { return e.outline.begun() }

// fromText makes the rows of the text. What is not finished in them stays.
func (e *segmentEditor) fromText() {
	parsed, diagnostics := rule.Parse(e.text.Value())
	if e.frozen = rule.HasErrors(diagnostics); e.frozen {
		return
	}
	place := e.index()
	outline := newOutline(parsed.Root)
	outline.adopt(e.outline)
	e.outline = outline
	if e.index() < 0 {
		rows := e.outline.rows()
		e.at, e.cell = rows[max(1, min(place, len(rows)-1))].outlineItem, cellJoin
	}
	e.cell = e.fitting(e.row())
}

// toText makes the text of the rows. A text that says the same already stays
// as it was written.
func (e *segmentEditor) toText() {
	n := e.outline.node()
	if parsed, diagnostics := rule.Parse(e.text.Value()); !rule.HasErrors(diagnostics) && rule.Equal(parsed.Root, n) {
		return
	}
	text := ""
	if n != nil {
		text = rule.Print(n)
	}
	e.text.SetValue(text)
}

// diagnostics are what is wrong with the text, and what could be better, as far
// as the rule alone tells.
func (e *segmentEditor) diagnostics() []rule.Diagnostic {
	if text := e.text.Value(); e.found != text || e.findings == nil {
		parsed, diagnostics := rule.Parse(text)
		e.findings, e.found = append(diagnostics, rule.Check(parsed, e.ws.Schema())...), text
		slices.SortStableFunc(e.findings, func(a, b rule.Diagnostic) int { return cmp.Compare(a.Start, b.Start) })
	}
	return e.findings
}

// index is the place of the row under the cursor among all; -1 when it is gone.
func (e *segmentEditor) index() int {
	return slices.IndexFunc(e.outline.rows(), func(r outlineRow) bool { return r.outlineItem == e.at })
}

// row is the row under the cursor with its place.
func (e *segmentEditor) row() outlineRow {
	rows := e.outline.rows()
	return rows[max(0, slices.IndexFunc(rows, func(r outlineRow) bool { return r.outlineItem == e.at }))]
}

// cells are the cells of a row, from left to right. The root has none while
// nothing is joined.
func (e *segmentEditor) cells(r outlineRow) []builderCell {
	switch {
	case r.parent == nil && len(r.items) < 2 && r.not == 0:
		return nil
	case r.kind == itemGroup:
		return []builderCell{cellJoin}
	case r.kind == itemCollection && len(r.items) > 1:
		return []builderCell{cellAttribute, cellOperator, cellJoin}
	case r.kind == itemCollection:
		return []builderCell{cellAttribute, cellOperator}
	case r.attribute == rule.Element:
		return []builderCell{cellOperator, cellValue}
	case r.standsAlone():
		return []builderCell{cellAttribute, cellValue}
	}
	return []builderCell{cellAttribute, cellOperator, cellValue}
}

// fitting is the cell of a row that is nearest to the present one.
func (e *segmentEditor) fitting(r outlineRow) builderCell {
	cells := e.cells(r)
	if len(cells) == 0 {
		return e.cell
	}
	for _, c := range slices.Backward(cells) {
		if c <= e.cell {
			return c
		}
	}
	return cells[0]
}

// load puts the cell under the cursor into the field.
func (e *segmentEditor) load() {
	e.drop()
	e.typed = false
	switch e.cell {
	case cellAttribute:
		e.field.SetValue(e.attributeText(e.row()))
	case cellValue:
		e.field.SetValue(e.at.value)
	}
}

// attributeText is the name in an attribute cell: without what every property
// of a service plan begins with.
func (e *segmentEditor) attributeText(r outlineRow) string {
	if r.of != "" {
		return strings.TrimPrefix(r.attribute, planPrefix)
	}
	return r.attribute
}

const planPrefix = "assignedPlan."

// store puts the field into the cell and the text.
func (e *segmentEditor) store() {
	e.typed = true
	switch typed := e.field.Value(); {
	case e.cell == cellValue:
		e.at.value = typed
	case e.cell != cellAttribute:
	default:
		e.at.attribute = typed
		if r := e.row(); r.of != "" {
			if name, ok := planProperty(typed); ok {
				e.at.attribute = name
			}
		}
	}
	e.toText()
}

// planProperty is the property of a service plan with the given name, with or
// without its prefix, in any letter case.
func planProperty(name string) (string, bool) {
	name = strings.TrimSpace(name)
	for _, p := range []string{rule.PlanName, rule.PlanStatus, rule.PlanID} {
		if strings.EqualFold(p, name) || strings.EqualFold(p[len(planPrefix):], name) {
			return p, true
		}
	}
	return "", false
}

// settle brings an attribute's name into its canonical form, and gives the row
// the shape and an operator that its type takes, when the cursor leaves the
// cell.
func (e *segmentEditor) settle() {
	if e.inText || e.frozen || e.cell != cellAttribute || e.row().of != "" {
		return
	}
	i := e.at
	switch name := i.property(); {
	case i.kind == itemClause && strings.EqualFold(name, rowMemberOf):
		i.attribute, i.operator = rowMemberOf, rule.OpIn
	case i.kind == itemClause && strings.EqualFold(name, rowDirectReports):
		i.attribute, i.operator = rowDirectReports, rule.OpEq
	default:
		a, ok := e.ws.Schema().ByName(name)
		if !ok {
			return
		}
		i.attribute = a.Rule
		switch operators := rule.Operators(a.Type); {
		case a.Type == model.TypePlans && i.kind == itemClause:
			e.quantify(i, rule.Any)
		case i.kind == itemCollection && !a.Type.IsCollection():
			e.direct(i, operators[0])
		case i.kind == itemCollection:
			e.refit(i, a.Type)
		case !slices.Contains(operators, i.operator) || i.value == "" && i.operator == rule.OpEq:
			i.operator = operators[0]
		}
	}
	e.toText()
}

// quantify makes a clause on a collection a condition on its elements.
func (e *segmentEditor) quantify(i *outlineItem, q rule.Quantifier) {
	element := &outlineItem{attribute: elementOf(i.attribute), operator: i.operator, value: i.value}
	*i = outlineItem{kind: itemCollection, not: i.not, attribute: i.attribute, quantifier: q, items: []*outlineItem{element}}
	e.refit(i, model.TypeCollection)
}

// direct makes a condition on elements a clause: the first of its conditions.
func (e *segmentEditor) direct(i *outlineItem, o rule.Operator) {
	value := ""
	for _, r := range i.rows() {
		if r.kind == itemClause {
			value = r.value
			break
		}
	}
	*i = outlineItem{not: i.not, attribute: i.attribute, operator: o, value: value}
}

// refit makes the conditions of a collection speak of its elements.
func (e *segmentEditor) refit(i *outlineItem, t model.Type) {
	for _, r := range i.rows() {
		switch _, isPlan := planProperty(r.attribute); {
		case r.outlineItem == i || r.kind != itemClause:
		case elementOf(i.attribute) == rule.Element:
			r.attribute = rule.Element
		case !isPlan:
			r.attribute = ""
		}
		if r.kind == itemClause && !slices.Contains(rule.Operators(model.TypeString), r.operator) {
			r.operator = rule.OpEq
		}
	}
}

// elementOf is what a new condition on an element of a collection compares; of
// a service plan that is yet to be chosen.
func elementOf(collection string) string {
	if collection == assignedPlans {
		return ""
	}
	return rule.Element
}

const assignedPlans = "assignedPlans"

// leaf is a new row in a group or collection.
func (e *segmentEditor) leaf(r outlineRow) *outlineItem {
	of := r.of
	if r.kind == itemCollection {
		of = r.attribute
	}
	if of == "" {
		return &outlineItem{}
	}
	return &outlineItem{attribute: elementOf(of)}
}

// goTo puts the cursor into a row's cell.
func (e *segmentEditor) goTo(i *outlineItem, c builderCell) {
	e.at, e.cell, e.inText = i, c, false
	e.cell = e.fitting(e.row())
	e.load()
}

// step moves to the next or former stop: the cells of each row, then the text.
func (e *segmentEditor) step(forward bool) {
	e.settle()
	type stop struct {
		item *outlineItem
		cell builderCell
	}
	var stops []stop
	at := -1
	for _, r := range e.outline.rows() {
		for _, c := range e.cells(r) {
			if r.outlineItem == e.at && c == e.cell && !e.inText {
				at = len(stops)
			}
			stops = append(stops, stop{r.outlineItem, c})
		}
	}
	switch {
	case e.inText && forward:
		at = 0
	case e.inText:
		at = len(stops) - 1
	case forward:
		at++
	default:
		at--
	}
	if at < 0 || at >= len(stops) {
		e.inText = true
		e.drop()
		return
	}
	e.goTo(stops[at].item, stops[at].cell)
}

// vertical moves between rows and lines of the text, from the last row into the
// text and from its first line back.
func (e *segmentEditor) vertical(down bool) {
	by := 1
	if !down {
		by = -1
	}
	if e.inText {
		e.drop()
		if e.text.vertical(by) || down {
			return
		}
		rows := e.outline.rows()
		e.goTo(rows[len(rows)-1].outlineItem, e.cell)
		return
	}
	e.settle()
	rows := e.outline.rows()
	to := e.index() + by
	switch {
	case to >= len(rows):
		e.inText = true
		e.drop()
	case to >= 0 && len(e.cells(rows[to])) > 0:
		e.goTo(rows[to].outlineItem, e.cell)
	}
}

// toggle switches between the rows and the text.
func (e *segmentEditor) toggle() {
	e.settle()
	e.inText = !e.inText
	e.load()
}

// paste puts pasted text into the field under the cursor.
func (e *segmentEditor) paste(msg tea.PasteMsg) (cmd tea.Cmd, changed bool) {
	switch {
	case e.inText:
		if changed, _ = e.text.Handle(msg); changed {
			e.drop()
			e.fromText()
		}
	case e.frozen:
	case e.cell == cellAttribute || e.cell == cellValue:
		// A line break that copying a cell or a line brings along is not meant.
		msg.Content = strings.TrimRight(msg.Content, "\r\n")
		if changed, _ = e.field.Handle(msg); changed {
			e.store()
			cmd = e.complete()
		}
	}
	return cmd, changed
}
