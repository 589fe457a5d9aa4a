package directory_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"rollcall/model"
	"rollcall/model/directory"
	"rollcall/model/rule"
)

const benchUsers = 1_000_000

// syntheticUser computes the i-th user of a large tenant: some attributes with
// few values, some with one for each user, some often null.
func syntheticUser(i int) model.User {
	r := rand.New(rand.NewPCG(1, uint64(i)))
	pick := func(values []string) string { return values[r.IntN(len(values))] }
	given, surname := pick(givenNames), pick(surnames)
	alias := fmt.Sprintf("u%07d", i)
	address := alias + "@contoso.com"
	u := model.User{ID: syntheticID(i)}
	for a, v := range map[model.AttrID]string{
		model.AttrDisplayName:       fmt.Sprintf("%s %s %d", given, surname, r.IntN(1000)),
		model.AttrGivenName:         given,
		model.AttrSurname:           surname,
		model.AttrUserPrincipalName: address,
		model.AttrMail:              address,
		model.AttrMailNickname:      alias,
		model.AttrDepartment:        pick(departments),
		model.AttrJobTitle:          fmt.Sprintf("%s %d", pick(titles), r.IntN(20)),
		model.AttrCountry:           pick(countries),
		model.AttrUsageLocation:     pick(countries),
		model.AttrCity:              fmt.Sprintf("City %d", r.IntN(300)),
		model.AttrOfficeLocation:    fmt.Sprintf("Building %d", r.IntN(500)),
		model.AttrCompanyName:       "Contoso",
		model.AttrUserType:          pick([]string{"Member", "Member", "Member", "Guest"}),
		model.AttrAccountEnabled:    pick([]string{"true", "true", "true", "false"}),
		model.AttrMobilePhone:       pick([]string{"", fmt.Sprintf("+1 425 %07d", i)}),
		model.AttrEmployeeID:        fmt.Sprintf("%08d", i),
		model.AttrEmployeeHireDate:  time.Date(2000+r.IntN(26), time.Month(1+r.IntN(12)), 1, 0, 0, 0, 0, time.UTC).Format(time.RFC3339),
		model.AttrPreferredLanguage: pick([]string{"", "en-US", "cs-CZ", "ja-JP"}),
	} {
		u.Set(model.Field{Attr: a, Value: v})
	}
	u.Set(model.Field{Attr: model.AttrProxyAddresses, Values: []string{"SMTP:" + address, "smtp:" + alias + "@contoso.onmicrosoft.com"}})
	if i > 0 {
		u.ManagerID = syntheticID(i / 10)
	}
	return u
}

func syntheticID(i int) string {
	return fmt.Sprintf("%08x-0000-4000-8000-%012x", uint32(i)*2654435761, i)
}

var (
	departments = []string{"Sales", "Marketing", "Engineering", "Finance", "Legal", "Human Resources", "Operations", "Support", ""}
	titles      = []string{"Account Executive", "Manager", "Director", "Engineer", "Analyst", "Assistant", "Consultant"}
	countries   = []string{"US", "CZ", "JP", "DE", "FR", "GB", "IN", "BR", "AU", "CA"}
	givenNames  = []string{"Adele", "Aiko", "Aaliyah", "Miriam", "Ольга", "Ahmed", "Zoë", "Lidia", "Grady", "Isaiah", "Jürgen", "Nestor"}
	surnames    = []string{"Vance", "田中", "Novák", "Graham", "Петрова", "Hassan", "O'Brien", "Holloway", "Archie", "Langer", "Wilke", "Müller"}
)

// benchDirectory is loaded once for all benchmarks.
var benchDirectory = sync.OnceValue(func() *directory.Directory {
	d := directory.New(model.FullSchema())
	if err := d.Load(eachSynthetic(benchUsers)); err != nil {
		panic(err)
	}
	return d
})

func eachSynthetic(n int) func(func(*model.User) bool) error {
	return func(yield func(*model.User) bool) error {
		for i := range n {
			u := syntheticUser(i)
			if !yield(&u) {
				break
			}
		}
		return nil
	}
}

// BenchmarkLoad includes making each user from a prepared one.
func BenchmarkLoad(b *testing.B) {
	prepared := make([]model.User, 10_000)
	for i := range prepared {
		prepared[i] = syntheticUser(i)
	}
	each := func(yield func(*model.User) bool) error {
		for i := range benchUsers {
			u := prepared[i%len(prepared)].Clone()
			alias := strconv.Itoa(i)
			address := alias + "@contoso.com"
			u.ID = syntheticID(i)
			u.Set(model.Field{Attr: model.AttrDisplayName, Value: u.Value(model.AttrDisplayName) + alias})
			u.Set(model.Field{Attr: model.AttrMailNickname, Value: alias})
			u.Set(model.Field{Attr: model.AttrMail, Value: address})
			u.Set(model.Field{Attr: model.AttrUserPrincipalName, Value: address})
			u.Set(model.Field{Attr: model.AttrEmployeeID, Value: alias})
			u.Set(model.Field{Attr: model.AttrProxyAddresses, Values: []string{"SMTP:" + address, "smtp:" + alias + "@contoso.onmicrosoft.com"}})
			yield(&u)
		}
		return nil
	}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	b.ReportAllocs()
	var d *directory.Directory
	for b.Loop() {
		d = directory.New(model.FullSchema())
		require.NoError(b, d.Load(each))
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/benchUsers, "ns/user")
	b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/benchUsers, "bytes/user")
	runtime.KeepAlive(d)
	runtime.KeepAlive(prepared)
}

func BenchmarkSelect(b *testing.B) {
	s := benchDirectory().Snapshot()
	for name, text := range map[string]string{
		"three clauses":      `user.department -eq "Sales" -and user.country -in ["US", "CZ"] -and user.accountEnabled -eq true`,
		"regular expression": `user.jobTitle -match "^Acc.*[37]$" -or user.city -contains "7"`,
		"collection":         `user.proxyAddresses -any (_ -startsWith "smtp:u00001")`,
		"each its own value": `user.mail -startsWith "u0000" -and user.accountEnabled -eq true`,
	} {
		b.Run(name, func(b *testing.B) {
			p, _, err := rule.Compile(text, s.Schema(), time.Unix(0, 0))
			require.NoError(b, err)
			_, err = s.Select(b.Context(), p) // folds the dictionaries
			require.NoError(b, err)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := s.Select(context.Background(), p); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkSearch(b *testing.B) {
	s := benchDirectory().Snapshot()
	for _, text := range []string{"a", "adele", "u0004711", "adele !sales", "~advn", "department:sales aiko"} {
		b.Run(text, func(b *testing.B) {
			_, err := s.Search(b.Context(), text, nil, nil)
			require.NoError(b, err)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := s.Search(context.Background(), text, nil, nil); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkSort(b *testing.B) {
	s := benchDirectory().Snapshot()
	for _, by := range []model.AttrID{model.AttrDepartment, model.AttrMail, model.AttrDisplayName} {
		b.Run(s.Schema().Attribute(by).Rule, func(b *testing.B) {
			rows := s.All()
			_, err := s.Sort(b.Context(), rows, by, true)
			require.NoError(b, err)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := s.Sort(context.Background(), rows, by, true); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkFacets(b *testing.B) {
	s := benchDirectory().Snapshot()
	for _, a := range []model.AttrID{model.AttrDepartment, model.AttrOfficeLocation} {
		b.Run(s.Schema().Attribute(a).Rule, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := s.Facets(context.Background(), a, nil); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkApply(b *testing.B) {
	d := directory.New(model.FullSchema())
	require.NoError(b, d.Load(eachSynthetic(benchUsers)))
	d.Snapshot().All()
	run := func(name string, after func(*directory.Snapshot)) {
		b.Run(name, func(b *testing.B) {
			r := rand.New(rand.NewPCG(1, 1))
			changes := make([]model.Change, 200)
			b.ReportAllocs()
			for b.Loop() {
				for i := range changes {
					changes[i] = model.Change{ID: syntheticID(r.IntN(benchUsers)), Fields: []model.Field{
						{Attr: model.AttrJobTitle, Value: fmt.Sprintf("Title %d", r.IntN(1000))},
						{Attr: model.AttrDisplayName, Value: fmt.Sprintf("Renamed %d", r.IntN(1_000_000))},
					}}
				}
				d.Apply(changes)
				after(d.Snapshot())
			}
		})
	}
	run("200 changes", func(*directory.Snapshot) {})
	run("200 changes and the new name order", func(s *directory.Snapshot) { s.All() })
}

// BenchmarkFirstUse measures what a snapshot computes when it is first asked.
func BenchmarkFirstUse(b *testing.B) {
	for name, use := range map[string]func(*directory.Snapshot){
		"name order":    func(s *directory.Snapshot) { s.All() },
		"address index": func(s *directory.Snapshot) { s.ByAddress("u0000001@contoso.com") },
		"reports":       func(s *directory.Snapshot) { s.Reports(syntheticID(1)) },
	} {
		b.Run(name, func(b *testing.B) {
			d := directory.New(model.FullSchema())
			b.ReportAllocs()
			for b.Loop() {
				b.StopTimer()
				require.NoError(b, d.Load(eachSynthetic(benchUsers/10)))
				b.StartTimer()
				use(d.Snapshot())
			}
		})
	}
}
