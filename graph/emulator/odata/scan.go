package odata

import (
	"strings"
	"time"
	"unicode/utf8"
)

// tokenKind is what a token of a filter is.
type tokenKind uint8

const (
	tokenEnd    tokenKind = iota
	tokenWord             // a name, a path, an operator, true, false, null
	tokenString           // 'quoted', with its quotes undone in text
	tokenGuid             // efb87545-963c-4e0d-99df-69c6916d9eb0
	tokenNumber           // a number, a date or a time
	tokenPunct            // one of ( ) , :
)

type token struct {
	kind tokenKind
	text string
	at   int // byte offset in the filter
}

// is reports whether the token is a word, in any letter case, or a mark.
func (t token) is(text string) bool {
	return t.kind == tokenWord && strings.EqualFold(t.text, text) || t.kind == tokenPunct && t.text == text
}

// scan splits a filter into tokens. The last one is tokenEnd.
func scan(text string) ([]token, *Error) {
	var tokens []token
	for i := 0; ; {
		for i < len(text) && (text[i] == ' ' || text[i] == '\t') {
			i++
		}
		if i == len(text) {
			return append(tokens, token{kind: tokenEnd, at: i}), nil
		}
		start := i
		switch c := text[i]; {
		case strings.IndexByte("(),:", c) >= 0:
			i++
			tokens = append(tokens, token{tokenPunct, text[start:i], start})
		case c == '\'':
			value, rest, ok := unquote(text[i+1:])
			if !ok {
				return nil, malformed("Invalid filter clause: There is an unterminated string literal at position %d in '%s'.", len(text), text)
			}
			i = len(text) - len(rest)
			tokens = append(tokens, token{tokenString, value, start})
		case isGuid(text[i:]):
			i += guidLen
			tokens = append(tokens, token{tokenGuid, text[start:i], start})
		case isDigit(c) || c == '-' && i+1 < len(text) && isDigit(text[i+1]):
			i++
			for i < len(text) && (isWordByte(text[i]) || strings.IndexByte(":.+-", text[i]) >= 0) {
				i++
			}
			tokens = append(tokens, token{tokenNumber, text[start:i], start})
		case isWordByte(c):
			for i < len(text) && (isWordByte(text[i]) || text[i] == '/' || text[i] == '.') {
				i++
			}
			tokens = append(tokens, token{tokenWord, text[start:i], start})
		default:
			r, _ := utf8.DecodeRuneInString(text[i:])
			return nil, malformed("Invalid filter clause: Syntax error: character '%c' is not valid at position %d in '%s'.", r, i, text)
		}
	}
}

// guidLen is the length of a GUID literal, which stands without quotes. Source:
// OData 4.01 ABNF, guidValue.
const guidLen = len("00000000-0000-0000-0000-000000000000")

// isGuid reports whether a text begins with a GUID and does not go on as a word.
func isGuid(text string) bool {
	if len(text) < guidLen || len(text) > guidLen && (isWordByte(text[guidLen]) || text[guidLen] == '-') {
		return false
	}
	for i := range guidLen {
		hyphen := i == 8 || i == 13 || i == 18 || i == 23
		if c := text[i] | 0x20; hyphen != (text[i] == '-') || !hyphen && !isDigit(text[i]) && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isWordByte(c byte) bool {
	return isDigit(c) || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c == '$'
}

// unquote reads a string literal up to its closing quote; doubled quotes stand
// for one.
func unquote(text string) (value, rest string, ok bool) {
	var b strings.Builder
	for {
		before, after, found := strings.Cut(text, "'")
		if !found {
			return "", "", false
		}
		b.WriteString(before)
		if !strings.HasPrefix(after, "'") {
			return b.String(), after, true
		}
		b.WriteByte('\'')
		text = after[1:]
	}
}

// parseTime reads a time literal. day: it is a date without a time of day.
func parseTime(text string) (at time.Time, day, ok bool) {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04Z07:00", time.DateOnly} {
		if t, err := time.Parse(layout, text); err == nil {
			return t, layout == time.DateOnly, true
		}
	}
	return time.Time{}, false, false
}
