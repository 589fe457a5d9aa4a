package roster

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"rollcall/model"
)

// CodeColumns is the code of the KindUsage error of a file of which the columns
// cannot be told.
const CodeColumns = "csvColumns"

// content is what stands in a column, in numbers of fields.
type content struct{ filled, addresses, objectIDs, phones, names, numbers int }

// contents looks at the fields of each column.
func contents(rows []record) []content {
	var all []content
	for _, r := range rows {
		for len(all) < len(r.fields) {
			all = append(all, content{})
		}
		for i, field := range r.fields {
			value := filled(field)
			if value == "" {
				continue
			}
			c := &all[i]
			c.filled++
			count := func(n *int, is bool) {
				if is {
					*n++
				}
			}
			count(&c.addresses, IsAddress(value))
			count(&c.objectIDs, isObjectID(value))
			count(&c.phones, isPhone(value))
			count(&c.names, isName(value))
			count(&c.numbers, isNumber(value))
		}
	}
	return all
}

// fits reports whether at least the given percentage of the fields look like
// what the column holds.
func (c content) fits(column Column, percent int) bool {
	n := 0
	switch column {
	case ColumnObjectID:
		n = c.objectIDs
	case ColumnUPN, ColumnAddress:
		n = c.addresses
	case ColumnEmployeeID:
		n = c.numbers
	case ColumnMobile:
		n = c.phones
	case ColumnName, ColumnGivenName, ColumnFamilyName:
		n = c.names
	}
	return n > 0 && 100*n >= percent*c.filled
}

// assignment gives each column its place.
type assignment struct {
	f        *reading
	contents []content
	line     int // of the headings, or of the first row
	at       map[Column]int
	by       map[Column]How
	settled  map[Column]bool // by an option, be it to nothing
}

// The share of the fields, in percent, by which a column is told: alone, and
// where a heading that may mean it says so too.
const (
	shareAlone  = 80
	shareHeaded = 50
)

// assign finds the columns by the options, the headings, and what stands in
// them.
func (f *reading) assign(rows []record) error {
	a := &assignment{
		f: f, contents: contents(rows), line: max(f.format.Header, 1),
		at: make(map[Column]int), by: make(map[Column]How), settled: make(map[Column]bool),
	}
	for len(a.contents) < len(f.headings) {
		a.contents = append(a.contents, content{})
	}
	if f.headings == nil && len(rows) > 0 {
		a.line = rows[0].line
	}
	for _, step := range []func() error{a.byOptions, a.byHeadings, a.byContent} {
		if err := step(); err != nil {
			return err
		}
	}
	a.familyName()
	if !a.namesUsers() {
		shown := f.headings
		if shown == nil && len(rows) > 0 {
			shown = rows[0].fields
		}
		e := invalid(f.name, a.line, fmt.Sprintf("no column is known in %q, and none holds addresses or object ids", clip(strings.Join(shown, " | "))))
		e.Code, e.Remedy = CodeColumns, "head the column mail, userPrincipalName, objectId or employeeId, or name it with --column, as in `rollcall list import NAME FILE --column address=2`"
		return e
	}
	f.column = a.at
	for _, c := range Columns() {
		if i, ok := a.at[c]; ok {
			f.format.Columns = append(f.format.Columns, Mapping{Column: c, Number: i + 1, Heading: a.heading(i), By: a.by[c]})
		}
	}
	for i, h := range f.headings {
		if !a.taken(i) && strings.TrimSpace(h) != "" {
			f.format.Ignored = append(f.format.Ignored, strings.TrimSpace(h))
		}
	}
	return nil
}

func (a *assignment) heading(i int) string {
	if i < len(a.f.headings) {
		return strings.TrimSpace(a.f.headings[i])
	}
	return ""
}

func (a *assignment) taken(i int) bool {
	for _, at := range a.at {
		if at == i {
			return true
		}
	}
	return false
}

func (a *assignment) set(c Column, i int, by How) { a.at[c], a.by[c] = i, by }

func (a *assignment) namesUsers() bool {
	for c := range a.at {
		if c.names() {
			return true
		}
	}
	return false
}

// free reports whether a column has no place yet and may get one.
func (a *assignment) free(c Column) bool {
	_, has := a.at[c]
	return !has && !a.settled[c]
}

func (a *assignment) byOptions() error {
	for _, c := range Columns() {
		wanted, ok := a.f.options.Columns[c]
		if !ok {
			continue
		}
		a.settled[c] = true
		if wanted = strings.TrimSpace(wanted); wanted == "" {
			continue
		}
		i, err := a.find(c, wanted)
		if err != nil {
			return err
		}
		a.set(c, i, ByOption)
	}
	return nil
}

// find returns the place of a column that is named by heading or number.
func (a *assignment) find(c Column, wanted string) (int, error) {
	for _, same := range []func(heading string) bool{
		func(h string) bool { return h == wanted },
		func(h string) bool { return strings.EqualFold(h, wanted) },
		func(h string) bool { key := headingKey(h); return key != "" && key == headingKey(wanted) },
	} {
		var found []int
		for i := range a.f.headings {
			if same(a.heading(i)) {
				found = append(found, i)
			}
		}
		switch len(found) {
		case 0:
		case 1:
			return found[0], nil
		default:
			return 0, a.ambiguous(c, found)
		}
	}
	if n, err := strconv.Atoi(wanted); err == nil && n >= 1 && n <= len(a.contents) {
		return n - 1, nil
	}
	e := invalid(a.f.name, a.line, fmt.Sprintf("there is no column %q for %s", clip(wanted), c))
	e.Code = CodeColumns
	switch {
	case len(a.f.headings) == 0:
		e.Remedy = fmt.Sprintf("there are no headings: name a column by its number, 1 to %d", len(a.contents))
	default:
		e.Remedy = fmt.Sprintf("the headings are %s", clip(strings.Join(a.f.headings, ", ")))
		if near := model.Nearest(wanted, a.f.headings); near != "" {
			e.Remedy = fmt.Sprintf("did you mean %q?", near)
		}
	}
	return 0, e
}

// ambiguous asks which of several columns is meant.
func (a *assignment) ambiguous(c Column, found []int) error {
	said := make([]string, len(found))
	for i, at := range found {
		said[i] = strconv.Itoa(at + 1)
		if h := a.heading(at); h != "" {
			said[i] += fmt.Sprintf(" %q", clip(h))
		}
	}
	e := invalid(a.f.name, a.line, fmt.Sprintf("%d columns can be the %s: %s", len(found), c, strings.Join(said, ", ")))
	e.Code = CodeColumns
	e.Remedy = fmt.Sprintf("say which with `rollcall list import NAME FILE --column %s=%d`, or leave only one of them in the file", c, found[0]+1)
	return e
}

func (a *assignment) byHeadings() error {
	type candidate struct{ at, rank int }
	candidates := make(map[Column][]candidate)
	for i := range a.f.headings {
		for _, m := range known[headingKey(a.f.headings[i])] {
			if !m.doubtful || a.contents[i].fits(m.column, shareHeaded) {
				candidates[m.column] = append(candidates[m.column], candidate{i, m.rank})
			}
		}
	}
	for _, c := range Columns() {
		free := slices.DeleteFunc(candidates[c], func(one candidate) bool { return a.taken(one.at) })
		if !a.free(c) || len(free) == 0 {
			continue
		}
		// A column of the same heading in which nothing stands is no rival.
		if some := slices.DeleteFunc(slices.Clone(free), func(one candidate) bool { return a.contents[one.at].filled == 0 }); len(some) > 0 {
			free = some
		}
		slices.SortStableFunc(free, func(x, y candidate) int { return cmp.Compare(x.rank, y.rank) })
		var rivals []int
		for _, one := range free {
			if one.rank == free[0].rank {
				rivals = append(rivals, one.at)
			}
		}
		if len(rivals) > 1 {
			return a.ambiguous(c, rivals)
		}
		a.set(c, rivals[0], ByHeading)
	}
	if a.namesUsers() || !a.free(ColumnEmployeeID) {
		return nil
	}
	for _, key := range lastResorts {
		i := slices.IndexFunc(a.f.headings, func(h string) bool { return headingKey(h) == key })
		if i >= 0 && !a.taken(i) && a.contents[i].fits(ColumnEmployeeID, shareAlone) && !a.anyHolds(ColumnAddress) && !a.anyHolds(ColumnObjectID) {
			a.set(ColumnEmployeeID, i, ByHeading)
			return nil
		}
	}
	return nil
}

// holding returns the columns without a place in which a kind of value stands.
func (a *assignment) holding(c Column) []int {
	var found []int
	for i := range a.contents {
		if !a.taken(i) && a.contents[i].fits(c, shareAlone) {
			found = append(found, i)
		}
	}
	return found
}

func (a *assignment) anyHolds(c Column) bool { return len(a.holding(c)) > 0 }

// byContent finds what no heading tells. Where a heading names users, an
// address elsewhere is rather the manager's, and so it is not looked for.
func (a *assignment) byContent() error {
	if !a.namesUsers() {
		for _, c := range [...]Column{ColumnObjectID, ColumnAddress} {
			if !a.free(c) {
				continue
			}
			switch found := a.holding(c); {
			case len(found) > 1:
				return a.ambiguous(c, found)
			case len(found) == 1:
				a.set(c, found[0], ByContent)
			}
		}
	}
	if !a.namesUsers() && a.free(ColumnAddress) {
		// Of both, as the bulk files of the Entra admin center may hold them; or
		// with rows that are wrong, which shall be named.
		var found []int
		for i, c := range a.contents {
			if !a.taken(i) && c.addresses+c.objectIDs > 0 && 100*(c.addresses+c.objectIDs) >= shareHeaded*c.filled {
				found = append(found, i)
			}
		}
		if len(found) > 1 {
			return a.ambiguous(ColumnAddress, found)
		}
		if len(found) == 1 {
			a.set(ColumnAddress, found[0], ByContent)
		}
	}
	if a.f.headings != nil {
		return nil
	}
	if found := a.holding(ColumnMobile); a.free(ColumnMobile) && len(found) == 1 {
		a.set(ColumnMobile, found[0], ByContent)
	}
	if found := a.holding(ColumnName); a.free(ColumnName) && a.free(ColumnGivenName) && a.free(ColumnFamilyName) && len(found) > 0 {
		a.set(ColumnName, found[0], ByContent)
	}
	return nil
}

// familyName takes "Name" beside a given name for the family name, as German
// files have it.
func (a *assignment) familyName() {
	i, named := a.at[ColumnName]
	_, given := a.at[ColumnGivenName]
	if named && given && a.by[ColumnName] == ByHeading && a.free(ColumnFamilyName) && headingKey(a.heading(i)) == "name" {
		delete(a.at, ColumnName)
		a.set(ColumnFamilyName, i, ByHeading)
	}
}
