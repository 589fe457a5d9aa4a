package tui

import (
	"context"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"rollcall/model/audience"
	"rollcall/model/handover"
	"rollcall/model/workspace"
)

// snapshotsView is the list of approved previews, in the place of the pane. One
// of them can be opened to read its addresses.
type snapshotsView struct {
	shelf[workspace.Snapshot] // heads, newest first

	marked []string     // ids; two of them are compared
	walk   *previewWalk // of a comparison with now
}

const (
	taskSnapshots       = "snapshots.load"
	taskSnapshotOpen    = "snapshots.open"
	taskSnapshotCompare = "snapshots.compare"
)

type (
	snapshotsLoadedMsg struct {
		list []workspace.Snapshot
		err  error
	}
	snapshotOpenedMsg struct{ snapshot *workspace.Snapshot }
)

func newSnapshotsView(s shared) *snapshotsView {
	return &snapshotsView{shelf: shelf[workspace.Snapshot]{shared: s}}
}

// leave puts the preview back.
func (v *snapshotsView) leave() tea.Cmd {
	for _, task := range []string{taskSnapshots, taskSnapshotOpen, taskSnapshotCompare, taskPeopleSearch} {
		v.tasks.cancel(task)
	}
	return emit(previewRoomMsg{})
}

func (v *snapshotsView) load() tea.Cmd {
	ws := v.ws
	return v.tasks.run(taskSnapshots, func(ctx context.Context) tea.Msg {
		list, err := ws.Snapshots(ctx)
		return snapshotsLoadedMsg{list, err}
	})
}

func (v *snapshotsView) Handle(msg tea.Msg) (tea.Cmd, bool) {
	switch msg := msg.(type) {
	case tea.KeyPressMsg:
		return v.key(msg)
	case snapshotTickMsg:
		return v.poll(msg.walk), true
	case snapshotsLoadedMsg:
		v.fill(msg.list, msg.err)
	case snapshotOpenedMsg:
		v.opened = newPeopleView(v.shared, snapshotPeople(msg.snapshot, v.ws.Now()))
	default:
		return v.search(msg)
	}
	return nil, false
}

// snapshotPeople are the addresses of a snapshot.
func snapshotPeople(s *workspace.Snapshot, now time.Time) *people {
	return &people{
		title: snapshotTitle(s.Name, s.ID), foot: "approved " + when(s.ApprovedAt, now) + " by " + s.ApprovedBy,
		addresses: s.Addresses, ids: s.ObjectIDs,
	}
}

// mark marks the snapshot under the cursor, or takes its mark back. A third
// mark takes the place of the first.
func (v *snapshotsView) mark() {
	id := v.current().ID
	if i := slices.Index(v.marked, id); i >= 0 {
		v.marked = slices.Delete(v.marked, i, i+1)
		return
	}
	v.marked = append(v.marked, id)
	if len(v.marked) > 2 {
		v.marked = v.marked[1:]
	}
}

// entriesText is what a snapshot was approved of, as a To line.
func entriesText(s *workspace.Snapshot) string { return joinEntries(s.Included(), s.Exclude) }

// withSnapshot reads a whole snapshot and goes on with it.
func (v *snapshotsView) withSnapshot(id string, then func(*workspace.Snapshot) tea.Msg) tea.Cmd {
	ws := v.ws
	return v.tasks.run(taskSnapshotOpen, func(ctx context.Context) tea.Msg {
		s, err := ws.Snapshot(ctx, id)
		if err != nil {
			return errorToast(err)
		}
		return then(s)
	})
}

// compareSnapshots compares two marked snapshots, the earlier one first, or the
// one under the cursor with what its entries hold today.
func (v *snapshotsView) compare() tea.Cmd {
	sh, ws := v.shared, v.ws
	if len(v.marked) == 2 {
		// The list is newest first: the later place is the earlier approval.
		ids := slices.Clone(v.marked)
		place := func(id string) int {
			return slices.IndexFunc(v.list, func(s workspace.Snapshot) bool { return s.ID == id })
		}
		slices.SortFunc(ids, func(a, b string) int { return place(b) - place(a) })
		return v.tasks.run(taskSnapshotCompare, func(ctx context.Context) tea.Msg {
			then, err := ws.Snapshot(ctx, ids[0])
			if err != nil {
				return errorToast(err)
			}
			now, err := ws.Snapshot(ctx, ids[1])
			if err != nil {
				return errorToast(err)
			}
			return dialogMsg{newComparisonDialog(sh, workspace.CompareSnapshots(then, now))}
		})
	}
	return v.compareWithNow(v.current().ID)
}

// compareWithNow expands the entries of a snapshot again.
func (v *snapshotsView) compareWithNow(id string) tea.Cmd {
	sh, ws := v.shared, v.ws
	walk := &previewWalk{}
	v.walk = walk
	run := v.tasks.run(taskSnapshotCompare, func(ctx context.Context) tea.Msg {
		comparison, _, err := ws.CompareWithNow(ctx, id, walk.watch())
		if err != nil {
			return errorToast(err)
		}
		return dialogMsg{newComparisonDialog(sh, comparison)}
	})
	return tea.Batch(run, v.tasks.after(previewPoll, snapshotTickMsg{walk}))
}

// snapshotTickMsg looks at a running comparison again.
type snapshotTickMsg struct{ walk *previewWalk }

// comparing reports whether a comparison runs.
func (v *snapshotsView) comparing() bool { return v.tasks.busy(taskSnapshotCompare) }

func (v *snapshotsView) poll(walk *previewWalk) tea.Cmd {
	if v.walk != walk || !v.comparing() {
		return nil
	}
	return v.tasks.after(previewPoll, snapshotTickMsg{walk})
}

// use puts a snapshot into the To line: by its name where that still means
// this one.
func (v *snapshotsView) use() tea.Cmd {
	s := v.current()
	name := s.ID
	newest := slices.IndexFunc(v.list, func(o workspace.Snapshot) bool { return strings.EqualFold(o.Name, s.Name) })
	if s.Name != "" && newest == v.cursor && !strings.Contains(s.Name, ",") {
		name = s.Name
	}
	v.leave()
	return emit(previewAddMsg{string(audience.EntrySnapshot) + ":" + name})
}

// export offers the formats for the addresses of a snapshot.
func (v *snapshotsView) export(id string) tea.Cmd {
	sh := v.shared
	return v.withSnapshot(id, func(s *workspace.Snapshot) tea.Msg {
		return dialogMsg{exportMenu(sh, exportSubject{
			title: snapshotTitle(s.Name, s.ID), recipients: len(s.Addresses),
			write: func(e handover.Export) ([]byte, []handover.Refusal) { return e.Addresses(s.Addresses, s.ObjectIDs) },
		})}
	})
}
