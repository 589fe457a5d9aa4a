package profile_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/model"
	"rollcall/model/expansion"
	"rollcall/model/profile"
	"rollcall/model/refresh"
)

func read(t *testing.T, text string) profile.Config {
	t.Helper()
	c, err := profile.Read([]byte(text), "config.toml")
	require.NoError(t, err)
	return c
}

// graphNames are the synced attributes of a profile.
func graphNames(p profile.Profile) []string {
	var names []string
	for _, a := range p.Schema.Synced() {
		names = append(names, a.Graph)
	}
	return names
}

func TestAProfileThatIsNotConfiguredHasTheDefaults(t *testing.T) {
	for _, text := range []string{"", "# nothing\n", "[profile.other]\nnightly = \"off\"\n"} {
		p := read(t, text).Profile("default")
		assert.Equal(t, model.DefaultSchema().Fingerprint(), p.Schema.Fingerprint())
		assert.False(t, p.Chosen)
		assert.NotContains(t, graphNames(p), "assignedPlans")
		assert.Equal(t, refresh.DefaultSchedule(), p.Schedule)
		assert.Equal(t, refresh.DefaultGuard(), p.Guard)
	}
	assert.Equal(t, refresh.DefaultGuard(), profile.Config{}.Profile("default").Guard)
}

func TestEachProfileHasItsOwnSettings(t *testing.T) {
	c := read(t, `
[profile.default]
attributes = [
  "department", # rule and Graph names
  "user.mobile",
  "officeLocation",
]
nightly = "23:15"

[profile.default.guards]
sync_removals = 1_000
sync_removals_percent = "off"

[profile."north wind"]
nightly = "off"
guards.sync_removals = "off"
guards.sync_removals_percent = 100
`)
	p := c.Profile("default")
	assert.Subset(t, graphNames(p), []string{"department", "mobilePhone", "officeLocation", "displayName"})
	assert.True(t, p.Chosen)
	assert.NotContains(t, graphNames(p), "city")
	assert.Equal(t, "23:15", p.Schedule.Nightly.String())
	assert.Equal(t, refresh.DefaultSchedule().Jitter, p.Schedule.Jitter)
	assert.Equal(t, refresh.Guard{Users: 1000, Percent: -1}, p.Guard)

	p = c.Profile("north wind")
	assert.Contains(t, graphNames(p), "city")
	assert.Equal(t, "off", p.Schedule.Nightly.String())
	assert.Equal(t, refresh.Guard{Users: -1, Percent: 100}, p.Guard)
}

func TestPlansAreSyncedWhereTheyAreNamed(t *testing.T) {
	p := read(t, "[profile.default]\nattributes = [\"assignedPlans\"]\n").Profile("default")
	assert.Contains(t, graphNames(p), "assignedPlans")
	assert.Contains(t, p.Schema.Select(), "assignedPlans")
}

func TestEveryWayToWriteATableSaysTheSame(t *testing.T) {
	for _, text := range []string{
		"[profile.a]\nnightly = \"03:00\"\n[profile.a.guards]\nsync_removals = 0\n",
		"[profile]\na.nightly = \"03:00\"\na.guards.sync_removals = 0\n",
		"profile.a = { nightly = \"03:00\", guards = { sync_removals = 0 } }\n",
		"[profile.a.guards]\nsync_removals = 0\n[profile.a]\r\nnightly = '03:00'\r\n",
		"\"profile\".\"a\".\"nightly\" = \"03:00\"\nprofile.a.guards.sync_removals = 0x0",
	} {
		p := read(t, text).Profile("a")
		assert.Equal(t, "03:00", p.Schedule.Nightly.String(), text)
		assert.Equal(t, refresh.Guard{Users: 0, Percent: 10}, p.Guard, text)
	}
}

func TestWhatCannotBeUsedIsOneErrorWithItsLineAndTheNearestKey(t *testing.T) {
	for name, test := range map[string]struct {
		text, code, message, remedy string
	}{
		"no TOML":                    {"[profile.a]\nnightly = \n", "configInvalid", "config.toml line 2: ", "TOML"},
		"a text that does not end":   {"\n[profile.a]\nnightly = \"02:00\n", "configInvalid", "config.toml line 3: ", "TOML"},
		"a key that is set twice":    {"[profile.a]\nnightly = \"02:00\"\nnightly = \"off\"\n", "configInvalid", "config.toml line 3: ", "TOML"},
		"a table that comes twice":   {"[profile.a]\n[profile.a]\n", "configInvalid", "config.toml line 2: ", "TOML"},
		"unknown key":                {"[profile.a]\n\natributes = [\"city\"]\n", "configUnknownKey", `config.toml line 3: there is no setting "profile.a.atributes"`, `did you mean "attributes"?`},
		"unknown table":              {"[profil.a]\nnightly = \"off\"\n", "configUnknownKey", `config.toml line 1: there is no setting "profil.a"`, `did you mean "profile"?`},
		"unknown guard":              {"[profile.a.guards]\nsync_removal = 5\n", "configUnknownKey", `config.toml line 2: there is no setting "profile.a.guards.sync_removal"`, `did you mean "sync_removals"?`},
		"unknown table of a profile": {"[profile.a.gards]\n", "configUnknownKey", `config.toml line 1: there is no setting "profile.a.gards"`, `did you mean "guards"?`},
		"a key in no table":          {"nightly = \"off\"\n", "configUnknownKey", `config.toml line 1: there is no setting "nightly"`, "there can be: profile"},
		"the first of several":       {"[profile.a]\none = 1\ntwo = 2\n", "configUnknownKey", `line 2: there is no setting "profile.a.one"`, "there can be: attributes, nightly, guards"},
		"a key in an inline table":   {"profile.a = {\n  nightli = \"off\" }\n", "configUnknownKey", `line 2: there is no setting "profile.a.nightli"`, `did you mean "nightly"?`},
		"a list of profiles":         {"[[profile.a]]\n", "configInvalid", "line 1: profile.a is one table", ""},
		"a value for a profile":      {"[profile]\na = 5\n", "configInvalid", "line 2: profile.a is a table", ""},
		"a value for the profiles":   {"profile = 5\n", "configInvalid", "line 1: profile is a table", ""},
		"a value for the guards":     {"[profile.a]\nguards = 5\n", "configInvalid", "line 2: profile.a.guards is a table", ""},
		"unknown attribute":          {"[profile.a]\nattributes = [\n  \"city\",\n  \"departmnt\",\n]\n", "attributeUnknown", `config.toml line 4: there is no attribute "departmnt"`, `did you mean "department"?`},
		"attributes in one text":     {"[profile.a]\nattributes = \"city\"\n", "configInvalid", "line 2: attributes takes a list of names", ""},
		"an attribute that is none":  {"[profile.a]\nattributes = [\"city\", 5]\n", "configInvalid", "line 2: attributes takes a list of names", ""},
		"no attributes":              {"[profile.a]\nattributes = []\n", "configInvalid", "line 2: attributes is empty", ""},
		"a time of no kind":          {"[profile.a]\nnightly = \"25:99\"\n", "nightly", `config.toml line 2: "25:99" is not a time of day`, `"off"`},
		"an empty time":              {"[profile.a]\nnightly = \"\"\n", "configInvalid", "line 2: nightly takes a time of day", ""},
		"a time that is a number":    {"[profile.a]\nnightly = 2\n", "configInvalid", "line 2: nightly takes a time of day", ""},
		"a negative guard":           {"[profile.a.guards]\nsync_removals = -1\n", "configInvalid", `line 2: sync_removals takes a number from 0, or "off"`, ""},
		"a guard that is a fraction": {"[profile.a.guards]\nsync_removals = 1.5\n", "configInvalid", "line 2: sync_removals takes a number", ""},
		"a guard in words":           {"[profile.a.guards]\nsync_removals = \"many\"\n", "configInvalid", "line 2: sync_removals takes a number", ""},
		"no mode of Exchange":        {"[profile.a]\nexchange = \"smtp\"\n", "exchangeUnknown", `config.toml line 2: exchange takes admin-api, ews or off, not "smtp"`, "counts by Graph alone"},
		"a mode nearly right":        {"[profile.a]\nexchange = \"admin_api\"\n", "exchangeUnknown", `config.toml line 2: exchange takes`, `did you mean "admin-api"?`},
		"a mode by the source":       {"[profile.a]\n\nexchange = \"exchange-admin\"\n", "exchangeUnknown", `config.toml line 3: exchange takes`, `did you mean "admin-api"?`},
		"a mode that is no text":     {"[profile.a]\nexchange = true\n", "configInvalid", `line 2: exchange takes one of ["admin-api" "ews" "off"]`, ""},
		"a mode that is empty":       {"[profile.a]\nexchange = \"\"\n", "exchangeUnknown", `line 2: exchange takes`, ""},
		"a key of Exchange":          {"[profile.a]\nexchange_endpont = \"x\"\n", "configUnknownKey", `line 2: there is no setting "profile.a.exchange_endpont"`, `did you mean "exchange_endpoint"?`},
		"an endpoint in the clear":   {"[profile.a]\nexchange_endpoint = \"http://mail.contoso.com\"\n", "endpointInvalid", `line 2: exchange_endpoint takes https:// and a host, not "http://mail.contoso.com"`, "https://outlook.office365.com"},
		"an endpoint with a path":    {"[profile.a]\nexchange_endpoint = \"https://mail.contoso.com/EWS\"\n", "endpointInvalid", "line 2: exchange_endpoint takes", ""},
		"an endpoint with a name":    {"[profile.a]\nexchange_endpoint = \"https://me:pass@mail.contoso.com\"\n", "endpointInvalid", "not one with an account in it", ""},
		"a host alone":               {"[profile.a]\nexchange_endpoint = \"mail.contoso.com\"\n", "endpointInvalid", "line 2: exchange_endpoint takes", ""},
		"an endpoint that is none":   {"[profile.a]\nexchange_endpoint = 5\n", "configInvalid", "line 2: exchange_endpoint takes a text", ""},
		"a resource in the clear":    {"[profile.a]\nexchange_resource = \"http://mail.contoso.com\"\n", "endpointInvalid", "line 2: exchange_resource takes https://", ""},
		"a structure in words":       {"[profile.a]\nkeep_structure = \"yes\"\n", "configInvalid", "line 2: keep_structure takes true or false, without quotation marks", ""},
		"more than all":              {"[profile.a.guards]\nsync_removals_percent = 101\n", "configInvalid", `line 2: sync_removals_percent takes a number from 0 to 100, or "off"`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			refused(t, test.text, test.code, test.message, test.remedy)
		})
	}
}

// refused reads a configuration that cannot be used. Its one error has this code
// and says these parts of its message and its remedy.
func refused(t *testing.T, text, code, message, remedy string) {
	t.Helper()
	_, err := profile.Read([]byte(text), "config.toml")
	var e *model.Error
	require.ErrorAs(t, err, &e)
	assert.Equal(t, model.KindUsage, e.Kind)
	assert.Equal(t, code, e.Code)
	assert.Contains(t, e.Message, message)
	assert.Contains(t, e.Remedy, remedy)
	assert.False(t, strings.HasSuffix(e.Message, "."), e.Message)
}

func TestExchangeIsAskedWhereTheProfileSaysSo(t *testing.T) {
	c := read(t, `
[profile.cloud]
exchange = "admin-api"
keep_structure = true
[profile.premises]
exchange = "ews"
exchange_endpoint = "https://mail.contoso.com:8443/"
exchange_resource = "https://mail.contoso.com"
keep_structure = false
[profile.graph]
exchange = "off"
[profile.silent]
nightly = "off"
`)
	p := c.Profile("cloud")
	assert.Equal(t, expansion.SourceExchangeAdmin, p.Exchange)
	assert.True(t, p.ExchangeChosen)
	assert.True(t, p.KeepStructure)
	assert.Empty(t, p.ExchangeEndpoint)

	p = c.Profile("premises")
	assert.Equal(t, expansion.SourceEWS, p.Exchange)
	assert.Equal(t, "https://mail.contoso.com:8443", p.ExchangeEndpoint)
	assert.Equal(t, "https://mail.contoso.com", p.ExchangeResource)
	assert.False(t, p.KeepStructure)

	assert.Empty(t, c.Profile("graph").Exchange)
	assert.True(t, c.Profile("graph").ExchangeChosen, "none was chosen")
	for _, name := range []string{"silent", "nowhere"} {
		p = c.Profile(name)
		assert.Empty(t, p.Exchange)
		assert.False(t, p.ExchangeChosen)
		assert.False(t, p.KeepStructure)
	}
}

func TestAPasswordInAnEndpointIsNotShown(t *testing.T) {
	for _, endpoint := range []string{"https://me:hunter2@mail.contoso.com", "https://me:hunter2@mail contoso", "me:hunter2@mail.contoso.com"} {
		_, err := profile.Read([]byte("[profile.a]\nexchange_endpoint = \""+endpoint+"\"\n"), "config.toml")
		require.Error(t, err)
		assert.NotContains(t, fmt.Sprintf("%+v %+v", err, model.AsError(err).Err), "hunter2")
	}
}

func FuzzAConfigurationIsReadOrRefusedWithAUsageError(f *testing.F) {
	f.Add([]byte("[profile.a]\nattributes = [\"city\"]\nnightly = \"off\"\n[profile.a.guards]\nsync_removals = 5\n"))
	f.Add([]byte("[profile.a]\nexchange = \"ews\"\nexchange_endpoint = \"https://mail.contoso.com\"\nkeep_structure = true\n"))
	f.Add([]byte("profile.a = { guards = { sync_removals = \"off\" } }"))
	f.Add([]byte("[profile.a.writeback]\nprotected_users = [\"a@b.c\"]\n[profile.a.group.\"x.y\"]\nremovals_percent = \"off\"\nskip_guests = true\n"))
	f.Add([]byte("[[profile]]\n\"\\u0000\" = [[{}]]"))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := profile.Read(data, "config.toml")
		if err != nil {
			assert.Equal(t, model.KindUsage, model.AsError(err).Kind)
			return
		}
		p := c.Profile("a")
		assert.NotNil(t, p.Schema)
		for _, text := range []string{p.ExchangeEndpoint, p.ExchangeResource} {
			assert.True(t, text == "" || strings.HasPrefix(strings.ToLower(text), "https://"), text)
		}
	})
}
