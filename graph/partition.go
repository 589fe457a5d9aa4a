package graph

import (
	"context"
	"fmt"
	"strings"

	"rollcall/model/refresh"
)

// Partitions implements refresh.Source. It counts the users by when they were
// created, finer where there are more of them, and makes partitions of the
// counted pieces. That time never changes, but accounts of before June 2018 may
// lack it: where the counts of the pieces do not add up, the beginnings of the
// user principal names are counted instead, which every user has. Source: Graph
// documentation, "user resource type", createdDateTime.
func (c *Client) Partitions(ctx context.Context, total, size int) (refresh.Cover, error) {
	ctx = prioritised(ctx)
	if size <= 0 || total <= size {
		return c.serialCover(ctx, total, "")
	}
	size = max(size/pageSize, 1) * pageSize // no page for a few users more
	var best []surveyed
	var key string
	var reasons []string
	for _, k := range []struct {
		attribute string
		all       sector
	}{
		{"createdDateTime", createdRange{now: c.opts.Now()}},
		{"userPrincipalName", namePrefixes{""}},
	} {
		survey := surveyor{count: c.countUsers, size: size}
		sectors, why, err := survey.survey(ctx, k.all, total)
		if err != nil {
			return refresh.Cover{}, c.needingUsers(err)
		}
		if len(sectors) < 2 {
			reasons = append(reasons, k.attribute+" "+why)
			continue
		}
		if best == nil || largest(sectors) < largest(best) {
			best, key = sectors, k.attribute
		}
		if largest(best) <= 2*size {
			break
		}
	}
	if best == nil {
		return c.serialCover(ctx, total, "the users are read one page after another; "+strings.Join(reasons, "; "))
	}
	cover := refresh.Cover{Key: key}
	for _, s := range best {
		link, err := c.listingLink(ctx, s.filter())
		if err != nil {
			return refresh.Cover{}, err
		}
		cover.Partitions = append(cover.Partitions, refresh.Partition{Link: link, Users: s.users})
	}
	return cover, nil
}

// serialCover is one partition of everybody.
func (c *Client) serialCover(ctx context.Context, total int, note string) (refresh.Cover, error) {
	link, err := c.listingLink(ctx, "")
	return refresh.Cover{Partitions: []refresh.Partition{{Link: link, Users: total}}, Note: note}, err
}

// listingLink is the first page of a listing. It does not ask for counts, which
// would exclude the manager.
func (c *Client) listingLink(ctx context.Context, filter string) (string, error) {
	info, err := c.usersInfo(ctx, usersRequest{names: c.selection(), filter: filter, top: pageSize})
	if err != nil {
		return "", fmt.Errorf("graph: building the request: %w", err)
	}
	link, err := info.GetUri()
	if err != nil {
		return "", fmt.Errorf("graph: building the request: %w", err)
	}
	return link.String(), nil
}
