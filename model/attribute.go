package model

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
)

// Type is the type of an attribute's values.
type Type uint8

const (
	TypeString     Type = iota // text; the empty string counts as null
	TypeBool                   // "true" or "false"
	TypeTime                   // RFC 3339 in UTC, whole seconds
	TypeCollection             // any number of texts
	TypePlans                  // any number of service plans, each as ServicePlan.String writes it
)

// IsCollection reports a type of any number of values.
func (t Type) IsCollection() bool { return t == TypeCollection || t == TypePlans }

// AttrID names an attribute inside one process. It is an index: first the
// catalogue, then the schema's directory extensions in the order in which they
// were named. On disk and on the wire the Graph name is used instead.
type AttrID uint8

// The catalogue: the user properties that Entra's dynamic membership rules
// know and that /users/delta returns. Source: Entra documentation, "Manage
// rules for dynamic membership groups", supported properties; the Graph names
// follow the user resource.
const (
	AttrDisplayName AttrID = iota
	AttrUserPrincipalName
	AttrMail
	AttrDepartment
	AttrJobTitle
	AttrOfficeLocation
	AttrCompanyName
	AttrCity
	AttrState
	AttrCountry
	AttrUsageLocation
	AttrUserType
	AttrAccountEnabled
	AttrMobilePhone
	AttrBusinessPhone
	AttrGivenName
	AttrSurname
	AttrMailNickname
	AttrEmployeeID
	AttrEmployeeHireDate
	AttrOnPremisesSyncEnabled
	AttrPostalCode
	AttrStreetAddress
	AttrPreferredLanguage
	AttrFaxNumber
	AttrObjectID
	AttrOnPremisesDistinguishedName
	AttrOnPremisesSecurityIdentifier
	AttrPasswordPolicies
	AttrIMAddresses
	AttrOtherMails
	AttrProxyAddresses
	AttrAssignedPlans
	AttrExtensionAttribute1 // …15 follow
	attrCatalogueLen        = AttrExtensionAttribute1 + 15
)

// Attribute is one syncable user property.
type Attribute struct {
	ID       AttrID
	Rule     string // name in a membership rule without "user.": "mobile"
	Graph    string // property of the Graph user: "mobilePhone"
	Select   string // what $select must name: "onPremisesExtensionAttributes" for extensionAttribute3
	Label    string // column heading: "Mobile"
	Type     Type
	Nullable bool
	Width    int // preferred column width in terminal cells

	// ByRequest says that only a profile that names the attribute syncs it: its
	// values would make most of what a sync transfers.
	ByRequest bool
}

// IsExtension reports a directory extension: a property that an application has
// added to the tenant's users. Its values are taken as text, whatever the type
// that the application gave it.
func (a Attribute) IsExtension() bool { return a.ID >= attrCatalogueLen }

var catalogue = buildCatalogue()

func buildCatalogue() []Attribute {
	a := func(id AttrID, rule, graph, label string, t Type, nullable bool, width int) Attribute {
		return Attribute{ID: id, Rule: rule, Graph: graph, Select: graph, Label: label, Type: t, Nullable: nullable, Width: width}
	}
	list := []Attribute{
		a(AttrDisplayName, "displayName", "displayName", "Name", TypeString, false, 24),
		a(AttrUserPrincipalName, "userPrincipalName", "userPrincipalName", "User principal name", TypeString, false, 32),
		a(AttrMail, "mail", "mail", "Mail", TypeString, true, 32),
		a(AttrDepartment, "department", "department", "Department", TypeString, true, 18),
		a(AttrJobTitle, "jobTitle", "jobTitle", "Title", TypeString, true, 22),
		a(AttrOfficeLocation, "physicalDeliveryOfficeName", "officeLocation", "Office", TypeString, true, 16),
		a(AttrCompanyName, "companyName", "companyName", "Company", TypeString, true, 18),
		a(AttrCity, "city", "city", "City", TypeString, true, 16),
		a(AttrState, "state", "state", "State", TypeString, true, 12),
		a(AttrCountry, "country", "country", "Country", TypeString, true, 16),
		a(AttrUsageLocation, "usageLocation", "usageLocation", "Usage location", TypeString, false, 6),
		a(AttrUserType, "userType", "userType", "Type", TypeString, true, 8),
		a(AttrAccountEnabled, "accountEnabled", "accountEnabled", "Enabled", TypeBool, false, 7),
		a(AttrMobilePhone, "mobile", "mobilePhone", "Mobile", TypeString, true, 17),
		a(AttrBusinessPhone, "telephoneNumber", "businessPhones", "Telephone", TypeString, true, 17),
		a(AttrGivenName, "givenName", "givenName", "Given name", TypeString, true, 14),
		a(AttrSurname, "surname", "surname", "Surname", TypeString, true, 16),
		a(AttrMailNickname, "mailNickName", "mailNickname", "Alias", TypeString, false, 18),
		a(AttrEmployeeID, "employeeId", "employeeId", "Employee id", TypeString, false, 11),
		a(AttrEmployeeHireDate, "employeeHireDate", "employeeHireDate", "Hired", TypeTime, true, 10),
		a(AttrOnPremisesSyncEnabled, "dirSyncEnabled", "onPremisesSyncEnabled", "On-premises", TypeBool, true, 11),
		a(AttrPostalCode, "postalCode", "postalCode", "Postal code", TypeString, true, 11),
		a(AttrStreetAddress, "streetAddress", "streetAddress", "Street", TypeString, true, 24),
		a(AttrPreferredLanguage, "preferredLanguage", "preferredLanguage", "Language", TypeString, false, 8),
		a(AttrFaxNumber, "facsimileTelephoneNumber", "faxNumber", "Fax", TypeString, true, 17),
		a(AttrObjectID, "objectId", "id", "Object id", TypeString, false, 36),
		a(AttrOnPremisesDistinguishedName, "onPremisesDistinguishedName", "onPremisesDistinguishedName", "Distinguished name", TypeString, true, 40),
		a(AttrOnPremisesSecurityIdentifier, "onPremisesSecurityIdentifier", "onPremisesSecurityIdentifier", "Security identifier", TypeString, true, 46),
		a(AttrPasswordPolicies, "passwordPolicies", "passwordPolicies", "Password policies", TypeString, true, 25),
		a(AttrIMAddresses, "sipProxyAddress", "imAddresses", "SIP address", TypeString, true, 32),
		a(AttrOtherMails, "otherMails", "otherMails", "Other mails", TypeCollection, true, 32),
		a(AttrProxyAddresses, "proxyAddresses", "proxyAddresses", "Proxy addresses", TypeCollection, true, 40),
	}
	plans := a(AttrAssignedPlans, "assignedPlans", "assignedPlans", "Assigned plans", TypePlans, true, 40)
	plans.ByRequest = true
	list = append(list, plans)
	for i := range 15 {
		name := fmt.Sprintf("extensionAttribute%d", i+1)
		at := a(AttrExtensionAttribute1+AttrID(i), name, name, name, TypeString, true, 16)
		at.Select = "onPremisesExtensionAttributes"
		list = append(list, at)
	}
	for i := range list {
		if list[i].ID != AttrID(i) {
			panic("model: catalogue order does not match the AttrID constants at " + list[i].Graph)
		}
	}
	return list
}

// Catalogue returns every attribute that rollcall knows, in display order. The
// slice is a copy.
func Catalogue() []Attribute { return slices.Clone(catalogue) }

// required attributes are synced in every profile: without them a recipient
// cannot be counted, named or told apart.
var required = []AttrID{
	AttrDisplayName, AttrUserPrincipalName, AttrMail, AttrUserType, AttrAccountEnabled,
	AttrMobilePhone, AttrObjectID, AttrProxyAddresses,
}

// IsRequired reports an attribute that every profile syncs.
func (a Attribute) IsRequired() bool { return slices.Contains(required, a.ID) }

// Schema is the choice of attributes that a profile syncs. It is immutable.
type Schema struct {
	attrs  []Attribute // catalogue, then extensions
	synced []bool      // by AttrID
	lacks  map[AttrID]Lack

	lacksManager bool
	byRule       map[string]AttrID
	byGraph      map[string]AttrID
}

// NewSchema returns the schema that syncs the named attributes, by rule name
// or Graph name in any letter case, and the ones that every profile needs. No
// names at all means the whole catalogue but what is synced by request only. A
// directory extension of any application is named as in Graph:
// extension_{appId without hyphens}_{name}. An unknown name is a KindUsage error
// that carries the nearest known one.
func NewSchema(names ...string) (*Schema, error) {
	s := &Schema{byRule: make(map[string]AttrID), byGraph: make(map[string]AttrID)}
	for _, a := range catalogue {
		s.add(a, len(names) == 0 && !a.ByRequest)
	}
	for _, id := range required {
		s.synced[id] = true
	}
	for _, name := range names {
		if a, ok := s.ByName(name); ok {
			s.synced[a.ID] = true
			continue
		}
		graph, ok := ExtensionName(name)
		switch {
		case !ok:
			return nil, s.unknown(name)
		case len(s.attrs) > math.MaxUint8:
			return nil, &Error{
				Kind: KindUsage, Code: "attributesTooMany",
				Message: fmt.Sprintf("a profile syncs at most %d directory extensions", math.MaxUint8+1-int(attrCatalogueLen)),
			}
		}
		s.add(extension(AttrID(len(s.attrs)), graph), true)
	}
	return s, nil
}

// add appends an attribute whose id is the next one.
func (s *Schema) add(a Attribute, synced bool) {
	s.attrs, s.synced = append(s.attrs, a), append(s.synced, synced)
	s.byRule[strings.ToLower(a.Rule)] = a.ID
	s.byGraph[strings.ToLower(a.Graph)] = a.ID
}

func (s *Schema) unknown(name string) *Error {
	e := &Error{Kind: KindUsage, Code: "attributeUnknown", Message: fmt.Sprintf("there is no attribute %q", name)}
	if strings.Contains(strings.ToLower(name), extensionPrefix) {
		e.Remedy = "a directory extension is named extension_{appId}_{name}, the appId with its 32 digits and without hyphens"
	} else if near := s.Nearest(name); near != "" {
		e.Remedy = fmt.Sprintf("did you mean %q?", near)
	}
	return e
}

const extensionPrefix = "extension_"

// extensionForm is the name of a directory extension. Source: Graph
// documentation, "Add custom data to resources by using extensions".
var extensionForm = regexp.MustCompile(`(?i)^(?:user\.)?extension_([0-9a-f]{32})_([a-z0-9_]+)$`)

// ExtensionName is the name of a directory extension as Graph writes it; false
// when name is none.
func ExtensionName(name string) (string, bool) {
	m := extensionForm.FindStringSubmatch(strings.TrimSpace(name))
	if m == nil {
		return "", false
	}
	return extensionPrefix + strings.ToLower(m[1]) + "_" + m[2], true
}

func extension(id AttrID, graph string) Attribute {
	label := graph[len(extensionPrefix)+32+1:]
	return Attribute{ID: id, Rule: graph, Graph: graph, Select: graph, Label: label, Type: TypeString, Nullable: true, Width: 16}
}

// DefaultSchema syncs what a profile that names no attributes does.
func DefaultSchema() *Schema { return mustSchema() }

// FullSchema syncs the whole catalogue.
func FullSchema() *Schema {
	names := make([]string, len(catalogue))
	for i, a := range catalogue {
		names[i] = a.Graph
	}
	return mustSchema(names...)
}

func mustSchema(names ...string) *Schema {
	s, err := NewSchema(names...)
	if err != nil {
		panic(err) // unreachable: only a name can be wrong
	}
	return s
}

// Len is the number of attribute ids, synced or not: ids are below it.
func (s *Schema) Len() int { return len(s.attrs) }

// Attribute returns the attribute of an id below Len.
func (s *Schema) Attribute(id AttrID) Attribute { return s.attrs[id] }

// IsSynced reports whether the profile syncs the attribute.
func (s *Schema) IsSynced(id AttrID) bool { return int(id) < len(s.synced) && s.synced[id] }

// Lack says why a profile that syncs an attribute does not have its values.
type Lack uint8

const (
	LackNothing Lack = iota // it has them, or does not sync the attribute
	LackUnread              // chosen since the users were read
	LackRefused             // the tenant does not give the attribute
)

// Lack says why the values of a synced attribute are missing: see Without.
func (s *Schema) Lack(id AttrID) Lack { return s.lacks[id] }

// LacksManager reports that the tenant does not give the users' managers.
func (s *Schema) LacksManager() bool { return s.lacksManager }

// Without returns the schema of users who were read without some attributes, by
// Graph name: a null of theirs says nothing. It syncs what s does. Among the
// refused ones "manager" stands for the users' managers.
func (s *Schema) Without(unread, refused []string) *Schema {
	lacks := make(map[AttrID]Lack)
	for _, list := range []struct {
		names []string
		lack  Lack
	}{{unread, LackUnread}, {refused, LackRefused}} {
		for _, name := range list.names {
			if a, ok := s.ByGraph(name); ok && s.IsSynced(a.ID) {
				lacks[a.ID] = list.lack
			}
		}
	}
	lacksManager := slices.Contains(refused, "manager")
	if len(lacks) == 0 && !lacksManager {
		return s
	}
	out := *s
	out.lacks, out.lacksManager = lacks, lacksManager
	return &out
}

// Synced returns the synced attributes in display order.
func (s *Schema) Synced() []Attribute {
	out := make([]Attribute, 0, len(s.attrs))
	for _, a := range s.attrs {
		if s.synced[a.ID] {
			out = append(out, a)
		}
	}
	return out
}

// ByRule finds an attribute by its rule name (without "user."), in any letter
// case, synced or not.
func (s *Schema) ByRule(name string) (Attribute, bool) {
	id, ok := s.byRule[strings.ToLower(name)]
	if !ok {
		return Attribute{}, false
	}
	return s.attrs[id], true
}

// ByGraph finds an attribute by its Graph name, in any letter case.
func (s *Schema) ByGraph(name string) (Attribute, bool) {
	id, ok := s.byGraph[strings.ToLower(name)]
	if !ok {
		return Attribute{}, false
	}
	return s.attrs[id], true
}

// ByName finds an attribute by rule name, Graph name or label ("title"), with
// or without "user.", in any letter case.
func (s *Schema) ByName(name string) (Attribute, bool) {
	name = strings.ToLower(strings.TrimSpace(name))
	name = strings.TrimPrefix(name, "user.")
	if a, ok := s.ByRule(name); ok {
		return a, true
	}
	if a, ok := s.ByGraph(name); ok {
		return a, true
	}
	for _, a := range s.attrs {
		if strings.ToLower(a.Label) == name {
			return a, true
		}
	}
	return Attribute{}, false
}

// Nearest returns the rule name closest to a mistyped one, or "" when none is
// close enough to be worth suggesting.
func (s *Schema) Nearest(name string) string {
	name = strings.TrimPrefix(strings.ToLower(name), "user.")
	var names []string
	for _, a := range s.attrs {
		names = append(names, a.Rule)
		if a.Graph != a.Rule {
			names = append(names, a.Graph)
		}
	}
	near := Nearest(name, names)
	if a, ok := s.ByName(near); ok {
		return a.Rule
	}
	return ""
}

// Select is the value of $select: the Graph names of the synced attributes,
// each once, with id first.
func (s *Schema) Select() []string {
	out := []string{"id"}
	for _, a := range s.Synced() {
		if !slices.Contains(out, a.Select) {
			out = append(out, a.Select)
		}
	}
	return out
}

// Fingerprint changes when the choice of attributes does: a cache that was
// filled under another fingerprint must be read again.
func (s *Schema) Fingerprint() string {
	names := make([]string, 0, len(s.attrs))
	for _, a := range s.Synced() {
		names = append(names, strings.ToLower(a.Graph))
	}
	slices.Sort(names)
	sum := sha256.Sum256([]byte(strings.Join(names, ",")))
	return hex.EncodeToString(sum[:8])
}

// Nearest returns the candidate with the smallest edit distance to word,
// ignoring case, or "" when even that one differs in more than a third of the
// longer of the two.
func Nearest(word string, candidates []string) string {
	nearest, least := "", math.MaxInt
	w := []rune(strings.ToLower(word))
	for _, c := range candidates {
		r := []rune(strings.ToLower(c))
		if d := editDistance(w, r); d < least && 3*d <= max(len(w), len(r)) {
			nearest, least = c, d
		}
	}
	return nearest
}

// editDistance counts insertions, deletions, substitutions and swaps of
// neighbours (optimal string alignment).
func editDistance(a, b []rune) int {
	prev2 := make([]int, len(b)+1)
	prev := make([]int, len(b)+1)
	cur := make([]int, len(b)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := 1; i <= len(a); i++ {
		cur[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			cur[j] = min(prev[j]+1, cur[j-1]+1, prev[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				cur[j] = min(cur[j], prev2[j-2]+1)
			}
		}
		prev2, prev, cur = prev, cur, prev2
	}
	return prev[len(b)]
}
