package tui

import (
	"context"
	"path/filepath"
	"strings"

	tea "charm.land/bubbletea/v2"

	"rollcall/model"
	"rollcall/model/directory"
)

// The tasks that act on the chosen users.
const (
	taskSaveList  = "directory.list"
	taskAddresses = "directory.addresses"
)

// chosenUsers are the marked users, or everybody shown when nobody is marked.
type chosenUsers struct {
	snapshot *directory.Snapshot
	marks    userMarks
	shown    []int32 // in the order on the screen; counts only when nobody is marked
}

func (p *directoryPane) chosen() chosenUsers {
	return chosenUsers{p.rows.snapshot, p.rows.marks, p.rows.rows}
}

func (c chosenUsers) len() int {
	if c.marks.count > 0 {
		return c.marks.count
	}
	return len(c.shown)
}

// what names them for a dialog: whoever nobody marked is named as such.
func (c chosenUsers) what() string {
	switch n := len(c.shown); {
	case c.marks.count > 0:
		return plural(c.marks.count, "marked user", "marked users")
	case n == c.snapshot.Len():
		return "all " + plural(n, "user", "users") + " of the directory (nobody is marked)"
	default:
		return "the " + plural(n, "user", "users") + " shown (nobody is marked)"
	}
}

// rows is in the order of the screen, or of display name for marked users.
func (c chosenUsers) rows() []int32 {
	if c.marks.count > 0 {
		return c.marks.list()
	}
	return c.shown
}

// ids are the object ids.
func (c chosenUsers) ids() []string {
	rows := c.rows()
	ids := make([]string, len(rows))
	for i, row := range rows {
		ids[i] = c.snapshot.ID(row)
	}
	return ids
}

// addresses are the mail addresses, one a line, and how many users have none.
func (c chosenUsers) addresses() (text string, without int) {
	var b strings.Builder
	for _, row := range c.rows() {
		address := c.snapshot.Value(row, model.AttrMail)
		if address == "" {
			without++
			continue
		}
		b.WriteString(address)
		b.WriteByte('\n')
	}
	return b.String(), without
}

// askList asks for a name and saves the chosen users as a list. then is sent
// with the list's entry of an audience; nil when the list itself is the aim.
func (p *directoryPane) askList(title, lead, proposal string, then func(entry string) tea.Msg) tea.Cmd {
	chosen := p.chosen()
	d := &askDialog{theme: p.theme, title: title, hint: "saves the list"}
	d.lead = p.theme.text.Render(lead)
	d.field.placeholder = "for instance Bicycle fair"
	d.field.SetValue(proposal)
	d.submit = func(name string) (tea.Cmd, string) {
		switch {
		case name == "":
			return nil, "Type a name"
		case strings.ContainsAny(name, ","):
			return nil, "A name holds no comma: commas part the entries of an audience"
		}
		ws := p.ws
		return p.tasks.run(taskSaveList, func(ctx context.Context) tea.Msg {
			list, err := ws.SaveList(ctx, name, chosen.ids())
			if err != nil {
				return listRefusedMsg{err: err, dialog: d}
			}
			return listSavedMsg{name: list.Name, count: list.Count, then: then}
		}), ""
	}
	return emit(dialogMsg{d})
}

type (
	listSavedMsg struct {
		name  string
		count int
		then  func(entry string) tea.Msg
	}
	// listRefusedMsg asks again: the name is taken, or cannot be one.
	listRefusedMsg struct {
		err    error
		dialog *askDialog
	}
)

// saveList saves the chosen users as a list.
func (p *directoryPane) saveList() tea.Cmd {
	return p.askList("Save a list", "Save "+p.chosen().what()+" under a name. A list stays as it is: it does not follow later changes of the directory.", "", nil)
}

// writeBack saves the chosen users as a list and plans with it.
func (p *directoryPane) writeBack() tea.Cmd {
	proposal := p.ws.Now().Format("2006-01-02 15:04")
	if chosen := p.chosen(); chosen.marks.count > 0 {
		proposal = "marked " + proposal
	} else {
		proposal = "shown " + proposal
	}
	lead := "Take " + p.chosen().what() + " to Writeback. They are saved as a list, so that the plan can be made again; nothing changes in the tenant yet."
	return p.askList("Write back", lead, proposal, func(entry string) tea.Msg { return planMsg{include: []string{entry}} })
}

func (p *directoryPane) listSaved(msg listSavedMsg) tea.Cmd {
	said := toast(levelGood, "Saved list "+msg.name+": "+plural(msg.count, "user", "users"))
	if msg.then == nil {
		return said
	}
	return tea.Batch(said, emit(msg.then("list:"+msg.name)))
}

// listRefused opens the dialog again with what is wrong.
func (p *directoryPane) listRefused(msg listRefusedMsg) tea.Cmd {
	msg.dialog.problem = capitalise(clean(sentence(model.AsError(msg.err))))
	return emit(dialogMsg{msg.dialog})
}

// copyAddresses copies the address of the user under the cursor, or those of
// all marked users.
func (p *directoryPane) copyAddresses() tea.Cmd {
	if p.rows.marks.count == 0 {
		return p.copyAddress()
	}
	chosen := p.chosen()
	return p.tasks.run(taskAddresses, func(context.Context) tea.Msg {
		text, without := chosen.addresses()
		n := chosen.len() - without
		switch {
		case n == 0:
			return toastMsg{level: levelWarn, text: "None of the marked users has an address"}
		case !fitsClipboard(text):
			return toastMsg{level: levelWarn, text: plural(n, "address is", "addresses are") + " more than the clipboard of a terminal takes (74 KB): e writes them to a file"}
		}
		return copyMsg{text: text, what: plural(n, "address", "addresses") + withoutText(without)}
	})
}

// withoutText says how many of the chosen users have no address.
func withoutText(n int) string {
	if n == 0 {
		return ""
	}
	return " (" + plural(n, "user has", "users have") + " none)"
}

func (p *directoryPane) copyAddress() tea.Cmd {
	row, ok := p.current()
	if !ok {
		return nil
	}
	address := p.rows.snapshot.Value(row, model.AttrMail)
	if address == "" {
		user := p.rows.snapshot.User(row)
		return toast(levelWarn, user.DisplayName()+" has no address")
	}
	return emit(copyMsg{text: address, what: address})
}

// exportAddresses asks where the addresses of the chosen users shall be written.
func (p *directoryPane) exportAddresses() tea.Cmd {
	chosen, columns := p.chosen(), p.columns
	lead := "Write the addresses of " + chosen.what() + ", one a line, into a new file; users without an address are left out. A name that ends in .csv gets the columns of the table instead."
	return emit(dialogMsg{exportDialog(p.shared, "Export addresses", lead, "addresses.txt", func(path string) []exportFile {
		if strings.EqualFold(filepath.Ext(path), ".csv") {
			return []exportFile{{content: usersCSV(chosen.snapshot, chosen.rows(), columns)}}
		}
		text, _ := chosen.addresses()
		return []exportFile{{content: []byte(text)}}
	})})
}
