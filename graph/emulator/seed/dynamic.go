package seed

import (
	"cmp"
	"iter"
	"strings"
)

// Dynamic lists, by number.
const (
	emeaAll = iota
	usMailboxes
	logisticsAll
)

// clause is one comparison of a recipient filter: the text and the same as a
// condition.
type clause struct {
	property, value string
	holds           func(traits) bool
}

// mailboxOnly is true of mailboxes. Guests are mail users.
var mailboxOnly = clause{"RecipientTypeDetails", "UserMailbox", func(tr traits) bool { return tr.mail && !tr.guest }}

// dynamicSpec is a dynamic distribution list and what its members are computed
// from.
type dynamicSpec struct {
	DynamicList
	code    string
	clauses []clause
}

func (s *dynamicSpec) selects(tr traits) bool {
	for _, c := range s.clauses {
		if !c.holds(tr) {
			return false
		}
	}
	return true
}

// opath writes clauses as Exchange prints a recipient filter.
func opath(clauses []clause) string {
	parts := make([]string, 0, len(clauses))
	for _, c := range clauses {
		parts = append(parts, "("+c.property+" -eq '"+strings.ReplaceAll(c.value, "'", "''")+"')")
	}
	return "(" + strings.Join(parts, " -and ") + ")"
}

func (t *Tenant) seedDynamicLists() []dynamicSpec {
	var lists []dynamicSpec
	add := func(number int, code, displayName string, c clause) {
		clauses := []clause{mailboxOnly, c}
		lists = append(lists, dynamicSpec{DynamicList: t.dynamicList(number, code, displayName, opath(clauses)), code: code, clauses: clauses})
	}
	add(emeaAll, "emea-all", "EMEA (all)", clause{
		"CustomAttribute3", emea.String(),
		func(tr traits) bool { return tr.region == emea },
	})
	add(usMailboxes, "us-mailboxes", "Mailboxes in the United States", clause{
		"CountryOrRegion", "United States",
		func(tr traits) bool { return tr.office != noOffice && t.offices[tr.office].country == "United States" },
	})
	add(logisticsAll, "logistics-all", "Contoso Logistics (all)", clause{
		"Company", companyNames[companyLogistics],
		func(tr traits) bool { return tr.company == companyLogistics },
	})
	return lists
}

func (t *Tenant) dynamicList(number int, code, displayName, filter string) DynamicList {
	mail := code + "@" + defaultDomain
	return DynamicList{
		Index: number, ID: t.key.objectID(domainDynamicList, number),
		DisplayName: displayName, Mail: mail,
		ProxyAddresses:  []string{"SMTP:" + mail, "smtp:" + code + "@" + initialDomain},
		RecipientFilter: filter,
	}
}

// addDynamicLists adds the custom lists behind the seeded ones.
func (t *Tenant) addDynamicLists(custom []CustomDynamicList) {
	for _, l := range custom {
		list := t.dynamicList(len(t.dynamicLists), l.Code, cmp.Or(l.DisplayName, l.Code), l.Filter)
		t.dynamicLists = append(t.dynamicLists, dynamicSpec{DynamicList: list, code: l.Code})
	}
}

// DynamicLists returns the dynamic distribution lists, by number.
func (t *Tenant) DynamicLists() []DynamicList {
	out := make([]DynamicList, 0, len(t.dynamicLists))
	for i := range t.dynamicLists {
		out = append(out, t.dynamicLists[i].DynamicList)
	}
	return out
}

// FindDynamicListByAddress finds a dynamic distribution list by any of its
// addresses, in any letter case.
func (t *Tenant) FindDynamicListByAddress(address string) (int, bool) {
	for i := range t.dynamicLists {
		for _, a := range addresses(t.dynamicLists[i].ProxyAddresses) {
			if strings.EqualFold(a, address) {
				return i, true
			}
		}
	}
	return 0, false
}

// DynamicMembers streams the users that a dynamic list's filter selects, in
// index order.
func (t *Tenant) DynamicMembers(list int) iter.Seq[Member] {
	return stream(func(position int64, n int) ([]Member, int64) { return t.DynamicMembersFrom(list, position, n) })
}

// DynamicMembersFrom reads at most n of them from a position, as MembersFrom
// does.
func (t *Tenant) DynamicMembersFrom(list int, position int64, n int) (members []Member, next int64) {
	if list < 0 || list >= len(t.dynamicLists) {
		return nil, -1
	}
	spec := &t.dynamicLists[list]
	t.mu.RLock()
	defer t.mu.RUnlock()
	for i := max(0, int(position)); i < t.slots(); i++ {
		if len(members) >= n {
			return members, int64(i)
		}
		if tr, ok := t.traitsOf(i); ok && spec.selects(tr) {
			members = append(members, Member{MemberUser, i})
		}
	}
	return members, -1
}
