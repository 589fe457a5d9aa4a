package emulator

import (
	"slices"
	"strings"

	"rollcall/graph/emulator/odata"
	"rollcall/graph/emulator/seed"
)

// users answers GET /users.
func (g *graph) users(c *call, _ []string) (*reply, *graphError) {
	q, refused := c.parse(g.table)
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
	rows := g.listing(c, q, start)
	total := -1
	if q.Count && !c.query.Has("$skiptoken") {
		total = rows.count()
	}
	size := pageSize(q)
	page := g.begin("users"+selectContext(q.Select), total)
	if g.leadsOn(c, start) {
		start.Turn++
		return page.end("@odata.nextLink", g.nextLink(c, start)), nil
	}
	link := ""
	managers := g.managers(q.Expand)
	users := rows.from(start)
	for users.next() {
		if page.rows == size {
			// There is one more: only then is there a next page.
			link = g.nextLink(c, users.position())
			if g.faults.strikes(faultLoop, c.path) {
				link = g.ownLink(c)
			}
			break
		}
		u := users.user()
		if u == nil {
			continue
		}
		page.row()
		o := beginObject(page.b)
		shape.write(&o, u)
		managers.write(&o, u)
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
	q, refused := c.parse(g.table)
	if refused != nil {
		return nil, refused
	}
	return countReply(g.listing(c, q, position{}).count()), nil
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
	q, refused := c.parse(g.table)
	if refused != nil {
		return nil, refused
	}
	o := beginObject(nil)
	o.string("@odata.context", g.baseURL+"/v1.0/$metadata#"+context+selectContext(q.Select)+"/$entity")
	shape.write(&o, u)
	g.managers(q.Expand).write(&o, u)
	return jsonReply(o.end()), nil
}

// managers writes the managers that $expand asks for.
type managers struct {
	g       *graph
	wanted  bool
	shape   userShape
	idAlone bool // of the next manager
	levels  int  // odata.MaxLevels: to the top, as the managers of a tenant form a tree
}

func (g *graph) managers(expands []odata.Expand) managers {
	m := managers{g: g}
	for _, e := range expands {
		if strings.EqualFold(e.Property, "manager") {
			m.wanted, m.levels = true, max(e.Levels, 1)
			if e.Levels == odata.MaxLevels {
				m.levels = odata.MaxLevels
			}
			m.shape, _ = g.shapes.shape(e.Select, true) // lenient: never refused
			m.idAlone = m.levels == 1 && slices.Equal(m.shape.selected, []string{"id"})
		}
	}
	return m
}

// write appends a user's manager and, within, theirs.
func (m managers) write(o *object, u *seed.User) {
	if !m.wanted || m.levels == 0 || u.Manager < 0 {
		return
	}
	if m.idAlone {
		inner := m.begin(o)
		inner.string("id", m.g.tenant.UserID(u.Manager))
		o.b = inner.end()
		return
	}
	boss, ok := m.g.tenant.User(u.Manager)
	if !ok {
		return
	}
	inner := m.begin(o)
	m.shape.write(&inner, &boss)
	if m.levels != odata.MaxLevels {
		m.levels--
	}
	m.write(&inner, &boss)
	o.b = inner.end()
}

func (m managers) begin(o *object) object {
	o.name("manager")
	inner := beginObject(o.b)
	inner.string("@odata.type", "#microsoft.graph.user")
	return inner
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
	return g.memberPage(c, "directoryObjects", always(reports), "")
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
