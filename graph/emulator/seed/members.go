package seed

import (
	"iter"
	"slices"
)

// membershipOverlay is what was written to a group's membership.
type membershipOverlay struct {
	removed map[Member]struct{} // computed members that are none any more
	order   []Member            // added members as they came; dead entries stay, so that positions do
	alive   map[Member]int      // their place in order
}

// A position in a member listing is a phase and an offset in it, so that it
// stays right when members come and go.
const (
	phaseShift = 48

	phaseFixed    = 0
	phaseContacts = 1
	phaseUsers    = 2
	phaseAdded    = 3
	phaseEnd      = 4
)

// MembersFrom reads at most n direct members of a group from a position: 0 is
// the start, and a next below 0 means that there are no more. The order is
// stable: a member that neither came nor went meanwhile is listed once.
// Dynamic lists are among them: Graph must leave those out.
func (t *Tenant) MembersFrom(g int, position int64, n int) (members []Member, next int64) {
	if g < 0 || g >= len(t.groups) || position < 0 {
		return nil, -1
	}
	t.mu.RLock()
	defer t.mu.RUnlock()
	spec, over := &t.groups[g], t.memberships[g]
	phase, offset := int(position>>phaseShift), int(position&(1<<phaseShift-1))
	for ; phase < phaseEnd; phase, offset = phase+1, 0 {
		for end := t.phaseLength(spec, over, phase); offset < end; offset++ {
			if len(members) >= n {
				return members, int64(phase)<<phaseShift | int64(offset)
			}
			if m, ok := t.memberAt(spec, over, phase, offset); ok {
				members = append(members, m)
			}
		}
	}
	return members, -1
}

func (t *Tenant) phaseLength(spec *groupSpec, over *membershipOverlay, phase int) int {
	switch {
	case phase == phaseFixed:
		return len(spec.fixed)
	case phase == phaseContacts && spec.everyContact:
		return t.Contacts()
	case phase == phaseUsers && spec.where != nil && spec.follows:
		return t.slots()
	case phase == phaseUsers && spec.where != nil:
		return t.users
	case phase == phaseAdded && over != nil:
		return len(over.order)
	}
	return 0
}

// memberAt returns the member at a place of a listing, if there is one.
func (t *Tenant) memberAt(spec *groupSpec, over *membershipOverlay, phase, offset int) (Member, bool) {
	var m Member
	switch phase {
	case phaseFixed:
		m = spec.fixed[offset]
	case phaseContacts:
		m = Member{MemberContact, offset}
	case phaseUsers:
		m = Member{MemberUser, offset}
		if !t.passes(spec, offset) {
			return Member{}, false
		}
	case phaseAdded:
		m = over.order[offset]
		if at, alive := over.alive[m]; !alive || at != offset || t.isComputed(spec, m) {
			return Member{}, false
		}
	}
	if over != nil {
		if _, removed := over.removed[m]; removed {
			return Member{}, false
		}
	}
	return m, t.exists(m)
}

// passes reports whether a user is a member by the group's condition.
func (t *Tenant) passes(spec *groupSpec, user int) bool {
	if spec.where == nil {
		return false
	}
	if spec.follows {
		tr, ok := t.traitsOf(user)
		return ok && spec.where(tr)
	}
	tr := t.baseTraits(user)
	return user < t.users && spec.where(tr)
}

// isComputed reports whether a member is one without any write.
func (t *Tenant) isComputed(spec *groupSpec, m Member) bool {
	switch {
	case m.Type == MemberContact && spec.everyContact:
		return true
	case m.Type == MemberUser && t.passes(spec, m.Index):
		return true
	}
	_, fixed := slices.BinarySearchFunc(spec.sorted, m, compareMembers)
	return fixed
}

// exists reports whether there is such an object. The caller holds the lock.
func (t *Tenant) exists(m Member) bool {
	n := 0
	switch m.Type {
	case MemberUser:
		return t.present(m.Index)
	case MemberGroup:
		n = len(t.groups)
	case MemberContact:
		n = t.Contacts()
	case MemberDevice:
		n = t.Devices()
	case MemberServicePrincipal:
		n = len(servicePrincipals)
	case MemberDynamicList:
		n = len(t.dynamicLists)
	}
	return m.Index >= 0 && m.Index < n
}

// stream turns a paged listing into a sequence. No lock is held while the
// consumer works, so it may call the tenant.
func stream(from func(position int64, n int) ([]Member, int64)) iter.Seq[Member] {
	const page = 512
	return func(yield func(Member) bool) {
		for position := int64(0); position >= 0; {
			var members []Member
			members, position = from(position, page)
			for _, m := range members {
				if !yield(m) {
					return
				}
			}
		}
	}
}

// Members streams a group's direct members in the order of MembersFrom.
func (t *Tenant) Members(g int) iter.Seq[Member] {
	return stream(func(position int64, n int) ([]Member, int64) { return t.MembersFrom(g, position, n) })
}

// MemberCount is the number of a group's direct members, dynamic lists
// included. It costs a listing.
func (t *Tenant) MemberCount(g int) int {
	n := 0
	for range t.Members(g) {
		n++
	}
	return n
}

// IsMember reports whether an object is a direct member.
func (t *Tenant) IsMember(g int, m Member) bool {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.isMember(g, m)
}

func (t *Tenant) isMember(g int, m Member) bool {
	if g < 0 || g >= len(t.groups) || !t.exists(m) {
		return false
	}
	if over := t.memberships[g]; over != nil {
		if _, removed := over.removed[m]; removed {
			return false
		}
		if _, added := over.alive[m]; added {
			return true
		}
	}
	return t.isComputed(&t.groups[g], m)
}

// MemberOf returns the groups that an object is a direct member of, in order.
func (t *Tenant) MemberOf(m Member) []int {
	t.mu.RLock()
	defer t.mu.RUnlock()
	var out []int
	for g := range t.groups {
		if t.isMember(g, m) {
			out = append(out, g)
		}
	}
	return out
}

// AddMember makes an object a direct member; false when it is one already, or
// does not exist. What kinds of group may be written is the caller's business.
func (t *Tenant) AddMember(g int, m Member) bool { return t.AddMemberBy("", g, m) }

// AddMemberBy is AddMember by a request, whose id the log then names.
func (t *Tenant) AddMemberBy(request string, g int, m Member) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if g < 0 || g >= len(t.groups) || !t.exists(m) || t.isMember(g, m) {
		return false
	}
	over := t.memberships[g]
	if over == nil {
		over = &membershipOverlay{removed: make(map[Member]struct{}), alive: make(map[Member]int)}
		t.memberships[g] = over
	}
	delete(over.removed, m)
	if !t.isComputed(&t.groups[g], m) {
		over.alive[m] = len(over.order)
		over.order = append(over.order, m)
	}
	t.recordMembership(MembershipChange{Group: g, Member: m, Added: true, Request: request})
	return true
}

// RemoveMember ends a direct membership; false when there is none.
func (t *Tenant) RemoveMember(g int, m Member) bool { return t.RemoveMemberBy("", g, m) }

// RemoveMemberBy is RemoveMember by a request, whose id the log then names.
func (t *Tenant) RemoveMemberBy(request string, g int, m Member) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.isMember(g, m) {
		return false
	}
	over := t.memberships[g]
	if over == nil {
		over = &membershipOverlay{removed: make(map[Member]struct{}), alive: make(map[Member]int)}
		t.memberships[g] = over
	}
	delete(over.alive, m)
	over.removed[m] = struct{}{}
	t.recordMembership(MembershipChange{Group: g, Member: m, Request: request})
	return true
}

// ID is the object id of a member.
func (t *Tenant) ID(m Member) string {
	domains := [...]domain{
		MemberUser: domainUser, MemberGroup: domainGroup, MemberContact: domainContact,
		MemberDevice: domainDevice, MemberServicePrincipal: domainServicePrincipal, MemberDynamicList: domainDynamicList,
	}
	return t.key.objectID(domains[m.Type], m.Index)
}

// Find resolves the object id of a present object of any type.
func (t *Tenant) Find(id string) (Member, bool) {
	d, i, ok := t.key.openID(id)
	if !ok {
		return Member{}, false
	}
	types := map[domain]MemberType{
		domainUser: MemberUser, domainGroup: MemberGroup, domainContact: MemberContact,
		domainDevice: MemberDevice, domainServicePrincipal: MemberServicePrincipal, domainDynamicList: MemberDynamicList,
	}
	kind, ok := types[d]
	if !ok {
		return Member{}, false
	}
	t.mu.RLock()
	defer t.mu.RUnlock()
	m := Member{kind, i}
	return m, t.exists(m)
}
