package exchange

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"unicode"

	"golang.org/x/sync/errgroup"

	"rollcall/model"
	"rollcall/model/expansion"
)

// parallelism bounds the questions of a round that are under way. Exchange runs
// a cmdlet, or a directory search, for each, and throttles by account; what it
// allows is not published. Four take a quarter of the time of one after another,
// and stay near what Exchange has always let one account do at once.
const parallelism = 4

// round asks the questions of one round, several at once. While the service has
// not answered yet, the first goes ahead alone: a refusal of the service as a
// whole is then asked for once, and is the answer to all. One list that the
// service fails at may be that list's fault; as many in a row as are asked at once
// are an outage, which is not waited out for each list anew. worked is whether
// the service has answered so far.
func round(ctx context.Context, questions []expansion.Question, worked *atomic.Bool, one func(context.Context, expansion.Question) expansion.Listing) ([]expansion.Listing, error) {
	listings := make([]expansion.Listing, len(questions))
	var refusal atomic.Pointer[model.Error]
	var failures atomic.Int32 // in a row
	ask := func(i int) {
		l := &listings[i]
		if *l = (expansion.Listing{Err: refusal.Load()}); l.Err == nil {
			*l = one(ctx, questions[i])
		}
		l.GroupID = questions[i].Group.ID
		if l.Err != nil && l.Err.Kind == model.KindUnavailable && failures.Add(1) == parallelism {
			l.Err = serviceWide(l.Err)
		}
		switch {
		case l.Err == nil:
			failures.Store(0)
			worked.Store(true)
		case errors.Is(l.Err, expansion.ErrService):
			worked.Store(false)
			refusal.CompareAndSwap(nil, l.Err)
		}
	}
	begin := 0
	if len(questions) > 0 && !worked.Load() {
		ask(0)
		begin = 1
	}
	var group errgroup.Group
	group.SetLimit(parallelism)
	for i := begin; i < len(questions) && ctx.Err() == nil; i++ {
		group.Go(func() error {
			ask(i)
			return nil
		})
	}
	_ = group.Wait() // each listing carries its error
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return listings, nil
}

// serviceWide marks an error as one of the service as a whole.
func serviceWide(e *model.Error) *model.Error {
	marked := *e
	if marked.Err = expansion.ErrService; e.Err != nil {
		marked.Err = fmt.Errorf("%w: %w", expansion.ErrService, e.Err)
	}
	return &marked
}

// isAddress reports whether a text can be the address of a list: one that Exchange
// could take for a pattern, or for nothing, is never sent.
func isAddress(s string) bool {
	at := strings.LastIndexByte(s, '@')
	return at > 0 && at < len(s)-1 && len(s) <= 320 && !strings.ContainsFunc(s, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || r == '*' || r == unicode.ReplacementChar
	})
}

// noIdentity refuses a question before it is sent.
func noIdentity(g model.Group) *model.Error {
	name := g.DisplayName
	if strings.TrimSpace(name) == "" {
		name = "a list"
	}
	return &model.Error{
		Kind: model.KindPartial, Code: "listWithoutAddress",
		Message: fmt.Sprintf("%s has no address that Exchange can be asked for; nothing was sent", name),
		Remedy:  "name the list by its address",
	}
}

// unanswerable is KindPartial: the one entry that asked is left out, and the
// others are answered.
func unanswerable(e *model.Error) *model.Error {
	partial := *e
	partial.Kind = model.KindPartial
	return &partial
}
