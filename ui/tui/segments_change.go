package tui

import (
	"context"

	tea "charm.land/bubbletea/v2"

	"rollcall/model"
	"rollcall/model/workspace"
)

type (
	// segmentChangeMsg changes a saved segment: its name, its note, which of its
	// versions is the present one, whether it is there at all.
	segmentChangeMsg struct {
		key  string // of its item; "" when it has none: it was deleted
		done string // said when it is done
		name string // by which it is found again
		do   func(ctx context.Context, ws *workspace.Workspace) (*workspace.Segment, error)
		// again is the dialog that asked: a refusal opens it once more.
		again *askDialog
	}
	segmentDoneMsg struct {
		change  segmentChangeMsg
		segment *workspace.Segment // nil when it is gone
	}
	segmentRefusedMsg struct {
		err    error
		dialog *askDialog
	}
)

func (p *segmentsPane) change(msg segmentChangeMsg) tea.Cmd {
	ws := p.ws
	return p.tasks.run(taskSegmentChange, func(ctx context.Context) tea.Msg {
		segment, err := msg.do(ctx, ws)
		if err != nil {
			return segmentRefusedMsg{err, msg.again}
		}
		return segmentDoneMsg{msg, segment}
	})
}

func (p *segmentsPane) refused(msg segmentRefusedMsg) tea.Cmd {
	if msg.dialog == nil {
		return emit(errorToast(msg.err))
	}
	msg.dialog.problem = capitalise(clean(sentence(model.AsError(msg.err))))
	return emit(dialogMsg{msg.dialog})
}

func (p *segmentsPane) done(msg segmentDoneMsg) tea.Cmd {
	p.deleted = ""
	if msg.segment != nil {
		p.want = msg.segment.ID
	} else {
		p.deleted = msg.change.name
		if item := p.item(msg.change.key); item != nil {
			if item.draft != nil && p.editor == item.draft {
				p.editor = nil
			}
			item.draft = nil
		}
	}
	cmds := []tea.Cmd{emit(segmentsChangedMsg{}), toast(levelGood, msg.change.done)}
	if p.versions != nil {
		cmds = append(cmds, p.loadVersions())
	}
	return tea.Batch(cmds...)
}

// askRename asks for another name.
func (p *segmentsPane) askRename() tea.Cmd {
	item := p.current()
	name := item.saved.Name
	d := &askDialog{theme: p.theme, title: "Rename segment " + clean(name), hint: "renames"}
	d.lead = p.theme.text.Render("The rule, the note and the versions stay. Audiences that name the segment find it by the new name only.")
	d.field.SetValue(name)
	d.submit = func(to string) (tea.Cmd, string) {
		switch problem := p.nameProblem(to); {
		case problem != "":
			return nil, problem
		case to == name:
			return nil, "It has this name already"
		}
		return emit(segmentChangeMsg{
			key: item.key, name: name, again: d, done: "Renamed " + name + " to " + to + "; u undoes",
			do: func(ctx context.Context, ws *workspace.Workspace) (*workspace.Segment, error) {
				return ws.RenameSegment(ctx, name, to)
			},
		}), ""
	}
	return emit(dialogMsg{d})
}

// askNote asks for the note.
func (p *segmentsPane) askNote() tea.Cmd {
	item := p.current()
	saved := *item.saved
	d := &askDialog{theme: p.theme, title: "Note on segment " + clean(saved.Name), hint: "saves"}
	d.lead = p.theme.text.Render("What the segment is for, and who asked for it. An empty note takes the old one away.")
	d.field.placeholder = "for instance: the monthly newsletter, asked for by Miriam"
	d.field.SetValue(saved.Note)
	d.submit = func(note string) (tea.Cmd, string) {
		if note == saved.Note {
			return nil, "The note says this already"
		}
		return emit(segmentChangeMsg{
			key: item.key, name: saved.Name, again: d, done: "Saved the note on " + saved.Name + "; u undoes",
			do: func(ctx context.Context, ws *workspace.Workspace) (*workspace.Segment, error) {
				return ws.SaveSegment(ctx, saved.Name, saved.Rule, &note)
			},
		}), ""
	}
	return emit(dialogMsg{d})
}

// askDelete asks before a saved segment or a draft is dropped.
func (p *segmentsPane) askDelete() tea.Cmd {
	item := p.current()
	if item.saved == nil {
		return emit(dialogMsg{newConfirmDialog(p.shared, "Drop the new segment?",
			"It was never saved; its rule is lost.", "drop it", segmentDiscardMsg{item.key})})
	}
	name := item.saved.Name
	question := "Its versions are kept: u undoes, and D lists what was deleted. Users, groups and approved snapshots stay as they are."
	if item.changed() {
		question = "What was typed and not saved is lost. " + question
	}
	return emit(dialogMsg{newConfirmDialog(p.shared, "Delete segment "+clean(name)+"?", question, "delete it", segmentChangeMsg{
		key: item.key, name: name, done: "Deleted segment " + name + "; u undoes",
		do: func(ctx context.Context, ws *workspace.Workspace) (*workspace.Segment, error) {
			return nil, ws.DeleteSegment(ctx, name)
		},
	})})
}

// undo takes one thing back: what was typed and not saved, after asking; else
// the deletion that was just made, or the last change of the segment.
func (p *segmentsPane) undo() tea.Cmd {
	item := p.current()
	if p.deleted == "" && item.changed() {
		return emit(dialogMsg{newConfirmDialog(p.shared, "Forget what was typed?",
			"The rule goes back to what was saved.", "forget it", segmentDiscardMsg{item.key})})
	}
	if p.deleted != "" {
		return p.undoChange("", p.deleted, p.deleted)
	}
	return p.undoChange(item.key, item.saved.Name, item.saved.ID)
}

// undoChange takes back the last change of a segment, a deleted one too, that
// is found by its name or its id.
func (p *segmentsPane) undoChange(key, name, nameOrID string) tea.Cmd {
	return emit(segmentChangeMsg{
		key: key, name: name, done: "Took back the last change of " + name + "; u once more makes it again",
		do: func(ctx context.Context, ws *workspace.Workspace) (*workspace.Segment, error) {
			return ws.UndoSegment(ctx, nameOrID)
		},
	})
}

// undoProblem says why there is nothing to undo; "" when there is.
func (p *segmentsPane) undoProblem() string {
	item := p.current()
	switch {
	case p.deleted != "" || item != nil && item.changed():
		return ""
	case item == nil:
		return "there is no segment yet: press n for a new one"
	case item.saved.Version < 2:
		return "nothing was changed since the segment was made"
	}
	return ""
}

const taskSegmentDeleted = "segments.deleted"

// showDeleted lists the deleted segments, to bring one back.
func (p *segmentsPane) showDeleted() tea.Cmd {
	shared := p.shared
	return p.tasks.run(taskSegmentDeleted, func(ctx context.Context) tea.Msg {
		deleted, err := shared.ws.DeletedSegments(ctx)
		switch {
		case err != nil:
			return errorToast(err)
		case len(deleted) == 0:
			return toastMsg{level: levelInfo, text: "No segment is deleted"}
		}
		items := make([]menuItem, len(deleted))
		for i, s := range deleted {
			items[i] = menuItem{label: s.Name, detail: "deleted " + when(s.ChangedAt, shared.ws.Now()), msg: showVersionsMsg{s.Name, s.ID}}
		}
		return dialogMsg{newMenuDialog(shared, "Deleted segments", items, 0)}
	})
}
