package graph

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	abstractions "github.com/microsoft/kiota-abstractions-go"
	"github.com/microsoftgraph/msgraph-sdk-go/users"

	"rollcall/model"
	"rollcall/model/refresh"
)

// pageSize is the most that Graph gives of users and members in one page; a
// larger $top is an error, not a cap.
const pageSize = 999

const scopeUsers = "User.Read.All"

func (c *Client) usersBuilder() *users.UsersRequestBuilder {
	return users.NewUsersRequestBuilderInternal(c.path(), c.adapter)
}

// UserCount implements refresh.Source.
func (c *Client) UserCount(ctx context.Context) (int, error) {
	ctx = prioritised(ctx)
	n, err := read(ctx, c, func() (*abstractions.RequestInformation, error) {
		return c.usersBuilder().Count().ToGetRequestInformation(ctx, &users.CountRequestBuilderGetRequestConfiguration{Headers: advanced()})
	}, decodeCount)
	return n, c.needingUsers(err)
}

// decodeCount reads the plain text of a $count. The service may put a byte
// order mark before the number.
func decodeCount(body []byte) (int, error) {
	return strconv.Atoi(strings.TrimSpace(string(bytes.TrimPrefix(body, []byte("\ufeff")))))
}

// usersRequest lists users, or counts them. names are properties for $select;
// among them "manager" stands for the expanded manager, which only the default
// consistency allows.
type usersRequest struct {
	names  []string
	filter string // "" for all
	top    int
	count  bool // an advanced query, whose answer names the number of all matches
}

func (c *Client) usersInfo(ctx context.Context, r usersRequest) (*abstractions.RequestInformation, error) {
	query := &users.UsersRequestBuilderGetQueryParameters{Select: withoutManager(r.names), Top: ptr(int32(r.top))}
	if len(query.Select) < len(r.names) {
		query.Expand = []string{"manager($select=id)"}
	}
	if r.filter != "" {
		query.Filter = &r.filter
	}
	config := &users.UsersRequestBuilderGetRequestConfiguration{QueryParameters: query}
	if r.count {
		query.Count = ptr(true)
		config.Headers = advanced()
	}
	return c.usersBuilder().ToGetRequestInformation(ctx, config)
}

// managerProperty is a navigation property: a listing expands it, a delta
// selects it.
const managerProperty = "manager"

func withoutManager(names []string) []string {
	return slices.DeleteFunc(slices.Clone(names), func(n string) bool { return n == managerProperty })
}

// Users implements refresh.Source. Each change is whole. The texts of a page
// share one piece of memory, which a text that is kept keeps too.
func (c *Client) Users(ctx context.Context, link string) (*refresh.Page, error) {
	page, err := c.userPage(ctx, link, c.users.listing)
	if err != nil {
		return nil, err
	}
	return &refresh.Page{Changes: page.changes, Next: page.next}, nil
}

// Delta implements refresh.Source. As with Users, the texts of a page share
// memory.
func (c *Client) Delta(ctx context.Context, link string) (*refresh.Page, error) {
	page, err := c.userPage(ctx, link, c.users.delta)
	if err != nil {
		return nil, err
	}
	if (page.next == "") == (page.deltaLink == "") {
		return nil, unreadable(c.root.Host, errNoLink)
	}
	return &refresh.Page{Changes: page.changes, Next: page.next, DeltaLink: page.deltaLink}, nil
}

// userPage follows a link that an earlier page, Begin or Partitions gave.
func (c *Client) userPage(ctx context.Context, link string, decode func([]byte) (*userPage, error)) (*userPage, error) {
	if link == "" {
		return nil, &model.Error{Kind: model.KindFailed, Code: "linkMissing", Message: "a page of users was asked for without its link"}
	}
	if err := c.checkStored(link); err != nil {
		return nil, err
	}
	page, err := read(prioritised(ctx), c, func() (*abstractions.RequestInformation, error) { return linkRequest(link, nil) }, decode)
	if err != nil {
		return nil, c.needingUsers(err)
	}
	return page, c.checkLinks(page.next, page.deltaLink)
}

func (c *Client) needingUsers(err error) error {
	return c.transport.needing(err, scopeUsers, "Directory.Read.All")
}

// prioritised marks the calls of a sync: those of a schedule give way to what
// an administrator waits for.
func prioritised(ctx context.Context) context.Context {
	if refresh.IsForeground(ctx) {
		return withPriority(ctx, priorityHigh)
	}
	return withPriority(ctx, priorityLow)
}

// checkLinks refuses a page that names a link to another host: it would be
// stored, and followed only to be refused then.
func (c *Client) checkLinks(links ...string) error {
	for _, link := range links {
		if link == "" {
			continue
		}
		u, err := url.Parse(link)
		if err != nil {
			return unreadable(c.root.Host, err)
		}
		if !c.transport.own(u) {
			return c.transport.foreignHost(u)
		}
	}
	return nil
}

// checkStored turns a stored link of another host into a resync: the page that
// named it was checked, so it is the profile's endpoint that has changed since.
func (c *Client) checkStored(link string) error {
	if err := c.checkLinks(link); err != nil {
		return fmt.Errorf("%w: %w", refresh.ErrResync, err)
	}
	return nil
}

var errNoLink = errors.New("a delta page must name either a next page or a delta link")
