package workspacetest

import (
	"context"
	"slices"

	"rollcall/model/refresh"
)

// source lists the tenant's users on one page; nothing changes later.
type source struct{ *Tenant }

func (s source) Begin(ctx context.Context) (refresh.Beginning, error) {
	return refresh.Beginning{DeltaLink: "delta"}, s.call(ctx, "Begin")
}

func (s source) UserCount(ctx context.Context) (int, error) {
	return len(s.Tenant.Users), s.call(ctx, "UserCount")
}

func (s source) Partitions(ctx context.Context, total, _ int) (refresh.Cover, error) {
	return refresh.Cover{Partitions: []refresh.Partition{{Link: "users", Users: total}}}, s.call(ctx, "Partitions")
}

func (s source) Users(ctx context.Context, _ string) (*refresh.Page, error) {
	if err := s.call(ctx, "Users"); err != nil {
		return nil, err
	}
	if refresh.IsForeground(ctx) {
		s.Hurried.Add(1)
	}
	listed := s.Tenant.Users
	if s.Listed > 0 {
		listed = listed[:s.Listed]
	}
	return &refresh.Page{Changes: slices.Clone(listed)}, nil
}

func (s source) Delta(ctx context.Context, link string) (*refresh.Page, error) {
	return &refresh.Page{Changes: slices.Clone(s.Changes), DeltaLink: link}, s.call(ctx, "Delta")
}
