package handover

import (
	"fmt"
	"strings"

	"rollcall/model/writeback"
)

// The forms in which a plan is handed over, besides CSV.
const (
	Script Format = "powershell"
	Both   Format = "both" // CSV and Script
)

// Options say how a plan is handed over.
type Options struct {
	Format     Format // CSV, Script or Both, which "" is as well
	VersionRow bool   // begin the CSVs as the older templates of the admin center do
}

func (o Options) csv() bool    { return o.Format != Script }
func (o Options) script() bool { return o.Format != CSV }

// File is a file to write.
type File struct {
	Name    string
	Content []byte
}

// Files returns all files that hand a plan over to somebody who may write,
// those that take it back again among them:
//
//	plan-ID.ps1              makes the changes
//	plan-ID-import.csv       users to add, in the admin center
//	plan-ID-remove.csv       users to remove
//	plan-ID-undo.ps1, plan-ID-undo-remove.csv, plan-ID-undo-import.csv
//	plan-ID-README.txt       what to do with the CSVs, which take no comments
//
// A CSV with more rows than one job of the admin center may have comes in parts:
// plan-ID-import-1-of-3.csv. A plan of a group that Exchange alone can write has
// scripts of Exchange cmdlets, and those in every form, because the admin center
// takes no CSV for it. A plan that changes nothing has no files.
func Files(p *writeback.Plan, o Options) []File {
	if p.Empty() {
		return nil
	}
	var files []File
	if o.script() || p.HandOver {
		files = append(files,
			File{stem(p) + ".ps1", script(p, false)},
			File{stem(p) + "-undo.ps1", script(p, true)})
	}
	if o.csv() && !p.HandOver {
		files = append(files, bulkFiles(p, o.VersionRow)...)
		files = append(files, File{stem(p) + "-README.txt", readme(p, files, o)})
	}
	return files
}

// Notes are what somebody who hands the files over must know, a sentence each
// without a trailing period.
func Notes(p *writeback.Plan, o Options) []string {
	if p.Empty() {
		return []string{"the plan changes nothing: there is nothing to hand over"}
	}
	notes := warnings(p)
	switch {
	case p.HandOver && o.Format == CSV:
		return append(notes, "the admin center takes no CSV for "+p.Group.Kind.Label()+"s: a PowerShell script of Exchange cmdlets does it")
	case p.HandOver || !o.csv():
		return notes
	}
	one := func(refs []writeback.Ref, job, instead string) {
		if len(refs) == 1 {
			notes = append(notes, job+" has one row and the admin center imports two at least: "+instead)
		}
	}
	one(p.Add, "the import", "add this user by hand under Members › Add members, or use the script")
	one(p.Remove, "the import of the undo", "add this user by hand, or use the undo script")
	if most := max(len(p.Add), len(p.Remove)); most > bulkRows {
		notes = append(notes, fmt.Sprintf("the CSVs come in parts of at most %d rows, because a job of the admin center that takes more than one hour fails: upload the next part when the last one has ended", bulkRows))
	}
	return notes
}

// warnings are what the guards of a plan would stop if rollcall wrote it: a file
// asks nobody for a number.
func warnings(p *writeback.Plan) []string {
	stops := p.Stops()
	if len(stops) == 0 {
		return nil
	}
	return []string{"the profile's guards stop this plan where rollcall writes it, and nothing stops these files: " + strings.Join(stops, "; ")}
}

// stem begins the names of a plan's files. The id of a plan is hexadecimal;
// whatever else a file claims it to be never leaves the folder.
func stem(p *writeback.Plan) string {
	return "plan-" + strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
			return r
		}
		return '_'
	}, p.ID)
}
