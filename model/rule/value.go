package rule

import (
	"slices"
	"strings"
	"time"
)

// ValueKind is the form of a value.
type ValueKind uint8

const (
	Null ValueKind = iota // null
	Text                  // "Sales"
	Bool                  // true
	Time                  // 2026-01-31T00:00:00Z
	Now                   // system.now, shifted by Shift
	List                  // ["a", "b"]
)

// Value is the right side of a comparison.
type Value struct {
	Kind  ValueKind
	Text  string    // of Text
	Bool  bool      // of Bool
	Time  time.Time // of Time: whole seconds in UTC
	Shift Duration  // of Now
	List  []Value   // of List: each of kind Text
	At    Span
}

// TextValue returns the value of a text.
func TextValue(s string) Value { return Value{Kind: Text, Text: s} }

// ListValue returns the array of the given texts.
func ListValue(texts ...string) Value {
	v := Value{Kind: List, List: make([]Value, len(texts))}
	for i, s := range texts {
		v.List[i] = TextValue(s)
	}
	return v
}

// Equal reports whether two values are the same, wherever they stand.
func (v Value) Equal(w Value) bool {
	return v.Kind == w.Kind && v.Text == w.Text && v.Bool == w.Bool && v.Time.Equal(w.Time) &&
		v.Shift == w.Shift && slices.EqualFunc(v.List, w.List, Value.Equal)
}

// instant returns the moment that a value of kind Time, Now or Text names.
func (v Value) instant(now time.Time) (time.Time, bool) {
	switch v.Kind {
	case Time:
		return v.Time, true
	case Now:
		return v.Shift.from(now.UTC()).Truncate(time.Second), true
	case Text:
		return parseInstant(v.Text)
	default:
		return time.Time{}, false
	}
}

// truth returns what a value of kind Bool, or a text that spells one, says.
func (v Value) truth() (value, ok bool) {
	switch {
	case v.Kind == Bool:
		return v.Bool, true
	case v.Kind == Text && strings.EqualFold(v.Text, "true"):
		return true, true
	case v.Kind == Text && strings.EqualFold(v.Text, "false"):
		return false, true
	default:
		return false, false
	}
}

// parseInstant reads an RFC 3339 time, cut to whole seconds in UTC, where its
// year has four digits too.
func parseInstant(s string) (time.Time, bool) {
	if len(s) < len(time.DateOnly) || s[0] < '0' || s[0] > '9' {
		return time.Time{}, false
	}
	t, err := time.Parse(time.RFC3339, strings.ToUpper(s))
	t = t.UTC().Truncate(time.Second)
	if err != nil || t.Year() < 0 || t.Year() > 9999 {
		return time.Time{}, false
	}
	return t, true
}
