package tui

import (
	"cmp"

	tea "charm.land/bubbletea/v2"

	"rollcall/model"
	"rollcall/model/handover"
	"rollcall/model/writeback"
)

// askExport asks for a folder and writes the plan for someone who may write.
func (p *writebackPane) askExport() tea.Cmd {
	plan := p.review.plan
	options := handover.Options{Format: handover.Both}
	lead := "Write the plan into a folder, for someone with the permission to write: the CSV files of the Entra admin center's bulk operations, and a PowerShell script with its undo. Nothing changes in the tenant."
	if plan.HandOver {
		lead = "Write the plan into a folder, for someone who may write this group in Exchange: a PowerShell script that tries first and changes on demand, and its undo. Nothing changes in the tenant."
	}
	for _, note := range handover.Notes(plan, options) {
		lead += " Note: " + clean(note) + "."
	}
	return emit(dialogMsg{exportDialog(p.shared, "Hand the plan over", lead, "plan-"+plan.ID, func(string) []exportFile {
		var files []exportFile
		for _, f := range handover.Files(plan, options) {
			files = append(files, exportFile{name: f.Name, content: f.Content})
		}
		return files
	})})
}

// askPlanFile asks for a file and writes the plan itself there, for the
// administrator who shall approve it elsewhere.
func (p *writebackPane) askPlanFile() tea.Cmd {
	plan := p.review.plan
	content, err := plan.Encode()
	if err != nil {
		return toast(levelBad, sentence(model.AsError(err)))
	}
	lead := "Write the plan into a file, for another administrator: rollcall plan show FILE reads it, rollcall apply FILE asks for the approval. A changed file is refused."
	return emit(dialogMsg{exportDialog(p.shared, "Write the plan itself", lead, "plan-"+plan.ID+".json", func(string) []exportFile {
		return []exportFile{{content: content}}
	})})
}

// showRow shows what became of the row under the cursor, and what the directory
// knows of the user.
func (p *writebackPane) showRow() tea.Cmd {
	r, th := p.review, p.theme
	i := p.table.Cursor()
	if i < 0 {
		return nil
	}
	row := int(r.shown[i])
	d := &textDialog{shared: p.shared}
	const labelWidth = 22
	item := func(label, value string) {
		if value != "" {
			d.lines = append(d.lines, th.muted.Render(th.cell(label, labelWidth))+" "+th.text.Render(clean(value)))
		}
	}
	if row >= r.rows() {
		s := r.skip(row)
		d.title = clean(s.Entry)
		item("Skipped", s.Reason)
		return emit(dialogMsg{d})
	}
	ref := r.ref(row)
	d.title = clean(named(ref.DisplayName, cmp.Or(ref.UserPrincipalName, ref.Mail, ref.ID)))
	does := "is added"
	if row >= len(r.base.Add) {
		does = "is removed"
	}
	if r.sign(row) == '·' {
		does = "left out of the plan"
	}
	item("Plan", does)
	if j, ok := r.journal(row); ok {
		item("State", rowStateText(j))
		if j.RequestID != "" {
			item("Request id", j.RequestID)
			d.copied = j.RequestID
		}
	}
	d.lines = append(d.lines, "")
	snapshot := p.ws.Directory()
	at, found := snapshot.ByID(ref.ID)
	if !found {
		item("User principal name", ref.UserPrincipalName)
		item("Address", ref.Mail)
		item("Object id", ref.ID)
		d.lines = append(d.lines, "", th.muted.Render("The synced directory does not hold this one."))
		return emit(dialogMsg{d})
	}
	user := snapshot.User(at)
	for _, f := range user.Fields() {
		a := p.ws.Schema().Attribute(f.Attr)
		for n, v := range shownValues(a, user.Values(f.Attr)) {
			label := a.Label
			if n > 0 {
				label = ""
			}
			item(cmp.Or(label, " "), v)
		}
	}
	item("Object id", user.ID)
	return emit(dialogMsg{d})
}

// showMoved lists everything that moved in the group.
func (p *writebackPane) showMoved() tea.Cmd {
	s, ok := p.review.isStale()
	if !ok {
		return nil
	}
	return emit(dialogMsg{&textDialog{
		shared: p.shared, title: "What moved in " + clean(p.review.base.Group.DisplayName),
		lines: p.movedLines(s, len(s.Joined)+len(s.Left)+len(s.TakenBack)),
	}})
}

// movedInDialog and movedInReview are how many names of each kind stand in the
// approval and above the rows.
const (
	movedInDialog = 3
	movedInReview = 4
)

// movedLines say who joined, left and was taken back, by name.
func (p *writebackPane) movedLines(s *writeback.Stale, most int) []string {
	th := p.theme
	var lines []string
	list := func(sign, what string, n int, name func(int) string) {
		if n == 0 {
			return
		}
		text := sign + " " + count(n) + " " + what + ": "
		for i := range min(n, most) {
			if i > 0 {
				text += ", "
			}
			text += clean(name(i))
		}
		if more := n - most; more > 0 {
			text += " and " + count(more) + " more"
		}
		lines = append(lines, th.warn.Render(text))
	}
	refName := func(refs []writeback.Ref) func(int) string {
		return func(i int) string {
			return cmp.Or(refs[i].UserPrincipalName, refs[i].Mail, refs[i].DisplayName, refs[i].ID)
		}
	}
	list("+", "joined meanwhile", len(s.Joined), refName(s.Joined))
	list("-", "left meanwhile", len(s.Left), func(i int) string { return p.nameOf(s.Left[i]) })
	list("↺", "taken back by somebody", len(s.TakenBack), func(i int) string {
		row := &s.TakenBack[i]
		name := cmp.Or(row.UserPrincipalName, row.Mail, row.DisplayName, row.ID)
		if row.Remove {
			return name + " (a member again)"
		}
		return name + " (no member any more)"
	})
	return lines
}

// nameOf is what the directory calls an object, or its id.
func (p *writebackPane) nameOf(id string) string {
	snapshot := p.ws.Directory()
	if row, ok := snapshot.ByID(id); ok {
		return cmp.Or(snapshot.Value(row, model.AttrUserPrincipalName), snapshot.Value(row, model.AttrDisplayName), id)
	}
	return id
}
