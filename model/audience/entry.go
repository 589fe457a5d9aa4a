package audience

import (
	"fmt"
	"strings"

	"rollcall/model"
)

// prefixes are the entry kinds that are written out.
var prefixes = [...]EntryKind{EntryGroup, EntrySegment, EntryList, EntryFile, EntryRule}

// ParseEntry reads one entry of an audience: "kind:text" for a group, segment,
// list, file or rule, and an address for everything else. A leading "-"
// excludes. An entry that is neither is a KindUsage error.
func ParseEntry(s string) (Entry, error) {
	var e Entry
	text := strings.TrimSpace(s)
	if rest, ok := strings.CutPrefix(text, "-"); ok {
		e.Exclude, text = true, strings.TrimSpace(rest)
	}
	e.Kind, e.Text = EntryAddress, text
	if prefix, rest, ok := strings.Cut(text, ":"); ok {
		for _, kind := range prefixes {
			if strings.EqualFold(strings.TrimSpace(prefix), string(kind)) {
				e.Kind, e.Text = kind, strings.TrimSpace(rest)
			}
		}
	}
	if e.Text == "" {
		return Entry{}, entryError(fmt.Sprintf("the entry %q names nothing", s), "write an address, or group:NAME, segment:NAME, list:NAME, file:PATH.csv or rule:RULE")
	}
	if e.Kind == EntryAddress && !strings.Contains(e.Text, "@") {
		return Entry{}, entryError(fmt.Sprintf("%q is not an address", e.Text), fmt.Sprintf("write group:%s for a group by its name or object id, or segment:%s for a saved segment", e.Text, e.Text))
	}
	return e, nil
}

func entryError(message, remedy string) error {
	return &model.Error{Kind: model.KindUsage, Code: "entryInvalid", Message: message, Remedy: remedy}
}

// String writes the entry so that ParseEntry reads it again, but for Exclude:
// where an exclusion stands says what it is.
func (e Entry) String() string {
	if e.Kind == EntryAddress {
		return e.Text
	}
	return string(e.Kind) + ":" + e.Text
}
