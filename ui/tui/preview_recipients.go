package tui

import (
	"cmp"
	"context"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"rollcall/model/expansion"
)

// recipientRows are the recipients as a table shows them.
type recipientRows struct {
	theme *theme
	all   []expansion.Recipient // sorted by address
	shown []int32               // indexes into all; nil: all of them
}

func (r *recipientRows) Len() int {
	if r.shown == nil {
		return len(r.all)
	}
	return len(r.shown)
}

func (r *recipientRows) at(i int) *expansion.Recipient {
	if r.shown != nil {
		i = int(r.shown[i])
	}
	return &r.all[i]
}

func (r *recipientRows) ID(i int) string { return r.at(i).Address }

func (r *recipientRows) Find(id string) int {
	i, ok := slices.BinarySearchFunc(r.all, id, func(rec expansion.Recipient, id string) int {
		return cmp.Or(cmp.Compare(strings.ToLower(rec.Address), strings.ToLower(id)), cmp.Compare(rec.Address, id))
	})
	if ok && r.shown != nil {
		i, ok = slices.BinarySearch(r.shown, int32(i))
	}
	if !ok {
		return -1
	}
	return i
}

func (r *recipientRows) Cells(i int, cells []tableCell) {
	rec := r.at(i)
	cells[0].text = rec.Address
	cells[1].text = named(rec.Object.DisplayName, rec.Address)
	var remarks []string
	if rec.External {
		remarks = append(remarks, "external")
	}
	if rec.Disabled {
		remarks = append(remarks, "disabled")
	}
	if rec.SMS {
		remarks = append(remarks, "SMS")
	}
	cells[2] = tableCell{text: strings.Join(remarks, " · "), style: &r.theme.muted}
	if rec.External || rec.Disabled {
		cells[2].style = &r.theme.warn
	}
}

// previewSearchMsg answers a search of the recipients.
type previewSearchMsg struct {
	outcome *previewOutcome
	query   string
	shown   []int32 // nil: all
}

// filter shows the recipients that match the search.
func (p *previewPane) filter() tea.Cmd {
	outcome, query := p.outcome, p.search.Value()
	if outcome == nil {
		return nil
	}
	return p.tasks.run(taskPreviewSearch, func(ctx context.Context) tea.Msg {
		shown, err := searchRecipients(ctx, outcome.preview.Recipients, query)
		if err != nil {
			return nil // overtaken by the next keystroke
		}
		return previewSearchMsg{outcome, query, shown}
	})
}

// searchRecipients returns the indexes of the recipients whose address or name
// holds every word of the query, in any letter case; nil means all.
func searchRecipients(ctx context.Context, all []expansion.Recipient, query string) ([]int32, error) {
	words := strings.Fields(strings.ToLower(query))
	if len(words) == 0 {
		return nil, nil
	}
	shown := make([]int32, 0, 64)
	for i := range all {
		if i%4096 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		text := strings.ToLower(all[i].Address + "\n" + all[i].Object.DisplayName)
		match := true
		for _, w := range words {
			match = match && strings.Contains(text, w)
		}
		if match {
			shown = append(shown, int32(i))
		}
	}
	return shown, nil
}

func (p *previewPane) searched(msg previewSearchMsg) {
	if msg.outcome != p.outcome {
		return
	}
	p.recipients.SetRows(&recipientRows{theme: p.theme, all: msg.outcome.preview.Recipients, shown: msg.shown})
}

func (p *previewPane) recipientsCount() string {
	all := len(p.preview().Recipients)
	if n := p.recipients.Len(); n != all {
		return count(n) + " of " + count(all)
	}
	return count(all)
}

func (p *previewPane) drawRecipients(width int) string {
	th := p.theme
	var lines []string
	if p.searchHeight() > 0 {
		field, _ := p.search.Draw(th, width-4)
		lines = append(lines, " "+th.key.Render("/")+" "+field)
	}
	switch {
	case len(p.preview().Recipients) == 0:
		lines = append(lines, "", th.text.Render("  Nobody would receive it."), th.muted.Render("  Every list of the audience is empty, or everybody was taken away."))
	case p.recipients.Len() == 0:
		lines = append(lines, "", th.text.Render("  No recipient matches the search."), th.muted.Render("  / and then esc shows all again."))
	default:
		lines = append(lines, p.recipients.Draw(!p.to.active && !p.searching))
	}
	return strings.Join(lines, "\n")
}
