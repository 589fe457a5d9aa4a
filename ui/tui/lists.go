package tui

import (
	"context"
	"strings"

	tea "charm.land/bubbletea/v2"

	"rollcall/model"
	"rollcall/model/audience"
	"rollcall/model/handover"
	"rollcall/model/workspace"
)

// listsView is the saved lists, in the place of the Preview pane. One of them
// can be opened to read its members; a file can be imported into one.
type listsView struct {
	shelf[workspace.List] // by name, without members

	want string // the list that the cursor goes to once they are read
}

const (
	taskLists      = "lists.load"
	taskListOpen   = "lists.open"
	taskListDelete = "lists.delete"
	taskListPlan   = "lists.plan"
	taskListImport = "lists.import"
)

type (
	listsLoadedMsg struct {
		list []workspace.List
		err  error
	}
	listOpenedMsg  struct{ people *people }
	listDeleteMsg  struct{ name string } // the administrator said yes
	listChangedMsg struct {
		name, said string
		level      level
	}
)

func newListsView(s shared) *listsView {
	return &listsView{shelf: shelf[workspace.List]{shared: s}}
}

func (v *listsView) load() tea.Cmd {
	ws := v.ws
	return v.tasks.run(taskLists, func(ctx context.Context) tea.Msg {
		list, err := ws.Lists(ctx)
		return listsLoadedMsg{list, err}
	})
}

func (v *listsView) leave() tea.Cmd {
	for _, task := range []string{taskLists, taskListOpen, taskListPlan, taskPeopleSearch} {
		v.tasks.cancel(task)
	}
	return emit(previewRoomMsg{})
}

func (v *listsView) Handle(msg tea.Msg) (tea.Cmd, bool) {
	switch msg := msg.(type) {
	case tea.KeyPressMsg:
		return v.key(msg)
	case listsLoadedMsg:
		v.loaded(msg)
	case listOpenedMsg:
		v.opened = newPeopleView(v.shared, msg.people)
	case listDeleteMsg:
		return v.remove(msg.name), true
	case listChangedMsg:
		v.want = msg.name
		return tea.Batch(v.load(), toast(msg.level, msg.said)), true
	case importPlannedMsg:
		return emit(previewRoomMsg{newImportReview(v, msg.plan, msg.path, msg.outside)}), true
	default:
		return v.search(msg)
	}
	return nil, false
}

func (v *listsView) loaded(msg listsLoadedMsg) {
	for i := range msg.list {
		if v.want != "" && strings.EqualFold(msg.list[i].Name, v.want) {
			v.cursor = i
		}
	}
	v.want = ""
	v.fill(msg.list, msg.err)
}

// open reads the members of a list, as the directory knows them today.
func (v *listsView) open(name string, then func(*people) tea.Msg) tea.Cmd {
	ws := v.ws
	return v.tasks.run(taskListOpen, func(ctx context.Context) tea.Msg {
		list, err := ws.ResolveList(ctx, name)
		if err != nil {
			return errorToast(err)
		}
		p := &people{title: list.Name, foot: "changed " + when(list.ChangedAt, ws.Now()) + " by " + list.ChangedBy}
		add := func(objects []model.Object, remark func(*model.Object) string) {
			for i := range objects {
				o := &objects[i]
				p.addresses = append(p.addresses, o.Mail)
				p.ids = append(p.ids, o.ID)
				p.names = append(p.names, o.DisplayName)
				p.remarks = append(p.remarks, remark(o))
			}
		}
		add(list.Present, func(o *model.Object) string {
			if o.Type == model.ObjectContact {
				return "outside the tenant"
			}
			return ""
		})
		add(list.Departed, func(*model.Object) string { return "left the directory" })
		return then(p)
	})
}

// export offers the formats for the addresses of a list; who has none, or has
// left, is not in the file.
func (v *listsView) export(name string) tea.Cmd {
	sh := v.shared
	return v.open(name, func(p *people) tea.Msg {
		var addresses, ids []string
		for i, a := range p.addresses {
			if a != "" && p.remarks[i] != "left the directory" {
				addresses, ids = append(addresses, a), append(ids, p.ids[i])
			}
		}
		return dialogMsg{exportMenu(sh, exportSubject{
			title: p.title, recipients: len(addresses),
			write: func(e handover.Export) ([]byte, []handover.Refusal) { return e.Addresses(addresses, ids) },
		})}
	})
}

func (v *listsView) askDelete() tea.Cmd {
	l := v.current()
	question := "The list and its " + plural(l.Count, "member", "members") + " are forgotten, and cannot be brought back. No user is touched. What names list:" + l.Name + " will no longer be answered."
	return emit(dialogMsg{newConfirmDialog(v.shared, "Delete the list "+clean(l.Name)+"?", question, "delete the list", listDeleteMsg{l.Name})})
}

func (v *listsView) remove(name string) tea.Cmd {
	ws := v.ws
	return v.tasks.run(taskListDelete, func(ctx context.Context) tea.Msg {
		if err := ws.DeleteList(ctx, name); err != nil {
			return errorToast(err)
		}
		return listChangedMsg{said: "Deleted the list " + name, level: levelGood}
	})
}

func (v *listsView) Bindings() []binding {
	if v.opened != nil {
		return v.opened.bindings()
	}
	none := ""
	switch {
	case v.list == nil:
		none = "the lists are being read"
	case len(v.list) == 0:
		none = "there is no list yet: i imports one, and L in Directory saves marked users"
	}
	return append([]binding{
		{id: "lists.open", keys: []string{"enter"}, label: "members", help: "Show the members, to search them", disabled: none},
		{id: "lists.import", keys: []string{"i"}, label: "import", help: "Import a CSV file into a list; everything is shown before it is written"},
		{id: "lists.use", keys: []string{"t"}, label: "to", help: "Put the list into the To line", disabled: none},
		{id: "lists.export", keys: []string{"e"}, label: "export", help: "Write its addresses into a file", disabled: none},
		{id: "lists.delete", keys: []string{"x"}, label: "delete", help: "Delete the list", disabled: none, dangerous: true},
		{id: "lists.back", keys: []string{"esc", "L"}, label: "back", help: "Go back to the preview"},
	}, shelfBindings()...)
}

func (v *listsView) key(msg tea.KeyPressMsg) (tea.Cmd, bool) {
	if v.opened != nil {
		cmd, id, handled := v.opened.key(msg)
		switch id {
		case "people.back":
			v.opened = nil
		case "people.export":
			return v.export(v.current().Name), true
		}
		return cmd, handled
	}
	b, ok := find(v.Bindings(), msg)
	if !ok || b.disabled != "" {
		return nil, false
	}
	switch b.id {
	case "lists.open":
		return v.open(v.current().Name, func(p *people) tea.Msg { return listOpenedMsg{p} }), true
	case "lists.import":
		return v.askImport(), true
	case "lists.use":
		v.leave()
		return emit(previewAddMsg{string(audience.EntryList) + ":" + v.current().Name}), true
	case "lists.export":
		return v.export(v.current().Name), true
	case "lists.delete":
		return v.askDelete(), true
	case "lists.back":
		return v.leave(), true
	default:
		v.move(b.id)
	}
	return nil, true
}

func (v *listsView) Draw() string { return v.draw(v.drawList, v.drawFacts) }

func (v *listsView) drawList(width int) string {
	th := v.theme
	const membersWidth, changedWidth = 8, 12
	name := max(8, width-4-membersWidth-1-changedWidth-2)
	cells := func(title, members, changed string) string {
		return th.cell(title, name) + " " + th.cellRight(members, membersWidth) + "  " + th.cell(changed, changedWidth)
	}
	empty := []string{
		th.text.Render("No list is saved yet."), "",
		th.muted.Render("i imports one from an HR system's file;"),
		th.muted.Render("in Directory, space marks users and L saves them."),
	}
	t := boxText{title: "Saved lists", right: plural(len(v.list), "list", "lists")}
	return v.drawRows(t, width, empty, cells("Name", "Members", "Changed"), func(l *workspace.List) (mark, text string) {
		return " ", cells(l.Name, count(l.Count), when(l.ChangedAt, v.ws.Now()))
	})
}

// drawFacts explains the list under the cursor.
func (v *listsView) drawFacts(width int) string {
	th := v.theme
	l := v.current()
	if l == nil {
		return th.box(boxText{title: "List"}, "", width, v.height, false)
	}
	now, inner := v.ws.Now(), width-3
	var lines []string
	for _, text := range []string{
		plural(l.Count, "member", "members"), "",
		"made " + when(l.CreatedAt, now) + " by " + l.CreatedBy,
		"changed " + when(l.ChangedAt, now) + " by " + l.ChangedBy,
		imported(l.File), "",
		"A list stays as it is: it does not follow the directory. Import its file again to bring it up to date.",
	} {
		lines = append(lines, wrap(th, clean(text), inner)...)
	}
	lines[0] = th.accent.Render(lines[0])
	for i := range lines[1:] {
		lines[i+1] = th.muted.Render(lines[i+1])
	}
	return th.box(boxText{title: clean(l.Name)}, " "+strings.Join(lines, "\n "), width, v.height, false)
}

func imported(file string) string {
	if file == "" {
		return "picked by hand"
	}
	return "imported from " + file
}
