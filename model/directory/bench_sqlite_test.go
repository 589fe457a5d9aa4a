package directory_test

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite" // what the evaluator is measured against

	"rollcall/model"
)

// sqlThreeClauses is threeClauses as SQLite says it: its columns compare by
// NOCASE, which folds the letters of ASCII.
const sqlThreeClauses = `SELECT count(*) FROM users WHERE department = 'Sales' AND country IN ('US', 'CZ') AND accountEnabled = 'true'`

// BenchmarkSelectAgainstSQLite counts the users of three clauses with SQLite,
// which scans a table of the same values in memory, and with Select.
func BenchmarkSelectAgainstSQLite(b *testing.B) {
	s := restoredTenant(b).Snapshot()
	db := tableOfUsers(b)
	want := selectRule(b, s, threeClauses).Count()
	fastest := func(runs int, run func()) time.Duration {
		least := time.Hour
		for range runs {
			start := time.Now()
			run()
			least = min(least, time.Since(start))
		}
		return least
	}
	var theirs, ours time.Duration
	for b.Loop() {
		theirs += fastest(3, func() {
			var n int
			require.NoError(b, db.QueryRow(sqlThreeClauses).Scan(&n))
			require.Equal(b, want, n)
		})
		ours += fastest(20, func() { require.Equal(b, want, selectRule(b, s, threeClauses).Count()) })
	}
	b.ReportMetric(float64(theirs.Milliseconds())/float64(b.N), "SQLite-ms")
	b.ReportMetric(float64(ours.Microseconds())/1000/float64(b.N), "Select-ms")
	b.ReportMetric(float64(theirs)/float64(ours), "x-faster-than-SQLite")
}

// tableOfUsers holds the synthetic tenant in a table of 25 columns of text in
// memory; the proxy addresses are one text.
func tableOfUsers(b *testing.B) *sql.DB {
	db, err := sql.Open("sqlite", ":memory:")
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, db.Close()) })
	db.SetMaxOpenConns(1) // each connection has a database of its own
	attributes := make([]model.Attribute, len(tenantAttributes))
	for i, name := range tenantAttributes {
		var known bool
		attributes[i], known = tenantSchema().ByName(name)
		require.True(b, known, name)
	}
	_, err = db.Exec(fmt.Sprintf("CREATE TABLE users (%s TEXT COLLATE NOCASE)", strings.Join(tenantAttributes, " TEXT COLLATE NOCASE, ")))
	require.NoError(b, err)
	tx, err := db.Begin()
	require.NoError(b, err)
	insert, err := tx.Prepare("INSERT INTO users VALUES (?" + strings.Repeat(", ?", len(attributes)-1) + ")")
	require.NoError(b, err)
	row := make([]any, len(attributes))
	for u := range syntheticUsers(benchUsers) {
		for i, a := range attributes {
			if row[i] = nil; u.Value(a.ID) != "" {
				row[i] = strings.Join(u.Values(a.ID), " ")
			}
		}
		_, err := insert.Exec(row...)
		require.NoError(b, err)
	}
	require.NoError(b, insert.Close())
	require.NoError(b, tx.Commit())
	return db
}
