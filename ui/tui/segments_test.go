package tui

import (
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/model"
	"rollcall/model/rule"
	"rollcall/model/workspace"
)

// typed presses one key for each character.
func (s *screen) typed(text string) {
	s.t.Helper()
	for _, r := range text {
		key := string(r)
		if r == ' ' {
			key = "space"
		}
		s.send(press(key))
	}
	s.settle()
}

// wait lets time pass.
func (s *screen) wait(d time.Duration) {
	s.t.Helper()
	time.Sleep(d) // fake time
	s.settle()
}

func TestSegmentsPaneIsEmptyAtFirst(t *testing.T) {
	tenant := func() *fakeTenant { return newFakeTenant(smallTenant()).synced() }
	onEachSize(t, tenant, Options{NoSync: true}, func(s *screen, suffix string) {
		s.press("2")
		s.golden("segments-empty" + suffix)
	})
}

func TestSegmentIsBuiltByRows(t *testing.T) {
	onScreen(t, syncedTenant, 120, 40, Options{NoSync: true}, func(s *screen) {
		s.press("2", "n")
		s.typed("depart")
		s.golden("segments-attribute-120x40")
		s.press("tab", "tab")
		s.typed("Sal")
		s.shows("Sales")
		s.shows(`user.department -eq "Sal"`)
		s.press("tab")
		s.shows(`user.department -eq "Sales"`)

		s.press("ctrl+n")
		s.typed("country")
		s.press("tab", "tab")
		s.typed("Japan")
		s.golden("segments-rows-120x40")

		s.press("ctrl+s")
		s.typed("Engineers")
		s.press("enter")
		s.shows("There is a segment of this name already")
		s.press("ctrl+u")
		s.typed("Sales Japan")
		s.press("enter")
		s.shows("Saved segment Sales Japan")

		require.Len(t, s.tenant.savedSegments(), 3)
		assert.Equal(t, "Sales Japan", s.tenant.savedSegments()[2].Name)
		assert.Equal(t, `user.department -eq "Sales" -and user.country -eq "Japan"`, s.tenant.savedSegments()[2].Rule)
	})
}

func TestSegmentBrokenInItsTextLosesNothing(t *testing.T) {
	onEachSize(t, syncedTenant, Options{NoSync: true}, func(s *screen, suffix string) {
		s.press("2", "enter", "ctrl+t", "end", "backspace")
		s.typed(`" -and user.departmant -eq "x"`)
		s.golden("segments-error" + suffix)

		s.press("1", "esc") // a digit is text here; esc goes back to the list
		s.press("3", "esc", "2")
		s.shows(`user.departmant -eq "x"1`)
		s.shows("● not saved")

		s.press("enter", "ctrl+u") // where it was left: in the text
		s.typed(`user.department -in ["Engineering", "Sales"]`)
		s.shows("gained")
		s.golden("segments-compared" + suffix)
	})
}

func TestSegmentListCountsAndDeletes(t *testing.T) {
	onEachSize(t, syncedTenant, Options{NoSync: true}, func(s *screen, suffix string) {
		s.press("2", "j")
		s.golden("segments" + suffix)
		s.press("d")
		s.press("y", "enter") // ignored: nobody can have read the question yet
		s.shows("Delete segment Everybody?")
		s.wait(confirmGrace)
		s.press("enter")
		assert.Len(t, s.tenant.savedSegments(), 2, "No is the default")

		s.press("d")
		s.wait(confirmGrace)
		s.press("y")
		s.hides("▸ Everybody")
		s.shows("Deleted segment Everybody; u undoes")
		require.Len(t, s.tenant.savedSegments(), 1)

		s.press("u")
		s.shows("▸ Everybody")
		require.Len(t, s.tenant.savedSegments(), 2)
		s.press("u")
		s.hides("▸ Everybody")
		require.Len(t, s.tenant.savedSegments(), 1, "undoing again takes the undoing back")
	})
}

func TestSegmentGoesToPreviewAndPlan(t *testing.T) {
	onScreen(t, syncedTenant, 120, 40, Options{NoSync: true}, func(s *screen) {
		s.press("2", "p")
		s.shows("segment:Engineers")
		s.shows("✓ unique and complete")
		s.press("2", "enter", "ctrl+t", "ctrl+u")
		s.typed(`user.country -eq "Japan"`)
		s.press("esc", "W")
		s.shows(`rule:user.country -eq "Japan"`)
	})
}

func TestSegmentsThatCannotBeReadSayWhy(t *testing.T) {
	tenant := func() *fakeTenant {
		t := syncedTenant()
		t.ledgerErr = &model.Error{Kind: model.KindFailed, Code: "ledger", Message: "the ledger cannot be read", Remedy: "check the disk"}
		return t
	}
	onScreen(t, tenant, 80, 24, Options{NoSync: true}, func(s *screen) {
		s.press("2")
		s.shows("The ledger cannot be read")
		s.shows("check the disk")

		s.tenant.ledgerErr = nil
		s.press("1", "2")
		s.shows("Engineers")
	})
}

func TestSegmentThatNoLongerCompilesShowsItsFaultOnItsRow(t *testing.T) {
	tenant := func() *fakeTenant {
		t := syncedTenant()
		t.withSegments(workspace.Segment{Name: "Shoes", Rule: `user.shoeSize -eq "44"`})
		return t
	}
	onEachSize(t, tenant, Options{NoSync: true}, func(s *screen, suffix string) {
		s.press("2")
		s.shows("✗Shoes: ")
		s.golden("segments-fault" + suffix)
		s.press("G")
		s.shows("▸✗Shoes")
		s.hides("Nothing you typed is lost") // nobody types
		s.press("enter")
		s.shows("Nothing you typed is lost")
	})
}

func TestANameOfASegmentNeverTurnsTheScreenAround(t *testing.T) {
	tenant := func() *fakeTenant {
		t := syncedTenant()
		t.withSegments(workspace.Segment{Name: "A\u202eevil\u2066", Rule: `user.department -eq "Sales"`})
		return t
	}
	onScreen(t, tenant, 80, 24, Options{NoSync: true}, func(s *screen) {
		for _, keys := range []string{"2", "enter", "esc v", "esc x", "esc r", "esc N", "esc d"} {
			s.press(strings.Fields(keys)...)
			s.shows("A\ufffdevil\ufffd")
			s.hides("\u202e")
			s.hides("\u2066evil")
		}
	})
}

func TestQuittingAsksBeforeAnUnsavedSegmentIsLost(t *testing.T) {
	onScreen(t, syncedTenant, 80, 24, Options{NoSync: true}, func(s *screen) {
		segments := s.root.panes[paneSegments].(*segmentsPane)
		s.press("2", "enter", "esc", "n", "esc")
		assert.Empty(t, segments.QuitWarning(), "a segment that was only looked at, or holds no rule, loses nothing")

		s.press("n", "ctrl+t")
		s.typed(`user.city -eq "Paris"`)
		s.press("ctrl+c")
		s.shows("Quit now?")
		s.shows("What was typed for (new segment) is not saved")
		s.wait(confirmGrace)
		s.press("enter") // No is the default
		s.hides("Quit now?")
		s.shows(`user.city -eq "Paris"`)

		s.press("esc", "1", "ctrl+c")
		s.shows("Quit now?") // wherever the administrator is
		s.press("esc", "2", "G", "enter", "ctrl+t", "end")
		s.typed(" ")
		assert.Contains(t, segments.QuitWarning(), "2 segments is not saved and would be lost: (new segment), Everybody")
	})
}

func TestEnterTakesTheOnlyValueThatWasMeant(t *testing.T) {
	for _, tt := range []struct{ name, operator, typed, want string }{
		{"the only value left is meant", "", "Sal", `user.department -eq "Sales"`},
		{"a value of its own stands", "", "Salt", `user.department -eq "Salt"`},
		{"among several what was typed stands", "", "e", `user.department -eq "e"`},
		{"an operator on a part takes a part", "s", "Sal", `user.department -startsWith "Sal"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			onScreen(t, syncedTenant, 120, 40, Options{NoSync: true}, func(s *screen) {
				s.press("2", "n")
				s.typed("department")
				s.press("tab")
				s.typed(tt.operator)
				s.press("tab")
				s.typed(tt.typed)
				s.press("enter")
				editor := s.root.panes[paneSegments].(*segmentsPane).editor
				assert.Equal(t, tt.want, editor.text.Value())
			})
		})
	}
	onScreen(t, syncedTenant, 120, 40, Options{NoSync: true}, func(s *screen) {
		s.press("2", "n")
		s.typed("department")
		s.press("tab", "tab")
		s.typed("e")
		s.press("down", "enter")
		s.shows(`user.department -eq "Engineering"`)
		editor := s.root.panes[paneSegments].(*segmentsPane).editor
		assert.Len(t, editor.outline.items, 1, "the next enter goes on")
		s.press("enter")
		assert.Len(t, editor.outline.items, 2)
	})
}

func TestRemarksThatFindNoRoomAreCountedOrCut(t *testing.T) {
	th := newRoot(t.Context(), Options{Workspace: newFakeTenant(nil).workspace(), Theme: "mono"}).theme
	remark := func(message string) rule.Diagnostic { return rule.Diagnostic{Severity: rule.Lint, Message: message} }
	short, long := remark("short"), remark("a remark that needs two lines of a narrow box")
	for name, tt := range map[string]struct {
		remarks []rule.Diagnostic
		most    int
		want    []string
	}{
		"all fit":                     {[]rule.Diagnostic{short, long}, 3, []string{"· short", "· a remark that needs two", "  lines of a narrow box"}},
		"the rest is counted":         {[]rule.Diagnostic{short, long, short}, 2, []string{"· short", "… and 2 more remarks"}},
		"no half of a further remark": {[]rule.Diagnostic{short, long}, 2, []string{"· short", "… and 1 more remark"}},
		"the first is cut":            {[]rule.Diagnostic{long, short}, 1, []string{"· a remark that needs two …"}},
		"the first takes all":         {[]rule.Diagnostic{long, short}, 2, []string{"· a remark that needs two", "  lines of a narrow box"}},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, l := range remarkLines(th, tt.remarks, nil, 30, tt.most) {
				got = append(got, ansi.Strip(l))
			}
			assert.Equal(t, tt.want, got)
		})
	}
}
