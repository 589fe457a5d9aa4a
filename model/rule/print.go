package rule

import (
	"strings"
	"time"
)

// How tightly a node binds, loosest first.
const (
	bindsOr = iota
	bindsAnd
	bindsNot
	bindsClause
)

// Print gives the canonical form of a tree: hyphenated operators, canonical
// property names, double quotation marks and only the parentheses that are
// needed. For a tree that Parse can build, Parse(Print(n)) gives n back.
func Print(n Node) string {
	var b strings.Builder
	b.Grow(64) // most are one comparison
	printNode(&b, n, bindsOr)
	return b.String()
}

// printNode writes n where something that binds as tightly as given is due.
func printNode(b *strings.Builder, n Node, due int) {
	binds := bindsClause
	switch n.(type) {
	case nil:
		return
	case *Or:
		binds = bindsOr
	case *And:
		binds = bindsAnd
	case *Not:
		binds = bindsNot
	}
	if binds < due {
		b.WriteByte('(')
		defer b.WriteByte(')')
	}
	switch n := n.(type) {
	case *Or:
		printChain(b, n.Operands, " -or ", bindsAnd)
	case *And:
		printChain(b, n.Operands, " -and ", bindsNot)
	case *Not:
		b.WriteString("-not ")
		printNode(b, n.Operand, bindsNot)
	case *Comparison:
		printProperty(b, n.Property)
		b.WriteByte(' ')
		b.WriteString(n.Operator.String())
		b.WriteByte(' ')
		b.WriteString(n.Value.String())
	case *MemberOf:
		b.WriteString("user.memberOf -any (group.objectId -in ")
		b.WriteString(Value{Kind: List, List: n.Groups}.String())
		b.WriteByte(')')
	case *DirectReports:
		b.WriteString("Direct Reports for ")
		b.WriteString(n.Manager.String())
	case *Quantified:
		printProperty(b, n.Property)
		b.WriteByte(' ')
		b.WriteString(n.Quantifier.String())
		b.WriteString(" (")
		printNode(b, n.Body, bindsOr)
		b.WriteByte(')')
	}
}

func printChain(b *strings.Builder, operands []Node, joint string, due int) {
	for i, o := range operands {
		if i > 0 {
			b.WriteString(joint)
		}
		printNode(b, o, due)
	}
}

func printProperty(b *strings.Builder, name string) {
	if name != Element && !isPlanProperty(name) {
		b.WriteString("user.")
	}
	b.WriteString(name)
}

// String returns the value as a rule writes it.
func (v Value) String() string {
	switch v.Kind {
	case Text:
		return quote(v.Text)
	case Bool:
		if v.Bool {
			return "true"
		}
		return "false"
	case Time:
		return v.Time.UTC().Format(time.RFC3339)
	case Now:
		if v.Shift == (Duration{}) {
			return "system.now"
		}
		if v.Shift.Minus {
			return "system.now -minus " + v.Shift.String()
		}
		return "system.now -plus " + v.Shift.String()
	case List:
		texts := make([]string, len(v.List))
		for i, e := range v.List {
			texts[i] = e.String()
		}
		return "[" + strings.Join(texts, ", ") + "]"
	default:
		return "null"
	}
}

// quote writes a string in double quotation marks. A single quotation mark is
// doubled, as Entra's documentation asks. A backslash is doubled only where it
// would otherwise escape what follows, so that regular expressions stay
// readable.
func quote(s string) string {
	var b strings.Builder
	b.Grow(len(s) + 2)
	b.WriteByte('"')
	for i := 0; i < len(s); i++ {
		last := i == len(s)-1
		switch c := s[i]; {
		case c == '"':
			b.WriteString(`\"`)
		case c == '\'':
			b.WriteString(`''`)
		case c == '`' && last:
			b.WriteString("\\`")
		case c == '\\' && (last || strings.IndexByte("\"'\\`", s[i+1]) >= 0):
			b.WriteString(`\\`)
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('"')
	return b.String()
}
