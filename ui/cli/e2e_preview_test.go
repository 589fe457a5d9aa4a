package cli_test

import (
	"bytes"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/graph/emulator"
	"rollcall/graph/emulator/seed"
)

// reach is whom a plain walk over the tenant's own data finds.
func reach(t *testing.T, tenant *seed.Tenant, list string) map[string]struct{} {
	t.Helper()
	group, ok := tenant.FindGroupByAddress(list)
	require.True(t, ok)
	return tenant.Reach(group, true)
}

// folded are the addresses of a JSON list in lower case.
func folded(list any) []string {
	addresses := []string{}
	for _, a := range list.([]any) {
		addresses = append(addresses, strings.ToLower(a.(string)))
	}
	slices.Sort(addresses)
	return addresses
}

// without are the keys of one set that another has not.
func without(a, b map[string]struct{}) []string {
	left := maps.Clone(a)
	maps.DeleteFunc(left, func(key string, _ struct{}) bool { _, ok := b[key]; return ok })
	return slices.AppendSeq([]string{}, slices.Values(slices.Sorted(maps.Keys(left))))
}

func TestAnApprovedAudienceIsComparedWithLaterDaysAcrossProcesses(t *testing.T) {
	const list = "all-staff@contoso.com"
	m := newMachine(t)
	server := m.joins(emulator.Options{Users: 400})
	before := reach(t, server.Tenant(), list)
	approved := m.runJSON(0, "preview", list, "--approve", "--name", "All hands")
	assert.Equal(t, slices.Sorted(maps.Keys(before)), folded(approved["addresses"]))
	same := m.runJSON(0, "snapshot", "diff", "All hands")
	assert.EqualValues(t, len(before), same["same"])

	server.Tenant().Churn(3, seed.Churn{Leavers: 15, Hires: 10, Renames: 12})
	after := reach(t, server.Tenant(), list)
	require.NotEqual(t, before, after)
	diff := m.runJSON(0, "snapshot", "diff", "all hands")
	joined, left := folded(diff["joined"]), folded(diff["left"])
	moved := 0
	for _, entry := range diff["moved"].([]any) {
		from, to := strings.ToLower(entry.(map[string]any)["from"].(string)), strings.ToLower(entry.(map[string]any)["to"].(string))
		joined, left = append(joined, to), append(left, from)
		moved++
	}
	slices.Sort(joined)
	slices.Sort(left)
	assert.Equal(t, without(after, before), joined)
	assert.Equal(t, without(before, after), left)
	assert.NotEmpty(t, left)
	assert.EqualValues(t, len(before), diff["same"].(float64)+float64(len(left)))
	assert.Equal(t, len(after)-len(joined), int(diff["same"].(float64)))

	second := m.runJSON(0, "preview", list, "--approve", "--name", "All hands")["snapshot"].(string)
	assert.Len(t, m.runJSON(0, "snapshot", "list")["snapshots"], 2)
	require.NoError(t, server.Close()) // what is kept here needs no tenant
	again := m.runJSON(0, "snapshot", "diff", approved["snapshot"].(string), second)
	for _, part := range []string{"joined", "left", "moved", "changedHands", "same"} {
		assert.Equal(t, diff[part], again[part], part)
	}
	assert.Len(t, again["moved"], moved)
	shown := m.runJSON(0, "snapshot", "show", approved["snapshot"].(string))
	assert.Equal(t, approved["addresses"], shown["addresses"])

	lines := m.run("snapshot", "export", approved["snapshot"].(string), "--as", "lines")
	require.Zero(t, lines.code, lines.stderr)
	assert.Len(t, strings.Fields(lines.stdout), len(before))
	blocks := m.run("snapshot", "export", approved["snapshot"].(string), "--as", "blocks", "--per-message", "100")
	require.Zero(t, blocks.code, blocks.stderr)
	assert.Equal(t, (len(before)+99)/100, len(strings.Split(blocks.stdout, "\n\n")))
	for block := range strings.SplitSeq(blocks.stdout, "\n\n") {
		assert.LessOrEqual(t, strings.Count(block, "@"), 100)
	}
	assert.Equal(t, strings.Fields(lines.stdout), strings.Fields(strings.ReplaceAll(blocks.stdout, ";", "")), "each once")
}

func TestExchangeIsAskedInTheDemoUnlessItIsTurnedOff(t *testing.T) {
	m := newMachine(t)
	tenant := seed.New(seed.Options{})
	all := reach(t, tenant, "all-staff@contoso.com")
	for _, mode := range []string{"admin-api", "ews", "off"} {
		t.Run(mode, func(t *testing.T) {
			preview := m.runJSON(0, "--demo", "preview", "all-staff@contoso.com", "--exchange", mode)
			assert.Equal(t, slices.Sorted(maps.Keys(all)), folded(preview["addresses"]))
			sources := make(map[string]int)
			stored := 0
			for _, g := range preview["groups"].([]any) {
				g := g.(map[string]any)
				sources[g["source"].(string)]++
				if g["stored"] == true {
					stored++
				}
			}
			want := map[string]string{"admin-api": "exchange-admin", "ews": "ews", "off": "graph"}[mode]
			assert.Equal(t, []string{want}, slices.Collect(maps.Keys(sources)), "every list of the demo is a distribution list")
			if mode == "off" {
				assert.Zero(t, stored)
				assert.NotEmpty(t, preview["notes"], "what Graph does not show is said")
			} else {
				assert.Positive(t, stored, "the dynamic list that is nested in it")
			}

			const dynamic = "emea-all@contoso.com"
			if mode == "off" {
				a := m.run("--demo", "preview", dynamic, "--exchange", mode)
				assert.Equal(t, 6, a.code)
				assert.Contains(t, a.stdout, "which only Exchange can expand: set exchange = \"admin-api\"")
				return
			}
			emea := m.runJSON(0, "--demo", "preview", dynamic, "--exchange", mode)
			assert.Positive(t, emea["recipients"].(map[string]any)["unique"])
			assert.Equal(t, "dynamicDistribution", emea["groups"].([]any)[0].(map[string]any)["kind"])
			assert.Equal(t, emea["addresses"], m.runJSON(0, "--demo", "preview", dynamic, "--within", "all-staff@contoso.com", "--exchange", mode)["addresses"])
		})
	}
	assert.Contains(t, m.run("--demo", "preview", "emea-all@contoso.com", "--tree").stdout, "by Exchange Online  [as last calculated]", "without a flag the demo asks Exchange")
}

func TestWhoeverStopsReadingEndsAnExportInSilence(t *testing.T) {
	m := newMachine(t)
	id := m.runJSON(0, "--demo", "preview", "all-staff@contoso.com", "--approve")["snapshot"].(string)
	path, err := binary()
	require.NoError(t, err)
	for _, args := range [][]string{
		{"--demo", "snapshot", "export", id, "--as", "lines"},
		{"--demo", "snapshot", "show", id, "--addresses"},
		{"--demo", "preview", "all-staff@contoso.com", "--export", "blocks", "--per-message", "10"},
	} {
		reader, writer, err := os.Pipe()
		require.NoError(t, err)
		require.NoError(t, reader.Close())
		cmd := exec.CommandContext(t.Context(), path, args...)
		cmd.Env, cmd.Dir, cmd.Stdout = m.env, m.home, writer
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		require.NoError(t, cmd.Start())
		require.NoError(t, writer.Close())
		require.Error(t, cmd.Wait())
		assert.Equal(t, syscall.SIGPIPE, cmd.ProcessState.Sys().(syscall.WaitStatus).Signal(), args)
		assert.Empty(t, stderr.String())
	}
	require.Zero(t, m.run("--demo", "snapshot", "show", id).code, "the files are whole")
}

func TestAPreviewWithoutANetworkSaysSo(t *testing.T) {
	m := newMachine(t)
	m.serve("--users", "60")
	m.runJSON(0, "sync")
	m.runJSON(0, "segment", "save", "Sales", `user.department -eq "Sales"`)
	m.env = append(m.env, "ROLLCALL_GRAPH_ENDPOINT=https://127.0.0.1:1", "ROLLCALL_AUTHORITY_HOST=https://127.0.0.1:1/")
	a := m.run("preview", "all-staff@contoso.com", "--timeout", "1s")
	assert.Equal(t, 5, a.code, a.stderr)
	assert.Empty(t, a.stdout)
	assert.Contains(t, a.stderr, "127.0.0.1:1")
	a = m.run("preview", "all-staff@contoso.com", "--export", "lines", "--timeout", "1s")
	assert.Equal(t, 5, a.code, a.stderr)
	assert.Empty(t, a.stdout, "no export is better than half of one")
	local := m.runJSON(0, "preview", "segment:Sales", "--timeout", "1s")
	assert.Equal(t, true, local["complete"], "what is kept here needs no network")
}

func TestAnEstimateStandsOnATerminalUntilTheNumberTakesItsPlace(t *testing.T) {
	m := newMachine(t)
	m.runJSON(0, "--demo", "sync")
	s := m.open(100, 24, "--demo", "--demo-latency", "200ms", "preview", "leadership@contoso.com")
	s.waitFor("≈ 1", "lists read")
	s.waitFor("116 unique recipients", "Leadership EMEA")
	assert.NotContains(t, s.screen(), "≈")
	assert.NotContains(t, s.screen(), "lists read")
}
