package cli_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestASegmentLivesFromProcessToProcess(t *testing.T) {
	m := newMachine(t)
	m.serve("--users", "300")
	const broad, narrow = `user.department –in ["Sales", "Marketing"]`, `user.department -eq "Sales"`

	count := func(args ...string) any {
		t.Helper()
		return m.runJSON(0, append([]string{"users", "--count"}, args...)...)["count"]
	}
	saved := m.runJSON(0, "segment", "save", "Sellers", broad, "--note", "for the fair")
	both := count("--segment", "sellers")
	assert.Equal(t, saved["count"], both)
	assert.Equal(t, count("--where", broad), both)

	changed := m.runJSON(0, "segment", "save", "SELLERS", narrow)
	sales := count("--segment", "Sellers")
	require.Less(t, sales, both)
	assert.Equal(t, map[string]any{"before": both, "after": sales, "gained": 0.0, "lost": both.(float64) - sales.(float64)}, changed["change"])

	compared := m.runJSON(0, "segment", "compare", "Sellers")
	assert.Empty(t, compared["gained"])
	lost := compared["lost"].([]any)
	assert.Len(t, lost, int(both.(float64)-sales.(float64)))
	assert.Equal(t, count("--where", `user.department -eq "Marketing"`), float64(len(lost)))

	undone := m.runJSON(0, "segment", "undo", "Sellers")
	assert.Equal(t, broad, undone["rule"])
	assert.Equal(t, both, count("--segment", "Sellers"))

	m.runJSON(0, "segment", "rename", "Sellers", "Fair")
	require.Zero(t, m.run("segment", "delete", "Fair").code)
	assert.Equal(t, 2, m.run("users", "--segment", "Fair").code)
	assert.Equal(t, both, m.runJSON(0, "segment", "undo", "fair")["count"])
	versions := m.runJSON(0, "segment", "versions", "Fair")["versions"].([]any)
	assert.Len(t, versions, 6)
	assert.Equal(t, "for the fair", versions[0].(map[string]any)["note"])

	for as, want := range map[string]string{
		"entra": `user.department -in ["Sales", "Marketing"]` + "\n",
		"odata": "department in ('Sales','Marketing')\n",
	} {
		a := m.run("segment", "export", "Fair", "--as", as)
		assert.Zero(t, a.code, a.stderr)
		assert.Equal(t, want, a.stdout)
		assert.Empty(t, a.stderr, "nobody watches")
	}
	all, within := m.runJSON(0, "preview", "segment:Fair"), m.runJSON(0, "preview", "segment:Fair", "--within", "rule:"+narrow)
	unique := func(preview map[string]any) float64 {
		return preview["recipients"].(map[string]any)["unique"].(float64)
	}
	assert.Equal(t, unique(m.runJSON(0, "preview", "rule:"+narrow)), unique(within))
	assert.Equal(t, unique(all)-unique(within), within["outside"])
}
