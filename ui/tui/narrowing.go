package tui

import (
	"context"
	"slices"
	"strings"

	"rollcall/model"
	"rollcall/model/directory"
	"rollcall/model/rule"
	"rollcall/model/workspace"
)

// narrowing is one step of the breadcrumb: the values that were chosen of an
// attribute, or the manager whose direct reports are shown.
type narrowing struct {
	attribute model.Attribute
	values    []string // any of them; "" is: without a value

	manager     string // object id; "" when an attribute is meant
	managerName string
}

func (n narrowing) equal(o narrowing) bool {
	return n.attribute.ID == o.attribute.ID && n.manager == o.manager && slices.Equal(n.values, o.values)
}

// node is the narrowing to an attribute as a clause of a rule.
func (n narrowing) node() rule.Node {
	var nodes []rule.Node
	var texts []string
	compare := func(o rule.Operator, v rule.Value) {
		nodes = append(nodes, &rule.Comparison{Property: n.attribute.Rule, Operator: o, Value: v})
	}
	for _, value := range n.values {
		switch {
		case value == "":
			compare(rule.OpEq, rule.Value{Kind: rule.Null})
		case n.attribute.Type == model.TypeBool:
			compare(rule.OpEq, rule.Value{Kind: rule.Bool, Bool: value == "true"})
		default:
			texts = append(texts, value)
		}
	}
	switch {
	case len(texts) == 1:
		compare(rule.OpEq, rule.TextValue(texts[0]))
	case len(texts) > 1:
		compare(rule.OpIn, rule.ListValue(texts...))
	}
	if len(nodes) == 1 {
		return nodes[0]
	}
	return &rule.Or{Operands: nodes}
}

// crumb names the narrowing in the breadcrumb.
func (n narrowing) crumb() string {
	if n.manager != "" {
		return "reports to " + clean(n.managerName)
	}
	label := n.attribute.Label
	return strings.ToLower(label[:1]) + clean(label[1:]) + ": " + n.valueText()
}

func (n narrowing) valueText() string {
	texts := make([]string, len(n.values))
	for i, v := range n.values {
		texts[i] = facetText(clean(v))
	}
	return strings.Join(texts, ", ")
}

// facetText is a facet's value; a null has a name, too.
func facetText(value string) string {
	if value == "" {
		return "(none)"
	}
	return value
}

// narrowingRule is the rule that selects what the chosen facets leave; "" when
// none is chosen. A manager is no attribute that a rule can name.
func narrowingRule(list []narrowing) string {
	var nodes []rule.Node
	for _, n := range list {
		if n.manager == "" {
			nodes = append(nodes, n.node())
		}
	}
	switch len(nodes) {
	case 0:
		return ""
	case 1:
		return rule.Print(nodes[0])
	}
	return rule.Print(&rule.And{Operands: nodes})
}

// savedRule is the rule of a narrowing and a search: it selects whom the table
// shows. The error, for a person, says why there is none.
func savedRule(list []narrowing, search string, schema *model.Schema) (string, error) {
	refuse := func(message, remedy string) (string, error) {
		return "", &model.Error{Kind: model.KindUsage, Code: "noRule", Message: message, Remedy: remedy}
	}
	searched, err := directory.SearchRule(search, schema)
	if err != nil {
		return "", err
	}
	var nodes []rule.Node
	for _, n := range list {
		switch {
		case n.manager == "":
			nodes = append(nodes, n.node())
		case len(list) > 1 || searched != nil:
			return refuse("a rule on direct reports stands alone", "take back the filter and the other narrowings with esc")
		default:
			nodes = append(nodes, &rule.DirectReports{Manager: rule.TextValue(n.manager)})
		}
	}
	switch and, ok := searched.(*rule.And); {
	case ok:
		nodes = append(nodes, and.Operands...)
	case searched != nil:
		nodes = append(nodes, searched)
	}
	switch len(nodes) {
	case 0:
		return refuse("everybody is shown", "filter (/) or choose facets (f) first: what they leave becomes the segment")
	case 1:
		return rule.Print(nodes[0]), nil
	}
	return rule.Print(&rule.And{Operands: nodes}), nil
}

// narrowed is everybody whom the narrowings leave, in the order of display
// name.
func narrowed(ctx context.Context, ws *workspace.Workspace, list []narrowing) (*directory.Snapshot, []int32, error) {
	snapshot := ws.Directory()
	rows := snapshot.All()
	if text := narrowingRule(list); text != "" {
		selection, err := ws.Select(ctx, text)
		if err != nil {
			return nil, nil, err
		}
		snapshot, rows = selection.Snapshot, selection.Snapshot.Rows(selection.Set)
	}
	for _, n := range list {
		if n.manager != "" {
			rows = snapshot.SetOf(snapshot.DirectReports(n.manager)).Filter(rows)
		}
	}
	return snapshot, rows, ctx.Err()
}

// toggleValue adds a value to an attribute's narrowing, or takes it back; one
// without values goes.
func toggleValue(list []narrowing, a model.Attribute, value string) []narrowing {
	out := make([]narrowing, 0, len(list)+1)
	found := false
	for _, n := range list {
		if n.manager == "" && n.attribute.ID == a.ID {
			found = true
			n.values = slices.Clone(n.values)
			if i := slices.Index(n.values, value); i >= 0 {
				n.values = slices.Delete(n.values, i, i+1)
			} else {
				n.values = append(n.values, value)
			}
			if len(n.values) == 0 {
				continue
			}
		}
		out = append(out, n)
	}
	if !found {
		out = append(out, narrowing{attribute: a, values: []string{value}})
	}
	return out
}

// narrowedBy is the narrowing to an attribute, if there is one.
func narrowedBy(list []narrowing, a model.AttrID) (narrowing, bool) {
	i := slices.IndexFunc(list, func(n narrowing) bool { return n.manager == "" && n.attribute.ID == a })
	if i < 0 {
		return narrowing{}, false
	}
	return list[i], true
}

// without leaves out the narrowing to an attribute.
func without(list []narrowing, a model.AttrID) []narrowing {
	return slices.DeleteFunc(slices.Clone(list), func(n narrowing) bool { return n.manager == "" && n.attribute.ID == a })
}
