package seed

import (
	"iter"
	"slices"
	"strings"
	"time"

	"rollcall/graph/emulator/odata"
)

// ServicePlan is a service that a licence gives: its name as Graph tells it,
// and its id. Source: Entra documentation, "Product names and service plan
// identifiers for licensing"; the names of services as answers of Graph that
// were published have them.
type ServicePlan struct{ Service, ID string }

// AssignedPlan is a service plan of a user, an element of assignedPlans.
type AssignedPlan struct {
	*ServicePlan
	Status   Capability
	Assigned time.Time // in whole seconds
}

// Capability is the condition of an assigned plan, its capabilityStatus. Source:
// Graph documentation, assignedPlan resource type.
type Capability uint8

// The conditions that plans of the tenant are in.
const (
	Enabled Capability = iota
	Warning
	Suspended
	Deleted
)

var capabilityNames = [...]string{Enabled: "Enabled", Warning: "Warning", Suspended: "Suspended", Deleted: "Deleted"}

func (c Capability) String() string { return capabilityNames[c] }

// Product is what the company buys licences of.
type Product uint8

// The products.
const (
	NoProduct Product = iota
	Microsoft365E5
	Microsoft365E3
	Microsoft365F3
	BusinessPremium
)

// Licence is what a user's assigned plans follow from. The zero value gives
// none.
type Licence struct {
	Product  Product
	Status   Capability // of its plans
	Off      uint8      // the one of them, counted from 1, that was switched off; 0: none
	Former   Product    // whose plans were lost to Product
	Assigned time.Time  // the present product's first plan
}

// The service plans of the products.
var (
	exchangeEnterprise = &ServicePlan{"exchange", "efb87545-963c-4e0d-99df-69c6916d9eb0"}
	exchangeStandard   = &ServicePlan{"exchange", "9aaf7827-d63c-4b61-89c3-182f06f82e5c"}
	exchangeKiosk      = &ServicePlan{"exchange", "4a82b400-a79f-41a4-b4e2-e94f5787b113"}
	exchangeDefender   = &ServicePlan{"exchange", "f20fedf3-f3c3-43c3-8267-2bfdd51c0939"}
	sharePoint         = &ServicePlan{"SharePoint", "5dbe027f-2339-4123-9542-606e4d348a72"}
	sharePointStandard = &ServicePlan{"SharePoint", "c7699d2e-19aa-44de-8edf-1736da088ca1"}
	sharePointKiosk    = &ServicePlan{"SharePoint", "902b47e5-dcb2-4fdc-858b-c63a90a2bdb9"}
	teams              = &ServicePlan{"TeamspaceAPI", "57ff2da0-773e-42df-b2af-ffb7a2317929"}
	officeDesktop      = &ServicePlan{"MicrosoftOffice", "43de0ff5-c92c-492b-9116-175376d08c38"}
	officeBusiness     = &ServicePlan{"MicrosoftOffice", "094e7854-93fc-4d55-b2c0-3ab5369ebdc1"}
	officeMobile       = &ServicePlan{"MicrosoftOffice", "c63d4d19-e8cb-460e-b37c-4d6c34603745"}
	entraP1            = &ServicePlan{"AADPremiumService", "41781fb2-bc02-4b7c-bd55-b576c07bb09d"}
	entraP2            = &ServicePlan{"AADPremiumService", "eec0eb4f-6444-4f95-aba0-50c24d67f998"}
	multiFactor        = &ServicePlan{"MultiFactorService", "8a256a2b-b617-496d-b51b-e76466e88db0"}
	search             = &ServicePlan{"Bing", "94065c59-bc8e-4e8b-89e5-5138d471eaff"}
	phoneSystem        = &ServicePlan{"MicrosoftCommunicationsOnline", "4828c8ec-dc2e-4779-b502-87ac9ce28ab7"}
	meetings           = &ServicePlan{"MicrosoftCommunicationsOnline", "0feaeb32-d00e-4d66-bd5a-43b5b83db82c"}
	intune             = &ServicePlan{"SCO", "c1ec4a95-1f05-45b3-a911-aa3fa01094f5"}
	intuneBusiness     = &ServicePlan{"SCO", "8e9ff0ff-aa7a-4b20-83c1-2f636b600ac2"}
	rights             = &ServicePlan{"RMSOnline", "bea4c11e-220a-4e6d-8eb8-8ea15d019f90"}
	cloudApps          = &ServicePlan{"Adallom", "2e2ddb96-6af9-4b1d-a3f0-d6ecfd22edb2"}
	powerBI            = &ServicePlan{"PowerBI", "70d33638-9c74-4d01-bfd3-562de28bd4ba"}
	yammer             = &ServicePlan{"YammerEnterprise", "7547a3fe-08ee-4ccb-b430-5077c5041653"}
	planner            = &ServicePlan{"ProjectWorkManagement", "b737dad2-2f6c-4c65-90e3-ca563267e8b9"}
	shifts             = &ServicePlan{"Deskless", "8c7d2df8-86f0-4902-b2ed-a0458298f3b3"}
	formsE5            = &ServicePlan{"OfficeForms", "e212cbc7-0961-4c40-9825-01117710dcb1"}
	formsE3            = &ServicePlan{"OfficeForms", "2789c901-c14e-48ab-a76a-be334d9d793a"}
	formsE1            = &ServicePlan{"OfficeForms", "159f4cd6-e380-449f-a816-af1a9ef76344"}
	formsKiosk         = &ServicePlan{"OfficeForms", "f07046bd-2a3c-4b96-b0be-dea79d7cbfb8"}
)

// planned are the plans of each product, of which it has many more: those that
// rules and reports ask for.
var planned = [...][]*ServicePlan{
	Microsoft365E5: {
		exchangeEnterprise, exchangeDefender, sharePoint, teams, officeDesktop, entraP1, entraP2, multiFactor, search,
		phoneSystem, meetings, intune, rights, cloudApps, powerBI, yammer, planner, formsE5,
	},
	Microsoft365E3: {
		exchangeEnterprise, sharePoint, teams, officeDesktop, entraP1, multiFactor, search, meetings, intune, rights,
		yammer, planner, formsE3,
	},
	Microsoft365F3: {
		exchangeKiosk, sharePointKiosk, teams, officeMobile, entraP1, multiFactor, search, intune, shifts, yammer, formsKiosk,
	},
	BusinessPremium: {
		exchangeStandard, exchangeDefender, sharePointStandard, teams, officeBusiness, entraP1, multiFactor, search, meetings,
		intuneBusiness, rights, yammer, formsE1,
	},
}

// Plans yields the service plans of a licence, those that were lost last.
func (l *Licence) Plans() iter.Seq[AssignedPlan] {
	return func(yield func(AssignedPlan) bool) {
		present := planned[l.Product]
		for i, p := range present {
			status := l.Status
			if i+1 == int(l.Off) {
				status = Deleted
			}
			// A licence's plans are assigned one after the other.
			if !yield(AssignedPlan{p, status, l.Assigned.Add(time.Duration(i%4) * time.Second)}) {
				return
			}
		}
		for _, p := range planned[l.Former] {
			if !slices.Contains(present, p) && !yield(AssignedPlan{p, Deleted, l.Assigned}) {
				return
			}
		}
	}
}

// Property satisfies odata.Object.
func (p *AssignedPlan) Property(path string) (any, bool) {
	switch {
	case strings.EqualFold(path, "service"):
		return p.Service, true
	case strings.EqualFold(path, "servicePlanId"):
		return p.ID, true
	case strings.EqualFold(path, "capabilityStatus"):
		return p.Status.String(), true
	case strings.EqualFold(path, "assignedDateTime"):
		return p.Assigned, true
	}
	return nil, false
}

// objects are the plans as a filter sees them.
func (l *Licence) objects() []odata.Object {
	out := []odata.Object{}
	for p := range l.Plans() {
		out = append(out, &p)
	}
	return out
}

// licence is the licence of a member who has a mailbox; others have none.
func (t *Tenant) licence(tr *traits) Licence {
	if tr.guest || !tr.mail || tr.index == serviceAccount {
		return Licence{}
	}
	k := tr.key
	l := Licence{Product: product(tr)}
	if tr.index >= t.users {
		l.Assigned = t.created(tr)
	} else {
		ago := time.Duration(k.below(topicLicensed, min(hiredDaysAgo(k), licensedDays))) * day
		l.Assigned = today.Add(-ago - time.Duration(1+k.below(topicLicensedTime, 86_400))*time.Second)
	}
	switch c := k.below(topicCapability, 1000); {
	case !tr.enabled && c < 500: // taken away as the account was disabled
		l.Status = Deleted
	case !tr.enabled && c < 700:
		l.Status = Suspended
	case c >= 980: // it has run out
		l.Status = Warning
	}
	if k.chance(topicSwitchedOff, 120) {
		l.Off = uint8(1 + k.below(topicSwitchedOffPlan, len(planned[l.Product])))
	}
	if l.Product <= Microsoft365E3 && k.chance(topicFormerLicence, 60) {
		l.Former = l.Product + 1 // E5 after E3, E3 after F3
	}
	return l
}

// relicense gives a user who moves to another department what people have there.
func (u *User) relicense(tr *traits) {
	if next := product(tr); u.Licence.Product != NoProduct && u.Licence.Product != next {
		u.Licence = Licence{Product: next, Former: u.Licence.Product, Assigned: today}
	}
}

// licensedDays is for how long the company has had its present licences.
const licensedDays = 4 * 365

// product is what people of a kind have.
func product(tr *traits) Product {
	k := tr.key
	switch {
	case tr.isLeader():
		return Microsoft365E5
	case tr.company == companyStudios:
		return BusinessPremium
	case tr.contractor:
		return Microsoft365F3
	}
	e5, f3 := 100, 0
	switch tr.branch {
	case deptExecutive, deptLegal, deptIT:
		e5 = 900
	case deptFinance, deptHumanResources:
		e5 = 450
	case deptOperations:
		f3 = 650
	case deptSupport:
		f3 = 400
	}
	switch c := k.below(topicProduct, 1000); {
	case c < e5:
		return Microsoft365E5
	case c >= 1000-f3:
		return Microsoft365F3
	}
	return Microsoft365E3
}
