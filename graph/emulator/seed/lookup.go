package seed

import (
	"strconv"
	"strings"
	"time"
)

// Account is the index of the signed-in service account.
func (t *Tenant) Account() int { return serviceAccount }

// UserSlots is the size of the index space: seeded and hired users, the
// removed ones included. It only grows.
func (t *Tenant) UserSlots() int {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.slots()
}

func (t *Tenant) slots() int { return t.users + t.hired }

// UserCount is the number of present users.
func (t *Tenant) UserCount() int {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.slots() - len(t.removed)
}

// User returns a user; false when it was removed or never was. Its slices must
// not be changed.
func (t *Tenant) User(i int) (User, bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.user(i)
}

// LoadUser is User without the copy: pages of users are made with it.
func (t *Tenant) LoadUser(i int, u *User) bool {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.loadUser(i, u)
}

func (t *Tenant) user(i int) (u User, ok bool) {
	ok = t.loadUser(i, &u)
	return u, ok
}

func (t *Tenant) loadUser(i int, u *User) bool {
	if !t.present(i) {
		return false
	}
	if c, ok := t.changed[i]; ok {
		*u = c.User
		return true
	}
	tr := t.baseTraits(i)
	t.baseUser(&tr, u)
	u.Manager = t.baseManager(&tr)
	return true
}

// Present reports whether a user is there.
func (t *Tenant) Present(i int) bool {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.present(i)
}

func (t *Tenant) present(i int) bool {
	if i < 0 || i >= t.slots() {
		return false
	}
	_, gone := t.removed[i]
	return !gone
}

// UserID is the object id of a user, also of a removed one.
func (t *Tenant) UserID(i int) string { return t.key.objectID(domainUser, i) }

// UserPrincipalName returns a user's UPN without computing the rest of it;
// false when it was removed. It is several times cheaper than User.
func (t *Tenant) UserPrincipalName(i int) (string, bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	if !t.present(i) {
		return "", false
	}
	if c, ok := t.changed[i]; ok {
		return c.UserPrincipalName, true
	}
	return t.baseUPN(i), true
}

// CreatedDateTime returns when a user was created without computing the rest
// of it: zero when nobody knows, false when it was removed.
func (t *Tenant) CreatedDateTime(i int) (time.Time, bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	if !t.present(i) {
		return time.Time{}, false
	}
	if c, ok := t.changed[i]; ok {
		return c.CreatedDateTime, true
	}
	tr := t.kin(i)
	return t.created(&tr), true
}

// FindUser finds a present user by object id.
func (t *Tenant) FindUser(id string) (int, bool) {
	d, i, ok := t.key.openID(id)
	if !ok || d != domainUser {
		return 0, false
	}
	t.mu.RLock()
	defer t.mu.RUnlock()
	return i, t.present(i)
}

// FindUserByUPN finds a present user by user principal name, in any letter case.
func (t *Tenant) FindUserByUPN(upn string) (int, bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.findUserByUPN(strings.ToLower(upn))
}

func (t *Tenant) findUserByUPN(upn string) (int, bool) {
	if i, ok := t.byUPN[upn]; ok {
		return i, true
	}
	i, ok := t.candidate(upn)
	if !ok || !t.present(i) {
		return 0, false
	}
	if _, changed := t.changed[i]; changed || strings.ToLower(t.baseUPN(i)) != upn {
		return 0, false
	}
	return i, true
}

// FindUserByAddress finds a present user by mail or any proxy address, in any
// letter case.
func (t *Tenant) FindUserByAddress(address string) (int, bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.findUserByAddress(strings.ToLower(address))
}

func (t *Tenant) findUserByAddress(address string) (int, bool) {
	if i, ok := t.byAddress[address]; ok {
		return i, true
	}
	i, ok := t.candidate(address)
	if !ok || !t.present(i) {
		return 0, false
	}
	if _, changed := t.changed[i]; changed {
		return 0, false
	}
	tr := t.baseTraits(i)
	var u User
	t.baseUser(&tr, &u)
	for _, a := range addresses(u.ProxyAddresses) {
		if a == address {
			return i, true
		}
	}
	return 0, false
}

// candidate reads the number of the user that a UPN or an address was made
// for, if it was made for any. The name is lower-cased.
func (t *Tenant) candidate(name string) (int, bool) {
	local, _, ok := strings.Cut(name, "@")
	if !ok {
		return 0, false
	}
	if local == "rollcall" {
		return serviceAccount, true
	}
	if guest, ok := strings.CutSuffix(local, "#ext#"); ok {
		if at := strings.LastIndexByte(guest, '_'); at >= 0 {
			return t.numberOf(t.userNames, guest[:at])
		}
		return 0, false
	}
	if digits, ok := strings.CutPrefix(local, "e"); ok && len(digits) == len(strconv.Itoa(firstEmployeeID)) {
		if id, err := strconv.Atoi(digits); err == nil && id >= firstEmployeeID && id < firstEmployeeID+employeeIDCount {
			return int(t.employeeIDs.invert(uint64(id - firstEmployeeID))), true
		}
	}
	return t.numberOf(t.userNames, local)
}
