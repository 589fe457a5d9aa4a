package cache

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	bolt "go.etcd.io/bbolt"

	"rollcall/model"
	"rollcall/model/workspace"
	"rollcall/model/writeback"
)

// A run is a bucket of its own below bucketRuns, named by its plan's id. What
// is large and never changes stands apart from what changes with each row.
var (
	keyHead           = []byte("head") // writeback.Run without rows and end
	keyEnd            = []byte("end")  // runEnd
	bucketJournalRows = []byte("rows") // rowIdentity → storedRow
	addPrefix         = byte('+')      // first byte of an addition's key
	dropPrefix        = byte('-')      // first byte of a removal's key
)

// runEnd is how far a run has come.
type runEnd struct {
	State writeback.RunState `json:"state"`
	Ended time.Time          `json:"ended,omitzero"`
}

// storedRow is a row with its place in the run.
type storedRow struct {
	N int `json:"n"`
	writeback.Row
}

// rowIdentity is a row's key: a plan adds and removes a user at most once each.
func rowIdentity(r writeback.Row) []byte {
	prefix := addPrefix
	if r.Remove {
		prefix = dropPrefix
	}
	return append([]byte{prefix}, r.ID...)
}

// SavePlan keeps a plan that by proposed. A plan never changes: another one under the same id
// is refused.
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

// Begin opens the journal of a plan with all its rows. A plan is begun once:
// a journal is never written over.
func (l *Ledger) Begin(ctx context.Context, run *writeback.Run) error {
	id := run.Plan.ID
	if id == "" {
		return &model.Error{Kind: model.KindUsage, Code: "planID", Message: "a plan needs an id"}
	}
	return l.update(ctx, func(tx *bolt.Tx) error {
		runs := tx.Bucket(bucketRuns)
		if runs.Bucket([]byte(id)) != nil {
			return &model.Error{
				Kind: model.KindFailed, Code: "runExists",
				Message: fmt.Sprintf("plan %s has been begun already", id),
				Remedy:  "rollcall resume finishes it",
			}
		}
		journal, err := runs.CreateBucket([]byte(id))
		if err != nil {
			return err
		}
		head := *run
		head.Rows, head.State, head.Ended = nil, "", time.Time{}
		if err := put(journal, keyHead, head); err != nil {
			return err
		}
		if err := put(journal, keyEnd, runEnd{State: run.State, Ended: run.Ended}); err != nil {
			return err
		}
		return putRows(journal, run.Rows)
	})
}

// putRows stores a new run's rows in the order of their keys, which is what a
// bbolt bucket takes fastest.
func putRows(journal *bolt.Bucket, rows []writeback.Row) error {
	bucket, err := journal.CreateBucket(bucketJournalRows)
	if err != nil {
		return err
	}
	stored := make([]storedRow, len(rows))
	for i, r := range rows {
		stored[i] = storedRow{N: i, Row: r}
	}
	slices.SortFunc(stored, func(a, b storedRow) int {
		return slices.Compare(rowIdentity(a.Row), rowIdentity(b.Row))
	})
	for _, r := range stored {
		if err := put(bucket, rowIdentity(r.Row), r); err != nil {
			return err
		}
	}
	return nil
}

// SetRows stores the state of some rows of a run, and no others.
func (l *Ledger) SetRows(ctx context.Context, planID string, at time.Time, rows []writeback.Row) error {
	return l.update(ctx, func(tx *bolt.Tx) error {
		journal, err := journalOf(tx, planID)
		if err != nil {
			return err
		}
		bucket := journal.Bucket(bucketJournalRows)
		for _, r := range rows {
			var kept storedRow
			found, err := get(bucket, rowIdentity(r), &kept)
			if err != nil {
				return err
			}
			if !found {
				return &model.Error{
					Kind: model.KindFailed, Code: "rowNotFound",
					Message: fmt.Sprintf("plan %s has no row for user %s", planID, r.ID),
				}
			}
			if err := put(bucket, rowIdentity(r), storedRow{N: kept.N, Row: r}); err != nil {
				return err
			}
		}
		return nil
	})
}

// End stores how a run ended, or that it is open again.
func (l *Ledger) End(ctx context.Context, planID string, state writeback.RunState, at time.Time) error {
	return l.update(ctx, func(tx *bolt.Tx) error {
		journal, err := journalOf(tx, planID)
		if err != nil {
			return err
		}
		return put(journal, keyEnd, runEnd{State: state, Ended: at})
	})
}

// Run returns the journal of a plan, nil when it was never begun.
func (l *Ledger) Run(ctx context.Context, planID string) (*writeback.Run, error) {
	var run *writeback.Run
	err := l.view(ctx, func(tx *bolt.Tx) error {
		if planID == "" || tx.Bucket(bucketRuns).Bucket([]byte(planID)) == nil {
			return nil
		}
		journal, err := journalOf(tx, planID)
		if err != nil {
			return err
		}
		var end runEnd
		run = &writeback.Run{}
		for key, value := range map[string]any{string(keyHead): run, string(keyEnd): &end} {
			found, err := get(journal, []byte(key), value)
			if err != nil {
				return err
			}
			if !found {
				return damage("the journal of plan %s lacks its %s", planID, key)
			}
		}
		run.State, run.Ended = end.State, end.Ended
		stored, err := all[storedRow](journal.Bucket(bucketJournalRows))
		if err != nil {
			return err
		}
		slices.SortFunc(stored, func(a, b storedRow) int { return cmp.Compare(a.N, b.N) })
		run.Rows = make([]writeback.Row, len(stored))
		for i, r := range stored {
			run.Rows[i] = r.Row
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return run, nil
}

// journalOf returns the bucket of a run that has been begun.
func journalOf(tx *bolt.Tx, planID string) (*bolt.Bucket, error) {
	var journal *bolt.Bucket
	if planID != "" {
		journal = tx.Bucket(bucketRuns).Bucket([]byte(planID))
	}
	if journal == nil {
		return nil, &model.Error{
			Kind: model.KindUsage, Code: "runNotFound",
			Message: fmt.Sprintf("plan %q was never begun", planID),
		}
	}
	if journal.Bucket(bucketJournalRows) == nil {
		return nil, damage("the journal of plan %s lacks its rows", planID)
	}
	return journal, nil
}

// Mirrored reports whether a run that mirrored an audience to the group was
// verified.
func (l *Ledger) Mirrored(ctx context.Context, groupID string) (mirrored bool, err error) {
	err = l.view(ctx, func(tx *bolt.Tx) error {
		return tx.Bucket(bucketRuns).ForEachBucket(func(id []byte) error {
			journal, err := journalOf(tx, string(id))
			if err != nil {
				return err
			}
			var end runEnd
			if _, err := get(journal, keyEnd, &end); err != nil || end.State != writeback.RunVerified {
				return err
			}
			var plan writeback.Plan
			if _, err := get(tx.Bucket(bucketPlans), id, &plan); err != nil {
				return err
			}
			mirrored = mirrored || plan.Group.ID == groupID && plan.Mode == writeback.ModeMirror && plan.UndoOf == ""
			return nil
		})
	})
	return mirrored, err
}

// Reopen notes that somebody goes on with a run.
func (l *Ledger) Reopen(ctx context.Context, planID, by string, at time.Time, renewed *writeback.Approval) error {
	return l.update(ctx, func(tx *bolt.Tx) error {
		journal, err := journalOf(tx, planID)
		if err != nil || renewed == nil {
			return err
		}
		var head writeback.Run
		if _, err := get(journal, keyHead, &head); err != nil {
			return err
		}
		head.Approval = *renewed
		return put(journal, keyHead, head)
	})
}
