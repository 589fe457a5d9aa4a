package handover

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/mail"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"rollcall/model"
	"rollcall/model/expansion"
)

func recipients(addresses ...string) []expansion.Recipient {
	list := make([]expansion.Recipient, len(addresses))
	for i, a := range addresses {
		list[i] = expansion.Recipient{Address: a, Object: model.Object{ID: fmt.Sprint("id-", i)}}
	}
	return list
}

func TestAnExportIsAskedForByName(t *testing.T) {
	for _, format := range Formats() {
		e, err := NewExport(strings.ToUpper(string(format)), 7)
		require.NoError(t, err)
		assert.Equal(t, Export{format, 7}, e)
	}
	for name, ask := range map[string]struct {
		format     string
		perMessage int
		says       string
	}{
		"no format":           {"", 1, "csv, json, lines or blocks"},
		"another format":      {"xlsx", 1, `not "xlsx"`},
		"nobody a message":    {"blocks", 0, "1 recipient or more, not 0"},
		"less than nobody":    {"blocks", -3, "not -3"},
		"nobody, in no block": {"csv", 0, "1 recipient or more"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := NewExport(ask.format, ask.perMessage)
			require.Error(t, err)
			assert.Equal(t, model.KindUsage, model.AsError(err).Kind)
			assert.Contains(t, err.Error(), ask.says)
		})
	}
}

func TestBlocksHoldNoMoreThanAMessageTakes(t *testing.T) {
	data, refused := Export{Blocks, 2}.Recipients(recipients("a@x.com", "b@x.com", "c@x.com", "d@x.com", "e@x.com"))
	assert.Empty(t, refused)
	assert.Equal(t, "a@x.com; b@x.com\n\nc@x.com; d@x.com\n\ne@x.com\n", string(data))
	data, _ = Export{Blocks, 5}.Recipients(recipients("a@x.com", "b@x.com", "c@x.com", "d@x.com", "e@x.com"))
	assert.Equal(t, 1, strings.Count(string(data), "\n"))
	data, refused = Export{Blocks, 5}.Recipients(nil)
	assert.Empty(t, string(data))
	assert.Empty(t, refused)
}

func TestLinesHoldOneAddressEach(t *testing.T) {
	data, refused := Export{Format: Lines}.Addresses([]string{"a@x.com", "o'neil+news@x.com", "jörg@bücher.example"}, nil)
	assert.Empty(t, refused)
	assert.Equal(t, "a@x.com\no'neil+news@x.com\njörg@bücher.example\n", string(data))
}

func TestAnAddressThatHoldsASeparatorIsQuoted(t *testing.T) {
	for address, want := range map[string]string{
		"a@x.com":                "a@x.com",
		"=1+1@x.com":             "=1+1@x.com",
		"a;b@x.com":              `"a;b"@x.com`,
		"a,b@x.com":              `"a,b"@x.com`,
		"a b@x.com":              `"a b"@x.com`,
		`a"b@x.com`:              `"a\"b"@x.com`,
		`a\b@x.com`:              `"a\\b"@x.com`,
		"a@b@x.com":              `"a@b"@x.com`,
		"a..b@x.com":             `"a..b"@x.com`,
		".a@x.com":               `".a"@x.com`,
		"<a>@x.com":              `"<a>"@x.com`,
		"a；b@x.com":              `"a；b"@x.com`, // a full-width semicolon separates in some programs
		`"a;b"@x.com`:            `"a;b"@x.com`,
		`"a\"b"@x.com`:           `"a\"b"@x.com`,
		`"a"b"@x.com`:            `"\"a\"b\""@x.com`,
		`"@x.com`:                `"\""@x.com`,
		`"\"@x.com`:              `"\"\\\""@x.com`,
		"田中@例え.example":          "田中@例え.example",
		"x_500@tenant_1.example": "x_500@tenant_1.example",
	} {
		got, reason := addrSpec(address)
		assert.Empty(t, reason, address)
		assert.Equal(t, want, got)
	}
}

func TestWhatIsNoAddressIsRefusedByName(t *testing.T) {
	hostile := []string{
		"", "a", "@x.com", "a@", "a@x y.com", "a@x.com;b@y.com ", "a@x;com", "a@x..com", "a@[10.0.0.1]", "a@x.com>",
		"a\nb@x.com", "a\x00b@x.com", "a\x1b[2Jb@x.com", "a\u202eb@x.com", "a\u200bb@x.com", "a\tb@x.com", "a\u00a0b@x.com", "\xff@x.com", "a@x\u3002com",
	}
	for _, e := range []Export{{Format: Lines}, {Blocks, 1}} {
		data, refused := e.Addresses(append([]string{"first@x.com"}, append(hostile, "last@x.com")...), nil)
		assert.Equal(t, []string{"first@x.com", "last@x.com"}, strings.Fields(string(data)))
		require.Len(t, refused, len(hostile))
		for i, r := range refused {
			assert.Equal(t, hostile[i], r.Address)
			assert.NotEmpty(t, r.Reason)
		}
	}
}

func TestJSONNamesEveryRecipientAndNothingThatATerminalObeys(t *testing.T) {
	list := recipients("a@x.com", "b;c@x.com")
	list[0].Object.DisplayName, list[0].External, list[0].SMS = "\x1b]0;owned\x07\u009b\u202e\x7f<&>", true, true
	data, refused := Export{Format: JSON}.Recipients(list)
	assert.Empty(t, refused)
	assert.Equal(t, 1, strings.Count(string(data), "\n"))
	for _, r := range strings.TrimSuffix(string(data), "\n") {
		require.False(t, acts(r), "%q", data)
	}
	var object struct{ Recipients []map[string]any }
	require.NoError(t, json.Unmarshal(data, &object))
	assert.Equal(t, []map[string]any{
		{"address": "a@x.com", "id": "id-0", "displayName": "\x1b]0;owned\x07\u009b\u202e\x7f<&>", "userPrincipalName": "", "external": true, "disabled": false, "sms": true},
		{"address": "b;c@x.com", "id": "id-1", "displayName": "", "userPrincipalName": "", "external": false, "disabled": false, "sms": false},
	}, object.Recipients)

	data, _ = Export{Format: JSON}.Recipients(nil)
	assert.Equal(t, `{"recipients":[]}`+"\n", string(data))
}

func TestAKeptListExportsWhatIsKeptOfIt(t *testing.T) {
	addresses := []string{"a@x.com", "=cmd|'/c calc'!A1@x.com"}
	data, _ := Export{Format: CSV}.Addresses(addresses, []string{"1", ""})
	assert.Equal(t, "address,id\na@x.com,1\n'=cmd|'/c calc'!A1@x.com,\n", string(data))
	data, _ = Export{Format: CSV}.Addresses(addresses[:1], nil)
	assert.Equal(t, "address,id\na@x.com,\n", string(data))
	data, _ = Export{Format: JSON}.Addresses(addresses[:1], []string{"1"})
	assert.Equal(t, `{"recipients":[{"address":"a@x.com","id":"1"}]}`+"\n", string(data))
}

// hostileAddress draws addresses that people have, and such that would end a
// list, a line, a cell or a quotation.
func hostileAddress() *rapid.Generator[string] {
	return rapid.OneOf(
		rapid.StringMatching(`[a-z][a-z0-9._+'=-]{0,12}@[a-z]{1,8}\.(com|example)`),
		rapid.Custom(func(t *rapid.T) string {
			local := rapid.StringOf(rapid.OneOf(rapid.RuneFrom([]rune("ab;, \"\\<>()[]:@.=+-'\t\n\r\x00\x1b\u202e；")), rapid.Rune())).Draw(t, "local")
			return local + "@" + rapid.StringOfN(rapid.RuneFrom([]rune("abc.-; \"@é")), 0, 8, -1).Draw(t, "domain")
		}),
		rapid.String(),
	)
}

// split takes a list of addresses apart as RFC 5322 says: a separator within
// quotes is none.
func split(line string) []string {
	var parts []string
	start, quoted := 0, false
	for i := 0; i < len(line); i++ {
		switch {
		case quoted && line[i] == '\\':
			i++
		case line[i] == '"':
			quoted = !quoted
		case !quoted && line[i] == ';':
			parts = append(parts, line[start:i])
			start = i + 1
		}
	}
	return append(parts, line[start:])
}

func TestEveryAddressIsInOneBlockOnceOrRefused(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		addresses := rapid.SliceOfNDistinct(hostileAddress(), 0, 40, rapid.ID[string]).Draw(t, "addresses")
		most := rapid.IntRange(1, 12).Draw(t, "per message")
		data, refused := Export{Blocks, most}.Addresses(addresses, nil)
		lines, refusedLines := Export{Format: Lines}.Addresses(addresses, nil)
		require.Equal(t, refused, refusedLines)

		left := make(map[string]bool, len(addresses))
		for _, a := range addresses {
			left[a] = true
		}
		for _, r := range refused {
			require.True(t, left[r.Address], "%q is refused once", r.Address)
			delete(left, r.Address)
		}
		var flat []string
		for i, line := range strings.Split(strings.TrimSuffix(string(data), "\n"), "\n") {
			if i%2 == 1 || len(data) == 0 {
				require.Empty(t, line, "blocks stand apart")
				continue
			}
			block := split(line)
			require.LessOrEqual(t, len(block), most)
			for _, spec := range block {
				parsed, err := mail.ParseAddress(spec)
				require.NoError(t, err, "%q", spec)
				require.Empty(t, parsed.Name)
				spec = strings.TrimSpace(spec)
				address := parsed.Address
				if !left[address] { // it was quoted before
					address = spec
				}
				require.True(t, left[address], "%q is one of the addresses, and not said before", spec)
				delete(left, address)
				flat = append(flat, spec)
			}
			require.False(t, strings.ContainsFunc(line, func(r rune) bool { return acts(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp) }), "%q", line)
		}
		require.Empty(t, left, "none is lost")
		if len(flat) > 0 {
			require.Equal(t, strings.Join(flat, "\n")+"\n", string(lines))
		} else {
			require.Empty(t, string(lines))
		}
	})
}

func FuzzAnAddressIsSaidSoThatItReadsBackOrRefused(f *testing.F) {
	for _, seed := range []string{"a@x.com", "a;b@x.com", `"a\"b"@x.com`, "a@x.com;b@x.com", "\x1b@x.com", `\@x`, "a\u202eb@x.com", "é@é", `""@x`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, address string) {
		spec, reason := addrSpec(address)
		if reason != "" {
			assert.Empty(t, spec)
			return
		}
		require.Len(t, split(spec), 1, "%q", spec)
		parsed, err := mail.ParseAddress(spec)
		require.NoError(t, err, "%q", spec)
		assert.True(t, parsed.Address == address || spec == address, "%q reads back as %q", address, parsed.Address)
	})
}

func TestNoCellOfAnExportIsAFormula(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOf(rapid.OneOf(rapid.RuneFrom([]rune("=+-@ \t\r\n\"',;|!\x00\x1b＝\u00a0a")), rapid.Rune()))
		r := expansion.Recipient{Address: text.Draw(t, "address"), Object: model.Object{DisplayName: text.Draw(t, "name"), UserPrincipalName: text.Draw(t, "upn")}}
		data, refused := Export{Format: CSV}.Recipients([]expansion.Recipient{r})
		require.Empty(t, refused)
		rows, err := csv.NewReader(strings.NewReader(string(data))).ReadAll()
		require.NoError(t, err)
		require.Len(t, rows, 2)
		for _, cell := range rows[1] {
			trimmed := strings.TrimLeft(cell, " \u00a0")
			require.False(t, trimmed != "" && strings.ContainsRune("=+-@\t\r\n＝＋－＠", []rune(trimmed)[0]), "%q", cell)
			require.NotContains(t, cell, "\x1b")
		}
	})
}
