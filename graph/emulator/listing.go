package emulator

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"rollcall/graph/emulator/odata"
	"rollcall/graph/emulator/seed"
)

// listing is the users of a query, in its order.
type listing interface {
	// count is how many there are.
	count() int
	// from begins at a position, or where a zero one says: at the start.
	from(start position) cursor
}

// cursor goes through a listing.
type cursor interface {
	// next moves to the next matching user; false after the last one.
	next() bool
	// user is that user: nil if it has gone since, or matches no longer. It is
	// overwritten by the next one.
	user() *seed.User
	// position is where a page begins whose first user it is.
	position() position
}

// listing prepares a users query. Where the filter pins down an id, a name or
// an address, the directory is asked; where it names a range of names or of
// times, its index is read; else all users are looked at.
func (g *graph) listing(c *call, q *odata.Query, start position) listing {
	slots := &slotListing{tenant: g.tenant, query: q}
	if path, values, ok := q.Filter.Equals(); ok {
		if find := g.finder(path); find != nil {
			slots.only = []int32{}
			for _, v := range values {
				if i, found := find(v); found && !slices.Contains(slots.only, int32(i)) {
					slots.only = append(slots.only, int32(i))
				}
			}
		}
	}
	if len(q.OrderBy) > 0 {
		key := fmt.Sprint(c.sortKey(), "\x00", g.tenant.Seq())
		sorted, ok := g.sorted.get(key)
		if !ok {
			sorted = slots.sorted()
			g.sorted.put(key, sorted)
		}
		slots.only = sorted
	}
	if slots.only == nil {
		if indexed := g.indexed(q, start.Order); indexed != nil {
			return indexed
		}
	}
	return slots
}

// The orders of positions in an index.
const (
	orderName     = "n"
	orderCreation = "c"
)

// indexed is the listing of a filter that names ranges; nil when it names
// none. A page goes on in the order that the first one chose.
func (g *graph) indexed(q *odata.Query, order string) listing {
	var names, creations listing
	var most [2]int
	if bounds, ok := q.Filter.Prefixes("userPrincipalName"); ok && order != orderCreation {
		l := &rangeListing[string]{
			tenant: g.tenant, index: g.tenant.ByName(), query: q, bounds: bounds,
			place: func(p position) seed.Place[string] { return seed.Place[string]{Key: p.Name, User: int(p.Offset)} },
			at: func(p seed.Place[string]) position {
				return position{Order: orderName, Name: p.Key, Offset: int64(p.User)}
			},
		}
		if rest, ok := bounds.Rest.Moments("createdDateTime"); ok && rest.Rest == nil {
			l.passes = within(rest, g.tenant.ByCreation())
		}
		names, most[0] = l, l.within()
	}
	if bounds, ok := q.Filter.Moments("createdDateTime"); ok && order != orderName {
		l := &rangeListing[int64]{
			tenant: g.tenant, index: g.tenant.ByCreation(), query: q, bounds: bounds,
			place: func(p position) seed.Place[int64] { return seed.Place[int64]{Key: p.Unix, User: int(p.Offset)} },
			at: func(p seed.Place[int64]) position {
				return position{Order: orderCreation, Unix: p.Key, Offset: int64(p.User)}
			},
		}
		if rest, ok := bounds.Rest.Prefixes("userPrincipalName"); ok && rest.Rest == nil {
			l.passes = within(rest, g.tenant.ByName())
		}
		creations, most[1] = l, l.within()
	}
	if creations == nil || names != nil && most[0] <= most[1] {
		return names
	}
	return creations
}

// finder is the directory's own index on a property; nil when it has none.
func (g *graph) finder(path string) func(string) (int, bool) {
	switch strings.ToLower(path) {
	case "id":
		return g.tenant.FindUser
	case "userprincipalname":
		return g.tenant.FindUserByUPN
	case "proxyaddresses":
		return func(v string) (int, bool) {
			_, address, ok := strings.Cut(v, ":")
			if !ok {
				return 0, false
			}
			return g.tenant.FindUserByAddress(address)
		}
	}
	return nil
}

// slotListing goes through all users by their numbers, or through some.
type slotListing struct {
	tenant *seed.Tenant
	query  *odata.Query
	only   []int32 // in this order; nil: all
}

func (l *slotListing) count() int {
	if l.query.Filter == nil && l.query.Search == nil {
		return l.tenant.UserCount()
	}
	return countAll(l)
}

func (l *slotListing) from(start position) cursor {
	n := int64(l.tenant.UserSlots())
	if l.only != nil {
		n = int64(len(l.only))
	}
	return &slotCursor{slotListing: l, scanned: scannedUser{tenant: l.tenant, query: l.query}, at: start.Offset - 1, end: n}
}

// sorted are the numbers of the matching users by $orderby. Of each user it
// holds no more than what it is sorted by.
func (l *slotListing) sorted() []int32 {
	var rows []sortRow
	for c := l.from(position{}); c.next(); {
		u := c.user()
		if u == nil {
			continue
		}
		row := sortRow{user: int32(u.Index), by: l.query.OrderBy, values: make([]any, 0, len(l.query.OrderBy))}
		for _, o := range l.query.OrderBy {
			v, _ := u.Property(o.Property)
			row.values = append(row.values, v)
		}
		rows = append(rows, row)
	}
	slices.SortStableFunc(rows, func(a, b sortRow) int { return l.query.Compare(&a, &b) })
	order := make([]int32, 0, len(rows))
	for _, r := range rows {
		order = append(order, r.user)
	}
	return order
}

// sortRow is a user as $orderby sees it.
type sortRow struct {
	user   int32
	by     []odata.Order
	values []any // by the terms of by
}

// Property satisfies odata.Object.
func (r *sortRow) Property(path string) (any, bool) {
	for i, o := range r.by {
		if o.Property == path {
			return r.values[i], true
		}
	}
	return nil, false
}

type slotCursor struct {
	*slotListing
	scanned scannedUser
	at, end int64
}

func (c *slotCursor) next() bool {
	for c.at++; c.at < c.end; c.at++ {
		i := int(c.at)
		if c.only != nil {
			i = int(c.only[c.at])
		}
		c.scanned.turn(i)
		if c.tenant.Present(i) && c.query.Match(&c.scanned) {
			return true
		}
	}
	return false
}

func (c *slotCursor) user() *seed.User { return c.scanned.user() }

func (c *slotCursor) position() position { return position{Offset: c.at} }

// rangeListing goes through the users within some ranges of an index.
type rangeListing[K cmp.Ordered] struct {
	tenant *seed.Tenant
	index  *seed.Index[K]
	query  *odata.Query
	bounds odata.Bounds[K]
	passes func(user int) bool // what is left of the filter, where keys tell; nil: where Match must
	place  func(position) seed.Place[K]
	at     func(seed.Place[K]) position
}

// within is how many users the ranges hold, whether they match or not.
func (l *rangeListing[K]) within() int {
	n := 0
	for _, i := range l.bounds.Intervals {
		n += l.index.Count(i.From, i.To)
	}
	return n
}

func (l *rangeListing[K]) count() int {
	if l.bounds.Rest == nil && l.query.Search == nil {
		return l.within()
	}
	return countAll(l)
}

func (l *rangeListing[K]) from(start position) cursor {
	c := &rangeCursor[K]{rangeListing: l, scanned: scannedUser{tenant: l.tenant, query: l.query}, rest: l.bounds.Intervals}
	if start.Order == "" {
		c.enter()
		return c
	}
	begin := l.place(start)
	for len(c.rest) > 0 && c.rest[0].To <= begin.Key {
		c.rest = c.rest[1:]
	}
	c.enter()
	if len(c.rest) > 0 && begin.Key >= c.rest[0].From {
		c.begin = begin
	}
	return c
}

type rangeCursor[K cmp.Ordered] struct {
	*rangeListing[K]
	scanned scannedUser
	rest    []odata.Interval[K] // the first is being read
	begin   seed.Place[K]       // from here on
	hits    []seed.Hit[K]       // read ahead
	taken   int                 // of hits
}

// readAhead is how many users are taken from an index at once: a page and one.
const readAhead = odata.MaxTop + 1

// enter begins the next interval.
func (c *rangeCursor[K]) enter() {
	if len(c.rest) > 0 {
		c.begin = seed.Place[K]{Key: c.rest[0].From}
	}
}

func (c *rangeCursor[K]) next() bool {
	for {
		for c.taken < len(c.hits) {
			c.scanned.turn(c.hits[c.taken].User)
			c.taken++
			if c.passing() && c.query.Search.Match(&c.scanned) {
				return true
			}
		}
		if c.taken > 0 {
			if c.taken == readAhead {
				last := c.index.Place(c.hits[c.taken-1])
				c.begin = seed.Place[K]{Key: last.Key, User: last.User + 1}
			} else {
				c.rest = c.rest[1:]
				c.enter()
			}
		}
		if len(c.rest) == 0 {
			return false
		}
		c.hits, c.taken = c.index.Users(c.begin, c.rest[0].To, readAhead), 0
		if len(c.hits) == 0 {
			c.rest = c.rest[1:]
			c.enter()
		}
	}
}

// passing reports whether the user meets what the ranges leave of the filter.
func (c *rangeCursor[K]) passing() bool {
	if c.passes != nil {
		return c.passes(c.scanned.index)
	}
	return c.bounds.Rest.Match(&c.scanned)
}

// within tells by their keys whether users are inside of bounds.
func within[K cmp.Ordered](bounds odata.Bounds[K], index *seed.Index[K]) func(user int) bool {
	return func(user int) bool {
		key, ok := index.Key(user)
		return ok && slices.ContainsFunc(bounds.Intervals, func(i odata.Interval[K]) bool { return key >= i.From && key < i.To })
	}
}

func (c *rangeCursor[K]) user() *seed.User { return c.scanned.user() }

func (c *rangeCursor[K]) position() position { return c.at(c.index.Place(c.hits[c.taken-1])) }

// countAll goes through a listing.
func countAll(l listing) int {
	n := 0
	for c := l.from(position{}); c.next(); {
		n++
	}
	return n
}

// scannedUser is the user under a filter. What a sync partitions by costs the
// directory a fraction of the whole record, which is computed only when
// something else is asked for.
type scannedUser struct {
	tenant *seed.Tenant
	query  *odata.Query
	index  int
	loaded bool
	there  bool
	record seed.User
}

// turn goes to another user.
func (s *scannedUser) turn(index int) { s.index, s.loaded = index, false }

func (s *scannedUser) load() bool {
	if !s.loaded {
		s.there = s.tenant.LoadUser(s.index, &s.record)
		s.loaded = true
	}
	return s.there
}

// user is the whole record; nil where it differs by now from what was found.
func (s *scannedUser) user() *seed.User {
	if !s.load() || !s.query.Match(&s.record) {
		return nil
	}
	return &s.record
}

// Property satisfies odata.Object.
func (s *scannedUser) Property(path string) (any, bool) {
	if !s.loaded {
		switch {
		case strings.EqualFold(path, "userPrincipalName"):
			if name, ok := s.tenant.UserPrincipalName(s.index); ok {
				return name, true
			}
			return nil, false
		case strings.EqualFold(path, "createdDateTime"):
			if at, ok := s.tenant.CreatedDateTime(s.index); ok && !at.IsZero() {
				return at, true
			}
			return nil, true
		}
	}
	if !s.load() {
		return nil, false
	}
	return s.record.Property(path)
}
