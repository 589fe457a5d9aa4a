package cli

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/model/workspace/workspacetest"
)

func TestAPreviewIsExportedAndNothingElseIsPrinted(t *testing.T) {
	s := newShell(t)
	s.terminal = true
	for name, test := range map[string]struct {
		args []string
		want string
	}{
		"lines":          {[]string{"lines"}, "adele@contoso.com\nbert@contoso.com\nfergus@fabrikam.com\n"},
		"blocks":         {[]string{"blocks"}, "adele@contoso.com; bert@contoso.com; fergus@fabrikam.com\n"},
		"blocks of one":  {[]string{"blocks", "--per-message", "1"}, "adele@contoso.com\n\nbert@contoso.com\n\nfergus@fabrikam.com\n"},
		"in any letters": {[]string{"LINES"}, "adele@contoso.com\nbert@contoso.com\nfergus@fabrikam.com\n"},
		"what is left":   {[]string{"lines", "--exclude", "partners@contoso.com"}, "adele@contoso.com\n"},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, test.want, s.ok(append([]string{"preview", "all-staff@contoso.com", "--export"}, test.args...)...))
		})
	}
	rows, err := csv.NewReader(strings.NewReader(s.ok("preview", "all-staff@contoso.com", "--export", "csv"))).ReadAll()
	require.NoError(t, err)
	assert.Equal(t, []string{"address", "displayName", "userPrincipalName", "external", "disabled", "sms"}, rows[0])
	assert.Len(t, rows, 4)
	var object struct{ Recipients []map[string]any }
	require.NoError(t, json.Unmarshal([]byte(s.ok("preview", "all-staff@contoso.com", "--export", "json", "--json")), &object))
	require.Len(t, object.Recipients, 3)
	assert.Equal(t, workspacetest.ID(workspacetest.Adele), object.Recipients[0]["id"])
}

func TestAnIncompleteExportIsPrintedAndExitsWith6(t *testing.T) {
	s := newShell(t)
	a := s.run("preview", "all-staff@contoso.com", "board@contoso.com", "--export", "lines")
	assert.Equal(t, 6, a.code)
	assert.Equal(t, "adele@contoso.com\nbert@contoso.com\nfergus@fabrikam.com\n", a.stdout)
	assert.Contains(t, a.stderr, "incomplete: the members of Board are hidden")
}

func TestAnExportThatMakesNoSenseIsWrongUsage(t *testing.T) {
	s := newShell(t)
	for name, test := range map[string]struct {
		args []string
		says string
	}{
		"no such format":          {[]string{"preview", "a@contoso.com", "--export", "xlsx"}, `csv, json, lines or blocks, not "xlsx"`},
		"no format":               {[]string{"preview", "a@contoso.com", "--export", ""}, "what it was given is empty"},
		"nobody in a block":       {[]string{"preview", "a@contoso.com", "--export", "blocks", "--per-message", "0"}, "1 recipient or more, not 0"},
		"a negative block":        {[]string{"snapshot", "export", "x", "--as", "blocks", "--per-message", "-1"}, "not -1"},
		"no number":               {[]string{"snapshot", "export", "x", "--as", "blocks", "--per-message", "many"}, "--per-message"},
		"a block size of lines":   {[]string{"snapshot", "export", "x", "--as", "lines", "--per-message", "5"}, "use it with --as blocks"},
		"a block size of nothing": {[]string{"preview", "a@contoso.com", "--per-message", "5"}, "use it with --export blocks"},
		"two outputs":             {[]string{"preview", "a@contoso.com", "--export", "lines", "--tree"}, "leave out --tree"},
		"two formats":             {[]string{"preview", "a@contoso.com", "--export", "lines", "--json"}, "contradict"},
		"an export as ndjson":     {[]string{"snapshot", "export", "x", "--format", "ndjson"}, "csv, json, lines or blocks"},
		"a third snapshot":        {[]string{"snapshot", "diff", "a", "b", "c"}, "diff takes ID|NAME [ID|NAME|now]; 3 given"},
		"no snapshot":             {[]string{"snapshot", "show"}, "show takes ID|NAME; 0 given"},
		"no such subcommand":      {[]string{"snapshot", "delete", "x"}, `rollcall snapshot has no "delete"`},
	} {
		t.Run(name, func(t *testing.T) {
			a := s.run(test.args...)
			assert.Equal(t, 2, a.code)
			assert.Empty(t, a.stdout)
			assert.Contains(t, a.stderr, test.says)
		})
	}
	assert.Empty(t, s.connections, "nothing is opened for wrong usage")
}

// closed is a stdout that nobody reads any more.
type closed struct{}

func (closed) Write([]byte) (int, error) { return 0, errors.New("broken pipe") }

func TestAnOutputThatCannotBeWrittenIsAFailure(t *testing.T) {
	s := newShell(t)
	id := s.approve("")
	for _, args := range [][]string{
		{"preview", "all-staff@contoso.com"},
		{"preview", "all-staff@contoso.com", "--export", "lines"},
		{"snapshot", "list"},
		{"snapshot", "show", id},
		{"snapshot", "export", id},
		{"snapshot", "diff", id},
	} {
		s.stdout = closed{}
		a := s.run(args...)
		assert.Equal(t, 1, a.code, args)
		assert.Contains(t, a.stderr, "broken pipe")
	}
}
