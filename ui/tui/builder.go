package tui

import (
	"strings"
	"time"

	"rollcall/model"
	"rollcall/model/rule"
)

// builder is a rule as rows of attribute, operator and value: the rows are
// joined by one joiner, and neighbours that are joined by the other one form a
// group inside it. That is one level of parentheses; a rule that needs more is
// edited as text.
type builder struct {
	any  bool // rows are joined by or, groups inside by and; else the reverse
	rows []builderRow
}

// builderRow is one comparison. A row without attribute or value is not yet
// part of the rule.
type builderRow struct {
	or        bool   // joined to the row above by or; not used in the first row
	attribute string // rule name, or what was typed so far
	operator  rule.Operator
	value     string // as typed: Sales; US, CA; null; system.now -minus P30D
}

func (r builderRow) complete() bool {
	return strings.TrimSpace(r.attribute) != "" && strings.TrimSpace(r.value) != ""
}

// newBuilder lays a tree out as rows; ok is false when it has another shape.
func newBuilder(n rule.Node) (b builder, ok bool) {
	switch n := n.(type) {
	case nil:
		return builder{}, true
	case *rule.Comparison:
		row, ok := rowOf(n)
		return builder{rows: []builderRow{row}}, ok
	case *rule.And:
		return builderOf(n.Operands, false)
	case *rule.Or:
		return builderOf(n.Operands, true)
	}
	return builder{}, false
}

// builderOf lays out operands that are joined by or (or by and).
func builderOf(operands []rule.Node, or bool) (builder, bool) {
	b := builder{any: or}
	for _, o := range operands {
		members := []rule.Node{o}
		switch o := o.(type) {
		case *rule.And:
			if !or {
				return builder{}, false
			}
			members = o.Operands
		case *rule.Or:
			if or {
				return builder{}, false
			}
			members = o.Operands
		}
		for i, m := range members {
			c, ok := m.(*rule.Comparison)
			if !ok {
				return builder{}, false
			}
			row, ok := rowOf(c)
			if !ok {
				return builder{}, false
			}
			row.or = or
			if i > 0 {
				row.or = !or
			}
			b.rows = append(b.rows, row)
		}
	}
	return b, true
}

func rowOf(c *rule.Comparison) (builderRow, bool) {
	value, ok := valueText(c.Value)
	return builderRow{attribute: c.Property, operator: c.Operator, value: value}, ok && c.Property != rule.Element
}

// node is the tree of the rows that are complete; nil when none is.
func (b builder) node() rule.Node {
	var outer []rule.Node
	var group []rule.Node
	flush := func() {
		switch len(group) {
		case 0:
		case 1:
			outer = append(outer, group[0])
		default:
			outer = append(outer, joinNodes(group, !b.any))
		}
		group = nil
	}
	for _, r := range b.rows {
		if !r.complete() {
			continue
		}
		if r.or == b.any {
			flush()
		}
		group = append(group, r.node())
	}
	flush()
	switch len(outer) {
	case 0:
		return nil
	case 1:
		return outer[0]
	}
	return joinNodes(outer, b.any)
}

func joinNodes(nodes []rule.Node, or bool) rule.Node {
	if or {
		return &rule.Or{Operands: nodes}
	}
	return &rule.And{Operands: nodes}
}

func (r builderRow) node() rule.Node {
	return &rule.Comparison{Property: strings.TrimSpace(r.attribute), Operator: r.operator, Value: parseValue(r.operator, r.value)}
}

// inGroup reports whether the row belongs to a group of several rows, and
// whether it is its first and its last one.
func (b builder) inGroup(i int) (in, first, last bool) {
	joins := func(i int) bool { return i > 0 && i < len(b.rows) && b.rows[i].or != b.any }
	first, last = !joins(i), !joins(i+1)
	return !first || !last, first, last
}

// valueText writes a value as it stands in a row; ok is false when what would
// be read back is another value.
func valueText(v rule.Value) (text string, ok bool) {
	switch v.Kind {
	case rule.Null:
		return "null", true
	case rule.Bool:
		if v.Bool {
			return "true", true
		}
		return "false", true
	case rule.Time:
		return v.Time.Format(time.RFC3339), true
	case rule.Now:
		printed := rule.Print(&rule.Comparison{Property: "employeeHireDate", Operator: rule.OpGe, Value: v})
		_, after, found := strings.Cut(printed, rule.OpGe.String()+" ")
		return after, found
	case rule.List:
		parts := make([]string, len(v.List))
		for i, e := range v.List {
			if strings.Contains(e.Text, ",") || strings.TrimSpace(e.Text) != e.Text || e.Text == "" {
				return "", false
			}
			parts[i] = e.Text
		}
		return strings.Join(parts, ", "), len(parts) > 0
	default:
		if strings.TrimSpace(v.Text) != v.Text || v.Text == "" || parseValue(rule.OpEq, v.Text).Kind != rule.Text {
			return `"` + v.Text + `"`, !strings.Contains(v.Text, `"`)
		}
		return v.Text, !isQuoted(v.Text)
	}
}

func isQuoted(s string) bool {
	return len(s) >= 2 && strings.HasPrefix(s, `"`) && strings.HasSuffix(s, `"`)
}

// parseValue reads what was typed into a value cell. Text needs no quotes
// there; quotes make text of what would be null, a boolean or a time.
func parseValue(op rule.Operator, typed string) rule.Value {
	typed = strings.TrimSpace(typed)
	if op == rule.OpIn || op == rule.OpNotIn {
		var texts []string
		for part := range strings.SplitSeq(typed, ",") {
			if part = strings.TrimSpace(part); part != "" {
				texts = append(texts, part)
			}
		}
		return rule.ListValue(texts...)
	}
	switch strings.ToLower(typed) {
	case "null":
		return rule.Value{Kind: rule.Null}
	case "true":
		return rule.Value{Kind: rule.Bool, Bool: true}
	case "false":
		return rule.Value{Kind: rule.Bool}
	}
	if isQuoted(typed) {
		return rule.TextValue(typed[1 : len(typed)-1])
	}
	if t, err := time.Parse(time.RFC3339, typed); err == nil {
		return rule.Value{Kind: rule.Time, Time: t.UTC().Truncate(time.Second)}
	}
	if strings.HasPrefix(strings.ToLower(typed), "system.now") {
		parsed, diagnostics := rule.Parse("user.employeeHireDate -ge " + typed)
		if c, ok := parsed.Root.(*rule.Comparison); ok && !rule.HasErrors(diagnostics) {
			return c.Value
		}
	}
	return rule.TextValue(typed)
}

// operatorsOf returns the operators that a row's attribute takes.
func operatorsOf(s *model.Schema, attribute string) []rule.Operator {
	a, ok := s.ByName(attribute)
	if !ok {
		return rule.Operators(model.TypeString)
	}
	return rule.Operators(a.Type)
}
