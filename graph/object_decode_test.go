package graph

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"rollcall/model"
)

// plainly decodes a page as encoding/json does.
func plainly(body []byte) (objectPage, error) {
	page, err := decodePage[directoryObject](body)
	if err != nil {
		return objectPage{}, err
	}
	found := objectPage{next: page.Next, objects: make([]model.Object, 0, len(*page.Value))}
	for i := range *page.Value {
		found.objects = append(found.objects, (*page.Value)[i].object(model.ObjectOther))
	}
	return found, nil
}

// drawObject makes a directory object as Graph might write it.
func drawObject(t *rapid.T) object {
	text := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"", "Ann", "Jürgen \"Jay\" \\ Ł", "\u2028<&>", "👩‍🚀"}))
	anyText := rapid.OneOf(rapid.Just[any](nil), rapid.Map(text, func(s string) any { return s }))
	anyTruth := rapid.SampledFrom([]any{nil, true, false})
	anyList := rapid.OneOf(rapid.Just[any](nil), rapid.Map(rapid.SliceOfN(text, 0, 4), func(s []string) any { return s }))
	o := object{
		"@odata.type": rapid.SampledFrom([]string{"#microsoft.graph.user", "#microsoft.graph.group", "#microsoft.graph.orgContact", "#microsoft.graph.device"}).Draw(t, "type"),
		"id":          text.Draw(t, "id"),
	}
	for name, of := range map[string]*rapid.Generator[any]{
		"displayName": anyText, "mail": anyText, "userPrincipalName": anyText, "userType": anyText, "mobilePhone": anyText,
		"visibility": rapid.SampledFrom([]any{nil, "Public", "HiddenMembership"}), "proxyAddresses": anyList,
		"groupTypes":     rapid.SampledFrom([]any{nil, []string{}, []string{"Unified"}, []string{"DynamicMembership"}}),
		"accountEnabled": anyTruth, "mailEnabled": anyTruth, "securityEnabled": anyTruth, "onPremisesSyncEnabled": anyTruth,
		"somethingNew": rapid.SampledFrom([]any{nil, 1.5, object{"id": "x", "mail": []any{1}}, []any{object{}}}),
	} {
		if rapid.Bool().Draw(t, name+" is there") {
			o[name] = of.Draw(t, name)
		}
	}
	return o
}

func TestOneWalkReadsWhatAPlainDecoderReads(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		page := object{"@odata.context": "x", "value": rapid.SliceOfN(rapid.Custom(drawObject), 0, 6).Draw(t, "objects")}
		if next := rapid.SampledFrom([]any{"", nil, "https://host/v1.0/x?$skiptoken=a&b"}).Draw(t, "next"); next != "" {
			page["@odata.nextLink"] = next
		}
		body, err := json.Marshal(page)
		require.NoError(t, err)
		want, err := plainly(body)
		require.NoError(t, err)
		got, err := decodeObjects(body)
		require.NoError(t, err)
		require.Equal(t, want, got)
	})
}

func TestPagesThatAreNoneAreErrors(t *testing.T) {
	for name, body := range map[string]string{
		"nothing": "", "cut short": `{"value":[{"id":"x"`, "no value": `{"@odata.nextLink":"x"}`, "a list": `[]`, "a text": `"value"`,
		"a number for a name": `{"value":[{"displayName":1}]}`, "a text for a truth": `{"value":[{"accountEnabled":"yes"}]}`,
		"a text for a list": `{"value":[{"proxyAddresses":"x"}]}`, "more behind it": `{"value":[]}{}`, "no objects": `{"value":["x"]}`,
		"a value that is none": `{"value":{}}`, "a link that is none": `{"value":[],"@odata.nextLink":{}}`,
	} {
		_, err := decodeObjects([]byte(body))
		assert.Error(t, err, name)
	}
}

func FuzzObjectPage(f *testing.F) {
	for _, seed := range []string{
		`{"value":[{"@odata.type":"#microsoft.graph.user","id":"1","displayName":"A","proxyAddresses":["SMTP:a@b"],"accountEnabled":true}],"@odata.nextLink":"https://x"}`,
		`{"value":[]}`, `{"value":[{"id":"\ud800","mail":null}]}`, `{"value":[null]}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		if _, err := decodeObjects(body); err == nil && json.Unmarshal(body, new(any)) != nil {
			t.Fatal("what is no JSON was read")
		}
	})
}

func FuzzBatchAnswer(f *testing.F) {
	for _, seed := range []string{
		`{"responses":[{"id":"0","status":200,"headers":{"Retry-After":"1"},"body":{"value":[]}},{"id":"1","status":204,"body":null}]}`,
		`{"responses":[]}`, `{"responses":null}`, `{"responses":[{"id":"0","status":2e2}]}`, `{"error":{}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		answers, err := decodeBatch(body)
		if err != nil {
			return
		}
		for id, a := range answers {
			if a.ID != id || len(a.Body) > 0 && !json.Valid(a.Body) {
				t.Fatalf("answer %q is not whole: %q", id, a.Body)
			}
		}
	})
}
