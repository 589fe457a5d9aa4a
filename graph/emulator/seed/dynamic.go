package seed

import (
	"cmp"
	"iter"
	"strings"

	"rollcall/graph/emulator/opath"
)

// Dynamic lists, by number.
const (
	emeaAll = iota
	usMailboxes
	logisticsAll
)

// seededLists are the dynamic lists that documentation and scripts rely on.
// Guests are mail users: these filters leave them out.
var seededLists = []CustomDynamicList{
	emeaAll:      {"emea-all", "EMEA (all)", `((RecipientTypeDetails -eq 'UserMailbox') -and (CustomAttribute3 -eq 'EMEA'))`},
	usMailboxes:  {"us-mailboxes", "Mailboxes in the United States", `((RecipientTypeDetails -eq 'UserMailbox') -and (CountryOrRegion -eq 'US'))`},
	logisticsAll: {"logistics-all", "Contoso Logistics (all)", `((RecipientTypeDetails -eq 'UserMailbox') -and (Company -eq 'Contoso Logistics'))`},
}

// dynamicSpec is a dynamic distribution list and what its members are computed
// from.
type dynamicSpec struct {
	DynamicList
	code   string
	filter *opath.Filter
}

// addDynamicLists adds lists behind those that are there.
func (t *Tenant) addDynamicLists(lists []CustomDynamicList) error {
	for _, l := range lists {
		filter, err := opath.Compile(l.Filter, opath.Online)
		if err != nil {
			return badOption("the dynamic list %q: %w", l.Code, err)
		}
		number := len(t.dynamicLists)
		mail := l.Code + "@" + defaultDomain
		t.dynamicLists = append(t.dynamicLists, dynamicSpec{
			DynamicList: DynamicList{
				Index: number, ID: t.key.objectID(domainDynamicList, number),
				DisplayName: cmp.Or(l.DisplayName, l.Code), Mail: mail,
				ProxyAddresses:  []string{"SMTP:" + mail, "smtp:" + l.Code + "@" + initialDomain},
				RecipientFilter: l.Filter,
			},
			code: l.Code, filter: filter,
		})
	}
	return nil
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
	i, ok := t.dynamicAt[strings.ToLower(address)]
	return i, ok
}

// DynamicMembers streams the recipients that a dynamic list's filter selects:
// users in index order, then contacts.
func (t *Tenant) DynamicMembers(list int) iter.Seq[Member] {
	return stream(func(position int64, n int) ([]Member, int64) { return t.DynamicMembersFrom(list, position, n) })
}

// DynamicMembersFrom reads at most n of them from a position, as MembersFrom
// does.
func (t *Tenant) DynamicMembersFrom(list int, position int64, n int) (members []Member, next int64) {
	if list < 0 || list >= len(t.dynamicLists) {
		return nil, -1
	}
	return t.SelectFrom(t.dynamicLists[list].filter, position, n)
}

// SelectFrom reads at most n of the recipients that a filter selects, in the
// order of DynamicMembers, from a position as MembersFrom does.
func (t *Tenant) SelectFrom(filter *opath.Filter, position int64, n int) (members []Member, next int64) {
	if position < 0 {
		return nil, -1
	}
	r := &recipient{t: t}
	t.mu.RLock()
	defer t.mu.RUnlock()
	// Users stand where a group has its fixed members.
	phase, i := int(position>>phaseShift), int(position&(1<<phaseShift-1))
	for ; phase <= phaseContacts; phase, i = phase+1, 0 {
		kind, end, load := MemberUser, t.slots(), r.user
		if phase == phaseContacts {
			kind, end, load = MemberContact, t.Contacts(), r.contact
		}
		for ; i < end; i++ {
			if len(members) >= n {
				return members, int64(phase)<<phaseShift | int64(i)
			}
			if load(i) && filter.Match(r) {
				members = append(members, Member{kind, i})
			}
		}
	}
	return members, -1
}
