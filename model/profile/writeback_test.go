package profile_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"rollcall/model"
	"rollcall/model/profile"
	"rollcall/model/writeback"
)

func TestAProfileThatSaysNothingOfWritingGroupsHasTheDefaults(t *testing.T) {
	for _, text := range []string{"", "[profile.a]\n", "[profile.a.writeback]\n[profile.a.group]\n", "[profile.a.guards]\nsync_removals = 5\n"} {
		assert.Equal(t, writeback.DefaultPolicy(), read(t, text).Profile("a").Policy, text)
	}
	defaults := writeback.Guards{MaxRemovals: 50, MaxAdditions: 1000, RemovalsPercent: 20, AdditionsPercent: -1, LeastSize: 1, FirstRemovals: 0}
	assert.Equal(t, defaults, read(t, "").Profile("a").Policy.Guards, "as the README has them")
}

func TestAProfileSaysHowItsGroupsMayBeWritten(t *testing.T) {
	p := read(t, `
[profile.a.guards]
removals = 5
removals_percent = 10
additions = "off"
additions_percent = 300
least_members = 3
first_removals = "off"

[profile.a.writeback]
skip_guests = true
skip_disabled = true
remove_owners = true
protected_users = [
  "breakglass@contoso.com", # by address
  "00000000-0000-4000-8000-0123456789AB",
]
protected_groups = ["sg-admins", " all-staff@contoso.com "]
require_second_approver = true
`).Profile("a")
	assert.Equal(t, writeback.Policy{
		Rules: writeback.Rules{
			Guards:     writeback.Guards{MaxRemovals: 5, MaxAdditions: -1, RemovalsPercent: 10, AdditionsPercent: 300, LeastSize: 3, FirstRemovals: -1},
			SkipGuests: true, SkipDisabled: true, RemoveOwners: true,
			ProtectedUsers: []string{"breakglass@contoso.com", "00000000-0000-4000-8000-0123456789AB"},
		},
		ProtectedGroups: []string{"sg-admins", "all-staff@contoso.com"},
		SecondApprover:  true,
	}, p.Policy)
	assert.Equal(t, profile.Default().Guard, p.Guard, "the guard of a sync is another")
}

func TestAGroupHasTheProfilesRulesWhereItHasNoneOfItsOwn(t *testing.T) {
	p := read(t, `
[profile.a.group."SG-Sales"]
removals = 5
skip_guests = false
protected_users = ["ceo@contoso.com"]

[profile.a.group."all.staff@contoso.com"]

[profile.a.guards]
removals = 7
least_members = 9
[profile.a.writeback]
skip_guests = true
skip_disabled = true
protected_users = ["breakglass@contoso.com"]
`).Profile("a").Policy
	sales := p.For(&model.Group{ID: "1", DisplayName: "sg-sales"})
	assert.Equal(t, 5, sales.MaxRemovals)
	assert.Equal(t, 9, sales.LeastSize, "from the profile, wherever it stands in the file")
	assert.Equal(t, 1000, sales.MaxAdditions, "from the defaults")
	assert.False(t, sales.SkipGuests, "false is said, and not left out")
	assert.True(t, sales.SkipDisabled)
	assert.Equal(t, []string{"breakglass@contoso.com", "ceo@contoso.com"}, sales.ProtectedUsers, "nobody loses protection")

	assert.Equal(t, []string{"breakglass@contoso.com"}, p.ProtectedUsers)
	assert.Equal(t, p.Rules, p.For(&model.Group{ID: "2", Mail: "All.Staff@contoso.com"}))
	assert.Equal(t, p.Rules, p.For(&model.Group{ID: "3", DisplayName: "another"}))
	assert.Equal(t, 7, p.MaxRemovals)
}

func TestEveryWayToWriteTheTableOfAGroupSaysTheSame(t *testing.T) {
	for _, text := range []string{
		"[profile.a.group.\"x.y\"]\nremovals = 0\nskip_guests = true\n",
		"[profile.a]\ngroup.\"x.y\".removals = 0\ngroup.\"x.y\".skip_guests = true\n",
		"profile.a.group = { \"x.y\" = { removals = 0, skip_guests = true } }\n",
		"[profile.a.group]\n'x.y' = { skip_guests = true, removals = 0x0 }\n",
	} {
		rules := read(t, text).Profile("a").Policy.For(&model.Group{DisplayName: "X.Y"})
		assert.Equal(t, 0, rules.MaxRemovals, text)
		assert.True(t, rules.SkipGuests, text)
		assert.Equal(t, writeback.DefaultRules(), read(t, text).Profile("a").Policy.Rules, text)
	}
}

func TestARuleThatCannotBeUsedIsOneErrorWithItsLineAndTheNearestKey(t *testing.T) {
	for name, test := range map[string]struct {
		text, code, message, remedy string
	}{
		"a misspelt guard":              {"[profile.a.guards]\n\nremoval = 5\n", "configUnknownKey", `config.toml line 3: there is no setting "profile.a.guards.removal"`, `did you mean "removals"?`},
		"a misspelt rule":               {"[profile.a.writeback]\nskip_guest = true\n", "configUnknownKey", `line 2: there is no setting "profile.a.writeback.skip_guest"`, `did you mean "skip_guests"?`},
		"a misspelt table":              {"[profile.a.writback]\n", "configUnknownKey", `line 1: there is no setting "profile.a.writback"`, `did you mean "writeback"?`},
		"a misspelt key of a group":     {"[profile.a.group.sales]\nleast_member = 5\n", "configUnknownKey", `line 2: there is no setting "profile.a.group.sales.least_member"`, `did you mean "least_members"?`},
		"a guard among the rules":       {"[profile.a.writeback]\nremovals = 5\n", "configUnknownKey", "line 2: there is no setting", "there can be: "},
		"a rule among the guards":       {"[profile.a.guards]\nskip_guests = true\n", "configUnknownKey", "line 2: there is no setting", "there can be: sync_removals, "},
		"a group that protects groups":  {"[profile.a.group.x]\nprotected_groups = [\"y\"]\n", "configUnknownKey", "line 2: there is no setting", "protected_users"},
		"a group with its own approver": {"[profile.a.group.x]\nrequire_second_approver = true\n", "configUnknownKey", "line 2: there is no setting", "there can be: removals, "},
		"a guard of syncs for a group":  {"[profile.a.group.x]\nsync_removals = 5\n", "configUnknownKey", "line 2: there is no setting", "removals"},
		"a table in a group":            {"[profile.a.group.x.y]\n", "configUnknownKey", `line 1: there is no setting "profile.a.group.x.y"`, ""},
		"a key in a key of a group":     {"[profile.a.group.x]\nremovals.y = 5\n", "configUnknownKey", `line 2: there is no setting "profile.a.group.x.removals.y"`, ""},
		"a key in a guard":              {"[profile.a.guards]\nremovals.y = 5\n", "configUnknownKey", `line 2: there is no setting "profile.a.guards.removals.y"`, ""},
		"a key with a dot in its name":  {"[profile.a]\n\"guards.removals\" = 5\n", "configUnknownKey", "line 2: there is no setting", ""},
		"a value for a group":           {"[profile.a.group]\nsales = 5\n", "configInvalid", "line 2: profile.a.group.sales is a table", ""},
		"a value for the groups":        {"[profile.a]\ngroup = \"sales\"\n", "configInvalid", "line 2: profile.a.group is a table", ""},
		"a value for the rules":         {"[profile.a]\nwriteback = true\n", "configInvalid", "line 2: profile.a.writeback is a table", ""},
		"a group without a name":        {"[profile.a.group.\" \"]\nremovals = 1\n", "configInvalid", "line 1: a group has a name", ""},
		"a group that is there twice":   {"[profile.a.group.Sales]\nremovals = 1\n[profile.a.group.sales]\nremovals = 2\n", "configInvalid", "line 3: profile.a.group.sales is the group of line 1", ""},
		"a list of groups":              {"[[profile.a.group]]\n", "configInvalid", "line 1: profile.a.group is one table", ""},
		"a negative guard":              {"[profile.a.guards]\nremovals = -1\n", "configInvalid", `line 2: removals takes a number from 0, or "off"`, ""},
		"a share above all":             {"[profile.a.group.x]\nremovals_percent = 101\n", "configInvalid", `line 2: removals_percent takes a number from 0 to 100, or "off"`, ""},
		"a guard in words":              {"[profile.a.guards]\nleast_members = \"none\"\n", "configInvalid", "line 2: least_members takes a number", ""},
		"a number for yes":              {"[profile.a.writeback]\nrequire_second_approver = 1\n", "configInvalid", "line 2: require_second_approver takes true or false", ""},
		"a user by display name":        {"[profile.a.writeback]\nprotected_users = [\"Adele Vance\"]\n", "configInvalid", `line 2: protected_users takes object ids, user principal names and addresses, and "Adele Vance" is none`, ""},
		"a user in no list":             {"[profile.a.writeback]\nprotected_users = \"a@contoso.com\"\n", "configInvalid", "line 2: protected_users takes a list", ""},
		"a user that is empty":          {"[profile.a.group.x]\nprotected_users = [\" \"]\n", "configInvalid", "line 2: protected_users takes a list", ""},
		"a group that is a number":      {"[profile.a.writeback]\nprotected_groups = [5]\n", "configInvalid", "line 2: protected_groups takes a list", ""},
	} {
		t.Run(name, func(t *testing.T) {
			refused(t, test.text, test.code, test.message, test.remedy)
		})
	}
}

// limitText writes a limit as a file has it.
func limitText(n int) string {
	if n < 0 {
		return `"off"`
	}
	return fmt.Sprint(n)
}

func TestWhateverAFileSaysOfAGroupIsSaidOfItAloneAndTheRestIsTheProfiles(t *testing.T) {
	keys := []string{"removals", "removals_percent", "additions", "additions_percent", "least_members", "first_removals"}
	values := func(g writeback.Guards) []int {
		return []int{g.MaxRemovals, g.RemovalsPercent, g.MaxAdditions, g.AdditionsPercent, g.LeastSize, g.FirstRemovals}
	}
	rapid.Check(t, func(t *rapid.T) {
		want := map[string][]int{"guards": values(writeback.DefaultGuards())}
		tables := map[string]string{}
		for _, table := range []string{"guards", "group.one", "group.two"} {
			if table != "guards" {
				want[table] = slices.Clone(want["guards"])
			}
			text := "[profile.a." + table + "]\n"
			for i, key := range keys {
				if rapid.Bool().Draw(t, table+" "+key) {
					n := rapid.IntRange(-1, 100).Draw(t, "limit")
					want[table][i] = n
					text += key + " = " + limitText(n) + "\n"
				}
			}
			tables[table] = text
		}
		var file strings.Builder
		for _, table := range rapid.Permutation([]string{"guards", "group.one", "group.two"}).Draw(t, "order") {
			file.WriteString(tables[table])
		}
		c, err := profile.Read([]byte(file.String()), "config.toml")
		require.NoError(t, err)
		p := c.Profile("a").Policy
		assert.Equal(t, want["guards"], values(p.For(&model.Group{DisplayName: "three"}).Guards))
		assert.Equal(t, want["group.one"], values(p.For(&model.Group{DisplayName: "one"}).Guards))
		assert.Equal(t, want["group.two"], values(p.For(&model.Group{Mail: "TWO", DisplayName: "one"}).Guards), "an address goes before a name")
	})
}

func TestTheConfigurationInTheReadmeIsReadAndShowsTheDefaults(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	require.NoError(t, err)
	_, text, found := strings.Cut(string(readme), "```toml\n")
	require.True(t, found)
	text, _, _ = strings.Cut(text, "```")
	require.Contains(t, text, "[profile.default.writeback]")
	p := read(t, text).Profile("default").Policy
	assert.Equal(t, writeback.DefaultGuards(), p.Guards)
	assert.Equal(t, writeback.Rules{Guards: writeback.DefaultGuards(), ProtectedUsers: p.ProtectedUsers}, p.Rules)
	assert.NotEmpty(t, p.ProtectedUsers)
	assert.NotEmpty(t, p.ProtectedGroups)
	assert.Len(t, p.Groups, 1)
	assert.False(t, p.SecondApprover)
}
