package tui

import (
	"strings"
	"unicode/utf8"

	"rollcall/model/rule"
)

// In a value cell text needs no quotation marks. Marks make text of what would
// be something else: null, a boolean, a time, an array element with a comma,
// blanks at the edges. Inside them the escapes of the rule language hold, so
// that every value can be typed.

// cellText writes a value as it stands in a cell: parseCell reads it back.
func cellText(op rule.Operator, v rule.Value) string {
	switch {
	case v.Kind == rule.List && op.Positive() == rule.OpIn:
		parts := make([]string, len(v.List))
		for i, e := range v.List {
			parts[i] = elementText(e.Text)
		}
		return strings.Join(parts, ", ")
	case v.Kind == rule.Text && strings.TrimSpace(v.Text) != "" && parseCell(op, v.Text).Equal(v):
		return v.Text
	}
	return v.String()
}

// elementText writes an element of an array.
func elementText(s string) string {
	if list := listParts(s); strings.TrimSpace(s) == s && s != "" && len(list) == 1 && !isQuoteMark(s) && !strings.HasPrefix(s, "[") {
		return s
	}
	return rule.TextValue(s).String()
}

// parseCell reads what was typed into a value cell.
func parseCell(op rule.Operator, typed string) rule.Value {
	typed = strings.TrimSpace(typed)
	if op.Positive() == rule.OpIn {
		if strings.HasPrefix(typed, "[") {
			if v, ok := literal(typed); ok && v.Kind == rule.List {
				return v
			}
		}
		var texts []string
		for _, part := range listParts(typed) {
			if s := strings.TrimSpace(typed[part.Start:part.End]); s != "" {
				texts = append(texts, elementValue(s))
			}
		}
		return rule.ListValue(texts...)
	}
	if v, ok := literal(typed); ok {
		return v
	}
	return rule.TextValue(typed)
}

// elementValue reads an element of an array: in quotation marks, or as it is.
func elementValue(s string) string {
	s = strings.TrimSpace(s)
	if isQuoteMark(s) {
		if v, ok := literal(s); ok && v.Kind == rule.Text {
			return v.Text
		}
	}
	return s
}

// literal reads a value as the rule language writes it; false when the text is
// none, or not as a whole.
func literal(s string) (rule.Value, bool) {
	const before = "user.displayName -eq "
	parsed, diagnostics := rule.Parse(before + s)
	c, ok := parsed.Root.(*rule.Comparison)
	if !ok || rule.HasErrors(diagnostics) || c.Value.At.End != len(before)+len(s) {
		return rule.Value{}, false
	}
	v := c.Value
	v.At = rule.Span{}
	for i := range v.List {
		v.List[i].At = rule.Span{}
	}
	return v, true
}

// The quotation marks of the language, as in its scanner.
const (
	doubleMarks = "\"\u201c\u201d\u201e\u201f"
	singleMarks = "'\u2018\u2019\u201a\u201b"
)

// isQuoteMark reports whether a text begins with a quotation mark of the
// language.
func isQuoteMark(s string) bool {
	c, _ := utf8.DecodeRuneInString(s)
	return strings.ContainsRune(doubleMarks+singleMarks, c) && s != "" || strings.HasPrefix(s, "`\"")
}

// listParts are the elements of an array as typed, parted by the commas that
// stand outside quotation marks. There is always at least one.
func listParts(s string) []rule.Span {
	var parts []rule.Span
	start := 0
	for i := 0; i <= len(s); i++ {
		rest := s[i:]
		if strings.TrimSpace(s[start:i]) == "" && isQuoteMark(rest) {
			// A mark that is never closed is text, but for the plain one: the
			// rest of its string is still being typed.
			if n := quotedLength(rest); n > 0 {
				i += n - 1
				continue
			} else if rest[0] == '"' {
				i = len(s)
			}
		}
		if i == len(s) || s[i] == ',' {
			parts = append(parts, rule.Span{Start: start, End: i})
			start = i + 1
		}
	}
	return parts
}

// quotedLength is how many bytes the string takes that a text begins with; 0
// when it is not closed.
func quotedLength(s string) int {
	mark, size := utf8.DecodeRuneInString(s)
	closing := string(mark)
	switch {
	case mark == '`':
		closing, size = "\"", len("`\"")
	case mark == '"' || mark == '\'':
	case strings.ContainsRune(doubleMarks, mark):
		closing = doubleMarks
	default:
		closing = singleMarks
	}
	for at := size; at < len(s); {
		c, n := utf8.DecodeRuneInString(s[at:])
		next := byte(0)
		if at+n < len(s) {
			next = s[at+n]
		}
		switch {
		case c == '\\' && next != 0 && strings.IndexByte("\"'\\`", next) >= 0, c == '\'' && next == '\'':
			at += n + 1
		case strings.ContainsRune(closing, c):
			return at + n
		case c == '`' && next == '"' && mark == '`':
			return at + 2
		case c == '`' && next == '"':
			at += 2
		default:
			at += n
		}
	}
	return 0
}
