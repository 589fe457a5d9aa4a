package handover

import (
	"bytes"
	"fmt"
	"strings"

	"rollcall/model/writeback"
)

// bulkHeader is the one column that the bulk operations of the Entra admin
// center read, for import and for removal alike. Source: Entra documentation,
// "Bulk add group members" and "Bulk remove group members", June 2026: the
// file begins with this header, exactly as it is, and with no version row.
const bulkHeader = "Member object ID or user principal name [memberObjectIdOrUpn] Required"

// bulkVersion is the row before the header in the templates of 2024 and older.
const bulkVersion = "version:v1.0"

// bulkRows is how many rows one upload has at most. A job that takes longer
// than one hour fails, and the documentation of today gives no number; that of
// 2020 promised an hour for "at least 40,000 members". A quarter of it leaves
// room for large tenants, where jobs are reported to be slower.
const bulkRows = 10_000

// bulkMembers returns the CSV that the admin center takes. It names users by
// object id, because a user principal name may change between export and
// upload, and has nothing else that comes from the directory.
func bulkMembers(users []writeback.Ref, versionRow bool) []byte {
	rows := make([][]string, 0, len(users)+2)
	if versionRow {
		rows = append(rows, []string{bulkVersion})
	}
	rows = append(rows, []string{bulkHeader})
	for _, u := range users {
		rows = append(rows, []string{Cell(u.ID)})
	}
	return encode(rows)
}

// bulkFiles are the CSVs of a plan, those that take it back last.
func bulkFiles(p *writeback.Plan, versionRow bool) []File {
	var files []File
	for _, job := range []struct {
		name  string
		users []writeback.Ref
	}{{"import", p.Add}, {"remove", p.Remove}, {"undo-remove", p.Add}, {"undo-import", p.Remove}} {
		parts := inParts(job.users)
		for i, part := range parts {
			name := stem(p) + "-" + job.name
			if len(parts) > 1 {
				name += fmt.Sprintf("-%d-of-%d", i+1, len(parts))
			}
			files = append(files, File{name + ".csv", bulkMembers(part, versionRow)})
		}
	}
	return files
}

// inParts cuts users into parts of equal size that one upload takes: a last part
// of one row, which would be refused, never comes to be.
func inParts(users []writeback.Ref) [][]writeback.Ref {
	var parts [][]writeback.Ref
	for n := (len(users) + bulkRows - 1) / bulkRows; n > 0; n-- {
		size := (len(users) + n - 1) / n
		parts = append(parts, users[:size])
		users = users[size:]
	}
	return parts
}

// readme says what to do with the CSVs.
func readme(p *writeback.Plan, files []File, o Options) []byte {
	var b bytes.Buffer
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\r\n", args...) }
	list := func(heading, job string) {
		var names []string
		for _, f := range files {
			rest := strings.TrimPrefix(f.Name, stem(p)+"-"+job)
			if rest != f.Name && strings.HasSuffix(rest, ".csv") {
				names = append(names, f.Name)
			}
		}
		if len(names) == 0 {
			return
		}
		line("")
		line("%s", heading)
		for _, name := range names {
			line("  %s", name)
		}
	}
	line("rollcall: plan %s", visible(p.ID))
	line("")
	line("group    %s (%s)", visible(p.Group.DisplayName), p.Group.Kind.Label())
	line("         object id %s", visible(p.Group.ID))
	line("tenant   %s", visible(p.TenantID))
	line("made     %s by %s", p.CreatedAt.UTC().Format("2006-01-02 15:04 UTC"), visible(p.Author))
	line("changes  %d to add, %d to remove; the group had %d members", len(p.Add), len(p.Remove), p.BaseCount)
	line("")
	line("Sign in to entra.microsoft.com as a Groups Administrator or an owner of the")
	line("group, and open Groups > All groups > the group > Members. Check the object id")
	line("on its Overview page. Upload the files as they are, one after another, each when")
	line("the job before it has ended (Bulk operation results).")
	list("To add: Bulk operations > Import members", "import")
	list("To remove: Bulk operations > Remove members", "remove")
	list("To take the additions back: Bulk operations > Remove members", "undo-remove")
	list("To take the removals back: Bulk operations > Import members", "undo-import")
	line("")
	line("\"Member already exists\" and \"Member not found\" in the results of a job mean that")
	line("the row was so already, or that the account is no more. The files that take the")
	line("plan back undo every row, also one that was so before the upload.")
	for _, note := range Notes(p, o) {
		line("")
		line("Note: %s.", note)
	}
	return b.Bytes()
}
