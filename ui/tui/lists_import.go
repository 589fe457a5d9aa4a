package tui

import (
	"context"
	"path/filepath"
	"strings"

	tea "charm.land/bubbletea/v2"

	"rollcall/model"
	"rollcall/model/roster"
	"rollcall/model/workspace"
)

// importPlannedMsg is what a file would make of a list.
type importPlannedMsg struct {
	plan    *workspace.Import
	path    string
	outside bool
}

// askImport asks for a file, and then for the name of the list.
func (v *listsView) askImport() tea.Cmd {
	sh := v.shared
	d := &askDialog{
		theme: sh.theme, title: "Import a file", hint: "goes on",
		lead: sh.theme.text.Render("A CSV file with a row for each person: separator, encoding and columns are recognised, and everything is shown before anything is written."),
	}
	d.field.placeholder = "path of the file"
	var target *workspace.List
	if l := v.current(); l != nil && l.File != "" {
		target = l
	}
	d.submit = func(path string) (tea.Cmd, string) {
		if path == "" {
			return nil, "Type a path"
		}
		return emit(dialogMsg{askListName(sh, expandHome(path), target)}), ""
	}
	return emit(dialogMsg{d})
}

// askListName proposes the list under the cursor where the file is its own, and
// the file's name otherwise.
func askListName(s shared, path string, target *workspace.List) dialog {
	base := filepath.Base(path)
	d := &askDialog{
		theme: s.theme, title: "Into which list?", hint: "reads the file",
		lead: s.theme.text.Render("A list of that name is brought up to date with " + clean(base) + "; where there is none, it is made. Nothing is written yet."),
	}
	d.field.SetValue(strings.TrimSuffix(base, filepath.Ext(base)))
	if target != nil && target.File == base {
		d.field.SetValue(target.Name)
	}
	d.submit = func(name string) (tea.Cmd, string) {
		if name == "" {
			return nil, "Type a name"
		}
		return planImport(s, name, path, false), ""
	}
	return d
}

// planImport reads the file and compares it with the list.
func planImport(s shared, name, path string, outside bool) tea.Cmd {
	ws := s.ws
	return s.tasks.run(taskListPlan, func(ctx context.Context) tea.Msg {
		plan, err := ws.PlanImport(ctx, name, path, roster.Options{Outside: outside})
		if err != nil {
			return dialogMsg{failureDialog(s, "The file was not imported", model.AsError(err))}
		}
		return importPlannedMsg{plan, path, outside}
	})
}

// failureDialog shows a failure that is longer than a notice.
func failureDialog(s shared, title string, e *model.Error) dialog {
	th := s.theme
	lines := []string{th.bad.Render("✗ " + capitalise(clean(e.Message)))}
	if e.Remedy != "" {
		lines = append(lines, "", th.text.Render("→ "+clean(e.Remedy)))
	}
	return &textDialog{shared: s, title: title, lines: lines}
}

// importReview shows what a file would make of a list: what was recognised of
// the file, which rows name nobody, and who would come and go. Nothing is
// written before it is approved.
type importReview struct {
	shared
	back          *listsView
	plan          *workspace.Import
	path          string
	outside       bool
	width, height int
	scroll        scroller
	lines         []string // for the width
}

// importAppliedMsg ends an import.
type importAppliedMsg struct {
	list workspace.List
	err  error
}

func newImportReview(back *listsView, plan *workspace.Import, path string, outside bool) *importReview {
	return &importReview{shared: back.shared, back: back, plan: plan, path: path, outside: outside}
}

func (r *importReview) SetSize(width, height int) {
	r.width, r.height = width, height
	r.lines = r.report(max(10, width-4))
}

func (r *importReview) Typing() bool        { return false }
func (r *importReview) Cursor() *tea.Cursor { return nil }

func (r *importReview) Handle(msg tea.Msg) (tea.Cmd, bool) {
	switch msg := msg.(type) {
	case tea.KeyPressMsg:
		return r.key(msg)
	case importPlannedMsg:
		r.plan, r.outside = msg.plan, msg.outside
		r.SetSize(r.width, r.height)
	case importApproveMsg:
		return r.apply(msg.removals), true
	case importAppliedMsg:
		if msg.err != nil {
			return emit(errorToast(msg.err)), true
		}
		said := "The list " + msg.list.Name + " has " + plural(msg.list.Count, "member", "members") + " now"
		return tea.Sequence(emit(previewRoomMsg{r.back}), emit(listChangedMsg{name: msg.list.Name, said: said, level: levelGood})), true
	}
	return nil, false
}

func (r *importReview) Bindings() []binding {
	outside, help := "outsiders", "Take rows that name nobody in the directory for people outside the tenant, by their address"
	if r.outside {
		outside, help = "users only", "Leave rows out that name nobody in the directory"
	}
	return []binding{
		{id: "import.approve", keys: []string{"a"}, label: "approve", help: "Write the list, after a question", disabled: r.refusal()},
		{id: "import.outside", keys: []string{"o"}, label: outside, help: help},
		{id: "import.again", keys: []string{"r"}, label: "read again", help: "Read the file again"},
		{id: "import.back", keys: []string{"esc"}, label: "back", help: "Go back to the lists; nothing is written"},
		{id: "import.down", keys: []string{"down", "j", "pgdown", "ctrl+d", "G", "end"}, help: "Scroll down"},
		{id: "import.up", keys: []string{"up", "k", "pgup", "ctrl+u", "g", "home"}, help: "Scroll up"},
	}
}

// refusal is why the import cannot be approved; "" where it can, if need be
// with the number of removals typed.
func (r *importReview) refusal() string {
	if r.plan.Empty() {
		return "the list is what the file says already: there is nothing to write"
	}
	if e := model.AsError(r.plan.Guard(len(r.plan.Leaves))); e != nil {
		return e.Message
	}
	return ""
}

func (r *importReview) key(msg tea.KeyPressMsg) (tea.Cmd, bool) {
	b, ok := find(r.Bindings(), msg)
	if !ok || b.disabled != "" {
		return nil, false
	}
	switch b.id {
	case "import.approve":
		return r.ask(), true
	case "import.outside":
		return planImport(r.shared, r.plan.Name, r.path, !r.outside), true
	case "import.again":
		return planImport(r.shared, r.plan.Name, r.path, r.outside), true
	case "import.back":
		r.tasks.cancel(taskListPlan)
		return emit(previewRoomMsg{r.back}), true
	default:
		r.scroll.Handle(msg)
	}
	return nil, true
}

// importApproveMsg says yes to an import with so many removals.
type importApproveMsg struct{ removals int }

// ask asks for the approval; above the guard the number must be typed.
func (r *importReview) ask() tea.Cmd {
	th, p := r.theme, r.plan
	facts := []string{th.text.Render(clean(p.File) + " → list:" + clean(p.Name)), "", r.changes()}
	if left := len(p.Match.Unmatched) + len(p.Match.Ambiguous); left > 0 {
		facts = append(facts, "", th.warn.Render(plural(left, "row is", "rows are")+" left out: named nobody, or several"))
	}
	facts = append(facts, "", th.muted.Render("The list is written on this machine. Nothing in the tenant changes."))
	removals := len(p.Leaves)
	d := newApproval(r.shared, "Write the list?", facts, "Yes, write it", func() tea.Cmd { return emit(importApproveMsg{removals}) })
	if p.Guard(0) != nil {
		d.require("The file removes "+plural(removals, "member", "members")+" of "+count(len(p.Before.Members))+"; it may have been cut off. Type "+count(removals)+" to allow it:", removals)
	}
	return emit(dialogMsg{d})
}

func (r *importReview) apply(removals int) tea.Cmd {
	ws, plan := r.ws, r.plan
	return r.tasks.run(taskListImport, func(ctx context.Context) tea.Msg {
		list, err := ws.ApplyImport(ctx, plan, removals)
		return importAppliedMsg{list, err}
	})
}

// changes says in a line what would become of the list.
func (r *importReview) changes() string {
	th, p := r.theme, r.plan
	if p.New() {
		return th.added.Render("+ " + plural(len(p.Joins), "member", "members") + " of a new list")
	}
	return th.added.Render("+ "+count(len(p.Joins))+" join") + "  " + th.removed.Render("- "+count(len(p.Leaves))+" leave") + "  " +
		th.warn.Render("~ "+count(len(p.Changed))+" changed") + "  " + th.muted.Render("= "+count(p.Unchanged)+" the same")
}

func (r *importReview) Draw() string {
	th := r.theme
	text := r.scroll.Draw(th, r.lines, max(10, r.width-4), max(1, r.height-2))
	t := boxText{title: "Import " + clean(r.plan.File) + " → list:" + clean(r.plan.Name), right: plural(r.plan.Rows, "row", "rows"), bottom: r.scroll.Place()}
	return th.box(t, indent(text), r.width, r.height, true)
}
