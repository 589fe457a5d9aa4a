package seed

import (
	"math"
	"slices"
	"strings"
)

// ChangeKind says what happened to a user.
type ChangeKind uint8

// The kinds of change.
const (
	UserHired       ChangeKind = iota // a new user
	UserUpdated                       // see Properties and ManagerChanged
	UserSoftDeleted                   // restorable: "@removed" with the reason "changed"
	UserHardDeleted                   // gone for good: "@removed" with the reason "deleted"
	UserRestored                      // back from a soft deletion, as it was
)

// Change is one entry of the change log.
type Change struct {
	Seq            uint64 // from 1, without holes
	User           int
	Kind           ChangeKind
	Properties     Properties // that have another value now
	ManagerChanged bool
	FormerManager  int // with ManagerChanged: the manager before, an index; -1 when none
}

// moves reports whether the change can give a user another place in an index.
func (c *Change) moves() bool {
	return c.Kind != UserUpdated || c.Properties.Has("userPrincipalName") || c.Properties.Has("createdDateTime")
}

// removal is what is kept of a removed user.
type removal struct {
	soft    bool
	changed *changedUser // nil: as seeded
}

// changedUser is a user that no longer is as seeded.
type changedUser struct {
	User
	traits traits
}

// Seq is the number of the newest change; 0 before any.
func (t *Tenant) Seq() uint64 {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return uint64(len(t.log))
}

// Changes returns the changes numbered above since, oldest first, at most
// limit of them; a limit of 0 or less means all.
func (t *Tenant) Changes(since uint64, limit int) []Change {
	t.mu.RLock()
	defer t.mu.RUnlock()
	if since >= uint64(len(t.log)) {
		return nil
	}
	rest := t.log[since:]
	if limit > 0 && limit < len(rest) {
		rest = rest[:limit]
	}
	return slices.Clone(rest)
}

func (t *Tenant) record(c Change) {
	c.Seq = uint64(len(t.log)) + 1
	t.log = append(t.log, c)
}

// UpdateUser changes a present user's properties, its manager included; Index
// and ID stay. It reports false when there is no such user. Nothing is
// recorded when nothing changed. The change must not call the tenant.
func (t *Tenant) UpdateUser(i int, change func(*User)) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.updateUser(i, change)
}

func (t *Tenant) updateUser(i int, change func(*User)) bool {
	old, ok := t.user(i)
	if !ok {
		return false
	}
	u := old
	u.ProxyAddresses = slices.Clone(old.ProxyAddresses)
	u.OtherMails = slices.Clone(old.OtherMails)
	u.IMAddresses = slices.Clone(old.IMAddresses)
	u.BusinessPhones = slices.Clone(old.BusinessPhones)
	change(&u)
	u.Index, u.ID = old.Index, old.ID
	different := differing(&old, &u)
	if different == 0 && u.Manager == old.Manager {
		return true
	}
	t.forgetNames(&old)
	t.changed[i] = &changedUser{User: u, traits: t.readTraits(&u)}
	t.learnNames(&u)
	t.record(Change{User: i, Kind: UserUpdated, Properties: different, ManagerChanged: u.Manager != old.Manager, FormerManager: old.Manager})
	return true
}

// learnNames makes a changed user found by its names.
func (t *Tenant) learnNames(u *User) {
	t.byUPN[strings.ToLower(u.UserPrincipalName)] = u.Index
	for _, address := range addresses(u.ProxyAddresses) {
		t.byAddress[address] = u.Index
	}
}

func (t *Tenant) forgetNames(u *User) {
	delete(t.byUPN, strings.ToLower(u.UserPrincipalName))
	for _, address := range addresses(u.ProxyAddresses) {
		delete(t.byAddress, address)
	}
}

// readTraits derives a changed user's traits from its properties.
func (t *Tenant) readTraits(u *User) traits {
	tr := t.baseTraits(u.Index)
	tr.guest = u.UserType == "Guest"
	tr.enabled, tr.mail, tr.onPremises = u.AccountEnabled, u.Mail != "", u.OnPremisesSyncEnabled
	tr.contractor = u.EmployeeType == "Contractor"
	tr.department = slices.IndexFunc(t.departments, func(d department) bool { return strings.EqualFold(d.name, u.Department) })
	tr.office = slices.IndexFunc(t.offices, func(o office) bool { return o.name == u.OfficeLocation })
	tr.company = companyOther
	if c := slices.Index(companyNames[:], u.CompanyName); c >= 0 {
		tr.company = c
	}
	tr.region = noRegion
	for _, r := range []region{emea, amer, apac} {
		if strings.EqualFold(u.ExtensionAttributes[extRegion-1], r.String()) {
			tr.region = r
		}
	}
	return tr
}

// RemoveUser deletes a present user, softly or for good. Its direct reports
// pass to a manager above it. It reports false when there is no such user.
func (t *Tenant) RemoveUser(i int, hard bool) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.removeUser(i, hard)
}

func (t *Tenant) removeUser(i int, hard bool) bool {
	u, ok := t.user(i)
	if !ok {
		return false
	}
	reports := t.directReports(i)
	t.forgetNames(&u)
	t.removed[i] = removal{soft: !hard, changed: t.changed[i]}
	delete(t.changed, i)
	kind := UserSoftDeleted
	if hard {
		kind = UserHardDeleted
	}
	t.record(Change{User: i, Kind: kind})
	for _, r := range reports {
		if c, changed := t.changed[r]; changed {
			c.Manager = u.Manager
		}
		t.record(Change{User: r, Kind: UserUpdated, ManagerChanged: true, FormerManager: i})
	}
	return true
}

// RestoreUser brings a softly deleted user back with the properties that it
// had. It reports false for any other, and where another user has its name by
// now.
func (t *Tenant) RestoreUser(i int) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.restoreUser(i)
}

func (t *Tenant) restoreUser(i int) bool {
	gone, removed := t.removed[i]
	if !removed || !gone.soft {
		return false
	}
	name := t.baseUPN(i)
	if gone.changed != nil {
		name = gone.changed.UserPrincipalName
	}
	if _, taken := t.findUserByUPN(strings.ToLower(name)); taken {
		return false
	}
	delete(t.removed, i)
	former := noManager
	if gone.changed != nil {
		if m := gone.changed.Manager; !t.present(m) {
			former, gone.changed.Manager = m, noManager
		}
		t.changed[i] = gone.changed
		t.learnNames(&gone.changed.User)
	}
	u, _ := t.user(i)
	t.record(Change{User: i, Kind: UserRestored, Properties: differing(&User{}, &u), ManagerChanged: u.Manager != former, FormerManager: former})
	// In the seeded tree, those whom its removal gave to the next above it are
	// its reports again.
	tr := t.baseTraits(i)
	above := t.baseManager(&tr)
	for _, r := range t.directReports(i) {
		if _, changed := t.changed[r]; !changed {
			t.record(Change{User: r, Kind: UserUpdated, ManagerChanged: true, FormerManager: above})
		}
	}
	return true
}

// RemoveShare removes a share, from 0 to 1, of the present users, softly or for
// good, and returns how many. The seed chooses them; neither the service
// account nor the heads of the company are among them.
func (t *Tenant) RemoveShare(seed uint64, share float64, hard bool) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := t.slots()
	want := int(math.Round(share * float64(n-len(t.removed))))
	order := newPermutation(t.key.derive(seed), n)
	done := 0
	for x := 0; x < n && done < want; x++ {
		i := int(order.apply(uint64(x)))
		if tr := t.baseTraits(i); !tr.isLeader() && t.removeUser(i, hard) {
			done++
		}
	}
	return done
}

// HireUser adds a user and returns its index.
func (t *Tenant) HireUser() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.hireUser()
}

func (t *Tenant) hireUser() int {
	i := t.slots()
	t.hired++
	u, _ := t.user(i)
	t.record(Change{User: i, Kind: UserHired, Properties: differing(&User{}, &u), ManagerChanged: u.Manager != noManager, FormerManager: noManager})
	return i
}
