package emulator

import (
	"iter"
	"slices"
	"strconv"
	"strings"
	"time"

	"rollcall/graph/emulator/odata"
	"rollcall/graph/emulator/seed"
)

// memberTypes are the types of Graph by member type; the ones without a name
// are invisible to v1.0 members: service principals by a known issue, dynamic
// distribution lists because Graph does not know them.
var memberTypes = map[seed.MemberType]string{
	seed.MemberUser:    "user",
	seed.MemberGroup:   "group",
	seed.MemberContact: "orgContact",
	seed.MemberDevice:  "device",
}

// members answers GET /groups/{id}/members and transitiveMembers, with or
// without a cast.
func (g *graph) members(c *call, arguments []string) (*reply, *graphError) {
	grp, cast, refused := g.groupAndCast(c, arguments)
	if refused != nil {
		return nil, refused
	}
	if strings.EqualFold(c.segments[2], "transitiveMembers") {
		return g.memberPage(c, memberContext(cast), func(at time.Time) []seed.Member { return g.transitive(c, grp, at) }, cast)
	}
	return g.directPage(c, grp, cast)
}

// groupAndCast are what a membership path names: a group, and the cast or "".
func (g *graph) groupAndCast(c *call, arguments []string) (*seed.Group, string, *graphError) {
	grp, refused := g.findGroup(arguments[0])
	if refused != nil {
		return nil, "", refused
	}
	cast, refused := castOf(c, grp, arguments)
	return grp, cast, refused
}

// castOf reads the cast of a membership path. With any other query parameter
// it needs the advanced ones; to a type that the group cannot hold it is
// refused.
func castOf(c *call, grp *seed.Group, arguments []string) (string, *graphError) {
	if len(arguments) < 2 {
		return "", nil
	}
	cast := arguments[1]
	others := slices.ContainsFunc([]string{"$filter", "$search", "$orderby", "$expand", "$select", "$top", "$count"}, c.query.Has)
	if others && !c.countSegment() && (!c.eventual() || !strings.EqualFold(c.query.Get("$count"), "true")) {
		return "", unsupportedQuery("Unsupported Query.")
	}
	if cast != "user" && slices.Contains(grp.GroupTypes, "Unified") {
		return "", unsupportedQuery("The specified cast to 'microsoft.graph." + cast + "' is not supported for this group.")
	}
	return cast, nil
}

func (c *call) countSegment() bool { return c.segments[len(c.segments)-1] == "$count" }

func memberContext(cast string) string {
	if cast == "" {
		return "directoryObjects"
	}
	return cast + "s"
}

// membersCount answers the $count of a membership.
func (g *graph) membersCount(c *call, arguments []string) (*reply, *graphError) {
	return g.countOf(c, arguments, func(grp *seed.Group) iter.Seq[seed.Member] {
		if strings.EqualFold(c.segments[2], "transitiveMembers") {
			return slices.Values(g.transitive(c, grp, g.listedAt()))
		}
		return g.directMembers(c, grp, g.listedAt())
	})
}

// countOf counts the objects of a group's list that pass the cast and the query.
func (g *graph) countOf(c *call, arguments []string, list func(*seed.Group) iter.Seq[seed.Member]) (*reply, *graphError) {
	if refused := c.requireEventual(); refused != nil {
		return nil, refused
	}
	grp, cast, refused := g.groupAndCast(c, arguments)
	if refused != nil {
		return nil, refused
	}
	q, refused := c.parse(odata.Members())
	if refused != nil {
		return nil, refused
	}
	n := 0
	for m := range list(grp) {
		if g.lets(q, m, cast) {
			n++
		}
	}
	return countReply(n), nil
}

// hides reports whether the group's membership is hidden from the call. The
// list is then empty, not refused.
func (g *graph) hides(c *call, grp *seed.Group) bool {
	return grp.Visibility == "HiddenMembership" && !g.grants(c, []string{"Member.Read.Hidden"})
}

// listedAt is the time as of which members are listed: zero for now, or what
// has been replicated so far.
func (g *graph) listedAt() time.Time {
	if g.faults.set.Lag <= 0 {
		return time.Time{}
	}
	return g.now().Add(-g.faults.set.Lag)
}

// everyMember are the members of a group that Graph knows, as of a time.
func (g *graph) everyMember(c *call, grp *seed.Group, at time.Time) iter.Seq[seed.Member] {
	return func(yield func(seed.Member) bool) {
		if g.hides(c, grp) {
			return
		}
		all := g.tenant.Members(grp.Index)
		if !at.IsZero() {
			all = slices.Values(g.tenant.MembersAt(grp.Index, at))
		}
		for m := range all {
			if typeName(m.Type) != "" && !yield(m) {
				return
			}
		}
	}
}

// directMembers are the members that a listing of v1.0 shows.
func (g *graph) directMembers(c *call, grp *seed.Group, at time.Time) iter.Seq[seed.Member] {
	return func(yield func(seed.Member) bool) {
		for m := range g.everyMember(c, grp, at) {
			if _, visible := memberTypes[m.Type]; visible && !yield(m) {
				return
			}
		}
	}
}

// transitive walks nested groups breadth first; each object comes once, and
// cycles end.
func (g *graph) transitive(c *call, grp *seed.Group, at time.Time) []seed.Member {
	key := grp.ID
	if c.token.has("Member.Read.Hidden") {
		key += "+hidden" // sees more: not the same list
	}
	if c.query.Has("$skiptoken") {
		if rows, ok := g.expanded.get(key); ok {
			return rows
		}
	}
	seen := make(map[seed.Member]struct{})
	var out []seed.Member
	level := []*seed.Group{grp}
	visited := map[int]struct{}{grp.Index: {}}
	for len(level) > 0 {
		var below []*seed.Group
		for _, outer := range level {
			for m := range g.directMembers(c, outer, at) {
				if _, again := seen[m]; again {
					continue
				}
				seen[m] = struct{}{}
				out = append(out, m)
				if m.Type != seed.MemberGroup {
					continue
				}
				if _, again := visited[m.Index]; again {
					continue
				}
				visited[m.Index] = struct{}{}
				if nested, ok := g.tenant.Group(m.Index); ok {
					below = append(below, &nested)
				}
			}
		}
		level = below
	}
	g.expanded.put(key, out)
	return out
}

// lets reports whether a member passes the cast and the query.
func (g *graph) lets(q *odata.Query, m seed.Member, cast string) bool {
	if cast != "" && memberTypes[m.Type] != cast {
		return false
	}
	if q.Filter == nil && q.Search == nil {
		return true
	}
	o, ok := g.object(m)
	return ok && q.Match(o)
}

// asObject hands on what the directory answered as an object to query.
func asObject[T any, P interface {
	*T
	odata.Object
}](v T, ok bool) (odata.Object, bool) {
	return P(&v), ok
}

// object is a member's record.
func (g *graph) object(m seed.Member) (odata.Object, bool) {
	switch m.Type {
	case seed.MemberUser:
		return asObject(g.tenant.User(m.Index))
	case seed.MemberGroup:
		return asObject(g.tenant.Group(m.Index))
	case seed.MemberContact:
		return asObject(g.tenant.Contact(m.Index))
	case seed.MemberDevice:
		return asObject(g.tenant.Device(m.Index))
	case seed.MemberServicePrincipal:
		return asObject(g.tenant.ServicePrincipal(m.Index))
	}
	return nil, false
}

// directPage writes a page of direct members, read from the directory where
// the page begins.
func (g *graph) directPage(c *call, grp *seed.Group, cast string) (*reply, *graphError) {
	q, refused := c.parse(odata.Members())
	if refused != nil {
		return nil, refused
	}
	if len(q.OrderBy) > 0 || g.faults.set.Lag > 0 {
		return g.memberPage(c, memberContext(cast), func(at time.Time) []seed.Member {
			return slices.Collect(g.directMembers(c, grp, at))
		}, cast)
	}
	start, refused := g.resume(c)
	if refused != nil {
		return nil, refused
	}
	total := -1
	if q.Count && start.Offset == 0 {
		total = 0
		for m := range g.directMembers(c, grp, time.Time{}) {
			if g.lets(q, m, cast) {
				total++
			}
		}
	}
	size := pageSize(q)
	page := g.begin(memberContext(cast)+selectContext(q.Select), total)
	w := g.memberWriter(c, q.Select)
	next := start.Offset
	if g.hides(c, grp) {
		next = -1
	}
	for next >= 0 && page.rows < size {
		var some []seed.Member
		some, next = g.tenant.MembersFrom(grp.Index, next, size-page.rows)
		for _, m := range some {
			if _, visible := memberTypes[m.Type]; visible && g.lets(q, m, cast) {
				page.row()
				page.b = w.append(page.b, m)
			}
		}
	}
	link := ""
	if next >= 0 {
		link = g.nextLink(c, position{Offset: next})
	}
	return page.end("@odata.nextLink", link), nil
}

// memberPage writes a page of a list of members that is at hand as a whole. All
// pages of a listing show it as of the same time, which is zero for now.
func (g *graph) memberPage(c *call, context string, list func(at time.Time) []seed.Member, cast string) (*reply, *graphError) {
	q, refused := c.parse(odata.Members())
	if refused != nil {
		return nil, refused
	}
	start, refused := g.resume(c)
	if refused != nil {
		return nil, refused
	}
	at := g.listedAt()
	if start.At != 0 {
		at = time.Unix(0, start.At)
	}
	all := list(at)
	if cast != "" || q.Filter != nil || q.Search != nil {
		all = slices.DeleteFunc(slices.Clone(all), func(m seed.Member) bool { return !g.lets(q, m, cast) })
	}
	if len(q.OrderBy) > 0 {
		all = g.sortMembers(q, all)
	}
	total := -1
	if q.Count && start.Offset == 0 {
		total = len(all)
	}
	from := min(int(start.Offset), len(all))
	until := min(from+pageSize(q), len(all))
	page := g.begin(context+selectContext(q.Select), total)
	w := g.memberWriter(c, q.Select)
	for _, m := range all[from:until] {
		page.row()
		page.b = w.append(page.b, m)
	}
	link := ""
	if until < len(all) {
		next := position{Offset: int64(until)}
		if !at.IsZero() {
			next.At = at.UnixNano()
		}
		link = g.nextLink(c, next)
	}
	return page.end("@odata.nextLink", link), nil
}

// always is a list that no lag concerns.
func always(all []seed.Member) func(time.Time) []seed.Member {
	return func(time.Time) []seed.Member { return all }
}

func (g *graph) sortMembers(q *odata.Query, all []seed.Member) []seed.Member {
	type row struct {
		m seed.Member
		o odata.Object
	}
	rows := make([]row, 0, len(all))
	for _, m := range all {
		if o, ok := g.object(m); ok {
			rows = append(rows, row{m, o})
		}
	}
	slices.SortStableFunc(rows, func(a, b row) int { return q.Compare(a.o, b.o) })
	out := make([]seed.Member, 0, len(rows))
	for _, r := range rows {
		out = append(out, r.m)
	}
	return out
}

// memberWriter writes directory objects of any type for one call. A type that
// the token may not read comes with limited information: type and id, and null
// for the rest. Source: Graph documentation, "Limited information returned for
// inaccessible member objects".
type memberWriter struct {
	g          *graph
	c          *call
	users      userShape
	names      map[*resourceType][]string
	selectedID bool
	readable   map[seed.MemberType]bool
	user       seed.User // the one being written
}

func (g *graph) memberWriter(c *call, selection []string) *memberWriter {
	users, _ := g.shapes.shape(selection, true) // lenient: never refused
	w := &memberWriter{g: g, c: c, users: users, names: make(map[*resourceType][]string), readable: make(map[seed.MemberType]bool)}
	for _, t := range []*resourceType{groupType, contactType, deviceType, servicePrincipalType} {
		w.names[t], _ = t.choose(selection, true)
	}
	w.selectedID = len(selection) == 0 || slices.ContainsFunc(selection, func(s string) bool { return strings.EqualFold(s, "id") })
	return w
}

// memberPermissions are what reading a member's properties takes, by type.
var memberPermissions = map[seed.MemberType][]string{
	seed.MemberUser:             usersRead,
	seed.MemberGroup:            groupsRead,
	seed.MemberContact:          contactsRead,
	seed.MemberDevice:           devicesRead,
	seed.MemberServicePrincipal: appsRead,
}

func (w *memberWriter) mayRead(t seed.MemberType) bool {
	may, known := w.readable[t]
	if !known {
		may = w.g.grants(w.c, memberPermissions[t])
		w.readable[t] = may
		if may && t == seed.MemberUser && !w.g.grants(w.c, fullUsersRead) {
			w.users = w.users.basicOnly()
		}
	}
	return may
}

// append writes one object.
func (w *memberWriter) append(b []byte, m seed.Member) []byte {
	o := beginObject(b)
	o.string("@odata.type", "#microsoft.graph."+typeName(m.Type))
	id := w.g.tenant.ID(m)
	if !w.mayRead(m.Type) {
		o.string("id", id)
		for _, p := range w.users.properties {
			if p.name != "id" {
				o.name(p.name)
				o.b = append(o.b, "null"...)
			}
		}
		return o.end()
	}
	switch m.Type {
	case seed.MemberUser:
		if w.g.tenant.LoadUser(m.Index, &w.user) {
			w.users.write(&o, &w.user)
		}
	case seed.MemberGroup:
		w.generic(&o, groupType, m)
	case seed.MemberContact:
		w.generic(&o, contactType, m)
	case seed.MemberDevice:
		w.generic(&o, deviceType, m)
	case seed.MemberServicePrincipal:
		w.generic(&o, servicePrincipalType, m)
	}
	if !w.selectedID {
		o.string("id", id) // collections of directoryObject always have one
	}
	return o.end()
}

func (w *memberWriter) generic(o *object, t *resourceType, m seed.Member) {
	if v, ok := w.g.object(m); ok {
		t.write(o, v, w.names[t])
	}
}

func typeName(t seed.MemberType) string {
	if t == seed.MemberServicePrincipal {
		return "servicePrincipal"
	}
	return memberTypes[t]
}

// directoryObject answers GET /directoryObjects/{id}.
func (g *graph) directoryObject(c *call, arguments []string) (*reply, *graphError) {
	m, ok := g.tenant.Find(arguments[0])
	if !ok || typeName(m.Type) == "" {
		return nil, notFound(arguments[0])
	}
	body := g.memberWriter(c, selected(c)).append(nil, m)
	return jsonReply(withContext(body, g.baseURL+"/v1.0/$metadata#directoryObjects/$entity")), nil
}

// withContext puts @odata.context before an object's other members.
func withContext(object []byte, context string) []byte {
	return slices.Concat([]byte(`{"@odata.context":`), strconv.AppendQuote(nil, context), []byte{','}, object[1:])
}

// maxGetByIDs bounds directoryObjects/getByIds.
const maxGetByIDs = 1000

// getByIDs answers POST /directoryObjects/getByIds: the objects that there
// are, in any order; ids that lead nowhere are left out.
func (g *graph) getByIDs(c *call, _ []string) (*reply, *graphError) {
	var body struct {
		IDs   []string `json:"ids"`
		Types []string `json:"types"`
	}
	if refused := c.decode(&body); refused != nil {
		return nil, refused
	}
	if len(body.IDs) > maxGetByIDs {
		return nil, badRequest("Too many ids: the limit is " + strconv.Itoa(maxGetByIDs) + ".")
	}
	page := g.begin("directoryObjects", -1)
	w := g.memberWriter(c, selected(c))
	for _, id := range body.IDs {
		m, ok := g.tenant.Find(id)
		if !ok || (len(body.Types) > 0 && !slices.Contains(body.Types, typeName(m.Type))) || typeName(m.Type) == "" {
			continue
		}
		page.row()
		page.b = w.append(page.b, m)
	}
	return page.end("", ""), nil
}
