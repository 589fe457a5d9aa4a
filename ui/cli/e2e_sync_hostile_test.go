package cli_test

import (
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/graph/emulator"
	"rollcall/graph/emulator/seed"
)

// count is what `users --count` says.
func (s *site) count() string {
	s.tb.Helper()
	return strings.TrimSpace(s.ok("users", "--count"))
}

func TestASyncThatIsThrottledBeyondItsTimeoutGoesOnWhereItStopped(t *testing.T) {
	t.Parallel()
	tenant := serveTenant(t, emulator.Options{Users: 7500, Latency: 20 * time.Millisecond})
	whole := tenant.site().sync().Requests

	s := tenant.site()
	before := tenant.asked("")
	p := s.start("sync", "--json", "--timeout", "1m")
	require.True(t, p.when(func() bool { return tenant.asked("") >= before+whole-4 }))
	tenant.FailNext(1, 429, time.Hour, "/users")
	f := decodeFailure(t, p.wait(), 5)
	assert.Contains(t, f.Message, "throttl")

	tenant.skip(2 * time.Hour)
	r := s.sync()
	assert.Equal(t, "initial", r.Mode)
	assert.LessOrEqual(t, r.Requests, whole/2+1, "what was committed is not read again")
	s.requireEqual(tenant)
	s.requireWhole()
	tenant.requireGoodManners()
}

func TestASyncWhoseServerIsKilledKeepsItsDataAndTheNextOneSucceeds(t *testing.T) {
	t.Parallel()
	options := emulator.Options{Users: 4500, Latency: 20 * time.Millisecond}
	tenant := serveTenant(t, options)
	s := tenant.site()
	s.sync()
	before := s.users()

	asked := tenant.asked("")
	p := s.start("sync", "--full", "--json", "--timeout", "2s")
	require.True(t, p.when(func() bool { return tenant.asked("") >= asked+2 }))
	require.NoError(t, tenant.Close())
	f := decodeFailure(t, p.wait(), 5)
	endpoint, err := url.Parse(tenant.GraphEndpoint())
	require.NoError(t, err)
	assert.Contains(t, f.Message, endpoint.Host)
	assert.Equal(t, before, s.users(), "the former data stays usable")
	f = s.fails(5, "sync", "--timeout", "1s")
	assert.Contains(t, f.Message, endpoint.Host)

	_, port, err := net.SplitHostPort(endpoint.Host)
	require.NoError(t, err)
	options.Listen = "127.0.0.1:" + port
	again := serveTenant(t, options)
	s.connect(again)
	s.sync()
	s.requireEqual(again)
	s.requireWhole()
	again.requireGoodManners()
}

func TestAWrongSecretLeavesTheDataAlone(t *testing.T) {
	t.Parallel()
	tenant := serveTenant(t, emulator.Options{Users: 300})
	s := tenant.site()
	s.sync()
	f := s.with("AZURE_CLIENT_SECRET=wrong").fails(4, "sync")
	assert.Contains(t, f.Message, "AADSTS7000215")
	assert.Equal(t, "300", s.with("AZURE_CLIENT_SECRET=wrong").count(), "reading the local copy needs no sign-in")
	assert.Equal(t, "delta", s.sync().Mode)
}

func TestAFullDiskInMidSyncLosesNothing(t *testing.T) {
	t.Parallel()
	tenant := serveTenant(t, emulator.Options{Users: 10_000})
	roomy := tenant.site()
	whole := roomy.sync().Requests
	directory, err := os.Stat(filepath.Join(roomy.data, "directory.db"))
	require.NoError(t, err)

	s := tenant.site()
	full := *s
	full.limits = fmt.Sprintf("ulimit -f %d;", directory.Size()/512/2) // half of what the users take
	assert.Equal(t, "diskFull", full.fails(1, "sync").Code)
	r := s.sync()
	assert.Equal(t, "initial", r.Mode)
	assert.Less(t, r.Requests, whole, "what was committed before the disk was full is not read again")
	s.requireEqual(tenant)

	tenant.Tenant().Churn(1, seed.Churn{Hires: 200})
	assert.Equal(t, "diskFull", full.fails(1, "sync", "--full").Code)
	assert.Equal(t, "10000", s.count(), "the former data stays usable")
	s.sync()
	s.requireEqual(tenant)
	s.requireWhole()
	tenant.requireGoodManners()
}

// TestASmallDiskThatIsFullLosesNothing is the same with a real disk, whose
// files share the room.
func TestASmallDiskThatIsFullLosesNothing(t *testing.T) {
	t.Parallel()
	tenant := serveTenant(t, emulator.Options{Users: 10_000})
	s := tenant.site()
	root := filepath.Dir(s.data)
	require.NoError(t, os.MkdirAll(root, 0o700))
	mount := func(flags uintptr, size string) error {
		return syscall.Mount("tmpfs", root, "tmpfs", flags, "size="+size)
	}
	if err := mount(0, "1m"); err != nil {
		t.Skipf("this account may not mount a disk: %v", err)
	}
	t.Cleanup(func() { assert.NoError(t, syscall.Unmount(root, syscall.MNT_DETACH)) })
	for _, size := range []string{"1m", "2m", "3m"} {
		require.NoError(t, mount(syscall.MS_REMOUNT, size))
		if a := s.run("sync", "--json"); a.code != 0 {
			assert.Equal(t, "diskFull", decodeFailure(t, a, 1).Code, size)
		}
	}
	require.NoError(t, mount(syscall.MS_REMOUNT, "1g"))
	s.sync()
	s.requireEqual(tenant)
	s.requireWhole()
	tenant.requireGoodManners()
}

func TestTheUsersOfAReadOnlyFolderCanBeRead(t *testing.T) {
	t.Parallel()
	tenant := serveTenant(t, emulator.Options{Users: 300})
	s := tenant.site()
	s.sync()
	if os.Geteuid() == 0 {
		// Rights mean nothing to root: another account runs it.
		const nobody = 65534
		require.NoError(t, os.Chmod(folder, 0o755))
		require.NoError(t, os.Chmod(filepath.Dir(s.home), 0o755))
		require.NoError(t, filepath.WalkDir(s.home, func(path string, _ os.DirEntry, err error) error {
			if err != nil {
				return err
			}
			return os.Lchown(path, nobody, nobody)
		}))
		s.as = nobody
	}
	t.Cleanup(func() { require.NoError(t, os.Chmod(s.data, 0o700)) })
	for _, path := range []string{filepath.Join(s.data, "directory.db"), filepath.Join(s.data, "ledger.db")} {
		require.NoError(t, os.Chmod(path, 0o400))
	}
	require.NoError(t, os.Chmod(s.data, 0o500))
	assert.Equal(t, "300", s.count())
	f := s.fails(1, "sync")
	assert.Contains(t, f.Message, s.data)
}

func TestManyRemovalsWaitForAWord(t *testing.T) {
	t.Parallel()
	tenant := serveTenant(t, emulator.Options{Users: 2000})
	s := tenant.site()
	s.sync()
	before := s.users()
	lost := 0
	for i := 1000; lost < 400; i++ {
		if tenant.Tenant().RemoveUser(i, i%2 == 0) {
			lost++
		}
	}
	for range 2 { // asking again changes nothing
		f := s.fails(3, "sync")
		assert.Equal(t, "removalGuard", f.Code)
		assert.Contains(t, f.Message, "400")
		assert.Equal(t, before, s.users())
	}
	s.fails(3, "sync", "--allow-removals", "399")
	assert.Equal(t, before, s.users())
	r := s.sync("--allow-removals", "400")
	assert.Equal(t, 400, r.Removed)
	assert.Equal(t, 1600, r.Users)
	s.requireEqual(tenant)

	lost = 0
	for i := 1400; lost < 300; i++ {
		if tenant.Tenant().RemoveUser(i, false) {
			lost++
		}
	}
	f := s.fails(3, "sync", "--full")
	assert.Contains(t, f.Message, "300")
	assert.Equal(t, "1600", s.count())
	s.sync("--full", "--allow-removals", "300")
	s.requireEqual(tenant)
	s.requireWhole()
	tenant.requireGoodManners()
}

func TestOfTwoSyncsAtOnceTheSecondNamesTheFirst(t *testing.T) {
	t.Parallel()
	tenant := serveTenant(t, emulator.Options{Users: 3000, Latency: 100 * time.Millisecond})
	s := tenant.site()
	first := s.start("sync", "--json")
	require.True(t, first.when(func() bool { return tenant.asked("") > 0 }))
	require.NoError(t, first.cmd.Process.Signal(syscall.SIGSTOP)) // however slow the second one starts
	f := s.fails(75, "sync")
	assert.Contains(t, f.Message, fmt.Sprintf("pid %d", first.cmd.Process.Pid))
	require.NoError(t, first.cmd.Process.Signal(syscall.SIGCONT))
	a := first.wait()
	require.Zero(t, a.code, a.stderr)
	assert.Equal(t, 3000, decodeReport(t, a.stdout).Users)
	s.requireEqual(tenant)
}
