package odata_test

import (
	"testing"

	"rollcall/graph/emulator/odata"
)

// FuzzFilter feeds filters that no client of ours writes: reading and
// evaluating must end, and a filter and its negation are complements.
func FuzzFilter(f *testing.F) {
	for _, seed := range []string{
		`mail eq 'a@b.c'`, `not(startsWith(displayName,'O''B') or mail ne null)`, `proxyAddresses/any(p:p eq 'smtp:x' and endsWith(p,'y'))`,
		`otherMails/$count eq 0`, `createdDateTime ge 2020-01-01T00:00:00Z`, `department in ('a','b')`, `a/b/c le -1`, `x/any()`, `((((a eq true))))`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		filter, err := odata.ParseFilter(text)
		if err != nil {
			if err.Message == "" || err.Status != 400 {
				t.Fatalf("refused without a reason: %+v", err)
			}
			return
		}
		negated, err := odata.ParseFilter("not (" + text + ")")
		if err != nil {
			return // one level too deep
		}
		for _, o := range []record{ada, {}} {
			if filter.Match(o) == negated.Match(o) {
				t.Fatalf("%q and its negation agree", text)
			}
		}
	})
}

// FuzzSearch feeds searches: reading and evaluating must end.
func FuzzSearch(f *testing.F) {
	for _, seed := range []string{`"displayName:a b"`, `("a:b" OR "c:\"d") AND "description:x1Y"`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := odata.ParseSearch(text)
		if err == nil {
			s.Match(ada)
		}
	})
}
