package seed

import (
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
	t.byUPN[strings.ToLower(u.UserPrincipalName)] = i
	for _, address := range addresses(u.ProxyAddresses) {
		t.byAddress[address] = i
	}
	t.record(Change{User: i, Kind: UserUpdated, Properties: different, ManagerChanged: u.Manager != old.Manager, FormerManager: old.Manager})
	return true
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
	delete(t.changed, i)
	t.removed[i] = struct{}{}
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
