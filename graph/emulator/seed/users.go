package seed

import (
	"fmt"
	"strconv"
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
func (t *Tenant) baseUser(tr *traits) User {
	i := tr.index
	u := User{
		Index:   i,
		ID:      t.key.objectID(domainUser, i),
		Manager: noManager,
	}
	if i == serviceAccount {
		t.describeServiceAccount(&u, tr)
		return u
	}
	p := t.person(i)
	t.name(&u, tr, p)
	if tr.guest {
		t.describeGuest(&u, tr, p)
	} else {
		t.describeMember(&u, tr, p)
	}
	if h, ok := t.hostile[i]; ok {
		u.DisplayName = h.displayName
		if h.jobTitle != "" {
			u.JobTitle = h.jobTitle
		}
	}
	return u
}

func (t *Tenant) describeServiceAccount(u *User, tr *traits) {
	u.DisplayName, u.GivenName, u.Surname = "Rollcall Service", "Rollcall", "Service"
	u.UserPrincipalName = serviceAccountUPN
	u.Mail, u.MailNickname = u.UserPrincipalName, "rollcall"
	u.ProxyAddresses = []string{"SMTP:" + u.Mail, "smtp:rollcall@" + initialDomain}
	u.AccountEnabled, u.UserType = true, "Member"
	u.JobTitle, u.EmployeeType = "Service Account", "Service"
	u.EmployeeID = t.employeeID(serviceAccount)
	u.CreatedDateTime = today.AddDate(-2, 0, 0).Add(9 * time.Hour)
	u.PasswordPolicies = "DisablePasswordExpiration"
	t.describePlace(u, tr)
	t.describeDepartment(u, tr)
}

// name sets what a person is called.
func (t *Tenant) name(u *User, tr *traits, p person) {
	native := p.culture.latin || tr.key.chance(topicNative, 550)
	u.DisplayName = p.culture.displayName(p.given, p.family, native)
	u.GivenName, u.Surname = p.given.latin, p.family.latin
	if native {
		u.GivenName, u.Surname = p.given.native, p.family.native
	}
	if p.culture.latin && tr.key.chance(topicMiddle, 150) {
		initial := string(rune('A' + tr.key.below(topicMiddleLetter, 26)))
		u.DisplayName = u.GivenName + " " + initial + ". " + u.Surname
	}
}

// upn is the user principal name of anybody but the service account.
func (t *Tenant) upn(tr *traits, p person) string {
	k := tr.key
	switch {
	case tr.guest:
		return p.localPart(false) + "_" + guestDomains[k.below(topicGuestDomain, len(guestDomains))] + "#EXT#@" + initialDomain
	case !tr.isLeader() && k.chance(topicInitialUPN, 40):
		return t.alias(tr, p) + "@" + initialDomain
	default:
		return t.alias(tr, p) + "@" + defaultDomain
	}
}

// alias is the local part of a member's UPN. A few still have their diacritics.
func (t *Tenant) alias(tr *traits, p person) string {
	return p.localPart(p.culture.latin && tr.key.chance(topicNativeUPN, 12))
}

func (t *Tenant) baseUPN(i int) string {
	if i == serviceAccount {
		return serviceAccountUPN
	}
	tr := t.baseTraits(i)
	return t.upn(&tr, t.person(i))
}

const serviceAccountUPN = "rollcall@" + defaultDomain

func (t *Tenant) describeGuest(u *User, tr *traits, p person) {
	k := tr.key
	at := k.below(topicGuestDomain, len(guestDomains))
	u.Mail = p.localPart(false) + "@" + guestDomains[at]
	u.UserPrincipalName = t.upn(tr, p)
	u.MailNickname, _, _ = strings.Cut(u.UserPrincipalName, "@")
	u.ProxyAddresses = []string{"SMTP:" + u.Mail}
	u.OtherMails = []string{u.Mail}
	u.UserType, u.AccountEnabled = "Guest", tr.enabled
	u.CreatedDateTime = t.created(k)
	if !k.chance(topicGuestCompany, 250) {
		u.CompanyName = guestCompanies[at]
	}
	if k.chance(topicMobile, 200) {
		u.MobilePhone = "+44 7700 900" + fmt.Sprintf("%03d", k.below(topicPhone, 1000))
	}
}

func (t *Tenant) describeMember(u *User, tr *traits, p person) {
	k := tr.key
	u.UserPrincipalName = t.upn(tr, p)
	u.MailNickname = t.alias(tr, p)
	u.UserType, u.AccountEnabled = "Member", tr.enabled
	u.EmployeeID = t.employeeID(u.Index)
	u.EmployeeHireDate = today.AddDate(0, 0, -hiredDaysAgo(k))
	if u.Index >= t.users {
		u.EmployeeHireDate = today
	}
	u.CreatedDateTime = t.created(k)
	if tr.mail {
		t.describeMailbox(u, tr, p)
	}
	t.describeJob(u, tr)
	t.describePlace(u, tr)
	t.describeDepartment(u, tr)
	t.describePhones(u, tr)
	switch k.below(topicPassword, 20) {
	case 0:
		u.PasswordPolicies = "DisablePasswordExpiration"
	case 1, 2, 3:
		u.PasswordPolicies = "None"
	}
	if tr.onPremises {
		t.describeOnPremises(u, tr, p)
	}
	t.describeExtensions(u, tr)
}

func (t *Tenant) employeeID(i int) string {
	return strconv.Itoa(int(t.employeeIDs.apply(uint64(i)%employeeIDCount)) + firstEmployeeID)
}

// created is the time at which the account was made; zero for some of the
// oldest, of which the directory does not know it.
func (t *Tenant) created(k key) time.Time {
	days := hiredDaysAgo(k)
	if days > 3650 && k.chance(topicCreated, 100) {
		return time.Time{}
	}
	return today.AddDate(0, 0, 3-days).Add(time.Duration(k.below(topicHiredTime, 86_400)) * time.Second)
}

func (t *Tenant) describeMailbox(u *User, tr *traits, p person) {
	k := tr.key
	local := p.localPart(false)
	initial := local + "@" + initialDomain
	if k.chance(topicCapitals, 40) {
		local = titled(local)
	}
	u.Mail = local + "@" + defaultDomain
	u.ProxyAddresses = []string{"SMTP:" + u.Mail, "smtp:" + initial}
	if k.chance(topicLegacyAddress, 100) {
		u.ProxyAddresses = append(u.ProxyAddresses, "smtp:e"+u.EmployeeID+"@"+defaultDomain)
	}
	u.IMAddresses = []string{strings.ToLower(u.Mail)}
	if k.chance(topicOtherMail, 80) {
		u.OtherMails = []string{p.localPart(false) + "@example.net"}
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
		u.ExtensionAttributes[extCostCentre-1] = "CC-" + d.costCentre
	}
}

func (t *Tenant) describePhones(u *User, tr *traits) {
	k := tr.key
	if tr.office == noOffice {
		return
	}
	o := &t.offices[tr.office]
	number := func(topic uint64) string { return fmt.Sprintf(" %04d", k.below(topicPhone+topic<<32, 10_000)) }
	if k.chance(topicMobile, 620) {
		u.MobilePhone = o.mobile + number(topicMobile)
	}
	if k.chance(topicBusinessPhone, 720) {
		u.BusinessPhones = []string{o.landline + number(topicBusinessPhone)}
	}
	if k.chance(topicFax, 50) {
		u.FaxNumber = o.landline + number(topicFax)
	}
}

func (t *Tenant) describeOnPremises(u *User, tr *traits, p person) {
	u.OnPremisesSyncEnabled = true
	u.OnPremisesDN = "CN=" + p.given.latin + " " + p.family.latin + " " + u.EmployeeID +
		",OU=" + t.departments[tr.branch].name + ",OU=Users,DC=contoso,DC=com"
	u.OnPremisesSID = "S-1-5-21-1004336348-1177238915-682003330-" + strconv.Itoa(1100+u.Index)
}

func (t *Tenant) describeExtensions(u *User, tr *traits) {
	k := tr.key
	if k.chance(topicBuilding, 600) {
		u.ExtensionAttributes[extBuilding-1] = fmt.Sprintf("B%d-F%d", 1+k.below(topicBuildingNumber, 4), k.below(topicFloor, 9))
	}
	if tr.isLeader() || k.chance(topicVIP, 5) {
		u.ExtensionAttributes[extVIP-1] = "VIP"
	}
	if tr.onPremises {
		u.ExtensionAttributes[extBadge-1] = fmt.Sprintf("BADGE%06d", u.Index)
	}
	if tr.contractor {
		u.ExtensionAttributes[extContractEnd-1] = today.AddDate(0, 1+k.below(topicContractEnd, 18), 0).Format(time.DateOnly)
	}
	if k.chance(topicSAP, 300) {
		u.ExtensionAttributes[extSAP-1] = "SAP" + u.EmployeeID
	}
}
