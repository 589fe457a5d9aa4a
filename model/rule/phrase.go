package rule

import "slices"

// phrase is a condition said in another language, or a condition that the rule
// itself decides, whatever the data are.
type phrase struct {
	text    string // "" of a constant
	decided bool   // holds for everybody or for nobody
	holds   bool   // of a constant
	binds   int    // bindsOr, bindsAnd or bindsClause

	clauses int  // comparisons and values of a list
	height  int  // of the tree that the text says
	either  bool // an alternative stands in it
}

func constantly(holds bool) phrase { return phrase{decided: true, holds: holds} }

func clause(text string) phrase {
	return phrase{text: text, binds: bindsClause, clauses: 1, height: 1}
}

// speaker says the clauses of a rule in another language, or reports why it
// cannot and returns anything. holds asks for what a clause says, or for the
// exact complement: negations are carried down to the clauses, so that what a
// language makes of the negation of an unknown never matters.
type speaker interface {
	// comparison says what the positive operator of n does.
	comparison(n *Comparison, holds bool) phrase
	quantified(n *Quantified, holds bool) phrase
	join(parts []phrase, or bool) phrase
}

// say says a tree, or its complement.
func say(s speaker, n Node, holds bool) phrase {
	switch n := n.(type) {
	case *And:
		return sayAll(s, n.Operands, holds, !holds)
	case *Or:
		return sayAll(s, n.Operands, holds, holds)
	case *Not:
		return say(s, n.Operand, !holds)
	case *Comparison:
		return s.comparison(n, holds != n.Operator.Negative())
	case *Quantified:
		return s.quantified(n, holds)
	default:
		return constantly(false)
	}
}

func sayAll(s speaker, operands []Node, holds, or bool) phrase {
	parts := make([]phrase, len(operands))
	for i, o := range operands {
		parts[i] = say(s, o, holds)
	}
	return settled(s, parts, or)
}

// settled joins what is not decided; one part may decide the whole.
func settled(s speaker, parts []phrase, or bool) phrase {
	var open []phrase
	for _, p := range parts {
		if !p.decided {
			open = append(open, p)
		} else if p.holds == or {
			return p
		}
	}
	switch len(open) {
	case 0:
		return constantly(!or)
	case 1:
		return open[0]
	}
	whole := s.join(open, or)
	whole.either = or
	for _, p := range open {
		height := p.height
		if p.binds == whole.binds {
			height-- // it joins the same chain
		}
		whole.height = max(whole.height, height+1)
		whole.clauses += p.clauses
		whole.either = whole.either || p.either
	}
	return whole
}

// named names a clause by its property and operator.
func named(n Node) string {
	switch n := n.(type) {
	case *Comparison:
		name := n.Operator.String()
		if n.Property == Element || isPlanProperty(n.Property) {
			return n.Property + " " + name
		}
		return "user." + n.Property + " " + name
	case *Quantified:
		return "user." + n.Property + " " + n.Quantifier.String()
	default:
		return Print(n)
	}
}

// alternatives are the values of a list that can equal something, each once
// whatever its letter case.
func alternatives(list []Value) []string {
	met := map[string]bool{"": true}
	var out []string
	for _, v := range list {
		if f := Fold(v.Text); !met[f] {
			met[f] = true
			out = append(out, v.Text)
		}
	}
	return out
}

// withoutPattern says by a plain operator what a regular expression says; false
// where none does.
func withoutPattern(n *Comparison) (*Comparison, bool) {
	if n.Operator.Positive() != OpMatch || breaksDecide(n) {
		return nil, false
	}
	plain := plainOf(n.Value.Text)
	if plain == nil {
		return nil, false
	}
	if n.Operator.Negative() {
		plain = complementary(plain)
	}
	better := *n
	better.Operator, better.Value = plain.Operator, plain.Value
	return &better, true
}

// faults returns the errors alone: where a rule is refused there is no text that
// a remark could be about.
func (r *reporter) faults(text string) []Diagnostic {
	r.list = slices.DeleteFunc(r.list, func(d Diagnostic) bool { return d.Severity != Error })
	return r.located(text)
}
