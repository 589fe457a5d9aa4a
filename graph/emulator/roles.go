package emulator

import "slices"

// Directory roles that matter to group membership, by display name.
const (
	// RoleGroups is the role that the demo's account holds.
	RoleGroups     = "Groups Administrator"
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
	"Exchange Administrator":            "29232cdf-9323-42fd-ade2-1d097af3e4de",
}

// Roles with which an account may write the members of groups. Source: Graph
// API reference, "Add members".
var (
	groupWriters   = []string{RoleGroups, "Global Administrator", "User Administrator", "Directory Writers", "Identity Governance Administrator"}
	unifiedWriters = []string{"Exchange Administrator"} // Microsoft 365 groups only
)

func (a *authority) hasRole(name string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Contains(a.roles, name)
}

func (a *authority) mayWriteGroup(unified bool) bool {
	return slices.ContainsFunc(groupWriters, a.hasRole) || (unified && slices.ContainsFunc(unifiedWriters, a.hasRole))
}

// accountRoles are the account's roles, by name.
func (a *authority) accountRoles() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.roles)
}

// wids are the template ids of the account's roles, as tokens carry them.
func (a *authority) wids() []string {
	var out []string
	for _, name := range a.accountRoles() {
		out = append(out, roleTemplates[name])
	}
	return out
}
