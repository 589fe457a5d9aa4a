package graph

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// sector is a part of the users, told from the others by the values of one
// attribute.
type sector interface {
	// filter is the $filter of the sector, which the default consistency must
	// know; "" for all users.
	filter() string
	// split returns sectors, in order, that together should be this one; fewer
	// than two when it cannot be split. There is room for counting n of them.
	split(n int, known surveyed) []sector
	// pack puts the sectors of a survey of this one together as long as none gets
	// larger than size.
	pack(sectors []surveyed, size int) []surveyed
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

// maxChurn is the largest difference between counts that coming and going
// explains.
const maxChurn = 10

func (r createdRange) split(n int, known surveyed) []sector {
	if known.missing > maxChurn {
		return nil // they have no time
	}
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

// pack joins neighbours. Empty ranges stay in: whoever the count does not know
// yet was created last.
func (createdRange) pack(sectors []surveyed, size int) []surveyed {
	var out []surveyed
	for _, s := range sectors {
		last := len(out) - 1
		if last < 0 || out[last].users+s.users > size {
			out = append(out, s)
			continue
		}
		r := out[last].sector.(createdRange)
		r.to = s.sector.(createdRange).to
		out[last] = surveyed{sector: r, tally: tally{users: out[last].users + s.users}}
	}
	return out
}

// namePrefixes are the users whose user principal name begins with one of the
// texts; the empty text alone stands for all. Letter case does not count.
type namePrefixes []string

// maxClauses is how many clauses an or may join. Source: the service's own
// refusal, "Too many child clauses specified in search filter expression
// containing 'OR' operators: 18. Max allowed: 15."
const maxClauses = 15

// nameCharacters are the characters of a user principal name: those that
// Microsoft allows, the plus sign of guests' addresses and the at sign. Source:
// Microsoft 365 documentation, "Prepare for directory synchronization".
const nameCharacters = "abcdefghijklmnopqrstuvwxyz0123456789'.-_!#^~+@"

// nameLetters are further letters of names in Latin script. Whoever has another
// one still, which is not allowed either, is missing in the count.
const nameLetters = "àáâãäåæçèéêëìíîïðñòóôõöøùúûüýþÿßāăąćčďđēėęěğģħīįıķĺļľłńņňōőœŕřśşšţťūůűųŵŷźżžșțə"

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

// split divides the prefixes, or the one prefix by the character that follows
// it. Where that one has been the same for everybody, as in numbered names, the
// names may go on alike: what some of them have in common is taken at once.
func (p namePrefixes) split(n int, known surveyed) []sector {
	if len(p) > 1 {
		return prefixSectors(p, n)
	}
	common := commonPrefix(known.names)
	if !known.alone || len(known.names) < 2 || !strings.HasPrefix(common, p[0]) || common == p[0] {
		return followers(p[0], n >= len(nameCharacters)+len(nameLetters)/maxClauses)
	}
	var sectors []sector
	for at := range common {
		if at < len(p[0]) {
			continue
		}
		for _, s := range followers(common[:at], false) {
			others := slices.DeleteFunc(s.(namePrefixes), func(o string) bool { return strings.HasPrefix(common, o) })
			if len(others) > 0 {
				sectors = append(sectors, others)
			}
		}
	}
	return append(sectors, namePrefixes{common})
}

// followers are the sectors of the prefixes that are one character longer: in as
// few as filters can hold, or those of the usual characters each by itself.
func followers(prefix string, singly bool) []sector {
	longer := func(characters string) []string {
		var prefixes []string
		for _, c := range characters {
			prefixes = append(prefixes, prefix+string(c))
		}
		return prefixes
	}
	usual := longer(nameCharacters)
	parts := 1
	if singly {
		parts = len(usual)
	}
	return append(prefixSectors(usual, parts), prefixSectors(longer(nameLetters), 1)...)
}

// prefixSectors makes some n sectors of the prefixes, more where a filter could
// not hold them.
func prefixSectors(prefixes []string, n int) []sector {
	var sectors []sector
	for _, s := range chunks(len(prefixes), min((len(prefixes)+n-1)/n, maxClauses)) {
		sectors = append(sectors, namePrefixes(prefixes[s.from:s.to:s.to]))
	}
	return sectors
}

// commonPrefix is what all names begin with, in lower case.
func commonPrefix(names []string) string {
	if len(names) == 0 {
		return ""
	}
	common := []rune(strings.ToLower(names[0]))
	for _, name := range names[1:] {
		other := []rune(strings.ToLower(name))
		n := min(len(common), len(other))
		for i := range n {
			if common[i] != other[i] {
				n = i
				break
			}
		}
		common = common[:n]
	}
	return string(common)
}

// pack joins any that fit, the largest first. Where nobody is counted nobody is
// listed: there are many more beginnings than names.
func (namePrefixes) pack(sectors []surveyed, size int) []surveyed {
	inhabited := make([]surveyed, 0, len(sectors))
	for _, s := range sectors {
		if s.users > 0 {
			s.sector = s.sector.(namePrefixes).taken(s.tally)
			inhabited = append(inhabited, s)
		}
	}
	slices.SortStableFunc(inhabited, func(a, b surveyed) int { return cmp.Compare(b.users, a.users) })
	var out []surveyed
	for _, s := range inhabited {
		p := s.sector.(namePrefixes)
		i := slices.IndexFunc(out, func(o surveyed) bool {
			return o.users+s.users <= size && len(o.sector.(namePrefixes))+len(p) <= maxClauses
		})
		if i < 0 {
			out = append(out, s)
			continue
		}
		out[i] = surveyed{sector: slices.Concat(out[i].sector.(namePrefixes), p), tally: tally{users: out[i].users + s.users}}
	}
	return out
}

// taken are those of the prefixes that somebody has, where all names are known
// and are compared by the service as they are here.
func (p namePrefixes) taken(known tally) namePrefixes {
	if len(known.names) < known.users {
		return p
	}
	var taken namePrefixes
	for _, name := range known.names {
		i := slices.IndexFunc(p, func(prefix string) bool { return strings.HasPrefix(strings.ToLower(name), prefix) })
		if i < 0 {
			return p
		}
		if !slices.Contains(taken, p[i]) {
			taken = append(taken, p[i])
		}
	}
	return taken
}
