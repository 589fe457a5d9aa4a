package opath

import "strings"

// Property is a filterable property of a recipient.
type Property uint8

// The properties that recipients here have a value of.
const (
	Alias Property = iota
	City
	Company
	CountryOrRegion // the two-letter code of ISO 3166
	CustomAttribute1
	CustomAttribute2
	CustomAttribute3
	CustomAttribute4
	CustomAttribute5
	CustomAttribute6
	CustomAttribute7
	CustomAttribute8
	CustomAttribute9
	CustomAttribute10
	CustomAttribute11
	CustomAttribute12
	CustomAttribute13
	CustomAttribute14
	CustomAttribute15
	Department
	DisplayName
	EmailAddresses // several, each with its kind: "SMTP:…" is the primary one
	ExternalDirectoryObjectID
	Fax
	FirstName
	HiddenFromAddressListsEnabled // "True" or "False"
	IsDirSynced                   // "True" or "False"
	LastName
	Manager       // a distinguished name
	MemberOfGroup // several distinguished names
	MobilePhone
	Name
	Office
	Phone
	PostalCode
	PrimarySMTPAddress
	RecipientType
	RecipientTypeDetails
	SKUAssigned // "True" or "False"
	StateOrProvince
	StreetAddress
	Title
	UsageLocation // the two-letter code of ISO 3166
	UserPrincipalName
	WindowsEmailAddress
	propertyCount
)

// kind is what values a property has and how it compares.
type kind uint8

const (
	text kind = iota
	code      // takes no wildcards
	enum      // one of enums; takes no wildcards
	flag      // $true or $false
	link      // a distinguished name; takes no wildcards
)

var properties = [propertyCount]struct {
	name    string
	kind    kind
	several bool
}{
	Alias:                         {name: "Alias"},
	City:                          {name: "City"},
	Company:                       {name: "Company"},
	CountryOrRegion:               {name: "CountryOrRegion", kind: code},
	CustomAttribute1:              {name: "CustomAttribute1"},
	CustomAttribute2:              {name: "CustomAttribute2"},
	CustomAttribute3:              {name: "CustomAttribute3"},
	CustomAttribute4:              {name: "CustomAttribute4"},
	CustomAttribute5:              {name: "CustomAttribute5"},
	CustomAttribute6:              {name: "CustomAttribute6"},
	CustomAttribute7:              {name: "CustomAttribute7"},
	CustomAttribute8:              {name: "CustomAttribute8"},
	CustomAttribute9:              {name: "CustomAttribute9"},
	CustomAttribute10:             {name: "CustomAttribute10"},
	CustomAttribute11:             {name: "CustomAttribute11"},
	CustomAttribute12:             {name: "CustomAttribute12"},
	CustomAttribute13:             {name: "CustomAttribute13"},
	CustomAttribute14:             {name: "CustomAttribute14"},
	CustomAttribute15:             {name: "CustomAttribute15"},
	Department:                    {name: "Department"},
	DisplayName:                   {name: "DisplayName"},
	EmailAddresses:                {name: "EmailAddresses", several: true},
	ExternalDirectoryObjectID:     {name: "ExternalDirectoryObjectId"},
	Fax:                           {name: "Fax"},
	FirstName:                     {name: "FirstName"},
	HiddenFromAddressListsEnabled: {name: "HiddenFromAddressListsEnabled", kind: flag},
	IsDirSynced:                   {name: "IsDirSynced", kind: flag},
	LastName:                      {name: "LastName"},
	Manager:                       {name: "Manager", kind: link},
	MemberOfGroup:                 {name: "MemberOfGroup", kind: link, several: true},
	MobilePhone:                   {name: "MobilePhone"},
	Name:                          {name: "Name"},
	Office:                        {name: "Office"},
	Phone:                         {name: "Phone"},
	PostalCode:                    {name: "PostalCode"},
	PrimarySMTPAddress:            {name: "PrimarySmtpAddress"},
	RecipientType:                 {name: "RecipientType", kind: enum},
	RecipientTypeDetails:          {name: "RecipientTypeDetails", kind: enum},
	SKUAssigned:                   {name: "SKUAssigned", kind: flag},
	StateOrProvince:               {name: "StateOrProvince"},
	StreetAddress:                 {name: "StreetAddress"},
	Title:                         {name: "Title"},
	UsageLocation:                 {name: "UsageLocation", kind: code},
	UserPrincipalName:             {name: "UserPrincipalName"},
	WindowsEmailAddress:           {name: "WindowsEmailAddress"},
}

// enums are the values that the types of recipients take. Source: Exchange
// PowerShell documentation, "Filterable properties for the RecipientFilter
// parameter".
var enums = map[Property][]string{
	RecipientType: {
		"DynamicDistributionGroup", "MailContact", "MailNonUniversalGroup", "MailUniversalDistributionGroup",
		"MailUniversalSecurityGroup", "MailUser", "PublicFolder", "UserMailbox",
	},
	RecipientTypeDetails: {
		"DiscoveryMailbox", "DynamicDistributionGroup", "EquipmentMailbox", "GroupMailbox", "GuestMailUser",
		"LegacyMailbox", "LinkedMailbox", "LinkedRoomMailbox", "MailContact", "MailForestContact", "MailNonUniversalGroup",
		"MailUniversalDistributionGroup", "MailUniversalSecurityGroup", "MailUser", "PublicFolder", "PublicFolderMailbox",
		"RemoteEquipmentMailbox", "RemoteRoomMailbox", "RemoteSharedMailbox", "RemoteTeamMailbox", "RemoteUserMailbox",
		"RoomList", "RoomMailbox", "SchedulingMailbox", "SharedMailbox", "TeamMailbox", "UserMailbox",
	},
}

// find looks a property up by its name in any letter case.
func find(name string) (Property, bool) {
	for p := range properties {
		if strings.EqualFold(properties[p].name, name) {
			return Property(p), true
		}
	}
	return 0, false
}

// String is the property's name as Exchange spells it.
func (p Property) String() string { return properties[p].name }
