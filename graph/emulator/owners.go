package emulator

import (
	"slices"

	"rollcall/graph/emulator/odata"
	"rollcall/graph/emulator/seed"
)

// owners answers GET /groups/{id}/owners, with or without a cast. Source: Graph
// API reference, "List group owners".
func (g *graph) owners(c *call, arguments []string) (*reply, *graphError) {
	grp, refused := g.findGroup(arguments[0])
	if refused != nil {
		return nil, refused
	}
	cast, refused := castOf(c, grp, arguments)
	if refused != nil {
		return nil, refused
	}
	return g.memberPage(c, memberContext(cast), always(g.listedOwners(grp)), cast)
}

// ownersCount answers the $count of a group's owners.
func (g *graph) ownersCount(c *call, arguments []string) (*reply, *graphError) {
	if refused := c.requireEventual(); refused != nil {
		return nil, refused
	}
	grp, refused := g.findGroup(arguments[0])
	if refused != nil {
		return nil, refused
	}
	cast, refused := castOf(c, grp, arguments)
	if refused != nil {
		return nil, refused
	}
	q, refused := c.parse(odata.Members())
	if refused != nil {
		return nil, refused
	}
	n := 0
	for _, m := range g.listedOwners(grp) {
		if g.lets(q, m, cast) {
			n++
		}
	}
	return countReply(n), nil
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
