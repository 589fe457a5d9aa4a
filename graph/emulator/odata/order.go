package odata

import (
	"cmp"
	"strings"
	"time"
)

// Order is one term of $orderby.
type Order struct {
	Property   string
	Descending bool
}

func parseOrderBy(text string) ([]Order, *Error) {
	terms, ok := splitNames(text)
	if !ok {
		return nil, malformed("Invalid $orderby clause: Syntax error in '%s'.", text)
	}
	var out []Order
	for _, term := range terms {
		words := strings.Fields(term)
		o := Order{Property: words[0]}
		switch {
		case len(words) == 1, len(words) == 2 && words[1] == "asc":
		case len(words) == 2 && words[1] == "desc":
			o.Descending = true
		default:
			return nil, malformed("Invalid $orderby clause: Syntax error in '%s'.", term)
		}
		out = append(out, o)
	}
	return out, nil
}

// Compare orders two objects by $orderby, as cmp.Compare does; null comes
// first. Objects that are equal by every term compare as 0.
func (q *Query) Compare(a, b Object) int {
	for _, o := range q.OrderBy {
		x, _ := a.Property(o.Property)
		y, _ := b.Property(o.Property)
		if c := compareValues(x, y); c != 0 {
			if o.Descending {
				return -c
			}
			return c
		}
	}
	return 0
}

// compareValues orders two values of one property, null first.
func compareValues(x, y any) int {
	switch x := x.(type) {
	case nil:
		if y == nil {
			return 0
		}
		return -1
	case string:
		if y, ok := y.(string); ok {
			return cmp.Compare(strings.ToLower(x), strings.ToLower(y))
		}
	case time.Time:
		if y, ok := y.(time.Time); ok {
			return x.Compare(y)
		}
	case int:
		if y, ok := y.(int); ok {
			return cmp.Compare(x, y)
		}
	case bool:
		if y, ok := y.(bool); ok && x != y {
			if x {
				return 1
			}
			return -1
		}
	}
	if y == nil {
		return 1
	}
	return 0
}
