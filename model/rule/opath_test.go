package rule_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"rollcall/model"
	"rollcall/model/rule"
	"rollcall/model/rule/ruletest"
)

// recipient is a mailbox as Exchange would hold the user.
type recipient struct {
	user *model.User
	// blankDiffers is what -ne and -notlike answer of a blank property: it is not
	// documented.
	blankDiffers bool
}

// recipientAttributes are the properties of the generated recipients.
var recipientAttributes = map[string]model.AttrID{
	"Department": model.AttrDepartment, "City": model.AttrCity, "DisplayName": model.AttrDisplayName,
	"UserPrincipalName": model.AttrUserPrincipalName, "CustomAttribute7": model.AttrExtensionAttribute1 + 6,
	"EmailAddresses": model.AttrProxyAddresses,
}

// holds evaluates a recipient filter as the Exchange documentation describes
// it, and returns what stands behind it.
func (r recipient) holds(filter string) (bool, string) {
	result, rest := r.operand(filter)
	for {
		joint := ""
		for _, j := range []string{" -and ", " -or "} {
			if strings.HasPrefix(rest, j) {
				joint = j
			}
		}
		if joint == "" {
			return result, rest
		}
		right, behind := r.operand(rest[len(joint):])
		if joint == " -and " {
			result = result && right
		} else {
			result = result || right
		}
		rest = behind
	}
}

func (r recipient) operand(filter string) (bool, string) {
	if rest, ok := strings.CutPrefix(filter, "-not "); ok {
		result, rest := r.operand(rest)
		return !result, rest
	}
	if rest, ok := strings.CutPrefix(filter, "("); ok {
		result, rest := r.holds(rest)
		return result, strings.TrimPrefix(rest, ")")
	}
	name, rest, _ := strings.Cut(filter, " ")
	operator, rest, _ := strings.Cut(rest, " ")
	if blank, ok := strings.CutPrefix(rest, "$null"); ok {
		return (len(r.values(name)) == 0) == (operator == "-eq"), blank
	}
	literal, rest := unquoted(rest)
	return r.compare(name, operator, literal), rest
}

// unquoted reads a text in single quotation marks.
func unquoted(s string) (literal, rest string) {
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		if s[i] != '\'' {
			b.WriteByte(s[i])
			continue
		}
		if i++; i == len(s) || s[i] != '\'' {
			return b.String(), s[i:]
		}
		b.WriteByte('\'')
	}
	panic("the text is not closed: " + s)
}

func (r recipient) values(name string) []string {
	if name == "RecipientType" {
		return []string{"UserMailbox"}
	}
	a, ok := recipientAttributes[name]
	if !ok {
		panic("no such property: " + name)
	}
	return r.user.Values(a)
}

func (r recipient) compare(name, operator, literal string) bool {
	values := r.values(name)
	matches := func(v string) bool { return rule.Fold(v) == rule.Fold(literal) }
	if strings.HasSuffix(operator, "like") {
		matches = func(v string) bool { return like(rule.Fold(v), rule.Fold(literal)) }
	}
	if operator == "-ne" || operator == "-notlike" {
		if len(values) == 0 {
			return r.blankDiffers
		}
		return !slices.ContainsFunc(values, matches)
	}
	return slices.ContainsFunc(values, matches)
}

// like matches a text with * at its ends, if anywhere.
func like(v, pattern string) bool {
	body := strings.Trim(pattern, "*")
	switch open, end := strings.HasPrefix(pattern, "*"), strings.HasSuffix(pattern, "*"); {
	case open && end:
		return strings.Contains(v, body)
	case open:
		return strings.HasSuffix(v, body)
	default:
		return strings.HasPrefix(v, body)
	}
}

// recipientUsers draws users that are recipients: each has a name to sign in
// with and an address.
func recipientUsers() *rapid.Generator[*model.User] {
	word := rapid.SampledFrom([]string{"Sales", "SALES", "Sales US", "O'Neil", "it''s", "Σίσυφος", "\u212aelvin", "Oslo", ""})
	address := rapid.SampledFrom([]string{"SMTP:sales@contoso.com", "smtp:oslo@contoso.com", "x500:/o=sales", "smtp:o'neil@contoso.org"})
	return rapid.Custom(func(t *rapid.T) *model.User {
		u := &model.User{ID: "62e19b97-8b3d-4d4a-a106-4ce66896a863"}
		for _, a := range []string{"Department", "City", "DisplayName", "CustomAttribute7"} {
			u.Set(model.Field{Attr: recipientAttributes[a], Value: word.Draw(t, a)})
		}
		u.Set(model.Field{Attr: model.AttrUserPrincipalName, Value: word.Draw(t, "name") + "@contoso.com"})
		u.Set(model.Field{Attr: model.AttrProxyAddresses, Values: rapid.SliceOfN(address, 1, 3).Draw(t, "addresses")})
		return u
	})
}

// recipientRules draws rules over what the generated recipients have.
func recipientRules() *rapid.Generator[rule.Node] {
	texts := rapid.SampledFrom([]string{"sales", "Sal", "US", "O'Neil", "''", "σίσυφος", "kelvin", "Oslo", "", "smtp:", "SMTP:sales@contoso.com", "@contoso.com", "contoso.org", "a*b"})
	clauseOn := func(property string) *rapid.Generator[rule.Node] {
		return rapid.Custom(func(t *rapid.T) rule.Node {
			c := &rule.Comparison{Property: property, Operator: rapid.SampledFrom(rule.Operators(model.TypeString)).Draw(t, "operator")}
			switch positive := c.Operator.Positive(); {
			case positive == rule.OpIn:
				c.Value = rule.ListValue(rapid.SliceOfN(texts, 1, 3).Draw(t, "list")...)
			case positive == rule.OpEq && rapid.IntRange(0, 3).Draw(t, "null") == 0:
				c.Value = rule.Value{Kind: rule.Null}
			case positive == rule.OpMatch:
				c.Value = rule.TextValue("^s")
			default:
				c.Value = rule.TextValue(texts.Draw(t, "text"))
			}
			return c
		})
	}
	clauses := []*rapid.Generator[rule.Node]{rapid.Custom(func(t *rapid.T) rule.Node {
		q := rapid.SampledFrom([]rule.Quantifier{rule.Any, rule.All}).Draw(t, "quantifier")
		return &rule.Quantified{Property: "proxyAddresses", Quantifier: q, Body: ruletest.Joined(clauseOn(rule.Element), 1).Draw(t, "body")}
	})}
	for _, property := range []string{"department", "city", "displayName", "userPrincipalName", "extensionAttribute7", "proxyAddresses"} {
		clauses = append(clauses, clauseOn(property))
	}
	return ruletest.Joined(rapid.OneOf(clauses...), 3)
}

// Whichever way Exchange reads -ne of a blank property, a recipient filter
// holds of a recipient exactly when the rule selects the user.
func TestARecipientFilterHoldsOfWhomTheRuleSelects(t *testing.T) {
	s := model.FullSchema()
	said, selected := 0, 0
	for range 20 {
		rapid.Check(t, func(t *rapid.T) {
			r, diagnostics := rule.Parse(rule.Print(recipientRules().Draw(t, "rule")))
			require.False(t, rule.HasErrors(diagnostics), "%s: %v", r.Text, diagnostics)
			tr := rule.Translate(r, s, rule.OPATH, evaluatedAt)
			if tr.Text == "" {
				return
			}
			said++
			for _, u := range rapid.SliceOfN(recipientUsers(), 1, 5).Draw(t, "users") {
				want := rule.Match(r, u, rule.Given{Now: evaluatedAt})
				if want {
					selected++
				}
				for _, blankDiffers := range []bool{false, true} {
					got, rest := recipient{u, blankDiffers}.holds(tr.Text)
					require.Empty(t, rest, tr.Text)
					require.Equal(t, want, got, "%s\n%s\nblank differs: %t", r.Text, tr.Text, blankDiffers)
				}
			}
		})
	}
	t.Logf("%d filters, %d users selected", said, selected)
	assert.Greater(t, said, 500)
	assert.Greater(t, selected, said/4)
}

// Every rule is either said or refused, in every language, and what is said can
// be read again as far as its quotation marks and parentheses go.
func TestAnyRuleIsSaidOrRefused(t *testing.T) {
	s := fullSchema()
	rapid.Check(t, func(t *rapid.T) {
		r, diagnostics := rule.Parse(rule.Print(trees().Draw(t, "tree")))
		if rule.HasErrors(diagnostics) || rule.HasErrors(rule.Check(r, s)) {
			return
		}
		for _, to := range rule.Dialects() {
			tr := rule.Translate(r, s, to, evaluatedAt)
			require.Equal(t, tr.Text == "", rule.HasErrors(tr.Diagnostics), "%s: %s", to, r.Text)
			if to == rule.Entra && tr.Text != "" {
				again, _ := rule.Parse(tr.Text)
				require.True(t, rule.Equal(r.Root, again.Root))
				continue
			}
			require.NoError(t, balanced(tr.Text), "%s: %s", to, tr.Text)
		}
	})
}

// balanced finds a quotation mark or parenthesis without its partner.
func balanced(text string) error {
	depth, quoted := 0, false
	for i, c := range text {
		switch {
		case c == '\'':
			quoted = !quoted
		case quoted:
		case c == '(':
			depth++
		case c == ')':
			if depth--; depth < 0 {
				return fmt.Errorf("a parenthesis too many at %d", i)
			}
		}
	}
	if quoted || depth != 0 {
		return fmt.Errorf("%d parentheses are open, in quotation marks: %t", depth, quoted)
	}
	return nil
}
