package emulator

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"rollcall/graph/emulator/odata"
	"rollcall/graph/emulator/seed"
)

// userProperty is a property of the user resource.
type userProperty struct {
	name   string
	member string                  // the name as it stands before a value, with a comma
	set    func(u *seed.User) bool // false: the property is null
	append func(b []byte, u *seed.User) []byte
}

func text(name string, get func(u *seed.User) string) userProperty {
	return userProperty{
		name:   name,
		set:    func(u *seed.User) bool { return get(u) != "" },
		append: func(b []byte, u *seed.User) []byte { return appendNullable(b, get(u)) },
	}
}

func texts(name string, get func(u *seed.User) []string) userProperty {
	return userProperty{
		name:   name,
		set:    func(u *seed.User) bool { return len(get(u)) > 0 },
		append: func(b []byte, u *seed.User) []byte { return appendStrings(b, get(u)) },
	}
}

// never is a property that Graph has and no user of the tenant has a value
// for. Collections are empty rather than null.
func never(name, value string) userProperty {
	return userProperty{
		name:   name,
		set:    func(*seed.User) bool { return false },
		append: func(b []byte, _ *seed.User) []byte { return append(b, value...) },
	}
}

// userProperties are the selectable properties of a user, sorted as Graph
// sorts the default ones.
func userProperties() []userProperty {
	list := []userProperty{
		texts("businessPhones", func(u *seed.User) []string { return u.BusinessPhones }),
		text("displayName", func(u *seed.User) string { return u.DisplayName }),
		text("givenName", func(u *seed.User) string { return u.GivenName }),
		text("jobTitle", func(u *seed.User) string { return u.JobTitle }),
		text("mail", func(u *seed.User) string { return u.Mail }),
		text("mobilePhone", func(u *seed.User) string { return u.MobilePhone }),
		text("officeLocation", func(u *seed.User) string { return u.OfficeLocation }),
		text("preferredLanguage", func(u *seed.User) string { return u.PreferredLanguage }),
		text("surname", func(u *seed.User) string { return u.Surname }),
		text("userPrincipalName", func(u *seed.User) string { return u.UserPrincipalName }),
		text("id", func(u *seed.User) string { return u.ID }),
		{
			name:   "accountEnabled",
			set:    func(*seed.User) bool { return true },
			append: func(b []byte, u *seed.User) []byte { return strconv.AppendBool(b, u.AccountEnabled) },
		},
		{
			name:   "assignedPlans",
			set:    func(u *seed.User) bool { return u.Licence.Product != seed.NoProduct },
			append: appendPlans,
		},
		text("city", func(u *seed.User) string { return u.City }),
		text("companyName", func(u *seed.User) string { return u.CompanyName }),
		text("country", func(u *seed.User) string { return u.Country }),
		{
			name:   "createdDateTime",
			set:    func(u *seed.User) bool { return !u.CreatedDateTime.IsZero() },
			append: func(b []byte, u *seed.User) []byte { return appendTime(b, u.CreatedDateTime) },
		},
		text("department", func(u *seed.User) string { return u.Department }),
		{
			name:   "employeeHireDate",
			set:    func(u *seed.User) bool { return !u.EmployeeHireDate.IsZero() },
			append: func(b []byte, u *seed.User) []byte { return appendTime(b, u.EmployeeHireDate) },
		},
		text("employeeId", func(u *seed.User) string { return u.EmployeeID }),
		text("employeeType", func(u *seed.User) string { return u.EmployeeType }),
		text("faxNumber", func(u *seed.User) string { return u.FaxNumber }),
		texts("imAddresses", func(u *seed.User) []string { return u.IMAddresses }),
		text("mailNickname", func(u *seed.User) string { return u.MailNickname }),
		text("onPremisesDistinguishedName", func(u *seed.User) string { return u.OnPremisesDN }),
		{name: "onPremisesExtensionAttributes", set: hasExtension, append: extensionAttributes()},
		text("onPremisesSecurityIdentifier", func(u *seed.User) string { return u.OnPremisesSID }),
		{
			name: "onPremisesSyncEnabled",
			set:  func(u *seed.User) bool { return u.OnPremisesSyncEnabled },
			append: func(b []byte, u *seed.User) []byte {
				if !u.OnPremisesSyncEnabled {
					return append(b, "null"...)
				}
				return append(b, "true"...)
			},
		},
		texts("otherMails", func(u *seed.User) []string { return u.OtherMails }),
		text("passwordPolicies", func(u *seed.User) string { return u.PasswordPolicies }),
		text("postalCode", func(u *seed.User) string { return u.PostalCode }),
		texts("proxyAddresses", func(u *seed.User) []string { return u.ProxyAddresses }),
		text("state", func(u *seed.User) string { return u.State }),
		text("streetAddress", func(u *seed.User) string { return u.StreetAddress }),
		text("usageLocation", func(u *seed.User) string { return u.UsageLocation }),
		text("userType", func(u *seed.User) string { return u.UserType }),
	}
	for _, name := range []string{
		"ageGroup", "consentProvidedForMinor", "creationType", "deletedDateTime", "employeeLeaveDateTime", "employeeOrgData",
		"externalUserState", "externalUserStateChangeDateTime", "isResourceAccount", "lastPasswordChangeDateTime",
		"legalAgeGroupClassification", "onPremisesDomainName", "onPremisesImmutableId", "onPremisesLastSyncDateTime",
		"onPremisesSamAccountName", "onPremisesUserPrincipalName", "passwordProfile", "securityIdentifier",
		"showInAddressList", "signInSessionsValidFromDateTime",
	} {
		list = append(list, never(name, "null"))
	}
	for i, name := range seed.DirectoryExtensions() {
		list = append(list, text(name, func(u *seed.User) string { return u.Extensions[i] }))
	}
	for _, name := range []string{"assignedLicenses", "identities", "licenseAssignmentStates", "onPremisesProvisioningErrors", "provisionedPlans", "serviceProvisioningErrors"} {
		list = append(list, never(name, "[]"))
	}
	for i := range list {
		list[i].member = memberName(list[i].name)
	}
	return list
}

// defaultUserProperties is how many of userProperties come without $select.
const defaultUserProperties = 11

// basicUserProperties are what User.ReadBasic.All may read.
var basicUserProperties = []string{"displayName", "givenName", "id", "mail", "surname", "userPrincipalName"}

// outsideStore are properties that other services hold: selecting one of many
// users is refused. Source: Graph documentation, "user resource type".
var outsideStore = []string{
	"aboutMe", "birthday", "cloudLicensing", "deviceEnrollmentLimit", "hireDate", "interests", "mailboxSettings", "mySite",
	"pastProjects", "preferredName", "print", "responsibilities", "schools", "skills",
}

// appendPlans writes a user's assigned plans. Their texts are the seed's and need
// no escapes.
func appendPlans(b []byte, u *seed.User) []byte {
	b = append(b, '[')
	for p := range u.Licence.Plans() {
		if b[len(b)-1] == '}' {
			b = append(b, ',')
		}
		b = append(b, `{"assignedDateTime":`...)
		b = appendTime(b, p.Assigned)
		b = append(b, `,"capabilityStatus":"`...)
		b = append(b, p.Status.String()...)
		b = append(b, `","service":"`...)
		b = append(b, p.Service...)
		b = append(b, `","servicePlanId":"`...)
		b = append(b, p.ID...)
		b = append(b, `"}`...)
	}
	return append(b, ']')
}

func hasExtension(u *seed.User) bool {
	return slices.ContainsFunc(u.ExtensionAttributes[:], func(s string) bool { return s != "" })
}

// extensionAttributes writes the fifteen extension attributes.
func extensionAttributes() func(b []byte, u *seed.User) []byte {
	var members, nulls [15]string // most have no value
	for i := range members {
		members[i] = memberName("extensionAttribute" + strconv.Itoa(i+1))
		nulls[i] = members[i] + "null"
	}
	return func(b []byte, u *seed.User) []byte {
		o := beginObject(b)
		for i, v := range u.ExtensionAttributes {
			if v == "" {
				o.member(nulls[i])
				continue
			}
			o.member(members[i])
			o.b = appendString(o.b, v)
		}
		return o.end()
	}
}

// userShape is a choice of user properties.
type userShape struct {
	properties []userProperty
	selected   []string // canonical names; nil without $select
	manager    bool     // $select names manager, which only delta heeds
}

// shapes makes the shapes that $select asks for.
type shapes struct {
	byName   map[string]userProperty                  // by lower-case name
	refused  map[string]func(name string) *graphError // by lower-case name
	defaults []userProperty
}

// newShapes knows every property but those whose selection shall be refused.
func newShapes(set Faults) *shapes {
	list := userProperties()
	s := &shapes{
		byName: make(map[string]userProperty, len(list)), refused: make(map[string]func(string) *graphError),
		defaults: list[:defaultUserProperties],
	}
	for _, p := range list {
		s.byName[strings.ToLower(p.name)] = p
	}
	for _, name := range outsideStore {
		s.refused[strings.ToLower(name)] = notImplemented
	}
	for _, name := range set.NotImplemented {
		s.refused[strings.ToLower(name)] = notImplemented
	}
	for _, name := range set.Unknown {
		s.refused[strings.ToLower(name)] = noUserProperty
	}
	return s
}

func notSupportedYet() *graphError {
	return refuse(http.StatusNotImplemented, "NotImplemented", "This operation target is not yet supported.")
}

// The refusals of a property's selection.

func notImplemented(string) *graphError { return notSupportedYet() }

func noUserProperty(name string) *graphError {
	return refuse(http.StatusBadRequest, "BadRequest", "Parsing OData Select and Expand failed: Could not find a property named '"+name+"' on type 'microsoft.graph.user'.")
}

// shape resolves $select. Names that Graph does not know are refused; with
// lenient they are left out, as in lists of mixed types.
func (s *shapes) shape(names []string, lenient bool) (userShape, *graphError) {
	if len(names) == 0 {
		return userShape{properties: s.defaults}, nil
	}
	out := userShape{selected: make([]string, 0, len(names))} // not nil, even where only manager is named
	for _, name := range names {
		p, known := s.byName[strings.ToLower(name)]
		refusal := s.refused[strings.ToLower(name)]
		switch {
		case refusal != nil && lenient:
			continue
		case refusal != nil:
			return out, refusal(name)
		case known:
		case isExtension(name):
			p = never(name, "null")
			p.member = memberName(name)
		case strings.EqualFold(name, "manager"):
			out.manager = true
			continue
		case strings.HasPrefix(name, "@odata."):
			continue
		case lenient:
			continue
		case strings.EqualFold(name, "signInActivity"):
			return out, refuse(http.StatusForbidden, "Authentication_MSGraphPermissionMissing", "Calling principal does not have required MSGraph permissions AuditLog.Read.All")
		default:
			return out, noUserProperty(name)
		}
		if !slices.Contains(out.selected, p.name) {
			out.properties = append(out.properties, p)
			out.selected = append(out.selected, p.name)
		}
	}
	return out, nil
}

// usersTable is what can be asked of users: of their directory extensions, too,
// and not of what the tenant does not know.
func usersTable(set Faults) odata.Table {
	table := odata.Users()
	for _, name := range seed.DirectoryExtensions() {
		table.Properties = append(table.Properties, odata.Extension(name))
	}
	table.Properties = slices.DeleteFunc(table.Properties, func(c odata.Capability) bool {
		return slices.ContainsFunc(set.Unknown, func(name string) bool { return strings.EqualFold(name, c.Name) })
	})
	return table
}

// isExtension reports whether a name is a directory extension's:
// extension_{32 hex digits}_{name}.
func isExtension(name string) bool {
	rest, ok := strings.CutPrefix(name, "extension_")
	app, _, cut := strings.Cut(rest, "_")
	return ok && cut && len(app) == 32 && strings.Trim(strings.ToLower(app), "0123456789abcdef") == ""
}

// basicOnly narrows a shape to what User.ReadBasic.All may read: other
// properties come back null.
func (s userShape) basicOnly() userShape {
	out := s
	out.properties = slices.Clone(s.properties)
	for i, p := range out.properties {
		if !slices.Contains(basicUserProperties, p.name) {
			out.properties[i] = never(p.name, "null")
			out.properties[i].member = p.member
		}
	}
	return out
}

// write appends a user's selected properties as members.
func (s userShape) write(o *object, u *seed.User) {
	for i := range s.properties {
		p := &s.properties[i]
		o.member(p.member)
		o.b = p.append(o.b, u)
	}
}
