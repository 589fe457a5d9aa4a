package graph

import (
	"slices"
	"strings"

	"rollcall/model"
)

// objectSelect are the properties read of a member or a found object. Graph
// applies each where the object's type has it.
func objectSelect() []string {
	return []string{
		"id", "displayName", "mail", "userPrincipalName", "proxyAddresses", "accountEnabled", "userType", "mobilePhone",
		"groupTypes", "mailEnabled", "securityEnabled", "visibility", "onPremisesSyncEnabled",
	}
}

// userSelect and contactSelect are what lookups ask of one type.
func userSelect() []string {
	return []string{"id", "displayName", "mail", "userPrincipalName", "proxyAddresses", "accountEnabled", "userType", "mobilePhone"}
}

func contactSelect() []string { return []string{"id", "displayName", "mail", "proxyAddresses"} }

// groupSelect is everything that classifies a group. isManagementRestricted
// comes only when it is named.
func groupSelect() []string {
	return []string{
		"id", "displayName", "description", "mail", "proxyAddresses", "groupTypes", "mailEnabled", "securityEnabled",
		"visibility", "membershipRule", "onPremisesSyncEnabled", "isAssignableToRole", "isManagementRestricted",
		"resourceProvisioningOptions",
	}
}

// directoryObject is any object that a group can list or a lookup can find.
// Pointers tell null from a value: without the permission for its type, an
// object comes with its id and nulls.
type directoryObject struct {
	Type                        string   `json:"@odata.type"`
	ID                          string   `json:"id"`
	DisplayName                 *string  `json:"displayName"`
	Description                 *string  `json:"description"`
	Mail                        *string  `json:"mail"`
	UserPrincipalName           *string  `json:"userPrincipalName"`
	ProxyAddresses              []string `json:"proxyAddresses"`
	AccountEnabled              *bool    `json:"accountEnabled"`
	UserType                    *string  `json:"userType"`
	MobilePhone                 *string  `json:"mobilePhone"`
	GroupTypes                  []string `json:"groupTypes"`
	MailEnabled                 *bool    `json:"mailEnabled"`
	SecurityEnabled             *bool    `json:"securityEnabled"`
	Visibility                  *string  `json:"visibility"`
	MembershipRule              *string  `json:"membershipRule"`
	OnPremisesSyncEnabled       *bool    `json:"onPremisesSyncEnabled"`
	IsAssignableToRole          *bool    `json:"isAssignableToRole"`
	IsManagementRestricted      *bool    `json:"isManagementRestricted"`
	ResourceProvisioningOptions []string `json:"resourceProvisioningOptions"`
}

// object is the model's object. fallback is the type when the answer names
// none, as in a collection of one type.
func (d *directoryObject) object(fallback model.ObjectType) model.Object {
	o := model.Object{
		ID: d.ID, Type: objectType(d.Type, fallback), DisplayName: deref(d.DisplayName), Mail: deref(d.Mail),
		UserPrincipalName: deref(d.UserPrincipalName), ProxyAddresses: d.ProxyAddresses, AccountEnabled: d.AccountEnabled,
		UserType: deref(d.UserType), MobilePhone: deref(d.MobilePhone), Limited: d.isLimited(),
	}
	if o.Type == model.ObjectGroup && !o.Limited {
		g := d.group()
		o.Group = &g
	}
	return o
}

// isLimited reports an object of which the service gave nothing but type and
// id. Source: Graph documentation, "Limited information returned for
// inaccessible member objects".
func (d *directoryObject) isLimited() bool {
	return d.DisplayName == nil && d.Mail == nil && d.UserPrincipalName == nil && len(d.ProxyAddresses) == 0 &&
		d.AccountEnabled == nil && d.UserType == nil && d.MobilePhone == nil &&
		len(d.GroupTypes) == 0 && d.MailEnabled == nil && d.SecurityEnabled == nil
}

func (d *directoryObject) group() model.Group {
	kind, dynamic := model.ClassifyGroup(d.GroupTypes, deref(d.MailEnabled), deref(d.SecurityEnabled))
	return model.Group{
		ID: d.ID, DisplayName: deref(d.DisplayName), Description: deref(d.Description), Mail: deref(d.Mail),
		ProxyAddresses: d.ProxyAddresses, Kind: kind, DynamicMembership: dynamic, MembershipRule: deref(d.MembershipRule),
		OnPremisesSync: deref(d.OnPremisesSyncEnabled), RoleAssignable: deref(d.IsAssignableToRole),
		ManagementRestricted: deref(d.IsManagementRestricted),
		HiddenMembership:     strings.EqualFold(deref(d.Visibility), "HiddenMembership"),
		Team:                 slices.ContainsFunc(d.ResourceProvisioningOptions, func(o string) bool { return strings.EqualFold(o, "Team") }),
	}
}

func objectType(odata string, fallback model.ObjectType) model.ObjectType {
	switch strings.ToLower(strings.TrimPrefix(odata, "#")) {
	case "":
		return fallback
	case "microsoft.graph.user":
		return model.ObjectUser
	case "microsoft.graph.group":
		return model.ObjectGroup
	case "microsoft.graph.orgcontact":
		return model.ObjectContact
	case "microsoft.graph.device":
		return model.ObjectDevice
	case "microsoft.graph.serviceprincipal":
		return model.ObjectServicePrincipal
	}
	return model.ObjectOther
}

func deref[T any](p *T) T {
	if p == nil {
		var zero T
		return zero
	}
	return *p
}
