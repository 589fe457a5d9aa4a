package rule

import "unicode/utf8"

// Entra translates a rule into the membership rule of a dynamic group: the
// canonical print. A rule that is longer than Entra takes comes back with an
// Error diagnostic.
func Entra(r *Rule) (string, []Diagnostic) {
	text := Print(r.Root)
	if n := utf8.RuneCountInString(text); n > EntraMaxLength {
		report := &reporter{}
		report.errorAt(Span{0, len(text)}, tooLong(n), "", "")
		return text, report.located(text)
	}
	return text, nil
}
