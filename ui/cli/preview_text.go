package cli

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"rollcall/model/audience"
	"rollcall/model/expansion"
	"rollcall/ui/text"
)

// previewText writes a preview for a person: the number, its parts, what each
// entry does, the lists, what is missing.
func previewText(w io.Writer, p *audience.Preview, show previewFlags) error {
	b := &strings.Builder{}
	if !slices.ContainsFunc(p.Contributions, func(c audience.Contribution) bool { return !c.Unresolved }) {
		b.WriteString("0 unique recipients — incomplete: nothing of what was asked for was found\n")
		missingText(b, p.Missing)
		_, err := io.WriteString(w, b.String())
		return err
	}
	fmt.Fprintf(b, "%s%s\n", text.Plural(p.Counts.Unique, "unique recipient", "unique recipients"), bounds(p.Missing))
	fmt.Fprintf(b, "  %s internal, %s external, %s by SMS, %s with a disabled account\n",
		grouped(p.Counts.Internal), grouped(p.Counts.External), grouped(p.Counts.SMS), grouped(p.Counts.Disabled))
	if p.Counts.External > 0 {
		fmt.Fprintf(b, "  external: %s\n", externals(p))
	}
	fmt.Fprintf(b, "  %s without an address, %s, %s excluded\n",
		text.Plural(len(p.WithoutAddress), "member", "members"), text.Plural(p.Expansion.Duplicates, "duplicate", "duplicates"), grouped(len(p.Excluded)))
	if n := len(p.Outside); n > 0 {
		fmt.Fprintf(b, "  %s outside what the audience is kept within\n", text.Plural(n, "recipient", "recipients"))
	}
	if n := len(p.NonRecipients); n > 0 {
		fmt.Fprintf(b, "  %s nothing: devices and service principals\n", text.Plural(n, "member receives", "members receive"))
	}
	if line := sourcesLine(p.Expansion.Nodes); line != "" {
		fmt.Fprintf(b, "  lists by %s, %s UTC, with %s\n", line, stamp(p.Expansion.AsOf), text.Plural(p.Requests, "request", "requests"))
	}
	switch {
	case show.overlap:
		must(contributionsTable(p).print(b))
		overlapText(b, p)
	case len(p.Entries) > 1:
		must(contributionsTable(p).print(b))
	}
	if show.tree {
		shown := make(map[*expansion.Node]bool)
		for _, n := range p.Expansion.Nodes {
			if n.Depth == 0 {
				treeText(b, n, 0, shown)
			}
		}
	} else if len(p.Expansion.Nodes) > 0 {
		must(listsTable(p.Expansion.Nodes).print(b))
	}
	if show.addresses {
		for _, r := range p.Recipients {
			fmt.Fprintln(b, text.Clean(r.Address))
		}
	}
	missingText(b, p.Missing)
	for _, n := range p.Notes {
		fmt.Fprintf(b, "note: %s\n", text.Clean(n))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// bounds says of an incomplete count on which side of the truth it lies: what
// an entry did not yield could only add, what an exclusion did not yield could
// only take away.
func bounds(missing []expansion.Missing) string {
	exclusions := 0
	for _, m := range missing {
		if m.Excluded {
			exclusions++
		}
	}
	switch exclusions {
	case 0:
		if len(missing) == 0 {
			return ""
		}
		return " — incomplete: at least this many"
	case len(missing):
		return " — incomplete: at most this many"
	default:
		return " — incomplete: there may be more or fewer"
	}
}

// externals says who the external recipients are.
func externals(p *audience.Preview) string {
	const most = 3
	var parts []string
	domains := p.ExternalDomains()
	for _, d := range domains[:min(most, len(domains))] {
		parts = append(parts, fmt.Sprintf("%s at %s", grouped(d.Count), text.Clean(d.Domain)))
	}
	if n := len(domains) - most; n > 0 {
		parts = append(parts, text.Plural(n, "more domain", "more domains"))
	}
	return text.Plural(p.Counts.Guests, "guest", "guests") + "; " + strings.Join(parts, ", ")
}

// sourcesLine names the services that answered for lists, each once.
func sourcesLine(nodes []*expansion.Node) string {
	var names []string
	for _, n := range nodes {
		if label := n.Source.Label(); label != "" && !slices.Contains(names, label) {
			names = append(names, label)
		}
	}
	return strings.Join(names, " and ")
}

// signed is an entry with the sign that says what it does.
func signed(e audience.Entry) string {
	switch {
	case e.Exclude:
		return "- " + e.String()
	case e.Within:
		return "& " + e.String()
	default:
		return "+ " + e.String()
	}
}

// contributionsTable says what each entry reaches, and how many would be missing
// from the audience without it, or in it.
func contributionsTable(p *audience.Preview) *table {
	t := &table{columns: []column{{"entry", false}, {"reaches", true}, {"alone", true}}}
	for _, c := range p.Contributions {
		reaches, alone := grouped(c.Recipients), grouped(c.Alone)
		if c.Unknown() {
			reaches, alone = "?", "?"
		}
		t.rows = append(t.rows, []string{signed(c.Entry), reaches, alone})
	}
	return t
}

// maxOverlap is how many entries a person is shown the overlap of: as many
// columns of numbers stand beside a name on a terminal.
const maxOverlap = 8

// overlapText writes how many recipients every two entries share; on the
// diagonal, what an entry reaches by itself.
func overlapText(b *strings.Builder, p *audience.Preview) {
	if len(p.Entries) > maxOverlap {
		fmt.Fprintf(b, "the overlap of more than %d entries is in --json\n", maxOverlap)
		return
	}
	t := &table{columns: []column{{"overlap", false}}}
	for i, row := range p.Overlap() {
		t.columns = append(t.columns, column{strconv.Itoa(i + 1), true})
		cells := []string{fmt.Sprintf("%d %s", i+1, p.Entries[i])}
		for j, n := range row {
			if p.Contributions[i].Unknown() || p.Contributions[j].Unknown() {
				cells = append(cells, "?")
			} else {
				cells = append(cells, grouped(n))
			}
		}
		t.rows = append(t.rows, cells)
	}
	must(t.print(b))
}

// missingText writes what is missing, and after parts that one remedy mends,
// the remedy.
func missingText(b *strings.Builder, missing []expansion.Missing) {
	for i, m := range missing {
		part := "missing"
		switch {
		case m.Excluded:
			part = "missing exclusion"
		case m.Within:
			part = "missing of what it is kept within"
		}
		fmt.Fprintf(b, "%s: %s\n", part, text.Clean(m.String()))
		remedy := m.Reason.Remedy
		if remedy != "" && (i+1 == len(missing) || missing[i+1].Reason.Remedy != remedy) {
			fmt.Fprintf(b, "  %s\n", text.Clean(remedy))
		}
	}
}

// listsTable names every list once. Who answered stands in it where several
// services did.
func listsTable(nodes []*expansion.Node) *table {
	t := &table{columns: []column{{"list", false}, {"kind", false}, {"depth", true}, {"direct", true}, {"unique", true}, {"source", false}, {"", false}}}
	several := slices.ContainsFunc(nodes, func(n *expansion.Node) bool { return n.Source != nodes[0].Source })
	for _, n := range nodes {
		t.rows = append(t.rows, []string{n.Name(), n.Group.Kind.Label(), strconv.Itoa(n.Depth), directCount(n), uniqueCount(n), n.Source.Label(), nodeMarks(n)})
	}
	if !several {
		const source = 5
		t.columns = slices.Delete(t.columns, source, source+1)
		for i := range t.rows {
			t.rows[i] = slices.Delete(t.rows[i], source, source+1)
		}
	}
	return t
}

// directCount is how many members a list has, or a question mark where nothing
// of them is known.
func directCount(n *expansion.Node) string {
	if n.Hidden || n.Err != nil && n.Direct == 0 {
		return "?"
	}
	return grouped(n.Direct)
}

// uniqueCount is how many recipients a list reaches, or a question mark where
// nobody was found and not all of it could be read.
func uniqueCount(n *expansion.Node) string {
	if n.Unique == 0 && !n.Empty() && n.Instead == nil {
		return "?"
	}
	return grouped(n.Unique)
}

// nodeMarks are the words beside a list that needs attention.
func nodeMarks(n *expansion.Node) string {
	var marks []string
	if n.Cycle {
		marks = append(marks, "cycle")
	}
	if n.Hidden {
		marks = append(marks, "hidden membership")
	}
	if n.Err != nil && !n.Hidden {
		marks = append(marks, "not read to its end")
	}
	if n.Instead != nil {
		marks = append(marks, "perhaps not all")
	}
	if !n.Whole() && n.Unread() == nil {
		marks = append(marks, "not all of it was read")
	}
	if n.Stored {
		marks = append(marks, "as last calculated")
	}
	if n.Empty() {
		marks = append(marks, "reaches nobody")
	}
	return strings.Join(marks, ", ")
}

// treeText writes a list and those below it. A list that stands in the tree
// already, above itself or elsewhere, is named and not entered again.
func treeText(b *strings.Builder, n *expansion.Node, depth int, shown map[*expansion.Node]bool) {
	marks := nodeMarks(n)
	again := shown[n]
	if again && len(n.Children) > 0 {
		marks = strings.TrimPrefix(marks+", shown above", ", ")
	}
	indent := strings.Repeat("  ", depth+1)
	fmt.Fprintf(b, "%s%s  %s, %s direct, %s unique", indent, text.Clean(n.Name()), n.Group.Kind.Label(), directCount(n), uniqueCount(n))
	if n.Source != expansion.SourceGraph && n.Source != "" {
		fmt.Fprintf(b, ", by %s", n.Source.Label())
	}
	if marks != "" {
		fmt.Fprintf(b, "  [%s]", marks)
	}
	b.WriteString("\n")
	if again {
		return
	}
	shown[n] = true
	if reason := n.Unread(); reason != nil {
		fmt.Fprintf(b, "%s  ! %s\n", indent, text.Clean(reason.Message))
	}
	for _, child := range n.Children {
		treeText(b, child, depth+1, shown)
	}
}
