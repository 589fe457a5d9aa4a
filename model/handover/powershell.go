package handover

import (
	"cmp"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf16"

	"rollcall/model/writeback"
)

// script returns a PowerShell script that makes a plan's changes, or takes them
// back. It is plain ASCII: Windows PowerShell reads a file without a mark as
// the code page of the machine, where bytes of a name in UTF-8 can be quotes.
func script(p *writeback.Plan, undo bool) []byte {
	add, remove := p.Add, p.Remove
	what, name, other := "makes the changes of plan", stem(p), stem(p)+"-undo.ps1 takes them back"
	if undo {
		add, remove = p.Remove, p.Add
		what, name, other = "takes back the changes of plan", stem(p)+"-undo", stem(p)+".ps1 makes them"
	}
	cmdlets := &graphCmdlets
	if p.HandOver {
		cmdlets = &exchangeCmdlets
	}
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\r\n", args...) }
	block := func(text string) {
		for part := range strings.Lines(text) {
			b.WriteString(strings.TrimSuffix(part, "\n") + "\r\n")
		}
	}
	line("# rollcall: this %s %s", what, escape(p.ID))
	line("#")
	line("# group    %s (%s)", escape(p.Group.DisplayName), escape(p.Group.Kind.Label()))
	line("# tenant   %s", escape(p.TenantID))
	line("# made     %s by %s", p.CreatedAt.UTC().Format("2006-01-02 15:04 UTC"), escape(p.Author))
	line("# changes  %d to add, %d to remove; the group had %d members", len(add), len(remove), p.BaseCount)
	line("#")
	line("# %s.", other)
	if !undo {
		for _, warning := range warnings(p) {
			line("#")
			line("# Note: %s.", warning)
		}
	}
	block(strings.ReplaceAll(scriptAbout, "NAME", name))
	block(cmdlets.head)
	line("")
	line("$tenant = %s", quote(p.TenantID))
	line("$group = %s", quote(p.Group.ID))
	line("$before = %d", sizeBefore(p, undo))
	line("$rows = @(")
	for _, r := range add {
		writeRow(line, "add", r)
	}
	for _, r := range remove {
		writeRow(line, "remove", r)
	}
	line(")")
	block(cmdlets.connect)
	block(scriptWork)
	block(cmdlets.write)
	block(scriptEnd)
	return []byte(b.String())
}

// sizeBefore is how many members the group should have when the script is run.
func sizeBefore(p *writeback.Plan, undo bool) int {
	if undo {
		return p.BaseCount + len(p.Add) - len(p.Remove)
	}
	return p.BaseCount
}

// writeRow writes a row of the plan. The object id, or the address of a
// recipient that has none in Exchange, says who is meant; the name is only
// shown.
func writeRow(line func(string, ...any), verb string, r writeback.Ref) {
	mail := ""
	if r.Mail != "" {
		mail = "; Mail = " + quote(r.Mail)
	}
	name := cmp.Or(r.UserPrincipalName, r.Mail, r.DisplayName, r.ID)
	line("  @{ Do = '%s'; Id = %s%s; Name = %s }", verb, quote(r.ID), mail, quote(name))
}

// quote writes a text as a PowerShell verbatim string, in which nothing but a
// quote means anything. PowerShell takes the typographic quotes U+2018 to
// U+201B for the plain one too; none of them is left after escape. Source:
// PowerShell language specification, 2.3.5.2 string literals. The script reads
// what it shows by [regex]::Unescape.
func quote(text string) string {
	return "'" + strings.ReplaceAll(escape(text), "'", "''") + "'"
}

// escape writes a text in ASCII on one line: other characters as \uXXXX in
// UTF-16, the backslash twice. What a terminal would obey or what does not show
// becomes a space.
func escape(text string) string {
	var b strings.Builder
	for _, r := range visible(text) {
		switch {
		case r == '\\':
			b.WriteString(`\\`)
		case r <= unicode.MaxASCII:
			b.WriteRune(r)
		default:
			for _, unit := range utf16.Encode([]rune{r}) {
				fmt.Fprintf(&b, `\u%04x`, unit)
			}
		}
	}
	return b.String()
}

// visible makes a text safe on a line of its own: nothing in it can end the
// line or change the order in which it is read.
func visible(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp) || r == unicode.ReplacementChar {
			return ' '
		}
		return r
	}, text)
}
