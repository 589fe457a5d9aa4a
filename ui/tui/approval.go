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

	title    string
	facts    []string // what will happen, styled and clean; each is wrapped
	yes, no  string   // the answers' words
	other    string   // a third answer, which changes nothing in the tenant; "" for none
	numbers  []approvalNumber
	name     *input // what is approved can be named; nil: it cannot
	approve  func() tea.Cmd
	instead  func() tea.Cmd // does other
	cursorAt *tea.Cursor

	focus int // a number, then the name, then No, then Yes, then other
}

// approvalNumber is a guard that must be lifted by typing its value.
type approvalNumber struct {
	lead  string // "Removals 62 are above the limit of 50. Type 62 to allow them:"
	value int
	field input
}

func newApproval(s shared, title string, facts []string, yes string, approve func() tea.Cmd) *approvalDialog {
	return &approvalDialog{shared: s, title: title, facts: facts, yes: yes, no: "No", approve: approve}
}

// approvalAwakeMsg ends the grace period of the dialog that it names.
type approvalAwakeMsg struct{ dialog *approvalDialog }

// Opened starts the grace period.
func (d *approvalDialog) Opened() tea.Cmd {
	return d.tasks.after(approvalGrace, approvalAwakeMsg{d})
}

// require adds a number that must be typed before Yes can be chosen.
func (d *approvalDialog) require(lead string, value int) {
	d.numbers = append(d.numbers, approvalNumber{lead: lead, value: value})
}

// lifted reports whether every number was typed.
func (d *approvalDialog) lifted() bool {
	for i := range d.numbers {
		if !d.numbers[i].typed() {
			return false
		}
	}
	return true
}

func (n *approvalNumber) typed() bool {
	text := strings.NewReplacer(",", "", " ", "").Replace(n.field.Value())
	v, err := strconv.Atoi(text)
	return err == nil && v == n.value
}

// askName lets what is approved be named. The answer No keeps the focus.
func (d *approvalDialog) askName(placeholder string) {
	d.name = &input{placeholder: placeholder}
	d.focus = d.fields()
}

// fields is how many text fields come before the answers.
func (d *approvalDialog) fields() int {
	if d.name != nil {
		return len(d.numbers) + 1
	}
	return len(d.numbers)
}

func (d *approvalDialog) onName() bool { return d.name != nil && d.focus == len(d.numbers) }
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
		d.awake = d.awake || msg.dialog == d
	case tea.KeyPressMsg:
		if d.awake {
			return d.key(msg)
		}
	case tea.PasteMsg:
		if d.awake && d.onName() {
			d.name.Handle(msg)
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
		case d.onYes() && d.lifted():
			return d.approve(), true
		case d.focus > d.fields()+1:
			return d.instead(), true
		case d.onName(), d.focus < len(d.numbers) && d.numbers[d.focus].typed():
			d.focus++
		}
		return nil, false
	}
	fields := d.fields()
	switch {
	case d.focus < len(d.numbers):
		d.numbers[d.focus].field.Handle(key)
		return nil, false
	case d.onName():
		d.name.Handle(key)
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
	yes := ""
	if !d.lifted() {
		yes = "type the number first"
	}
	if d.onName() {
		return []binding{
			{id: "approval.named", keys: []string{"enter", "tab", "down"}, label: "take", help: "Take the name and go to the answers"},
			{id: "approval.cancel", keys: []string{"esc"}, label: "no", help: "Do nothing"},
		}
	}
	return []binding{
		{id: "approval.next", keys: []string{"tab", "shift+tab"}, label: "choose", help: "Go to the next answer or field"},
		{id: "approval.answer", keys: []string{"enter"}, label: "answer", help: "Give the chosen answer"},
		{id: "approval.yes", keys: []string{"y"}, help: "Choose Yes; enter then gives it", disabled: yes},
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
	var lines []string
	for _, f := range d.facts {
		lines = append(lines, wrap(th, f, inner)...)
	}
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
			d.cursorAt = tea.NewCursor(2+2+column, 1+len(lines))
		}
		lines = append(lines, th.accent.Render("▸ ")+field+sign)
	}
	var answers []string
	hint := "tab or y chooses · enter answers · esc is No"
	nameColumn := 0
	if d.name != nil {
		label := th.muted.Render("Name  ")
		if d.onName() {
			label = th.accent.Render("Name ▸")
			hint = "enter takes the name · esc is No"
		} else {
			hint = "↑ names it · y chooses Yes · enter answers · esc is No"
		}
		field, column := d.name.Draw(th, inner-7)
		nameColumn = 2 + 7 + column
		answers = append(answers, "", label+" "+field)
	}
	answers = append(answers, "", d.answers(), "", th.muted.Render(th.cut(hint, inner)))
	// The facts give way before the answers do.
	if room := height - 2 - len(answers); len(lines) > room && room > 0 {
		lines = append(lines[:room-1], th.muted.Render("…"))
	}
	if d.onName() {
		d.cursorAt = tea.NewCursor(nameColumn, 1+len(lines)+1)
	}
	lines = append(lines, answers...)
	for i := range lines {
		lines[i] = " " + lines[i]
	}
	return th.box(boxText{title: d.title}, strings.Join(lines, "\n"), w, len(lines)+2, true)
}

func (d *approvalDialog) answers() string {
	out := d.theme.answer(d.no, d.awake && d.onNo(), d.awake) + "   " + d.theme.answer(d.yes, d.awake && d.onYes(), d.awake && d.lifted())
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
