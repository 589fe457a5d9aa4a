package cache

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"time"

	bolt "go.etcd.io/bbolt"

	"rollcall/model"
	"rollcall/model/workspace"
	"rollcall/model/writeback"
)

// A run is a bucket of its own below bucketRuns, named by its plan's id. What
// is large and never changes stands in a bucket of its own below that: bbolt
// writes all of a page again where one of its values changes, and those of the
// rows change with each of them. Rows that are written together stand together,
// so that few pages change, however many rows there are. Runs of layout 1 have
// their head beside the rest, no note, no approval, no places, and a storedRow
// under the identity of each row; they get this form when they go on.
var (
	bucketAbout       = []byte("about")    // bucket with keyHead
	keyHead           = []byte("head")     // writeback.Run without rows and end
	keyApproval       = []byte("approval") // writeback.Approval: one that was renewed
	keyEnd            = []byte("end")      // runEnd
	keyNote           = []byte("note")     // workspace.RunNote
	bucketJournalRows = []byte("rows")     // place in the run from 0, 4 bytes big endian → writeback.Row
	bucketPlaces      = []byte("places")   // rowIdentity → place
	addPrefix         = byte('+')          // first byte of an addition's identity
	dropPrefix        = byte('-')          // first byte of a removal's identity
)

// runEnd is how far a run has come.
type runEnd struct {
	State writeback.RunState `json:"state"`
	Ended time.Time          `json:"ended,omitzero"`
}

// storedRow is a row of layout 1 with its place in the run.
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
	err = need(journal, string(planID), keyEnd, &end)
	return end, true, err
}

// rowIdentity tells a row from the others: a plan adds and removes a user at
// most once each.
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
		if tx.Bucket(bucketRuns).Bucket([]byte(id)) != nil {
			return &model.Error{
				Kind: model.KindFailed, Code: "runExists",
				Message: fmt.Sprintf("plan %s has been begun already", id),
				Remedy:  "rollcall resume finishes it",
			}
		}
		note, err := putRun(tx, run)
		if err != nil {
			return err
		}
		return chain(tx, note.Began(run))
	})
}

// putRun stores a new run.
func putRun(tx *bolt.Tx, run *writeback.Run) (*workspace.RunNote, error) {
	journal, err := tx.Bucket(bucketRuns).CreateBucket([]byte(run.Plan.ID))
	if err != nil {
		return nil, err
	}
	about, err := journal.CreateBucket(bucketAbout)
	if err != nil {
		return nil, err
	}
	head := *run
	head.Rows, head.State, head.Ended = nil, "", time.Time{}
	if err := put(about, keyHead, head); err != nil {
		return nil, err
	}
	if err := put(journal, keyEnd, runEnd{State: run.State, Ended: run.Ended}); err != nil {
		return nil, err
	}
	note := workspace.NoteOf(run)
	if err := put(journal, keyNote, note); err != nil {
		return nil, err
	}
	if err := putRows(journal, run.Rows); err != nil {
		return nil, err
	}
	return note, setLedgerFormat(tx)
}

// putRows stores the rows of a run that has none, and their places in the order
// of their keys, which is what a bbolt bucket takes fastest.
func putRows(journal *bolt.Bucket, rows []writeback.Row) error {
	stored, err := journal.CreateBucket(bucketJournalRows)
	if err != nil {
		return err
	}
	index, err := journal.CreateBucket(bucketPlaces)
	if err != nil {
		return err
	}
	order := make([]int, len(rows))
	for i, r := range rows {
		order[i] = i
		if err := put(stored, placeKey(i), r); err != nil {
			return err
		}
	}
	slices.SortFunc(order, func(a, b int) int {
		return bytes.Compare(rowIdentity(rows[a]), rowIdentity(rows[b]))
	})
	for _, i := range order {
		if err := index.Put(rowIdentity(rows[i]), placeKey(i)); err != nil {
			return err
		}
	}
	return nil
}

func placeKey(place int) []byte { return binary.BigEndian.AppendUint32(nil, uint32(place)) }

// setRow stores a row in its place and returns its former state.
func setRow(journal *bolt.Bucket, planID string, r writeback.Row) (former writeback.RowState, err error) {
	place := journal.Bucket(bucketPlaces).Get(rowIdentity(r))
	if place == nil {
		return "", &model.Error{
			Kind: model.KindFailed, Code: "rowNotFound",
			Message: fmt.Sprintf("plan %s has no row for user %s", planID, r.ID),
		}
	}
	rows := journal.Bucket(bucketJournalRows)
	var kept writeback.Row
	if _, err := get(rows, place, &kept); err != nil {
		return "", err
	}
	if kept.ID != r.ID || kept.Remove != r.Remove {
		return "", damage("the journal of plan %s has no row of %s, or another one, in its place", planID, r.ID)
	}
	return kept.State, put(rows, bytes.Clone(place), r)
}

// change does one change of a run that has been begun, and appends the event
// that tells it, if any, to the audit. The run's note is kept as do leaves it.
func (l *Ledger) change(ctx context.Context, planID string, do func(journal *bolt.Bucket, note *workspace.RunNote) (*workspace.Event, error)) error {
	return l.update(ctx, func(tx *bolt.Tx) error {
		journal, err := present(tx, planID)
		if err != nil {
			return err
		}
		note := &workspace.RunNote{}
		if err := need(journal, planID, keyNote, note); err != nil {
			return err
		}
		event, err := do(journal, note)
		if err != nil || event == nil {
			return err
		}
		if err := put(journal, keyNote, note); err != nil {
			return err
		}
		return chain(tx, *event)
	})
}

// present returns the journal of a run that has been begun, in its present form.
func present(tx *bolt.Tx, planID string) (*bolt.Bucket, error) {
	journal, err := journalOf(tx, planID)
	if err != nil || journal.Bucket(bucketAbout) != nil {
		return journal, err
	}
	run, err := readRun(journal, planID)
	if err != nil {
		return nil, err
	}
	if err := tx.Bucket(bucketRuns).DeleteBucket([]byte(planID)); err != nil {
		return nil, err
	}
	if _, err := putRun(tx, run); err != nil {
		return nil, err
	}
	return journalOf(tx, planID)
}

// SetRows stores the state of some rows of a run, and no others.
func (l *Ledger) SetRows(ctx context.Context, planID string, at time.Time, rows []writeback.Row) error {
	return l.change(ctx, planID, func(journal *bolt.Bucket, note *workspace.RunNote) (*workspace.Event, error) {
		if len(rows) == 0 {
			return nil, nil
		}
		former := make([]writeback.RowState, len(rows))
		for i, r := range rows {
			var err error
			if former[i], err = setRow(journal, planID, r); err != nil {
				return nil, err
			}
		}
		event := note.Set(at, former, rows)
		return &event, nil
	})
}

// Reopen notes that somebody goes on with a run.
func (l *Ledger) Reopen(ctx context.Context, planID, by string, at time.Time, renewed *writeback.Approval) error {
	return l.change(ctx, planID, func(journal *bolt.Bucket, note *workspace.RunNote) (*workspace.Event, error) {
		if renewed != nil {
			if err := put(journal, keyApproval, renewed); err != nil {
				return nil, err
			}
		}
		event := note.Reopened(by, at, renewed)
		return &event, nil
	})
}

// End stores how a run ended, or that it is open again.
func (l *Ledger) End(ctx context.Context, planID string, state writeback.RunState, at time.Time) error {
	return l.change(ctx, planID, func(journal *bolt.Bucket, note *workspace.RunNote) (*workspace.Event, error) {
		event := note.EndedIn(state, at)
		return &event, put(journal, keyEnd, runEnd{State: state, Ended: at})
	})
}

// Run returns the journal of a plan, nil when it was never begun.
func (l *Ledger) Run(ctx context.Context, planID string) (run *writeback.Run, err error) {
	err = l.view(ctx, func(tx *bolt.Tx) error {
		if planID == "" || tx.Bucket(bucketRuns).Bucket([]byte(planID)) == nil {
			return nil
		}
		journal, err := journalOf(tx, planID)
		if err != nil {
			return err
		}
		run, err = readRun(journal, planID)
		return err
	})
	if err != nil {
		return nil, err
	}
	return run, nil
}

// readRun reads a whole run.
func readRun(journal *bolt.Bucket, planID string) (*writeback.Run, error) {
	run, end := &writeback.Run{}, runEnd{}
	if err := readRunHead(journal, planID, run); err != nil {
		return nil, err
	}
	if err := need(journal, planID, keyEnd, &end); err != nil {
		return nil, err
	}
	run.State, run.Ended = end.State, end.Ended
	rows := journal.Bucket(bucketJournalRows)
	if journal.Bucket(bucketAbout) != nil {
		var err error
		if run.Rows, err = all[writeback.Row](rows); err != nil {
			return nil, err
		}
		return run, nil
	}
	stored, err := all[storedRow](rows)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(stored, func(a, b storedRow) int { return cmp.Compare(a.N, b.N) })
	run.Rows = make([]writeback.Row, len(stored))
	for i, r := range stored {
		run.Rows[i] = r.Row
	}
	return run, nil
}

// readRunHead reads what a run is, without its rows and its end.
func readRunHead(journal *bolt.Bucket, planID string, run *writeback.Run) error {
	about := journal.Bucket(bucketAbout)
	if about == nil {
		about = journal
	}
	if err := need(about, planID, keyHead, run); err != nil {
		return err
	}
	var later writeback.Approval
	found, err := get(journal, keyApproval, &later)
	if found {
		run.Approval = later
	}
	return err
}

// need reads a part of a run that cannot be missing.
func need(b *bolt.Bucket, planID string, key []byte, value any) error {
	found, err := get(b, key, value)
	if err == nil && !found {
		err = damage("the journal of plan %s lacks its %s", planID, key)
	}
	return err
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
	if journal.Bucket(bucketJournalRows) == nil || journal.Bucket(bucketAbout) != nil && journal.Bucket(bucketPlaces) == nil {
		return nil, damage("the journal of plan %s lacks its rows", planID)
	}
	return journal, nil
}
