package rule

import (
	"fmt"
	"slices"
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
	noted  []string // remarks made once for each text
}

// tokensOf estimates the tokens of a text: those of an ordinary rule take five
// bytes or more each with the space behind them, and marks may follow each
// other.
func tokensOf(text string) int {
	n := len(text)/5 + strings.Count(text, `"`)/2 + 2
	for _, mark := range []string{"(", ")", "[", "]", ","} {
		n += strings.Count(text, mark)
	}
	return n
}

func scan(text string, report *reporter) []token {
	s := &scanner{text: text, report: report}
	tokens := make([]token, 0, tokensOf(text))
	for {
		t := s.next()
		switch t.kind {
		case tokOperator, tokWord:
			t.keyword = keywordOf(t.text)
		case tokEnd:
			return append(tokens, t)
		}
		tokens = append(tokens, t)
	}
}

func (s *scanner) noteOnce(at Span, message string) {
	if !slices.Contains(s.noted, message) {
		s.noted = append(s.noted, message)
		s.report.noteAt(at, message)
	}
}

// peek returns the character at an offset from the present one, and its size;
// utf8.RuneError with size 0 is the end.
func (s *scanner) peek(offset int) (rune, int) {
	s.report.work++
	at := s.pos + offset
	if at < len(s.text) && s.text[at] < utf8.RuneSelf {
		return rune(s.text[at]), 1
	}
	return utf8.DecodeRuneInString(s.text[min(at, len(s.text)):])
}

func (s *scanner) next() token {
	s.space()
	start := s.pos
	c, size := s.peek(0)
	if size == 0 {
		return token{kind: tokEnd, at: Span{start, start}}
	}
	if kind, ok := punctuation(c); ok {
		s.pos += size
		return token{kind: kind, text: s.text[start:s.pos], at: Span{start, s.pos}}
	}
	switch {
	case isWordStart(c):
		return s.word()
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
	}
	return s.unexpected()
}

// space skips what separates tokens. Characters without width come with text
// from web pages and count as space too.
func (s *scanner) space() {
	for {
		c, size := s.peek(0)
		switch {
		case size == 0:
			return
		case isInvisible(c):
			s.noteOnce(Span{s.pos, s.pos + size}, fmt.Sprintf("the invisible character %U is read as a space", c))
		case !unicode.IsSpace(c):
			return
		}
		s.pos += size
	}
}

// isInvisible knows the zero-width space, non-joiner, joiner and word joiner,
// the soft hyphen and the byte order mark.
func isInvisible(c rune) bool {
	switch c {
	case '\u200b', '\u200c', '\u200d', '\u2060', '\u00ad', '\ufeff':
		return true
	default:
		return false
	}
}

// unexpected reports characters that no rule has, those of one sign together.
func (s *scanner) unexpected() token {
	start := s.pos
	c, size := s.peek(0)
	s.pos += size
	if c == utf8.RuneError && size == 1 {
		for c, size = s.peek(0); c == utf8.RuneError && size == 1; c, size = s.peek(0) {
			s.pos += size
		}
		at := Span{start, s.pos}
		s.report.errorAt(at, "the text is not valid UTF-8 here", "UTF-8", "")
		return token{kind: tokInvalid, text: s.text[start:s.pos], at: at}
	}
	for strings.IndexByte(signs, s.text[s.pos-1]) >= 0 && s.pos < len(s.text) && strings.IndexByte(signs, s.text[s.pos]) >= 0 {
		s.pos++
	}
	at := Span{start, s.pos}
	text := s.text[start:s.pos]
	message := fmt.Sprintf("unexpected character %q", c)
	if len(text) > size {
		message = fmt.Sprintf("unexpected %q", shortened(text))
	}
	if operator := operatorOfSign(text); operator != "" {
		s.report.errorAt(at, message, "an operator by its name", operator)
	} else {
		s.report.errorAt(at, message, "a property, an operator, a value or a parenthesis", "")
	}
	return token{kind: tokInvalid, text: text, at: at}
}

// signs are the characters that operators of other languages are made of.
const signs = "=!<>&|"

// operatorOfSign returns what a rule writes for the operator of another
// language, "" when there is none.
func operatorOfSign(sign string) string {
	switch sign {
	case "=", "==":
		return OpEq.String()
	case "!=", "<>":
		return OpNe.String()
	case "<=":
		return OpLe.String()
	case ">=":
		return OpGe.String()
	case "&&", "&":
		return "-and"
	case "||", "|":
		return "-or"
	case "!":
		return "-not"
	default:
		return ""
	}
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

func isQuote(c rune) bool { return isDoubleQuote(c) || isSingleQuote(c) }

func isDoubleQuote(c rune) bool { return c == '"' || '\u201c' <= c && c <= '\u201f' }

func isSingleQuote(c rune) bool { return c == '\'' || '\u2018' <= c && c <= '\u201b' }

func isWordStart(c rune) bool {
	if c < utf8.RuneSelf {
		return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_' || c == '$'
	}
	return unicode.IsLetter(c) || unicode.IsDigit(c)
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
	s.noteDash(dash, Span{start, start + size})
	return token{kind: tokOperator, text: s.text[name:s.pos], at: Span{start, s.pos}}
}

func (s *scanner) noteDash(dash rune, at Span) {
	if dash != '-' {
		s.noteOnce(at, fmt.Sprintf("%q is read as a hyphen", dash))
	}
}

// word reads a name or a bare value. A hyphen belongs to it only between
// digits, as in a date: "user.city-eq" is a name and an operator.
func (s *scanner) word() token {
	start := s.pos
	first, _ := s.peek(0)
	pasted := false // a dash stands for a hyphen
	for {
		c, n := s.peek(0)
		switch {
		case n == 0:
		case isWordStart(c), c == '.', c == ':', c == '@', c == '+', c >= utf8.RuneSelf && unicode.IsMark(c):
			s.pos += n
			continue
		case unicode.IsDigit(first) && isDash(c):
			if d, _ := s.peek(n); unicode.IsDigit(d) {
				s.noteDash(c, Span{s.pos, s.pos + n})
				pasted = pasted || c != '-'
				s.pos += n
				continue
			}
		}
		text := s.text[start:s.pos]
		if pasted {
			text = strings.Map(func(c rune) rune {
				if isDash(c) {
					return '-'
				}
				return c
			}, text)
		}
		return token{kind: tokWord, text: text, at: Span{start, s.pos}}
	}
}

// quoted reads a string up to the quotation mark that ends it. After a curly
// mark any mark of the same kind ends it, and is escaped like a straight one,
// for pasted text mixes them.
func (s *scanner) quoted(mark rune, size int) token {
	start := s.pos
	s.pos += size
	switch {
	case mark == '"' || mark == '\'':
		return s.content(start, func(c rune) bool { return c == mark }, false)
	case isDoubleQuote(mark):
		s.noteOnce(Span{start, s.pos}, curlyRead)
		return s.content(start, isDoubleQuote, true)
	default:
		s.noteOnce(Span{start, s.pos}, curlyRead)
		return s.content(start, isSingleQuote, true)
	}
}

const curlyRead = "curly quotation marks are read as straight ones"

// backticked reads the form `"Sales`" of older documentation, whose closing
// backtick may be missing.
func (s *scanner) backticked() token {
	start := s.pos
	s.pos += len("`\"")
	t := s.content(start, func(c rune) bool {
		q, _ := s.peek(1)
		return c == '"' || c == '`' && q == '"'
	}, false)
	if s.pos < len(s.text) && s.text[s.pos-1] == '`' {
		s.pos += len(`"`)
		t.at.End = s.pos
	}
	return t
}

// content reads the inside of a string; ends knows the character that ends it.
//
// Escapes are \" \' \\ \` `" and a doubled single quotation mark; every other
// backslash stands for itself, for it belongs to a regular expression. Between
// curly marks the escaped ones may be curly too.
func (s *scanner) content(start int, ends func(c rune) bool, curly bool) token {
	var b strings.Builder
	plain := s.pos // where the characters begin that stand for themselves
	escape := func(size, followSize int, c rune) {
		b.WriteString(s.text[plain:s.pos])
		b.WriteRune(c)
		s.pos += size + followSize
		plain = s.pos
	}
	for {
		c, size := s.peek(0)
		if size == 0 {
			at := Span{start, len(s.text)}
			s.report.errorAt(at, "the string is not closed", "a quotation mark", "")
			return token{kind: tokString, text: s.text[min(plain, len(s.text)):], at: at}
		}
		switch {
		case c == '\\', c == '`', isSingleQuote(c):
			follow, followSize := s.peek(size)
			straight := follow
			if curly && isDoubleQuote(follow) {
				straight = '"'
			} else if curly && isSingleQuote(follow) {
				straight = '\''
			}
			switch {
			case c == '\\' && (straight == '"' || straight == '\'' || straight == '\\' || straight == '`'):
				escape(size, followSize, straight)
				continue
			case c == '\'' && follow == '\'', curly && isSingleQuote(c) && follow == c && ends(c):
				escape(size, followSize, '\'')
				continue
			case c == '`' && straight == '"' && !ends(c):
				escape(size, followSize, '"')
				continue
			}
		case c == utf8.RuneError && size == 1:
			s.report.errorAt(Span{s.pos, s.pos + 1}, "the text is not valid UTF-8 here", "UTF-8", "")
		}
		if ends(c) {
			text := s.text[plain:s.pos]
			if b.Len() > 0 {
				b.WriteString(text)
				text = b.String()
			}
			s.pos += size
			return token{kind: tokString, text: text, at: Span{start, s.pos}}
		}
		s.pos += size
	}
}
