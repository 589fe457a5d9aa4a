package handover

import (
	"fmt"
	"strings"
	"unicode"

	"rollcall/model/writeback"
)

// PowerShell returns a script that makes the plan's changes with the Microsoft
// Graph cmdlets. It changes nothing until it is run with -Apply, stops at the
// first error, and checks nothing that the plan did not: the group may have
// moved meanwhile.
func PowerShell(p *writeback.Plan) []byte {
	return script(p, p.Add, p.Remove, "the plan")
}

// PowerShellUndo returns the script that takes PowerShell's changes back.
func PowerShellUndo(p *writeback.Plan) []byte {
	return script(p, p.Remove, p.Add, "the undo of the plan")
}

func script(p *writeback.Plan, add, remove []writeback.Ref, what string) []byte {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\r\n", args...) }
	line("# rollcall: %s %s", what, comment(p.ID))
	line("# group   %s (%s)", comment(p.Group.DisplayName), comment(string(p.Group.Kind)))
	line("# tenant  %s", comment(p.TenantID))
	line("# made    %s by %s", p.CreatedAt.UTC().Format("2006-01-02 15:04 UTC"), comment(p.Author))
	line("# changes %d to add, %d to remove", len(add), len(remove))
	line("#")
	line("# Without -Apply it only says what it would do.")
	line("# Needs: Install-Module Microsoft.Graph.Groups")
	line("param([switch]$Apply)")
	line("$ErrorActionPreference = 'Stop'")
	line("Connect-MgGraph -TenantId %s -Scopes GroupMember.ReadWrite.All -NoWelcome", quote(p.TenantID))
	line("$group = %s", quote(p.Group.ID))
	writeRows(line, "add", add, "New-MgGroupMember -GroupId $group -DirectoryObjectId $user.Id")
	writeRows(line, "remove", remove, "Remove-MgGroupMemberByRef -GroupId $group -DirectoryObjectId $user.Id")
	return []byte(b.String())
}

func writeRows(line func(string, ...any), verb string, users []writeback.Ref, cmdlet string) {
	if len(users) == 0 {
		return
	}
	line("")
	line("$%s = @(", verb)
	for i, u := range users {
		comma := ","
		if i == len(users)-1 {
			comma = ""
		}
		line("  @{ Id = %s; Name = %s }%s", quote(u.ID), quote(u.UserPrincipalName), comma)
	}
	line(")")
	line("foreach ($user in $%s) {", verb)
	line("  Write-Output ('%s ' + $user.Name)", verb)
	line("  if ($Apply) { %s }", cmdlet)
	line("}")
}

// quote writes a text as a PowerShell verbatim string. PowerShell takes the
// typographic quotes U+2018 to U+201B for the plain one, so they are doubled
// as well. Source: PowerShell language specification, 2.3.5.2 string literals.
// Control characters cannot occur in what it quotes and become spaces.
func quote(text string) string {
	var b strings.Builder
	b.WriteByte('\'')
	for _, r := range comment(text) {
		b.WriteRune(r)
		if r == '\'' || r >= '\u2018' && r <= '\u201b' {
			b.WriteRune(r)
		}
	}
	b.WriteByte('\'')
	return b.String()
}

// comment makes a text safe behind "#": nothing in it can end the line or
// change the order in which it is read.
func comment(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp) || r == unicode.ReplacementChar {
			return ' '
		}
		return r
	}, text)
}
