package seed

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"rollcall/graph/emulator/opath"
	"rollcall/model"
	"rollcall/model/rule"
	"rollcall/model/rule/ruletest"
)

// ruleProperties are the properties of rules that Exchange has a property for,
// with the name by which Graph calls each. Country is not among them: Exchange
// holds its code.
func ruleProperties() map[string]string {
	p := map[string]string{
		"displayName": "displayName", "userPrincipalName": "userPrincipalName", "mail": "mail",
		"mailNickname": "mailNickname", "department": "department", "jobTitle": "jobTitle",
		"physicalDeliveryOfficeName": "officeLocation", "companyName": "companyName", "city": "city",
		"state": "state", "usageLocation": "usageLocation", "mobile": "mobilePhone",
		"facsimileTelephoneNumber": "faxNumber", "givenName": "givenName", "surname": "surname",
		"postalCode": "postalCode", "streetAddress": "streetAddress", "proxyAddresses": "proxyAddresses",
	}
	for _, n := range []string{"1", "2", "3", "5", "7", "15"} {
		p["extensionAttribute"+n] = extensionAttributes + "/extensionAttribute" + n
	}
	return p
}

// modelUser is a user as rollcall holds one.
func modelUser(t require.TestingT, s *model.Schema, u *User) *model.User {
	m := &model.User{ID: u.ID}
	for name, graph := range ruleProperties() {
		a, ok := s.ByRule(name)
		require.True(t, ok, name)
		v, ok := u.Property(graph)
		require.True(t, ok, graph)
		switch v := v.(type) {
		case string:
			m.Set(model.Field{Attr: a.ID, Value: v})
		case []string:
			m.Set(model.Field{Attr: a.ID, Values: v})
		}
	}
	return m
}

// A rule that rollcall says as a recipient filter selects in Exchange whom it
// selects in Entra, of those who have an address.
func TestATranslatedRuleSelectsTheSameRecipients(t *testing.T) {
	tenant := New(Options{Users: 400})
	tenant.Churn(7, Churn{Hires: 20, Moves: 60, Leavers: 20, Renames: 20})
	tenant.UpdateUser(40, func(u *User) { u.Department, u.City = "O'Neil & Söhne", "" })
	s := model.FullSchema()

	texts := map[string][]string{} // by property
	users := map[int]*model.User{}
	eachUser(tenant, func(u User) {
		if u.Mail == "" {
			return
		}
		users[u.Index] = modelUser(t, s, &u)
		for name, graph := range ruleProperties() {
			switch v, _ := u.Property(graph); v := v.(type) {
			case string:
				texts[name] = append(texts[name], v)
			case []string:
				texts[name] = append(texts[name], v...)
			}
		}
	})
	names := slices.Sorted(func(yield func(string) bool) {
		for name := range ruleProperties() {
			if !yield(name) {
				return
			}
		}
	})
	clause := rapid.Custom(func(t *rapid.T) rule.Node {
		name := rapid.SampledFrom(names).Draw(t, "property")
		text := func() string {
			v := []rune(rapid.SampledFrom(texts[name]).Draw(t, "value"))
			from := rapid.IntRange(0, max(0, len(v)-3)).Draw(t, "from")
			return string(v[rapid.SampledFrom([]int{0, from}).Draw(t, "beginning"):])
		}
		if name == "proxyAddresses" {
			return &rule.Quantified{Property: name, Quantifier: rule.Any, Body: &rule.Comparison{
				Property: rule.Element, Operator: rapid.SampledFrom([]rule.Operator{rule.OpEq, rule.OpStartsWith}).Draw(t, "operator"), Value: rule.TextValue(text()),
			}}
		}
		c := &rule.Comparison{Property: name, Operator: rapid.SampledFrom(rule.Operators(model.TypeString)).Draw(t, "operator")}
		switch positive := c.Operator.Positive(); {
		case positive == rule.OpIn:
			c.Value = rule.ListValue(text(), text())
		case positive == rule.OpEq && rapid.IntRange(0, 4).Draw(t, "null") == 0:
			c.Value = rule.Value{Kind: rule.Null}
		default:
			c.Value = rule.TextValue(text())
		}
		return c
	})

	said, selected, online := 0, 0, 0
	now := time.Date(2026, time.November, 2, 0, 0, 0, 0, time.UTC)
	rapid.Check(t, func(t *rapid.T) {
		r, diagnostics := rule.Parse(rule.Print(ruletest.Joined(clause, 2).Draw(t, "rule")))
		require.False(t, rule.HasErrors(diagnostics), "%s: %v", r.Text, diagnostics)
		translation := rule.Translate(r, s, rule.OPATH, now)
		if translation.Text == "" {
			return
		}
		said++
		filter, err := opath.Compile(translation.Text, opath.Server)
		require.NoError(t, err)
		if _, err := opath.Compile(translation.Text, opath.Online); err == nil {
			online++
		}
		var want, got []int
		for i, u := range users {
			if rule.Match(r, u, rule.Given{Now: now}) {
				want = append(want, i)
			}
		}
		slices.Sort(want)
		for position := int64(0); position >= 0; {
			var page []Member
			page, position = tenant.SelectFrom(filter, position, 17)
			for _, m := range page {
				require.Equal(t, MemberUser, m.Type, "the types keep contacts out")
				got = append(got, m.Index)
			}
		}
		selected += len(got)
		require.Equal(t, want, got, "%s\n%s", r.Text, translation.Text)
	})
	t.Logf("%d filters, %d of them for Exchange Online, %d recipients selected", said, online, selected)
	assert.Positive(t, online)
	assert.Greater(t, selected, said)
}

func TestAFilterSelectsContactsByManagerAndByMembershipToo(t *testing.T) {
	tenant := New(Options{})
	selects := func(text string) []Member {
		filter, err := opath.Compile(text, opath.Online)
		require.NoError(t, err)
		members, next := tenant.SelectFrom(filter, 0, 1_000_000)
		require.EqualValues(t, -1, next)
		return members
	}
	var withAddress []Member
	for i := range tenant.Contacts() {
		if c, _ := tenant.Contact(i); c.Mail != "" {
			withAddress = append(withAddress, Member{MemberContact, i})
		}
	}
	assert.Equal(t, withAddress, selects("RecipientType -eq 'MailContact'"))
	assert.Len(t, selects("Alias -ne $null"), len(selects("RecipientType -ne 'MailContact'"))+len(withAddress))
	assert.Len(t, selects("RecipientTypeDetails -eq 'GuestMailUser'"), len(selects("RecipientType -eq 'MailUser'")))

	head := tenant.DirectReports(chiefExecutive)[0]
	u, _ := tenant.User(head)
	var reports []Member
	for _, i := range tenant.DirectReports(head) {
		if r, _ := tenant.User(i); r.Mail != "" {
			reports = append(reports, Member{MemberUser, i})
		}
	}
	require.NotEmpty(t, reports)
	assert.Equal(t, reports, selects("Manager -eq '"+distinguishedName(u.ID)+"'"))

	board, _ := tenant.FindGroupByAddress("board@contoso.com")
	g, _ := tenant.Group(board)
	of := slices.SortedFunc(tenant.Members(board), compareMembers)
	assert.Equal(t, of, selects("MemberOfGroup -eq '"+distinguishedName(g.ID)+"'"))
}

func TestADynamicListWhoseFilterCannotBeReadIsRefused(t *testing.T) {
	_, err := Build(Options{DynamicLists: []CustomDynamicList{{Code: "d", Filter: "Company -eq Contoso"}}})
	var usage *model.Error
	require.ErrorAs(t, err, &usage)
	assert.Equal(t, model.KindUsage, usage.Kind)
	assert.Contains(t, usage.Message, `the dynamic list "d": Invalid filter syntax.`)
	var syntax *opath.Error
	assert.ErrorAs(t, err, &syntax)
}

func BenchmarkSelectOfAMillionUsers(b *testing.B) {
	tenant := New(Options{Users: million})
	for name, text := range map[string]string{
		"seeded":  seededLists[emeaAll].Filter,
		"country": seededLists[usMailboxes].Filter,
		"record":  "RecipientTypeDetails -eq 'UserMailbox' -and DisplayName -like 'Anna*'",
	} {
		filter, err := opath.Compile(text, opath.Online)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				tenant.SelectFrom(filter, 0, 2*million)
			}
		})
	}
}
