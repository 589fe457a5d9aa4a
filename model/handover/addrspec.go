package handover

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// addrSpec writes an address so that it can stand among others: as it is, or
// with its local part in quotes where a separator, a blank or a quote is part of
// it. Where even that is no address, or not for every program the same one, it
// says why. Source: RFC 5322, 3.4.1 addr-spec and 3.2.4 quoted-string; RFC 6532,
// 3.2 for characters outside of ASCII.
func addrSpec(address string) (spec, reason string) {
	if !utf8.ValidString(address) {
		return "", "it is not UTF-8"
	}
	at := strings.LastIndexByte(address, '@')
	if at < 1 {
		return "", "it is not an address"
	}
	local, domain := address[:at], address[at+1:]
	if !isDomain(domain) {
		return "", "its domain is none"
	}
	if isDotAtom(local) || isQuotedString(local) {
		return address, ""
	}
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range local {
		if !quotable(r) {
			return "", "it holds a character that does not show"
		}
		if r == '"' || r == '\\' {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	b.WriteByte('"')
	return b.String() + "@" + domain, ""
}

// isDomain reports whether a text is a domain name: labels of letters, digits,
// hyphens and underscores between dots.
func isDomain(s string) bool {
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || strings.ContainsFunc(label, func(r rune) bool {
			return r != '-' && r != '_' && !isLetter(r)
		}) {
			return false
		}
	}
	return true
}

func isDotAtom(s string) bool {
	for atom := range strings.SplitSeq(s, ".") {
		if atom == "" || strings.ContainsFunc(atom, func(r rune) bool {
			return !isLetter(r) && !strings.ContainsRune("!#$%&'*+-/=?^_`{|}~", r)
		}) {
			return false
		}
	}
	return true
}

// isLetter reports whether a character is part of a word: what looks like a
// separator in another script, a full-width ";" for instance, is none.
func isLetter(r rune) bool {
	return unicode.In(r, unicode.L, unicode.N, unicode.M)
}

// isQuotedString reports whether a text is something in quotes already.
func isQuotedString(s string) bool {
	if len(s) < 3 || s[0] != '"' || s[len(s)-1] != '"' {
		return false
	}
	escaped := false
	for _, r := range s[1 : len(s)-1] {
		switch {
		case !quotable(r) || r == '"' && !escaped:
			return false
		case escaped:
			escaped = false
		default:
			escaped = r == '\\'
		}
	}
	return !escaped
}

// quotable reports whether a character can stand in quotes and be seen: of the
// blanks the space alone can.
func quotable(r rune) bool { return r == ' ' || unicode.IsGraphic(r) && !unicode.IsSpace(r) }
