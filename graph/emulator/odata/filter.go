package odata

import "strings"

// Filter is a parsed $filter. A nil filter matches everything.
type Filter struct{ root node }

// Match reports whether an object passes the filter. Strings compare without
// regard to case. A comparison with null is false unless it is "eq null", and
// "ne" and "not" are exact complements, so both are true of null.
func (f *Filter) Match(o Object) bool {
	return f == nil || f.root.match(scope{object: o})
}

// Equals returns the values of which one property must have one for the filter
// to match: those of an eq, an in, an or of eqs on one property, or an and that
// holds such a part. A server can look these up instead of scanning; it must
// still ask Match. For p/any(x:x eq 'v') the path is the collection's. Not ok
// for any other filter, and for comparisons with anything but strings.
func (f *Filter) Equals() (path string, values []string, ok bool) {
	if f == nil {
		return "", nil, false
	}
	return equals(f.root)
}

func equals(n node) (string, []string, bool) {
	switch n := n.(type) {
	case *comparison:
		if n.operand.nested() {
			return "", nil, false
		}
		if n.op == Eq && n.value.kind == literalString {
			return n.operand.path, []string{n.value.text}, true
		}
	case *membership:
		if n.operand.nested() {
			return "", nil, false
		}
		var values []string
		for _, v := range n.values {
			if v.kind != literalString {
				return "", nil, false
			}
			values = append(values, v.text)
		}
		return n.operand.path, values, true
	case *anyOf:
		if _, values, ok := equals(n.body); ok {
			return n.path, values, true
		}
	case *logical:
		path, values, ok := equals(n.left)
		path2, values2, ok2 := equals(n.right)
		switch {
		case !n.or && ok:
			return path, values, true
		case !n.or:
			return path2, values2, ok2
		case ok && ok2 && strings.EqualFold(path, path2):
			return path, append(values, values2...), true
		}
	}
	return "", nil, false
}

// ParseFilter reads a filter without regard to what a resource can do.
func ParseFilter(text string) (*Filter, *Error) {
	tokens, err := scan(text)
	if err != nil {
		return nil, err
	}
	p := &parser{text: text, tokens: tokens}
	root, err := p.or()
	if err != nil {
		return nil, err
	}
	if p.peek().kind != tokenEnd {
		return nil, p.syntax()
	}
	return &Filter{root: root}, nil
}

// parser reads a filter by recursive descent.
type parser struct {
	text    string
	tokens  []token
	next    int
	depth   int
	element string // range variable of the lambda being read; "" outside
}

// maxDepth bounds the nesting of parentheses, not and lambdas. The service
// bounds it, too, at an undocumented depth.
const maxDepth = 100

func (p *parser) peek() token { return p.tokens[p.next] }

func (p *parser) take() token {
	t := p.tokens[p.next]
	if t.kind != tokenEnd {
		p.next++
	}
	return t
}

func (p *parser) accept(text string) bool {
	if !p.peek().is(text) {
		return false
	}
	p.take()
	return true
}

func (p *parser) expect(text string) *Error {
	if !p.accept(text) {
		return p.syntax()
	}
	return nil
}

// syntax is the refusal of the next token.
func (p *parser) syntax() *Error {
	return malformed("Invalid filter clause: Syntax error at position %d in '%s'.", p.peek().at, p.text)
}

func (p *parser) enter() *Error {
	if p.depth++; p.depth > maxDepth {
		return malformed("Invalid filter clause: Recursion limit reached; the maximum depth is %d.", maxDepth)
	}
	return nil
}

func (p *parser) or() (node, *Error) {
	left, err := p.and()
	for err == nil && p.accept("or") {
		var right node
		right, err = p.and()
		left = &logical{or: true, left: left, right: right}
	}
	return left, err
}

func (p *parser) and() (node, *Error) {
	left, err := p.unary()
	for err == nil && p.accept("and") {
		var right node
		right, err = p.unary()
		left = &logical{left: left, right: right}
	}
	return left, err
}

func (p *parser) unary() (node, *Error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	switch {
	case p.accept("not"):
		x, err := p.unary()
		return &negation{x}, err
	case p.accept("("):
		x, err := p.or()
		if err == nil {
			err = p.expect(")")
		}
		return x, err
	}
	t := p.peek()
	if t.kind != tokenWord {
		return nil, p.syntax()
	}
	if p.tokens[p.next+1].is("(") { // a word is never the last token
		return p.call()
	}
	return p.compared()
}

// call reads a word with a parenthesis: a function or a lambda.
func (p *parser) call() (node, *Error) {
	name := p.take()
	p.take()
	switch {
	case name.is("startswith"):
		return p.function(StartsWith)
	case name.is("endswith"):
		return p.function(EndsWith)
	}
	slash := strings.LastIndexByte(name.text, '/')
	if slash <= 0 || p.element != "" {
		return nil, malformed("Invalid filter clause: An unknown function with name '%s' was found.", name.text)
	}
	path, lambda := name.text[:slash], name.text[slash+1:]
	switch {
	case strings.EqualFold(lambda, "any"):
		return p.lambda(path)
	case strings.EqualFold(lambda, "all"):
		return nil, unsupported(messageUnsupported)
	}
	return nil, malformed("Invalid filter clause: An unknown function with name '%s' was found.", name.text)
}

// function reads the arguments of startsWith or endsWith.
func (p *parser) function(op Operator) (node, *Error) {
	operand, err := p.operand()
	if err != nil {
		return nil, err
	}
	if err := p.expect(","); err != nil {
		return nil, err
	}
	value, err := p.literal()
	if err != nil {
		return nil, err
	}
	if value.kind != literalString {
		return nil, malformed("Invalid filter clause: No function signature for the function with name '%s' matches the specified arguments.", op)
	}
	return &comparison{operand: operand, op: op, value: value}, p.expect(")")
}

// lambda reads the inside of any(…).
func (p *parser) lambda(path string) (node, *Error) {
	if p.accept(")") {
		return &anyOf{path: path}, nil
	}
	variable := p.take()
	if variable.kind != tokenWord || strings.Contains(variable.text, "/") {
		return nil, p.syntax()
	}
	if err := p.expect(":"); err != nil {
		return nil, err
	}
	p.element = variable.text
	defer func() { p.element = "" }()
	body, err := p.or()
	if err != nil {
		return nil, err
	}
	return &anyOf{path: path, body: body}, p.expect(")")
}

// operand reads a property path or, in a lambda, its variable.
func (p *parser) operand() (operand, *Error) {
	t := p.peek()
	if t.kind != tokenWord {
		return operand{}, p.syntax()
	}
	p.take()
	switch {
	case p.element == "":
		return operand{path: t.text}, nil
	case t.text == p.element:
		return operand{element: true}, nil
	case strings.HasPrefix(t.text, p.element+"/"):
		return operand{element: true, path: t.text[len(p.element)+1:]}, nil
	}
	return operand{}, unsupported(messageUnsupported)
}

var comparisonOperators = map[string]Operator{"eq": Eq, "ne": Ne, "gt": Gt, "ge": Ge, "lt": Lt, "le": Le}

// compared reads "path operator literal" or "path in (literal, …)".
func (p *parser) compared() (node, *Error) {
	left, err := p.operand()
	if err != nil {
		return nil, err
	}
	if p.accept("in") {
		return p.in(left)
	}
	op, ok := comparisonOperators[strings.ToLower(p.peek().text)]
	if !ok || p.peek().kind != tokenWord {
		return nil, p.syntax()
	}
	p.take()
	value, err := p.literal()
	if err != nil {
		return nil, err
	}
	if path, counted := strings.CutSuffix(left.path, "/$count"); counted && !left.element {
		if value.kind != literalNumber {
			return nil, p.syntax()
		}
		return &counting{path: path, op: op, n: value.number}, nil
	}
	return &comparison{operand: left, op: op, value: value}, nil
}

func (p *parser) in(left operand) (node, *Error) {
	if err := p.expect("("); err != nil {
		return nil, err
	}
	m := &membership{operand: left}
	for {
		value, err := p.literal()
		if err != nil {
			return nil, err
		}
		m.values = append(m.values, value)
		if !p.accept(",") {
			return m, p.expect(")")
		}
	}
}
