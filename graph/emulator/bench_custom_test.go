package emulator

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"

	"rollcall/graph/emulator/seed"
	"rollcall/model"
)

// BenchmarkBatchesOfCustomGroups lists 500 groups of 120 members each, twenty a
// batch.
func BenchmarkBatchesOfCustomGroups(b *testing.B) {
	const groups, members = 500, 120
	var custom []seed.CustomGroup
	for i := range groups {
		g := seed.CustomGroup{Code: fmt.Sprintf("bench-%d", i), Kind: model.KindDistribution}
		for n := range members {
			g.Members = append(g.Members, seed.Member{Type: seed.MemberUser, Index: (i*40 + n) % 20_000})
		}
		custom = append(custom, g)
	}
	g := benchGraph(20_000)
	g.tenant = seed.New(seed.Options{Users: 20_000, Groups: custom})
	first, _ := g.tenant.FindGroupByAddress("bench-0@contoso.com")
	b.ReportAllocs()
	for b.Loop() {
		for at := 0; at < groups; at += maxBatch {
			var requests []map[string]string
			for i := range maxBatch {
				id := g.tenant.ID(seed.Member{Type: seed.MemberGroup, Index: first + at + i})
				requests = append(requests, map[string]string{"id": id, "method": http.MethodGet, "url": "/groups/" + id + "/members?$top=999&$select=id,displayName,mail,userPrincipalName,proxyAddresses,accountEnabled,userType"})
			}
			body, err := json.Marshal(map[string]any{"requests": requests})
			if err != nil {
				b.Fatal(err)
			}
			c := benchCall(b, "$batch", "")
			c.method, c.body = http.MethodPost, body
			g.throttle = newThrottle(Options{}.withDefaults(), g.tenant.UserCount, g.tenant.TenantID())
			if answer := g.batch(c); answer.status != http.StatusOK {
				b.Fatal(string(answer.body))
			}
		}
	}
}
