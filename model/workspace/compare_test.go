package workspace_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"rollcall/model"
	"rollcall/model/audience"
	"rollcall/model/expansion"
	"rollcall/model/refresh"
	"rollcall/model/workspace"
	"rollcall/model/workspace/workspacetest"
)

// snapshotOf makes a snapshot of "address=id" texts; where none has an id, the
// snapshot is one of an older version.
func snapshotOf(recipients ...string) *workspace.Snapshot {
	s := &workspace.Snapshot{ID: "s"}
	for _, r := range recipients {
		address, id, ok := strings.Cut(r, "=")
		s.Addresses = append(s.Addresses, address)
		if ok {
			s.ObjectIDs = append(s.ObjectIDs, id)
		}
	}
	s.Count = len(s.Addresses)
	return s
}

func TestSnapshotsAreComparedByObjectIDAndByAddressWhereThereIsNone(t *testing.T) {
	for name, test := range map[string]struct {
		then, now            []string
		joined, left, change []string
		moved                []workspace.Moved
		same                 int
	}{
		"nothing changed, but letter case": {
			then: []string{"Ann@contoso.com=1", "bob@contoso.com=2"}, now: []string{"bob@contoso.com=2", "ann@CONTOSO.com=1"}, same: 2,
		},
		"one joined and one left": {
			then: []string{"ann@contoso.com=1", "bob@contoso.com=2"}, now: []string{"bob@contoso.com=2", "cid@contoso.com=3"},
			joined: []string{"cid@contoso.com"}, left: []string{"ann@contoso.com"}, same: 1,
		},
		"an address moved": {
			then: []string{"ann@contoso.com=1"}, now: []string{"ann.lee@contoso.com=1"},
			moved: []workspace.Moved{{ID: "1", From: "ann@contoso.com", To: "ann.lee@contoso.com"}},
		},
		"two swapped their addresses": {
			then: []string{"ann@contoso.com=1", "bob@contoso.com=2"}, now: []string{"ann@contoso.com=2", "bob@contoso.com=1"},
			moved: []workspace.Moved{{ID: "1", From: "ann@contoso.com", To: "bob@contoso.com"}, {ID: "2", From: "bob@contoso.com", To: "ann@contoso.com"}},
		},
		"somebody moved, and somebody new has the old address": {
			then: []string{"ann@contoso.com=1"}, now: []string{"ann@contoso.com=2", "ann.lee@contoso.com=1"},
			moved:  []workspace.Moved{{ID: "1", From: "ann@contoso.com", To: "ann.lee@contoso.com"}},
			joined: []string{"ann@contoso.com"},
		},
		"an address changed hands": {
			then: []string{"desk@contoso.com=1"}, now: []string{"Desk@contoso.com=2"}, change: []string{"Desk@contoso.com"},
		},
		"a snapshot of an older version has addresses only": {
			then: []string{"ann@contoso.com", "bob@contoso.com"}, now: []string{"ann.lee@contoso.com=1", "bob@contoso.com=2"},
			joined: []string{"ann.lee@contoso.com"}, left: []string{"ann@contoso.com"}, same: 1,
		},
		"somebody outside got an account": {
			then: []string{"x@fabrikam.com=", "bob@contoso.com=2"}, now: []string{"x@fabrikam.com=7", "bob@contoso.com=2"}, same: 2,
		},
		"ids differ in letter case": {
			then: []string{"ann@contoso.com=AB"}, now: []string{"lee@contoso.com=ab"},
			moved: []workspace.Moved{{ID: "ab", From: "ann@contoso.com", To: "lee@contoso.com"}},
		},
		"everything is new": {now: []string{"b@contoso.com=2", "A@contoso.com=1"}, joined: []string{"A@contoso.com", "b@contoso.com"}},
		"everybody left":    {then: []string{"b@contoso.com=2", "A@contoso.com=1"}, left: []string{"A@contoso.com", "b@contoso.com"}},
	} {
		t.Run(name, func(t *testing.T) {
			c := workspace.CompareSnapshots(snapshotOf(test.then...), snapshotOf(test.now...))
			texts := func(list []string) []string { return append([]string{}, list...) }
			assert.Equal(t, texts(test.joined), c.Joined)
			assert.Equal(t, texts(test.left), c.Left)
			assert.Equal(t, texts(test.change), c.ChangedHands)
			assert.Equal(t, append([]workspace.Moved{}, test.moved...), c.Moved)
			assert.Equal(t, test.same, c.Same)
			assert.True(t, c.Complete)
			assert.False(t, c.Structure)
			assert.Equal(t, len(test.joined)+len(test.left)+len(test.change)+len(test.moved) == 0, c.Unchanged())
		})
	}
}

func TestEverybodyIsCountedOnceOnEachSideOfAComparison(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := func(name string) *workspace.Snapshot {
			// Few names and ids, so that they meet; both are unique within a side.
			addresses := rapid.SliceOfNDistinct(rapid.IntRange(0, 12), 0, 10, rapid.ID).Draw(t, name+" addresses")
			ids := rapid.Permutation([]int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}).Draw(t, name+" ids")
			known := rapid.Bool().Draw(t, name+" has ids")
			var texts []string
			for i, a := range addresses {
				text := fmt.Sprintf("%c@contoso.com", 'a'+a)
				if rapid.Bool().Draw(t, "upper") {
					text = strings.ToUpper(text)
				}
				if known {
					text += "="
					if rapid.IntRange(0, 3).Draw(t, "stranger") > 0 {
						text += fmt.Sprint(ids[i])
					}
				}
				texts = append(texts, text)
			}
			return snapshotOf(texts...)
		}
		then, now := draw("then"), draw("now")
		c := workspace.CompareSnapshots(then, now)
		assert.Equal(t, then.Count, c.Same+len(c.Left)+len(c.Moved)+len(c.ChangedHands))
		assert.Equal(t, now.Count, c.Same+len(c.Joined)+len(c.Moved)+len(c.ChangedHands))

		back := workspace.CompareSnapshots(now, then)
		assert.Equal(t, c.Same, back.Same)
		assert.Equal(t, c.Joined, back.Left)
		assert.Equal(t, c.Left, back.Joined)
		assert.Len(t, back.Moved, len(c.Moved))

		self := workspace.CompareSnapshots(then, then)
		assert.True(t, self.Unchanged())
		assert.Equal(t, then.Count, self.Same)

		// Who has an id on both sides is neither new nor gone.
		for i, id := range then.ObjectIDs {
			if at := slices.Index(now.ObjectIDs, id); at >= 0 && id != "" {
				assert.False(t, slices.Contains(c.Left, then.Addresses[i]) && slices.Contains(c.Joined, now.Addresses[at]), "id %s", id)
			}
		}
	})
}

// keeping returns the tenant under a profile that keeps the nested lists.
func keeping(tenant *workspacetest.Tenant) *workspacetest.Tenant {
	tenant.KeepStructure = true
	return tenant
}

func TestAnApprovedPreviewIsKeptWithAllThatItSaid(t *testing.T) {
	tenant := workspacetest.Contoso()
	tenant.MembersOf[workspacetest.ID(workspacetest.ListAllStaff)] = append(tenant.MembersOf[workspacetest.ID(workspacetest.ListAllStaff)], tenant.User(workspacetest.Chandra))
	w := synced(t, tenant)
	p, err := w.Preview(t.Context(), []string{"all-staff@contoso.com", "-adele@contoso.com"}, nil, nil)
	require.NoError(t, err)
	made, err := w.ApprovePreview(t.Context(), p, " All hands ")
	require.NoError(t, err)

	kept, err := w.Snapshot(t.Context(), made.ID)
	require.NoError(t, err)
	assert.Equal(t, made, kept)
	assert.Equal(t, "All hands", kept.Name)
	assert.Equal(t, []string{"all-staff@contoso.com"}, kept.Entries)
	assert.Equal(t, []string{"adele@contoso.com"}, kept.Exclude)
	assert.Equal(t, []string{"bert@contoso.com", "chandra@contoso.com", "fergus@fabrikam.com"}, kept.Addresses)
	assert.Equal(t, ids(workspacetest.Bert, workspacetest.Chandra, workspacetest.ContactFergus), kept.ObjectIDs)
	assert.Equal(t, "admin@contoso.com", kept.ApprovedBy)
	assert.Equal(t, &workspace.SnapshotCounts{
		Counts: audience.Counts{Unique: 3, Internal: 2, External: 1}, Disabled: 1, Excluded: 1, Duplicates: p.Expansion.Duplicates,
	}, kept.Counts)
	assert.Equal(t, []expansion.Source{expansion.SourceGraph}, kept.Sources)
	assert.Equal(t, w.Now(), kept.AsOf)
	assert.Equal(t, w.Progress().SyncedAt, kept.SyncedAt)
	assert.False(t, kept.SyncedAt.IsZero())
	assert.Nil(t, kept.Lists, "nothing is kept of the structure")

	heads, err := w.Snapshots(t.Context())
	require.NoError(t, err)
	require.Len(t, heads, 1)
	kept.Addresses, kept.ObjectIDs = nil, nil
	assert.Equal(t, *kept, heads[0])
	event := lastEvent(t, w)
	assert.Equal(t, "preview.approve", event.Action)
	assert.Contains(t, event.Detail, kept.ID)
}

func TestTheSyncThatASnapshotNamesIsTheOneThatAnswered(t *testing.T) {
	tenant := workspacetest.Contoso()
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	tenant.Now = func() time.Time { return now }
	w := synced(t, tenant)
	p, err := w.Preview(t.Context(), []string{"rule:" + salesRule}, nil, nil)
	require.NoError(t, err)
	answered := w.Progress().SyncedAt
	now = now.Add(time.Hour)
	_, err = w.Sync(t.Context(), refresh.Request{})
	require.NoError(t, err)
	require.NotEqual(t, answered, w.Progress().SyncedAt)
	kept, err := w.ApprovePreview(t.Context(), p, "")
	require.NoError(t, err)
	assert.Equal(t, answered, kept.SyncedAt)
}

func TestNestedListsAreKeptAndComparedWhereTheProfileSaysSo(t *testing.T) {
	tenant := keeping(workspacetest.Contoso())
	w := synced(t, tenant)
	first := approved(t, w, "All hands", "all-staff@contoso.com")
	require.Len(t, first.Lists, 2)
	assert.Equal(t, "All Staff", first.Lists[0].DisplayName)
	assert.Equal(t, 3, first.Lists[0].Unique)

	staff, partners := workspacetest.ID(workspacetest.ListAllStaff), workspacetest.ID(workspacetest.ListPartners)
	tenant.MembersOf[staff] = append(tenant.MembersOf[staff], *tenant.Object(workspacetest.GroupTwin2))
	tenant.MembersOf[workspacetest.ID(workspacetest.GroupTwin2)] = []model.Object{tenant.User(workspacetest.Dora)}
	tenant.MembersOf[partners] = tenant.MembersOf[partners][:1]
	c, p, err := w.CompareWithNow(t.Context(), "all hands", nil)
	require.NoError(t, err)
	assert.True(t, p.Complete())
	assert.Equal(t, []string{"dora@contoso.com"}, c.Joined)
	assert.Equal(t, 3, c.Same)
	require.True(t, c.Structure)
	var said []string
	for _, l := range c.Lists {
		then, now := -1, -1
		name := ""
		if l.Then != nil {
			then, name = l.Then.Unique, l.Then.DisplayName
		}
		if l.Now != nil {
			now, name = l.Now.Unique, l.Now.DisplayName
		}
		said = append(said, fmt.Sprintf("%s %d to %d", name, then, now))
	}
	assert.Equal(t, []string{"All Staff 3 to 4", "Partners 2 to 1", "Twin -1 to 1"}, said)
}

func TestASnapshotIsComparedWithWhatItsEntriesHoldNow(t *testing.T) {
	tenant := workspacetest.Contoso()
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	tenant.Now = func() time.Time { return now }
	w := synced(t, tenant)
	then := approved(t, w, "Sales", "all-staff@contoso.com", "&rule:"+salesRule, "-bert@contoso.com")
	require.Equal(t, []string{"adele@contoso.com"}, then.Addresses)

	// A day later Adele is called otherwise, and Dora is among them.
	now = now.Add(24 * time.Hour)
	tenant.Changes = []model.Change{{ID: workspacetest.ID(workspacetest.Adele), Fields: []model.Field{
		{Attr: model.AttrMail, Value: "adele.vance@contoso.com"}, {Attr: model.AttrUserPrincipalName, Value: "adele.vance@contoso.com"},
	}}}
	_, err := w.Sync(t.Context(), refresh.Request{})
	require.NoError(t, err)
	staff := workspacetest.ID(workspacetest.ListAllStaff)
	adele := tenant.User(workspacetest.Adele)
	adele.Mail = "adele.vance@contoso.com"
	tenant.MembersOf[staff] = []model.Object{adele, tenant.User(workspacetest.Bert), tenant.User(workspacetest.Dora), tenant.User(workspacetest.Chandra)}
	c, p, err := w.CompareWithNow(t.Context(), then.ID, nil)
	require.NoError(t, err)
	assert.Equal(t, []string{"adele.vance@contoso.com", "dora@contoso.com"}, addresses(p))
	assert.Equal(t, []string{"dora@contoso.com"}, c.Joined)
	assert.Empty(t, c.Left)
	assert.Equal(t, []workspace.Moved{{ID: workspacetest.ID(workspacetest.Adele), From: "adele@contoso.com", To: "adele.vance@contoso.com"}}, c.Moved)
	assert.Equal(t, workspace.Side{ID: then.ID, Name: "Sales", At: then.ApprovedAt, Unique: 1}, c.Then)
	assert.Equal(t, workspace.Side{At: now, Unique: 2}, c.Now)
	assert.True(t, c.Complete)
	assert.False(t, c.Structure, "the snapshot kept none")
}

func TestAComparisonWithAPreviewThatLacksPartsSaysSo(t *testing.T) {
	tenant := workspacetest.Contoso()
	w := synced(t, tenant)
	then := approved(t, w, "All hands", "all-staff@contoso.com")
	tenant.Object(workspacetest.ListPartners).Group.HiddenMembership = true
	for i, o := range tenant.MembersOf[workspacetest.ID(workspacetest.ListAllStaff)] {
		if o.Group != nil {
			tenant.MembersOf[workspacetest.ID(workspacetest.ListAllStaff)][i] = *tenant.Object(workspacetest.ListPartners)
		}
	}
	c, p, err := w.CompareWithNow(t.Context(), then.ID, nil)
	require.NoError(t, err)
	require.False(t, p.Complete())
	assert.False(t, c.Complete)
	_, _, err = w.CompareWithNow(t.Context(), "Nowhere", nil)
	failure(t, err, model.KindUsage, "snapshotNotFound")
	_, err = w.Snapshot(t.Context(), " ")
	failure(t, err, model.KindUsage, "snapshotNotFound")
}

// Who turns Exchange off sees fewer people in the same lists, and nobody left.
func TestAComparisonOfWhatDifferentServicesToldSaysSo(t *testing.T) {
	for _, test := range []struct {
		name      string
		then, now []expansion.Source
		unlike    string
	}{
		{"Graph both times", []expansion.Source{expansion.SourceGraph}, []expansion.Source{expansion.SourceGraph}, ""},
		{"no lists then", nil, []expansion.Source{expansion.SourceExchangeAdmin}, ""},
		{"Exchange both times, and Graph for a list of its own", []expansion.Source{expansion.SourceExchangeAdmin}, []expansion.Source{expansion.SourceGraph, expansion.SourceExchangeAdmin}, ""},
		{"Exchange turned off", []expansion.Source{expansion.SourceGraph, expansion.SourceExchangeAdmin}, []expansion.Source{expansion.SourceGraph}, "then Exchange Online and Graph answered for lists, and now Graph"},
		{"another service of Exchange", []expansion.Source{expansion.SourceEWS}, []expansion.Source{expansion.SourceExchangeAdmin}, "then Exchange (EWS) answered for lists, and now Exchange Online"},
	} {
		t.Run(test.name, func(t *testing.T) {
			then, now := snapshotOf("ann@contoso.com=1", "bob@contoso.com=2"), snapshotOf("ann@contoso.com=1")
			then.Sources, now.Sources = test.then, test.now
			c := workspace.CompareSnapshots(then, now)
			assert.True(t, c.Complete)
			if test.unlike == "" {
				assert.Empty(t, c.Unlike)
				return
			}
			assert.Equal(t, test.unlike+": who seems to have joined or left may be whom only one of them shows", c.Unlike)
		})
	}
}
