package directory_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"rollcall/model"
	"rollcall/model/directory"
)

// keystrokes draws a search text from pieces that occur in the users' values.
func keystrokes() *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		text := ""
		for _, piece := range rapid.SliceOfN(rapid.SampledFrom([]string{
			"s", "a", "sal", "es", "S", "u", "us", "ß", "σ", "ольга", "k", "田", "中", "l", "e", "@", "1",
			" ", " ", "!", "~", "department:", "otherMails:", `"`, "x", "-", ".",
		}), 0, 7).Draw(t, "pieces") {
			text += piece
		}
		return text
	})
}

func TestASearchThatGoesOnFromAnEarlierOneFindsTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := drawnDirectory(t)
		s := d.Snapshot()
		var among *directory.Set
		if rapid.Bool().Draw(t, "among some") {
			among = s.SetOf(rapid.SliceOfDistinct(rapid.SampledFrom(append(s.All(), 0)), rapid.ID).Filter(func(rows []int32) bool {
				return s.Len() > 0 || len(rows) == 0
			}).Draw(t, "among"))
		}
		first, then := keystrokes().Draw(t, "first"), keystrokes().Draw(t, "then")
		if rapid.Bool().Draw(t, "goes on") {
			then = first + then
		}
		earlier, err := s.Search(t.Context(), first, among, nil)
		require.NoError(t, err)
		want, err := s.Search(t.Context(), then, among, nil)
		require.NoError(t, err)
		got, err := s.Search(t.Context(), then, among, earlier)
		require.NoError(t, err)
		require.Equal(t, want.Rows(), got.Rows(), "%q after %q", then, first)

		d.Apply([]model.Change{{ID: "another"}})
		later, err := d.Snapshot().Search(t.Context(), "", nil, earlier)
		require.NoError(t, err)
		require.Equal(t, d.Snapshot().Len(), later.Count(), "the result of another snapshot is no help")
	})
}

// TestASearchFindsFewAndMany takes both ways that a search can go: over the
// values of a dictionary and over the rows that are left.
func TestASearchFindsFewAndMany(t *testing.T) {
	const users = 9_000
	d := loaded(t)
	list(d, syntheticUsers(users))
	s := d.Snapshot()
	for text, want := range map[string]int{
		"u": users, "u000": users, "u0004711": 1, "U0004711 contoso": 1, "contoso u0004711": 1, "~u4711@": 1,
		"!u0004711": users - 1, "!contoso": 0, "!~u4711@ u00047": 99, "mail:u0004711": 1, "employeeId:00004711": 1,
	} {
		assert.Len(t, search(t, s, text), want, text)
	}
	among := s.SetOf(search(t, s, "u00047"))
	require.Equal(t, 100, among.Count())
	r, err := s.Search(t.Context(), "u00047", among, nil)
	require.NoError(t, err)
	assert.Equal(t, 100, r.Count())
	r, err = s.Search(t.Context(), "u0004711", among, r)
	require.NoError(t, err)
	assert.Equal(t, 1, r.Count())
}

func TestACancelledSearchSaysSo(t *testing.T) {
	d := loaded(t)
	list(d, syntheticUsers(1_000))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, text := range []string{"", "u", "nobody", "~u", "id:0", "proxyAddresses:u"} {
		_, err := d.Snapshot().Search(ctx, text, nil, nil)
		require.ErrorIs(t, err, context.Canceled, text)
	}
	r, err := d.Snapshot().Search(t.Context(), "u", nil, nil)
	require.NoError(t, err)
	assert.Equal(t, 1_000, r.Count())
}
