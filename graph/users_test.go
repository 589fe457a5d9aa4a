package graph

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/model"
)

// fieldsOf indexes a change's fields and fails on a field named twice.
func fieldsOf(t testing.TB, c model.Change) map[model.AttrID]model.Field {
	t.Helper()
	out := make(map[model.AttrID]model.Field, len(c.Fields))
	for _, f := range c.Fields {
		_, twice := out[f.Attr]
		require.False(t, twice, "attribute %d is named twice", f.Attr)
		out[f.Attr] = f
	}
	return out
}

func TestDeltaLinkIsFollowedExactlyAsGiven(t *testing.T) {
	var uri string
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		uri = r.RequestURI
		answerJSON(w, 200, object{"value": []any{}, "@odata.deltaLink": "https://" + r.Host + "/next"})
	})
	_, err := c.Delta(t.Context(), c.root.String()+"/users/delta?$deltatoken=a%2Bb_C~d%27e")
	require.NoError(t, err)
	assert.Equal(t, "/v1.0/users/delta?$deltatoken=a%2Bb_C~d%27e", uri)
}

func TestAListingNamesWhatAUserHas(t *testing.T) {
	const costCenter = "extension_c272a57b722d4eb29bfe327874ae79cb_costCenter"
	names := []string{costCenter, "extension_c272a57b722d4eb29bfe327874ae79cb_remote", "extension_c272a57b722d4eb29bfe327874ae79cb_badges"}
	for _, a := range model.Catalogue() {
		names = append(names, a.Graph)
	}
	schema, err := model.NewSchema(names...)
	require.NoError(t, err)
	var query map[string][]string
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		query = r.URL.Query()
		answerJSON(w, 200, page(
			object{
				"id": guid(1), "displayName": "Ann \"A\" Ünal", "accountEnabled": false, "department": "Sales",
				"businessPhones": []string{"+1 1", "+1 2"}, "imAddresses": []string{"sip:ann@contoso.com"}, "otherMails": []string{"a@x", "b@x"},
				"employeeHireDate": "2024-03-01T02:00:00+02:00", "onPremisesSyncEnabled": nil, "faxNumber": "", "proxyAddresses": []string{},
				"onPremisesExtensionAttributes": object{"extensionAttribute1": "one", "extensionAttribute2": nil},
				"manager":                       object{"@odata.type": "#microsoft.graph.user", "id": guid(9)},
				names[0]:                        4711, strings.ToUpper(names[1]): true, names[2]: []any{"blue", "red"},
			},
			object{"id": guid(2), "onPremisesExtensionAttributes": nil, "manager": nil},
		))
	}, func(o *Options) { o.Schema = schema })
	p, err := c.Users(t.Context(), c.listing(t))
	require.NoError(t, err)
	assert.Empty(t, p.Next)
	assert.Equal(t, []string{"999"}, query["$top"])
	assert.Equal(t, []string{"manager($select=id)"}, query["$expand"])
	assert.Equal(t, []string{strings.Join(schema.Select(), ",")}, query["$select"])
	assert.Len(t, query, 3, "an advanced query does not expand the manager")

	require.Len(t, p.Changes, 2)
	ann := p.Changes[0]
	assert.Equal(t, guid(1), ann.ID)
	assert.Equal(t, guid(9), *ann.Manager)
	assert.True(t, ann.Whole)
	want := map[model.AttrID]model.Field{}
	for attr, value := range map[model.AttrID]string{
		model.AttrDisplayName: "Ann \"A\" Ünal", model.AttrAccountEnabled: "false", model.AttrDepartment: "Sales", model.AttrBusinessPhone: "+1 1",
		model.AttrIMAddresses: "sip:ann@contoso.com", model.AttrEmployeeHireDate: "2024-03-01T00:00:00Z", model.AttrExtensionAttribute1: "one",
		model.AttrExtensionAttribute1 + 15: "4711", model.AttrExtensionAttribute1 + 16: "true", model.AttrExtensionAttribute1 + 17: "blue",
	} {
		want[attr] = model.Field{Attr: attr, Value: value}
	}
	want[model.AttrOtherMails] = model.Field{Attr: model.AttrOtherMails, Values: []string{"a@x", "b@x"}}
	assert.Equal(t, want, fieldsOf(t, ann))

	assert.True(t, p.Changes[1].Whole, "so that what it does not name is null")
	assert.Empty(t, p.Changes[1].Fields)
	assert.Empty(t, *p.Changes[1].Manager)
}

func TestDeltaNamesOnlyWhatTheRecordNames(t *testing.T) {
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		answerJSON(w, 200, object{"@odata.nextLink": "https://" + r.Host + "/next", "value": []any{
			object{"id": guid(1), "department": nil, "jobTitle": "Clerk"},
			object{"id": guid(2), "@removed": object{"reason": "changed"}},
			object{"id": guid(3), "@removed": object{}},
			object{"id": guid(4), "manager@delta": []any{object{"id": guid(8), "@removed": object{"reason": "deleted"}}, object{"id": guid(9)}}},
			object{"id": guid(5), "manager@delta": []any{object{"id": guid(8), "@removed": object{"reason": "deleted"}}}},
			object{"id": guid(6), "onPremisesExtensionAttributes": object{"extensionAttribute1": "x"}},
		}})
	})
	p, err := c.Delta(t.Context(), c.root.String()+"/users/delta?$deltatoken=1")
	require.NoError(t, err)
	require.Len(t, p.Changes, 6)

	fields := fieldsOf(t, p.Changes[0])
	assert.Len(t, fields, 2)
	assert.True(t, fields[model.AttrDepartment].IsNull())
	assert.Equal(t, "Clerk", fields[model.AttrJobTitle].Value)
	assert.Nil(t, p.Changes[0].Manager, "not named is unchanged, never none")

	assert.Equal(t, "changed", p.Changes[1].Removed)
	assert.Equal(t, "deleted", p.Changes[2].Removed)
	assert.Equal(t, guid(9), *p.Changes[3].Manager)
	assert.Empty(t, *p.Changes[4].Manager)
	assert.Len(t, fieldsOf(t, p.Changes[5]), 15, "the extension attributes come as one property")
}

func TestPageThatCannotBeReadIsNeverShort(t *testing.T) {
	good := object{"value": []any{object{"id": guid(1)}, object{"id": guid(2)}}}
	body, err := json.Marshal(good)
	require.NoError(t, err)
	for name, bad := range map[string]string{
		"cut short":         string(body[:len(body)-9]),
		"no JSON":           "<html>gateway</html>",
		"empty":             "",
		"without a value":   `{"@odata.context":"x"}`,
		"value is no array": `{"value":{}}`,
		"followed by more":  string(body) + "{",
		"followed by such":  string(body) + string(body),
		"a comma too many":  `{"value":[{"id":"x"},]}`,
		"an empty name":     `{"value":[{"id":"x",:1}]}`,
		"a bare number":     `{"value":[{"id":"x","city":01}]}`,
	} {
		t.Run(name, func(t *testing.T) {
			broken := func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(bad)) }
			handler, _ := inTurn(broken, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(body) })
			c := serve(t, handler)
			p, err := c.Users(t.Context(), c.listing(t))
			require.NoError(t, err)
			assert.Len(t, p.Changes, 2)

			handler, calls := inTurn(broken)
			c = serve(t, handler)
			_, err = c.Users(t.Context(), c.listing(t))
			assert.Equal(t, "answerUnreadable", asModelError(t, err).Code)
			assert.EqualValues(t, maxMalformed, calls.Load())
		})
	}
}

func TestRecordsThatMakeNoSenseAreErrors(t *testing.T) {
	for name, user := range map[string]object{
		"no id":           {"displayName": "x"},
		"id is a number":  {"id": 7},
		"enabled is text": {"id": guid(1), "accountEnabled": "true"},
		"mail is a list":  {"id": guid(1), "proxyAddresses": "SMTP:a@b"},
		"date is none":    {"id": guid(1), "employeeHireDate": "tomorrow"},
		"name is object":  {"id": guid(1), "displayName": object{}},
		"name is number":  {"id": guid(1), "displayName": 7},
		"date is a list":  {"id": guid(1), "employeeHireDate": []string{"2024-03-01T00:00:00Z"}},
		"manager is text": {"id": guid(1), "manager": guid(2)},
		"extensions text": {"id": guid(1), "onPremisesExtensionAttributes": "one"},
	} {
		t.Run(name, func(t *testing.T) {
			c := serve(t, func(w http.ResponseWriter, _ *http.Request) { answerJSON(w, 200, page(user)) })
			_, err := c.Users(t.Context(), c.listing(t))
			assert.Equal(t, "answerUnreadable", asModelError(t, err).Code)
		})
	}
}

func TestDeltaPageNamesExactlyOneLink(t *testing.T) {
	for _, links := range [][]string{nil, {"@odata.nextLink", "@odata.deltaLink"}} {
		c := serve(t, func(w http.ResponseWriter, r *http.Request) {
			p := page()
			for _, name := range links {
				p[name] = "https://" + r.Host + "/v1.0/users/delta?$token=" + name
			}
			answerJSON(w, 200, p)
		})
		_, err := c.Delta(t.Context(), c.root.String()+"/users/delta?$deltatoken=1")
		assert.Equal(t, "answerUnreadable", asModelError(t, err).Code)
	}
}

func TestAPageIsNotAskedForWithoutALink(t *testing.T) {
	handler, calls := inTurn(count("1"))
	c := serve(t, handler)
	_, err := c.Delta(t.Context(), "")
	assert.Equal(t, "linkMissing", asModelError(t, err).Code)
	_, err = c.Users(t.Context(), "")
	assert.Equal(t, "linkMissing", asModelError(t, err).Code)
	assert.Zero(t, calls.Load())
}

func TestUserCountIsAnAdvancedQuery(t *testing.T) {
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		assert.Equal(t, "eventual", r.Header.Get("ConsistencyLevel"))
		assert.Equal(t, "/v1.0/users/$count", r.URL.Path)
		_, _ = w.Write([]byte("\ufeff2000"))
	})
	n, err := c.UserCount(t.Context())
	require.NoError(t, err)
	assert.Equal(t, 2000, n)

	_, err = serve(t, count("many")).UserCount(t.Context())
	assert.Equal(t, "answerUnreadable", asModelError(t, err).Code)
}
