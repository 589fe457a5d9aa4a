package tui

import (
	"fmt"
	"strings"

	"charm.land/lipgloss/v2"

	"rollcall/model"
	"rollcall/model/roster"
	"rollcall/model/workspace"
)

// maxReported is how many rows of a kind the review of an import lists.
const maxReported = 500

// report lays the review of an import out in lines of at most width cells: what
// it would do first, then what stands in the way, then how the file was read.
func (r *importReview) report(width int) []string {
	th, p := r.theme, r.plan
	lines := []string{r.changes()}
	if e := model.AsError(p.Guard(0)); e != nil {
		for _, l := range wrap(th, "! "+capitalise(clean(e.Message)), width) {
			lines = append(lines, th.bad.Render(l))
		}
		if len(p.Leaves) > 0 && len(p.Members) > 0 {
			lines = append(lines, th.muted.Render("  a asks for the number of removals"))
		}
	}
	if p.Empty() {
		lines = append(lines, th.good.Render("✓ The list is what the file says already: nothing would be written."))
	}
	lines = append(lines, r.rowCounts(width)...)
	lines = append(lines, "", th.heading.Render("The file"))
	lines = append(lines, r.formatLines(width)...)
	lines = append(lines, r.leftOutLines(width)...)
	return append(lines, r.changeLines(width)...)
}

// rowCounts say what became of the rows.
func (r *importReview) rowCounts(width int) []string {
	th, m := r.theme, r.plan.Match
	part := func(style lipgloss.Style, n int, text string) string {
		if n == 0 {
			style = th.muted
		}
		return style.Render(count(n) + " " + text)
	}
	line := "Rows  " + strings.Join([]string{
		part(th.good, len(m.Matched), "matched"),
		part(th.warn, len(m.Outside), "outside"),
		part(th.warn, len(m.Duplicates), "duplicate"),
		part(th.bad, len(m.Unmatched), "unmatched"),
		part(th.bad, len(m.Ambiguous), "ambiguous"),
	}, "  ")
	return []string{th.cut(line, width)}
}

// formatLines show how the file was read, with its first rows.
func (r *importReview) formatLines(width int) []string {
	th, f := r.theme, r.plan.Format
	how := fmt.Sprintf("%s, parted by %s, ", f.Encoding, f.Delimiter)
	if f.Marked {
		how = fmt.Sprintf("%s with a mark, parted by %s, ", f.Encoding, f.Delimiter)
	}
	if f.Header > 0 {
		how += fmt.Sprintf("headings in line %d", f.Header)
	} else {
		how += "without headings"
	}
	lines := []string{th.muted.Render(th.cut(how, width))}
	if n := len(f.Columns); n > 0 {
		cell := max(6, min(26, (width-n+1)/n))
		row := func(text func(k int) string) string {
			parts := make([]string, n)
			for k := range n {
				parts[k] = th.cell(text(k), cell)
			}
			return th.cut(strings.Join(parts, " "), width)
		}
		lines = append(lines,
			th.accent.Render(row(func(k int) string { return columnLabel(f.Columns[k].Column) })),
			th.heading.Render(row(func(k int) string { return "‹" + mappedFrom(f.Columns[k]) + "›" })))
		for _, sample := range f.Sample {
			lines = append(lines, th.text.Render(row(func(k int) string {
				if k < len(sample) {
					return sample[k]
				}
				return ""
			})))
		}
	}
	if len(f.Ignored) > 0 {
		lines = append(lines, th.muted.Render(th.cut("not read: "+clean(strings.Join(f.Ignored, ", ")), width)))
	}
	for _, n := range r.plan.Notes {
		for _, l := range wrap(th, "· "+clean(n), width) {
			lines = append(lines, th.muted.Render(l))
		}
	}
	return lines
}

// mappedFrom is where a column was found.
func mappedFrom(m roster.Mapping) string {
	if m.Heading != "" {
		return m.Heading
	}
	return fmt.Sprintf("column %d", m.Number)
}

func columnLabel(c roster.Column) string {
	switch c {
	case roster.ColumnObjectID:
		return "object id"
	case roster.ColumnUPN:
		return "UPN"
	case roster.ColumnEmployeeID:
		return "employee id"
	case roster.ColumnGivenName:
		return "given name"
	case roster.ColumnFamilyName:
		return "family name"
	}
	return string(c)
}

// leftOutLines list the rows that name nobody, several, or somebody again, by
// their line numbers.
func (r *importReview) leftOutLines(width int) []string {
	th, m := r.theme, r.plan.Match
	var lines []string
	section := func(title string, style lipgloss.Style, n int, text func(i int) (line int, what, why string)) {
		if n == 0 {
			return
		}
		lines = append(lines, "", th.heading.Render(title))
		for i := range min(n, maxReported) {
			line, what, why := text(i)
			lead := style.Render(th.cellRight("line "+count(line), 11)+"  ") + th.text.Render(th.cell(what, min(34, width/3))+"  ")
			lines = append(lines, th.cut(lead+th.muted.Render(clean(why)), width))
		}
		lines = append(lines, more(th, n)...)
	}
	section("Rows that name nobody", th.bad, len(m.Unmatched), func(i int) (int, string, string) {
		u := &m.Unmatched[i]
		return u.Row.Line, u.Row.Value(), u.Reason + r.among(u.Near)
	})
	section("Rows that may mean several", th.bad, len(m.Ambiguous), func(i int) (int, string, string) {
		a := &m.Ambiguous[i]
		return a.Row.Line, a.Row.Value(), a.Reason + r.among(a.Candidates)
	})
	section("Rows that name somebody again", th.warn, len(m.Duplicates), func(i int) (int, string, string) {
		d := &m.Duplicates[i]
		return d.Row.Line, d.Row.Value(), "as line " + count(d.First)
	})
	section("People outside the tenant", th.warn, len(m.Outside), func(i int) (int, string, string) {
		o := &m.Outside[i]
		return o.Row.Line, o.Row.Value(), o.Row.Name
	})
	return lines
}

// among names users whom a row may mean.
func (r *importReview) among(rows []int32) string {
	if len(rows) == 0 {
		return ""
	}
	const named = 3
	var names []string
	for _, row := range rows[:min(len(rows), named)] {
		names = append(names, r.plan.Snapshot.Value(row, model.AttrUserPrincipalName))
	}
	text := ": " + strings.Join(names, ", ")
	if len(rows) > named {
		text += " …"
	}
	return text
}

// changeLines list who would come, who would go, and who would be kept
// otherwise.
func (r *importReview) changeLines(width int) []string {
	th, p := r.theme, r.plan
	var lines []string
	section := func(title, sign string, style lipgloss.Style, n int, text func(i int) string) {
		if n == 0 {
			return
		}
		lines = append(lines, "", th.heading.Render(title))
		for i := range min(n, maxReported) {
			lines = append(lines, style.Render(th.cut(sign+" "+text(i), width)))
		}
		lines = append(lines, more(th, n)...)
	}
	contact := func(c workspace.Contact) string {
		return th.cell(named(c.Mail, "no address"), min(40, width/2)) + "  " + clean(c.DisplayName)
	}
	section("Leave the list", "-", th.removed, len(p.Leaves), func(i int) string { return contact(p.Leaves[i]) })
	section("Changed", "~", th.warn, len(p.Changed), func(i int) string {
		c := p.Changed[i]
		return contact(c.After) + ", was " + clean(strings.Join([]string{c.Before.Mail, c.Before.DisplayName, c.Before.Mobile}, " "))
	})
	section("Stay, because a row that was left out may mean them", "=", th.text, len(p.Kept), func(i int) string { return contact(p.Kept[i]) })
	section("Join the list", "+", th.added, len(p.Joins), func(i int) string { return contact(p.Joins[i]) })
	return lines
}

// more says that not everything is listed.
func more(th *theme, n int) []string {
	if n <= maxReported {
		return nil
	}
	return []string{th.muted.Render("  … and " + count(n-maxReported) + " more")}
}
