package rule

import (
	"strconv"
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
		printValue(b, n.Value)
	case *MemberOf:
		b.WriteString("user.memberOf -any (group.objectId -in ")
		printValue(b, Value{Kind: List, List: n.Groups})
		b.WriteByte(')')
	case *DirectReports:
		b.WriteString("Direct Reports for ")
		printValue(b, n.Manager)
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
	var b strings.Builder
	printValue(&b, v)
	return b.String()
}

func printValue(b *strings.Builder, v Value) {
	switch v.Kind {
	case Text:
		printQuoted(b, v.Text)
	case Bool:
		b.WriteString(strconv.FormatBool(v.Bool))
	case Time:
		b.WriteString(v.Time.UTC().Format(time.RFC3339))
	case Now:
		b.WriteString("system.now")
		switch {
		case v.Shift == (Duration{}):
		case v.Shift.Minus:
			b.WriteString(" -minus " + v.Shift.String())
		default:
			b.WriteString(" -plus " + v.Shift.String())
		}
	case List:
		b.WriteByte('[')
		for i, e := range v.List {
			if i > 0 {
				b.WriteString(", ")
			}
			printValue(b, e)
		}
		b.WriteByte(']')
	default:
		b.WriteString("null")
	}
}

// printQuoted writes a string in double quotation marks. A single quotation mark is
// doubled, as Entra's documentation asks. A backslash is doubled only where it
// would otherwise escape what follows, so that regular expressions stay
// readable.
func printQuoted(b *strings.Builder, s string) {
	b.WriteByte('"')
	for from := 0; ; {
		n := strings.IndexAny(s[from:], "\"'`\\")
		if n < 0 {
			b.WriteString(s[from:])
			break
		}
		at := from + n
		last := at == len(s)-1
		b.WriteString(s[from:at])
		switch c := s[at]; {
		case c == '"':
			b.WriteString(`\"`)
		case c == '\'':
			b.WriteString(`''`)
		case c == '`' && last:
			b.WriteString("\\`")
		case c == '\\' && (last || strings.IndexByte("\"'\\`", s[at+1]) >= 0):
			b.WriteString(`\\`)
		default:
			b.WriteByte(c)
		}
		from = at + 1
	}
	b.WriteByte('"')
}

// quote returns a string as a rule writes it: see printQuoted.
func quote(s string) string {
	var b strings.Builder
	b.Grow(len(s) + 2)
	printQuoted(&b, s)
	return b.String()
}
