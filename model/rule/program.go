package rule

import "rollcall/model"

// Program is a rule made ready for evaluation by columns. It is immutable.
type Program struct {
	rule *Rule
	root Predicate
}

// Rule returns the rule that the program evaluates.
func (p *Program) Rule() *Rule { return p.rule }

// Root returns the tree to evaluate.
func (p *Program) Root() Predicate { return p.root }

// Predicate is a node of a program: Constant, Conjunction, Disjunction,
// Negation or *Leaf.
type Predicate interface{ predicate() }

// Constant holds for every user, or for none.
type Constant bool

// Conjunction holds where each of its parts does.
type Conjunction []Predicate

// Disjunction holds where one of its parts does.
type Disjunction []Predicate

// Negation holds where its part does not.
type Negation struct{ Part Predicate }

// Leaf decides one attribute. What it answers depends on the value alone, so
// that a column answers it once for each distinct value.
type Leaf struct {
	Attr model.AttrID
	// Test decides one value that is not null: of a collection one element.
	Test func(value string) bool
	// Folded says that Test is to be given Fold(value).
	Folded bool
	// Quantifier says how the answers for a collection's elements combine. A
	// scalar has no use for it.
	Quantifier Quantifier
	// Null is the answer for null, and for a collection without elements.
	Null bool
}

func (Constant) predicate()    {}
func (Conjunction) predicate() {}
func (Disjunction) predicate() {}
func (Negation) predicate()    {}
func (*Leaf) predicate()       {}
