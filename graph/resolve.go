package graph

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	abstractions "github.com/microsoft/kiota-abstractions-go"
	"github.com/microsoftgraph/msgraph-sdk-go/contacts"
	"github.com/microsoftgraph/msgraph-sdk-go/groups"
	"github.com/microsoftgraph/msgraph-sdk-go/users"

	"rollcall/model"
)

// literal quotes a text for $filter: single quotes are doubled. The builders
// percent-encode the rest.
func literal(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// byProxy finds an address among primary and secondary ones. The stored
// prefix is SMTP: for the primary one; Graph compares without regard to case.
func byProxy(address string) string {
	return "proxyAddresses/any(p:p eq " + literal("smtp:"+address) + ")"
}

// lookup is one query of a resolution: all matches of one type.
type lookup struct {
	kind   model.ObjectType
	filter string // or else id
	// advanced asks the index, which the any operator needs.
	advanced bool
	id       string // of the only object that is asked for
}

// lookupRequest builds the lookup's query.
func (c *Client) lookupRequest(ctx context.Context, l lookup) (*abstractions.RequestInformation, error) {
	if l.id != "" {
		return c.objectRequest(ctx, l)
	}
	var headers *abstractions.RequestHeaders
	var count *bool
	if l.advanced {
		headers, count = advanced(), ptr(true)
	}
	switch l.kind {
	case model.ObjectGroup:
		return c.groupsBuilder().ToGetRequestInformation(ctx, &groups.GroupsRequestBuilderGetRequestConfiguration{
			Headers:         headers,
			QueryParameters: &groups.GroupsRequestBuilderGetQueryParameters{Filter: &l.filter, Count: count, Select: groupSelect()},
		})
	case model.ObjectContact:
		return contacts.NewContactsRequestBuilderInternal(c.path(), c.adapter).ToGetRequestInformation(ctx, &contacts.ContactsRequestBuilderGetRequestConfiguration{
			Headers:         headers,
			QueryParameters: &contacts.ContactsRequestBuilderGetQueryParameters{Filter: &l.filter, Count: count, Select: contactSelect()},
		})
	}
	return c.usersBuilder().ToGetRequestInformation(ctx, &users.UsersRequestBuilderGetRequestConfiguration{
		Headers:         headers,
		QueryParameters: &users.UsersRequestBuilderGetQueryParameters{Filter: &l.filter, Count: count, Select: userSelect()},
	})
}

// objectRequest asks for one object by its own URL: unlike a filter on ids, that
// works for every type.
func (c *Client) objectRequest(ctx context.Context, l lookup) (*abstractions.RequestInformation, error) {
	switch l.kind {
	case model.ObjectGroup:
		return c.groupsBuilder().ByGroupId(l.id).ToGetRequestInformation(ctx, &groups.GroupItemRequestBuilderGetRequestConfiguration{
			QueryParameters: &groups.GroupItemRequestBuilderGetQueryParameters{Select: groupSelect()},
		})
	case model.ObjectContact:
		return contacts.NewContactsRequestBuilderInternal(c.path(), c.adapter).ByOrgContactId(l.id).ToGetRequestInformation(ctx, &contacts.OrgContactItemRequestBuilderGetRequestConfiguration{
			QueryParameters: &contacts.OrgContactItemRequestBuilderGetQueryParameters{Select: contactSelect()},
		})
	}
	return c.usersBuilder().ByUserId(l.id).ToGetRequestInformation(ctx, &users.UserItemRequestBuilderGetRequestConfiguration{
		QueryParameters: &users.UserItemRequestBuilderGetQueryParameters{Select: userSelect()},
	})
}

// ResolveAddress implements audience.Resolver. All types are asked in one
// batch. A type that this account may not read does no harm when another one
// has the address; otherwise it is a KindPartial error, because "not found"
// would not be true.
func (c *Client) ResolveAddress(ctx context.Context, address string) ([]model.Object, error) {
	mail := "mail eq " + literal(address)
	return c.resolve(ctx, address, []lookup{
		{kind: model.ObjectGroup, filter: mail},
		{kind: model.ObjectGroup, filter: byProxy(address), advanced: true},
		{kind: model.ObjectUser, filter: mail + " or userPrincipalName eq " + literal(address)},
		{kind: model.ObjectUser, filter: byProxy(address), advanced: true},
		{kind: model.ObjectContact, filter: mail},
		{kind: model.ObjectContact, filter: byProxy(address), advanced: true},
	})
}

// ResolveGroup implements audience.Resolver: an object id, else a display
// name, else an address.
func (c *Client) ResolveGroup(ctx context.Context, nameOrID string) ([]model.Object, error) {
	if isGUID(nameOrID) {
		g, err := c.Group(ctx, nameOrID)
		if err == nil {
			return []model.Object{groupObject(g)}, nil
		}
		var e *model.Error
		if !errors.As(err, &e) || e.Code != "Request_ResourceNotFound" {
			return nil, err
		}
	}
	found, err := c.resolve(ctx, nameOrID, []lookup{{kind: model.ObjectGroup, filter: "displayName eq " + literal(nameOrID)}})
	if err != nil || len(found) > 0 || !strings.Contains(nameOrID, "@") {
		return found, err
	}
	return c.resolve(ctx, nameOrID, []lookup{
		{kind: model.ObjectGroup, filter: "mail eq " + literal(nameOrID)},
		{kind: model.ObjectGroup, filter: byProxy(nameOrID), advanced: true},
	})
}

// ResolveName implements audience.Resolver: an object id, else a display name.
// All types are asked in one batch; one that may not be read is treated as
// ResolveAddress treats it.
func (c *Client) ResolveName(ctx context.Context, nameOrID string) ([]model.Object, error) {
	kinds := []model.ObjectType{model.ObjectGroup, model.ObjectUser, model.ObjectContact}
	lookups := make([]lookup, 0, len(kinds))
	if isGUID(nameOrID) {
		for _, k := range kinds {
			lookups = append(lookups, lookup{kind: k, id: nameOrID})
		}
		found, err := c.resolve(ctx, nameOrID, lookups)
		if err != nil || len(found) > 0 {
			return found, err
		}
		lookups = lookups[:0]
	}
	for _, k := range kinds {
		lookups = append(lookups, lookup{kind: k, filter: "displayName eq " + literal(nameOrID)})
	}
	return c.resolve(ctx, nameOrID, lookups)
}

func groupObject(g model.Group) model.Object {
	return model.Object{ID: g.ID, Type: model.ObjectGroup, DisplayName: g.DisplayName, Mail: g.Mail, ProxyAddresses: g.ProxyAddresses, Group: &g}
}

// resolve runs lookups in one batch and joins what they find, each object once.
func (c *Client) resolve(ctx context.Context, subject string, lookups []lookup) ([]model.Object, error) {
	ctx = withPriority(ctx, priorityHigh)
	items, err := c.lookupItems(ctx, lookups)
	if err != nil {
		return nil, err
	}
	answers, err := c.batch(ctx, items)
	if err != nil {
		return nil, err
	}
	var found []model.Object
	var closed []model.ObjectType // types that may not be read
	var refused error
	for i, a := range answers {
		objects, err := c.lookedUp(ctx, lookups[i], a)
		var e *model.Error
		switch {
		case err == nil:
			found = append(found, objects...)
		case errors.As(err, &e) && isForbidden(e):
			closed, refused = append(closed, lookups[i].kind), err
		default:
			return nil, err
		}
	}
	slices.SortFunc(found, func(a, b model.Object) int { return cmp.Compare(a.ID, b.ID) })
	found = slices.CompactFunc(found, func(a, b model.Object) bool { return a.ID == b.ID })
	if len(found) == 0 && refused != nil {
		return nil, c.notSearched(subject, slices.Compact(closed), refused)
	}
	return found, nil
}

func (c *Client) lookupItems(ctx context.Context, lookups []lookup) ([]batchItem, error) {
	items := make([]batchItem, 0, len(lookups))
	for _, l := range lookups {
		item, err := c.newBatchItem(c.lookupRequest(ctx, l))
		if err != nil {
			return nil, err
		}
		items = append(items, item)
	}
	return items, nil
}

// lookedUp reads a lookup's answer to its end.
func (c *Client) lookedUp(ctx context.Context, l lookup, a batchAnswer) ([]model.Object, error) {
	if l.id != "" && a.Status == http.StatusNotFound {
		return nil, nil
	}
	if a.Err != nil {
		return nil, a.Err
	}
	if l.id != "" {
		var d directoryObject
		if err := json.Unmarshal(a.Body, &d); err != nil || d.ID == "" {
			return nil, unreadable(c.root.Host, cmp.Or(err, errNoObject))
		}
		return []model.Object{d.object(l.kind)}, nil
	}
	page, err := decodePage[directoryObject](a.Body)
	if err != nil {
		return nil, unreadable(c.root.Host, err)
	}
	var out []model.Object
	add := func(page []directoryObject) {
		for i := range page {
			out = append(out, page[i].object(l.kind))
		}
	}
	add(*page.Value)
	var header map[string][]string
	if l.advanced {
		header = map[string][]string{"ConsistencyLevel": {"eventual"}}
	}
	return out, rest(ctx, c, page.Next, header, add)
}

var errNoObject = errors.New("the answer is no object")

// notSearched is the error for a lookup that found nothing among the types it
// could read, and could not read all.
func (c *Client) notSearched(subject string, closed []model.ObjectType, cause error) *model.Error {
	names, scopes := make([]string, 0, len(closed)), make([]string, 0, len(closed))
	for _, t := range closed {
		switch t {
		case model.ObjectGroup:
			names, scopes = append(names, "groups"), append(scopes, scopeMembers)
		case model.ObjectContact:
			names, scopes = append(names, "mail contacts"), append(scopes, scopeContacts)
		default:
			names, scopes = append(names, "users"), append(scopes, scopeUsers)
		}
	}
	e := &model.Error{
		Kind: model.KindPartial, Code: "lookupIncomplete",
		Message: fmt.Sprintf("%s was not found, but %s could not be searched", subject, strings.Join(names, " and ")),
		Remedy:  "an administrator must consent to " + strings.Join(scopes, " and "), Err: cause,
	}
	var refused *model.Error
	if errors.As(cause, &refused) {
		e.RequestID = refused.RequestID
	}
	return e
}
