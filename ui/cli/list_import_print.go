package cli

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"rollcall/model"
	"rollcall/model/roster"
	"rollcall/model/workspace"
	"rollcall/ui/text"
)

// importRow is a row of an imported file as programs read it.
type importRow struct {
	Line       int               `json:"line"`
	Result     string            `json:"result"` // matched, outside, duplicate, unmatched, ambiguous
	Value      string            `json:"value"`  // how the row names somebody
	ID         string            `json:"id,omitempty"`
	By         roster.By         `json:"by,omitempty"`
	FirstLine  int               `json:"firstLine,omitempty"` // of a duplicate
	Reason     string            `json:"reason,omitempty"`
	Candidates []importCandidate `json:"candidates,omitempty"`
}

// importCandidate is a user whom a row may mean.
type importCandidate struct {
	ID                string `json:"id"`
	DisplayName       string `json:"displayName"`
	UserPrincipalName string `json:"userPrincipalName"`
	Mail              string `json:"mail"`
	EmployeeID        string `json:"employeeId,omitempty"`
}

func (r importRow) cells() []string {
	first, reason := "", r.Reason
	if r.FirstLine > 0 {
		first = strconv.Itoa(r.FirstLine)
	}
	for i, c := range r.Candidates {
		separator := ", "
		if i == 0 {
			separator = ": "
		}
		reason += separator + c.label()
	}
	return []string{strconv.Itoa(r.Line), r.Result, r.Value, r.ID, first, reason}
}

// label names a candidate so that it can be told from the others.
func (c *importCandidate) label() string {
	return fmt.Sprintf("%s (%s, id %s)", c.DisplayName, cmp.Or(c.UserPrincipalName, c.Mail), c.ID)
}

func (o *importOutput) candidates(rows []int32) []importCandidate {
	list := make([]importCandidate, len(rows))
	for i, row := range rows {
		value := func(a model.AttrID) string { return o.Snapshot.Value(row, a) }
		list[i] = importCandidate{o.Snapshot.ID(row), value(model.AttrDisplayName), value(model.AttrUserPrincipalName), value(model.AttrMail), value(model.AttrEmployeeID)}
	}
	return list
}

// rows are all rows of the file, in its order.
func (o *importOutput) rows() []importRow {
	rows := slices.Concat(o.duplicates(), o.unmatched(), o.ambiguous())
	for _, m := range o.Match.Matched {
		rows = append(rows, importRow{Line: m.Row.Line, Result: "matched", Value: m.Row.Value(), ID: o.Snapshot.ID(m.User), By: m.By})
	}
	for _, out := range o.Match.Outside {
		rows = append(rows, importRow{Line: out.Row.Line, Result: "outside", Value: out.Row.Value()})
	}
	slices.SortFunc(rows, func(a, b importRow) int { return cmp.Compare(a.Line, b.Line) })
	return rows
}

func (o *importOutput) duplicates() []importRow {
	rows := make([]importRow, len(o.Match.Duplicates))
	for i, d := range o.Match.Duplicates {
		rows[i] = importRow{Line: d.Row.Line, Result: "duplicate", Value: d.Row.Value(), FirstLine: d.First, Reason: fmt.Sprintf("line %d names the same", d.First)}
	}
	return rows
}

func (o *importOutput) unmatched() []importRow {
	rows := make([]importRow, len(o.Match.Unmatched))
	for i, u := range o.Match.Unmatched {
		rows[i] = importRow{Line: u.Row.Line, Result: "unmatched", Value: u.Row.Value(), Reason: u.Reason, Candidates: o.candidates(u.Near)}
	}
	return rows
}

func (o *importOutput) ambiguous() []importRow {
	rows := make([]importRow, len(o.Match.Ambiguous))
	for i, a := range o.Match.Ambiguous {
		rows[i] = importRow{Line: a.Row.Line, Result: "ambiguous", Value: a.Row.Value(), Reason: a.Reason, Candidates: o.candidates(a.Candidates)}
	}
	return rows
}

// importObject is an import as programs read it.
type importObject struct {
	Name       string                    `json:"name"`
	File       string                    `json:"file"`
	New        bool                      `json:"new"`
	Written    bool                      `json:"written"`
	Format     roster.Format             `json:"format"`
	Rows       int                       `json:"rows"`
	Matched    int                       `json:"matched"`
	Outside    int                       `json:"outside"`
	Duplicates []importRow               `json:"duplicates"`
	Unmatched  []importRow               `json:"unmatched"`
	Ambiguous  []importRow               `json:"ambiguous"`
	Members    int                       `json:"members"` // that the list would have, or has
	Joins      []workspace.Contact       `json:"joins"`
	Leaves     []workspace.Contact       `json:"leaves"`
	Changed    []workspace.ContactChange `json:"changed"`
	Unchanged  int                       `json:"unchanged"`
	Kept       []workspace.Contact       `json:"kept"` // members whom an ambiguous row may mean, among unchanged
	Notes      []string                  `json:"notes"`
}

func (o *importOutput) object() importObject {
	return importObject{
		Name: o.Name, File: o.File, New: o.New(), Written: o.written,
		Format: o.Format, Rows: o.Rows, Matched: len(o.Match.Matched), Outside: len(o.Match.Outside),
		Duplicates: o.duplicates(), Unmatched: o.unmatched(), Ambiguous: o.ambiguous(),
		Members: len(o.Members), Joins: listed(o.Joins), Leaves: listed(o.Leaves), Changed: listed(o.Changed),
		Unchanged: o.Unchanged, Kept: listed(o.Kept), Notes: listed(o.Notes),
	}
}

// listed is a slice as JSON shows it: never null.
func listed[T any](of []T) []T {
	if of == nil {
		return []T{}
	}
	return of
}

// firstOfEach is how many rows and changes of each kind a person sees without
// --all.
const firstOfEach = 10

// preview writes for a person how the file was read, what its rows name and
// what that makes of the list.
func (o *importOutput) preview(w io.Writer) error {
	encoding := string(o.Format.Encoding)
	if o.Format.Marked {
		encoding += " with byte order mark"
	}
	headings := "no headings"
	if o.Format.Header > 0 {
		headings = "headings in line " + strconv.Itoa(o.Format.Header)
	}
	fmt.Fprintf(w, "%s: %s, %s, %s\n\n", text.Clean(o.File), encoding, o.Format.Delimiter, headings)
	columns := table{columns: []column{{"column", false}, {"no", true}, {"heading", false}, {"told by", false}, {"first rows", false}}}
	for i, m := range o.Format.Columns {
		var sample []string
		for _, row := range o.Format.Sample {
			if field := text.Clip(text.Clean(strings.TrimSpace(row[i])), 30); field != "" {
				sample = append(sample, field)
			}
		}
		columns.rows = append(columns.rows, []string{string(m.Column), strconv.Itoa(m.Number), m.Heading, string(m.By), strings.Join(sample, " · ")})
	}
	if err := columns.print(w); err != nil {
		return err
	}
	if len(o.Format.Ignored) > 0 {
		fmt.Fprintf(w, "not read: %s\n", text.Clip(text.Clean(strings.Join(o.Format.Ignored, ", ")), 200))
	}
	for _, note := range o.Notes {
		fmt.Fprintf(w, "note: %s\n", text.Clean(note))
	}
	fmt.Fprintf(w, "\n%s: %s\n", text.Plural(o.Rows, "row", "rows"), o.counts())
	o.trouble(w, "ambiguous", o.ambiguous())
	o.trouble(w, "unmatched", o.unmatched())
	o.trouble(w, "duplicate", o.duplicates())
	return o.changes(w)
}

func (o *importOutput) counts() string {
	m := o.Match
	parts := []string{text.Plural(len(m.Matched), "user", "users")}
	for _, part := range []struct {
		n    int
		what string
	}{
		{len(m.Outside), "outside the tenant"},
		{len(m.Duplicates), "named twice"},
		{len(m.Ambiguous), "ambiguous"},
		{len(m.Unmatched), "name nobody"},
	} {
		if part.n > 0 {
			parts = append(parts, grouped(part.n)+" "+part.what)
		}
	}
	return strings.Join(parts, ", ")
}

// trouble lists rows that are left out.
func (o *importOutput) trouble(w io.Writer, what string, rows []importRow) {
	shown := rows
	if !o.all {
		shown = rows[:min(len(rows), firstOfEach)]
	}
	for _, r := range shown {
		fmt.Fprintf(w, "  line %d %s: %s\n", r.Line, what, text.Clean(cmp.Or(r.Reason, r.Value)))
		for i := range r.Candidates {
			fmt.Fprintf(w, "    %s\n", text.Clean(r.Candidates[i].label()))
		}
	}
	o.more(w, len(rows)-len(shown))
}

func (o *importOutput) more(w io.Writer, n int) {
	if n > 0 {
		fmt.Fprintf(w, "  and %s more: --all prints them\n", grouped(n))
	}
}

// changes lists what the import would change of a list that is there.
func (o *importOutput) changes(w io.Writer) error {
	if o.New() || o.Empty() {
		return nil
	}
	fmt.Fprintf(w, "\n%s: %s now, %s then: %s joining, %s leaving, %s changed, %s unchanged\n",
		text.Clean(o.Name), text.Plural(len(o.Before.Members), "member", "members"), grouped(len(o.Members)),
		grouped(len(o.Joins)), grouped(len(o.Leaves)), grouped(len(o.Changed)), grouped(o.Unchanged))
	for _, side := range []struct {
		sign     string
		contacts []workspace.Contact
	}{{"+", o.Joins}, {"-", o.Leaves}} {
		shown := side.contacts
		if !o.all {
			shown = shown[:min(len(shown), firstOfEach)]
		}
		for i := range shown {
			fmt.Fprintf(w, "  %s %s\n", side.sign, contactLine(&shown[i]))
		}
		o.more(w, len(side.contacts)-len(shown))
	}
	shown := o.Changed
	if !o.all {
		shown = shown[:min(len(shown), firstOfEach)]
	}
	for i := range shown {
		fmt.Fprintf(w, "  ~ %s, before: %s\n", contactLine(&shown[i].After), contactLine(&shown[i].Before))
	}
	o.more(w, len(o.Changed)-len(shown))
	for i := range o.Kept {
		fmt.Fprintf(w, "  = %s stays: an ambiguous row may mean it\n", contactLine(&o.Kept[i]))
	}
	return nil
}

func contactLine(c *workspace.Contact) string {
	var parts []string
	for _, part := range []string{c.DisplayName, c.Mail, c.Mobile} {
		if part != "" && !slices.Contains(parts, text.Clean(part)) {
			parts = append(parts, text.Clean(part))
		}
	}
	if c.ID == "" {
		parts = append(parts, "outside the tenant")
	}
	if len(parts) == 0 {
		parts = []string{c.ID}
	}
	return strings.Join(parts, ", ")
}
