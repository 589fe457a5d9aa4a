package cli_test

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/text/encoding/charmap"
)

// employee is a user of the embedded tenant as an HR system exports one.
type employee struct{ number, address, name string }

// employees are those users of the tenant who have both.
func (m *machine) employees() []employee {
	m.t.Helper()
	var all []employee
	for _, u := range m.runJSON(0, "users", "--columns", "displayName,employeeId,mail")["users"].([]any) {
		user := u.(map[string]any)
		number, _ := user["employeeId"].(string)
		address, _ := user["mail"].(string)
		if number != "" && address != "" {
			all = append(all, employee{number, address, fmt.Sprint(user["displayName"])})
		}
	}
	return all
}

// export writes the file of an HR system, as Windows writes it in Germany.
func (m *machine) export(name string, staff []employee) string {
	m.t.Helper()
	var text bytes.Buffer
	w := csv.NewWriter(&text)
	w.Comma, w.UseCRLF = ';', true
	require.NoError(m.t, w.Write([]string{"PersNr", "Name", "E-Mail geschäftlich"}))
	for _, e := range staff {
		require.NoError(m.t, w.Write([]string{e.number, "Müller", e.address}))
	}
	w.Flush()
	data, err := charmap.Windows1252.NewEncoder().Bytes(text.Bytes())
	require.NoError(m.t, err)
	path := filepath.Join(m.home, name)
	require.NoError(m.t, os.WriteFile(path, data, 0o600))
	return path
}

// kept is what the ledger's file is known by.
func (m *machine) kept() (size int64, changed time.Time, content []byte) {
	m.t.Helper()
	paths, err := filepath.Glob(filepath.Join(m.home, ".local", "share", "rollcall", "*", "ledger.db"))
	require.NoError(m.t, err)
	require.Len(m.t, paths, 1)
	info, err := os.Stat(paths[0])
	require.NoError(m.t, err)
	content, err = os.ReadFile(paths[0])
	require.NoError(m.t, err)
	return info.Size(), info.ModTime(), content
}

func TestAnHRSystemIsASourceByTheSameCommandAgainAndAgain(t *testing.T) {
	m := newMachine(t)
	m.serve("--users", "300")
	m.runJSON(0, "sync")
	staff := m.employees()
	require.Greater(t, len(staff), 100)

	file := m.export("staff.csv", staff[:80])
	first := m.runJSON(0, "list", "import", "Staff", file, "--yes")
	assert.Equal(t, true, first["written"])
	assert.EqualValues(t, 80, first["members"])
	format := first["format"].(map[string]any)
	assert.Equal(t, "windows-1252", format["encoding"])
	assert.Equal(t, "semicolon", format["delimiter"])

	// Nothing changed: nothing is written, to the byte.
	size, changed, content := m.kept()
	events := m.run("log", "--json").stdout
	for range 2 {
		again := m.runJSON(0, "list", "import", "Staff", file, "--yes")
		assert.Equal(t, false, again["written"])
		assert.EqualValues(t, 80, again["unchanged"])
	}
	sizeAfter, changedAfter, contentAfter := m.kept()
	assert.Equal(t, size, sizeAfter)
	assert.Equal(t, changed, changedAfter)
	assert.True(t, bytes.Equal(content, contentAfter), "the ledger has the same bytes")
	assert.Equal(t, events, m.run("log", "--json").stdout)

	// Two join and one leaves: shown first, written when approved.
	file = m.export("staff.csv", staff[1:82])
	refused := m.run("list", "import", "Staff", file)
	assert.Equal(t, 3, refused.code)
	assert.Contains(t, refused.stderr, "not approved")
	assert.Contains(t, refused.stdout, "80 members now, 81 then: 2 joining, 1 leaving")
	dry := m.runJSON(0, "list", "import", "Staff", file, "--dry-run")
	assert.Len(t, dry["joins"], 2)
	assert.EqualValues(t, 80, m.runJSON(0, "list", "show", "Staff")["count"])
	assert.Equal(t, true, m.runJSON(0, "list", "import", "Staff", file, "--yes")["written"])
	assert.EqualValues(t, 81, m.runJSON(0, "list", "show", "Staff")["count"])
	assert.Len(t, m.runJSON(0, "preview", "list:Staff")["addresses"], 81)

	// A file that was cut off.
	cut := m.run("list", "import", "Staff", m.export("staff.csv", staff[1:31]), "--yes")
	assert.Equal(t, 3, cut.code)
	assert.Contains(t, cut.stderr, "--allow-removals 51")
	assert.EqualValues(t, 81, m.runJSON(0, "list", "show", "Staff")["count"])

	// Rows that name nobody.
	strange := slices.Concat(staff[1:82], []employee{{"99999999", "new@contoso.com", "New"}, {staff[1].number, staff[2].address, "Two"}})
	part := m.run("list", "import", "Staff", m.export("staff.csv", strange), "--yes")
	assert.Equal(t, 6, part.code)
	assert.Contains(t, part.stdout, "line 83 unmatched: no user owns new@contoso.com")
	assert.Contains(t, part.stdout, "line 84 ambiguous: ")

	// By employee number alone.
	assert.EqualValues(t, 80, m.runJSON(0, "list", "import", "Numbers", m.export("staff.csv", staff[:80]), "--column", "address=", "--yes")["members"])
}

func TestABrokenRowOfALongFileChangesNothing(t *testing.T) {
	m := newMachine(t)
	m.serve("--users", "60")
	m.runJSON(0, "sync")
	staff := m.employees()
	m.runJSON(0, "list", "import", "Staff", m.export("staff.csv", staff[:20]))
	size, changed, content := m.kept()

	lines := []string{"PersNr;E-Mail"}
	for line := 2; line <= 10_000; line++ {
		lines = append(lines, fmt.Sprintf("%d;user%d@fabrikam.com", line, line))
	}
	for name, broken := range map[string]string{
		"no address": "7000;nowhere", "a quote inside": `7000;a"b@contoso.com`, "a field too many": "7000;a@contoso.com;b@contoso.com", "a quote that stays open": `7000;"never closed`,
	} {
		t.Run(name, func(t *testing.T) {
			spoilt := slices.Clone(lines)
			spoilt[6_999] = broken
			path := filepath.Join(m.home, "long.csv")
			require.NoError(t, os.WriteFile(path, []byte(strings.Join(spoilt, "\n")), 0o600))
			for _, list := range []string{"Staff", "New"} {
				a := m.run("list", "import", list, path, "--yes", "--outside", "--allow-removals", "20")
				assert.Equal(t, 2, a.code)
				assert.Contains(t, a.stderr, "long.csv line 7000: ")
				assert.Contains(t, a.stderr, "nothing was read from the file")
				assert.Empty(t, a.stdout)
				assert.LessOrEqual(t, strings.Count(a.stderr, "\n"), 2)
			}
		})
	}
	sizeAfter, changedAfter, contentAfter := m.kept()
	assert.Equal(t, size, sizeAfter)
	assert.Equal(t, changed, changedAfter)
	assert.True(t, bytes.Equal(content, contentAfter))

	for name, test := range map[string]struct {
		args []string
		says string
	}{
		"a device":       {[]string{"Staff", "/dev/zero"}, "/dev/zero is not a regular file"},
		"a missing file": {[]string{"Staff", "none.csv"}, "none.csv"},
		"an empty file":  {[]string{"Staff", os.DevNull}, "is not a regular file"},
		"an empty input": {[]string{"Staff", "-"}, "standard input line 1: the file is empty"},
	} {
		t.Run(name, func(t *testing.T) {
			a := m.run(append([]string{"list", "import", "--yes"}, test.args...)...)
			assert.Equal(t, 2, a.code)
			assert.Contains(t, a.stderr, test.says)
		})
	}
	assert.EqualValues(t, 20, m.runJSON(0, "list", "show", "Staff")["count"])
}
