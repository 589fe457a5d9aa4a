package tui

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// idRows are rows that are nothing but their ids, and remember what was drawn.
type idRows struct {
	ids   []string
	drawn *[]int
}

func (r idRows) Len() int           { return len(r.ids) }
func (r idRows) ID(i int) string    { return r.ids[i] }
func (r idRows) Find(id string) int { return slices.Index(r.ids, id) }
func (r idRows) Cells(i int, cells []tableCell) {
	cells[0].text = r.ids[i]
	if r.drawn != nil {
		*r.drawn = append(*r.drawn, i)
	}
}

func numbered(n int) []string {
	ids := make([]string, n)
	for i := range ids {
		ids[i] = "row" + count(i)
	}
	return ids
}

func TestTableDrawsOnlyWhatIsSeen(t *testing.T) {
	var drawn []int
	table := newTable(darkTheme(), column{title: "Id", width: 10})
	table.SetSize(20, 11)
	table.SetRows(idRows{numbered(1000), &drawn})
	table.Handle(press("G"))
	table.Draw(true)
	assert.Equal(t, []int{990, 991, 992, 993, 994, 995, 996, 997, 998, 999}, drawn)
}

func TestTableCursorStaysOnItsRow(t *testing.T) {
	table := newTable(darkTheme(), column{title: "Id", width: 10})
	table.SetSize(20, 6)
	table.SetRows(idRows{ids: []string{"a", "b", "c", "d"}})
	table.Handle(press("j"))
	table.Handle(press("j"))
	require.Equal(t, "c", table.CursorID())
	table.SetRows(idRows{ids: []string{"x", "y", "a", "b", "c"}})
	assert.Equal(t, "c", table.CursorID())
	assert.Equal(t, 4, table.Cursor())
	table.SetRows(idRows{ids: []string{"a", "b"}})
	assert.Equal(t, "b", table.CursorID(), "the nearest when its row is gone")
	table.SetRows(idRows{})
	assert.Equal(t, -1, table.Cursor())
	assert.Empty(t, table.CursorID())
}

func TestUntouchedTableCursorStaysAtTheTop(t *testing.T) {
	table := newTable(darkTheme(), column{title: "Id", width: 10})
	table.SetSize(20, 6)
	table.SetRows(idRows{ids: []string{"m"}})
	table.SetRows(idRows{ids: []string{"a", "b", "m"}})
	assert.Equal(t, "a", table.CursorID())
}

func TestTableCursorComesBackToItsRow(t *testing.T) {
	table := newTable(darkTheme(), column{title: "Id", width: 10})
	table.SetSize(20, 6)
	table.SetRows(idRows{ids: numbered(100)})
	table.Handle(press("G"))
	require.Equal(t, "row99", table.CursorID())
	table.SetRows(idRows{ids: []string{"row3", "row4"}})
	assert.True(t, table.IsAstray())
	table.SetRows(idRows{})
	table.SetRows(idRows{ids: numbered(100)})
	assert.Equal(t, "row99", table.CursorID(), "it is among the rows again")
	assert.True(t, table.Want("row50"))
	assert.Equal(t, 50, table.Cursor())
	assert.False(t, table.Want("row200"))
	assert.Equal(t, 50, table.Cursor())
}

func TestTableRangeFollowsItsFirstRow(t *testing.T) {
	table := newTable(darkTheme(), column{title: "Id", width: 10})
	table.SetSize(20, 6)
	table.SetRows(idRows{ids: []string{"a", "b", "c", "d"}})
	table.Handle(press("j"))
	table.StartRange()
	table.Handle(press("j"))
	from, to, ok := table.Range()
	require.True(t, ok)
	assert.Equal(t, []int{1, 3}, []int{from, to})
	table.SetRows(idRows{ids: []string{"x", "c", "a", "b"}})
	from, to, _ = table.Range()
	assert.Equal(t, []int{1, 4}, []int{from, to}, "from b, now the last, up to the cursor on c")
	table.SetRows(idRows{ids: []string{"x", "c"}})
	assert.False(t, table.InRange())
}

func TestTableFillsItsAreaWhateverTheColumns(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		th := darkTheme()
		var columns []column
		for range rapid.IntRange(1, 6).Draw(t, "columns") {
			columns = append(columns, column{
				title: "Column", width: rapid.IntRange(1, 40).Draw(t, "width"), least: rapid.IntRange(0, 20).Draw(t, "least"),
				grows: rapid.Bool().Draw(t, "grows"), right: rapid.Bool().Draw(t, "right"), sort: int8(rapid.IntRange(-1, 1).Draw(t, "sort")),
			})
		}
		table := newTable(th, columns...)
		width, height := rapid.IntRange(1, 120).Draw(t, "total"), rapid.IntRange(1, 20).Draw(t, "height")
		table.SetSize(width, height)
		table.SetRows(idRows{ids: numbered(5)})
		lines := strings.Split(table.Draw(true), "\n")
		require.Len(t, lines, height)
		for _, l := range lines {
			require.Equal(t, width, th.width(l), "%q", l)
		}
	})
}

func TestBarShowsSomethingForLittleAndNothingForNone(t *testing.T) {
	assert.Empty(t, barText(0, 100, 8))
	assert.Equal(t, "▏", barText(1, 100_000, 8))
	assert.Equal(t, "████", barText(50, 100, 8))
	assert.Equal(t, "████████", barText(200, 100, 8))
	assert.Empty(t, barText(1, 0, 8))
}

func TestCodeGlyphsAreWhole(t *testing.T) {
	for r := '0'; r <= 'Z'; r++ {
		if r > '9' && r < 'A' {
			continue
		}
		glyph := codeGlyph(r)
		assert.NotEqual(t, codeGlyph('~'), glyph, "%c has a picture of its own", r)
		for _, row := range glyph {
			assert.Len(t, row, codeGlyphWidth, "%c", r)
		}
	}
	lines := largeCode("AB-9")
	assert.Len(t, lines, 3)
}

func TestQRCodeIsSquareAndDrawn(t *testing.T) {
	lines := qrLines(monoTheme(), "https://microsoft.com/devicelogin")
	require.NotEmpty(t, lines)
	for _, l := range lines {
		assert.Equal(t, ruler{}.width(lines[0]), ruler{}.width(l))
	}
	assert.InDelta(t, ruler{}.width(lines[0]), 2*len(lines), 1)
	assert.Nil(t, qrLines(monoTheme(), strings.Repeat("x", 5000)))
}
