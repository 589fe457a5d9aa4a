package cli_test

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// structure is what a preview said of the nested lists: what must not be on any
// disk.
type structure struct{ ids, addresses, names []string }

// previewed runs a preview in a process of its own and returns its nested
// lists, but for those that were entered.
func (m *machine) previewed(args ...string) structure {
	m.t.Helper()
	a := m.run(append(append([]string{"preview"}, args...), "--demo", "--json")...)
	require.Zero(m.t, a.code, a.stderr)
	var preview struct {
		Groups []struct{ ID, DisplayName, Mail string }
	}
	require.NoError(m.t, json.Unmarshal([]byte(a.stdout), &preview))
	var s structure
	for _, g := range preview.Groups {
		if slices.ContainsFunc(args, func(entry string) bool { return strings.TrimPrefix(entry, "--exclude=") == g.Mail }) {
			continue
		}
		for _, known := range []struct {
			list *[]string
			text string
		}{{&s.ids, g.ID}, {&s.addresses, g.Mail}, {&s.names, g.DisplayName}} {
			if known.text != "" {
				*known.list = append(*known.list, known.text)
			}
		}
	}
	return s
}

// disk is the content of every file below the machine's home, by its path.
func (m *machine) disk() map[string]string {
	m.t.Helper()
	files := map[string]string{}
	require.NoError(m.t, filepath.WalkDir(m.home, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		data, err := os.ReadFile(path)
		files[strings.TrimPrefix(path, m.home)] = string(data)
		return err
	}))
	return files
}

// found returns what of the structure stands in a text: ids and addresses in any
// letter case, all of it as UTF-8 and as UTF-16, and ids as bytes too.
func (s structure) found(text string) []string {
	lower := strings.ToLower(text)
	var hits []string
	look := func(in string, list []string, spell func(string) string) {
		for _, known := range list {
			plain := spell(known)
			var wide strings.Builder
			for _, b := range []byte(plain) {
				wide.Write([]byte{b, 0})
			}
			hit := strings.Contains(in, plain) || strings.Contains(in, wide.String())
			if id, err := uuid.Parse(known); err == nil {
				mixed := id // as Windows writes a GUID
				slices.Reverse(mixed[:4])
				slices.Reverse(mixed[4:6])
				slices.Reverse(mixed[6:8])
				hit = hit || strings.Contains(text, string(id[:])) || strings.Contains(text, string(mixed[:]))
			}
			if hit {
				hits = append(hits, known)
			}
		}
	}
	look(lower, s.ids, strings.ToLower)
	look(lower, s.addresses, strings.ToLower)
	look(text, s.names, func(name string) string { return name })
	return hits
}

func TestNothingOfAListsStructureIsOnDiskUnlessTheProfileKeepsIt(t *testing.T) {
	m := newMachine(t)
	temporary := filepath.Join(m.home, "tmp")
	require.NoError(t, os.Mkdir(temporary, 0o700))
	m.env = append(m.env, "TMPDIR="+temporary)
	require.Zero(t, m.run("sync", "--demo").code)
	const ledger = "/.local/share/rollcall/demo/ledger.db"
	before := m.disk()
	require.Contains(t, before, ledger)

	lists := m.previewed("all-staff@contoso.com", "leadership@contoso.com")
	require.Greater(t, len(lists.ids), 30)
	require.Greater(t, len(lists.names), 30)
	require.Contains(t, lists.addresses, "emea-all@contoso.com", "a dynamic list, which Exchange alone shows")
	assert.Equal(t, before, m.disk(), "a preview writes nothing at all")

	audience := []string{"all-staff@contoso.com", "--exclude=leadership@contoso.com"}
	approve := func(args ...string) {
		a := m.run(slices.Concat([]string{"preview"}, audience, []string{"--demo", "--approve"}, args)...)
		require.Zero(t, a.code, a.stderr)
	}
	approve("--name", "All hands")
	after := m.disk()
	for _, entered := range []string{"All hands", "all-staff@contoso.com", "leadership@contoso.com"} {
		assert.Contains(t, after[ledger], entered, "what was entered stands in the snapshot")
	}
	assert.Empty(t, lists.found(after[ledger]))
	delete(before, ledger)
	delete(after, ledger)
	assert.Equal(t, before, after, "an approval is written to the ledger and nowhere else")

	configuration := filepath.Join(m.home, "config.toml")
	require.NoError(t, os.WriteFile(configuration, []byte("[profile.demo]\nkeep_structure = true\n"), 0o600))
	before = m.disk()
	included := m.previewed(append(audience, "--config", configuration)...)
	assert.Equal(t, before, m.disk(), "a preview that nobody approves is kept nowhere")
	approve("--name", "With lists", "--config", configuration)
	assert.Subset(t, lists.found(m.disk()[ledger]), slices.Concat(included.ids, included.addresses, included.names), "the snapshot holds the lists where the profile says so")
}
