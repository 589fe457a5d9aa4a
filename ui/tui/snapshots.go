package tui

import (
	"context"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"rollcall/model"
	"rollcall/model/audience"
	"rollcall/model/handover"
	"rollcall/model/workspace"
)

// snapshotsView is the list of approved previews, in the place of the pane. One
// of them can be opened to read its addresses.
type snapshotsView struct {
	list   []workspace.Snapshot // heads, newest first; nil while they are read
	failed *model.Error
	cursor int
	top    int
	marked []string // ids; two of them are compared
	opened *openSnapshot
	walk   *previewWalk // of a comparison with now
}

// openSnapshot is one approved preview with its addresses.
type openSnapshot struct {
	snapshot  *workspace.Snapshot
	table     *table
	search    input
	searching bool
}

const (
	taskSnapshots       = "snapshots.load"
	taskSnapshotOpen    = "snapshots.open"
	taskSnapshotCompare = "snapshots.compare"
	taskSnapshotSearch  = "snapshots.search"
)

type (
	snapshotsLoadedMsg struct {
		list []workspace.Snapshot
		err  error
	}
	snapshotOpenedMsg   struct{ snapshot *workspace.Snapshot }
	snapshotSearchedMsg struct {
		snapshot *workspace.Snapshot
		shown    []int32 // nil: all
	}
)

// showSnapshots opens the list of approved previews.
func (p *previewPane) showSnapshots() tea.Cmd {
	p.snapshots = &snapshotsView{}
	p.layout()
	return p.loadSnapshots()
}

func (p *previewPane) closeSnapshots() {
	for _, task := range []string{taskSnapshots, taskSnapshotOpen, taskSnapshotCompare, taskSnapshotSearch} {
		p.tasks.cancel(task)
	}
	p.snapshots = nil
	p.layout()
}

func (p *previewPane) loadSnapshots() tea.Cmd {
	ws := p.ws
	return p.tasks.run(taskSnapshots, func(ctx context.Context) tea.Msg {
		list, err := ws.Snapshots(ctx)
		return snapshotsLoadedMsg{list, err}
	})
}

func (p *previewPane) snapshotsAnswered(msg tea.Msg) tea.Cmd {
	v := p.snapshots
	if v == nil {
		return nil
	}
	switch msg := msg.(type) {
	case snapshotsLoadedMsg:
		v.failed, v.list = nil, msg.list
		if msg.err != nil {
			v.failed = model.AsError(msg.err)
		}
		if v.list == nil {
			v.list = []workspace.Snapshot{}
		}
		v.follow(p.snapshotRows())
	case snapshotOpenedMsg:
		v.opened = newOpenSnapshot(p.shared, msg.snapshot)
		p.layout()
	case snapshotSearchedMsg:
		if v.opened != nil && v.opened.snapshot == msg.snapshot {
			v.opened.show(p.shared, msg.shown)
		}
	}
	return nil
}

func newOpenSnapshot(s shared, snapshot *workspace.Snapshot) *openSnapshot {
	o := &openSnapshot{snapshot: snapshot, table: newTable(s.theme,
		column{title: "Address", width: 36, least: 20, grows: true},
		column{title: "Name today", width: 24, least: 12, grows: true},
	)}
	o.search.placeholder = "part of an address"
	o.show(s, nil)
	return o
}

func (o *openSnapshot) show(s shared, shown []int32) {
	o.table.SetRows(&snapshotRows{shared: s, snapshot: o.snapshot, shown: shown})
}

// current is the head under the cursor, nil where there is none.
func (v *snapshotsView) current() *workspace.Snapshot {
	if v.cursor >= len(v.list) {
		return nil
	}
	return &v.list[v.cursor]
}

func (v *snapshotsView) follow(page int) {
	v.cursor = max(0, min(v.cursor, len(v.list)-1))
	v.top = max(min(v.top, v.cursor), v.cursor-page+1)
	v.top = max(0, min(v.top, len(v.list)-page))
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
func (p *previewPane) withSnapshot(id string, then func(*workspace.Snapshot) tea.Msg) tea.Cmd {
	ws := p.ws
	return p.tasks.run(taskSnapshotOpen, func(ctx context.Context) tea.Msg {
		s, err := ws.Snapshot(ctx, id)
		if err != nil {
			return errorToast(err)
		}
		return then(s)
	})
}

// compareSnapshots compares two marked snapshots, the earlier one first, or the
// one under the cursor with what its entries hold today.
func (p *previewPane) compareSnapshots() tea.Cmd {
	v, sh, ws := p.snapshots, p.shared, p.ws
	if len(v.marked) == 2 {
		// The list is newest first: the later place is the earlier approval.
		ids := slices.Clone(v.marked)
		place := func(id string) int {
			return slices.IndexFunc(v.list, func(s workspace.Snapshot) bool { return s.ID == id })
		}
		slices.SortFunc(ids, func(a, b string) int { return place(b) - place(a) })
		return p.tasks.run(taskSnapshotCompare, func(ctx context.Context) tea.Msg {
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
	return p.compareWithNow(v.current().ID)
}

// compareWithNow expands the entries of a snapshot again.
func (p *previewPane) compareWithNow(id string) tea.Cmd {
	v, sh, ws := p.snapshots, p.shared, p.ws
	walk := &previewWalk{}
	v.walk = walk
	run := p.tasks.run(taskSnapshotCompare, func(ctx context.Context) tea.Msg {
		comparison, _, err := ws.CompareWithNow(ctx, id, walk.watch())
		if err != nil {
			return errorToast(err)
		}
		return dialogMsg{newComparisonDialog(sh, comparison)}
	})
	return tea.Batch(run, p.tasks.after(previewPoll, snapshotTickMsg{walk}))
}

// snapshotTickMsg looks at a running comparison again.
type snapshotTickMsg struct{ walk *previewWalk }

// comparing reports whether a comparison runs.
func (p *previewPane) comparing() bool { return p.tasks.busy(taskSnapshotCompare) }

func (p *previewPane) pollComparison(walk *previewWalk) tea.Cmd {
	if p.snapshots == nil || p.snapshots.walk != walk || !p.comparing() {
		return nil
	}
	return p.tasks.after(previewPoll, snapshotTickMsg{walk})
}

// useSnapshot puts a snapshot into the To line: by its name where that still
// means this one.
func (p *previewPane) useSnapshot() tea.Cmd {
	v := p.snapshots
	s := v.current()
	name := s.ID
	newest := slices.IndexFunc(v.list, func(o workspace.Snapshot) bool { return strings.EqualFold(o.Name, s.Name) })
	if s.Name != "" && newest == v.cursor && !strings.Contains(s.Name, ",") {
		name = s.Name
	}
	entry := string(audience.EntrySnapshot) + ":" + name
	if line := strings.TrimSpace(p.to.Value()); line != "" {
		entry = line + ", " + entry
	}
	p.closeSnapshots()
	p.to.SetValue(entry)
	p.to.active = true
	p.layout()
	return toast(levelInfo, "In the To line; enter expands it")
}

// exportSnapshot offers the formats for the addresses of a snapshot.
func (p *previewPane) exportSnapshot(id string) tea.Cmd {
	sh := p.shared
	return p.withSnapshot(id, func(s *workspace.Snapshot) tea.Msg {
		return dialogMsg{exportMenu(sh, exportSubject{
			title: snapshotTitle(s.Name, s.ID), recipients: len(s.Addresses),
			write: func(e handover.Export) ([]byte, []handover.Refusal) { return e.Addresses(s.Addresses, s.ObjectIDs) },
		})}
	})
}

// searchSnapshot shows the addresses that hold every word of the search.
func (p *previewPane) searchSnapshot() tea.Cmd {
	o := p.snapshots.opened
	s, words := o.snapshot, strings.Fields(strings.ToLower(o.search.Value()))
	return p.tasks.run(taskSnapshotSearch, func(ctx context.Context) tea.Msg {
		if len(words) == 0 {
			return snapshotSearchedMsg{s, nil}
		}
		shown := make([]int32, 0, 64)
		for i, address := range s.Addresses {
			if i%4096 == 0 && ctx.Err() != nil {
				return nil
			}
			address = strings.ToLower(address)
			if !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(address, w) }) {
				shown = append(shown, int32(i))
			}
		}
		return snapshotSearchedMsg{s, shown}
	})
}

// snapshotRows are the addresses of a snapshot as a table shows them.
type snapshotRows struct {
	shared
	snapshot *workspace.Snapshot
	shown    []int32 // nil: all
}

func (r *snapshotRows) Len() int {
	if r.shown == nil {
		return len(r.snapshot.Addresses)
	}
	return len(r.shown)
}

func (r *snapshotRows) at(i int) int {
	if r.shown == nil {
		return i
	}
	return int(r.shown[i])
}

func (r *snapshotRows) ID(i int) string { return r.snapshot.Addresses[r.at(i)] }

func (r *snapshotRows) Find(id string) int {
	n := r.Len()
	for i := range n {
		if r.ID(i) == id {
			return i
		}
	}
	return -1
}

func (r *snapshotRows) Cells(i int, cells []tableCell) {
	k := r.at(i)
	cells[0].text = r.snapshot.Addresses[k]
	cells[1] = tableCell{style: &r.theme.muted}
	if k >= len(r.snapshot.ObjectIDs) || r.snapshot.ObjectIDs[k] == "" {
		return
	}
	directory := r.ws.Directory()
	if row, ok := directory.ByID(r.snapshot.ObjectIDs[k]); ok {
		cells[1].text = directory.Value(row, model.AttrDisplayName)
	}
}
