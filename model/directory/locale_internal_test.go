package directory

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"golang.org/x/text/collate"
	"golang.org/x/text/language"
)

func TestALocaleNamesTheLanguageThatTextsAreSortedIn(t *testing.T) {
	for locale, want := range map[string]string{
		"": "und", "C": "und", "C.UTF-8": "und", "POSIX": "und", "!!": "und", "en_US.UTF-8": "und", "en": "und", "en_GB": "und",
		"de_DE@euro": "und", "de_AT.UTF-8": "und", "sv_SE.UTF-8": "sv", "cs_CZ": "cs", "da": "da", "es_MX.UTF-8": "es", "tlh": "und", "zh_TW.UTF-8": "zh-Hant", "zh_CN": "zh", "fr_CA": "fr-CA", "fr_FR": "fr",
	} {
		assert.Equal(t, want, orderOf(Locale(locale)).String(), locale)
	}
}

func TestLanguagesThatSortAsTheRootDoHaveItsOrder(t *testing.T) {
	texts := []string{"a", "ä", "Ä", "ae", "af", "b", "æ", "o", "ö", "oe", "z", "å", "ñ", "n", "nz", "ß", "ss", "st", "č", "c", "cz", "d", "i", "ı", "İ", "田", "ж", "-", "1"}
	root := collate.New(language.Und)
	for _, tag := range []language.Tag{language.English, language.AmericanEnglish, language.German} {
		c := collate.New(tag)
		for _, a := range texts {
			for _, b := range texts {
				assert.Equal(t, root.CompareString(a, b), c.CompareString(a, b), "%s: %s %s", tag, a, b)
			}
		}
	}
}
