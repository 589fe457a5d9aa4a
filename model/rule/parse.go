package rule

import (
	"fmt"
	"unicode/utf8"
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
		report.errorAt(Span{MaxLength, len(text)}, fmt.Sprintf("the rule is longer than %d bytes", MaxLength), "a shorter rule", "")
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

	// body is what -any or -all asks about while its condition is read; open is
	// true there while no parenthesis bounds the condition, so that it ends
	// before a clause that is about something else.
	body body
	open bool

	abandoned bool // the rest was skipped because it nests too deep
	combined  bool // a clause that must stand alone does not; reported
	devices   bool // device rules are refused; reported
}

func (p *parser) peek() *token { return &p.tokens[p.at] }

// take returns the present token and moves behind it; it stays at the end.
func (p *parser) take() *token {
	p.report.work++
	t := &p.tokens[p.at]
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
			p.report.errorAt(t.at, "this parenthesis closes nothing", "an opening parenthesis before it", "")
		} else if t.kind != tokInvalid {
			p.report.errorAt(t.at, fmt.Sprintf("unexpected %s", p.describe(t)), "-and, -or or the end of the rule", "")
		}
		if p.startsOperand() || p.keyword() == "and" || p.keyword() == "or" {
			// The rest is read for its faults; the rule is not evaluated.
			if k := p.keyword(); k == "and" || k == "or" {
				p.take()
			}
			n = p.notAlone(n)
			p.notAlone(p.or())
		}
	}
	return n
}

// or reads clauses joined by -or.
func (p *parser) or() Node {
	start := p.peek().at.Start
	first := p.and()
	if !p.joins("or") {
		return first
	}
	operands := p.operand(nil, first)
	for p.joins("or") {
		p.take()
		operands = p.operand(operands, p.and())
	}
	if len(operands) > 1 {
		return &Or{operands, Span{start, p.lastEnd()}}
	}
	return single(operands)
}

// and reads clauses joined by -and. Where two follow each other without any
// operator, it reports that and reads on.
func (p *parser) and() Node {
	start := p.peek().at.Start
	first := p.not()
	if !p.joins("and") && !p.joinsNothing() {
		return first
	}
	between := p.at
	operands := p.operand(nil, first)
	for {
		if p.joins("and") {
			p.take()
		} else if !p.joinsNothing() {
			break
		} else if p.at != between || !isAlone(first) {
			p.report.errorAt(p.peek().at, "two clauses follow each other without an operator", "-and or -or", "")
		}
		operands = p.operand(operands, p.not())
	}
	if len(operands) > 1 {
		return &And{operands, Span{start, p.lastEnd()}}
	}
	return single(operands)
}

// operand appends what -and or -or joins; a clause that could not be read, or
// that must stand alone, is left out.
func (p *parser) operand(operands []Node, n Node) []Node {
	if n = p.notAlone(n); n != nil {
		operands = append(operands, n)
	}
	return operands
}

func single(operands []Node) Node {
	if len(operands) == 0 {
		return nil
	}
	return operands[0]
}

// joins reports whether the given operator stands here and joins what follows
// to what was read.
func (p *parser) joins(joint string) bool { return p.keyword() == joint && !p.leavesBody(1) }

// joinsNothing reports whether a clause stands where an operator should.
func (p *parser) joinsNothing() bool { return p.startsOperand() && !p.leavesBody(0) }

// leavesBody reports whether the clause that begins at the given distance lies
// behind an -any or -all whose condition no parenthesis bounds.
func (p *parser) leavesBody(distance int) bool {
	if !p.open {
		return false
	}
	for i := p.at + distance; i < len(p.tokens) && i <= p.at+distance+2*maxDepth; i++ {
		p.report.work++
		switch t := &p.tokens[i]; {
		case t.kind == tokOpen, t.keyword == "not":
		default:
			return t.kind != tokWord || t.text != Element && !hasPrefixFold(t.text, planPrefix)
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

// not reads a clause and the -not before it.
func (p *parser) not() Node {
	if p.keyword() != "not" {
		return p.primary()
	}
	t := p.take()
	if !p.enter(t.at) {
		return nil
	}
	defer p.leave()
	operand := p.notAlone(p.not())
	if operand == nil {
		return nil
	}
	return &Not{Operand: operand, At: Span{t.at.Start, p.lastEnd()}}
}

// enter counts one level of nesting. At the bound it reports that once, skips
// the rest of the text and returns false.
func (p *parser) enter(at Span) bool {
	if p.depth == maxDepth {
		p.report.errorAt(at, fmt.Sprintf("the rule nests deeper than %d levels", maxDepth), "fewer parentheses and -not inside each other", "")
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
		p.report.errorAt(t.at, fmt.Sprintf("unexpected operator %s", p.describe(t)), p.body.expected(), "")
	case tokEnd:
		if p.abandoned {
			return nil
		}
		p.report.errorAt(t.at, "the rule ends where a clause should stand", p.body.expected(), "")
	case tokInvalid:
		// The scanner has reported it.
	default:
		p.report.errorAt(t.at, fmt.Sprintf("unexpected %s", p.describe(t)), p.body.expected(), "")
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
	}
	p.close(opening)
	return n
}

// close moves behind the parenthesis that closes the present group.
func (p *parser) close(opening *token) {
	p.skipToClose()
	if p.peek().kind == tokClose {
		p.take()
	} else if !p.abandoned {
		p.report.errorAt(opening.at, "the parenthesis is not closed", "a closing parenthesis", "")
	}
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

// describe names a token for a message.
func (p *parser) describe(t *token) string {
	if t.kind == tokEnd {
		return "end of the rule"
	}
	return shortened(p.text[t.at.Start:t.at.End])
}

// shortened cuts a long text for a message.
func shortened(text string) string {
	const most = 80
	if len(text) <= most {
		return text
	}
	shown := []rune(text[:min(len(text), utf8.UTFMax*(most+1))])
	if len(shown) <= most {
		return text
	}
	return string(append(shown[:most], '…'))
}
