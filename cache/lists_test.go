package cache

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	bolt "go.etcd.io/bbolt"

	"rollcall/model"
	"rollcall/model/workspace"
)

// listOf returns a list of n members, the last id first.
func listOf(name string, n int) workspace.List {
	l := workspace.List{Name: name, Count: n, CreatedAt: day(), CreatedBy: "ada", ChangedAt: day(), ChangedBy: "ada"}
	for i := range n {
		l.Members = append(l.Members, workspace.Contact{ID: guid(n - i), DisplayName: fmt.Sprintf("User %d", i), Mail: fmt.Sprintf("user%d@contoso.com", i)})
	}
	return l
}

func TestListsAreKeptWithTheirMembersInTheirOrder(t *testing.T) {
	l := openLedger(t, ledgerPath(t))
	lists, err := l.Lists(t.Context())
	require.NoError(t, err)
	assert.Empty(t, lists, "a ledger of before there were lists")
	failure(t, l.DeleteList(t.Context(), "Board"), "listNotFound")

	board, sales := listOf("Board", 300), listOf("sales", 2)
	require.NoError(t, l.SaveList(t.Context(), sales))
	require.NoError(t, l.SaveList(t.Context(), board))

	l = reopened(t, l)
	got, err := l.List(t.Context(), "BOARD")
	require.NoError(t, err)
	assert.Equal(t, board, got)
	lists, err = l.Lists(t.Context())
	require.NoError(t, err)
	board.Members, sales.Members = nil, nil
	assert.Equal(t, []workspace.List{board, sales}, lists, "by name, without members")
}

func TestAListTakesThePlaceOfOneWithItsNameInAnyLetterCase(t *testing.T) {
	l := openLedger(t, ledgerPath(t))
	require.NoError(t, l.SaveList(t.Context(), listOf("Board", 300)))
	require.NoError(t, l.SaveList(t.Context(), listOf("BOARD", 2)))
	l = reopened(t, l)
	lists, err := l.Lists(t.Context())
	require.NoError(t, err)
	require.Len(t, lists, 1)
	got, err := l.List(t.Context(), "board")
	require.NoError(t, err)
	assert.Equal(t, listOf("BOARD", 2), got)

	require.NoError(t, l.DeleteList(t.Context(), "bOard"))
	_, err = reopened(t, l).List(t.Context(), "Board")
	assert.Equal(t, model.KindUsage, failure(t, err, "listNotFound").Kind)
}

func TestPeopleOutsideTheTenantAreKeptWithWhatReachesThem(t *testing.T) {
	l := openLedger(t, ledgerPath(t))
	partners := listOf("Partners", 1)
	partners.File, partners.Count = "partners.csv", 3
	partners.Members = append(partners.Members, workspace.Contact{DisplayName: "Eve", Mail: "eve@fabrikam.com", Mobile: "+44 20 7946 0991"}, workspace.Contact{Mail: "x@fabrikam.com"})
	require.NoError(t, l.SaveList(t.Context(), partners))
	l = reopened(t, l)
	got, err := l.List(t.Context(), "partners")
	require.NoError(t, err)
	assert.Equal(t, partners, got)
	lists, err := l.Lists(t.Context())
	require.NoError(t, err)
	assert.Equal(t, "partners.csv", lists[0].File)
}

func TestANamelessListIsNeitherKeptNorFound(t *testing.T) {
	l := openLedger(t, ledgerPath(t))
	assert.Equal(t, model.KindUsage, failure(t, l.SaveList(t.Context(), listOf("", 1)), "listName").Kind)
	_, err := l.List(t.Context(), "")
	failure(t, err, "listNotFound")
	failure(t, l.DeleteList(t.Context(), ""), "listNotFound")
}

func TestADamagedListIsReportedAndNotShortened(t *testing.T) {
	for name, harm := range map[string]func(list *bolt.Bucket) error{
		"a member is lost":     func(list *bolt.Bucket) error { return list.Bucket(bucketMembers).Delete([]byte{0, 0, 0, 1}) },
		"a member is mangled":  func(list *bolt.Bucket) error { return list.Bucket(bucketMembers).Put([]byte{0, 0, 0, 1}, []byte("{")) },
		"the members are lost": func(list *bolt.Bucket) error { return list.DeleteBucket(bucketMembers) },
		"the head is lost":     func(list *bolt.Bucket) error { return list.Delete(keyList) },
	} {
		t.Run(name, func(t *testing.T) {
			l := openLedger(t, ledgerPath(t))
			require.NoError(t, l.SaveList(t.Context(), listOf("Board", 3)))
			require.NoError(t, l.db.Update(func(tx *bolt.Tx) error { return harm(listBucket(tx, "Board")) }))
			_, err := l.List(t.Context(), "Board")
			failure(t, err, "ledgerCorrupt")
		})
	}
}

func BenchmarkList(b *testing.B) {
	const members = 100_000
	l := openLedger(b, ledgerPath(b))
	list := listOf("Everybody", members)
	b.Run("save", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			require.NoError(b, l.SaveList(b.Context(), list))
		}
	})
	b.Run("read", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			got, err := l.List(b.Context(), list.Name)
			require.NoError(b, err)
			require.Len(b, got.Members, members)
		}
	})
}
