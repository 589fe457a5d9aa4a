package writeback

import (
	"cmp"
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

func TestWhomTheProfileSparesIsLeftAloneAndSaid(t *testing.T) {
	disabled := user("disabled")
	disabled.AccountEnabled = new(bool)
	guest := user("guest")
	guest.UserType = "guest"
	boss := user("boss")
	boss.ProxyAddresses = []string{"SMTP:boss@contoso.com", "smtp:The.Boss@contoso.com"}
	unread := model.Object{ID: "u-unread", Type: model.ObjectUser, Limited: true}
	members := append(users("owner", "old", "byid", "byupn"), disabled, guest, boss, unread)
	joining := func(o model.Object) model.Object {
		o.ID, o.Mail, o.UserPrincipalName = o.ID+"2", "new-"+o.Mail, "new-"+o.UserPrincipalName
		return o
	}
	desired := []model.Object{joining(guest), joining(disabled), user("new")}
	w := newWorld(members...)
	for _, tt := range []struct {
		name        string
		rules       Rules
		add, remove []string
		skipped     []string
	}{
		{
			"nobody but owners",
			Rules{},
			[]string{"disabled", "guest", "new"},
			[]string{"boss", "byid", "byupn", "disabled", "guest", "old", "u-unread"},
			[]string{"owner@contoso.com: owner of the group: not removed"},
		},
		{
			"not even owners",
			Rules{RemoveOwners: true},
			[]string{"disabled", "guest", "new"},
			[]string{"boss", "byid", "byupn", "disabled", "guest", "old", "owner", "u-unread"},
			nil,
		},
		{
			"guests",
			Rules{RemoveOwners: true, SkipGuests: true},
			[]string{"disabled", "new"},
			[]string{"boss", "byid", "byupn", "disabled", "old", "owner"},
			[]string{
				"guest@contoso.com: guest, whom the profile leaves alone: not removed",
				"new-guest@contoso.com: guest, whom the profile leaves alone: not added",
				"u-unread: cannot be read, and the profile leaves some users alone: not removed",
			},
		},
		{
			"disabled accounts",
			Rules{RemoveOwners: true, SkipDisabled: true},
			[]string{"guest", "new"},
			[]string{"boss", "byid", "byupn", "guest", "old", "owner"},
			[]string{
				"disabled@contoso.com: disabled account, which the profile leaves alone: not removed",
				"new-disabled@contoso.com: disabled account, which the profile leaves alone: not added",
				"u-unread: cannot be read, and the profile leaves some users alone: not removed",
			},
		},
		{
			"protected users",
			Rules{RemoveOwners: true, ProtectedUsers: []string{"U-BYID", "ByUpn@contoso.com", "the.boss@CONTOSO.com"}},
			[]string{"disabled", "guest", "new"},
			[]string{"disabled", "guest", "old", "owner"},
			[]string{
				"boss@contoso.com: protected by the profile: not removed",
				"byid@contoso.com: protected by the profile: not removed",
				"byupn@contoso.com: protected by the profile: not removed",
				"u-unread: cannot be read, and the profile leaves some users alone: not removed",
			},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := w.params(ModeMirror, desired...)
			p.Owners, p.Rules = []string{"U-OWNER"}, tt.rules
			p.Rules.Guards = open
			plan := propose(t, p)
			assert.ElementsMatch(t, tt.add, refNames(plan.Add))
			var removed []string
			for _, r := range plan.Remove {
				removed = append(removed, cmp.Or(r.DisplayName, r.ID))
			}
			assert.ElementsMatch(t, tt.remove, removed)
			var skipped []string
			for _, s := range plan.Skipped {
				skipped = append(skipped, s.Entry+": "+s.Reason)
			}
			assert.Equal(t, tt.skipped, skipped)

			p.Mode = ModeAdd
			assert.ElementsMatch(t, tt.add, refNames(propose(t, p).Add))
			p.Mode = ModeRemove
			plan = propose(t, p)
			assert.Empty(t, plan.Add)
			assert.Len(t, plan.Remove, len(tt.remove))
			for _, s := range plan.Skipped {
				assert.NotContains(t, s.Reason, "not added", "nobody would be")
			}
		})
	}
}

func TestAnAudienceOfWhomTheProfileSparesCountsAsEmpty(t *testing.T) {
	guest := user("guest")
	guest.UserType = "Guest"
	p := newWorld(user("old"), guest).params(ModeMirror, guest)
	p.Rules.SkipGuests = true
	assert.Equal(t, []string{"emptySource"}, trippedOf(propose(t, p)))
	p.Rules.SkipGuests = false
	assert.Empty(t, trippedOf(propose(t, p)))
}

func TestAPlanForExchangeIsMadeForItsAddresses(t *testing.T) {
	contact := model.Object{ID: "c-1", Type: model.ObjectContact, DisplayName: "Eve", Mail: "eve@fabrikam.com"}
	bare := user("bare")
	bare.Mail = ""
	bareMember := user("without")
	bareMember.Mail = ""
	leaving := model.Object{ID: "c-2", Type: model.ObjectContact, DisplayName: "Left", Mail: "left@fabrikam.com"}
	stranger := model.Object{Type: model.ObjectContact, Mail: "x@fabrikam.com"}
	w := newWorld(append(users("old"), nested("sub"), leaving, bareMember)...)
	w.group.Mail = "sales@contoso.com"
	for _, kind := range []model.GroupKind{model.KindDistribution, model.KindMailEnabledSecurity} {
		w.group.Kind = kind
		p := w.params(ModeMirror, user("new"), contact, bare, stranger)
		_, err := New(p)
		require.Error(t, err, "Graph writes no such group")
		p.HandOver = true
		plan := propose(t, p)
		assert.True(t, plan.HandOver)
		assert.Equal(t, GroupRef{ID: "g-1", DisplayName: "Sales", Kind: kind, Mail: "sales@contoso.com"}, plan.Group)
		assert.Equal(t, []Ref{
			{ID: "c-1", DisplayName: "Eve", Mail: "eve@fabrikam.com"},
			{ID: "u-new", UserPrincipalName: "new@contoso.com", DisplayName: "new", Mail: "new@contoso.com"},
		}, plan.Add)
		assert.Equal(t, []string{"Left", "old"}, refNames(plan.Remove))
		assert.Equal(t, []Skipped{
			{"bare@contoso.com", "user without an address: Exchange adds mail recipients only"},
			{"sub", "nested group is a member and was left alone: rollcall hands over users and mail contacts only"},
			{"without@contoso.com", "user without an address is a member and was left alone: Exchange knows members by theirs"},
			{"x@fabrikam.com", "no user or mail contact of the tenant has this address"},
		}, plan.Skipped)
		assert.Equal(t, 2, plan.Guards[5].Value, "whom the audience holds and Exchange can add")
	}

	w.group.Kind = model.KindSecurity
	p := w.params(ModeMirror, user("new"), contact)
	p.HandOver = true
	plan := propose(t, p)
	assert.Equal(t, []string{"new"}, refNames(plan.Add), "a security group is written by the portal or Graph")
	assert.Equal(t, "new@contoso.com", plan.Add[0].Mail)
}

func TestWhatNobodyCanChangeIsNotHandedOverEither(t *testing.T) {
	for code, g := range map[string]model.Group{
		"groupOnPremises":          {Kind: model.KindDistribution, OnPremisesSync: true},
		"groupDynamic":             {Kind: model.KindSecurity, DynamicMembership: true},
		"groupDynamicDistribution": {Kind: model.KindDynamicDistribution},
		"groupRoleAssignable":      {Kind: model.KindSecurity, RoleAssignable: true},
	} {
		_, err := New(Params{Group: g, HandOver: true})
		assert.Equal(t, code, model.AsError(err).Code)
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
