package audience

import (
	"fmt"
	"strings"
	"unicode"

	"rollcall/model"
)

// prefixes are the entry kinds that are written out.
var prefixes = [...]EntryKind{EntryGroup, EntrySegment, EntryList, EntryFile, EntryRule, EntrySnapshot}

// ParseEntry reads one entry of an audience: "kind:text" for a group, segment,
// list, file, rule or snapshot; an address where there is an "@", also as mail
// programs and Exchange write it ("Ann <ann@contoso.com>", "smtp:" and
// "mailto:" before it); and the name or object id of a group, list, user or
// contact for everything else. A leading
// "-" excludes, a leading "&" keeps the audience within. Neither begins an
// address in Entra. An entry that cannot be read is a KindUsage error.
func ParseEntry(s string) (Entry, error) {
	var e Entry
	text := strings.TrimSpace(s)
	if rest, ok := strings.CutPrefix(text, "-"); ok {
		e.Exclude, text = true, strings.TrimSpace(rest)
	} else if rest, ok := strings.CutPrefix(text, "&"); ok {
		e.Within, text = true, strings.TrimSpace(rest)
	}
	if (e.Exclude || e.Within) && strings.ContainsAny(text[:min(1, len(text))], "-&") {
		return Entry{}, entryError(fmt.Sprintf("the entry %q has more than one sign", s), "write - before what is excluded, & before what the audience is kept within, and nothing before the rest")
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
		return Entry{}, entryError(fmt.Sprintf("the entry %q names nothing", s), "write an address, a name or object id, or group:NAME, segment:NAME, list:NAME, file:PATH.csv, rule:RULE or snapshot:NAME")
	}
	if e.Kind == EntryAddress {
		e.Text = bareAddress(e.Text)
		if !strings.Contains(e.Text, "@") {
			e.Kind = EntryObject
		}
	}
	return e, nil
}

// bareAddress is an address without the name and the prefix that were pasted
// with it; any other text stays as it is.
func bareAddress(text string) string {
	address := text
	if open := strings.LastIndexByte(address, '<'); open >= 0 && strings.HasSuffix(address, ">") {
		address = address[open+1 : len(address)-1]
	}
	for _, prefix := range [...]string{"smtp:", "mailto:"} {
		if n := len(prefix); len(address) > n && strings.EqualFold(address[:n], prefix) {
			address = address[n:]
		}
	}
	if strings.ContainsAny(address, "<>:") || strings.ContainsFunc(address, unicode.IsSpace) || strings.IndexByte(address, '@') < 1 || strings.ContainsAny(address[:1], "-&") {
		return text
	}
	return address
}

func entryError(message, remedy string) error {
	return &model.Error{Kind: model.KindUsage, Code: "entryInvalid", Message: message, Remedy: remedy}
}

// String writes the entry so that ParseEntry reads it again, but for its sign:
// where an entry stands says whether it excludes or keeps within.
func (e Entry) String() string {
	if e.Kind == EntryAddress || e.Kind == EntryObject {
		return e.Text
	}
	return string(e.Kind) + ":" + e.Text
}
