package rule

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"rollcall/model"
)

// Check holds a rule against the attributes of a profile. It repeats nothing
// that Parse reports.
func Check(r *Rule, s *model.Schema) []Diagnostic {
	diagnostics, _ := check(r, s)
	return diagnostics
}

// check returns, with what it finds, the regular expressions by their text.
func check(r *Rule, s *model.Schema) ([]Diagnostic, map[string]*regexp.Regexp) {
	c := &checker{schema: s, report: &reporter{}, expressions: map[string]*regexp.Regexp{}}
	if isAlone(r.Root) {
		c.alone(r.Root)
	} else {
		c.node(r.Root, nil)
	}
	if !HasErrors(c.report.list) {
		advice := &linter{schema: s, report: c.report, text: r.Text, plain: map[string]*Comparison{}}
		advice.isCanonical = sync.OnceValue(func() bool { return r.Text == Print(r.Root) })
		advice.lint(r.Root, nil)
	}
	if n := utf8.RuneCountInString(r.Text); n > EntraMaxLength {
		c.report.lintAt(Span{0, len(r.Text)}, tooLong(n), "")
	}
	return c.report.located(r.Text), c.expressions
}

func tooLong(n int) string {
	return fmt.Sprintf("the rule has %d characters; Entra takes at most %d", n, EntraMaxLength)
}

type checker struct {
	schema      *model.Schema
	report      *reporter
	patterns    int // what compiling the expressions so far takes
	expressions map[string]*regexp.Regexp
}

// node checks a tree. collection is the attribute whose elements are compared,
// nil outside -any and -all.
func (c *checker) node(n Node, collection *model.Attribute) {
	switch n := n.(type) {
	case *And:
		for _, o := range n.Operands {
			c.node(o, collection)
		}
	case *Or:
		for _, o := range n.Operands {
			c.node(o, collection)
		}
	case *Not:
		c.node(n.Operand, collection)
	case *Comparison:
		c.clause(n, collection)
	case *Quantified:
		c.quantified(n, collection)
	case *MemberOf, *DirectReports:
		c.report.errorAt(n.Span(), aloneFault(n), aloneExpected, "")
	}
}

// clause checks what a comparison is about. The parser lets through only what
// fits; a tree that was built may hold anything.
func (c *checker) clause(n *Comparison, collection *model.Attribute) {
	switch {
	case collection == nil && (n.Property == Element || isPlanProperty(n.Property)):
		c.report.errorAt(n.PropertyAt, fmt.Sprintf("%s stands inside -any and -all only", n.Property), noBody.expected(), "")
	case collection == nil:
		if a, ok := c.attribute(n.Property, n.PropertyAt); ok {
			c.comparison(n, a)
		}
	case collection.Type == model.TypePlans && isPlanProperty(n.Property), collection.Type != model.TypePlans && n.Property == Element:
		c.comparison(n, model.Attribute{Rule: n.Property, Type: model.TypeString})
	default:
		c.report.errorAt(n.PropertyAt, fmt.Sprintf("%s is no part of user.%s", printed(n.Property), collection.Rule), bodyOf(*collection).expected(), "")
	}
}

func (c *checker) quantified(n *Quantified, collection *model.Attribute) {
	if collection != nil {
		c.report.errorAt(n.PropertyAt, fmt.Sprintf("%s cannot stand inside a condition on elements", n.Quantifier), "an operator such as -eq", "")
		return
	}
	a, ok := c.attribute(n.Property, n.PropertyAt)
	switch {
	case !ok:
	case !a.Type.IsCollection():
		c.report.errorAt(n.PropertyAt, fmt.Sprintf("user.%s has one value, so %s does not apply", a.Rule, n.Quantifier), "an operator such as -eq", "")
	default:
		c.node(n.Body, &a)
		if a.Type == model.TypePlans {
			c.lintPlans(n)
		}
	}
}

// notSynced refuses a property that this profile could sync, and does not.
func (c *checker) notSynced(at Span, name string) {
	c.report.errorAt(at, fmt.Sprintf(`user.%s is not synced in this profile: add %q to the setting "attributes" of the profile and sync again`, name, name), "an attribute that the profile syncs", "")
}

// attribute resolves a property that the profile syncs.
func (c *checker) attribute(name string, at Span) (model.Attribute, bool) {
	a, ok := c.schema.ByRule(name)
	if extension, is := model.ExtensionName(name); !ok && is {
		c.notSynced(at, extension)
		return a, false
	}
	if !ok {
		suggestion := ""
		if near := c.report.near(name, c.schema.Nearest); near != "" {
			suggestion = "user." + near
		}
		c.report.errorAt(at, fmt.Sprintf("Attribute not supported: user.%s", shortened(name)), noBody.expected(), suggestion)
		return a, false
	}
	if !c.schema.IsSynced(a.ID) {
		c.notSynced(at, a.Rule)
		return a, false
	}
	switch c.schema.Lack(a.ID) {
	case model.LackUnread:
		c.report.errorAt(at, fmt.Sprintf("user.%s was not read yet: the profile names it since the last sync, so sync again", a.Rule), "an attribute that was read", "")
		return a, false
	case model.LackRefused:
		c.report.errorAt(at, fmt.Sprintf("the tenant refuses to give user.%s, so that nobody's value is known", a.Rule), "an attribute that was read", "")
		return a, false
	}
	return a, true
}

func (c *checker) comparison(n *Comparison, a model.Attribute) {
	if a.Type == model.TypePlans {
		c.plans(n)
		return
	}
	if !slices.Contains(Operators(a.Type), n.Operator) || a.Type == model.TypeTime && n.Operator == OpNe && n.Value.Kind != Null {
		c.report.errorAt(n.OperatorAt, fmt.Sprintf("Operator isn't supported on attribute: %s on %s", n.Operator, printed(n.Property)), operatorsFor(a.Type), "")
		return
	}
	if n.Value.Kind == Null {
		if n.Operator.Positive() != OpEq {
			c.report.errorAt(n.Value.At, fmt.Sprintf("%s cannot compare with null", n.Operator), "-eq null or -ne null", "")
		}
		return
	}
	switch a.Type {
	case model.TypeBool:
		c.truth(n)
	case model.TypeTime:
		c.instant(n)
	default:
		c.text(n)
	}
}

// operatorsFor lists the operators of a type for a message.
func operatorsFor(t model.Type) string {
	var names []string
	for _, o := range Operators(t) {
		name := o.String()
		if t == model.TypeTime && o == OpNe {
			name += " null"
		}
		names = append(names, name)
	}
	return strings.Join(names, ", ")
}

func (c *checker) truth(n *Comparison) {
	value, ok := n.Value.truth()
	switch {
	case !ok:
		c.report.errorAt(n.Value.At, fmt.Sprintf("user.%s is true, false or null", n.Property), "true or false", "")
	case n.Value.Kind == Text:
		c.report.noteAt(n.Value.At, fmt.Sprintf("the text is read as %t", value))
	}
}

func (c *checker) instant(n *Comparison) {
	if _, ok := parseInstant(n.Value.Text); n.Value.Kind != Time && n.Value.Kind != Now && !ok {
		c.report.errorAt(n.Value.At, fmt.Sprintf("user.%s is a date", n.Property), dateForms, completeInstant(n.Value.Text))
	}
}

func (c *checker) text(n *Comparison) {
	isList := n.Operator.Positive() == OpIn
	switch {
	case isList && n.Value.Kind != List:
		c.report.needsArray(n.Operator, n.Value)
		return
	case !isList && n.Value.Kind == List:
		suggestion := ""
		if n.Operator == OpEq {
			suggestion = OpIn.String()
		} else if n.Operator == OpNe {
			suggestion = OpNotIn.String()
		}
		c.report.errorAt(n.Value.At, fmt.Sprintf("%s takes one value, not an array", n.Operator), "a text in quotation marks", suggestion)
		return
	case !isList && n.Value.Kind != Text:
		c.report.errorAt(n.Value.At, fmt.Sprintf("%s is a text", printed(n.Property)), "a text in quotation marks", quote(n.Value.String()))
		return
	}
	if n.Operator.Positive() == OpMatch {
		c.pattern(n)
	}
}

// printed is a property as a rule writes it.
func printed(property string) string {
	switch {
	case property == Element:
		return "the element"
	case isPlanProperty(property):
		return property
	default:
		return userPrefix + property
	}
}

func (r *reporter) needsArray(o Operator, v Value) {
	suggestion := ""
	if v.Kind == Text {
		suggestion = ListValue(v.Text).String()
	}
	r.errorAt(v.At, fmt.Sprintf("%s needs an array", o), `values such as ["a", "b"]`, suggestion)
}

// maxPatternCost bounds what compiling the regular expressions of a rule takes
// together, as patternCost counts it: more would keep the screen waiting.
const maxPatternCost = 20_000

// pattern checks a regular expression and keeps it.
func (c *checker) pattern(n *Comparison) {
	text := n.Value.Text
	if c.expressions[text] != nil {
		return
	}
	translated, err := translatePattern(text)
	c.patterns += patternCost(translated)
	if err == nil && c.patterns > maxPatternCost {
		c.report.errorAt(n.Value.At, "the regular expressions of the rule are too large together", "fewer classes of Unicode and repetitions", "")
		return
	}
	var re *regexp.Regexp
	if err == nil {
		re, err = compileTranslated(translated)
	}
	if err != nil {
		c.report.errorAt(n.Value.At, err.Error(), "a regular expression that RE2 can run", "")
		return
	}
	c.expressions[text] = re
	if hasWordBoundary(text) {
		c.report.noteAt(n.Value.At, `\b sees the letters a to z, digits and _ as parts of words, and no others`)
	}
}
