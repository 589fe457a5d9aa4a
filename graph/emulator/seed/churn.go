package seed

import (
	"math/rand/v2"
	"slices"
	"strings"
)

// Churn says how many users shall come, go, move, be renamed and come back.
type Churn struct{ Hires, Leavers, Moves, Renames, Restores int }

// Churn changes the tenant by so much, with users chosen by the seed: the same
// seed on an equal tenant makes the same changes. Neither the service account
// nor the heads of the company leave. It returns what was done: less than was
// asked for when too few users are left.
func (t *Tenant) Churn(seed uint64, c Churn) Churn {
	t.mu.Lock()
	defer t.mu.Unlock()
	ch := churner{t: t, rnd: rand.New(rand.NewPCG(seed, uint64(t.key)))}
	var done Churn
	for range c.Hires {
		t.hireUser()
		done.Hires++
	}
	done.Moves = ch.repeat(c.Moves, ch.move)
	done.Renames = ch.repeat(c.Renames, ch.rename)
	done.Restores = ch.restore(c.Restores)
	done.Leavers = ch.repeat(c.Leavers, func(u *User) bool { return t.removeUser(u.Index, ch.rnd.IntN(4) == 0) })
	return done
}

type churner struct {
	t   *Tenant
	rnd *rand.Rand
}

// repeat does something with n users chosen at random, and returns how often it
// was done. It gives up when few users are left to choose from.
func (c churner) repeat(n int, do func(*User) bool) int {
	done := 0
	for tries := 20*n + 100; done < n && tries > 0; tries-- {
		i := c.rnd.IntN(c.t.slots())
		if tr := c.t.baseTraits(i); tr.guest || tr.isLeader() {
			continue
		}
		if u, ok := c.t.user(i); ok && do(&u) {
			done++
		}
	}
	return done
}

// restore brings back n of the users who were deleted softly.
func (c churner) restore(n int) int {
	if n <= 0 {
		return 0
	}
	var deleted []int
	for i, gone := range c.t.removed {
		if gone.soft {
			deleted = append(deleted, i)
		}
	}
	slices.Sort(deleted) // a map has no order
	c.rnd.Shuffle(len(deleted), func(i, j int) { deleted[i], deleted[j] = deleted[j], deleted[i] })
	done := 0
	for _, i := range deleted {
		if done < n && c.t.restoreUser(i) {
			done++
		}
	}
	return done
}

// move gives a user another department, office and manager, and the licence that
// goes with the department.
func (c churner) move(old *User) bool {
	t := c.t
	branch := c.rnd.IntN(len(t.departments))
	if t.departments[branch].name == old.Department {
		return false
	}
	head := t.deptCycle.number(branch, 0) + firstNumbered
	if !t.present(head) {
		head = noManager
	}
	office := c.rnd.IntN(len(t.offices))
	return t.updateUser(old.Index, func(u *User) {
		tr := t.baseTraits(u.Index)
		tr.branch, tr.department, tr.office = branch, branch, office
		t.describePlace(u, &tr)
		t.describeDepartment(u, &tr)
		u.JobTitle = t.departments[branch].titles[c.rnd.IntN(len(t.departments[branch].titles))]
		u.Manager = head
		u.relicense(&tr)
	})
}

// rename joins another family name to a user's own and gives the address that
// goes with it. A double name is nobody's seeded name, so the address is free.
// The old one stays as a secondary address.
func (c churner) rename(old *User) bool {
	t := c.t
	p := t.person(old.Index)
	joined := p.culture.family[c.rnd.IntN(len(p.culture.family))]
	if joined == p.family {
		return false
	}
	p.family = name{
		native: p.family.native + "-" + joined.native,
		latin:  p.family.latin + "-" + joined.latin,
		ascii:  p.family.ascii + "-" + joined.ascii,
	}
	local := p.localPart(false)
	if old.MailNickname == local {
		return false
	}
	_, domain, _ := strings.Cut(old.UserPrincipalName, "@")
	return t.updateUser(old.Index, func(u *User) {
		u.GivenName, u.Surname = p.given.latin, p.family.latin
		u.DisplayName = p.culture.displayName(p.given, p.family, false)
		u.UserPrincipalName = local + "@" + domain
		u.MailNickname = local
		if u.Mail == "" {
			return
		}
		u.Mail = local + "@" + defaultDomain
		proxies := []string{"SMTP:" + u.Mail}
		for _, proxy := range u.ProxyAddresses {
			proxies = append(proxies, strings.Replace(proxy, "SMTP:", "smtp:", 1))
		}
		u.ProxyAddresses = proxies
		u.IMAddresses = []string{u.Mail}
	})
}
