package graph

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
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

// DeltaLatest implements refresh.Source. The link that comes back also encodes
// which properties are tracked, the manager among them.
func (c *Client) DeltaLatest(ctx context.Context) (string, error) {
	ctx = withPriority(ctx, priorityLow)
	build := func() (*abstractions.RequestInformation, error) {
		info, err := c.usersBuilder().Delta().ToGetRequestInformation(ctx, &users.DeltaRequestBuilderGetRequestConfiguration{
			QueryParameters: &users.DeltaRequestBuilderGetQueryParameters{Select: append(c.opts.Schema.Select(), "manager")},
		})
		if err != nil {
			return nil, err
		}
		return info, withParameter(info, "deltatoken", "latest")
	}
	seen := make(map[string]bool)
	for {
		page, err := getPage[rawUser](ctx, c, build)
		if err != nil {
			return "", c.transport.needing(err, scopeUsers, "Directory.Read.All")
		}
		if err := c.checkLinks(page.Next, page.DeltaLink); err != nil {
			return "", err
		}
		switch {
		case page.DeltaLink != "":
			return page.DeltaLink, nil
		case page.Next == "":
			return "", unreadable(c.root.Host, errNoLink)
		case seen[page.Next]:
			return "", looping()
		}
		seen[page.Next] = true
		next := page.Next
		build = func() (*abstractions.RequestInformation, error) { return linkRequest(next, nil) }
	}
}

// UserCount implements refresh.Source.
func (c *Client) UserCount(ctx context.Context) (int, error) {
	ctx = withPriority(ctx, priorityLow)
	n, err := read(ctx, c, func() (*abstractions.RequestInformation, error) {
		return c.usersBuilder().Count().ToGetRequestInformation(ctx, &users.CountRequestBuilderGetRequestConfiguration{Headers: advanced()})
	}, decodeCount)
	return n, c.transport.needing(err, scopeUsers, "Directory.Read.All")
}

// decodeCount reads the plain text of a $count. The service may put a byte
// order mark before the number.
func decodeCount(body []byte) (int, error) {
	return strconv.Atoi(strings.TrimSpace(string(bytes.TrimPrefix(body, []byte("\ufeff")))))
}

// Users implements refresh.Source. Each change names every synced attribute,
// null where the user has none, and the manager.
func (c *Client) Users(ctx context.Context, link string) (*refresh.Page, error) {
	if err := c.checkStored(link); err != nil {
		return nil, err
	}
	ctx = withPriority(ctx, priorityLow)
	page, err := getPage[rawUser](ctx, c, func() (*abstractions.RequestInformation, error) {
		if link != "" {
			return linkRequest(link, nil)
		}
		return c.usersBuilder().ToGetRequestInformation(ctx, &users.UsersRequestBuilderGetRequestConfiguration{
			QueryParameters: &users.UsersRequestBuilderGetQueryParameters{
				Select: c.opts.Schema.Select(),
				// Allowed in the default mode only, which a plain listing is.
				Expand: []string{"manager($select=id)"},
				Top:    ptr(int32(pageSize)),
			},
		})
	})
	if err != nil {
		return nil, c.transport.needing(err, scopeUsers, "Directory.Read.All")
	}
	if err := errors.Join(c.checkLinks(page.Next), c.rounds.follow(link, page.Next)); err != nil {
		return nil, err
	}
	changes, err := newUserDecoder(c.opts.Schema).listing(*page.Value)
	if err != nil {
		return nil, unreadable(c.root.Host, err)
	}
	return &refresh.Page{Changes: changes, Next: page.Next}, nil
}

// Delta implements refresh.Source.
func (c *Client) Delta(ctx context.Context, link string) (*refresh.Page, error) {
	if link == "" {
		return nil, &model.Error{Kind: model.KindFailed, Code: "deltaLinkMissing", Message: "a delta round needs the link that the last one ended with"}
	}
	if err := c.checkStored(link); err != nil {
		return nil, err
	}
	ctx = withPriority(ctx, priorityLow)
	page, err := getPage[rawUser](ctx, c, func() (*abstractions.RequestInformation, error) { return linkRequest(link, nil) })
	if err != nil {
		return nil, c.transport.needing(err, scopeUsers, "Directory.Read.All")
	}
	if (page.Next == "") == (page.DeltaLink == "") {
		return nil, unreadable(c.root.Host, errNoLink)
	}
	if err := errors.Join(c.checkLinks(page.Next, page.DeltaLink), c.rounds.follow(link, page.Next)); err != nil {
		return nil, err
	}
	changes, err := newUserDecoder(c.opts.Schema).delta(*page.Value)
	if err != nil {
		return nil, unreadable(c.root.Host, err)
	}
	return &refresh.Page{Changes: changes, Next: page.Next, DeltaLink: page.DeltaLink}, nil
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
			return foreignHost(u)
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

var errNoLink = fmt.Errorf("a delta page must name either a next page or a delta link")
