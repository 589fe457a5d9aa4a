package main

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/graph/emulator/emulatortest"
)

func TestMain(m *testing.M) { emulatortest.Main(m) }

// deps returns what the packages import, directly and not, tests left out.
func deps(t *testing.T, pattern string) []string {
	t.Helper()
	out, err := exec.Command("go", "list", "-deps", pattern).Output()
	require.NoError(t, err)
	return strings.Fields(string(out))
}

// room is the part of the house a package of ours belongs to, "" for others.
func room(path string) string {
	rest, ok := strings.CutPrefix(path, "rollcall/")
	if !ok {
		return ""
	}
	name, _, _ := strings.Cut(rest, "/")
	return name
}

func TestRoomsImportOnlyWhatTheDesignAllows(t *testing.T) {
	for name, allowed := range map[string]string{
		"model": "model",
		"cache": "cache model",
		"graph": "graph model",
		"ui":    "ui model",
	} {
		t.Run(name, func(t *testing.T) {
			for _, path := range deps(t, "./"+name+"/...") {
				if r := room(path); r != "" {
					assert.Contains(t, strings.Fields(allowed), r, "%s may not import %s", name, path)
				}
			}
		})
	}
}

func TestTheModelKnowsNoNetworkDiskOrTerminal(t *testing.T) {
	for _, path := range deps(t, "./model/...") {
		for _, foreign := range []string{"net/http", "charm.land/", "go.etcd.io/bbolt", "github.com/Azure/", "github.com/microsoft"} {
			assert.False(t, strings.HasPrefix(path, foreign), "model reaches %s", path)
		}
	}
}

func TestTheModelOpensNoFileItself(t *testing.T) {
	out, err := exec.Command("go", "list", "-f", `{{range .Imports}}{{$.ImportPath}} {{.}}{{"\n"}}{{end}}`, "./model/...").Output()
	require.NoError(t, err)
	for line := range strings.Lines(string(out)) {
		importer, imported, _ := strings.Cut(strings.TrimSpace(line), " ")
		if importer != "rollcall/model/workspace/workspacetest" {
			assert.NotEqual(t, "os", imported, importer)
		}
	}
}

func TestTheSDKStaysOutOfModelAndScreens(t *testing.T) {
	for _, pattern := range []string{"./model/...", "./ui/...", "./cache/...", "./graph/signin/...", "./graph/emulator/..."} {
		for _, path := range deps(t, pattern) {
			assert.NotContains(t, path, "msgraph-sdk-go", "%s reaches %s", pattern, path)
		}
	}
}

func TestTestingLibrariesAreNotLinkedIntoTheBinary(t *testing.T) {
	for _, path := range deps(t, ".") {
		assert.NotEqual(t, "testing", path)
		assert.False(t, strings.HasPrefix(path, "github.com/stretchr/"), "the binary links %s", path)
		assert.False(t, strings.HasPrefix(path, "pgregory.net/"), "the binary links %s", path)
		assert.False(t, strings.HasSuffix(path, "test") && room(path) != "", "the binary links %s", path)
	}
}

func TestTheSDKsRootClientIsNotLinkedIntoTheBinary(t *testing.T) {
	assert.NotContains(t, deps(t, "."), "github.com/microsoftgraph/msgraph-sdk-go")
}
