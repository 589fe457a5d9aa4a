// Package rule is the segment language: Entra ID dynamic membership rules.
package rule

import (
	"time"

	"rollcall/model"
)

// Severity tells a fault from advice.
type Severity uint8

const (
	Error Severity = iota // the rule cannot be evaluated
	Note                  // something was read forgivingly
	Lint                  // it works; it could be better
)

// Diagnostic is one remark on a rule's text.
type Diagnostic struct {
	Severity     Severity
	Start, End   int // byte span in the text
	Line, Column int // 1-based; the column counts characters
	Message      string
	Expected     string // what would be right here; "" when not applicable
	Suggestion   string // a near name or a better form; "" when none
}

// Rule is a parsed rule.
type Rule struct {
	Text string
	Root Node // nil for the empty rule, which selects nobody
}

// Node is a node of the tree; see the concrete types.
type Node interface{ node() }

func unwritten() { panic("unwritten") }

// Parse reads a rule. It forgives what administrators paste and says so in
// notes. When any diagnostic is an Error the rule must not be evaluated.
func Parse(text string) (*Rule, []Diagnostic) { unwritten(); return nil, nil }

// Print gives the canonical form of a tree: Parse(Print(x)) equals x.
func Print(n Node) string { unwritten(); return "" }

// Check holds a rule against the attributes of a profile.
func Check(r *Rule, s *model.Schema) []Diagnostic { unwritten(); return nil }

// Match is the plain evaluator: whether the rule selects the user. It is the
// definition that the columnar evaluator is held against.
func Match(r *Rule, u *model.User, now time.Time) bool { unwritten(); return false }

// Program is a rule made ready for evaluation by columns.
type Program struct{}

// Compile parses, checks and compiles. The error is a *model.Error of
// KindUsage whose message is the first fault with line, column and suggestion.
func Compile(text string, s *model.Schema, now time.Time) (*Program, []Diagnostic, error) {
	unwritten()
	return nil, nil, nil
}
