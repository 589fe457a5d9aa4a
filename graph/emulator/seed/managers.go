package seed

import "slices"

const noManager = -1

// baseManager is the user's manager in the seeded tree: the nearest above who
// is neither a guest nor gone. The caller holds the lock.
func (t *Tenant) baseManager(tr *traits) int {
	if tr.index <= chiefExecutive || tr.guest {
		return noManager
	}
	for place := tr.place; place > 0; {
		place = (place - 1) / span
		i := t.deptCycle.number(tr.branch, place) + firstNumbered
		if above, ok := t.traitsOf(i); ok && !above.guest {
			return i
		}
	}
	if _, ok := t.traitsOf(chiefExecutive); ok && t.users > chiefExecutive {
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
	if i == serviceAccount || i >= t.slots() {
		return nil
	}
	var out []int
	for j, c := range t.changed {
		if c.Manager == i {
			out = append(out, j)
		}
	}
	if i == chiefExecutive {
		for branch := range t.departments {
			out = t.appendReports(out, branch, 0)
		}
	} else if tr, ok := t.traitsOf(i); ok && !tr.guest {
		for place := tr.place*span + 1; place <= (tr.place+1)*span; place++ {
			out = t.appendReports(out, tr.branch, place)
		}
	}
	slices.Sort(out)
	return out
}

// appendReports adds the user at a place of the seeded tree or, when nobody
// who could manage stands there, the ones below. A user whose properties were
// changed names the manager itself and is left out.
func (t *Tenant) appendReports(out []int, branch, place int) []int {
	i := t.deptCycle.number(branch, place) + firstNumbered
	if i >= t.slots() {
		return out
	}
	tr, present := t.traitsOf(i)
	if _, changed := t.changed[i]; present && !changed && !tr.guest {
		return append(out, i)
	}
	if present && !tr.guest {
		return out // changed, but still there: those below are its reports
	}
	for p := place*span + 1; p <= (place+1)*span; p++ {
		out = t.appendReports(out, branch, p)
	}
	return out
}
