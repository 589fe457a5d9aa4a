package rule

import "slices"

// Span is a range of bytes in the rule's text. In a tree that was not parsed
// it is zero.
type Span struct{ Start, End int }

// Element is the property name that stands for one element of a collection
// inside -any and -all.
const Element = "_"

// The properties of one service plan inside `user.assignedPlans -any (…)`.
const (
	PlanID     = "assignedPlan.servicePlanId"
	PlanName   = "assignedPlan.service"
	PlanStatus = "assignedPlan.capabilityStatus"
)

// Node is a node of the tree: *And, *Or, *Not, *Comparison or *Quantified, or,
// as a whole rule, *MemberOf or *DirectReports.
type Node interface {
	// Span is the node's place in the text, without enclosing parentheses.
	Span() Span
	node()
}

// And holds when each of its operands does. It has at least two.
type And struct {
	Operands []Node
	At       Span
}

// Or holds when one of its operands does. It has at least two.
type Or struct {
	Operands []Node
	At       Span
}

// Not holds when its operand does not.
type Not struct {
	Operand Node
	At      Span
}

// Comparison is `user.department -eq "Sales"`.
type Comparison struct {
	Property string // canonical rule name without "user.", Element, PlanID, PlanName or PlanStatus
	Operator Operator
	Value    Value

	PropertyAt, OperatorAt Span // of "user.department" and of "-eq"
}

// Quantified is `user.otherMails -any (_ -endsWith "@contoso.com")`.
type Quantified struct {
	Property   string // canonical rule name without "user."
	Quantifier Quantifier
	Body       Node // And, Or, Not and Comparison on Element, or on the properties of a plan

	PropertyAt, At Span
}

// MemberOf is `user.memberOf -any (group.objectId -in ["…"])`: the direct
// members of any of the groups. It is never part of another node.
type MemberOf struct {
	Groups []Value // object ids: each of kind Text

	PropertyAt, At Span
}

// DirectReports is `Direct Reports for "…"`: the users whose manager is the
// given one, a level deep. It is never part of another node.
type DirectReports struct {
	Manager Value // object id: of kind Text

	At Span
}

// Quantifier says how many elements of a collection must satisfy a condition.
type Quantifier uint8

const (
	Any Quantifier = iota // at least one; false over nothing
	All                   // each; true over nothing
)

// String returns the quantifier as it is written: "-any" or "-all".
func (q Quantifier) String() string {
	if q == All {
		return "-all"
	}
	return "-any"
}

func (n *And) Span() Span        { return n.At }
func (n *Or) Span() Span         { return n.At }
func (n *Not) Span() Span        { return n.At }
func (n *Comparison) Span() Span { return Span{n.PropertyAt.Start, n.Value.At.End} }
func (n *Quantified) Span() Span { return n.At }
func (n *MemberOf) Span() Span   { return n.At }

// Span is the node's place in the text, without enclosing parentheses.
func (n *DirectReports) Span() Span { return n.At }

func (*And) node()        {}
func (*Or) node()         {}
func (*Not) node()        {}
func (*Comparison) node() {}
func (*Quantified) node() {}
func (*MemberOf) node()   {}

func (*DirectReports) node() {}

// Equal reports whether two trees say the same in the same shape, wherever
// they stand in a text.
func Equal(a, b Node) bool {
	switch a := a.(type) {
	case nil:
		return b == nil
	case *And:
		b, ok := b.(*And)
		return ok && slices.EqualFunc(a.Operands, b.Operands, Equal)
	case *Or:
		b, ok := b.(*Or)
		return ok && slices.EqualFunc(a.Operands, b.Operands, Equal)
	case *Not:
		b, ok := b.(*Not)
		return ok && Equal(a.Operand, b.Operand)
	case *Comparison:
		b, ok := b.(*Comparison)
		return ok && a.Property == b.Property && a.Operator == b.Operator && a.Value.Equal(b.Value)
	case *Quantified:
		b, ok := b.(*Quantified)
		return ok && a.Property == b.Property && a.Quantifier == b.Quantifier && Equal(a.Body, b.Body)
	case *MemberOf:
		b, ok := b.(*MemberOf)
		return ok && slices.EqualFunc(a.Groups, b.Groups, Value.Equal)
	case *DirectReports:
		b, ok := b.(*DirectReports)
		return ok && a.Manager.Equal(b.Manager)
	default:
		return false
	}
}

// Walk calls visit for n and every node below it, parents first. A nil node is
// skipped.
func Walk(n Node, visit func(Node)) {
	if n == nil {
		return
	}
	visit(n)
	switch n := n.(type) {
	case *And:
		for _, o := range n.Operands {
			Walk(o, visit)
		}
	case *Or:
		for _, o := range n.Operands {
			Walk(o, visit)
		}
	case *Not:
		Walk(n.Operand, visit)
	case *Quantified:
		Walk(n.Body, visit)
	}
}
