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
	approve  func() tea.Cmd
	instead  func() tea.Cmd // does other
	cursorAt *tea.Cursor

	focus int // a number, then No, then Yes, then other
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

func (d *approvalDialog) onNo() bool  { return d.focus == len(d.numbers) }
func (d *approvalDialog) onYes() bool { return d.focus == len(d.numbers)+1 }

// stops is how many numbers and answers the focus goes through.
func (d *approvalDialog) stops() int {
	n := len(d.numbers) + 2
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
		case d.focus > len(d.numbers)+1:
			return d.instead(), true
		case d.focus < len(d.numbers) && d.numbers[d.focus].typed():
			d.focus++
		}
		return nil, false
	}
	if d.focus < len(d.numbers) {
		d.numbers[d.focus].field.Handle(key)
		return nil, false
	}
	switch key.String() {
	case "right", "l":
		d.focus = len(d.numbers) + (d.focus-len(d.numbers)+1)%(stops-len(d.numbers))
	case "left", "h":
		d.focus = len(d.numbers) + (d.focus-len(d.numbers)+stops-len(d.numbers)-1)%(stops-len(d.numbers))
	case "n":
		return nil, true
	case "y":
		d.focus = len(d.numbers) + 1
	}
	return nil, false
}

func (d *approvalDialog) Bindings() []binding {
	yes := ""
	if !d.lifted() {
		yes = "type the number first"
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
	answers := []string{"", d.answers()}
	hint := th.muted.Render(th.cut("tab or y chooses · enter answers · esc is No", inner))
	answers = append(answers, "", hint)
	// The facts give way before the answers do.
	if room := height - 2 - len(answers); len(lines) > room && room > 0 {
		lines = append(lines[:room-1], th.muted.Render("…"))
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
		out += "   " + d.theme.answer(d.other, d.awake && d.focus > len(d.numbers)+1, d.awake)
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
