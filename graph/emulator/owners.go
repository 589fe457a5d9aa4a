package emulator

import (
	"iter"
	"net/http"
	"slices"
	"strings"

	"rollcall/graph/emulator/seed"
)

// owners answers GET /groups/{id}/owners, with or without a cast. Source: Graph
// API reference, "List group owners".
func (g *graph) owners(c *call, arguments []string) (*reply, *graphError) {
	grp, cast, refused := g.groupAndCast(c, arguments)
	if refused != nil {
		return nil, refused
	}
	return g.memberPage(c, memberContext(cast), always(g.listedOwners(grp)), cast)
}

// ownersCount answers the $count of a group's owners.
func (g *graph) ownersCount(c *call, arguments []string) (*reply, *graphError) {
	return g.countOf(c, arguments, func(grp *seed.Group) iter.Seq[seed.Member] { return slices.Values(g.listedOwners(grp)) })
}

// listedOwners are the owners that a listing of v1.0 shows: none of a group
// that Exchange or an on-premises directory masters, and no service principals.
func (g *graph) listedOwners(grp *seed.Group) []seed.Member {
	if masteredElsewhere(grp) {
		return nil
	}
	return slices.DeleteFunc(g.tenant.Owners(grp.Index), func(m seed.Member) bool {
		_, visible := memberTypes[m.Type]
		return !visible
	})
}

// masteredElsewhere reports a group that is kept in Exchange or on premises.
func masteredElsewhere(grp *seed.Group) bool {
	return grp.OnPremisesSyncEnabled != nil && *grp.OnPremisesSyncEnabled ||
		grp.MailEnabled && !slices.Contains(grp.GroupTypes, "Unified")
}

// addOwner answers POST /groups/{id}/owners/$ref. It takes a permission beyond
// that for members. Source: Graph API reference, "Add owners".
func (g *graph) addOwner(c *call, arguments []string) (*reply, *graphError) {
	var body struct {
		ID string `json:"@odata.id"`
	}
	if refused := c.decode(&body); refused != nil {
		return nil, refused
	}
	grp, refused := g.writable(c, arguments[0])
	if refused != nil {
		return nil, refused
	}
	m, refused := g.resolve(body.ID)
	switch {
	case refused != nil:
		return nil, refused
	case m.Type != seed.MemberUser && m.Type != seed.MemberServicePrincipal:
		return nil, refuse(http.StatusBadRequest, "Request_BadRequest", "The owners of a group must be users or service principals.")
	}
	g.writes.Lock()
	defer g.writes.Unlock()
	if !g.tenant.AddOwnerBy(c.requestID, grp.Index, m) {
		return nil, badRequest(strings.ReplaceAll(textAlreadyMember, "'members'", "'owners'"))
	}
	return noContent(), nil
}

// removeOwner answers DELETE /groups/{id}/owners/{owner}/$ref. The last user
// among the owners stays. Source: Graph API reference, "Remove group owner"; the
// text as reported from the field.
func (g *graph) removeOwner(c *call, arguments []string) (*reply, *graphError) {
	grp, refused := g.writable(c, arguments[0])
	if refused != nil {
		return nil, refused
	}
	m, ok := g.tenant.Find(arguments[1])
	if !ok {
		return nil, notFound(arguments[1])
	}
	g.writes.Lock()
	defer g.writes.Unlock()
	users := slices.DeleteFunc(g.tenant.Owners(grp.Index), func(o seed.Member) bool { return o.Type != seed.MemberUser })
	switch {
	case !g.tenant.IsOwner(grp.Index, m):
		return nil, notFound(arguments[0])
	case slices.Equal(users, []seed.Member{m}):
		return nil, badRequest("The group must have at least one owner, hence this owner cannot be removed.")
	}
	g.tenant.RemoveOwnerBy(c.requestID, grp.Index, m)
	return noContent(), nil
}
