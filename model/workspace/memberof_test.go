package workspace_test

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/model"
	"rollcall/model/directory"
	"rollcall/model/rule"
	"rollcall/model/workspace"
	"rollcall/model/workspace/workspacetest"
	"rollcall/model/writeback"
)

// memberOf is the rule on the direct members of groups.
func memberOf(groups ...int) string {
	return `user.memberOf -any (group.objectId -in ["` + strings.Join(ids(groups...), `", "`) + `"])`
}

// names are the display names of who is selected.
func names(s *directory.Snapshot, set *directory.Set) []string {
	list := []string{}
	for _, row := range s.Rows(set) {
		list = append(list, s.Value(row, model.AttrDisplayName))
	}
	return list
}

// selected evaluates a rule.
func selected(t *testing.T, w *workspace.Workspace, text string) (users, diagnostics []string) {
	t.Helper()
	s, err := w.Select(t.Context(), text)
	require.NoError(t, err)
	for _, d := range s.Diagnostics {
		diagnostics = append(diagnostics, fmt.Sprintf("%s %d:%d %s", d.Severity, d.Line, d.Column, d.Message))
	}
	return names(s.Snapshot, s.Set), diagnostics
}

func TestARuleOnMembersSelectsTheDirectMembersThatAreSynced(t *testing.T) {
	tenant := workspacetest.Contoso()
	sales := workspacetest.ID(workspacetest.GroupSales)
	for i, kind := range []model.ObjectType{model.ObjectDevice, model.ObjectDevice, model.ObjectGroup, model.ObjectUser, model.ObjectContact, model.ObjectServicePrincipal, "x"} {
		tenant.MembersOf[sales] = append(tenant.MembersOf[sales], model.Object{ID: workspacetest.ID(900 + i), Type: kind})
	}
	tenant.MembersOf[sales] = append(tenant.MembersOf[sales], tenant.User(workspacetest.Bert)) // on two pages
	w := synced(t, tenant)

	users, remarks := selected(t, w, memberOf(workspacetest.GroupSales))
	assert.Equal(t, []string{"Bert Olsen", "Chandra Rao"}, users)
	assert.Equal(t, []string{"note 1:41 sg-sales, as of 12:00: 7 of its 9 direct members are no synced users: " +
		"1 user not synced, 1 group, 1 mail contact, 2 devices, 1 service principal, 1 object of another kind"}, remarks)

	users, remarks = selected(t, w, "\n"+memberOf(workspacetest.ListAllStaff, workspacetest.GroupDynamic, workspacetest.GroupTwin))
	assert.Equal(t, []string{"Adele Vance", "Bert Olsen", "Chandra Rao"}, users, "of the nested list only what it holds itself")
	assert.Equal(t, []string{
		"note 2:41 All Staff, as of 12:00: 1 of its 3 direct members is no synced user: 1 group",
		"note 2:81 dyn-engineering, as of 12:00: its one direct member is a synced user",
		"note 2:121 Twin, as of 12:00: it has no direct members",
	}, remarks)
}

func TestTheMembersOfASmallGroupAreToldInWordsOfTheirOwn(t *testing.T) {
	tenant := workspacetest.Contoso()
	device := model.Object{ID: workspacetest.ID(900), Type: model.ObjectDevice}
	tenant.MembersOf[workspacetest.ID(workspacetest.GroupTwin)] = []model.Object{device}
	tenant.MembersOf[workspacetest.ID(workspacetest.GroupDynamic)] = []model.Object{tenant.User(workspacetest.Bert), tenant.User(workspacetest.Dora)}
	w := synced(t, tenant)
	users, remarks := selected(t, w, memberOf(workspacetest.GroupTwin, workspacetest.GroupDynamic))
	assert.Equal(t, []string{"Bert Olsen", "Dora Lind"}, users)
	require.Len(t, remarks, 2)
	assert.Contains(t, remarks[0], "Twin, as of 12:00: its one direct member is no synced user: 1 device")
	assert.Contains(t, remarks[1], "its 2 direct members are all synced users")
}

func TestAGroupThatIsNamedTwiceIsToldOnce(t *testing.T) {
	w := synced(t, workspacetest.Contoso())
	_, remarks := selected(t, w, memberOf(workspacetest.GroupTwin, workspacetest.GroupTwin, workspacetest.GroupDynamic))
	assert.Equal(t, []string{
		"note 1:41 Twin, as of 12:00: it has no direct members",
		"note 1:121 dyn-engineering, as of 12:00: its one direct member is a synced user",
	}, remarks)
}

func TestAKeystrokeDoesNotAskForMembersAgain(t *testing.T) {
	tenant := workspacetest.Contoso()
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	tenant.Now = func() time.Time { return now }
	w := synced(t, tenant)
	asked := func() int { return len(tenant.Asked("Members")) }

	selected(t, w, memberOf(workspacetest.GroupSales))
	selected(t, w, strings.ToUpper(memberOf(workspacetest.GroupSales)[:10])+memberOf(workspacetest.GroupSales)[10:])
	_, err := w.CompareRules(t.Context(), salesRule, memberOf(workspacetest.GroupSales))
	require.NoError(t, err)
	require.Equal(t, 1, asked())
	now = now.Add(59 * time.Second)
	tenant.MembersOf[workspacetest.ID(workspacetest.GroupSales)] = nil
	users, remarks := selected(t, w, memberOf(workspacetest.GroupSales, workspacetest.GroupDynamic))
	assert.Len(t, users, 2)
	assert.Equal(t, 2, asked(), "only the other group is read")
	assert.Contains(t, remarks[0], "as of 12:00")

	now = now.Add(time.Second)
	users, remarks = selected(t, w, memberOf(workspacetest.GroupSales))
	assert.Empty(t, users)
	assert.Contains(t, remarks[0], "as of 12:01")
	assert.Equal(t, 3, asked())
}

func TestAnAudienceReadsMembersAfresh(t *testing.T) {
	tenant := workspacetest.Contoso()
	w := synced(t, tenant)
	sales := workspacetest.ID(workspacetest.GroupSales)
	text := memberOf(workspacetest.GroupSales)
	saved(t, w, "Sellers", text)
	selected(t, w, text)
	tenant.MembersOf[sales] = []model.Object{tenant.User(workspacetest.Adele), {ID: workspacetest.ID(900), Type: model.ObjectDevice}}

	before := len(tenant.Asked("Members"))
	p, err := w.Preview(t.Context(), []string{"segment:Sellers", "rule:" + text}, nil, nil)
	require.NoError(t, err)
	assert.Equal(t, []string{"adele@contoso.com"}, addresses(p))
	assert.Equal(t, []string{"sg-sales: 1 of its 2 direct members is no synced user: 1 device"}, p.Notes)
	assert.Equal(t, before+1, len(tenant.Asked("Members")), "and once for all its entries")

	tenant.MembersOf[sales] = []model.Object{tenant.User(workspacetest.Dora)}
	plan, err := w.Plan(t.Context(), []string{"segment:Sellers"}, nil, workspacetest.ID(workspacetest.GroupTwin), writeback.ModeMirror)
	require.NoError(t, err)
	require.Len(t, plan.Add, 1)
	assert.Equal(t, workspacetest.ID(workspacetest.Dora), plan.Add[0].ID)

	users, _ := selected(t, w, text)
	assert.Equal(t, []string{"Dora Lind"}, users, "what was read afresh serves the screens, too")
}

func TestMembersThatCannotBeReadInFullAreAnErrorAndNoSmallerCount(t *testing.T) {
	offline := &model.Error{Kind: model.KindUnavailable, Code: "offline", Message: "the network is unreachable"}
	broken := &model.Error{Kind: model.KindFailed, Code: "Request_BadRequest", Message: "the service did not understand"}
	failing := func(call string, err error) func(*workspacetest.Tenant) {
		return func(tenant *workspacetest.Tenant) {
			tenant.Fail = func(name string) error {
				if strings.HasPrefix(name, call+" ") || name == call {
					return err
				}
				return nil
			}
		}
	}
	for name, test := range map[string]struct {
		text      string
		prepare   func(*workspacetest.Tenant)
		kind      model.Kind
		code      string
		says      string
		remedy    string
		stillAsks bool // the next keystroke asks the tenant again
	}{
		"hidden": {
			memberOf(workspacetest.ListBoard), nil, model.KindPartial, "membershipHidden",
			"the members of Board are hidden from this account", "Member.Read.Hidden", false,
		},
		"hidden among others": {
			memberOf(workspacetest.GroupSales, workspacetest.ListBoard), nil, model.KindPartial, "membershipHidden",
			"Board are hidden", "Member.Read.Hidden", false,
		},
		"no such group": {memberOf(999), nil, model.KindUsage, "groupNotFound", workspacetest.ID(999), "correct the id", false},
		"a name in place of an id": {
			`user.memberOf -any (group.objectId -in ["sg-sales"])`, nil, model.KindUsage, "", `sg-sales`, "", false,
		},
		"no permission": {
			memberOf(workspacetest.GroupSales), func(tenant *workspacetest.Tenant) { tenant.Account.Scopes = []string{"User.Read.All"} },
			model.KindSignIn, "consentMissing", "GroupMember.Read.All", "adminconsent", false,
		},
		"the group is not answered": {
			memberOf(workspacetest.GroupSales), failing("Group", offline), model.KindUnavailable, "offline", "unreachable", "", true,
		},
		"the members are not answered": {
			memberOf(workspacetest.GroupSales), failing("Members", offline), model.KindUnavailable, "offline", "unreachable", "", true,
		},
		"the group is refused": {
			memberOf(workspacetest.GroupSales), failing("Group", broken), model.KindPartial, "Request_BadRequest",
			"the members of " + workspacetest.ID(workspacetest.GroupSales) + " could not be read: the service did not understand", "", false,
		},
		"a member without an id": {
			memberOf(workspacetest.GroupSales), func(tenant *workspacetest.Tenant) {
				sales := workspacetest.ID(workspacetest.GroupSales)
				tenant.MembersOf[sales] = append(tenant.MembersOf[sales], model.Object{Type: model.ObjectUser, Limited: true})
			},
			model.KindPartial, "membersUnreadable", "1 member of sg-sales came without an object id", "Directory.Read.All", false,
		},
	} {
		t.Run(name, func(t *testing.T) {
			tenant := workspacetest.Contoso()
			w := synced(t, tenant)
			if test.prepare != nil {
				test.prepare(tenant)
				_, err := w.Renew(t.Context())
				require.NoError(t, err)
			}
			s, err := w.Select(t.Context(), test.text)
			e := model.AsError(err)
			require.NotNil(t, e)
			assert.Nil(t, s.Set)
			assert.Equal(t, test.kind, e.Kind)
			if test.code != "" {
				assert.Equal(t, test.code, e.Code)
			}
			assert.Contains(t, e.Message, test.says)
			assert.Contains(t, e.Remedy, test.remedy)

			before := len(tenant.Asked(""))
			_, again := w.Select(t.Context(), test.text)
			assert.Equal(t, e.Message, model.AsError(again).Message)
			assert.Equal(t, test.stillAsks, len(tenant.Asked("")) > before)
			_, err = w.CheckRule(test.text)
			if test.code != "" {
				require.NoError(t, err, "to check a rule nobody is asked")
			}
		})
	}
}

func TestASignedOutAccountIsToldToSignIn(t *testing.T) {
	tenant := workspacetest.Contoso()
	stored := synced(t, tenant)
	require.NoError(t, stored.Close())
	w := open(t, tenant)
	tenant.SessionErr = &model.Error{Kind: model.KindSignIn, Code: workspace.CodeSignInRequired, Message: "nobody is signed in", Remedy: "run `rollcall signin`"}
	_, err := w.Select(t.Context(), memberOf(workspacetest.GroupSales))
	assert.Contains(t, failure(t, err, model.KindSignIn, workspace.CodeSignInRequired).Remedy, "rollcall signin")
	assert.Empty(t, tenant.Asked("Group"))

	tenant.SessionErr = nil
	users, _ := selected(t, w, memberOf(workspacetest.GroupSales))
	assert.Len(t, users, 2, "signing in is all that was needed")
}

func TestAGroupThatCannotBeSeenIsMissingFromAnAudience(t *testing.T) {
	w := synced(t, workspacetest.Contoso())
	saved(t, w, "Board", memberOf(workspacetest.ListBoard))
	p, err := w.Preview(t.Context(), []string{"rule:" + salesRule, "segment:Board"}, nil, nil)
	require.NoError(t, err)
	assert.Len(t, p.Recipients, 3, "the rest is answered")
	require.Len(t, p.Missing, 1)
	assert.Equal(t, "segment:Board", p.Missing[0].Entry)
	assert.Equal(t, "membershipHidden", p.Missing[0].Reason.Code)
	_, err = w.Plan(t.Context(), []string{"rule:" + salesRule}, []string{"segment:Board"}, "sg-sales", writeback.ModeMirror)
	failure(t, err, model.KindGuard, "audienceIncomplete")
}

func TestAnotherAccountDoesNotSeeWhatOneHasRead(t *testing.T) {
	tenant := workspacetest.Contoso()
	w := synced(t, tenant)
	selected(t, w, memberOf(workspacetest.GroupSales))
	_, err := w.Renew(t.Context())
	require.NoError(t, err)
	selected(t, w, memberOf(workspacetest.GroupSales))
	assert.Len(t, tenant.Asked("Members"), 1, "the same account has it still")
	tenant.Account.Scopes = append(tenant.Account.Scopes, "Directory.Read.All")
	_, err = w.Renew(t.Context())
	require.NoError(t, err)
	selected(t, w, memberOf(workspacetest.GroupSales))
	assert.Len(t, tenant.Asked("Members"), 2)
}

// stall lets calls wait until release is closed, and says when one has come.
func stall(tenant *workspacetest.Tenant, call string) (came chan struct{}, release chan struct{}, calls *atomic.Int32) {
	came, release, calls = make(chan struct{}, 100), make(chan struct{}), new(atomic.Int32)
	tenant.Fail = func(name string) error {
		if strings.HasPrefix(name, call+" ") {
			calls.Add(1)
			came <- struct{}{}
			<-release
		}
		return nil
	}
	return came, release, calls
}

func TestAReadingThatAKeystrokeLeavesServesTheNextOne(t *testing.T) {
	tenant := workspacetest.Contoso()
	w := synced(t, tenant)
	came, release, calls := stall(tenant, "Members")
	ctx, cancel := context.WithCancel(t.Context())
	left := make(chan error)
	go func() { _, err := w.Select(ctx, memberOf(workspacetest.GroupSales)); left <- err }()
	<-came
	cancel()
	require.ErrorIs(t, <-left, context.Canceled, "whoever waits can stop waiting")

	answers := make(chan int)
	for range 3 {
		go func() {
			s, err := w.Select(t.Context(), memberOf(workspacetest.GroupSales))
			if assert.NoError(t, err) {
				answers <- s.Set.Count()
			} else {
				answers <- -1
			}
		}()
	}
	close(release)
	for range 3 {
		assert.Equal(t, 2, <-answers)
	}
	assert.EqualValues(t, 1, calls.Load())
}

func TestClosingEndsWhatIsBeingReadAndWaitsForIt(t *testing.T) {
	tenant := workspacetest.Contoso()
	w := synced(t, tenant)
	came, release, read := make(chan struct{}), make(chan struct{}), new(atomic.Bool)
	tenant.Fail = func(name string) error {
		if strings.HasPrefix(name, "Members ") {
			close(came)
			<-release
			for range 1_000_000 { // whoever does not wait is long gone
				read.Load()
			}
			read.Store(true)
		}
		return nil
	}
	ctx, cancel := context.WithCancel(t.Context())
	left := make(chan error)
	go func() { _, err := w.Select(ctx, memberOf(workspacetest.GroupSales)); left <- err }()
	<-came
	cancel()
	require.ErrorIs(t, <-left, context.Canceled)
	close(release)
	require.NoError(t, w.Close())
	assert.True(t, read.Load())
	assert.Equal(t, 1, tenant.Closed)
}

func TestADirectReportsRuleSaysWhoseTheyAre(t *testing.T) {
	managed := func() *workspacetest.Tenant {
		tenant := workspacetest.Contoso()
		adele, gone := workspacetest.ID(workspacetest.Adele), workspacetest.ID(900)
		tenant.Users[workspacetest.Bert-1].Manager = &adele
		tenant.Users[workspacetest.Chandra-1].Manager = &adele
		tenant.Users[workspacetest.Dora-1].Manager = &gone
		return tenant
	}
	for name, test := range map[string]struct {
		tenant  *workspacetest.Tenant
		manager int
		users   []string
		remark  string
	}{
		"a manager":                    {managed(), workspacetest.Adele, []string{"Bert Olsen", "Chandra Rao"}, "note 1:20 Adele Vance (adele@contoso.com) has 2 direct reports"},
		"who manages nobody":           {managed(), workspacetest.Bert, []string{}, "note 1:20 Bert Olsen (bert@contoso.com) has 0 direct reports"},
		"a manager who is not synced":  {managed(), 900, []string{"Dora Lind"}, "advice 1:20 no synced user has the object id " + workspacetest.ID(900) + ", and 1 user reports to it"},
		"an id that nobody knows":      {managed(), 901, []string{}, "advice 1:20 no synced user has the object id " + workspacetest.ID(901)},
		"managers that are not synced": {workspacetest.Contoso(), workspacetest.Adele, []string{}, "advice 1:20 no user has a manager in the synced directory, so that nobody has direct reports"},
	} {
		t.Run(name, func(t *testing.T) {
			w := synced(t, test.tenant)
			users, remarks := selected(t, w, fmt.Sprintf("Direct Reports for %q", workspacetest.ID(test.manager)))
			assert.Equal(t, test.users, users)
			assert.Contains(t, remarks, test.remark)
			assert.Empty(t, test.tenant.Asked("Group"), "the cache answers")
		})
	}
}

func TestAPlainRuleAsksNobodyAndKeepsItsDiagnostics(t *testing.T) {
	tenant := workspacetest.Contoso()
	w := synced(t, tenant)
	before := len(tenant.Asked(""))
	s, err := w.Select(t.Context(), salesRule)
	require.NoError(t, err)
	_, want, err := rule.Compile(salesRule, w.Schema(), w.Now())
	require.NoError(t, err)
	assert.Equal(t, want, s.Diagnostics)
	assert.Len(t, tenant.Asked(""), before)
}
