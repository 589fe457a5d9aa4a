package emulator_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/graph/emulator"
	"rollcall/graph/emulator/seed"
)

func TestAPageMayHoldNobodyAndLeadOn(t *testing.T) {
	s := signedIn(t, emulator.Options{Fault: "empty=1"})
	for _, path := range []string{
		"/users?$top=999&$select=id",
		"/users?$top=100&$select=id&$filter=" + url.QueryEscape("startswith(userPrincipalName,'a') or not startswith(userPrincipalName,'a')") + "&$count=true",
	} {
		ids, empty := make(map[any]bool), 0
		for link := path; link != ""; {
			page := s.get(link, "ConsistencyLevel", "eventual")
			if len(page.rows()) == 0 {
				empty++
				require.NotEmpty(t, page.link("nextLink"))
			}
			for _, u := range page.rows() {
				assert.False(t, ids[u["id"]], "told twice")
				ids[u["id"]] = true
			}
			link = page.link("nextLink")
		}
		assert.Len(t, ids, 2000)
		assert.Positive(t, empty)
	}

	first := s.get("/users/delta?$select=id")
	assert.Empty(t, first.rows())
	records, _ := s.round(first.link("nextLink"))
	assert.Len(t, records, 2000)

	once := signedIn(t, emulator.Options{})
	once.EmptyNext(1, "/users/delta")
	assert.NotEmpty(t, once.get("/users").rows(), "another path")
	assert.Empty(t, once.get("/users/delta").rows())
	assert.NotEmpty(t, once.get("/users/delta").rows())
}

func TestANextLinkCanBeTheLinkOfItsOwnPage(t *testing.T) {
	s := signedIn(t, emulator.Options{})
	for path, prefix := range map[string]string{"/users?$top=50&$select=id": "/users", "/users/delta?$select=id": "/users/delta"} {
		second := s.get(path).link("nextLink")
		s.LoopNext(2, prefix)
		assert.Equal(t, second, s.get(second).link("nextLink"))
		assert.Equal(t, second, s.get(second).link("nextLink"))
		third := s.get(second).link("nextLink")
		assert.NotEqual(t, second, third, "twice was asked for")
		assert.NotEmpty(t, s.get(third).rows())
	}
	assert.Empty(t, s.Judges().ForeignLinks)
}

func TestANextLinkOfAListingCanExpire(t *testing.T) {
	s := signedIn(t, emulator.Options{})
	next := s.get("/users?$top=50").link("nextLink")
	s.ExpireLinksNext(1)
	s.get(next).refused(http.StatusBadRequest, "Directory_ExpiredPageToken", "The specified page token value has expired and can no longer be included in your request.")
	assert.Len(t, s.get(next).rows(), 50)
	assert.Empty(t, s.Judges().ForeignLinks, "it was handed out")
}

func TestTheSyncStateCanBeLost(t *testing.T) {
	s := signedIn(t, emulator.Options{})
	link := s.latest()
	seen := make(map[int]bool)
	for range 20 {
		s.LoseSyncState(1)
		res := s.get(link)
		res.refused(res.Status, "syncStateNotFound", "The sync state generation is not found. The delta token is expired and data must be synchronized again.")
		seen[res.Status] = true
	}
	assert.Equal(t, map[int]bool{http.StatusBadRequest: true, http.StatusNotFound: true}, seen)
	assert.Equal(t, http.StatusOK, s.get(link).Status)

	gone := signedIn(t, emulator.Options{Fault: "gone=1"})
	res := gone.get(gone.latest())
	assert.Equal(t, http.StatusGone, res.Status)
	assert.NotEmpty(t, res.Header.Get("Location"))
}

func TestARoundCanRemoveSomebodyWhoNeverWas(t *testing.T) {
	s := signedIn(t, emulator.Options{})
	link := s.latest()
	s.StrangersNext(1)
	records, _ := s.round(link)
	require.Len(t, records, 1)
	assert.Contains(t, records[0], "@removed")
	_, known := s.Tenant().FindUser(records[0]["id"].(string))
	assert.False(t, known)
}

func TestARestoredUserComesBackWhole(t *testing.T) {
	s := signedIn(t, emulator.Options{})
	u := s.aUser(func(u seed.User) bool { return u.Index > 50 && u.Manager >= 0 && u.MobilePhone != "" })
	link := s.latest()
	require.True(t, s.Tenant().RemoveUser(u.Index, false))
	records, link := s.round(link)
	assert.Equal(t, map[string]any{"id": u.ID, "@removed": map[string]any{"reason": "changed"}}, records[0])
	require.True(t, s.Tenant().RestoreUser(u.Index))
	records, _ = s.round(link)
	assert.Equal(t, u.ID, records[0]["id"])
	assert.NotContains(t, records[0], "@removed")
	assert.Equal(t, u.DisplayName, records[0]["displayName"])
	assert.Equal(t, u.MobilePhone, records[0]["mobilePhone"])
	assert.Len(t, records[0]["manager@delta"], 1)
}

func TestOneExtensionThatChangesBringsTheOthers(t *testing.T) {
	s := signedIn(t, emulator.Options{})
	names := seed.DirectoryExtensions()
	u := s.aUser(func(u seed.User) bool { return u.Extensions[0] != "" && u.Extensions[2] != "" })
	_, link := s.round("/users/delta?$select=displayName," + names[0] + "," + names[1] + "," + names[2])
	s.Tenant().UpdateUser(u.Index, func(u *seed.User) { u.Extensions[1] = "Shift?" })
	assert.Equal(t, []map[string]any{{"id": u.ID, names[0]: u.Extensions[0], names[1]: "Shift?", names[2]: u.Extensions[2]}},
		s.get(link, "Prefer", "return=minimal").rows())

	rows := s.all("/users?$top=999&$select=id&$filter=" + url.QueryEscape(names[1]+" eq 'Shift?'"))
	assert.Equal(t, []map[string]any{{"id": u.ID}}, rows)
	s.get("/users?$filter="+url.QueryEscape(names[1]+" ne 'x'")).refused(http.StatusBadRequest, "Request_UnsupportedQuery", "Unsupported Query.")
}

func TestATenantCanRefuseProperties(t *testing.T) {
	s := signedIn(t, emulator.Options{Fault: "501=faxNumber,400=employeeHireDate+CITY"})
	const found = "Parsing OData Select and Expand failed: Could not find a property named '"
	for _, path := range []string{"/users?$select=id,", "/users/delta?$select=id,", "/users/delta?$deltatoken=latest&$select=id,"} {
		s.get(path+"faxNumber").refused(http.StatusNotImplemented, "NotImplemented", "This operation target is not yet supported.")
		s.get(path+"employeeHireDate").refused(http.StatusBadRequest, "BadRequest", found+"employeeHireDate' on type 'microsoft.graph.user'.")
		s.get(path+"city").refused(http.StatusBadRequest, "BadRequest", found+"city' on type 'microsoft.graph.user'.")
		assert.Equal(t, http.StatusOK, s.get(path+"mail").Status)
	}
	s.get("/users?$filter="+url.QueryEscape("city eq 'Berlin'")).refused(http.StatusBadRequest, "BadRequest", "Invalid filter clause: Could not find a property named 'city' on type 'microsoft.graph.user'.")
}
