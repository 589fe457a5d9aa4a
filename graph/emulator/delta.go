package emulator

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"rollcall/graph/emulator/odata"
	"rollcall/graph/emulator/seed"
)

const (
	// deltaPage is the server-chosen page size of users/delta, as reported
	// from the field.
	deltaPage = 200
	// deltaAge is how long a delta token of a directory object lives. Source:
	// Graph documentation, "Use delta query", token duration.
	deltaAge = 7 * 24 * time.Hour
	// maxDeltaIDs bounds $filter on ids.
	maxDeltaIDs = 50
	// rowBytes is about what a record takes on the wire.
	rowBytes = 700
)

// deltaPath is where every users delta link leads.
const deltaPath = "users/delta"

// usersDelta answers GET /users/delta in all its steps.
func (g *graph) usersDelta(c *call, _ []string) (*reply, *graphError) {
	skip, delta := c.query.Get("$skiptoken"), c.query.Get("$deltatoken")
	if delta == "" {
		delta = c.query.Get("$deltaToken") // the older spelling
	}
	switch {
	case skip != "":
		p, refused := g.openDelta(c, skip)
		if refused != nil {
			return nil, refused
		}
		return g.deltaPageAt(c, p)
	case strings.EqualFold(delta, "latest"):
		p, refused := g.newDelta(c)
		if refused != nil {
			return nil, refused
		}
		p.Since = g.tenant.Seq()
		return g.deltaEnd(g.begin(deltaContext(p), -1), p)
	case delta != "":
		p, refused := g.openDelta(c, delta)
		if refused != nil {
			return nil, refused
		}
		p.Until = g.tenant.Seq()
		if g.faults.strikes(faultReplay, c.path) {
			p.Since -= min(p.Since, replayed)
		}
		return g.deltaPageAt(c, p)
	default: // none, or the empty one that a 410's Location holds
		p, refused := g.newDelta(c)
		if refused != nil {
			return nil, refused
		}
		p.Crawl, p.Since = true, g.tenant.Seq()
		return g.deltaPageAt(c, p)
	}
}

// replayed is how many of the last changes a round repeats that replays.
const replayed = 3

// newDelta begins a round from the query options, which the tokens then carry.
// $top, $expand and $orderby are ignored, as the service does.
func (g *graph) newDelta(c *call) (position, *graphError) {
	p := position{Select: selected(c)}
	if _, refused := g.shapeFor(c, p.Select); refused != nil {
		return p, refused
	}
	filter := c.query.Get("$filter")
	if filter == "" {
		return p, nil
	}
	q, err := odata.Parse(url.Values{"$filter": {filter}}, odata.Options{Table: odata.UsersDelta()})
	if err != nil {
		return p, unsupportedQuery("Unsupported Query.")
	}
	_, ids, ok := q.Filter.Equals()
	if !ok {
		return p, unsupportedQuery("Unsupported Query.")
	}
	if len(ids) > maxDeltaIDs {
		return p, unsupportedQuery("Too many object ids in the filter: the limit is 50.")
	}
	p.IDs = ids
	return p, nil
}

// openDelta reads a delta link's token. The parameters of a link are all in
// its token: with any other beside it, it is not the link that was handed out.
func (g *graph) openDelta(c *call, token string) (position, *graphError) {
	p, ok := g.links.open(deltaPath, c.query, token)
	if !ok {
		return p, g.foreign(c)
	}
	g.mu.Lock()
	boot := g.boot
	g.mu.Unlock()
	switch {
	case g.faults.strikes(faultGone, c.path), p.Boot != boot, p.Since > g.tenant.Seq():
		return p, g.gone(p)
	case g.faults.strikes(faultLost, c.path):
		// The documentation names a "40X-series error".
		statuses := []int{http.StatusBadRequest, http.StatusNotFound}
		return p, syncStateNotFound(statuses[g.faults.below(len(statuses))])
	case g.now().Sub(time.Unix(p.Issued, 0)) > deltaAge:
		return p, syncStateNotFound(http.StatusBadRequest)
	}
	return p, nil
}

func syncStateNotFound(status int) *graphError {
	return refuse(status, "syncStateNotFound", "The sync state generation is not found. The delta token is expired and data must be synchronized again.")
}

// gone tells the client to start over at the URL in Location.
func (g *graph) gone(p position) *graphError {
	query := url.Values{"$deltatoken": {""}}
	if len(p.Select) > 0 {
		query.Set("$select", strings.Join(p.Select, ","))
	}
	e := refuse(http.StatusGone, "syncStateNotFound", "The server cannot continue from this token: synchronize again from the URL in the Location header.")
	e.header = http.Header{"Location": {g.baseURL + "/v1.0/" + deltaPath + "?" + encodeQuery(query)}}
	return e
}

// deltaLink is a URL of a delta round: name is $skiptoken or $deltatoken.
func (g *graph) deltaLink(name string, p position) string {
	g.mu.Lock()
	p.Boot, p.Issued = g.boot, g.now().Unix()
	g.mu.Unlock()
	return g.baseURL + "/v1.0/" + deltaPath + "?" + name + "=" + g.links.token(deltaPath, nil, p)
}

func deltaContext(p position) string {
	return "users" + selectContext(p.Select) + "/$delta"
}

// deltaEnd closes a round with the link to the next one.
func (g *graph) deltaEnd(page *collection, p position) (*reply, *graphError) {
	p.Crawl, p.Offset, p.Until, p.Turn = false, 0, 0, 0
	return page.end("@odata.deltaLink", g.deltaLink("$deltatoken", p)), nil
}

// deltaPageAt writes the page at a position of a round.
func (g *graph) deltaPageAt(c *call, p position) (*reply, *graphError) {
	shape, refused := g.shapeFor(c, p.Select)
	if refused != nil {
		return nil, refused
	}
	page := g.begin(deltaContext(p), -1)
	if g.leadsOn(c, p) {
		p.Turn++
		return page.end("@odata.nextLink", g.deltaLink("$skiptoken", p)), nil
	}
	var records [][]byte
	var next int64
	if p.Crawl {
		records, next = g.crawl(p, shape)
	} else {
		records, next = g.round(c, p, shape)
	}
	if g.faults.strikes(faultStranger, c.path) {
		records = append(records, removedRecord(g.tenant.UserID(neverHired+g.faults.below(neverHired)), seed.UserHardDeleted))
	}
	for _, r := range disturb(g.faults, records) {
		page.row()
		page.b = append(page.b, r...)
	}
	if next >= 0 {
		p.Offset, p.Turn = next, 0
		link := g.deltaLink("$skiptoken", p)
		if g.faults.strikes(faultLoop, c.path) {
			link = g.ownLink(c)
		}
		return page.end("@odata.nextLink", link), nil
	}
	if !p.Crawl {
		p.Since = p.Until
	}
	return g.deltaEnd(page, p)
}

// neverHired is a number above those of any user.
const neverHired = 1 << 30

// leadsOn decides that a page holds nobody and leads to the one that it would
// have been. Two in a row do not.
func (g *graph) leadsOn(c *call, p position) bool {
	return p.Turn == 0 && g.faults.strikes(faultEmpty, c.path)
}

// ownLink is the link that a call came with.
func (g *graph) ownLink(c *call) string {
	return g.baseURL + "/v1.0/" + c.path + "?" + encodeQuery(c.query)
}

// crawl reads one page of the initial round; next below zero is the end.
// Properties that were never set are absent.
func (g *graph) crawl(p position, shape userShape) (records [][]byte, next int64) {
	slots := int64(g.tenant.UserSlots())
	for at := p.Offset; at < slots; at++ {
		u, ok := g.tenant.User(int(at))
		if !ok || !p.concerns(u.ID) {
			continue
		}
		if len(records) == deltaPage {
			return records, at
		}
		o := beginObject(make([]byte, 0, rowBytes))
		for i := range shape.properties {
			if prop := &shape.properties[i]; prop.set(&u) {
				o.name(prop.name)
				o.b = prop.append(o.b, &u)
			}
		}
		identify(&o, shape, u.ID)
		if shape.manager && u.Manager >= 0 {
			g.managerDelta(&o, &u, noManager)
		}
		records = append(records, o.end())
	}
	return records, -1
}

func (p position) concerns(id string) bool {
	return len(p.IDs) == 0 || slices.ContainsFunc(p.IDs, func(x string) bool { return strings.EqualFold(x, id) })
}

// identify adds the id to a record whose selection leaves it out: delta
// records always have one.
func identify(o *object, shape userShape, id string) {
	if shape.selected != nil && !slices.Contains(shape.selected, "id") {
		o.string("id", id)
	}
}

// userChange is all that happened to a user within a round.
type userChange struct {
	user           int
	kind           seed.ChangeKind
	properties     seed.Properties
	managerChanged bool
	formerManager  int  // before the round; -1 when none
	appeared       bool // hired or restored: told whole
}

// merge folds the changes of a round, by user, in the order of their first.
func merge(changes []seed.Change, until uint64) []userChange {
	at := make(map[int]int)
	var out []userChange
	for _, ch := range changes {
		if ch.Seq > until {
			break
		}
		i, seen := at[ch.User]
		if !seen {
			i = len(out)
			at[ch.User] = i
			out = append(out, userChange{user: ch.User, formerManager: noManager})
		}
		m := &out[i]
		m.kind = ch.Kind
		m.properties |= ch.Properties
		if ch.ManagerChanged && !m.managerChanged {
			m.managerChanged, m.formerManager = true, ch.FormerManager
		}
		m.appeared = m.appeared || ch.Kind == seed.UserHired || ch.Kind == seed.UserRestored
	}
	return out
}

// round reads one page of the changes between two points.
func (g *graph) round(c *call, p position, shape userShape) (records [][]byte, next int64) {
	key := fmt.Sprint(p.Since, " ", p.Until)
	changes, ok := g.rounds.get(key)
	if !ok {
		changes = merge(g.tenant.Changes(p.Since, 0), p.Until)
		g.rounds.put(key, changes)
	}
	minimal := c.prefers("return=minimal")
	for at := p.Offset; at < int64(len(changes)); at++ {
		if len(records) == deltaPage {
			return records, at
		}
		if record, ok := g.changeRecord(&changes[at], p, shape, minimal); ok {
			records = append(records, record)
		}
	}
	return records, -1
}

// changeRecord writes what happened to a user; false when none of it is
// selected.
func (g *graph) changeRecord(ch *userChange, p position, shape userShape, minimal bool) ([]byte, bool) {
	id := g.tenant.UserID(ch.user)
	if !p.concerns(id) {
		return nil, false
	}
	u, there := g.tenant.User(ch.user)
	if !there {
		return removedRecord(id, ch.kind), true
	}
	o := beginObject(make([]byte, 0, rowBytes))
	// When one directory extension changes, all that are set are told.
	extended := slices.ContainsFunc(seed.DirectoryExtensions(), ch.properties.Has)
	surfaced := ch.appeared || (shape.selected == nil && ch.properties != 0) || (shape.manager && ch.managerChanged)
	for i := range shape.properties {
		prop := &shape.properties[i]
		changed := ch.properties.Has(prop.name)
		surfaced = surfaced || changed
		// A property that was never set is absent; one that was cleared is
		// null.
		whole := !minimal || ch.appeared || prop.name == "id" || extended && isExtension(prop.name)
		if changed || whole && prop.set(&u) {
			o.name(prop.name)
			o.b = prop.append(o.b, &u)
		}
	}
	if !surfaced {
		return nil, false
	}
	identify(&o, shape, id)
	// manager@delta comes only when the manager itself changed: absent means
	// unchanged.
	if shape.manager && (ch.managerChanged || ch.appeared) {
		g.managerDelta(&o, &u, ch.formerManager)
	}
	return o.end(), true
}

// removedRecord says that a user was deleted.
func removedRecord(id string, kind seed.ChangeKind) []byte {
	reason := "changed" // restorable
	if kind == seed.UserHardDeleted {
		reason = "deleted"
	}
	o := beginObject(nil)
	o.string("id", id)
	o.name("@removed")
	removed := beginObject(o.b)
	removed.string("reason", reason)
	o.b = removed.end()
	return o.end()
}

// noManager is the index of the manager of a user who has none.
const noManager = -1

// managerDelta appends the manager's id, and the former one's as removed; only
// ids are returned.
func (g *graph) managerDelta(o *object, u *seed.User, former int) {
	o.name("manager@delta")
	o.b = append(o.b, '[')
	if u.Manager >= 0 {
		o.b = g.managerEntry(o.b, u.Manager, false)
	}
	if former >= 0 && former != u.Manager {
		if u.Manager >= 0 {
			o.b = append(o.b, ',')
		}
		o.b = g.managerEntry(o.b, former, true)
	}
	o.b = append(o.b, ']')
}

func (g *graph) managerEntry(b []byte, manager int, removed bool) []byte {
	o := beginObject(b)
	o.string("@odata.type", "#microsoft.graph.user")
	o.string("id", g.tenant.UserID(manager))
	if removed {
		o.name("@removed")
		reason := beginObject(o.b)
		reason.string("reason", "deleted")
		o.b = reason.end()
	}
	return o.end()
}
