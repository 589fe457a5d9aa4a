package tui

import (
	"context"
	"strings"

	tea "charm.land/bubbletea/v2"

	"rollcall/model"
)

// audienceField is a To line: a text field that completes saved segments, lists
// and snapshots, groups that were met before, and users. Those who draw it give the completions room.
type audienceField struct {
	shared
	input
	task        string // prefix of its tasks' keys
	active      bool   // it has the focus
	suggestions []suggestion
	chosen      int                   // index into suggestions; -1: none
	saved       []suggestion          // segments, lists and snapshots by name
	seen        map[string]suggestion // addresses of groups that were met
}

type (
	audienceSavedMsg   struct{ saved []suggestion }
	audienceSuggestMsg struct {
		task, typed string
		users       []suggestion
	}
)

func newAudienceField(s shared, task string) audienceField {
	return audienceField{shared: s, task: task, chosen: -1, seen: make(map[string]suggestion)}
}

// Answer takes the answers of the field's tasks.
func (f *audienceField) Answer(msg any) {
	switch msg := msg.(type) {
	case audienceSavedMsg:
		f.saved = msg.saved
	case audienceSuggestMsg:
		if msg.task == f.task {
			f.offer(msg.typed, msg.users)
		}
	}
}

// Key edits the field. It leaves enter, esc and tab to the pane, unless they
// concern a completion.
func (f *audienceField) Key(msg tea.KeyPressMsg) (cmd tea.Cmd, handled bool) {
	if len(f.suggestions) > 0 {
		switch key := msg.String(); {
		case key == "down" || key == "up":
			f.choose(key == "down")
			return nil, true
		case key == "tab", key == "enter" && f.chosen >= 0:
			f.accept()
			return nil, true
		case key == "esc":
			f.closeSuggestions()
			return nil, true
		}
	}
	changed, handled := f.input.Handle(msg)
	if changed {
		cmd = f.complete()
	}
	return cmd, handled
}

// Paste takes a pasted column or line of entries.
func (f *audienceField) Paste(msg tea.PasteMsg) tea.Cmd {
	f.input.Handle(tea.PasteMsg{Content: pastedEntries(msg.Content)})
	return f.complete()
}

// Lines draws the completions, one a line of at most width cells.
func (f *audienceField) Lines(width int) []string {
	return suggestionLines(f.theme, f.suggestions, f.chosen, width)
}

// suggestionLines draws completions of which one may be chosen.
func suggestionLines(th *theme, suggestions []suggestion, chosen, width int) []string {
	var lines []string
	for i, s := range suggestions {
		text := th.cell(s.text, min(40, width/2)) + "  "
		note := th.cell(s.note, max(0, width-2-th.width(text)))
		if i == chosen {
			lines = append(lines, th.selected.Render("▸ "+text+note))
		} else {
			lines = append(lines, "  "+th.text.Render(text)+th.muted.Render(note))
		}
	}
	return lines
}

// loadSaved fetches the names of what is saved and the field completes.
// Completion is a help: what cannot be read is shown as an error elsewhere.
func (f *audienceField) loadSaved() tea.Cmd {
	ws := f.ws
	return f.tasks.run(f.task+".saved", func(ctx context.Context) tea.Msg {
		segments, err := ws.Segments(ctx)
		if err != nil {
			return nil
		}
		lists, err := ws.Lists(ctx)
		if err != nil {
			return nil
		}
		snapshots, err := ws.Snapshots(ctx)
		if err != nil {
			return nil
		}
		saved := make([]suggestion, 0, len(segments)+len(lists)+len(snapshots))
		for _, s := range segments {
			saved = append(saved, suggestion{text: "segment:" + s.Name, note: "segment"})
		}
		for _, l := range lists {
			saved = append(saved, suggestion{text: "list:" + l.Name, note: "list · " + plural(l.Count, "member", "members")})
		}
		named := make(map[string]bool)
		for _, s := range snapshots { // newest first, and a name means the newest
			if key := strings.ToLower(s.Name); key != "" && !named[key] {
				named[key] = true
				saved = append(saved, suggestion{text: "snapshot:" + s.Name, note: "snapshot · " + plural(s.Count, "recipient", "recipients")})
			}
		}
		return audienceSavedMsg{saved}
	})
}

// complete offers what the entry under the cursor may become: at once from
// what is saved and the groups that were met, then from the directory.
func (f *audienceField) complete() tea.Cmd {
	typed := entryAt(f.Value(), f.Pos()).text
	f.offer(typed, nil)
	if len(typed) < 2 || strings.Contains(typed, ":") {
		f.tasks.cancel(f.task + ".complete")
		return nil
	}
	snapshot, task := f.ws.Directory(), f.task
	return f.tasks.run(f.task+".complete", func(ctx context.Context) tea.Msg {
		found, err := snapshot.Search(ctx, typed, nil, nil)
		if err != nil {
			return nil // overtaken by the next keystroke
		}
		var users []suggestion
		for _, row := range found.Rows() {
			if address := snapshot.Value(row, model.AttrMail); address != "" {
				users = append(users, suggestion{text: address, note: "user · " + snapshot.Value(row, model.AttrDisplayName)})
			}
			if len(users) == maxSuggestions {
				break
			}
		}
		return audienceSuggestMsg{task: task, typed: typed, users: users}
	})
}

// offer shows the completions of an entry, unless the entry changed meanwhile.
func (f *audienceField) offer(typed string, users []suggestion) {
	if !f.active || entryAt(f.Value(), f.Pos()).text != typed {
		return
	}
	candidates := append([]suggestion(nil), f.saved...)
	candidates = append(candidates, sortedSuggestions(f.seen)...)
	found := matchSuggestions(candidates, typed)
	// A user is found by name as well, so the address need not hold the text.
	for _, u := range users {
		if len(found) < maxSuggestions && !strings.EqualFold(u.text, typed) {
			found = append(found, u)
		}
	}
	f.suggestions = found
	if f.chosen >= len(found) {
		f.chosen = -1
	}
}

func (f *audienceField) choose(next bool) {
	n := len(f.suggestions)
	if n == 0 {
		return
	}
	if next {
		f.chosen = (f.chosen + 1) % n
	} else {
		f.chosen = (max(f.chosen, 0) - 1 + n) % n
	}
}

// accept puts the chosen completion, or the first one, into the To line.
func (f *audienceField) accept() {
	if len(f.suggestions) == 0 {
		return
	}
	entry := entryAt(f.Value(), f.Pos())
	line, offset := replaceEntry(f.Value(), entry, f.suggestions[max(f.chosen, 0)].text)
	f.SetValue(line)
	f.SetPos(offset)
	f.closeSuggestions()
}

func (f *audienceField) closeSuggestions() {
	f.tasks.cancel(f.task + ".complete")
	f.suggestions, f.chosen = nil, -1
}

// pastedEntries turns a pasted column of addresses into a To line: line ends
// and semicolons part addresses as commas do.
func pastedEntries(text string) string {
	var entries []string
	for line := range strings.Lines(lineFeeds(text)) {
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
