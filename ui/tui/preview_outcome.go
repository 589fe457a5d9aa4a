package tui

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"rollcall/model"
	"rollcall/model/audience"
	"rollcall/model/expansion"
)

// previewOutcome is a preview with what the screen derives from it, computed
// once and away from the event loop.
type previewOutcome struct {
	preview *audience.Preview
	roots   []previewItem
	domains []domainCount // of external recipients, most first
}

// domainCount is how many external recipients a mail domain has.
type domainCount struct {
	domain string
	count  int
}

func newPreviewOutcome(p *audience.Preview) *previewOutcome {
	o := &previewOutcome{preview: p, roots: previewRoots(p)}
	domains := make(map[string]int)
	for i := range p.Recipients {
		if _, domain, ok := strings.Cut(p.Recipients[i].Address, "@"); ok && p.Recipients[i].External {
			domains[strings.ToLower(domain)]++
		}
	}
	for _, d := range slices.Sorted(maps.Keys(domains)) {
		o.domains = append(o.domains, domainCount{d, domains[d]})
	}
	slices.SortStableFunc(o.domains, func(a, b domainCount) int { return cmp.Compare(b.count, a.count) })
	return o
}

// previewItem is a line of the tree: an entry of the To line, or a list below
// one.
type previewItem struct {
	id    string
	label string
	node  *expansion.Node // nil for an entry that is not one list
	lists []previewItem   // of an entry that is several lists
	users int             // users and contacts that the entry is by itself
	sign  string          // "-" or "&" of an entry that takes away or keeps within; "" for all else
}

// previewRoots makes the top of the tree: an entry that is one list is that
// list, any other entry is a line of its own.
func previewRoots(p *audience.Preview) []previewItem {
	nodes := make(map[string]*expansion.Node, len(p.Expansion.Nodes))
	for _, n := range p.Expansion.Nodes {
		nodes[n.Group.ID] = n
	}
	var roots []previewItem
	for _, r := range p.Expansion.Roots {
		item := previewItem{id: r.Label, label: r.Label}
		for _, o := range r.Objects {
			if n := nodes[o.ID]; n != nil && o.Type == model.ObjectGroup {
				item.lists = append(item.lists, nodeItem(n))
			} else {
				item.users++
			}
		}
		if len(item.lists) == 1 && item.users == 0 {
			item = item.lists[0]
		}
		roots = append(roots, item)
	}
	for _, e := range p.Entries {
		sign := ""
		switch {
		case e.Exclude:
			sign = "-"
		case e.Within:
			sign = "&"
		default:
			continue
		}
		roots = append(roots, previewItem{id: sign + e.String(), label: e.String(), sign: sign})
	}
	return roots
}

func nodeItem(n *expansion.Node) previewItem {
	label := n.Group.DisplayName
	if label == "" {
		label = cmp.Or(n.Group.Mail, n.Group.ID)
	}
	return previewItem{id: n.Group.ID, label: label, node: n}
}

// children are the lists directly inside.
func (i previewItem) children() []previewItem {
	if i.node == nil {
		return i.lists
	}
	out := make([]previewItem, len(i.node.Children))
	for k, c := range i.node.Children {
		out[k] = nodeItem(c)
	}
	return out
}

// shortKind is the kind of a list in a narrow column.
func shortKind(k model.GroupKind) string {
	switch k {
	case model.KindMicrosoft365:
		return "Microsoft 365"
	case model.KindSecurity:
		return "security"
	case model.KindMailEnabledSecurity:
		return "mail-security"
	case model.KindDistribution:
		return "distribution"
	case model.KindDynamicDistribution:
		return "dynamic"
	}
	return string(k)
}

// remark says in a word what is special about a list; worry is set when it
// makes the answer less certain.
func (i previewItem) remark(again bool) (text string, worry bool) {
	n := i.node
	switch {
	case i.sign == "-":
		return "excluded", false
	case i.sign == "&":
		return "within", false
	case n == nil:
		return "", false
	case n.Err != nil && n.Direct > 0:
		return "! in part", true
	case n.Err != nil:
		return "! unread", true
	case n.Hidden:
		return "! hidden", true
	case again:
		return "↻ as above", false
	case n.Cycle:
		return "↻ cycle", false
	case n.Direct == 0:
		return "○ empty", false
	}
	return "", false
}
