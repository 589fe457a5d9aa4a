package tui

import (
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/model"
	"rollcall/model/audience"
	"rollcall/model/expansion"
	"rollcall/model/workspace"
)

// addGroup puts a group into the tenant.
func (t *fakeTenant) addGroup(n int, name string, kind model.GroupKind, members ...model.Object) *model.Group {
	g := &model.Group{ID: fmt.Sprintf("00000000-0000-4000-9000-%012d", n), DisplayName: name, Kind: kind}
	if kind != model.KindSecurity {
		g.Mail = strings.ReplaceAll(strings.ToLower(name), " ", "-") + "@contoso.com"
	}
	t.groups[g.ID] = g
	t.members[g.ID] = members
	return g
}

// usersFrom are the users from one number to before another, as members.
func (t *fakeTenant) usersFrom(from, to int) []model.Object {
	var out []model.Object
	for i := from; i < to; i++ {
		out = append(out, userObject(&t.users[i]))
	}
	return out
}

// nestedTenant has lists in lists: Staff holds Managers, which holds Board,
// which holds Managers again; an empty one; and contacts outside.
func nestedTenant() *fakeTenant {
	t := syncedTenant()
	staff := t.addGroup(1, "Staff", model.KindDistribution, t.usersFrom(0, 20)...)
	managers := t.addGroup(2, "Managers", model.KindDistribution, t.usersFrom(15, 30)...)
	board := t.addGroup(3, "Board", model.KindMicrosoft365, t.usersFrom(28, 33)...)
	nobody := t.addGroup(4, "Nobody", model.KindDistribution)
	partners := t.addGroup(5, "Partners", model.KindDistribution,
		model.Object{ID: "c1", Type: model.ObjectContact, DisplayName: "Fabrikam Desk", Mail: "desk@fabrikam.example"},
		model.Object{ID: "c2", Type: model.ObjectContact, DisplayName: "Litware", Mail: "hello@litware.example"})
	hold := func(outer, inner *model.Group) { t.members[outer.ID] = append(t.members[outer.ID], t.object(inner)) }
	hold(staff, managers)
	hold(staff, nobody)
	hold(staff, partners)
	hold(managers, board)
	hold(board, managers)
	t.addGroup(9, "sg-sales", model.KindSecurity, t.usersFrom(4, 12)...)
	t.addGroup(10, "dyn-engineering", model.KindSecurity).DynamicMembership = true
	return t
}

func TestPreviewSaysWhatToType(t *testing.T) {
	onEachSize(t, syncedTenant, Options{NoSync: true}, func(s *screen, suffix string) {
		s.press("3")
		s.golden("preview-empty" + suffix)
	})
}

func TestPreviewExpandsNestedListsWithACycle(t *testing.T) {
	onEachSize(t, nestedTenant, Options{NoSync: true}, func(s *screen, suffix string) {
		s.press("3")
		s.typed("staff@contoso.com, -segment:Engineers")
		s.press("enter")
		s.golden("preview" + suffix)

		s.press("j", "l", "j", "l", "j")
		s.shows("↻ as above")
		s.golden("preview-cycle" + suffix)
		s.press("enter")
		s.shows("↻ as above")

		s.press("tab")
		s.golden("preview-recipients" + suffix)
		s.press("/")
		s.typed("fabrikam")
		s.shows("1 of ")
		s.press("esc")
		s.hides("1 of ")
	})
}

func TestPreviewCompletesWhatIsTyped(t *testing.T) {
	onScreen(t, nestedTenant, 120, 40, Options{NoSync: true}, func(s *screen) {
		s.press("3")
		s.typed("-eng")
		s.shows("segment:Engineers")
		s.press("tab")
		s.typed(", vance")
		s.shows("user · Adele Vance")
		s.golden("preview-complete-120x40")
		s.press("down", "enter")
		s.shows("-segment:Engineers, user0001@contoso.com")
		s.press("enter")
		s.shows("✓ unique and complete")
	})
}

func TestAGroupWithoutAnAddressIsCompletedByItsNameOnceItWasMet(t *testing.T) {
	onScreen(t, nestedTenant, 80, 24, Options{NoSync: true}, func(s *screen) {
		s.press("3")
		s.typed("sg-sales")
		s.press("enter")
		s.shows("✓ unique and complete")
		s.press("t", "ctrl+u")
		s.typed("sg-s")
		s.shows("security group · 7 recipients")
		s.press("tab", "enter")
		s.shows("✓ unique and complete")
	})
}

func TestALongPathIsWrappedAndNotCut(t *testing.T) {
	long := strings.Repeat("Regional communication council ", 6)
	tenant := func() *fakeTenant {
		t := nestedTenant()
		outer := t.addGroup(30, "Outer", model.KindDistribution)
		inner := t.addGroup(31, strings.TrimSpace(long)+" end", model.KindMicrosoft365, t.usersFrom(0, 2)...)
		inner.Mail = "council@contoso.com"
		t.members[outer.ID] = append(t.members[outer.ID], t.object(inner))
		return t
	}
	onScreen(t, tenant, 80, 24, Options{NoSync: true}, func(s *screen) {
		s.press("3")
		s.typed("outer@contoso.com")
		s.press("enter", "w")
		s.typed("user0001")
		s.press("enter")
		s.shows("council end")
		s.golden("preview-why-long-80x24")
	})
}

func TestPreviewKeepsAnAudienceWithinAnEntry(t *testing.T) {
	onScreen(t, nestedTenant, 80, 24, Options{NoSync: true}, func(s *screen) {
		s.press("3")
		s.typed("staff@contoso.com, &eng")
		s.shows("segment:Engineers")
		s.press("tab", "enter")
		s.shows("fall outside")
		s.shows("& segment:Engineers")
		s.golden("preview-within-80x24")
		s.press("G")
		s.shows("& Kept within; 25 fall outside")
		s.press("w")
		s.typed("fabrikam")
		s.press("enter")
		s.shows("falls outside of what the")
	})
}

func TestPreviewCompletesASavedListAndSaysWhoHasLeft(t *testing.T) {
	withList := func() *fakeTenant {
		tenant := nestedTenant()
		tenant.lists = []workspace.List{{Name: "Board", Count: 2, Members: []workspace.Contact{
			{ID: tenant.users[0].ID, DisplayName: "Adele Vance"}, {ID: "gone", DisplayName: "Former Chair", Mail: "chair@contoso.com"},
		}}}
		return tenant
	}
	onScreen(t, withList, 120, 40, Options{NoSync: true}, func(s *screen) {
		s.press("3")
		s.typed("boa")
		s.shows("list:Board")
		s.shows("list · 2 members")
		s.press("tab", "enter")
		s.shows("✓ unique and complete")
		s.shows("has left the directory: Former")
	})
}

func TestPreviewSaysWhyAnAddressIsReached(t *testing.T) {
	onEachSize(t, nestedTenant, Options{NoSync: true}, func(s *screen, suffix string) {
		s.press("3")
		s.typed("staff@contoso.com, -segment:Engineers")
		s.press("enter", "w")
		s.typed("user0029")
		s.press("enter")
		s.golden("preview-why" + suffix)

		s.press("ctrl+u")
		s.typed("nobody@nowhere.example")
		s.press("enter")
		s.shows("It would not receive the message")
	})
}

func TestPreviewIsApprovedAndComparedLater(t *testing.T) {
	onEachSize(t, nestedTenant, Options{NoSync: true}, func(s *screen, suffix string) {
		s.press("3")
		s.typed("staff@contoso.com")
		s.press("enter", "d")
		s.shows("No snapshot of this audience was approved yet")

		s.press("a", "y", "enter")
		assert.Empty(s.t, s.tenant.snaps, "keys within the grace period answer nothing")
		s.golden("preview-approve" + suffix)
		s.wait(approvalGrace)
		s.press("enter")
		assert.Empty(s.t, s.tenant.snaps, "No is the default")

		s.press("a")
		s.wait(approvalGrace)
		s.press("y", "enter")
		require.Len(s.t, s.tenant.snaps, 1)
		assert.Equal(s.t, []string{"staff@contoso.com"}, s.tenant.snaps[0].Entries)

		first := s.tenant.snaps[0].Addresses
		s.tenant.snaps[0] = workspace.Snapshot{
			ID: "8a1c44d0", Entries: []string{"Staff@contoso.com"}, ApprovedBy: "admin@contoso.com",
			ApprovedAt: testNow.Add(-24 * time.Hour), Addresses: append([]string{"gone@contoso.com"}, first[2:]...),
		}
		s.wait(time.Minute) // the notice that names the snapshot is gone
		s.press("d")
		s.golden("preview-compare" + suffix)
	})
}

func TestListsThatCouldNotBeReadAreUnknownAndNotEmpty(t *testing.T) {
	tenant := func() *fakeTenant {
		t := nestedTenant()
		outer := t.addGroup(20, "Outer", model.KindDistribution)
		for i, name := range []string{"Inner A", "Inner B", "Inner C"} {
			t.members[outer.ID] = append(t.members[outer.ID], t.object(t.addGroup(21+i, name, model.KindDistribution)))
		}
		around := t.addGroup(30, "Around", model.KindDistribution)
		t.members[around.ID] = append(t.members[around.ID], t.object(outer), t.object(t.addGroup(31, "Fine", model.KindDistribution, t.usersFrom(0, 20)...)))
		t.listing = func(l *expansion.Listing) {
			if strings.HasPrefix(t.groups[l.GroupID].DisplayName, "Inner") {
				l.Members, l.Err = nil, &model.Error{Kind: model.KindUnavailable, Code: "unreachable", Message: "no connection to graph.example"}
			}
		}
		return t
	}
	onScreen(t, tenant, 80, 24, Options{NoSync: true}, func(s *screen) {
		s.press("3")
		s.typed("outer@contoso.com")
		s.press("enter")
		s.shows("Outer                    3       ? ! unread")
		s.shows("! 3 direct members; the lists inside could not")
		s.hides("nobody")
		s.shows("! Inner A and 2 more")
		s.press("i")
		s.shows("! Inner A, Inner B, Inner C")
		s.press("esc", "t", "ctrl+u")
		s.typed("around@contoso.com")
		s.press("enter")
		s.shows("Around                   2      19 ! in part")
		s.shows("19 unique recipients, and")
	})
}

func TestTheNumberIsShownWhereThereIsNoRoomForItsParts(t *testing.T) {
	tenant := func() *fakeTenant {
		t := nestedTenant()
		t.listing = func(l *expansion.Listing) { l.Hidden = t.groups[l.GroupID].DisplayName == "Board" }
		return t
	}
	onScreen(t, tenant, 60, 18, Options{NoSync: true}, func(s *screen) {
		s.press("3")
		s.typed("partners@contoso.com")
		s.press("enter")
		s.shows(" 2 recipients · 1 list ─╮")
		s.press("t")
		s.typed(", board@contoso.com")
		s.press("enter")
		s.shows("! incomplete · 2")
		s.press("tab")
		s.shows("! incomplete · 2")
	})
}

func TestAnExclusionThatCannotBeReadHasNoNumber(t *testing.T) {
	tenant := func() *fakeTenant {
		t := nestedTenant()
		t.listing = func(l *expansion.Listing) {
			if t.groups[l.GroupID].DisplayName == "Partners" {
				l.Members, l.Hidden = nil, true
			}
		}
		return t
	}
	onScreen(t, tenant, 80, 24, Options{NoSync: true}, func(s *screen) {
		s.press("3")
		s.typed("managers@contoso.com, -partners@contoso.com, -nobody@contoso.com, -segment:Engineers")
		s.press("enter")
		s.shows("- partners@contoso.c…                ! unread")
		s.shows("- segment:Engineers               15 excluded")
	})
}

func TestAFailureTakesTheNumbersOfTheAnswerBeforeAway(t *testing.T) {
	onScreen(t, nestedTenant, 80, 24, Options{NoSync: true}, func(s *screen) {
		s.press("3")
		s.typed("staff@contoso.com")
		s.press("enter")
		s.shows("✓ unique and complete")
		s.press("t")
		s.typed(", list:nope")
		s.press("enter")
		s.shows("no list \"nope\"")
		s.shows("No answer.")
		s.hides("internal")
		s.press("backspace", "backspace", "backspace", "backspace", "backspace", "backspace", "backspace", "backspace", "backspace", "backspace", "backspace", "enter")
		s.shows("✓ unique and complete")
		s.shows("Managers")
	})
}

func TestIncompletePreviewIsSaidAndNotApproved(t *testing.T) {
	tenant := func() *fakeTenant {
		t := nestedTenant()
		t.listing = func(l *expansion.Listing) {
			if t.groups[l.GroupID].DisplayName == "Board" {
				l.Members, l.Hidden = nil, true
			}
		}
		return t
	}
	onEachSize(t, tenant, Options{NoSync: true}, func(s *screen, suffix string) {
		s.press("3")
		s.typed("staff@contoso.com")
		s.press("enter")
		s.shows("INCOMPLETE")
		s.golden("preview-incomplete" + suffix)
		s.press("a")
		s.shows("the answer is incomplete, so it cannot be approved")
		s.press("d")
		s.shows("No snapshot of this audience was approved yet: this answer is incomplete")
		s.hides("press a")
		s.press("i")
		s.shows("What is missing, notes and sources")
		assert.Empty(s.t, s.tenant.snaps)
	})
}

func TestWhySaysHowManyMoreAddressesMatch(t *testing.T) {
	onScreen(t, nestedTenant, 80, 24, Options{NoSync: true}, func(s *screen) {
		s.press("3")
		s.typed("staff@contoso.com")
		s.press("enter", "w")
		s.typed("user000")
		s.shows("… and 2 more; type more of the address")
		s.typed("9")
		s.shows("user0009@contoso.com")
		s.hides("more; type more")
	})
}

func TestTypingSaysFirstHowToLeave(t *testing.T) {
	onEachSize(t, nestedTenant, Options{NoSync: true}, func(s *screen, _ string) {
		status := func() string {
			lines := strings.Split(strings.TrimSpace(s.text()), "\n")
			return strings.Join(strings.Fields(lines[len(lines)-1])[3:], " ") // behind the sync state
		}
		s.press("3")
		s.typed("4")
		s.shows("│ 4") // a digit is text here
		assert.True(s.t, strings.HasPrefix(status(), "esc leave"), status())
		s.typed(", seg")
		assert.True(s.t, strings.HasPrefix(status(), "esc dismiss"), status())
		s.press("esc", "esc", "4")
		assert.Equal(s.t, paneWriteback, s.root.current)
		assert.True(s.t, strings.HasPrefix(status(), "esc leave"), status())
		s.typed("seg")
		assert.True(s.t, strings.HasPrefix(status(), "esc dismiss"), status())
		s.press("esc", "tab")
		assert.True(s.t, strings.HasPrefix(status(), "esc leave"), status())
	})
}

func TestListsThatAreAllReadAreBeingCounted(t *testing.T) {
	tenant := func() *fakeTenant {
		t := nestedTenant()
		t.slow = make(chan struct{})
		return t
	}
	onScreen(t, tenant, 80, 24, Options{NoSync: true}, func(s *screen) {
		s.press("3")
		s.typed("staff@contoso.com")
		s.press("enter")
		walk := s.root.panes[panePreview].(*previewPane).walk
		walk.known.Store(49)
		for range 2 { // the progress goes on moving
			walk.read.Add(20)
			s.wait(2 * previewPoll)
			s.shows(count(int(walk.read.Load())) + " of 49 lists read")
		}
		walk.read.Store(49)
		s.wait(2 * previewPoll)
		s.shows("49 lists read; counting recipients…")
		s.press("esc")
	})
}

func TestAnExactCountThatComesFirstIsNoQuickOne(t *testing.T) {
	tenant := func() *fakeTenant {
		t := nestedTenant()
		t.slow = make(chan struct{})
		return t
	}
	onScreen(t, tenant, 80, 24, Options{NoSync: true}, func(s *screen) {
		s.press("3")
		s.typed("staff@contoso.com")
		s.press("enter")
		s.root.panes[panePreview].(*previewPane).walk.estimate.Store(&audience.Estimate{Recipients: 1204, Exact: &audience.Tally{Counts: audience.Counts{Unique: 1204, Internal: 1203, External: 1}}})
		s.wait(2 * previewPoll)
		s.shows("1,204 unique recipients, counted")
		s.shows("counted; names follow…")
		s.shows("1,203  internal")
		s.hides("≈")
		s.press("esc")
	})
}

func TestUnknownAddressIsMissing(t *testing.T) {
	onScreen(t, nestedTenant, 80, 24, Options{NoSync: true}, func(s *screen) {
		s.press("3")
		s.typed("nowhere")
		s.press("enter")
		s.golden("preview-unknown-80x24")
		s.press("t")
		s.typed("@contoso.com")
		s.press("enter")
		s.shows("INCOMPLETE")
		s.shows("nowhere@contoso.com")
	})
}

func TestRunningExpansionIsShownAndCancelled(t *testing.T) {
	tenant := func() *fakeTenant {
		t := nestedTenant()
		t.slow = make(chan struct{})
		return t
	}
	onScreen(t, tenant, 80, 24, Options{NoSync: true}, func(s *screen) {
		s.press("3")
		s.typed("staff@contoso.com")
		s.press("enter")
		s.golden("preview-walking-80x24")
		s.press("esc")
		s.shows("Expansion cancelled")
		s.hides("Expanding")
		s.wait(5 * time.Second)
		before := s.out.count()
		s.wait(time.Minute)
		assert.Equal(s.t, before, s.out.count(), "nothing moves when nothing runs")
	})
}

func TestRecipientsAreExportedOnceAndNotOverwritten(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out.csv")
	onScreen(t, nestedTenant, 120, 40, Options{NoSync: true}, func(s *screen) {
		s.press("3")
		s.typed("partners@contoso.com")
		s.press("enter", "e", "enter", "ctrl+u")
		s.typed(path)
		s.press("enter")
		s.shows("Written: ")
		s.press("e", "enter", "ctrl+u")
		s.typed(path)
		s.press("enter")
		s.shows("exists already and was not touched")
	})
	f, err := os.Open(path)
	require.NoError(t, err)
	defer f.Close()
	info, err := f.Stat()
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	rows, err := csv.NewReader(f).ReadAll()
	require.NoError(t, err)
	require.Len(t, rows, 3)
	assert.Equal(t, "desk@fabrikam.example", rows[1][0])
}

func TestPastedColumnBecomesEntries(t *testing.T) {
	assert.Equal(t, "a@x.com, b@x.com, c@x.com", pastedEntries("a@x.com\r\nb@x.com; c@x.com\n\n"))
	assert.Equal(t, "a@x.com, b@x.com", pastedEntries("a@x.com\rb@x.com\r"), "as terminals send it")
	assert.Equal(t, `rule:user.city -in ["A", "B"]`, pastedEntries("rule:user.city -in [\"A\", \"B\"]\n"))
}

func TestTheAgeOfAnAnswerIsInTheTimeOfWhoReadsIt(t *testing.T) {
	bombay := time.FixedZone("IST", 5*3600+1800)
	now := time.Date(2026, 11, 22, 23, 0, 0, 0, time.UTC)
	o := &previewOutcome{preview: &audience.Preview{Expansion: &expansion.Result{AsOf: now.Add(-time.Minute)}, SyncedAt: now.Add(-time.Hour)}}
	assert.Equal(t, []string{"lists read 04:29:00 IST", "users synced 03:30:00 IST"}, o.age(now.In(bombay), previewFactsWide))
	assert.Equal(t, []string{"read 04:29 · synced 03:30"}, o.age(now.In(bombay), 20))
}
