package tui

import (
	"strings"

	"charm.land/lipgloss/v2"

	"rollcall/model"
)

// drawDetails explains the line under the cursor: what it is, which service
// answered for it, and what is special about it, with the remedy.
func (p *previewPane) drawDetails(width, height int) []string {
	th := p.theme
	lines := []string{th.border.Render(strings.Repeat("─", max(0, width)))}
	current, ok := p.tree.Current()
	if !ok {
		return lines
	}
	what, notes := p.details(current)
	lines = append(lines, " "+th.text.Render(th.cut(what, width-1)))
	for _, n := range notes {
		for _, l := range wrap(th, n.text, width-2) {
			lines = append(lines, " "+n.style.Render(l))
		}
	}
	if len(lines) > height {
		lines = lines[:height]
		lines[height-1] = th.cut(lines[height-1]+th.muted.Render(" …"), width-2)
	}
	return lines
}

// detailNote is a sentence below the tree.
type detailNote struct {
	style lipgloss.Style
	text  string
}

func (p *previewPane) details(current treeLine[previewItem]) (what string, notes []detailNote) {
	item := current.item
	if item.node != nil {
		return p.listDetails(current)
	}
	what = clean(item.label)
	if item.lost != nil {
		return what, p.worry("", item.lost)
	}
	say := func(text string) { notes = append(notes, detailNote{p.theme.muted, text}) }
	switch item.sign {
	case "&":
		say("& Kept within; " + plural(len(p.preview().Outside), "falls", "fall") + " outside")
	case "-":
		say("- Taken away; all exclusions together take away " + plural(len(p.preview().Excluded), "recipient", "recipients"))
	default:
		text := plural(item.users, "user or contact", "users and contacts")
		if n := len(item.lists); n > 0 {
			text += ", " + plural(n, "list", "lists")
		}
		say(text)
	}
	return what, notes
}

func (p *previewPane) listDetails(current treeLine[previewItem]) (what string, notes []detailNote) {
	th, n := p.theme, current.item.node
	var parts []string
	if n.Group.Mail != "" {
		parts = append(parts, clean(n.Group.Mail))
	}
	if n.Source != "" {
		parts = append(parts, n.Source.Label())
	}
	parts = append(parts, n.Group.Kind.Label()) // cut first: the tree shows it where there is room
	say := func(text string) { notes = append(notes, detailNote{th.muted, text}) }
	switch {
	case n.Err != nil && n.Direct > 0:
		notes = p.worry("Read in part: ", n.Err)
	case n.Err != nil:
		notes = p.worry("", n.Err)
	case n.Hidden:
		notes = append(notes, detailNote{th.bad, "! Its members are hidden: unknown, not none"})
		for _, m := range p.preview().Missing {
			if m.Entry == n.Name() && m.Reason.Remedy != "" {
				notes = append(notes, detailNote{th.text, "→ " + clean(m.Reason.Remedy)})
				break
			}
		}
	case n.Instead != nil:
		notes = p.worry("Read through Graph instead: ", n.Instead)
	}
	if len(notes) > 0 {
		return strings.Join(parts, " · "), notes
	}
	switch {
	case current.again:
		say("↻ It stands above itself here; counted once")
	case n.Cycle:
		say("↻ It holds itself further down; counted once")
	case n.Direct == 0:
		say("○ Nobody is in it")
	case n.Unique == 0 && !n.Empty():
		say("! " + plural(n.Direct, "direct member", "direct members") + "; the lists inside could not be read: unknown, not none")
	case n.Unique == 0:
		say("○ " + plural(n.Direct, "direct member", "direct members") + ", of whom nobody receives anything")
	}
	if n.Unique > 0 && !n.Whole() {
		say("! " + plural(n.Direct, "direct member", "direct members") + ", " + plural(n.Unique, "unique recipient", "unique recipients") + ", and whoever could not be read")
	} else if n.Unique > 0 {
		say(plural(n.Direct, "direct member", "direct members") + ", " + plural(n.Unique, "unique recipient", "unique recipients") + " in all")
	}
	if n.Stored {
		say("~ Stored: as Exchange calculated it last, up to 24 h ago")
	}
	return strings.Join(parts, " · "), notes
}

// worry is why something is not known, and what to do.
func (p *previewPane) worry(lead string, e *model.Error) []detailNote {
	what, remedy := brief(e)
	notes := []detailNote{{p.theme.bad, "! " + lead + capitalise(clean(what))}}
	if remedy != "" {
		notes = append(notes, detailNote{p.theme.text, "→ " + clean(remedy)})
	}
	return notes
}
