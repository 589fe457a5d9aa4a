package seed

import "iter"

func unwritten() { panic("unwritten") }

// Tenant is a directory. All its methods are safe for concurrent use.
type Tenant struct{}

func New(o Options) *Tenant { unwritten(); return nil }

func (t *Tenant) TenantID() string         { unwritten(); return "" }
func (t *Tenant) DefaultDomain() string    { unwritten(); return "" }
func (t *Tenant) InitialDomain() string    { unwritten(); return "" }
func (t *Tenant) OrganizationName() string { unwritten(); return "" }

// Account is the index of the signed-in service account.
func (t *Tenant) Account() int { return 0 }

// UserSlots is the index space, removed and hired users included.
func (t *Tenant) UserSlots() int                             { unwritten(); return 0 }
func (t *Tenant) UserCount() int                             { unwritten(); return 0 }
func (t *Tenant) User(i int) (User, bool)                    { unwritten(); return User{}, false }
func (t *Tenant) UserID(i int) string                        { unwritten(); return "" } // also of removed users
func (t *Tenant) FindUser(id string) (int, bool)             { unwritten(); return 0, false }
func (t *Tenant) FindUserByUPN(upn string) (int, bool)       { unwritten(); return 0, false }
func (t *Tenant) FindUserByAddress(addr string) (int, bool)  { unwritten(); return 0, false }
func (t *Tenant) DirectReports(i int) []int                  { unwritten(); return nil }
func (t *Tenant) Groups() int                                { unwritten(); return 0 }
func (t *Tenant) Group(i int) (Group, bool)                  { unwritten(); return Group{}, false }
func (t *Tenant) FindGroup(id string) (int, bool)            { unwritten(); return 0, false }
func (t *Tenant) FindGroupByAddress(addr string) (int, bool) { unwritten(); return 0, false }

func (t *Tenant) Contacts() int                                { unwritten(); return 0 }
func (t *Tenant) Contact(i int) (Contact, bool)                { unwritten(); return Contact{}, false }
func (t *Tenant) FindContact(id string) (int, bool)            { unwritten(); return 0, false }
func (t *Tenant) FindContactByAddress(addr string) (int, bool) { unwritten(); return 0, false }

// Device is a registered device.
type Device struct {
	Index                     int
	ID, DeviceID, DisplayName string
	OperatingSystem           string
	AccountEnabled            bool
}

func (t *Tenant) Devices() int                     { unwritten(); return 0 }
func (t *Tenant) Device(i int) (Device, bool)      { unwritten(); return Device{}, false }
func (t *Tenant) FindDevice(id string) (int, bool) { unwritten(); return 0, false }

// ServicePrincipal is an enterprise application; number 0 is rollcall's own.
type ServicePrincipal struct {
	Index                     int
	ID, AppID, DisplayName    string
	AccountEnabled            bool
	AppRoleAssignmentRequired bool
}

func (t *Tenant) ServicePrincipals() int { unwritten(); return 0 }
func (t *Tenant) ServicePrincipal(i int) (ServicePrincipal, bool) {
	unwritten()
	return ServicePrincipal{}, false
}

func (t *Tenant) FindServicePrincipal(id string) (int, bool) { unwritten(); return 0, false }

func (t *Tenant) FindServicePrincipalByAppID(app string) (int, bool) { unwritten(); return 0, false }

func (t *Tenant) DynamicLists() []DynamicList                      { unwritten(); return nil }
func (t *Tenant) FindDynamicListByAddress(addr string) (int, bool) { unwritten(); return 0, false }
func (t *Tenant) DynamicMembers(list int) iter.Seq[Member]         { unwritten(); return nil }
func (t *Tenant) DynamicMembersFrom(list int, position int64, n int) (members []Member, next int64) {
	unwritten()
	return nil, -1
}

// Find resolves an object id of any type.
func (t *Tenant) Find(id string) (Member, bool) { unwritten(); return Member{}, false }

// ID is the object id of a member.
func (t *Tenant) ID(m Member) string { unwritten(); return "" }

// Members streams the members in a stable order, dynamic lists included (Graph must leave those out).
func (t *Tenant) Members(g int) iter.Seq[Member] { unwritten(); return nil }

// MembersFrom reads at most n members from a position: 0 starts, a next below 0 means the end.
func (t *Tenant) MembersFrom(g int, position int64, n int) (members []Member, next int64) {
	unwritten()
	return nil, -1
}
func (t *Tenant) MemberCount(g int) int             { unwritten(); return 0 }
func (t *Tenant) IsMember(g int, m Member) bool     { unwritten(); return false }
func (t *Tenant) AddMember(g int, m Member) bool    { unwritten(); return false } // false: already a member
func (t *Tenant) RemoveMember(g int, m Member) bool { unwritten(); return false } // false: not a member

// Reach is the set of lower-cased addresses that a message to the group reaches.
func (t *Tenant) Reach(g int, withDynamicLists bool) map[string]struct{} { unwritten(); return nil }

// ChangeKind says what happened to a user.
type ChangeKind uint8

const (
	UserHired       ChangeKind = iota // a new user
	UserUpdated                       // see Properties and ManagerChanged
	UserSoftDeleted                   // @removed reason "changed"
	UserHardDeleted                   // @removed reason "deleted"
)

// Properties is a set of Graph property names of a user.
type Properties uint64

// Has reports whether the set holds a property; extensionAttribute1…15 are
// held as onPremisesExtensionAttributes.
func (p Properties) Has(name string) bool { unwritten(); return false }
func (p Properties) Names() []string      { unwritten(); return nil }

// Change is one entry of the change log.
type Change struct {
	Seq            uint64
	User           int
	Kind           ChangeKind
	Properties     Properties
	ManagerChanged bool
}

// Seq is the number of the newest change; 0 before any.
func (t *Tenant) Seq() uint64 { unwritten(); return 0 }

// Changes returns the changes after since, oldest first, at most limit (0: all).
func (t *Tenant) Changes(since uint64, limit int) []Change { unwritten(); return nil }

func (t *Tenant) UpdateUser(i int, change func(*User)) bool { unwritten(); return false }
func (t *Tenant) RemoveUser(i int, hard bool) bool          { unwritten(); return false }
func (t *Tenant) HireUser() int                             { unwritten(); return 0 }

// Churn says how much of each shall happen.
type Churn struct{ Hires, Leavers, Moves, Renames int }

// Churn lets people come, go, move and be renamed, chosen by the seed.
func (t *Tenant) Churn(seed uint64, c Churn) { unwritten() }

// Property gives a property by its Graph name ("onPremisesExtensionAttributes/extensionAttribute1"
// for a nested one): string, bool, time.Time, []string, or nil for null; false
// when users have no such property. It satisfies odata.Object.
func (u *User) Property(path string) (any, bool)             { unwritten(); return nil, false }
func (g *Group) Property(path string) (any, bool)            { unwritten(); return nil, false }
func (c *Contact) Property(path string) (any, bool)          { unwritten(); return nil, false }
func (d *Device) Property(path string) (any, bool)           { unwritten(); return nil, false }
func (s *ServicePrincipal) Property(path string) (any, bool) { unwritten(); return nil, false }
