package tui

import (
	"context"
	"slices"
	"strings"
	"time"

	"rollcall/model"
	"rollcall/model/workspace"
	"rollcall/model/workspace/workspacetest"
	"rollcall/model/writeback"
)

// fakeLedger is the Ledger port of a fakeTenant: it keeps segments, plans and
// runs as the one that it embeds does, and answers the rest from what a test set.
type fakeLedger struct {
	*workspacetest.Ledger
	t *fakeTenant
}

// withSegments saves segments, each as a first version.
func (t *fakeTenant) withSegments(segments ...workspace.Segment) {
	for _, s := range segments {
		s.ID, s.Version = strings.ToLower(s.Name), 1
		if err := t.ledger.SaveSegment(context.Background(), s); err != nil {
			panic(err) // unreachable: nothing cancels
		}
	}
}

// savedSegments are the segments that are not deleted, by name.
func (t *fakeTenant) savedSegments() []workspace.Segment {
	segments, err := t.ledger.Segments(context.Background())
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
	return l.Ledger.Segments(ctx)
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

func (l fakeLedger) VerifyAudit(context.Context) (int, error) {
	l.t.mu.Lock()
	defer l.t.mu.Unlock()
	return len(l.t.events), l.t.auditErr
}

// plans are the plans that were kept.
func (t *fakeTenant) plans() []writeback.PlanHead {
	heads, err := t.ledger.PlanHeads(context.Background())
	if err != nil {
		panic(err) // unreachable: it cannot fail
	}
	return heads
}

// runs are the runs of the plans that were begun, by id of the plan.
func (t *fakeTenant) runs() map[string]*writeback.Run {
	ctx, runs := context.Background(), make(map[string]*writeback.Run)
	for _, h := range t.plans() {
		run, err := t.ledger.Run(ctx, h.ID)
		if err != nil {
			panic(err) // unreachable: it cannot fail
		}
		if run != nil {
			runs[h.ID] = run
		}
	}
	return runs
}
