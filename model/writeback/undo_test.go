package writeback

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"rollcall/model"
)

// applied is a group after a plan that exchanged its members, and its run.
func applied(t *testing.T, before, after []model.Object) (*world, *Run) {
	t.Helper()
	w := newWorld(before...)
	p := propose(t, w.params(ModeMirror, after...))
	_, err := Apply(t.Context(), w.deps(), p, approved)
	require.NoError(t, err)
	return w, w.runs[p.ID]
}

// Undo is the way back of a run under guards alone.
func Undo(run *Run, members []model.Object, g Guards, author string, now time.Time) (*Plan, error) {
	return NewUndo(UndoParams{Run: run, Members: members, Rules: Rules{Guards: g}, Author: author, Now: now})
}

func (w *world) undo(run *Run, rules Rules, owners ...string) UndoParams {
	return UndoParams{Run: run, Members: w.present(), Owners: owners, Rules: rules, Author: "adele@contoso.com", Now: noon}
}

func TestAnUndoRemovesNobodyWhomTheProfileProtectsButBringsBackAnybody(t *testing.T) {
	guest := user("guest")
	guest.UserType = "Guest"
	w, run := applied(t, users("old", "boss"), append(users("new", "chief", "owner"), guest))
	rules := Rules{Guards: open, ProtectedUsers: []string{"boss@contoso.com", "CHIEF@contoso.com"}, SkipGuests: true}
	undo, err := NewUndo(w.undo(run, rules, "u-owner"))
	require.NoError(t, err)
	assert.Equal(t, []string{"boss", "old"}, refNames(undo.Add), "who is protected comes back like everybody")
	assert.Equal(t, []string{"guest", "new"}, refNames(undo.Remove), "a guest whom the run itself has added is taken back")
	assert.Equal(t, []Skipped{
		{"chief@contoso.com", "protected by the profile: not removed"},
		{"owner@contoso.com", "owner of the group: not removed"},
	}, undo.Skipped)
	assert.Equal(t, []string{"u-chief", "u-owner"}, undo.Keep)
	assert.Equal(t, []string{"the members before plan " + run.Plan.ID}, undo.From)

	rules.RemoveOwners = true
	undo, err = NewUndo(w.undo(run, rules, "u-owner"))
	require.NoError(t, err)
	assert.Equal(t, []string{"guest", "new", "owner"}, refNames(undo.Remove))
}

func TestTheGuardsOfAnUndoAreThoseThatNeedNoAudience(t *testing.T) {
	before := many("old", 3)
	w, run := applied(t, before, append(many("new", 30), before...))
	undo, err := NewUndo(w.undo(run, Rules{Guards: Guards{MaxRemovals: 10, MaxAdditions: 0, RemovalsPercent: 20, AdditionsPercent: off, LeastSize: 9, FirstRemovals: 0}}))
	require.NoError(t, err)
	assert.Equal(t, []GuardResult{
		{Name: "removals", Limit: 10, Value: 30, Tripped: true},
		{Name: "additions", Limit: 0, Value: 0},
		{Name: "removalsPercent", Limit: 20, Value: 91, Tripped: true},
		{Name: "additionsPercent", Limit: -1, Value: 0},
		{Name: "leastSize", Limit: 3, Value: 3}, // as small as it was
		{Name: "emptySource", Limit: -1, Value: 3},
		{Name: "firstMirror", Limit: -1, Value: 30},
	}, undo.Guards)
	require.NoError(t, Check(undo, Approval{By: "adele", AllowRemovals: 30}))
}

func TestAnUndoIsUndoneLikeAnyPlan(t *testing.T) {
	w, run := applied(t, users("a", "b", "c"), users("c", "d", "e"))
	for round, want := range [][]string{{"u-a", "u-b", "u-c"}, {"u-c", "u-d", "u-e"}, {"u-a", "u-b", "u-c"}} {
		undo, err := NewUndo(w.undo(run, Rules{Guards: open}))
		require.NoError(t, err)
		assert.Equal(t, run.Plan.ID, undo.UndoOf, "round %d", round)
		_, err = Apply(t.Context(), w.deps(), undo, approved)
		require.NoError(t, err)
		assert.Equal(t, want, w.ids())
		run = w.runs[undo.ID]
	}
}

func TestAnUndoOfNothingIsNoChange(t *testing.T) {
	w, run := applied(t, users("a"), users("a", "b"))
	delete(w.members, "u-b") // somebody has taken it back already
	undo, err := NewUndo(w.undo(run, DefaultRules()))
	require.NoError(t, err)
	assert.True(t, undo.Empty())
	require.NoError(t, Check(undo, approved))
}

func TestOnlyWhatRestoresARunsOwnRowsUndoesIt(t *testing.T) {
	_, run := applied(t, users("a", "b"), users("b", "c"))
	a, b, c, d := Ref{ID: "u-a"}, Ref{ID: "u-b"}, Ref{ID: "u-c"}, Ref{ID: "u-d"}
	for name, tt := range map[string]struct {
		change func(*Plan)
		want   bool
	}{
		"the whole of it":         {func(*Plan) {}, true},
		"a part of it":            {func(p *Plan) { p.Add = nil }, true},
		"of another run":          {func(p *Plan) { p.UndoOf = "0123456789ab" }, false},
		"of another group":        {func(p *Plan) { p.Group.ID = "g-2" }, false},
		"a member who was one":    {func(p *Plan) { p.Remove = []Ref{b} }, false},
		"a removal taken further": {func(p *Plan) { p.Remove = []Ref{c, a} }, false},
		"an addition that is new": {func(p *Plan) { p.Add = []Ref{a, d} }, false},
		"an addition again":       {func(p *Plan) { p.Add = []Ref{c} }, false},
	} {
		p := &Plan{UndoOf: run.Plan.ID, Group: run.Plan.Group, Add: []Ref{a}, Remove: []Ref{c}}
		tt.change(p)
		assert.Equal(t, tt.want, run.UndoneBy(p), name)
	}
}

// Whatever a run came to before it ended, and whatever became of it, its undo
// restores what it was before, spares whom the profile protects and touches
// nobody else.
func TestTheUndoOfAPartOfAPlanRestoresThatPart(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		before, after := users("a", "b", "c", "d", "e", "f"), users("d", "e", "f", "g", "h", "i")
		w := newWorld(before...)
		p, err := New(w.params(ModeMirror, after...))
		require.NoError(t, err)
		w.faults = 0.4
		w.steps = rapid.IntRange(3, 25).Draw(t, "steps")
		_, _ = Apply(context.Background(), w.deps(), p, approved)
		w.steps, w.faults = -1, 0
		run := w.runs[p.ID]
		if run == nil {
			return // it died before it began
		}
		rules := Rules{Guards: open}
		protected := rapid.SampledFrom([]string{"", "a", "g", "h"}).Draw(t, "protected")
		if protected != "" {
			rules.ProtectedUsers = []string{protected + "@contoso.com"}
		}
		want := map[string]bool{}
		for _, o := range before {
			want[o.ID] = true
		}
		if id := "u-" + protected; protected != "" && w.members[id].ID != "" {
			want[id] = true
		}
		for i := range rapid.IntRange(0, 2).Draw(t, "outsiders") {
			o := user(fmt.Sprintf("outsider%d", i))
			w.members[o.ID], want[o.ID] = o, true
		}
		undo, err := NewUndo(w.undo(run, rules))
		require.NoError(t, err)
		require.NoError(t, undo.Verify())
		require.True(t, run.UndoneBy(undo))
		_, err = Apply(context.Background(), w.deps(), undo, approved)
		require.NoError(t, err)
		require.Equal(t, sortedKeys(want), w.ids())
		require.Empty(t, w.broken)
	})
}
