package emulator

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"rollcall/graph/emulator/seed"
)

// maxBind is how many references one PATCH adds.
const maxBind = 20

// Texts of the documented refusals of a membership write.
const (
	textAlreadyMember = "One or more added object references already exist for the following modified properties: 'members'."
	textMailGroup     = "Cannot Update a mail-enabled security groups and or distribution list."
	textNotMember     = "One or more removed object references do not exist for the following modified properties: 'members'."
	textUnreplicated  = "The source resource object or one of the objects being referenced don't exist."
	textManyLinks     = "A resource cannot contain more than 20 link changes"
	textNoGuests      = "Guests users are not allowed to join this Unified Group due to policy setting. paramName: Members, paramValue: , objectType: Microsoft.Online.DirectoryServices.Group"
	textOnPremises    = "Unable to update the specified properties for on-premises mastered Directory Sync objects or objects currently undergoing migration."
)

// decode reads a call's JSON body.
func (c *call) decode(v any) *graphError {
	if len(c.body) == 0 {
		return badRequest("Empty Payload. JSON content expected.")
	}
	if err := json.Unmarshal(c.body, v); err != nil {
		return badRequest("Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid JSON format.")
	}
	return nil
}

// addMember answers POST /groups/{id}/members/$ref.
func (g *graph) addMember(c *call, arguments []string) (*reply, *graphError) {
	var body struct {
		ID string `json:"@odata.id"`
	}
	if refused := c.decode(&body); refused != nil {
		return nil, refused
	}
	return g.add(c, arguments[0], []string{body.ID})
}

// patchGroup answers PATCH /groups/{id}, of which the tenant takes
// members@odata.bind alone.
func (g *graph) patchGroup(c *call, arguments []string) (*reply, *graphError) {
	var body map[string]json.RawMessage
	if refused := c.decode(&body); refused != nil {
		return nil, refused
	}
	// The SDKs name the type of what they send.
	maps.DeleteFunc(body, func(name string, _ json.RawMessage) bool { return strings.HasPrefix(name, "@odata.") })
	raw, ok := body["members@odata.bind"]
	switch {
	case (!ok || len(body) > 1) && !g.grants(c, groupsWrite):
		return nil, insufficientPrivileges() // the permission for members writes nothing else
	case !ok || len(body) > 1:
		return nil, refuse(http.StatusNotImplemented, "NotImplemented", "This operation target is not yet supported.")
	}
	var refs []string
	if json.Unmarshal(raw, &refs) != nil || len(refs) == 0 {
		return nil, badRequest("The value of members@odata.bind must be an array of references.")
	}
	if len(refs) > maxBind {
		return nil, badRequest(textManyLinks)
	}
	return g.add(c, arguments[0], refs)
}

// add adds all the references or none.
func (g *graph) add(c *call, groupID string, refs []string) (*reply, *graphError) {
	grp, refused := g.writable(c, groupID)
	if refused != nil {
		return nil, refused
	}
	members := make([]seed.Member, 0, len(refs))
	for _, ref := range refs {
		m, bad := g.resolve(ref)
		if bad == nil {
			bad = g.fits(c, grp, m)
		}
		if bad != nil {
			return nil, bad
		}
		if slices.Contains(members, m) {
			return nil, badRequest(textAlreadyMember)
		}
		members = append(members, m)
	}
	// One write at a time: atomic means that nobody gets between the check
	// and the change.
	g.writes.Lock()
	defer g.writes.Unlock()
	for _, m := range members {
		if g.tenant.IsMember(grp.Index, m) {
			return nil, badRequest(textAlreadyMember)
		}
	}
	for _, m := range members {
		g.tenant.AddMemberBy(c.requestID, grp.Index, m)
	}
	return noContent(), nil
}

// entitySets are the collections by which a reference can name an object, and
// the type that each holds. directoryObjects holds all of them.
var entitySets = map[string]seed.MemberType{
	"users": seed.MemberUser, "groups": seed.MemberGroup, "contacts": seed.MemberContact,
	"devices": seed.MemberDevice, "serviceprincipals": seed.MemberServicePrincipal,
}

// resolve finds the object of a reference: the URL of Graph, or of this server,
// with the object in directoryObjects or in the collection of its type. The text
// of the refusal is as reported in
// github.com/microsoftgraph/msgraph-sdk-dotnet, issue 1846.
func (g *graph) resolve(ref string) (seed.Member, *graphError) {
	path, ok := strings.CutPrefix(ref, g.baseURL+"/")
	if !ok {
		path, ok = strings.CutPrefix(ref, graphResource+"/")
	}
	var segments []string
	for part := range strings.SplitSeq(path, "/") {
		plain, err := url.PathUnescape(part)
		ok = ok && err == nil
		segments = append(segments, splitKey(plain)...)
	}
	if !ok || len(segments) != 3 || (segments[0] != "v1.0" && segments[0] != "beta") {
		return seed.Member{}, refuse(http.StatusBadRequest, "BadRequest", "Invalid URL format specified in payload.")
	}
	set, id := strings.ToLower(segments[1]), segments[2]
	of, typed := entitySets[set]
	if !typed && set != "directoryobjects" {
		return seed.Member{}, badSegment(segments[1])
	}
	m, there := g.tenant.Find(id)
	if !there || m.Type == seed.MemberDynamicList || typed && m.Type != of {
		return seed.Member{}, notFound(id)
	}
	return m, nil
}

// writable checks what Graph checks before any member of a group is written:
// the kind of the group first, then the person's rights.
func (g *graph) writable(c *call, groupID string) (*seed.Group, *graphError) {
	grp, refused := g.findGroup(groupID)
	if refused != nil {
		return nil, refused
	}
	if g.faults.strikes(faultUnreplicated, c.path) {
		return nil, badRequest(textUnreplicated)
	}
	owner := g.tenant.IsOwner(grp.Index, g.account(c))
	unified := slices.Contains(grp.GroupTypes, "Unified")
	switch {
	case slices.Contains(grp.GroupTypes, "DynamicMembership"):
		return nil, insufficientPrivileges()
	case grp.OnPremisesSyncEnabled != nil && *grp.OnPremisesSyncEnabled:
		return nil, badRequest(textOnPremises)
	case grp.MailEnabled && !unified:
		// Documented as 403; every report from the field has 400.
		return nil, badRequest(textMailGroup)
	case grp.IsAssignableToRole && !(g.grants(c, []string{"RoleManagement.ReadWrite.Directory"}) && (c.token.appOnly() || owner || g.authority.hasRole(rolePrivileged))):
		return nil, insufficientPrivileges()
	case grp.IsManagementRestricted:
		return nil, insufficientPrivileges()
	case !c.token.appOnly() && !owner && !g.authority.mayWriteGroup(unified):
		return nil, insufficientPrivileges()
	}
	return grp, nil
}

// account is who a call is made by: the person, or the app's service principal.
func (g *graph) account(c *call) seed.Member {
	if c.token.appOnly() {
		return seed.Member{Type: seed.MemberServicePrincipal, Index: 0}
	}
	return seed.Member{Type: seed.MemberUser, Index: g.tenant.Account()}
}

// fits checks that the group takes a member of this type, and that the token
// may add one. Source: Graph API reference, "Add members", supported types.
func (g *graph) fits(c *call, grp *seed.Group, m seed.Member) *graphError {
	if slices.Contains(grp.GroupTypes, "Unified") && m.Type != seed.MemberUser {
		return badRequest("The members of a Microsoft 365 group must be users.")
	}
	switch m.Type {
	case seed.MemberUser:
		if g.tenant.TakesGuests(grp.Index) {
			return nil
		}
		if u, ok := g.tenant.User(m.Index); ok && u.UserType == "Guest" {
			return refuse(http.StatusForbidden, "Authorization_RequestDenied", textNoGuests)
		}
	case seed.MemberGroup:
		nested, ok := g.tenant.Group(m.Index)
		if !ok || nested.MailEnabled {
			return badRequest("Only security groups can be nested in a security group.")
		}
	case seed.MemberContact:
		if !g.grants(c, contactsRead) {
			return insufficientPrivileges()
		}
	case seed.MemberDevice:
		need := []string{"Device.Read.All", "Device.ReadWrite.All", "Directory.ReadWrite.All"}
		if c.token.appOnly() {
			need = need[1:]
		}
		if !g.grants(c, need) {
			return insufficientPrivileges()
		}
	case seed.MemberServicePrincipal:
		if !g.grants(c, []string{"Application.ReadWrite.All", "Directory.ReadWrite.All"}) {
			return insufficientPrivileges()
		}
	}
	return nil
}

// removeMember answers DELETE /groups/{id}/members/{member}/$ref. The member
// is named by its object id: a UPN could be of several types.
func (g *graph) removeMember(c *call, arguments []string) (*reply, *graphError) {
	return g.remove(c, arguments[0], arguments[1])
}

// removeMemberByQuery answers the same call in the form that names the member
// as ?@id={URL}.
func (g *graph) removeMemberByQuery(c *call, arguments []string) (*reply, *graphError) {
	ref := strings.Trim(c.query.Get("@id"), "/")
	return g.remove(c, arguments[0], ref[strings.LastIndexByte(ref, '/')+1:])
}

func (g *graph) remove(c *call, groupID, memberID string) (*reply, *graphError) {
	grp, refused := g.writable(c, groupID)
	if refused != nil {
		return nil, refused
	}
	m, ok := g.tenant.Find(memberID)
	if !ok {
		return nil, notFound(memberID)
	}
	g.writes.Lock()
	defer g.writes.Unlock()
	switch {
	case g.tenant.RemoveMemberBy(c.requestID, grp.Index, m):
		return noContent(), nil
	case g.faults.set.Absent400:
		return nil, badRequest(textNotMember)
	}
	// It names the group, as if that were gone. Source:
	// github.com/microsoftgraph/microsoft-graph-docs, issues 18715 and 4847.
	return nil, notFound(groupID)
}

// deleteObject notes every way to delete an object: by its own URL, as an object
// of any type, and the trap of a removal without /$ref, which with the right to
// write users deletes the member itself. Source: Graph API reference, "Remove
// member", caution.
func (g *graph) deleteObject(c *call, arguments []string) (*reply, *graphError) {
	g.ledger.userDelete(c)
	m, ok := g.tenant.Find(arguments[len(arguments)-1])
	switch {
	case !ok || m.Type != seed.MemberUser || !g.grants(c, usersWrite):
		return nil, insufficientPrivileges()
	case !g.tenant.RemoveUser(m.Index, false):
		return nil, notFound(arguments[len(arguments)-1])
	}
	return noContent(), nil
}

// uncontained refuses what was meant for a member's reference and went to the
// member. Source: reports such as github.com/microsoftgraph/microsoft-graph-docs,
// issue 7800.
func (g *graph) uncontained(*call, []string) (*reply, *graphError) {
	return nil, refuse(http.StatusBadRequest, "BadRequest", "Write requests are only supported on contained entities")
}
