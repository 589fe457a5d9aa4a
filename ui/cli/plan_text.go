package cli

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"rollcall/model/writeback"
	"rollcall/ui/text"
)

// planView is how a plan is shown to a person.
type planView struct {
	guards   []writeback.GuardResult // nil: the plan's own
	rows     int                     // how many additions, removals and names of a reason are shown; 0: all
	warning  string                  // of the approval, see workspace.WriteWarning
	approver string                  // who must approve it, "" anybody who may write
	asked    bool                    // a question follows: how to apply the plan is not said
}

// fewRows are the rows of each kind that are shown on a terminal, where the
// sum shall still stand beside them.
const fewRows = 50

// fewEntries are the names that are shown of those that were left alone for one
// reason.
const fewEntries = 5

// text writes a plan for a person: what would change, what would not and why,
// the guards, how long it takes, and the sum.
func (v planView) text(w io.Writer, p *writeback.Plan) error {
	b := &strings.Builder{}
	planHeader(b, p)
	v.refs(b, p, "+", "to add", p.Add)
	v.refs(b, p, "-", "to remove", p.Remove)
	v.skipped(b, p)
	held := *p
	if v.guards != nil {
		held.Guards = v.guards
	}
	if !p.Empty() {
		for _, g := range held.Guards {
			b.WriteString(guardLine(&held, g))
		}
	}
	if v.warning != "" {
		fmt.Fprintf(b, "  ! %s\n", text.Clean(v.warning))
	}
	switch {
	case p.Empty() && p.UndoOf != "":
		fmt.Fprintf(b, "No changes: nothing of plan %s is left to take back (%s).\n", p.UndoOf, text.Plural(p.BaseCount, "member", "members"))
	case p.Empty():
		fmt.Fprintf(b, "No changes: the group already equals the audience (%s).\n", text.Plural(p.BaseCount, "member", "members"))
	default:
		fmt.Fprintf(b, "%s to add, %s to remove, %s unchanged, %s skipped: %s now, %s then.\n",
			grouped(len(p.Add)), grouped(len(p.Remove)), grouped(p.Unchanged), grouped(len(p.Skipped)),
			text.Plural(p.BaseCount, "member", "members"), grouped(p.BaseCount+len(p.Add)-len(p.Remove)))
		v.next(b, &held)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func planHeader(b *strings.Builder, p *writeback.Plan) {
	fmt.Fprintf(b, "Plan %s: %s %s (%s)\n", p.ID, p.Mode, text.Clean(p.Group.DisplayName), p.Group.Kind.Label())
	var from, within []string
	for _, entry := range p.From {
		if rest, ok := strings.CutPrefix(entry, "&"); ok {
			within = append(within, rest)
		} else {
			from = append(from, entry)
		}
	}
	fmt.Fprintf(b, "  from %s", text.Clean(strings.Join(from, ", ")))
	if len(within) > 0 {
		fmt.Fprintf(b, " within %s", text.Clean(strings.Join(within, " and ")))
	}
	if len(p.Exclude) > 0 {
		fmt.Fprintf(b, " without %s", text.Clean(strings.Join(p.Exclude, ", ")))
	}
	if p.Mode == writeback.ModeRemove {
		b.WriteString("\n  takes out the members whom that does not hold, and adds nobody")
	}
	fmt.Fprintf(b, "\n  made by %s at %s\n", text.Clean(p.Author), p.CreatedAt.UTC().Format("2006-01-02 15:04 UTC"))
}

// refs lists the rows of one kind.
func (v planView) refs(b *strings.Builder, p *writeback.Plan, sign, what string, refs []writeback.Ref) {
	for i, r := range refs {
		if v.rows > 0 && i == v.rows {
			fmt.Fprintf(b, "  %s … and %s more %s: `rollcall plan show %s --rows` lists them all\n", sign, grouped(len(refs)-i), what, p.ID)
			return
		}
		fmt.Fprintf(b, "  %s %s\n", sign, text.Clean(refName(r)))
	}
}

// refName is how a row's user is called.
func refName(r writeback.Ref) string {
	return cmp.Or(r.UserPrincipalName, r.Mail, r.DisplayName, r.ID)
}

// skipped lists what was left alone, by reason.
func (v planView) skipped(b *strings.Builder, p *writeback.Plan) {
	byReason := make(map[string][]string)
	var reasons []string
	for _, s := range p.Skipped {
		if byReason[s.Reason] == nil {
			reasons = append(reasons, s.Reason)
		}
		byReason[s.Reason] = append(byReason[s.Reason], s.Entry)
	}
	slices.SortStableFunc(reasons, func(a, b string) int { return cmp.Compare(len(byReason[b]), len(byReason[a])) })
	for _, reason := range reasons {
		entries := byReason[reason]
		if len(entries) == 1 {
			fmt.Fprintf(b, "  · %s: %s\n", text.Clean(entries[0]), text.Clean(reason))
			continue
		}
		shown := entries
		if v.rows > 0 {
			shown = entries[:min(len(entries), fewEntries)]
		}
		fmt.Fprintf(b, "  · %s × %s\n      %s", grouped(len(entries)), text.Clean(reason), text.Clean(strings.Join(shown, ", ")))
		if more := len(entries) - len(shown); more > 0 {
			fmt.Fprintf(b, " and %s more", grouped(more))
		}
		b.WriteString("\n")
	}
}

// guardLine says what a guard allows and what the plan has, and of one that
// stops the plan what lifts it.
func guardLine(p *writeback.Plan, g writeback.GuardResult) string {
	line := "  guard " + g.Name + ": " + guardText(g)
	if !g.Tripped {
		return line + "\n"
	}
	line = "  ! guard " + g.Name + ": " + guardText(g)
	if p.HandOver { // whoever makes it decides
		return line + "\n"
	}
	one := *p
	one.Guards = []writeback.GuardResult{g}
	switch additions, removals := one.MustAllow(); {
	case additions > 0:
		line += fmt.Sprintf("; --allow-additions %d lifts it", additions)
	case removals > 0:
		line += fmt.Sprintf("; --allow-removals %d lifts it", removals)
	default:
		line += "; nothing lifts it"
	}
	return line + "\n"
}

func guardText(g writeback.GuardResult) string {
	value, limit := grouped(g.Value), grouped(g.Limit)
	switch g.Name {
	case writeback.GuardRemovalsPercent, writeback.GuardAdditionsPercent:
		if g.Limit < 0 {
			return value + " % of the members, no limit"
		}
		return value + " % of the members, " + limit + " % allowed"
	case writeback.GuardLeastSize:
		if g.Limit < 0 {
			return value + " left, no limit"
		}
		return value + " left, at least " + limit + " must be"
	case writeback.GuardEmptySource:
		if g.Limit < 0 {
			return "not held: an undo goes by a picture, not an audience"
		}
		return "the audience holds " + text.Plural(g.Value, "user", "users") + ", at least " + limit + " must be there"
	case writeback.GuardFirstMirror:
		if g.Limit < 0 {
			return "not held"
		}
		return text.Plural(g.Value, "removal", "removals") + " by the first plan for this group, " + limit + " allowed"
	}
	if g.Limit < 0 {
		return value + ", no limit"
	}
	return value + " of " + limit + " allowed"
}

// next says how long the plan takes and who may bring it on.
func (v planView) next(b *strings.Builder, p *writeback.Plan) {
	if p.HandOver {
		fmt.Fprintf(b, "It is made by hand in Exchange: `rollcall plan export %s --as powershell --out .`\n", p.ID)
		return
	}
	fmt.Fprintf(b, "It takes %s", takesAbout(writeback.Estimate(len(p.Add), len(p.Remove))))
	if len(p.Remove) > writeback.WriteBudget {
		b.WriteString(": the tenant takes 20 removals a second in the long run")
	}
	b.WriteString(".\n")
	switch {
	case v.asked:
	case len(p.Blocked()) > 0:
		b.WriteString("It cannot be applied: what its guards protect is lifted by nobody's word.\n")
	case v.approver != "":
		fmt.Fprintf(b, "To be applied by %s: rollcall apply %s%s\n", text.Clean(v.approver), p.ID, liftingFlags(p))
	default:
		fmt.Fprintf(b, "To apply it: rollcall apply %s%s\n", p.ID, liftingFlags(p))
	}
}

// takesAbout says a length of time as closely as it can be foretold.
func takesAbout(d time.Duration) string {
	switch d = d.Round(time.Second); {
	case d <= 5*time.Second:
		return "a few seconds"
	case d < time.Minute:
		return fmt.Sprintf("about %d s", int(d.Seconds()))
	case d < time.Hour:
		d = d.Round(10 * time.Second)
		if s := int(d.Seconds()) % 60; s > 0 {
			return fmt.Sprintf("about %d min %d s", int(d.Minutes()), s)
		}
		return fmt.Sprintf("about %d min", int(d.Minutes()))
	default:
		d = d.Round(time.Minute)
		return fmt.Sprintf("about %d h %d min", int(d.Hours()), int(d.Minutes())%60)
	}
}
