package workspacetest

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"rollcall/model"
	"rollcall/model/workspace"
	"rollcall/model/writeback"
)

// Ledger keeps what a disk would: copies. The zero value is empty.
type Ledger struct {
	AuditErr error  // what a check of the audit finds
	OnRead   func() // called when the segments have been read; may be nil

	mu        sync.Mutex
	tenantID  string
	segments  map[string][]workspace.Segment // by id, newest first
	lists     map[string]workspace.List      // by name in lower case
	snapshots []workspace.Snapshot
	events    []workspace.Event
	plans     []*writeback.Plan
	runs      map[string]*writeback.Run
	notes     map[string]*workspace.RunNote // by plan id, of the runs
	reserved  []writeback.Reservation
}

// keep does one change of the ledger, which a cancelled context prevents.
func (l *Ledger) keep(ctx context.Context, change func()) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	change()
	return nil
}

// Segments returns the newest version of every segment, by name.
func (l *Ledger) Segments(context.Context) ([]workspace.Segment, error) {
	if l.OnRead != nil {
		defer l.OnRead()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	var newest []workspace.Segment
	for _, versions := range l.segments {
		newest = append(newest, versions[0])
	}
	slices.SortFunc(newest, func(a, b workspace.Segment) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.ID, b.ID))
	})
	return newest, nil
}

// SegmentVersions returns the versions of a segment, newest first.
func (l *Ledger) SegmentVersions(_ context.Context, id string) ([]workspace.Segment, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.segments[id]), nil
}

// SaveSegment keeps a version of a segment. One that leaves a version out, or
// says another thing than the one that it replaces, is the test's mistake.
func (l *Ledger) SaveSegment(ctx context.Context, s workspace.Segment) error {
	return l.keep(ctx, func() {
		if l.segments == nil {
			l.segments = make(map[string][]workspace.Segment)
		}
		if known := l.segments[s.ID]; s.Version > len(known)+1 || s.Version <= len(known) && (s.Version < len(known) || known[0].Rule != s.Rule || known[0].Name != s.Name) {
			panic(fmt.Sprintf("version %d of %q is made from an old one: there are %d", s.Version, s.Name, len(known)))
		}
		versions := slices.DeleteFunc(slices.Clone(l.segments[s.ID]), func(v workspace.Segment) bool { return v.Version == s.Version })
		versions = append(versions, s)
		slices.SortFunc(versions, func(a, b workspace.Segment) int { return b.Version - a.Version })
		l.segments[s.ID] = versions
	})
}

// SaveSnapshot keeps a snapshot.
func (l *Ledger) SaveSnapshot(ctx context.Context, s workspace.Snapshot) error {
	s.Count = len(s.Addresses)
	return l.keep(ctx, func() { l.snapshots = slices.Insert(l.snapshots, 0, *stored(&s)) })
}

// Snapshots returns the heads of the snapshots, newest first.
func (l *Ledger) Snapshots(context.Context) ([]workspace.Snapshot, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	heads := slices.Clone(l.snapshots)
	for i := range heads {
		heads[i].Addresses, heads[i].ObjectIDs, heads[i].Lists = nil, nil, nil
	}
	return heads, nil
}

// Snapshot returns a snapshot with its addresses.
func (l *Ledger) Snapshot(_ context.Context, id string) (workspace.Snapshot, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range l.snapshots {
		if l.snapshots[i].ID == id {
			return *stored(&l.snapshots[i]), nil
		}
	}
	return workspace.Snapshot{}, &model.Error{Kind: model.KindUsage, Code: "snapshotNotFound", Message: fmt.Sprintf("there is no snapshot %q", id)}
}

// Record adds a line to the audit.
func (l *Ledger) Record(ctx context.Context, e workspace.Event) error {
	return l.keep(ctx, func() { l.events = append(l.events, e) })
}

// Events returns the audit since a time.
func (l *Ledger) Events(_ context.Context, since time.Time) ([]workspace.Event, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(l.events), func(e workspace.Event) bool { return e.At.Before(since) }), nil
}

// Bind refuses any tenant but the first.
func (l *Ledger) Bind(_ context.Context, tenantID string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.tenantID == "" {
		l.tenantID = tenantID
	}
	if l.tenantID != tenantID {
		return &model.Error{Kind: model.KindFailed, Code: "otherTenant", Message: "the ledger belongs to another tenant"}
	}
	return nil
}

// VerifyAudit answers with AuditErr, or with a run that is not as the events
// tell it.
func (l *Ledger) VerifyAudit(context.Context) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.AuditErr != nil {
		return len(l.events), l.AuditErr
	}
	for id, run := range l.runs {
		var told workspace.ToldRun
		for _, e := range l.events {
			if e.PlanID == id {
				told.Tell(e)
			}
		}
		if what := told.Differs(run); what != "" {
			return len(l.events), &model.Error{Kind: model.KindFailed, Code: "journalBroken", Message: fmt.Sprintf("the journal of plan %s: %s", id, what)}
		}
	}
	return len(l.events), nil
}

// SavePlan keeps a plan, once.
func (l *Ledger) SavePlan(ctx context.Context, p *writeback.Plan, by string) error {
	return l.keep(ctx, func() {
		if !slices.ContainsFunc(l.plans, func(kept *writeback.Plan) bool { return kept.ID == p.ID }) {
			l.plans = slices.Insert(l.plans, 0, stored(p))
			l.events = append(l.events, workspace.ProposedEvent(p, by))
		}
	})
}

// Plan returns a kept plan.
func (l *Ledger) Plan(_ context.Context, id string) (*writeback.Plan, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, p := range l.plans {
		if p.ID == id {
			return stored(p), nil
		}
	}
	return nil, &model.Error{Kind: model.KindUsage, Code: "planNotFound", Message: fmt.Sprintf("there is no plan %s", id)}
}

// PlanHeads returns the heads of the kept plans, newest first.
func (l *Ledger) PlanHeads(context.Context) ([]writeback.PlanHead, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var heads []writeback.PlanHead
	for _, p := range l.plans {
		head := p.Head()
		if run := l.runs[p.ID]; run != nil {
			head.State, head.Ended = run.State, run.Ended
		}
		heads = append(heads, head)
	}
	return heads, nil
}

// Mirrored reports whether a run that measured the group by an audience was
// verified.
func (l *Ledger) Mirrored(_ context.Context, groupID string) (bool, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, run := range l.runs {
		if run.Plan.Group.ID == groupID && run.Plan.Mode != writeback.ModeAdd && run.Plan.UndoOf == "" && run.Verified() {
			return true, nil
		}
	}
	return false, nil
}

// Reopen goes on with a run.
func (l *Ledger) Reopen(ctx context.Context, planID, by string, at time.Time, renewed *writeback.Approval) error {
	return l.keep(ctx, func() {
		if renewed != nil {
			l.runs[planID].Approval = *renewed
		}
		l.events = append(l.events, l.notes[planID].Reopened(by, at, renewed))
	})
}

// Reserve keeps a reservation.
func (l *Ledger) Reserve(ctx context.Context, r writeback.Reservation) error {
	return l.keep(ctx, func() { l.reserved = append(l.reserved, r) })
}

// Reserved returns the reservations since then.
func (l *Ledger) Reserved(_ context.Context, since time.Time) ([]writeback.Reservation, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(l.reserved), func(r writeback.Reservation) bool { return r.At.Before(since) }), nil
}

// Begin begins a run.
func (l *Ledger) Begin(ctx context.Context, run *writeback.Run) error {
	return l.keep(ctx, func() {
		if l.runs == nil {
			l.runs, l.notes = make(map[string]*writeback.Run), make(map[string]*workspace.RunNote)
		}
		note := workspace.NoteOf(run)
		l.runs[run.Plan.ID], l.notes[run.Plan.ID] = stored(run), note
		l.events = append(l.events, note.Began(run))
	})
}

// SetRows replaces rows of a run.
func (l *Ledger) SetRows(ctx context.Context, planID string, at time.Time, rows []writeback.Row) error {
	return l.keep(ctx, func() {
		if len(rows) == 0 {
			return
		}
		run := l.runs[planID]
		former := make([]writeback.RowState, len(rows))
		for k, row := range rows {
			i := slices.IndexFunc(run.Rows, func(r writeback.Row) bool { return r.ID == row.ID && r.Remove == row.Remove })
			former[k], run.Rows[i] = run.Rows[i].State, row
		}
		l.events = append(l.events, l.notes[planID].Set(at, former, rows))
	})
}

// End ends a run.
func (l *Ledger) End(ctx context.Context, planID string, state writeback.RunState, at time.Time) error {
	return l.keep(ctx, func() {
		l.runs[planID].State, l.runs[planID].Ended = state, at
		l.events = append(l.events, l.notes[planID].EndedIn(state, at))
	})
}

// Run returns a run, nil when it was never begun.
func (l *Ledger) Run(_ context.Context, planID string) (*writeback.Run, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	run, ok := l.runs[planID]
	if !ok {
		return nil, nil
	}
	return stored(run), nil
}

// stored goes through JSON, as a file does.
func stored[T any](v *T) *T {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	out := new(T)
	if err := json.Unmarshal(data, out); err != nil {
		panic(err)
	}
	return out
}
