package rule

// Work returns how many steps scanning and parsing a text takes.
func Work(text string) int {
	report := &reporter{}
	p := &parser{text: text, tokens: scan(text, report), report: report}
	p.whole()
	return report.work
}
