package graph

import (
	"context"
	"fmt"
	"sync"
	"time"

	abstractions "github.com/microsoft/kiota-abstractions-go"

	"rollcall/model"
	"rollcall/model/writeback"
)

// bindsPerBatch is how many PATCHes of writeback.BindSize members one batch
// holds: with more, Graph starts to answer "service unavailable". Source:
// Microsoft's group membership management service, GraphGroupMembershipUpdater.
const bindsPerBatch = 5

// Write implements writeback.Groups: additions first, so that a group whose
// members are exchanged is never empty, then removals.
//
// No request is sent that the tenant's budget of writes does not hold; Traffic
// tells how long that takes. A group that takes no writes at all, and an account
// that may not write it, end the write at the first refusal.
func (c *Client) Write(ctx context.Context, groupID string, add, remove []string, done func(writeback.RowResult)) error {
	if !isGUID(groupID) {
		return noGroupID(groupID)
	}
	wanted, halt := context.WithCancel(ctx)
	defer halt()
	w := &writer{c: c, groupID: groupID, done: done, wanted: wanted, halt: halt}
	add = w.onlyGUIDs(add, false)
	remove = w.onlyGUIDs(remove, true)
	writing := withSettings(withPriority(ctx, priorityHigh), func(s *callSettings) { s.wanted = wanted })
	parallel(writing, parallelism, chunks(len(add), writeback.BindSize*bindsPerBatch), func(ctx context.Context, s span) { w.bind(ctx, add[s.from:s.to]) })
	parallel(writing, parallelism, chunks(len(remove), batchSize), func(ctx context.Context, s span) { w.single(ctx, remove[s.from:s.to], true, false) })
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return w.stopped()
}

// writer is one Write under way.
type writer struct {
	c       *Client
	groupID string
	done    func(writeback.RowResult)
	wanted  context.Context // ends with the write, for what has not been sent yet
	halt    context.CancelFunc

	mu         sync.Mutex
	end        error     // what every further row would meet too; nil while there is hope
	replicated time.Time // until when a group that is not known everywhere is waited for; zero: none was met

	read   sync.Once // fills the two below
	target model.Group
	unread error
}

// stop lets no further request begin. Those under way are not cut off: their
// rows would be in doubt for nothing.
func (w *writer) stop(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.end == nil {
		w.end = err
		w.halt()
	}
}

func (w *writer) stopped() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.end
}

// onlyGUIDs reports what is no object id as failed and returns the rest.
func (w *writer) onlyGUIDs(ids []string, remove bool) []string {
	valid := make([]string, 0, len(ids))
	for _, id := range ids {
		if isGUID(id) {
			valid = append(valid, id)
			continue
		}
		w.done(writeback.RowResult{UserID: id, Remove: remove, Outcome: writeback.OutcomeFailed, Err: &model.Error{
			Kind: model.KindUsage, Code: "userIdInvalid", Message: fmt.Sprintf("%q is no object id", id),
		}})
	}
	return valid
}

// bind adds up to 100 users by PATCHes of 20. A PATCH adds all or none, so one
// that is refused for a user's sake is done again row by row.
func (w *writer) bind(ctx context.Context, ids []string) {
	spans := chunks(len(ids), writeback.BindSize)
	answers := w.send(ctx, len(spans), func(i int) (*abstractions.RequestInformation, error) {
		return w.c.bindRequest(w.groupID, ids[spans[i].from:spans[i].to])
	})
	for i, a := range answers {
		rows := ids[spans[i].from:spans[i].to]
		switch v := w.judge(ctx, a, false); v {
		case verdictDone:
			for _, id := range rows {
				w.report(id, false, writeback.OutcomeDone, a.RequestID)
			}
		case verdictAlready, verdictRow, verdictUnreplicated, verdictGuest:
			w.single(ctx, rows, false, a.Unsure)
		default:
			w.refused(ctx, rows, false, v, a)
		}
	}
}

// single adds or removes up to 20 users, each by its own request. bound says
// that a PATCH was sent for them of which it is not known whether it was
// carried out.
func (w *writer) single(ctx context.Context, ids []string, remove, bound bool) {
	answers := w.send(ctx, len(ids), func(i int) (*abstractions.RequestInformation, error) {
		if remove {
			return w.c.removeRequest(ctx, w.groupID, ids[i])
		}
		return w.c.addRequest(w.groupID, ids[i])
	})
	verdicts := make([]verdict, len(answers))
	unreplicated := 0
	for i, a := range answers {
		verdicts[i] = w.judge(ctx, a, remove)
		switch v := verdicts[i]; {
		case v == verdictUnreplicated:
			unreplicated++
		case v == verdictDone && !a.Unsure, v == verdictRow, v == verdictGuest:
			// A PATCH adds all or none: with this one among them it added none, so
			// that who is a member was it before.
			bound = false
		}
	}
	for i, a := range answers {
		switch v := verdicts[i]; {
		case v == verdictDone, v == verdictAlready && (bound || a.Unsure):
			w.report(ids[i], remove, writeback.OutcomeDone, a.RequestID)
		case v == verdictAlready:
			w.report(ids[i], remove, writeback.OutcomeAlready, a.RequestID)
		default:
			w.refused(ctx, ids[i:i+1], remove, v, a)
		}
	}
	if unreplicated > 1 && unreplicated == len(answers) {
		w.stop(notReplicated(answers[0])) // the group, then, and not one of the users
	}
}

// send builds n requests and sends them as one batch. What the service does not
// know everywhere yet is sent again after a while. Where a batch fails as a
// whole it ends the write, and its answers are in doubt. Where the write has
// ended before, nothing is sent and nothing returned: the rows stay unreported.
func (w *writer) send(ctx context.Context, n int, build func(int) (*abstractions.RequestInformation, error)) []batchAnswer {
	if w.stopped() != nil {
		return nil
	}
	answers := make([]batchAnswer, n)
	pending := make([]int, n)
	for i := range pending {
		pending[i] = i
	}
	for round := 1; ; round++ {
		items := make([]batchItem, 0, len(pending))
		for _, i := range pending {
			item, err := w.c.newBatchItem(build(i))
			if err != nil {
				w.stop(err)
				return nil
			}
			items = append(items, item)
		}
		got, err := w.c.batch(ctx, items)
		if err != nil {
			w.stop(err)
			got = lost(len(items), err)
		}
		again := pending[:0]
		for k, i := range pending {
			got[k].Unsure = got[k].Unsure || answers[i].Unsure
			answers[i] = got[k]
			if isUnreplicated(got[k]) {
				again = append(again, i)
			}
		}
		if len(again) == 0 || !w.awaitReplication(round) {
			return answers
		}
		pending = again
	}
}

// replication is how long a write waits, all in all, for a group that was made
// a moment ago to be known everywhere. Graph's documentation has it retried
// "after a few seconds" and names no bound.
const replication = 30 * time.Second

// awaitReplication waits before requests that the service could not place yet
// are sent again; false when it has waited for long enough, or need not any
// more.
func (w *writer) awaitReplication(round int) bool {
	wait := min(2*time.Second<<(round-1), replication)
	now := w.c.opts.Now()
	w.mu.Lock()
	if w.replicated.IsZero() {
		w.replicated = now.Add(replication)
	}
	fits := !now.Add(wait).After(w.replicated)
	w.mu.Unlock()
	return fits && w.c.opts.Sleep(w.wanted, wait) == nil
}

func (w *writer) report(id string, remove bool, outcome writeback.Outcome, requestID string) {
	w.done(writeback.RowResult{UserID: id, Remove: remove, Outcome: outcome, RequestID: requestID})
}

// refused reports rows that were refused. What every other row would meet too
// ends the write. Rows of unknown fate are left unreported, and end it as well:
// the service has failed for longer than the patience goes, or refuses by now
// what it may have done before.
func (w *writer) refused(ctx context.Context, ids []string, remove bool, v verdict, a batchAnswer) {
	if v == verdictDoubt {
		w.stop(a.Err)
		return
	}
	cause := w.cause(ctx, v, a)
	if v == verdictGroup {
		w.stop(cause)
		if a.Unsure {
			return
		}
	}
	for _, id := range ids {
		w.done(writeback.RowResult{UserID: id, Remove: remove, Outcome: writeback.OutcomeFailed, RequestID: a.RequestID, Err: cause})
	}
}
