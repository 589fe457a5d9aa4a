package directory

import (
	"slices"
	"strings"

	"golang.org/x/text/collate"
	"golang.org/x/text/language"
)

// Locale returns the language whose order a POSIX locale names, as LC_COLLATE
// and LANG hold it: "sv_SE.UTF-8", "de_DE@euro". What names none ("", "C",
// "POSIX") gives language.Und.
func Locale(name string) language.Tag {
	name, _, _ = strings.Cut(name, ".")
	name, _, _ = strings.Cut(name, "@")
	if name == "POSIX" {
		return language.Und
	}
	tag, err := language.Parse(strings.ReplaceAll(name, "_", "-"))
	if err != nil {
		return language.Und
	}
	return tag
}

// orderOf returns the language that a language is sorted as: Und for one that
// sorts as the root does, so that a file that was written under one serves the
// others. English and German do. Source: Unicode CLDR, collation/en.xml and
// de.xml, whose standard orders are empty.
func orderOf(tag language.Tag) language.Tag {
	base, _ := tag.Base()
	script, _ := tag.Script()
	written, err := language.Compose(base, script) // of Chinese two orders are told apart by it
	if err != nil || tag == language.Und {
		return language.Und
	}
	supported := collate.Supported()
	for _, t := range []language.Tag{tag, written, language.Make(base.String())} {
		switch {
		case t == language.English || t == language.AmericanEnglish || t == language.German:
			return language.Und
		case slices.Contains(supported, t):
			return t
		}
	}
	return language.Und
}
