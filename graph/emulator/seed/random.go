package seed

import (
	"encoding/binary"
	"math/bits"
	"strings"

	"github.com/google/uuid"
)

// mix is the finaliser of SplitMix64: a bijection of 64 bits in which each
// input bit changes half of the output bits.
// Source: Steele, Lea, Flood, "Fast splittable pseudorandom number generators".
func mix(x uint64) uint64 {
	x ^= x >> 30
	x *= 0xbf58476d1ce4e5b9
	x ^= x >> 27
	x *= 0x94d049bb133111eb
	return x ^ x>>31
}

// key is a source of facts: the same key, number and topic always give the
// same 64 bits.
type key uint64

func (k key) derive(topic uint64) key { return key(mix(uint64(k) + topic*0x9e3779b97f4a7c15)) }

func (k key) roll(topic uint64) uint64 { return uint64(k.derive(topic)) }

// below gives a number in [0, n).
func (k key) below(topic uint64, n int) int {
	hi, _ := bits.Mul64(k.roll(topic), uint64(n))
	return int(hi)
}

// chance is true in permille of 1,000 cases.
func (k key) chance(topic uint64, permille int) bool { return k.below(topic, 1000) < permille }

// permutation is a keyed bijection of [0, n): a Feistel network over the next
// power of four, walked until it lands inside.
type permutation struct {
	n    uint64
	key  key
	half uint // bits of each half
}

func newPermutation(k key, n int) permutation {
	p := permutation{n: uint64(n), key: k, half: 1}
	for uint64(1)<<(2*p.half) < p.n {
		p.half++
	}
	return p
}

const permutationRounds = 4

func (p permutation) apply(x uint64) uint64 {
	mask := uint64(1)<<p.half - 1
	for {
		l, r := x>>p.half, x&mask
		for round := range uint64(permutationRounds) {
			l, r = r, l^(p.key.roll(r<<3|round)&mask)
		}
		if x = l<<p.half | r; x < p.n {
			return x
		}
	}
}

func (p permutation) invert(x uint64) uint64 {
	mask := uint64(1)<<p.half - 1
	for {
		l, r := x>>p.half, x&mask
		for round := range uint64(permutationRounds) {
			l, r = r^(p.key.roll(l<<3|(permutationRounds-1-round))&mask), l
		}
		if x = l<<p.half | r; x < p.n {
			return x
		}
	}
}

// domain keeps the object ids of different types apart.
type domain uint64

const (
	domainUser domain = iota + 1
	domainGroup
	domainContact
	domainDevice
	domainServicePrincipal
	domainDynamicList
	domainDeviceID // a device's deviceId, which is not its object id
	domainAppID    // an application's appId, which is not its object id
	domainTenant
)

// The 122 free bits of a random (version 4) UUID, as two halves of 61.
const (
	idHalf   = 61
	idMask   = uint64(1)<<idHalf - 1
	idRounds = 4
)

// objectID is a bijection from (domain, index) into the version 4 UUIDs: it
// looks random, needs no table, and openID takes it apart again.
func (k key) objectID(d domain, index int) string {
	id := k.objectIDText(d, index)
	return string(id[:])
}

// idText is an object id as it is written.
const idText = 36

func (k key) objectIDText(d domain, index int) (text [idText]byte) {
	l, r := uint64(index), uint64(d)
	for round := range uint64(idRounds) {
		l, r = r, l^(mix(uint64(k)^r+round<<idHalf)&idMask)
	}
	var id [16]byte
	high := l >> 1         // 60 bits: all of the first half but one
	low := l&1<<idHalf | r // 62 bits
	binary.BigEndian.PutUint64(id[:8], high>>12<<16|0x4000|high&0xfff)
	binary.BigEndian.PutUint64(id[8:], 1<<63|low)
	at := 0
	for i, b := range id {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			text[at] = '-'
			at++
		}
		text[at], text[at+1] = hexDigits[b>>4], hexDigits[b&15]
		at += 2
	}
	return text
}

const hexDigits = "0123456789abcdef"

// openID is the inverse of objectID; false for a text that objectID never
// returns under this key. The index may be larger than any object's.
func (k key) openID(text string) (d domain, index int, ok bool) {
	id, err := uuid.Parse(text) // which also reads forms that Graph does not
	if err != nil || len(text) != idText || id.Version() != 4 || id.Variant() != uuid.RFC4122 {
		return 0, 0, false
	}
	first, second := binary.BigEndian.Uint64(id[:8]), binary.BigEndian.Uint64(id[8:])
	high := first>>16<<12 | first&0xfff
	low := second & (1<<62 - 1)
	l, r := high<<1|low>>idHalf, low&idMask
	for round := range uint64(idRounds) {
		l, r = r^(mix(uint64(k)^l+(idRounds-1-round)<<idHalf)&idMask), l
	}
	if r < uint64(domainUser) || r > uint64(domainTenant) || l > 1<<40 {
		return 0, 0, false
	}
	return domain(r), int(l), true
}

// pick returns one of several texts.
func (k key) pick(topic uint64, from []string) string { return from[k.below(topic, len(from))] }

// words splits a space-separated list, in which "_" stands for a space.
func words(list string) []string {
	fields := strings.Fields(list)
	for i, f := range fields {
		fields[i] = strings.ReplaceAll(f, "_", " ")
	}
	return fields
}
