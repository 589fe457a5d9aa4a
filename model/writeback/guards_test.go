package writeback

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/model"
)

func many(prefix string, n int) []model.Object {
	out := make([]model.Object, n)
	for i := range out {
		out[i] = user(fmt.Sprintf("%s%d", prefix, i))
	}
	return out
}

func TestGuardsTripAtTheirLimits(t *testing.T) {
	tests := []struct {
		name           string
		guards         Guards
		members, wants int // wants are other users than the members
		mode           Mode
		tripped        []string
	}{
		{"within all limits", limits(5, 5, 1), 5, 5, ModeMirror, nil},
		{"one removal too many", limits(4, 5, 1), 5, 5, ModeMirror, []string{"removals"}},
		{"one addition too many", limits(5, 4, 1), 5, 5, ModeMirror, []string{"additions"}},
		{"zero allows none", limits(0, 0, 0), 1, 1, ModeMirror, []string{"removals", "additions"}},
		{"zero allows a plan that needs none", limits(0, 0, 0), 0, 0, ModeMirror, nil},
		{"negative is off", limits(-1, -5, -1), 500, 500, ModeMirror, nil},
		{"too few would be left", limits(-1, -1, 4), 5, 3, ModeMirror, []string{"leastSize"}},
		{"a small group may grow", limits(-1, -1, 10), 0, 3, ModeMirror, nil},
		{"nobody wanted and all removed", limits(-1, -1, -1), 5, 0, ModeMirror, []string{"emptySource"}},
		{"nobody wanted in remove mode", limits(-1, -1, -1), 5, 0, ModeRemove, []string{"emptySource"}},
		{"nobody wanted in add mode changes nothing", limits(0, 0, 9), 5, 0, ModeAdd, nil},
		{"the first mirror of a group is no exception", limits(1, 1, 1), 3, 3, ModeMirror, []string{"removals", "additions"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := newWorld(many("old", tt.members)...).params(tt.mode, many("new", tt.wants)...)
			p.Rules.Guards = tt.guards
			plan := propose(t, p)
			var tripped []string
			for _, g := range plan.Guards {
				if g.Tripped {
					tripped = append(tripped, g.Name)
				}
				assert.GreaterOrEqual(t, g.Limit, -1)
			}
			assert.Equal(t, tt.tripped, tripped)
			err := Check(plan, approved)
			assert.Equal(t, len(tt.tripped) > 0, err != nil)
		})
	}
}

func TestAShareOfTheMembersIsHeldFromTwentyOn(t *testing.T) {
	share := NoGuards()
	share.RemovalsPercent, share.AdditionsPercent = 20, 50
	for _, tt := range []struct {
		name                   string
		members, gone, joining int
		removals, additions    int // percent
		tripped                []string
	}{
		{"exactly the share", 100, 20, 50, 20, 50, nil},
		{"a fraction above it", 1000, 201, 501, 21, 51, []string{"removalsPercent", "additionsPercent"}},
		{"a fraction below it", 1000, 199, 499, 20, 50, nil},
		{"one of twenty members", 20, 5, 11, 25, 55, []string{"removalsPercent", "additionsPercent"}},
		{"a group too small for shares", 19, 18, 19, 95, 100, nil},
		{"a group without members", 0, 0, 5, 0, 500, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			members := many("old", tt.members)
			p := newWorld(members...).params(ModeMirror, append(many("new", tt.joining), members[tt.gone:]...)...)
			p.Rules.Guards = share
			plan := propose(t, p)
			require.Equal(t, tt.gone, len(plan.Remove))
			assert.Equal(t, tt.removals, plan.Guards[plan.guard(GuardRemovalsPercent)].Value)
			assert.Equal(t, tt.additions, plan.Guards[plan.guard(GuardAdditionsPercent)].Value)
			assert.Equal(t, tt.tripped, trippedOf(plan))
			if tt.members < 20 {
				assert.Equal(t, -1, plan.Guards[plan.guard(GuardRemovalsPercent)].Limit)
			}
		})
	}
}

func TestAShareOfZeroAllowsNoneInAGroupOfAnySize(t *testing.T) {
	none := NoGuards()
	none.RemovalsPercent, none.AdditionsPercent = 0, 0
	for members, want := range map[int][]string{0: {"additionsPercent"}, 3: {"removalsPercent", "additionsPercent"}, 20: {"removalsPercent", "additionsPercent"}} {
		p := newWorld(many("old", members)...).params(ModeMirror, many("new", 2)...)
		p.Rules.Guards = none
		assert.Equal(t, want, trippedOf(propose(t, p)), "%d members", members)
		p.Desired = p.Members
		assert.Empty(t, trippedOf(propose(t, p)), "%d members, no changes", members)
	}
}

func trippedOf(p *Plan) []string {
	var names []string
	for _, g := range p.Guards {
		if g.Tripped {
			names = append(names, g.Name)
		}
	}
	return names
}

func TestTheFirstPlanOfAGroupAsksHarder(t *testing.T) {
	p := newWorld(many("old", 3)...).params(ModeMirror, many("new", 3)...)
	p.Rules.Guards = DefaultGuards()
	p.Rules.LeastSize = 0
	require.Empty(t, trippedOf(propose(t, p)), "a later one may remove three")

	p.First = true
	plan := propose(t, p)
	require.Equal(t, []string{"firstMirror"}, trippedOf(plan))
	e := model.AsError(Check(plan, approved))
	assert.Equal(t, "guardFirstMirror", e.Code)
	assert.Contains(t, e.Message, "3 removals by the first plan for this group, where the limit is 0")
	assert.Contains(t, e.Remedy, "--allow-removals 3 ")
	require.NoError(t, Check(plan, Approval{By: "adele", AllowRemovals: 3}))

	p.Rules.FirstRemovals = 3
	assert.Empty(t, trippedOf(propose(t, p)))
	p.Rules.FirstRemovals = 0
	p.Mode = ModeRemove
	assert.Equal(t, []string{"firstMirror"}, trippedOf(propose(t, p)), "whom it takes out is as many")
	p.Mode = ModeAdd
	assert.Empty(t, trippedOf(propose(t, p)), "it takes nobody out")
	p.Mode, p.HandOver = ModeMirror, true
	assert.Empty(t, trippedOf(propose(t, p)), "nobody knows whether one was made by hand before")
}

func TestEveryPlanHasEveryGuardInOneOrder(t *testing.T) {
	plan := propose(t, newWorld().params(ModeAdd))
	var names []string
	for _, g := range plan.Guards {
		names = append(names, g.Name)
	}
	assert.Equal(t, []string{"removals", "additions", "removalsPercent", "additionsPercent", "leastSize", "emptySource", "firstMirror"}, names)
}

func TestATrippedGuardSaysWhatToType(t *testing.T) {
	p := newWorld(many("old", 40)...).params(ModeMirror, append(many("new", 3), many("old", 28)...)...)
	p.Rules.Guards = limits(10, 2, 1)
	p.Rules.RemovalsPercent = 20
	plan := propose(t, p)
	additions, removals := plan.MustAllow()
	assert.Equal(t, []int{3, 12}, []int{additions, removals})
	assert.Empty(t, plan.Blocked())

	e := model.AsError(Check(plan, approved))
	require.NotNil(t, e)
	assert.Equal(t, model.KindGuard, e.Kind)
	assert.Equal(t, "guardRemovals", e.Code)
	assert.Contains(t, e.Message, "12 removals where the limit is 10; 3 additions where the limit is 2; 12 removals, 30 % of the 40 members, where the limit is 20 %")
	assert.Equal(t, "read the plan, and when it is right: rollcall apply "+plan.ID+" --allow-removals 12 --allow-additions 3 --reason \"why\"", e.Remedy)

	half := model.AsError(Check(plan, Approval{By: "adele", AllowRemovals: 12}))
	assert.Equal(t, "guardAdditions", half.Code)
	assert.NotContains(t, half.Message, "removals where")
	assert.Equal(t, e.Remedy, half.Remedy, "the command needs both")

	for _, tt := range []struct {
		additions, removals int
		passes              bool
	}{{3, 12, true}, {4, 20, true}, {3, 11, false}, {2, 12, false}, {0, 12, false}, {3, 0, false}} {
		err := Check(plan, Approval{By: "adele", AllowAdditions: tt.additions, AllowRemovals: tt.removals})
		assert.Equal(t, tt.passes, err == nil, "%+v: %v", tt, err)
	}
}

func TestNumbersDoNotLiftWhatProtectsTheRest(t *testing.T) {
	all := Approval{By: "adele", AllowAdditions: 1 << 30, AllowRemovals: 1 << 30}
	p := newWorld(many("old", 5)...).params(ModeMirror)
	plan := propose(t, p)
	e := model.AsError(Check(plan, all))
	assert.Equal(t, "guardEmptySource", e.Code)
	assert.NotContains(t, e.Remedy, "profile", "no setting lifts it")
	require.Len(t, plan.Blocked(), 1)
	assert.False(t, plan.Blocked()[0].Liftable())

	p = newWorld(many("old", 5)...).params(ModeMirror, user("new"))
	p.Rules.LeastSize = 2
	e = model.AsError(Check(propose(t, p), all))
	assert.Equal(t, "guardLeastSize", e.Code)
	assert.NotContains(t, e.Remedy, "--allow")
	assert.Contains(t, e.Remedy, "least_members")
}

func TestNobodysApprovalIsNone(t *testing.T) {
	err := Check(propose(t, newWorld().params(ModeMirror, user("a"))), Approval{})
	assert.Equal(t, "notApproved", model.AsError(err).Code)
	assert.Equal(t, model.KindGuard, model.AsError(err).Kind)
}

func TestPresentLimitsHoldForAPlanMadeUnderOthers(t *testing.T) {
	p := newWorld(many("old", 25)...).params(ModeMirror, many("new", 5)...)
	plan := propose(t, p)
	require.NoError(t, Check(plan, approved))

	now := DefaultGuards()
	now.LeastSize = 7
	held := *plan
	held.Guards = now.Hold(plan, true)
	assert.Equal(t, []GuardResult{
		{Name: "removals", Limit: 50, Value: 25},
		{Name: "additions", Limit: 1000, Value: 5},
		{Name: "removalsPercent", Limit: 20, Value: 100, Tripped: true},
		{Name: "additionsPercent", Limit: -1, Value: 20},
		{Name: "leastSize", Limit: 7, Value: 5, Tripped: true},
		{Name: "emptySource", Limit: 1, Value: 5},
		{Name: "firstMirror", Limit: 0, Value: 25, Tripped: true},
	}, held.Guards)
	assert.Equal(t, "guardRemovalsPercent", model.AsError(Check(&held, approved)).Code)
	assert.Equal(t, -1, plan.Guards[0].Limit, "the plan itself is not changed")
	require.NoError(t, plan.Verify())
}
