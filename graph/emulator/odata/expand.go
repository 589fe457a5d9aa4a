package odata

import (
	"strconv"
	"strings"
)

// maxLevels is the largest $levels of the manager chain.
const maxLevels = 1000

func (q *Query) readExpand(option map[string]string, o Options) *Error {
	text, given := option["$expand"]
	if !given {
		return nil
	}
	items, ok := splitItems(text)
	if !ok {
		return malformed("Parsing OData Select and Expand failed: Syntax error in '%s'.", text)
	}
	for _, item := range items {
		e, err := parseExpand(item, o.Table)
		if err != nil {
			return err
		}
		// A chain of managers is the one expansion that the advanced
		// parameters allow, and it needs them.
		if (e.Levels != 0) != q.Advanced {
			return unsupported(messageUnsupported)
		}
		q.Expand = append(q.Expand, e)
	}
	return nil
}

// splitItems splits at the commas outside of parentheses; false when an item
// is empty or a parenthesis is open.
func splitItems(text string) ([]string, bool) {
	var items []string
	depth, start := 0, 0
	for i := 0; i <= len(text); i++ {
		switch {
		case i == len(text) || text[i] == ',' && depth == 0:
			item := strings.TrimSpace(text[start:i])
			if item == "" {
				return nil, false
			}
			items = append(items, item)
			start = i + 1
		case text[i] == '(':
			depth++
		case text[i] == ')':
			depth--
		}
		if depth < 0 {
			return nil, false
		}
	}
	return items, depth == 0
}

// parseExpand reads "manager" or "manager($levels=max;$select=id,displayName)".
func parseExpand(item string, table Table) (Expand, *Error) {
	name, inner, nested := strings.Cut(item, "(")
	inner, closed := strings.CutSuffix(inner, ")")
	if nested != closed {
		return Expand{}, malformed("Parsing OData Select and Expand failed: Syntax error in '%s'.", item)
	}
	e := Expand{}
	for _, known := range table.Expandable {
		if strings.EqualFold(known, name) {
			e.Property = known
		}
	}
	if e.Property == "" {
		return Expand{}, malformed("Parsing OData Select and Expand failed: Could not find a property named '%s' on type '%s'.", name, table.Type)
	}
	if !nested {
		return e, nil
	}
	for option := range strings.SplitSeq(inner, ";") {
		key, value, _ := strings.Cut(strings.TrimSpace(option), "=")
		switch key {
		case "$select":
			names, ok := splitNames(value)
			if !ok {
				return Expand{}, malformed("Parsing OData Select and Expand failed: Syntax error in '%s'.", option)
			}
			e.Select = names
		case "$levels":
			if value == "max" {
				e.Levels = MaxLevels
				continue
			}
			n, err := strconv.Atoi(value)
			if err != nil || n < 1 || n > maxLevels {
				return Expand{}, malformed("Parsing OData Select and Expand failed: Invalid value '%s' for $levels.", value)
			}
			e.Levels = n
		default:
			return Expand{}, malformed("Parsing OData Select and Expand failed: the option '%s' is not supported in $expand.", key)
		}
	}
	return e, nil
}
