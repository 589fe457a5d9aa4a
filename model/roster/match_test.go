package roster

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"rollcall/model"
	"rollcall/model/directory"
)

// person is a user of a test's directory.
type person struct {
	id, upn, mail, employee string
	proxies                 []string
}

func guidOf(n int) string { return fmt.Sprintf("00000000-0000-4000-8000-%012d", n) }

// directoryOf is a directory of people.
func directoryOf(people []person) *directory.Snapshot {
	changes := make([]model.Change, len(people))
	for i, p := range people {
		changes[i] = model.Change{ID: p.id, Fields: []model.Field{
			{Attr: model.AttrDisplayName, Value: "User " + p.upn},
			{Attr: model.AttrUserPrincipalName, Value: p.upn},
			{Attr: model.AttrMail, Value: p.mail},
			{Attr: model.AttrEmployeeID, Value: p.employee},
			{Attr: model.AttrProxyAddresses, Values: p.proxies},
		}}
	}
	d := directory.New(model.FullSchema())
	d.Apply(changes)
	return d.Snapshot()
}

var staff = []person{
	{id: guidOf(1), upn: "ann@contoso.com", mail: "ann.young@contoso.com", employee: "0007", proxies: []string{"SMTP:ann.young@contoso.com", "smtp:ann.old@contoso.com", "SIP:ann.sip@contoso.com"}},
	{id: guidOf(2), upn: "bob@contoso.com", mail: "bob@contoso.com", employee: "8A"},
	{id: guidOf(3), upn: "cy@contoso.com", mail: "cy@contoso.com", employee: "9"},
	{id: guidOf(4), upn: "cy2@contoso.com", mail: "CY2@contoso.com", employee: "9", proxies: []string{"smtp:cy@contoso.com"}},
	{id: guidOf(5), upn: "zero@contoso.com", employee: "000"},
}

func TestARowFindsItsUser(t *testing.T) {
	s := directoryOf(staff)
	for name, tt := range map[string]struct {
		row  Row
		user int
		by   By
	}{
		"by object id":                               {Row{ObjectID: strings.ToUpper(guidOf(1))}, 1, ByObjectID},
		"by user principal name":                     {Row{UPN: "ANN@contoso.com"}, 1, ByUPN},
		"by mail":                                    {Row{Address: "Ann.Young@contoso.com"}, 1, ByMail},
		"by a proxy address":                         {Row{Address: "ann.old@contoso.com"}, 1, ByProxy},
		"by a principal name in the mail column":     {Row{Address: "ann@contoso.com"}, 1, ByUPN},
		"by an address in the principal name column": {Row{UPN: "ann.old@contoso.com"}, 1, ByProxy},
		"by employee id":                             {Row{EmployeeID: "0007"}, 1, ByEmployeeID},
		"by employee id in other letters":            {Row{EmployeeID: "8a"}, 2, ByEmployeeID},
		"by zeros alone":                             {Row{EmployeeID: "000"}, 5, ByEmployeeID},
		"by all that agree":                          {Row{ObjectID: guidOf(1), UPN: "ann@contoso.com", Address: "ann.old@contoso.com", EmployeeID: "0007"}, 1, ByObjectID},
		"by what is left of a moved address":         {Row{Address: "gone@contoso.com", EmployeeID: "0007"}, 1, ByEmployeeID},
		"by the principal name where an address of another is the same": {Row{UPN: "cy@contoso.com"}, 3, ByUPN},
		"by an address that an employee id decides":                     {Row{Address: "ann@contoso.com", EmployeeID: "0007"}, 1, ByUPN},
		"by an object id that decides between two":                      {Row{ObjectID: guidOf(4), Address: "cy@contoso.com", EmployeeID: "9"}, 4, ByObjectID},
	} {
		t.Run(name, func(t *testing.T) {
			tt.row.Line = 2
			m, err := MatchRows(t.Context(), s, []Row{tt.row}, MatchOptions{Domains: []string{"contoso.com"}})
			require.NoError(t, err)
			require.Len(t, m.Matched, 1, "%+v", m)
			assert.Equal(t, guidOf(tt.user), s.ID(m.Matched[0].User))
			assert.Equal(t, tt.by, m.Matched[0].By)
		})
	}
}

func TestARowThatFindsNobodyOrSeveralSaysWhy(t *testing.T) {
	s := directoryOf(staff)
	for name, tt := range map[string]struct {
		row        Row
		says       string
		candidates []int
		near       []int
	}{
		"an unknown object id":       {row: Row{ObjectID: guidOf(99)}, says: `no synced user has the id "` + guidOf(99)},
		"one who has left":           {row: Row{ObjectID: guidOf(99), Address: "gone@contoso.com"}, says: "no synced user has the id"},
		"one of another tenant":      {row: Row{ObjectID: guidOf(99), Address: "x@fabrikam.com"}, says: "no synced user has the id"},
		"an unknown address":         {row: Row{Address: "new@contoso.com"}, says: "no user owns new@contoso.com"},
		"a SIP address":              {row: Row{Address: "ann.sip@contoso.com"}, says: "no user owns"},
		"an unknown employee id":     {row: Row{EmployeeID: "77"}, says: "no user has the employee id 77"},
		"lost zeros":                 {row: Row{EmployeeID: "7"}, says: "0007 differs in its leading zeros", near: []int{1}},
		"nothing":                    {row: Row{Name: "Nobody"}, says: "the row names nobody"},
		"an employee id of two":      {row: Row{EmployeeID: "9"}, says: "2 users go by 9", candidates: []int{3, 4}},
		"an address of two":          {row: Row{Address: "cy@contoso.com"}, says: "2 users go by cy@contoso.com", candidates: []int{3, 4}},
		"columns that contradict":    {row: Row{UPN: "ann@contoso.com", EmployeeID: "8A"}, says: "ann@contoso.com and 8A are of different users", candidates: []int{1, 2}},
		"two against one":            {row: Row{ObjectID: guidOf(1), Address: "bob@contoso.com", EmployeeID: "8A"}, says: "are of different users", candidates: []int{1, 2}},
		"three of different users":   {row: Row{ObjectID: guidOf(1), Address: "bob@contoso.com", EmployeeID: "000"}, says: "are of different users", candidates: []int{1, 2, 5}},
		"an address of two and more": {row: Row{ObjectID: guidOf(1), Address: "cy@contoso.com"}, says: "are of different users", candidates: []int{1, 3, 4}},
	} {
		t.Run(name, func(t *testing.T) {
			m, err := MatchRows(t.Context(), s, []Row{tt.row}, MatchOptions{Outside: true, Domains: []string{"Contoso.com"}})
			require.NoError(t, err)
			var got, near []int
			reason := ""
			index := func(rows []int32) (out []int) {
				for _, row := range rows {
					out = append(out, slices.IndexFunc(staff, func(p person) bool { return p.id == s.ID(row) })+1)
				}
				return out
			}
			for _, a := range m.Ambiguous {
				reason, got = a.Reason, index(a.Candidates)
			}
			for _, u := range m.Unmatched {
				reason, near = u.Reason, index(u.Near)
			}
			assert.Contains(t, reason, tt.says)
			assert.Equal(t, tt.candidates, got)
			assert.Equal(t, tt.near, near)
		})
	}
}

func TestRepeatedRowsAreDuplicatesOfTheFirst(t *testing.T) {
	s := directoryOf(staff)
	rows := []Row{
		{Line: 2, Address: "ann@contoso.com"},
		{Line: 3, Address: "eve@fabrikam.com"},
		{Line: 4, EmployeeID: "0007"},
		{Line: 5, Address: "EVE@fabrikam.com"},
		{Line: 7, Address: "ann.old@contoso.com"},
	}
	m, err := MatchRows(t.Context(), s, rows, MatchOptions{Outside: true, Domains: []string{"contoso.com"}})
	require.NoError(t, err)
	assert.Len(t, m.Matched, 1)
	assert.Len(t, m.Outside, 1)
	lines := map[int]int{}
	for _, d := range m.Duplicates {
		lines[d.Row.Line] = d.First
	}
	assert.Equal(t, map[int]int{4: 2, 5: 3, 7: 2}, lines)

	m, err = MatchRows(t.Context(), s, rows, MatchOptions{Domains: []string{"contoso.com"}})
	require.NoError(t, err)
	assert.Empty(t, m.Outside, "nobody asked for those outside")
	require.Len(t, m.Unmatched, 2)
	assert.Contains(t, m.Unmatched[0].Reason, "its domain is not the tenant's")
}

func TestACancelledMatchEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := MatchRows(ctx, directoryOf(staff), []Row{{EmployeeID: "1"}}, MatchOptions{})
	assert.ErrorIs(t, err, context.Canceled)
}

// naive says by looking at everybody whom each column of a row names.
func naive(people []person, r *Row) (sets [][]int) {
	owns := func(p *person, address string) bool {
		return strings.EqualFold(p.mail, address) || strings.EqualFold(p.upn, address) ||
			slices.ContainsFunc(p.proxies, func(x string) bool { return strings.EqualFold(x, "smtp:"+address) })
	}
	who := func(is func(*person) bool) {
		var set []int
		for i := range people {
			if is(&people[i]) {
				set = append(set, i)
			}
		}
		if set != nil {
			sets = append(sets, set)
		}
	}
	if r.ObjectID != "" {
		who(func(p *person) bool { return p.id == r.ObjectID })
	}
	if r.UPN != "" {
		byName := slices.ContainsFunc(people, func(p person) bool { return strings.EqualFold(p.upn, r.UPN) })
		who(func(p *person) bool {
			if byName {
				return strings.EqualFold(p.upn, r.UPN)
			}
			return owns(p, r.UPN)
		})
	}
	if r.Address != "" && !strings.EqualFold(r.Address, r.UPN) {
		who(func(p *person) bool { return owns(p, r.Address) })
	}
	if r.EmployeeID != "" {
		who(func(p *person) bool { return strings.EqualFold(p.employee, r.EmployeeID) })
	}
	return sets
}

func TestMatchesEqualALookAtEverybody(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		address := rapid.Custom(func(t *rapid.T) string {
			return rapid.SampledFrom([]string{"a", "b", "C", "c", "d"}).Draw(t, "local") + "@" + rapid.SampledFrom([]string{"contoso.com", "x.org"}).Draw(t, "domain")
		})
		employee := rapid.SampledFrom([]string{"", "1", "01", "a1", "A1", "2"})
		var people []person
		for i := range rapid.IntRange(0, 6).Draw(t, "people") {
			p := person{id: guidOf(i), upn: fmt.Sprintf("%c@contoso.com", 'a'+i), employee: employee.Draw(t, "employee")}
			if rapid.Bool().Draw(t, "has mail") {
				p.mail = address.Draw(t, "mail")
			}
			if rapid.Bool().Draw(t, "has a proxy") {
				p.proxies = []string{"smtp:" + address.Draw(t, "proxy")}
			}
			people = append(people, p)
		}
		var rows []Row
		for i := range rapid.IntRange(1, 8).Draw(t, "rows") {
			r := Row{Line: i + 1, EmployeeID: employee.Draw(t, "employee")}
			if rapid.Bool().Draw(t, "id") {
				r.ObjectID = guidOf(rapid.IntRange(0, 7).Draw(t, "number"))
			}
			if rapid.Bool().Draw(t, "upn") {
				r.UPN = address.Draw(t, "upn")
			}
			if rapid.Bool().Draw(t, "address") {
				r.Address = address.Draw(t, "address")
			}
			rows = append(rows, r)
		}
		s := directoryOf(people)
		outside := rapid.Bool().Draw(t, "outside")
		m, err := MatchRows(t.Context(), s, rows, MatchOptions{Outside: outside, Domains: []string{"contoso.com"}})
		require.NoError(t, err)

		got := make(map[int]string)
		ids := func(rows []int32) string {
			var out []string
			for _, row := range rows {
				out = append(out, s.ID(row))
			}
			slices.Sort(out)
			return strings.Join(out, " ")
		}
		for _, x := range m.Matched {
			got[x.Row.Line] = "matched " + s.ID(x.User)
		}
		for _, x := range m.Duplicates {
			got[x.Row.Line] = fmt.Sprintf("duplicate of %d", x.First)
		}
		for _, x := range m.Outside {
			got[x.Row.Line] = "outside"
		}
		for _, x := range m.Unmatched {
			got[x.Row.Line] = "unmatched"
		}
		for _, x := range m.Ambiguous {
			got[x.Row.Line] = "ambiguous " + ids(x.Candidates)
		}
		want := make(map[int]string)
		first := make(map[string]int)
		once := func(line int, key, says string) {
			if at, again := first[key]; again {
				says = fmt.Sprintf("duplicate of %d", at)
			} else {
				first[key] = line
			}
			want[line] = says
		}
		for i := range rows {
			r := &rows[i]
			sets := naive(people, r)
			var all, common []int
			for n := range people {
				in := 0
				for _, set := range sets {
					if slices.Contains(set, n) {
						in++
					}
				}
				if in > 0 {
					all = append(all, n)
				}
				if in > 0 && in == len(sets) {
					common = append(common, n)
				}
			}
			if len(common) == 0 {
				common = all
			}
			switch {
			case len(common) == 1:
				once(r.Line, guidOf(common[0]), "matched "+guidOf(common[0]))
			case len(common) > 1:
				says := "ambiguous"
				for _, n := range common {
					says += " " + guidOf(n)
				}
				want[r.Line] = says
			default:
				address := r.Address
				if address == "" {
					address = r.UPN
				}
				if outside && r.ObjectID == "" && strings.HasSuffix(address, "@x.org") {
					once(r.Line, strings.ToLower(address), "outside")
				} else {
					want[r.Line] = "unmatched"
				}
			}
		}
		// Of a contradiction the candidates are what is left when the columns are
		// read from the surest on; that all of them are named is enough here.
		for line, says := range want {
			if strings.HasPrefix(says, "ambiguous") && strings.HasPrefix(got[line], "ambiguous") {
				for _, id := range strings.Fields(got[line])[1:] {
					require.Contains(t, says, id)
				}
				continue
			}
			require.Equal(t, says, got[line], "line %d of %+v", line, rows)
		}
		require.Len(t, got, len(rows))
	})
}
