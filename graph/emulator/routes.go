package emulator

import (
	"net/http"
	"strings"
)

// handler answers a call; arguments are the path's {…} segments in order.
type handler func(g *graph, c *call, arguments []string) (*reply, *graphError)

// route is one resource path and method of Graph v1.0.
type route struct {
	method  string
	pattern string   // segments; {x} takes any one
	cost    int      // resource units before modifiers; 0 is 1. A write has its own price
	read    bool     // a POST that only reads
	any     []string // permissions of which the token needs one; the least privileged that suffices first
	handler handler
}

// name is how the route is reported.
func (rt *route) name() string { return rt.method + " /" + rt.pattern }

// Permissions that suffice, the ones that rollcall asks for first: the first
// that a token holds is the one that counts as needed. Source: the permission
// tables of the Graph API reference.
var (
	meRead           = []string{"User.Read", "User.Read.All", "User.ReadBasic.All", "User.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"}
	usersRead        = []string{"User.Read.All", "User.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All", "User.ReadBasic.All"}
	fullUsersRead    = usersRead[:4] // what is left reads the basic properties alone
	ownersRead       = []string{"GroupMember.Read.All", "Group.Read.All", "Directory.Read.All", "GroupMember.ReadWrite.All", "Group.ReadWrite.All", "Directory.ReadWrite.All"}
	groupsRead       = []string{"GroupMember.Read.All", "Group.Read.All", "Directory.Read.All", "GroupMember.ReadWrite.All", "Group.ReadWrite.All", "Directory.ReadWrite.All", "GroupMember.ReadBasic.All"}
	membersWrite     = []string{"GroupMember.ReadWrite.All", "Group.ReadWrite.All", "Directory.ReadWrite.All"}
	groupsWrite      = []string{"Group.ReadWrite.All", "Directory.ReadWrite.All"}
	usersWrite       = []string{"User.ReadWrite.All", "Directory.ReadWrite.All"}
	contactsRead     = []string{"OrgContact.Read.All", "Directory.Read.All", "Directory.ReadWrite.All"}
	organizationRead = []string{"User.Read", "Organization.Read.All", "Directory.Read.All", "Organization.ReadWrite.All", "Directory.ReadWrite.All"}
	appsRead         = []string{"Application.Read.All", "Directory.Read.All", "Application.ReadWrite.All", "Directory.ReadWrite.All"}
	grantsRead       = []string{"DelegatedPermissionGrant.Read.All", "Directory.Read.All", "DelegatedPermissionGrant.ReadWrite.All", "Directory.ReadWrite.All"}
	rolesRead        = []string{"RoleManagement.Read.Directory", "Directory.Read.All", "RoleManagement.ReadWrite.Directory", "Directory.ReadWrite.All"}
	objectsRead      = []string{"Directory.Read.All", "User.Read.All", "GroupMember.Read.All", "Group.Read.All", "OrgContact.Read.All", "Directory.ReadWrite.All"}
	devicesRead      = []string{"Device.Read.All", "Directory.Read.All", "Device.ReadWrite.All", "Directory.ReadWrite.All"}
)

// graphRoutes is the table of what the emulator serves. Literal segments come
// before {…} ones at the same place: the first match answers.
func graphRoutes() []route {
	get := func(pattern string, cost int, any []string, h handler) route {
		return route{method: http.MethodGet, pattern: pattern, cost: cost, any: any, handler: h}
	}
	write := func(method, pattern string, any []string, h handler) route {
		return route{method: method, pattern: pattern, any: any, handler: h}
	}
	rs := []route{
		get("me", 1, meRead, (*graph).me),
		get("me/memberOf", 2, meRead, (*graph).myMemberOf),
		get("me/transitiveMemberOf", 2, meRead, (*graph).myMemberOf),
		get("me/memberOf/{cast}", 2, meRead, (*graph).myMemberOf),
		get("me/transitiveMemberOf/{cast}", 2, meRead, (*graph).myMemberOf),
		get("me/manager", 1, usersRead, (*graph).myManager),
		get("organization", 1, organizationRead, (*graph).organizations),
		get("organization/{id}", 1, organizationRead, (*graph).organization),
		get("directoryRoles", 1, rolesRead, (*graph).directoryRoles),

		get("users", 2, usersRead, (*graph).users),
		get("users/$count", 1, usersRead, (*graph).usersCount),
		get("users/delta", 1, usersRead, (*graph).usersDelta),
		get("users/{id}", 1, usersRead, (*graph).user),
		get("users/{id}/manager", 1, usersRead, (*graph).userManager),
		get("users/{id}/directReports", 1, usersRead, (*graph).directReports),
		get("users/{id}/memberOf", 2, groupsRead, (*graph).userMemberOf),
		write(http.MethodDelete, "users/{id}", nil, (*graph).deleteObject),

		get("groups", 1, groupsRead, (*graph).groups),
		get("groups/$count", 1, groupsRead, (*graph).groupsCount),
		get("groups/delta", 1, groupsRead, (*graph).notModelled),
		get("groups/{id}", 1, groupsRead, (*graph).group),
		get("groups/{id}/owners", 1, ownersRead, (*graph).owners),
		get("groups/{id}/owners/$count", 1, ownersRead, (*graph).ownersCount),
		get("groups/{id}/owners/{cast}", 1, ownersRead, (*graph).owners),
		get("groups/{id}/owners/{cast}/$count", 1, ownersRead, (*graph).ownersCount),
		write(http.MethodPost, "groups/{id}/owners/$ref", groupsWrite, (*graph).addOwner),
		write(http.MethodDelete, "groups/{id}/owners/{owner}/$ref", groupsWrite, (*graph).removeOwner),
		write(http.MethodPatch, "groups/{id}", membersWrite, (*graph).patchGroup),
		write(http.MethodPost, "groups/{id}/members/$ref", membersWrite, (*graph).addMember),
		write(http.MethodDelete, "groups/{id}/members/$ref", membersWrite, (*graph).removeMemberByQuery),
		write(http.MethodDelete, "groups/{id}/members/{member}/$ref", membersWrite, (*graph).removeMember),
		write(http.MethodDelete, "groups/{id}/members/{member}", nil, (*graph).deleteObject),
		write(http.MethodPost, "groups/{id}/members", nil, (*graph).uncontained),
		write(http.MethodDelete, "groups/{id}/members", nil, (*graph).uncontained),
		write(http.MethodDelete, "groups/{id}", nil, (*graph).deleteObject),

		get("contacts", 1, contactsRead, (*graph).contacts),
		get("contacts/$count", 1, contactsRead, (*graph).contactsCount),
		get("contacts/delta", 1, contactsRead, (*graph).notModelled),
		get("contacts/{id}", 1, contactsRead, (*graph).contact),

		get("servicePrincipals", 1, appsRead, (*graph).servicePrincipals),
		get("servicePrincipals/{id}", 1, appsRead, (*graph).servicePrincipal),
		get("servicePrincipals/{id}/appRoleAssignedTo", 1, appsRead, (*graph).appRoleAssignedTo),
		get("oauth2PermissionGrants", 2, grantsRead, (*graph).permissionGrants),

		get("directoryObjects/{id}", 1, objectsRead, (*graph).directoryObject),
		write(http.MethodDelete, "directoryObjects/{id}", nil, (*graph).deleteObject),
		{method: http.MethodPost, pattern: "directoryObjects/getByIds", cost: 5, read: true, any: objectsRead, handler: (*graph).getByIDs},
	}
	for _, relation := range []struct {
		name string
		cost int
	}{{"members", 3}, {"transitiveMembers", 5}} {
		rs = append(rs,
			get("groups/{id}/"+relation.name, relation.cost, groupsRead, (*graph).members),
			get("groups/{id}/"+relation.name+"/$count", 1, groupsRead, (*graph).membersCount),
			get("groups/{id}/"+relation.name+"/{cast}", relation.cost, groupsRead, (*graph).members),
			get("groups/{id}/"+relation.name+"/{cast}/$count", 1, groupsRead, (*graph).membersCount),
		)
	}
	return rs
}

// match finds a call's route.
func (g *graph) match(c *call) (*route, []string, *graphError) {
	known := false
	for i := range g.routes {
		rt := &g.routes[i]
		arguments, ok := rt.match(c.segments)
		if !ok {
			continue
		}
		if rt.method == c.method {
			return rt, arguments, nil
		}
		known = true
	}
	if known {
		return nil, nil, refuse(http.StatusMethodNotAllowed, "Request_BadRequest", "Specified HTTP method is not allowed for the request target.")
	}
	return nil, nil, badSegment(c.segments[len(c.segments)-1])
}

func (rt *route) match(segments []string) ([]string, bool) {
	var arguments []string
	rest := segments
	for part := range strings.SplitSeq(rt.pattern, "/") {
		if len(rest) == 0 {
			return nil, false
		}
		switch {
		case part == "{cast}":
			cast, ok := strings.CutPrefix(rest[0], "microsoft.graph.")
			if !ok {
				return nil, false
			}
			arguments = append(arguments, cast)
		case strings.HasPrefix(part, "{"):
			if strings.HasPrefix(rest[0], "$") {
				return nil, false
			}
			arguments = append(arguments, rest[0])
		case !strings.EqualFold(part, rest[0]):
			return nil, false
		}
		rest = rest[1:]
	}
	return arguments, len(rest) == 0
}

// authorize refuses a token without a permission that suffices, and notes the
// one that did.
func (g *graph) authorize(rt *route, c *call) *graphError {
	if len(rt.any) == 0 {
		return nil // the handler refuses on its own
	}
	if !g.grants(c, rt.any) {
		return insufficientPrivileges()
	}
	return nil
}

// grants reports whether the token holds one of the permissions, and notes the
// first that it holds as needed.
func (g *graph) grants(c *call, any []string) bool {
	for _, p := range any {
		if c.token.has(p) {
			g.ledger.need(p)
			return true
		}
	}
	return false
}

func (g *graph) notModelled(*call, []string) (*reply, *graphError) {
	return nil, notSupportedYet()
}
