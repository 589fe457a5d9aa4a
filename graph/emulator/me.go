package emulator

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"rollcall/graph/emulator/odata"
	"rollcall/graph/emulator/seed"
)

// signedIn is the account of a delegated token, as the directory has it now.
func (g *graph) signedIn(c *call) (seed.User, *graphError) {
	if c.token.appOnly() {
		return seed.User{}, refuse(http.StatusBadRequest, "BadRequest", "/me request is only valid with delegated authentication flow.")
	}
	return g.findUser(c.token.ObjectID)
}

// me answers GET /me. Any reading scope shows the account's own profile.
func (g *graph) me(c *call, _ []string) (*reply, *graphError) {
	u, refused := g.signedIn(c)
	if refused != nil {
		return nil, refused
	}
	shape, refused := g.shapes.shape(selected(c), false)
	if refused != nil {
		return nil, refused
	}
	return g.oneUser(c, &u, shape, "users")
}

func (g *graph) myManager(c *call, _ []string) (*reply, *graphError) {
	u, refused := g.signedIn(c)
	if refused != nil {
		return nil, refused
	}
	return g.managerOf(c, &u)
}

// myMemberOf answers GET /me/memberOf: the account's directory roles and
// groups, or one of them by cast.
func (g *graph) myMemberOf(c *call, arguments []string) (*reply, *graphError) {
	u, refused := g.signedIn(c)
	if refused != nil {
		return nil, refused
	}
	cast := ""
	if len(arguments) > 0 {
		cast = arguments[0]
	}
	if cast == "directoryRole" {
		page := g.begin("directoryRoles", -1)
		for _, name := range g.authority.accountRoles() {
			g.roleRow(page, name)
		}
		return page.end("", ""), nil
	}
	groups := g.groupsOf(c, seed.Member{Type: seed.MemberUser, Index: u.Index})
	if cast != "" {
		return g.memberPage(c, "groups", always(groups), cast)
	}
	page := g.begin("directoryObjects", -1)
	for _, name := range g.authority.accountRoles() {
		g.roleRow(page, name)
	}
	// Roles are few and come first; the groups follow on the same page.
	w := g.memberWriter(c, selected(c))
	for _, m := range groups {
		page.row()
		page.b = w.append(page.b, m)
	}
	return page.end("", ""), nil
}

// groupsOf are the groups that have the object as a direct member.
func (g *graph) groupsOf(c *call, m seed.Member) []seed.Member {
	var out []seed.Member
	for _, i := range g.tenant.MemberOf(m) {
		if grp, ok := g.tenant.Group(i); ok && !g.hides(c, &grp) {
			out = append(out, seed.Member{Type: seed.MemberGroup, Index: i})
		}
	}
	return out
}

// userMemberOf answers GET /users/{id}/memberOf.
func (g *graph) userMemberOf(c *call, arguments []string) (*reply, *graphError) {
	u, refused := g.findUser(arguments[0])
	if refused != nil {
		return nil, refused
	}
	return g.memberPage(c, "directoryObjects", always(g.groupsOf(c, seed.Member{Type: seed.MemberUser, Index: u.Index})), "")
}

// directoryRoles answers GET /directoryRoles: the roles that are activated.
func (g *graph) directoryRoles(*call, []string) (*reply, *graphError) {
	page := g.begin("directoryRoles", -1)
	for _, name := range slices.Sorted(maps.Keys(roleTemplates)) {
		g.roleRow(page, name)
	}
	return page.end("", ""), nil
}

func (g *graph) roleRow(page *collection, name string) {
	page.row()
	o := beginObject(page.b)
	o.string("@odata.type", "#microsoft.graph.directoryRole")
	o.string("id", g.objectID("directoryRole", name))
	o.value("deletedDateTime", nil)
	o.string("description", name)
	o.string("displayName", name)
	o.string("roleTemplateId", roleTemplates[name])
	page.b = o.end()
}

// organization is the tenant's own record. Source: Graph documentation,
// "organization resource type".
func (g *graph) appendOrganization(b []byte, names []string) []byte {
	o := beginObject(b)
	wanted := func(name string) bool {
		return len(names) == 0 || slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, name) })
	}
	if wanted("id") {
		o.string("id", g.tenant.TenantID())
	}
	if wanted("displayName") {
		o.string("displayName", g.tenant.OrganizationName())
	}
	if wanted("tenantType") {
		o.string("tenantType", "AAD")
	}
	if wanted("countryLetterCode") {
		o.string("countryLetterCode", "DE")
	}
	if wanted("onPremisesSyncEnabled") {
		o.value("onPremisesSyncEnabled", true)
	}
	if wanted("verifiedDomains") {
		o.name("verifiedDomains")
		o.b = append(o.b, '[')
		for i, domain := range []string{g.tenant.DefaultDomain(), g.tenant.InitialDomain()} {
			if i > 0 {
				o.b = append(o.b, ',')
			}
			d := beginObject(o.b)
			d.string("capabilities", "Email, OfficeCommunicationsOnline")
			d.value("isDefault", i == 0)
			d.value("isInitial", i == 1)
			d.string("name", domain)
			d.string("type", "Managed")
			o.b = d.end()
		}
		o.b = append(o.b, ']')
	}
	return o.end()
}

func (g *graph) organizations(c *call, _ []string) (*reply, *graphError) {
	page := g.begin("organization", -1)
	page.row()
	page.b = g.appendOrganization(page.b, selected(c))
	return page.end("", ""), nil
}

func (g *graph) organization(c *call, arguments []string) (*reply, *graphError) {
	if !strings.EqualFold(arguments[0], g.tenant.TenantID()) {
		return nil, notFound(arguments[0])
	}
	body := g.appendOrganization(nil, selected(c))
	return jsonReply(withContext(body, g.baseURL+"/v1.0/$metadata#organization/$entity")), nil
}

// servicePrincipals answers GET /servicePrincipals.
func (g *graph) servicePrincipals(c *call, _ []string) (*reply, *graphError) {
	return g.list(c, g.servicePrincipalSource())
}

// findServicePrincipal resolves an object id, or appId='…'.
func (g *graph) findServicePrincipal(key string) (*seed.ServicePrincipal, *graphError) {
	i, ok := g.tenant.FindServicePrincipal(key)
	if app, byApp := strings.CutPrefix(key, "appId="); byApp {
		i, ok = g.tenant.FindServicePrincipalByAppID(strings.Trim(app, "'"))
	}
	if ok {
		if sp, there := g.tenant.ServicePrincipal(i); there {
			return &sp, nil
		}
	}
	return nil, notFound(key)
}

func (g *graph) servicePrincipal(c *call, arguments []string) (*reply, *graphError) {
	sp, refused := g.findServicePrincipal(arguments[0])
	if refused != nil {
		return nil, refused
	}
	return g.one(c, g.servicePrincipalSource(), sp)
}

// appRoleAssignedTo answers GET /servicePrincipals/{id}/appRoleAssignedTo: who
// is assigned to the app.
func (g *graph) appRoleAssignedTo(c *call, arguments []string) (*reply, *graphError) {
	sp, refused := g.findServicePrincipal(arguments[0])
	if refused != nil {
		return nil, refused
	}
	page := g.begin("servicePrincipals('"+sp.ID+"')/appRoleAssignedTo", -1)
	if sp.AppID == g.authority.clientID && !g.authority.unassigned() {
		account := g.authority.account
		page.row()
		o := beginObject(page.b)
		o.string("id", g.objectID("appRoleAssignment", account.ID))
		o.string("appRoleId", "00000000-0000-0000-0000-000000000000") // the default role
		o.string("principalId", account.ID)
		o.string("principalDisplayName", account.DisplayName)
		o.string("principalType", "User")
		o.string("resourceId", sp.ID)
		o.string("resourceDisplayName", sp.DisplayName)
		page.b = o.end()
	}
	return page.end("", ""), nil
}

// permissionGrants answers GET /oauth2PermissionGrants: what the organisation
// has consented to for the app.
func (g *graph) permissionGrants(c *call, _ []string) (*reply, *graphError) {
	i, _ := g.tenant.FindServicePrincipalByAppID(g.authority.clientID)
	sp, ok := g.tenant.ServicePrincipal(i)
	scopes := g.authority.consentedScopes()
	grant := permissionGrant{
		ID: g.objectID("oauth2PermissionGrant", sp.ID), ClientID: sp.ID,
		ResourceID: g.objectID("servicePrincipal", graphAppID), Scope: strings.Join(scopes, " "),
	}
	page := g.begin("oauth2PermissionGrants", -1)
	if text := c.query.Get("$filter"); text != "" {
		f, refused := odata.ParseFilter(text)
		if refused != nil {
			return nil, refuse(refused.Status, refused.Code, refused.Message)
		}
		ok = ok && f.Match(&grant)
	}
	if ok && len(scopes) > 0 {
		page.row()
		o := beginObject(page.b)
		for _, name := range []string{"id", "clientId", "consentType", "principalId", "resourceId", "scope"} {
			v, _ := grant.Property(name)
			o.value(name, v)
		}
		page.b = o.end()
	}
	return page.end("", ""), nil
}

// permissionGrant is an oAuth2PermissionGrant for all principals.
type permissionGrant struct {
	ID, ClientID, ResourceID, Scope string
}

// Property satisfies odata.Object.
func (p *permissionGrant) Property(path string) (any, bool) {
	switch path {
	case "id":
		return p.ID, true
	case "clientId":
		return p.ClientID, true
	case "consentType":
		return "AllPrincipals", true
	case "principalId":
		return nil, true
	case "resourceId":
		return p.ResourceID, true
	case "scope":
		return p.Scope, true
	}
	return nil, false
}
