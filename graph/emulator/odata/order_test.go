package odata_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/graph/emulator/odata"
)

func TestOrderingPutsNullFirstAndIgnoresCase(t *testing.T) {
	q, err := odata.Parse(parseQuery(t, `$orderby=displayName`), odata.Options{Table: odata.Users()})
	require.Nil(t, err)
	rows := []odata.Object{record{"displayName": "bob"}, record{"displayName": "Carl"}, record{"displayName": nil}, record{"displayName": "Ann"}}
	slices.SortStableFunc(rows, q.Compare)
	assert.Equal(t, []odata.Object{
		record{"displayName": nil}, record{"displayName": "Ann"}, record{"displayName": "bob"}, record{"displayName": "Carl"},
	}, rows)
}

func TestOrderingGoesByTheNextTermWhereTheFirstIsEqual(t *testing.T) {
	q := &odata.Query{OrderBy: []odata.Order{{Property: "department"}, {Property: "createdDateTime", Descending: true}}}
	day := func(n int) time.Time { return time.Date(2020, 1, n, 0, 0, 0, 0, time.UTC) }
	older := record{"department": "Sales", "createdDateTime": day(1)}
	newer := record{"department": "sales", "createdDateTime": day(2)}
	unknown := record{"department": "Sales"}
	assert.Positive(t, q.Compare(older, newer))
	assert.Negative(t, q.Compare(newer, older))
	assert.Zero(t, q.Compare(newer, newer))
	assert.Negative(t, q.Compare(older, unknown), "descending puts null last")
	flags := &odata.Query{OrderBy: []odata.Order{{Property: "accountEnabled"}}}
	assert.Negative(t, flags.Compare(record{"accountEnabled": false}, record{"accountEnabled": true}))
	assert.Positive(t, flags.Compare(record{"accountEnabled": true}, record{"accountEnabled": false}))
}
