package tui

import (
	"strconv"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
)

// approvalGrace is how long an approval dialog ignores keys: what was typed
// for the screen before must not answer a question that nobody has read.
const approvalGrace = 500 * time.Millisecond

// approvalDialog asks whether something that matters shall be done. Its
// default is No; esc is No. Above a guard the number must be typed.
type approvalDialog struct {
	shared
	awake bool // the grace period is over
	early int  // keys that came within it; each begins it anew

	title    string
	facts    []string // what will happen, styled and clean; each is wrapped
	yes, no  string   // the answers' words
	other    string   // a third answer, which changes nothing in the tenant; "" for none
	numbers  []approvalNumber
	text     *approvalText // a line that goes with the answer; nil: none
	approve  func() tea.Cmd
	instead  func() tea.Cmd // does other
	cursorAt *tea.Cursor

	focus int // a number, then the text, then No, then Yes, then other
}

// approvalText is a line of text that goes with Yes: a name, a reason.
type approvalText struct {
	label    string // "Name"
	required bool   // Yes cannot be chosen without it
	field    input
}

// value is the text without the blanks around it.
func (t *approvalText) value() string { return strings.TrimSpace(t.field.Value()) }

// approvalNumber is a guard that must be lifted by typing its value.
type approvalNumber struct {
	lead  string // "Removals 62 are above the limit of 50. Type 62 to allow them:"
	value int
	field input

	mistaken bool // it was given, and is another one
}

func newApproval(s shared, title string, facts []string, yes string, approve func() tea.Cmd) *approvalDialog {
	return &approvalDialog{shared: s, title: title, facts: facts, yes: yes, no: "No", approve: approve}
}

// approvalAwakeMsg ends the grace period of the dialog that it names, unless a
// key came meanwhile.
type approvalAwakeMsg struct {
	dialog *approvalDialog
	early  int
}

// Opened starts the grace period. A key within it starts it anew: what is still
// held down, or comes late over a slow line, was typed for the screen before.
func (d *approvalDialog) Opened() tea.Cmd {
	return d.tasks.after(approvalGrace, approvalAwakeMsg{d, d.early})
}

// require adds a number that must be typed before Yes can be chosen.
func (d *approvalDialog) require(lead string, value int) {
	d.numbers = append(d.numbers, approvalNumber{lead: lead, value: value})
}

// lacks says what Yes still needs; "" when it can be chosen.
func (d *approvalDialog) lacks() string {
	for i := range d.numbers {
		if !d.numbers[i].typed() {
			return "type the number first"
		}
	}
	if d.text != nil && d.text.required && d.text.value() == "" {
		return "type the reason first"
	}
	return ""
}

func (n *approvalNumber) typed() bool {
	text := strings.NewReplacer(",", "", " ", "").Replace(n.field.Value())
	v, err := strconv.Atoi(text)
	return err == nil && v == n.value
}

// askName lets what is approved be named. The answer No keeps the focus.
func (d *approvalDialog) askName(placeholder string) {
	d.text = &approvalText{label: "Name"}
	d.text.field.placeholder = placeholder
	d.focus = d.fields()
}

// askReason wants to know why before Yes can be chosen.
func (d *approvalDialog) askReason(placeholder string) {
	d.text = &approvalText{label: "Reason", required: true}
	d.text.field.placeholder = placeholder
}

// fields is how many text fields come before the answers.
func (d *approvalDialog) fields() int {
	if d.text != nil {
		return len(d.numbers) + 1
	}
	return len(d.numbers)
}

func (d *approvalDialog) onText() bool { return d.text != nil && d.focus == len(d.numbers) }
func (d *approvalDialog) onNo() bool   { return d.focus == d.fields() }
func (d *approvalDialog) onYes() bool  { return d.focus == d.fields()+1 }

// stops is how many fields and answers the focus goes through.
func (d *approvalDialog) stops() int {
	n := d.fields() + 2
	if d.other != "" {
		n++
	}
	return n
}

func (d *approvalDialog) Handle(msg tea.Msg) (tea.Cmd, bool) {
	switch msg := msg.(type) {
	case approvalAwakeMsg:
		d.awake = d.awake || msg.dialog == d && msg.early == d.early
	case tea.KeyPressMsg:
		if d.awake {
			return d.key(msg)
		}
		d.early++
		return d.Opened(), false
	case tea.PasteMsg: // never into a number: that one is read and typed
		if d.awake && d.onText() {
			d.text.field.Handle(msg)
		}
	}
	return nil, false
}

func (d *approvalDialog) key(key tea.KeyPressMsg) (tea.Cmd, bool) {
	stops := d.stops()
	switch key.String() {
	case "esc":
		return nil, true
	case "tab", "down":
		d.focus = (d.focus + 1) % stops
		return nil, false
	case "shift+tab", "up":
		d.focus = (d.focus + stops - 1) % stops
		return nil, false
	case "enter":
		switch {
		case d.onNo():
			return nil, true
		case d.onYes() && d.lacks() == "":
			return d.approve(), true
		case d.focus > d.fields()+1:
			return d.instead(), true
		case d.onText() && (!d.text.required || d.text.value() != ""), d.focus < len(d.numbers) && d.numbers[d.focus].typed():
			d.focus++
		case d.focus < len(d.numbers):
			d.numbers[d.focus].mistaken = d.numbers[d.focus].field.Value() != ""
		}
		return nil, false
	}
	fields := d.fields()
	switch {
	case d.focus < len(d.numbers):
		n := &d.numbers[d.focus]
		if changed, _ := n.field.Handle(key); changed {
			n.mistaken = false
		}
		return nil, false
	case d.onText():
		d.text.field.Handle(key)
		return nil, false
	}
	switch key.String() {
	case "right", "l":
		d.focus = fields + (d.focus-fields+1)%(stops-fields)
	case "left", "h":
		d.focus = fields + (d.focus-fields+stops-fields-1)%(stops-fields)
	case "n":
		return nil, true
	case "y":
		d.focus = fields + 1
	}
	return nil, false
}

func (d *approvalDialog) Bindings() []binding {
	if d.focus < d.fields() {
		return []binding{
			{id: "approval.taken", keys: []string{"enter", "tab", "down"}, label: "take", help: "Take what is typed, and go on"},
			{id: "approval.cancel", keys: []string{"esc"}, label: "no", help: "Do nothing"},
		}
	}
	return []binding{
		{id: "approval.next", keys: []string{"tab", "shift+tab"}, label: "choose", help: "Go to the next answer or field"},
		{id: "approval.answer", keys: []string{"enter"}, label: "answer", help: "Give the chosen answer"},
		{id: "approval.yes", keys: []string{"y"}, help: "Choose Yes; enter then gives it", disabled: d.lacks()},
		{id: "approval.no", keys: []string{"esc", "n"}, label: "no", help: "Do nothing"},
	}
}

func (d *approvalDialog) Cursor() *tea.Cursor { return d.cursorAt }

// approvalWidth is the width of the dialog where there is room.
const approvalWidth = 66

func (d *approvalDialog) Draw(width, height int) string {
	th := d.theme
	w := min(approvalWidth, width)
	inner := w - 4
	d.cursorAt = nil
	fields, cursor := d.drawFields(inner)
	// The facts give way before the fields and the answers do.
	lines := fitFacts(th, d.facts, inner, height-2-len(fields))
	if cursor != nil {
		d.cursorAt = shifted(cursor, 2, 1+len(lines))
	}
	lines = append(lines, fields...)
	for i := range lines {
		lines[i] = " " + lines[i]
	}
	return th.box(boxText{title: d.title}, strings.Join(lines, "\n"), w, len(lines)+2, true)
}

// drawFields draws the numbers, the text and the answers; the cursor is among
// the lines.
func (d *approvalDialog) drawFields(inner int) (lines []string, cursor *tea.Cursor) {
	th := d.theme
	for i := range d.numbers {
		n := &d.numbers[i]
		lines = append(lines, "")
		for _, l := range wrap(th, n.lead, inner-10) {
			lines = append(lines, th.warn.Render(l))
		}
		field, column := n.field.Draw(th, 8)
		sign := "  "
		if n.typed() {
			sign = th.good.Render(" ✓")
		}
		if d.focus == i {
			cursor = tea.NewCursor(2+column, len(lines))
		}
		lines = append(lines, th.accent.Render("▸ ")+field+sign)
	}
	hint := "tab or y chooses · enter answers · esc is No"
	if d.focus < len(d.numbers) {
		hint = "enter takes the number · esc is No"
		if n := &d.numbers[d.focus]; n.mistaken {
			hint = "That is not " + count(n.value) + " · esc is No"
		}
	}
	if d.text != nil {
		label := th.muted.Render(d.text.label + "  ")
		room := th.width(d.text.label) + 3
		field, column := d.text.field.Draw(th, inner-room)
		switch {
		case d.onText():
			label = th.accent.Render(d.text.label + " ▸")
			hint = "enter takes the " + strings.ToLower(d.text.label) + " · esc is No"
			cursor = tea.NewCursor(room+column, len(lines)+1)
		case !d.text.required:
			hint = "↑ names it · y chooses Yes · enter answers · esc is No"
		}
		lines = append(lines, "", label+" "+field)
	}
	if why := d.lacks(); d.onYes() && why != "" {
		hint = capitalise(why)
	}
	return append(lines, "", d.answers(), "", th.muted.Render(th.cut(hint, inner))), cursor
}

// fitFacts wraps facts into at most room lines. Where that is short the longest
// ones are cut, so that a long line of names hides no number; the blank lines go
// before a fact does.
func fitFacts(th *theme, facts []string, width, room int) []string {
	wrapped, total := make([][]string, len(facts)), 0
	for i, f := range facts {
		wrapped[i] = wrap(th, f, width)
		total += len(wrapped[i])
	}
	for ; total > room; total-- {
		longest := 0
		for i := range wrapped {
			if len(wrapped[i]) > len(wrapped[longest]) {
				longest = i
			}
		}
		n := len(wrapped[longest])
		if n <= 1 {
			break
		}
		kept := wrapped[longest][:n-1]
		if th.width(kept[n-2]) >= width {
			kept[n-2] = th.fit(kept[n-2], width-1)
		}
		kept[n-2] += th.muted.Render(ellipsis)
		wrapped[longest] = kept
	}
	var lines []string
	for _, w := range wrapped {
		if blank := len(w) == 1 && w[0] == ""; blank && total > room {
			total--
			continue
		}
		lines = append(lines, w...)
	}
	return lines[:max(0, min(len(lines), room))]
}

func (d *approvalDialog) answers() string {
	out := d.theme.answer(d.no, d.awake && d.onNo(), d.awake) + "   " + d.theme.answer(d.yes, d.awake && d.onYes(), d.awake && d.lacks() == "")
	if d.other != "" {
		out += "   " + d.theme.answer(d.other, d.awake && d.focus > d.fields()+1, d.awake)
	}
	return out
}

// answer draws an answer of a dialog; the chosen one has a sign before it.
func (th *theme) answer(text string, chosen, enabled bool) string {
	switch {
	case chosen && enabled:
		return th.selected.Render("▸ " + text + " ")
	case chosen:
		return th.current.Render("▸ " + text + " ")
	case enabled:
		return th.text.Render("  " + text + " ")
	}
	return th.disabled.Render("  " + text + " ")
}
