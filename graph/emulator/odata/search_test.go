package odata_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/graph/emulator/odata"
)

func TestSearchFindsWordsByTheirBeginnings(t *testing.T) {
	person := record{
		"displayName": "Ada OneVideo-Lovelace42 Žižka 東京", "mail": "ada.lovelace@contoso.com",
		"proxyAddresses": []string{"SMTP:ada.lovelace@contoso.com", "smtp:countess@contoso.com"},
	}
	for _, c := range []struct {
		name, search string
		want         bool
	}{
		{"a whole word", `"displayName:ada"`, true},
		{"the beginning of a word", `"displayName:love"`, true},
		{"the middle of a word", `"displayName:velace"`, false},
		{"a word after a change of case", `"displayName:video"`, true},
		{"a number after letters", `"displayName:42"`, true},
		{"words in any order", `"displayName:lovelace ada"`, true},
		{"one word that is missing", `"displayName:ada byron"`, false},
		{"letters with diacritics", `"displayName:žiž"`, true},
		{"another script", `"displayName:東"`, true},
		{"the beginning of another property", `"mail:ada."`, true},
		{"a later word of another property", `"mail:lovelace"`, false},
		{"an element of a collection", `"proxyAddresses:smtp:countess"`, true},
		{"a null property", `"jobTitle:a"`, false},
		{"either", `"mail:x" OR "displayName:ada"`, true},
		{"both", `"mail:x" AND "displayName:ada"`, false},
		{"AND binds closer than OR", `"displayName:ada" OR "mail:x" AND "mail:x"`, true},
		{"parentheses bind closest", `("displayName:ada" OR "mail:x") AND "mail:x"`, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := odata.ParseSearch(c.search)
			require.Nil(t, err, "%v", err)
			assert.Equal(t, c.want, s.Match(person))
		})
	}
}

func TestSearchUndoesEscapes(t *testing.T) {
	s, err := odata.ParseSearch(`"mail:\"quoted\\"`)
	require.Nil(t, err)
	assert.True(t, s.Match(record{"mail": `"quoted\ and more`}))
	assert.False(t, s.Match(record{"mail": `quoted`}))
}

func TestMalformedSearchesAreRefused(t *testing.T) {
	for _, c := range []struct{ name, search, message string }{
		{"nothing", ``, "Syntax error: unexpected end of ''."},
		{"no quotes", `displayName:ada`, "Syntax error: character 'd' is not valid at position 0 in 'displayName:ada'."},
		{"an open quote", `"displayName:ada`, "Syntax error: unexpected end of '\"displayName:ada'."},
		{"an open parenthesis", `("displayName:ada"`, "Syntax error: unexpected end of '(\"displayName:ada\"'."},
		{"no property", `"ada"`, `Invalid search clause: 'ada' is not of the form "property:text".`},
		{"no text", `"displayName:"`, `Invalid search clause: 'displayName:' is not of the form "property:text".`},
		{"no word", `"displayName:--"`, `Invalid search clause: '--' holds no word.`},
		{"no second clause", `"displayName:ada" AND`, `Syntax error: unexpected end of '"displayName:ada" AND'.`},
		{"something after the end", `"displayName:ada" nor`, `Syntax error: character 'n' is not valid at position 18 in '"displayName:ada" nor'.`},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := odata.ParseSearch(c.search)
			require.NotNil(t, err)
			assert.Equal(t, c.message, err.Message)
		})
	}
}
