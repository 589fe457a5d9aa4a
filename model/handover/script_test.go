package handover

import (
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf16"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"rollcall/model"
	"rollcall/model/writeback"
)

// token is a part of a PowerShell script: a verbatim string with its value, or
// a stretch of code. Comments are none.
type token struct {
	verbatim bool
	text     string
}

// isSingleQuote is what PowerShell takes for a single quote, isDoubleQuote for
// a double one. Source: PowerShell language specification, 2.3.5.2.
func isSingleQuote(r rune) bool { return r == '\'' || r >= '\u2018' && r <= '\u201b' }
func isDoubleQuote(r rune) bool { return r == '"' || r >= '\u201c' && r <= '\u201e' }

// read splits a script as PowerShell does, as far as quoting goes. Scripts of
// this package have no string that expands, no here-string and no backtick: one
// that has, or that ends within a string, is not read.
func read(script string) (tokens []token, ok bool) {
	var code strings.Builder
	flush := func() {
		if s := strings.TrimSpace(code.String()); s != "" {
			tokens = append(tokens, token{text: s})
		}
		code.Reset()
	}
	runes := []rune(script)
	for i := 0; i < len(runes); i++ {
		r := runes[i]
		switch {
		case isDoubleQuote(r) || r == '`' || r == '@' && i+1 < len(runes) && isSingleQuote(runes[i+1]):
			return nil, false
		case r == '#' && (i == 0 || unicode.IsSpace(runes[i-1]) || strings.ContainsRune("({;,", runes[i-1])):
			for i+1 < len(runes) && runes[i+1] != '\r' && runes[i+1] != '\n' {
				i++
			}
		case isSingleQuote(r):
			flush()
			var value strings.Builder
			for i++; ; i++ {
				if i == len(runes) {
					return nil, false
				}
				if isSingleQuote(runes[i]) {
					if i+1 == len(runes) || !isSingleQuote(runes[i+1]) {
						break
					}
					i++
				}
				value.WriteRune(runes[i])
			}
			tokens = append(tokens, token{verbatim: true, text: value.String()})
		default:
			code.WriteRune(r)
		}
	}
	flush()
	return tokens, true
}

// values are the texts of the verbatim strings, and code everything else.
func values(t require.TestingT, script string) (texts []string, code string) {
	tokens, ok := read(script)
	require.True(t, ok, "the script cannot be read")
	var rest strings.Builder
	for _, tok := range tokens {
		if tok.verbatim {
			texts = append(texts, tok.text)
			rest.WriteString(" '' ")
		} else {
			rest.WriteString(tok.text)
		}
	}
	return texts, rest.String()
}

// shown is what [regex]::Unescape makes of a text.
func shown(text string) string {
	return regexp.MustCompile(`\\\\|(\\u[0-9a-f]{4})+`).ReplaceAllStringFunc(text, func(s string) string {
		if s == `\\` {
			return `\`
		}
		var units []uint16
		for _, hex := range strings.Split(s, `\u`)[1:] {
			var unit uint16
			for _, digit := range hex {
				unit = unit<<4 | uint16(strings.IndexRune("0123456789abcdef", digit))
			}
			units = append(units, unit)
		}
		return string(utf16.Decode(units))
	})
}

// hostile are texts that a name in a directory can be.
var hostile = []string{
	"o'neil", "''", "'; Remove-Item -Recurse C:\\ #", "‘; exit ’", "‚‛", "a`nb", "$(exit)", "${env:PATH}", "\"; exit \"", "“; exit ”",
	"two\nlines", "cr\rlf\r\n", "\u0085\u2028\u2029", "nul\x00end", "left\u202eright\u2066", "zero\u200bwidth\ufeff", "\x1b]0;title\x07",
	"@'\n", "'@", "#>", "<#", "--%", "=cmd|'/c calc'!A1", "{0}{1}", "%s%d%!", "👩‍💻 😀", "田中", "Ñandú", "’’’", `\u0027; exit`, `back\slash`,
	"bad\xff\xc3utf8", strings.Repeat("'long", 2000), "NAME", "",
}

// hostilePlan is a plan in which every text is one.
func hostilePlan(text string, handOver bool) *writeback.Plan {
	p := testPlan()
	p.HandOver = handOver
	p.ID, p.TenantID, p.Author = text, text, text
	p.Group = writeback.GroupRef{ID: text, DisplayName: text, Kind: model.GroupKind(text)}
	p.Add = []writeback.Ref{{ID: text, UserPrincipalName: text, DisplayName: text, Mail: text}}
	p.Remove = []writeback.Ref{{ID: text, DisplayName: text, Mail: text}}
	return p
}

// requireHeld fails unless a text in all places of a plan changes nothing of
// its scripts but the values of strings.
func requireHeld(t require.TestingT, text string) {
	for _, handOver := range []bool{false, true} {
		for i, file := range Files(hostilePlan(text, handOver), Options{Format: Script}) {
			require.Equal(t, -1, strings.IndexFunc(string(file.Content), func(r rune) bool { return r > unicode.MaxASCII }), "a script is ASCII")
			plain := hostilePlan("x", handOver)
			if text == "" { // rows without an address have none
				plain.Add[0].Mail, plain.Remove[0].Mail = "", ""
			}
			wantTexts, wantCode := values(t, string(Files(plain, Options{Format: Script})[i].Content))
			texts, code := values(t, string(file.Content))
			require.Equal(t, wantCode, code)
			require.Len(t, texts, len(wantTexts))
			for j, want := range wantTexts {
				if want == "x" {
					require.Equal(t, visible(text), shown(texts[j]))
				} else {
					require.Equal(t, want, texts[j])
				}
			}
		}
	}
}

func TestHostileNamesStayValuesInScripts(t *testing.T) {
	for _, text := range hostile {
		requireHeld(t, text)
	}
}

func TestAnyNameStaysAValueInScripts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		requireHeld(t, rapid.StringOf(rapid.OneOf(rapid.Rune(), rapid.SampledFrom([]rune("'‘’‚‛\"“”„`\n\r\u2028\u202e$(){}@#;\\uU0027\x00")))).Draw(t, "name"))
	})
}

func FuzzNamesInScripts(f *testing.F) {
	for _, text := range hostile {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) { requireHeld(t, text) })
}

func TestTheReaderOfScriptsSeesAStringThatEndsEarly(t *testing.T) {
	for script, want := range map[string][]string{
		"$a = 'x'":              {"x"},
		"$a = 'it''s' # don't":  {"it's"},
		"$a = 'it‘’s'":          {"it’s"},
		"$a = 'o'; exit; $b=''": {"o", ""},
		"f a#b 'c'":             {"c"},
	} {
		got, _ := values(t, script)
		assert.Equal(t, want, got, script)
	}
	for _, script := range []string{"$a = 'o'neil'", "$a = ’", "$a = \"$(exit)\"", "$a = `'", "@'\n'@"} {
		_, ok := read(script)
		assert.False(t, ok, script)
	}
}

func TestScriptAddsAndRemovesOnlyWithTheSwitch(t *testing.T) {
	got := written(testPlan(), Options{Format: Script})["plan-3f9a0c21b7de.ps1"]
	assert.Contains(t, got, "[CmdletBinding(SupportsShouldProcess = $true, ConfirmImpact = 'Low')]\r\nparam(\r\n  [switch]$Apply,")
	assert.Contains(t, got, "$tenant = '11111111-1111-4111-8111-111111111111'\r\n$group = 'group-1'\r\n$before = 9\r\n")
	assert.Contains(t, got, "$rows = @(\r\n"+
		"  @{ Do = 'add'; Id = 'id-1'; Name = 'o''neil@contoso.com' }\r\n"+
		"  @{ Do = 'add'; Id = 'id-2'; Name = 'b@contoso.com' }\r\n"+
		"  @{ Do = 'remove'; Id = 'id-3'; Name = 'c@contoso.com' }\r\n"+
		"  @{ Do = 'remove'; Id = 'id-4'; Name = 'Aiko \\u7530\\u4e2d' }\r\n)\r\n")
	assert.Contains(t, got, "#   .\\plan-3f9a0c21b7de.ps1 -Apply  ")
	assert.Equal(t, strings.Count(got, "\n"), strings.Count(got, "\r\n"))

	dry, write := strings.Index(got, "if (-not $Apply) {\r\n    Write-Output ('would"), strings.Index(got, "Add-Row $row }")
	require.Positive(t, dry)
	assert.Greater(t, write, dry, "a dry run goes on to the next row before anything is written")
	assert.Less(t, strings.Index(got, "if ($context.TenantId -ne $tenant) {\r\n  throw"), strings.Index(got, "foreach ($row in $rows)"))
	assert.Contains(t, got, "New-MgGroupMember -GroupId $group -DirectoryObjectId $row.Id")
	assert.NotContains(t, got, "DistributionGroupMember")
	assert.NotContains(t, got, "Remove-MgUser")
}

func TestUndoScriptSwapsTheTwo(t *testing.T) {
	got := written(testPlan(), Options{Format: Script})["plan-3f9a0c21b7de-undo.ps1"]
	assert.Contains(t, got, "@{ Do = 'add'; Id = 'id-3'")
	assert.Contains(t, got, "@{ Do = 'remove'; Id = 'id-1'")
	assert.Contains(t, got, "takes back the changes of plan 3f9a0c21b7de")

	grown := testPlan()
	grown.Remove = nil
	assert.Contains(t, written(grown, Options{})["plan-3f9a0c21b7de-undo.ps1"], "$before = 11\r\n", "what the script itself leaves behind")
}

func TestListsOfExchangeAreWrittenOneByOne(t *testing.T) {
	files := written(listPlan(), Options{})
	for _, got := range files {
		assert.NotContains(t, got, "Update-DistributionGroupMember", "it replaces the whole list")
		assert.NotContains(t, got, "MgGroup")
		assert.Contains(t, got, "Add-DistributionGroupMember -Identity $identity -Member (Find-Recipient $row)")
		assert.Contains(t, got, "Remove-DistributionGroupMember -Identity $identity -Member (Find-Member $row)")
		assert.Contains(t, got, "-Confirm:$false")
	}
	assert.Contains(t, files["plan-3f9a0c21b7de.ps1"], "@{ Do = 'add'; Id = 'id-1'; Mail = 'o''neil@contoso.com'; Name = 'o''neil@contoso.com' }")
	assert.Contains(t, files["plan-3f9a0c21b7de-undo.ps1"], "@{ Do = 'remove'; Id = 'id-1'; Mail = 'o''neil@contoso.com'; Name = 'o''neil@contoso.com' }")
}
