package cache

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"slices"

	bolt "go.etcd.io/bbolt"

	"rollcall/model"
	"rollcall/model/workspace"
	"rollcall/model/writeback"
)

// bucketPlanHeads holds what is asked of all plans, apart from their rows, of
// which there may be many: id → writeback.PlanHead, as of one that was never
// begun. Like bucketHeads it repeats what is kept elsewhere, is made by the
// first, and lacks what an older rollcall saved until all heads are asked for.
var bucketPlanHeads = []byte("planHeads")

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
			if err := putPlanHead(tx, p.Head()); err != nil {
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

// Plans returns the kept plans, newest first.
func (l *Ledger) Plans(ctx context.Context) (plans []writeback.Plan, err error) {
	err = l.view(ctx, func(tx *bolt.Tx) (err error) {
		plans, err = all[writeback.Plan](tx.Bucket(bucketPlans))
		return err
	})
	slices.SortFunc(plans, func(a, b writeback.Plan) int {
		return cmp.Or(b.CreatedAt.Compare(a.CreatedAt), cmp.Compare(a.ID, b.ID))
	})
	return plans, err
}

// PlanHeads returns the heads of the kept plans, newest first.
func (l *Ledger) PlanHeads(ctx context.Context) ([]writeback.PlanHead, error) {
	var heads, former []writeback.PlanHead
	err := l.view(ctx, func(tx *bolt.Tx) error {
		return tx.Bucket(bucketPlans).ForEach(func(id, _ []byte) error {
			head, kept, err := planHead(tx, id)
			if err != nil {
				return err
			}
			if !kept {
				former = append(former, head)
			}
			end, _, err := endOf(tx, id)
			head.State, head.Ended = end.State, end.Ended
			heads = append(heads, head)
			return err
		})
	})
	if err != nil {
		return nil, err
	}
	if len(former) > 0 && l.refused == nil {
		// As with the heads of snapshots, the next one to ask is answered faster.
		_ = l.update(ctx, func(tx *bolt.Tx) error {
			for _, head := range former {
				if err := putPlanHead(tx, head); err != nil {
					return err
				}
			}
			return nil
		})
	}
	slices.SortFunc(heads, func(a, b writeback.PlanHead) int {
		return cmp.Or(b.CreatedAt.Compare(a.CreatedAt), cmp.Compare(a.ID, b.ID))
	})
	return heads, nil
}

func putPlanHead(tx *bolt.Tx, head writeback.PlanHead) error {
	heads, err := tx.CreateBucketIfNotExists(bucketPlanHeads)
	if err != nil {
		return err
	}
	return put(heads, []byte(head.ID), head)
}

// planHead returns the head of a plan that is kept or was begun, from the whole
// plan where no head is kept.
func planHead(tx *bolt.Tx, id []byte) (head writeback.PlanHead, kept bool, err error) {
	if heads := tx.Bucket(bucketPlanHeads); heads != nil {
		if kept, err = get(heads, id, &head); err != nil {
			return head, kept, err
		}
	}
	if !kept {
		var run writeback.Run
		found, err := get(tx.Bucket(bucketPlans), id, &run.Plan)
		if err == nil && !found {
			err = readRunHead(tx.Bucket(bucketRuns).Bucket(id), string(id), &run)
		}
		if err != nil {
			return head, kept, err
		}
		head = run.Plan.Head()
	}
	if head.ID != string(id) {
		return head, kept, damage("%s: it holds the plan %s", bytes.ToValidUTF8(id, nil), head.ID)
	}
	return head, kept, nil
}

// Mirrored reports whether a run that mirrored an audience to the group was
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
			head, _, err := planHead(tx, id)
			if err != nil {
				return err
			}
			mirrored = head.Group.ID == groupID && head.Mode == writeback.ModeMirror && head.UndoOf == ""
		}
		return nil
	})
	return mirrored, err
}
