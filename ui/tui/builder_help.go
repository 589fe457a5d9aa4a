package tui

import (
	"slices"
	"strings"

	"charm.land/lipgloss/v2"

	"rollcall/model/rule"
)

// helpRoom is how many lines the help takes at the end of a box of the given
// height. In rows it is always there; in the text, while something can be
// completed.
func (e *segmentEditor) helpRoom(height int, editing bool) int {
	switch {
	case !editing || e.inText && len(e.offers) == 0:
		return 0
	case e.frozen && !e.inText:
		return 3
	case height < 20:
		return max(3, height/3)
	case height < 24:
		return 6
	}
	return 8
}

// withHelp lays what helps to edit over the end of the box's lines, where it
// stands still while the count above it follows each keystroke. It never covers
// the cursor.
func (e *segmentEditor) withHelp(lines []string, width, height int, editing bool) []string {
	n := e.helpRoom(height, editing)
	if n == 0 {
		return lines
	}
	help := e.help(width, n)
	for len(lines) < height {
		lines = append(lines, "")
	}
	lines = lines[:height]
	if e.cursorY >= height-n {
		return append(help, lines[n:]...)
	}
	return append(lines[:height-n], help...)
}

// help is a heading and what the cell under the cursor may hold.
func (e *segmentEditor) help(width, height int) []string {
	th := e.theme
	title, entries, chosen, note := e.helpText()
	room := height - 1
	right := ""
	if len(entries) > room {
		right = count(len(entries)) + " listed"
		if len(entries) >= maxOffers {
			right = "the first " + count(maxOffers)
		}
	}
	title = th.cut(clean(title), width-4)
	if right != "" {
		right = " " + right
	}
	dashes := max(1, width-th.width(title)-th.width(right)-1)
	head := th.heading.Render(title) + " " + th.border.Render(strings.Repeat("─", dashes)) + th.muted.Render(right)
	lines := []string{th.fit(head, width)}
	top := max(0, min(max(chosen, 0)-room/2, len(entries)-room))
	wide := 0
	for _, o := range entries {
		wide = max(wide, th.width(clean(o.text)))
	}
	wide = min(wide, max(8, width*3/5))
	for i := top; i < min(len(entries), top+room); i++ {
		text := th.cell(entries[i].text, wide)
		note := th.cut(clean(entries[i].note), max(0, width-th.width(text)-4))
		if i == chosen {
			lines = append(lines, th.selected.Render(th.fit("▸ "+text+"  "+note, width)))
		} else {
			lines = append(lines, "  "+th.text.Render(text)+"  "+th.muted.Render(note))
		}
	}
	if len(entries) == 0 && note != "" {
		style := th.muted
		if strings.HasPrefix(note, "✗") {
			style = th.bad
		}
		lines = append(lines, e.paragraphs(note, width, room, style)...)
	}
	for len(lines) < height {
		lines = append(lines, "")
	}
	return lines[:height]
}

func (e *segmentEditor) paragraphs(text string, width, room int, style lipgloss.Style) []string {
	var lines []string
	for p := range strings.SplitSeq(text, "\n") {
		for _, l := range wrap(e.theme, clean(p), width-2) {
			lines = append(lines, "  "+style.Render(l))
		}
	}
	return lines[:min(len(lines), room)]
}

// helpText is what the help says; chosen is -1 when no entry is.
func (e *segmentEditor) helpText() (title string, entries []builderOffer, chosen int, note string) {
	r := e.row()
	chosen = e.chosen
	switch {
	case e.frozen && !e.inText:
		return "Rows", nil, -1, "They cannot be edited while the text has an error: that would replace what you typed. ctrl-t goes to the text."
	case !e.inText && e.cell == cellJoin:
		for n, j := range joints[:jointsOf(r.outlineItem)] {
			item := &outlineItem{kind: itemGroup, any: j.any, not: j.not}
			entries = append(entries, builderOffer{text: item.joint(), note: j.note})
			if r.any == j.any && (r.kind == itemCollection || min(r.not, 1) == j.not) {
				chosen = n
			}
		}
		return "How the lines below are joined", entries, chosen, ""
	case !e.inText && e.cell == cellOperator:
		choices := e.operatorChoices()
		for _, c := range choices {
			entries = append(entries, builderOffer{text: c.String(), note: c.note(e.operatorType())})
		}
		return "Operators for " + typeWord(e.operatorType()), entries, slices.IndexFunc(choices, e.isOperator), ""
	}
	switch e.target.kind {
	case targetAttribute, targetPlanProperty:
		title = "Attributes"
	case targetOperator:
		title = "Operators of " + e.target.attribute.Label
	case targetJoint:
		title = "What follows"
	case targetValue:
		title = "Values of " + e.target.attribute.Label
	default:
		title = "Value"
	}
	return title, e.offers, chosen, e.note(r)
}

// note is what is to be said of a cell without completions.
func (e *segmentEditor) note(r outlineRow) string {
	t := e.target
	typed := strings.TrimSpace(e.field.Value())
	switch {
	case e.cell == cellAttribute:
		if a, ok := e.ws.Schema().ByName(e.field.Value()); ok && e.ws.Schema().IsSynced(a.ID) {
			return a.Label + " · " + typeWord(a.Type)
		} else if ok {
			return "✗ " + a.Label + " is not synced in this profile: name it in the setting \"attributes\" and sync again."
		}
		if typed != "" && !r.standsAlone() {
			return "No attribute has this name, label or Graph name."
		}
		return ""
	case e.remark != "":
		return e.remark
	case r.attribute == rowMemberOf:
		return "Object ids of groups, parted by commas. Their direct members are read from the tenant each time; such a rule has no other clause."
	case r.attribute == rowDirectReports:
		return "The object id of a manager. The users whose manager it is, one level deep; such a rule has no other clause."
	case e.isRegular() && typed == "":
		return "A regular expression, as .NET writes them; without ^ and $ it is found anywhere in the value."
	case t.kind == targetValue && (e.tasks.busy(taskSegmentFacets) || e.tasks.busy(taskSegmentValues)):
		return "Looking through the values…"
	case t.kind != targetValue:
		return ""
	}
	note := ""
	if t.typed != "" && e.facets != nil && len(e.facets.Values) > 0 {
		note = "No user has a value that holds this.\n"
	}
	if r.operator.Positive() == rule.OpIn {
		note += "Several values, parted by commas; one that holds a comma stands in quotation marks: \"Paris, TX\"."
	}
	return note
}
