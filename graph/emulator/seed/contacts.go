package seed

import (
	"fmt"
	"slices"
	"strings"
)

var contactDomains = [...]string{
	"relecloud.com", "trey-research.net", "alpineskihouse.com", "blueyonderairlines.com",
	"margiestravel.com", "cohowinery.com", "lucernepublishing.com", "graphicdesigninstitute.com",
}

var contactCompanies = [...]string{
	"Relecloud", "Trey Research", "Alpine Ski House", "Blue Yonder Airlines",
	"Margie's Travel", "Coho Winery", "Lucerne Publishing", "Graphic Design Institute",
}

const (
	maxSharedGuests    = 64
	sharedContactEvery = 10 // every tenth contact is a guest, too
	hostileContact     = 5
	addresslessContact = 7
)

// Contacts is the number of mail contacts.
func (t *Tenant) Contacts() int { return 40 + t.users/50 }

// Contact returns a mail contact; false when there is none of that number.
func (t *Tenant) Contact(i int) (Contact, bool) {
	if i < 0 || i >= t.Contacts() {
		return Contact{}, false
	}
	k := t.key.derive(topicContact).derive(uint64(i))
	p := t.personOf(t.contactNames, i)
	at := k.below(topicGuestDomain, len(contactDomains))
	c := Contact{
		ID:          t.key.objectID(domainContact, i),
		DisplayName: p.given.latin + " " + p.family.latin,
		Mail:        p.localPart(false) + "@" + contactDomains[at],
		CompanyName: contactCompanies[at],
	}
	if guest, ok := t.sharedGuest(i); ok {
		tr := t.baseTraits(guest)
		var u User
		t.baseUser(&tr, &u)
		c.DisplayName, c.Mail, c.CompanyName = u.DisplayName, u.Mail, u.CompanyName
	}
	switch {
	case i == hostileContact:
		c.DisplayName = "=cmd|' /C calc'!A0 \x1b[31m" + c.DisplayName
	case i == addresslessContact:
		c.Mail = ""
	case k.chance(topicNoDepartment, 700):
		c.Department = "Partner Management"
	}
	if c.Mail != "" {
		c.ProxyAddresses = []string{"SMTP:" + c.Mail}
	}
	return c, true
}

// sharedGuest is the guest whose address a contact has.
func (t *Tenant) sharedGuest(contact int) (int, bool) {
	nth := contact / sharedContactEvery
	if contact%sharedContactEvery != sharedContactEvery-1 || nth >= len(t.sharedGuests) {
		return 0, false
	}
	return t.sharedGuests[nth], true
}

// firstGuests finds the guests with the smallest indexes, at most n.
func (t *Tenant) firstGuests(n int) []int {
	var out []int
	for i := firstNumbered; i < t.users && len(out) < n; i++ {
		if t.baseTraits(i).guest {
			out = append(out, i)
		}
	}
	return out
}

// FindContact finds a contact by object id.
func (t *Tenant) FindContact(id string) (int, bool) {
	d, i, ok := t.key.openID(id)
	return i, ok && d == domainContact && i < t.Contacts()
}

// FindContactByAddress finds a contact by its address, in any letter case.
func (t *Tenant) FindContactByAddress(address string) (int, bool) {
	address = strings.ToLower(address)
	local, _, ok := strings.Cut(address, "@")
	if !ok {
		return 0, false
	}
	var candidates []int
	if i, ok := t.numberOf(t.contactNames, local); ok {
		candidates = append(candidates, i)
	}
	if guest, ok := t.candidate(address); ok {
		if nth, ok := slices.BinarySearch(t.sharedGuests, guest); ok {
			candidates = append(candidates, nth*sharedContactEvery+sharedContactEvery-1)
		}
	}
	for _, i := range candidates {
		if c, ok := t.Contact(i); ok && strings.EqualFold(c.Mail, address) {
			return i, true
		}
	}
	return 0, false
}

// Devices is the number of registered devices.
func (t *Tenant) Devices() int { return 60 + t.users/25 }

// Device returns a device; false when there is none of that number.
func (t *Tenant) Device(i int) (Device, bool) {
	if i < 0 || i >= t.Devices() {
		return Device{}, false
	}
	k := t.key.derive(topicDevice).derive(uint64(i))
	systems := [...]string{"Windows", "Windows", "Windows", "MacMDM", "iOS", "Android"}
	return Device{
		Index:           i,
		ID:              t.key.objectID(domainDevice, i),
		DeviceID:        t.key.objectID(domainDeviceID, i),
		DisplayName:     fmt.Sprintf("CONTOSO-%06X", k.roll(topicPhone)>>40),
		OperatingSystem: systems[k.below(topicTitle, len(systems))],
		AccountEnabled:  !k.chance(topicDisabled, 50),
	}, true
}

// FindDevice finds a device by object id.
func (t *Tenant) FindDevice(id string) (int, bool) {
	d, i, ok := t.key.openID(id)
	return i, ok && d == domainDevice && i < t.Devices()
}

// The application ids of Microsoft's own services are the same in every tenant.
// Source: Microsoft, "Verify first-party Microsoft applications in sign-in reports".
const (
	graphAppID    = "00000003-0000-0000-c000-000000000000"
	exchangeAppID = "00000002-0000-0ff1-ce00-000000000000"
)

var servicePrincipals = [...]ServicePrincipal{
	{DisplayName: "Rollcall", AppRoleAssignmentRequired: true},
	{DisplayName: "Microsoft Graph", AppID: graphAppID},
	{DisplayName: "Office 365 Exchange Online", AppID: exchangeAppID},
	{DisplayName: "Backup Automation"},
	{DisplayName: "HR Connector", AppRoleAssignmentRequired: true},
	{DisplayName: "Ticketing"},
	{DisplayName: "Payroll Export"},
}

// ServicePrincipals is the number of enterprise applications.
func (t *Tenant) ServicePrincipals() int { return len(servicePrincipals) }

// ServicePrincipal returns an enterprise application; number 0 is rollcall's
// own. False when there is none of that number.
func (t *Tenant) ServicePrincipal(i int) (ServicePrincipal, bool) {
	if i < 0 || i >= len(servicePrincipals) {
		return ServicePrincipal{}, false
	}
	s := servicePrincipals[i]
	s.Index, s.AccountEnabled = i, true
	s.ID = t.key.objectID(domainServicePrincipal, i)
	if s.AppID == "" {
		s.AppID = t.key.objectID(domainAppID, i)
	}
	return s, true
}

// FindServicePrincipal finds an enterprise application by object id.
func (t *Tenant) FindServicePrincipal(id string) (int, bool) {
	d, i, ok := t.key.openID(id)
	return i, ok && d == domainServicePrincipal && i < len(servicePrincipals)
}

// FindServicePrincipalByAppID finds an enterprise application by application
// (client) id.
func (t *Tenant) FindServicePrincipalByAppID(app string) (int, bool) {
	for i := range servicePrincipals {
		if s, _ := t.ServicePrincipal(i); strings.EqualFold(s.AppID, app) {
			return i, true
		}
	}
	return 0, false
}
