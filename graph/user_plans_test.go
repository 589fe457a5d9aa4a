package graph

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/model"
)

func TestServicePlansAreRead(t *testing.T) {
	const exchange = `{"assignedDateTime":"2024-01-02T03:04:05Z","capabilityStatus":"Enabled","service":"exchange","servicePlanId":"efb87545-963c-4e0d-99df-69c6916d9eb0"}`
	for name, test := range map[string]struct {
		value string
		want  []string
	}{
		"as Graph writes them": {`[` + exchange + `]`, []string{"exchange/Enabled/efb87545-963c-4e0d-99df-69c6916d9eb0"}},
		"in any order":         {`[{"servicePlanId":"1","service":"a","capabilityStatus":"b"}]`, []string{"a/b/1"}},
		"twice, one of them":   {`[` + exchange + `,{"service":"a"},` + exchange + `]`, []string{"a//", "exchange/Enabled/efb87545-963c-4e0d-99df-69c6916d9eb0"}},
		"of two conditions": {
			`[{"service":"SCO","capabilityStatus":"Enabled","servicePlanId":"1"},{"service":"SCO","capabilityStatus":"Deleted","servicePlanId":"1"}]`,
			[]string{"SCO/Deleted/1", "SCO/Enabled/1"},
		},
		"a slash in a name":     {`[{"service":"a/b","capabilityStatus":"c","servicePlanId":"1"}]`, []string{"a/b/c/1"}},
		"an escape in a name":   {`[{"ser\u0076ice":"\u00e9\n","capabilityStatus":"c","servicePlanId":"1"}]`, []string{"é\n/c/1"}},
		"parts that are null":   {`[{"service":null,"capabilityStatus":"c","servicePlanId":null}]`, []string{"/c/"}},
		"parts that are absent": {`[{"servicePlanId":"1"}]`, []string{"//1"}},
		"nothing about a plan":  {`[null,{},{"assignedDateTime":"2024-01-02T03:04:05Z","more":[{"service":"x"}]}]`, nil},
		"none":                  {`[]`, nil},
		"null":                  {`null`, nil},
	} {
		t.Run(name, func(t *testing.T) {
			body := []byte(`{"value":[{"id":"a","assignedPlans":` + test.value + `,"city":"Brno"}]}`)
			decoder := newUserDecoder(model.FullSchema())
			page, err := decoder.delta(body)
			require.NoError(t, err)
			fields := fieldsOf(t, page.changes[0])
			require.Contains(t, fields, model.AttrAssignedPlans, "a delta names what was cleared")
			assert.Equal(t, test.want, fields[model.AttrAssignedPlans].Values)
			assert.Equal(t, "Brno", fields[model.AttrCity].Value)

			page, err = decoder.listing(body)
			require.NoError(t, err)
			field, named := fieldsOf(t, page.changes[0])[model.AttrAssignedPlans]
			assert.Equal(t, test.want != nil, named)
			assert.Equal(t, test.want, field.Values)
		})
	}
}

func TestServicePlansOfAnotherShapeAreAnError(t *testing.T) {
	for _, value := range []string{
		`"exchange"`, `true`, `{"service":"exchange"}`, `["exchange"]`, `[[]]`, `[1]`, `[{"service":1}]`, `[{"servicePlanId":{}}]`, `[{"service":"a"}`,
	} {
		_, err := newUserDecoder(model.FullSchema()).listing([]byte(`{"value":[{"id":"a","assignedPlans":` + value + `}]}`))
		assert.Error(t, err, value)
	}
}

func TestPlansThatAreNotSyncedArePassedOver(t *testing.T) {
	page, err := newUserDecoder(model.DefaultSchema()).listing([]byte(`{"value":[{"id":"a","assignedPlans":[{"service":1}],"city":"Brno"}]}`))
	require.NoError(t, err)
	require.Len(t, page.changes[0].Fields, 1)
	assert.Equal(t, model.AttrCity, page.changes[0].Fields[0].Attr)
}

// BenchmarkDecodePlans decodes a page of 999 users of fifteen plans each.
func BenchmarkDecodePlans(b *testing.B) {
	users := make([]any, 0, pageSize)
	for i := range pageSize {
		plans := make([]any, 0, 15)
		for p := range 15 {
			plans = append(plans, object{
				"assignedDateTime": "2024-01-02T03:04:05Z", "capabilityStatus": "Enabled",
				"service": fmt.Sprintf("service%d", p), "servicePlanId": guid(p),
			})
		}
		users = append(users, object{"id": guid(i), "assignedPlans": plans})
	}
	body, err := json.Marshal(object{"value": users})
	require.NoError(b, err)
	decoder := newUserDecoder(model.FullSchema())
	b.ReportAllocs()
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		page, err := decoder.listing(body)
		require.NoError(b, err)
		require.Len(b, page.changes, pageSize)
	}
}
