package cache

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	bolt "go.etcd.io/bbolt"

	"rollcall/model"
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

// endOf reads how far the run of a plan has come; false when it was never begun.
func endOf(tx *bolt.Tx, planID []byte) (end runEnd, begun bool, err error) {
	journal := tx.Bucket(bucketRuns).Bucket(planID)
	if journal == nil {
		return end, false, nil
	}
	found, err := get(journal, keyEnd, &end)
	if err == nil && !found {
		err = damage("the journal of plan %s lacks its %s", planID, keyEnd)
	}
	return end, true, err
}

// rowIdentity is a row's key: a plan adds and removes a user at most once each.
func rowIdentity(r writeback.Row) []byte {
	prefix := addPrefix
	if r.Remove {
		prefix = dropPrefix
	}
	return append([]byte{prefix}, r.ID...)
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
