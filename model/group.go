package model

import "strings"

// GroupKind is what a group is in Entra and Exchange terms.
type GroupKind string

const (
	KindMicrosoft365        GroupKind = "microsoft365"
	KindSecurity            GroupKind = "security"
	KindMailEnabledSecurity GroupKind = "mailEnabledSecurity"
	KindDistribution        GroupKind = "distribution"
	KindDynamicDistribution GroupKind = "dynamicDistribution" // exists in Exchange only
)

// Label is the kind as a person reads it.
func (k GroupKind) Label() string {
	switch k {
	case KindMicrosoft365:
		return "Microsoft 365 group"
	case KindSecurity:
		return "security group"
	case KindMailEnabledSecurity:
		return "mail-enabled security group"
	case KindDistribution:
		return "distribution list"
	case KindDynamicDistribution:
		return "dynamic distribution list"
	default:
		return "group"
	}
}

// InExchange reports the kinds that Exchange masters: Graph shows some of them
// and changes none.
func (k GroupKind) InExchange() bool {
	return k == KindDistribution || k == KindMailEnabledSecurity || k == KindDynamicDistribution
}

// Group is a group of the tenant as Graph or Exchange describes it.
type Group struct {
	ID                   string
	DisplayName          string
	Description          string
	Mail                 string
	ProxyAddresses       []string // "SMTP:primary", "smtp:secondary"
	Kind                 GroupKind
	DynamicMembership    bool // Entra computes the members from MembershipRule
	MembershipRule       string
	OnPremisesSync       bool
	RoleAssignable       bool
	ManagementRestricted bool // in a restricted management administrative unit
	HiddenMembership     bool
	Team                 bool
}

// ClassifyGroup returns the kind of a Graph group from the properties that
// decide it. Source: Graph documentation, "Working with groups in Microsoft
// Graph", group types.
func ClassifyGroup(groupTypes []string, mailEnabled, securityEnabled bool) (kind GroupKind, dynamic bool) {
	for _, t := range groupTypes {
		switch {
		case strings.EqualFold(t, "Unified"):
			kind = KindMicrosoft365
		case strings.EqualFold(t, "DynamicMembership"):
			dynamic = true
		}
	}
	switch {
	case kind != "":
	case mailEnabled && securityEnabled:
		kind = KindMailEnabledSecurity
	case mailEnabled:
		kind = KindDistribution
	default:
		kind = KindSecurity
	}
	return kind, dynamic
}

// WriteRefusal says why Graph will not let anybody write a group's members,
// and what to do instead. It returns nil for a group that can be written. The
// answer comes from the group's own properties, so it costs no request.
func (g *Group) WriteRefusal() *Error {
	if refusal := g.HandOverRefusal(); refusal != nil {
		return refusal
	}
	const instead = "plan it with --hand-over: `rollcall plan export` then writes the script with Exchange's own commands, " +
		"Add-DistributionGroupMember and Remove-DistributionGroupMember; or choose a security or Microsoft 365 group"
	switch g.Kind {
	case KindDistribution:
		return g.refuse("groupDistribution", "is a distribution list, which Graph can read but not change", instead)
	case KindMailEnabledSecurity:
		return g.refuse("groupMailEnabledSecurity", "is a mail-enabled security group, which Graph can read but not change", instead)
	}
	return nil
}

// HandOverRefusal says why no list of additions and removals changes a group,
// whoever makes them, and what to do instead. It is nil for a group that can be
// written, through Graph or in Exchange.
func (g *Group) HandOverRefusal() *Error {
	switch {
	case g.Kind == KindDynamicDistribution:
		return g.refuse("groupDynamicDistribution", "is a dynamic distribution list: Exchange computes its members from a filter",
			"change the list's recipient filter in Exchange, for instance to the one that `rollcall segment export NAME --as opath` prints")
	case g.DynamicMembership:
		return g.refuse("groupDynamic", "has dynamic membership: Entra computes its members from a rule",
			"change the group's membership rule, for instance to the one that `rollcall segment export NAME --as entra` prints")
	case g.OnPremisesSync:
		return g.refuse("groupOnPremises", "is synchronised from on-premises Active Directory and is read-only in Entra and in Exchange Online",
			"change the members in Active Directory, from where the next synchronisation brings them, or use a cloud group")
	case g.RoleAssignable:
		return g.refuse("groupRoleAssignable", "can be assigned to Entra roles; its members hold privileges",
			"change it in the Entra admin center as a Privileged Role Administrator; rollcall never writes role-assignable groups")
	case g.ManagementRestricted:
		return g.refuse("groupManagementRestricted", "is in a restricted management administrative unit",
			"ask an administrator whose role is scoped to that unit to change it in the Entra admin center")
	}
	return nil
}

func (g *Group) refuse(code, message, remedy string) *Error {
	return &Error{Kind: KindGuard, Code: code, Message: g.DisplayName + " " + message, Remedy: remedy}
}

// ObjectType is the type of a directory object that can be a member.
type ObjectType string

const (
	ObjectUser             ObjectType = "user"
	ObjectGroup            ObjectType = "group"
	ObjectContact          ObjectType = "orgContact"
	ObjectDevice           ObjectType = "device"
	ObjectServicePrincipal ObjectType = "servicePrincipal"
	ObjectOther            ObjectType = "other" // a type that rollcall does not know
)

// Object is a directory object as a group lists it or a lookup finds it.
type Object struct {
	ID                string
	Type              ObjectType
	DisplayName       string
	Mail              string // primary SMTP address; "" when it has none
	UserPrincipalName string
	ProxyAddresses    []string
	AccountEnabled    *bool  // nil when not said, as for contacts
	UserType          string // "Member", "Guest" or ""
	MobilePhone       string
	Group             *Group // set when Type is ObjectGroup and its properties are known

	// Limited is set when the service returned the type and id only, because
	// the permission to read this type is missing. Every other field is then
	// unknown, not empty.
	Limited bool
}
