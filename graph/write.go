package graph

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"

	abstractions "github.com/microsoft/kiota-abstractions-go"

	"rollcall/model"
	"rollcall/model/writeback"
)

const (
	// bindSize is the most members that one PATCH may add.
	bindSize = 20
	// bindsPerBatch is how many such PATCHes one batch holds: with more, Graph
	// starts to answer "service unavailable". Source: Microsoft's group
	// membership management service, GraphGroupMembershipUpdater.
	bindsPerBatch = 5
)

// Write implements writeback.Groups: additions first, so that a group whose
// members are exchanged is never empty, then removals.
func (c *Client) Write(ctx context.Context, groupID string, add, remove []string, done func(writeback.RowResult)) error {
	if !isGUID(groupID) {
		return &model.Error{Kind: model.KindUsage, Code: "groupIdInvalid", Message: fmt.Sprintf("%q is no object id of a group", groupID)}
	}
	w := &writer{c: c, groupID: groupID, done: done}
	add = w.onlyGUIDs(add, false)
	remove = w.onlyGUIDs(remove, true)
	parallel(ctx, parallelism, chunks(len(add), bindSize*bindsPerBatch), func(ctx context.Context, s span) { w.bind(ctx, add[s.from:s.to]) })
	parallel(ctx, parallelism, chunks(len(remove), batchSize), func(ctx context.Context, s span) { w.single(ctx, remove[s.from:s.to], true) })
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

	mu  sync.Mutex
	end error // what every further row would meet too; nil while there is hope
}

// stop lets no further request begin. Those under way are not cut off: their
// rows would be in doubt for nothing.
func (w *writer) stop(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.end == nil {
		w.end = err
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
	spans := chunks(len(ids), bindSize)
	answers := w.send(ctx, len(spans), func(i int) (*abstractions.RequestInformation, error) {
		return w.c.bindRequest(w.groupID, ids[spans[i].from:spans[i].to])
	})
	var again []string
	for i, a := range answers {
		rows := ids[spans[i].from:spans[i].to]
		switch {
		case a.Err == nil:
			for _, id := range rows {
				w.report(id, false, writeback.OutcomeDone, nil)
			}
		case a.Status == http.StatusBadRequest, a.Status == http.StatusNotFound, isGuestRefusal(a.Err):
			again = append(again, rows...)
		default:
			w.failed(rows, false, a)
		}
	}
	for _, s := range chunks(len(again), batchSize) {
		w.single(ctx, again[s.from:s.to], false)
	}
}

// single adds or removes up to 20 users, each by its own request.
func (w *writer) single(ctx context.Context, ids []string, remove bool) {
	answers := w.send(ctx, len(ids), func(i int) (*abstractions.RequestInformation, error) {
		if remove {
			return w.c.removeRequest(ctx, w.groupID, ids[i])
		}
		return w.c.addRequest(w.groupID, ids[i])
	})
	for i, a := range answers {
		switch {
		case a.Err == nil:
			w.report(ids[i], remove, writeback.OutcomeDone, nil)
		case w.wasSo(a, remove):
			w.report(ids[i], remove, writeback.OutcomeAlready, nil)
		default:
			w.failed(ids[i:i+1], remove, a)
		}
	}
}

// send builds n requests and sends them as one batch. Where that fails as a
// whole, or the write has ended before, it ends the write and returns nothing:
// the rows stay unreported.
func (w *writer) send(ctx context.Context, n int, build func(int) (*abstractions.RequestInformation, error)) []batchAnswer {
	if w.stopped() != nil {
		return nil
	}
	items := make([]batchItem, 0, n)
	for i := range n {
		item, err := w.c.newBatchItem(build(i))
		if err != nil {
			w.stop(err)
			return nil
		}
		items = append(items, item)
	}
	answers, err := w.c.batch(ctx, items)
	if err != nil {
		w.stop(err)
		return nil
	}
	return answers
}

func (w *writer) report(id string, remove bool, outcome writeback.Outcome, err *model.Error) {
	w.done(writeback.RowResult{UserID: id, Remove: remove, Outcome: outcome, Err: err})
}

// failed reports rows that were refused. What every other row would meet too
// (no permission, signed out, throttled beyond patience) also ends the write:
// rows of unknown fate are then left unreported.
func (w *writer) failed(ids []string, remove bool, a batchAnswer) {
	err := w.c.transport.needing(a.Err, scopeWrite, "Group.ReadWrite.All", "Directory.ReadWrite.All")
	e := model.AsError(err)
	refusedAll := a.Status == http.StatusForbidden && !isGuestRefusal(a.Err)
	inDoubt := a.Status == 0 || a.Status == http.StatusUnauthorized || a.Status == http.StatusTooManyRequests || transient(a.Status)
	if !inDoubt {
		for _, id := range ids {
			w.report(id, remove, writeback.OutcomeFailed, e)
		}
	}
	if inDoubt || refusedAll {
		w.stop(err)
	}
}

// isGuestRefusal reports a group that takes no guests: the other rows are
// well. The text is Graph's own, without a code that would tell it.
func isGuestRefusal(err error) bool {
	var e *model.Error
	return errors.As(err, &e) && strings.Contains(e.Message, "Guests users are not allowed")
}

// wasSo reports a refusal that says nothing but that the group is already as
// wanted. Codes are shared by many causes, so the text has to tell. Source:
// Graph documentation, "Add members" and "Remove member", errors.
func (w *writer) wasSo(a batchAnswer, remove bool) bool {
	var e *model.Error
	if !errors.As(a.Err, &e) {
		return false
	}
	message := strings.ToLower(e.Message)
	if !remove {
		return a.Status == http.StatusBadRequest && strings.Contains(message, "already exist")
	}
	return a.Status == http.StatusNotFound && !strings.Contains(message, strings.ToLower(w.groupID)) ||
		(a.Status == http.StatusBadRequest && strings.Contains(message, "removed object references do not exist"))
}
