// Package ruletest draws rules for property tests. What a clause is about is
// the test's own affair; how clauses are joined to a tree is the same for all.
package ruletest

import (
	"pgregory.net/rapid"

	"rollcall/model/rule"
)

// Joined combines clauses by -and, -or and -not to trees that Parse can build,
// at most depth levels deep.
func Joined(clause *rapid.Generator[rule.Node], depth int) *rapid.Generator[rule.Node] {
	if depth == 0 {
		return clause
	}
	return rapid.Custom(func(t *rapid.T) rule.Node {
		several := func() []rule.Node { return rapid.SliceOfN(Joined(clause, depth-1), 2, 3).Draw(t, "operands") }
		switch rapid.IntRange(0, 4).Draw(t, "shape") {
		case 0:
			return &rule.And{Operands: several()}
		case 1:
			return &rule.Or{Operands: several()}
		case 2:
			return &rule.Not{Operand: Joined(clause, depth-1).Draw(t, "operand")}
		default:
			return clause.Draw(t, "clause")
		}
	})
}
