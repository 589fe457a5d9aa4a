package tui

import (
	"strings"

	"rollcall/model"
	"rollcall/model/rule"
)

// ruleWord is a piece of a rule's text before the cursor.
type ruleWord struct {
	kind  ruleWordKind
	text  string // of a string: what stands between its marks
	start int
	open  bool // a string that is not closed
}

type ruleWordKind uint8

const (
	wordName ruleWordKind = iota // user.department, true, system.now
	wordOperator
	wordString
	wordOpen  // ( or [
	wordClose // ) or ]
	wordComma
)

// ruleWords cuts the beginning of a rule into words. It forgives everything:
// the text is being typed.
func ruleWords(s string) []ruleWord {
	var words []ruleWord
	for at := 0; at < len(s); {
		start := at
		switch c := s[at]; {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			at++
			continue
		case isQuoteMark(s[at:]):
			n := quotedLength(s[at:])
			w := ruleWord{kind: wordString, start: start, open: n == 0}
			if w.open {
				n = len(s) - at
			}
			w.text = unquoted(s[at : at+n])
			words = append(words, w)
			at += n
			continue
		case c == '(' || c == '[':
			at++
			words = append(words, ruleWord{wordOpen, s[start:at], start, false})
			continue
		case c == ')' || c == ']':
			at++
			words = append(words, ruleWord{wordClose, s[start:at], start, false})
			continue
		case c == ',':
			at++
			words = append(words, ruleWord{wordComma, ",", start, false})
			continue
		}
		kind := wordName
		if s[at] == '-' {
			kind = wordOperator
		}
		for at++; at < len(s) && strings.IndexByte(" \t\r\n()[],\"'", s[at]) < 0; at++ {
			// user.city-eq is a name and an operator; 2026-01-31 is one word.
			if s[at] == '-' && kind == wordName && (s[start] < '0' || s[start] > '9') {
				break
			}
		}
		words = append(words, ruleWord{kind, s[start:at], start, false})
	}
	return words
}

// textTarget is what stands before the cursor in a rule's text and may be
// completed.
func textTarget(s *model.Schema, text string, at int) target {
	words := ruleWords(text[:at])
	t := target{from: at, to: at}
	// The word that is being typed: the cursor stands at its end.
	var word ruleWord
	typing := false
	if n := len(words); n > 0 {
		w := words[n-1]
		touches := at > 0 && strings.IndexByte(" \t\r\n", text[at-1]) < 0
		if w.open || touches && (w.kind == wordName || w.kind == wordOperator) {
			word, typing, words = w, true, words[:n-1]
			t.from, t.typed = w.start, w.text
		}
	}
	if typing && !word.open && at < len(text) && strings.IndexByte(" \t\r\n()[],", text[at]) < 0 {
		return target{} // in the middle of a word
	}
	var last ruleWord
	if n := len(words); n > 0 {
		last = words[n-1]
	}
	c := contextOf(s, words)
	joint := func(w ruleWord) bool {
		name := strings.ToLower(strings.TrimLeft(w.text, "-"))
		return name == "and" || name == "or" || name == "not"
	}
	switch {
	case len(words) == 0 || last.kind == wordOperator && joint(last) || last.kind == wordOpen && last.text == "(":
		if typing && word.kind != wordName || !typing && len(words) == 0 {
			return target{}
		}
		t.kind = targetAttribute
		switch {
		case c.plans && c.within:
			t.kind = targetPlanProperty
		case c.within:
			return target{} // the element is _
		case typing && !strings.HasPrefix("user.", strings.ToLower(t.typed)) && !strings.HasPrefix(strings.ToLower(t.typed), "user.") && len(t.typed) < 2:
			return target{}
		}
		if strings.HasPrefix("user.", strings.ToLower(t.typed)) {
			t.typed = ""
		}
	case last.kind == wordName && c.known:
		if typing && word.kind != wordOperator {
			return target{}
		}
		t.kind, t.attribute, t.plan = targetOperator, c.attribute, c.plan
	case last.kind == wordOperator && c.known, (last.kind == wordComma || last.kind == wordOpen) && c.known && c.list:
		if typing && word.kind == wordOperator {
			return target{}
		}
		t.kind, t.attribute, t.plan, t.operator = targetValue, c.attribute, c.plan, c.operator
		if word.open && at < len(text) && (text[at] == '"' || text[at] == '\'') {
			t.to = at + 1 // the mark that closes it already
		}
	case last.kind == wordString || last.kind == wordClose || last.kind == wordName:
		// Only when asked for: most often the rule ends here.
		if !typing || word.kind != wordOperator {
			return target{}
		}
		t.kind = targetJoint
	}
	return t
}

// clauseContext is the clause that the words lead into.
type clauseContext struct {
	attribute model.Attribute
	plan      string
	operator  rule.Operator
	known     bool // attribute is set
	list      bool // inside the brackets of an array
	within    bool // inside a condition on elements
	plans     bool // of service plans
}

func contextOf(s *model.Schema, words []ruleWord) clauseContext {
	var c clauseContext
	var collection model.Attribute
	depth, inner := 0, -1 // inner: the depth at which a condition on elements began
	for _, w := range words {
		switch w.kind {
		case wordOpen:
			depth++
			c.list = c.list || w.text == "["
		case wordClose:
			depth--
			c.list = false
			if depth <= inner {
				c.within, c.plans, inner = false, false, -1
			}
		case wordName:
			name, plan := w.text, ""
			if p, ok := planProperty(name); ok && c.within {
				name, plan = collection.Rule, p
			} else if name == rule.Element && c.within {
				name = collection.Rule
			} else if !strings.HasPrefix(strings.ToLower(name), "user.") {
				continue
			}
			a, ok := s.ByName(name)
			c.attribute, c.plan, c.known, c.operator = a, plan, ok, rule.OpEq
			if !c.within {
				collection = a
			}
		case wordOperator:
			switch name := strings.ToLower(strings.TrimLeft(w.text, "-")); name {
			case "and", "or", "not":
				c.known = false
			case "any", "all":
				c.within, c.plans, inner = true, collection.Type == model.TypePlans, depth
				c.known = false
			default:
				for _, o := range rule.Operators(model.TypeString) {
					if strings.EqualFold(o.String()[1:], name) {
						c.operator = o
					}
				}
			}
		}
	}
	return c
}
