package rule

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

type tokenKind uint8

const (
	tokEnd tokenKind = iota
	tokOpen
	tokClose
	tokOpenList
	tokCloseList
	tokComma
	tokString   // text is the unescaped content
	tokWord     // a name, a bare value or an operator without hyphen
	tokOperator // text is the name without the hyphen
	tokInvalid  // a character that no rule has; already reported
)

type token struct {
	kind    tokenKind
	text    string
	keyword string // of an operator, with hyphen or not: its name in small letters
	at      Span
}

// scanner cuts a text into tokens. It reads dashes and curly quotes from word
// processors as - and quotation marks, once with a note.
type scanner struct {
	text   string
	pos    int
	report *reporter
	noted  map[string]bool // remarks made once for each text
	tokens []token
}

func scan(text string, report *reporter) []token {
	s := &scanner{text: text, report: report, noted: map[string]bool{}}
	for {
		t := s.next()
		switch t.kind {
		case tokOperator, tokWord:
			t.keyword = keywordOf(t.text)
		}
		s.tokens = append(s.tokens, t)
		if t.kind == tokEnd {
			return s.tokens
		}
	}
}

func (s *scanner) noteOnce(at Span, message string) {
	if !s.noted[message] {
		s.noted[message] = true
		s.report.noteAt(at, message)
	}
}

// peek returns the character at an offset from the present one, and its size;
// utf8.RuneError with size 0 is the end.
func (s *scanner) peek(offset int) (rune, int) {
	return utf8.DecodeRuneInString(s.text[min(s.pos+offset, len(s.text)):])
}

func (s *scanner) next() token {
	for {
		c, size := s.peek(0)
		if size == 0 {
			return token{kind: tokEnd, at: Span{len(s.text), len(s.text)}}
		}
		if !unicode.IsSpace(c) {
			break
		}
		s.pos += size
	}
	start := s.pos
	c, size := s.peek(0)
	if kind, ok := punctuation(c); ok {
		s.pos += size
		return token{kind: kind, text: s.text[start:s.pos], at: Span{start, s.pos}}
	}
	switch {
	case isQuote(c):
		return s.quoted(c, size)
	case c == '`':
		if q, _ := s.peek(1); q == '"' {
			return s.backticked()
		}
	case isDash(c):
		if letter, _ := s.peek(size); unicode.IsLetter(letter) {
			return s.operator(c, size)
		}
	case isWordStart(c):
		return s.word()
	}
	s.pos += size
	if c == utf8.RuneError && size == 1 {
		s.report.errorAt(Span{start, s.pos}, "the text is not valid UTF-8 here", "", "")
	} else {
		s.report.errorAt(Span{start, s.pos}, fmt.Sprintf("unexpected character %q", c), "", "")
	}
	return token{kind: tokInvalid, text: s.text[start:s.pos], at: Span{start, s.pos}}
}

func punctuation(c rune) (tokenKind, bool) {
	switch c {
	case '(':
		return tokOpen, true
	case ')':
		return tokClose, true
	case '[':
		return tokOpenList, true
	case ']':
		return tokCloseList, true
	case ',':
		return tokComma, true
	default:
		return 0, false
	}
}

// isDash knows the hyphen and what word processors make of it: en dash, em
// dash, the typographic hyphens and the minus sign.
func isDash(c rune) bool {
	switch c {
	case '-', '\u2010', '\u2011', '\u2013', '\u2014', '\u2212':
		return true
	default:
		return false
	}
}

const (
	doubleQuotes = "\"\u201c\u201d\u201e\u201f"
	singleQuotes = "'\u2018\u2019\u201a\u201b"
)

func isQuote(c rune) bool { return strings.ContainsRune(doubleQuotes+singleQuotes, c) }

func isWordStart(c rune) bool {
	return unicode.IsLetter(c) || unicode.IsDigit(c) || c == '_' || c == '$'
}

// operator reads a dash and the letters after it.
func (s *scanner) operator(dash rune, size int) token {
	start := s.pos
	s.pos += size
	name := s.pos
	for {
		c, n := s.peek(0)
		if !unicode.IsLetter(c) || n == 0 {
			break
		}
		s.pos += n
	}
	if dash != '-' {
		s.noteOnce(Span{start, start + size}, fmt.Sprintf("%q is read as a hyphen", dash))
	}
	return token{kind: tokOperator, text: s.text[name:s.pos], at: Span{start, s.pos}}
}

// word reads a name or a bare value. A hyphen belongs to it only between
// digits, as in a date: "user.city-eq" is a name and an operator.
func (s *scanner) word() token {
	start := s.pos
	first, _ := s.peek(0)
	for {
		c, n := s.peek(0)
		switch {
		case n == 0:
		case isWordStart(c), c == '.', c == ':', c == '@', c == '+', unicode.IsMark(c):
			s.pos += n
			continue
		case c == '-' && unicode.IsDigit(first):
			if d, _ := s.peek(n); unicode.IsDigit(d) {
				s.pos += n
				continue
			}
		}
		return token{kind: tokWord, text: s.text[start:s.pos], at: Span{start, s.pos}}
	}
}

// quoted reads a string up to the quotation mark that ends it. After a curly
// mark any mark of the same kind ends it, for pasted text mixes them.
func (s *scanner) quoted(mark rune, size int) token {
	start := s.pos
	s.pos += size
	closing := string(mark)
	switch {
	case mark == '"' || mark == '\'':
	case strings.ContainsRune(doubleQuotes, mark):
		closing = doubleQuotes
	default:
		closing = singleQuotes
	}
	if len(closing) > 1 {
		s.noteOnce(Span{start, s.pos}, "curly quotation marks are read as straight ones")
	}
	return s.content(start, func(c rune) int {
		if strings.ContainsRune(closing, c) {
			return utf8.RuneLen(c)
		}
		return 0
	})
}

// backticked reads the form `"Sales`" of older documentation.
func (s *scanner) backticked() token {
	start := s.pos
	s.pos += len("`\"")
	return s.content(start, func(c rune) int {
		if c == '"' {
			return 1
		}
		if q, _ := s.peek(1); c == '`' && q == '"' {
			return len("`\"")
		}
		return 0
	})
}

// content reads the inside of a string. ends gives the number of bytes of the
// closing mark when the present character begins it, else 0.
//
// Escapes are \" \' \\ \` `" and a doubled single quotation mark; every other
// backslash stands for itself, for it belongs to a regular expression.
func (s *scanner) content(start int, ends func(c rune) int) token {
	var b strings.Builder
	for {
		c, size := s.peek(0)
		if size == 0 {
			at := Span{start, len(s.text)}
			s.report.errorAt(at, "the string is not closed", "a quotation mark", "")
			return token{kind: tokString, text: b.String(), at: at}
		}
		follow, followSize := s.peek(size)
		closing := ends(c)
		switch {
		case c == '\\' && strings.ContainsRune("\"'\\`", follow) && followSize > 0:
			b.WriteRune(follow)
			s.pos += size + followSize
		case c == '\'' && follow == '\'':
			b.WriteByte('\'')
			s.pos += size + followSize
		case closing > 0:
			s.pos += closing
			return token{kind: tokString, text: b.String(), at: Span{start, s.pos}}
		case c == '`' && follow == '"':
			b.WriteByte('"')
			s.pos += size + followSize
		case c == utf8.RuneError && size == 1:
			s.report.errorAt(Span{s.pos, s.pos + 1}, "the text is not valid UTF-8 here", "", "")
			s.pos += size
		default:
			b.WriteString(s.text[s.pos : s.pos+size])
			s.pos += size
		}
	}
}
