package opath

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

type tokenKind uint8

const (
	tokenEnd      tokenKind = iota
	tokenOpen               // (
	tokenClose              // )
	tokenWord               // the name of a property
	tokenOperator           // -eq; text is lower-cased
	tokenText               // '…', text is what it means
	tokenNumber             // 12, -3.5
	tokenVariable           // $true, $false, $null; text is lower-cased
)

type token struct {
	kind tokenKind
	text string
	at   int // byte offset
}

// scan splits a filter into tokens. The last one is the end.
func scan(filter string) ([]token, error) {
	var tokens []token
	for at := 0; at < len(filter); {
		switch c := filter[at]; {
		case c == ' ' || c == '\t' || c == '\r' || c == '\n':
			at++
		case c == '(':
			tokens = append(tokens, token{tokenOpen, "(", at})
			at++
		case c == ')':
			tokens = append(tokens, token{tokenClose, ")", at})
			at++
		case c == '\'':
			value, end := quoted(filter, at)
			if end < 0 {
				return nil, syntaxError(filter, at)
			}
			tokens = append(tokens, token{tokenText, value, at})
			at = end
		case c == '$' || isLetter(c) || c == '-' && at+1 < len(filter) && isLetter(filter[at+1]):
			end := at + 1
			for end < len(filter) && (isLetter(filter[end]) || isDigit(filter[end]) || filter[end] == '_') {
				end++
			}
			kind, word := tokenWord, filter[at:end]
			switch c {
			case '$':
				kind, word = tokenVariable, strings.ToLower(word)
			case '-':
				kind, word = tokenOperator, strings.ToLower(word)
			}
			tokens = append(tokens, token{kind, word, at})
			at = end
		case isDigit(c) || c == '-':
			end := at + 1
			for end < len(filter) && (isDigit(filter[end]) || filter[end] == '.') {
				end++
			}
			if end == at+1 && c == '-' {
				return nil, syntaxError(filter, at)
			}
			tokens = append(tokens, token{tokenNumber, filter[at:end], at})
			at = end
		default:
			return nil, syntaxError(filter, at)
		}
	}
	return append(tokens, token{tokenEnd, "", len(filter)}), nil
}

// quoted reads a text in single quotation marks, which are doubled inside; the
// end is below 0 when it is not closed.
func quoted(filter string, at int) (value string, end int) {
	var b strings.Builder
	for i := at + 1; i < len(filter); i++ {
		if filter[i] == '\'' {
			if i+1 == len(filter) || filter[i+1] != '\'' {
				return b.String(), i + 1
			}
			i++
		}
		b.WriteByte(filter[i])
	}
	return "", -1
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }
func isDigit(c byte) bool  { return c >= '0' && c <= '9' }

// Error is a filter that Exchange would refuse.
type Error struct {
	Message  string
	Filter   string
	Position int // in characters, from 1
}

// Error words it as Exchange PowerShell reports it.
func (e *Error) Error() string {
	return e.Message + " \"" + e.Filter + "\" at position " + strconv.Itoa(e.Position) + "."
}

func errorAt(filter string, at int, message string) *Error {
	return &Error{Message: message, Filter: filter, Position: utf8.RuneCountInString(filter[:at]) + 1}
}

func syntaxError(filter string, at int) *Error {
	return errorAt(filter, at, "Invalid filter syntax. For a description of the filter parameter syntax see the command help.")
}
