// Package parallel divides work over the processors.
package parallel

import (
	"context"
	"runtime"
	"sync/atomic"

	"golang.org/x/sync/errgroup"
)

type backgroundKey struct{}

// Background marks the context of work that nobody waits for: it leaves a
// processor to what somebody does wait for, where there is more than one.
func Background(ctx context.Context) context.Context {
	return context.WithValue(ctx, backgroundKey{}, true)
}

// Workers is on how many goroutines work may be done at once.
func Workers(ctx context.Context) int {
	n := runtime.GOMAXPROCS(0)
	if ctx.Value(backgroundKey{}) != nil {
		n = max(1, n-1)
	}
	return n
}

// Ranges calls work for consecutive ranges of at most size numbers that make up
// [0, n), on as many goroutines as the context allows, until it ends. It returns
// when all calls have.
func Ranges(ctx context.Context, n, size int, work func(from, to int)) error {
	ranges := (n + size - 1) / size
	var next atomic.Int64
	var g errgroup.Group
	for range min(Workers(ctx), ranges) {
		g.Go(func() error {
			for {
				r := int(next.Add(1)) - 1
				if err := ctx.Err(); err != nil || r >= ranges {
					return err
				}
				work(r*size, min((r+1)*size, n))
			}
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	return ctx.Err()
}

// All is Ranges for work that nothing interrupts.
func All(n, size int, work func(from, to int)) {
	if err := Ranges(context.Background(), n, size, work); err != nil {
		panic(err) // unreachable: only a context can end it
	}
}
