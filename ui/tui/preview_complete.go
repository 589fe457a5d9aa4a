package tui

import (
	"context"
	"strings"

	tea "charm.land/bubbletea/v2"

	"rollcall/model"
)

// loadSegments fetches the names that the To line completes.
func (p *previewPane) loadSegments() tea.Cmd {
	ws := p.ws
	return p.tasks.run(taskPreviewSegments, func(ctx context.Context) tea.Msg {
		segments, err := ws.Segments(ctx)
		if err != nil {
			return nil // completion is a help: the Segments pane shows the error
		}
		list := make([]suggestion, len(segments))
		for i, s := range segments {
			list[i] = suggestion{text: "segment:" + s.Name, note: "segment"}
		}
		return previewSegmentsMsg{list}
	})
}

// complete offers what the entry under the cursor may become: at once from
// the segments and the lists that were met, then from the directory.
func (p *previewPane) complete() tea.Cmd {
	typed := entryAt(p.to.Value(), p.to.Pos()).text
	p.offer(typed, nil)
	if len(typed) < 2 || strings.Contains(typed, ":") {
		p.tasks.cancel(taskPreviewComplete)
		return nil
	}
	snapshot := p.ws.Directory()
	return p.tasks.run(taskPreviewComplete, func(ctx context.Context) tea.Msg {
		rows, err := snapshot.Search(ctx, typed, nil)
		if err != nil {
			return nil // overtaken by the next keystroke
		}
		var users []suggestion
		for _, row := range rows {
			if address := snapshot.Value(row, model.AttrMail); address != "" {
				users = append(users, suggestion{text: address, note: "user · " + snapshot.Value(row, model.AttrDisplayName)})
			}
			if len(users) == maxSuggestions {
				break
			}
		}
		return previewSuggestMsg{typed: typed, users: users}
	})
}

// offer shows the completions of an entry, unless the entry changed meanwhile.
func (p *previewPane) offer(typed string, users []suggestion) {
	if !p.typing || entryAt(p.to.Value(), p.to.Pos()).text != typed {
		return
	}
	candidates := append([]suggestion(nil), p.segments...)
	candidates = append(candidates, sortedSuggestions(p.seen)...)
	found := matchSuggestions(candidates, typed)
	// A user is found by name as well, so the address need not hold the text.
	for _, u := range users {
		if len(found) < maxSuggestions && !strings.EqualFold(u.text, typed) {
			found = append(found, u)
		}
	}
	p.suggestions = found
	if p.chosen >= len(found) {
		p.chosen = -1
	}
	p.layout()
}

func (p *previewPane) choose(next bool) {
	n := len(p.suggestions)
	if n == 0 {
		return
	}
	if next {
		p.chosen = (p.chosen + 1) % n
	} else {
		p.chosen = (max(p.chosen, 0) - 1 + n) % n
	}
}

// accept puts the chosen completion, or the first one, into the To line.
func (p *previewPane) accept() {
	if len(p.suggestions) == 0 {
		return
	}
	entry := entryAt(p.to.Value(), p.to.Pos())
	line, offset := replaceEntry(p.to.Value(), entry, p.suggestions[max(p.chosen, 0)].text)
	p.to.SetValue(line)
	p.to.SetPos(offset)
	p.closeSuggestions()
}

func (p *previewPane) closeSuggestions() {
	p.tasks.cancel(taskPreviewComplete)
	p.suggestions, p.chosen = nil, -1
	p.layout()
}

// pastedEntries turns a pasted column of addresses into a To line: line ends
// and semicolons part addresses as commas do.
func pastedEntries(text string) string {
	var entries []string
	for line := range strings.Lines(text) {
		if isRuleEntry(line) {
			entries = append(entries, strings.TrimSpace(line))
			continue
		}
		for _, part := range strings.FieldsFunc(line, func(r rune) bool { return r == ';' || r == ',' }) {
			if part = strings.TrimSpace(part); part != "" {
				entries = append(entries, part)
			}
		}
	}
	return strings.Join(entries, ", ")
}
