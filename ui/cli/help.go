package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"rollcall/model"
	"rollcall/model/expansion"
	"rollcall/ui/text"
)

// entryKinds is what an ENTRY may be, as every help says it that takes one.
const entryKinds = `An ENTRY is one of
  sales@contoso.com   the address of a group, list, user or contact, also as
                      "Sales <sales@contoso.com>"
  NAME or ID          the same by display name or object id: "Sales Team"
  group:NAME|ID       a group, where a user or contact has the name as well
  segment:NAME        whoever a saved segment selects now
  list:NAME           a saved list
  snapshot:NAME|ID    an approved preview
  file:PATH.csv       users by address, user principal name or object id
  rule:RULE           whoever a membership rule selects now`

// topics are help pages that belong to no one command.
func topics() []*cobra.Command {
	return []*cobra.Command{
		{
			Use: "entries", Short: "What an audience is made of",
			Long: entryKinds + `

Entries add up. Of preview and plan, --within ENTRY keeps who is in its entry
too, and --exclude ENTRY takes away who is in its entry. In the screens a "&"
before an entry keeps within, and a "-" takes away; commas, or the semicolons of
a mail program's line, part them there.

A name that several objects have is not guessed at: the answer is incomplete,
and names them all with their ids.`,
		},
		{
			Use: "sources", Short: "Which lists can be seen through Graph and Exchange, and why not",
			Long: sourcesHelp(),
		},
	}
}

// sources are the services of the matrix, in its order.
func sources(rows []expansion.Visibility) []expansion.Source {
	var list []expansion.Source
	for _, v := range rows {
		if !slices.Contains(list, v.Source) {
			list = append(list, v.Source)
		}
	}
	return list
}

// sightLabel is how much a source shows, in a word or two.
func sightLabel(s expansion.Sight) string {
	switch s {
	case expansion.SightFull:
		return "all"
	case expansion.SightPart:
		return "in part"
	case expansion.SightStored:
		return "as calculated"
	default:
		return "nothing"
	}
}

// sightings are the rows that say the same of several kinds of lists.
type sightings struct {
	kinds []model.GroupKind
	expansion.Visibility
}

// alike joins the rows of a source that give one reason.
func alike(rows []expansion.Visibility, source expansion.Source) []sightings {
	var joined []sightings
	for _, v := range rows {
		if v.Source != source || v.Reason == "" {
			continue
		}
		i := slices.IndexFunc(joined, func(s sightings) bool { return s.Reason == v.Reason && s.Remedy == v.Remedy })
		if i < 0 {
			i = len(joined)
			joined = append(joined, sightings{Visibility: v})
		}
		joined[i].kinds = append(joined[i].kinds, v.Kind)
	}
	return joined
}

// needs is what reading through a source needs.
func needs(rows []expansion.Visibility, source expansion.Source) string {
	i := slices.IndexFunc(rows, func(v expansion.Visibility) bool { return v.Source == source && len(v.Permissions) > 0 })
	if i < 0 {
		return ""
	}
	v := rows[i]
	line := strings.Join(v.Permissions, ", ")
	switch {
	case len(v.Application) == 0:
		line += " (there is no way for an app by itself)"
	case !slices.Equal(v.Application, v.Permissions):
		line += ", or for an app by itself " + strings.Join(v.Application, ", ")
	}
	if v.Role != "" {
		line += "; the role " + v.Role
	}
	return line
}

// labels names kinds of lists in the plural: every label ends in a noun that
// takes an s.
func labels(kinds []model.GroupKind) string {
	names := make([]string, len(kinds))
	for i, k := range kinds {
		names[i] = k.Label() + "s"
	}
	return strings.Join(names, ", ")
}

// sourcesHelp is the matrix of list kinds and sources for a terminal of 80
// columns.
func sourcesHelp() string {
	rows := expansion.Matrix()
	t := table{columns: []column{{"list", false}}}
	for _, source := range sources(rows) {
		t.columns = append(t.columns, column{source.Label(), false})
	}
	for chunk := range slices.Chunk(rows, len(t.columns)-1) {
		row := []string{chunk[0].Kind.Label()}
		for _, v := range chunk {
			row = append(row, sightLabel(v.Sight))
		}
		t.rows = append(t.rows, row)
	}
	b := &strings.Builder{}
	b.WriteString("Which members of a list each service shows:\n\n")
	must(t.print(b))
	for _, source := range sources(rows) {
		fmt.Fprintf(b, "\n%s\n", source.Label())
		writeWrapped(b, "  needs ", needs(rows, source))
		for _, s := range alike(rows, source) {
			writeWrapped(b, "  - ", labels(s.kinds)+": "+s.Reason)
			if s.Remedy != "" {
				writeWrapped(b, "    remedy: ", s.Remedy)
			}
		}
	}
	b.WriteString(`
A profile chooses with exchange = "admin-api", "ews" or "off" which Exchange is
asked, or a command with --exchange. Where one is, it answers for the lists that
it shows more of than Graph, and Graph for all others. Where it cannot, Graph
answers for what it can see, and the preview is incomplete.

The Admin API belongs to Exchange Online, where Microsoft still calls it a
preview. EWS is for Exchange Server: in Exchange Online it has been switched off
tenant by tenant since 1 October 2026, but for apps that an administrator put on
an allow list, and it ends for all on 1 April 2027.
`)
	return strings.TrimSuffix(b.String(), "\n")
}

// writeWrapped writes words on lines of up to 78 columns; those after the first
// are indented as far as the first one's lead.
func writeWrapped(b *strings.Builder, lead, words string) {
	const width = 78
	line := lead
	empty := true
	for word := range strings.FieldsSeq(words) {
		switch {
		case empty:
			line += word
		case text.Width(line)+1+text.Width(word) > width:
			b.WriteString(line + "\n")
			line = strings.Repeat(" ", text.Width(lead)) + word
		default:
			line += " " + word
		}
		empty = false
	}
	b.WriteString(line + "\n")
}
