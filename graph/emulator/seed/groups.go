package seed

import (
	"slices"
	"strings"
	"time"
)

// groupSpec is a group and what its members are computed from.
type groupSpec struct {
	Group
	nested       []string // codes of groups inside
	dynamic      []int    // dynamic lists inside
	fixed        []Member // the same in order, then other single members
	sorted       []Member // fixed, ordered by compareMembers
	everyContact bool
	where        func(traits) bool // of users; nil: none
	owners       []Member
	noGuests     bool

	// follows says that the users are those who pass now: a dynamic group, or
	// a list that the personnel system keeps. Otherwise somebody assigned the
	// members once, and a user who moves stays.
	follows bool
}

// Groups is the number of groups.
func (t *Tenant) Groups() int { return len(t.groups) }

// Group returns a group; false when there is none of that number. Its slices
// must not be changed.
func (t *Tenant) Group(i int) (Group, bool) {
	if i < 0 || i >= len(t.groups) {
		return Group{}, false
	}
	t.mu.RLock()
	defer t.mu.RUnlock()
	if g, ok := t.governed[i]; ok {
		return g, true
	}
	return t.groups[i].Group, true
}

// TakesGuests reports whether guests may be members of a group.
func (t *Tenant) TakesGuests(g int) bool { return g >= 0 && g < len(t.groups) && !t.groups[g].noGuests }

// SetRule gives a group dynamic membership with a rule, or assigned membership
// where the rule is empty; false when there is no such group. Its members stay:
// nothing evaluates the rule.
func (t *Tenant) SetRule(g int, rule string) bool {
	return t.govern(g, func(grp *Group) {
		const dynamic = "DynamicMembership"
		grp.GroupTypes = slices.DeleteFunc(slices.Clone(grp.GroupTypes), func(kind string) bool { return kind == dynamic })
		if grp.MembershipRule = rule; rule != "" {
			grp.GroupTypes = append(grp.GroupTypes, dynamic)
		}
	})
}

// SetSynced makes a group one that is synchronised from on premises, or one
// that no longer is; false when there is no such group.
func (t *Tenant) SetSynced(g int, synced bool) bool {
	return t.govern(g, func(grp *Group) { grp.OnPremisesSyncEnabled = &synced })
}

func (t *Tenant) govern(g int, change func(*Group)) bool {
	if g < 0 || g >= len(t.groups) {
		return false
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	grp, ok := t.governed[g]
	if !ok {
		grp = t.groups[g].Group
	}
	change(&grp)
	t.governed[g] = grp
	return true
}

// FindGroup finds a group by object id.
func (t *Tenant) FindGroup(id string) (int, bool) {
	d, i, ok := t.key.openID(id)
	return i, ok && d == domainGroup && i < len(t.groups)
}

// FindGroupByAddress finds a group by its primary or any secondary address, in
// any letter case.
func (t *Tenant) FindGroupByAddress(address string) (int, bool) {
	i, ok := t.groupAt[strings.ToLower(address)]
	return i, ok
}

// groupBuilder collects the groups of a tenant. A group's code is the local
// part of its address or its display name, and what others nest it by.
type groupBuilder struct {
	t         *Tenant
	specs     []groupSpec
	at        map[string]int
	dynamicAt map[string]int  // dynamic lists by code
	codes     map[string]bool // lower-cased local parts that are taken
}

func (b *groupBuilder) add(code string, s groupSpec) *groupSpec {
	b.at[code] = len(b.specs)
	s.Index = len(b.specs)
	s.ID = b.t.key.objectID(domainGroup, s.Index)
	s.MailNickname = code
	if s.MailEnabled {
		s.Mail = code + "@" + defaultDomain
		s.ProxyAddresses = []string{"SMTP:" + s.Mail, "smtp:" + code + "@" + initialDomain}
	}
	k := b.t.key.derive(topicGroup).derive(uint64(s.Index))
	s.CreatedDateTime = today.AddDate(0, 0, -30-k.below(topicCreated, 3000)).Add(time.Duration(k.below(topicHiredTime, 86_400)) * time.Second)
	b.specs = append(b.specs, s)
	return &b.specs[s.Index]
}

// list adds a distribution list.
func (b *groupBuilder) list(code, displayName, description string, s groupSpec) *groupSpec {
	s.DisplayName, s.Description = displayName, description
	s.MailEnabled = true
	return b.add(code, s)
}

// security adds a security group that is called by its code.
func (b *groupBuilder) security(code, description string, s groupSpec) *groupSpec {
	s.DisplayName, s.Description = code, description
	s.SecurityEnabled = true
	return b.add(code, s)
}

// unified adds a Microsoft 365 group.
func (b *groupBuilder) unified(code, displayName, description string, s groupSpec) *groupSpec {
	s.DisplayName, s.Description = displayName, description
	s.MailEnabled = true
	s.GroupTypes = append([]string{"Unified"}, s.GroupTypes...)
	if s.Visibility == "" {
		s.Visibility = "Private"
	}
	return b.add(code, s)
}

// alias gives a group further addresses.
func (s *groupSpec) alias(locals ...string) {
	for _, l := range locals {
		s.ProxyAddresses = append(s.ProxyAddresses, "smtp:"+l+"@"+defaultDomain)
	}
}

// finish resolves the nesting.
func (b *groupBuilder) finish() []groupSpec {
	for i := range b.specs {
		s := &b.specs[i]
		var inside []Member
		for _, code := range s.nested {
			inside = append(inside, Member{MemberGroup, b.at[code]})
		}
		for _, d := range s.dynamic {
			inside = append(inside, Member{MemberDynamicList, d})
		}
		s.fixed = distinct(append(inside, s.fixed...))
		s.sorted = slices.SortedFunc(slices.Values(s.fixed), compareMembers)
	}
	return b.specs
}

// Conditions that groups are made from. Those on seeded facts (heads, managers,
// some) do not change when a user does.

func inDepartments(which ...int) func(traits) bool {
	return func(tr traits) bool { return !tr.guest && slices.Contains(which, tr.department) }
}

func inOffice(office int) func(traits) bool {
	return func(tr traits) bool { return !tr.guest && tr.office == office }
}

// some is true for permille of 1,000 users; different numbers pick differently.
func some(number uint64, permille int) func(traits) bool {
	return func(tr traits) bool { return tr.key.chance(topicSpare+number, permille) }
}

func both(a, b func(traits) bool) func(traits) bool {
	return func(tr traits) bool { return a(tr) && b(tr) }
}

func either(a, b func(traits) bool) func(traits) bool {
	return func(tr traits) bool { return a(tr) || b(tr) }
}

func not(a func(traits) bool) func(traits) bool {
	return func(tr traits) bool { return !a(tr) }
}

func isGuest(tr traits) bool      { return tr.guest }
func isMember(tr traits) bool     { return !tr.guest }
func isEnabled(tr traits) bool    { return tr.enabled }
func isContractor(tr traits) bool { return tr.contractor }
func isOnPremises(tr traits) bool { return tr.onPremises }
func hasNoOffice(tr traits) bool  { return !tr.guest && tr.office == noOffice }

// isExecutive is true for the heads of the branches and of the company.
func isExecutive(tr traits) bool {
	return tr.index == chiefExecutive || tr.index >= firstNumbered && tr.place == 0
}

func isDirector(tr traits) bool {
	return !tr.guest && tr.place >= 1 && tr.place <= span
}
