package seed

import (
	"strings"
	"unicode"
)

// name is one given or family name.
type name struct {
	native string // as its bearer writes it
	latin  string // as a passport writes it
	ascii  string // as an address writes it: lower case, no dots, no digits
}

// culture is a naming tradition. Its family names belong to no other culture,
// so a family name alone tells the culture. Cultures repeat after 101 users and
// departments after 128: without a common factor, so the two are independent.
type culture struct {
	code          string
	given, family []name
	offices       []string // codes of the offices where most of its people work
	homes         []int    // the same, by number
	share         int      // how often it comes in the cycle of 101 users
	latin         bool     // written in the Latin script
	familyFirst   bool     // in the native script
	separator     string   // between the names in the native script
}

// asciiFold writes Latin letters as addresses do.
var asciiFold = strings.NewReplacer(
	"ä", "ae", "ö", "oe", "ü", "ue", "ß", "ss", "å", "a", "æ", "ae", "ø", "o", "é", "e", "è", "e", "ê", "e", "ë", "e",
	"á", "a", "à", "a", "â", "a", "ã", "a", "ç", "c", "í", "i", "î", "i", "ï", "i", "ì", "i", "ñ", "n", "ó", "o", "ò", "o",
	"ô", "o", "õ", "o", "ú", "u", "ù", "u", "û", "u", "ł", "l", "ń", "n", "ś", "s", "ż", "z", "ź", "z", "ą", "a", "ę", "e",
	"ć", "c", "č", "c", "ř", "r", "š", "s", "ž", "z", "ý", "y", "ě", "e", "ı", "i", "ğ", "g", "ş", "s", "i̇", "i", "œ", "oe",
	" ", "",
)

// latinNames reads names in the Latin script.
func latinNames(list string) []name {
	var out []name
	for _, n := range words(list) {
		out = append(out, name{native: n, latin: n, ascii: asciiFold.Replace(strings.ToLower(n))})
	}
	return out
}

// scriptNames reads "native=ascii" pairs.
func scriptNames(list string) []name {
	var out []name
	for _, pair := range words(list) {
		native, ascii, _ := strings.Cut(pair, "=")
		out = append(out, name{native: native, latin: titled(ascii), ascii: ascii})
	}
	return out
}

// titled starts each part of a name with a capital.
func titled(s string) string {
	start := true
	return strings.Map(func(r rune) rune {
		if start {
			r = unicode.ToUpper(r)
		}
		start = r == '-' || r == '\'' || r == ' ' || r == '.'
		return r
	}, s)
}

// displayName writes a full name as the culture does.
func (c *culture) displayName(given, family name, native bool) string {
	first, separator, last := c.inOrder(given, family, native)
	return first + separator + last
}

// inOrder puts the parts of a full name in the culture's order.
func (c *culture) inOrder(given, family name, native bool) (first, separator, last string) {
	switch {
	case !native:
		return given.latin, " ", family.latin
	case c.familyFirst:
		return family.native, c.separator, given.native
	default:
		return given.native, c.separator, family.native
	}
}
