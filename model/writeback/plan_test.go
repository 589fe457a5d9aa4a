package writeback

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/model"
)

func propose(t *testing.T, p Params) *Plan {
	t.Helper()
	plan, err := New(p)
	require.NoError(t, err)
	return plan
}

func refNames(refs []Ref) []string {
	out := []string{}
	for _, r := range refs {
		out = append(out, r.DisplayName)
	}
	return out
}

func TestTheModesDecideWhatIsAddedAndRemoved(t *testing.T) {
	w := newWorld(users("keep", "zoe", "Old")...)
	desired := users("new", "keep", "Ada", "new")
	tests := []struct {
		mode        Mode
		add, remove []string
	}{
		{"", []string{"Ada", "new"}, []string{"Old", "zoe"}},
		{ModeMirror, []string{"Ada", "new"}, []string{"Old", "zoe"}},
		{ModeAdd, []string{"Ada", "new"}, []string{}},
		{ModeRemove, []string{}, []string{"Old", "zoe"}},
	}
	for _, tt := range tests {
		t.Run(string(tt.mode), func(t *testing.T) {
			p := propose(t, w.params(tt.mode, desired...))
			assert.Equal(t, tt.add, refNames(p.Add))
			assert.Equal(t, tt.remove, refNames(p.Remove))
			assert.Equal(t, 1, p.Unchanged)
			assert.Equal(t, 3, p.BaseCount)
			assert.Len(t, p.Keep, 3-len(tt.remove))
			assert.Equal(t, GroupRef{ID: "g-1", DisplayName: "Sales", Kind: model.KindSecurity}, p.Group)
			assert.False(t, p.Empty())
			require.NoError(t, p.Verify())
		})
	}
	_, err := New(w.params("replace", desired...))
	assert.Equal(t, model.KindUsage, model.AsError(err).Kind)
}

func TestNoChangesIsAnOutcome(t *testing.T) {
	p := propose(t, newWorld(users("a", "b")...).params(ModeMirror, users("b", "a")...))
	assert.True(t, p.Empty())
	assert.Equal(t, 2, p.Unchanged)
	assert.NoError(t, Check(p, approved))
}

func TestWhatIsNoUserIsSkippedWithItsReason(t *testing.T) {
	device := model.Object{ID: "d-1", Type: model.ObjectDevice, DisplayName: "PC"}
	app := model.Object{ID: "s-1", Type: model.ObjectServicePrincipal, DisplayName: "App"}
	contact := model.Object{ID: "c-1", Type: model.ObjectContact, DisplayName: "Eve", Mail: "eve@fabrikam.com"}
	stranger := model.Object{Type: model.ObjectContact, Mail: "x@fabrikam.com"}
	w := newWorld(append(users("old"), nested("sub"), device)...)

	p := propose(t, w.params(ModeMirror, app, contact, stranger, stranger, user("new")))
	assert.Equal(t, []Skipped{
		{"App", "service principal: rollcall writes users only"},
		{"PC", "device is a member and was left alone: rollcall removes users only"},
		{"eve@fabrikam.com", "mail contact: rollcall writes users only"},
		{"sub", "nested group is a member and was left alone: rollcall removes users only"},
		{"x@fabrikam.com", "no user of the tenant has this address"},
	}, p.Skipped)
	assert.Equal(t, []string{"new"}, refNames(p.Add))
	assert.Equal(t, []string{"old"}, refNames(p.Remove))
	assert.Equal(t, []string{"d-1", "n-sub"}, p.Keep)

	w.group.Kind = model.KindMicrosoft365
	p = propose(t, w.params(ModeAdd, contact))
	assert.Equal(t, []Skipped{{"eve@fabrikam.com", "mail contact: Microsoft 365 groups accept users only"}}, p.Skipped)

	w.members["c-1"] = contact
	p = propose(t, w.params(ModeMirror, contact, user("old"), device, nested("sub")))
	assert.Empty(t, p.Skipped, "what is wanted and is a member needs no word")
	assert.Equal(t, 4, p.Unchanged)
}

func TestAGroupThatCannotBeWrittenIsRefusedBeforeAnything(t *testing.T) {
	for code, g := range map[string]model.Group{
		"groupDistribution": {Kind: model.KindDistribution},
		"groupDynamic":      {Kind: model.KindSecurity, DynamicMembership: true},
		"groupOnPremises":   {Kind: model.KindSecurity, OnPremisesSync: true},
	} {
		t.Run(code, func(t *testing.T) {
			_, err := New(Params{Group: g})
			e := model.AsError(err)
			require.NotNil(t, e)
			assert.Equal(t, code, e.Code)
			assert.Equal(t, model.KindGuard, e.Kind)
		})
	}
}

func TestEqualPlansAreEqualBytes(t *testing.T) {
	w := newWorld(users("a", "b", "c")...)
	one := w.params(ModeMirror, users("c", "d", "e")...)
	other := one
	other.Members = []model.Object{one.Members[2], one.Members[0], one.Members[1], one.Members[0]}
	other.Desired = []model.Object{one.Desired[1], one.Desired[2], one.Desired[0]}
	first, err := propose(t, one).Encode()
	require.NoError(t, err)
	second, err := propose(t, other).Encode()
	require.NoError(t, err)
	assert.Equal(t, string(first), string(second))

	other.Author = "somebody else"
	assert.NotEqual(t, propose(t, one).ID, propose(t, other).ID)
}

func TestTheFingerprintIsThatOfTheSortedIds(t *testing.T) {
	// printf 'a\nb\n' | sha256sum
	assert.Equal(t, "sha256:911169ddaaf146aff539f58c26c489af3b892dff0fe283c1c264c65ae5aa59a2", Fingerprint([]string{"b", "a"}))
	assert.NotEqual(t, Fingerprint([]string{"a", "b"}), Fingerprint([]string{"ab"}), "ids do not run together")
}
