package graph

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	jsonserialization "github.com/microsoft/kiota-serialization-json-go"
	"github.com/microsoftgraph/msgraph-sdk-go/models"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

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

func TestDeltaStartsFromNowWithTheTrackedProperties(t *testing.T) {
	schema, err := model.NewSchema("department", "extensionAttribute3")
	require.NoError(t, err)
	var got *http.Request
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		got = r
		answerJSON(w, 200, object{"value": []any{}, "@odata.deltaLink": "https://" + r.Host + "/v1.0/users/delta?$deltatoken=abc"})
	}, func(o *Options) { o.Schema = schema })
	link, err := c.DeltaLatest(t.Context())
	require.NoError(t, err)
	assert.Equal(t, "https://"+c.root.Host+"/v1.0/users/delta?$deltatoken=abc", link)
	assert.Equal(t, "/v1.0/users/delta()", got.URL.Path)
	query := got.URL.Query()
	assert.Equal(t, "latest", query.Get("$deltatoken"))
	assert.Equal(t, strings.Join(append(schema.Select(), "manager"), ","), query.Get("$select"))
	assert.Len(t, query, 2, "delta ignores or refuses every other option")
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

func TestListingNamesEveryAttribute(t *testing.T) {
	var query map[string][]string
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		query = r.URL.Query()
		answerJSON(w, 200, page(
			object{
				"id": guid(1), "displayName": "Ann \"A\" Ünal", "accountEnabled": false, "department": "Sales",
				"businessPhones": []string{"+1 1", "+1 2"}, "imAddresses": []string{"sip:ann@contoso.com"}, "otherMails": []string{"a@x", "b@x"},
				"employeeHireDate": "2024-03-01T02:00:00+02:00", "onPremisesSyncEnabled": nil, "faxNumber": "",
				"onPremisesExtensionAttributes": object{"extensionAttribute1": "one", "extensionAttribute2": nil},
				"manager":                       object{"@odata.type": "#microsoft.graph.user", "id": guid(9)},
			},
			object{"id": guid(2)},
		))
	})
	p, err := c.Users(t.Context(), "")
	require.NoError(t, err)
	assert.Empty(t, p.Next)
	assert.Equal(t, []string{"999"}, query["$top"])
	assert.Equal(t, []string{"manager($select=id)"}, query["$expand"])
	assert.Equal(t, []string{strings.Join(model.FullSchema().Select(), ",")}, query["$select"])

	require.Len(t, p.Changes, 2)
	ann := p.Changes[0]
	assert.Equal(t, guid(1), ann.ID)
	assert.Equal(t, guid(9), *ann.Manager)
	fields := fieldsOf(t, ann)
	assert.Equal(t, "Ann \"A\" Ünal", fields[model.AttrDisplayName].Value)
	assert.Equal(t, "false", fields[model.AttrAccountEnabled].Value)
	assert.Equal(t, "+1 1", fields[model.AttrBusinessPhone].Value)
	assert.Equal(t, "sip:ann@contoso.com", fields[model.AttrIMAddresses].Value)
	assert.Equal(t, []string{"a@x", "b@x"}, fields[model.AttrOtherMails].Values)
	assert.Equal(t, "2024-03-01T00:00:00Z", fields[model.AttrEmployeeHireDate].Value)
	assert.Equal(t, "one", fields[model.AttrExtensionAttribute1].Value)

	for i, change := range p.Changes {
		fields := fieldsOf(t, change)
		for _, a := range model.FullSchema().Synced() {
			if a.ID == model.AttrObjectID {
				continue
			}
			assert.Contains(t, fields, a.ID, "%s of user %d", a.Graph, i)
		}
	}
	assert.True(t, fieldsOf(t, p.Changes[1])[model.AttrDepartment].IsNull())
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
	} {
		t.Run(name, func(t *testing.T) {
			broken := func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(bad)) }
			handler, _ := inTurn(broken, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(body) })
			p, err := serve(t, handler).Users(t.Context(), "")
			require.NoError(t, err)
			assert.Len(t, p.Changes, 2)

			handler, calls := inTurn(broken)
			_, err = serve(t, handler).Users(t.Context(), "")
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
	} {
		t.Run(name, func(t *testing.T) {
			c := serve(t, func(w http.ResponseWriter, _ *http.Request) { answerJSON(w, 200, page(user)) })
			_, err := c.Users(t.Context(), "")
			assert.Equal(t, "answerUnreadable", asModelError(t, err).Code)
		})
	}
}

func TestDeltaPageNamesExactlyOneLink(t *testing.T) {
	for _, p := range []object{
		{"value": []any{}},
		{"value": []any{}, "@odata.nextLink": "a", "@odata.deltaLink": "b"},
	} {
		c := serve(t, func(w http.ResponseWriter, _ *http.Request) { answerJSON(w, 200, p) })
		_, err := c.Delta(t.Context(), c.root.String()+"/users/delta?$deltatoken=1")
		assert.Equal(t, "answerUnreadable", asModelError(t, err).Code)
	}
	c := serve(t, count("1"))
	_, err := c.Delta(t.Context(), "")
	assert.Error(t, err)
}

func TestPagesThatLoopAreAnError(t *testing.T) {
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		next := map[string]string{"": "b", "b": "c", "c": "b"}[r.URL.Query().Get("$skiptoken")]
		answerJSON(w, 200, object{"value": []any{}, "@odata.nextLink": "https://" + r.Host + "/v1.0/users?$skiptoken=" + next})
	})
	first, err := c.Users(t.Context(), "")
	require.NoError(t, err)
	again, err := c.Users(t.Context(), "")
	require.NoError(t, err, "asking for the same page again is no loop")
	assert.Equal(t, first.Next, again.Next)
	second, err := c.Users(t.Context(), first.Next)
	require.NoError(t, err)
	_, err = c.Users(t.Context(), second.Next)
	assert.Equal(t, "pagesLoop", asModelError(t, err).Code)
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

// anyJSON draws JSON values as Go values.
func anyJSON(depth int) *rapid.Generator[any] {
	scalars := []*rapid.Generator[any]{
		rapid.String().AsAny(), rapid.Bool().AsAny(), rapid.Float64Range(-1e9, 1e9).AsAny(), rapid.Just[any](nil),
	}
	if depth == 0 {
		return rapid.OneOf(scalars...)
	}
	inner := anyJSON(depth - 1)
	return rapid.OneOf(append(scalars, rapid.SliceOfN(inner, 0, 4).AsAny(), rapid.MapOfN(rapid.String(), inner, 0, 4).AsAny())...)
}

func TestWalkFindsThePropertiesThatTheStandardDecoderFinds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.MapOfN(rapid.String(), anyJSON(3), 0, 6).Draw(t, "object")
		indent := rapid.SampledFrom([]string{"", " ", "\t"}).Draw(t, "indent")
		data, err := json.MarshalIndent(value, "", indent)
		require.NoError(t, err)
		checkWalk(t, data)
	})
}

func FuzzWalk(f *testing.F) {
	f.Add([]byte(`{"a":1,"b":"x\"}","c":[1,{"d":null}],"e\u0041" : {} }`))
	f.Add([]byte(` { } `))
	f.Fuzz(func(t *testing.T, data []byte) {
		var object map[string]json.RawMessage
		if json.Unmarshal(data, &object) != nil || object == nil {
			return // not an object
		}
		checkWalk(t, data)
	})
}

func checkWalk(t require.TestingT, data []byte) {
	var want map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(data, &want))
	got := make(map[string]json.RawMessage)
	require.NoError(t, eachProperty(data, func(name, value []byte) error {
		text := string(name)
		if !utf8.Valid(name) { // the standard decoder mends it
			require.NoError(t, json.Unmarshal([]byte(`"`+text+`"`), &text))
		}
		got[text] = value
		return nil
	}))
	require.Equal(t, slices.Sorted(maps.Keys(want)), slices.Sorted(maps.Keys(got)))
	for name := range want {
		require.JSONEq(t, string(want[name]), string(got[name]))
	}
}

// userPage is the body of a page of n users with the properties that a
// directory commonly fills.
func userPage(tb testing.TB, n int) []byte {
	tb.Helper()
	values := make([]any, 0, n)
	for i := range n {
		values = append(values, object{
			"id": guid(i), "displayName": fmt.Sprintf("User Number%d", i), "userPrincipalName": fmt.Sprintf("user%d@contoso.com", i),
			"mail": fmt.Sprintf("user%d@contoso.com", i), "department": fmt.Sprintf("Department %d", i%20), "jobTitle": fmt.Sprintf("Title %d", i%40),
			"officeLocation": fmt.Sprintf("Building %d", i%15), "companyName": "Contoso", "city": fmt.Sprintf("City %d", i%30), "country": "Germany",
			"usageLocation": "DE", "userType": "Member", "accountEnabled": i%17 != 0, "mobilePhone": fmt.Sprintf("+49 170 %07d", i),
			"businessPhones": []string{fmt.Sprintf("+49 30 %06d", i)}, "givenName": "User", "surname": fmt.Sprintf("Number%d", i), "employeeId": fmt.Sprint(100000 + i),
			"employeeHireDate": "2020-01-02T00:00:00Z", "onPremisesSyncEnabled": nil, "preferredLanguage": "de-DE",
			"proxyAddresses":                []string{fmt.Sprintf("SMTP:user%d@contoso.com", i), fmt.Sprintf("smtp:u%d@contoso.onmicrosoft.com", i)},
			"onPremisesExtensionAttributes": object{"extensionAttribute1": "A", "extensionAttribute2": nil},
			"manager":                       object{"@odata.type": "#microsoft.graph.user", "id": guid(i / 8)},
		})
	}
	body, err := json.Marshal(object{"@odata.context": "https://graph.microsoft.com/v1.0/$metadata#users", "value": values})
	require.NoError(tb, err)
	return body
}

// BenchmarkDecodePage compares the package's decoder with the SDK's on the
// same page of 999 users.
func BenchmarkDecodePage(b *testing.B) {
	body := userPage(b, pageSize)
	schema := model.FullSchema()
	b.Run("lean", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(body)))
		for b.Loop() {
			page, err := decodePage[rawUser](body)
			require.NoError(b, err)
			changes, err := newUserDecoder(schema).listing(*page.Value)
			require.NoError(b, err)
			require.Len(b, changes, pageSize)
		}
	})
	b.Run("sdk", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(body)))
		factory := jsonserialization.NewJsonParseNodeFactory()
		for b.Loop() {
			node, err := factory.GetRootParseNode("application/json", body)
			require.NoError(b, err)
			value, err := node.GetObjectValue(models.CreateUserCollectionResponseFromDiscriminatorValue)
			require.NoError(b, err)
			require.Len(b, value.(models.UserCollectionResponseable).GetValue(), pageSize)
		}
	})
}
