package tui

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"charm.land/lipgloss/v2"

	"rollcall/model"
	"rollcall/model/writeback"
)

// headLines say what the plan is about, what it does, how its guards stand, how
// far it has come, and which of its rows are shown.
func (p *writebackPane) headLines(width int) []string {
	if p.review == nil {
		return nil
	}
	th, r := p.theme, p.review
	base := r.base
	from := "from " + clean(joinEntries(base.From, base.Exclude))
	if base.UndoOf != "" {
		from = "restores the members before that plan"
	}
	now, then := "now", "then"
	switch {
	case r.run.Verified():
		now, then = "before", "after"
	case r.run != nil:
		now, then = "before", "planned"
	}
	name := th.cut(clean(base.Group.DisplayName), width/2)
	does := th.muted.Render("unchanged " + count(base.Unchanged))
	if !r.isEmpty() && r.run == nil && !base.HandOver {
		does += th.muted.Render("  about " + shortDuration(writeback.Estimate(r.additions(), r.removals())))
	}
	lines := []string{
		th.accent.Render(name) + th.muted.Render(" · "+base.Group.Kind.Label()+" · "+modeLabel(base.Mode)+" · "+from),
		th.text.Render(plural(base.BaseCount, "member", "members")+" "+now+" → "+count(base.BaseCount+r.additions()-r.removals())+" "+then) + "   " +
			th.added.Render("+ "+count(r.additions())) + "  " + th.removed.Render("- "+count(r.removals())) + "  " + does,
	}
	about := len(lines)
	switch {
	case base.HandOver:
	case p.isApplied() && p.apply.approval != nil:
		lines = append(lines, p.approvalLines(*p.apply.approval, width)...)
	case r.run != nil:
		lines = append(lines, p.approvalLines(r.run.Approval, width)...)
	default:
		lines = append(lines, p.guardLines(width)...)
	}
	standing := len(lines)
	lines = append(lines, p.statusLines(width)...)
	if r.filter == filterSkipped && len(base.Skipped) > 0 {
		lines = append(lines, th.muted.Render(skippedText(r)))
	}
	// The rows have room in any case. The guards give way first, because the
	// question says them again, then the end of what the status says.
	room := max(about, p.height-len(p.auditLines())-2-rowsLeast-1)
	if more := len(lines) - room; more > 0 {
		lines = slices.Delete(lines, about, min(about+more, standing))
		lines = lines[:min(len(lines), room)]
	}
	for i := range lines {
		lines[i] = th.cut(lines[i], width)
	}
	return append(lines, p.tabLine(width))
}

// rowsLeast is how many lines of the table are drawn in the smallest window, its
// heading included.
const rowsLeast = 3

// approvalLines say who allowed a run, and what was lifted for it.
func (p *writebackPane) approvalLines(a writeback.Approval, width int) []string {
	text := "approved by " + clean(a.By)
	if !a.At.IsZero() {
		text += " on " + p.local(a.At).Format("2006-01-02 15:04 MST")
	}
	var allowed []string
	if a.AllowRemovals > 0 {
		allowed = append(allowed, plural(a.AllowRemovals, "removal", "removals"))
	}
	if a.AllowAdditions > 0 {
		allowed = append(allowed, plural(a.AllowAdditions, "addition", "additions"))
	}
	if len(allowed) > 0 {
		text += ", allowing " + strings.Join(allowed, " and ")
	}
	if a.Reason != "" {
		text += ": " + clean(a.Reason)
	}
	lines := wrap(p.theme, text, width)
	for i := range lines {
		lines[i] = p.theme.muted.Render(lines[i])
	}
	return lines
}

// tabsText is the filters with how many rows each has.
func (p *writebackPane) tabsText() string {
	th, r := p.theme, p.review
	var b strings.Builder
	for f := range filterCount {
		if f == filterFailed && r.outcome.failed == 0 {
			continue
		}
		text := f.String() + " " + count(r.of(f))
		if f == r.filter {
			b.WriteString(th.accent.Render("▸ " + text))
		} else {
			b.WriteString(th.muted.Render("  " + text))
		}
		b.WriteByte(' ')
	}
	return b.String()
}

// tabLine is the filters, and behind them the search.
func (p *writebackPane) tabLine(width int) string {
	th, r, tabs := p.theme, p.review, p.tabsText()
	if !r.isSearched() {
		return th.cut(tabs, width)
	}
	field, _ := r.search.Draw(th, p.searchWidth(width, th.width(tabs)))
	return tabs + " " + th.key.Render("/") + " " + field
}

func (r *review) isSearched() bool { return r.searching || r.search.Value() != "" }

// searchWidth is the room for the search behind the tabs.
func (p *writebackPane) searchWidth(width, tabs int) int { return max(4, width-tabs-3) }

// skippedText counts the reasons for which rows are skipped.
func skippedText(r *review) string {
	var parts []string
	for i := 0; i < len(r.skips); {
		reason, n := r.base.Skipped[r.skips[i]].Reason, 0
		for ; i < len(r.skips) && r.base.Skipped[r.skips[i]].Reason == reason; i++ {
			n++
		}
		parts = append(parts, count(n)+" × "+clean(reason))
	}
	return strings.Join(parts, " · ")
}

func modeLabel(m writeback.Mode) string {
	switch m {
	case writeback.ModeAdd:
		return "add only"
	case writeback.ModeRemove:
		return "remove only"
	}
	return "mirror"
}

// shortDuration is a length of time for a person: "3 s", "2 min".
func shortDuration(d time.Duration) string {
	switch d = max(d, time.Second); {
	case d < 2*time.Minute:
		return count(int((d+time.Second-1)/time.Second)) + " s"
	case d < 2*time.Hour:
		return count(int((d+time.Minute-1)/time.Minute)) + " min"
	}
	return count(int((d+time.Hour-1)/time.Hour)) + " h"
}

// applicable says why the plan cannot be approved; "" when it can.
func (p *writebackPane) applicable() string {
	r := p.review
	switch {
	case r.base.HandOver:
		return "rollcall cannot write this group: the plan is to be made by hand in Exchange; x writes the files for it"
	case r.run.Verified():
		return "the plan was applied and verified; u proposes its undo"
	case r.run != nil:
		return "the plan was begun; r resumes it"
	case r.failed != nil && r.failed.Code == "planStale":
		return "the group has changed since: press c to make the plan again, and read it"
	case !r.current():
		return "the plan without the rows left out is being made"
	case r.asking:
		return "the approval is being looked into"
	case r.plan.Empty() && !r.base.Empty():
		return "every row is left out, so the plan changes nothing"
	case r.plan.Empty():
		return "the plan changes nothing: the group is as it should be"
	case p.needsSecond():
		return "you made this plan, and the profile asks for a second administrator's approval: give them its id " + r.plan.ID + ", or its file (w)"
	}
	return blockedBy(r.guards())
}

// madeByAnother says who made a plan, and when; "" where it was whoever is
// signed in.
func (p *writebackPane) madeByAnother(plan *writeback.Plan) string {
	if strings.EqualFold(p.ws.Actor(), plan.Author) {
		return ""
	}
	return "Made by " + clean(plan.Author) + " on " + p.local(plan.CreatedAt).Format("2006-01-02 15:04 MST")
}

// needsSecond reports whether the signed-in account made the plan and the
// profile wants another one to approve it.
func (p *writebackPane) needsSecond() bool {
	return p.ws.Policy().SecondApprover && strings.EqualFold(p.ws.Actor(), p.review.plan.Author)
}

// statusLines say how far the plan has come and what can be done now.
func (p *writebackPane) statusLines(width int) []string {
	th, r := p.theme, p.review
	wrapped := func(style lipgloss.Style, text string) []string {
		var lines []string
		for _, l := range wrap(th, text, width) {
			lines = append(lines, style.Render(l))
		}
		return lines
	}
	switch {
	case p.isApplied():
		return p.progressLines(width)
	case r.asking:
		return []string{th.accent.Render("Looking into the approval: the group and its guards as they are now…")}
	case r.failed != nil:
		return p.failureLines(wrapped)
	case r.run != nil:
		return p.runLines(wrapped)
	case r.isEmpty() && r.base.Empty():
		return []string{th.good.Render("✓ Nothing to do")}
	case r.base.HandOver:
		return wrapped(th.warn, "To be made by hand in Exchange: Graph cannot write a "+r.base.Group.Kind.Label()+". x writes a script and its undo for whoever may.")
	case !p.ws.CanWrite() && !p.needsSecond() && !r.isEmpty() && blockedBy(r.guards()) == "":
		return wrapped(th.warn, "Read-only: A shows the permission that is missing; x hands the plan to someone who has it.")
	}
	if why := p.applicable(); why != "" && r.current() {
		return wrapped(th.warn, capitalise(why))
	}
	if r.warning != "" {
		return wrapped(th.warn, "! "+capitalise(clean(r.warning)))
	}
	return wrapped(th.muted, cmp.Or(p.madeByAnother(r.plan), "Not applied yet")+". Read the rows, space leaves one out, A asks for approval.")
}

// failureLines say what went wrong, what moved, and what to do.
func (p *writebackPane) failureLines(wrapped func(lipgloss.Style, string) []string) []string {
	th, r := p.theme, p.review
	if s, ok := r.isStale(); ok {
		lines := wrapped(th.bad, "✗ "+clean(r.base.Group.DisplayName)+" has changed since the plan was made, and nothing was written:")
		if r.run != nil {
			lines = wrapped(th.bad, "✗ "+clean(r.base.Group.DisplayName)+": rows that were written have been taken back since. Nothing more was written:")
		}
		for _, l := range p.movedLines(s, movedInReview) {
			lines = append(lines, wrapped(lipgloss.NewStyle(), "  "+l)...)
		}
		if r.run != nil {
			return append(lines, wrapped(th.text, "→ m lists them. r asks for the approval again; c makes a plan from the group as it is now.")...)
		}
		return append(lines, wrapped(th.text, "→ m lists them. Press c to make the plan again, and read what it does now.")...)
	}
	stopped := r.failed.Kind == model.KindInterrupted
	if r.run != nil && (stopped || len(r.outcome.failures) > 0 && r.failed.Kind == model.KindPartial) {
		return p.runLines(wrapped)
	}
	lines := wrapped(th.bad, "✗ "+capitalise(clean(r.failed.Message)))
	switch {
	case r.renew:
		lines = append(lines, wrapped(th.text, "→ Nothing more was written. Press r to approve it as it is now, and resume.")...)
	case r.run != nil:
		lines = append(lines, wrapped(th.text, "→ What was written is in the journal. Press r to resume.")...)
	case r.failed.Remedy != "":
		lines = append(lines, wrapped(th.text, "→ "+clean(r.failed.Remedy))...)
	}
	if r.failed.RequestID != "" {
		lines = append(lines, th.muted.Render("  request id "+clean(r.failed.RequestID)))
	}
	return lines
}

// failuresShown is how many reasons stand above the rows; each failed row has
// its own in the table.
const failuresShown = 3

// runLines say how the run ended.
func (p *writebackPane) runLines(wrapped func(lipgloss.Style, string) []string) []string {
	th, r := p.theme, p.review
	run, o := r.run, r.outcome
	text := count(o.added) + " added, " + count(o.removed) + " removed"
	if o.already > 0 {
		text += ", " + count(o.already) + " so already"
	}
	var failures []string
	for i, f := range o.failures {
		if i == failuresShown && len(o.failures) > failuresShown {
			failures = append(failures, th.muted.Render("  and "+plural(len(o.failures)-i, "other reason", "other reasons")))
			break
		}
		who := clean(f.first)
		if f.rows > 1 {
			who = plural(f.rows, "row", "rows") + ", first " + who
		}
		failures = append(failures, wrapped(th.bad, "  ✗ "+who+": "+capitalise(clean(f.reason)))...)
	}
	switch run.State {
	case writeback.RunVerified:
		when := ""
		if !run.Ended.IsZero() {
			when = " " + p.local(run.Ended).Format("2006-01-02 15:04 MST")
		}
		if r.report != nil && r.report.Verified {
			text += "; " + plural(r.report.Members, "member", "members") + " read back"
			if n := r.report.Requests; n > 0 {
				text += ", " + plural(n, "request", "requests")
			}
		}
		return wrapped(th.good, "✓ Applied and verified"+when+": "+text+".")
	case writeback.RunPartial:
		return append(wrapped(th.bad, "! "+plural(o.failed, "row", "rows")+" failed; "+text+". tab shows them, r tries again."), failures...)
	}
	if o.left == 0 {
		return append(wrapped(th.warn, "! Interrupted before the group was read back; "+text+". r reads it and says what holds."), failures...)
	}
	return append(wrapped(th.warn, "! Interrupted with "+plural(o.left, "row", "rows")+" to go; "+text+". r resumes."), failures...)
}

// applyBar is the width of the bar of a running apply where there is room.
const applyBar = 24

// progressLines say how far the running apply has come, and what it waits for:
// always two, so that the rows below stay where they are.
func (p *writebackPane) progressLines(width int) []string {
	th, w := p.theme, p.apply
	progress := w.progress.Load()
	if progress == nil {
		return []string{th.accent.Render("Applying: reading the group…"), th.muted.Render(p.waitText())}
	}
	done, failed, total := progress.Done, progress.Failed, progress.Total
	bar := min(applyBar, width/5)
	text := "Applying: " + count(done) + " of " + plural(total, "row", "rows")
	if failed > 0 {
		text += ", " + count(failed) + " failed"
	}
	add := func(part string) { // where there is room for it
		if more := text + " · " + part; bar+1+th.width(more) <= width {
			text = more
		}
	}
	traffic, now := p.ws.Traffic(), p.ws.Now()
	if first := w.first.Load(); first != nil && progress.Phase == writeback.PhaseWriting {
		if seconds := int(now.Sub(first.at) / time.Second); seconds > 0 && done > first.done {
			add(count((done-first.done+seconds/2)/seconds) + " a second")
		}
	}
	if n := traffic.Requests - w.requests; n > 0 {
		add(plural(n, "request", "requests"))
	}
	// The bar first: what grows is behind it, and so it stays where it is.
	line := th.progress(done+failed, total, bar) + " " + th.accent.Render(text)
	wait := p.waitText()
	switch {
	case w.stopping:
		wait = "Stopping: what is on its way is waited for…"
	case wait != "":
	case progress.Until.After(now):
		wait = plural(progress.Unseen, "row does", "rows do") + " not show in the group yet; it is read again in " + clock(progress.Until.Sub(now))
	case progress.Phase == writeback.PhaseVerifying:
		wait = "Reading the group back…"
	case progress.Phase == writeback.PhaseReading:
		wait = "Reading the group before anything is written…"
	}
	return []string{line, th.muted.Render(wait)}
}

// waitText says what the writes wait for, with a countdown; "" when nothing.
func (p *writebackPane) waitText() string {
	traffic, now := p.ws.Traffic(), p.ws.Now()
	switch {
	case traffic.PacedUntil.After(now):
		return "The tenant takes " + count(writeback.WriteBudget) + " writes in " + count(int(writeback.WriteWindow/time.Second)) + " s; goes on in " + clock(traffic.PacedUntil.Sub(now))
	case traffic.WaitUntil.After(now):
		return "The tenant asked to wait; goes on in " + clock(traffic.WaitUntil.Sub(now))
	}
	return ""
}
