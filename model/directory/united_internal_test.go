package directory

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/model"
	"rollcall/model/rule"
)

func TestValuesOfOneAttributeAreLookedForTogether(t *testing.T) {
	d := New(model.FullSchema())
	d.Apply([]model.Change{
		{ID: "a", Whole: true, Fields: []model.Field{{Attr: model.AttrCity, Value: "BRNO"}, {Attr: model.AttrOtherMails, Values: []string{"x", "y"}}}},
		{ID: "b", Whole: true, Fields: []model.Field{{Attr: model.AttrCity, Value: "Praha"}, {Attr: model.AttrOtherMails, Values: []string{"z"}}}},
		{ID: "c", Whole: true, Fields: []model.Field{{Attr: model.AttrCity, Value: "Paris"}}},
		{ID: "d", Whole: true},
	})
	s := d.Snapshot()
	for _, c := range []struct {
		text     string
		parts    int
		selected int
	}{
		{`user.city -eq "Brno" -or user.city -in ["Praha", "Wien"] -or user.city -match "^Wien$"`, 1, 2},
		{`user.city -ne "Brno" -and user.city -notIn ["Praha", "Wien"]`, 1, 2},
		{`user.otherMails -eq "x" -or user.otherMails -any (_ -eq "y") -or user.city -eq "Paris"`, 2, 2},
		{`user.otherMails -eq "x" -or user.otherMails -eq "z"`, 1, 2},
		{`user.otherMails -eq "x" -and user.otherMails -eq "y"`, 2, 1},
		{`user.otherMails -ne "x" -and user.otherMails -ne "z"`, 1, 2},
		{`user.otherMails -all (_ -eq "z") -or user.otherMails -eq "x"`, 2, 4},
		{`user.city -eq null -or user.city -eq "Brno"`, 2, 2},
		{`user.city -ne "Brno" -or user.city -ne "Praha"`, 2, 4},
		{`user.city -ne null -and user.city -ne "Brno"`, 2, 2},
		{`user.city -startsWith "P" -or user.city -eq "Brno"`, 2, 3},
	} {
		t.Run(c.text, func(t *testing.T) {
			p, _, err := rule.Compile(c.text, s.Schema(), time.Time{})
			require.NoError(t, err)
			var parts []rule.Predicate
			switch root := p.Root().(type) {
			case rule.Disjunction:
				parts = united(root, true)
			case rule.Conjunction:
				parts = united(root, false)
			}
			assert.Len(t, parts, c.parts)
			for _, small := range []int{smallDictionary, 0} {
				set, err := planner{s, t.Context(), small, costOfRow}.choose(p.Root())
				require.NoError(t, err)
				assert.Equal(t, c.selected, set.Count())
			}
		})
	}
}
