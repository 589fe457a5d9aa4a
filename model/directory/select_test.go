package directory_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"

	"rollcall/model"
	"rollcall/model/directory"
	"rollcall/model/rule"
)

// named are whole users with a name of their own each.
func named(from, to int, name string) []model.Change {
	var changes []model.Change
	for i := from; i < to; i++ {
		changes = append(changes, model.Change{ID: objectID(i), Whole: true, Fields: []model.Field{
			{Attr: model.AttrDisplayName, Value: fmt.Sprintf("%s %05d", name, i)},
		}})
	}
	return changes
}

func TestWhatARuleRemembersOfALargeColumnStaysRightWhileUsersChange(t *testing.T) {
	const part, pattern = "7Ů", "7ů [0-9]*5$"
	d := directory.New(model.DefaultSchema())
	d.Apply(named(0, 20_000, "Praha 7ů"))
	snapshots := []*directory.Snapshot{d.Snapshot()}
	for i := range 3 {
		d.Apply(named(20_000+500*i, 20_500+500*i, "PRAHA 7Ů"))
		d.Apply(named(700*i, 700*i+300, "Brno"))
		snapshots = append(snapshots, d.Snapshot())
	}
	ask := func(s *directory.Snapshot, clause string, holds func(name string) bool) {
		p, _, err := rule.Compile("user.displayName "+clause, s.Schema(), evaluatedAt)
		if !assert.NoError(t, err) {
			return
		}
		set, err := s.Select(t.Context(), p)
		if !assert.NoError(t, err) {
			return
		}
		want := 0
		for _, row := range s.All() {
			if holds(strings.ToLower(s.Value(row, model.AttrDisplayName))) {
				want++
			}
		}
		assert.Equal(t, want, set.Count(), clause)
	}
	contains := func(name string) bool { return strings.Contains(name, strings.ToLower(part)) }
	endsWith5 := func(name string) bool { return contains(name) && strings.HasSuffix(name, "5") }
	var wg sync.WaitGroup
	for _, i := range []int{0, 2, 1, 3, 0, 3} { // older ones after newer ones
		ask(snapshots[i], `-contains "`+part+`"`, contains)
		wg.Go(func() { ask(snapshots[i], `-match "`+pattern+`"`, endsWith5) })
	}
	wg.Wait()
}
