package writeback

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"rollcall/model"
)

// planBetween plans from the members with even numbers below n to the users
// with numbers above half of n.
func planBetween(t require.TestingT, n int, guards Guards) *Plan {
	user := func(i int) model.Object {
		return model.Object{ID: fmt.Sprintf("id-%03d", i), Type: model.ObjectUser, UserPrincipalName: fmt.Sprintf("u%03d@contoso.com", i)}
	}
	p := Params{
		TenantID: "tenant", Group: model.Group{ID: "group", DisplayName: "sg-sales", Kind: model.KindSecurity},
		Rules: Rules{Guards: guards}, Author: "admin@contoso.com", Now: time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC),
	}
	for i := range n {
		if i%2 == 0 {
			p.Members = append(p.Members, user(i))
		}
		if i >= n/2 {
			p.Desired = append(p.Desired, user(i))
		}
	}
	plan, err := New(p)
	require.NoError(t, err)
	return plan
}

func TestLeavingRowsOutKeepsTheMembersThatTheyWereAbout(t *testing.T) {
	plan := planBetween(t, 8, limits(1, -1, 1))
	require.Equal(t, []string{"id-005", "id-007"}, idsOf(plan.Add))
	require.Equal(t, []string{"id-000", "id-002"}, idsOf(plan.Remove))
	require.True(t, plan.Guards[0].Tripped, "two removals where one is allowed")

	got, err := plan.Without("id-005", "id-002")
	require.NoError(t, err)
	assert.Equal(t, []string{"id-007"}, idsOf(got.Add))
	assert.Equal(t, []string{"id-000"}, idsOf(got.Remove))
	assert.Contains(t, got.Keep, "id-002")
	assert.Equal(t, []Skipped{
		{Entry: "u002@contoso.com", Reason: "left out in the review: not removed"},
		{Entry: "u005@contoso.com", Reason: "left out in the review: not added"},
	}, got.Skipped)
	assert.Equal(t, plan.Base, got.Base, "it was computed against the same members")
	assert.NotEqual(t, plan.ID, got.ID)
	assert.False(t, got.Guards[0].Tripped, "one removal is within the limit")
	require.NoError(t, got.Verify())
	require.NoError(t, plan.Verify(), "the first plan is untouched")
}

func TestLeavingOutARowThatIsNotThereIsRefused(t *testing.T) {
	_, err := planBetween(t, 8, DefaultGuards()).Without("id-001")
	var e *model.Error
	require.True(t, errors.As(err, &e))
	assert.Equal(t, model.KindUsage, e.Kind)
	assert.Equal(t, "rowUnknown", e.Code)
}

func TestAnyChoiceOfRowsMakesAPlanThatVerifies(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		plan := planBetween(t, rapid.IntRange(0, 30).Draw(t, "users"), Guards{
			MaxRemovals:  rapid.IntRange(-1, 4).Draw(t, "removals"),
			MaxAdditions: rapid.IntRange(-1, 4).Draw(t, "additions"),
			LeastSize:    rapid.IntRange(-1, 4).Draw(t, "least"),
		})
		var out []string
		for _, r := range append(append([]Ref{}, plan.Add...), plan.Remove...) {
			if rapid.Bool().Draw(t, r.ID) {
				out = append(out, r.ID)
			}
		}
		got, err := plan.Without(out...)
		require.NoError(t, err)
		require.NoError(t, got.Verify())
		assert.Equal(t, len(plan.Add)+len(plan.Remove), len(got.Add)+len(got.Remove)+len(out))
		if len(out) == 0 {
			assert.Equal(t, plan, got, "leaving nothing out is the same plan")
		}
	})
}

func idsOf(rows []Ref) []string {
	ids := make([]string, len(rows))
	for i, r := range rows {
		ids[i] = r.ID
	}
	return ids
}
