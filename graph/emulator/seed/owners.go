package seed

import "slices"

// Owners are a group's owners who are there, in order. Groups of Exchange and
// of an on-premises directory have none.
func (t *Tenant) Owners(g int) []Member {
	t.mu.RLock()
	defer t.mu.RUnlock()
	var out []Member
	for _, m := range t.ownersOf(g) {
		if t.exists(m) {
			out = append(out, m)
		}
	}
	return out
}

func (t *Tenant) ownersOf(g int) []Member {
	if g < 0 || g >= len(t.groups) {
		return nil
	}
	if changed, ok := t.owners[g]; ok {
		return changed
	}
	return t.groups[g].owners
}

// IsOwner reports whether an object is among a group's owners.
func (t *Tenant) IsOwner(g int, m Member) bool {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.exists(m) && slices.Contains(t.ownersOf(g), m)
}

// AddOwner makes an object an owner of a group; false when it is one already,
// or does not exist.
func (t *Tenant) AddOwner(g int, m Member) bool { return t.AddOwnerBy("", g, m) }

// AddOwnerBy is AddOwner by a request, whose id the log then names.
func (t *Tenant) AddOwnerBy(request string, g int, m Member) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	before := t.ownersOf(g)
	if g < 0 || g >= len(t.groups) || !t.exists(m) || slices.Contains(before, m) {
		return false
	}
	t.owners[g] = append(slices.Clone(before), m)
	t.recordMembership(MembershipChange{Group: g, Member: m, Owner: true, Added: true, Request: request})
	return true
}

// RemoveOwner ends an ownership; false when there is none.
func (t *Tenant) RemoveOwner(g int, m Member) bool { return t.RemoveOwnerBy("", g, m) }

// RemoveOwnerBy is RemoveOwner by a request, whose id the log then names.
func (t *Tenant) RemoveOwnerBy(request string, g int, m Member) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	before := t.ownersOf(g)
	i := slices.Index(before, m)
	if i < 0 {
		return false
	}
	t.owners[g] = slices.Delete(slices.Clone(before), i, i+1)
	t.recordMembership(MembershipChange{Group: g, Member: m, Owner: true, Request: request})
	return true
}

// addOwners gives cloud groups the heads of departments as owners: those of
// the fixed points are members too, who never leave.
func (t *Tenant) addOwners(b *groupBuilder) {
	for code, department := range map[string]int{
		"sg-sales": deptSales, "m365-marketing": deptMarketing, "m365-sales": deptSales, "m365-it": deptIT, "project-1": deptEngineering,
	} {
		head := Member{MemberUser, t.deptCycle.number(department, 0) + firstNumbered}
		if head.Index < t.users {
			b.specs[b.at[code]].owners = []Member{head}
		}
	}
	b.specs[b.at["board"]].owners = []Member{{MemberUser, chiefExecutive}}
}
