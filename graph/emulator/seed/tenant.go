package seed

import (
	"math"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	defaultUsers = 2000
	defaultSeed  = 1

	defaultDomain    = "contoso.com"
	initialDomain    = "contoso.onmicrosoft.com"
	organizationName = "Contoso"

	// defaultTenantID is documented, so that scripts can name the demo tenant.
	defaultTenantID = "3f1d5a8e-9c27-4b60-8e4d-c0a7050c0de1"
)

// today is the day on which every seeded tenant stands, whatever the clock
// says: a directory that aged between two runs could not be compared.
var today = time.Date(2026, time.November, 2, 0, 0, 0, 0, time.UTC)

// Tenant is a directory computed from a seed. What it stores are the changes
// made to it since. All its methods are safe for concurrent use.
type Tenant struct {
	key      key
	users    int // seeded users; those hired later have larger indexes
	tenantID string

	nullCreated int // permille of the users of before unknownBefore
	imports     []massImport

	offices      []office
	officeAt     map[string]int // by code
	countryCodes map[string]string
	departments  []department
	deptCycle    cycle
	cultures     []culture
	cultCycle    cycle
	userNames    []nameSpace // by culture
	contactNames []nameSpace // by culture
	families     map[string]familyRef
	givens       []map[string]int // by culture: index of a given name
	hostile      map[int]hostileName
	employeeIDs  permutation
	sharedGuests []int // whose address a contact has too

	groups       []groupSpec
	groupAt      map[string]int // by lower-cased address
	dynamicLists []dynamicSpec
	dynamicAt    map[string]int // by lower-cased address

	byName     *Index[string]
	byCreation *Index[int64]

	mu          sync.RWMutex
	hired       int
	removed     map[int]removal
	changed     map[int]*changedUser
	byUPN       map[string]int // users whose name was changed, lower-cased
	byAddress   map[string]int // users whose addresses were changed, lower-cased
	memberships map[int]*membershipOverlay
	owners      map[int][]Member // of groups whose owners were changed
	governed    map[int]Group    // groups that somebody else keeps by now
	log         []Change
	memberLog   []MembershipChange
	now         func() time.Time // of memberLog
}

// New is Build for options that are known to be right; others make it panic.
func New(o Options) *Tenant {
	t, err := Build(o)
	if err != nil {
		panic(err)
	}
	return t
}

// Build returns the tenant of a seed. Equal options give equal tenants. Custom
// groups and dynamic lists that cannot be are a KindUsage error.
func Build(o Options) (*Tenant, error) {
	if o.Users <= 0 {
		o.Users = defaultUsers
	}
	if o.Seed == 0 {
		o.Seed = defaultSeed
	}
	t := &Tenant{
		key:         key(mix(o.Seed ^ 0x726f6c6c63616c6c)),
		users:       o.Users,
		nullCreated: int(math.Round(1000 * min(max(o.NullCreated, 0), 1))),
		imports:     massImports(),
		offices:     offices(),
		officeAt:    make(map[string]int),

		countryCodes: make(map[string]string),
		departments:  departments(),
		hostile:      hostileNames(),
		removed:      make(map[int]removal),
		changed:      make(map[int]*changedUser),
		byUPN:        make(map[string]int),
		byAddress:    make(map[string]int),
		memberships:  make(map[int]*membershipOverlay),
		owners:       make(map[int][]Member),
		governed:     make(map[int]Group),
		now:          o.Now,
	}
	if t.now == nil {
		t.now = time.Now
	}
	t.tenantID = t.key.objectID(domainTenant, o.Users)
	if o.Users == defaultUsers && o.Seed == defaultSeed {
		t.tenantID = defaultTenantID
	}
	for i, office := range t.offices {
		t.officeAt[office.code] = i
		t.countryCodes[office.country] = office.usageLocation
	}
	shares := make([]int, 0, len(t.departments))
	for _, d := range t.departments {
		shares = append(shares, d.share)
	}
	t.deptCycle = newCycle(t.key.derive(topicDepartmentCycle), shares)
	t.nameCultures()
	t.indexes()
	t.employeeIDs = newPermutation(t.key.derive(topicEmployeeIDs), employeeIDCount)
	t.sharedGuests = t.firstGuests(maxSharedGuests)
	err := t.addDynamicLists(slices.Concat(seededLists, o.DynamicLists))
	if err != nil {
		return nil, err
	}
	if t.groups, err = t.seedGroups(o.Groups); err != nil {
		return nil, err
	}
	t.groupAt, t.dynamicAt = make(map[string]int), make(map[string]int)
	for i, g := range t.groups {
		for _, address := range addresses(g.ProxyAddresses) {
			t.groupAt[address] = i
		}
	}
	for i := range t.dynamicLists {
		for _, address := range addresses(t.dynamicLists[i].ProxyAddresses) {
			t.dynamicAt[address] = i
		}
	}
	return t, nil
}

// TenantID is the tenant's id, a UUID.
func (t *Tenant) TenantID() string { return t.tenantID }

// DefaultDomain is the domain of the staff's addresses.
func (t *Tenant) DefaultDomain() string { return defaultDomain }

// InitialDomain is the domain that the tenant was created with.
func (t *Tenant) InitialDomain() string { return initialDomain }

// OrganizationName is the tenant's display name.
func (t *Tenant) OrganizationName() string { return organizationName }

// addresses returns the lower-cased SMTP addresses among proxy addresses.
func addresses(proxies []string) []string {
	var out []string
	for _, p := range proxies {
		const prefix = "smtp:"
		if len(p) > len(prefix) && strings.EqualFold(p[:len(prefix)], prefix) {
			out = append(out, strings.ToLower(p[len(prefix):]))
		}
	}
	return out
}
