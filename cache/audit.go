package cache

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	bolt "go.etcd.io/bbolt"

	"rollcall/model"
	"rollcall/model/workspace"
)

// keyChain is the header's note of the chain's end, without which a chain that
// lost its last links would still look whole.
var keyChain = []byte("chain")

// link is a stored event. Hash covers the former link's hash and the event's
// own bytes, so that no event can be changed, left out or put in without every
// later hash becoming wrong.
type link struct {
	Prev  string          `json:"prev"` // "" for the first
	Hash  string          `json:"hash"`
	Event json.RawMessage `json:"event"` // workspace.Event
}

// chainEnd is the number of events and the hash of the last one.
type chainEnd struct {
	Count uint64 `json:"count"`
	Hash  string `json:"hash"`
}

// readLink reads a stored event without looking into it: events of rows are
// long, and the hash tells whether one is as it was. The link is as put writes
// it, or it is no link.
func readLink(value []byte) (k link, err error) {
	head, event, found := bytes.Cut(value, []byte(`,"event":`))
	event, closed := bytes.CutSuffix(event, []byte("}"))
	if !found || !closed {
		return k, errors.New("it is no link")
	}
	if err := json.Unmarshal(append(bytes.Clone(head), '}'), &k); err != nil {
		return k, err
	}
	k.Event = event
	return k, nil
}

// planOf reads which plan an event is of; "" where it is of none. It reads no
// further than that: the rows come behind.
func planOf(event []byte) (id string, err error) {
	d := json.NewDecoder(bytes.NewReader(event))
	if _, err := d.Token(); err != nil { // {
		return "", err
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return "", err
		}
		if key == "planId" {
			err = d.Decode(&id)
			return id, err
		}
		var other json.RawMessage
		if err := d.Decode(&other); err != nil {
			return "", err
		}
	}
	return "", nil
}

func linkHash(prev string, event []byte) string {
	sum := sha256.New()
	sum.Write([]byte(prev))
	sum.Write([]byte{'\n'})
	sum.Write(event)
	return hex.EncodeToString(sum.Sum(nil))
}

// Record appends an event to the audit.
func (l *Ledger) Record(ctx context.Context, e workspace.Event) error {
	return l.update(ctx, func(tx *bolt.Tx) error { return chain(tx, e) })
}

// chain appends an event to the audit in the transaction that does what the
// event tells, so that neither is kept without the other.
func chain(tx *bolt.Tx, e workspace.Event) error {
	data, err := json.Marshal(e)
	if err != nil {
		return err
	}
	var end chainEnd
	if _, err := get(tx.Bucket(bucketHeader), keyChain, &end); err != nil {
		return err
	}
	next := chainEnd{Count: end.Count + 1, Hash: linkHash(end.Hash, data)}
	key := binary.BigEndian.AppendUint64(nil, next.Count)
	if err := put(tx.Bucket(bucketEvents), key, link{Prev: end.Hash, Hash: next.Hash, Event: data}); err != nil {
		return err
	}
	return put(tx.Bucket(bucketHeader), keyChain, next)
}

// Events returns the events at or after since, oldest first. It does not check
// the chain: see VerifyAudit.
func (l *Ledger) Events(ctx context.Context, since time.Time) (events []workspace.Event, err error) {
	err = l.view(ctx, func(tx *bolt.Tx) error {
		number := uint64(0)
		return tx.Bucket(bucketEvents).ForEach(func(_, v []byte) error {
			number++
			e, err := readEvent(number, v)
			if err == nil && !e.At.Before(since) {
				events = append(events, e)
			}
			return err
		})
	})
	return events, err
}

// VerifyAudit checks the whole chain and returns how many events are in order.
// Its error, of code "auditBroken", names the first that is not. Where all are,
// the journal of each run must be as they tell it, or the error is of code
// "journalBroken".
func (l *Ledger) VerifyAudit(ctx context.Context) (events int, err error) {
	err = l.view(ctx, func(tx *bolt.Tx) error {
		told := make(map[string][]uint64)
		var err error
		if events, err = l.verifyChain(ctx, tx, told); err != nil {
			return err
		}
		return l.verifyRuns(ctx, tx, told)
	})
	return events, err
}

// verifyChain notes in told the numbers of the events of each plan.
func (l *Ledger) verifyChain(ctx context.Context, tx *bolt.Tx, told map[string][]uint64) (events int, err error) {
	var end chainEnd
	if _, err := get(tx.Bucket(bucketHeader), keyChain, &end); err != nil {
		return 0, err
	}
	prev := ""
	c := tx.Bucket(bucketEvents).Cursor()
	for k, v := c.First(); k != nil; k, v = c.Next() {
		if err := ctx.Err(); err != nil {
			return events, err
		}
		number := uint64(events + 1)
		stored, err := readLink(v)
		if err != nil {
			return events, damage("event %d: %v", number, err)
		}
		if len(k) != 8 || binary.BigEndian.Uint64(k) != number ||
			stored.Prev != prev || stored.Hash != linkHash(prev, stored.Event) {
			return events, auditBroken(l.path, number)
		}
		id, err := planOf(stored.Event)
		if err != nil {
			return events, damage("event %d: %v", number, err)
		}
		if id != "" {
			told[id] = append(told[id], number)
		}
		prev = stored.Hash
		events++
	}
	if uint64(events) != end.Count || prev != end.Hash {
		return events, auditBroken(l.path, uint64(events+1))
	}
	return events, nil
}

// verifyRuns compares each run with what the events tell of it; told is as
// verifyChain leaves it.
func (l *Ledger) verifyRuns(ctx context.Context, tx *bolt.Tx, told map[string][]uint64) error {
	runs := tx.Bucket(bucketRuns)
	for _, id := range slices.Sorted(maps.Keys(told)) {
		if err := ctx.Err(); err != nil {
			return err
		}
		var is workspace.ToldRun
		for _, number := range told[id] {
			e, err := readEvent(number, tx.Bucket(bucketEvents).Get(binary.BigEndian.AppendUint64(nil, number)))
			if err != nil {
				return err
			}
			is.Tell(e)
		}
		if runs.Bucket([]byte(id)) == nil {
			if is.Begun() {
				return journalBroken(l.path, id, "it is missing")
			}
			continue
		}
		journal, err := journalOf(tx, id)
		if err != nil {
			return err
		}
		run, err := readRun(journal, id)
		if err != nil {
			return err
		}
		if what := is.Differs(run); what != "" {
			return journalBroken(l.path, id, what)
		}
	}
	return nil
}

// readEvent reads the event of a link.
func readEvent(number uint64, value []byte) (e workspace.Event, err error) {
	stored, err := readLink(value)
	if err == nil {
		err = json.Unmarshal(stored.Event, &e)
	}
	if err != nil {
		return e, damage("event %d: %v", number, err)
	}
	return e, nil
}

func journalBroken(path, planID, what string) error {
	return &model.Error{
		Kind: model.KindFailed, Code: "journalBroken",
		Message: fmt.Sprintf("the journal of plan %s in %s is not as the audit tells it: %s", planID, path, what),
		Remedy:  "it was changed from outside, or by an older rollcall: compare the file with a backup, and do not resume the plan before",
	}
}

func auditBroken(path string, number uint64) error {
	return &model.Error{
		Kind: model.KindFailed, Code: "auditBroken",
		Message: fmt.Sprintf("the audit in %s was changed from outside: event %d does not follow from the one before", path, number),
		Remedy:  "compare the file with a backup; events before that one are in order",
	}
}
