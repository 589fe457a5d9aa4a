package rule

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"rollcall/model"
)

// A lint replaces the text at its span by its suggestion, and the rule then
// selects the same users as before. No value is taken to end with a line break,
// which $ lets stand behind what it ends, and none but a street address to hold
// one, which the dot does not pass over.

// maxWeighed is the length of a rule, in bytes, up to which its clauses are
// held against each other.
const maxWeighed = 4 * EntraMaxLength

// linter advises on one rule.
type linter struct {
	schema *model.Schema
	report *reporter
	text   string
	// isCanonical says that the text is what Print makes of its tree: it leaves
	// out parentheses on purpose. Few rules make that worth finding out.
	isCanonical func() bool
	plain       map[string]*Comparison // what says the same as an expression
}

// lint advises on a tree without faults. collection is the attribute whose
// elements are compared, nil outside -any and -all.
func (l *linter) lint(n Node, collection *model.Attribute) {
	switch n := n.(type) {
	case *And:
		l.lintOperands(n, n.Operands, collection)
	case *Or:
		l.lintPrecedence(n)
		l.lintOperands(n, n.Operands, collection)
	case *Not:
		if better := withoutNot(n); better != nil {
			l.better(n, better, fmt.Sprintf("-not is not needed: %s says the same", inShort(better)))
			return
		}
		l.lint(n.Operand, collection)
	case *Comparison:
		l.lintPattern(n)
		l.lintTruth(n, []Node{n}, collection)
	case *Quantified:
		if a, ok := l.schema.ByRule(n.Property); ok {
			l.lint(n.Body, &a)
		}
	}
}

// better reports a node that is better written in another way.
func (l *linter) better(n, better Node, message string) {
	at := n.Span()
	l.report.lintAt(at, message, Print(better))
}

// inShort prints a node for a message.
func inShort(n Node) string {
	const most = 60
	text := Print(n)
	if utf8.RuneCountInString(text) <= most {
		return text
	}
	return string([]rune(text)[:most]) + "…"
}

// withoutNot returns what says the same as a negation without it; nil where
// nothing does.
func withoutNot(n *Not) Node {
	switch of := n.Operand.(type) {
	case *Not:
		return of.Operand
	case *Comparison:
		a, _ := catalogue().ByRule(of.Property)
		if of.Operator == OpLe || of.Operator == OpGe || a.Type == model.TypeTime && of.Value.Kind != Null {
			return nil // dates have no such operator
		}
		return complementary(of)
	default:
		return nil
	}
}

// complementary returns the comparison with the complement of its operator,
// which is none of dates.
func complementary(n *Comparison) *Comparison {
	of := *n
	if of.Operator.Negative() {
		of.Operator--
	} else {
		of.Operator++
	}
	return &of
}

// lintOperands advises on a chain of clauses as a whole, or else on each.
func (l *linter) lintOperands(n Node, operands []Node, collection *model.Attribute) {
	if len(l.text) <= maxWeighed {
		if better := withoutRepeats(n, operands); better != nil {
			l.better(n, better, "a clause stands here more than once")
			return
		}
	}
	if better, message := asList(n, operands); better != nil {
		l.better(n, better, message)
		return
	}
	if len(l.text) <= maxWeighed && l.lintTruth(n, operands, collection) {
		return
	}
	for _, o := range operands {
		l.lint(o, collection)
	}
}

// chain returns a chain of the same kind of other operands.
func chain(like Node, operands []Node) Node {
	if len(operands) == 1 {
		return operands[0]
	}
	if _, ok := like.(*And); ok {
		return &And{Operands: operands}
	}
	return &Or{Operands: operands}
}

// withoutRepeats returns a chain in which each clause stands once; nil where
// that is so.
func withoutRepeats(n Node, operands []Node) Node {
	alike := make(map[likeness]int, len(operands))
	for _, o := range operands {
		alike[likenessOf(o)]++
	}
	if len(alike) == len(operands) {
		return nil
	}
	seen := map[string]bool{}
	once := slices.DeleteFunc(slices.Clone(operands), func(o Node) bool {
		if alike[likenessOf(o)] == 1 {
			return false
		}
		key := identity(o)
		defer func() { seen[key] = true }()
		return seen[key]
	})
	if len(once) == len(operands) {
		return nil
	}
	return chain(n, once)
}

// likeness is a number that two nodes of one identity share, and few others. It
// costs little, and spares most nodes that they are printed.
type likeness uint64

func likenessOf(n Node) likeness {
	h := likeness(14695981039346656037) // FNV-1a, offset and prime
	h.node(n)
	return h
}

func (h *likeness) byte(c byte) { *h = (*h ^ likeness(c)) * 1099511628211 }

// text leaves out what has more than one form under folding: k and s, which
// the Kelvin sign and the long s fold to, and all that is not ASCII.
func (h *likeness) text(s string) {
	for i := range len(s) {
		c := s[i] | 0x20
		if c < utf8.RuneSelf && c != 'k' && c != 's' {
			h.byte(c)
		}
	}
	h.byte(0)
}

func (h *likeness) value(v Value) {
	h.byte(byte(v.Kind))
	h.text(v.Text)
	for _, e := range v.List {
		h.text(e.Text)
	}
}

func (h *likeness) node(n Node) {
	switch n := n.(type) {
	case *And:
		h.nodes('&', n.Operands...)
	case *Or:
		h.nodes('|', n.Operands...)
	case *Not:
		h.nodes('!', n.Operand)
	case *Comparison:
		h.text(n.Property)
		h.byte(byte(n.Operator))
		h.value(n.Value)
	case *Quantified:
		h.text(n.Property)
		h.nodes(byte(n.Quantifier), n.Body)
	}
}

func (h *likeness) nodes(kind byte, list ...Node) {
	h.byte(kind)
	for _, n := range list {
		h.node(n)
	}
	h.byte(')')
}

// identity is the same of two nodes that select the same users because they
// differ by letter case at most.
func identity(n Node) string {
	folds := true
	Walk(n, func(n Node) {
		if c, ok := n.(*Comparison); ok && c.Operator.Positive() == OpMatch {
			folds = false // letters of an expression have meanings: \w and \W
		}
	})
	if folds {
		return Fold(Print(n))
	}
	return Print(n)
}

// manySingle is the number of comparisons with single values that a list takes
// the place of.
const manySingle = 3

// asList returns a chain in which a list takes the place of comparisons of one
// property with single values: -or of -eq, -and of -ne.
func asList(n Node, operands []Node) (better Node, message string) {
	single, list, joint := OpEq, OpIn, "-or"
	if _, ok := n.(*And); ok {
		single, list, joint = OpNe, OpNotIn, "-and"
	}
	counts := map[string]int{}
	for _, o := range operands {
		if c, ok := o.(*Comparison); ok && c.Operator == single && isText(c) {
			counts[c.Property]++
		}
	}
	var short []Node
	merged := map[string]*Comparison{}
	for _, o := range operands {
		c, ok := o.(*Comparison)
		if !ok || counts[c.Property] < manySingle || c.Operator != single && c.Operator != list || c.Operator == single && !isText(c) {
			short = append(short, o)
			continue
		}
		values := c.Value.List
		if c.Operator == single {
			values = []Value{c.Value}
		}
		if into := merged[c.Property]; into != nil {
			into.Value.List = append(into.Value.List, values...)
			continue
		}
		into := &Comparison{Property: c.Property, Operator: list, Value: Value{Kind: List, List: slices.Clone(values)}}
		merged[c.Property] = into
		short = append(short, into)
	}
	if len(merged) == 0 {
		return nil, ""
	}
	for _, o := range operands {
		if c, ok := o.(*Comparison); ok && merged[c.Property] != nil {
			message = fmt.Sprintf("%s says in one clause what %s of %s says in %d", list, joint, single, counts[c.Property])
			break
		}
	}
	return chain(n, short), message
}

// isText reports a comparison with a text, of a property of texts.
func isText(c *Comparison) bool {
	if c.Value.Kind != Text {
		return false
	}
	a, ok := catalogue().ByRule(c.Property)
	return !ok || a.Type != model.TypeBool && a.Type != model.TypeTime
}

// lintPrecedence notes that -and binds before -or, once for a chain that mixes
// them without parentheses.
func (l *linter) lintPrecedence(n *Or) {
	for _, o := range n.Operands {
		at := o.Span()
		if _, ok := o.(*And); !ok || at.End > len(l.text) || at.Start >= at.End {
			continue
		}
		before, behind := strings.TrimSpace(l.text[:at.Start]), strings.TrimSpace(l.text[at.End:])
		if strings.HasSuffix(before, "(") && strings.HasPrefix(behind, ")") {
			continue
		}
		if l.isCanonical() {
			return
		}
		l.report.add(Diagnostic{
			Severity: Note, Start: at.Start, End: at.End,
			Message:    "-and binds tighter than -or: this part is one alternative, which parentheses would show",
			Suggestion: "(" + l.text[at.Start:at.End] + ")",
		})
		return
	}
}

// lintPattern advises an operator that says the same as an expression: Entra's
// own advice is to avoid -match where it can be.
func (l *linter) lintPattern(n *Comparison) {
	if n.Operator.Positive() != OpMatch || n.Value.Kind != Text {
		return
	}
	better := l.plainer(n)
	if better == nil {
		return
	}
	if n.Operator.Negative() {
		better = complementary(better)
	}
	l.better(n, better, fmt.Sprintf("%s says the same and is faster than %s", better.Operator, n.Operator))
}

// maxPlain is the number of texts of an expression that a list is advised for.
const maxPlain = 16

// plainer returns what says the same as a comparison by an expression, nil
// where nothing does.
func (l *linter) plainer(n *Comparison) *Comparison {
	if breaksDecide(n) {
		return nil
	}
	pattern := n.Value.Text
	better, ok := l.plain[pattern]
	if !ok {
		better = plainOf(pattern)
		l.plain[pattern] = better
	}
	if better == nil {
		return nil
	}
	of := *better
	of.Property = n.Property
	return &of
}

// breaksDecide reports an expression whose answer depends on the line breaks
// within a value, on a property whose values have some.
func breaksDecide(n *Comparison) bool {
	return n.Property == "streetAddress" && strings.Contains(n.Value.Text, ".*")
}

// plainOf returns what says the same as an expression, of any property.
func plainOf(text string) *Comparison {
	pattern := strings.TrimPrefix(strings.TrimPrefix(text, "^.*"), ".*")
	short, openEnd := strings.CutSuffix(pattern, ".*$")
	if !openEnd {
		short, openEnd = strings.CutSuffix(pattern, ".*")
	}
	if openEnd && !strings.HasSuffix(short, `\`) {
		pattern = short
	}
	if pattern == "" {
		return nil
	}
	translated, err := translatePattern(pattern)
	if err != nil {
		return nil
	}
	e := understand(translated)
	texts := withoutBreaks(e.texts)
	if len(texts) == 0 || len(texts) > maxPlain || slices.ContainsFunc(texts, func(text string) bool { return !isPlain(text) }) {
		return nil
	}
	if written := writtenIn(pattern); sameFolded(written, texts) {
		texts = written
	}
	better := &Comparison{Value: TextValue(texts[0])}
	switch {
	case e.atStart && e.atEnd && len(texts) > 1:
		better.Operator, better.Value = OpIn, ListValue(texts...)
	case len(texts) > 1:
		return nil
	case e.atStart && e.atEnd:
		better.Operator = OpEq
	case e.atStart:
		better.Operator = OpStartsWith
	case e.atEnd:
		better.Operator = OpEndsWith
	default:
		better.Operator = OpContains
	}
	return better
}

// isPlain reports a text that can be written in a rule so that it is read.
func isPlain(text string) bool { return text != "" && !strings.ContainsFunc(text, unicode.IsControl) }

// withoutBreaks leaves out what differs from another text by a line break
// behind it.
func withoutBreaks(texts []string) []string {
	return slices.DeleteFunc(slices.Clone(texts), func(text string) bool {
		before, ok := strings.CutSuffix(text, "\n")
		return ok && slices.Contains(texts, before)
	})
}

// alternation is written between anchors, with or without a group.
var alternation = regexp.MustCompile(`^\^?(?:\((?:\?:)?([^()]*)\)|([^()]*))\$?$`)

// writtenIn returns the alternation of an expression as they are written.
func writtenIn(pattern string) []string {
	m := alternation.FindStringSubmatch(pattern)
	if m == nil {
		return nil
	}
	texts := strings.Split(m[1]+strings.TrimSuffix(m[2], "$"), "|")
	for i, text := range texts {
		texts[i] = escapes.ReplaceAllString(text, "$1")
	}
	return texts
}

var escapes = regexp.MustCompile(`\\([^a-zA-Z0-9])`)

// sameFolded reports whether texts as they are written are the folded ones, each
// once.
func sameFolded(written, folded []string) bool {
	return len(written) == len(folded) && !slices.ContainsFunc(folded, func(text string) bool {
		return !slices.ContainsFunc(written, func(w string) bool { return Fold(w) == text })
	})
}
