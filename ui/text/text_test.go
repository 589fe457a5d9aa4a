package text

import (
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestCleanShowsWhatWouldActOrHide(t *testing.T) {
	for foreign, want := range map[string]string{
		"Adele Vance":                           "Adele Vance",
		"Zoë 田中":                                "Zoë 田中",
		"\x1b[31mred":                           "␛[31mred",
		"bell\x07":                              "bell␇",
		"del\x7f":                               "del␡",
		"c1\u009b31m":                           "c1�31m",
		"new\nline":                             "new␊line",
		"para\u2029graph":                       "para�graph",
		"\u202egnp.exe":                         "�gnp.exe",
		"iso\u2066lated":                        "iso�lated",
		"zero\u200bwidth":                       "zero�width",
		"tag\U000e0041s":                        "tag�s",
		"\xff\xfe":                              "��",
		"no\u00a0break":                         "no break",
		"می\u200cخواهم":                         "می\u200cخواهم", // a non-joiner that Persian needs
		"join\u200der":                          "joiner",
		"heart\ufe0f":                           "heart",
		"\u0301":                                "◌\u0301",
		"e\u0301\u0301\u0301\u0301\u0301\u0301": "e\u0301\u0301\u0301\u0301",
	} {
		assert.Equal(t, want, Clean(foreign), "%q", foreign)
	}
}

func TestRightToLeftIsRecognised(t *testing.T) {
	for s, want := range map[string]bool{"": false, "Adele": false, "田中": false, "محمد": true, "Dr. כהן": true} {
		assert.Equal(t, want, IsRTL(s), "%q", s)
	}
}

func TestCountHasThousandsSeparators(t *testing.T) {
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 104882: "104,882", 1234567: "1,234,567", -1000: "-1,000"} {
		assert.Equal(t, want, Count(n))
	}
}

func TestClipMarksWhatItCutsOff(t *testing.T) {
	for _, c := range []struct {
		s     string
		width int
		want  string
	}{{"Sales", 5, "Sales"}, {"Sales", 4, "Sal…"}, {"田中太郎", 5, "田中…"}, {"", 3, ""}} {
		assert.Equal(t, c.want, Clip(c.s, c.width))
		assert.LessOrEqual(t, Width(Clip(c.s, c.width)), c.width)
	}
}

func FuzzClean(f *testing.F) {
	for _, s := range []string{
		"Adele Vance", "Aiko 田中", "김민준", "محمد علي", "יוסף כהן", "राजेश कुमार", "Zoë 👩‍👩‍👧 Müller", "Flag 🇨🇿", "e\u0301\u0301\u0301\u0301\u0301",
		"\x1b]0;owned\x07", "new\nline", "\u202egnp.exe", "zero\u200bwidth", "c1\u009b31m", "\ufeffbom", "nul\x00", "\xff\xfe", "iso\u2066\u2069", "tag\U000e0041s",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		once := Clean(s)
		require.True(t, utf8.ValidString(once))
		for _, r := range once {
			assert.False(t, unicode.IsControl(r), "%U in %q", r, once)
			if unicode.Is(unicode.Cf, r) {
				assert.Contains(t, []rune{zwnj, zwj}, r, "%U in %q", r, once)
			}
			assert.NotContains(t, []rune{'\u2028', '\u2029'}, r)
		}
		assert.Equal(t, once, Clean(once), "cleaning what is clean changes nothing")
	})
}
