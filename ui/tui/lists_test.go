package tui

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/model"
	"rollcall/model/workspace"
)

// hrTenant has a list of thirty that was imported, and newer files for it.
func hrTenant() *fakeTenant {
	t := nestedTenant()
	row := func(i int) string {
		return fmt.Sprintf("%s;%s\n", t.users[i].Value(model.AttrUserPrincipalName), t.users[i].Value(model.AttrDisplayName))
	}
	file := "UserPrincipalName;Name;Cost center\n"
	list := workspace.List{Name: "Works council", File: "council.csv", CreatedBy: "admin@contoso.com", ChangedBy: "admin@contoso.com", CreatedAt: testNow, ChangedAt: testNow}
	for i := 29; i < 59; i++ {
		list.Members = append(list.Members, workspace.Contact{ID: t.users[i].ID, DisplayName: t.users[i].Value(model.AttrDisplayName), Mail: t.users[i].Value(model.AttrMail)})
		if i >= 32 {
			file += strings.TrimSuffix(row(i), "\n") + ";4711\n"
		}
	}
	list.Count = len(list.Members)
	t.lists = []workspace.List{list}
	file += strings.TrimSuffix(row(59), "\n") + ";4712\n" + "nobody@contoso.com;Nobody Atall;4712\n" + strings.TrimSuffix(row(32), "\n") + ";4711\n"
	t.files = map[string]string{"hr/council.csv": file, "hr/cut.csv": "UserPrincipalName;Name\n" + row(29) + row(30), "hr/broken.csv": "UPN;Name\n\"open"}
	return t
}

func TestAFileIsImportedIntoAListAfterItsReview(t *testing.T) {
	onEachSize(t, hrTenant, Options{NoSync: true}, func(s *screen, suffix string) {
		s.press("3", "esc", "L")
		s.golden("lists" + suffix)
		s.press("i")
		s.typed("hr/council.csv")
		s.press("enter")
		s.shows("Works council") // the list whose file it is
		s.press("enter")
		s.shows("+ 1 join  - 3 leave")
		s.shows("28 matched")
		s.shows("1 unmatched")
		s.shows("1 duplicate")
		s.golden("lists-import" + suffix)
		s.press("G")
		s.shows("Join the list")
		s.press("g")

		s.press("a")
		s.wait(approvalGrace)
		s.golden("lists-import-approve" + suffix)
		s.press("enter")
		assert.Len(s.t, s.tenant.lists[0].Members, 30, "No is the default")
		s.press("a")
		s.wait(approvalGrace)
		s.press("y", "enter")
		s.shows("The list Works council has 28 members now")
		require.Len(s.t, s.tenant.lists, 1)
		assert.Len(s.t, s.tenant.lists[0].Members, 28)

		s.press("i")
		s.typed("hr/council.csv")
		s.press("enter", "enter")
		s.shows("nothing would be written")
		s.press("a")
		s.shows("there is nothing to write")
	})
}

func TestAFileThatWasCutOffNeedsTheNumberOfRemovals(t *testing.T) {
	onScreen(t, hrTenant, 80, 24, Options{NoSync: true}, func(s *screen) {
		s.press("3", "esc", "L", "i")
		s.typed("hr/cut.csv")
		s.press("enter", "ctrl+u")
		s.typed("works council")
		s.press("enter")
		s.shows("may have been cut off")
		s.golden("lists-import-cut-80x24")
		s.press("a")
		s.wait(approvalGrace)
		s.press("enter")
		assert.Len(s.t, s.tenant.lists[0].Members, 30)
		s.typed("28")
		s.press("enter", "y", "enter")
		s.shows("has 2 members now")
	})
}

func TestAFileThatCannotBeReadChangesNothing(t *testing.T) {
	onScreen(t, hrTenant, 80, 24, Options{NoSync: true}, func(s *screen) {
		s.press("3", "esc", "L", "i")
		s.typed("hr/broken.csv")
		s.press("enter", "enter")
		s.shows("The file was not imported")
		s.golden("lists-import-broken-80x24")
		s.press("esc", "i")
		s.typed("hr/none.csv")
		s.press("enter", "enter")
		s.shows("The file was not imported")
		assert.Len(s.t, s.tenant.lists, 1)
	})
}

func TestASavedListIsShownUsedAndDeleted(t *testing.T) {
	tenant := func() *fakeTenant {
		t := hrTenant()
		t.lists[0].Members[3] = workspace.Contact{ID: "gone", DisplayName: "Former Chair", Mail: "chair@contoso.com"}
		return t
	}
	onScreen(t, tenant, 120, 40, Options{NoSync: true}, func(s *screen) {
		s.press("3", "esc", "L", "enter")
		s.shows("left the directory")
		s.press("/")
		s.typed("former")
		s.shows("1 of 30")
		s.golden("lists-members-120x40")
		s.press("esc", "esc", "x")
		s.shows("Delete the list Works council?")
		s.wait(confirmGrace)
		s.press("enter")
		require.Len(s.t, s.tenant.lists, 1)
		s.press("t")
		s.shows("list:Works council")
		s.press("esc", "L", "x")
		s.wait(confirmGrace)
		s.press("y")
		s.shows("No list is saved yet.")
		assert.Empty(s.t, s.tenant.lists)
	})
}
