package tui

import (
	"context"
	"slices"

	tea "charm.land/bubbletea/v2"

	"rollcall/model/audience"
	"rollcall/model/workspace"
)

// askApproval says what would be kept, and by whom, and lets it be named.
func (p *previewPane) askApproval() tea.Cmd {
	preview := p.preview()
	th := p.theme
	facts := []string{th.text.Render("To:  " + clean(joinEntries(p.asked.include, p.asked.exclude))), ""}
	number := th.accent.Render(plural(len(preview.Recipients), "unique recipient", "unique recipients"))
	if external := preview.Counts.External; external > 0 {
		number += th.warn.Render(", " + count(external) + " of them external")
	}
	facts = append(facts, number, "")
	kept := "Kept on this machine: the addresses and object ids, the counts, the entries, which services answered and how old their answers were"
	if p.ws.KeepsStructure() {
		kept += ", and " + plural(len(preview.Expansion.Nodes), "list", "lists") + " with their sizes, as the profile says (keep_structure)"
	}
	facts = append(facts, th.muted.Render(kept+"."))
	by := "Approved by nobody who is signed in."
	if s := p.ws.Session(); s != nil {
		by = "Approved by " + clean(s.Account) + "."
	}
	facts = append(facts, th.muted.Render(by+" Nothing is sent, and nothing in the tenant changes."))
	var d *approvalDialog
	d = newApproval(p.shared, "Approve this audience?", facts, "Yes, keep the snapshot", func() tea.Cmd {
		return emit(previewApproveMsg{preview, d.text.value()})
	})
	d.askName("optional: a name to find it by")
	return emit(dialogMsg{d})
}

// approve keeps the snapshot.
func (p *previewPane) approve(preview *audience.Preview, name string) tea.Cmd {
	ws := p.ws
	return p.tasks.run(taskPreviewApprove, func(ctx context.Context) tea.Msg {
		s, err := ws.ApprovePreview(ctx, preview, name)
		if err != nil {
			return errorToast(err)
		}
		return previewApprovedMsg{*s}
	})
}

// approved says what was kept; the name can be completed from now on.
func (p *previewPane) approved(s workspace.Snapshot) tea.Cmd {
	text := "Approved: snapshot " + s.ID
	if s.Name != "" {
		text = "Approved as " + clean(s.Name) + ": snapshot " + s.ID
	}
	return tea.Batch(p.to.loadSaved(), toast(levelGood, text+" keeps "+plural(len(s.Addresses), "recipient", "recipients")))
}

// compare shows who joined, left and moved since the last approved snapshot of
// the same entries.
func (p *previewPane) compare() tea.Cmd {
	sh, ws, preview := p.shared, p.ws, p.preview()
	return p.tasks.run(taskPreviewCompare, func(ctx context.Context) tea.Msg {
		snapshots, err := ws.Snapshots(ctx)
		if err != nil {
			return errorToast(err)
		}
		i := slices.IndexFunc(snapshots, func(s workspace.Snapshot) bool { return s.IsOf(preview.Entries) }) // newest first
		if i < 0 {
			advice := "press a to approve one"
			if !preview.Complete() {
				advice = "this answer is incomplete and cannot be the first; i shows what is missing"
			}
			return toastMsg{level: levelInfo, text: "No snapshot of this audience was approved yet: " + advice}
		}
		then, err := ws.Snapshot(ctx, snapshots[i].ID)
		if err != nil {
			return errorToast(err)
		}
		return dialogMsg{newComparisonDialog(sh, workspace.CompareWithPreview(then, preview))}
	})
}
