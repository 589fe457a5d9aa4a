package cli

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/model"
	"rollcall/model/refresh"
)

func TestTheConfigurationOfAProfileReachesItsConnection(t *testing.T) {
	s := newShell(t)
	s.files = map[string]string{
		"config.toml": `
[profile.default]
nightly = "off"
[profile.north]
attributes = ["department"]
[profile.demo.guards]
sync_removals = 7
`,
		"other.toml": "[profile.default.guards]\nsync_removals = 1\n",
		"third.toml": "[profile.default.guards]\nsync_removals = 2\n",
	}
	s.ok("users", "--count")
	s.ok("users", "--count", "--profile", "north")
	s.ok("users", "--count", "--profile", "south")
	s.ok("users", "--count", "--demo", "--demo-users", "50")
	s.getenv["ROLLCALL_CONFIG"] = "other.toml"
	s.ok("users", "--count")
	s.ok("users", "--count", "--config", "third.toml")
	require.Len(t, s.connections, 6)
	assert.Equal(t, "off", s.connections[0].Config.Schedule.Nightly.String())
	assert.False(t, s.connections[1].Config.Schema.IsSynced(model.AttrCity))
	assert.Equal(t, refresh.DefaultSchedule(), s.connections[2].Config.Schedule)
	assert.False(t, s.connections[0].Config.Schema.IsSynced(model.AttrAssignedPlans))
	assert.True(t, s.connections[3].Config.Schema.IsSynced(model.AttrAssignedPlans), "the embedded tenant is synced whole")
	assert.Equal(t, 7, s.connections[3].Config.Guard.Users, "every embedded tenant is of the profile demo")
	assert.Equal(t, 1, s.connections[4].Config.Guard.Users, "the environment names the file")
	assert.Equal(t, 2, s.connections[5].Config.Guard.Users, "the flag wins over the environment")
}

func TestAMistakeInTheConfigurationIsOneErrorBeforeAnythingIsOpened(t *testing.T) {
	s := newShell(t)
	s.files = map[string]string{"config.toml": "[profile.default]\nnigthly = \"02:00\"\n"}
	for _, args := range [][]string{{"users"}, {"sync"}, {"--demo", "users"}, {"list", "list"}} {
		a := s.run(args...)
		assert.Equal(t, 2, a.code, args)
		assert.Empty(t, a.stdout)
		assert.Equal(t, "rollcall: config.toml line 2: there is no setting \"profile.default.nigthly\"\n  did you mean \"nightly\"?\n", a.stderr)
	}
	assert.Empty(t, s.connections)
	s.ok("version")
}

func TestAConfigurationThatIsNamedMustBeThere(t *testing.T) {
	s := newShell(t)
	a := s.run("users", "--config", "none.toml")
	assert.Equal(t, 2, a.code)
	assert.True(t, strings.HasPrefix(a.stderr, "rollcall: the configuration cannot be read: "), a.stderr)
	assert.Contains(t, a.stderr, "none.toml")
	assert.Empty(t, s.connections)
}
