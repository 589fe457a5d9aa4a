package odata_test

import (
	"cmp"
	"slices"
	"strings"
	"testing"
	"time"

	"rollcall/graph/emulator/odata"
)

// FuzzFilter feeds filters that no client of ours writes: reading and
// evaluating must end, a filter and its negation are complements, and bounds
// say what Match says.
func FuzzFilter(f *testing.F) {
	for _, seed := range []string{
		`mail eq 'a@b.c'`, `not(startsWith(displayName,'O''B') or mail ne null)`, `proxyAddresses/any(p:p eq 'smtp:x' and endsWith(p,'y'))`,
		`otherMails/$count eq 0`, `createdDateTime ge 2020-01-01T00:00:00Z`, `department in ('a','b')`, `a/b/c le -1`, `x/any()`, `((((a eq true))))`,
		`startswith(userPrincipalName,'ad') and not startswith(userPrincipalName,'b') or mail eq 'x'`,
		`assignedPlans/any(p:p/servicePlanId eq efb87545-963c-4e0d-99df-69c6916d9eb0 and p/capabilityStatus eq 'Enabled')`,
		`not assignedPlans/any(p:p/service in ('exchange','SCO') or not (p/x/y ne 00000000-0000-0000-0000-000000000000))`,
		`assignedPlans/any(p:p eq null and p/$count eq 0) or assignedPlans/$count ne 0`,
		`createdDateTime ge 2020-05-06T07:08:09Z and createdDateTime le 2020-05-06T07:08:09.5Z and accountEnabled eq true`,
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
		name := odata.Fold(ada["userPrincipalName"].(string))
		agree(t, text, filter, "userPrincipalName", name, filter.Prefixes)
		agree(t, text, filter, "createdDateTime", ada["createdDateTime"].(time.Time).Unix(), filter.Moments)
		negated, err := odata.ParseFilter("not (" + text + ")")
		if err != nil {
			return // one level too deep
		}
		for _, o := range []record{ada, licensed, {}} {
			if filter.Match(o) == negated.Match(o) {
				t.Fatalf("%q and its negation agree", text)
			}
		}
	})
}

// agree checks the bounds of a property of which Ada has a key.
func agree[K cmp.Ordered](t *testing.T, text string, filter *odata.Filter, path string, key K, bounds func(string) (odata.Bounds[K], bool)) {
	b, ok := bounds(path)
	if !ok {
		return
	}
	inside := slices.ContainsFunc(b.Intervals, func(i odata.Interval[K]) bool { return key >= i.From && key < i.To })
	if match := filter.Match(anyCase(ada)); match != (inside && b.Rest.Match(anyCase(ada))) {
		t.Fatalf("%q: Match says %v, the bounds of %s are %+v", text, match, path, b)
	}
}

// anyCase is a record whose properties have their names in any letter case, as
// an odata.Object must.
type anyCase record

func (r anyCase) Property(path string) (any, bool) {
	for name, v := range r {
		if strings.EqualFold(name, path) {
			return v, true
		}
	}
	return nil, false
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
