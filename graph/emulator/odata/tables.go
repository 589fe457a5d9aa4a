package odata

import "fmt"

// Sets that many properties share. Whatever takes eq takes ne and not with the
// advanced parameters, and $orderby where it is indexed.
const (
	advancedOnly = Eq | Ne | Ge | Le | In | StartsWith | Null | Sort
	negative     = Ne | Sort
)

func text(name string, def, adv Operator) Capability {
	return Capability{Name: name, Type: String, Default: def, Advanced: adv}
}

func truth(name string, def, adv Operator) Capability {
	return Capability{Name: name, Type: Bool, Default: def, Advanced: adv}
}

func moment(name string, def, adv Operator) Capability {
	return Capability{Name: name, Type: Time, Default: def, Advanced: adv}
}

func list(name string, def, adv Operator) Capability {
	return Capability{Name: name, Type: Strings, Default: def, Advanced: adv}
}

// Users is the table of the user resource. Source: Microsoft Graph
// documentation, filterable properties of directory objects, and the user
// resource type where that table is silent; properties that neither lists are
// taken to need the advanced parameters, and so does every comparison with null.
func Users() Table {
	const (
		common   = Eq | StartsWith | Ge | Le | In
		nullable = negative | Null
	)
	t := Table{
		Type:       "microsoft.graph.user",
		Expandable: []string{"manager"},
		Properties: []Capability{
			text("id", Eq|In, Ne),
			text("userPrincipalName", Eq|StartsWith|Le|In|Sort, Ne|EndsWith),
			text("displayName", Eq|StartsWith|In|Sort, Ne|Null),
			text("mail", common, nullable|EndsWith),
			text("mailNickname", common, nullable),
			text("givenName", common, nullable),
			text("surname", common, nullable),
			text("usageLocation", common, nullable),
			text("state", common, nullable),
			text("country", common, nullable),
			text("department", common, nullable),
			text("jobTitle", Eq|Ge|Le|In, nullable),
			text("city", Eq|StartsWith|Ge|In, nullable),
			text("userType", Eq|In, nullable),
			text("employeeId", Eq|StartsWith|In, nullable|Ge|Le),
			text("onPremisesSecurityIdentifier", Eq|In, nullable),
			text("companyName", 0, advancedOnly),
			text("employeeType", 0, advancedOnly),
			text("mobilePhone", 0, advancedOnly),
			text("officeLocation", 0, advancedOnly),
			text("postalCode", 0, advancedOnly),
			text("preferredLanguage", 0, advancedOnly),
			text("streetAddress", 0, advancedOnly),
			text("faxNumber", 0, advancedOnly),
			text("passwordPolicies", 0, Eq|nullable),
			text("onPremisesDistinguishedName", 0, 0),
			moment("createdDateTime", Eq|Ge|Le, Ne|In|Sort),
			moment("employeeHireDate", 0, Eq|Ne|Ge|Le|In|Sort),
			truth("accountEnabled", Eq|In, Ne|Ge|Le),
			truth("onPremisesSyncEnabled", Eq|In, Ne|Null),
			list("proxyAddresses", Eq|StartsWith|Ge|Le, Ne|EndsWith|Empty),
			list("otherMails", Eq|StartsWith|Ge|Le|In, Ne|EndsWith|Empty),
			list("imAddresses", 0, Eq|Ne|StartsWith|Ge|Le|Empty),
			list("businessPhones", 0, Eq|Ne|StartsWith|Ge|Le|Empty),
			assignedPlans(),
		},
	}
	for i := range 15 {
		name := fmt.Sprintf("onPremisesExtensionAttributes/extensionAttribute%d", i+1)
		t.Properties = append(t.Properties, text(name, 0, Eq|Ne|Ge|Le|In|Null))
	}
	return t
}

// assignedPlans take no operator without the advanced parameters. Source:
// Microsoft Graph documentation, "Advanced query capabilities on directory
// objects", user properties. It is silent about ne and in, which the page on
// ruleBasedSubjectSet lists; counting is taken to work as it does for
// assignedLicenses.
func assignedPlans() Capability {
	const equality = Eq | Ne | In
	return Capability{
		Name: "assignedPlans", Type: Objects, Advanced: Empty,
		Elements: &Table{
			Type: "microsoft.graph.assignedPlan",
			Properties: []Capability{
				moment("assignedDateTime", 0, 0),
				text("capabilityStatus", 0, equality),
				text("service", 0, equality),
				{Name: "servicePlanId", Type: Guid, Advanced: equality},
			},
		},
	}
}

// Extension is what can be asked of a directory extension that is a string.
// Source: Microsoft Graph documentation, "Add custom data to resources by using
// extensions", directory extensions.
func Extension(name string) Capability {
	return text(name, Eq|In|StartsWith, Ne|Null)
}

// UsersDelta is the table of users/delta, whose filter takes ids and nothing
// else. Source: Microsoft Graph documentation, "user: delta".
func UsersDelta() Table {
	return Table{Type: "microsoft.graph.user", Properties: []Capability{text("id", Eq, 0)}}
}

// Groups is the table of the group resource. Source: Microsoft Graph
// documentation, group resource type, properties.
func Groups() Table {
	return Table{
		Type:       "microsoft.graph.group",
		Expandable: []string{"members"},
		Properties: []Capability{
			text("id", Eq|In, Ne),
			text("displayName", Eq|StartsWith|Ge|Le|In|Sort, Ne|Null),
			text("mail", Eq|StartsWith|Ge|Le|In|Null, negative),
			text("mailNickname", Eq|StartsWith|Ge|Le|In, negative),
			text("description", 0, advancedOnly),
			text("membershipRule", 0, Eq|Ne|StartsWith|Null),
			text("membershipRuleProcessingState", 0, Eq|Ne|In),
			text("visibility", 0, 0),
			moment("createdDateTime", Eq|Ge|Le, Ne|In|Sort),
			truth("mailEnabled", Eq, Ne),
			truth("securityEnabled", Eq|In, Ne),
			truth("isAssignableToRole", Eq, Ne|Null),
			truth("isManagementRestricted", 0, 0),
			truth("onPremisesSyncEnabled", Eq|In|Null, Ne),
			list("groupTypes", Eq, Ne|Empty),
			list("proxyAddresses", Eq|Ge|Le, Ne|StartsWith|EndsWith|Empty),
			list("resourceProvisioningOptions", Eq, Ne|Empty),
		},
	}
}

// Contacts is the table of the orgContact resource.
func Contacts() Table {
	const common = Eq | StartsWith | Ge | Le | In | Null
	return Table{
		Type: "microsoft.graph.orgContact",
		Properties: []Capability{
			text("id", Eq|In, Ne),
			text("displayName", common|Sort, Ne),
			text("mail", common, negative|EndsWith),
			text("companyName", common, negative),
			text("department", common, negative),
			truth("onPremisesSyncEnabled", Eq|Null, Ne),
			list("proxyAddresses", Eq|Ge|Le, Ne|StartsWith|EndsWith|Empty),
		},
	}
}

// ServicePrincipals is the table of the servicePrincipal resource.
func ServicePrincipals() Table {
	return Table{
		Type: "microsoft.graph.servicePrincipal",
		Properties: []Capability{
			text("id", Eq|In, Ne),
			text("appId", Eq|In, Ne),
			text("displayName", Eq|StartsWith|Ge|Le|In|Sort, Ne),
			truth("accountEnabled", Eq|In, Ne),
			truth("appRoleAssignmentRequired", 0, 0),
		},
	}
}

// Members is the table of members, transitiveMembers and memberOf: collections
// of directory objects, which take no query option but $top and $select without
// the advanced parameters.
func Members() Table {
	return Table{
		Type: "microsoft.graph.directoryObject",
		Properties: []Capability{
			text("id", 0, Eq|Ne|In),
			text("displayName", 0, advancedOnly),
			text("mail", 0, advancedOnly|EndsWith),
			text("userPrincipalName", 0, advancedOnly|EndsWith),
			text("mailNickname", 0, advancedOnly),
			text("department", 0, advancedOnly),
			text("jobTitle", 0, advancedOnly),
			text("description", 0, advancedOnly),
			text("userType", 0, Eq|Ne|In|Null),
			truth("accountEnabled", 0, Eq|Ne),
			truth("mailEnabled", 0, Eq|Ne),
			truth("securityEnabled", 0, Eq|Ne),
			list("proxyAddresses", 0, Eq|Ne|StartsWith|EndsWith|Empty),
			list("groupTypes", 0, Eq|Ne|Empty),
		},
	}
}
