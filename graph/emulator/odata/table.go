package odata

import (
	"fmt"
	"slices"
	"strings"
)

// Operator is one thing that can be asked of a property; several are a set.
type Operator uint16

// The operators.
const (
	Eq Operator = 1 << iota
	Ne
	Gt
	Ge
	Lt
	Le
	In
	StartsWith
	EndsWith
	Null  // eq null; ne null
	Empty // collection/$count eq 0
	Sort  // $orderby
)

// String is the operator's name in a filter.
func (op Operator) String() string {
	names := map[Operator]string{
		Eq: "eq", Ne: "ne", Gt: "gt", Ge: "ge", Lt: "lt", Le: "le", In: "in",
		StartsWith: "startswith", EndsWith: "endswith", Null: "eq null", Empty: "$count", Sort: "$orderby",
	}
	return names[op]
}

// Type is the type of a property's values.
type Type uint8

// The types.
const (
	String Type = iota
	Bool
	Time
	Guid
	Strings // a collection, compared in any(…)
	Objects // a collection, whose elements' properties are compared in any(…)
)

// isCollection reports a type of any number of values.
func (t Type) isCollection() bool { return t == Strings || t == Objects }

// Capability is what can be asked of one property.
type Capability struct {
	Name     string // as Graph spells it; a nested property by its path
	Type     Type
	Default  Operator // in every query
	Advanced Operator // besides, with the advanced parameters
	Elements *Table   // of Objects: what can be asked of each
}

func (c Capability) allows(op Operator, advanced bool) bool {
	return c.Default&op == op || advanced && (c.Default|c.Advanced)&op == op
}

// Table is what a resource can do.
type Table struct {
	Type       string       // "microsoft.graph.user", for messages
	Properties []Capability // every property that may be named; one without operators is not indexed
	Expandable []string
}

// property finds a capability by its name in any letter case.
func (t Table) property(path string) (Capability, bool) {
	i := slices.IndexFunc(t.Properties, func(c Capability) bool { return strings.EqualFold(c.Name, path) })
	if i < 0 {
		return Capability{}, false
	}
	return t.Properties[i], true
}

// check refuses what the resource cannot do, or not without the advanced
// parameters.
func (t Table) check(n node, advanced bool) *Error {
	switch n := n.(type) {
	case *logical:
		if err := t.check(n.left, advanced); err != nil {
			return err
		}
		return t.check(n.right, advanced)
	case *negation:
		if !advanced {
			return unsupported(messageUnsupported)
		}
		return t.check(n.inner, advanced)
	case *comparison:
		if err := t.checkOperator(n.operand.path, operatorOf(n), advanced, func(c Capability) bool { return fits(c.Type, n.value) }); err != nil {
			return err
		}
		if n.value.day {
			return t.invalidClause(n.operand.path)
		}
		return nil
	case *membership:
		return t.checkOperator(n.operand.path, In, advanced, func(c Capability) bool {
			for _, v := range n.values {
				if !fits(c.Type, v) {
					return false
				}
			}
			return true
		})
	case *counting:
		if n.op != Eq && n.op != Ne || n.n != 0 {
			return unsupported(messageUnsupported)
		}
		return t.checkOperator(n.path, Empty, advanced, func(c Capability) bool { return c.Type.isCollection() })
	case *anyOf:
		if n.body == nil {
			return t.checkOperator(n.path, Empty, advanced, func(c Capability) bool { return c.Type.isCollection() })
		}
		return t.checkElement(n.path, n.body, advanced)
	}
	return nil
}

// checkElement checks the body of a lambda against its collection.
func (t Table) checkElement(path string, n node, advanced bool) *Error {
	collection := func(l literal) func(Capability) bool {
		return func(c Capability) bool { return c.Type == Strings && l.kind == literalString }
	}
	switch n := n.(type) {
	case *logical:
		if err := t.checkElement(path, n.left, advanced); err != nil {
			return err
		}
		return t.checkElement(path, n.right, advanced)
	case *negation:
		if !advanced {
			return unsupported(messageUnsupported)
		}
		return t.checkElement(path, n.inner, advanced)
	case *comparison:
		if n.operand.nested() {
			return t.checkNested(path, n.operand.path, operatorOf(n), advanced, n.value)
		}
		return t.checkOperator(path, operatorOf(n), advanced, collection(n.value))
	case *membership:
		for _, v := range n.values {
			if n.operand.nested() {
				if err := t.checkNested(path, n.operand.path, In, advanced, v); err != nil {
					return err
				}
				continue
			}
			if err := t.checkOperator(path, In, advanced, collection(v)); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkNested checks a comparison with a property of a collection's elements.
// Sources: the refusals of ODataLib, and for a GUID in quotes
// microsoftgraph/msgraph-sdk-dotnet issue 2306.
func (t Table) checkNested(path, property string, op Operator, advanced bool, l literal) *Error {
	c, known := t.property(path)
	if !known {
		return t.unknown(path)
	}
	elements := Table{Type: "Edm.String"} // has no properties
	if c.Elements != nil {
		elements = *c.Elements
	}
	if of, _ := elements.property(property); of.Type == Guid && l.kind == literalString {
		kind := "Equal"
		if op == Ne {
			kind = "NotEqual"
		}
		return malformed("Invalid filter clause: A binary operator with incompatible types was detected. Found operand types 'Edm.Guid' and 'Edm.String' for operator kind '%s'.", kind)
	}
	return elements.checkOperator(property, op, advanced, func(c Capability) bool { return fits(c.Type, l) })
}

// unknown is the refusal of a property that the resource does not have, or that
// only the elements of a collection have.
func (t Table) unknown(path string) *Error {
	if head, property, nested := strings.Cut(path, "/"); nested {
		if c, known := t.property(head); known && c.Type.isCollection() {
			return malformed("Invalid filter clause: The parent value for a property access of a property '%s' is not a single value. Property access can only be applied to a single value.", property)
		}
	}
	return malformed("Invalid filter clause: Could not find a property named '%s' on type '%s'.", path, t.Type)
}

// operatorOf is what a comparison needs from the property's capability.
func operatorOf(n *comparison) Operator {
	switch {
	case n.value.kind == literalNull && n.op == Eq:
		return Null
	case n.value.kind == literalNull && n.op == Ne:
		return Null | Ne
	}
	return n.op
}

// invalidClause refuses what an indexed property does not take: gt and lt,
// which the documentation lists for no property of a directory object, and a
// date without a time of day, as reported from the field.
func (t Table) invalidClause(path string) *Error {
	resource := strings.TrimPrefix(t.Type, "microsoft.graph.")
	return unsupported(fmt.Sprintf("Unsupported or invalid query filter clause specified for property '%s' of resource '%s%s'.",
		path, strings.ToUpper(resource[:1]), resource[1:]))
}

func (t Table) checkOperator(path string, op Operator, advanced bool, fits func(Capability) bool) *Error {
	c, known := t.property(path)
	switch {
	case !known:
		return t.unknown(path)
	case !fits(c):
		return malformed("Invalid filter clause: A binary operator with incompatible types was detected for property '%s'.", path)
	case op == Gt || op == Lt:
		return t.invalidClause(path)
	case c.allows(op, advanced):
		return nil
	case c.allows(op, true):
		return unsupported(messageUnsupported)
	}
	return unsupported(messageNotIndexed)
}

// fits reports whether a literal can be compared with a property of a type.
func fits(t Type, l literal) bool {
	switch l.kind {
	case literalNull:
		return !t.isCollection()
	case literalString:
		return t == String
	case literalBool:
		return t == Bool
	case literalTime:
		return t == Time
	case literalGuid:
		return t == Guid
	}
	return false
}
