package tui

import (
	"testing"

	"github.com/charmbracelet/x/ansi"
	"github.com/stretchr/testify/assert"

	"rollcall/model/workspace"
)

func TestAComparisonSaysWhatMakesItDoubtful(t *testing.T) {
	draw := func(c *workspace.Comparison) string {
		drawn := newComparisonDialog(shared{theme: darkTheme()}, c).Draw(80, 20)
		assert.NotContains(t, drawn, "\x1b[2J", "no service writes to the terminal")
		return ansi.Strip(drawn)
	}
	sure := draw(&workspace.Comparison{Complete: true, Left: []string{"ann@contoso.com"}})
	assert.NotContains(t, sure, "!")
	doubtful := draw(&workspace.Comparison{Left: []string{"ann@contoso.com"}, Unlike: "then Exchange\x1b[2J answered, and now Graph"})
	assert.Contains(t, doubtful, "! INCOMPLETE")
	assert.Contains(t, doubtful, "! NOT ALIKE: then Exchange")
}
