package directory_test

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"rollcall/model"
	"rollcall/model/directory"
	"rollcall/model/rule"
)

// searchTexts draws searches of the kind that has a rule.
func searchTexts() *rapid.Generator[string] {
	word := rapid.OneOf(rapid.SampledFrom(words[:len(words)-1]), rapid.SampledFrom([]string{
		"s", "le", "田", "ь", "sales u", "\"", "'", "`", "\\", "a-b", "–", "“", "null", "true", "(", "-and", "00000000",
	}))
	return rapid.Custom(func(t *rapid.T) string {
		var terms []string
		for range rapid.IntRange(0, 3).Draw(t, "terms") {
			w := word.Draw(t, "word")
			if strings.Contains(w, " ") {
				w = `"` + w + `"`
			}
			field := rapid.SampledFrom([]string{"", "", "department:", "displayName:", "otherMails:", "proxyAddresses:", "accountEnabled:", "objectId:", "title:"}).Draw(t, "field")
			if field == "accountEnabled:" {
				w = rapid.SampledFrom([]string{"true", "FALSE", "e", "t"}).Draw(t, "bool")
			}
			terms = append(terms, rapid.SampledFrom([]string{"", "!"}).Draw(t, "not")+field+w)
		}
		return strings.Join(terms, " ")
	})
}

// TestSearchRuleSelectsWhomTheSearchFinds holds the rule of random searches
// against the searches themselves, over random directories with nulls,
// collections and several scripts.
func TestSearchRuleSelectsWhomTheSearchFinds(t *testing.T) {
	schema := model.FullSchema()
	rapid.Check(t, func(t *rapid.T) {
		d := directory.New(schema)
		d.Apply(rapid.SliceOfN(changes(), 1, 30).Draw(t, "changes"))
		snapshot := d.Snapshot()
		text := searchTexts().Draw(t, "search")
		found, err := snapshot.Search(context.Background(), text, nil, nil)
		require.NoError(t, err)
		node, err := directory.SearchRule(text, schema)
		require.NoError(t, err)
		if node == nil {
			require.Equal(t, snapshot.Len(), found.Count())
			return
		}
		printed := rule.Print(node)
		program, _, err := rule.Compile(printed, schema, evaluatedAt)
		require.NoError(t, err, printed)
		selected, err := snapshot.Select(context.Background(), program)
		require.NoError(t, err)
		assert.Equal(t, found.Rows(), snapshot.Rows(selected), "%s: %s", text, printed)
	})
}

func TestSearchRuleReadsAsTheSearchDoes(t *testing.T) {
	for text, want := range map[string]string{
		"":                      "",
		"department:":           "",
		"department:Sales":      `user.department -contains "sales"`,
		"!department:Sales":     `user.department -notContains "sales"`,
		"otherMails:@x.com":     `user.otherMails -any (_ -contains "@x.com")`,
		"accountEnabled:false":  `user.accountEnabled -eq false`,
		"!accountEnabled:FALSE": `-not (user.accountEnabled -eq false)`,
		`Adele city:"new york"`: `(user.displayName -contains "adele" -or user.mail -contains "adele" -or user.userPrincipalName -contains "adele" -or user.jobTitle -contains "adele" -or user.department -contains "adele") -and user.city -contains "new york"`,
	} {
		node, err := directory.SearchRule(text, model.FullSchema())
		require.NoError(t, err, text)
		meant, _ := rule.Parse(want)
		if meant.Root == nil {
			assert.Nil(t, node, text)
			continue
		}
		assert.True(t, rule.Equal(meant.Root, node), "%s became %s", text, rule.Print(node))
	}
}

func TestSearchesThatNoRuleSaysAreRefusedWithTheReason(t *testing.T) {
	for text, want := range map[string]string{
		"adele ~vnce":           `the search for "vnce" is no rule: ~ finds what is spelled nearly so, and a rule has no such operator`,
		"employeeHireDate:2026": `the search for "2026" is no rule: a rule compares dates, and does not search in them`,
		"accountEnabled:maybe":  `the search for "maybe" is no rule: accountEnabled is true or false`,
		"assignedPlans:teams":   `the search for "teams" is no rule: a rule compares service plans by their parts`,
	} {
		_, err := directory.SearchRule(text, model.FullSchema())
		var refused *model.Error
		require.ErrorAs(t, err, &refused, text)
		assert.Equal(t, model.KindUsage, refused.Kind)
		assert.Equal(t, want, refused.Message)
		assert.NotEmpty(t, refused.Remedy)
	}
}
