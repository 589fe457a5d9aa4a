package emulator

import (
	"net/http"
	"slices"
	"strings"
	"sync"

	"rollcall/graph/emulator/opath"
	"rollcall/graph/emulator/seed"
)

// recipient is an object of the directory as Exchange shows it.
type recipient struct {
	id, name, alias, displayName string
	address                      string // primary SMTP; "" when it has none
	addresses                    []string
	kind, details                string // RecipientType, RecipientTypeDetails
	firstName, lastName          string
	company, department, title   string
	office, city, state, country string
	inExchangeOnly               bool // Entra does not know it
}

// recipient describes a member; false for what is not a recipient at all, and
// for what is gone.
func (x *exchange) recipient(m seed.Member) (recipient, bool) {
	t := x.g.tenant
	switch m.Type {
	case seed.MemberUser:
		u, ok := t.User(m.Index)
		r := recipient{
			id: u.ID, name: u.ID, alias: u.MailNickname, displayName: u.DisplayName, address: u.Mail, addresses: u.ProxyAddresses,
			kind: "UserMailbox", details: "UserMailbox", firstName: u.GivenName, lastName: u.Surname, company: u.CompanyName,
			department: u.Department, title: u.JobTitle, office: u.OfficeLocation, city: u.City, state: u.State, country: u.Country,
		}
		switch {
		case u.Mail == "":
			r.kind, r.details = "User", "User"
		case u.UserType == "Guest":
			r.kind, r.details = "MailUser", "GuestMailUser"
		}
		return r, ok
	case seed.MemberContact:
		k, ok := t.Contact(m.Index)
		alias, _, _ := strings.Cut(k.Mail, "@")
		r := recipient{
			id: k.ID, name: k.ID, alias: alias, displayName: k.DisplayName, address: k.Mail, addresses: k.ProxyAddresses,
			kind: "MailContact", details: "MailContact", company: k.CompanyName, department: k.Department,
		}
		if k.Mail == "" {
			r.kind, r.details = "Contact", "Contact"
		}
		return r, ok
	case seed.MemberGroup:
		k, ok := t.Group(m.Index)
		r := recipient{id: k.ID, name: k.MailNickname, alias: k.MailNickname, displayName: k.DisplayName, address: k.Mail, addresses: k.ProxyAddresses}
		switch {
		case slices.Contains(k.GroupTypes, "Unified"):
			r.kind, r.details = "MailUniversalDistributionGroup", "GroupMailbox"
		case k.MailEnabled && k.SecurityEnabled:
			r.kind, r.details = "MailUniversalSecurityGroup", "MailUniversalSecurityGroup"
		case k.MailEnabled:
			r.kind, r.details = "MailUniversalDistributionGroup", "MailUniversalDistributionGroup"
		default:
			r.kind, r.details = "Group", "UniversalSecurityGroup"
		}
		return r, ok
	case seed.MemberDynamicList:
		lists := t.DynamicLists()
		if m.Index >= len(lists) {
			return recipient{}, false
		}
		l := lists[m.Index]
		alias, _, _ := strings.Cut(l.Mail, "@")
		return recipient{
			id: l.ID, name: alias, alias: alias, displayName: l.DisplayName, address: l.Mail, addresses: l.ProxyAddresses,
			kind: "DynamicDistributionGroup", details: "DynamicDistributionGroup", inExchangeOnly: true,
		}, true
	}
	return recipient{}, false
}

// exchangeID is the id that Exchange knows a recipient by, which is not the
// object id.
func (x *exchange) exchangeID(id string) string { return x.g.objectID("recipient", id) }

// recipientProperties are the columns of an answer, in the order they are
// written. The list is not documented: these are what Get-Recipient shows.
var recipientProperties = []struct {
	name string
	get  func(*exchange, *recipient) any
}{
	{"Guid", func(x *exchange, r *recipient) any { return x.exchangeID(r.id) }},
	{"Identity", func(_ *exchange, r *recipient) any { return r.name }},
	{"Name", func(_ *exchange, r *recipient) any { return r.name }},
	{"Alias", func(_ *exchange, r *recipient) any { return r.alias }},
	{"DisplayName", func(_ *exchange, r *recipient) any { return r.displayName }},
	{"PrimarySmtpAddress", func(_ *exchange, r *recipient) any { return r.address }},
	{"EmailAddresses", func(_ *exchange, r *recipient) any { return r.addresses }},
	{"RecipientType", func(_ *exchange, r *recipient) any { return r.kind }},
	{"RecipientTypeDetails", func(_ *exchange, r *recipient) any { return r.details }},
	{"ExternalDirectoryObjectId", func(_ *exchange, r *recipient) any {
		if r.inExchangeOnly {
			return ""
		}
		return r.id
	}},
	{"HiddenFromAddressListsEnabled", func(*exchange, *recipient) any { return false }},
	{"FirstName", func(_ *exchange, r *recipient) any { return r.firstName }},
	{"LastName", func(_ *exchange, r *recipient) any { return r.lastName }},
	{"Company", func(_ *exchange, r *recipient) any { return r.company }},
	{"Department", func(_ *exchange, r *recipient) any { return r.department }},
	{"Title", func(_ *exchange, r *recipient) any { return r.title }},
	{"Office", func(_ *exchange, r *recipient) any { return r.office }},
	{"City", func(_ *exchange, r *recipient) any { return r.city }},
	{"StateOrProvince", func(_ *exchange, r *recipient) any { return r.state }},
	{"CountryOrRegion", func(_ *exchange, r *recipient) any { return r.country }},
}

// recipientColumns reads $select: the columns to write; all without one.
func recipientColumns(selection string) ([]int, *graphError) {
	var columns []int
	if selection == "" {
		for i := range recipientProperties {
			columns = append(columns, i)
		}
		return columns, nil
	}
	for name := range strings.SplitSeq(selection, ",") {
		name = strings.TrimSpace(name)
		i := 0
		for i < len(recipientProperties) && !strings.EqualFold(recipientProperties[i].name, name) {
			i++
		}
		if i == len(recipientProperties) {
			return nil, refuse(http.StatusBadRequest, "BadRequest", "The query specified in the URI is not valid. Could not find a property named '"+name+"' on type 'Exchange.Recipient'.")
		}
		if !slices.Contains(columns, i) {
			columns = append(columns, i)
		}
	}
	return columns, nil
}

// append writes a recipient. A text that is not set is empty, as in PowerShell.
func (x *exchange) append(b []byte, r *recipient, columns []int) []byte {
	o := beginObject(b)
	for _, i := range columns {
		p := &recipientProperties[i]
		o.value(p.name, p.get(x, r))
	}
	return o.end()
}

// anyRecipient selects whatever has an address.
var anyRecipient = sync.OnceValue(func() *opath.Filter {
	f, err := opath.Compile("Alias -ne $null", opath.Online)
	if err != nil {
		panic(err) // unreachable: the text is ours
	}
	return f
})

// findDistribution finds distribution lists and mail-enabled security groups by
// address, by object id, by the id that Exchange knows them by, by alias or by
// display name. Two can have the same display name.
func (x *exchange) findDistribution(identity string) []int {
	t := x.g.tenant
	lists := func(i int) bool {
		g, ok := t.Group(i)
		return ok && g.MailEnabled && !slices.Contains(g.GroupTypes, "Unified")
	}
	i, ok := t.FindGroupByAddress(identity)
	if !ok {
		i, ok = t.FindGroup(identity)
	}
	if ok {
		if lists(i) {
			return []int{i}
		}
		return nil
	}
	var out []int
	for i := range t.Groups() {
		g, _ := t.Group(i)
		if lists(i) && (strings.EqualFold(g.DisplayName, identity) || strings.EqualFold(g.MailNickname, identity) || x.exchangeID(g.ID) == strings.ToLower(identity)) {
			out = append(out, i)
		}
	}
	return out
}
