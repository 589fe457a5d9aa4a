package directory

import (
	"fmt"
	"strings"

	"rollcall/model"
	"rollcall/model/rule"
)

// SearchRule says as a rule what a search text says: the rule selects exactly
// the users whom Search finds among all. A text without any term, which finds
// everybody, has no rule: nil. What a rule cannot say is a KindUsage error that
// names the term.
func SearchRule(text string, schema *model.Schema) (rule.Node, error) {
	terms, err := parseQuery(text, schema)
	if err != nil {
		return nil, err
	}
	var nodes []rule.Node
	for _, t := range terms {
		n, err := t.node(schema)
		if err != nil {
			return nil, err
		}
		nodes = append(nodes, n)
	}
	switch len(nodes) {
	case 0:
		return nil, nil
	case 1:
		return nodes[0], nil
	}
	return &rule.And{Operands: nodes}, nil
}

// node is the term as a clause.
func (t *term) node(schema *model.Schema) (rule.Node, error) {
	if t.fuzzy {
		return nil, t.unsayable("~ finds what is spelled nearly so, and a rule has no such operator", "take the ~ away")
	}
	var nodes []rule.Node
	for _, id := range t.attrs {
		if !schema.IsSynced(id) {
			continue // nobody has a value there
		}
		n, err := t.nodeOf(schema.Attribute(id))
		if err != nil {
			return nil, err
		}
		nodes = append(nodes, n)
	}
	var n rule.Node = &rule.Or{Operands: nodes}
	if len(nodes) == 1 {
		n = nodes[0]
	}
	if !t.negate {
		return n, nil
	}
	if c, ok := n.(*rule.Comparison); ok && c.Operator == rule.OpContains {
		c.Operator = rule.OpNotContains
		return c, nil
	}
	return &rule.Not{Operand: n}, nil
}

// nodeOf looks for the term's text in one attribute.
func (t *term) nodeOf(a model.Attribute) (rule.Node, error) {
	text := rule.TextValue(string(t.text))
	switch a.Type {
	case model.TypeString:
		return &rule.Comparison{Property: a.Rule, Operator: rule.OpContains, Value: text}, nil
	case model.TypeCollection:
		element := &rule.Comparison{Property: rule.Element, Operator: rule.OpContains, Value: text}
		return &rule.Quantified{Property: a.Rule, Quantifier: rule.Any, Body: element}, nil
	case model.TypeBool:
		var nodes []rule.Node
		for _, value := range []bool{true, false} {
			if strings.Contains(fmt.Sprint(value), string(t.text)) {
				nodes = append(nodes, &rule.Comparison{Property: a.Rule, Operator: rule.OpEq, Value: rule.Value{Kind: rule.Bool, Bool: value}})
			}
		}
		switch len(nodes) {
		case 0:
			return nil, t.unsayable(a.Rule+" is true or false", "write "+a.Rule+":true or "+a.Rule+":false")
		case 1:
			return nodes[0], nil
		}
		return &rule.Or{Operands: nodes}, nil
	case model.TypeTime:
		return nil, t.unsayable("a rule compares dates, and does not search in them", "take "+a.Rule+" away here, and add a clause with -ge or -le to the segment")
	default:
		return nil, t.unsayable("a rule compares service plans by their parts", "take "+a.Rule+" away here, and add a clause with -any to the segment")
	}
}

func (t *term) unsayable(reason, remedy string) error {
	return &model.Error{
		Kind: model.KindUsage, Code: "searchNotARule",
		Message: fmt.Sprintf("the search for %q is no rule: %s", t.text, reason),
		Remedy:  remedy,
	}
}
