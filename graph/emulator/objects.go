package emulator

import (
	"slices"
	"strings"

	"rollcall/graph/emulator/odata"
	"rollcall/graph/emulator/seed"
)

// resourceType is a directory resource whose properties are read by name.
type resourceType struct {
	name       string // "group", as in #microsoft.graph.group
	defaults   []string
	selectable []string // only with $select
	nulls      []string // of Graph, without a value in this tenant
	empty      []string // collections of Graph without a value in this tenant
}

// The resource types other than user. Source: Graph documentation, the
// resources' property tables.
var (
	groupType = &resourceType{
		name: "group",
		defaults: []string{
			"id", "deletedDateTime", "classification", "createdDateTime", "creationOptions", "description", "displayName", "expirationDateTime",
			"groupTypes", "isAssignableToRole", "mail", "mailEnabled", "mailNickname", "membershipRule", "membershipRuleProcessingState",
			"onPremisesSyncEnabled", "preferredDataLocation", "preferredLanguage", "proxyAddresses", "renewedDateTime",
			"resourceBehaviorOptions", "resourceProvisioningOptions", "securityEnabled", "securityIdentifier", "theme", "visibility",
		},
		selectable: []string{"isManagementRestricted"},
		nulls: []string{
			"deletedDateTime", "classification", "expirationDateTime", "preferredDataLocation", "preferredLanguage", "renewedDateTime", "securityIdentifier", "theme",
			"onPremisesLastSyncDateTime", "onPremisesDomainName", "onPremisesNetBiosName", "onPremisesSamAccountName", "onPremisesSecurityIdentifier", "uniqueName", "infoCatalogs",
			"allowExternalSenders", "autoSubscribeNewMembers", "hideFromAddressLists", "hideFromOutlookClients", "isSubscribedByMail", "unseenCount", "membershipRuleProcessingStatus",
		},
		empty: []string{"creationOptions", "resourceBehaviorOptions", "assignedLabels", "assignedLicenses", "onPremisesProvisioningErrors", "serviceProvisioningErrors"},
	}
	contactType = &resourceType{
		name:     "orgContact",
		defaults: []string{"id", "deletedDateTime", "companyName", "department", "displayName", "givenName", "jobTitle", "mail", "mailNickname", "onPremisesLastSyncDateTime", "onPremisesSyncEnabled", "proxyAddresses", "surname", "addresses", "phones"},
		nulls:    []string{"deletedDateTime", "givenName", "jobTitle", "mailNickname", "onPremisesLastSyncDateTime", "onPremisesSyncEnabled", "surname"},
		empty:    []string{"addresses", "phones", "onPremisesProvisioningErrors", "serviceProvisioningErrors"},
	}
	deviceType = &resourceType{
		name:     "device",
		defaults: []string{"id", "deletedDateTime", "accountEnabled", "deviceId", "displayName", "operatingSystem", "operatingSystemVersion", "trustType"},
		nulls:    []string{"deletedDateTime", "operatingSystemVersion", "trustType", "isCompliant", "isManaged"},
	}
	servicePrincipalType = &resourceType{
		name:     "servicePrincipal",
		defaults: []string{"id", "deletedDateTime", "accountEnabled", "appDisplayName", "appId", "appRoleAssignmentRequired", "displayName", "servicePrincipalType", "tags"},
		nulls:    []string{"deletedDateTime", "appDisplayName", "servicePrincipalType", "appOwnerOrganizationId", "description", "homepage", "loginUrl", "signInAudience"},
		empty:    []string{"tags", "appRoles", "oauth2PermissionScopes", "replyUrls", "servicePrincipalNames"},
	}
)

// choose resolves $select for the type. Unknown names are refused, or left out
// in lists of mixed types (lenient).
func (t *resourceType) choose(names []string, lenient bool) ([]string, *graphError) {
	if len(names) == 0 {
		return t.defaults, nil
	}
	var out []string
	for _, name := range names {
		canonical, ok := t.canonical(name)
		switch {
		case ok:
			if !slices.Contains(out, canonical) {
				out = append(out, canonical)
			}
		case lenient, strings.HasPrefix(name, "@odata."):
		default:
			return nil, refuse(400, "BadRequest", "Parsing OData Select and Expand failed: Could not find a property named '"+name+"' on type 'microsoft.graph."+t.name+"'.")
		}
	}
	return out, nil
}

func (t *resourceType) canonical(name string) (string, bool) {
	for _, list := range [][]string{t.defaults, t.selectable, t.nulls, t.empty} {
		for _, known := range list {
			if strings.EqualFold(known, name) {
				return known, true
			}
		}
	}
	return "", false
}

// write appends an object's chosen properties.
func (t *resourceType) write(o *object, from odata.Object, names []string) {
	for _, name := range names {
		o.name(name)
		switch v, ok := from.Property(name); {
		case ok && (v != nil || !slices.Contains(t.empty, name)):
			o.b = appendValue(o.b, v)
		case slices.Contains(t.empty, name):
			o.b = append(o.b, "[]"...)
		default:
			o.b = append(o.b, "null"...)
		}
	}
}

// source is a collection of one resource type.
type source struct {
	kind  *resourceType
	table odata.Table
	set   string // entity set, for @odata.context
	count int
	at    func(i int) (odata.Object, bool)
}

func (g *graph) groupSource() source {
	return source{
		kind: groupType, table: odata.Groups(), set: "groups", count: g.tenant.Groups(),
		at: func(i int) (odata.Object, bool) { return asObject(g.tenant.Group(i)) },
	}
}

func (g *graph) contactSource() source {
	return source{
		kind: contactType, table: odata.Contacts(), set: "contacts", count: g.tenant.Contacts(),
		at: func(i int) (odata.Object, bool) { return asObject(g.tenant.Contact(i)) },
	}
}

func (g *graph) servicePrincipalSource() source {
	return source{
		kind: servicePrincipalType, table: odata.ServicePrincipals(), set: "servicePrincipals", count: g.tenant.ServicePrincipals(),
		at: func(i int) (odata.Object, bool) { return asObject(g.tenant.ServicePrincipal(i)) },
	}
}

// matching are the objects that a query lets through, in its order.
func (s *source) matching(q *odata.Query) []odata.Object {
	var out []odata.Object
	for i := range s.count {
		if o, ok := s.at(i); ok && q.Match(o) {
			out = append(out, o)
		}
	}
	if len(q.OrderBy) > 0 {
		slices.SortStableFunc(out, q.Compare)
	}
	return out
}

// list answers a GET on the collection.
func (g *graph) list(c *call, s source) (*reply, *graphError) {
	q, refused := c.parse(s.table)
	if refused != nil {
		return nil, refused
	}
	names, refused := s.kind.choose(q.Select, false)
	if refused != nil {
		return nil, refused
	}
	start, refused := g.resume(c)
	if refused != nil {
		return nil, refused
	}
	found := s.matching(q)
	total := -1
	if q.Count && start.Offset == 0 {
		total = len(found)
	}
	from := min(int(start.Offset), len(found))
	until := min(from+pageSize(q), len(found))
	page := g.begin(s.set+selectContext(q.Select), total)
	for _, v := range found[from:until] {
		page.row()
		o := beginObject(page.b)
		s.kind.write(&o, v, names)
		g.expandMembers(c, &o, v, q.Expand)
		page.b = o.end()
	}
	link := ""
	if until < len(found) {
		link = g.nextLink(c, position{Offset: int64(until)})
	}
	return page.end("@odata.nextLink", link), nil
}

// tally answers a GET on the collection's $count.
func (g *graph) tally(c *call, s source) (*reply, *graphError) {
	if refused := c.requireEventual(); refused != nil {
		return nil, refused
	}
	q, refused := c.parse(s.table)
	if refused != nil {
		return nil, refused
	}
	return countReply(len(s.matching(q))), nil
}

// one answers a GET on a single object of the collection.
func (g *graph) one(c *call, s source, v odata.Object) (*reply, *graphError) {
	q, refused := c.parse(s.table)
	if refused != nil {
		return nil, refused
	}
	names, refused := s.kind.choose(q.Select, false)
	if refused != nil {
		return nil, refused
	}
	o := beginObject(nil)
	o.string("@odata.context", g.baseURL+"/v1.0/$metadata#"+s.set+selectContext(q.Select)+"/$entity")
	s.kind.write(&o, v, names)
	g.expandMembers(c, &o, v, q.Expand)
	return jsonReply(o.end()), nil
}

// expandMembers appends a group's members for $expand=members: at most 20,
// and no link to the rest. Service principals, which a listing of v1.0 leaves
// out, are among them. Source: Graph documentation, "List group members".
func (g *graph) expandMembers(c *call, o *object, v odata.Object, expands []odata.Expand) {
	grp, ok := v.(*seed.Group)
	if !ok {
		return
	}
	for _, e := range expands {
		if !strings.EqualFold(e.Property, "members") {
			continue
		}
		o.name("members")
		o.b = append(o.b, '[')
		w := g.memberWriter(c, e.Select)
		rows := 0
		for m := range g.everyMember(c, grp, g.listedAt()) {
			if rows == maxExpanded {
				break
			}
			if rows > 0 {
				o.b = append(o.b, ',')
			}
			o.b = w.append(o.b, m)
			rows++
		}
		o.b = append(o.b, ']')
	}
}

func (g *graph) groups(c *call, _ []string) (*reply, *graphError) { return g.list(c, g.groupSource()) }

func (g *graph) groupsCount(c *call, _ []string) (*reply, *graphError) {
	return g.tally(c, g.groupSource())
}

// findGroup resolves the key of a groups segment.
func (g *graph) findGroup(id string) (*seed.Group, *graphError) {
	if i, ok := g.tenant.FindGroup(id); ok {
		if v, there := g.tenant.Group(i); there {
			return &v, nil
		}
	}
	return nil, notFound(id)
}

func (g *graph) group(c *call, arguments []string) (*reply, *graphError) {
	v, refused := g.findGroup(arguments[0])
	if refused != nil {
		return nil, refused
	}
	return g.one(c, g.groupSource(), v)
}

func (g *graph) contacts(c *call, _ []string) (*reply, *graphError) {
	return g.list(c, g.contactSource())
}

func (g *graph) contactsCount(c *call, _ []string) (*reply, *graphError) {
	return g.tally(c, g.contactSource())
}

func (g *graph) contact(c *call, arguments []string) (*reply, *graphError) {
	if i, ok := g.tenant.FindContact(arguments[0]); ok {
		if v, there := g.tenant.Contact(i); there {
			return g.one(c, g.contactSource(), &v)
		}
	}
	return nil, notFound(arguments[0])
}
