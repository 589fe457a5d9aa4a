package rule

import (
	"fmt"
	"strings"
	"time"
)

// valueForms are the values of a comparison, as a message lists them.
const valueForms = `a value such as "Sales", true, null or ["a", "b"]`

// value reads the right side of a comparison. It reports what is wrong and
// returns false when there is nothing to compare with.
func (p *parser) value() (Value, bool) {
	t := p.peek()
	switch {
	case t.kind == tokString:
		p.take()
		if strings.EqualFold(t.text, "null") {
			p.report.noteAt(t.at, `this is the text "null"; null without quotation marks tests for no value`)
		}
		return Value{Kind: Text, Text: t.text, At: t.at}, true
	case t.kind == tokOpenList:
		return p.list(), true
	case t.kind == tokOpen:
		return p.enclosed()
	case t.kind == tokWord && t.keyword == "":
		return p.bare()
	case t.kind == tokWord:
		p.report.errorAt(t.at, fmt.Sprintf("unexpected operator %s where a value should stand", p.describe(t)), valueForms, "")
	case t.kind != tokInvalid:
		p.report.errorAt(t.at, fmt.Sprintf("unexpected %s where a value should stand", p.describe(t)), valueForms, "")
	}
	p.recover()
	return Value{}, false
}

// enclosed reads a value in parentheses.
func (p *parser) enclosed() (Value, bool) {
	first := p.at
	for p.peek().kind == tokOpen {
		p.take()
	}
	openings := p.tokens[first:p.at]
	v, ok := Value{}, false
	switch t := p.peek(); {
	case t.kind == tokString && p.tokens[p.at+1].kind == tokComma:
		v = p.listOf(&openings[len(openings)-1], tokClose)
		p.report.errorAt(v.At, "an array stands in square brackets", `values such as ["a", "b"]`, v.String())
		openings, ok = openings[:len(openings)-1], true
	case t.kind == tokString, t.kind == tokOpenList, t.kind == tokWord && isBareValue(t.text):
		v, ok = p.value()
	default:
		p.report.errorAt(openings[0].at, "unexpected ( after an operator", valueForms, "")
	}
	for i := len(openings) - 1; i >= 0; i-- {
		if next := p.peek(); ok && next.kind != tokClose && next.kind != tokEnd {
			p.report.errorAt(next.at, fmt.Sprintf("unexpected %s", p.describe(next)), "a closing parenthesis", "")
			ok = false
		}
		p.close(&openings[i])
		v.At = Span{openings[i].at.Start, p.lastEnd()}
	}
	if !ok {
		p.recover()
	}
	return v, ok
}

// isBareValue knows what may stand for a value without quotation marks.
func isBareValue(s string) bool {
	if strings.EqualFold(s, systemNow) || isNumber(s) {
		return true
	}
	switch strings.ToLower(strings.TrimPrefix(s, "$")) {
	case "null", "true", "false":
		return true
	}
	return isDateLike(s)
}

// isDateLike reports a text that begins as a date does.
func isDateLike(s string) bool {
	return len(s) >= len(time.DateOnly) && s[4] == '-' && s[7] == '-' && isNumber(s[:4]) && isNumber(s[5:7]) && isNumber(s[8:10])
}

const systemNow = "system.now"

// bare reads a value without quotation marks.
func (p *parser) bare() (Value, bool) {
	t := p.peek()
	if strings.EqualFold(t.text, systemNow) {
		return p.now()
	}
	if id, ok := p.bareID(); ok {
		return id, true
	}
	p.take()
	switch name := strings.TrimPrefix(t.text, "$"); {
	case strings.EqualFold(name, "null"):
		return Value{Kind: Null, At: t.at}, true
	case strings.EqualFold(name, "true"):
		return Value{Kind: Bool, Bool: true, At: t.at}, true
	case strings.EqualFold(name, "false"):
		return Value{Kind: Bool, At: t.at}, true
	}
	if when, ok := parseInstant(t.text); ok {
		return Value{Kind: Time, Time: when, At: t.at}, true
	}
	if isNumber(t.text) {
		p.noteNumber(t)
		return Value{Kind: Text, Text: t.text, At: t.at}, true
	}
	if isDateLike(t.text) {
		p.report.errorAt(t.at, fmt.Sprintf("%s is not a date and time", p.describe(t)), dateForms, completeInstant(t.text))
		return Value{}, false
	}
	at := t.at
	for next := p.peek(); next.kind == tokWord && next.keyword == "" && !strings.Contains(next.text, "."); next = p.peek() {
		at.End = p.take().at.End
	}
	text := p.text[at.Start:at.End]
	p.report.errorAt(at, "a text stands in quotation marks", valueForms, quote(text))
	return Value{Kind: Text, Text: text, At: at}, true
}

func (p *parser) noteNumber(t *token) {
	p.report.noteAt(t.at, fmt.Sprintf("the number is read as the text %q", shortened(t.text)))
}

// isNumber reports a text of digits.
func isNumber(s string) bool {
	return s != "" && strings.TrimLeft(s, "0123456789") == ""
}

const dateForms = "a date such as 2026-01-31T00:00:00Z, or system.now"

// completeInstant suggests the date and time that a date without a time or
// without a zone may mean; "" when the text is neither.
func completeInstant(s string) string {
	for _, layout := range []string{time.DateOnly, "2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02T15:04Z07:00", time.DateTime} {
		if t, err := time.Parse(layout, strings.ToUpper(s)); err == nil {
			return t.UTC().Format(time.RFC3339)
		}
	}
	return ""
}

// now reads system.now and what is added to it.
func (p *parser) now() (Value, bool) {
	t := p.take()
	v := Value{Kind: Now, At: t.at}
	op := p.keyword()
	if op != "plus" && op != "minus" {
		return v, true
	}
	p.take()
	d := p.take()
	shift, err := parseDuration(d.text)
	if err != nil || d.kind != tokWord {
		suggestion := ""
		amount := strings.TrimLeft(strings.ToUpper(d.text), "PT")
		for _, prefix := range []string{"P", "PT"} {
			if _, err := parseDuration(prefix + amount); err == nil {
				suggestion = prefix + amount
				break
			}
		}
		p.report.errorAt(d.at, fmt.Sprintf("%s is not a duration", p.describe(d)), "an ISO 8601 duration such as P90D", suggestion)
		return v, false
	}
	if shift != (Duration{}) {
		shift.Minus = op == "minus"
	}
	v.Shift = shift
	v.At.End = d.at.End
	if k := p.keyword(); k == "plus" || k == "minus" {
		p.report.errorAt(p.peek().at, "only one duration can be added to system.now", "one -plus or -minus", "")
		p.take()
		p.take()
	}
	return v, true
}

// list reads an array of texts.
func (p *parser) list() Value { return p.listOf(p.take(), tokCloseList) }

// listOf reads an array of texts behind its opening token, up to a closing one.
func (p *parser) listOf(open *token, closing tokenKind) Value {
	v := Value{Kind: List, List: []Value{}}
	for {
		t := p.peek()
		switch {
		case t.kind == tokString:
			p.take()
			v.List = append(v.List, Value{Kind: Text, Text: t.text, At: t.at})
		case t.kind == tokWord && t.keyword == "":
			if id, ok := p.bareID(); ok {
				v.List = append(v.List, id)
				break
			}
			p.take()
			if isNumber(t.text) {
				p.noteNumber(t)
			} else {
				p.report.errorAt(t.at, "an array holds texts in quotation marks", `values such as ["a", "b"]`, quote(t.text))
			}
			v.List = append(v.List, Value{Kind: Text, Text: t.text, At: t.at})
		case t.kind == closing && len(v.List) == 0:
			p.take()
			v.At = Span{open.at.Start, t.at.End}
			p.report.errorAt(v.At, "the array is empty", `values such as ["a", "b"]`, "")
			return v
		default:
			return p.brokenList(v, open, closing)
		}
		switch p.peek().kind {
		case tokComma:
			p.take()
		case closing:
			v.At = Span{open.at.Start, p.take().at.End}
			return v
		default:
			return p.brokenList(v, open, closing)
		}
	}
}

// brokenList reports the token that does not belong into an array and skips to
// the array's end.
func (p *parser) brokenList(v Value, open *token, closing tokenKind) Value {
	if t := p.peek(); t.kind == tokEnd {
		p.report.errorAt(open.at, "the array is not closed", "a closing bracket", "")
	} else if t.kind != tokInvalid {
		p.report.errorAt(t.at, fmt.Sprintf("unexpected %s in an array", p.describe(t)), "a text, a comma or a closing bracket", "")
	}
	for p.peek().kind != tokEnd && p.take().kind != closing {
	}
	v.At = Span{open.at.Start, p.lastEnd()}
	return v
}
