package graph

import (
	"context"

	"golang.org/x/sync/errgroup"
)

// span is a part of a slice: [from, to).
type span struct{ from, to int }

// chunks cuts n elements into spans of at most size.
func chunks(n, size int) []span {
	spans := make([]span, 0, (n+size-1)/size)
	for from := 0; from < n; from += size {
		spans = append(spans, span{from, min(from+size, n)})
	}
	return spans
}

// parallel calls work for each element, at most so many at once, and returns
// when all are done. After the context is cancelled no further one is begun.
func parallel[T any](ctx context.Context, atOnce int, elements []T, work func(context.Context, T)) {
	var group errgroup.Group
	group.SetLimit(atOnce)
	for _, e := range elements {
		if ctx.Err() != nil {
			break
		}
		group.Go(func() error {
			work(ctx, e)
			return nil
		})
	}
	_ = group.Wait() // work reports its errors itself
}
