package cli

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"rollcall/model"
	"rollcall/model/audience"
	"rollcall/model/expansion"
	"rollcall/ui/text"
)

// maxPaths bounds how many ways to one recipient are printed.
const maxPaths = 100

func (a *app) printWhy(p *audience.Preview, address string) error {
	paths, cut := p.Expansion.Why(address, maxPaths)
	if len(paths) == 0 {
		// What was not read may hold the address.
		if err := incompleteError(p, false); err != nil {
			return err
		}
		e := &model.Error{Kind: model.KindUsage, Code: "notARecipient", Message: quoted(address) + " is not reached by these entries"}
		if !strings.Contains(address, "@") {
			e.Remedy = "--why takes an address or an object id; --addresses prints those that are reached"
		}
		return e
	}
	texts := make([]string, len(paths))
	t := table{columns: []column{{"path", false}}}
	lines := make([]any, len(paths))
	for i, path := range paths {
		texts[i] = path.String()
		t.rows = append(t.rows, []string{texts[i]})
		lines[i] = map[string]string{"path": texts[i]}
	}
	member := paths[0].Member
	excluded, outside := holds(p.Excluded, address, member), holds(p.Outside, address, member)
	return a.print(output{
		object: struct {
			Address  string   `json:"address"`
			Excluded bool     `json:"excluded"` // reached by the paths, and taken away by an exclusion
			Outside  bool     `json:"outside"`  // reached by the paths, and outside what the audience is kept within
			Paths    []string `json:"paths"`
			Cut      bool     `json:"cut"`
		}{address, excluded, outside, texts, cut},
		lines: lines, table: t,
		person: func(w io.Writer) error {
			if outside {
				fmt.Fprintf(w, "%s is reached as below, but is outside what the audience is kept within: it would not receive the message\n", text.Clean(address))
			}
			if excluded {
				fmt.Fprintf(w, "%s is reached as below, but an exclusion takes it away: it would not receive the message\n", text.Clean(address))
			}
			for _, line := range texts {
				fmt.Fprintln(w, text.Clean(line))
			}
			if cut {
				fmt.Fprintf(w, "only the first %d ways are shown\n", maxPaths)
			}
			return nil
		},
	})
}

// holds reports whether the recipient that goes by an address, and that a
// member stands for, is one of those that were taken away.
func holds(taken []expansion.Recipient, address string, member model.Object) bool {
	return slices.ContainsFunc(taken, func(r expansion.Recipient) bool {
		return strings.EqualFold(r.Address, address) || r.Object.ID == address || r.Object.ID != "" && r.Object.ID == member.ID
	})
}
