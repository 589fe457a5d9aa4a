package graph_test

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"rollcall/graph"
	"rollcall/graph/emulator"
	"rollcall/graph/emulator/seed"
	"rollcall/model"
	"rollcall/model/directory"
	"rollcall/model/rule"
	"rollcall/model/rule/ruletest"
)

// filtering is a tenant whose users were synced, and can be filtered.
type filtering struct {
	client *http.Client
	users  string // the URL of /users
	token  string
	schema *model.Schema
	synced []model.User
	here   *directory.Snapshot // of the same users
	now    time.Time
}

// filterableTenant syncs a tenant whose attributes, directory extensions among them,
// all take part.
func filterableTenant(t *testing.T, users int) *filtering {
	t.Helper()
	h := open(t, emulator.Options{Users: users, Budget: emulator.Budget{Units: 1 << 30}})
	var names []string
	for _, a := range model.Catalogue() {
		names = append(names, a.Graph)
	}
	schema, err := model.NewSchema(append(names, seed.DirectoryExtensions()...)...)
	require.NoError(t, err)
	h.options.Schema = schema
	client, err := graph.New(h.options)
	require.NoError(t, err)
	cover, err := client.Partitions(t.Context(), 0, 0)
	require.NoError(t, err)
	d := directory.New(schema)
	f := &filtering{schema: schema, users: h.server.GraphEndpoint() + "/v1.0/users", now: h.options.Now()}
	for _, p := range cover.Partitions {
		for link := p.Link; link != ""; {
			page, err := client.Users(t.Context(), link)
			require.NoError(t, err)
			d.Apply(page.Changes)
			for _, c := range page.Changes {
				var u model.User
				u.Apply(c)
				f.synced = append(f.synced, u)
			}
			link = page.Next
		}
	}
	require.Len(t, f.synced, h.server.Tenant().UserCount())
	f.here = d.Snapshot()
	token, err := h.auth.GetToken(t.Context(), policy.TokenRequestOptions{Scopes: []string{"https://graph.microsoft.com/.default"}, EnableCAE: true})
	require.NoError(t, err)
	f.token = token.Token
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: h.server.CertPool()}}
	f.client = &http.Client{Transport: transport}
	t.Cleanup(transport.CloseIdleConnections)
	return f
}

// ask returns the ids of the users that pass the filter, sorted, or the
// service's refusal.
func (f *filtering) ask(ctx context.Context, t require.TestingT, filter string, advanced bool) (ids []string, refusal string) {
	query := url.Values{"$filter": {filter}, "$select": {"id"}, "$top": {"999"}}
	if advanced {
		query.Set("$count", "true")
	}
	for link := f.users + "?" + query.Encode(); link != ""; {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, link, nil)
		require.NoError(t, err)
		request.Header.Set("Authorization", "Bearer "+f.token)
		if advanced {
			request.Header.Set("ConsistencyLevel", "eventual")
		}
		response, err := f.client.Do(request)
		require.NoError(t, err)
		body, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		var answer struct {
			Value []struct{ ID string }
			Next  string `json:"@odata.nextLink"`
			Error struct{ Message string }
		}
		require.NoError(t, json.Unmarshal(body, &answer), "%s", body)
		if response.StatusCode != http.StatusOK {
			require.Equal(t, http.StatusBadRequest, response.StatusCode, "%s", body)
			return nil, answer.Error.Message
		}
		for _, u := range answer.Value {
			ids = append(ids, u.ID)
		}
		link = answer.Next
	}
	slices.Sort(ids)
	return ids, ""
}

// selected returns the ids of the users that the rule selects here, sorted.
func (f *filtering) selected(ctx context.Context, t require.TestingT, r *rule.Rule) []string {
	program, _, err := rule.Compile(r.Text, f.schema, f.now)
	require.NoError(t, err, r.Text)
	set, err := f.here.Select(ctx, program)
	require.NoError(t, err)
	var ids []string
	for row := range set.All() {
		ids = append(ids, f.here.ID(row))
	}
	slices.Sort(ids)
	if !namesExtension(r.Root) { // which the plain evaluator does not know
		var plain []string
		for i := range f.synced {
			if rule.Match(r, &f.synced[i], rule.Given{Now: f.now}) {
				plain = append(plain, f.synced[i].ID)
			}
		}
		slices.Sort(plain)
		require.Equal(t, plain, ids, r.Text)
	}
	return ids
}

func namesExtension(root rule.Node) (found bool) {
	rule.Walk(root, func(n rule.Node) {
		if c, ok := n.(*rule.Comparison); ok && strings.HasPrefix(c.Property, "extension_") {
			found = true
		}
	})
	return found
}

// read parses and checks a rule that must be free of errors.
func (f *filtering) read(t require.TestingT, text string) *rule.Rule {
	r, diagnostics := rule.Parse(text)
	require.False(t, rule.HasErrors(diagnostics), "%s: %v", text, diagnostics)
	checked := rule.Check(r, f.schema)
	require.False(t, rule.HasErrors(checked), "%s: %v", text, checked)
	return r
}

// requireSame holds what the tenant answers against what the rule selects here,
// and returns the number of users.
func (f *filtering) requireSame(ctx context.Context, t require.TestingT, r *rule.Rule, tr rule.Translation) int {
	got, refusal := f.ask(ctx, t, tr.Text, tr.Advanced)
	require.Empty(t, refusal, "%s\n%s\nadvanced: %t", r.Text, tr.Text, tr.Advanced)
	want := f.selected(ctx, t, r)
	require.Equal(t, want, got, "%s\n%s", r.Text, tr.Text)
	return len(got)
}

// values are what the users have of an attribute, each once; of a collection
// its elements.
func (f *filtering) values(a model.Attribute) []string {
	var out []string
	for i := range f.synced {
		out = append(out, f.synced[i].Values(a.ID)...)
	}
	slices.Sort(out)
	return slices.DeleteFunc(slices.Compact(out), func(v string) bool { return v == "" })
}

// clauseOf draws a comparison of a property by values of an attribute, of which
// most are, or are part of, what a user has.
func clauseOf(property string, a model.Attribute, values []string) *rapid.Generator[rule.Node] {
	operators := rule.Operators(a.Type)
	for _, common := range []rule.Operator{rule.OpEq, rule.OpNe, rule.OpIn, rule.OpNotIn, rule.OpStartsWith, rule.OpNotStartsWith} {
		if slices.Contains(operators, common) {
			operators = append(operators, common, common) // what a filter can say
		}
	}
	return rapid.Custom(func(t *rapid.T) rule.Node {
		c := &rule.Comparison{Property: property, Operator: rapid.SampledFrom(operators).Draw(t, "operator")}
		positive := c.Operator.Positive()
		asksNull := positive == rule.OpEq && rapid.IntRange(0, 5).Draw(t, "null") == 0
		switch {
		case asksNull || a.Type == model.TypeTime && c.Operator == rule.OpNe:
			c.Value = rule.Value{Kind: rule.Null}
		case a.Type == model.TypeBool:
			c.Value = rule.Value{Kind: rule.Bool, Bool: rapid.Bool().Draw(t, "truth")}
		case a.Type == model.TypeTime && rapid.Bool().Draw(t, "relative"):
			c.Value = rule.Value{Kind: rule.Now, Shift: rule.Duration{Minus: true, Days: rapid.IntRange(1, 9000).Draw(t, "days")}}
		case a.Type == model.TypeTime:
			at, err := time.Parse(time.RFC3339, rapid.SampledFrom(values).Draw(t, "moment"))
			require.NoError(t, err)
			c.Value = rule.Value{Kind: rule.Time, Time: at}
		case positive == rule.OpIn:
			c.Value = rule.ListValue(rapid.SliceOfN(someText(values), 1, 17).Draw(t, "values")...)
		default:
			c.Value = rule.TextValue(partOf(positive, someText(values).Draw(t, "text"), t))
		}
		return c
	})
}

// someText draws one of the values in some letter case, or a stranger to them.
func someText(values []string) *rapid.Generator[string] {
	strangers := []string{"", "O'Brien", "''", "\u212aelvin", "ß", "SS", "\u0130", "Σίσυφος", "Long" + strings.Repeat("Long", 40), "a@b", "%23&?"}
	return rapid.Custom(func(t *rapid.T) string {
		if len(values) == 0 || rapid.IntRange(0, 7).Draw(t, "stranger") == 0 {
			return rapid.SampledFrom(strangers).Draw(t, "value")
		}
		v := rapid.SampledFrom(values).Draw(t, "value")
		return rapid.SampledFrom([]func(string) string{strings.Clone, strings.Clone, strings.ToUpper, strings.ToLower}).Draw(t, "case")(v)
	})
}

// partOf cuts a text to what an operator looks for.
func partOf(op rule.Operator, text string, t *rapid.T) string {
	letters := []rune(text)
	cut := min(rapid.IntRange(0, 12).Draw(t, "length"), len(letters))
	switch op {
	case rule.OpStartsWith:
		return string(letters[:cut])
	case rule.OpEndsWith:
		return string(letters[len(letters)-cut:])
	case rule.OpMatch:
		return "^[A-M]"
	default:
		return text
	}
}

// anyRule draws rules over all attributes.
func (f *filtering) anyRule() *rapid.Generator[rule.Node] {
	var clauses []*rapid.Generator[rule.Node]
	for _, a := range f.schema.Synced() {
		values := f.values(a)
		if a.Type == model.TypePlans {
			clauses = append(clauses, quantified(a, plansOf(values)))
			continue
		}
		clauses = append(clauses, clauseOf(a.Rule, a, values))
		if a.Type == model.TypeCollection {
			clauses = append(clauses, quantified(a, clauseOf(rule.Element, a, values)))
		}
	}
	return ruletest.Joined(rapid.OneOf(clauses...), 2)
}

// plansOf draws comparisons of the parts of service plans.
func plansOf(values []string) *rapid.Generator[rule.Node] {
	part := func(read func(model.ServicePlan) string) []string {
		var out []string
		for _, v := range values {
			p, _ := model.ParseServicePlan(v)
			out = append(out, read(p))
		}
		return out
	}
	text := model.Attribute{Type: model.TypeString}
	equality := func(property string, values []string) *rapid.Generator[rule.Node] {
		return rapid.Map(clauseOf(property, text, values), func(n rule.Node) rule.Node {
			c := n.(*rule.Comparison)
			if p := c.Operator.Positive(); p != rule.OpEq && p != rule.OpIn || property == rule.PlanID && c.Value.Kind == rule.Text {
				c.Operator, c.Value = rule.OpEq, rule.TextValue(values[len(c.Value.Text)%len(values)])
			}
			return c
		})
	}
	return rapid.OneOf(
		equality(rule.PlanID, part(func(p model.ServicePlan) string { return p.ServicePlanID })),
		equality(rule.PlanName, part(func(p model.ServicePlan) string { return p.Service })),
		equality(rule.PlanStatus, part(func(p model.ServicePlan) string { return p.CapabilityStatus })),
	)
}

func quantified(a model.Attribute, body *rapid.Generator[rule.Node]) *rapid.Generator[rule.Node] {
	return rapid.Custom(func(t *rapid.T) rule.Node {
		q := rapid.SampledFrom([]rule.Quantifier{rule.Any, rule.All}).Draw(t, "quantifier")
		return &rule.Quantified{Property: a.Rule, Quantifier: q, Body: ruletest.Joined(body, 1).Draw(t, "body")}
	})
}

// A translated rule selects on the tenant exactly whom it selects here, and
// needs the advanced parameters only where the translation says so.
// ROLLCALL_SOAK=1 asks 80 times as many rules.
func TestATranslatedRuleSelectsTheSameUsersOnTheTenant(t *testing.T) {
	f := filterableTenant(t, 400)
	rounds := 12
	if os.Getenv("ROLLCALL_SOAK") == "1" {
		rounds = 1000
	}
	asked, said, telling := 0, 0, 0
	rules := f.anyRule()
	for range rounds {
		rapid.Check(t, func(t *rapid.T) {
			r := f.read(t, rule.Print(rules.Draw(t, "rule")))
			asked++
			tr := rule.Translate(r, f.schema, rule.OData, f.now)
			if rule.HasErrors(tr.Diagnostics) {
				require.Empty(t, tr.Text)
				return
			}
			said++
			if n := f.requireSame(t.Context(), t, r, tr); n > 0 && n < len(f.synced) {
				telling++
			}
		})
	}
	t.Logf("%d rules, %d can be said, %d of these neither nobody nor everybody", asked, said, telling)
	assert.Greater(t, said, asked/3)
	assert.Greater(t, telling, said/3)
}
