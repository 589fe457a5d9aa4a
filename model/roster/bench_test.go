package roster

import (
	"bytes"
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"rollcall/model"
	"rollcall/model/directory"
)

const (
	benchUsers = 1_000_000
	benchRows  = 100_000
)

func employeeOf(i int) string { return fmt.Sprintf("%08d", i*7) }

var million = sync.OnceValue(func() *directory.Snapshot {
	schema, err := model.NewSchema("displayName", "userPrincipalName", "mail", "employeeId", "proxyAddresses")
	if err != nil {
		panic(err)
	}
	d := directory.New(schema)
	const page = 10_000
	for from := 0; from < benchUsers; from += page {
		changes := make([]model.Change, 0, page)
		for i := from; i < from+page; i++ {
			address := fmt.Sprintf("user%07d@contoso.com", i)
			changes = append(changes, model.Change{ID: guidOf(i), Whole: true, Fields: []model.Field{
				{Attr: model.AttrDisplayName, Value: fmt.Sprintf("User %07d", i)},
				{Attr: model.AttrUserPrincipalName, Value: address},
				{Attr: model.AttrMail, Value: address},
				{Attr: model.AttrEmployeeID, Value: employeeOf(i)},
				{Attr: model.AttrProxyAddresses, Values: []string{"SMTP:" + address, fmt.Sprintf("smtp:u%d@contoso.onmicrosoft.com", i)}},
			}})
		}
		d.Apply(changes)
	}
	return d.Snapshot()
})

// benchFile is an export of 100,000 employees among the million, who go by
// personnel number and address.
func benchFile() []byte {
	var b bytes.Buffer
	b.WriteString("PersNr;Nachname;Vorname;E-Mail;Abteilung\r\n")
	for i := range benchRows {
		n := i * (benchUsers / benchRows)
		fmt.Fprintf(&b, "%s;Nachname %d;Vorname;user%07d@contoso.com;Vertrieb\r\n", employeeOf(n), i, n)
	}
	return b.Bytes()
}

func BenchmarkRead(b *testing.B) {
	data := benchFile()
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		file, err := Read(bytes.NewReader(data), "staff.csv", Options{})
		require.NoError(b, err)
		require.Len(b, file.Rows, benchRows)
	}
}

func BenchmarkMatchAmongAMillion(b *testing.B) {
	s := million()
	file, err := Read(bytes.NewReader(benchFile()), "staff.csv", Options{})
	require.NoError(b, err)
	s.ByAddress("nobody") // the index of the addresses is the directory's, and made once
	b.Run("address and employee id", func(b *testing.B) { benchMatch(b, s, file.Rows) })
	employees := make([]Row, len(file.Rows))
	for i, r := range file.Rows {
		employees[i] = Row{Line: r.Line, EmployeeID: r.EmployeeID}
	}
	b.Run("employee id", func(b *testing.B) { benchMatch(b, s, employees) })
}

func benchMatch(b *testing.B, s *directory.Snapshot, rows []Row) {
	b.ReportAllocs()
	for b.Loop() {
		m, err := MatchRows(b.Context(), s, rows, MatchOptions{Domains: []string{"contoso.com"}})
		require.NoError(b, err)
		require.Len(b, m.Matched, benchRows)
	}
}
