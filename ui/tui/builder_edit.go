package tui

import (
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"rollcall/model"
	"rollcall/model/directory"
	"rollcall/model/rule"
)

// segmentEditor edits one rule in two views of the same tree: rows and text.
// An edit in one is carried to the other at once; a text that has an error, or
// is too deep for rows, leaves the rows aside until it is mended.
type segmentEditor struct {
	shared
	text    input
	builder builder
	rowsOK  bool   // the rows show the text
	aside   string // why they do not

	inText bool
	row    int
	cell   builderCell
	field  input // the attribute or value under the cursor

	offers []builderOffer
	chosen int
	values map[model.AttrID]directory.Facets // by attribute, of the present snapshot
	of     uint64                            // generation of that snapshot
}

// builderCell is a column of the rows.
type builderCell uint8

const (
	cellJoin builderCell = iota // "all" or "any" in the first row, and/or below
	cellAttribute
	cellOperator
	cellValue
)

// builderOffer is a completion of a cell.
type builderOffer struct {
	text string
	note string
}

// maxOffers is how many completions of a cell are shown.
const maxOffers = 6

func newSegmentEditor(s shared, text string) *segmentEditor {
	e := &segmentEditor{shared: s, cell: cellAttribute, chosen: -1}
	e.text.placeholder = "empty: it selects nobody; type or paste a rule here"
	e.text.SetValue(text)
	e.fromText()
	if !e.rowsOK {
		e.inText = true
	}
	if e.rowsOK && len(e.builder.rows) == 0 {
		e.builder.rows = []builderRow{{}}
	}
	e.load()
	return e
}

// typing reports whether letters are text. In the operator and joiner cells
// they are not, but the editor uses most of them, so it always has the keys.
func (e *segmentEditor) typing() bool { return true }

// fromText makes the rows of the text.
func (e *segmentEditor) fromText() {
	parsed, diagnostics := rule.Parse(e.text.Value())
	if rule.HasErrors(diagnostics) {
		e.rowsOK, e.aside = false, "The rows are set aside until the error in the text is mended."
		return
	}
	b, ok := newBuilder(parsed.Root)
	if !ok {
		e.rowsOK, e.aside = false, "This rule is deeper than rows can show: it is edited as text."
		return
	}
	e.builder, e.rowsOK, e.aside = b, true, ""
	e.row = max(0, min(e.row, len(b.rows)-1))
}

// toText makes the text of the rows.
func (e *segmentEditor) toText() {
	text := ""
	if n := e.builder.node(); n != nil {
		text = rule.Print(n)
	}
	e.text.SetValue(text)
}

func (e *segmentEditor) current() *builderRow {
	if e.row < 0 || e.row >= len(e.builder.rows) {
		return nil
	}
	return &e.builder.rows[e.row]
}

// load puts the cell under the cursor into the field.
func (e *segmentEditor) load() {
	e.offers, e.chosen = nil, -1
	r := e.current()
	if e.inText || r == nil {
		return
	}
	switch e.cell {
	case cellAttribute:
		e.field.SetValue(r.attribute)
		e.field.placeholder = "attribute"
	case cellValue:
		e.field.SetValue(r.value)
		e.field.placeholder = "value"
	}
}

// store puts the field into the cell and the text.
func (e *segmentEditor) store() {
	r := e.current()
	if r == nil {
		return
	}
	switch e.cell {
	case cellAttribute:
		r.attribute = e.field.Value()
	case cellValue:
		r.value = e.field.Value()
	}
	e.toText()
}

// settle brings an attribute's name into its canonical form and fits the
// operator to its type, when the cursor leaves the cell.
func (e *segmentEditor) settle() {
	r := e.current()
	if r == nil || e.inText {
		return
	}
	if a, ok := e.ws.Schema().ByName(r.attribute); ok && e.cell == cellAttribute {
		r.attribute = a.Rule
		if operators := rule.Operators(a.Type); !slices.Contains(operators, r.operator) {
			r.operator = operators[0]
		}
		e.toText()
	}
}

// step moves to the next or former stop: the cells of each row, then the text.
func (e *segmentEditor) step(forward bool) {
	e.settle()
	switch {
	case !e.rowsOK || len(e.builder.rows) == 0:
		e.inText = true
	case e.inText && forward:
		e.inText, e.row, e.cell = false, 0, e.firstCell(0)
	case e.inText:
		e.inText, e.row, e.cell = false, len(e.builder.rows)-1, cellValue
	case forward && e.cell < cellValue:
		e.cell++
	case forward && e.row < len(e.builder.rows)-1:
		e.row, e.cell = e.row+1, cellJoin
	case forward:
		e.inText = true
	case e.cell > e.firstCell(e.row):
		e.cell--
	case e.row > 0:
		e.row, e.cell = e.row-1, cellValue
	default:
		e.inText = true
	}
	e.load()
}

// firstCell is the first cell of a row: a single row has no joiner.
func (e *segmentEditor) firstCell(row int) builderCell {
	if row == 0 && len(e.builder.rows) < 2 {
		return cellAttribute
	}
	return cellJoin
}

// vertical moves between rows, or from the last row into the text.
func (e *segmentEditor) vertical(down bool) {
	e.settle()
	switch {
	case e.inText && !down && e.rowsOK && len(e.builder.rows) > 0:
		e.inText, e.row = false, len(e.builder.rows)-1
	case e.inText:
	case down && e.row == len(e.builder.rows)-1:
		e.inText = true
	case down:
		e.row++
	default:
		e.row = max(0, e.row-1)
	}
	if !e.inText {
		e.cell = max(e.cell, e.firstCell(e.row))
	}
	e.load()
}

// insert adds a row below the current one.
func (e *segmentEditor) insert() {
	if !e.rowsOK {
		return
	}
	e.settle()
	at := min(e.row+1, len(e.builder.rows))
	e.builder.rows = slices.Insert(e.builder.rows, at, builderRow{or: e.builder.any})
	e.row, e.cell, e.inText = at, cellAttribute, false
	e.load()
}

// delete removes the current row.
func (e *segmentEditor) delete() bool {
	if e.inText || e.current() == nil {
		return false
	}
	e.builder.rows = slices.Delete(e.builder.rows, e.row, e.row+1)
	if len(e.builder.rows) == 0 {
		e.builder.rows = []builderRow{{}}
	}
	e.row = min(e.row, len(e.builder.rows)-1)
	e.builder.rows[0].or = e.builder.any
	e.cell = max(e.cell, e.firstCell(e.row))
	e.toText()
	e.load()
	return true
}

// turn changes the joiner or the operator under the cursor.
func (e *segmentEditor) turn(forward bool) bool {
	r := e.current()
	switch {
	case r == nil:
		return false
	case e.cell == cellJoin && e.row == 0:
		// What is grouped stays grouped: every joiner turns.
		e.builder.any = !e.builder.any
		for i := range e.builder.rows {
			e.builder.rows[i].or = !e.builder.rows[i].or
		}
	case e.cell == cellJoin:
		r.or = !r.or
	case e.cell == cellOperator:
		operators := operatorsOf(e.ws.Schema(), r.attribute)
		i := slices.Index(operators, r.operator)
		if forward {
			i++
		} else {
			i--
		}
		r.operator = operators[(i+len(operators))%len(operators)]
	default:
		return false
	}
	e.toText()
	return true
}

// pickOperator takes the next operator whose name begins with a letter.
func (e *segmentEditor) pickOperator(letter string) bool {
	r := e.current()
	if r == nil {
		return false
	}
	operators := operatorsOf(e.ws.Schema(), r.attribute)
	at := slices.Index(operators, r.operator)
	for i := range operators {
		o := operators[(at+1+i)%len(operators)]
		if strings.HasPrefix(o.String()[1:], strings.ToLower(letter)) {
			r.operator = o
			e.toText()
			return true
		}
	}
	return false
}

func (e *segmentEditor) paste(msg tea.PasteMsg) (cmd tea.Cmd, changed bool) {
	switch {
	case e.inText:
		changed, _ = e.text.Handle(msg)
		e.fromText()
	case e.cell == cellAttribute || e.cell == cellValue:
		changed, _ = e.field.Handle(msg)
		e.store()
	}
	return nil, changed
}
