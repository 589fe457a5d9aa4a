package tui

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/model"
	"rollcall/model/workspace"
)

// aDayLater puts the clock forward, and changes the lists as a day does: two
// leave, one joins, and the desk at Fabrikam has another address.
func (t *fakeTenant) aDayLater() {
	t.later.Store(int64(24 * time.Hour))
	t.mu.Lock()
	defer t.mu.Unlock()
	for id, g := range t.groups {
		switch g.DisplayName {
		case "Staff":
			t.members[id] = append(t.members[id][3:], userObject(&t.users[50]))
		case "Partners":
			t.members[id][0].Mail = "service@fabrikam.example"
		}
	}
}

// TestTheWalkOfAnAudience composes an audience with an exclusion, expands it,
// asks why, approves it by name, and compares it a day later, with now and with
// another snapshot.
func TestTheWalkOfAnAudience(t *testing.T) {
	onEachSize(t, nestedTenant, Options{NoSync: true}, func(s *screen, suffix string) {
		s.press("3")
		s.typed("staff@contoso.com, -segment:Engineers")
		s.press("enter")
		s.shows("✓ unique and complete")

		s.press("tab", "w")
		s.shows("Why would this one receive it?")
		s.shows("└─ Partners")
		s.press("esc", "w", "ctrl+u")
		s.typed("user0029")
		s.press("enter")
		s.shows("an exclusion takes it away")
		s.press("esc", "tab")

		s.press("a")
		s.wait(approvalGrace)
		s.press("up")
		s.typed("Newsletter")
		s.golden("preview-approve-named" + suffix)
		s.press("enter", "y", "enter")
		s.shows("Approved as Newsletter")
		require.Len(s.t, s.tenant.snaps, 1)
		assert.Equal(s.t, "Newsletter", s.tenant.snaps[0].Name)
		assert.Len(s.t, s.tenant.snaps[0].ObjectIDs, len(s.tenant.snaps[0].Addresses))
		s.tenant.snaps[0].ID = "8a1c44d0"

		s.wait(time.Minute) // the notices go
		s.tenant.aDayLater()
		s.press("d")
		s.shows("The same recipients as then.")
		s.press("esc", "r", "d")
		s.shows("+ 1 joined")
		s.shows("- 2 left")
		s.shows("→ 1 moved")
		s.shows("→ desk@fabrikam.example → service@fabrikam.example")
		s.golden("preview-later" + suffix)
		s.press("tab", "tab")
		s.shows("[- 2 left]")
		s.hides("service@fabrikam.example")
		s.press("esc")

		s.press("a")
		s.wait(approvalGrace)
		s.press("y", "enter")
		s.shows("Approved: snapshot")
		s.tenant.snaps[0].ID = "b2f07e19"
		s.wait(time.Minute)

		s.press("p")
		s.golden("snapshots" + suffix)
		s.press("space", "j", "space", "d")
		s.shows("Since Newsletter")
		s.shows("→ 1 moved")
		s.press("esc", "space", "d")
		s.shows("lists read")
		s.shows("→ 1 moved")
		s.press("esc", "enter", "/")
		s.typed("fabrikam")
		s.shows("1 of ")
		s.golden("snapshot" + suffix)
		s.press("esc", "esc", "t")
		s.shows("staff@contoso.com, -segment:Engineers, snapshot:Newsletter")
	})
}

// quickCounter counts as Graph's index does: more than there are.
type quickCounter struct{ t *fakeTenant }

func (c quickCounter) CountUsers(_ context.Context, groups []model.Group) ([]int, error) {
	out := make([]int, len(groups))
	for i, g := range groups {
		out[i] = 1940
		if g.Kind == model.KindSecurity {
			out[i] = -1
		}
	}
	return out, nil
}

func TestAQuickCountStandsUntilTheExactOneReplacesIt(t *testing.T) {
	tenant := func() *fakeTenant {
		t := nestedTenant()
		t.slow = make(chan struct{})
		t.counter = quickCounter{t}
		return t
	}
	onEachSize(t, tenant, Options{NoSync: true}, func(s *screen, suffix string) {
		s.press("3")
		s.typed("staff@contoso.com, sg-sales, -segment:Engineers")
		s.press("enter")
		s.wait(2 * previewPoll)
		s.shows("≈ 1,940 by a quick count")
		s.shows("before overlap")
		s.shows("without 1 list")
		s.golden("preview-estimate" + suffix)
		before := factLabels(s.text())
		close(s.tenant.slow)
		s.settle()
		s.shows("✓ unique and complete")
		s.hides("≈")
		assert.Equal(s.t, before, factLabels(s.text()), "the parts stand where they stood")
	})
}

// factLabels are the lines of the numbers' parts by their labels.
func factLabels(screen string) map[string]int {
	at := make(map[string]int)
	for i, line := range strings.Split(screen, "\n") {
		for _, label := range []string{"internal", "external", "guests", "disabled accounts", "reachable by SMS", "without address", "duplicates", "taken away"} {
			if strings.Contains(line, "  "+label) {
				at[label] = i
			}
		}
	}
	return at
}

func TestWhatEntriesAddAndShareIsShownForManyOfThem(t *testing.T) {
	tenant := func() *fakeTenant {
		t := nestedTenant()
		for i := range 11 {
			t.addGroup(20+i, fmt.Sprintf("Region %02d", i+1), model.KindMicrosoft365, t.usersFrom(3*i, 3*i+9)...)
		}
		return t
	}
	onEachSize(t, tenant, Options{NoSync: true}, func(s *screen, suffix string) {
		s.press("3")
		to := []string{"staff@contoso.com"}
		for i := range 11 {
			to = append(to, fmt.Sprintf("region-%02d@contoso.com", i+1))
		}
		s.typed(strings.Join(append(to, "nowhere@contoso.com", "-segment:Engineers"), ", "))
		s.press("enter", "o")
		s.shows("What each entry adds, and what they share")
		s.golden("preview-overlap" + suffix)
		s.press("pgdown", "right", "right")
		s.golden("preview-overlap-scrolled" + suffix)
		s.press("esc")
		s.hides("What each entry adds")
	})
}

func TestAnAmbiguousNameIsChosenFromWhatItMayMean(t *testing.T) {
	tenant := func() *fakeTenant {
		t := nestedTenant()
		t.addGroup(40, "Sales", model.KindMicrosoft365, t.usersFrom(0, 5)...)
		t.groups["00000000-0000-4000-9000-000000000040"].Mail = "sales-eu@contoso.com"
		t.addGroup(41, "Sales", model.KindDistribution, t.usersFrom(5, 12)...)
		t.groups["00000000-0000-4000-9000-000000000041"].Mail = "sales-us@contoso.com"
		return t
	}
	onEachSize(t, tenant, Options{NoSync: true}, func(s *screen, suffix string) {
		s.press("3")
		s.typed("staff@contoso.com, Sales")
		s.press("enter")
		s.shows("! several")
		s.shows("n name it")
		s.press("n")
		s.shows("Which Sales?")
		s.golden("preview-candidates" + suffix)
		s.press("down", "enter")
		s.shows("✓ unique and complete")
		s.shows("staff@contoso.com, sales-us@contoso.com")
	})
}

func TestRecipientsAreExportedInBlocksForMessages(t *testing.T) {
	path := filepath.Join(t.TempDir(), "to.txt")
	onScreen(t, nestedTenant, 80, 24, Options{NoSync: true}, func(s *screen) {
		s.press("3")
		s.typed("managers@contoso.com")
		s.press("enter", "e")
		s.golden("preview-export-80x24")
		s.press("down", "down", "down", "enter", "ctrl+u")
		s.typed("0")
		s.press("enter")
		s.shows("Type a number, 1 or more")
		s.press("ctrl+u")
		s.typed("7")
		s.press("enter", "ctrl+u")
		s.shows("3 blocks of at most 7")
		s.typed(path)
		s.press("enter")
		s.shows("Written: ")
	})
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	blocks := strings.Split(strings.TrimSpace(string(text)), "\n\n")
	require.Len(t, blocks, 3)
	for _, b := range blocks {
		assert.LessOrEqual(t, len(strings.Split(b, "; ")), 7)
	}
}

func TestWhatCanBeSeenIsToldWithoutAnAnswerToo(t *testing.T) {
	onEachSize(t, nestedTenant, Options{NoSync: true}, func(s *screen, suffix string) {
		s.press("3", "esc", "i")
		s.shows("What can be seen through which source")
		s.golden("preview-sources" + suffix)
	})
}

func TestSnapshotsAreNoneAtFirst(t *testing.T) {
	onScreen(t, nestedTenant, 80, 24, Options{NoSync: true}, func(s *screen) {
		s.press("3", "esc", "p")
		s.shows("No preview was approved yet.")
		s.press("enter")
		s.shows("no preview was approved yet")
		s.press("esc")
		s.shows("Who exactly would receive it?")
	})
}

func TestASnapshotOfAnOlderVersionIsShownWithoutItsParts(t *testing.T) {
	tenant := func() *fakeTenant {
		t := nestedTenant()
		t.snaps = []workspace.Snapshot{{ID: "0d5c11aa", Entries: []string{"staff@contoso.com"}, Addresses: []string{"a@contoso.com"}, ApprovedBy: "admin@contoso.com", ApprovedAt: testNow.Add(-300 * time.Hour)}}
		return t
	}
	onScreen(t, tenant, 80, 24, Options{NoSync: true}, func(s *screen) {
		s.press("3", "esc", "p")
		s.shows("Snapshot 0d5c11aa")
		s.hides("internal")
		s.press("t")
		s.shows("snapshot:0d5c11aa")
	})
}
