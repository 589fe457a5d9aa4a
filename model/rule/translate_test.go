package rule_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/model"
	"rollcall/model/rule"
)

const translationsFile = "../../testdata/rules/translations.txt"

// commonNotes stand under every recipient filter and are left out of the file.
var commonNotes = []string{
	"a dynamic distribution list holds recipients only: a user without mailbox and mail address is never in it; the types keep contacts and groups out",
	"in PowerShell the filter stands between braces: -RecipientFilter {…}",
}

// describe is what the file says under a rule.
func describe(t *testing.T, s *model.Schema, text string) string {
	t.Helper()
	r, diagnostics := rule.Parse(text)
	require.False(t, rule.HasErrors(diagnostics), "%s: %v", text, diagnostics)
	checked := rule.Check(r, s)
	require.False(t, rule.HasErrors(checked), "%s: %v", text, checked)
	var b strings.Builder
	for _, to := range rule.Dialects() {
		tr := rule.Translate(r, s, to, evaluatedAt)
		require.Equal(t, rule.HasErrors(tr.Diagnostics), tr.Text == "", "%s: %s", to, text)
		if to == rule.Entra && tr.Text == text && len(tr.Diagnostics) == 0 {
			continue
		}
		name := string(to)
		if tr.Advanced {
			name += " advanced"
		}
		fmt.Fprintf(&b, "%s\n", strings.TrimSpace(name+": "+tr.Text))
		for _, d := range tr.Diagnostics {
			if slices.Contains(commonNotes, d.Message) {
				continue
			}
			fmt.Fprintf(&b, "  %s %d-%d %s", d.Severity, d.Start, d.End, d.Message)
			if d.Suggestion != "" {
				fmt.Fprintf(&b, " | %s", d.Suggestion)
			}
			b.WriteByte('\n')
		}
	}
	return b.String()
}

// translations are the rules of the file, and the text with their results
// written anew.
func translations(t *testing.T, s *model.Schema, text string) (rules []string, rewritten string) {
	t.Helper()
	var b strings.Builder
	for line := range strings.Lines(text) {
		r, isRule := strings.CutPrefix(line, "= ")
		switch {
		case isRule:
			r = strings.TrimSuffix(r, "\n")
			rules = append(rules, r)
			b.WriteString(line)
			b.WriteString(describe(t, s, r))
		case line == "\n", strings.HasPrefix(line, "#"):
			b.WriteString(line)
		}
	}
	return rules, b.String()
}

func TestRulesAreTranslatedAsTheCorpusSays(t *testing.T) {
	text, err := os.ReadFile(translationsFile)
	require.NoError(t, err)
	_, rewritten := translations(t, fullSchema(), string(text))
	if *update {
		require.NoError(t, os.WriteFile(translationsFile, []byte(rewritten), 0o644))
		return
	}
	want, got := strings.Split(string(text), "\n\n"), strings.Split(rewritten, "\n\n")
	require.Len(t, got, len(want))
	for i := range want {
		assert.Equal(t, want[i], got[i])
	}
}

// clauseForms are the forms of a clause that the file must hold for each
// attribute: with every operator, and with null.
func clauseForms(a model.Attribute) []string {
	var forms []string
	for _, op := range rule.Operators(a.Type) {
		forms = append(forms, fmt.Sprintf("user.%s %s ", a.Rule, op))
	}
	for _, op := range []string{"-eq", "-ne"} {
		forms = append(forms, fmt.Sprintf("user.%s %s null", a.Rule, op))
	}
	return forms
}

func TestEveryOperatorOnEveryAttributeStandsInTheCorpus(t *testing.T) {
	text, err := os.ReadFile(translationsFile)
	require.NoError(t, err)
	s := fullSchema()
	rules, _ := translations(t, s, string(text))
	has := func(form string) bool {
		for _, r := range rules {
			if strings.HasPrefix(r, form) && (strings.HasSuffix(form, "null") || !strings.HasSuffix(r, "null")) {
				return true
			}
		}
		return false
	}
	for _, a := range s.Synced() {
		if a.Type == model.TypePlans {
			continue // compared by their parts
		}
		for _, form := range clauseForms(a) {
			if a.Type == model.TypeTime && strings.HasSuffix(form, "-ne ") {
				continue // dates compare by -ne with null alone
			}
			assert.True(t, has(form), "no rule begins with %s", form)
		}
	}
}

func TestARecipientFilterTellsWhomItCannotReach(t *testing.T) {
	r, _ := rule.Parse(`user.department -eq "Sales"`)
	tr := rule.Translate(r, model.FullSchema(), rule.OPATH, evaluatedAt)
	var notes []string
	for _, d := range tr.Diagnostics {
		assert.Equal(t, rule.Note, d.Severity)
		notes = append(notes, d.Message)
	}
	assert.Equal(t, commonNotes, notes)
}

func TestEveryClauseThatCannotBeSaidIsReported(t *testing.T) {
	text := `user.department -match "a+" -or (user.city -contains "x" -and -not user.sipProxyAddress -eq "s") -or user.onPremisesDistinguishedName -eq "CN=a"`
	r, diagnostics := rule.Parse(text)
	require.Empty(t, diagnostics)
	tr := rule.Translate(r, model.FullSchema(), rule.OData, evaluatedAt)
	assert.Empty(t, tr.Text)
	var clauses []string
	for _, d := range tr.Diagnostics {
		assert.Equal(t, rule.Error, d.Severity)
		clauses = append(clauses, text[d.Start:d.End])
	}
	assert.Equal(t, []string{`user.department -match "a+"`, `user.city -contains "x"`, `user.sipProxyAddress -eq "s"`, `user.onPremisesDistinguishedName -eq "CN=a"`}, clauses)
}

// long is a rule with as many values as wanted, each of so many letters.
func long(values, letters int) *rule.Rule {
	texts := make([]string, values)
	for i := range texts {
		texts[i] = fmt.Sprintf("%0*d", letters, i)
	}
	text := rule.Print(&rule.Comparison{Property: "department", Operator: rule.OpIn, Value: rule.ListValue(texts...)})
	r, _ := rule.Parse(text)
	return r
}

func messages(tr rule.Translation) string {
	var b strings.Builder
	for _, d := range tr.Diagnostics {
		fmt.Fprintf(&b, "%s: %s\n", d.Severity, d.Message)
	}
	return b.String()
}

func TestALongFilterAsksForTheAdvancedParametersAndTellsItsLength(t *testing.T) {
	translate := func(r *rule.Rule) rule.Translation {
		return rule.Translate(r, model.FullSchema(), rule.OData, evaluatedAt)
	}
	assert.False(t, translate(long(15, 4)).Advanced)
	more := translate(long(16, 4))
	assert.True(t, more.Advanced)
	assert.Contains(t, messages(more), "more than 15 alternatives")

	assert.False(t, translate(long(1, 120)).Advanced)
	assert.True(t, translate(long(1, 121)).Advanced)
	assert.True(t, translate(long(3, 121)).Advanced)

	deep, _ := rule.Parse(`user.city -eq "a" -or (user.city -eq "b" -and (user.state -eq "c" -or (user.state -eq "d" -and user.country -eq "e")))`)
	nested := translate(deep)
	assert.True(t, nested.Advanced)
	assert.Contains(t, messages(nested), "nests deeper than 3 levels")

	assert.Contains(t, messages(translate(long(200, 12))), "Graph documents 2048 for a query with the advanced parameters")
}

func TestARecipientFilterThatExchangeWouldRefuseIsRefused(t *testing.T) {
	tr := rule.Translate(long(200, 12), model.FullSchema(), rule.OPATH, evaluatedAt)
	assert.Empty(t, tr.Text)
	assert.Contains(t, messages(tr), "Exchange takes at most 2048")
}

func TestTheEmptyRuleIsRefusedInEveryLanguage(t *testing.T) {
	r, _ := rule.Parse("")
	for _, to := range rule.Dialects() {
		tr := rule.Translate(r, model.FullSchema(), to, evaluatedAt)
		assert.Empty(t, tr.Text)
		assert.Contains(t, messages(tr), "the rule is empty", "%s", to)
	}
}

func TestAMomentThatNoFilterHoldsIsRefused(t *testing.T) {
	r, diagnostics := rule.Parse(`user.employeeHireDate -le system.now -plus P9999Y`)
	require.Empty(t, diagnostics)
	tr := rule.Translate(r, model.FullSchema(), rule.OData, evaluatedAt)
	assert.Empty(t, tr.Text)
	assert.Contains(t, messages(tr), "a date lies between the years 1 and 9999")
}

func TestSystemNowMovesWithTheTimeOfTheTranslation(t *testing.T) {
	r, _ := rule.Parse(`user.employeeHireDate -ge system.now -minus P1M`)
	tr := rule.Translate(r, model.FullSchema(), rule.OData, time.Date(2026, 3, 31, 8, 0, 0, 999, time.FixedZone("", 7200)))
	assert.Equal(t, "employeeHireDate ge 2026-03-03T06:00:00Z", tr.Text)
}

func TestEntraRefusesMoreGroupsThanItTakes(t *testing.T) {
	groups := make([]string, rule.EntraMaxGroups+1)
	for i := range groups {
		groups[i] = fmt.Sprintf("00000000-0000-4000-8000-%012d", i)
	}
	of := func(n int) *rule.Rule {
		return &rule.Rule{Text: "rule", Root: &rule.MemberOf{Groups: rule.ListValue(groups[:n]...).List}}
	}
	s := model.FullSchema()
	assert.NotEmpty(t, rule.Translate(of(rule.EntraMaxGroups), s, rule.Entra, evaluatedAt).Text)
	tr := rule.Translate(of(rule.EntraMaxGroups+1), s, rule.Entra, evaluatedAt)
	assert.Empty(t, tr.Text)
	assert.Contains(t, messages(tr), "Entra takes at most 50")
}
