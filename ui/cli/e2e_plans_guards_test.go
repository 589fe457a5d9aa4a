package cli_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.etcd.io/bbolt"

	"rollcall/graph/emulator"
	"rollcall/model"
	"rollcall/model/writeback"
)

// salesAudience is who sg-sales of the embedded tenant is planned to hold; some
// of its members are not among them.
const salesAudience = `rule:user.department -eq "Sales" -and user.accountEnabled -eq true`

// plansSales plans them into it.
func (s *site) plansSales(args ...string) *writeback.Plan {
	s.tb.Helper()
	p := s.propose(append([]string{"plan", "--from", salesAudience, "--to", "sg-sales"}, args...)...)
	require.NotEmpty(s.tb, p.Add)
	require.NotEmpty(s.tb, p.Remove)
	return p
}

// profile is the site with a configuration of its profile.
func (s *site) profile(text string) *site {
	s.tb.Helper()
	config := filepath.Join(s.tb.TempDir(), "config.toml")
	require.NoError(s.tb, os.WriteFile(config, []byte(text), 0o600))
	return s.with("ROLLCALL_CONFIG=" + config)
}

// writes are the requests so far that change members.
func (t *tenant) writes() int {
	return t.asked("PATCH /groups/{id}") + t.asked("POST /groups/{id}/members/$ref") + t.asked("DELETE /groups/{id}/members/{member}/$ref")
}

func TestAnAppWithoutThePermissionToWriteIsToldWhereItIsGranted(t *testing.T) {
	tenant := serveTenant(t, emulator.Options{Users: 400})
	s := tenant.site()
	p := s.plansSales()
	tenant.SetAppRoles("User.Read.All", "GroupMember.Read.All", "Organization.Read.All")
	f := s.fails(4, applying(p)...)
	assert.Equal(t, "consentMissing", f.Code)
	assert.Contains(t, f.Message, "GroupMember.ReadWrite.All has not been granted")
	assert.Contains(t, f.Remedy, "an administrator grants it at https://")
	assert.Zero(t, tenant.writes())

	tenant.SetAppRoles(emulator.DefaultAppRoles()...)
	a := s.run(applying(p)...)
	require.Zero(t, a.code, a.stderr)
	assert.Positive(t, tenant.writes())
	assert.Contains(t, s.ok("log", "--plan", p.ID), "plan.approve", "the app approved it, and nobody was asked")
}

func TestAProfileProtectsGroupsAndUsersAndItsLimitsHoldForOlderPlans(t *testing.T) {
	tenant := serveTenant(t, emulator.Options{Users: 400})
	s := tenant.site()
	p := s.plansSales()
	leaver := p.Remove[0]
	for name, test := range map[string]struct{ profile, code, says string }{
		"a group by its name":           {"[profile.default.writeback]\nprotected_groups = [\"SG-Sales\"]\n", "groupProtected", "sg-sales is protected"},
		"a group by its id":             {"[profile.default.writeback]\nprotected_groups = [\"" + p.Group.ID + "\"]\n", "groupProtected", "sg-sales is protected"},
		"a user":                        {"[profile.default.writeback]\nprotected_users = [\"" + strings.ToUpper(leaver.UserPrincipalName) + "\"]\n", "userProtected", leaver.UserPrincipalName},
		"somebody else must approve":    {"[profile.default.writeback]\nrequire_second_approver = true\n", "secondApproverNeeded", "asks for somebody else's approval"},
		"the group must stay larger":    {"[profile.default.guards]\nleast_members = 5000\n", "guardLeastSize", "at least 5000 must be"},
		"the group's own must, by name": {"[profile.default.group.sg-sales]\nleast_members = 5000\n", "guardLeastSize", "at least 5000 must be"},
	} {
		t.Run(name, func(t *testing.T) {
			f := s.profile(test.profile).fails(3, applying(p)...)
			assert.Equal(t, test.code, f.Code)
			assert.Contains(t, f.Message, test.says)
			assert.Zero(t, tenant.writes())
		})
	}
	t.Run("a share", func(t *testing.T) {
		few := s.profile("[profile.default.guards]\nremovals_percent = 0\nfirst_removals = \"off\"\n")
		f := few.fails(3, "apply", p.ID, "--yes")
		assert.Equal(t, "guardRemovalsPercent", f.Code)
		assert.Contains(t, f.Remedy, fmt.Sprintf("--allow-removals %d", len(p.Remove)))
	})
	t.Run("a new plan leaves the user where he is", func(t *testing.T) {
		next := s.profile("[profile.default.writeback]\nprotected_users = [\""+leaver.ID+"\"]\n").propose("plan", "--from", salesAudience, "--to", "sg-sales")
		assert.Len(t, next.Remove, len(p.Remove)-1)
		assert.Contains(t, next.Skipped, writeback.Skipped{Entry: leaver.UserPrincipalName, Reason: "protected by the profile: not removed"})
	})
	assert.Zero(t, tenant.writes())
}

func TestTheFirstMirrorOfAGroupAsksHarderThanTheSecond(t *testing.T) {
	tenant := serveTenant(t, emulator.Options{Users: 400})
	s := tenant.site()
	p := s.plansSales()
	f := s.fails(3, "apply", p.ID, "--yes")
	assert.Equal(t, "guardFirstMirror", f.Code)
	s.ok(append(applying(p), "--reason", "the first one")...)
	assert.Contains(t, s.ok("log", "--plan", p.ID), "against firstMirror, because: the first one")

	_, err := tenant.AddMember("sg-sales", p.Remove[0].ID)
	require.NoError(t, err)
	next := s.propose("plan", "--from", salesAudience, "--to", "sg-sales")
	require.Len(t, next.Remove, 1)
	s.ok("apply", next.ID, "--yes")
	tenant.requireGoodManners()
}

func TestOwnersOfTheGroupAreLeftInIt(t *testing.T) {
	tenant := serveTenant(t, emulator.Options{Users: 400})
	s := tenant.site()
	p := s.plansSales()
	_, err := tenant.AddOwner("sg-sales", p.Remove[0].ID)
	require.NoError(t, err)
	next := s.propose("plan", "--from", salesAudience, "--to", "sg-sales")
	assert.Len(t, next.Remove, len(p.Remove)-1)
	assert.Contains(t, next.Skipped, writeback.Skipped{Entry: p.Remove[0].UserPrincipalName, Reason: "owner of the group: not removed"})
	all := s.profile("[profile.default.writeback]\nremove_owners = true\n").propose("plan", "--from", salesAudience, "--to", "sg-sales")
	assert.Len(t, all.Remove, len(p.Remove))
}

func TestAPlanThatSomebodyElseMadeIsApprovedFromItsFile(t *testing.T) {
	m := newMachine(t) // whose account is another one than the site's, on a tenant that holds the same
	file := filepath.Join(m.home, "plan.json")
	made := m.runJSON(0, "--demo", "plan", "--from", salesAudience, "--to", "sg-sales", "--out", file)
	tenant := serveTenant(t, emulator.Options{})
	s := tenant.site().profile("[profile.default.writeback]\nrequire_second_approver = true\n")
	own := s.plansSales()
	f := s.fails(3, applying(own)...)
	assert.Equal(t, "secondApproverNeeded", f.Code)

	a := s.run("apply", file, "--yes", "--allow-removals", fmt.Sprint(len(made["remove"].([]any))), "--reason", "read together")
	require.Zero(t, a.code, a.stderr)
	assert.Contains(t, a.stdout, "Verified")
	assert.NotEqual(t, made["author"], s.journal(made["id"].(string)).Approval.By)
}

func TestAPlanFileThatIsNotAsItWasMadeIsRefused(t *testing.T) {
	tenant := serveTenant(t, emulator.Options{Users: 400})
	s := tenant.site()
	p := s.plansSales()
	file := filepath.Join(s.home, "plan.json")
	data, err := os.ReadFile(file)
	require.NoError(t, err)

	changed := bytes.Replace(data, []byte(p.Remove[0].ID), []byte(p.Keep[0]), 1)
	require.NotEqual(t, data, changed)
	require.NoError(t, os.WriteFile(file, changed, 0o600))
	assert.Equal(t, "planChanged", s.fails(2, "apply", file, "--yes").Code)

	foreign, err := writeback.New(writeback.Params{
		TenantID: "22222222-2222-4222-8222-222222222222",
		Group:    model.Group{ID: p.Group.ID, DisplayName: p.Group.DisplayName, Kind: p.Group.Kind},
		Desired:  []model.Object{{ID: p.Add[0].ID, Type: model.ObjectUser}}, Now: time.Now(), Author: "mallory",
	})
	require.NoError(t, err)
	data, err = foreign.Encode()
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(file, data, 0o600))
	f := s.fails(3, "apply", file, "--yes")
	assert.Equal(t, "planOtherTenant", f.Code)
	assert.Zero(t, tenant.writes())
}

func TestAGroupThatMovedSinceThePlanIsNotWritten(t *testing.T) {
	tenant := serveTenant(t, emulator.Options{Users: 400})
	s := tenant.site()
	p := s.plansSales()
	_, err := tenant.RemoveMember("sg-sales", p.Keep[0])
	require.NoError(t, err)
	a := s.run(applying(p)[:3]...)
	assert.Equal(t, 3, a.code)
	a = s.run("apply", p.ID, "--yes", "--allow-removals", fmt.Sprint(len(p.Remove)))
	assert.Equal(t, 3, a.code)
	assert.Contains(t, a.stderr, "has changed since plan "+p.ID+" was made: 1 left")
	assert.Contains(t, a.stderr, "\n  make the plan again")
	assert.Zero(t, tenant.writes())

	_, err = tenant.AddMember("sg-sales", p.Keep[0])
	require.NoError(t, err)
	_, err = tenant.AddMember("sg-sales", p.Add[0].ID)
	require.NoError(t, err)
	s.ok(applying(p)...) // which is what the plan would have done
}

func TestAnInterruptedApplyIsFinishedByResume(t *testing.T) {
	tenant := serveTenant(t, emulator.Options{Users: 400, Latency: 50 * time.Millisecond})
	s := tenant.site()
	p := s.plansSales()
	process := s.start(applying(p)...)
	require.True(t, process.when(func() bool { return tenant.asked("PATCH /groups/{id}") > 0 }), "the first rows are on their way")
	require.NoError(t, process.cmd.Process.Signal(os.Interrupt))
	f := decodeFailure(t, process.wait(), 130)
	assert.Contains(t, f.Remedy, "rollcall resume "+p.ID)
	assert.Contains(t, s.ok("plan", "list"), "open")

	assert.Contains(t, s.ok("resume", p.ID), " Verified: the group has ")
	assert.Contains(t, s.ok("apply", p.ID, "--yes"), "Nothing to change: ")
	assert.Contains(t, s.ok("plan", "list"), "verified")
	tenant.requireGoodManners()
}

func TestAListOfExchangeIsPlannedForHandOver(t *testing.T) {
	tenant := serveTenant(t, emulator.Options{Users: 400})
	s := tenant.site()
	for _, list := range []string{"all-staff@contoso.com", "mes-vpn@contoso.com"} {
		p := s.propose("plan", "--from", salesAudience, "--to", list, "--mode", "add", "--hand-over")
		assert.True(t, p.HandOver)
		require.NotEmpty(t, p.Add)
		assert.NotEmpty(t, p.Add[0].Mail)
		assert.Equal(t, "planHandOver", s.fails(3, applying(p)...).Code)
		out := s.ok("plan", "export", p.ID, "--as", "both", "--out", filepath.Join(s.home, "handover"))
		assert.Contains(t, out, "plan-"+p.ID+".ps1\n")
		script, err := os.ReadFile(filepath.Join(s.home, "handover", "plan-"+p.ID+".ps1"))
		require.NoError(t, err)
		assert.Contains(t, string(script), "Add-DistributionGroupMember")
	}
	for group, code := range map[string]string{"dyn-engineering": "groupDynamic", "sg-onprem": "groupOnPremises"} {
		assert.Equal(t, code, s.fails(3, "plan", "--from", salesAudience, "--to", group, "--hand-over").Code)
	}
	assert.Zero(t, tenant.writes())
}

func TestAnAuditThatWasMendedByHandIsSaidLoudly(t *testing.T) {
	tenant := serveTenant(t, emulator.Options{Users: 400})
	s := tenant.site()
	p := s.plansSales()
	s.ok(append(applying(p), "--reason", "as agreed")...)
	db, err := bbolt.Open(filepath.Join(s.data, "ledger.db"), 0o600, nil)
	require.NoError(t, err)
	require.NoError(t, db.Update(func(tx *bbolt.Tx) error {
		events := tx.Bucket([]byte("events"))
		return events.ForEach(func(k, v []byte) error {
			if !bytes.Contains(v, []byte("as agreed")) {
				return nil
			}
			return events.Put(bytes.Clone(k), bytes.ReplaceAll(v, []byte("as agreed"), []byte("by order!")))
		})
	}))
	require.NoError(t, db.Close())

	a := s.run("log")
	assert.Equal(t, 1, a.code)
	assert.Contains(t, a.stdout, "by order!", "it is shown")
	assert.Contains(t, a.stderr, "rollcall: ")
	a = s.run("plan", "--from", salesAudience, "--to", "sg-sales")
	assert.Zero(t, a.code)
	assert.Contains(t, a.stderr, "rollcall: WARNING: ")
}
