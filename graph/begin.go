package graph

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"

	abstractions "github.com/microsoft/kiota-abstractions-go"
	"github.com/microsoftgraph/msgraph-sdk-go/users"
	"golang.org/x/sync/errgroup"

	"rollcall/model"
	"rollcall/model/refresh"
)

// Begin implements refresh.Source. The delta link also encodes which properties
// are tracked, the manager among them. Beside it one row of the listing is
// asked for: the two need not refuse the same properties.
func (c *Client) Begin(ctx context.Context) (refresh.Beginning, error) {
	ctx = prioritised(ctx)
	wanted := append(c.opts.Schema.Select(), managerProperty)
	var link string
	var listed, tracked []string
	group, groupCtx := errgroup.WithContext(ctx)
	group.Go(func() (err error) {
		listed, err = c.accepted(groupCtx, wanted, c.tryListing)
		return err
	})
	group.Go(func() (err error) {
		tracked, err = c.accepted(groupCtx, wanted, func(ctx context.Context, names []string) (err error) {
			link, err = c.deltaLatest(ctx, names)
			return err
		})
		return err
	})
	if err := group.Wait(); err != nil {
		return refresh.Beginning{}, c.needingUsers(err)
	}
	refused := slices.DeleteFunc(slices.Clone(wanted), func(n string) bool {
		return slices.Contains(listed, n) && slices.Contains(tracked, n)
	})
	if len(tracked) > len(wanted)-len(refused) {
		var err error
		if link, err = c.deltaLatest(ctx, without(wanted, refused)); err != nil {
			return refresh.Beginning{}, c.needingUsers(err)
		}
	}
	c.refused.Store(&refused)
	return refresh.Beginning{DeltaLink: link, Refused: c.attributesOf(refused)}, nil
}

// selection is what the pages of a listing select: what the schema syncs, but
// for what the last Begin was refused.
func (c *Client) selection() []string {
	wanted := append(c.opts.Schema.Select(), managerProperty)
	if refused := c.refused.Load(); refused != nil {
		return without(wanted, *refused)
	}
	return wanted
}

func without(names, left []string) []string {
	return slices.DeleteFunc(slices.Clone(names), func(n string) bool { return slices.Contains(left, n) })
}

// attributesOf are the Graph names of the synced attributes that come with the
// given properties: the extension attributes are one property.
func (c *Client) attributesOf(properties []string) []string {
	var names []string
	for _, a := range c.opts.Schema.Synced() {
		if slices.Contains(properties, a.Select) {
			names = append(names, a.Graph)
		}
	}
	if slices.Contains(properties, managerProperty) {
		names = append(names, managerProperty)
	}
	return names
}

func (c *Client) tryListing(ctx context.Context, names []string) error {
	_, err := read(ctx, c, func() (*abstractions.RequestInformation, error) {
		return c.usersInfo(ctx, usersRequest{names: names, top: 1})
	}, c.users.listing)
	return err
}

// deltaLatest returns a link to the changes from now on. The service answers
// with an empty page that ends the round; should it not, the round is followed
// to its end.
func (c *Client) deltaLatest(ctx context.Context, names []string) (string, error) {
	build := func() (*abstractions.RequestInformation, error) {
		info, err := c.usersBuilder().Delta().ToGetRequestInformation(ctx, &users.DeltaRequestBuilderGetRequestConfiguration{
			QueryParameters: &users.DeltaRequestBuilderGetQueryParameters{Select: names},
		})
		if err != nil {
			return nil, err
		}
		return info, withParameter(info, "deltatoken", "latest")
	}
	seen := make(map[string]bool)
	for {
		page, err := read(ctx, c, build, c.users.delta)
		if err != nil {
			return "", err
		}
		if err := c.checkLinks(page.next, page.deltaLink); err != nil {
			return "", err
		}
		switch {
		case page.deltaLink != "":
			return page.deltaLink, nil
		case page.next == "":
			return "", unreadable(c.root.Host, errNoLink)
		case seen[page.next]:
			return "", looping()
		}
		seen[page.next] = true
		build = func() (*abstractions.RequestInformation, error) { return linkRequest(page.next, nil) }
	}
}

// accepted returns those of the names that try is not refused for. Of what
// every profile needs, none may be refused.
func (c *Client) accepted(ctx context.Context, names []string, try func(context.Context, []string) error) ([]string, error) {
	for {
		refusal := try(ctx, names)
		if !isRefusedQuery(refusal) {
			return names, refusal
		}
		culprits := namedIn(refusal, names)
		if len(culprits) == 0 {
			var err error
			if culprits, err = searched(ctx, names, try); err != nil {
				return nil, err
			}
		}
		if len(culprits) == 0 {
			return nil, refusal // for something other than a property
		}
		if err := c.checkRequired(culprits, refusal); err != nil {
			return nil, err
		}
		names = without(names, culprits)
	}
}

// searched finds, by halving, the names for which try is refused. There are
// none when it is refused whatever is selected. The first name is the id's.
func searched(ctx context.Context, names []string, try func(context.Context, []string) error) ([]string, error) {
	id := names[:1]
	if err := try(ctx, id); err != nil {
		if isRefusedQuery(err) {
			return nil, nil
		}
		return nil, err
	}
	var search func(names []string) ([]string, error)
	search = func(names []string) ([]string, error) {
		err := try(ctx, slices.Concat(id, names))
		switch {
		case err == nil:
			return nil, nil
		case !isRefusedQuery(err):
			return nil, err
		case len(names) == 1:
			return names, nil
		}
		first, err := search(names[:len(names)/2])
		if err != nil {
			return nil, err
		}
		second, err := search(names[len(names)/2:])
		return slices.Concat(first, second), err
	}
	return search(names[1:])
}

// isRefusedQuery reports the answers that a property may be the reason of.
func isRefusedQuery(err error) bool {
	var status statusError
	return errors.As(err, &status) && (status == http.StatusBadRequest || status == http.StatusNotImplemented) &&
		!errors.Is(err, refresh.ErrResync)
}

// refusedNames finds the properties in the service's words: "Could not find a
// property named 'x' on type 'microsoft.graph.user'", "$select is not supported
// for the following properties: x, y".
var refusedNames = regexp.MustCompile(`property named '([^']+)'|following properties: ([\w, ]+)`)

// namedIn are those of the names that a refusal speaks of.
func namedIn(refusal error, names []string) []string {
	m := refusedNames.FindStringSubmatch(model.AsError(refusal).Message)
	if m == nil {
		return nil
	}
	var named []string
	for spoken := range strings.SplitSeq(m[1]+m[2], ",") {
		for _, n := range names {
			if strings.EqualFold(n, strings.TrimSpace(spoken)) {
				named = append(named, n)
			}
		}
	}
	return named
}

// checkRequired refuses to go on without what every profile needs.
func (c *Client) checkRequired(refused []string, refusal error) error {
	for _, a := range c.opts.Schema.Synced() {
		if a.IsRequired() && slices.Contains(refused, a.Select) {
			reason := model.AsError(refusal)
			return &model.Error{
				Kind: model.KindFailed, Code: "attributeRefused",
				Message: fmt.Sprintf("the tenant refuses the attribute %s, which every profile needs: %s", a.Graph, reason.Message),
				Remedy:  "check graph_endpoint in the profile, and whether the account may read users (" + scopeUsers + ")", RequestID: reason.RequestID, Err: refusal,
			}
		}
	}
	return nil
}
