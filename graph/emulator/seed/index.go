package seed

import (
	"cmp"
	"encoding/binary"
	"math/bits"
	"runtime"
	"slices"
	"sort"
	"sync"

	"rollcall/graph/emulator/odata"
)

// Index orders the users by a key, so that a range of keys is counted and read
// without a scan. It is built at its first use and takes four bytes and a bit
// for each seeded user. What was hired, changed or removed since is kept
// beside, and caught up with at each use. It is safe for concurrent use.
type Index[K cmp.Ordered] struct {
	tenant *Tenant
	// seeded is the key that a user was seeded with; current is the present
	// one. Not ok: the user has none, or is not there.
	seeded, current func(i int) (K, bool)
	// digest is a key's beginning as a number: keys with a lesser one are less.
	digest func(K) uint64

	mu    sync.Mutex
	built bool
	seq   uint64   // of the last change that is in here
	order []uint32 // seeded users by their seeded keys
	gone  bitset   // of order: the user is not there, or has another key now
	extra []Place[K]
}

// Place is a user in an index: before it stand those with a lesser key, and of
// those with the same key the ones with a lesser number.
type Place[K cmp.Ordered] struct {
	Key  K
	User int
}

func (p Place[K]) compare(q Place[K]) int {
	return cmp.Or(cmp.Compare(p.Key, q.Key), cmp.Compare(p.User, q.User))
}

// ByName orders the users by their folded user principal names.
func (t *Tenant) ByName() *Index[string] { return t.byName }

// ByCreation orders the users by createdDateTime, in Unix seconds; those
// without are not in it.
func (t *Tenant) ByCreation() *Index[int64] { return t.byCreation }

func (t *Tenant) indexes() {
	t.byName = &Index[string]{
		tenant: t,
		seeded: func(i int) (string, bool) { return odata.Fold(t.baseUPN(i)), true },
		current: func(i int) (string, bool) {
			name, ok := t.UserPrincipalName(i)
			return odata.Fold(name), ok
		},
		digest: func(name string) uint64 {
			var beginning [8]byte
			copy(beginning[:], name)
			return binary.BigEndian.Uint64(beginning[:])
		},
	}
	t.byCreation = &Index[int64]{
		tenant: t,
		seeded: func(i int) (int64, bool) {
			tr := t.kin(i)
			at := t.created(&tr)
			return at.Unix(), !at.IsZero()
		},
		current: func(i int) (int64, bool) {
			at, ok := t.CreatedDateTime(i)
			return at.Unix(), ok && !at.IsZero()
		},
		digest: func(at int64) uint64 { return uint64(at) ^ 1<<63 }, // negative ones first
	}
}

// Count is how many users have a key from one up to, but not including,
// another.
func (x *Index[K]) Count(from, to K) int {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.refresh()
	return max(0, x.rank(Place[K]{Key: to, User: -1})-x.rank(Place[K]{Key: from, User: -1}))
}

// Hit is a user found in an index.
type Hit[K cmp.Ordered] struct {
	User  int
	key   K // of a user who does not stand at its seeded place
	moved bool
}

// Users finds the first n users from a place on whose keys are less than
// another, in the index's order.
func (x *Index[K]) Users(from Place[K], to K, n int) []Hit[K] {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.refresh()
	end := Place[K]{Key: to, User: -1}
	at, last := x.position(from), x.position(end)
	extra := x.extra[x.extraPosition(from):]
	extra = extra[:max(0, x.extraPosition(end)-(len(x.extra)-len(extra)))]
	var hits []Hit[K]
	before := -1 // where in order the first of extra would stand
	for len(hits) < n && (at < last || len(extra) > 0) {
		if len(extra) > 0 && before < 0 {
			before = x.position(extra[0])
		}
		switch {
		case len(extra) > 0 && before <= at:
			hits = append(hits, Hit[K]{User: extra[0].User, key: extra[0].Key, moved: true})
			extra, before = extra[1:], -1
		case at == last:
			before = at
		default:
			if !x.gone.has(at) {
				hits = append(hits, Hit[K]{User: int(x.order[at])})
			}
			at++
		}
	}
	return hits
}

// Key is a user's present key; not ok where it has none or is not there.
func (x *Index[K]) Key(user int) (K, bool) { return x.current(user) }

// Place is where a hit was found, whatever has happened to the user since.
func (x *Index[K]) Place(h Hit[K]) Place[K] {
	if h.moved {
		return Place[K]{Key: h.key, User: h.User}
	}
	key, _ := x.seeded(h.User)
	return Place[K]{Key: key, User: h.User}
}

// place is the seeded place of the user at a position of order.
func (x *Index[K]) place(at int) Place[K] {
	user := int(x.order[at])
	key, _ := x.seeded(user)
	return Place[K]{Key: key, User: user}
}

// position is how many of order stand before a place.
func (x *Index[K]) position(p Place[K]) int {
	return sort.Search(len(x.order), func(i int) bool { return x.place(i).compare(p) >= 0 })
}

func (x *Index[K]) extraPosition(p Place[K]) int {
	at, _ := slices.BinarySearchFunc(x.extra, p, Place[K].compare)
	return at
}

// rank is how many present users stand before a place.
func (x *Index[K]) rank(p Place[K]) int {
	at := x.position(p)
	return at - x.gone.before(at) + x.extraPosition(p)
}

// refresh builds the index, or catches up with what changed since it was used
// last. The caller holds x.mu.
func (x *Index[K]) refresh() {
	if !x.built {
		x.build()
		x.built = true
	}
	changes := x.tenant.Changes(x.seq, 0)
	if len(changes) == 0 {
		return
	}
	x.seq = changes[len(changes)-1].Seq
	touched := make(map[int]struct{}, len(changes))
	for _, c := range changes {
		if c.moves() {
			touched[c.User] = struct{}{}
		}
	}
	x.extra = slices.DeleteFunc(x.extra, func(p Place[K]) bool {
		_, ok := touched[p.User]
		return ok
	})
	elsewhere := make(map[int]bool, len(touched)) // seeded users, by whether their seeded place is theirs no longer
	for user := range touched {
		now, there := x.current(user)
		if user < x.tenant.users {
			seeded, had := x.seeded(user)
			stays := had && there && seeded == now
			if had {
				elsewhere[user] = !stays
			}
			if stays {
				continue
			}
		}
		if there {
			x.extra = append(x.extra, Place[K]{Key: now, User: user})
		}
	}
	slices.SortFunc(x.extra, Place[K].compare)
	x.mark(elsewhere)
}

// searches is about how many looks at order one search in it is worth: a
// search computes twenty keys, a pass over order none.
const searches = 400

// mark notes of users whether they are gone from their seeded places.
func (x *Index[K]) mark(elsewhere map[int]bool) {
	if len(elsewhere) <= len(x.order)/searches {
		for user, gone := range elsewhere {
			key, _ := x.seeded(user)
			x.gone.set(x.position(Place[K]{Key: key, User: user}), gone)
		}
		return
	}
	for at, user := range x.order {
		if gone, ok := elsewhere[int(user)]; ok {
			x.gone.set(at, gone)
		}
	}
}

// build sorts the seeded users: by the beginnings of their keys first, then
// those with the same one by their keys. No more than a number a user is held
// meanwhile.
func (x *Index[K]) build() {
	type entry struct {
		digest uint64
		user   uint32
	}
	entries := make([]entry, x.tenant.users)
	inParallel(len(entries), func(from, to int) {
		for i := from; i < to; i++ {
			entries[i] = entry{user: absent}
			if key, ok := x.seeded(i); ok {
				entries[i] = entry{x.digest(key), uint32(i)}
			}
		}
	})
	entries = slices.DeleteFunc(entries, func(e entry) bool { return e.user == absent })
	slices.SortFunc(entries, func(a, b entry) int {
		return cmp.Or(cmp.Compare(a.digest, b.digest), cmp.Compare(a.user, b.user))
	})
	x.order = make([]uint32, len(entries))
	for i, e := range entries {
		x.order[i] = e.user
	}
	x.gone = make(bitset, (len(x.order)+63)/64)
	inParallel(len(entries), func(from, to int) {
		// A run belongs to the part in which it begins.
		for from > 0 && from < to && entries[from].digest == entries[from-1].digest {
			from++
		}
		var run []Place[K]
		for from < to {
			end := from + 1
			for end < len(entries) && entries[end].digest == entries[from].digest {
				end++
			}
			if end-from > 1 {
				run = run[:0]
				for i := from; i < end; i++ {
					key, _ := x.seeded(int(entries[i].user))
					run = append(run, Place[K]{key, int(entries[i].user)})
				}
				slices.SortFunc(run, Place[K].compare)
				for i, p := range run {
					x.order[from+i] = uint32(p.User)
				}
			}
			from = end
		}
	})
}

// inParallel divides the numbers below n among the processors.
func inParallel(n int, do func(from, to int)) {
	var group sync.WaitGroup
	parts := runtime.GOMAXPROCS(0)
	for part := range parts {
		group.Go(func() { do(part*n/parts, (part+1)*n/parts) })
	}
	group.Wait()
}

// absent is the number of no user.
const absent = ^uint32(0)

// bitset is a set of small numbers.
type bitset []uint64

func (b bitset) has(i int) bool { return b[i/64]>>(i%64)&1 == 1 }

func (b bitset) set(i int, in bool) {
	if in {
		b[i/64] |= 1 << (i % 64)
	} else {
		b[i/64] &^= 1 << (i % 64)
	}
}

// before is how many numbers below n are in the set.
func (b bitset) before(n int) int {
	count := 0
	for _, word := range b[:n/64] {
		count += bits.OnesCount64(word)
	}
	if n%64 > 0 {
		count += bits.OnesCount64(b[n/64] << (64 - n%64))
	}
	return count
}
