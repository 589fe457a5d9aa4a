package cache

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
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
		links, err := all[link](tx.Bucket(bucketEvents))
		if err != nil {
			return err
		}
		for i, k := range links {
			var e workspace.Event
			if err := json.Unmarshal(k.Event, &e); err != nil {
				return damage("event %d: %v", i+1, err)
			}
			if !e.At.Before(since) {
				events = append(events, e)
			}
		}
		return nil
	})
	return events, err
}

// VerifyAudit checks the whole chain and returns how many events are in order.
// Its error, of code "auditBroken", names the first that is not.
func (l *Ledger) VerifyAudit(ctx context.Context) (events int, err error) {
	err = l.view(ctx, func(tx *bolt.Tx) error {
		var end chainEnd
		if _, err := get(tx.Bucket(bucketHeader), keyChain, &end); err != nil {
			return err
		}
		prev := ""
		c := tx.Bucket(bucketEvents).Cursor()
		for k, v := c.First(); k != nil; k, v = c.Next() {
			var stored link
			if err := json.Unmarshal(v, &stored); err != nil {
				return damage("event %d: %v", events+1, err)
			}
			number := uint64(events + 1)
			if len(k) != 8 || binary.BigEndian.Uint64(k) != number ||
				stored.Prev != prev || stored.Hash != linkHash(prev, stored.Event) {
				return auditBroken(l.path, number)
			}
			prev = stored.Hash
			events++
		}
		if uint64(events) != end.Count || prev != end.Hash {
			return auditBroken(l.path, uint64(events+1))
		}
		return nil
	})
	return events, err
}

func auditBroken(path string, number uint64) error {
	return &model.Error{
		Kind: model.KindFailed, Code: "auditBroken",
		Message: fmt.Sprintf("the audit in %s was changed from outside: event %d does not follow from the one before", path, number),
		Remedy:  "compare the file with a backup; events before that one are in order",
	}
}
