package tui

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// testGraph is a nesting by name: "a" holds "b" and "c", and so on.
type testGraph map[string][]string

func (g testGraph) tree(roots ...string) *tree[string] {
	t := newTree(func(s string) string { return s }, func(s string) []string { return g[s] })
	t.SetHeight(20)
	t.SetRoots(roots)
	return t
}

func treeText(t *tree[string]) string {
	var b strings.Builder
	lines, cursor := t.Window()
	for i, l := range lines {
		mark := " "
		if i == cursor {
			mark = ">"
		}
		b.WriteString(mark + l.branches + l.item)
		if l.again {
			b.WriteString(" again")
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func TestTreeShowsOnlyWhatIsExpanded(t *testing.T) {
	tr := testGraph{"a": {"b", "c"}, "b": {"d"}}.tree("a", "e")
	assert.Equal(t, ">a\n e\n", treeText(tr))

	tr.Expand()
	assert.Equal(t, ">a\n ├─ b\n └─ c\n e\n", treeText(tr))

	tr.Expand() // on an open line: to the first child
	tr.Expand()
	assert.Equal(t, " a\n>├─ b\n │  └─ d\n └─ c\n e\n", treeText(tr))

	tr.Move(1)
	tr.Collapse() // on a leaf: to the parent
	assert.Equal(t, " a\n>├─ b\n │  └─ d\n └─ c\n e\n", treeText(tr))
	tr.Toggle()
	assert.Equal(t, " a\n>├─ b\n └─ c\n e\n", treeText(tr))
}

func TestTreeStopsAtACycle(t *testing.T) {
	tr := testGraph{"a": {"b"}, "b": {"a", "c"}}.tree("a")
	tr.ExpandTo(10, 100)
	assert.Equal(t, ">a\n └─ b\n    ├─ a again\n    └─ c\n", treeText(tr))

	tr.Move(2)
	before := tr.Len()
	tr.Toggle()
	assert.Equal(t, before, tr.Len(), "a list inside itself is not expanded again")
}

func TestTreeKeepsTheCursorByPath(t *testing.T) {
	g := testGraph{"a": {"x"}, "b": {"x"}}
	tr := g.tree("a", "b")
	tr.ExpandTo(1, 100)
	tr.Move(3) // x under b, not x under a
	require.Equal(t, " a\n └─ x\n b\n>└─ x\n", treeText(tr))

	tr.SetRoots([]string{"0", "a", "b"})
	assert.Equal(t, " 0\n a\n └─ x\n b\n>└─ x\n", treeText(tr), "the same line keeps the cursor when lines appear above it")

	g["b"] = nil
	tr.SetRoots([]string{"0", "a", "b"})
	assert.Equal(t, " 0\n a\n └─ x\n>b\n", treeText(tr), "a vanished line leaves the cursor on its parent")
}

func TestTreeWindowFollowsTheCursor(t *testing.T) {
	tr := testGraph{}.tree("a", "b", "c", "d", "e")
	tr.SetHeight(2)
	tr.Move(3)
	assert.Equal(t, " c\n>d\n", treeText(tr))
	tr.Move(-2)
	assert.Equal(t, ">b\n c\n", treeText(tr))
	tr.Move(100)
	assert.Equal(t, " d\n>e\n", treeText(tr))
	tr.SetRoots([]string{"a"})
	assert.Equal(t, ">a\n", treeText(tr))
	tr.SetRoots(nil)
	assert.Empty(t, treeText(tr))
	_, ok := tr.Current()
	assert.False(t, ok)
}

func TestTreeExpansionIsBounded(t *testing.T) {
	wide := testGraph{}
	for i := range 26 {
		name := string(rune('a' + i))
		for j := range 26 {
			wide[name] = append(wide[name], name+string(rune('a'+j)))
		}
		wide["root"] = append(wide["root"], name)
	}
	tr := wide.tree("root")
	tr.ExpandTo(5, 20)
	assert.Equal(t, 27, tr.Len(), "the level that goes beyond the budget is the last one")
}
