package graph

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// fullBatch is the answer to a $batch of twenty full pages of members.
func fullBatch(b *testing.B) []byte {
	b.Helper()
	var responses []any
	for r := range batchSize {
		values := make([]any, 0, pageSize)
		for i := range pageSize {
			n := r*pageSize + i
			name := fmt.Sprintf("anja.bauer.%05d", n)
			values = append(values, object{
				"@odata.type": "#microsoft.graph.user", "id": guid(n), "displayName": fmt.Sprintf("Anja Bauer %d", n), "mail": name + "@contoso.com",
				"userPrincipalName": name + "@contoso.com", "proxyAddresses": []string{"SMTP:" + name + "@contoso.com", "smtp:" + name + "@contoso.onmicrosoft.com"},
				"accountEnabled": true, "userType": "Member", "mobilePhone": "+49 170 1234567",
			})
		}
		responses = append(responses, object{"id": fmt.Sprint(r), "status": 200, "headers": object{"Content-Type": "application/json"}, "body": page(values...)})
	}
	body, err := json.Marshal(object{"responses": responses})
	require.NoError(b, err)
	return body
}

// BenchmarkDecodeBatch decodes twenty pages of 999 members in one answer: as the
// client does, and by encoding/json.
func BenchmarkDecodeBatch(b *testing.B) {
	body := fullBatch(b)
	decode := func(b *testing.B, outer func([]byte) (map[string]wireAnswer, error), inner func([]byte) (objectPage, error)) {
		b.SetBytes(int64(len(body)))
		b.ReportAllocs()
		for b.Loop() {
			answers, err := outer(body)
			require.NoError(b, err)
			members := 0
			for _, a := range answers {
				page, err := inner(a.Body)
				require.NoError(b, err)
				members += len(page.objects)
			}
			require.Equal(b, batchSize*pageSize, members)
		}
	}
	b.Run("in one walk", func(b *testing.B) { decode(b, decodeBatch, decodeObjects) })
	b.Run("by encoding/json", func(b *testing.B) {
		decode(b, func(body []byte) (map[string]wireAnswer, error) {
			var answered struct{ Responses []wireAnswer }
			err := json.Unmarshal(body, &answered)
			answers := make(map[string]wireAnswer)
			for _, a := range answered.Responses {
				answers[a.ID] = a
			}
			return answers, err
		}, plainly)
	})
}
