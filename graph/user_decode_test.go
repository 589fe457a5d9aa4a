package graph

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	jsonserialization "github.com/microsoft/kiota-serialization-json-go"
	"github.com/microsoftgraph/msgraph-sdk-go/models"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"rollcall/model"
)

const badge = "extension_c272a57b722d4eb29bfe327874ae79cb_badge"

// extended syncs the catalogue and a directory extension.
func extended(tb testing.TB) *model.Schema {
	tb.Helper()
	names := []string{badge}
	for _, a := range model.Catalogue() {
		names = append(names, a.Graph)
	}
	schema, err := model.NewSchema(names...)
	require.NoError(tb, err)
	return schema
}

var errTwice = errors.New("an extension is named twice, in different letter case")

// reference decodes a page with encoding/json and nothing clever.
func reference(schema *model.Schema, body []byte, whole bool) ([]model.User, error) {
	var page map[string]json.RawMessage
	if err := json.Unmarshal(body, &page); err != nil {
		return nil, err
	}
	for _, link := range []string{"@odata.nextLink", "@odata.deltaLink"} {
		if raw, ok := page[link]; ok {
			if err := json.Unmarshal(raw, new(*string)); err != nil {
				return nil, err
			}
		}
	}
	var objects *[]map[string]json.RawMessage
	if err := json.Unmarshal(page["value"], &objects); err != nil || objects == nil {
		return nil, errors.Join(err, errNoValue)
	}
	var users []model.User
	for _, o := range *objects {
		for name, raw := range o {
			if lower := strings.ToLower(name); name != lower && strings.HasPrefix(lower, "extension_") {
				if _, twice := o[lower]; twice {
					return nil, errTwice
				}
				delete(o, name)
				o[lower] = raw // the letter case of an extension does not count
			}
		}
		change, err := referenceUser(schema, o, whole)
		if err != nil {
			return nil, err
		}
		users = append(users, applied(change))
	}
	return users, nil
}

// applied is a user after a change. What the change does not name shows in it
// as a mark.
func applied(c model.Change) model.User {
	mark := "unchanged"
	u := model.User{ManagerID: mark}
	for _, a := range model.Catalogue() {
		u.Set(model.Field{Attr: a.ID, Value: mark})
	}
	if c.Removed == "" {
		u.Apply(c)
	} else {
		u = model.User{ID: c.ID, ManagerID: c.Removed}
	}
	return u
}

func referenceUser(schema *model.Schema, o map[string]json.RawMessage, whole bool) (model.Change, error) {
	c := model.Change{Whole: whole}
	for _, name := range []string{"id", "manager", "manager@delta", "@removed", onPremisesExtensions} {
		raw, ok := o[name]
		if !ok {
			continue
		}
		var err error
		switch name {
		case "id":
			var id *string
			if err = json.Unmarshal(raw, &id); id == nil {
				err = errors.Join(err, errNoID)
			} else {
				c.ID = *id
			}
		case "manager":
			var manager map[string]json.RawMessage
			id := ""
			if err = json.Unmarshal(raw, &manager); err == nil && manager["id"] != nil {
				err = notNull(manager["id"], &id)
			}
			c.Manager = &id
		case "manager@delta":
			c.Manager, err = managerOf(raw)
		case "@removed":
			c.Removed, err = removalOf(raw)
		case onPremisesExtensions:
			var inner map[string]json.RawMessage
			err = json.Unmarshal(raw, &inner)
			for _, a := range schema.Synced() {
				if a.Select == onPremisesExtensions {
					f, fieldErr := referenceField(a, inner[a.Graph])
					c.Fields, err = append(c.Fields, f), errors.Join(err, fieldErr)
				}
			}
		}
		if err != nil {
			return c, err
		}
	}
	for _, a := range schema.Synced() {
		raw, ok := o[a.Graph]
		if !ok || a.ID == model.AttrObjectID || a.Select == onPremisesExtensions {
			continue
		}
		f, err := referenceField(a, raw)
		if err != nil {
			return c, err
		}
		c.Fields = append(c.Fields, f)
	}
	if c.ID == "" {
		return c, errNoID
	}
	return c, nil
}

func notNull(raw json.RawMessage, into *string) error {
	if string(raw) == "null" {
		return errors.New("null")
	}
	return json.Unmarshal(raw, into)
}

func referenceField(a model.Attribute, raw json.RawMessage) (model.Field, error) {
	f := model.Field{Attr: a.ID}
	if raw == nil || string(raw) == "null" {
		return f, nil
	}
	if a.Type == model.TypePlans {
		return referencePlans(f, raw)
	}
	if raw[0] == '[' && (a.Type == model.TypeCollection || a.Type == model.TypeString) {
		var elements []json.RawMessage
		if err := json.Unmarshal(raw, &elements); err != nil {
			return f, err
		}
		scalar := a
		scalar.Type = model.TypeString
		for _, e := range elements {
			v, err := referenceField(scalar, e)
			if err != nil || (len(e) > 0 && e[0] == '[') {
				return f, errors.Join(err, errors.New("a list in a list"))
			}
			if string(e) != "null" {
				f.Values = append(f.Values, v.Value)
			}
		}
		if a.Type == model.TypeString && len(f.Values) > 0 {
			f.Value, f.Values = f.Values[0], nil
		}
		return f, nil
	}
	switch {
	case a.Type == model.TypeCollection:
		return f, errors.New("no collection")
	case a.Type == model.TypeBool:
		var v bool
		err := json.Unmarshal(raw, &v)
		f.Value = fmt.Sprint(v)
		return f, err
	case a.IsExtension() && raw[0] != '"' && raw[0] != '{' && raw[0] != '[':
		f.Value = string(raw)
		return f, nil
	}
	if err := json.Unmarshal(raw, &f.Value); err != nil {
		return f, err
	}
	if a.Type == model.TypeTime {
		at, err := time.Parse(time.RFC3339, f.Value)
		f.Value = at.UTC().Format(time.RFC3339)
		return f, err
	}
	return f, nil
}

func referencePlans(f model.Field, raw json.RawMessage) (model.Field, error) {
	var elements []map[string]json.RawMessage
	if err := json.Unmarshal(raw, &elements); err != nil {
		return f, err
	}
	for _, e := range elements {
		var service, status, id string
		for name, part := range map[string]*string{"service": &service, "capabilityStatus": &status, "servicePlanId": &id} {
			if e[name] == nil {
				continue
			}
			if err := json.Unmarshal(e[name], part); err != nil {
				return f, err
			}
		}
		plan := service + "/" + status + "/" + id
		if plan != "//" {
			f.Values = append(f.Values, plan)
		}
	}
	slices.Sort(f.Values)
	f.Values = slices.Compact(f.Values)
	return f, nil
}

// checkDecoder compares the decoder with the reference, but for objects that
// name a property twice.
func checkDecoder(t require.TestingT, schema *model.Schema, body []byte) {
	lenient := jsontext.AllowInvalidUTF8(true)
	if json.Valid(body) && !jsontext.Value(body).IsValid(lenient) {
		return
	}
	d := newUserDecoder(schema)
	for _, whole := range []bool{true, false} {
		want, wantErr := reference(schema, body, whole)
		if errors.Is(wantErr, errTwice) {
			return
		}
		page, err := d.page(slices.Clone(body), whole)
		require.Equal(t, wantErr == nil, err == nil, "whole %t: want %v, got %v", whole, wantErr, err)
		if err != nil {
			continue
		}
		var got []model.User
		for _, c := range page.changes {
			got = append(got, applied(c))
		}
		require.Equal(t, want, got, "whole %t", whole)
	}
}

// anyJSON draws JSON values as Go values.
func anyJSON(depth int) *rapid.Generator[any] {
	scalars := []*rapid.Generator[any]{
		rapid.String().AsAny(), rapid.Bool().AsAny(), rapid.IntRange(-1e9, 1e9).AsAny(), rapid.Just[any](nil),
		rapid.SampledFrom([]any{"2024-03-01T02:00:00+02:00", "a\tb", "\u2028", "<&>"}),
	}
	if depth == 0 {
		return rapid.OneOf(scalars...)
	}
	inner := anyJSON(depth - 1)
	return rapid.OneOf(append(scalars, rapid.SliceOfN(inner, 0, 3).AsAny(), rapid.MapOfN(rapid.String(), inner, 0, 3).AsAny())...)
}

// likely draws a value that the property may well have.
func likely(a model.Attribute) *rapid.Generator[any] {
	texts := rapid.SliceOfN(rapid.OneOf(rapid.String().AsAny(), rapid.Just[any](nil)), 0, 3).AsAny()
	switch {
	case a.Type == model.TypeBool:
		return rapid.OneOf(rapid.Bool().AsAny(), rapid.Just[any](nil))
	case a.Type == model.TypeTime:
		return rapid.SampledFrom([]any{"2024-03-01T02:00:00+02:00", "2024-03-01T02:00:00Z", "2024-03-01T02:00:00.1234567Z", nil})
	case a.Type == model.TypeCollection:
		return texts
	case a.Type == model.TypePlans:
		part := rapid.SampledFrom([]any{"exchange", "a/b", "", nil, "Enabled", "\u00e9"})
		plans := rapid.MapOfN(rapid.SampledFrom([]string{"service", "capabilityStatus", "servicePlanId", "Service"}), part, 0, 4)
		return rapid.OneOf(rapid.SliceOfN(rapid.OneOf(plans.AsAny(), rapid.Just[any](nil)), 0, 4).AsAny(), rapid.Just[any](nil))
	case a.IsExtension():
		return rapid.OneOf(rapid.String().AsAny(), rapid.Bool().AsAny(), rapid.Int().AsAny(), texts)
	}
	return rapid.OneOf(rapid.String().AsAny(), rapid.Just[any](nil), texts)
}

func userObjects(schema *model.Schema) *rapid.Generator[any] {
	return rapid.Custom(func(t *rapid.T) any {
		o := object{"id": rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "id")}
		extensions := object{}
		for _, a := range schema.Synced() {
			if a.ID == model.AttrObjectID || !rapid.Bool().Draw(t, "named") {
				continue
			}
			value := likely(a)
			if rapid.IntRange(0, 200).Draw(t, "odd") == 0 {
				value = anyJSON(2)
			}
			if a.Select == onPremisesExtensions {
				extensions[a.Graph] = value.Draw(t, a.Graph)
			} else {
				o[a.Graph] = value.Draw(t, a.Graph)
			}
		}
		switch rapid.IntRange(0, 3).Draw(t, "rest") {
		case 0:
			o[onPremisesExtensions] = extensions
		case 1:
			o["manager"] = rapid.SampledFrom([]any{nil, object{"id": "m"}, object{"@odata.type": "x", "id": "m"}, object{}}).Draw(t, "manager")
			o[onPremisesExtensions] = nil
		case 2:
			o["manager@delta"] = []any{object{"id": "m"}, object{"id": "n", "@removed": object{"reason": "deleted"}}}
		case 3:
			o[rapid.String().Draw(t, "name")] = anyJSON(3).Draw(t, "value")
		}
		return o
	})
}

func TestUsersAreDecodedAsTheStandardDecoderWould(t *testing.T) {
	schema := extended(t)
	rapid.Check(t, func(t *rapid.T) {
		page := object{"@odata.context": "c", "value": rapid.SliceOfN(userObjects(schema), 0, 4).Draw(t, "users")}
		data, err := json.MarshalIndent(page, "", rapid.SampledFrom([]string{"", " ", "\t"}).Draw(t, "indent"))
		require.NoError(t, err)
		checkDecoder(t, schema, data)
	})
}

// A list in a list is no value of a user. It is not kept as the text that it is
// written in, wherever it stands.
func TestAListInAListIsRefused(t *testing.T) {
	schema := extended(t)
	for _, name := range []string{badge, strings.ToUpper(badge), "businessPhones", "otherMails", "city"} {
		for _, value := range []string{`[[]]`, `["a",[]]`, `[["a"]]`, `[null,["a"]]`, `[{}]`} {
			body := []byte(`{"value":[{"id":"a","` + name + `":` + value + `}]}`)
			_, err := newUserDecoder(schema).listing(body)
			assert.Error(t, err, "%s", body)
			checkDecoder(t, schema, body)
		}
	}
}

func FuzzUserPage(f *testing.F) {
	schema := extended(f)
	f.Add([]byte(`{"@odata.context":"x","value":[{"id":"a","displayName":"x\"}","city":null,"businessPhones":["1"],"accountEnabled":true}],"@odata.nextLink":"l"}`))
	f.Add([]byte(`{"value":[{"id":"a","manager":{"id":"b"},"onPremisesExtensionAttributes":{"extensionAttribute1":"e"}},{"id":"b","@removed":{"reason":"changed"}}]}`))
	f.Add([]byte(`{"value":[{"\u0069d":"a","manager@delta":[{"id":"b","@removed":{}}],"employeeHireDate":"2020-01-02T00:00:00Z","` + badge + `":1e3}]}`))
	f.Add([]byte(`{"value":[{"id":"a","` + badge + `":[[]],"onPremisesExtensionAttributes":{}}]}`))
	f.Add([]byte(`{"value":[{"id":"a","assignedPlans":[{"service":"a/b","capabilityStatus":"Enabled","servicePlanId":"1"},{"service":null},null,{}]}]}`))
	f.Add([]byte("{\"value\":[{\"id\":\"\xff\\ud800\",\"mail\":\"\xe2\x82\"}]} "))
	f.Fuzz(func(t *testing.T, data []byte) { checkDecoder(t, schema, data) })
}

// The order of properties is remembered from user to user, and must not be
// relied on.
func TestUsersMayNameTheirPropertiesInAnyOrder(t *testing.T) {
	var body bytes.Buffer
	body.WriteString(`{"value":[`)
	for i, u := range []string{
		`{"id":"a","city":"1","mail":"2","state":"3"}`, `{"state":"3","id":"a","mail":"2","city":"1"}`,
		`{"mail":"2","unknown":[1,{"city":"9"}],"city":"1","id":"a","state":"3"}`, `{"id":"a","city":"1","unknown":{},"mail":"2","state":"3"}`,
	} {
		if i > 0 {
			body.WriteString(",")
		}
		body.WriteString(u)
	}
	body.WriteString(`]}`)
	page, err := newUserDecoder(model.FullSchema()).listing(body.Bytes())
	require.NoError(t, err)
	require.Len(t, page.changes, 4)
	for _, c := range page.changes {
		fields := fieldsOf(t, c)
		assert.Equal(t, "a", c.ID)
		assert.Equal(t, "1", fields[model.AttrCity].Value)
		assert.Equal(t, "2", fields[model.AttrMail].Value)
		assert.Equal(t, "3", fields[model.AttrState].Value)
	}
}

func TestTheUsersOfAPageDoNotShareTheirFields(t *testing.T) {
	page, err := newUserDecoder(model.FullSchema()).listing(userBody(t, 3*roomForUsers))
	require.NoError(t, err)
	for i, c := range page.changes {
		second := slices.Clone(page.changes[min(i+1, len(page.changes)-1)].Fields)
		_ = append(c.Fields, model.Field{Attr: model.AttrCity, Value: "elsewhere"})
		require.Equal(t, second, page.changes[min(i+1, len(page.changes)-1)].Fields)
	}
}

// userBody is the body of a page of n users with the properties that a
// directory commonly fills.
func userBody(tb testing.TB, n int) []byte {
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
	body := userBody(b, pageSize)
	decoder := newUserDecoder(model.FullSchema())
	b.Run("lean", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(body)))
		for b.Loop() {
			page, err := decoder.listing(body)
			require.NoError(b, err)
			require.Len(b, page.changes, pageSize)
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
