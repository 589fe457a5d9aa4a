package rule

import "unicode/utf8"

// EntraMaxLength is the longest rule, in characters, that Entra stores. Source:
// Entra documentation, "Manage rules for dynamic membership groups".
const EntraMaxLength = 3072

// entra is the canonical print. One that is longer than Entra takes is refused.
func (t *Translation) entra(r *Rule) {
	text := Print(r.Root)
	report := &reporter{}
	if n := utf8.RuneCountInString(text); n > EntraMaxLength {
		report.errorAt(Span{0, len(r.Text)}, tooLong(n), "", "")
	} else {
		t.Text = text
	}
	t.Diagnostics = report.located(r.Text)
}
