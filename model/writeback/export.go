package writeback

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"
)

// bulkHeader is the one heading of the Entra portal's templates for importing
// and removing members. Older templates had a version row above it; the
// portal now refuses one that its own template does not have. Source: Entra
// documentation, "Bulk import group members" and "Bulk remove group members".
const bulkHeader = "Member object ID or user principal name [memberObjectIdOrUpn] Required"

// WriteCSV writes rows for the Entra portal's bulk operations, which take
// additions (Import members) and removals (Remove members) in files of their
// own. Members go by object id: a user principal name can change before the
// file is used, and that of a guest contains "#EXT#".
func WriteCSV(w io.Writer, rows []Ref) error {
	b := bufio.NewWriter(w)
	fmt.Fprintf(b, "%s\r\n", bulkHeader)
	for _, r := range rows {
		fmt.Fprintf(b, "%s\r\n", r.ID)
	}
	return b.Flush()
}

// WritePowerShell writes the plan as a script for Microsoft Graph PowerShell.
// It changes nothing unless it is run with -Apply. Only object ids stand in
// its code; names stand in comments, freed of everything that could end one.
func WritePowerShell(w io.Writer, p *Plan) error {
	if err := p.checkRows(); err != nil {
		return err
	}
	b := bufio.NewWriter(w)
	fmt.Fprintf(b, `# rollcall plan %s
# Group:    %s
# Tenant:   %s
# Made by:  %s, %s
# Changes:  %d to add, %d to remove
#
# Needs the module Microsoft.Graph.Groups, the permission
# GroupMember.ReadWrite.All, and a role that may change this group.
# Without -Apply it only says what it would do.
[CmdletBinding()]
param([switch]$Apply)
$ErrorActionPreference = 'Stop'
$group = '%s'
`,
		comment(p.ID), comment(p.Group.DisplayName), comment(p.TenantID), comment(p.Author), p.CreatedAt.Format(time.RFC3339),
		len(p.Add), len(p.Remove), p.Group.ID)
	writeIDs(b, "add", p.Add)
	writeIDs(b, "remove", p.Remove)
	tenant := ""
	if isObjectID(p.TenantID) {
		tenant = " -TenantId '" + p.TenantID + "'"
	}
	fmt.Fprintf(b, `
if (-not $Apply) {
    "would add $($add.Count) and remove $($remove.Count) members of group $group; run again with -Apply"
    return
}
Connect-MgGraph -Scopes 'GroupMember.ReadWrite.All' -NoWelcome%s
$present = @{}
Get-MgGroupMember -GroupId $group -All | ForEach-Object { $present[$_.Id] = $true }
foreach ($id in $add) {
    if (-not $present.ContainsKey($id)) { New-MgGroupMember -GroupId $group -DirectoryObjectId $id }
}
foreach ($id in $remove) {
    if ($present.ContainsKey($id)) { Remove-MgGroupMemberByRef -GroupId $group -DirectoryObjectId $id }
}
`, tenant)
	return b.Flush()
}

func writeIDs(b *bufio.Writer, name string, rows []Ref) {
	fmt.Fprintf(b, "$%s = @(", name)
	for i, r := range rows {
		separator := ","
		if i == len(rows)-1 {
			separator = " "
		}
		fmt.Fprintf(b, "\n    '%s'%s # %s", r.ID, separator, comment(r.name()))
	}
	b.WriteString("\n)\n")
}

// comment makes text safe behind a "#": one line, and nothing that a terminal
// or an editor would obey.
func comment(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '\uFFFD'
	}, strings.ToValidUTF8(s, "\uFFFD"))
}
