package roster

import (
	"strings"
	"unicode"

	"github.com/google/uuid"
)

// maxAddress is the longest address there is, in bytes: 64 before the @ and 255
// behind it. Source: RFC 5321, 4.5.3.1.
const maxAddress = 64 + 1 + 255

// IsAddress reports whether a text can be an address or a user principal name:
// text around one "@" without blanks and without characters that cannot be
// seen.
func IsAddress(s string) bool {
	at := strings.IndexByte(s, '@')
	if at <= 0 || at == len(s)-1 || len(s) > maxAddress || strings.Count(s, "@") != 1 {
		return false
	}
	return !strings.ContainsFunc(s, func(r rune) bool {
		return r == ',' || r == ';' || r == '<' || r == '>' || r == '"' || r == unicode.ReplacementChar ||
			unicode.IsSpace(r) || unicode.IsControl(r) || unicode.Is(unicode.Cf, r)
	})
}

// isObjectID reports whether a text is a GUID as Entra writes object ids.
func isObjectID(s string) bool { return len(s) == 36 && uuid.Validate(s) == nil }

// isPhone reports whether a text looks like a telephone number in
// international or national form.
func isPhone(s string) bool {
	digits := 0
	for i, r := range unescaped(s) {
		switch {
		case r >= '0' && r <= '9':
			digits++
		case r == '+' && i == 0, strings.ContainsRune(" ()-/.", r):
		default:
			return false
		}
	}
	return digits >= 7 && digits <= 15 && (strings.HasPrefix(s, "+") || strings.HasPrefix(s, "0") || strings.ContainsAny(s, " ()-/."))
}

// isName reports whether a text looks like somebody's name.
func isName(s string) bool {
	return strings.ContainsFunc(s, unicode.IsLetter) && !strings.ContainsAny(s, "@0123456789:/\\")
}

// isNumber reports whether a text looks like a personnel number: digits, with
// letters and hyphens among them.
func isNumber(s string) bool {
	return len(s) <= 64 && strings.ContainsAny(s, "0123456789") && !strings.ContainsFunc(s, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '-' && r != '_' && r != '.' && r != '/'
	}) && !isObjectID(s)
}

// unescaped takes the apostrophe away that keeps a spreadsheet from reading a
// text as a formula, as exports write it: before a number, and before the
// characters that begin a formula.
func unescaped(s string) string {
	rest, ok := strings.CutPrefix(s, "'")
	if ok && rest != "" && strings.ContainsRune("=+-@＝＋－＠0123456789(", []rune(rest)[0]) {
		return rest
	}
	return s
}

// placeholders stand where somebody has no address or number.
var placeholders = map[string]bool{
	"-": true, "--": true, "—": true, "–": true, "/": true, ".": true, "?": true, "n/a": true, "na": true, "#n/a": true, "#nv": true, "null": true, "none": true, "nil": true,
	"keine": true, "kein": true, "k.a.": true, "aucun": true, "aucune": true, "ninguno": true, "ninguna": true, "(none)": true, "(null)": true, "(blank)": true, "nan": true,
}

// filled returns a field without blanks around it and unescaped, "" where it
// holds nothing or says so.
func filled(s string) string {
	s = unescaped(strings.TrimSpace(s))
	if len(s) <= 8 && placeholders[strings.ToLower(s)] {
		return ""
	}
	return s
}

// clip shortens foreign text for a message.
func clip(s string) string {
	const most = 60
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}
