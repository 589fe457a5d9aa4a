package rule

import (
	"fmt"
	"regexp"
	"strings"
)

// lintPattern advises an operator that says the same as a plain regular
// expression: Entra's own advice is to avoid -match where it can be.
func (c *checker) lintPattern(n *Comparison) {
	pattern := n.Value.Text
	body, atStart := strings.CutPrefix(pattern, "^")
	body, atEnd := strings.CutSuffix(body, "$")
	if !atStart || body == "" || regexp.QuoteMeta(body) != body {
		return
	}
	operator := OpStartsWith
	if atEnd {
		operator = OpEq
	}
	if n.Operator.Negative() {
		operator++
	}
	better := *n
	better.Operator, better.Value = operator, TextValue(body)
	c.report.lintAt(n.OperatorAt, fmt.Sprintf("%s says the same and is faster than %s", operator, n.Operator), Print(&better))
}
