package emulatortest

import (
	"bytes"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"net/http"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/graph/emulator"
)

func TestMain(m *testing.M) { Main(m) }

// suite stands for a package's tests.
type suite func() int

func (s suite) Run() int { return s() }

// remove sends a DELETE; without a token it is refused, and counts all the same.
func remove(t *testing.T, s *emulator.Server, target string) {
	t.Helper()
	client := s.Client()
	defer client.CloseIdleConnections()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodDelete, s.GraphEndpoint()+"/v1.0"+target, nil)
	require.NoError(t, err)
	res, err := client.Do(req)
	require.NoError(t, err)
	res.Body.Close()
}

func start(t *testing.T) *emulator.Server {
	t.Helper()
	s, err := emulator.Start(t.Context(), emulator.Options{Users: 5})
	require.NoError(t, err)
	t.Cleanup(func() {
		s.ForgiveDeletes()
		assert.NoError(t, s.Close())
	})
	return s
}

func TestASuiteThatDeletesAnObjectFails(t *testing.T) {
	s := start(t)
	var said bytes.Buffer
	assert.Equal(t, 1, run(suite(func() int {
		remove(t, s, "/groups/g/members/u")
		remove(t, s, "/groups/g/members/u/$ref")
		return 0
	}), &said))
	assert.Contains(t, said.String(), "\tDELETE /v1.0/groups/g/members/u\n")
	assert.NotContains(t, said.String(), "u/$ref")
	said.Reset()
	s.ForgiveDeletes()
	assert.Equal(t, 0, run(suite(func() int { return 0 }), &said))
	assert.Empty(t, said.String())
}

func TestASuiteThatOnlyRemovesMembersKeepsItsResult(t *testing.T) {
	s := start(t)
	var said bytes.Buffer
	for code := range 3 {
		assert.Equal(t, code, run(suite(func() int {
			remove(t, s, "/groups/g/members/u/$ref")
			remove(t, s, "/groups/g/members/u/%24ref")
			remove(t, s, "/groups/g/members/$ref?@id=u")
			return code
		}), &said))
	}
	assert.Empty(t, said.String())
	sent, _ := emulator.Deletes()
	assert.GreaterOrEqual(t, sent, 9)
}

func TestWhatAnotherProcessWasSentCountsToo(t *testing.T) {
	flags, err := BuildFlags()
	require.NoError(t, err)
	file := flags[1][strings.LastIndexByte(flags[1], '=')+1:]
	var said bytes.Buffer
	assert.Equal(t, 1, run(suite(func() int {
		require.NoError(t, os.WriteFile(file, []byte("/v1.0/users/u\n"), 0o600))
		return 0
	}), &said))
	assert.Contains(t, said.String(), "\tDELETE /v1.0/users/u\n")
	assert.NoFileExists(t, file)
	assert.Equal(t, 0, run(suite(func() int { return 0 }), &said))
}

// unwatched are the folders of a module whose tests can start a tenant and are
// not run through this package.
func unwatched(module fs.FS) ([]string, error) {
	type folder struct{ tests, starts, watched bool }
	folders := make(map[string]*folder)
	err := fs.WalkDir(module, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && name != "." && (entry.Name() == "testdata" || strings.HasPrefix(entry.Name(), ".")):
			return fs.SkipDir
		case entry.IsDir() || !strings.HasSuffix(name, ".go"):
			return nil
		}
		source, err := fs.ReadFile(module, name)
		if err != nil {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, source, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		f := folders[path.Dir(name)]
		if f == nil {
			f = new(folder)
			folders[path.Dir(name)] = f
		}
		f.starts = f.starts || slices.ContainsFunc(file.Imports, func(i *ast.ImportSpec) bool {
			imported, err := strconv.Unquote(i.Path.Value)
			return err == nil && imported == "rollcall/graph/emulator"
		})
		if strings.HasSuffix(name, "_test.go") {
			f.tests, f.watched = true, f.watched || runsHere(file)
		}
		return nil
	})
	var out []string
	for name, f := range folders {
		if f.tests && f.starts && !f.watched {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out, err
}

// runsHere reports a TestMain that calls Main or Run of this package.
func runsHere(file *ast.File) bool {
	for _, d := range file.Decls {
		f, ok := d.(*ast.FuncDecl)
		if !ok || f.Recv != nil || f.Name.Name != "TestMain" {
			continue
		}
		calls := false
		ast.Inspect(f, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			switch fun := call.Fun.(type) {
			case *ast.SelectorExpr:
				x, ok := fun.X.(*ast.Ident)
				calls = calls || ok && x.Name == "emulatortest" && (fun.Sel.Name == "Main" || fun.Sel.Name == "Run")
			case *ast.Ident:
				calls = calls || file.Name.Name == "emulatortest" && fun.Name == "Main"
			}
			return true
		})
		if calls {
			return true
		}
	}
	return false
}

// module is the folder with go.mod.
func module(t *testing.T) fs.FS {
	t.Helper()
	for folder := "."; len(folder) < 100; folder = path.Join(folder, "..") {
		_, err := os.Stat(path.Join(folder, "go.mod"))
		if err == nil {
			return os.DirFS(folder)
		}
		require.True(t, errors.Is(err, fs.ErrNotExist), err)
	}
	require.Fail(t, "no folder above has a go.mod")
	return nil
}

func TestEveryPackageWhoseTestsStartATenantIsWatched(t *testing.T) {
	got, err := unwatched(module(t))
	require.NoError(t, err)
	assert.Empty(t, got, "write func TestMain(m *testing.M) { emulatortest.Main(m) }")
}

func TestAPackageThatIsNotWatchedIsFound(t *testing.T) {
	file := func(source string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(source)} }
	got, err := unwatched(fstest.MapFS{
		"bare/bare_test.go":           file("package bare\nimport \"rollcall/graph/emulator\"\nvar _ = emulator.Start"),
		"named/named_test.go":         file("package named\nimport e \"rollcall/graph/emulator\"\nvar _ = e.Start\nfunc TestMain(m *testing.M) { m.Run() }"),
		"linked/linked.go":            file("package linked\nimport _ \"rollcall/graph/emulator\""),
		"linked/linked_test.go":       file("package linked"),
		"good/good_test.go":           file("package good\nimport _ \"rollcall/graph/emulator\""),
		"good/main_test.go":           file("package good_test\nfunc TestMain(m *testing.M) { emulatortest.Main(m) }"),
		"after/after_test.go":         file("package after\nimport _ \"rollcall/graph/emulator\"\nfunc TestMain(m *testing.M) { os.Exit(emulatortest.Run(m)) }"),
		"untested/untested.go":        file("package untested\nimport _ \"rollcall/graph/emulator\""),
		"other/other_test.go":         file("package other\nimport _ \"rollcall/graph/emulator/seed\""),
		"other/testdata/odd_test.go":  file("package odd\nimport _ \"rollcall/graph/emulator\""),
		"method/method_test.go":       file("package method\nimport _ \"rollcall/graph/emulator\"\nfunc (s S) TestMain() { emulatortest.Main(s) }"),
		".hidden/deep/hidden_test.go": file("package hidden\nimport _ \"rollcall/graph/emulator\""),
	})
	require.NoError(t, err)
	assert.Equal(t, []string{"bare", "linked", "method", "named"}, got)
}
