package tui

import (
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/model"
	"rollcall/model/rule"
	"rollcall/model/workspace"
)

// directory is the pane under test.
func (s *screen) directory() *directoryPane { return s.root.panes[paneDirectory].(*directoryPane) }

func TestMarkedUsersGoToWritebackAsAList(t *testing.T) {
	onScreen(t, syncedTenant, 120, 40, Options{NoSync: true}, func(s *screen) {
		s.press("space", "space")
		s.shows("2 marked")
		s.press("W")
		s.shows("2 marked users")
		s.shows("marked 2026-11-22 14:02")
		s.press("enter")
		assert.Equal(t, paneWriteback, s.root.current)
		s.shows("list:marked 2026-11-22 14:02")
		require.Len(t, s.tenant.lists, 1)
		assert.Equal(t, []string{"Adele Vance", "Aiko 田中"}, names(s.tenant.lists[0]))
	})
}

func names(l workspace.List) []string {
	var out []string
	for _, c := range l.Members {
		out = append(out, c.DisplayName)
	}
	return out
}

func TestNobodyMarkedMeansEverybodyShownAndTheDialogSaysSo(t *testing.T) {
	onScreen(t, syncedTenant, 80, 24, Options{NoSync: true}, func(s *screen) {
		s.press("L")
		s.shows("all 60 users of the directory, because nobody is marked")
		s.press("esc", "/")
		s.send(tea.PasteMsg{Content: "member sales"})
		s.settle()
		s.press("enter", "L")
		s.shows("all that are shown, because nobody is")
		s.send(tea.PasteMsg{Content: "Sellers"})
		s.press("enter")
		s.shows("Saved list Sellers: 8 users")
		s.press("L")
		s.send(tea.PasteMsg{Content: "sellers"})
		s.press("enter")
		s.shows(`There is a list "Sellers" already`)
		s.press("esc")
		assert.Len(t, s.tenant.lists, 1)
	})
}

func TestNarrowingBecomesASegment(t *testing.T) {
	onScreen(t, syncedTenant, 120, 40, Options{NoSync: true}, func(s *screen) {
		s.press("f", "enter", "enter", "f", "down", "enter", "enter", "S")
		assert.Equal(t, paneSegments, s.root.current)
		s.shows(`-eq "Engineering" -and user.jobTitle -eq "Engineer"`)
	})
}

func TestNarrowingRuleSelectsByKindOfValue(t *testing.T) {
	schema := model.FullSchema()
	list := []narrowing{
		{attribute: schema.Attribute(model.AttrDepartment), values: []string{`R&D "Labs" \ more`}},
		{attribute: schema.Attribute(model.AttrAccountEnabled), values: []string{"true"}},
		{attribute: schema.Attribute(model.AttrCity), values: []string{""}},
		{attribute: schema.Attribute(model.AttrCountry), values: []string{"Japan", "", "Czechia"}},
		{manager: "00000000-0000-4000-8000-000000000001"},
	}
	text := narrowingRule(list)
	parsed, diagnostics := rule.Parse(text)
	assert.Empty(t, diagnostics, text)
	assert.Equal(t, text, rule.Print(parsed.Root))
	assert.Contains(t, text, "user.accountEnabled -eq true")
	assert.Contains(t, text, "user.city -eq null")
	assert.Contains(t, text, `(user.country -eq null -or user.country -in ["Japan", "Czechia"])`)
	assert.NotContains(t, text, "00000000", "a rule cannot say who reports to whom")
	assert.Empty(t, narrowingRule(nil))
}

func TestDetailsShowEveryAttributeAndTheSegments(t *testing.T) {
	onScreen(t, syncedTenant, 80, 24, Options{NoSync: true}, func(s *screen) {
		s.press("enter")
		s.golden("directory-details-80x24")
		s.press("G", "pgdown", "pgdown")
		s.shows("Object id")
		s.press("esc")
		s.shows("60 users")
	})
}

func TestCopyGoesToTheTerminalAndSaysSo(t *testing.T) {
	onScreen(t, syncedTenant, 80, 24, Options{NoSync: true}, func(s *screen) {
		s.press("y")
		assert.Contains(t, s.out.after(0), "\x1b]52;c;")
		s.shows("user0001@contoso.com sent to the terminal's clipboard")
		s.send(copyMsg{text: strings.Repeat("x", maxClipboard)})
		s.settle()
		s.shows("Too much for the clipboard")
	})
}

func TestFilterKeepsTheCursorAtTheTop(t *testing.T) {
	onScreen(t, syncedTenant, 80, 24, Options{NoSync: true}, func(s *screen) {
		s.press("G", "/")
		s.send(tea.PasteMsg{Content: "member"})
		s.settle()
		assert.Zero(t, s.directory().table.Cursor())
		s.press("down", "down")
		assert.Equal(t, 2, s.directory().table.Cursor(), "the arrows move in the table while typing")
	})
}

func TestRangeMarksEverythingBetween(t *testing.T) {
	onScreen(t, syncedTenant, 80, 24, Options{NoSync: true}, func(s *screen) {
		s.press("j", "v", "j", "j")
		s.shows("range of 3: v marks")
		s.press("v")
		s.shows("3 marked")
		s.press("v", "esc")
		s.shows("3 marked")
	})
}

func TestUserWithABlankNameIsShownByItsAddress(t *testing.T) {
	tenant := func() *fakeTenant {
		users := smallTenant()
		users[0].Set(model.Field{Attr: model.AttrDisplayName, Value: "   "})
		return newFakeTenant(users).synced()
	}
	onScreen(t, tenant, 120, 40, Options{NoSync: true}, func(s *screen) {
		rows := &s.directory().rows
		for i := range rows.Len() {
			cells := make([]tableCell, len(rows.attributes))
			rows.Cells(i, cells)
			assert.NotEmpty(t, strings.TrimSpace(cells[0].text), rows.ID(i))
			if rows.ID(i) == "00000000-0000-4000-8000-000000000001" {
				assert.Equal(t, "user0001@contoso.com", cells[0].text)
			}
		}
	})
}

func TestPlaceNamedTwiceInARowStandsOnce(t *testing.T) {
	assert.Equal(t, "Pune, MH, India", place("Pune", "Pune", "MH", "India"))
	assert.Equal(t, "Luxembourg", place("", "Luxembourg", "", "luxembourg"))
	assert.Equal(t, "New York, NY, New York", place("New York", "NY", "New York"))
	assert.Empty(t, place("", "  "))
}
