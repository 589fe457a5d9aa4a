package graph

import (
	"context"
	"net/url"
	"strings"

	"rollcall/model"
)

// maxFilter bounds an encoded filter: an advanced query may have a URL of 2,048
// characters, of which host, path, $select and $count take some 350. Source:
// Graph documentation, "Use the $filter query parameter", limits of in.
const maxFilter = 2048 - 400

// Classify finds the groups that own addresses, as primary or secondary ones:
// one object for each address, in the given order. It is zero where Graph knows
// no such group, or more than one.
//
// Fifteen addresses, as many as an in and an or may have, share two queries: one
// for primary addresses in the consistent store, which knows a group that was
// just made, and one in the index, which knows secondary ones too; for those
// there is no in. Twenty queries share a request, so that 150 addresses cost one
// request and 20 resource units.
func (c *Client) Classify(ctx context.Context, addresses []string) ([]model.Object, error) {
	ctx = withPriority(ctx, priorityHigh)
	var lookups []lookup
	for _, part := range together(addresses) {
		mails, proxies := make([]string, 0, len(part)), make([]string, 0, len(part))
		for _, a := range part {
			mails, proxies = append(mails, literal(a)), append(proxies, byProxy(a))
		}
		lookups = append(lookups,
			lookup{kind: model.ObjectGroup, filter: "mail in (" + strings.Join(mails, ",") + ")"},
			lookup{kind: model.ObjectGroup, filter: strings.Join(proxies, " or "), advanced: true},
		)
	}
	items, err := c.lookupItems(ctx, lookups)
	if err != nil {
		return nil, err
	}
	owners := newOwners()
	for i, a := range c.batches(ctx, items) {
		found, err := c.lookedUp(ctx, lookups[i], a)
		if err != nil {
			return nil, c.transport.needing(err, readGroups()...)
		}
		owners.add(found)
	}
	objects := make([]model.Object, len(addresses))
	for i, a := range addresses {
		objects[i] = owners.of(a)
	}
	return objects, nil
}

// together cuts addresses, each of which counts once, into parts that one filter
// can hold.
func together(addresses []string) [][]string {
	var parts [][]string
	seen := make(map[string]bool, len(addresses))
	length := 0
	for _, a := range addresses {
		folded := strings.ToLower(a)
		if a == "" || seen[folded] {
			continue
		}
		seen[folded] = true
		clause := len(url.QueryEscape(byProxy(a) + " or "))
		last := len(parts) - 1
		if last < 0 || len(parts[last]) == maxClauses || length+clause > maxFilter {
			parts = append(parts, nil)
			last, length = last+1, 0
		}
		parts[last] = append(parts[last], a)
		length += clause
	}
	return parts
}

// owners are groups by their addresses in lower case. Mail is routed by
// proxyAddresses: mail counts only for what no group has among them.
type owners struct {
	byProxy, byMail map[string][]model.Object
	known           map[string]bool // ids
}

func newOwners() *owners {
	return &owners{byProxy: make(map[string][]model.Object), byMail: make(map[string][]model.Object), known: make(map[string]bool)}
}

func (o *owners) add(found []model.Object) {
	for _, g := range found {
		if o.known[g.ID] {
			continue
		}
		o.known[g.ID] = true
		for _, proxy := range g.ProxyAddresses {
			if scheme, address, ok := strings.Cut(strings.ToLower(proxy), ":"); ok && scheme == "smtp" {
				o.byProxy[address] = append(o.byProxy[address], g)
			}
		}
		if mail := strings.ToLower(g.Mail); mail != "" {
			o.byMail[mail] = append(o.byMail[mail], g)
		}
	}
}

// of is the group that owns an address alone.
func (o *owners) of(address string) model.Object {
	address = strings.ToLower(address)
	groups := o.byProxy[address]
	if len(groups) == 0 {
		groups = o.byMail[address]
	}
	if len(groups) != 1 {
		return model.Object{}
	}
	return groups[0]
}
