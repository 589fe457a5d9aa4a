package seed

import (
	"slices"
	"time"
)

// MembershipChange is one change of who is in a group, or owns it.
type MembershipChange struct {
	At      time.Time
	Group   int
	Member  Member
	Owner   bool   // of the owners; else of the members
	Added   bool   // else removed
	Request string // id of the request that made it; "" where a test or a person at the tenant did
}

// maxMemberLog bounds the log of memberships; the older half of it goes when
// it is full.
const maxMemberLog = 1 << 18

// recordMembership logs a change; the caller holds the lock.
func (t *Tenant) recordMembership(c MembershipChange) {
	if len(t.memberLog) >= maxMemberLog {
		t.memberLog = slices.Delete(t.memberLog, 0, maxMemberLog/2)
	}
	c.At = t.now()
	t.memberLog = append(t.memberLog, c)
}

// MembershipChanges are the changes of groups' members and owners since the
// start, oldest first: of more than 262,144, the latest. What follows from a
// change of a user (who is removed, or moves into a dynamic group) is not
// among them.
func (t *Tenant) MembershipChanges() []MembershipChange {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return slices.Clone(t.memberLog)
}

// MembersAt are a group's direct members as they were at a time: the present
// ones in their order without those who came since, then those who have gone.
func (t *Tenant) MembersAt(g int, at time.Time) []Member {
	t.mu.RLock()
	defer t.mu.RUnlock()
	if g < 0 || g >= len(t.groups) {
		return nil
	}
	was := make(map[Member]bool) // of those who changed since: whether they were members
	var changed []Member
	for i := len(t.memberLog) - 1; i >= 0 && t.memberLog[i].At.After(at); i-- {
		if c := t.memberLog[i]; c.Group == g && !c.Owner {
			if _, again := was[c.Member]; !again {
				changed = append(changed, c.Member)
			}
			was[c.Member] = !c.Added
		}
	}
	var out []Member
	spec, over := &t.groups[g], t.memberships[g]
	for phase := range phaseEnd {
		for offset := range t.phaseLength(spec, over, phase) {
			if m, ok := t.memberAt(spec, over, phase, offset); ok {
				if before, touched := was[m]; before || !touched {
					out = append(out, m)
				}
			}
		}
	}
	for _, m := range changed {
		if was[m] && t.exists(m) && !t.isMember(g, m) {
			out = append(out, m)
		}
	}
	return out
}
