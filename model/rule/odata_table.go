package rule

import (
	"sync"

	"rollcall/model"
)

// asks is a set of the things that a $filter can ask of a property.
type asks uint16

const (
	asksEq asks = 1 << iota
	asksIn
	asksStarts
	asksEnds
	asksOrder // ge and le
	asksNull
	asksEmpty // the number of elements is 0
)

// filterable is what Graph's /users can be asked of one property: without
// more, and besides with the advanced parameters. With them it can also be
// asked for the complement.
type filterable struct {
	path            string
	plain, advanced asks
	neverNull       bool
}

// canEqual reports whether a user can have the value at all: none has an empty
// one, and an id is a GUID.
func (f filterable) canEqual(value string) bool {
	return value != "" && (f.path != "id" || isGUID(value))
}

// filterables is what Graph documents. Sources: Microsoft Graph documentation,
// "Advanced query capabilities on Microsoft Entra ID objects", support for
// filter by properties of directory objects; where that table says nothing, the
// user resource type (faxNumber, and null of mail, usageLocation,
// onPremisesSyncEnabled and the extension attributes). Where the two disagree
// the table holds: jobTitle has no startsWith there. The operator in works
// wherever eq does on one value, endsWith on the four addresses only. What is
// never null is required of every user by the resource type.
var filterables = sync.OnceValue(func() map[model.AttrID]filterable {
	const (
		common   = asksEq | asksIn | asksStarts
		advanced = asksEq | asksIn | asksStarts | asksNull
	)
	table := map[model.AttrID]filterable{
		model.AttrObjectID:                     {path: "id", plain: asksEq | asksIn, neverNull: true},
		model.AttrUserPrincipalName:            {plain: common, advanced: asksEnds, neverNull: true},
		model.AttrDisplayName:                  {plain: common, advanced: asksNull},
		model.AttrMail:                         {plain: common, advanced: asksEnds | asksNull},
		model.AttrMailNickname:                 {plain: common, advanced: asksNull},
		model.AttrGivenName:                    {plain: common, advanced: asksNull},
		model.AttrSurname:                      {plain: common, advanced: asksNull},
		model.AttrUsageLocation:                {plain: common, advanced: asksNull},
		model.AttrState:                        {plain: common, advanced: asksNull},
		model.AttrCountry:                      {plain: common, advanced: asksNull},
		model.AttrDepartment:                   {plain: common, advanced: asksNull},
		model.AttrJobTitle:                     {plain: asksEq | asksIn, advanced: asksNull},
		model.AttrCity:                         {plain: common, advanced: asksNull},
		model.AttrUserType:                     {plain: asksEq | asksIn, advanced: asksNull},
		model.AttrEmployeeID:                   {plain: common, advanced: asksNull},
		model.AttrOnPremisesSecurityIdentifier: {plain: asksEq | asksIn, advanced: asksNull},
		model.AttrCompanyName:                  {advanced: advanced},
		model.AttrMobilePhone:                  {advanced: advanced},
		model.AttrOfficeLocation:               {advanced: advanced},
		model.AttrPostalCode:                   {advanced: advanced},
		model.AttrPreferredLanguage:            {advanced: advanced},
		model.AttrStreetAddress:                {advanced: advanced},
		model.AttrFaxNumber:                    {advanced: advanced},
		model.AttrPasswordPolicies:             {advanced: asksEq | asksNull},
		model.AttrEmployeeHireDate:             {advanced: asksEq | asksOrder},
		model.AttrAccountEnabled:               {plain: asksEq},
		model.AttrOnPremisesSyncEnabled:        {plain: asksEq, advanced: asksNull},
		model.AttrProxyAddresses:               {plain: asksEq | asksStarts, advanced: asksEnds | asksEmpty},
		model.AttrOtherMails:                   {plain: asksEq | asksStarts, advanced: asksEnds | asksEmpty},
		model.AttrBusinessPhone:                {advanced: asksEq | asksStarts | asksEmpty},
		model.AttrAssignedPlans:                {advanced: asksEq | asksEmpty},
	}
	for i := range 15 {
		a := model.AttrExtensionAttribute1 + model.AttrID(i)
		table[a] = filterable{advanced: asksEq | asksIn | asksNull}
	}
	return table
})

// extensionFilterable is what can be asked of a directory extension that holds
// one text. Source: Microsoft Graph documentation, "Add custom data to
// resources by using extensions".
var extensionFilterable = filterable{plain: asksEq | asksIn | asksStarts, advanced: asksNull}

// filterOf is what can be asked of an attribute, with its path.
func filterOf(a model.Attribute) filterable {
	f := filterables()[a.ID]
	if a.IsExtension() {
		f = extensionFilterable
	}
	switch {
	case f.path != "":
	case a.Select != a.Graph:
		f.path = a.Select + "/" + a.Graph
	default:
		f.path = a.Graph
	}
	return f
}
