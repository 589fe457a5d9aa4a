package seed

// Topics keep the facts about one object independent of each other.
const (
	topicDepartmentCycle uint64 = iota + 1
	topicCultureCycle
	topicUserNames
	topicContactNames
	topicEmployeeIDs
	topicUser
	topicContact
	topicDevice
	topicGroup

	topicGuest
	topicGuestDomain
	topicGuestCompany
	topicDisabled
	topicNoMail
	topicNoDepartment
	topicNoOffice
	topicAway
	topicOffice
	topicCompany
	topicNative
	topicMiddle
	topicMiddleLetter
	topicHired
	topicHiredTime
	topicOnPremises
	topicContract
	topicTitle
	topicNoTitle
	topicInitialUPN
	topicNativeUPN
	topicCapitals
	topicLegacyAddress
	topicOtherMail
	topicMobile
	topicPhone
	topicBusinessPhone
	topicFax
	topicStreet
	topicNoStreet
	topicNoCity
	topicPassword
	topicCreated
	topicCostCentre
	topicBuilding
	topicBuildingNumber
	topicFloor
	topicVIP
	topicContractEnd
	topicSAP
	topicSpare // groups choose their members by this and by the numbers above it
)

// Topics of facts that were added later stand far above those that groups
// choose by: the older facts stay as they were.
const (
	topicImport uint64 = 1<<20 + iota*16 // one for each mass import
	topicLead
	topicSiteCode
	topicWorkerType
	topicParkingPermit
	topicParkingNumber
	topicProduct
	topicLicensed
	topicLicensedTime
	topicCapability
	topicSwitchedOff
	topicSwitchedOffPlan
	topicFormerLicence
)

// The companies that people work for.
const (
	companyMain = iota
	companyLogistics
	companyStudios
	companyOther // of guests, and of companies made up since
)

var companyNames = [...]string{companyMain: "Contoso", companyLogistics: "Contoso Logistics", companyStudios: "Fourth Coffee Studios"}

// traits are what group membership is computed from: cheap enough to be
// computed a million times for one listing.
type traits struct {
	index      int
	key        key // of the user's facts
	branch     int // department whose tree the user stands in, though the attribute may be null
	place      int // in that tree, which is a heap of width span: 0 is its head
	department int // noDepartment when null
	office     int // -1 when null
	region     region
	company    int
	guest      bool
	enabled    bool
	mail       bool
	onPremises bool
	contractor bool
}

const noOffice = -1

// The first users are no numbered part of a department.
const (
	serviceAccount = 0
	chiefExecutive = 1
	firstNumbered  = 2
)

// isLeader reports whether the user heads the company or a branch of it.
func (tr *traits) isLeader() bool { return tr.index <= chiefExecutive || tr.place == 0 }

// kin computes the traits that say when an account was made: its place in the
// company, and whether it is a guest's.
func (t *Tenant) kin(i int) traits {
	tr := traits{index: i, key: t.key.derive(topicUser).derive(uint64(i))}
	switch i {
	case serviceAccount:
		tr.branch, tr.place = deptIT, -1
	case chiefExecutive:
		tr.branch, tr.place = deptExecutive, -1
	default:
		tr.branch, tr.place = t.deptCycle.locate(i - firstNumbered)
		tr.guest = !tr.isLeader() && tr.key.chance(topicGuest, 60)
	}
	return tr
}

// baseTraits computes a user's traits as seeded.
func (t *Tenant) baseTraits(i int) traits {
	tr := t.kin(i)
	k := tr.key
	tr.enabled, tr.mail = true, true
	tr.department = tr.branch
	switch i {
	case serviceAccount:
		tr.office = t.officeAt["dublin"]
		tr.region = t.offices[tr.office].region
		return tr
	case chiefExecutive:
		tr.office = t.officeAt["newyork"]
		tr.region = t.offices[tr.office].region
		return tr
	}
	leader := tr.isLeader()
	if tr.guest {
		tr.department, tr.office, tr.company = noDepartment, noOffice, companyOther
		tr.enabled = !k.chance(topicDisabled, 20)
		return tr
	}
	tr.office = t.homeOffice(i, k)
	switch c := k.below(topicCompany, 100); {
	case tr.branch == deptOperations && c < 40, c < 6:
		tr.company = companyLogistics
	case c >= 95:
		tr.company = companyStudios
	}
	if !leader {
		tr.enabled = !k.chance(topicDisabled, 42)
		tr.mail = !k.chance(topicNoMail, 32)
		tr.contractor = k.chance(topicContract, 70)
		if k.chance(topicNoDepartment, 10) {
			tr.department = noDepartment
		}
		if k.chance(topicNoOffice, 15) {
			tr.office = noOffice
		}
	}
	if tr.office != noOffice {
		tr.region = t.offices[tr.office].region
	}
	tr.onPremises = k.below(topicOnPremises, 100) < 60 && hiredDaysAgo(k) > onPremisesDays
	return tr
}

// homeOffice is an office of the user's culture, or for some any other.
func (t *Tenant) homeOffice(i int, k key) int {
	if k.chance(topicAway, 150) {
		return k.below(topicOffice, len(t.offices))
	}
	cult, _ := t.cultCycle.locate(i)
	homes := t.cultures[cult].homes
	return homes[k.below(topicOffice, len(homes))]
}

// onPremisesDays is how long ago the company stopped to create accounts in its
// own Active Directory.
const onPremisesDays = 5 * 365

// hiredDaysAgo favours the recent: half of the people came within seven years.
func hiredDaysAgo(k key) int {
	const longest = 10_500
	d := k.below(topicHired, longest)
	return 20 + d*d/longest
}

// traitsOf returns the present traits of a user; false when removed. The
// caller holds the lock.
func (t *Tenant) traitsOf(i int) (traits, bool) {
	if len(t.removed) > 0 {
		if _, gone := t.removed[i]; gone {
			return traits{}, false
		}
	}
	if len(t.changed) > 0 {
		if c, ok := t.changed[i]; ok {
			return c.traits, true
		}
	}
	return t.baseTraits(i), true
}
