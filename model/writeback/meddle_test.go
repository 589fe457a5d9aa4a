package writeback

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"rollcall/model"
)

// story is one plan that is carried out while others change the group, rows go
// wrong, looks are late and processes end.
type story struct {
	*world
	t       *rapid.T
	plan    *Plan
	others  map[string]bool // members that are no row, as the others have left them
	renewed Approval
}

func newStory(t *rapid.T) *story {
	var everybody []model.Object
	for i := range rapid.IntRange(2, 12).Draw(t, "users") {
		everybody = append(everybody, user(fmt.Sprintf("user%02d", i)))
	}
	subset := rapid.SliceOfDistinct(rapid.SampledFrom(everybody), func(o model.Object) string { return o.ID })
	before := append(subset.Draw(t, "members"), nested("sub"))
	desired := subset.Draw(t, "desired")
	s := &story{world: newWorld(before...), t: t, others: map[string]bool{}}
	s.random = rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
	var err error
	s.plan, err = New(s.params(rapid.SampledFrom([]Mode{ModeMirror, ModeAdd, ModeRemove}).Draw(t, "mode"), desired...))
	require.NoError(t, err)
	for _, id := range s.plan.Keep {
		s.others[id] = true
	}
	for _, r := range s.plan.Add {
		if rapid.IntRange(0, 9).Draw(t, "refused") == 0 {
			s.refused[r.ID] = "does not exist"
		}
	}
	s.renewed = approved
	s.renewed.At = noon.Add(time.Hour)
	return s
}

// meddling is what others do: to members whom the plan knows nothing of, to
// those who stay, and to the very rows.
func (s *story) meddling(often int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	rows := s.plan.rows()
	switch what := s.random.IntN(often); {
	case what == 0:
		s.other(fmt.Sprintf("u-stranger%d", s.random.IntN(3)))
	case what == 1 && len(s.plan.Keep) > 0:
		s.other(s.plan.Keep[s.random.IntN(len(s.plan.Keep))])
	case what < 4 && len(rows) > 0:
		id := rows[s.random.IntN(len(rows))].ID
		_, is := s.members[id]
		s.turn(id, !is, "others")
	}
}

func (s *story) other(id string) {
	_, is := s.members[id]
	s.turn(id, !is, "others")
	s.others[id] = !is
}

// live is one process: it applies or goes on, and ends on its own, dies or is
// interrupted. renew gives an approval for what was told to be taken back.
func (s *story) live(renew, interrupted bool) (*Report, error) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	d := s.deps()
	if meddle := s.meddle; interrupted {
		left := s.steps
		s.steps = -1
		s.meddle = func() {
			if left--; left < 0 {
				cancel()
			}
			if meddle != nil {
				meddle()
			}
		}
		defer func() { s.meddle = meddle }()
	}
	s.entered = false
	run := s.runs[s.plan.ID]
	if run == nil {
		return Apply(ctx, d, s.plan, approved)
	}
	// An approval covers what was told before it came, and ends with the process
	// that did not come to write it.
	for _, row := range run.Rows {
		if row.settled() {
			s.allowed[row.ID] = renew && row.TakenBack()
		}
	}
	if !renew {
		return Resume(ctx, d, s.plan.ID, "adele@contoso.com", nil)
	}
	if s.random.IntN(2) == 0 {
		return Apply(ctx, d, s.plan, s.renewed)
	}
	return Resume(ctx, d, s.plan.ID, "adele@contoso.com", &s.renewed)
}

// Whatever happens, going on ends with every row as the plan has it and every
// other member as the others have left it; a stale plan is never begun; nobody
// is touched who is no row; what others took back is written again only after
// an approval that came after it was told; and the journal says what is so.
func TestWhateverOthersDoAPlanIsFinishedExactlyOrSaysWhyNot(t *testing.T) {
	finished, stale, taken, spent := 0, 0, 0, 0
	rapid.Check(t, func(t *rapid.T) {
		s := newStory(t)
		if s.plan.Blocked() != nil {
			require.Error(t, Check(s.plan, approved))
			return // an empty audience: see the tests of guards
		}
		often := rapid.IntRange(8, 60).Draw(t, "often")
		meddle := func() { s.meddling(often) }
		if rapid.Bool().Draw(t, "early") {
			meddle()
		}
		s.faults = rapid.SampledFrom([]float64{0, 0.3}).Draw(t, "faults")
		s.drift = rapid.IntRange(0, 3).Draw(t, "drift")
		var err error
		for range rapid.IntRange(1, 5).Draw(t, "lives") {
			// Before a run others are left still more often: a stale plan ends it.
			if s.meddle = nil; s.runs[s.plan.ID] != nil || rapid.IntRange(0, 4).Draw(t, "busy") == 0 {
				s.meddle = meddle
			}
			s.steps = rapid.IntRange(-1, 50).Draw(t, "steps")
			_, err = s.live(rapid.Bool().Draw(t, "renew"), rapid.Bool().Draw(t, "interrupted"))
			require.Empty(t, s.broken)
			if err == nil {
				break
			}
		}
		s.meddle, s.steps, s.faults, s.drift = nil, -1, 0, 0

		written := len(s.writes)
		report, err := s.live(false, false)
		if told := new(Stale); errors.As(err, &told) && s.runs[s.plan.ID] != nil {
			taken++
			require.Empty(t, told.Joined)
			require.Empty(t, told.Left)
			require.NotEmpty(t, told.TakenBack)
			for _, row := range told.TakenBack {
				require.False(t, row.right(idSet(s.present())))
			}
			require.Len(t, s.writes, written, "nothing is written before a renewed approval")
			report, err = s.live(true, false)
		}
		require.Empty(t, s.broken)
		requireWithinPlan(t, s.writes, s.plan)
		for id, is := range s.others {
			require.Equal(t, is, idSet(s.present())[id], "%s is no row: the others have left it so", id)
		}
		run := s.runs[s.plan.ID]
		if run == nil {
			stale++
			require.Equal(t, "planStale", model.AsError(err).Code)
			require.Empty(t, s.writes)
			return
		}
		require.NoError(t, run.sound())
		if err != nil && model.AsError(err).Code == "planSpent" {
			spent++
			require.Len(t, s.writes, written)
			for _, row := range run.Rows {
				require.True(t, row.right(idSet(s.present())) || s.lastBy[row.ID] == "others", "%s was changed by others since", row.ID)
			}
			return
		}
		finished++
		s.requireFinished(report, err)
	})
	t.Logf("%d finished, of which others had taken back rows of %d; %d stale, %d changed after", finished, taken, stale, spent)
}

func (s *story) requireFinished(report *Report, err error) {
	t, run := s.t, s.runs[s.plan.ID]
	present := idSet(s.present())
	var failed []string
	for _, row := range run.Rows {
		if row.State == RowFailed {
			failed = append(failed, row.ID)
			require.Equal(t, "does not exist", row.Reason)
			require.NotEmpty(t, s.refused[row.ID])
			require.False(t, row.right(present))
			continue
		}
		require.True(t, row.settled())
		require.Empty(t, row.Reason)
		require.True(t, row.right(present), "%s", row.ID)
	}
	require.Len(t, present, len(s.members))
	require.Equal(t, len(run.Rows), report.Added+report.Removed+report.AlreadyDone+len(failed))
	require.Zero(t, report.Unseen+report.Left)
	require.Equal(t, len(present), report.Members)
	if len(failed) > 0 {
		require.Equal(t, "rowsFailed", model.AsError(err).Code)
		require.Equal(t, RunPartial, run.State)
		require.False(t, report.Verified)
		return
	}
	require.NoError(t, err)
	require.Equal(t, RunVerified, run.State)
	require.True(t, report.Verified)

	written := slices.Clone(s.writes)
	again, err := Apply(context.Background(), s.deps(), s.plan, Approval{})
	require.NoError(t, err)
	require.Equal(t, &Report{PlanID: s.plan.ID, AlreadyDone: len(run.Rows), Verified: true, Members: len(present)}, again)
	require.Equal(t, written, s.writes, "a second apply changes nothing")
}
