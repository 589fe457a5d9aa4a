package cache

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	bolt "go.etcd.io/bbolt"

	"rollcall/model"
	"rollcall/model/workspace"
	"rollcall/model/writeback"
)

// bucketPlanHeads has the head of each plan, as of one that was never begun:
// rows there may be many.
var bucketPlanHeads = []byte("planHeads")

func planHeads() *headBucket[writeback.PlanHead] {
	return &headBucket[writeback.PlanHead]{
		name: bucketPlanHeads, values: bucketPlans, what: "plan",
		id: func(h *writeback.PlanHead) string { return h.ID },
		// A plan that was begun and is not kept stands in its run.
		read: func(tx *bolt.Tx, id []byte) (writeback.PlanHead, error) {
			var run writeback.Run
			found, err := get(tx.Bucket(bucketPlans), id, &run.Plan)
			if err == nil && !found {
				err = readRunHead(tx.Bucket(bucketRuns).Bucket(id), string(id), &run)
			}
			return run.Plan.Head(), err
		},
	}
}

// SavePlan keeps a plan that by proposed. A plan never changes: another one
// under the same id is refused.
func (l *Ledger) SavePlan(ctx context.Context, p *writeback.Plan, by string) error {
	if p.ID == "" {
		return &model.Error{Kind: model.KindUsage, Code: "planID", Message: "a plan needs an id"}
	}
	return l.update(ctx, func(tx *bolt.Tx) error {
		plans := tx.Bucket(bucketPlans)
		var kept writeback.Plan
		found, err := get(plans, []byte(p.ID), &kept)
		if err != nil {
			return err
		}
		if !found {
			if err := put(plans, []byte(p.ID), p); err != nil {
				return err
			}
			if err := planHeads().put(tx, p.Head()); err != nil {
				return err
			}
			return chain(tx, workspace.ProposedEvent(p, by))
		}
		if kept.Hash != p.Hash {
			return &model.Error{
				Kind: model.KindUsage, Code: "planExists",
				Message: fmt.Sprintf("another plan is kept under the id %s", p.ID),
				Remedy:  "make the plan anew",
			}
		}
		return nil
	})
}

// Plan returns a kept plan; the error is of KindUsage when there is none.
func (l *Ledger) Plan(ctx context.Context, id string) (*writeback.Plan, error) {
	p := &writeback.Plan{}
	err := l.view(ctx, func(tx *bolt.Tx) error {
		found, err := get(tx.Bucket(bucketPlans), []byte(id), p)
		if err == nil && !found {
			return planNotFound(id)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return p, nil
}

func planNotFound(id string) error {
	return &model.Error{
		Kind: model.KindUsage, Code: "planNotFound",
		Message: fmt.Sprintf("there is no plan %q", id),
		Remedy:  "rollcall plan list shows the ids",
	}
}

// PlanHeads returns the heads of the kept plans, newest first.
func (l *Ledger) PlanHeads(ctx context.Context) ([]writeback.PlanHead, error) {
	heads, err := planHeads().all(ctx, l, func(tx *bolt.Tx, head *writeback.PlanHead) error {
		end, _, err := endOf(tx, []byte(head.ID))
		head.State, head.Ended = end.State, end.Ended
		return err
	})
	slices.SortFunc(heads, func(a, b writeback.PlanHead) int {
		return cmp.Or(b.CreatedAt.Compare(a.CreatedAt), cmp.Compare(a.ID, b.ID))
	})
	return heads, err
}

// Mirrored reports whether a run that measured the group by an audience was
// verified.
func (l *Ledger) Mirrored(ctx context.Context, groupID string) (mirrored bool, err error) {
	err = l.view(ctx, func(tx *bolt.Tx) error {
		c := tx.Bucket(bucketRuns).Cursor()
		for id, _ := c.First(); id != nil && !mirrored; id, _ = c.Next() {
			end, _, err := endOf(tx, id)
			if err != nil {
				return err
			}
			if end.State != writeback.RunVerified {
				continue
			}
			head, _, err := planHeads().get(tx, id)
			if err != nil {
				return err
			}
			mirrored = head.Group.ID == groupID && head.Mode != writeback.ModeAdd && head.UndoOf == ""
		}
		return nil
	})
	return mirrored, err
}
