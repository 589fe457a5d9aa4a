package cache

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	bolt "go.etcd.io/bbolt"

	"rollcall/model/workspace"
	"rollcall/model/writeback"
)

// TestARunThatWasChangedFromOutsideIsTold changes the journal of a run behind
// the audit's back. Each change would make a resume, or an undo, write what
// nobody approved, or hide what was written.
func TestARunThatWasChangedFromOutsideIsTold(t *testing.T) {
	p := proposal(0, runUsers)
	rows := func(harm func(b *bolt.Bucket) error) func(*bolt.Bucket) error {
		return func(journal *bolt.Bucket) error { return harm(journal.Bucket(bucketJournalRows)) }
	}
	about := func(harm func(b *bolt.Bucket) error) func(*bolt.Bucket) error {
		return func(journal *bolt.Bucket) error { return harm(journal.Bucket(bucketAbout)) }
	}
	replace := func(key []byte, old, replacement string) func(b *bolt.Bucket) error {
		return func(b *bolt.Bucket) error {
			value := b.Get(key)
			if !bytes.Contains(value, []byte(old)) {
				panic(old + " is not in " + string(value))
			}
			return b.Put(key, bytes.Replace(value, []byte(old), []byte(replacement), 1))
		}
	}
	stranger := writeback.Row{Ref: writeback.Ref{ID: guid(77)}, Remove: true, State: writeback.RowPlanned}
	tests := map[string]struct {
		harm func(journal *bolt.Bucket) error
		says string
	}{
		"a row that failed is done":          {rows(replace(placeKey(3), `"failed"`, `"done"`)), "is done and was failed"},
		"a row that was never sent is done":  {rows(replace(placeKey(runUsers), `"planned"`, `"done"`)), "is done and was planned"},
		"another request did it":             {rows(replace(placeKey(0), guid(3_000_000), guid(3_000_009))), "is done and was done"},
		"another reason":                     {rows(replace(placeKey(3), "Insufficient", "Sufficient")), "is failed and was failed"},
		"a row is gone":                      {rows(func(b *bolt.Bucket) error { return b.Delete(placeKey(2)) }), "is missing"},
		"a removal that nobody approved":     {rows(func(b *bolt.Bucket) error { return put(b, placeKey(2*runUsers), stranger) }), "the plan has no row for user " + guid(77)},
		"the run has ended":                  {replace(keyEnd, `"open"`, `"verified"`), "it is verified and was open"},
		"another approver":                   {about(replace(keyHead, `"by":"bob@`, `"by":"eve@`)), "its approval is another one"},
		"more removals are allowed":          {about(replace(keyHead, `"allowRemovals":6`, `"allowRemovals":9`)), "its approval is another one"},
		"somebody more was a member before":  {about(replace(keyHead, `"before":[`, `"before":[{"id":"`+guid(77)+`"},`)), "the members before it are others"},
		"the plan is for another group":      {about(replace(keyHead, p.Group.ID, guid(9))), "its plan is another one"},
		"the plan is another one altogether": {about(replace(keyHead, p.Hash, proposal(1, runUsers).Hash)), "its plan is another one"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			l := openLedger(t, ledgerPath(t))
			for n := range 5 {
				require.NoError(t, journalStep(l, n))
			}
			require.NoError(t, l.db.Update(func(tx *bolt.Tx) error {
				return tc.harm(tx.Bucket(bucketRuns).Bucket([]byte(p.ID)))
			}))
			n, err := l.VerifyAudit(t.Context())
			e := failure(t, err, "journalBroken")
			assert.Contains(t, e.Message, p.ID)
			assert.Contains(t, e.Message, tc.says)
			assert.Equal(t, 4, n, "the audit itself is in order")
		})
	}
}

func TestARunThatIsGoneIsTold(t *testing.T) {
	l := openLedger(t, ledgerPath(t))
	for n := range 5 {
		require.NoError(t, journalStep(l, n))
	}
	require.NoError(t, l.db.Update(func(tx *bolt.Tx) error {
		return tx.Bucket(bucketRuns).DeleteBucket([]byte(proposal(0, runUsers).ID))
	}))
	_, err := l.VerifyAudit(t.Context())
	assert.Contains(t, failure(t, err, "journalBroken").Message, "it is missing")
}

func TestARunThatTheAuditDoesNotTellIsTold(t *testing.T) {
	l := openLedger(t, ledgerPath(t))
	require.NoError(t, journalStep(l, 0))
	run := begun(proposal(0, runUsers))
	require.NoError(t, l.db.Update(func(tx *bolt.Tx) error {
		_, err := putRun(tx, run)
		return err
	}))
	_, err := l.VerifyAudit(t.Context())
	assert.Contains(t, failure(t, err, "journalBroken").Message, "nobody approved it")
}

func TestARowThatGoesBackToWhatTheAuditToldBeforeIsTold(t *testing.T) {
	l := openLedger(t, ledgerPath(t))
	for n := range 4 {
		require.NoError(t, journalStep(l, n))
	}
	var sent []byte
	row := placeKey(0)
	journal := func(tx *bolt.Tx) *bolt.Bucket {
		return tx.Bucket(bucketRuns).Bucket([]byte(proposal(0, runUsers).ID)).Bucket(bucketJournalRows)
	}
	require.NoError(t, l.db.View(func(tx *bolt.Tx) error {
		sent = bytes.Clone(journal(tx).Get(row))
		return nil
	}))
	require.NoError(t, journalStep(l, 4))
	_, err := l.VerifyAudit(t.Context())
	require.NoError(t, err)
	require.NoError(t, l.db.Update(func(tx *bolt.Tx) error { return journal(tx).Put(row, sent) }))
	_, err = l.VerifyAudit(t.Context())
	assert.Contains(t, failure(t, err, "journalBroken").Message, "is sent and was done")
}

// The events of plans are links like any other.
func TestAChangedEventOfAPlanBreaksTheChain(t *testing.T) {
	for name, change := range map[string][2]string{
		"an approval": {`"by":"bob@contoso.com","from"`, `"by":"eve@contoso.com","from"`},
		"a reason":    {"left the company", "left the country"},
		"a hash":      {proposal(0, runUsers).Hash, proposal(1, runUsers).Hash},
		"a row":       {`"failed"`, `"done"`},
		"a request":   {guid(3_000_002), guid(3_000_009)},
	} {
		t.Run(name, func(t *testing.T) {
			l := openLedger(t, ledgerPath(t))
			for n := range 5 {
				require.NoError(t, journalStep(l, n))
			}
			changed := 0
			require.NoError(t, l.db.Update(func(tx *bolt.Tx) error {
				events := tx.Bucket(bucketEvents)
				c := events.Cursor()
				for k, v := c.First(); k != nil; k, v = c.Next() {
					if bytes.Contains(v, []byte(change[0])) {
						changed = int(k[7])
					}
				}
				key := []byte{0, 0, 0, 0, 0, 0, 0, byte(changed)}
				return events.Put(key, bytes.ReplaceAll(events.Get(key), []byte(change[0]), []byte(change[1])))
			}))
			n, err := l.VerifyAudit(t.Context())
			failure(t, err, "auditBroken")
			assert.Equal(t, changed-1, n)
		})
	}
}

func TestAnEventOfAPlanThatANewerRollcallToldIsNoHarm(t *testing.T) {
	l := openLedger(t, ledgerPath(t))
	for n := range 5 {
		require.NoError(t, journalStep(l, n))
	}
	require.NoError(t, l.Record(t.Context(), workspace.Event{At: day(), Action: "plan.dream", PlanID: proposal(0, runUsers).ID}))
	n, err := l.VerifyAudit(t.Context())
	require.NoError(t, err)
	assert.Equal(t, 5, n)
}
