package tui

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/model"
	"rollcall/model/workspace"
)

// TestTheWalkOfASegment builds a rule by rows, breaks it in the text, repairs
// it, saves it, opens it again, changes it, compares its versions and undoes.
func TestTheWalkOfASegment(t *testing.T) {
	onEachSize(t, livingTenant, Options{NoSync: true}, func(s *screen, suffix string) {
		s.press("2", "n")
		s.typed("department")
		s.press("tab", "tab")
		s.typed("Sales")
		s.press("ctrl+n")
		s.typed("country")
		s.press("tab", "tab")
		s.typed("Japan")
		s.shows("4 of 60 users")

		s.press("ctrl+t", "end", "backspace")
		s.typed(` -and user.cty -eq "x"`)
		s.shows("✗")
		s.hides("4 of 60 users")
		for range len(` -and user.cty -eq "x"`) {
			s.press("backspace")
		}
		s.typed(`"`)
		s.shows("4 of 60 users")

		s.press("ctrl+s")
		s.typed("Sales Japan")
		s.press("enter")
		s.shows("Saved segment Sales Japan")
		require.Len(t, s.tenant.savedSegments(), 3)

		s.pass(time.Hour)
		s.press("enter", "ctrl+t", "ctrl+u")
		s.typed(`user.department -in ["Sales", "Finance"] -and user.country -eq "Japan"`)
		s.shows("+ 4 gained")
		s.press("ctrl+s")
		s.shows("Saved segment Sales Japan")

		s.press("v")
		s.shows("From version 1 to version 2, the present one")
		s.golden("segments-versions" + suffix)
		s.press("tab")
		s.shows("Lost: nobody · tab shows who is selected")
		s.press("j")
		s.shows("Version 1")
		s.shows("4 users")

		s.press("enter")
		s.shows("Restore version 1 of Sales Japan?")
		s.wait(confirmGrace)
		s.press("y")
		s.shows("Restored version 1 of Sales Japan")
		s.shows("version 1 again")
		assert.Contains(t, s.segment("Sales Japan").Rule, `-eq "Sales"`)
		s.press("u")
		s.shows("version 2 again")
		assert.Contains(t, s.segment("Sales Japan").Rule, `"Finance"`)

		s.wait(10 * time.Second) // the notices go
		s.press("G", "space", "k", "k", "space")
		s.shows("2 of 2 marked")
		s.shows("From version 1 to version 3")
		s.shows("the same users in both versions")
		s.golden("segments-versions-marked" + suffix)

		s.press("esc", "u")
		s.shows("Took back the last change of Sales Japan")
		assert.Contains(t, s.segment("Sales Japan").Rule, `-eq "Sales"`)
	})
}

// segment is a saved segment.
func (s *screen) segment(name string) workspace.Segment {
	s.t.Helper()
	for _, saved := range s.tenant.savedSegments() {
		if saved.Name == name {
			return saved
		}
	}
	require.Fail(s.t, "there is no segment "+name)
	return workspace.Segment{}
}

func TestSegmentIsRenamedAndNoted(t *testing.T) {
	onEachSize(t, livingTenant, Options{NoSync: true}, func(s *screen, suffix string) {
		s.press("2", "r", "ctrl+u")
		s.typed("everybody")
		s.press("enter")
		s.shows(`There is a segment "Everybody" already`)
		s.press("ctrl+u")
		s.typed("Makers")
		s.press("enter")
		s.shows("Renamed Engineers to Makers")
		s.press("G") // Everybody, then Makers: the list stays in order
		s.shows("▸ Makers")

		s.press("N")
		s.typed("The monthly newsletter of the makers, asked for by Miriam")
		s.press("enter")
		s.shows("Saved the note on Makers")
		s.wait(10 * time.Second) // the notices go
		s.shows("The monthly newsletter of the makers")
		s.shows("version 3")
		s.golden("segments-noted" + suffix)

		s.press("v")
		s.shows("note: The monthly")
		s.shows("renamed from Engineers")
		s.press("j", "c")
		s.shows("From version 2 to version 3")
		s.press("c", "esc")
		s.press("u", "u", "u")
		assert.Equal(t, "", s.segment("Makers").Note, "u undoes and takes back the undoing by turns")
	})
}

func TestDeletedSegmentsAreListedAndRestored(t *testing.T) {
	onEachSize(t, livingTenant, Options{NoSync: true}, func(s *screen, suffix string) {
		s.press("2", "D")
		s.shows("No segment is deleted")
		s.press("d")
		s.wait(confirmGrace)
		s.press("y", "j", "D")
		s.golden("segments-deleted" + suffix)
		s.press("enter")
		s.shows("Versions of Engineers")
		s.shows("+ deleted")
		s.press("enter")
		s.shows("this version is the deletion")
		s.press("j", "enter")
		s.wait(confirmGrace)
		s.press("y")
		s.shows("Restored version 1 of Engineers")
		s.press("esc")
		s.shows("▸ Engineers")

		save := func(name string) {
			s.press("n", "ctrl+t")
			s.typed(`user.department -eq "Sales"`)
			s.press("ctrl+s")
			s.typed(name)
			s.press("enter")
		}
		save("Sellers")
		s.press("d")
		s.wait(confirmGrace)
		s.press("y")
		save("sellers")
		s.press("D", "enter")
		s.shows("Versions of Sellers") // not of who has the name now
		s.press("u")
		s.shows(`There is a segment "sellers" already`)
	})
}

func TestSegmentIsExportedInEveryLanguage(t *testing.T) {
	onEachSize(t, syncedTenant, Options{NoSync: true}, func(s *screen, suffix string) {
		s.press("2", "x")
		s.golden("segments-export" + suffix)
		s.press("enter")
		s.shows("33 of 3,072 characters")
		s.press("y")
		assert.Equal(t, `user.department -eq "Engineering"`, s.clipboard())
		path := filepath.Join(t.TempDir(), "rule.txt")
		s.press("e", "ctrl+u")
		s.send(tea.PasteMsg{Content: path})
		s.press("enter")
		written, err := os.ReadFile(path)
		require.NoError(s.t, err)
		assert.Equal(t, "user.department -eq \"Engineering\"\n", string(written))

		path = filepath.Join(t.TempDir(), "users.csv")
		s.press("x")
		s.typed("csv")
		s.press("enter")
		s.shows("Write 15 users of Engineers as CSV")
		s.press("ctrl+u")
		s.send(tea.PasteMsg{Content: path})
		s.press("enter")
		written, err = os.ReadFile(path)
		require.NoError(s.t, err)
		assert.Contains(t, string(written), "displayName,department,jobTitle,officeLocation,mail,userPrincipalName,id\nAdele Vance,Engineering,")
		assert.Contains(t, string(written), `"'=HYPERLINK(""http://evil"")"`, "a formula is disarmed")
	})
}

func TestSearchAndFacetsBecomeASegment(t *testing.T) {
	onScreen(t, syncedTenant, 120, 40, Options{NoSync: true}, func(s *screen) {
		s.press("f", "enter", "enter", "/")
		s.typed("!member office:seattle")
		s.press("enter", "S")
		assert.Equal(t, paneSegments, s.root.current)
		segments := s.root.panes[paneSegments].(*segmentsPane)
		text := segments.current().rule()
		assert.Contains(t, text, `user.department -eq "Engineering" -and -not`)
		assert.Contains(t, text, `user.displayName -contains "member"`)
		assert.Contains(t, text, `user.physicalDeliveryOfficeName -contains "seattle"`)
		assert.Equal(t, s.directory().rows.Len(), segments.answers[segments.currentKey()].users)
	})
	onScreen(t, syncedTenant, 80, 24, Options{NoSync: true}, func(s *screen) {
		s.press("/")
		s.typed("vance")
		s.press("ctrl+s")
		s.shows("1 of 60 users")
		s.press("ctrl+s")
		s.typed("Vances")
		s.press("enter")
		assert.Contains(t, s.segment("Vances").Rule, `user.displayName -contains "vance"`)
	})
	for _, tt := range []struct{ name, search, want string }{
		{"a fuzzy word", "~vnc", "a rule has no such operator"},
		{"a part of a date", "employeeHireDate:2026", "a rule compares dates"},
		{"nothing", "", "everybody is shown"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			onScreen(t, syncedTenant, 120, 40, Options{NoSync: true}, func(s *screen) {
				s.press("/")
				s.typed(tt.search)
				s.press("enter", "S")
				s.shows(tt.want)
				assert.Equal(t, paneDirectory, s.root.current)
			})
		})
	}
	onScreen(t, syncedTenant, 120, 40, Options{NoSync: true}, func(s *screen) {
		s.send(visitReportsMsg{"00000000-0000-4000-8000-000000000001", "Adele Vance"})
		s.press("/")
		s.typed("aiko")
		s.press("enter", "S")
		s.shows("a rule on direct reports stands alone")
	})
}

func TestOneKeyTakesTheNearestName(t *testing.T) {
	onScreen(t, syncedTenant, 80, 24, Options{NoSync: true}, func(s *screen) {
		s.press("2", "n", "ctrl+y")
		s.shows("There is no suggestion to take")
		s.press("ctrl+t")
		s.typed(`user.departmant -eq "Sales"`)
		s.shows("did you mean user.department?")
		s.shows("ctrl-y takes user.department")
		s.press("ctrl+y")
		s.shows("15 of 60 users")
		editor := s.root.panes[paneSegments].(*segmentsPane).editor
		assert.Equal(t, `user.department -eq "Sales"`, editor.text.Value())
	})
}

func TestTypingOutlivesASyncAndAnotherSave(t *testing.T) {
	onScreen(t, livingTenant, 80, 24, Options{NoSync: true}, func(s *screen) {
		s.press("2", "enter", "ctrl+t", "end")
		s.typed(` -and user.city -eq "Par`)
		s.tenant.changes = []model.Change{{ID: s.tenant.users[0].ID, Removed: "deleted"}}
		s.send(startSyncMsg{})
		s.settle()
		s.shows("59")
		s.send(segmentsChangedMsg{})
		s.settle()
		s.typed(`is"`)
		s.shows(`-and user.city -eq "Paris"`)
		s.press("esc")
		s.shows("● not saved")
		s.press("u")
		s.wait(confirmGrace)
		s.press("y")
		s.hides("● not saved")
	})
}

func TestCountsAreKeptForTheNextStart(t *testing.T) {
	onScreen(t, livingTenant, 80, 24, Options{NoSync: true}, func(s *screen) {
		s.press("2")
		kept := s.segment("Engineers").LastCount
		require.NotNil(t, kept)
		assert.Equal(t, 15, kept.Users)

		p := s.root.panes[paneSegments].(*segmentsPane)
		uncounted := &segmentItem{key: "x", saved: &workspace.Segment{Name: "Old", LastCount: &workspace.SegmentCount{Users: 1204, At: testNow}}}
		assert.Contains(t, p.drawItem(uncounted, 30, false), "≈1,204")
		s.press("enter", "ctrl+t", "end")
		s.typed(" -and user.country -ne null")
		assert.Equal(t, kept, s.segment("Engineers").LastCount, "typing keeps no count")
		assert.Equal(t, 1, s.segment("Engineers").Version)
	})
}

func TestOneKeyTakesTheNearestValueByTheCursor(t *testing.T) {
	onScreen(t, syncedTenant, 120, 40, Options{NoSync: true}, func(s *screen) {
		s.press("2", "n", "ctrl+t")
		s.typed(`user.department -eq "Salse" -or user.country -eq "Japn"`)
		s.shows("0 of 60 users")
		s.shows("ctrl-y take Japan (16)")
		s.press("ctrl+y")
		s.shows("16 of 60 users")
		s.shows("ctrl-y take Sales (15)")
		s.press("ctrl+y")
		editor := s.root.panes[paneSegments].(*segmentsPane).editor
		assert.Equal(t, `user.department -eq "Sales" -or user.country -eq "Japan"`, editor.text.Value())
	})
}

func TestMembersAreReadOnceAndSaidToBeRead(t *testing.T) {
	const group = "10000000-0000-4000-8000-000000000001"
	tenant := func() *fakeTenant {
		t := syncedTenant()
		t.groups[group] = &model.Group{ID: group, DisplayName: "Crew", Kind: model.KindSecurity}
		for _, u := range t.users[:3] {
			t.members[group] = append(t.members[group], userObject(&u))
		}
		t.slow = make(chan struct{}, 1)
		return t
	}
	onScreen(t, tenant, 120, 40, Options{NoSync: true}, func(s *screen) {
		s.press("2", "n", "ctrl+t")
		s.send(tea.PasteMsg{Content: `user.memberOf -any (group.objectId -in ["` + group + `"])`})
		s.settle()
		s.shows("reading the members of the groups…")
		s.hides(" of 60 users")
		s.tenant.slow <- struct{}{}
		s.settle()
		s.shows("3 of 60 users")
		s.typed(" ") // nobody hands out a second token
		s.shows("3 of 60 users")
		s.hides("reading the members")
	})
}

func TestComparisonLeavesOutWhatBothRulesBeginWith(t *testing.T) {
	const a, b = `user.department -eq "Sales" -and user.country -eq "Japan"`, `user.department -eq "Sales" -and user.country -eq "Chile"`
	assert.Equal(t, 0, sharedStart(a, b, 80), "short rules are shown whole")
	assert.Equal(t, `-and user.country -eq "Japan"`, a[sharedStart(a, b, 20):])
	assert.Equal(t, 0, sharedStart(`user.city -eq "A"`, `user.city -eq "B"`, 4), "there is no clause before the difference")
}

func TestWhatALanguageCannotSayIsNamedClauseByClause(t *testing.T) {
	tenant := func() *fakeTenant {
		t := newFakeTenant(smallTenant()).synced()
		t.withSegments(workspace.Segment{Name: "Patterns", ChangedAt: testNow, Rule: `user.displayName -match "^A" -and user.department -ne "Sales" -and user.city -contains "ork"`})
		return t
	}
	onEachSize(t, tenant, Options{NoSync: true}, func(s *screen, suffix string) {
		s.press("2", "x")
		s.typed("filter")
		s.press("enter")
		s.golden("segments-refused" + suffix)
		s.shows(`user.displayName -match "^A"`)
		s.shows(`user.city -contains "ork"`)
		s.press("y")
		s.hides("sent to the terminal") // nothing that is nearly the same can be copied
		s.press("e")
		s.hides("Write it into a new file")
	})
	tenant = func() *fakeTenant {
		t := newFakeTenant(smallTenant()).synced()
		t.withSegments(workspace.Segment{Name: "Newcomers", ChangedAt: testNow, Rule: `user.department -ne "Sales" -and user.employeeHireDate -ge system.now -minus p30d`})
		return t
	}
	onEachSize(t, tenant, Options{NoSync: true}, func(s *screen, suffix string) {
		s.press("2", "x")
		s.typed("filter")
		s.press("enter")
		s.shows("It needs Graph's advanced query")
		s.golden("segments-filter" + suffix)
		s.press("e")
		s.shows("newcomers.odata.txt")
	})
}

func TestDirectoryWritesTheColumnsOfItsTableAsCSV(t *testing.T) {
	path := filepath.Join(t.TempDir(), "users.CSV")
	onScreen(t, syncedTenant, 120, 40, Options{NoSync: true}, func(s *screen) {
		s.press("/")
		s.typed("vance")
		s.press("enter", "e", "ctrl+u")
		s.send(tea.PasteMsg{Content: path})
		s.press("enter")
		written, err := os.ReadFile(path)
		require.NoError(s.t, err)
		assert.Equal(t, "displayName,department,jobTitle,officeLocation,mail\nAdele Vance,Engineering,Engineer,Seattle,user0001@contoso.com\n", string(written))
	})
}
