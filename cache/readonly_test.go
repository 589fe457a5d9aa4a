package cache

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/model/refresh"
	"rollcall/model/workspace"
)

// useReadOnly says what an account that may only read the files finds, and how
// each attempt at changing them ends.
func useReadOnly(d *Directory, ledgerPath string) error {
	ctx := context.Background()
	u, err := read(d)
	if err != nil {
		return err
	}
	fmt.Println("users", len(u))
	for _, note := range d.Notes() {
		fmt.Println("note", note)
	}
	report(d.Commit(ctx, refresh.Batch{Changes: employees(0, 1), State: state("")}))
	_, err = d.Stage(ctx)
	report(err)
	if err := d.Checkpoint(ctx, func(func(string, []byte) error) error { panic("declined") }); err != nil {
		return err
	}
	l, err := OpenLedger(ledgerPath, LedgerOptions{})
	if err != nil {
		return err
	}
	segments, err := l.Segments(ctx)
	if err != nil {
		return err
	}
	fmt.Println("segments", len(segments))
	report(l.SaveSegment(ctx, workspace.Segment{ID: "b", Version: 1, Name: "board"}))
	if err := l.Close(); err != nil {
		return err
	}
	return d.Close()
}

// readOnly takes the right to write a folder and its files away.
func readOnly(t *testing.T, folder string) {
	t.Helper()
	t.Cleanup(func() { require.NoError(t, os.Chmod(folder, 0o700)) })
	entries, err := os.ReadDir(folder)
	require.NoError(t, err)
	for _, e := range entries {
		require.NoError(t, os.Chmod(filepath.Join(folder, e.Name()), 0o444))
	}
	passable(t, folder)
}

// passable lets other accounts reach a folder and read it.
func passable(t *testing.T, folder string) {
	t.Helper()
	require.NoError(t, os.Chmod(folder, 0o555))
	for parent := filepath.Dir(folder); parent != filepath.Clean(os.TempDir()); parent = filepath.Dir(parent) {
		require.NoError(t, os.Chmod(parent, 0o755))
	}
}

func TestFilesThatMayNotBeWrittenAreRead(t *testing.T) {
	path := directoryPath(t)
	d := openDirectory(t, path)
	commit(t, d, state(""), employees(0, 50)...)
	require.NoError(t, replaceLog(d.current, contents(t, d).save))
	commit(t, d, state(""), employees(50, 60)...)
	kill(t, d) // so that the opening verifies it
	withdraw(path)
	l := openLedger(t, filepath.Join(filepath.Dir(path), "ledger.db"))
	require.NoError(t, l.SaveSegment(t.Context(), workspace.Segment{ID: "s", Version: 1, Name: "sales"}))
	require.NoError(t, l.Close())
	readOnly(t, filepath.Dir(path))

	out, err := player(t, roleRead, path).Output()
	require.NoError(t, err, string(out))
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	require.Len(t, lines, 6)
	assert.Equal(t, "users 60", lines[0])
	assert.Equal(t, "note "+path+" was opened for reading only, because this account may not write it: users are shown as they were last synced, and a sync is refused", lines[1])
	assert.Contains(t, lines[2], "error permissionDenied "+path)
	assert.Contains(t, lines[3], "error permissionDenied "+path)
	assert.Equal(t, "segments 1", lines[4])
	assert.Contains(t, lines[5], "error permissionDenied "+filepath.Join(filepath.Dir(path), "ledger.db"))
	assert.NoFileExists(t, holderPath(path))
}

func TestWhatMustBeWrittenToBeReadIsExplainedWhereItMayNot(t *testing.T) {
	tests := map[string]struct {
		prepare func(t *testing.T, path string)
		want    []string
	}{
		"a file of layout 1": {
			func(t *testing.T, path string) { require.NoError(t, os.Rename(oldFile(t), path)) },
			[]string{"error permissionDenied", "was written by an older rollcall and cannot be converted"},
		},
		"a damaged file": {
			func(t *testing.T, path string) {
				require.NoError(t, os.WriteFile(path, []byte("this is no bbolt file"), 0o600))
			},
			[]string{"error cacheCorrupt", "is damaged", "cannot be set aside"},
		},
		"no file": {
			func(*testing.T, string) {},
			[]string{"error permissionDenied", "cannot be written with this account's rights"},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			path := directoryPath(t)
			require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
			tc.prepare(t, path)
			readOnly(t, filepath.Dir(path))
			out, err := player(t, roleRead, path).Output()
			var exit *exec.ExitError
			require.ErrorAs(t, err, &exit, string(out))
			assert.Equal(t, 1, exit.ExitCode())
			for _, want := range tc.want {
				assert.Contains(t, string(out), want)
			}
			assert.Contains(t, string(out), path)
		})
	}
}

func TestAFileThatMayNotBeReadIsExplained(t *testing.T) {
	path := directoryPath(t)
	require.NoError(t, openDirectory(t, path).Close())
	require.NoError(t, os.Chmod(path, 0))
	passable(t, filepath.Dir(path))
	t.Cleanup(func() { require.NoError(t, os.Chmod(filepath.Dir(path), 0o700)) })
	out, err := player(t, roleRead, path).Output()
	var exit *exec.ExitError
	require.ErrorAs(t, err, &exit, string(out))
	assert.Contains(t, string(out), "error permissionDenied "+path)
}

func TestAReadOnlyDiskIsExplained(t *testing.T) {
	err := fileError("directory.db", &os.PathError{Op: "open", Path: "directory.db", Err: syscall.EROFS})
	failure(t, err, "readOnlyDisk")
	assert.True(t, isRefused(err))
	assert.Contains(t, readOnlyNote("directory.db", err), "because its disk is read-only")
}
