// Package refreshtest is a refresh.Store in memory, for the tests of whoever
// fills one. Tests alone import it.
package refreshtest

import (
	"bytes"
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"

	"rollcall/model"
	"rollcall/model/refresh"
)

// Store keeps what a file would. The zero value is empty. Its fields may be
// changed only while nothing uses it.
type Store struct {
	// Crash is asked before and after each change of the store or of its
	// staging store: "before commit", "after promote". Its error ends the call
	// there, as the end of the process would.
	Crash func(when string) error
	// Corrupt is what the next Load finds: it is returned once, and the store
	// is empty from then on. nil: nothing.
	Corrupt error
	// Declined is how many pages of log Checkpoint leaves as they are.
	Declined int

	mu      sync.Mutex
	content content
	staging *Staging
}

// content is what one file holds.
type content struct {
	state   refresh.State
	cursors map[int]refresh.Cursor
	image   map[string][]byte
	log     [][]model.Change
	held    [][]model.Change
}

var (
	_ refresh.Store   = (*Store)(nil)
	_ refresh.Staging = (*Staging)(nil)
)

// change does one change of the store between the two moments at which it may
// crash.
func (s *Store) change(ctx context.Context, name string, do func() error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := s.crash("before " + name); err != nil {
		return err
	}
	s.mu.Lock()
	err := do()
	s.mu.Unlock()
	if err != nil {
		return err
	}
	return s.crash("after " + name)
}

func (s *Store) crash(when string) error {
	if s.Crash == nil {
		return nil
	}
	return s.Crash(when)
}

// State implements refresh.Store.
func (s *Store) State(ctx context.Context) (refresh.State, error) { return s.state(ctx, &s.content) }

// Cursors implements refresh.Store.
func (s *Store) Cursors(ctx context.Context) ([]refresh.Cursor, error) {
	return s.cursors(ctx, &s.content)
}

// Commit implements refresh.Store.
func (s *Store) Commit(ctx context.Context, b refresh.Batch) error {
	return s.change(ctx, "commit", func() error { s.content.commit(b); return nil })
}

// Held implements refresh.Store.
func (s *Store) Held(ctx context.Context, yield func([]model.Change) bool) error {
	return s.held(ctx, &s.content, yield)
}

// Load implements refresh.Store.
func (s *Store) Load(ctx context.Context, restore func(get func(string) ([]byte, error)) error, apply func([]model.Change)) error {
	if err := s.Corrupt; err != nil {
		s.Corrupt, s.content, s.staging = nil, content{}, nil
		return err
	}
	return s.load(ctx, &s.content, restore, apply)
}

// Checkpoint implements refresh.Store.
func (s *Store) Checkpoint(ctx context.Context, save func(put func(string, []byte) error) error) error {
	return s.checkpoint(ctx, &s.content, save)
}

// Stage implements refresh.Store.
func (s *Store) Stage(ctx context.Context) (refresh.Staging, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.staging == nil {
		s.staging = &Staging{of: s}
	}
	return s.staging, ctx.Err()
}

// Staged reports whether a resync has left a staging store behind.
func (s *Store) Staged() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.staging != nil
}

// Staging is the second store of a Store.
type Staging struct {
	of      *Store
	content content
}

// State implements refresh.Store.
func (s *Staging) State(ctx context.Context) (refresh.State, error) {
	return s.of.state(ctx, &s.content)
}

// Cursors implements refresh.Store.
func (s *Staging) Cursors(ctx context.Context) ([]refresh.Cursor, error) {
	return s.of.cursors(ctx, &s.content)
}

// Commit implements refresh.Store.
func (s *Staging) Commit(ctx context.Context, b refresh.Batch) error {
	return s.of.change(ctx, "commit", func() error { s.content.commit(b); return nil })
}

// Held implements refresh.Store.
func (s *Staging) Held(ctx context.Context, yield func([]model.Change) bool) error {
	return s.of.held(ctx, &s.content, yield)
}

// Load implements refresh.Store.
func (s *Staging) Load(ctx context.Context, restore func(get func(string) ([]byte, error)) error, apply func([]model.Change)) error {
	return s.of.load(ctx, &s.content, restore, apply)
}

// Checkpoint implements refresh.Store.
func (s *Staging) Checkpoint(ctx context.Context, save func(put func(string, []byte) error) error) error {
	return s.of.checkpoint(ctx, &s.content, save)
}

// Stage is not for a staging store.
func (s *Staging) Stage(context.Context) (refresh.Staging, error) {
	panic("a staging store has no staging store")
}

// Promote implements refresh.Staging.
func (s *Staging) Promote(ctx context.Context) error {
	return s.of.change(ctx, "promote", func() error {
		s.of.content, s.of.staging = s.content, nil
		return nil
	})
}

// Discard implements refresh.Staging.
func (s *Staging) Discard() error {
	return s.of.change(context.Background(), "discard", func() error {
		s.of.staging = nil
		return nil
	})
}

func (s *Store) state(ctx context.Context, c *content) (refresh.State, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return c.state, ctx.Err()
}

func (s *Store) cursors(ctx context.Context, c *content) ([]refresh.Cursor, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	byPartition := func(a, b refresh.Cursor) int { return cmp.Compare(a.Partition, b.Partition) }
	return slices.SortedFunc(maps.Values(c.cursors), byPartition), ctx.Err()
}

func (s *Store) held(ctx context.Context, c *content, yield func([]model.Change) bool) error {
	s.mu.Lock()
	held := slices.Clone(c.held)
	s.mu.Unlock()
	for _, page := range held {
		if !yield(page) {
			break
		}
	}
	return ctx.Err()
}

func (s *Store) load(ctx context.Context, c *content, restore func(get func(string) ([]byte, error)) error, apply func([]model.Change)) error {
	s.mu.Lock()
	image, log := c.image, slices.Clone(c.log)
	s.mu.Unlock()
	if image != nil {
		// Whoever restores may keep what it gets.
		if err := restore(func(name string) ([]byte, error) { return bytes.Clone(image[name]), nil }); err != nil {
			return err
		}
	}
	for _, page := range log {
		apply(page)
	}
	return ctx.Err()
}

func (s *Store) checkpoint(ctx context.Context, c *content, save func(put func(string, []byte) error) error) error {
	if len(c.log) <= s.Declined {
		return ctx.Err()
	}
	image := map[string][]byte{}
	err := save(func(name string, data []byte) error {
		image[name] = bytes.Clone(data)
		return ctx.Err()
	})
	if err != nil {
		return err
	}
	return s.change(ctx, "checkpoint", func() error {
		c.image, c.log = image, nil
		return nil
	})
}

// commit does what a Batch says.
func (c *content) commit(b refresh.Batch) {
	if b.Release {
		c.log = append(c.log, c.held...)
		c.held = nil
	}
	switch {
	case len(b.Changes) == 0:
	case b.Hold:
		c.held = append(c.held, slices.Clone(b.Changes))
	default:
		c.log = append(c.log, slices.Clone(b.Changes))
	}
	c.state = b.State
	if c.cursors == nil || b.State.Phase != refresh.PhaseReading {
		c.cursors = map[int]refresh.Cursor{}
	}
	if b.State.Phase == refresh.PhaseReading {
		for _, cursor := range b.Cursors {
			c.cursors[cursor.Partition] = cursor
		}
	}
}
