package writeback

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"rollcall/model"
)

// Random groups and audiences; faults in rows; a process that dies at any
// step, several times over; others who change the group meanwhile. Whatever
// happens, resuming ends with the group as the plan says, no row outside of
// the plan is written, and the undo takes back what the plan did.
func TestARunThatDiesAnywhereIsFinishedExactly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var everybody []model.Object
		for i := range rapid.IntRange(1, 14).Draw(t, "users") {
			everybody = append(everybody, user(fmt.Sprintf("user%02d", i)))
		}
		subset := rapid.SliceOfDistinct(rapid.SampledFrom(everybody), func(o model.Object) string { return o.ID })
		before := subset.Draw(t, "members")
		if rapid.Bool().Draw(t, "nested") {
			before = append(before, nested("sub"))
		}
		desired := subset.Draw(t, "desired")
		mode := rapid.SampledFrom([]Mode{ModeMirror, ModeAdd, ModeRemove}).Draw(t, "mode")

		w := newWorld(before...)
		w.random = rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		p, err := New(w.params(mode, desired...))
		require.NoError(t, err)
		if slices.ContainsFunc(p.Guards, func(g GuardResult) bool { return g.Tripped }) {
			require.Error(t, Check(p, approved))
			return // an empty audience: see the tests of guards
		}
		target := expected(before, desired, mode)

		ctx := context.Background()
		w.faults = 0.3
		w.steps = rapid.IntRange(0, 40).Draw(t, "steps")
		_, err = Apply(ctx, w.deps(), p, approved)
		for life := 0; err != nil && life < 3; life++ {
			if rapid.Bool().Draw(t, "outsider") && w.runs[p.ID] != nil {
				o := user(fmt.Sprintf("outsider%d", life))
				w.members[o.ID] = o
				target = append(target, o.ID)
			}
			w.steps = rapid.IntRange(0, 40).Draw(t, "steps")
			_, err = again(ctx, w, p)
		}
		w.steps, w.faults = -1, 0
		report, err := again(ctx, w, p)
		require.NoError(t, err)

		slices.Sort(target)
		require.Equal(t, target, w.ids())
		require.Empty(t, w.broken)
		requireWithinPlan(t, w.writes, p)
		require.True(t, report.Verified)
		require.Equal(t, len(target), report.Members)
		require.Equal(t, len(p.Add)+len(p.Remove), report.Added+report.Removed+report.AlreadyDone)
		run := w.runs[p.ID]
		require.Equal(t, RunVerified, run.State)
		require.Len(t, run.Before, len(before), "the picture is from before the first write")

		w.writes = nil
		report, err = Apply(ctx, w.deps(), p, approved)
		require.NoError(t, err)
		require.Equal(t, &Report{PlanID: p.ID, AlreadyDone: len(run.Rows), Verified: true, Members: len(target)}, report)
		require.Empty(t, w.writes, "a second apply changes nothing")

		undo, err := Undo(run, w.present(), open, "adele@contoso.com", noon)
		require.NoError(t, err)
		require.NoError(t, undo.Verify())
		_, err = Apply(ctx, w.deps(), undo, approved)
		require.NoError(t, err)
		want := []string{}
		for _, o := range before {
			want = append(want, o.ID)
		}
		for _, id := range target {
			if w.people[id].ID == "" { // outsiders stay
				want = append(want, id)
			}
		}
		slices.Sort(want)
		require.Equal(t, want, w.ids())
		require.Empty(t, w.broken)
	})
}

// again is what an administrator does: resume, or apply where nothing began.
func again(ctx context.Context, w *world, p *Plan) (*Report, error) {
	if w.runs[p.ID] == nil {
		return Apply(ctx, w.deps(), p, approved)
	}
	return Resume(ctx, w.deps(), p.ID, "adele@contoso.com", nil)
}

// expected is the definition of the modes.
func expected(before, desired []model.Object, mode Mode) []string {
	want := map[string]bool{}
	for _, o := range desired {
		want[o.ID] = true
	}
	out := []string{}
	have := map[string]bool{}
	for _, o := range before {
		have[o.ID] = true
		if want[o.ID] || mode == ModeAdd || o.Type != model.ObjectUser {
			out = append(out, o.ID)
		}
	}
	for id := range want {
		if !have[id] && mode != ModeRemove {
			out = append(out, id)
		}
	}
	slices.Sort(out)
	return out
}

func requireWithinPlan(t *rapid.T, writes []write, p *Plan) {
	allowed := map[write]bool{}
	for _, r := range p.Add {
		allowed[write{r.ID, false}] = true
	}
	for _, r := range p.Remove {
		allowed[write{r.ID, true}] = true
	}
	for _, w := range writes {
		require.True(t, allowed[w], "%v is no row of the plan", w)
	}
}

func TestABatchThatIsCutOffLeavesItsRowsInDoubtAndSaysHowToGoOn(t *testing.T) {
	w := newWorld(users("old")...)
	p, err := New(w.params(ModeMirror, users("a", "b", "c", "d", "e")...))
	require.NoError(t, err)
	// Run, Group, DirectMembers, Begin, SetRows(sent), two rows: then death.
	w.steps = 7
	report, err := Apply(context.Background(), w.deps(), p, approved)
	require.NotNil(t, report)
	e := model.AsError(err)
	assert.Equal(t, model.KindPartial, e.Kind)
	assert.Equal(t, "rollcall resume "+p.ID, e.Remedy)
	require.ErrorIs(t, err, errDead)

	states := map[RowState]int{}
	for _, row := range w.runs[p.ID].Rows {
		states[row.State]++
	}
	assert.Equal(t, 3, states[RowSent]+states[RowDone], "the batch in hand")
	assert.Equal(t, 3, states[RowPlanned], "what was not handed over")
	assert.Equal(t, RunOpen, w.runs[p.ID].State)
}

func TestAnInterruptionIsOne(t *testing.T) {
	w := newWorld()
	p, err := New(w.params(ModeMirror, users("a")...))
	require.NoError(t, err)
	d := w.deps()
	d.Wait = func(context.Context, time.Duration) error { return context.Canceled }
	w.lag = 99
	_, err = Apply(context.Background(), d, p, approved)
	e := model.AsError(err)
	require.NotNil(t, e)
	assert.Equal(t, model.KindInterrupted, e.Kind)
	assert.Contains(t, e.Remedy, "rollcall resume ")
}
