package graph

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	abstractions "github.com/microsoft/kiota-abstractions-go"
	"github.com/microsoftgraph/msgraph-sdk-go/groups"

	"rollcall/model"
	"rollcall/model/expansion"
)

const (
	scopeMembers     = "GroupMember.Read.All"
	scopeHidden      = "Member.Read.Hidden"
	scopeWrite       = "GroupMember.ReadWrite.All"
	scopeContacts    = "OrgContact.Read.All"
	codeNotInGraph   = "groupNotInGraph"
	codeHiddenListed = "membershipHidden"
)

// readGroups are the permissions that allow to read groups and members, least
// first.
func readGroups() []string {
	return []string{scopeMembers, "GroupMember.ReadBasic.All", "Group.Read.All", scopeWrite, "Group.ReadWrite.All", "Directory.Read.All"}
}

func (c *Client) groupsBuilder() *groups.GroupsRequestBuilder {
	return groups.NewGroupsRequestBuilderInternal(c.path(), c.adapter)
}

// membersRequest reads the first page of a group's direct members. It is not
// an advanced query: that one reads an index which may lag behind.
func (c *Client) membersRequest(ctx context.Context, groupID string) (*abstractions.RequestInformation, error) {
	return c.groupsBuilder().ByGroupId(groupID).Members().ToGetRequestInformation(ctx, &groups.ItemMembersRequestBuilderGetRequestConfiguration{
		QueryParameters: &groups.ItemMembersRequestBuilderGetQueryParameters{Select: objectSelect(), Top: ptr(int32(pageSize))},
	})
}

// Members implements expansion.Members. All that is asked, first pages and
// later ones, goes out in batches of 20, several at once.
func (c *Client) Members(ctx context.Context, questions []expansion.Question) ([]expansion.Listing, error) {
	ctx = withPriority(ctx, priorityHigh)
	listings := make([]expansion.Listing, len(questions))
	readings := make([]*memberReading, 0, len(questions))
	items := make([]batchItem, 0, len(questions))
	for i, q := range questions {
		l := &listings[i]
		*l = expansion.Listing{GroupID: q.Group.ID, Source: expansion.SourceGraph}
		if q.Group.Kind == model.KindDynamicDistribution || q.Group.ID == "" {
			l.Err = notInGraph(q.Group)
			continue
		}
		r := &memberReading{group: q.Group, listing: l}
		item, err := c.pageOf(ctx, r, q.Next)
		var refused *model.Error
		switch {
		case errors.As(err, &refused):
			l.Err = refused
			continue
		case err != nil:
			return nil, err
		}
		item.read = r.page
		items, readings = append(items, item), append(readings, r)
	}
	for i, a := range c.batches(ctx, items) {
		if isFatal(a.Err) {
			return nil, a.Err
		}
		c.finish(readings[i], a.Err)
	}
	return listings, nil
}

// memberReading is one question under way.
type memberReading struct {
	group   model.Group
	at      bookmark
	listing *expansion.Listing
	found   objectPage
}

// pageOf is the request for the next page of a group. A *model.Error concerns
// this group alone.
func (c *Client) pageOf(ctx context.Context, r *memberReading, next string) (batchItem, error) {
	if next == "" {
		return c.newBatchItem(c.membersRequest(ctx, r.group.ID))
	}
	at, err := parseBookmark(next)
	if err != nil {
		return batchItem{}, err
	}
	r.at = at
	return c.linkItem(at.Link)
}

// page takes the body of an answer.
func (r *memberReading) page(body []byte) (err error) {
	r.found, err = decodeObjects(body)
	return err
}

// finish makes the listing of what came of a reading.
func (c *Client) finish(r *memberReading, err error) {
	l := r.listing
	if err == nil {
		l.Members = r.found.objects
		l.Next, err = r.at.next(r.found)
	}
	if err != nil {
		l.Err = model.AsError(c.transport.needing(err, readGroups()...))
	}
	if r.at.Nobody || r.at.Pages == 0 {
		c.markHidden(l, r.group)
	}
}

func appendObjects(l *expansion.Listing, page []directoryObject) {
	for i := range page {
		l.Members = append(l.Members, page[i].object(model.ObjectOther))
	}
}

// markHidden marks the last listing of a group whose members this account may
// not see, where none before it had any. The service then gives an empty list or
// a refusal, which must not pass for "nobody".
func (c *Client) markHidden(l *expansion.Listing, g model.Group) {
	if !g.HiddenMembership || len(l.Members) > 0 || l.Next != "" || c.seesHidden() {
		return
	}
	if l.Err == nil || isForbidden(l.Err) {
		l.Hidden, l.Err = true, nil
	}
}

// seesHidden reports whether the token is known to show hidden memberships.
func (c *Client) seesHidden() bool {
	_, _, known := c.transport.granted()
	return known && c.transport.holds(scopeHidden)
}

func notInGraph(g model.Group) *model.Error {
	return &model.Error{
		Kind: model.KindPartial, Code: codeNotInGraph,
		Message: fmt.Sprintf("%s is a %s, whose members Graph does not know", g.DisplayName, g.Kind.Label()),
		Remedy:  "look at its members in the Exchange admin center",
	}
}

func noGroupID(id string) *model.Error {
	return &model.Error{Kind: model.KindUsage, Code: "groupIdInvalid", Message: fmt.Sprintf("%q is no object id of a group", id)}
}

// list reads a group's members or owners to the end, handing each page to add.
func (c *Client) list(ctx context.Context, build func() (*abstractions.RequestInformation, error), add func([]directoryObject)) error {
	page, err := getPage[directoryObject](ctx, c, build)
	if err != nil {
		return c.transport.needing(err, readGroups()...)
	}
	add(*page.Value)
	return rest(ctx, c, page.Next, nil, add)
}

// Group implements writeback.Groups.
func (c *Client) Group(ctx context.Context, id string) (model.Group, error) {
	ctx = withPriority(ctx, priorityHigh)
	if !isGUID(id) {
		return model.Group{}, noGroupID(id)
	}
	g, err := read(ctx, c, func() (*abstractions.RequestInformation, error) {
		return c.groupsBuilder().ByGroupId(id).ToGetRequestInformation(ctx, &groups.GroupItemRequestBuilderGetRequestConfiguration{
			QueryParameters: &groups.GroupItemRequestBuilderGetQueryParameters{Select: groupSelect()},
		})
	}, decodeGroup)
	return g, c.transport.needing(err, readGroups()...)
}

func decodeGroup(body []byte) (model.Group, error) {
	var d directoryObject
	if err := json.Unmarshal(body, &d); err != nil {
		return model.Group{}, err
	}
	if d.ID == "" {
		return model.Group{}, errNoGroup
	}
	return d.group(), nil
}

var errNoGroup = errors.New("the answer is no group")

// DirectMembers implements writeback.Groups. A listing that may be empty only
// because it is hidden is an error: a plan computed on it would be wrong.
func (c *Client) DirectMembers(ctx context.Context, groupID string) ([]model.Object, error) {
	ctx = withPriority(ctx, priorityHigh)
	l := expansion.Listing{GroupID: groupID}
	err := c.list(ctx, func() (*abstractions.RequestInformation, error) {
		return c.membersRequest(ctx, groupID)
	}, func(page []directoryObject) { appendObjects(&l, page) })
	if err != nil {
		return nil, err
	}
	if len(l.Members) > 0 || c.seesHidden() {
		return l.Members, nil
	}
	g, err := c.Group(ctx, groupID)
	if err != nil {
		return nil, err
	}
	if g.HiddenMembership {
		return nil, &model.Error{
			Kind: model.KindSignIn, Code: codeHiddenListed, Message: "the membership of " + g.DisplayName + " is hidden from this account",
			Remedy: "an administrator must consent to the permission " + scopeHidden,
		}
	}
	return l.Members, nil
}

// Owners implements writeback.Groups. The permission is that of reading
// members. Source: Graph documentation, "List group owners".
func (c *Client) Owners(ctx context.Context, groupID string) ([]string, error) {
	ctx = withPriority(ctx, priorityHigh)
	if !isGUID(groupID) {
		return nil, noGroupID(groupID)
	}
	ids, nameless := []string{}, false
	err := c.list(ctx, func() (*abstractions.RequestInformation, error) {
		return c.groupsBuilder().ByGroupId(groupID).Owners().ToGetRequestInformation(ctx, &groups.ItemOwnersRequestBuilderGetRequestConfiguration{
			QueryParameters: &groups.ItemOwnersRequestBuilderGetQueryParameters{Select: []string{"id"}, Top: ptr(int32(pageSize))},
		})
	}, func(page []directoryObject) {
		for i := range page {
			ids = append(ids, page[i].ID)
			nameless = nameless || page[i].ID == ""
		}
	})
	switch {
	case err != nil:
		return nil, err
	case nameless: // one who would pass for no owner
		return nil, unreadable(c.root.Host, errNoOwner)
	}
	return ids, nil
}

var errNoOwner = errors.New("an owner has no id")
