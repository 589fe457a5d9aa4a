package cli

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/model/expansion"
	"rollcall/ui/text"
)

func TestHelpTopicsFitATerminalAndNeedNoTenant(t *testing.T) {
	s := newShell(t)
	for topic, says := range map[string][]string{
		"sources": {"EXCHANGE ONLINE", "dynamic distribution list    nothing", "Exchange.ManageV2", "EWS.AccessAsUser.All", "Recipient Management", "1 April 2027"},
		"entries": {"NAME or ID", "snapshot:NAME|ID", "file:PATH.csv"},
	} {
		t.Run(topic, func(t *testing.T) {
			out := s.ok("help", topic)
			for _, words := range says {
				assert.Contains(t, out, words)
			}
			for line := range strings.Lines(out) {
				assert.LessOrEqual(t, text.Width(strings.TrimSuffix(line, "\n")), 80, line)
			}
		})
	}
	assert.Contains(t, s.ok("--help"), "Which lists can be seen through Graph and Exchange")
	assert.Empty(t, s.connections)
}

func TestEveryKindOfListHasItsRowAndEveryReasonIsSaid(t *testing.T) {
	help := strings.Join(strings.Fields(sourcesHelp()), " ")
	for _, v := range expansion.Matrix() {
		assert.Contains(t, help, v.Kind.Label())
		for _, words := range []string{v.Reason, v.Remedy, v.Role, strings.Join(v.Permissions, ", "), strings.Join(v.Application, ", ")} {
			assert.Contains(t, help, words, "%s by %s", v.Kind, v.Source)
		}
	}
}

// sourcesMarkdown is the matrix as the README shows it.
func sourcesMarkdown() string {
	rows := expansion.Matrix()
	services := sources(rows)
	b := &strings.Builder{}
	b.WriteString("| list |")
	for _, source := range services {
		fmt.Fprintf(b, " %s |", source.Label())
	}
	fmt.Fprintf(b, "\n|---|%s\n", strings.Repeat("---|", len(services)))
	for chunk := range slices.Chunk(rows, len(services)) {
		fmt.Fprintf(b, "| %s |", chunk[0].Kind.Label())
		for _, v := range chunk {
			fmt.Fprintf(b, " %s |", sightLabel(v.Sight))
		}
		b.WriteString("\n")
	}
	b.WriteString("\n")
	for _, source := range services {
		fmt.Fprintf(b, "- **%s** needs %s.\n", source.Label(), needs(rows, source))
		for _, s := range alike(rows, source) {
			line := labels(s.kinds) + ": " + s.Reason
			if s.Remedy != "" {
				line += "; remedy: " + s.Remedy
			}
			fmt.Fprintf(b, "  - %s.\n", line)
		}
	}
	return b.String()
}

func TestTheReadmesTableOfSourcesIsThatOfTheProgram(t *testing.T) {
	const begin, end = "<!-- sources: go test ./ui/cli -run ReadmesTable -update -->\n", "<!-- end of sources -->\n"
	path := filepath.Join("..", "..", "README.md")
	readme, err := os.ReadFile(path)
	require.NoError(t, err)
	before, rest, ok := strings.Cut(string(readme), begin)
	require.True(t, ok)
	table, after, ok := strings.Cut(rest, end)
	require.True(t, ok)
	if flag.Lookup("update").Value.String() == "true" { // the flag of the end-to-end tests
		table = sourcesMarkdown()
		require.NoError(t, os.WriteFile(path, []byte(before+begin+table+end+after), 0o644))
	}
	assert.Equal(t, sourcesMarkdown(), table, "the README's table is stale: go test ./ui/cli -run ReadmesTable -update")
}
