package seed

// Device is a registered device.
type Device struct {
	Index           int
	ID, DeviceID    string
	DisplayName     string
	OperatingSystem string
	AccountEnabled  bool
}

// ServicePrincipal is an enterprise application; number 0 is rollcall's own.
type ServicePrincipal struct {
	Index                     int
	ID, AppID, DisplayName    string
	AccountEnabled            bool
	AppRoleAssignmentRequired bool
}

var groupProperties = []field[Group]{
	{"id", func(g *Group) any { return g.ID }},
	{"createdDateTime", func(g *Group) any { return g.CreatedDateTime }},
	{"description", func(g *Group) any { return g.Description }},
	{"displayName", func(g *Group) any { return g.DisplayName }},
	{"groupTypes", func(g *Group) any { return g.GroupTypes }},
	{"isAssignableToRole", func(g *Group) any { return trueOrNull(g.IsAssignableToRole) }},
	{"isManagementRestricted", func(g *Group) any { return trueOrNull(g.IsManagementRestricted) }},
	{"mail", func(g *Group) any { return g.Mail }},
	{"mailEnabled", func(g *Group) any { return g.MailEnabled }},
	{"mailNickname", func(g *Group) any { return g.MailNickname }},
	{"membershipRule", func(g *Group) any { return g.MembershipRule }},
	{"membershipRuleProcessingState", func(g *Group) any {
		if g.MembershipRule == "" {
			return nil
		}
		return "On"
	}},
	{"onPremisesSyncEnabled", func(g *Group) any {
		if g.OnPremisesSyncEnabled == nil {
			return nil
		}
		return *g.OnPremisesSyncEnabled
	}},
	{"proxyAddresses", func(g *Group) any { return g.ProxyAddresses }},
	{"resourceProvisioningOptions", func(g *Group) any { return g.ResourceProvisioningOptions }},
	{"securityEnabled", func(g *Group) any { return g.SecurityEnabled }},
	{"visibility", func(g *Group) any { return g.Visibility }},
}

var contactProperties = []field[Contact]{
	{"id", func(c *Contact) any { return c.ID }},
	{"companyName", func(c *Contact) any { return c.CompanyName }},
	{"department", func(c *Contact) any { return c.Department }},
	{"displayName", func(c *Contact) any { return c.DisplayName }},
	{"mail", func(c *Contact) any { return c.Mail }},
	{"onPremisesSyncEnabled", func(*Contact) any { return nil }},
	{"proxyAddresses", func(c *Contact) any { return c.ProxyAddresses }},
}

var deviceProperties = []field[Device]{
	{"id", func(d *Device) any { return d.ID }},
	{"accountEnabled", func(d *Device) any { return d.AccountEnabled }},
	{"deviceId", func(d *Device) any { return d.DeviceID }},
	{"displayName", func(d *Device) any { return d.DisplayName }},
	{"operatingSystem", func(d *Device) any { return d.OperatingSystem }},
}

var servicePrincipalProperties = []field[ServicePrincipal]{
	{"id", func(s *ServicePrincipal) any { return s.ID }},
	{"accountEnabled", func(s *ServicePrincipal) any { return s.AccountEnabled }},
	{"appId", func(s *ServicePrincipal) any { return s.AppID }},
	{"appRoleAssignmentRequired", func(s *ServicePrincipal) any { return s.AppRoleAssignmentRequired }},
	{"displayName", func(s *ServicePrincipal) any { return s.DisplayName }},
}

// Property gives a group's property as User.Property does.
func (g *Group) Property(path string) (any, bool) { return lookup(groupProperties, g, path) }

// Property gives a contact's property as User.Property does.
func (c *Contact) Property(path string) (any, bool) { return lookup(contactProperties, c, path) }

// Property gives a device's property as User.Property does.
func (d *Device) Property(path string) (any, bool) { return lookup(deviceProperties, d, path) }

// Property gives a service principal's property as User.Property does.
func (s *ServicePrincipal) Property(path string) (any, bool) {
	return lookup(servicePrincipalProperties, s, path)
}
