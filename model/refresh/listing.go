package refresh

import (
	"cmp"
	"context"
	"slices"

	"golang.org/x/sync/errgroup"

	"rollcall/model"
)

const (
	// readers is how many partitions are read at the same time. At a tenth of a
	// second a page they keep two cores busy, and a tenth of the resource units
	// that the service grants.
	readers = 12
	// maxCoalesced bounds how many pages that wait for the disk share a commit.
	maxCoalesced = 8
)

// fetched is a page of a partition, with where the partition goes on behind it.
type fetched struct {
	cursor  Cursor
	changes []model.Change
}

// read reads the partitions that the target's cursors leave open, in parallel.
// One failure ends them all; pages that have been fetched by then are kept.
func (r *round) read(ctx context.Context, t *target) error {
	cursors, err := t.store.Cursors(ctx)
	if err != nil {
		return err
	}
	if len(cursors) == 0 {
		return ErrResync // a listing without partitions never began
	}
	open := r.tellCursors(t, cursors)

	reading, stop := context.WithCancel(ctx)
	pages := make(chan fetched, readers)
	defer func() {
		stop()
		for range pages { // a reader that waits for room ends only when it has some
		}
	}()
	outcome := r.startReaders(reading, open, pages)
	for page := range pages {
		if err := r.keepPages(ctx, t, waiting(page, pages)); err != nil {
			return err
		}
	}
	return outcome()
}

// tellCursors shows how far the listing has come and returns the cursors of
// the partitions that are not done, the largest first: a large one that is
// begun last would be the tail that everybody waits for.
func (r *round) tellCursors(t *target, cursors []Cursor) []Cursor {
	open := slices.DeleteFunc(slices.Clone(cursors), func(c Cursor) bool { return c.Done })
	slices.SortStableFunc(open, func(a, b Cursor) int { return cmp.Compare(b.Users, a.Users) })
	p := &r.progress
	p.Partitions, p.Done = len(cursors), len(cursors)-len(open)
	if p.Read == 0 {
		p.Read = t.len() // those that an interrupted read has stored
	} else {
		p.Read = 0 // a second listing names everybody again
	}
	if p.Expected == 0 {
		for _, c := range cursors {
			p.Expected += c.Users
		}
	}
	r.setPhase(PhaseReading)
	return open
}

// startReaders starts the goroutines that fetch the pages of the open
// partitions. They end when all is read, when one fails, or when ctx ends;
// then pages is closed, and outcome says why.
func (r *round) startReaders(ctx context.Context, open []Cursor, pages chan<- fetched) (outcome func() error) {
	queue := make(chan Cursor, len(open))
	for _, c := range open {
		queue <- c
	}
	close(queue)
	group, ctx := errgroup.WithContext(ctx)
	for range min(readers, len(open)) {
		group.Go(func() error {
			return contained(func() error {
				for c := range queue {
					if err := readPartition(ctx, r.opts.Source, c, pages); err != nil {
						return err
					}
				}
				return nil
			})
		})
	}
	done := make(chan error, 1)
	go func() {
		done <- group.Wait()
		close(pages)
	}()
	return func() error {
		err := <-done
		release(err)
		return err
	}
}

// readPartition sends the pages of one partition. It waits for room, not for
// ctx: a page that was fetched is not thrown away.
func readPartition(ctx context.Context, source Source, c Cursor, pages chan<- fetched) error {
	var seen links
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		seen.add(c.Link)
		page, err := source.Users(ctx, c.Link)
		if err != nil {
			return err
		}
		if page.Next != "" && seen.has(page.Next) {
			return pagingLoop() // the cursor stays before this page
		}
		c.Link, c.Done = page.Next, page.Next == ""
		pages <- fetched{c, page.Changes}
		if c.Done {
			return nil
		}
	}
}

// waiting returns the page and those that wait behind it.
func waiting(first fetched, pages <-chan fetched) []fetched {
	batch := []fetched{first}
	for len(batch) < maxCoalesced {
		select {
		case page, ok := <-pages:
			if !ok {
				return batch
			}
			batch = append(batch, page)
		default:
			return batch
		}
	}
	return batch
}

// keepPages commits pages with their cursors, in one transaction.
func (r *round) keepPages(ctx context.Context, t *target, pages []fetched) error {
	b := Batch{State: t.state}
	for _, page := range pages {
		b.Changes = append(b.Changes, page.changes...)
		same := func(c Cursor) bool { return c.Partition == page.cursor.Partition }
		if i := slices.IndexFunc(b.Cursors, same); i >= 0 {
			b.Cursors[i] = page.cursor
		} else {
			b.Cursors = append(b.Cursors, page.cursor)
		}
	}
	if err := r.keep(ctx, t, b); err != nil {
		return err
	}
	for _, c := range b.Cursors {
		if c.Done {
			r.progress.Done++
		}
	}
	r.countPages(len(pages), len(b.Changes))
	return nil
}
