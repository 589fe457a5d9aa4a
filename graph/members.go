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
	sourceGraph      = "graph"
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

// Members implements expansion.Members: first pages in batches of 20, then
// each listing to its end, several at once.
func (c *Client) Members(ctx context.Context, questions []expansion.Question) ([]expansion.Listing, error) {
	ctx = withPriority(ctx, priorityHigh)
	list := make([]model.Group, len(questions))
	for i, q := range questions {
		list[i] = q.Group
	}
	listings := make([]expansion.Listing, len(list))
	var items []batchItem
	var asked []int // index in list of each item
	for i, g := range list {
		listings[i] = expansion.Listing{GroupID: g.ID, Source: sourceGraph}
		if g.Kind == model.KindDynamicDistribution || g.ID == "" {
			listings[i].Err = notInGraph(g)
			continue
		}
		item, err := c.newBatchItem(c.membersRequest(ctx, g.ID))
		if err != nil {
			return nil, err
		}
		items = append(items, item)
		asked = append(asked, i)
	}
	answers := c.batches(ctx, items)
	next := make([]string, len(list))
	for k, i := range asked {
		next[i] = c.firstPage(&listings[i], items[k], answers[k])
		if isFatal(answers[k].Err) {
			return nil, answers[k].Err
		}
	}
	return c.completeListings(ctx, list, listings, next)
}

// completeListings follows the next links of the listings that have one.
func (c *Client) completeListings(ctx context.Context, list []model.Group, listings []expansion.Listing, next []string) ([]expansion.Listing, error) {
	var unfinished []int
	for i, link := range next {
		if link != "" {
			unfinished = append(unfinished, i)
		}
	}
	fatal := make([]error, len(list))
	parallel(ctx, unfinished, func(ctx context.Context, i int) {
		err := rest(ctx, c, next[i], nil, func(page []directoryObject) { appendObjects(&listings[i], page) })
		if err != nil {
			fatal[i] = err
			listings[i].Err = model.AsError(c.transport.needing(err, readGroups()...))
		}
	})
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	for _, err := range fatal {
		if isFatal(err) {
			return nil, err
		}
	}
	for i := range listings {
		c.markHidden(&listings[i], list[i])
	}
	return listings, nil
}

// firstPage fills a listing from the batch's answer and returns the link where
// it goes on: to the same page, when the answer cannot be read.
func (c *Client) firstPage(l *expansion.Listing, item batchItem, a batchAnswer) string {
	if a.Err != nil {
		l.Err = model.AsError(c.transport.needing(a.Err, readGroups()...))
		return ""
	}
	page, err := decodePage[directoryObject](a.Body)
	if err != nil {
		return c.root.String() + item.URL
	}
	appendObjects(l, *page.Value)
	return page.Next
}

func appendObjects(l *expansion.Listing, page []directoryObject) {
	for i := range page {
		l.Members = append(l.Members, page[i].object(model.ObjectOther))
	}
}

// markHidden marks a group whose members this account may not see. The service
// then gives an empty list or a refusal, which must not pass for "nobody".
func (c *Client) markHidden(l *expansion.Listing, g model.Group) {
	if !g.HiddenMembership || len(l.Members) > 0 || c.seesHidden() {
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

// Group implements writeback.Groups.
func (c *Client) Group(ctx context.Context, id string) (model.Group, error) {
	ctx = withPriority(ctx, priorityHigh)
	if !isGUID(id) {
		return model.Group{}, &model.Error{Kind: model.KindUsage, Code: "groupIdInvalid", Message: fmt.Sprintf("%q is no object id of a group", id)}
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
	page, err := getPage[directoryObject](ctx, c, func() (*abstractions.RequestInformation, error) {
		return c.membersRequest(ctx, groupID)
	})
	if err != nil {
		return nil, c.transport.needing(err, readGroups()...)
	}
	l := expansion.Listing{GroupID: groupID}
	appendObjects(&l, *page.Value)
	if err := rest(ctx, c, page.Next, nil, func(page []directoryObject) { appendObjects(&l, page) }); err != nil {
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
