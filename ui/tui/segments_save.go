package tui

import (
	"context"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"rollcall/model/workspace"
)

// QuitWarning names the segments whose rule would be lost; "" when none would.
func (p *segmentsPane) QuitWarning() string {
	var titles []string
	for _, i := range p.items {
		if i.changed() && (i.saved != nil || i.rule() != "") {
			titles = append(titles, i.title())
		}
	}
	switch len(titles) {
	case 0:
		return ""
	case 1:
		return "What was typed for " + titles[0] + " is not saved and would be lost; ctrl-s in Segments saves it."
	}
	return "What was typed for " + count(len(titles)) + " segments is not saved and would be lost: " + strings.Join(titles, ", ") + "."
}

// save keeps the draft under its name; a new one is asked for its name.
func (p *segmentsPane) save() tea.Cmd {
	item := p.current()
	if item == nil || !item.changed() {
		return toast(levelInfo, "Nothing to save: the segment is as it was saved")
	}
	if item.saved != nil {
		return p.saveAs(segmentSaveAsMsg{key: item.key, name: item.saved.Name})
	}
	d := &askDialog{theme: p.theme, title: "Save segment", hint: "saves"}
	d.lead = p.theme.text.Render("A short name that administrators will recognise. The rule is saved on this machine, and computed anew each time.")
	d.field.placeholder = "for instance Sales US"
	d.submit = func(name string) (tea.Cmd, string) {
		if problem := p.nameProblem(name); problem != "" {
			return nil, problem
		}
		if p.isTaken(name, item) {
			return nil, "There is a segment of this name already; choose another"
		}
		return emit(segmentSaveAsMsg{key: item.key, name: name}), ""
	}
	return emit(dialogMsg{d})
}

// nameProblem says why a name cannot be given to a segment.
func (p *segmentsPane) nameProblem(name string) string {
	switch {
	case name == "":
		return "Type a name"
	case strings.ContainsAny(name, ","):
		return "A name holds no comma: commas part the entries of an audience"
	case len([]rune(name)) > maxSegmentNameRune:
		return "The name is too long"
	}
	return ""
}

// isTaken reports whether another segment than the item has the name.
func (p *segmentsPane) isTaken(name string, item *segmentItem) bool {
	return slices.ContainsFunc(p.items, func(i *segmentItem) bool {
		return i != item && i.saved != nil && strings.EqualFold(i.saved.Name, name)
	})
}

type (
	segmentSaveAsMsg struct{ key, name string }
	segmentSavedMsg  struct {
		key     string // of the item that was saved
		text    string
		segment workspace.Segment
	}
)

func (p *segmentsPane) saveAs(msg segmentSaveAsMsg) tea.Cmd {
	item := p.item(msg.key)
	if item == nil {
		return nil
	}
	ws, text := p.ws, item.rule()
	return p.tasks.run(taskSegmentSave, func(ctx context.Context) tea.Msg {
		segment, err := ws.SaveSegment(ctx, msg.name, text, nil)
		if err != nil {
			return errorToast(err)
		}
		return segmentSavedMsg{key: msg.key, text: text, segment: *segment}
	})
}

// saved drops the draft, unless more was typed meanwhile.
func (p *segmentsPane) saved(msg segmentSavedMsg) tea.Cmd {
	if item := p.item(msg.key); item != nil {
		fresh := item.rule() == msg.text
		item.key, item.saved = msg.segment.ID, &msg.segment
		if fresh && p.editor == item.draft {
			p.editor = nil
		}
		if fresh {
			item.draft = nil
		}
		delete(p.answers, msg.key)
	}
	p.deleted = ""
	return tea.Batch(emit(segmentsChangedMsg{}), toast(levelGood, "Saved segment "+msg.segment.Name))
}

type segmentDiscardMsg struct{ key string }

// discard forgets what was typed and not saved.
func (p *segmentsPane) discard(key string) tea.Cmd {
	item := p.item(key)
	if item == nil {
		return nil
	}
	if p.editor == item.draft {
		p.editor = nil
	}
	item.draft = nil
	if item.saved == nil {
		p.drop(key)
	}
	return p.ask()
}
