package directory

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"rollcall/model"
	"rollcall/model/rule"
)

// searched are the attributes that a word without a field is looked up in.
var searched = [...]model.AttrID{
	model.AttrDisplayName, model.AttrMail, model.AttrUserPrincipalName,
	model.AttrJobTitle, model.AttrDepartment,
}

// term is one condition of a search text. All terms must hold.
type term struct {
	attrs  []model.AttrID
	text   []byte // folded
	negate bool
	fuzzy  bool // the characters occur in order, not side by side
	ascii  bool // text is

	characters uint64 // charactersOf text
	isSingle   bool   // they say everything about text
}

// parseQuery reads a search text: words and "phrases", each with an optional
// "!", "~" and "field:" before it. A term that has no text yet is left out, so
// that a search can be typed.
func parseQuery(text string, schema *model.Schema) ([]*term, error) {
	var terms []*term
	for rest := strings.TrimSpace(text); rest != ""; rest = strings.TrimSpace(rest) {
		t := &term{attrs: searched[:]}
		if after, ok := strings.CutPrefix(rest, "!"); ok {
			t.negate, rest = true, after
		}
		if after, ok := strings.CutPrefix(rest, "~"); ok {
			t.fuzzy, rest = true, after
		}
		if name, after, ok := cutField(rest); ok {
			if a, ok := schema.ByName(name); ok {
				if !schema.IsSynced(a.ID) {
					return nil, unsynced(a)
				}
				t.attrs, rest = []model.AttrID{a.ID}, after
			}
		}
		var word string
		word, rest = cutWord(rest)
		if word != "" {
			t.setText(rule.Fold(word))
			terms = append(terms, t)
		}
	}
	return terms, nil
}

func unsynced(a model.Attribute) error {
	return &model.Error{
		Kind: model.KindUsage, Code: "attributeNotSynced",
		Message: fmt.Sprintf("%s is not synced in this profile", a.Rule),
		Remedy:  fmt.Sprintf(`add %q to the setting "attributes" of the profile and sync again`, a.Rule),
	}
}

// cutField splits "field:value". A name in quotation marks may hold spaces.
func cutField(s string) (name, after string, ok bool) {
	if quoted, isQuoted := strings.CutPrefix(s, `"`); isQuoted {
		return strings.Cut(quoted, `":`)
	}
	i := strings.IndexAny(s, ": \t\"")
	if i <= 0 || s[i] != ':' {
		return "", "", false
	}
	return s[:i], s[i+1:], true
}

// cutWord takes a word, or a phrase in quotation marks, which the end of the
// text closes as well.
func cutWord(s string) (word, rest string) {
	if quoted, ok := strings.CutPrefix(s, `"`); ok {
		word, rest, _ = strings.Cut(quoted, `"`)
		return word, rest
	}
	i := strings.IndexAny(s, " \t\r\n")
	if i < 0 {
		return s, ""
	}
	return s[:i], s[i:]
}

func (t *term) setText(folded string) {
	t.text, t.ascii, t.characters = []byte(folded), isASCII(folded), charactersOf(folded)
	t.isSingle = len(folded) == 1 && characterBit(folded[0]) < ownBits
}

// matches reports whether a folded value satisfies the term, leaving negate
// aside.
func (t *term) matches(folded []byte) bool {
	switch {
	case !t.fuzzy:
		return bytes.Contains(folded, t.text)
	case t.ascii:
		at := 0
		for _, c := range folded {
			if c == t.text[at] {
				if at++; at == len(t.text) {
					return true
				}
			}
		}
		return false
	default:
		for rest := t.text; len(rest) > 0; {
			c, size := utf8.DecodeRune(rest)
			i := bytes.IndexRune(folded, c)
			if i < 0 {
				return false
			}
			rest, folded = rest[size:], folded[i+size:]
		}
		return true
	}
}

// equal reports whether two terms are the same.
func (t *term) equal(o *term) bool {
	return t.negate == o.negate && t.fuzzy == o.fuzzy && bytes.Equal(t.text, o.text) && slices.Equal(t.attrs, o.attrs)
}

// covers reports whether whatever matches the other term matches this one as
// well, leaving negate aside.
func (t *term) covers(o *term) bool {
	if !t.fuzzy && o.fuzzy || !t.matches(o.text) {
		return false
	}
	return !slices.ContainsFunc(o.attrs, func(a model.AttrID) bool { return !slices.Contains(t.attrs, a) })
}

// goesOn reports whether whoever satisfies all terms satisfies the earlier ones
// as well.
func goesOn(terms, earlier []*term) bool {
	for _, e := range earlier {
		if !slices.ContainsFunc(terms, func(t *term) bool {
			if e.negate {
				return t.negate && t.covers(e)
			}
			return !t.negate && e.covers(t)
		}) {
			return false
		}
	}
	return true
}
