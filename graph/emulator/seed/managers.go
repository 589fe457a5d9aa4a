package seed

import "slices"

const noManager = -1

// mayLead reports whether a user is there and was not seeded as a guest: the
// seeded tree passes over the others.
func (t *Tenant) mayLead(i int) bool {
	if !t.present(i) {
		return false
	}
	tr := t.baseTraits(i)
	return !tr.guest
}

// baseManager is the user's manager in the seeded tree: the nearest above who
// may lead. The caller holds the lock.
func (t *Tenant) baseManager(tr *traits) int {
	if tr.index <= chiefExecutive || tr.guest {
		return noManager
	}
	for place := tr.place; place > 0; {
		place = (place - 1) / span
		if i := t.deptCycle.number(tr.branch, place) + firstNumbered; t.mayLead(i) {
			return i
		}
	}
	if t.mayLead(chiefExecutive) {
		return chiefExecutive
	}
	return noManager
}

// DirectReports returns the users whose manager is i, in index order. It costs
// no scan of the tenant.
func (t *Tenant) DirectReports(i int) []int {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.directReports(i)
}

func (t *Tenant) directReports(i int) []int {
	if !t.present(i) {
		return nil
	}
	var out []int
	for j, c := range t.changed {
		if c.Manager == i {
			out = append(out, j)
		}
	}
	switch tr := t.baseTraits(i); {
	case i == chiefExecutive:
		for branch := range t.departments {
			out = t.appendReports(out, branch, 0)
		}
	case i != serviceAccount && !tr.guest:
		out = t.appendBelow(out, tr.branch, tr.place)
	}
	slices.Sort(out)
	return out
}

// appendReports adds the user at a place of the seeded tree or, when nobody
// who may lead stands there, the ones below. A user whose properties were
// changed names the manager itself and is left out.
func (t *Tenant) appendReports(out []int, branch, place int) []int {
	i := t.deptCycle.number(branch, place) + firstNumbered
	switch _, changed := t.changed[i]; {
	case i >= t.slots():
		return out
	case !t.mayLead(i):
		return t.appendBelow(out, branch, place)
	case changed:
		return out
	}
	return append(out, i)
}

func (t *Tenant) appendBelow(out []int, branch, place int) []int {
	for below := place*span + 1; below <= (place+1)*span; below++ {
		out = t.appendReports(out, branch, below)
	}
	return out
}
