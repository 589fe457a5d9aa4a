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

func TestATrippedGuardSaysWhatToType(t *testing.T) {
	p := newWorld(many("old", 12)...).params(ModeMirror, many("new", 3)...)
	p.Rules.Guards = limits(10, 2, 1)
	plan := propose(t, p)

	e := model.AsError(Check(plan, approved))
	require.NotNil(t, e)
	assert.Equal(t, model.KindGuard, e.Kind)
	assert.Equal(t, "guardRemovals", e.Code)
	assert.Contains(t, e.Message, "12 removals where the limit is 10; 3 additions where the limit is 2")
	assert.Contains(t, e.Remedy, "rollcall apply "+plan.ID+" --allow-removals 12 --allow-additions 3")

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
	assert.Equal(t, "guardEmptySource", model.AsError(Check(propose(t, p), all)).Code)

	p = newWorld(many("old", 5)...).params(ModeMirror, user("new"))
	p.Rules.LeastSize = 2
	e := model.AsError(Check(propose(t, p), all))
	assert.Equal(t, "guardLeastSize", e.Code)
	assert.NotContains(t, e.Remedy, "--allow")
}

func TestNobodysApprovalIsNone(t *testing.T) {
	err := Check(propose(t, newWorld().params(ModeMirror, user("a"))), Approval{})
	assert.Equal(t, "notApproved", model.AsError(err).Code)
	assert.Equal(t, model.KindGuard, model.AsError(err).Kind)
}

func TestPresentLimitsHoldForAPlanMadeUnderOthers(t *testing.T) {
	p := newWorld(many("old", 5)...).params(ModeMirror, many("new", 5)...)
	p.Rules.Guards = limits(-1, -1, -1)
	plan := propose(t, p)
	require.NoError(t, Check(plan, approved))

	strict := limits(4, -1, -1)
	var e *model.Error
	require.ErrorAs(t, strict.Check(plan, approved), &e)
	assert.Equal(t, model.KindGuard, e.Kind)
	lifted := approved
	lifted.AllowRemovals = 5
	assert.NoError(t, strict.Check(plan, lifted))
	assert.Equal(t, -1, plan.Guards[0].Limit, "the plan itself is not changed")
}
