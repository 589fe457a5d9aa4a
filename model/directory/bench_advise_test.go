package directory_test

import (
	"context"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"rollcall/model"
	"rollcall/model/rule"
)

// BenchmarkNearest measures the search for what was meant by a value that
// nobody has, over columns with few values and with one for nearly each user.
func BenchmarkNearest(b *testing.B) {
	s := restoredTenant(b).Snapshot()
	s.Prepare()
	for _, c := range []struct {
		attribute model.AttrID
		value     string
	}{
		{model.AttrDepartment, "Slaes"},
		{model.AttrDisplayName, "Adele Vnace"},
		{model.AttrMail, strings.Replace(syntheticAddress(4711), "u00", "0u0", 1)},
		{model.AttrProxyAddresses, "SMTP:" + strings.Replace(syntheticAddress(4711), "@", "", 1)},
	} {
		b.Run(s.Schema().Attribute(c.attribute).Rule, func(b *testing.B) {
			fastest := time.Duration(math.MaxInt64)
			for b.Loop() {
				start := time.Now()
				found, err := s.Nearest(context.Background(), c.attribute, c.value, 3)
				fastest = min(fastest, time.Since(start))
				if err != nil || len(found) == 0 {
					b.Fatal(found, err)
				}
			}
			b.ReportMetric(float64(fastest.Nanoseconds()), "fastest-ns")
		})
	}
}

// BenchmarkAdvise measures all remarks on a rule with a mistyped value.
func BenchmarkAdvise(b *testing.B) {
	s := restoredTenant(b).Snapshot()
	s.Prepare()
	for name, text := range map[string]string{
		"three clauses":        `user.department -eq "Slaes" -and user.country -in ["US", "CZ"] -and user.accountEnabled -eq true`,
		"a name among them":    `user.displayName -eq "Adele Vnace" -or user.department -eq "Sales"`,
		"twenty clauses":       twentyClauses,
		"a beginning of mails": `user.mail -startsWith "vnace.u00"`,
	} {
		b.Run(name, func(b *testing.B) {
			p, _, err := rule.Compile(text, s.Schema(), time.Unix(0, 0))
			require.NoError(b, err)
			set, err := s.Select(b.Context(), p)
			require.NoError(b, err)
			fastest := time.Duration(math.MaxInt64)
			for b.Loop() {
				s.Forget()
				start := time.Now()
				if _, err := s.Advise(context.Background(), p, set); err != nil {
					b.Fatal(err)
				}
				fastest = min(fastest, time.Since(start))
			}
			b.ReportMetric(float64(fastest.Nanoseconds()), "fastest-ns")
		})
	}
}
