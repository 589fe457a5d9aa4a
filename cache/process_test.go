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

	roleHold    = "hold"    // opens both files and waits until its input ends
	roleCommit  = "commit"  // commits pages, makes checkpoints and says each one, until it is killed
	roleConvert = "convert" // opens a file of layout 1
	roleFull    = "full"    // commits until the process's file size limit stops it
	roleRead    = "read"    // opens both files as an account that may only read them
	roleRules   = "rules"   // saves versions of segments and says each one, until it is killed
	roleJournal = "journal" // writes runs step by step and says how many are done, until it is killed

	pageUsers       = 20        // users a page of roleCommit
	checkpointEvery = 2         // pages
	fileLimit       = 512 << 10 // bytes that roleFull may write to a file
)

// playRole is the main function of the other process.
func playRole(role string) int {
	path := os.Getenv(pathVariable)
	switch role {
	case roleRead:
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
	switch role {
	case roleRules:
		return report(saveUntilKilled(filepath.Join(filepath.Dir(path), "ledger.db")))
	case roleJournal:
		return report(runUntilKilled(filepath.Join(filepath.Dir(path), "ledger.db")))
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
	case roleCommit:
		return report(commitUntilKilled(d))
	case roleFull:
		for page := 0; ; page++ {
			if err := commitPage(d, page); err != nil {
				fmt.Println("users", mustState(d).Users)
				return report(err)
			}
			fmt.Println(page)
		}
	case roleRead:
		return report(useReadOnly(d, filepath.Join(filepath.Dir(path), "ledger.db")))
	}
	return report(d.Close())
}

// commitUntilKilled goes on after the last page and replaces the log by an
// image now and then. Each line that it writes says a page that is durable.
func commitUntilKilled(d *Directory) error {
	u, err := read(d)
	if err != nil {
		return err
	}
	for page := mustState(d).Users / pageUsers; ; page++ {
		if err := commitPage(d, page); err != nil {
			return err
		}
		fmt.Println(page)
		u.apply(pageChanges(page))
		if page%checkpointEvery == 0 {
			if err := replaceLog(d.current, u.save); err != nil {
				return err
			}
			fmt.Println(page)
		}
	}
}

func mustState(d *Directory) refresh.State {
	s, err := d.State(context.Background())
	if err != nil {
		panic(err)
	}
	return s
}

// pageChanges is a page of users and the renaming of an earlier one, which says
// which page was the last.
func pageChanges(page int) []model.Change {
	return append(employees(page*pageUsers, (page+1)*pageUsers), named(guid(0), fmt.Sprintf("last page %d", page)))
}

func commitPage(d *Directory, page int) error {
	s := state("")
	s.Users = (page + 1) * pageUsers
	return d.Commit(context.Background(), refresh.Batch{
		Changes: pageChanges(page), State: s, Cursors: []refresh.Cursor{{Partition: page % 3, Link: strconv.Itoa(page)}},
	})
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

// killed runs a process that prints the number of each thing that it has done,
// and kills it at some moment after one of the first of them. It returns the
// last number that was printed.
func killed(t *testing.T, cmd *exec.Cmd, random *rand.Rand, first, moments int) (said int) {
	t.Helper()
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	lines := bufio.NewScanner(out)
	read := func() {
		said, err = strconv.Atoi(lines.Text())
		require.NoError(t, err, lines.Text())
	}
	for range 1 + random.IntN(first) {
		require.True(t, lines.Scan())
		read()
	}
	for range random.IntN(moments) { // some moment within what it does next
		_ = random.Uint64()
	}
	require.NoError(t, cmd.Process.Kill())
	for lines.Scan() {
		read()
	}
	require.Error(t, cmd.Wait())
	return said
}

// TestAProcessKilledAtAnyMomentLosesNoCommit kills a process that commits and
// makes checkpoints at random moments. What it said to have committed must be
// there, whole, and nothing else but the page that it may have been about to
// say. ROLLCALL_SOAK=1 kills 200 times instead of 8.
func TestAProcessKilledAtAnyMomentLosesNoCommit(t *testing.T) {
	kills := 8
	if os.Getenv("ROLLCALL_SOAK") == "1" {
		kills = 200
	}
	path := directoryPath(t)
	random := rand.New(rand.NewPCG(1, 2))
	leftovers := 0
	want := users{}
	for page := 0; kills > 0; kills-- {
		said := killed(t, player(t, roleCommit, path), random, 5, 1_500_000)
		if _, err := os.Stat(path + ".rewrite"); err == nil {
			leftovers++
		}

		d := openDirectory(t, path)
		last := mustState(d).Users/pageUsers - 1
		require.Contains(t, []int{said, said + 1}, last)
		for ; page <= last; page++ {
			want.apply(pageChanges(page))
		}
		require.Equal(t, want, contents(t, d))
		cursors, err := d.Cursors(t.Context())
		require.NoError(t, err)
		require.Contains(t, cursors, refresh.Cursor{Partition: last % 3, Link: strconv.Itoa(last)})
		assert.Empty(t, d.Notes())
		require.NoError(t, d.Close())
	}
	t.Logf("%d users; %d times in the midst of a checkpoint", len(want), leftovers)
}

// TestAProcessKilledInAConversionLeavesTheOldFile kills the opening of a file
// of layout 1 as soon as its conversion has begun, and at random moments after
// that. ROLLCALL_SOAK=1 kills 100 times instead of 5.
func TestAProcessKilledInAConversionLeavesTheOldFile(t *testing.T) {
	kills := 5
	if os.Getenv("ROLLCALL_SOAK") == "1" {
		kills = 100
	}
	path := oldFile(t)
	want := enlarge(t, path, 20_000)
	old, err := os.ReadFile(path)
	require.NoError(t, err)
	random := rand.New(rand.NewPCG(1, 2))
	inTheMidst := 0
	for range kills {
		require.NoError(t, os.WriteFile(path, old, 0o600))
		cmd := player(t, roleConvert, path)
		require.NoError(t, cmd.Start())
		ended := make(chan error, 1)
		go func() { ended <- cmd.Wait() }()
		for begun := false; !begun; {
			select {
			case err := <-ended: // it was faster than this loop
				require.NoError(t, err)
				ended <- nil
				begun = true
			default:
				_, err := os.Stat(path + ".rewrite")
				begun = err == nil
			}
		}
		for range random.IntN(4_000_000) {
			_ = random.Uint64()
		}
		_ = cmd.Process.Kill() // it may have ended by now
		<-ended
		now, err := os.ReadFile(path)
		require.NoError(t, err)
		if bytes.Equal(now, old) {
			inTheMidst++
		}

		d := openDirectory(t, path)
		require.Equal(t, want, contents(t, d))
		assert.Empty(t, d.Notes())
		require.NoError(t, d.Close())
		require.NoFileExists(t, path+".rewrite")
	}
	t.Logf("%d of %d times in the midst", inTheMidst, kills)
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
