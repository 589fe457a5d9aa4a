package cli

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/model/expansion"
)

func TestWhichExchangeIsAskedIsSaidByTheFlagThenTheEnvironmentThenTheProfile(t *testing.T) {
	const off, admin, ews = expansion.Source(""), expansion.SourceExchangeAdmin, expansion.SourceEWS
	for name, test := range map[string]struct {
		config, env string
		args        []string
		want        expansion.Source
	}{
		"nobody says anything":             {"", "", nil, off},
		"the profile":                      {"[profile.default]\nexchange = \"admin-api\"\n", "", nil, admin},
		"another profile":                  {"[profile.other]\nexchange = \"admin-api\"\n", "", nil, off},
		"the environment over the profile": {"[profile.default]\nexchange = \"admin-api\"\n", "ews", nil, ews},
		"the flag over both":               {"[profile.default]\nexchange = \"ews\"\n", "ews", []string{"--exchange", "admin-api"}, admin},
		"the flag turns it off":            {"[profile.default]\nexchange = \"ews\"\n", "admin-api", []string{"--exchange=off"}, off},
		"the environment turns it off":     {"[profile.default]\nexchange = \"ews\"\n", "off", nil, off},
		"the demo":                         {"", "", []string{"--demo"}, admin},
		"the demo's profile":               {"[profile.demo]\nexchange = \"off\"\n", "", []string{"--demo"}, off},
		"the flag in the demo":             {"", "", []string{"--demo", "--exchange", "ews"}, ews},
		"the default profile in the demo":  {"[profile.default]\nexchange = \"ews\"\n", "", []string{"--demo"}, admin},
	} {
		t.Run(name, func(t *testing.T) {
			s := newShell(t)
			s.files = map[string]string{"config.toml": test.config}
			s.getenv["ROLLCALL_EXCHANGE"] = test.env
			s.ok(append([]string{"users", "--count"}, test.args...)...)
			require.Len(t, s.connections, 1)
			c := s.connections[0]
			assert.Equal(t, test.want, c.Exchange)
			if c.Demo != nil {
				assert.Equal(t, test.want, c.Demo.Consented, "a command asks nobody")
			}
		})
	}
}

func TestWhereExchangeIsComesFromTheEnvironmentOrTheProfile(t *testing.T) {
	s := newShell(t)
	s.files = map[string]string{"config.toml": `
[profile.default]
exchange = "ews"
exchange_endpoint = "https://mail.contoso.com"
exchange_resource = "https://owa.contoso.com"
keep_structure = true
[profile.demo]
exchange_endpoint = "https://mail.contoso.com"
`}
	s.ok("users", "--count")
	s.getenv["ROLLCALL_EXCHANGE_ENDPOINT"] = "https://127.0.0.1:8443/"
	s.ok("users", "--count")
	s.ok("users", "--count", "--demo")
	require.Len(t, s.connections, 3)
	assert.Equal(t, "https://mail.contoso.com", s.connections[0].ExchangeEndpoint)
	assert.Equal(t, "https://owa.contoso.com", s.connections[0].ExchangeResource)
	assert.True(t, s.connections[0].Config.KeepStructure)
	assert.Equal(t, "https://127.0.0.1:8443", s.connections[1].ExchangeEndpoint)
	assert.Equal(t, "https://owa.contoso.com", s.connections[1].ExchangeResource)
	assert.Empty(t, s.connections[2].ExchangeEndpoint, "the embedded tenant is its own")
	assert.False(t, s.connections[2].Config.KeepStructure)
}

func TestAChoiceOfExchangeThatCannotBeIsAUsageErrorBeforeAnythingIsOpened(t *testing.T) {
	for name, test := range map[string]struct {
		env           map[string]string
		args          []string
		stderr, means string
	}{
		"an unknown word": {
			nil,
			[]string{"--exchange", "admin"},
			"rollcall: --exchange takes admin-api, ews or off, not \"admin\"\n", `did you mean "admin-api"?`,
		},
		"no word": {nil, []string{"--exchange", ""}, "rollcall: --exchange takes admin-api, ews or off, not \"\"\n", "counts by Graph alone"},
		"an unknown word in the environment": {
			map[string]string{"ROLLCALL_EXCHANGE": "on"},
			nil,
			"rollcall: ROLLCALL_EXCHANGE takes admin-api, ews or off, not \"on\"\n", "",
		},
		"an endpoint in the clear": {
			map[string]string{"ROLLCALL_EXCHANGE_ENDPOINT": "http://127.0.0.1:8080"},
			nil,
			"rollcall: ROLLCALL_EXCHANGE_ENDPOINT takes https:// and a host, not \"http://127.0.0.1:8080\"\n", "",
		},
		"an app with a secret": {
			map[string]string{"AZURE_CLIENT_SECRET": "s"},
			[]string{"--exchange", "ews"},
			"full_access_as_app would open every mailbox of the tenant", `exchange = "admin-api"`,
		},
		"an app with a certificate": {
			map[string]string{"AZURE_CLIENT_CERTIFICATE_PATH": "app.pem", "ROLLCALL_EXCHANGE": "ews"},
			nil,
			"full_access_as_app would open every mailbox of the tenant", "AZURE_CLIENT_CERTIFICATE_PATH",
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newShell(t)
			for key, value := range test.env {
				s.getenv[key] = value
			}
			a := s.run(append([]string{"users", "--count"}, test.args...)...)
			assert.Equal(t, 2, a.code)
			assert.Empty(t, a.stdout)
			assert.Contains(t, a.stderr, test.stderr)
			assert.Contains(t, a.stderr, test.means)
			assert.Empty(t, s.connections)
		})
	}
	s := newShell(t)
	s.getenv["AZURE_CLIENT_SECRET"] = "s"
	s.ok("users", "--count", "--exchange", "admin-api")
	assert.Equal(t, expansion.SourceExchangeAdmin, s.connections[0].Exchange, "an app may ask the Admin API")
}
