package odata

import (
	"slices"
	"strings"
	"unicode"
)

// Search is a parsed $search. A nil search matches everything.
type Search struct{ root searchNode }

// Match reports whether an object is found. In displayName and description
// words are found by their beginnings; in any other property the whole value.
// Source: Microsoft Graph documentation, "Use the $search query parameter",
// directory object collections.
func (s *Search) Match(o Object) bool { return s == nil || s.root.match(o) }

type searchNode interface{ match(Object) bool }

type (
	searchLogical struct {
		or          bool
		left, right searchNode
	}
	searchClause struct {
		property string
		text     string
		words    []string // of text, when the property is tokenised
	}
)

func (n *searchLogical) match(o Object) bool {
	if n.or {
		return n.left.match(o) || n.right.match(o)
	}
	return n.left.match(o) && n.right.match(o)
}

func (n *searchClause) match(o Object) bool {
	v, _ := o.Property(n.property)
	switch v := v.(type) {
	case string:
		if n.words == nil {
			return hasPrefixFold(v, n.text)
		}
		return startsWords(splitWords(v), n.words)
	case []string:
		return slices.ContainsFunc(v, func(e string) bool { return hasPrefixFold(e, n.text) })
	}
	return false
}

// startsWords reports whether each of the wanted words begins one of words.
func startsWords(words, wanted []string) bool {
	for _, w := range wanted {
		if !slices.ContainsFunc(words, func(word string) bool { return hasPrefixFold(word, w) }) {
			return false
		}
	}
	return true
}

// splitWords splits a text as the directory's index does: at everything that
// is neither letter nor digit nor mark, between letters and digits, and where a
// capital follows a small letter.
func splitWords(text string) []string {
	var words []string
	var word []rune
	flush := func() {
		if len(word) > 0 {
			words = append(words, string(word))
			word = word[:0]
		}
	}
	var last rune
	for _, r := range text {
		part := unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r)
		switch {
		case !part:
			flush()
			last = 0
			continue
		case unicode.IsDigit(r) != unicode.IsDigit(last), unicode.IsUpper(r) && unicode.IsLower(last):
			flush()
		}
		word = append(word, r)
		last = r
	}
	flush()
	return words
}

// properties lists the properties that a search names.
func (s *Search) properties() []string {
	var out []string
	var visit func(searchNode)
	visit = func(n searchNode) {
		switch n := n.(type) {
		case *searchLogical:
			visit(n.left)
			visit(n.right)
		case *searchClause:
			out = append(out, n.property)
		}
	}
	visit(s.root)
	return out
}

// ParseSearch reads `"displayName:ann" OR ("mail:ann" AND "jobTitle:eng")`. AND
// binds closer than OR; both are written in capitals.
func ParseSearch(text string) (*Search, *Error) {
	p := &searchParser{text: text}
	root, err := p.or()
	if err != nil {
		return nil, err
	}
	if p.skipSpace(); p.at < len(text) {
		return nil, p.syntax()
	}
	return &Search{root: root}, nil
}

type searchParser struct {
	text  string
	at    int
	depth int
}

func (p *searchParser) syntax() *Error {
	if p.at >= len(p.text) {
		return malformed("Syntax error: unexpected end of '%s'.", p.text)
	}
	return malformed("Syntax error: character '%c' is not valid at position %d in '%s'.", []rune(p.text[p.at:])[0], p.at, p.text)
}

func (p *searchParser) skipSpace() {
	for p.at < len(p.text) && p.text[p.at] == ' ' {
		p.at++
	}
}

func (p *searchParser) accept(s string) bool {
	p.skipSpace()
	if !strings.HasPrefix(p.text[p.at:], s) {
		return false
	}
	p.at += len(s)
	return true
}

func (p *searchParser) or() (searchNode, *Error) {
	left, err := p.and()
	for err == nil && p.accept("OR") {
		var right searchNode
		right, err = p.and()
		left = &searchLogical{or: true, left: left, right: right}
	}
	return left, err
}

func (p *searchParser) and() (searchNode, *Error) {
	left, err := p.clause()
	for err == nil && p.accept("AND") {
		var right searchNode
		right, err = p.clause()
		left = &searchLogical{left: left, right: right}
	}
	return left, err
}

func (p *searchParser) clause() (searchNode, *Error) {
	if p.accept("(") {
		if p.depth++; p.depth > maxDepth {
			return nil, p.syntax()
		}
		n, err := p.or()
		if err == nil && !p.accept(")") {
			err = p.syntax()
		}
		p.depth--
		return n, err
	}
	if !p.accept(`"`) {
		return nil, p.syntax()
	}
	var b strings.Builder
	for ; p.at < len(p.text) && p.text[p.at] != '"'; p.at++ {
		if p.text[p.at] == '\\' && p.at+1 < len(p.text) {
			p.at++
		}
		b.WriteByte(p.text[p.at])
	}
	if p.at == len(p.text) {
		return nil, p.syntax()
	}
	p.at++
	property, text, ok := strings.Cut(b.String(), ":")
	if !ok || property == "" || text == "" {
		return nil, malformed("Invalid search clause: '%s' is not of the form \"property:text\".", b.String())
	}
	c := &searchClause{property: property, text: text}
	if strings.EqualFold(property, "displayName") || strings.EqualFold(property, "description") {
		if c.words = splitWords(text); len(c.words) == 0 {
			return nil, malformed("Invalid search clause: '%s' holds no word.", text)
		}
	}
	return c, nil
}
