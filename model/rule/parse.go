package rule

import (
	"fmt"
)

// maxDepth bounds how deep parentheses and -not nest, so that no text can
// exhaust the stack of the parser or of an evaluator.
const maxDepth = 100

// Parse reads a rule. It forgives what administrators paste and says so in
// notes. After a fault it goes on behind the next -and, -or or parenthesis,
// and the tree holds the clauses that could be read. When any diagnostic is an
// Error the rule must not be evaluated.
func Parse(text string) (*Rule, []Diagnostic) {
	r := &Rule{Text: text}
	report := &reporter{}
	if len(text) > MaxLength {
		report.errorAt(Span{MaxLength, len(text)}, fmt.Sprintf("the rule is longer than %d bytes", MaxLength), "", "")
		return r, report.located(text)
	}
	p := &parser{text: text, tokens: scan(text, report), report: report}
	if p.peek().kind != tokEnd {
		r.Root = p.whole()
	}
	return r, report.located(text)
}

type parser struct {
	text   string
	tokens []token
	at     int
	depth  int
	report *reporter

	// body is true inside -any and -all; open is true there while no
	// parenthesis bounds the condition, so that it ends before a clause that
	// is not about the element.
	body, open bool

	abandoned bool // the rest was skipped because it nests too deep
}

func (p *parser) peek() token { return p.tokens[p.at] }

// take returns the present token and moves behind it; it stays at the end.
func (p *parser) take() token {
	t := p.tokens[p.at]
	if t.kind != tokEnd {
		p.at++
	}
	return t
}

// keyword returns the lower-case name of the operator that stands here, with
// hyphen or not; "" when another token does.
func (p *parser) keyword() string { return p.tokens[p.at].keyword }

// whole reads the text to its end.
func (p *parser) whole() Node {
	n := p.or()
	for p.peek().kind != tokEnd {
		t := p.take()
		if t.kind == tokClose {
			p.report.errorAt(t.at, "this parenthesis closes nothing", "", "")
		} else if t.kind != tokInvalid {
			p.report.errorAt(t.at, fmt.Sprintf("unexpected %s", p.describe(t)), "-and, -or or the end of the rule", "")
		}
		if p.startsOperand() || p.keyword() == "and" || p.keyword() == "or" {
			// The rest is read for its faults; the rule is not evaluated.
			if k := p.keyword(); k == "and" || k == "or" {
				p.take()
			}
			p.or()
		}
	}
	return n
}

func (p *parser) or() Node {
	return p.chain("or", p.and, func(operands []Node, at Span) Node { return &Or{operands, at} })
}

func (p *parser) and() Node {
	return p.chain("and", p.not, func(operands []Node, at Span) Node { return &And{operands, at} })
}

// chain reads operands that are joined by one operator. Where two clauses
// follow each other without any, it reports that and reads on.
func (p *parser) chain(joint string, operand func() Node, join func([]Node, Span) Node) Node {
	start := p.peek().at.Start
	var operands []Node
	add := func(n Node) {
		if n != nil {
			operands = append(operands, n)
		}
	}
	add(operand())
	for {
		if p.keyword() == joint && !p.leavesBody(1) {
			p.take()
		} else if joint == "and" && p.startsOperand() && !p.leavesBody(0) {
			p.report.errorAt(p.peek().at, "two clauses follow each other without an operator", "-and or -or", "")
		} else {
			break
		}
		add(operand())
	}
	switch len(operands) {
	case 0:
		return nil
	case 1:
		return operands[0]
	default:
		return join(operands, Span{start, p.lastEnd()})
	}
}

// leavesBody reports whether the clause that begins at the given distance lies
// behind an -any or -all whose condition no parenthesis bounds.
func (p *parser) leavesBody(distance int) bool {
	if !p.open {
		return false
	}
	for i := p.at + distance; i < len(p.tokens) && i <= p.at+distance+2*maxDepth; i++ {
		switch t := p.tokens[i]; {
		case t.kind == tokOpen, t.keyword == "not":
		default:
			return t.kind != tokWord || t.text != Element
		}
	}
	return true
}

func (p *parser) lastEnd() int {
	if p.at == 0 {
		return 0
	}
	return p.tokens[p.at-1].at.End
}

// startsOperand reports whether a clause may begin at the present token.
func (p *parser) startsOperand() bool {
	t := p.peek()
	switch t.kind {
	case tokOpen:
		return true
	case tokWord:
		return t.keyword == "" || t.keyword == "not"
	case tokOperator:
		return t.keyword == "not"
	default:
		return false
	}
}

func (p *parser) not() Node {
	if p.keyword() != "not" {
		return p.primary()
	}
	t := p.take()
	if !p.enter(t.at) {
		return nil
	}
	defer p.leave()
	operand := p.not()
	if operand == nil {
		return nil
	}
	return &Not{Operand: operand, At: Span{t.at.Start, p.lastEnd()}}
}

// enter counts one level of nesting. At the bound it reports that once, skips
// the rest of the text and returns false.
func (p *parser) enter(at Span) bool {
	if p.depth == maxDepth {
		p.report.errorAt(at, fmt.Sprintf("the rule nests deeper than %d levels", maxDepth), "", "")
		p.at = len(p.tokens) - 1
		p.abandoned = true
		return false
	}
	p.depth++
	return true
}

func (p *parser) leave() { p.depth-- }

// primary reads a clause or a rule in parentheses.
func (p *parser) primary() Node {
	switch t := p.peek(); t.kind {
	case tokOpen:
		return p.group()
	case tokWord:
		if t.keyword == "" {
			return p.clause()
		}
		p.report.errorAt(t.at, fmt.Sprintf("unexpected operator %s", p.describe(t)), "a property such as user.department", "")
	case tokEnd:
		if p.abandoned {
			return nil
		}
		p.report.errorAt(t.at, "the rule ends where a clause should stand", "a property such as user.department", "")
	case tokInvalid:
		// The scanner has reported it.
	default:
		p.report.errorAt(t.at, fmt.Sprintf("unexpected %s", p.describe(t)), "a property such as user.department", "")
	}
	p.recover()
	return nil
}

func (p *parser) group() Node {
	opening := p.take()
	if !p.enter(opening.at) {
		return nil
	}
	defer p.leave()
	open := p.open
	p.open = false
	n := p.or()
	p.open = open
	if p.peek().kind != tokClose && p.peek().kind != tokEnd {
		t := p.peek()
		p.report.errorAt(t.at, fmt.Sprintf("unexpected %s", p.describe(t)), "-and, -or or a closing parenthesis", "")
		p.skipToClose()
	}
	if p.peek().kind == tokClose {
		p.take()
	} else if !p.abandoned {
		p.report.errorAt(opening.at, "the parenthesis is not closed", "a closing parenthesis", "")
	}
	return n
}

// skipToClose moves to the parenthesis that closes the present group.
func (p *parser) skipToClose() {
	for depth := 0; p.peek().kind != tokEnd; p.take() {
		switch p.peek().kind {
		case tokOpen:
			depth++
		case tokClose:
			if depth == 0 {
				return
			}
			depth--
		}
	}
}

// recover moves behind a faulty clause: to the next -and, -or or closing
// parenthesis that is not nested in it.
func (p *parser) recover() {
	for depth := 0; p.peek().kind != tokEnd; p.take() {
		switch p.peek().kind {
		case tokOpen:
			depth++
		case tokClose:
			if depth == 0 {
				return
			}
			depth--
		default:
			if k := p.keyword(); depth == 0 && (k == "and" || k == "or") {
				return
			}
		}
	}
}

// describe names a token for a message. Long ones are cut.
func (p *parser) describe(t token) string {
	if t.kind == tokEnd {
		return "end of the rule"
	}
	const most = 40
	text := []rune(p.text[t.at.Start:t.at.End])
	if len(text) > most {
		text = append(text[:most], '…')
	}
	return string(text)
}
