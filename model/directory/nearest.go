package directory

import (
	"bytes"
	"cmp"
	"context"
	"math"
	"math/bits"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"rollcall/model"
	"rollcall/model/internal/parallel"
	"rollcall/model/rule"
)

// Nearest returns at most n values of an attribute that a mistyped one may
// mean, the likeliest first, with the users who have them: those that differ by
// few letters, as model.Nearest counts them, and those that begin with it or hold
// it. Letter case does not matter: of values that differ by it alone, one
// stands for all. An attribute with a value of its own for each of a million
// users takes some ten milliseconds. There is nothing near an object id.
func (s *Snapshot) Nearest(ctx context.Context, a model.AttrID, value string, n int) ([]rule.Candidate, error) {
	if a == model.AttrObjectID {
		return nil, ctx.Err()
	}
	found, err := s.nearest(ctx, &s.columns[a], nil, newNearness(value, rule.OpEq))
	return found[:min(n, len(found))], err
}

// candidatesKept is how many of the nearest values are looked at more closely.
const candidatesKept = 24

// near is a value with what it says of how likely it was meant.
type near struct {
	value  string // or the part of it that is compared
	folded string
	score  int   // the lower the likelier
	at     []int // its spellings in the dictionary: the usual one comes early
}

func compareNear(a, b near) int {
	return cmp.Or(cmp.Compare(a.score, b.score), cmp.Compare(len(a.folded), len(b.folded)), strings.Compare(a.folded, b.folded), cmp.Compare(a.at[0], b.at[0]))
}

// nearest returns the values near to one that somebody has, nearest first.
// part, when not nil, is what is compared of a value.
func (s *Snapshot) nearest(ctx context.Context, c *column, part func(string) string, to *nearness) ([]rule.Candidate, error) {
	if len(to.want) == 0 {
		return nil, ctx.Err()
	}
	var mu sync.Mutex
	var best []near
	var known *textCharacters
	if part == nil && c.dictionary.characters != nil {
		known = c.dictionary.characters.of(c.values)
	}
	err := parallel.Ranges(ctx, len(c.values.blocks), blocksAtOnce, func(first, last int) {
		var folded []byte
		var own []near
		limit := math.MaxInt
		for i := first; i < last; i++ {
			values := c.values.blocks[i]
			var sets []uint64
			if known != nil {
				sets = known.block(i).sets
			}
			for j := range values.len() {
				if sets != nil && !to.mayBeNear(sets[j]) {
					continue
				}
				value := values.at(j)
				if part != nil {
					value = part(value)
				}
				folded = rule.AppendFold(folded[:0], value)
				if score, ok := to.score(folded, limit); ok {
					own = append(own, near{value, string(folded), score, []int{i*textsOfBlock + j}})
				}
				if len(own) >= 4*candidatesKept {
					own = likeliest(own)
					limit = own[len(own)-1].score
				}
			}
		}
		mu.Lock()
		defer mu.Unlock()
		best = likeliest(append(best, own...))
	})
	if err != nil {
		return nil, err
	}
	return s.withUsers(ctx, c, best)
}

// likeliest keeps the likeliest different values, each with all its spellings.
func likeliest(list []near) []near {
	slices.SortFunc(list, compareNear)
	kept := list[:0]
	for _, l := range list {
		if n := len(kept); n > 0 && kept[n-1].folded == l.folded {
			kept[n-1].at = append(kept[n-1].at, l.at...)
			continue
		}
		if len(kept) == candidatesKept {
			break
		}
		kept = append(kept, l)
	}
	return kept
}

// withUsers counts who have the values, and drops those that nobody has.
func (s *Snapshot) withUsers(ctx context.Context, c *column, list []near) ([]rule.Candidate, error) {
	numbers := make([]uint16, c.values.len()+1)
	for i, l := range list {
		for _, at := range l.at {
			numbers[at+1] = uint16(i + 1)
		}
	}
	users, err := s.countNumbers(ctx, c, numbers, len(list))
	if err != nil {
		return nil, err
	}
	order := make([]int, 0, len(list))
	for i := range list {
		if users[i+1] > 0 {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(list[a].score, list[b].score), cmp.Compare(users[b+1], users[a+1]))
	})
	found := make([]rule.Candidate, len(order))
	for i, at := range order {
		found[i] = rule.Candidate{Value: list[at].value, Users: users[at+1]}
	}
	return found, nil
}

// countValues counts the users who have each of the folded values, which are
// numbered from one; part, when not nil, is what counts of a value.
func (s *Snapshot) countValues(ctx context.Context, c *column, part func(string) string, wanted map[string]uint16) ([]int, error) {
	numbers := make([]uint16, c.values.len()+1)
	lengths := map[int]bool{}
	for folded := range wanted {
		lengths[len(folded)] = true
	}
	err := parallel.Ranges(ctx, len(c.values.blocks), blocksAtOnce, func(from, to int) {
		var b blockDecision
		for i := from; i < to; i++ {
			values := c.values.blocks[i]
			b.fold(values)
			start := 0
			for j, end := range b.ends {
				folded := b.folded[start:end]
				start = end
				if part != nil {
					folded = rule.AppendFold(nil, part(values.at(j)))
				}
				if lengths[len(folded)] {
					numbers[i*textsOfBlock+j+1] = wanted[string(folded)]
				}
			}
		}
	})
	if err != nil {
		return nil, err
	}
	return s.countNumbers(ctx, c, numbers, len(wanted))
}

// countNumbers counts the users who have values of each number from one to n;
// numbers gives the number of a value by its code, and zero to most.
func (s *Snapshot) countNumbers(ctx context.Context, c *column, numbers []uint16, n int) ([]int, error) {
	users := make([]int, n+1)
	var own []uint16
	for i := range c.chunks {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if c.chunks[i] == nil {
			continue
		}
		for row := range s.rowsOf(i) {
			code := c.code(row)
			if c.lists == nil || code == nullCode {
				users[numbers[code]]++
				continue
			}
			own = own[:0]
			for _, e := range c.lists.at(code) {
				if n := numbers[e]; n != 0 && !slices.Contains(own, n) {
					own = append(own, n)
					users[n]++
				}
			}
		}
	}
	return users, nil
}

// nearness compares values with one that nobody has.
type nearness struct {
	want       []rune // folded
	folded     []byte
	characters uint64
	within     rule.Operator // OpEq, OpStartsWith, OpEndsWith or OpContains: what it is compared with
	ascii      [utf8.RuneSelf]uint64
	others     map[rune]uint64
}

// maxWant is the number of characters of a value beyond which nothing is near
// to it: more than that nobody types.
const maxWant = 64

func newNearness(value string, within rule.Operator) *nearness {
	folded := rule.Fold(value)
	n := &nearness{folded: []byte(folded), characters: charactersOf(folded), within: within, others: map[rune]uint64{}}
	if n.want = []rune(folded); len(n.want) > maxWant {
		n.want = nil
	}
	for i, r := range n.want {
		if r < utf8.RuneSelf {
			n.ascii[r] |= 1 << i
		} else {
			n.others[r] |= 1 << i
		}
	}
	return n
}

// maxDistance is the number of letters that a value may differ in. In long
// values a third of them, which model.Nearest allows, would be no typing error.
const maxDistance = 4

// Scores beside those of letters that differ, which are even.
const (
	scoreBegins = 3 // the value begins with what is wanted
	scoreHolds  = 5 // it holds it, or the other way round
)

// score says how near a folded value is, false when it is not near or its
// score is above the limit.
func (n *nearness) score(folded []byte, limit int) (int, bool) {
	set := uint64(0)
	for _, c := range folded {
		set |= characterBits[c]
	}
	if !n.mayBeNear(set) {
		return 0, false
	}
	most := min(len(n.want)/3, maxDistance)
	if n.within == rule.OpEq {
		missing, extra := n.letters(set)
		if missing == 0 || extra == 0 {
			if score, ok := n.scoreOfPart(folded); ok {
				return score, score <= limit
			}
		}
		length := utf8.RuneCount(folded)
		most = min(max(len(n.want), length)/3, maxDistance)
		if max(len(n.want)-length, length-len(n.want), missing, extra) > min(most, limit/2) {
			return 0, false
		}
	}
	most = min(most, limit/2)
	distance := n.distance(folded, most)
	return 2 * distance, distance <= most
}

// scoreOfPart scores a value one of which holds the other, unless they differ
// by a letter alone.
func (n *nearness) scoreOfPart(value []byte) (int, bool) {
	const least = 3
	switch {
	case len(n.folded)+1 >= len(value) && len(value)+1 >= len(n.folded):
		return 0, false
	case bytes.HasPrefix(value, n.folded):
		return scoreBegins, true
	case len(n.folded) >= least && bytes.Contains(value, n.folded),
		len(value) >= least && 2*len(value) >= len(n.folded) && bytes.Contains(n.folded, value):
		return scoreHolds, true
	default:
		return 0, false
	}
}

// distance is the edit distance that model.Nearest counts, between what is
// wanted and a folded text, or the part of it that within names; it is more
// than most where that is more. Source: H. Hyyrö, "A bit-vector algorithm for
// computing Levenshtein and Damerau edit distances", 2003.
func (n *nearness) distance(folded []byte, most int) int {
	anywhere := n.within == rule.OpContains || n.within == rule.OpEndsWith // it may begin anywhere
	last := uint64(1) << (len(n.want) - 1)
	distance := len(n.want)
	least := distance
	vp, vn, d0, before := ^uint64(0), uint64(0), uint64(0), uint64(0)
	for i := 0; i < len(folded); {
		var at uint64
		if c := folded[i]; c < utf8.RuneSelf {
			at = n.ascii[c]
			i++
		} else {
			r, size := utf8.DecodeRune(folded[i:])
			at = n.others[r]
			i += size
		}
		swapped := ((^d0 & at) << 1) & before
		d0 = ((at&vp + vp) ^ vp) | at | vn | swapped
		hp, hn := vn|^(d0|vp), d0&vp
		switch {
		case hp&last != 0:
			distance++
		case hn&last != 0:
			distance--
		}
		hp, hn = hp<<1, hn<<1
		if !anywhere {
			hp |= 1
		}
		vp, vn, before = hn|^(d0|hp), hp&d0, at
		least = min(least, distance)
		if n.within == rule.OpEq && distance-(len(folded)-i) > most {
			return most + 1 // each letter that is left lessens it by one at most
		}
	}
	if n.within == rule.OpStartsWith || n.within == rule.OpContains {
		return least
	}
	return distance
}

// letters counts the different letters of what is wanted that a folded text of
// the given characters lacks, and those that it has besides: each is a lower
// bound of the distance. Only those of one byte are counted.
func (n *nearness) letters(of uint64) (missing, extra int) {
	const ofOneByte = 1<<(ownBits+12) - 1
	return bits.OnesCount64(n.characters &^ of & ofOneByte), bits.OnesCount64(of &^ n.characters & ofOneByte)
}

// mayBeNear reports false of the characters of a text that has no score.
func (n *nearness) mayBeNear(of uint64) bool {
	missing, extra := n.letters(of)
	if n.within != rule.OpEq {
		return missing <= maxDistance
	}
	return missing == 0 || extra == 0 || max(missing, extra) <= maxDistance
}
