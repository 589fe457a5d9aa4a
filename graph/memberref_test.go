package graph

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/model/writeback"
)

// What is checked must be what is written on the wire: a path that only reads
// like a reference once it is decoded, or a query behind it, may be another
// object's to whoever answers.
func TestADeleteIsJudgedByWhatIsOnTheWire(t *testing.T) {
	var reached atomic.Int32
	c := serve(t, func(http.ResponseWriter, *http.Request) { reached.Add(1) })
	members := "/groups/" + guid(1) + "/members/"
	for _, path := range []string{
		members + guid(2) + "%2F$ref", members + guid(2) + "%2f%24ref", members + guid(2) + "/%24ref", members + guid(2) + "/$ref?", members + guid(2) + "/$ref?x=y",
		members + guid(2) + "/$ref?@id=" + guid(3), "/groups/" + guid(1) + "/members%2F" + guid(2) + "/$ref", members + guid(2) + "/$REF", members + guid(2) + "//$ref",
		members + guid(2) + "/./$ref", members + "../" + guid(2) + "/$ref", members + guid(2) + ";/$ref", members + "{" + guid(2) + "}/$ref", members + "00000000%2D0000-4000-8000-000000000002/$ref",
	} {
		for _, method := range []string{http.MethodDelete, "delete", "Delete"} {
			req, err := http.NewRequestWithContext(t.Context(), method, c.root.String()+path, nil)
			require.NoError(t, err, path)
			_, err = c.transport.RoundTrip(req)
			assert.Equal(t, "deleteRefused", asModelError(t, err).Code, "%s %s", method, path)
		}
	}
	// What stands in Opaque is sent in place of the path.
	req, err := http.NewRequestWithContext(t.Context(), http.MethodDelete, c.root.String()+members+guid(2)+"/$ref", nil)
	require.NoError(t, err)
	req.URL.Opaque = "/v1.0/users/" + guid(2)
	_, err = c.transport.RoundTrip(req)
	assert.Equal(t, "deleteRefused", asModelError(t, err).Code)
	assert.Zero(t, reached.Load())

	req.URL.Opaque = ""
	_, err = c.transport.RoundTrip(req)
	require.NoError(t, err)
	assert.EqualValues(t, 1, reached.Load(), "the reference itself may go")
}

// A redirect would carry what was approved for one path to another.
func TestNoWriteFollowsARedirect(t *testing.T) {
	for _, status := range []int{http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect} {
		var paths []string
		elsewhere := ""
		c := serve(t, func(w http.ResponseWriter, r *http.Request) {
			paths = append(paths, r.Method+" "+r.URL.Path)
			http.Redirect(w, r, elsewhere, status)
		})
		elsewhere = c.root.String() + "/groups/" + guid(1) + "/members/" + guid(3) + "/$ref"

		req, err := http.NewRequestWithContext(t.Context(), http.MethodDelete, c.root.String()+"/groups/"+guid(1)+"/members/"+guid(2)+"/$ref", nil)
		require.NoError(t, err)
		_, err = c.transport.do(t.Context(), c.http, req)
		require.Error(t, err)

		var r results
		require.Error(t, c.Write(t.Context(), groupID, ids(0, 1), nil, r.done))
		assert.Empty(t, r.rows)
		assert.Equal(t, []string{"DELETE /v1.0/groups/" + guid(1) + "/members/" + guid(2) + "/$ref", "POST /v1.0/$batch"}, paths)
	}
}

func TestReadsFollowARedirectWithinTheHost(t *testing.T) {
	handler, _ := inTurn(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/v1.0/elsewhere", http.StatusTemporaryRedirect)
	}, count("7"))
	n, err := serve(t, handler).UserCount(t.Context())
	require.NoError(t, err)
	assert.Equal(t, 7, n)

	handler, calls := inTurn(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, r.URL.Path, http.StatusTemporaryRedirect)
	})
	_, err = serve(t, handler).UserCount(t.Context())
	require.Error(t, err)
	assert.EqualValues(t, maxRedirects+1, calls.Load())
}

func TestIDsOfRowsThatAreNoneAreNotSent(t *testing.T) {
	var bodies []innerRequest
	c := serve(t, batchServer(t, func(q innerRequest) innerAnswer {
		bodies = append(bodies, q)
		return innerAnswer{status: 204}
	}, nil))
	odd := []string{"", "me", "../users/" + guid(1), guid(1) + "/", guid(1) + "?x", guid(1)[:35] + "/", guid(1)[:35] + "\n", "{" + guid(1)[:34] + "}", url.PathEscape(guid(1) + "/$ref"), strings.Repeat("０", 12)}
	var r results
	require.NoError(t, c.Write(t.Context(), groupID, odd, odd, r.done))
	assert.Empty(t, bodies)
	assert.Len(t, r.rows, 2*len(odd))
	for _, row := range r.rows {
		assert.Equal(t, writeback.OutcomeFailed, row.Outcome)
		assert.Equal(t, "userIdInvalid", row.Err.Code)
	}
}

// The whole house is read for whatever makes a DELETE. One place builds the one
// that there is, and three look whether a request is one.
func TestOnePlaceBuildsADelete(t *testing.T) {
	var builders, checks []string
	files := token.NewFileSet()
	require.NoError(t, filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "emulator" || d.Name() == "testdata" || len(d.Name()) > 2 && strings.HasPrefix(d.Name(), ".")):
			return filepath.SkipDir
		case d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		file, err := parser.ParseFile(files, path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		imports := func(path string) bool {
			return slices.ContainsFunc(file.Imports, func(i *ast.ImportSpec) bool { return strings.Contains(i.Path.Value, path) })
		}
		sdk := imports("microsoft")
		speaks := sdk || imports("net/http")
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.SelectorExpr:
				of, _ := n.X.(*ast.Ident)
				switch name := n.Sel.Name; {
				case name == "ToDeleteRequestInformation", name == "DELETE", sdk && name == "Delete" && (of == nil || of.Name != "slices"):
					builders = append(builders, filepath.Base(path))
				case name == "MethodDelete":
					checks = append(checks, filepath.Base(path))
				}
			case *ast.BasicLit:
				if speaks && n.Kind == token.STRING && strings.EqualFold(strings.Trim(n.Value, "`\""), "DELETE") {
					builders = append(builders, filepath.Base(path))
				}
			}
			return true
		})
		return nil
	}))
	assert.Equal(t, []string{"memberref.go"}, builders)
	assert.Equal(t, []string{"batch.go", "transport.go", "transport.go"}, checks)
}
