package cache

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/model"
	"rollcall/model/refresh"
)

// The test binary runs itself in another process to play one of these roles.
const (
	roleVariable = "ROLLCALL_CACHE_TEST_ROLE"
	pathVariable = "ROLLCALL_CACHE_TEST_PATH"

	roleHold   = "hold"    // opens both files and waits until its input ends
	roleCommit = "commit"  // commits pages and says each one, until it is killed
	roleFull   = "full"    // commits until the process's file size limit stops it
	roleDenied = "denied"  // opens as an account without rights
	pageUsers  = 20        // users a page of roleCommit
	fileLimit  = 512 << 10 // bytes that roleFull may write to a file
)

// playRole is the main function of the other process.
func playRole(role string) int {
	path := os.Getenv(pathVariable)
	switch role {
	case roleDenied:
		if os.Getuid() == 0 {
			if err := syscall.Setuid(65534); err != nil { // nobody
				return report(err)
			}
		}
	case roleFull:
		signal.Ignore(syscall.SIGXFSZ) // so that the write fails instead
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: fileLimit, Max: fileLimit}); err != nil {
			return report(err)
		}
	}
	d, err := OpenDirectory(path, DirectoryOptions{Command: "rollcall test"})
	if err != nil {
		return report(err)
	}
	switch role {
	case roleHold:
		l, err := OpenLedger(filepath.Join(filepath.Dir(path), "ledger.db"), LedgerOptions{Command: "rollcall test"})
		if err != nil {
			return report(err)
		}
		fmt.Println("held")
		_, _ = io.Copy(io.Discard, os.Stdin)
		_ = l.Close()
	case roleCommit, roleFull:
		s, _ := d.State(context.Background())
		for page := s.Users / pageUsers; ; page++ {
			if err := commitPage(d, page); err != nil {
				fmt.Println("users", mustState(d).Users)
				return report(err)
			}
			fmt.Println(page)
		}
	}
	return report(d.Close())
}

func mustState(d *Directory) refresh.State {
	s, err := d.State(context.Background())
	if err != nil {
		panic(err)
	}
	return s
}

// commitPage adds a page of users and renames one of an earlier page to say
// which page was the last.
func commitPage(d *Directory, page int) error {
	changes := employees(page*pageUsers, (page+1)*pageUsers)
	changes = append(changes, named(guid(0), fmt.Sprintf("last page %d", page)))
	s := state(strconv.Itoa(page))
	_, err := d.Commit(context.Background(), changes, s)
	return err
}

// report writes an error's code and text and returns the exit code.
func report(err error) int {
	if err == nil {
		return 0
	}
	e := model.AsError(err)
	fmt.Println("error", e.Code, e.Message)
	return e.Kind.ExitCode()
}

// player is the other process.
func player(t *testing.T, role, path string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), roleVariable+"="+role, pathVariable+"="+path)
	cmd.Stderr = os.Stderr
	return cmd
}

func TestTheProcessThatHoldsTheFilesIsNamed(t *testing.T) {
	path := directoryPath(t)
	cmd := player(t, roleHold, path)
	in, err := cmd.StdinPipe()
	require.NoError(t, err)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "held\n", line)

	_, err = OpenDirectory(path, DirectoryOptions{Timeout: 1})
	e := failure(t, err, "locked")
	assert.Equal(t, model.KindLocked, e.Kind)
	assert.Equal(t, 75, e.Kind.ExitCode())
	assert.Contains(t, e.Message, fmt.Sprintf("pid %d", cmd.Process.Pid))
	assert.Contains(t, e.Message, "rollcall test")
	_, err = OpenLedger(filepath.Join(filepath.Dir(path), "ledger.db"), LedgerOptions{Timeout: 1})
	assert.Contains(t, failure(t, err, "locked").Message, fmt.Sprintf("pid %d", cmd.Process.Pid))

	require.NoError(t, in.Close())
	require.NoError(t, cmd.Wait())
	openDirectory(t, path)
}

func TestTheNoteOfADeadProcessIsNotBelieved(t *testing.T) {
	path := directoryPath(t)
	openDirectory(t, path)
	require.NoError(t, os.WriteFile(holderPath(path), []byte(`{"pid":4194999,"started":"2026-11-08T02:03:04Z","command":"rollcall sync"}`), 0o600))
	_, err := OpenDirectory(path, DirectoryOptions{Timeout: 1})
	assert.NotContains(t, failure(t, err, "locked").Message, "4194999")
}

// TestAProcessKilledAtAnyMomentLosesNoCommit kills a committing process at
// random moments. What it said to have committed must be there, whole, and
// nothing else but the page that it may have been about to say.
// ROLLCALL_SOAK=1 kills 200 times instead of 8.
func TestAProcessKilledAtAnyMomentLosesNoCommit(t *testing.T) {
	kills := 8
	if os.Getenv("ROLLCALL_SOAK") == "1" {
		kills = 200
	}
	path := directoryPath(t)
	random := rand.New(rand.NewPCG(1, 2))
	said := -1
	for range kills {
		cmd := player(t, roleCommit, path)
		out, err := cmd.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		lines := bufio.NewScanner(out)
		for range 1 + random.IntN(5) {
			require.True(t, lines.Scan())
			said, err = strconv.Atoi(lines.Text())
			require.NoError(t, err, lines.Text())
		}
		for range random.IntN(200_000) { // some moment within the next commit
			_ = random.Uint64()
		}
		require.NoError(t, cmd.Process.Kill())
		for lines.Scan() {
			said, err = strconv.Atoi(lines.Text())
			require.NoError(t, err, lines.Text())
		}
		require.Error(t, cmd.Wait())

		d := openDirectory(t, path)
		s, err := d.State(t.Context())
		require.NoError(t, err)
		last, err := strconv.Atoi(s.Next)
		require.NoError(t, err)
		assert.Contains(t, []int{said, said + 1}, last)
		users := contents(t, d)
		require.Len(t, users, (last+1)*pageUsers)
		first := users[guid(0)]
		assert.Equal(t, fmt.Sprintf("last page %d", last), first.DisplayName())
		assert.Empty(t, d.Notes())
		require.NoError(t, d.Close())
	}
}

func TestAFullDiskLosesNothingThatWasStored(t *testing.T) {
	path := directoryPath(t)
	cmd := player(t, roleFull, path)
	out, err := cmd.Output()
	var exit *exec.ExitError
	require.ErrorAs(t, err, &exit)
	assert.Equal(t, 1, exit.ExitCode())
	lines := bytes.Split(bytes.TrimSpace(out), []byte("\n"))
	require.Greater(t, len(lines), 2)
	assert.Contains(t, string(lines[len(lines)-1]), "error diskFull")
	var stored int
	_, err = fmt.Sscanf(string(lines[len(lines)-2]), "users %d", &stored)
	require.NoError(t, err)
	require.Positive(t, stored)

	d := openDirectory(t, path) // with room again
	assert.Len(t, contents(t, d), stored)
	require.NoError(t, commitPage(d, stored/pageUsers))
	assert.Len(t, contents(t, d), stored+pageUsers)
	assert.Empty(t, d.Notes())
}

func TestAFileThatMayGrowNoFurtherStaysUsable(t *testing.T) {
	d, err := OpenDirectory(directoryPath(t), DirectoryOptions{MaxSize: 1 << 20})
	require.NoError(t, err)
	defer func() { require.NoError(t, d.Close()) }()
	page := 0
	for err == nil {
		err = commitPage(d, page)
		page++
		require.Less(t, page, 1000)
	}
	failure(t, err, "diskFull")
	assert.Len(t, contents(t, d), (page-1)*pageUsers)
	commit(t, d, state(""), model.Change{ID: guid(5), Removed: "deleted"})
	assert.Len(t, contents(t, d), (page-1)*pageUsers-1)
}

func TestAFolderWithoutRightsIsExplained(t *testing.T) {
	path := directoryPath(t)
	require.NoError(t, openDirectory(t, path).Close())
	require.NoError(t, os.Chmod(filepath.Dir(path), 0o500))
	require.NoError(t, os.Chmod(path, 0o400))
	t.Cleanup(func() { require.NoError(t, os.Chmod(filepath.Dir(path), 0o700)) })
	out, err := player(t, roleDenied, path).Output()
	var exit *exec.ExitError
	require.ErrorAs(t, err, &exit, string(out))
	assert.Equal(t, 1, exit.ExitCode())
	assert.Contains(t, string(out), "error permissionDenied")
	assert.Contains(t, string(out), path)
}

func TestAReadOnlyDiskIsExplained(t *testing.T) {
	err := fileError("directory.db", &os.PathError{Op: "open", Path: "directory.db", Err: syscall.EROFS})
	failure(t, err, "readOnlyDisk")
}
