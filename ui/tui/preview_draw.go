package tui

import (
	"strings"

	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"

	"rollcall/model"
	"rollcall/model/audience"
)

// The To line's box, and the least and greatest width of the numbers.
const (
	previewToHeight    = 3
	previewFactsNarrow = 30
	previewFactsWide   = 38
	previewDetails     = 3 // lines below the tree for the list under the cursor; more where there is room
)

// rects are the sizes of the pane's three boxes.
func (p *previewPane) rects() (toHeight, bodyHeight, leftWidth, rightWidth int) {
	toHeight = previewToHeight
	if p.to.active {
		toHeight += len(p.to.suggestions)
	}
	toHeight = min(toHeight, p.height)
	bodyHeight = p.height - toHeight
	rightWidth = previewFactsNarrow
	if p.width >= 110 {
		rightWidth = previewFactsWide
	}
	if p.width < 64 {
		rightWidth = 0 // one box at a time: the numbers go above the tree's details
	}
	return toHeight, bodyHeight, p.width - rightWidth, rightWidth
}

func (p *previewPane) layout() {
	_, bodyHeight, leftWidth, _ := p.rects()
	inner := max(1, bodyHeight-2)
	p.tree.SetHeight(max(1, inner-1-p.detailHeight(inner)))
	p.recipients.SetSize(max(1, leftWidth-2), max(1, inner-p.searchHeight()))
	if p.room != nil {
		p.room.SetSize(p.width, p.height)
	}
}

// detailHeight is the room for the list under the cursor, where there is any.
func (p *previewPane) detailHeight(inner int) int {
	switch {
	case inner < 3*previewDetails:
		return 0
	case inner < 5*previewDetails:
		return previewDetails
	}
	return previewDetails + 2
}

func (p *previewPane) searchHeight() int {
	if p.searching || p.search.Value() != "" {
		return 1
	}
	return 0
}

func (p *previewPane) Draw() string {
	if p.room != nil {
		return p.room.Draw()
	}
	toHeight, bodyHeight, leftWidth, rightWidth := p.rects()
	out := p.drawTo(toHeight)
	if bodyHeight <= 0 {
		return out
	}
	left := p.drawLeft(leftWidth, bodyHeight)
	if rightWidth == 0 {
		return out + "\n" + left
	}
	return out + "\n" + beside(left, p.drawFacts(rightWidth, bodyHeight))
}

func (p *previewPane) drawTo(height int) string {
	th := p.theme
	field, _ := p.to.Draw(th, p.width-4)
	lines := []string{" " + field}
	if p.to.active {
		for _, l := range p.to.Lines(p.width - 4) {
			lines = append(lines, " "+l)
		}
	}
	right := ""
	if p.outcome != nil && p.edited() && !p.walking() {
		right = "changed since it was expanded"
	}
	return th.box(boxText{title: "To", right: right}, strings.Join(lines, "\n"), p.width, height, p.to.active)
}

// Cursor is in the To line or the search.
func (p *previewPane) Cursor() *tea.Cursor {
	switch {
	case p.room != nil:
		return p.room.Cursor()
	case p.to.active:
		_, column := p.to.Draw(p.theme, p.width-4)
		return tea.NewCursor(2+column, 1)
	case p.searching:
		toHeight, _, leftWidth, _ := p.rects()
		_, column := p.search.Draw(p.theme, leftWidth-6)
		return tea.NewCursor(4+column, toHeight+1)
	}
	return nil
}

func (p *previewPane) drawLeft(width, height int) string {
	th := p.theme
	t := boxText{title: "Lists"}
	var content string
	switch {
	case p.walking():
		content = p.drawWalking(width - 2)
	case p.failed != nil:
		next := "Mend the To line above and press enter to try again."
		switch {
		case p.missingConsent() != "":
			next = "c shows how to grant it; the audience is expanded again after it."
		case p.failed.Kind != model.KindUsage:
			next = "enter in the To line above tries again."
		}
		content = drawFailure(th, p.failed, width-4, next)
	case p.outcome == nil:
		content = p.drawHint(width - 2)
	case p.showRecipients:
		t.title = "Recipients"
		t.right = p.recipientsCount()
		if _, _, _, facts := p.rects(); facts == 0 && !p.preview().Complete() {
			t.right = "! incomplete · " + t.right
		}
		content = p.drawRecipients(width - 2)
	default:
		t.right = plural(len(p.preview().Expansion.Nodes), "list", "lists")
		if _, _, _, facts := p.rects(); facts == 0 {
			t.right = p.numberInBrief() + " · " + t.right
		}
		content = p.drawTree(width-2, height-2)
	}
	return th.box(t, content, width, height, !p.to.active)
}

// numberInBrief is the number where there is no room for its parts.
func (p *previewPane) numberInBrief() string {
	text := plural(len(p.preview().Recipients), "recipient", "recipients")
	if !p.preview().Complete() {
		text = "! incomplete · " + text
	}
	return text
}

func (p *previewPane) drawHint(width int) string {
	th := p.theme
	lines := []string{
		th.text.Render("Who exactly would receive it?"), "",
		th.muted.Render("Type lists, segments and addresses above, parted by commas, then press enter:"), "",
	}
	for _, example := range [][2]string{
		{"all-staff@contoso.com", "a list or user"},
		{"Sales Europe", "its name or id"},
		{"segment:Sales", "a segment"},
		{"list:Board", "a saved list"},
		{"file:people.csv", "a CSV file"},
		{`rule:user.city -eq "Paris"`, "a rule"},
		{"snapshot:Newsletter", "an approved one"},
		{"-segment:Interns", "- takes away"},
		{"&segment:Paris", "& keeps within"},
	} {
		lines = append(lines, th.accent.Render(th.cell(example[0], 28))+th.muted.Render(th.cut(example[1], max(0, width-32))))
	}
	lines = append(lines, "", th.muted.Render("≈ marks a quick count; the exact follows."))
	return hintLines(th, width, lines...)
}

func (p *previewPane) drawWalking(width int) string {
	th := p.theme
	read, known := int(p.walk.read.Load()), int(p.walk.known.Load())
	progress := "Looking up the entries…"
	switch {
	case known > 0 && read >= known:
		progress = plural(known, "list", "lists") + " read; counting recipients…"
	case known > 0:
		progress = count(read) + " of " + plural(known, "list", "lists") + " read; more may turn up inside them"
	}
	lines := []string{
		"",
		"  " + th.accent.Render("Expanding"),
		"  " + th.fit(th.text.Render(progress), width-2),
		"  " + th.progress(read, known, min(40, width-4)),
		"",
		"  " + th.muted.Render("esc cancels"),
	}
	if text := estimateText(p.walk.estimate.Load()); text != "" {
		lines = append(lines, "")
		for _, l := range wrap(th, text, width-4) {
			lines = append(lines, "  "+th.text.Render(l))
		}
	}
	return strings.Join(lines, "\n")
}

// estimateText says what a count is worth that is there before the recipients.
func estimateText(e *audience.Estimate) string {
	switch {
	case e == nil:
		return ""
	case e.Exact != nil:
		return count(e.Recipients) + " unique recipients, counted; their names follow"
	}
	text := "≈ " + count(e.Recipients) + " by a quick count; before overlap and exclusions"
	if e.Unknown > 0 {
		text += ", and without " + plural(e.Unknown, "list that nobody can count quickly", "lists that nobody can count quickly")
	}
	return text
}

// drawFailure writes what happened, what to do, and the request id.
func drawFailure(th *theme, e *model.Error, width int, next string) string {
	lines := []string{""}
	add := func(style lipgloss.Style, text string) {
		for _, l := range wrap(th, text, width) {
			lines = append(lines, "  "+style.Render(l))
		}
	}
	add(th.bad, "✗ "+capitalise(clean(e.Message)))
	if e.Remedy != "" {
		lines = append(lines, "")
		add(th.text, "→ "+clean(e.Remedy))
	}
	if e.RequestID != "" {
		lines = append(lines, "")
		add(th.muted, "request id "+clean(e.RequestID))
	}
	if next != "" {
		lines = append(lines, "")
		add(th.muted, next)
	}
	return strings.Join(lines, "\n")
}

// drawTree shows the lists, with the one under the cursor explained below.
func (p *previewPane) drawTree(width, height int) string {
	th := p.theme
	whole := len(p.preview().Expansion.Recipients)
	c := previewColumnsFor(width)
	rows := []string{c.header(th, width)}
	lines, cursor := p.tree.Window()
	for i, l := range lines {
		rows = append(rows, c.line(th, l, whole, width, i == cursor, !p.to.active))
	}
	if n := p.detailHeight(height); n > 0 {
		for len(rows) < height-n {
			rows = append(rows, "")
		}
		rows = append(rows, p.drawDetails(width, n)...)
	}
	return strings.Join(rows, "\n")
}

// previewColumns are the widths of the tree's columns; 0 leaves one out.
type previewColumns struct{ label, kind, source, direct, unique, bar, remark int }

func previewColumnsFor(width int) previewColumns {
	c := previewColumns{direct: 6, unique: 7, bar: 6, remark: 10}
	if width >= 76 {
		c.kind, c.source, c.bar = 13, 8, 8
	}
	used := 0
	for _, w := range []int{c.kind, c.source, c.direct, c.unique, c.bar, c.remark} {
		if w > 0 {
			used += w + 1
		}
	}
	if width-used < 18 { // the name matters more than the bar
		used -= c.bar + 1
		c.bar = 0
	}
	c.label = max(8, width-used-1)
	return c
}

func (c previewColumns) header(th *theme, width int) string {
	var b strings.Builder
	b.WriteString(" " + th.cell("  List", c.label))
	if c.kind > 0 {
		b.WriteString(" " + th.cell("Kind", c.kind) + " " + th.cell("Source", c.source))
	}
	b.WriteString(" " + th.cellRight("Direct", c.direct) + " " + th.cellRight("Unique", c.unique))
	if c.bar > 0 {
		b.WriteString(" " + th.cell("", c.bar))
	}
	return th.heading.Render(th.fit(b.String(), width))
}

func (c previewColumns) line(th *theme, l treeLine[previewItem], whole, width int, under, focused bool) string {
	sign := "  "
	switch {
	case l.item.sign != "":
		sign = l.item.sign + " "
	case l.leaf || l.again:
	case l.open:
		sign = "▾ "
	default:
		sign = "▸ "
	}
	guides := l.branches + sign
	label := th.cell(l.item.label, max(1, c.label-th.width(guides)))
	kind, source, direct, unique := "", "", "", ""
	part := 0
	switch n := l.item.node; {
	case n != nil:
		kind, source = shortKind(n.Group.Kind), shortSource(n.Source)
		direct, unique, part = count(n.Direct), count(n.Unique), n.Unique
		switch {
		case n.Hidden || n.Err != nil && n.Direct == 0:
			direct, unique = "?", "?"
		case n.Unique == 0 && !n.Empty() && n.Instead == nil:
			unique = "?"
		}
	case l.item.reach >= 0:
		kind, unique, part = "entry", count(l.item.reach), l.item.reach
		if l.item.sign == "" {
			direct = count(l.item.users + len(l.item.lists))
		} else {
			part = 0 // of whom it takes away or keeps, not of whom it gives
		}
	}
	remark, worry := l.item.remark(l.again)
	numbers := " " + th.cellRight(direct, c.direct) + " " + th.cellRight(unique, c.unique)
	if c.kind > 0 {
		numbers = " " + th.cell(kind, c.kind) + " " + th.cell(source, c.source) + numbers
	}
	remark = th.cell(remark, c.remark)
	if under {
		text := " " + guides + label + numbers
		if c.bar > 0 {
			text += " " + plainBar(part, whole, c.bar)
		}
		style := th.current
		if focused {
			style = th.selected
		}
		return style.Render(th.fit(text+" "+remark, width))
	}
	text := " " + th.muted.Render(guides) + label + th.text.Render(numbers)
	if c.bar > 0 {
		text += " "
		if part > 0 {
			text += th.bar(part, whole, c.bar)
		} else {
			text += spaces(c.bar)
		}
	}
	style := th.muted
	if worry {
		style = th.bad
	}
	return th.fit(text+" "+style.Render(remark), width)
}

// plainBar is a bar without styles of its own, for the row under the cursor.
func plainBar(part, whole, width int) string {
	cells := 0
	if whole > 0 && part > 0 {
		cells = min(width, max(1, part*width/whole))
	}
	return strings.Repeat("█", cells) + spaces(width-cells)
}
