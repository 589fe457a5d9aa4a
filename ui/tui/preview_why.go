package tui

import (
	"cmp"
	"context"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"rollcall/model/audience"
	"rollcall/model/expansion"
)

// whyDialog answers why an address would receive the message: every path from
// an entry of the To line to it.
type whyDialog struct {
	shared
	preview *audience.Preview
	field   input
	offers  []string // addresses that hold the text that they are offered for
	offered string
	others  int // addresses that hold the text beyond the offers
	chosen  int // index into offers; -1: none
	asked   string
	paths   []expansion.Path
	cut     bool
	verdict string // instead of paths
	scroll  scroller
	cursor  *tea.Cursor
}

// taskWhyOffers looks for recipients that hold what was typed.
const taskWhyOffers = "why.offers"

// whyOffersMsg is its answer to the dialog that asked.
type whyOffersMsg struct {
	dialog *whyDialog
	typed  string
	offers []string
	others int
}

func (d *whyDialog) Handle(msg tea.Msg) (tea.Cmd, bool) {
	if msg, ok := msg.(whyOffersMsg); ok {
		if msg.dialog == d {
			d.offers, d.others, d.offered = msg.offers, msg.others, msg.typed
		}
		return nil, false
	}
	if key, ok := msg.(tea.KeyPressMsg); ok {
		switch key.String() {
		case "esc":
			return nil, true
		case "enter":
			if len(d.offers) > 0 && d.offered == d.typed() {
				d.field.SetValue(d.offers[max(0, d.chosen)])
			}
			d.look()
			return nil, false
		case "down", "up", "pgdown", "pgup":
			d.step(key)
			return nil, false
		}
	}
	if changed, _ := d.field.Handle(msg); changed {
		d.asked, d.chosen = "", -1
		return d.offer(), false
	}
	return nil, false
}

func (d *whyDialog) typed() string { return strings.ToLower(strings.TrimSpace(d.field.Value())) }

// step moves among the offers, or scrolls the paths.
func (d *whyDialog) step(key tea.KeyPressMsg) {
	switch n := len(d.offers); {
	case d.asked != "":
		d.scroll.Handle(key)
	case n == 0:
	case key.String() == "down":
		d.chosen = (d.chosen + 1) % n
	case key.String() == "up":
		d.chosen = (max(0, d.chosen) - 1 + n) % n
	}
}

// offer completes what was typed from the recipients and those taken away.
// There may be a million of them: a newer keystroke ends the search.
func (d *whyDialog) offer() tea.Cmd {
	typed, p := d.typed(), d.preview
	if typed == "" {
		d.tasks.cancel(taskWhyOffers)
		d.offers = nil
		return nil
	}
	return d.tasks.run(taskWhyOffers, func(ctx context.Context) tea.Msg {
		answer := whyOffersMsg{dialog: d, typed: typed}
		for _, list := range [][]expansion.Recipient{p.Recipients, p.Excluded, p.Outside} {
			for i := range list {
				if i%4096 == 0 && ctx.Err() != nil {
					return nil
				}
				if !strings.Contains(strings.ToLower(list[i].Address), typed) && !strings.Contains(strings.ToLower(list[i].Object.DisplayName), typed) {
					continue
				}
				if len(answer.offers) < maxSuggestions {
					answer.offers = append(answer.offers, list[i].Address)
				} else {
					answer.others++
				}
			}
		}
		return answer
	})
}

// look finds the paths to the address in the field.
func (d *whyDialog) look() {
	d.asked = strings.TrimSpace(d.field.Value())
	d.tasks.cancel(taskWhyOffers)
	d.offers, d.verdict = nil, ""
	d.scroll.Top()
	if d.asked == "" {
		return
	}
	d.paths, d.cut = d.preview.Expansion.Why(d.asked, maxWhyPaths)
	switch {
	case len(d.paths) == 0 && d.preview.Complete():
		d.verdict = "It would not receive the message: no entry leads to it."
	case len(d.paths) == 0:
		d.verdict = "No entry was seen to lead to it, but the answer is incomplete: it may be in a part that is missing."
	case d.isAmong(d.preview.Excluded):
		d.verdict = "It is reached as below, but an exclusion takes it away: it would not receive the message."
	case d.isAmong(d.preview.Outside):
		d.verdict = "It is reached as below, but it falls outside of what the audience is kept within: it would not receive the message."
	}
}

// isAmong reports whether the asked address is one of the recipients'.
func (d *whyDialog) isAmong(recipients []expansion.Recipient) bool {
	return slices.ContainsFunc(recipients, func(r expansion.Recipient) bool { return strings.EqualFold(r.Address, d.asked) })
}

func (d *whyDialog) Bindings() []binding {
	return []binding{
		{id: "why.ask", keys: []string{"enter"}, label: "ask", help: "Show every path to the address"},
		{id: "why.choose", keys: []string{"down", "up"}, label: "choose", help: "Choose a completion, or scroll the paths"},
		{id: "why.page", keys: []string{"pgdown", "pgup"}, help: "Scroll the paths by a page"},
		{id: "why.close", keys: []string{"esc"}, label: "close", help: "Close"},
	}
}

func (d *whyDialog) Cursor() *tea.Cursor { return d.cursor }

func (d *whyDialog) Draw(width, height int) string {
	th := d.theme
	w := min(max(approvalWidth, width*3/4), width)
	inner := w - 4
	field, column := d.field.Draw(th, inner-2)
	d.cursor = tea.NewCursor(4+column, 1)
	lines := []string{th.accent.Render("▸ ") + field}
	for i, o := range d.offers {
		if i == d.chosen {
			lines = append(lines, th.selected.Render("▸ "+th.cell(o, inner-2)))
		} else {
			lines = append(lines, "  "+th.text.Render(th.cell(o, inner-2)))
		}
	}
	if len(d.offers) > 0 && d.others > 0 {
		lines = append(lines, "  "+th.muted.Render(th.cut("… and "+count(d.others)+" more; type more of the address", inner-2)))
	}
	right, bottom := "", "esc closes"
	if d.asked != "" {
		body := d.pathLines(inner)
		right = plural(len(d.paths), "path", "paths")
		lines = append(lines, "")
		lines = append(lines, strings.Split(d.scroll.Draw(th, body, inner, max(1, min(len(body), height-6))), "\n")...)
		bottom = cmp.Or(d.scroll.Place(), bottom)
	} else if len(d.offers) == 0 {
		lines = append(lines, "", th.muted.Render(th.cut("Type an address or a part of it; enter shows every path to it.", inner)))
	}
	return th.box(boxText{title: "Why would this one receive it?", right: right, bottom: bottom}, " "+strings.Join(lines, "\n "), w, len(lines)+2, true)
}

// pathLines writes each path as steps below one another.
func (d *whyDialog) pathLines(width int) []string {
	th := d.theme
	var lines []string
	if d.verdict != "" {
		for _, l := range wrap(th, d.verdict, width) {
			lines = append(lines, th.warn.Render(l))
		}
		lines = append(lines, "")
	}
	for i, p := range d.paths {
		if i > 0 {
			lines = append(lines, "")
		}
		steps := []string{p.Entry}
		for k, n := range p.Groups {
			name := n.Name()
			if k == 0 && strings.EqualFold(name, p.Entry) {
				continue
			}
			steps = append(steps, name)
		}
		steps = append(steps, cmp.Or(p.Member.Mail, p.Member.UserPrincipalName, p.Member.DisplayName))
		for k, s := range steps {
			lead := spaces(3 * k)
			if k > 0 {
				lead = spaces(min(3*(k-1), width/2)) + "└─ "
			}
			style := th.text
			if k == len(steps)-1 {
				style = th.accent
			}
			for _, l := range wrap(th, clean(s), max(8, width-th.width(lead))) {
				lines = append(lines, th.muted.Render(lead)+style.Render(l))
				lead = spaces(th.width(lead))
			}
		}
	}
	if d.cut {
		lines = append(lines, "", th.muted.Render("There may be more paths; the first "+count(len(d.paths))+" are shown."))
	}
	return lines
}
