package rule

import (
	"regexp/syntax"
	"slices"
	"strings"
	"unicode"
)

// expression is what can be said of the texts that a regular expression
// matches without running it.
type expression struct {
	// texts, where it is not nil, are all that can stand for the part of a
	// value that matches, folded: the expression is a plain comparison.
	texts          []string
	atStart, atEnd bool // a match begins and ends with the value

	// needs is a folded text that each matching value contains, "" where none
	// is known; where isPrefix is set the value begins with it.
	needs    string
	isPrefix bool
}

// maxTexts bounds the texts of an expression: beyond, running it is no slower.
const maxTexts = 64

// understand looks into an expression as compileTranslated is given it.
func understand(translated string) expression {
	tree, err := syntax.Parse("(?i)"+translated, syntax.Perl)
	if err != nil {
		return expression{}
	}
	parts := sequence(tree.Simplify())
	var e expression
	for len(parts) > 0 && parts[0].Op == syntax.OpBeginText {
		e.atStart, parts = true, parts[1:]
	}
	for n := len(parts); n > 0 && parts[n-1].Op == syntax.OpEndText; n = len(parts) {
		e.atEnd, parts = true, parts[:n-1]
	}
	e.texts = textsOfAll(parts)
	e.needs, e.isPrefix = needed(parts, e.atStart)
	return e
}

// sequence returns what an expression matches one behind the other.
func sequence(re *syntax.Regexp) []*syntax.Regexp {
	switch re.Op {
	case syntax.OpCapture:
		return sequence(re.Sub[0])
	case syntax.OpConcat:
		var parts []*syntax.Regexp
		for _, sub := range re.Sub {
			parts = append(parts, sequence(sub)...)
		}
		return parts
	default:
		return []*syntax.Regexp{re}
	}
}

// textsOf returns the folded texts that an expression matches, nil where they
// are many or where it does not match all texts that fold to the same.
func textsOf(re *syntax.Regexp) []string {
	switch re.Op {
	case syntax.OpEmptyMatch:
		return []string{""}
	case syntax.OpLiteral:
		if re.Flags&syntax.FoldCase == 0 && slices.ContainsFunc(re.Rune, hasCase) {
			return nil
		}
		return []string{Fold(string(re.Rune))}
	case syntax.OpCharClass:
		return charactersOf(re.Rune)
	case syntax.OpCapture:
		return textsOf(re.Sub[0])
	case syntax.OpConcat:
		return textsOfAll(re.Sub)
	case syntax.OpQuest:
		return union([]string{""}, textsOf(re.Sub[0]))
	case syntax.OpAlternate:
		texts := []string{}
		for _, sub := range re.Sub {
			if texts = union(texts, textsOf(sub)); texts == nil {
				return nil
			}
		}
		return texts
	default:
		return nil
	}
}

// textsOfAll returns the texts of parts one behind the other.
func textsOfAll(parts []*syntax.Regexp) []string {
	texts := []string{""}
	var run strings.Builder // what follows each of them: most parts have one text
	for _, part := range parts {
		ends := textsOf(part)
		switch {
		case len(ends) == 0 || len(texts)*len(ends) > maxTexts:
			return nil
		case len(ends) == 1:
			run.WriteString(ends[0])
			continue
		}
		var longer []string
		for _, text := range texts {
			for _, end := range ends {
				longer = append(longer, text+run.String()+end)
			}
		}
		texts = longer
		run.Reset()
	}
	for i := range texts {
		texts[i] += run.String()
	}
	return texts
}

// union joins two lists of texts; nil where one is, and where the result is
// too long.
func union(a, b []string) []string {
	if a == nil || b == nil || len(a)+len(b) > maxTexts {
		return nil
	}
	for _, text := range b {
		if !slices.Contains(a, text) {
			a = append(a, text)
		}
	}
	return a
}

// charactersOf returns the folded characters of a class, which is given as
// pairs of first and last.
func charactersOf(class []rune) []string {
	texts := []string{}
	for i := 0; i < len(class); i += 2 {
		if class[i+1]-class[i] >= maxTexts {
			return nil
		}
		for r := class[i]; r <= class[i+1]; r++ {
			for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
				if !holds(class, f) {
					return nil
				}
			}
			if texts = union(texts, []string{Fold(string(r))}); texts == nil {
				return nil
			}
		}
	}
	return texts
}

func holds(class []rune, r rune) bool {
	for i := 0; i < len(class); i += 2 {
		if class[i] <= r && r <= class[i+1] {
			return true
		}
	}
	return false
}

func hasCase(r rune) bool { return unicode.SimpleFold(r) != r }

// needed returns the longest text that parts one behind the other cannot match
// without, or what each match begins with where that says enough.
func needed(parts []*syntax.Regexp, atStart bool) (text string, isPrefix bool) {
	var run strings.Builder
	unbroken := atStart
	keep := func() {
		const enough = 3
		if (!isPrefix || len(text) < enough) && run.Len() > len(text) {
			text, isPrefix = run.String(), unbroken
		}
		unbroken = false
		run.Reset()
	}
	for _, part := range parts {
		for part.Op == syntax.OpPlus || part.Op == syntax.OpCapture {
			if part.Op == syntax.OpPlus {
				keep()
			}
			part = part.Sub[0]
		}
		switch {
		case part.Op == syntax.OpLiteral:
			run.WriteString(Fold(string(part.Rune)))
		case part.Op == syntax.OpCharClass && len(charactersOf(part.Rune)) == 1:
			run.WriteString(charactersOf(part.Rune)[0])
		case part.Op == syntax.OpEmptyMatch:
		default:
			keep()
		}
	}
	keep()
	return text, isPrefix
}
