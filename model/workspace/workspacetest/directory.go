package workspacetest

import (
	"context"
	"maps"
	"slices"

	"rollcall/model"
	"rollcall/model/refresh"
)

// source lists the tenant's users on one page; nothing changes later.
type source struct{ *Tenant }

func (s source) DeltaLatest(ctx context.Context) (string, error) {
	return "delta", s.call(ctx, "DeltaLatest")
}

func (s source) UserCount(ctx context.Context) (int, error) {
	return len(s.Tenant.Users), s.call(ctx, "UserCount")
}

func (s source) Users(ctx context.Context, _ string) (*refresh.Page, error) {
	if err := s.call(ctx, "Users"); err != nil {
		return nil, err
	}
	listed := s.Tenant.Users
	if s.Listed > 0 {
		listed = listed[:s.Listed]
	}
	return &refresh.Page{Changes: slices.Clone(listed)}, nil
}

func (s source) Delta(ctx context.Context, link string) (*refresh.Page, error) {
	return &refresh.Page{DeltaLink: link}, s.call(ctx, "Delta")
}

// Store keeps the synced users. The zero value is empty.
type Store struct {
	Corrupt *model.Error // the first reading finds the file damaged, and empties it

	state refresh.State
	users map[string]model.User
}

// State returns the state of the last commit.
func (s *Store) State(ctx context.Context) (refresh.State, error) { return s.state, ctx.Err() }

// Commit applies changes.
func (s *Store) Commit(ctx context.Context, changes []model.Change, state refresh.State) (refresh.Effect, error) {
	var effect refresh.Effect
	if s.users == nil {
		s.users = make(map[string]model.User)
	}
	for _, c := range changes {
		u, known := s.users[c.ID]
		switch {
		case c.Removed != "" && known:
			delete(s.users, c.ID)
			effect.Removed++
			continue
		case c.Removed != "":
			continue
		case known:
			effect.Updated++
		default:
			u.ID = c.ID
			effect.Added++
		}
		u = u.Clone()
		u.Apply(c)
		s.users[c.ID] = u
	}
	state.Users = len(s.users)
	s.state = state
	return effect, ctx.Err()
}

// Users yields the stored users by id.
func (s *Store) Users(ctx context.Context, yield func(*model.User) bool) error {
	if e := s.Corrupt; e != nil {
		*s = Store{}
		return e
	}
	for _, id := range slices.Sorted(maps.Keys(s.users)) {
		u := s.users[id]
		if !yield(&u) {
			break
		}
	}
	return ctx.Err()
}

// Stage begins a second store.
func (s *Store) Stage(context.Context) (refresh.Staging, error) {
	return &staging{of: s}, nil
}

type staging struct {
	Store
	of *Store
}

func (s *staging) Promote(context.Context) error {
	*s.of = s.Store
	return nil
}

func (s *staging) Discard() error { return nil }
