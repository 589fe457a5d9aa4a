package rule

import (
	"slices"
	"strings"

	"rollcall/model"
)

// Program is a rule made ready for evaluation by columns. It is immutable.
// A program that needs the members of groups cannot be evaluated before
// WithMembers has named them.
type Program struct {
	rule  *Rule
	root  Predicate
	parts map[Node]Predicate
}

// Rule returns the rule that the program evaluates.
func (p *Program) Rule() *Rule { return p.rule }

// Root returns the tree to evaluate.
func (p *Program) Root() Predicate { return p.root }

// Part returns the predicate of a node of the rule's tree, nil of one inside
// -any and -all.
func (p *Program) Part(n Node) Predicate { return p.parts[n] }

// Groups are the object ids, in small letters and each once, of the groups
// whose direct members decide: of a rule on memberOf; nil for every other one.
func (p *Program) Groups() []string {
	m, ok := p.rule.Root.(*MemberOf)
	if !ok {
		return nil
	}
	var ids []string
	for _, g := range m.Groups {
		if id := strings.ToLower(g.Text); !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids
}

// WithMembers returns the program of a rule on memberOf for which the direct
// members of all its Groups together have the given object ids. Those that are
// no users select nobody.
func (p *Program) WithMembers(ids []string) *Program {
	return &Program{rule: p.rule, root: Users(ids), parts: map[Node]Predicate{p.rule.Root: Users(ids)}}
}

// Predicate is a node of a program: Constant, Conjunction, Disjunction,
// Negation, Users, Reports, Unknown or *Leaf.
type Predicate interface{ predicate() }

// Constant holds for every user, or for none.
type Constant bool

// Conjunction holds where each of its parts does.
type Conjunction []Predicate

// Disjunction holds where one of its parts does.
type Disjunction []Predicate

// Negation holds where its part does not.
type Negation struct{ Part Predicate }

// Users holds for the users with these object ids, in any letter case.
type Users []string

// Reports holds for the users whose manager has this object id.
type Reports string

// Unknown is what nobody has read yet: the members of groups.
type Unknown struct{}

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

	// Key tells the tests of one attribute apart: those with the same Key
	// answer alike. "" is like no other.
	Key string
	// Values are the only values for which Test answers true, folded; nil
	// where they are not known so.
	Values []string
	// Needs is a folded text without which a folded value is none for which
	// Test answers true; "" where none is known.
	Needs string
	// Cost is about how many nanoseconds Test takes, for deciding what to
	// decide first.
	Cost int
}

func (Constant) predicate()    {}
func (Conjunction) predicate() {}
func (Disjunction) predicate() {}
func (Negation) predicate()    {}
func (Users) predicate()       {}
func (Reports) predicate()     {}
func (Unknown) predicate()     {}
func (*Leaf) predicate()       {}
