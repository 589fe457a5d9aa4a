package cli_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/graph/emulator"
	"rollcall/graph/emulator/seed"
)

// joins points the machine at a tenant in this process, which the test can
// change.
func (m *machine) joins(o emulator.Options) *emulator.Server {
	m.t.Helper()
	server, err := emulator.Start(m.t.Context(), o)
	require.NoError(m.t, err)
	m.t.Cleanup(func() { assert.NoError(m.t, server.Close()) })
	ca := filepath.Join(m.home, "ca.pem")
	require.NoError(m.t, os.WriteFile(ca, server.CAPEM(), 0o600))
	m.env = append(m.env,
		"AZURE_TENANT_ID="+server.TenantID(), "AZURE_CLIENT_ID="+server.ClientID(), "AZURE_CLIENT_SECRET="+server.ClientSecret(),
		"SSL_CERT_FILE="+ca, "ROLLCALL_GRAPH_ENDPOINT="+server.GraphEndpoint(), "ROLLCALL_AUTHORITY_HOST="+server.AuthorityHost())
	return server
}

// configure writes the configuration where rollcall looks for it.
func (m *machine) configure(text string) {
	m.t.Helper()
	path := filepath.Join(m.home, ".config", "rollcall", "config.toml")
	require.NoError(m.t, os.MkdirAll(filepath.Dir(path), 0o700))
	require.NoError(m.t, os.WriteFile(path, []byte(text), 0o600))
}

func TestASyncThatWouldRemoveTooManyStopsAndNamesWhatAcceptsIt(t *testing.T) {
	m := newMachine(t)
	m.configure("[profile.default.guards]\nsync_removals = 20\n")
	server := m.joins(emulator.Options{Users: 400})
	m.runJSON(0, "sync")
	left := server.Tenant().Churn(7, seed.Churn{Leavers: 30}).Leavers
	require.Equal(t, 30, left)

	for _, args := range [][]string{{"sync"}, {"sync", "--allow-removals", "29"}, {"sync", "--full"}} {
		a := m.run(args...)
		assert.Equal(t, 3, a.code, args)
		assert.Empty(t, a.stdout)
		assert.Contains(t, a.stderr, "30 of 400 users")
		assert.Contains(t, a.stderr, "rollcall sync --allow-removals 30")
		assert.EqualValues(t, 400, m.runJSON(0, "users", "--count")["count"], "the former data is kept")
	}
	accepted := m.runJSON(0, "sync", "--allow-removals", "30")
	assert.EqualValues(t, 30, accepted["removed"])
	assert.EqualValues(t, 370, m.runJSON(0, "users", "--count")["count"])

	m.configure("[profile.default.guards]\nsync_removals = \"off\"\nsync_removals_percent = \"off\"\n")
	require.Equal(t, 60, server.Tenant().Churn(8, seed.Churn{Leavers: 60}).Leavers)
	assert.EqualValues(t, 60, m.runJSON(0, "sync")["removed"])
}

func TestAnInterruptedSyncEndsWith130AndGoesOnWhereItStopped(t *testing.T) {
	m := newMachine(t)
	const users = 40_000
	server := m.joins(emulator.Options{Users: users, Latency: 500 * time.Millisecond})
	s := m.open(80, 24, "sync")
	s.waitFor("reading users: ", " of 40,000", " partitions")
	server.FailNext(1, 429, time.Minute, "/users")
	read := regexp.MustCompile(`reading users: [1-9][0-9,]* of 40,000, throttled for another \d+ s`)
	s.waitUntil(func(screen string) string {
		if read.MatchString(screen) {
			return ""
		}
		return read.String()
	})
	require.NoError(t, s.cmd.Process.Signal(os.Interrupt))
	require.Error(t, s.cmd.Wait())
	assert.Equal(t, 130, s.cmd.ProcessState.ExitCode())
	s.waitFor("interrupted")

	resumed := m.runJSON(0, "sync")
	assert.Equal(t, "initial", resumed["mode"])
	assert.EqualValues(t, users, resumed["users"])
	assert.Less(t, resumed["added"], float64(users), "what was read before the interrupt is not read again")
	assert.EqualValues(t, users, server.Tenant().UserCount())
	assert.EqualValues(t, users, m.runJSON(0, "users", "--count")["count"])
}

func TestAnotherChoiceOfAttributesReadsAgainAndKeepsTheOldDataUsable(t *testing.T) {
	m := newMachine(t)
	m.joins(emulator.Options{Users: 300})
	const sales = `user.department -eq "Sales"`
	city := func() any { return m.runJSON(0, "facets", "city")["distinct"] }

	assert.Equal(t, "initial", m.runJSON(0, "sync")["mode"])
	want := m.runJSON(0, "users", "--where", sales, "--count")["count"]
	require.NotZero(t, want)
	cities := city()
	require.NotZero(t, cities)

	m.configure("[profile.default]\nattributes = [\"department\"]\n")
	offline := *m
	offline.env = append(offline.env, "ROLLCALL_GRAPH_ENDPOINT=https://127.0.0.1:1", "ROLLCALL_AUTHORITY_HOST=https://127.0.0.1:1/")
	assert.Equal(t, want, offline.runJSON(0, "users", "--where", sales, "--count")["count"], "the rows of before serve without the tenant")
	assert.NotEmpty(t, offline.runJSON(0, "preview", "rule:"+sales)["addresses"], "an audience of synced users needs no tenant")
	assert.Equal(t, 5, offline.run("preview", "all-staff@contoso.com").code)
	refused := offline.run("users", "--columns", "city")
	assert.Equal(t, 2, refused.code)
	assert.Contains(t, refused.stderr, "is not synced in this profile")

	assert.Equal(t, "resync", m.runJSON(0, "sync")["mode"])
	assert.Equal(t, "delta", m.runJSON(0, "sync")["mode"])

	m.configure("")
	unread := m.run("facets", "city")
	assert.Equal(t, 1, unread.code)
	assert.Contains(t, unread.stderr, "chosen since the last sync")
	unread = m.run("users", "--where", `user.city -eq null`)
	assert.Equal(t, 2, unread.code)
	assert.Contains(t, unread.stderr, "user.city was not read yet")
	assert.Equal(t, want, m.runJSON(0, "users", "--where", sales, "--count")["count"])
	assert.Equal(t, "resync", m.runJSON(0, "sync")["mode"])
	assert.Equal(t, cities, city())
}

func TestAListOutlivesItsProcessAndItsMembers(t *testing.T) {
	m := newMachine(t)
	m.configure("[profile.default.guards]\nsync_removals = \"off\"\nsync_removals_percent = \"off\"\n")
	server := m.joins(emulator.Options{Users: 300})
	m.runJSON(0, "sync")
	saved := m.runJSON(0, "list", "save", "Everybody", "--where", "user.objectId -ne null")
	assert.EqualValues(t, 300, saved["count"])
	before := m.runJSON(0, "preview", "list:everybody")
	assert.Empty(t, before["departed"])

	require.Equal(t, 25, server.Tenant().Churn(3, seed.Churn{Leavers: 25}).Leavers)
	m.runJSON(0, "sync")
	list := m.runJSON(0, "list", "show", "Everybody")
	assert.EqualValues(t, 25, list["departed"])
	assert.Len(t, list["members"], 300)
	preview := m.runJSON(0, "preview", "list:Everybody")
	assert.Len(t, preview["departed"], 25)
	assert.Equal(t, m.runJSON(0, "preview", "rule:user.objectId -ne null")["addresses"], preview["addresses"])

	exported := m.run("list", "export", "Everybody")
	require.Zero(t, exported.code, exported.stderr)
	file := filepath.Join(m.home, "everybody.csv")
	require.NoError(t, os.WriteFile(file, []byte(exported.stdout), 0o600))
	again := m.run("preview", "file:"+file)
	assert.Equal(t, 2, again.code, "who has left is named, not dropped")
	departed := list["members"].([]any)[300-25].(map[string]any)
	require.Equal(t, true, departed["departed"])
	assert.Contains(t, again.stderr, fmt.Sprintf("no synced user has the id %q", departed["id"]))
}

func TestAttributesThatTheTenantRefusesAreNamedAndLeftOut(t *testing.T) {
	m := newMachine(t)
	m.joins(emulator.Options{Users: 300, Fault: "501=faxNumber,400=employeeHireDate"})
	synced := m.runJSON(0, "sync")
	assert.EqualValues(t, 300, synced["users"])
	assert.ElementsMatch(t, []any{"faxNumber", "employeeHireDate"}, synced["refused"])
	assert.Contains(t, fmt.Sprint(synced["notes"]), "faxNumber")
	refused := m.run("facets", "faxNumber")
	assert.Equal(t, 1, refused.code)
	assert.Contains(t, refused.stderr, "the tenant refuses to give the attribute")
	assert.Positive(t, m.runJSON(0, "facets", "department")["distinct"])

	s := m.open(100, 24, "sync", "--full")
	s.waitFor("300 users (resync", "note: ", "faxNumber")
	require.NoError(t, s.cmd.Wait())
}

// freeze takes the right to write in its home away from the machine: from an
// account without rights, where the tests run as one that no right can be taken
// from.
func (m *machine) freeze() {
	m.t.Helper()
	const nobody = 65534
	root := os.Geteuid() == 0
	require.NoError(m.t, filepath.WalkDir(m.home, func(path string, entry fs.DirEntry, err error) error {
		require.NoError(m.t, err)
		mode := fs.FileMode(0o400)
		if entry.IsDir() {
			mode = 0o500
		}
		if root {
			require.NoError(m.t, os.Chown(path, nobody, nobody))
		}
		require.NoError(m.t, os.Chmod(path, mode))
		m.t.Cleanup(func() { _ = os.Chmod(path, 0o700) })
		return nil
	}))
	if root {
		for _, way := range []string{folder, filepath.Dir(m.home)} {
			require.NoError(m.t, os.Chmod(way, 0o755))
		}
		m.process = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	}
}

func TestAFolderThatMayOnlyBeReadServesEveryQuestionAndKeepsNothing(t *testing.T) {
	m := newMachine(t)
	m.joins(emulator.Options{Users: 300})
	m.runJSON(0, "sync")
	m.runJSON(0, "segment", "save", "Sales", `user.department -eq "Sales"`)
	users := m.runJSON(0, "users", "--segment", "Sales", "--count")
	facets := m.runJSON(0, "facets", "department")
	preview := m.runJSON(0, "preview", "segment:Sales")["addresses"]

	m.freeze()
	assert.Equal(t, users, m.runJSON(0, "users", "--segment", "Sales", "--count"))
	assert.Equal(t, facets, m.runJSON(0, "facets", "department"))
	assert.Equal(t, preview, m.runJSON(0, "preview", "segment:Sales")["addresses"])
	for _, args := range [][]string{
		{"sync"},
		{"segment", "save", "Engineers", `user.department -eq "Engineering"`},
		{"list", "save", "Board", "--where", `user.department -eq "Sales"`},
	} {
		a := m.run(args...)
		assert.Equal(t, 1, a.code, args)
		assert.Contains(t, a.stderr, "cannot be written with this account's rights")
		assert.Contains(t, a.stderr, "--data-dir")
	}
}
