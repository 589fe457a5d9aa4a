package rule_test

import (
	"cmp"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/graph/emulator/seed"
	"rollcall/model"
	"rollcall/model/directory"
	"rollcall/model/rule"
)

// published is a rule of the kind that administrators show each other, as the
// files in testdata/rules/published hold it:
//
//	for: what it is for
//	rule: the rule, as it is pasted; lines that are indented go on with it
//	print: what Print makes of it; left out where that is the rule itself
//	note: what is said about reading it; once for each
//	error: every fault, in the order of the text; then there is no print and no users
//	users: how many of the embedded tenant's users it selects
type published struct {
	purpose, rule, print string
	notes, faults        []string
	users                string
}

// readPublished reads the blocks of a file. Blank lines part them.
func readPublished(t *testing.T, text string) iter.Seq[published] {
	t.Helper()
	return func(yield func(published) bool) {
		var p published
		var last *string
		for line := range strings.Lines(text + "\n") {
			line = strings.TrimSuffix(line, "\n")
			key, value, _ := strings.Cut(line, ": ")
			switch {
			case line == "" && p.purpose != "":
				if !yield(p) {
					return
				}
				p = published{}
			case line == "" || line[0] == '#':
			case line[0] == ' ' && last != nil:
				*last += "\n" + strings.TrimPrefix(line, "  ")
			case key == "for":
				p.purpose, last = value, nil
			case key == "rule":
				p.rule, last = value, &p.rule
			case key == "print":
				p.print, last = value, &p.print
			case key == "note":
				p.notes, last = append(p.notes, value), nil
			case key == "error":
				p.faults, last = append(p.faults, value), nil
			case key == "users":
				p.users, last = value, nil
			default:
				require.Fail(t, "a line of no kind", line)
			}
		}
	}
}

func TestPublishedRulesAreReadAsTheyWereMeant(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("..", "..", "testdata", "rules", "published", "*.rule"))
	require.NoError(t, err)
	schema := everyAttribute(t)
	tenant := seed.New(seed.Options{})
	users := seededUsers(schema, tenant)
	snapshot := snapshotOf(schema, users)
	rules := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		for p := range readPublished(t, string(text)) {
			rules++
			t.Run(p.purpose, func(t *testing.T) {
				r, parsed := rule.Parse(p.rule)
				var notes, faults []string
				for _, d := range rule.Located(p.rule, slices.Concat(parsed, rule.Check(r, schema))) {
					switch d.Severity {
					case rule.Error:
						faults = append(faults, d.String())
					case rule.Note:
						notes = append(notes, d.String())
					}
				}
				assert.Equal(t, p.faults, faults)
				assert.Equal(t, p.notes, notes)
				if len(faults) > 0 {
					assert.Empty(t, p.users+p.print, "a rule with a fault selects nobody")
					return
				}
				printed := rule.Print(r.Root)
				assert.Equal(t, cmp.Or(p.print, p.rule), printed)
				selected, matched := whoIsSelected(t, schema, tenant, snapshot, users, p.rule)
				assert.Equal(t, p.users, strconv.Itoa(selected))
				assert.Equal(t, selected, matched, "the evaluators agree")
			})
		}
	}
	assert.GreaterOrEqual(t, rules, 60)
}

// everyAttribute is a schema that syncs everything that the embedded tenant's
// users have.
func everyAttribute(t *testing.T) *model.Schema {
	t.Helper()
	var names []string
	for _, a := range model.Catalogue() {
		names = append(names, a.Rule)
	}
	schema, err := model.NewSchema(append(names, seed.DirectoryExtensions()...)...)
	require.NoError(t, err)
	return schema
}

// publishedAt is what system.now means: soon after the last users were hired.
var publishedAt = time.Date(2026, 10, 10, 12, 0, 0, 0, time.UTC)

// whoIsSelected counts whom a rule selects by columns, and user by user.
func whoIsSelected(t *testing.T, schema *model.Schema, tenant *seed.Tenant, snapshot *directory.Snapshot, users []model.User, text string) (selected, matched int) {
	t.Helper()
	program, _, err := rule.Compile(text, schema, publishedAt)
	require.NoError(t, err)
	if groups := program.Groups(); groups != nil {
		var members []string
		for _, id := range groups {
			g, ok := tenant.FindGroup(id)
			require.True(t, ok, id)
			for m := range tenant.Members(g) {
				members = append(members, tenant.ID(m))
			}
		}
		program = program.WithMembers(members)
	}
	set, err := snapshot.Select(t.Context(), program)
	require.NoError(t, err)
	given := rule.Given{Now: publishedAt, Schema: schema, IsMember: func(user, group string) bool {
		g, ok := tenant.FindGroup(group)
		m, found := tenant.Find(user)
		return ok && found && tenant.IsMember(g, m)
	}}
	for i := range users {
		if rule.Match(program.Rule(), &users[i], given) {
			matched++
		}
	}
	return set.Count(), matched
}

// seededUsers are the embedded tenant's users.
func seededUsers(schema *model.Schema, tenant *seed.Tenant) (users []model.User) {
	for i := range tenant.UserSlots() {
		if u, ok := tenant.User(i); ok {
			users = append(users, seededUser(schema, tenant, &u))
		}
	}
	return users
}

func snapshotOf(schema *model.Schema, users []model.User) *directory.Snapshot {
	changes := make([]model.Change, len(users))
	for i, u := range users {
		changes[i] = model.Change{ID: u.ID, Whole: true, Manager: &u.ManagerID, Fields: u.Fields()}
	}
	d := directory.New(schema)
	d.Apply(changes)
	return d.Snapshot()
}

func seededUser(schema *model.Schema, tenant *seed.Tenant, u *seed.User) model.User {
	user := model.User{ID: u.ID}
	if u.Manager >= 0 {
		user.ManagerID = tenant.UserID(u.Manager)
	}
	for attr, value := range map[model.AttrID]string{
		model.AttrDisplayName: u.DisplayName, model.AttrGivenName: u.GivenName, model.AttrSurname: u.Surname,
		model.AttrUserPrincipalName: u.UserPrincipalName, model.AttrMail: u.Mail, model.AttrMailNickname: u.MailNickname,
		model.AttrJobTitle: u.JobTitle, model.AttrDepartment: u.Department, model.AttrCompanyName: u.CompanyName,
		model.AttrOfficeLocation: u.OfficeLocation, model.AttrCity: u.City, model.AttrState: u.State,
		model.AttrCountry: u.Country, model.AttrUsageLocation: u.UsageLocation, model.AttrPostalCode: u.PostalCode,
		model.AttrStreetAddress: u.StreetAddress, model.AttrPreferredLanguage: u.PreferredLanguage,
		model.AttrMobilePhone: u.MobilePhone, model.AttrFaxNumber: u.FaxNumber, model.AttrEmployeeID: u.EmployeeID,
		model.AttrUserType: u.UserType, model.AttrOnPremisesDistinguishedName: u.OnPremisesDN,
		model.AttrOnPremisesSecurityIdentifier: u.OnPremisesSID, model.AttrPasswordPolicies: u.PasswordPolicies,
		model.AttrAccountEnabled: strconv.FormatBool(u.AccountEnabled),
	} {
		user.Set(model.Field{Attr: attr, Value: value})
	}
	if u.OnPremisesSyncEnabled {
		user.Set(model.Field{Attr: model.AttrOnPremisesSyncEnabled, Value: "true"})
	}
	if !u.EmployeeHireDate.IsZero() {
		user.Set(model.Field{Attr: model.AttrEmployeeHireDate, Value: u.EmployeeHireDate.UTC().Format(time.RFC3339)})
	}
	if len(u.BusinessPhones) > 0 {
		user.Set(model.Field{Attr: model.AttrBusinessPhone, Value: u.BusinessPhones[0]})
	}
	if len(u.IMAddresses) > 0 {
		user.Set(model.Field{Attr: model.AttrIMAddresses, Value: u.IMAddresses[0]})
	}
	for i, value := range u.ExtensionAttributes {
		user.Set(model.Field{Attr: model.AttrExtensionAttribute1 + model.AttrID(i), Value: value})
	}
	for i, name := range seed.DirectoryExtensions() {
		attribute, ok := schema.ByGraph(name)
		if !ok {
			panic(fmt.Sprintf("the schema lacks %s", name))
		}
		user.Set(model.Field{Attr: attribute.ID, Value: u.Extensions[i]})
	}
	var plans []string
	for p := range u.Licence.Plans() {
		plans = append(plans, model.ServicePlan{ServicePlanID: p.ID, Service: p.Service, CapabilityStatus: p.Status.String()}.String())
	}
	user.Set(model.Field{Attr: model.AttrAssignedPlans, Values: plans})
	user.Set(model.Field{Attr: model.AttrOtherMails, Values: u.OtherMails})
	user.Set(model.Field{Attr: model.AttrProxyAddresses, Values: u.ProxyAddresses})
	return user
}
