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
	q, refused := odata.Parse(query, odata.Options{Consistency: c.eventual(), Table: table})
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

// sortedCache keeps the orders that $orderby made, so that the later pages of
// a listing do not sort the directory again. It is a small ring: the oldest
// order goes first.
type sortedCache struct {
	mu   sync.Mutex
	keys []string
	rows [][]int32
}

const sortedCacheSize = 8

func (s *sortedCache) get(key string, make func() []int32) []int32 {
	s.mu.Lock()
	if i := slices.Index(s.keys, key); i >= 0 {
		rows := s.rows[i]
		s.mu.Unlock()
		return rows
	}
	s.mu.Unlock()
	rows := make()
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.keys) == sortedCacheSize {
		s.keys, s.rows = slices.Delete(s.keys, 0, 1), slices.Delete(s.rows, 0, 1)
	}
	s.keys, s.rows = append(s.keys, key), append(s.rows, rows)
	return rows
}

// sortKey names the rows of a query: what filters and orders it.
func (c *call) sortKey() string {
	return strings.Join([]string{c.resource(), c.query.Get("$filter"), c.query.Get("$search"), c.query.Get("$orderby")}, "\x00")
}
