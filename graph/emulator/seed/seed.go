// Package seed is the embedded tenant's directory: users, contacts and groups
// computed from a seed rather than stored, with an overlay for what has been
// changed since. It knows nothing of HTTP.
//
// Everything is a function of the tenant's key and an index. Object ids are a
// keyed bijection of (type, index), and the names that addresses are made of
// are dealt by bijections, too, so an id, a user principal name or an address
// leads back to its index without a table. Users stand in the order of their
// index; the seeded ones come first, those hired later follow, and an index is
// never used again.
//
// A dynamic distribution list is a member of groups here (MemberDynamicList),
// because Exchange sees it; who answers as Graph leaves it out.
package seed

import "time"

// Options choose a tenant. The zero value is the documented one.
type Options struct {
	Users int    // default 2,000
	Seed  uint64 // default 1

	// NullCreated is the share, from 0 to 1, of the users created before June
	// 2018 of whom the directory does not know when that was.
	NullCreated float64

	// Groups and DynamicLists are there besides the seeded ones.
	Groups       []CustomGroup
	DynamicLists []CustomDynamicList

	// Now is the clock by which the log of memberships goes. Nil means time.Now.
	Now func() time.Time
}

// User is a directory user with the properties that the emulator serves.
// Nil and empty are null on the wire. Its slices are shared with the tenant and
// must not be changed, save in UpdateUser.
type User struct {
	Index                 int
	ID                    string
	DisplayName           string
	GivenName, Surname    string
	UserPrincipalName     string
	Mail                  string
	MailNickname          string
	ProxyAddresses        []string
	OtherMails            []string
	IMAddresses           []string
	JobTitle, Department  string
	CompanyName           string
	OfficeLocation        string
	City, State, Country  string
	UsageLocation         string
	PostalCode            string
	StreetAddress         string
	PreferredLanguage     string
	MobilePhone           string
	BusinessPhones        []string
	FaxNumber             string
	EmployeeID            string
	EmployeeType          string
	EmployeeHireDate      time.Time
	CreatedDateTime       time.Time // in whole seconds; see Options.NullCreated
	AccountEnabled        bool
	UserType              string // Member, Guest
	OnPremisesSyncEnabled bool   // false is null on the wire
	OnPremisesDN          string
	OnPremisesSID         string
	PasswordPolicies      string
	Licence               Licence // what assignedPlans follow from
	ExtensionAttributes   [15]string
	Extensions            [extensionCount]string // by DirectoryExtensions
	Manager               int                    // index; -1 when none
}

// Contact is a mail contact (orgContact).
type Contact struct {
	ID, DisplayName, Mail, CompanyName, Department string
	ProxyAddresses                                 []string
}

// MemberType is what a member of a group is.
type MemberType uint8

const (
	MemberUser MemberType = iota
	MemberGroup
	MemberContact
	MemberDevice
	MemberServicePrincipal
	MemberDynamicList // a dynamic distribution list: Graph does not show it
)

// Member points at an object: Index counts within its type.
type Member struct {
	Type  MemberType
	Index int
}

// Group is a group's own properties. Dynamic distribution lists are kept apart
// (see Tenant.DynamicLists): Graph does not know them.
type Group struct {
	Index                        int
	ID, DisplayName, Description string
	Mail, MailNickname           string
	ProxyAddresses               []string
	GroupTypes                   []string // Unified, DynamicMembership
	MailEnabled, SecurityEnabled bool
	MembershipRule               string
	OnPremisesSyncEnabled        *bool
	IsAssignableToRole           bool
	IsManagementRestricted       bool
	Visibility                   string // Public, Private, HiddenMembership
	ResourceProvisioningOptions  []string
	CreatedDateTime              time.Time
}

// DynamicList is a dynamic distribution list of Exchange.
type DynamicList struct {
	Index                 int
	ID, DisplayName, Mail string
	ProxyAddresses        []string
	RecipientFilter       string // OPATH
}
