package rule

import (
	"fmt"
	"unicode/utf8"
)

// EntraMaxLength is the longest rule, in characters, that Entra stores. Source:
// Entra documentation, "Manage rules for dynamic membership groups".
const EntraMaxLength = 3072

// entra is the canonical print. What Entra does not take is refused.
func (t *Translation) entra(r *Rule) {
	text := Print(r.Root)
	report := &reporter{}
	whole := Span{0, len(r.Text)}
	if r.Root == nil {
		report.errorAt(Span{}, "the rule is empty", "a clause", "")
	}
	if n := utf8.RuneCountInString(text); n > EntraMaxLength {
		report.errorAt(whole, tooLong(n), "", "")
	}
	Walk(r.Root, func(n Node) { entraClause(n, report) })
	if !HasErrors(report.list) {
		t.Text = text
	}
	t.Diagnostics = report.located(r.Text)
}

// entraClause reports what Entra does not take of a clause, or may not. Sources:
// Entra documentation, "Group membership for dynamic groups" (the number of
// groups, the preview); of system.now behind -eq administrators report that it
// is refused, and the documentation shows it behind -le and -ge only.
func entraClause(n Node, report *reporter) {
	switch n := n.(type) {
	case *MemberOf:
		if len(n.Groups) > EntraMaxGroups {
			report.errorAt(n.At, fmt.Sprintf("the rule names %d groups; Entra takes at most %d", len(n.Groups), EntraMaxGroups), "", "")
		}
		report.noteAt(n.At, "user.memberOf is a preview in Entra: at most 500 dynamic groups of a tenant may use it")
	case *Comparison:
		if n.Operator == OpEq && n.Value.Kind == Now {
			report.lintAt(n.Span(), "Entra is reported to refuse system.now behind -eq; it documents it behind -le and -ge", "")
		}
	}
}
