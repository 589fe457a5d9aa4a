package rule

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"strings"
)

// compilePattern makes the regular expression of -match: unanchored, ignoring
// case. Entra runs .NET expressions: what means something else to Go's RE2
// engine is rewritten, and what RE2 cannot run is an error that says why.
func compilePattern(pattern string) (*regexp.Regexp, error) {
	translated, err := translatePattern(pattern)
	if err != nil {
		return nil, err
	}
	return compileTranslated(translated)
}

func compileTranslated(translated string) (*regexp.Regexp, error) {
	re, err := regexp.Compile("(?i)" + translated)
	if err == nil {
		return re, nil
	}
	var fault *syntax.Error
	if !errors.As(err, &fault) {
		return nil, fmt.Errorf("the regular expression cannot be read: %w", err)
	}
	switch fault.Code {
	case syntax.ErrInvalidRepeatOp:
		return nil, fmt.Errorf("the regular expression repeats a repetition: %s", fault.Expr)
	case syntax.ErrMissingRepeatArgument:
		return nil, fmt.Errorf("the regular expression repeats nothing: %s has nothing before it", fault.Expr)
	default:
		return nil, fmt.Errorf("the regular expression cannot be read: %s: %s", fault.Code, fault.Expr)
	}
}

// What the classes of .NET hold beyond ASCII, as members of an RE2 class.
// Source: .NET documentation, "Character classes in regular expressions".
const (
	wordMembers  = `\p{L}\p{Mn}\p{Nd}\p{Pc}`
	spaceMembers = `\s\v\x{85}\p{Z}`
)

// endOfText is what $ and \Z mean in .NET: the end, or before a last newline.
const endOfText = `(?:\n?\z)`

// patternTranslator rewrites a .NET expression for RE2.
type patternTranslator struct {
	rest string
	out  strings.Builder
}

func translatePattern(pattern string) (string, error) {
	t := &patternTranslator{rest: pattern}
	for t.rest != "" {
		var err error
		switch t.rest[0] {
		case '\\':
			err = t.escape(false)
		case '[':
			err = t.class()
		case '$':
			t.replace(1, endOfText)
		case '(':
			err = t.group()
		default:
			t.keep(1)
		}
		if err != nil {
			return "", err
		}
	}
	return t.out.String(), nil
}

// keep copies the next n bytes.
func (t *patternTranslator) keep(n int) { t.replace(n, t.rest[:n]) }

// replace writes something else for the next n bytes.
func (t *patternTranslator) replace(n int, by string) {
	t.out.WriteString(by)
	t.rest = t.rest[n:]
}

// group checks what follows a parenthesis.
func (t *patternTranslator) group() error {
	special, ok := strings.CutPrefix(t.rest, "(?")
	if !ok {
		t.keep(1)
		return nil
	}
	kind := strings.TrimLeft(special, "is")
	switch {
	case strings.HasPrefix(special, "="), strings.HasPrefix(special, "!"),
		strings.HasPrefix(special, "<="), strings.HasPrefix(special, "<!"):
		return fmt.Errorf("look-around %s…) cannot be evaluated here", t.rest[:len("(?")+strings.IndexAny(special, "=!")+1])
	case strings.HasPrefix(special, ">"):
		return errors.New("the atomic group (?>…) cannot be evaluated here")
	case strings.HasPrefix(special, "("):
		return errors.New("the conditional group (?(…) cannot be evaluated here")
	case strings.HasPrefix(special, "<"), strings.HasPrefix(kind, ":"), strings.HasPrefix(kind, ")"):
		t.keep(len("(?"))
		return nil
	default:
		return errors.New("the group (?…) begins with an option that cannot be evaluated here; i and s can")
	}
}

// class translates a character class. A closing bracket that comes first is a
// member, and so is every opening one.
func (t *patternTranslator) class() error {
	t.keep(1)
	if strings.HasPrefix(t.rest, "^") {
		t.keep(1)
	}
	if strings.HasPrefix(t.rest, "]") {
		t.replace(1, `\]`)
	}
	for t.rest != "" {
		switch {
		case t.rest[0] == ']':
			t.keep(1)
			return nil
		case t.rest[0] == '\\':
			if err := t.escape(true); err != nil {
				return err
			}
		case strings.HasPrefix(t.rest, "-["):
			return errors.New("the subtraction of a class, -[…], cannot be evaluated here")
		case t.rest[0] == '[':
			t.replace(1, `\[`)
		default:
			t.keep(1)
		}
	}
	return nil // the compiler reports the missing bracket
}

// escape translates a backslash and what it escapes.
func (t *patternTranslator) escape(inClass bool) error {
	if len(t.rest) == 1 {
		return errors.New("the regular expression ends with a backslash")
	}
	c := t.rest[1]
	members := map[byte]string{'d': `\p{Nd}`, 'D': `\P{Nd}`, 'w': wordMembers, 's': spaceMembers}[c]
	switch {
	case inClass && members != "":
		t.replace(2, members)
	case inClass && (c == 'W' || c == 'S'):
		return fmt.Errorf(`\%c inside a class cannot be evaluated here`, c)
	case inClass && c == 'b':
		t.replace(2, `\x08`)
	case members != "":
		t.replace(2, "["+members+"]")
	case c == 'W':
		t.replace(2, "[^"+wordMembers+"]")
	case c == 'S':
		t.replace(2, "[^"+spaceMembers+"]")
	case c == 'Z' && !inClass:
		t.replace(2, endOfText)
	case c == 'e':
		t.replace(2, `\x1b`)
	case c == 'u' && len(t.rest) >= 6:
		t.replace(6, `\x{`+t.rest[2:6]+`}`)
	case c >= '1' && c <= '9' || c == 'k':
		return fmt.Errorf(`the back-reference \%c cannot be evaluated here`, c)
	case strings.IndexByte("abfnrtvxpPABz", c) >= 0 || !isLetterOrDigit(c):
		t.keep(2)
	default:
		return fmt.Errorf(`the escape \%c cannot be evaluated here`, c)
	}
	return nil
}

func isLetterOrDigit(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

// hasWordBoundary reports whether an expression that compiles holds \b or \B
// outside a class.
func hasWordBoundary(pattern string) bool {
	inClass := false
	for i := 0; i < len(pattern); i++ {
		switch pattern[i] {
		case '\\':
			i++
			if !inClass && i < len(pattern) && (pattern[i] == 'b' || pattern[i] == 'B') {
				return true
			}
		case '[':
			inClass = true
		case ']':
			inClass = false
		}
	}
	return false
}

// patternCost estimates, in microseconds, what compiling a translated
// expression takes. Two things make a short one expensive: classes of Unicode,
// which hold hundreds of ranges, and repetitions, which compile to as many
// copies.
func patternCost(translated string) int {
	const ofAny, ofUnicodeClass = 10, 75
	cost := ofAny + len(translated) + ofUnicodeClass*(strings.Count(translated, `\p`)+strings.Count(translated, `\P`))
	if cost > maxPatternCost || !strings.Contains(translated, "{") {
		return cost
	}
	tree, err := syntax.Parse("(?i)"+translated, syntax.Perl)
	if err != nil {
		return cost // compiling it fails as soon
	}
	return cost + copies(tree)
}

// copies weighs the instructions that an expression compiles to.
func copies(re *syntax.Regexp) int {
	const rangesAtOnce = 64 // how many weigh as much as an instruction
	cost := 1
	switch re.Op {
	case syntax.OpLiteral:
		cost = len(re.Rune)
	case syntax.OpCharClass:
		cost += len(re.Rune) / rangesAtOnce
	}
	for _, sub := range re.Sub {
		cost += copies(sub)
	}
	if re.Op == syntax.OpRepeat {
		cost *= max(re.Min, re.Max, 1)
	}
	return min(cost, 2*maxPatternCost)
}
