package tui

import (
	"cmp"
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
	domains []audience.DomainCount
}

func newPreviewOutcome(p *audience.Preview) *previewOutcome {
	return &previewOutcome{preview: p, roots: previewRoots(p), domains: p.ExternalDomains()}
}

// previewItem is a line of the tree: an entry of the To line, or a list below
// one.
type previewItem struct {
	id    string
	label string
	node  *expansion.Node // nil for an entry that is not one list
	lists []previewItem   // of an entry that is several lists
	users int             // users and contacts that the entry is by itself
	reach int             // unique recipients of an entry that is not one list; -1 unknown
	sign  string          // "-" or "&" of an entry that takes away or keeps within; "" for all else
	lost  *model.Error    // why the entry could not be resolved; nil where it was
}

// previewRoots makes the top of the tree: an entry that is one list is that
// list, any other entry is a line of its own.
func previewRoots(p *audience.Preview) []previewItem {
	nodes := make(map[string]*expansion.Node, len(p.Expansion.Nodes))
	for _, n := range p.Expansion.Nodes {
		nodes[cmp.Or(n.Group.ID, strings.ToLower(n.Group.Mail))] = n
	}
	var roots []previewItem
	resolved := p.Expansion.Roots
	for i, e := range p.Entries {
		c := &p.Contributions[i]
		var item previewItem
		switch {
		case e.Exclude, e.Within, c.Unresolved:
			item = entryItem(p, e, c.Unresolved)
		default:
			item = rootItem(resolved[0], nodes)
			resolved = resolved[1:]
		}
		item.reach = c.Recipients
		if c.Unknown() {
			item.reach = -1
		}
		roots = append(roots, item)
	}
	slices.SortStableFunc(roots, func(a, b previewItem) int { return cmp.Compare(signOrder(a.sign), signOrder(b.sign)) })
	return roots
}

// signOrder puts what is included first, and what is taken away last.
func signOrder(sign string) int {
	return slices.Index([]string{"", "&", "-"}, sign)
}

// rootItem is an included entry.
func rootItem(r expansion.Root, nodes map[string]*expansion.Node) previewItem {
	item := previewItem{id: r.Label, label: r.Label}
	for _, o := range r.Objects {
		if n := nodes[cmp.Or(o.ID, strings.ToLower(o.Mail))]; n != nil && o.Type == model.ObjectGroup {
			item.lists = append(item.lists, nodeItem(n))
		} else {
			item.users++
		}
	}
	if len(item.lists) == 1 && item.users == 0 {
		return item.lists[0]
	}
	return item
}

// entryItem is an entry of which the tree shows no lists.
func entryItem(p *audience.Preview, e audience.Entry, lost bool) previewItem {
	item := previewItem{label: e.String()}
	switch {
	case e.Exclude:
		item.sign = "-"
	case e.Within:
		item.sign = "&"
	}
	item.id = item.sign + item.label
	for _, m := range p.Missing {
		if lost && m.Entry == item.label && m.Excluded == e.Exclude && m.Within == e.Within {
			item.lost = m.Reason
		}
	}
	return item
}

func nodeItem(n *expansion.Node) previewItem {
	label := n.Group.DisplayName
	if label == "" {
		label = cmp.Or(n.Group.Mail, n.Group.ID)
	}
	return previewItem{id: cmp.Or(n.Group.ID, strings.ToLower(n.Group.Mail)), label: label, node: n}
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
	case i.lost != nil:
		switch i.lost.Code {
		case "entryAmbiguous":
			return "! several", true
		case "nameNotFound", "addressNotFound", "groupNotFound":
			return "! unknown", true
		}
		return "! unread", true
	case i.sign != "" && i.reach < 0:
		return "! unread", true
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
	case n.Instead != nil:
		return "! by Graph", true
	case n.Cycle:
		return "↻ cycle", false
	case n.Empty():
		return "○ nobody", false
	case n.Unique == 0:
		return "! unread", true // the lists inside
	case !n.Whole():
		return "! in part", true // some list inside is not
	case n.Stored:
		return "~ stored", false
	}
	return "", false
}

// shortSource is the service that answered, in a narrow column.
func shortSource(s expansion.Source) string {
	switch s {
	case expansion.SourceExchangeAdmin:
		return "Exchange"
	case expansion.SourceEWS:
		return "EWS"
	}
	return s.Label()
}
