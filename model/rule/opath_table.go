package rule

import (
	"fmt"
	"sync"

	"rollcall/model"
)

// recipientProperty is the property of an Exchange recipient that holds what an
// attribute of a user does.
type recipientProperty struct {
	name      string
	neverNull bool
	exact     bool // it takes no wildcards
	several   bool // it holds several values; a comparison asks for any of them
}

// recipientProperties are those that Exchange documents as filterable. Source:
// Exchange PowerShell documentation, "Filterable properties for the
// RecipientFilter parameter", whose LDAP names say what each of them holds;
// "Custom attributes" for the extension attributes; and the user resource type
// of Microsoft Graph for what is never null. Every recipient has an alias and
// an address.
var recipientProperties = sync.OnceValue(func() map[model.AttrID]recipientProperty {
	table := map[model.AttrID]recipientProperty{
		model.AttrDisplayName:       {name: "DisplayName"},
		model.AttrUserPrincipalName: {name: "UserPrincipalName", neverNull: true},
		model.AttrMail:              {name: "WindowsEmailAddress"},
		model.AttrMailNickname:      {name: "Alias", neverNull: true},
		model.AttrDepartment:        {name: "Department"},
		model.AttrJobTitle:          {name: "Title"},
		model.AttrOfficeLocation:    {name: "Office"},
		model.AttrCompanyName:       {name: "Company"},
		model.AttrCity:              {name: "City"},
		model.AttrState:             {name: "StateOrProvince"},
		model.AttrCountry:           {name: "CountryOrRegion", exact: true},
		model.AttrUsageLocation:     {name: "UsageLocation", exact: true},
		model.AttrMobilePhone:       {name: "MobilePhone"},
		model.AttrBusinessPhone:     {name: "Phone"},
		model.AttrFaxNumber:         {name: "Fax"},
		model.AttrGivenName:         {name: "FirstName"},
		model.AttrSurname:           {name: "LastName"},
		model.AttrPostalCode:        {name: "PostalCode"},
		model.AttrStreetAddress:     {name: "StreetAddress"},
		model.AttrObjectID:          {name: "ExternalDirectoryObjectId", neverNull: true},
		model.AttrProxyAddresses:    {name: "EmailAddresses", several: true},
	}
	for i := range 15 {
		table[model.AttrExtensionAttribute1+model.AttrID(i)] = recipientProperty{name: fmt.Sprintf("CustomAttribute%d", i+1)}
	}
	return table
})

// noRecipientProperty says, of an attribute that Exchange has no filterable
// property for, what comes nearest.
func noRecipientProperty(a model.Attribute) string {
	const none = "Exchange filters recipients by nothing that holds it"
	switch a.ID {
	case model.AttrUserType:
		return none + "; near is RecipientTypeDetails -eq 'GuestMailUser', which guests without a mail address are not"
	case model.AttrAccountEnabled:
		return none + "; near is RecipientTypeDetails, which tells shared mailboxes and rooms, whose accounts are usually disabled, from others"
	case model.AttrOnPremisesSyncEnabled:
		return none + "; near is IsDirSynced, which does not tell false from null"
	case model.AttrOnPremisesDistinguishedName:
		return none + "; DistinguishedName is the one that Exchange gives itself"
	case model.AttrPreferredLanguage:
		return none + "; LanguagesRaw is the language that the mailbox was set to"
	case model.AttrIMAddresses:
		return none + "; among EmailAddresses those that begin with sip: are near"
	case model.AttrOtherMails:
		return none + "; EmailAddresses are those of user.proxyAddresses"
	case model.AttrAssignedPlans:
		return none + "; near is SKUAssigned, which tells that there is a licence at all"
	}
	if a.IsExtension() {
		return "Exchange filters recipients by no directory extensions; custom attributes 1 to 15 are user.extensionAttribute1 to 15"
	}
	return none
}
