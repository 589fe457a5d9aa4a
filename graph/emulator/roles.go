package emulator

import "slices"

// Roles that matter to group membership, by display name.
const (
	// RoleGroups and RoleRecipients are the roles that the demo's account holds:
	// a directory role, and a role group of Exchange.
	RoleGroups     = "Groups Administrator"
	RoleRecipients = "Recipient Management"

	roleExchange   = "Exchange Administrator"
	rolePrivileged = "Privileged Role Administrator"
)

// roleTemplates are the directory roles that an account can be given, with
// their template ids. Source: Entra documentation, "Microsoft Entra built-in
// roles".
var roleTemplates = map[string]string{
	"Global Administrator":              "62e90394-69f5-4237-9190-012177145e10",
	rolePrivileged:                      "e8611ab8-c189-46e8-94e1-60213ab1f814",
	RoleGroups:                          "fdd7a751-b60b-444a-984c-02652fe8fa1c",
	"User Administrator":                "fe930be7-5e62-47db-91af-98c3a49a38b1",
	"Directory Writers":                 "9360feb5-f418-4baa-8175-e2a00bac4301",
	"Directory Readers":                 "88d8e3e3-8f55-4a1e-953a-9b9898b8876b",
	"Identity Governance Administrator": "45d8d3c5-c802-45c6-b32a-1d70b5e1e86e",
	"Exchange Recipient Administrator":  "31392ffb-586c-42d1-9346-e59415a2cc4e",
	roleExchange:                        "29232cdf-9323-42fd-ade2-1d097af3e4de",
}

// Roles with which an account may write the members of groups. Source: Graph
// API reference, "Add members".
var (
	groupWriters   = []string{RoleGroups, "Global Administrator", "User Administrator", "Directory Writers", "Identity Governance Administrator"}
	unifiedWriters = []string{roleExchange} // Microsoft 365 groups only
)

// Roles with which an account may read recipients through the Exchange Online
// Admin API: role groups of Exchange, and directory roles that come with them.
// Source: Exchange documentation, "Authentication and authorization for the
// Exchange Online Admin API".
var (
	exchangeRoleGroups = []string{RoleRecipients, "Organization Management"}
	recipientReaders   = append([]string{roleExchange, "Exchange Recipient Administrator", "Global Administrator"}, exchangeRoleGroups...)
)

func (a *authority) hasRole(name string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Contains(a.roles, name)
}

func (a *authority) mayWriteGroup(unified bool) bool {
	return slices.ContainsFunc(groupWriters, a.hasRole) || (unified && slices.ContainsFunc(unifiedWriters, a.hasRole))
}

// accountRoles are the account's directory roles, by name.
func (a *authority) accountRoles() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(a.roles), func(name string) bool { return roleTemplates[name] == "" })
}

// wids are the template ids of the account's roles, as tokens carry them.
func (a *authority) wids() []string {
	var out []string
	for _, name := range a.accountRoles() {
		out = append(out, roleTemplates[name])
	}
	return out
}
