package graph

import (
	"fmt"
	"strings"
	"time"
)

// sector is a part of the users, told from the others by the values of one
// attribute.
type sector interface {
	// filter is the $filter of the sector, which the default consistency must
	// know; "" for all users.
	filter() string
	// split returns some n sectors, in order, that together should be this one;
	// fewer than two when it cannot be split.
	split(n int) []sector
	// join is the sector of this one and the one behind it; false when no filter
	// can say it.
	join(next sector) (sector, bool)
}

// createdRange are the users created in a range of time, both ends included;
// a zero end is open. The ends are whole seconds, as the service keeps the
// times: the ranges of a division are disjoint, and should the service keep
// fractions after all, their counts do not add up.
//
// Documented for createdDateTime without an advanced query are ge and le alone.
// Source: Graph documentation, "user resource type".
type createdRange struct {
	from, to time.Time
	now      time.Time // where counting an open end makes sense
}

// oldest is when the first users can have been created: before it there was no
// Entra ID (then Windows Azure Active Directory).
func oldest() time.Time { return time.Date(2010, 1, 1, 0, 0, 0, 0, time.UTC) }

func (r createdRange) filter() string {
	var clauses []string
	if !r.from.IsZero() {
		clauses = append(clauses, "createdDateTime ge "+r.from.Format(time.RFC3339))
	}
	if !r.to.IsZero() {
		clauses = append(clauses, "createdDateTime le "+r.to.Format(time.RFC3339))
	}
	return strings.Join(clauses, " and ")
}

func (r createdRange) split(n int) []sector {
	first, last := r.from, r.to
	if first.IsZero() {
		first = oldest()
	}
	if last.IsZero() {
		last = r.now.UTC().Truncate(time.Second)
	}
	width := last.Unix() - first.Unix() + 1
	n64 := min(int64(n), width)
	if n64 < 2 {
		return nil
	}
	var parts []sector
	from := r.from
	for i := int64(1); i < n64; i++ {
		next := first.Add(time.Duration(width*i/n64) * time.Second)
		parts = append(parts, createdRange{from: from, to: next.Add(-time.Second), now: r.now})
		from = next
	}
	return append(parts, createdRange{from: from, to: r.to, now: r.now})
}

func (r createdRange) join(next sector) (sector, bool) {
	return createdRange{from: r.from, to: next.(createdRange).to, now: r.now}, true
}

// namePrefixes are the users whose user principal name begins with one of the
// texts; the empty text alone stands for all. Letter case does not count.
type namePrefixes []string

// maxClauses is how many clauses an or may join. Source: the service's own
// refusal, "Too many child clauses specified in search filter expression
// containing 'OR' operators: 18. Max allowed: 15."
const maxClauses = 15

// nameCharacters are the characters of a user principal name: those that
// Microsoft allows, the plus sign of guests' addresses and the at sign. A name
// with another one is missing in the count. Source: Microsoft 365
// documentation, "Prepare for directory synchronization".
const nameCharacters = "abcdefghijklmnopqrstuvwxyz0123456789'.-_!#^~+@"

func (p namePrefixes) filter() string {
	if p[0] == "" {
		return ""
	}
	clauses := make([]string, 0, len(p))
	for _, prefix := range p {
		clauses = append(clauses, fmt.Sprintf("startswith(userPrincipalName,'%s')", strings.ReplaceAll(prefix, "'", "''")))
	}
	return strings.Join(clauses, " or ")
}

func (p namePrefixes) split(n int) []sector {
	prefixes := []string(p)
	if len(p) == 1 {
		prefixes = make([]string, 0, len(nameCharacters))
		for _, c := range nameCharacters {
			prefixes = append(prefixes, p[0]+string(c))
		}
	}
	var parts []sector
	for _, s := range chunks(len(prefixes), min((len(prefixes)+n-1)/n, maxClauses)) {
		parts = append(parts, namePrefixes(prefixes[s.from:s.to]))
	}
	return parts
}

func (p namePrefixes) join(next sector) (sector, bool) {
	both := append(p[:len(p):len(p)], next.(namePrefixes)...)
	return both, len(both) <= maxClauses
}
