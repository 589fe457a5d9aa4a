package directory

import (
	"fmt"
	"strings"

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
	text   string // folded
	negate bool
	fuzzy  bool // the characters occur in order, not side by side
}

// parseQuery reads a search text: words and "phrases", each with an optional
// "!", "~" and "field:" before it. A term that has no text yet is left out, so
// that a search can be typed.
func parseQuery(text string, schema *model.Schema) ([]term, error) {
	var terms []term
	for rest := strings.TrimSpace(text); rest != ""; rest = strings.TrimSpace(rest) {
		t := term{attrs: searched[:]}
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
			t.text = rule.Fold(word)
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

// matches reports whether a folded value satisfies the term, leaving negate
// aside.
func (t *term) matches(folded string) bool {
	if !t.fuzzy {
		return strings.Contains(folded, t.text)
	}
	for _, c := range t.text {
		i := strings.IndexRune(folded, c)
		if i < 0 {
			return false
		}
		folded = folded[i+len(string(c)):]
	}
	return true
}
