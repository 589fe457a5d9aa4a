package seed

import (
	"slices"
	"strings"
	"time"
)

// Properties is a set of Graph property names of a user. The fifteen extension
// attributes count as onPremisesExtensionAttributes, which is how Graph
// selects and returns them.
type Properties uint64

// field reads one Graph property of an object: a string ("" is null), a bool, a
// time.Time (zero is null), a []string, or nil.
type field[T any] struct {
	name string
	get  func(*T) any
}

// lookup finds a property by its name in any letter case.
func lookup[T any](fields []field[T], o *T, name string) (any, bool) {
	for _, f := range fields {
		if len(f.name) == len(name) && strings.EqualFold(f.name, name) {
			v := f.get(o)
			if list, ok := v.([]string); ok && list == nil {
				return []string{}, true
			}
			return orNull(v), true
		}
	}
	return nil, false
}

// userProperties is ordered as Graph's reference page lists the user resource.
// The position is the property's bit in a Properties.
var userProperties = []field[User]{
	{"id", func(u *User) any { return u.ID }},
	{"accountEnabled", func(u *User) any { return u.AccountEnabled }},
	{assignedPlans, func(u *User) any { return u.Licence }},
	{"businessPhones", func(u *User) any { return u.BusinessPhones }},
	{"city", func(u *User) any { return u.City }},
	{"companyName", func(u *User) any { return u.CompanyName }},
	{"country", func(u *User) any { return u.Country }},
	{"createdDateTime", func(u *User) any { return u.CreatedDateTime }},
	{"department", func(u *User) any { return u.Department }},
	{"displayName", func(u *User) any { return u.DisplayName }},
	{"employeeHireDate", func(u *User) any { return u.EmployeeHireDate }},
	{"employeeId", func(u *User) any { return u.EmployeeID }},
	{"employeeType", func(u *User) any { return u.EmployeeType }},
	{"faxNumber", func(u *User) any { return u.FaxNumber }},
	{"givenName", func(u *User) any { return u.GivenName }},
	{"imAddresses", func(u *User) any { return u.IMAddresses }},
	{"jobTitle", func(u *User) any { return u.JobTitle }},
	{"mail", func(u *User) any { return u.Mail }},
	{"mailNickname", func(u *User) any { return u.MailNickname }},
	{"mobilePhone", func(u *User) any { return u.MobilePhone }},
	{"officeLocation", func(u *User) any { return u.OfficeLocation }},
	{"onPremisesDistinguishedName", func(u *User) any { return u.OnPremisesDN }},
	{extensionAttributes, func(u *User) any { return u.ExtensionAttributes }},
	{"onPremisesSecurityIdentifier", func(u *User) any { return u.OnPremisesSID }},
	{"onPremisesSyncEnabled", func(u *User) any { return trueOrNull(u.OnPremisesSyncEnabled) }},
	{"otherMails", func(u *User) any { return u.OtherMails }},
	{"passwordPolicies", func(u *User) any { return u.PasswordPolicies }},
	{"postalCode", func(u *User) any { return u.PostalCode }},
	{"preferredLanguage", func(u *User) any { return u.PreferredLanguage }},
	{"proxyAddresses", func(u *User) any { return u.ProxyAddresses }},
	{"state", func(u *User) any { return u.State }},
	{"streetAddress", func(u *User) any { return u.StreetAddress }},
	{"surname", func(u *User) any { return u.Surname }},
	{"usageLocation", func(u *User) any { return u.UsageLocation }},
	{"userPrincipalName", func(u *User) any { return u.UserPrincipalName }},
	{"userType", func(u *User) any { return u.UserType }},
	{extensionNames[extensionSiteCode], func(u *User) any { return u.Extensions[extensionSiteCode] }},
	{extensionNames[extensionWorkerType], func(u *User) any { return u.Extensions[extensionWorkerType] }},
	{extensionNames[extensionParkingPermit], func(u *User) any { return u.Extensions[extensionParkingPermit] }},
}

const (
	assignedPlans       = "assignedPlans"
	extensionAttributes = "onPremisesExtensionAttributes"
)

// trueOrNull is what Graph says of an object that was never synchronised.
func trueOrNull(b bool) any {
	if !b {
		return nil
	}
	return true
}

// orNull turns the zero values that stand for null into nil.
func orNull(v any) any {
	switch v := v.(type) {
	case string:
		if v == "" {
			return nil
		}
	case time.Time:
		if v.IsZero() {
			return nil
		}
	}
	return v
}

// Has reports whether the set holds a property, named as Graph spells it.
func (p Properties) Has(name string) bool {
	i := slices.IndexFunc(userProperties, func(f field[User]) bool { return f.name == name })
	return i >= 0 && p>>i&1 == 1
}

// Names lists the set's properties as Graph spells them.
func (p Properties) Names() []string {
	var out []string
	for i, u := range userProperties {
		if p>>i&1 == 1 {
			out = append(out, u.name)
		}
	}
	return out
}

// differing is the set of properties in which two states of a user differ.
func differing(a, b *User) Properties {
	var p Properties
	for i, prop := range userProperties {
		if !equal(prop.get(a), prop.get(b)) {
			p |= 1 << i
		}
	}
	return p
}

func equal(a, b any) bool {
	if list, ok := a.([]string); ok {
		return slices.Equal(list, b.([]string))
	}
	return a == b
}

// UserPropertyNames lists the properties that a user has, as Graph spells them.
func UserPropertyNames() []string {
	var out []string
	for _, p := range userProperties {
		out = append(out, p.name)
	}
	return out
}

// Property gives a property by its Graph name in any letter case: string,
// bool, time.Time, []string (never nil), []odata.Object for the plans, or nil
// for null; false when users have no such property. An extension attribute is
// "onPremisesExtensionAttributes/extensionAttribute1"; all of them together
// are a map[string]any. It satisfies odata.Object.
func (u *User) Property(path string) (any, bool) {
	head, tail, nested := strings.Cut(path, "/")
	if strings.EqualFold(head, extensionAttributes) {
		if nested {
			return u.extensionAttribute(tail)
		}
		all := make(map[string]any, len(u.ExtensionAttributes))
		for i, v := range u.ExtensionAttributes {
			all[extensionAttributeNames[i]] = orNull(v)
		}
		return all, true
	}
	if nested {
		return nil, false
	}
	if strings.EqualFold(path, assignedPlans) {
		return u.Licence.objects(), true
	}
	return lookup(userProperties, u, path)
}

var extensionAttributeNames = [15]string{
	"extensionAttribute1", "extensionAttribute2", "extensionAttribute3", "extensionAttribute4", "extensionAttribute5",
	"extensionAttribute6", "extensionAttribute7", "extensionAttribute8", "extensionAttribute9", "extensionAttribute10",
	"extensionAttribute11", "extensionAttribute12", "extensionAttribute13", "extensionAttribute14", "extensionAttribute15",
}

func (u *User) extensionAttribute(name string) (any, bool) {
	for i, n := range extensionAttributeNames {
		if strings.EqualFold(n, name) {
			return orNull(u.ExtensionAttributes[i]), true
		}
	}
	return nil, false
}
