package seed

import (
	"strings"
	"time"
)

// employeeIDCount is how many employee ids there are: seven digits.
const (
	employeeIDCount = 8_000_000
	firstEmployeeID = 1_000_000
)

var guestDomains = [...]string{
	"fabrikam.com", "northwindtraders.com", "adatum.com", "tailspintoys.com",
	"wideworldimporters.com", "litwareinc.com", "proseware.com", "woodgrovebank.com",
}

var guestCompanies = [...]string{
	"Fabrikam", "Northwind Traders", "A. Datum", "Tailspin Toys",
	"Wide World Importers", "Litware", "Proseware", "Woodgrove Bank",
}

// baseUser computes a user as seeded, without the manager.
func (t *Tenant) baseUser(tr *traits, u *User) {
	i := tr.index
	var s slab
	s.grow()
	*u = User{
		Index:           i,
		ID:              s.id(t.key.objectIDText(domainUser, i)),
		CreatedDateTime: t.created(tr),
		Manager:         noManager,
	}
	if i == serviceAccount {
		t.describeServiceAccount(u, tr, &s)
		return
	}
	p := t.person(i)
	s.name(u, tr, p)
	if tr.guest {
		s.describeGuest(u, tr, p)
	} else {
		t.describeMember(u, tr, p, &s)
	}
	if h, ok := t.hostile[i]; ok {
		u.DisplayName = h.displayName
		if h.jobTitle != "" {
			u.JobTitle = h.jobTitle
		}
	}
}

func (t *Tenant) describeServiceAccount(u *User, tr *traits, s *slab) {
	u.DisplayName, u.GivenName, u.Surname = "Rollcall Service", "Rollcall", "Service"
	u.UserPrincipalName = serviceAccountUPN
	u.Mail, u.MailNickname = u.UserPrincipalName, "rollcall"
	u.ProxyAddresses = s.list("SMTP:"+u.Mail, "smtp:rollcall@"+initialDomain)
	u.AccountEnabled, u.UserType = true, "Member"
	u.JobTitle, u.EmployeeType = "Service Account", "Service"
	u.EmployeeID = t.employeeID(serviceAccount, s)
	u.PasswordPolicies = "DisablePasswordExpiration"
	t.describePlace(u, tr)
	t.describeDepartment(u, tr)
}

// name sets what a person is called.
func (s *slab) name(u *User, tr *traits, p person) {
	native := p.culture.latin || tr.key.chance(topicNative, 550)
	u.GivenName, u.Surname = p.given.latin, p.family.latin
	if native {
		u.GivenName, u.Surname = p.given.native, p.family.native
	}
	if p.culture.latin && tr.key.chance(topicMiddle, 150) {
		const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
		at := tr.key.below(topicMiddleLetter, len(letters))
		u.DisplayName = s.join(u.GivenName, " ", letters[at:at+1], ". ", u.Surname)
		return
	}
	u.DisplayName = s.join(p.culture.inOrder(p.given, p.family, native))
}

// upn is the user principal name of anybody but the service account, and its
// part before the "@".
func (s *slab) upn(tr *traits, p person) (name, local string) {
	k := tr.key
	from := s.text.Len()
	domain := defaultDomain
	switch {
	case tr.guest:
		s.localPart(p, false)
		s.write("_", guestDomains[k.below(topicGuestDomain, len(guestDomains))], "#EXT#")
		domain = initialDomain
	case !tr.isLeader() && k.chance(topicInitialUPN, 40):
		domain = initialDomain
		fallthrough
	default: // a few still have their diacritics
		s.localPart(p, p.culture.latin && k.chance(topicNativeUPN, 12))
	}
	end := s.text.Len() - from
	s.write("@", domain)
	name = s.since(from)
	return name, name[:end]
}

// baseUPN is a user's name as seeded.
func (t *Tenant) baseUPN(i int) string {
	if i == serviceAccount {
		return serviceAccountUPN
	}
	tr := t.baseTraits(i)
	var s slab
	s.text.Grow(len("firstname.lastname99@") + len(initialDomain))
	name, _ := s.upn(&tr, t.person(i))
	return name
}

const serviceAccountUPN = "rollcall@" + defaultDomain

func (s *slab) describeGuest(u *User, tr *traits, p person) {
	k := tr.key
	at := k.below(topicGuestDomain, len(guestDomains))
	u.Mail = s.join(s.localPart(p, false), "@", guestDomains[at])
	u.UserPrincipalName, u.MailNickname = s.upn(tr, p)
	u.ProxyAddresses = s.list(s.join("SMTP:", u.Mail))
	u.OtherMails = s.list(u.Mail)
	u.UserType, u.AccountEnabled = "Guest", tr.enabled
	if !k.chance(topicGuestCompany, 250) {
		u.CompanyName = guestCompanies[at]
	}
	if k.chance(topicMobile, 200) {
		u.MobilePhone = s.numbered("+44 7700 900", k.below(topicPhone, 1000), 3)
	}
}

func (t *Tenant) describeMember(u *User, tr *traits, p person, s *slab) {
	k := tr.key
	u.UserPrincipalName, u.MailNickname = s.upn(tr, p)
	u.UserType, u.AccountEnabled = "Member", tr.enabled
	u.EmployeeID = t.employeeID(u.Index, s)
	u.EmployeeHireDate = today.Add(-time.Duration(hiredDaysAgo(k)) * day)
	if u.Index >= t.users {
		u.EmployeeHireDate = today
	}
	if tr.mail {
		s.describeMailbox(u, tr, p)
	}
	t.describeJob(u, tr)
	t.describePlace(u, tr)
	t.describeDepartment(u, tr)
	t.describePhones(u, tr, s)
	switch k.below(topicPassword, 20) {
	case 0:
		u.PasswordPolicies = "DisablePasswordExpiration"
	case 1, 2, 3:
		u.PasswordPolicies = "None"
	}
	if tr.onPremises {
		t.describeOnPremises(u, tr, p, s)
	}
	u.Licence = t.licence(tr)
	s.describeExtensions(u, tr)
	t.describeDirectoryExtensions(u, tr, s)
}

func (t *Tenant) employeeID(i int, s *slab) string {
	return s.numbered("", int(t.employeeIDs.apply(uint64(i)%employeeIDCount))+firstEmployeeID, 0)
}

func (s *slab) describeMailbox(u *User, tr *traits, p person) {
	k := tr.key
	local := s.localPart(p, false)
	mailbox := local
	if k.chance(topicCapitals, 40) {
		mailbox = titled(local)
	}
	u.Mail = s.join(mailbox, "@", defaultDomain)
	primary, initial := s.join("SMTP:", u.Mail), s.join("smtp:", local, "@", initialDomain)
	if k.chance(topicLegacyAddress, 100) {
		u.ProxyAddresses = s.list(primary, initial, s.join("smtp:e", u.EmployeeID, "@", defaultDomain))
	} else {
		u.ProxyAddresses = s.list(primary, initial)
	}
	u.IMAddresses = s.list(strings.ToLower(u.Mail))
	if k.chance(topicOtherMail, 80) {
		u.OtherMails = s.list(s.join(local, "@example.net"))
	}
}

func (t *Tenant) describeJob(u *User, tr *traits) {
	k := tr.key
	d := &t.departments[tr.branch]
	switch {
	case tr.index == chiefExecutive:
		u.JobTitle = "Chief Executive Officer"
	case tr.place == 0:
		u.JobTitle = d.head
	case t.deptCycle.number(tr.branch, tr.place*span+1)+firstNumbered >= t.users:
		u.JobTitle = k.pick(topicTitle, d.titles)
		if k.chance(topicNoTitle, 25) {
			u.JobTitle = ""
		}
	case tr.place <= span:
		u.JobTitle = d.director
	default:
		u.JobTitle = d.manager
	}
	u.EmployeeType = "Employee"
	if tr.contractor {
		u.EmployeeType = "Contractor"
	} else if u.JobTitle != "" && hiredDaysAgo(k) < 60 && !tr.isLeader() {
		u.EmployeeType = "Intern"
	}
	u.CompanyName = companyNames[tr.company]
}

// describePlace sets what follows from the office. It is used again when
// somebody moves.
func (t *Tenant) describePlace(u *User, tr *traits) {
	k := tr.key
	if tr.office == noOffice {
		u.UsageLocation, u.PreferredLanguage = "US", "en-US"
		return
	}
	o := &t.offices[tr.office]
	u.OfficeLocation, u.City, u.State, u.Country = o.name, o.city, o.state, o.country
	u.UsageLocation, u.PreferredLanguage = o.usageLocation, o.language
	u.PostalCode = o.postal
	u.StreetAddress = k.pick(topicStreet, o.streets)
	if k.chance(topicNoStreet, 100) {
		u.StreetAddress, u.PostalCode = "", ""
	}
	if k.chance(topicNoCity, 20) {
		u.City = ""
	}
	u.ExtensionAttributes[extRegion-1] = o.region.String()
}

// Extension attributes, by their number, as the company uses them.
const (
	extCostCentre  = 1
	extBuilding    = 2
	extRegion      = 3
	extVIP         = 5
	extBadge       = 7
	extContractEnd = 10
	extSAP         = 15
)

// describeDepartment sets what follows from the department.
func (t *Tenant) describeDepartment(u *User, tr *traits) {
	if tr.department == noDepartment {
		return
	}
	d := &t.departments[tr.department]
	u.Department = d.name
	if !tr.key.chance(topicCostCentre, 60) {
		u.ExtensionAttributes[extCostCentre-1] = d.costCentre
	}
}

func (t *Tenant) describePhones(u *User, tr *traits, s *slab) {
	k := tr.key
	if tr.office == noOffice {
		return
	}
	o := &t.offices[tr.office]
	number := func(topic uint64) int { return k.below(topicPhone+topic<<32, 10_000) }
	if k.chance(topicMobile, 620) {
		u.MobilePhone = s.numbered(o.mobile, number(topicMobile), 4)
	}
	if k.chance(topicBusinessPhone, 720) {
		u.BusinessPhones = s.list(s.numbered(o.landline, number(topicBusinessPhone), 4))
	}
	if k.chance(topicFax, 50) {
		u.FaxNumber = s.numbered(o.landline, number(topicFax), 4)
	}
}

func (t *Tenant) describeOnPremises(u *User, tr *traits, p person, s *slab) {
	u.OnPremisesSyncEnabled = true
	u.OnPremisesDN = s.join("CN=", p.given.latin, " ", p.family.latin, " ", u.EmployeeID,
		",OU=", t.departments[tr.branch].name, ",OU=Users,DC=contoso,DC=com")
	u.OnPremisesSID = s.numbered("S-1-5-21-1004336348-1177238915-682003330-", 1100+u.Index, 0)
}

func (s *slab) describeExtensions(u *User, tr *traits) {
	k := tr.key
	if k.chance(topicBuilding, 600) {
		building := s.numbered("B", 1+k.below(topicBuildingNumber, 4), 0)
		u.ExtensionAttributes[extBuilding-1] = s.numbered(building+"-F", k.below(topicFloor, 9), 0)
	}
	if tr.isLeader() || k.chance(topicVIP, 5) {
		u.ExtensionAttributes[extVIP-1] = "VIP"
	}
	if tr.onPremises {
		u.ExtensionAttributes[extBadge-1] = s.numbered("BADGE", u.Index, 6)
	}
	if tr.contractor {
		u.ExtensionAttributes[extContractEnd-1] = today.AddDate(0, 1+k.below(topicContractEnd, 18), 0).Format(time.DateOnly)
	}
	if k.chance(topicSAP, 300) {
		u.ExtensionAttributes[extSAP-1] = s.join("SAP", u.EmployeeID)
	}
}
