package tui

import (
	"encoding/base64"
	"os"
	"path/filepath"
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
		s.shows("all 60 users of the directory (nobody is marked)")
		s.press("esc", "/")
		s.send(tea.PasteMsg{Content: "member sales"})
		s.settle()
		s.press("enter", "L")
		s.shows("the 8 users shown (nobody is marked)")
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
		s.shows(`-eq "Engineering" -and user.country -eq "Czechia"`)
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
	assert.NotContains(t, text, "00000000", "the manager narrows apart")
	assert.Empty(t, narrowingRule(nil))
}

func TestCopyGoesToTheTerminalAndSaysSo(t *testing.T) {
	onScreen(t, syncedTenant, 80, 24, Options{NoSync: true}, func(s *screen) {
		s.press("y")
		assert.Equal(t, "user0001@contoso.com", s.clipboard())
		s.shows("user0001@contoso.com sent to the terminal's clipboard")
		s.press("space", "space", "y")
		assert.Equal(t, "user0001@contoso.com\nuser0002@contoso.com\n", s.clipboard())
		s.shows("2 addresses sent to the terminal's clipboard")
		s.press("*", "y")
		s.shows("59 addresses (1 user has none) sent")
		s.send(copyMsg{text: strings.Repeat("x", maxClipboard)})
		s.settle()
		s.shows("Too much for the clipboard")
	})
}

// clipboard is what was last sent to the terminal's clipboard.
func (s *screen) clipboard() string {
	s.t.Helper()
	written := s.out.after(0)
	const begin = "\x1b]52;c;"
	i := strings.LastIndex(written, begin)
	require.GreaterOrEqual(s.t, i, 0)
	encoded, _, _ := strings.Cut(written[i+len(begin):], "\a")
	text, err := base64.StdEncoding.DecodeString(encoded)
	require.NoError(s.t, err)
	return string(text)
}

func TestAddressesTooManyForAClipboardGoToAFile(t *testing.T) {
	tenant := func() *fakeTenant {
		var users []model.User
		for i := range 4000 {
			users = append(users, testUser(i+1, "Member "+count(i), "Sales", "Engineer", "Prague", "Czechia"))
		}
		return newFakeTenant(users).synced()
	}
	onScreen(t, tenant, 120, 40, Options{NoSync: true}, func(s *screen) {
		s.press("*", "y")
		s.shows("4,000 addresses are more than the clipboard of a terminal takes (74 KB)")
		s.press("e")
		s.shows("Write the addresses of 4,000 marked users")
		path := filepath.Join(t.TempDir(), "addresses.txt")
		s.press("ctrl+u")
		s.send(tea.PasteMsg{Content: path})
		s.press("enter")
		s.shows("Written: ")
		content, err := os.ReadFile(path)
		require.NoError(t, err)
		assert.Equal(t, 4000, strings.Count(string(content), "@contoso.com\n"))
	})
}

func TestColumnsAreChosenAndOrdered(t *testing.T) {
	onEachSize(t, syncedTenant, Options{NoSync: true}, func(s *screen, suffix string) {
		s.press("c", "j", "space", "G", "k", "k", "k", "K") // Department goes; the last ones have nothing to move before
		s.press("g", "j", "J")
		s.golden("columns" + suffix)
		s.press("esc")
		s.shows("Department")
		s.press("c", "j", "space", "j", "K", "K", "enter")
		heading := strings.Split(s.text(), "\n")[2]
		assert.Regexp(t, "Office +Name ▲ +Title", heading)
		assert.NotContains(t, heading, "Department")
		s.press("s", "d", "e", "p", "enter")
		s.shows("by Department ▲")
		s.press("c", "u", "enter")
		s.shows("Department ▲")
		s.press("c", "space", "space", "space", "space", "space", "enter") // one column has to stay
		assert.Len(t, s.directory().columns, 1)
	})
}

func TestTheFilterStandsInTheBorderAndMovesNothing(t *testing.T) {
	onScreen(t, syncedTenant, 80, 24, Options{NoSync: true}, func(s *screen) {
		rows := func() string {
			text := strings.ReplaceAll(s.text(), "▸", " ") // the cursor's sign: the focus moves
			return text[strings.Index(text, "Name ▲"):strings.Index(text, "╰")]
		}
		before := rows()
		s.press("/")
		assert.Equal(t, before, rows())
		s.press("m", "e", "m", "enter")
		s.shows("Directory ▸ / mem")
		s.press("f", "enter", "enter")
		s.shows("Directory ▸ department: Finance ▸ / mem")
		s.press("/")
		s.send(tea.PasteMsg{Content: strings.Repeat(" and more", 20)})
		s.settle()
		s.shows("0 of 60")
		s.shows("more")
	})
}

func TestASlowSearchSaysThatItRuns(t *testing.T) {
	onScreen(t, syncedTenant, 80, 24, Options{NoSync: true}, func(s *screen) {
		p := s.directory()
		p.filter.SetValue("vance")
		search := p.ask() // begins when it is run
		p.Handle(querySlowMsg{p.queries - 1})
		assert.NotContains(t, p.Draw(), "searching", "that was the search before")
		p.Handle(querySlowMsg{p.queries})
		assert.Contains(t, p.Draw(), "searching … 60 users")
		for _, cmd := range search().(tea.BatchMsg) {
			s.send(cmd())
		}
		s.settle()
		s.shows(" 1 of 60 ")
		p.filter.SetValue("")
		again := p.refresh()
		p.filter.SetValue("vance")
		p.asked = p.shown
		p.Handle(querySlowMsg{p.queries})
		assert.NotContains(t, p.Draw(), "searching", "the same is asked of newer data")
		assert.NotNil(t, again)
	})
}

func TestAFieldThatIsNotSyncedIsNamedInPlaceOfRows(t *testing.T) {
	onScreen(t, syncedTenant, 80, 24, Options{NoSync: true}, func(s *screen) {
		p := s.directory()
		p.Handle(userRowsMsg{query: p.asked, err: &model.Error{Kind: model.KindUsage, Code: "attributeNotSynced", Message: "user.city is not synced in this profile", Remedy: "add it"}})
		s.press("j")
		s.shows("✗ user.city is not synced in this profile")
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
