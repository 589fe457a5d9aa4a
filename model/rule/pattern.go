package rule

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"strings"
)

// compilePattern makes the regular expression of -match: unanchored, ignoring
// case. Entra runs .NET expressions; what Go's RE2 engine cannot run is an
// error that says why.
func compilePattern(pattern string) (*regexp.Regexp, error) {
	if err := refusePattern(pattern); err != nil {
		return nil, err
	}
	re, err := regexp.Compile("(?i)" + pattern)
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

// refusePattern finds the constructs of .NET that RE2 leaves out on purpose.
func refusePattern(pattern string) error {
	inClass := false
	for i := 0; i < len(pattern); i++ {
		rest := pattern[i:]
		switch {
		case pattern[i] == '\\' && i+1 < len(pattern):
			next := pattern[i+1]
			if !inClass && (next >= '1' && next <= '9' || next == 'k') {
				return fmt.Errorf("the back-reference %s cannot be evaluated here", rest[:2])
			}
			i++
		case inClass:
			inClass = pattern[i] != ']'
		case pattern[i] == '[':
			inClass = true
			i += len(classStart(rest)) - 1
		case strings.HasPrefix(rest, "(?="), strings.HasPrefix(rest, "(?!"),
			strings.HasPrefix(rest, "(?<="), strings.HasPrefix(rest, "(?<!"):
			return fmt.Errorf("look-around %s…) cannot be evaluated here", strings.TrimRight(rest[:4], " )"))
		case strings.HasPrefix(rest, "(?>"):
			return errors.New("the atomic group (?>…) cannot be evaluated here")
		case strings.HasPrefix(rest, "(?("):
			return errors.New("the conditional group (?(…) cannot be evaluated here")
		}
	}
	return nil
}

// classStart returns the beginning of a character class up to where a closing
// bracket ends it: one that follows directly is a member.
func classStart(class string) string {
	for _, start := range []string{"[^]", "[]", "[^"} {
		if strings.HasPrefix(class, start) {
			return start
		}
	}
	return "["
}
