package seed

import (
	"strconv"
	"strings"
)

// nameSpace deals full names to the people of one culture so that no two share
// an address: the popular pairs of names come back with a number sooner than
// the others. It can be read both ways.
type nameSpace struct {
	given, family int // how many names
	popular       int // pairs that come twice in each round
	order         permutation
}

func newNameSpace(k key, given, family int) nameSpace {
	pairs := given * family
	popular := pairs / 8
	return nameSpace{given: given, family: family, popular: popular, order: newPermutation(k, pairs+popular)}
}

func (s nameSpace) orderOf(round uint64) permutation {
	p := s.order
	p.key = p.key.derive(round)
	return p
}

// fullName is the name of the nth person: indexes of the given and the family
// name, and the number that tells bearers of the same name apart, from 1.
func (s nameSpace) fullName(nth int) (given, family, number int) {
	round := uint64(nth) / s.order.n
	pair := int(s.orderOf(round).apply(uint64(nth) % s.order.n))
	number = int(round) + 1
	if all := s.given * s.family; pair >= all {
		pair -= all
		number = 2 * (int(round) + 1)
	} else if pair < s.popular {
		number = 2*int(round) + 1
	}
	return pair % s.given, pair / s.given, number
}

// nth is the inverse of fullName.
func (s nameSpace) nth(given, family, number int) int {
	pair := family*s.given + given
	round := number - 1
	if pair < s.popular {
		round = (number - 1) / 2
		if number%2 == 0 {
			pair += s.given * s.family
		}
	}
	return round*int(s.order.n) + int(s.orderOf(uint64(round)).invert(uint64(pair)))
}

// familyRef says whose family name it is.
type familyRef struct{ culture, family int }

// nameCultures sets up everything that names are made and found with.
func (t *Tenant) nameCultures() {
	t.cultures = append(latinCultures(), worldCultures()...)
	t.families = make(map[string]familyRef)
	var shares []int
	for i := range t.cultures {
		c := &t.cultures[i]
		shares = append(shares, c.share)
		for _, code := range c.offices {
			c.homes = append(c.homes, t.officeAt[code])
		}
		givens := make(map[string]int, 2*len(c.given))
		for j, n := range c.given {
			givens[n.ascii] = j
			givens[strings.ToLower(n.native)] = j
		}
		t.givens = append(t.givens, givens)
		for j, n := range c.family {
			t.families[n.ascii] = familyRef{i, j}
			t.families[strings.ToLower(nativeToken(n))] = familyRef{i, j}
		}
		t.userNames = append(t.userNames, newNameSpace(t.key.derive(topicUserNames).derive(uint64(i)), len(c.given), len(c.family)))
		t.contactNames = append(t.contactNames, newNameSpace(t.key.derive(topicContactNames).derive(uint64(i)), len(c.given), len(c.family)))
	}
	t.cultCycle = newCycle(t.key.derive(topicCultureCycle), shares)
}

// nativeToken is a name as an address that keeps diacritics writes it.
func nativeToken(n name) string { return strings.ReplaceAll(n.native, " ", "") }

// person is a full name dealt to a number.
type person struct {
	culture       *culture
	given, family name
	number        int // tells bearers of the same name apart, from 1
}

// person is the bearer of a user's number.
func (t *Tenant) person(i int) person { return t.personOf(t.userNames, i) }

func (t *Tenant) personOf(names []nameSpace, i int) person {
	cult, nth := t.cultCycle.locate(i)
	c := &t.cultures[cult]
	g, f, number := names[cult].fullName(nth)
	return person{culture: c, given: c.given[g], family: c.family[f], number: number}
}

// localPart is the part of the person's address before the "@".
func (p person) localPart(native bool) string {
	var s slab
	return s.localPart(p, native)
}

func (s *slab) localPart(p person, native bool) string {
	given, family := p.given.ascii, p.family.ascii
	if native {
		given, family = strings.ToLower(nativeToken(p.given)), strings.ToLower(nativeToken(p.family))
	}
	from := s.text.Len()
	s.write(given, ".", family)
	if p.number > 1 {
		s.digits(p.number, 0)
	}
	return s.since(from)
}

// numberOf finds the number of the person that a local part was made for.
// The answer must be checked: not every number has a person.
func (t *Tenant) numberOf(names []nameSpace, local string) (int, bool) {
	given, rest, ok := strings.Cut(local, ".")
	if !ok {
		return 0, false
	}
	family := strings.TrimRight(rest, "0123456789")
	number := 1
	if digits := rest[len(family):]; digits != "" {
		n, err := strconv.Atoi(digits)
		if err != nil || n < 2 || n > 1<<24 {
			return 0, false
		}
		number = n
	}
	ref, ok := t.families[family]
	if !ok {
		return 0, false
	}
	g, ok := t.givens[ref.culture][given]
	if !ok {
		return 0, false
	}
	return t.cultCycle.number(ref.culture, names[ref.culture].nth(g, ref.family, number)), true
}
