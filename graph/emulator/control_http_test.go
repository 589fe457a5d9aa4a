package emulator_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/graph/emulator"
)

// control posts to a control as curl does: without a token.
func (s *tenant) control(path string) (int, string) {
	s.t.Helper()
	res, err := s.client.Post(s.URL()+path, "", nil)
	require.NoError(s.t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	require.NoError(s.t, err)
	return res.StatusCode, strings.TrimSpace(string(body))
}

func TestAShareOfTheUsersCanBeRemovedFromOutside(t *testing.T) {
	s := signedIn(t, emulator.Options{})
	link := s.latest()
	status, done := s.control("/demo/users/remove?percent=12.5")
	assert.Equal(t, http.StatusOK, status)
	assert.Equal(t, "removed 250 of 2000 users", done)
	assert.Equal(t, 1750, s.Tenant().UserCount())
	_, done = s.control("/demo/users/remove?percent=20&hard=true")
	assert.Equal(t, "removed 350 of 1750 users", done)

	records, _ := s.round(link)
	reasons := map[any]int{}
	for _, r := range records {
		if removed, ok := r["@removed"].(map[string]any); ok {
			reasons[removed["reason"]]++
		}
	}
	assert.Equal(t, map[any]int{"changed": 250, "deleted": 350}, reasons)

	for _, path := range []string{"?percent=0", "?percent=101", "?percent=NaN", "?percent=some", "", "?percent=1&hard=very"} {
		status, _ := s.control("/demo/users/remove" + path)
		assert.Equal(t, http.StatusBadRequest, status, path)
	}
	assert.Equal(t, 1400, s.Tenant().UserCount())
	res, err := s.client.Get(s.URL() + "/demo/users/remove?percent=10")
	require.NoError(t, err)
	res.Body.Close()
	assert.Equal(t, http.StatusMethodNotAllowed, res.StatusCode, "a link that is only looked at changes nothing")
}

func TestUsersCanBeChangedFromOutside(t *testing.T) {
	s := signedIn(t, emulator.Options{})
	status, done := s.control("/demo/users/change?hires=3&leavers=4&moves=2&renames=1")
	assert.Equal(t, http.StatusOK, status)
	assert.Equal(t, "hired 3, removed 4, moved 2, renamed 1, restored 0", done)
	assert.Equal(t, 1999, s.Tenant().UserCount())
	_, done = s.control("/demo/users/change?restores=1")
	assert.Equal(t, "hired 0, removed 0, moved 0, renamed 0, restored 1", done)
	status, _ = s.control("/demo/users/change?hires=-1")
	assert.Equal(t, http.StatusBadRequest, status)
}

func TestAResyncCanBeForcedFromOutside(t *testing.T) {
	s := signedIn(t, emulator.Options{})
	link := s.latest()
	status, done := s.control("/demo/resync")
	assert.Equal(t, http.StatusOK, status)
	assert.Equal(t, "delta links that will be answered with 410: 1", done)
	assert.Equal(t, http.StatusGone, s.get(link).Status)
	assert.Equal(t, http.StatusOK, s.get(link).Status)
	status, _ = s.control("/demo/resync?links=0")
	assert.Equal(t, http.StatusBadRequest, status)
}
