package emulator

import (
	"fmt"
	"slices"
	"strings"

	"rollcall/graph/emulator/odata"
	"rollcall/graph/emulator/seed"
)

// rowBytes is about what an object with the default properties takes on the
// wire, propertyBytes what one property does.
const (
	rowBytes      = 700
	propertyBytes = 48
)

// userRows are the users of a query, in its order, with the position that
// continues after each.
type userRows struct {
	tenant *seed.Tenant
	query  *odata.Query
	only   []int32 // nil: all slots in their order
}

// rows prepares a users query. Where the filter pins down an id, a name or an
// address, the directory is asked instead of scanned.
func (g *graph) rows(c *call, q *odata.Query) *userRows {
	r := &userRows{tenant: g.tenant, query: q}
	if path, values, ok := q.Filter.Equals(); ok {
		if find := g.finder(path); find != nil {
			r.only = []int32{}
			for _, v := range values {
				if i, found := find(v); found && !slices.Contains(r.only, int32(i)) {
					r.only = append(r.only, int32(i))
				}
			}
		}
	}
	if len(q.OrderBy) > 0 {
		key := fmt.Sprint(c.sortKey(), "\x00", g.tenant.Seq())
		sorted, ok := g.sorted.get(key)
		if !ok {
			sorted = r.order()
			g.sorted.put(key, sorted)
		}
		r.only = sorted
	}
	return r
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

// order sorts the matching users.
func (r *userRows) order() []int32 {
	var out []int32
	users := make(map[int32]*seed.User)
	for i, u := range r.from(0) {
		users[int32(i)] = u
		out = append(out, int32(i))
	}
	slices.SortStableFunc(out, func(a, b int32) int { return r.query.Compare(users[a], users[b]) })
	return out
}

// from yields the matching users from a position on. The position after a
// user is its key plus one; it counts slots, or places in the order.
func (r *userRows) from(position int64) func(yield func(int64, *seed.User) bool) {
	return func(yield func(int64, *seed.User) bool) {
		n := int64(r.tenant.UserSlots())
		if r.only != nil {
			n = int64(len(r.only))
		}
		scanned := scannedUser{tenant: r.tenant}
		for at := position; at < n; at++ {
			i := int(at)
			if r.only != nil {
				i = int(r.only[at])
			}
			scanned.reset(i)
			if !r.query.Match(&scanned) {
				continue
			}
			u, ok := scanned.load()
			if ok && !yield(at, &u) {
				return
			}
		}
	}
}

// scannedUser is the user under a filter. The name of a user costs the
// directory a tenth of the whole record, and it is what a sync partitions by:
// the record is computed only when something else is asked for.
type scannedUser struct {
	tenant *seed.Tenant
	index  int
	loaded bool
	there  bool
	user   seed.User
}

func (s *scannedUser) reset(index int) { s.index, s.loaded = index, false }

func (s *scannedUser) load() (seed.User, bool) {
	if !s.loaded {
		s.user, s.there = s.tenant.User(s.index)
		s.loaded = true
	}
	return s.user, s.there
}

// Property satisfies odata.Object.
func (s *scannedUser) Property(path string) (any, bool) {
	if !s.loaded && strings.EqualFold(path, "userPrincipalName") {
		return s.tenant.UserPrincipalName(s.index)
	}
	s.load()
	return s.user.Property(path)
}

// count is how many users match.
func (r *userRows) count() int {
	if r.query.Filter == nil && r.query.Search == nil {
		return r.tenant.UserCount()
	}
	n := 0
	for range r.from(0) {
		n++
	}
	return n
}

// users answers GET /users.
func (g *graph) users(c *call, _ []string) (*reply, *graphError) {
	q, refused := c.parse(odata.Users())
	if refused != nil {
		return nil, refused
	}
	shape, refused := g.shapeFor(c, q.Select)
	if refused != nil {
		return nil, refused
	}
	start, refused := g.resume(c)
	if refused != nil {
		return nil, refused
	}
	rows := g.rows(c, q)
	total := -1
	if q.Count && start.Offset == 0 {
		total = rows.count()
	}
	size := pageSize(q)
	page := g.begin("users"+selectContext(q.Select), total, size*len(shape.properties)*propertyBytes)
	link := ""
	for at, u := range rows.from(start.Offset) {
		if page.rows == size {
			// There is one more: only then is there a next page.
			link = g.nextLink(c, position{Offset: at})
			break
		}
		page.row()
		o := beginObject(page.b)
		shape.write(&o, u)
		g.expandUser(&o, u, q.Expand)
		page.b = o.end()
	}
	return page.end("@odata.nextLink", link), nil
}

// shapeFor is the shape of users that a call may see.
func (g *graph) shapeFor(c *call, names []string) (userShape, *graphError) {
	shape, refused := g.shapes.shape(names, false)
	if refused != nil {
		return shape, refused
	}
	if !g.grants(c, fullUsersRead) {
		shape = shape.basicOnly()
	}
	return shape, nil
}

// usersCount answers GET /users/$count.
func (g *graph) usersCount(c *call, _ []string) (*reply, *graphError) {
	if refused := c.requireEventual(); refused != nil {
		return nil, refused
	}
	q, refused := c.parse(odata.Users())
	if refused != nil {
		return nil, refused
	}
	return countReply(g.rows(c, q).count()), nil
}

// findUser resolves the key of a users segment: an object id or a UPN.
func (g *graph) findUser(key string) (seed.User, *graphError) {
	i, ok := g.tenant.FindUser(key)
	if !ok {
		i, ok = g.tenant.FindUserByUPN(key)
	}
	if ok {
		if u, there := g.tenant.User(i); there {
			return u, nil
		}
	}
	return seed.User{}, notFound(key)
}

// user answers GET /users/{id}.
func (g *graph) user(c *call, arguments []string) (*reply, *graphError) {
	u, refused := g.findUser(arguments[0])
	if refused != nil {
		return nil, refused
	}
	shape, refused := g.shapeFor(c, selected(c))
	if refused != nil {
		return nil, refused
	}
	return g.oneUser(c, &u, shape, "users")
}

// oneUser writes a single user with its context.
func (g *graph) oneUser(c *call, u *seed.User, shape userShape, context string) (*reply, *graphError) {
	q, refused := c.parse(odata.Users())
	if refused != nil {
		return nil, refused
	}
	o := beginObject(nil)
	o.string("@odata.context", g.baseURL+"/v1.0/$metadata#"+context+selectContext(q.Select)+"/$entity")
	shape.write(&o, u)
	g.expandUser(&o, u, q.Expand)
	return jsonReply(o.end()), nil
}

// expandUser appends the manager that $expand asks for, or the chain of
// managers up to $levels.
func (g *graph) expandUser(o *object, u *seed.User, expands []odata.Expand) {
	for _, e := range expands {
		if !strings.EqualFold(e.Property, "manager") {
			continue
		}
		shape, refused := g.shapes.shape(e.Select, true)
		if refused != nil {
			continue // unreachable: lenient shapes refuse nothing
		}
		g.expandManager(o, u, shape, e.Levels)
	}
}

// expandManager appends one manager and, within, theirs. levels below zero
// have no end: the managers of a tenant form a tree.
func (g *graph) expandManager(o *object, u *seed.User, shape userShape, levels int) {
	if u.Manager < 0 {
		return
	}
	m, ok := g.tenant.User(u.Manager)
	if !ok {
		return
	}
	o.name("manager")
	inner := beginObject(o.b)
	inner.string("@odata.type", "#microsoft.graph.user")
	shape.write(&inner, &m)
	switch {
	case levels < 0:
		g.expandManager(&inner, &m, shape, levels)
	case levels > 1:
		g.expandManager(&inner, &m, shape, levels-1)
	}
	o.b = inner.end()
}

// userManager answers GET /users/{id}/manager.
func (g *graph) userManager(c *call, arguments []string) (*reply, *graphError) {
	u, refused := g.findUser(arguments[0])
	if refused != nil {
		return nil, refused
	}
	return g.managerOf(c, &u)
}

func (g *graph) managerOf(c *call, u *seed.User) (*reply, *graphError) {
	if u.Manager < 0 {
		return nil, notFound("manager")
	}
	m, ok := g.tenant.User(u.Manager)
	if !ok {
		return nil, notFound("manager")
	}
	shape, refused := g.shapeFor(c, selected(c))
	if refused != nil {
		return nil, refused
	}
	o := beginObject(nil)
	o.string("@odata.context", g.baseURL+"/v1.0/$metadata#directoryObjects/$entity")
	o.string("@odata.type", "#microsoft.graph.user")
	shape.write(&o, &m)
	return jsonReply(o.end()), nil
}

// directReports answers GET /users/{id}/directReports.
func (g *graph) directReports(c *call, arguments []string) (*reply, *graphError) {
	u, refused := g.findUser(arguments[0])
	if refused != nil {
		return nil, refused
	}
	var reports []seed.Member
	for _, i := range g.tenant.DirectReports(u.Index) {
		reports = append(reports, seed.Member{Type: seed.MemberUser, Index: i})
	}
	return g.memberPage(c, "directoryObjects", reports, "")
}

// selected are the names of $select.
func selected(c *call) []string {
	var out []string
	for name := range strings.SplitSeq(c.query.Get("$select"), ",") {
		if name = strings.TrimSpace(name); name != "" {
			out = append(out, name)
		}
	}
	return out
}

// selectContext is the part of @odata.context that names the selection.
func selectContext(names []string) string {
	if len(names) == 0 {
		return ""
	}
	return "(" + strings.Join(names, ",") + ")"
}
