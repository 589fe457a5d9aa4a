package emulator

import (
	"cmp"
	"net/url"
	"slices"
	"strings"
	"sync"

	"rollcall/graph/emulator/odata"
)

// Page sizes of directory resources. Source: Graph API reference, "List
// users", "List group members".
const (
	defaultPage = 100
	maxExpanded = 20 // items of an expanded collection, which has no nextLink
)

// parse reads a call's query options. $skiptoken and $deltatoken are ours.
func (c *call) parse(table odata.Table) (*odata.Query, *graphError) {
	query := c.query
	if slices.ContainsFunc(continuation, query.Has) {
		query = make(url.Values, len(c.query))
		for name, values := range c.query {
			if !slices.Contains(continuation, name) {
				query[name] = values
			}
		}
	}
	q, refused := odata.Parse(query, odata.Options{
		Consistency: c.eventual(), Counting: c.segments[len(c.segments)-1] == "$count", Table: table,
	})
	if refused != nil {
		return nil, refuse(refused.Status, refused.Code, refused.Message)
	}
	return q, nil
}

// pageSize is how many rows a page of the query holds.
func pageSize(q *odata.Query) int { return cmp.Or(q.Top, defaultPage) }

// requireEventual refuses a $count segment without the header that its index
// needs.
func (c *call) requireEventual() *graphError {
	if !c.eventual() {
		return badRequest("$count is not currently supported.")
	}
	return nil
}

// listings keeps the rows of listings that cost the whole directory, such as
// those of $orderby and of transitive members, for their later pages. It is a
// small ring: the oldest goes first. The zero value is ready for use.
type listings[T any] struct {
	mu   sync.Mutex
	keys []string
	rows [][]T
}

// maxListings is how many listings are kept.
const maxListings = 8

func (l *listings[T]) get(key string) ([]T, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	i := slices.Index(l.keys, key)
	if i < 0 {
		return nil, false
	}
	return l.rows[i], true
}

func (l *listings[T]) put(key string, rows []T) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if i := slices.Index(l.keys, key); i >= 0 {
		l.rows[i] = rows
		return
	}
	if len(l.keys) == maxListings {
		l.keys, l.rows = slices.Delete(l.keys, 0, 1), slices.Delete(l.rows, 0, 1)
	}
	l.keys, l.rows = append(l.keys, key), append(l.rows, rows)
}

// sortKey names the rows of a query: what filters and orders it.
func (c *call) sortKey() string {
	return strings.Join([]string{c.resource(), c.query.Get("$filter"), c.query.Get("$search"), c.query.Get("$orderby")}, "\x00")
}
