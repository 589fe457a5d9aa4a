package tui

import (
	"cmp"
	"context"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"rollcall/model"
	"rollcall/model/audience"
	"rollcall/model/handover"
	"rollcall/model/workspace"
)

// maxWhyPaths is how many paths to one recipient are shown.
const maxWhyPaths = 100

// askWhy asks for an address and shows every path to it; on the recipients it
// starts with the one under the cursor.
func (p *previewPane) askWhy() tea.Cmd {
	d := &whyDialog{shared: p.shared, preview: p.preview(), chosen: -1}
	d.field.placeholder = "an address, or a part of it"
	if p.showRecipients {
		if id := p.recipients.CursorID(); id != "" {
			d.field.SetValue(id)
			d.look()
		}
	}
	return emit(dialogMsg{d})
}

func (p *previewPane) askApproval() tea.Cmd {
	preview := p.preview()
	n := len(preview.Recipients)
	th := p.theme
	facts := []string{
		th.text.Render("To:  " + clean(joinEntries(p.asked.include, p.asked.exclude))),
		"",
		th.accent.Render(plural(n, "unique recipient", "unique recipients")),
		th.muted.Render("The addresses are kept as a snapshot in the ledger on this machine, with your name and the time. Nothing is sent and nothing in the tenant changes."),
	}
	if external := preview.Counts.External; external > 0 {
		facts = slices.Insert(facts, 3, th.warn.Render(plural(external, "of them is external", "of them are external")))
	}
	return emit(dialogMsg{newApproval(p.shared, "Approve this audience?", facts, "Yes, keep the snapshot", func() tea.Cmd {
		return emit(previewApproveMsg{preview})
	})})
}

// approve keeps the snapshot.
func (p *previewPane) approve(preview *audience.Preview) tea.Cmd {
	ws := p.ws
	return p.tasks.run(taskPreviewApprove, func(ctx context.Context) tea.Msg {
		s, err := ws.ApprovePreview(ctx, preview, "")
		if err != nil {
			return errorToast(err)
		}
		return toastMsg{level: levelGood, text: "Approved: snapshot " + s.ID + " keeps " + plural(len(s.Addresses), "recipient", "recipients")}
	})
}

// errorToast is a notice of a failure with its remedy.
func errorToast(err error) toastMsg {
	e := model.AsError(err)
	text := capitalise(e.Message)
	if e.Remedy != "" {
		text += " — " + e.Remedy
	}
	return toastMsg{level: levelBad, text: text}
}

// capitalise begins a sentence with an upper-case letter, unless it begins with
// something that is spelled as it is: sg-sales, a@contoso.com.
func capitalise(s string) string {
	first, _, _ := strings.Cut(s, " ")
	for _, r := range first {
		if (r < 'a' || r > 'z') && r != ',' && r != ':' {
			return s
		}
	}
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// compare shows who joined and who left since the last approved snapshot of
// the same entries.
func (p *previewPane) compare() tea.Cmd {
	sh, ws, preview := p.shared, p.ws, p.preview()
	return p.tasks.run(taskPreviewCompare, func(ctx context.Context) tea.Msg {
		snapshots, err := ws.Snapshots(ctx)
		if err != nil {
			return errorToast(err)
		}
		for _, s := range snapshots { // newest first
			if !s.IsOf(preview.Entries) {
				continue
			}
			addresses := make([]string, len(preview.Recipients))
			for i, r := range preview.Recipients {
				addresses[i] = r.Address
			}
			gained, lost := diffAddresses(s.Addresses, addresses)
			return dialogMsg{compareDialog(sh, s, gained, lost, len(addresses))}
		}
		advice := "press a to approve one"
		if !preview.Complete() {
			advice = "this answer is incomplete and cannot be the first; i shows what is missing"
		}
		return toastMsg{level: levelInfo, text: "No snapshot of this audience was approved yet: " + advice}
	})
}

// diffAddresses returns what is only in now and what is only in then, each
// sorted without regard to case.
func diffAddresses(then, now []string) (gained, lost []string) {
	minus := func(a, b []string) []string {
		in := make(map[string]struct{}, len(b))
		for _, s := range b {
			in[strings.ToLower(s)] = struct{}{}
		}
		var out []string
		for _, s := range a {
			if _, ok := in[strings.ToLower(s)]; !ok {
				out = append(out, s)
			}
		}
		slices.SortFunc(out, func(x, y string) int { return cmp.Compare(strings.ToLower(x), strings.ToLower(y)) })
		return out
	}
	return minus(now, then), minus(then, now)
}

func compareDialog(sh shared, s workspace.Snapshot, gained, lost []string, now int) dialog {
	th := sh.theme
	lines := []string{
		th.muted.Render("Approved " + s.ApprovedAt.Format("2006-01-02 15:04 MST") + " by " + clean(s.ApprovedBy)),
		th.text.Render(count(len(s.Addresses))+" then, "+count(now)+" now") + "  " +
			th.added.Render("+ "+count(len(gained))+" gained") + "  " + th.removed.Render("- "+count(len(lost))+" lost"),
		"",
	}
	if len(gained)+len(lost) == 0 {
		lines = append(lines, th.good.Render("The same recipients as then."))
	}
	for _, a := range gained {
		lines = append(lines, th.added.Render("+ "+clean(a)))
	}
	for _, a := range lost {
		lines = append(lines, th.removed.Render("- "+clean(a)))
	}
	return &textDialog{shared: sh, title: "Since snapshot " + s.ID, lines: lines}
}

// showInfo shows everything that is missing with reason and remedy, and the notes.
func (p *previewPane) showInfo() tea.Cmd {
	th, preview := p.theme, p.preview()
	var lines []string
	if preview.Complete() {
		lines = append(lines, th.good.Render("✓ Complete: nothing is missing from the answer."), "")
	}
	for _, m := range preview.Missing {
		lines = append(lines, th.bad.Render("! "+clean(m.Entry)), th.text.Render(capitalise(clean(m.Reason.Message))))
		if m.Reason.Remedy != "" {
			lines = append(lines, th.muted.Render("→ "+clean(m.Reason.Remedy)))
		}
		lines = append(lines, "")
	}
	for _, n := range preview.Notes {
		lines = append(lines, th.muted.Render("· ")+th.text.Render(clean(n)))
	}
	return emit(dialogMsg{&textDialog{shared: p.shared, title: "What is missing, and notes", lines: lines}})
}

// askExport asks where the recipients shall be written.
func (p *previewPane) askExport() tea.Cmd {
	preview := p.preview()
	n := plural(len(preview.Recipients), "recipient", "recipients")
	lead := "Write " + n + " as CSV into a new file."
	if !preview.Complete() {
		lead += " The answer is INCOMPLETE, and so will the file be."
	}
	return emit(dialogMsg{exportDialog(p.shared, "Export recipients", lead, "recipients.csv", func(string) []exportFile {
		return []exportFile{{content: handover.Recipients(preview.Recipients)}}
	})})
}
