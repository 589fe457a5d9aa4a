// Package rule is the segment language: Entra ID dynamic membership rules.
//
// Parse reads a text into a tree of nodes and forgives what administrators
// paste; Check holds the tree against the attributes of a profile; Print gives
// the canonical text back. Match evaluates a rule on one user and is the
// definition of what a rule means; Compile makes a Program that package
// directory runs over whole columns; Translate says a rule in another language,
// or names what that language cannot say.
package rule

// MaxLength is the longest text, in bytes, that Parse reads.
const MaxLength = 64 << 10

// Rule is a parsed rule.
type Rule struct {
	Text string
	Root Node // nil for the empty rule, which selects nobody
}
