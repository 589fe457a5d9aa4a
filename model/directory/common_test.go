package directory

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/model"
)

func licensed(n int, plans ...string) model.Change {
	return model.Change{ID: fmt.Sprintf("00000000-0000-4000-8000-%012x", n), Whole: true, Fields: []model.Field{{Attr: model.AttrAssignedPlans, Values: plans}}}
}

func (d *Directory) planLists() int { return d.Snapshot().columns[model.AttrAssignedPlans].lists.len() }

func TestPlansThatUsersHaveInCommonAreKeptOnce(t *testing.T) {
	d := New(model.FullSchema())
	var changes []model.Change
	for i := range 1000 {
		changes = append(changes, licensed(i, "exchange/Enabled/1", fmt.Sprintf("SCO/Enabled/%d", i%3)))
	}
	assert.Equal(t, 1000, d.Apply(changes).Added)
	assert.Equal(t, 3, d.planLists())
	assert.Zero(t, d.Apply(changes).Updated)
	before := d.Snapshot()

	image := make(map[string][]byte)
	require.NoError(t, before.Save(func(name string, data []byte) error {
		image[name] = append([]byte(nil), data...)
		return nil
	}))
	again := New(model.FullSchema())
	require.NoError(t, again.Restore(func(name string) ([]byte, error) { return image[name], nil }))
	assert.Zero(t, again.Apply(changes).Updated, "they are found again")
	assert.Equal(t, 1, again.Apply([]model.Change{licensed(7, "SCO/Enabled/2", "exchange/Enabled/1")}).Updated, "the order is kept")
	assert.Equal(t, 1, again.Apply([]model.Change{licensed(8, "exchange/Enabled/1")}).Updated)
	assert.Equal(t, 5, again.planLists())
	row, ok := again.Snapshot().ByID(licensed(7).ID)
	require.True(t, ok)
	assert.Equal(t, []string{"SCO/Enabled/2", "exchange/Enabled/1"}, again.Snapshot().Values(row, model.AttrAssignedPlans))
	row, _ = before.ByID(licensed(7).ID)
	assert.Equal(t, []string{"exchange/Enabled/1", "SCO/Enabled/1"}, before.Values(row, model.AttrAssignedPlans), "a snapshot stays as it is")
}

func TestListsBeyondWhatIsFoundAgainAreKept(t *testing.T) {
	var l lists
	var c common
	for i := range uint32(maxCommon + 10) {
		require.Equal(t, i+1, c.add(&l, []uint32{i + 1}))
	}
	assert.Equal(t, uint32(5), c.add(&l, []uint32{5}))
	assert.Equal(t, uint32(maxCommon+11), c.add(&l, []uint32{maxCommon + 10}), "once more: it is not looked for")
	assert.Equal(t, []uint32{maxCommon + 10}, l.at(maxCommon+11))
}
