package seed

import (
	"cmp"
	"strings"

	"rollcall/graph/emulator/opath"
)

// recipient shows Exchange's view of a user or a contact to a filter, one after
// the other. What the traits say is not looked up in the record, which costs
// ten times as much. The caller holds the lock.
type recipient struct {
	t       *Tenant
	tr      traits
	changed *User // nil: as seeded
	record  User  // of a seeded user, once it was needed
	loaded  bool
	partner *Contact // nil: a user
	card    Contact
}

// user turns to a user; false when there is none or it is no recipient: a user
// without an address is none.
func (r *recipient) user(i int) bool {
	var present bool
	if r.tr, present = r.t.traitsOf(i); !present || !r.tr.mail {
		return false
	}
	r.changed, r.loaded, r.partner = nil, false, nil
	if len(r.t.changed) > 0 {
		if c, ok := r.t.changed[i]; ok {
			r.changed = &c.User
		}
	}
	return true
}

// contact turns to a contact.
func (r *recipient) contact(i int) bool {
	r.card, _ = r.t.Contact(i)
	r.partner = &r.card
	return r.card.Mail != ""
}

// Value satisfies opath.Recipient.
func (r *recipient) Value(p opath.Property) string {
	if r.partner != nil {
		return contactValue(p, r.partner)
	}
	switch p {
	case opath.RecipientType, opath.RecipientTypeDetails:
		return userRecipientType(p, r.tr.guest)
	case opath.HiddenFromAddressListsEnabled:
		return "False"
	case opath.Manager:
		return r.manager()
	}
	if r.changed == nil && r.tr.index != serviceAccount {
		if v, ok := r.trait(p); ok {
			return v
		}
	}
	return r.t.userValue(p, r.load())
}

// Values satisfies opath.Recipient.
func (r *recipient) Values(p opath.Property) []string {
	switch {
	case p == opath.MemberOfGroup && r.partner != nil:
		_, i, _ := r.t.key.openID(r.partner.ID)
		return r.t.memberOfNames(Member{MemberContact, i})
	case p == opath.MemberOfGroup:
		return r.t.memberOfNames(Member{MemberUser, r.tr.index})
	case r.partner != nil:
		return r.partner.ProxyAddresses
	default:
		return r.load().ProxyAddresses
	}
}

func userRecipientType(p opath.Property, guest bool) string {
	switch {
	case !guest:
		return "UserMailbox"
	case p == opath.RecipientType:
		return "MailUser"
	default:
		return "GuestMailUser"
	}
}

// nowhere is the office of those who have none.
var nowhere office

// trait answers from the traits of a seeded user where they say all.
func (r *recipient) trait(p opath.Property) (string, bool) {
	tr := &r.tr
	o := &nowhere
	if tr.office != noOffice {
		o = &r.t.offices[tr.office]
	}
	switch p {
	case opath.Company:
		if tr.company != companyOther {
			return companyNames[tr.company], true
		}
	case opath.Department:
		if tr.department == noDepartment {
			return "", true
		}
		return r.t.departments[tr.department].name, true
	case opath.Office:
		return o.name, true
	case opath.StateOrProvince:
		return o.state, true
	case opath.CountryOrRegion:
		return r.t.countryCode(o.country), true
	case opath.CustomAttribute3:
		return tr.region.String(), true
	}
	return "", false
}

// load reads the user's record when it is needed first.
func (r *recipient) load() *User {
	if r.changed != nil {
		return r.changed
	}
	if !r.loaded {
		r.t.baseUser(&r.tr, &r.record)
		r.loaded = true
	}
	return &r.record
}

func (r *recipient) manager() string {
	i := 0
	if r.changed != nil {
		i = r.changed.Manager
	} else {
		i = r.t.baseManager(&r.tr)
	}
	if i == noManager {
		return ""
	}
	return distinguishedName(r.t.key.objectID(domainUser, i))
}

// distinguishedName is what Exchange Online calls a recipient, whose name is
// its object id.
func distinguishedName(id string) string {
	return "CN=" + id + ",OU=" + initialDomain + ",OU=Microsoft Exchange Hosted Organizations,DC=EURPR01A001,DC=PROD,DC=OUTLOOK,DC=COM"
}

// memberOfNames are the distinguished names of the groups with an address that
// an object is a direct member of.
func (t *Tenant) memberOfNames(m Member) []string {
	var out []string
	for g := range t.groups {
		if t.groups[g].MailEnabled && t.isMember(g, m) {
			out = append(out, distinguishedName(t.groups[g].ID))
		}
	}
	return out
}

// countryCode is the code of a country that an office is in; other names stand
// for themselves.
func (t *Tenant) countryCode(name string) string { return cmp.Or(t.countryCodes[name], name) }

// userValue gives a property of a user's record. The caller answers what is
// not in it.
func (t *Tenant) userValue(p opath.Property, u *User) string {
	switch p {
	case opath.Alias:
		return u.MailNickname
	case opath.City:
		return u.City
	case opath.Company:
		return u.CompanyName
	case opath.CountryOrRegion:
		return t.countryCode(u.Country)
	case opath.Department:
		return u.Department
	case opath.DisplayName:
		return u.DisplayName
	case opath.ExternalDirectoryObjectID, opath.Name:
		return u.ID
	case opath.Fax:
		return u.FaxNumber
	case opath.FirstName:
		return u.GivenName
	case opath.IsDirSynced:
		return flag(u.OnPremisesSyncEnabled)
	case opath.LastName:
		return u.Surname
	case opath.MobilePhone:
		return u.MobilePhone
	case opath.Office:
		return u.OfficeLocation
	case opath.Phone:
		return strings.Join(u.BusinessPhones[:min(1, len(u.BusinessPhones))], "")
	case opath.PostalCode:
		return u.PostalCode
	case opath.PrimarySMTPAddress, opath.WindowsEmailAddress:
		return u.Mail
	case opath.SKUAssigned:
		return flag(len(u.Licence.objects()) > 0)
	case opath.StateOrProvince:
		return u.State
	case opath.StreetAddress:
		return u.StreetAddress
	case opath.Title:
		return u.JobTitle
	case opath.UsageLocation:
		return u.UsageLocation
	case opath.UserPrincipalName:
		return u.UserPrincipalName
	}
	if p >= opath.CustomAttribute1 && p <= opath.CustomAttribute15 {
		return u.ExtensionAttributes[p-opath.CustomAttribute1]
	}
	return ""
}

func contactValue(p opath.Property, c *Contact) string {
	switch p {
	case opath.Alias:
		local, _, _ := strings.Cut(c.Mail, "@")
		return local
	case opath.Company:
		return c.CompanyName
	case opath.Department:
		return c.Department
	case opath.DisplayName:
		return c.DisplayName
	case opath.ExternalDirectoryObjectID, opath.Name:
		return c.ID
	case opath.HiddenFromAddressListsEnabled, opath.IsDirSynced, opath.SKUAssigned:
		return "False"
	case opath.PrimarySMTPAddress, opath.WindowsEmailAddress:
		return c.Mail
	case opath.RecipientType, opath.RecipientTypeDetails:
		return "MailContact"
	}
	return ""
}

func flag(b bool) string {
	if b {
		return "True"
	}
	return "False"
}
