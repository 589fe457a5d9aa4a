package writeback

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"rollcall/model"
)

// crowd is a group of n members and an audience of as many, of which a tenth
// is exchanged: object ids as Entra gives them, in no order.
func crowd(n int) Params {
	random := rand.New(rand.NewPCG(6, 200_000))
	pool := make([]model.Object, n+n/10)
	enabled := true
	for i := range pool {
		given, family := random.IntN(900), random.IntN(4000)
		name := fmt.Sprintf("given%d.family%d.%d", given, family, i)
		pool[i] = model.Object{
			ID: fmt.Sprintf("%08x-%04x-4%03x-%04x-%012x", random.Uint32(), random.IntN(1<<16), random.IntN(1<<12),
				0x8000|random.IntN(1<<14), random.Uint64()&(1<<48-1)),
			Type: model.ObjectUser, DisplayName: fmt.Sprintf("Given%d Family%d", given, family), UserPrincipalName: name + "@contoso.com",
			Mail: name + "@contoso.com", AccountEnabled: &enabled, UserType: "Member",
		}
	}
	// Members and audience come from two sources, each with texts of its own.
	shuffled := func(from []model.Object) []model.Object {
		list := slices.Clone(from)
		random.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
		for i := range list {
			o := &list[i]
			o.ID, o.DisplayName = strings.Clone(o.ID), strings.Clone(o.DisplayName)
			o.UserPrincipalName, o.Mail = strings.Clone(o.UserPrincipalName), strings.Clone(o.Mail)
		}
		return list
	}
	desired, members := shuffled(pool[n/10:]), shuffled(pool[:n])
	return Params{
		TenantID: "72f988bf-86f1-41af-91ab-2d7cd011db47", Group: model.Group{ID: pool[0].ID, DisplayName: "sg-all", Kind: model.KindSecurity},
		From: []string{"rule:user.accountEnabled -eq true"}, Desired: desired, Members: members, Owners: []string{pool[1].ID},
		Rules: DefaultRules(), Author: "adele@contoso.com", Now: noon,
	}
}

// BenchmarkPlanOverTwoHundredThousandMembers plans for a group of 200,000, and
// tells how many times longer a plain difference by maps takes with its result
// sorted and its JSON hashed, as plans are.
func BenchmarkPlanOverTwoHundredThousandMembers(b *testing.B) {
	const n = 200_000
	p := crowd(n)
	var plain time.Duration
	var times []time.Duration
	b.ReportAllocs()
	for b.Loop() {
		begun := time.Now()
		plan, err := New(p)
		times = append(times, time.Since(begun))
		b.StopTimer()
		require.NoError(b, err)
		require.Len(b, plan.Add, n/10)
		require.InDelta(b, n/10, len(plan.Remove), 1)
		begun = time.Now()
		plainPlan(b, p)
		plain += time.Since(begun)
		runtime.GC() // what that has left is not to be cleared away at the next plan's cost
		b.StartTimer()
	}
	slices.Sort(times)
	b.ReportMetric(float64(times[len(times)/2].Microseconds())/1000, "ms/plan-median")
	b.ReportMetric(plain.Seconds()*1000/float64(len(times)), "ms/plain")
}

// plainPlan is the same by the shortest way there is.
func plainPlan(b *testing.B, p Params) {
	present, wanted := make(map[string]bool), make(map[string]bool)
	plan := &Plan{TenantID: p.TenantID, Mode: ModeMirror, From: p.From, Author: p.Author, CreatedAt: p.Now}
	for i := range p.Members {
		present[p.Members[i].ID] = true
	}
	for i := range p.Desired {
		wanted[p.Desired[i].ID] = true
		if !present[p.Desired[i].ID] {
			plan.Add = append(plan.Add, refOf(&p.Desired[i]))
		}
	}
	for i := range p.Members {
		if id := p.Members[i].ID; wanted[id] {
			plan.Keep = append(plan.Keep, id)
		} else {
			plan.Remove = append(plan.Remove, refOf(&p.Members[i]))
		}
	}
	slices.SortFunc(plan.Add, compareRefs)
	slices.SortFunc(plan.Remove, compareRefs)
	slices.Sort(plan.Keep)
	ids := append(slices.Clone(plan.Keep), refIDs(plan.Remove)...)
	plan.Base = Fingerprint(ids)
	data, err := json.Marshal(plan)
	require.NoError(b, err)
	require.NotEmpty(b, Fingerprint([]string{string(data)}))
}

func refIDs(refs []Ref) []string {
	ids := make([]string, len(refs))
	for i, r := range refs {
		ids[i] = r.ID
	}
	return ids
}
