package tui

import (
	"context"
	"fmt"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"rollcall/model"
	"rollcall/model/workspace"
)

// versionsView is every version of a segment, and who comes and who goes from
// one to another.
type versionsView struct {
	name    string
	id      string              // a deleted segment's name may be another's now
	list    []workspace.Segment // newest first; nil while they are read
	failed  *model.Error
	cursor  int
	top     int
	present bool  // the version under the cursor is compared with the present one, not with the one before
	marked  []int // numbers of versions; two of them are compared
	side    segmentSide
	change  *versionChange
}

// versionChange is who is gained and lost from one version to another.
type versionChange struct {
	from, to int // version numbers; from is 0 where there was none before
	failed   *model.Error
	users    int // of the later version
	gained   int
	lost     int
	side     segmentSide
	first    []segmentUser
}

const (
	taskVersions      = "segments.versions"
	taskVersionChange = "segments.versionChange"
)

type (
	// showVersionsMsg opens the versions of a segment, a deleted one too.
	showVersionsMsg   struct{ name, id string }
	versionsLoadedMsg struct {
		list []workspace.Segment
		err  error
	}
	versionChangeMsg struct{ change versionChange }
)

func (p *segmentsPane) showVersions(name, id string) tea.Cmd {
	p.versions = &versionsView{name: name, id: id, side: sideGained}
	return p.loadVersions()
}

func (p *segmentsPane) closeVersions() {
	p.tasks.cancel(taskVersions)
	p.tasks.cancel(taskVersionChange)
	p.versions = nil
}

// loadVersions reads them, or reads them again once something was changed.
func (p *segmentsPane) loadVersions() tea.Cmd {
	ws, id := p.ws, p.versions.id
	return p.tasks.run(taskVersions, func(ctx context.Context) tea.Msg {
		list, err := ws.SegmentVersions(ctx, id)
		return versionsLoadedMsg{list, err}
	})
}

func (p *segmentsPane) versionsAnswered(msg tea.Msg) tea.Cmd {
	v := p.versions
	if v == nil {
		return nil
	}
	switch msg := msg.(type) {
	case versionsLoadedMsg:
		v.failed = nil
		if msg.err != nil {
			v.failed = model.AsError(msg.err)
			return nil
		}
		if len(msg.list) != len(v.list) {
			v.cursor, v.marked = 0, nil // a change made another one
		}
		v.name, v.list = msg.list[0].Name, msg.list
		v.follow(p.versionRows())
		return p.compareVersions()
	case versionChangeMsg:
		v.change = &msg.change
	}
	return nil
}

// compared are the versions that the view compares, the earlier one first;
// from is nil where there was none before, to where there is nothing to say.
func (v *versionsView) compared() (from, to *workspace.Segment) {
	byNumber := func(n int) *workspace.Segment {
		i := slices.IndexFunc(v.list, func(s workspace.Segment) bool { return s.Version == n })
		if i < 0 {
			return nil
		}
		return &v.list[i]
	}
	switch {
	case len(v.list) == 0:
		return nil, nil
	case len(v.marked) == 2:
		return byNumber(min(v.marked[0], v.marked[1])), byNumber(max(v.marked[0], v.marked[1]))
	case v.present && v.cursor > 0:
		return &v.list[v.cursor], &v.list[0]
	case v.present:
		return nil, &v.list[0]
	case v.cursor+1 < len(v.list):
		return &v.list[v.cursor+1], &v.list[v.cursor]
	}
	return nil, &v.list[v.cursor]
}

// ruleOf is what a version selects: a deletion nobody, as the empty rule does.
func ruleOf(s *workspace.Segment) string {
	if s == nil || s.Deleted {
		return ""
	}
	return s.Rule
}

// compareVersions evaluates the two rules over the users of today.
func (p *segmentsPane) compareVersions() tea.Cmd {
	if p.versions == nil {
		return nil
	}
	v := p.versions
	before, after := v.compared()
	if after == nil {
		return nil
	}
	change := versionChange{to: after.Version, side: v.side}
	if before != nil {
		change.from = before.Version
	}
	ws, sets, from, to := p.ws, p.sets, ruleOf(before), ruleOf(after)
	return p.tasks.run(taskVersionChange, func(ctx context.Context) tea.Msg {
		old, err := sets.selection(ctx, ws, from, true)
		if err == nil {
			var now *workspace.Selection
			if now, err = sets.selection(ctx, ws, to, true); err == nil {
				if now.Snapshot != old.Snapshot {
					return nil // the directory has just changed, and says so
				}
				gained, lost := now.Set.Minus(old.Set), old.Set.Minus(now.Set)
				change.users, change.gained, change.lost = now.Set.Count(), gained.Count(), lost.Count()
				change.first = firstUsers(now.Snapshot, sideOf(change.side, now.Set, gained, lost))
			}
		}
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			change.failed = model.AsError(err)
		}
		return versionChangeMsg{change}
	})
}

// versionRows is how many versions are shown at once.
func (p *segmentsPane) versionRows() int { return max(3, (p.height-4)/3) }

func (v *versionsView) follow(page int) {
	v.cursor = max(0, min(v.cursor, len(v.list)-1))
	v.top = max(min(v.top, v.cursor), v.cursor-page+1)
	v.top = max(0, min(v.top, len(v.list)-page))
}

func (p *segmentsPane) versionsBindings() []binding {
	v := p.versions
	none := ""
	if len(v.list) == 0 {
		none = "there is no version to do that with"
	}
	restore, undo, with := none, none, "present"
	if none == "" {
		switch s := v.list[v.cursor]; {
		case s.Deleted:
			restore = "this version is the deletion: choose one before it"
		case v.cursor == 0:
			restore = "this is the present version already"
		}
		if len(v.list) < 2 {
			undo = "nothing was changed since the segment was made"
		}
	}
	if v.present {
		with = "before"
	}
	return []binding{
		{id: "versions.restore", keys: []string{"enter"}, label: "restore", help: "Make the version under the cursor the present one again", disabled: restore},
		{id: "versions.with", keys: []string{"c"}, label: "with " + with, help: "Compare with the present version, or with the one before", disabled: none},
		{id: "versions.mark", keys: []string{"space"}, label: "mark", help: "Mark a version; two marked ones are compared", disabled: none},
		{id: "versions.side", keys: []string{"tab", "ctrl+g"}, label: "users", help: "List who is gained, who is lost, or all who are selected", disabled: none},
		{id: "versions.undo", keys: []string{"u"}, label: "undo", help: "Take back the last change of the segment", disabled: undo},
		{id: "versions.back", keys: []string{"esc", "v"}, label: "back", help: "Go back to the segments"},
		{id: "versions.down", keys: []string{"down", "j"}, help: "Earlier version"},
		{id: "versions.up", keys: []string{"up", "k"}, help: "Later version"},
		{id: "versions.first", keys: []string{"g", "home"}, help: "The present version"},
		{id: "versions.last", keys: []string{"G", "end"}, help: "The first version"},
	}
}

func (p *segmentsPane) versionsKey(msg tea.KeyPressMsg) (tea.Cmd, bool) {
	v := p.versions
	b, ok := find(p.versionsBindings(), msg)
	if !ok || b.disabled != "" {
		return nil, false
	}
	switch b.id {
	case "versions.back":
		p.closeVersions()
		return p.ask(), true
	case "versions.restore":
		return p.askRestore(v.list[v.cursor]), true
	case "versions.undo":
		return p.undoChange("", v.name, v.id), true
	case "versions.with":
		v.present, v.marked = !v.present, nil
	case "versions.side":
		v.side = v.side.next()
	case "versions.mark":
		v.mark()
	case "versions.down":
		v.cursor++
	case "versions.up":
		v.cursor--
	case "versions.first":
		v.cursor = 0
	case "versions.last":
		v.cursor = len(v.list) - 1
	}
	v.follow(p.versionRows())
	return p.compareVersions(), true
}

// mark marks the version under the cursor, or takes its mark back. A third
// mark takes the place of the first.
func (v *versionsView) mark() {
	n := v.list[v.cursor].Version
	if i := slices.Index(v.marked, n); i >= 0 {
		v.marked = slices.Delete(v.marked, i, i+1)
		return
	}
	v.marked = append(v.marked, n)
	if len(v.marked) > 2 {
		v.marked = v.marked[1:]
	}
}

func (p *segmentsPane) askRestore(s workspace.Segment) tea.Cmd {
	v := p.versions
	name, next := v.name, v.list[0].Version+1
	question := fmt.Sprintf("Name, rule and note become what they were, as version %d. No version is lost: u takes it back.", next)
	key := ""
	if item := p.item(s.ID); item != nil {
		key = item.key
	}
	return emit(dialogMsg{newConfirmDialog(p.shared, fmt.Sprintf("Restore version %d of %s?", s.Version, clean(name)), question, "restore it", segmentChangeMsg{
		key: key, name: name, done: fmt.Sprintf("Restored version %d of %s; u undoes", s.Version, s.Name),
		do: func(ctx context.Context, ws *workspace.Workspace) (*workspace.Segment, error) {
			return ws.RestoreSegment(ctx, s.ID, s.Version)
		},
	})})
}

// whatChanged says what a version made of the one before it. list is newest
// first.
func whatChanged(list []workspace.Segment, i int) string {
	s := list[i]
	if i == len(list)-1 {
		return "made"
	}
	before := list[i+1]
	if s.Deleted {
		return "deleted"
	}
	for _, old := range list[i+2:] {
		if !old.Deleted && old.Name == s.Name && old.Rule == s.Rule && old.Note == s.Note {
			return fmt.Sprintf("version %d again", old.Version)
		}
	}
	var parts []string
	if before.Deleted {
		parts = append(parts, "brought back")
	}
	if s.Rule != before.Rule {
		parts = append(parts, "rule")
	}
	if s.Name != before.Name {
		parts = append(parts, "renamed from "+before.Name)
	}
	switch {
	case s.Note == before.Note:
	case s.Note == "":
		parts = append(parts, "note taken away")
	default:
		parts = append(parts, "note: "+s.Note)
	}
	return strings.Join(parts, ", ")
}

// The widths of the columns of the versions.
const (
	versionNumberWidth = 7
	versionTimeWidth   = 13
)

func (p *segmentsPane) drawVersions() string {
	th, v, width := p.theme, p.versions, p.width
	inner := width - 4
	t := boxText{title: "Versions of " + clean(v.name)}
	switch {
	case v.failed != nil:
		return th.box(t, drawFailure(th, v.failed, inner, ""), width, p.height, true)
	case v.list == nil:
		return th.box(t, "\n"+th.muted.Render(" Loading…"), width, p.height, true)
	}
	t.right = plural(len(v.list), "version", "versions")
	if len(v.marked) > 0 {
		t.bottom = count(len(v.marked)) + " of 2 marked"
	}
	byWidth := min(26, max(10, inner/4))
	whatWidth := max(4, inner-2-versionNumberWidth-versionTimeWidth-byWidth-4)
	cells := func(number, at, by, what string) string {
		return th.cellRight(number, versionNumberWidth) + "  " + th.cell(at, versionTimeWidth) + " " + th.cell(by, byWidth) + " " + th.cell(what, whatWidth)
	}
	lines := []string{th.heading.Render("  " + cells("Version", "When", "By", "What changed"))}
	to := min(len(v.list), v.top+p.versionRows())
	for i := v.top; i < to; i++ {
		s, mark := v.list[i], " "
		if slices.Contains(v.marked, s.Version) {
			mark = "●"
		}
		row := cells(count(s.Version), when(s.ChangedAt, p.ws.Now()), s.ChangedBy, whatChanged(v.list, i))
		if i == v.cursor {
			lines = append(lines, th.selected.Render(th.fit("▸"+mark+row, inner)))
		} else {
			lines = append(lines, " "+th.marked.Render(mark)+th.text.Render(row))
		}
	}
	if to < len(v.list) {
		lines = append(lines, th.muted.Render("  ↓ "+plural(len(v.list)-to, "earlier version", "earlier versions")))
	}
	lines = append(lines, "")
	lines = append(lines, p.comparisonLines(inner, p.height-2-len(lines))...)
	return th.box(t, " "+strings.Join(lines, "\n "), width, p.height, true)
}

// comparisonLines show two versions: their rules, who is gained and lost.
func (p *segmentsPane) comparisonLines(width, height int) []string {
	th, v := p.theme, p.versions
	from, to := v.compared()
	heading := "Version " + count(to.Version)
	if from != nil {
		heading = fmt.Sprintf("From version %d to version %d", from.Version, to.Version)
	}
	if to.Version == v.list[0].Version {
		heading += ", the present one"
	}
	note := "users as of today"
	lines := []string{th.heading.Render(th.fit(heading, width-th.width(note))) + th.muted.Render(note)}
	same := from != nil && from.Rule == to.Rule && from.Deleted == to.Deleted
	skipped := 0
	if from != nil && !same {
		skipped = sharedStart(clean(from.Rule), clean(to.Rule), width)
	}
	side := func(s *workspace.Segment, sign string, draw func(...string) string) {
		if s == nil {
			return
		}
		text := clean(s.Rule)
		if skipped > 0 {
			text = "… " + text[skipped:]
		}
		if s.Deleted {
			text = "deleted"
		}
		wrapped := wrap(th, text, width-2)
		most := max(1, min(4, (height-6)/2))
		if len(wrapped) > most {
			wrapped = append(wrapped[:most-1:most-1], th.cut(wrapped[most-1]+" "+wrapped[most], width-2))
		}
		for i, l := range wrapped {
			lead := "  "
			if i == 0 {
				lead = sign + " "
			}
			lines = append(lines, draw(lead+l))
		}
	}
	if same {
		side(to, " ", th.text.Render)
	} else {
		side(from, "-", th.removed.Render)
		side(to, "+", th.added.Render)
	}
	if from != nil && from.Note != to.Note {
		lines = append(lines, th.muted.Render(th.cut("note: "+clean(named(from.Note, "none"))+" → "+clean(named(to.Note, "none")), width)))
	}
	c := v.change
	if c == nil || c.to != to.Version || c.from != versionOf(from) {
		return append(lines, "", th.muted.Render("counting…"))
	}
	if c.failed != nil {
		for _, l := range wrap(th, "✗ "+capitalise(clean(sentence(c.failed))), width) {
			lines = append(lines, th.bad.Render(l))
		}
		return lines
	}
	if from == nil {
		lines = append(lines, "", th.text.Render(plural(c.users, "user", "users")))
	} else {
		lines = append(lines, "", changeLine(th, c.gained, c.lost, "the same users in both versions", width))
	}
	listed := segmentListing{side: c.side, turn: "tab", total: [...]int{c.users, c.gained, c.lost}[c.side], first: c.first}
	return append(lines, listed.lines(th, width, height-len(lines))...)
}

// sharedStart is how many bytes of two long rules can be left out of a
// comparison, because both begin with them: all clauses but the one before the
// difference, as far as they fill lines.
func sharedStart(a, b string, width int) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	if n < width {
		return 0
	}
	end := max(strings.LastIndex(a[:n], " -and "), strings.LastIndex(a[:n], " -or "))
	return end + 1
}

func versionOf(s *workspace.Segment) int {
	if s == nil {
		return 0
	}
	return s.Version
}
