package emulator_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/graph/emulator"
	"rollcall/graph/emulator/seed"
)

const deltaSelect = "?$select=displayName,department,mobilePhone,manager"

// latest is a delta link from now on.
func (s *tenant) latest() string {
	s.t.Helper()
	page := s.get("/users/microsoft.graph.delta()" + deltaSelect + "&$deltatoken=latest")
	require.Empty(s.t, page.rows())
	return page.link("deltaLink")
}

// round follows a delta round to its end.
func (s *tenant) round(link string) (records []map[string]any, deltaLink string) {
	s.t.Helper()
	for link != "" {
		page := s.get(link)
		records = append(records, page.rows()...)
		next, delta := page.link("nextLink"), page.link("deltaLink")
		require.NotEqual(s.t, next == "", delta == "", "a page has exactly one link")
		link, deltaLink = next, delta
	}
	return records, deltaLink
}

// aUser is the index of a user whom a test can change.
func (s *tenant) aUser(which func(seed.User) bool) seed.User {
	s.t.Helper()
	for i := range s.Tenant().UserSlots() {
		if u, ok := s.Tenant().User(i); ok && which(u) {
			return u
		}
	}
	s.t.Fatal("the tenant has no such user")
	return seed.User{}
}

func TestTheInitialRoundHoldsEveryUserInPagesOfTwoHundred(t *testing.T) {
	s := signedIn(t, emulator.Options{})
	first := s.get("/users/delta" + deltaSelect)
	assert.Len(t, first.rows(), 200)
	records, link := s.round("/users/delta" + deltaSelect)
	assert.NotEmpty(t, link)
	ids := map[string]bool{}
	absent := 0
	for _, r := range records {
		ids[r["id"].(string)] = true
		if _, has := r["mobilePhone"]; !has {
			absent++
		}
		for name, value := range r {
			assert.NotNil(t, value, "%s was never set and must be absent", name)
		}
	}
	assert.Len(t, ids, s.Tenant().UserCount())
	assert.Positive(t, absent)
	again, _ := s.round(link)
	assert.Empty(t, again)
}

func TestChangesDuringTheInitialRoundComeInTheNext(t *testing.T) {
	s := signedIn(t, emulator.Options{Users: 500})
	first := s.get("/users/delta" + deltaSelect)
	u := s.aUser(func(u seed.User) bool { return u.Index > 300 })
	s.Tenant().UpdateUser(u.Index, func(u *seed.User) { u.DisplayName = "Changed Meanwhile" })
	_, link := s.round(first.link("nextLink"))
	records, _ := s.round(link)
	require.Len(t, records, 1)
	assert.Equal(t, "Changed Meanwhile", records[0]["displayName"])
}

func TestARoundTellsSetFromClearedFromNeverSet(t *testing.T) {
	s := signedIn(t, emulator.Options{})
	u := s.aUser(func(u seed.User) bool { return u.MobilePhone != "" && u.Department != "" && u.Manager >= 0 })
	never := s.aUser(func(u seed.User) bool { return u.MobilePhone == "" && u.Department != "" && u.Manager >= 0 })
	link := s.latest()
	s.Tenant().UpdateUser(u.Index, func(u *seed.User) { u.MobilePhone = "" })
	s.Tenant().UpdateUser(never.Index, func(u *seed.User) { u.Department = "Elsewhere" })
	records, link := s.round(link)
	require.Len(t, records, 2)
	assert.Equal(t, map[string]any{"id": u.ID, "displayName": u.DisplayName, "department": u.Department, "mobilePhone": nil}, records[0], "cleared is null; the manager did not change")
	assert.Equal(t, map[string]any{"id": never.ID, "displayName": never.DisplayName, "department": "Elsewhere"}, records[1], "never set is absent")

	s.Tenant().UpdateUser(u.Index, func(u *seed.User) { u.MobilePhone = "+1 555 0100" })
	minimal := s.get(link, "Prefer", "return=minimal").rows()
	assert.Equal(t, []map[string]any{{"id": u.ID, "mobilePhone": "+1 555 0100"}}, minimal)
}

func TestAChangeOfWhatIsNotSelectedDoesNotSurface(t *testing.T) {
	s := signedIn(t, emulator.Options{})
	u := s.aUser(func(u seed.User) bool { return u.Manager >= 0 })
	link := s.latest()
	s.Tenant().UpdateUser(u.Index, func(u *seed.User) { u.City = "Atlantis" })
	records, next := s.round(link)
	assert.Empty(t, records)
	assert.NotEmpty(t, next)
}

func TestManagersComeOnlyWhenTheyChange(t *testing.T) {
	s := signedIn(t, emulator.Options{})
	u := s.aUser(func(u seed.User) bool { return u.Manager >= 0 })
	link := s.latest()
	top := s.aUser(func(o seed.User) bool { return o.Manager < 0 && o.UserType == "Member" })
	s.Tenant().UpdateUser(u.Index, func(u *seed.User) { u.Manager = top.Index })
	records, link := s.round(link)
	require.Len(t, records, 1)
	gone := map[string]any{"@odata.type": "#microsoft.graph.user", "id": s.Tenant().UserID(u.Manager), "@removed": map[string]any{"reason": "deleted"}}
	assert.Equal(t, []any{map[string]any{"@odata.type": "#microsoft.graph.user", "id": top.ID}, gone}, records[0]["manager@delta"])

	s.Tenant().UpdateUser(u.Index, func(u *seed.User) { u.Manager = -1 })
	records, link = s.round(link)
	require.Len(t, records, 1)
	gone["id"] = top.ID
	assert.Equal(t, []any{gone}, records[0]["manager@delta"])

	s.Tenant().UpdateUser(u.Index, func(u *seed.User) { u.DisplayName += "!" })
	records, _ = s.round(link)
	require.Len(t, records, 1)
	assert.NotContains(t, records[0], "manager@delta")
}

func TestHiredAndRemovedUsersAreTold(t *testing.T) {
	s := signedIn(t, emulator.Options{})
	soft := s.aUser(func(u seed.User) bool { return u.Index > 50 && len(s.Tenant().DirectReports(u.Index)) == 0 })
	hard := s.aUser(func(u seed.User) bool {
		return u.Index > soft.Index && len(s.Tenant().DirectReports(u.Index)) == 0
	})
	link := s.latest()
	hired := s.Tenant().HireUser()
	s.Tenant().RemoveUser(soft.Index, false)
	s.Tenant().RemoveUser(hard.Index, true)
	records, _ := s.round(link)
	require.Len(t, records, 3)
	assert.Equal(t, s.Tenant().UserID(hired), records[0]["id"])
	assert.NotEmpty(t, records[0]["displayName"])
	assert.Equal(t, map[string]any{"id": soft.ID, "@removed": map[string]any{"reason": "changed"}}, records[1])
	assert.Equal(t, map[string]any{"id": hard.ID, "@removed": map[string]any{"reason": "deleted"}}, records[2])
}

func TestALargeRoundComesInPages(t *testing.T) {
	s := signedIn(t, emulator.Options{})
	link := s.latest()
	for i := range s.Tenant().UserSlots() {
		s.Tenant().UpdateUser(i, func(u *seed.User) { u.Department = "Reorganised" })
	}
	first := s.get(link)
	assert.Len(t, first.rows(), 200)
	records, _ := s.round(link)
	assert.Len(t, records, s.Tenant().UserCount())
}

func TestAFilterOnIDsNarrowsTheRounds(t *testing.T) {
	s := signedIn(t, emulator.Options{})
	u := s.aUser(func(u seed.User) bool { return u.Index == 100 })
	query := "/users/delta?$select=displayName&$filter=" + url.QueryEscape("id eq '"+u.ID+"'")
	records, link := s.round(query)
	require.Len(t, records, 1)
	s.Tenant().UpdateUser(99, func(u *seed.User) { u.DisplayName = "Other" })
	records, _ = s.round(link)
	assert.Empty(t, records)

	var ids []string
	for i := range 51 {
		ids = append(ids, fmt.Sprintf("id eq '%s'", s.Tenant().UserID(i)))
	}
	assert.Equal(t, http.StatusBadRequest, s.get("/users/delta?$filter="+url.QueryEscape(strings.Join(ids, " or "))).Status)
	for _, filter := range []string{"displayName eq 'x'", "id eq '" + u.ID + "' and accountEnabled eq true", "id ne '" + u.ID + "'", "id in ('" + u.ID + "')"} {
		s.get("/users/delta?$filter="+url.QueryEscape(filter)).refused(http.StatusBadRequest, "Request_UnsupportedQuery", "Unsupported Query.")
	}
}

func TestALinkOfAnotherRunIsGoneWithTheWayBack(t *testing.T) {
	s := signedIn(t, emulator.Options{})
	link := s.latest()
	s.ForceResync(1)
	res := s.get(link)
	assert.Equal(t, http.StatusGone, res.Status)
	location := res.Header.Get("Location")
	assert.Contains(t, location, "$deltatoken=")
	records, _ := s.round(location)
	assert.Len(t, records, s.Tenant().UserCount())
	assert.Contains(t, records[0], "department", "the way back keeps the selection")

	assert.Equal(t, http.StatusOK, s.get(link).Status, "it was forced once")
	s.Reboot()
	assert.Equal(t, http.StatusGone, s.get(link).Status)
	assert.Empty(t, s.Judges().ForeignLinks, "it is a link that was handed out")
}

func TestATokenIsForgottenAfterSevenDays(t *testing.T) {
	now := newClock()
	s := signedIn(t, emulator.Options{Now: now.Now})
	link := s.latest()
	now.Advance(7*24*time.Hour - time.Minute)
	s.token = s.delegatedToken()
	assert.Equal(t, http.StatusOK, s.get(link).Status)
	now.Advance(2 * time.Minute)
	s.get(link).refused(http.StatusBadRequest, "syncStateNotFound", "The sync state generation is not found. The delta token is expired and data must be synchronized again.")
}

func TestReplaysAndDuplicatesComeOnRequest(t *testing.T) {
	s := signedIn(t, emulator.Options{})
	link := s.latest()
	s.Tenant().UpdateUser(100, func(u *seed.User) { u.Department = "Once" })
	records, link := s.round(link)
	require.Len(t, records, 1)
	s.ReplayDeltas(1)
	replayed, _ := s.round(link)
	assert.Equal(t, records, replayed)

	twice := signedIn(t, emulator.Options{Fault: "dup=1,reorder", Users: 500})
	records, _ = twice.round("/users/delta?$select=id")
	assert.Len(t, records, 2*twice.Tenant().UserCount())
}

func TestALinkThatWasNeverHandedOutIsRefusedAndNoted(t *testing.T) {
	s := signedIn(t, emulator.Options{})
	delta := s.latest()
	next := s.get("/users?$top=50&$select=id").link("nextLink")
	for _, link := range []string{
		delta[:len(delta)-3] + "AAA",
		delta + "&$select=displayName",
		strings.Replace(next, "$top=50", "$top=60", 1),
		strings.Replace(next, "/users?", "/groups?", 1),
		"/users?$skiptoken=made-up",
		"/users/delta?$deltatoken=made-up",
	} {
		assert.Equal(t, http.StatusBadRequest, s.get(link).Status, link)
	}
	assert.Equal(t, http.StatusOK, s.get(next).Status)
	judges := s.Judges()
	assert.Len(t, judges.ForeignLinks, 6)
	assert.Len(t, judges.Violations(), 6)
	assert.Contains(t, judges.String(), "links that were never handed out: 6")
}
