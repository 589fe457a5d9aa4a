package tui

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"rollcall/model"
	"rollcall/model/workspace"
	"rollcall/model/writeback"
)

// fakeLedger is the Ledger port of a fakeTenant.
type fakeLedger struct{ t *fakeTenant }

// withSegments saves segments, each as a first version.
func (t *fakeTenant) withSegments(segments ...workspace.Segment) {
	for _, s := range segments {
		s.ID, s.Version = strings.ToLower(s.Name), 1
		if err := t.segments.SaveSegment(context.Background(), s); err != nil {
			panic(err) // unreachable: nothing cancels
		}
	}
}

// savedSegments are the segments that are not deleted, by name.
func (t *fakeTenant) savedSegments() []workspace.Segment {
	segments, err := t.segments.Segments(context.Background())
	if err != nil {
		panic(err) // unreachable: it cannot fail
	}
	return slices.DeleteFunc(segments, func(s workspace.Segment) bool { return s.Deleted })
}

func (l fakeLedger) Segments(ctx context.Context) ([]workspace.Segment, error) {
	l.t.mu.Lock()
	defer l.t.mu.Unlock()
	if l.t.ledgerErr != nil {
		return nil, l.t.ledgerErr
	}
	return l.t.segments.Segments(ctx)
}

func (l fakeLedger) SegmentVersions(ctx context.Context, id string) ([]workspace.Segment, error) {
	return l.t.segments.SegmentVersions(ctx, id)
}

func (l fakeLedger) SaveSegment(ctx context.Context, s workspace.Segment) error {
	return l.t.segments.SaveSegment(ctx, s)
}

func (l fakeLedger) Lists(context.Context) ([]workspace.List, error) {
	l.t.mu.Lock()
	defer l.t.mu.Unlock()
	lists := slices.Clone(l.t.lists)
	for i := range lists {
		lists[i].Members = nil
	}
	return lists, nil
}

func (l fakeLedger) List(_ context.Context, name string) (workspace.List, error) {
	l.t.mu.Lock()
	defer l.t.mu.Unlock()
	for _, list := range l.t.lists {
		if strings.EqualFold(list.Name, name) {
			return list, nil
		}
	}
	return workspace.List{}, &model.Error{Kind: model.KindUsage, Code: "listNotFound", Message: "there is no such list"}
}

func (l fakeLedger) SaveList(_ context.Context, list workspace.List) error {
	l.t.mu.Lock()
	defer l.t.mu.Unlock()
	l.t.lists = slices.DeleteFunc(l.t.lists, func(o workspace.List) bool { return strings.EqualFold(o.Name, list.Name) })
	l.t.lists = append(l.t.lists, list)
	return nil
}

func (l fakeLedger) DeleteList(_ context.Context, name string) error {
	l.t.mu.Lock()
	defer l.t.mu.Unlock()
	l.t.lists = slices.DeleteFunc(l.t.lists, func(o workspace.List) bool { return o.Name == name })
	return nil
}

func (l fakeLedger) SaveSnapshot(_ context.Context, s workspace.Snapshot) error {
	l.t.mu.Lock()
	defer l.t.mu.Unlock()
	s.Count = len(s.Addresses)
	l.t.snaps = append([]workspace.Snapshot{s}, l.t.snaps...)
	return nil
}

func (l fakeLedger) Snapshots(context.Context) ([]workspace.Snapshot, error) {
	l.t.mu.Lock()
	defer l.t.mu.Unlock()
	heads := slices.Clone(l.t.snaps)
	for i := range heads {
		heads[i].Count = len(heads[i].Addresses)
		heads[i].Addresses, heads[i].ObjectIDs, heads[i].Lists = nil, nil, nil
	}
	return heads, nil
}

func (l fakeLedger) Snapshot(_ context.Context, id string) (workspace.Snapshot, error) {
	l.t.mu.Lock()
	defer l.t.mu.Unlock()
	for _, s := range l.t.snaps {
		if s.ID == id {
			return s, nil
		}
	}
	return workspace.Snapshot{}, &model.Error{Kind: model.KindUsage, Code: "snapshotNotFound", Message: "there is no such snapshot"}
}

func (l fakeLedger) Record(_ context.Context, e workspace.Event) error {
	l.t.mu.Lock()
	defer l.t.mu.Unlock()
	l.t.events = append(l.t.events, e)
	return nil
}

func (l fakeLedger) Events(_ context.Context, since time.Time) ([]workspace.Event, error) {
	l.t.mu.Lock()
	defer l.t.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(l.t.events), func(e workspace.Event) bool { return e.At.Before(since) }), nil
}

func (l fakeLedger) Bind(context.Context, string) error { return nil }

func (l fakeLedger) VerifyAudit(context.Context) (int, error) {
	l.t.mu.Lock()
	defer l.t.mu.Unlock()
	return len(l.t.events), l.t.auditErr
}

func (l fakeLedger) SavePlan(_ context.Context, p *writeback.Plan, _ string) error {
	l.t.mu.Lock()
	defer l.t.mu.Unlock()
	if _, known := l.t.plans[p.ID]; !known {
		l.t.planIDs = append(l.t.planIDs, p.ID)
	}
	l.t.plans[p.ID] = *p
	return nil
}

func (l fakeLedger) Plan(_ context.Context, id string) (*writeback.Plan, error) {
	l.t.mu.Lock()
	defer l.t.mu.Unlock()
	p, ok := l.t.plans[id]
	if !ok {
		return nil, &model.Error{Kind: model.KindUsage, Code: "planNotFound", Message: "there is no such plan"}
	}
	return &p, nil
}

func (l fakeLedger) Plans(context.Context) ([]writeback.Plan, error) {
	l.t.mu.Lock()
	defer l.t.mu.Unlock()
	var list []writeback.Plan
	for _, p := range l.t.plans {
		list = append(list, p)
	}
	slices.SortFunc(list, func(a, b writeback.Plan) int {
		return cmp.Or(b.CreatedAt.Compare(a.CreatedAt), strings.Compare(a.ID, b.ID))
	})
	return list, nil
}

func (l fakeLedger) PlanHeads(ctx context.Context) ([]writeback.PlanHead, error) {
	plans, err := l.Plans(ctx)
	l.t.mu.Lock()
	defer l.t.mu.Unlock()
	var heads []writeback.PlanHead
	for i := range plans {
		head := plans[i].Head()
		if run := l.t.runs[head.ID]; run != nil {
			head.State, head.Ended = run.State, run.Ended
		}
		heads = append(heads, head)
	}
	return heads, err
}

func (l fakeLedger) Begin(_ context.Context, run *writeback.Run) error {
	l.t.mu.Lock()
	defer l.t.mu.Unlock()
	kept := *run
	kept.Rows = slices.Clone(run.Rows)
	l.t.runs[run.Plan.ID] = &kept
	return nil
}

func (l fakeLedger) SetRows(_ context.Context, planID string, _ time.Time, rows []writeback.Row) error {
	l.t.mu.Lock()
	defer l.t.mu.Unlock()
	run := l.t.runs[planID]
	for _, r := range rows {
		for i := range run.Rows {
			if run.Rows[i].ID == r.ID && run.Rows[i].Remove == r.Remove {
				run.Rows[i] = r
			}
		}
	}
	return nil
}

func (l fakeLedger) End(_ context.Context, planID string, state writeback.RunState, at time.Time) error {
	l.t.mu.Lock()
	defer l.t.mu.Unlock()
	l.t.runs[planID].State, l.t.runs[planID].Ended = state, at
	return nil
}

func (l fakeLedger) Run(_ context.Context, planID string) (*writeback.Run, error) {
	l.t.mu.Lock()
	defer l.t.mu.Unlock()
	run, ok := l.t.runs[planID]
	if !ok {
		return nil, nil
	}
	kept := *run
	kept.Rows = slices.Clone(run.Rows)
	return &kept, nil
}

func (l fakeLedger) Mirrored(_ context.Context, groupID string) (bool, error) {
	l.t.mu.Lock()
	defer l.t.mu.Unlock()
	for _, run := range l.t.runs {
		if run.Plan.Group.ID == groupID && run.Plan.Mode == writeback.ModeMirror && run.Plan.UndoOf == "" && run.Verified() {
			return true, nil
		}
	}
	return false, nil
}

func (l fakeLedger) Reopen(_ context.Context, planID, _ string, _ time.Time, renewed *writeback.Approval) error {
	l.t.mu.Lock()
	defer l.t.mu.Unlock()
	if renewed != nil {
		l.t.runs[planID].Approval = *renewed
	}
	return nil
}

func (l fakeLedger) Reserve(ctx context.Context, r writeback.Reservation) error {
	return l.t.segments.Reserve(ctx, r)
}

func (l fakeLedger) Reserved(ctx context.Context, since time.Time) ([]writeback.Reservation, error) {
	return l.t.segments.Reserved(ctx, since)
}
