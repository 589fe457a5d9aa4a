package tui

import (
	"strings"

	"charm.land/bubbles/v2/progress"
	"charm.land/lipgloss/v2"
)

// boxText is what stands in a box's border. Each may hold styles; all must be
// clean.
type boxText struct {
	title  string // top left
	field  string // a text field behind the title, already drawn; "" mostly
	right  string // top right: a count
	foot   string // bottom left: the state of what is shown
	bottom string // bottom right: marks, scroll position
}

// box draws content in a rounded border of exactly width × height cells. The
// content's lines are cut and padded to the inside; lines too many are dropped.
func (th *theme) box(t boxText, content string, width, height int, focused bool) string {
	if width < 2 || height < 2 {
		return th.blank(width, height)
	}
	line := th.border
	title := th.muted
	if focused {
		line, title = th.borderFocused, th.title
	}
	inner, side := width-2, line.Render("│")
	var b strings.Builder
	b.WriteString(th.edge(line, title, "╭", "╮", t.title, t.field, t.right, width))
	rest, more := content, true
	for range height - 2 {
		var row string
		if more {
			row, rest, more = strings.Cut(rest, "\n")
		} else {
			row = ""
		}
		b.WriteByte('\n')
		b.WriteString(side)
		b.WriteString(th.fit(row, inner))
		b.WriteString(side)
	}
	b.WriteByte('\n')
	b.WriteString(th.edge(line, th.muted, "╰", "╯", t.foot, "", t.bottom, width))
	return b.String()
}

// edge is a horizontal border with text in it. The right text gives way first.
func (th *theme) edge(line, title lipgloss.Style, l, r, left, field, right string, width int) string {
	room := width - 4 // the corners and one dash beside each
	if left != "" {
		left = " " + th.cut(left, max(0, room-2)) + " "
	}
	if right != "" {
		right = " " + right + " "
	}
	if field != "" {
		field += " "
	}
	if th.width(left)+th.width(field)+th.width(right)+1 > room {
		right = ""
	}
	dashes := max(0, room-th.width(left)-th.width(field)-th.width(right))
	var b strings.Builder
	if left == "" {
		b.WriteString(line.Render(l + "─" + strings.Repeat("─", dashes)))
	} else {
		b.WriteString(line.Render(l) + title.Render(left) + field + line.Render("─"+strings.Repeat("─", dashes)))
	}
	if right != "" {
		b.WriteString(th.muted.Render(right))
	}
	b.WriteString(line.Render("─" + r))
	return b.String()
}

// blank is an area of spaces.
func (th *theme) blank(width, height int) string {
	if width <= 0 || height <= 0 {
		return ""
	}
	return strings.TrimSuffix(strings.Repeat(spaces(width)+"\n", height), "\n")
}

// beside joins two areas of the same height line by line.
func beside(left, right string) string {
	var b strings.Builder
	for {
		l, lrest, lmore := strings.Cut(left, "\n")
		r, rrest, rmore := strings.Cut(right, "\n")
		b.WriteString(l)
		b.WriteString(r)
		if !lmore && !rmore {
			return b.String()
		}
		b.WriteByte('\n')
		left, right = lrest, rrest
	}
}

// progress draws how far something that runs has come. It does not animate:
// it moves when the counters are looked at again.
func (th *theme) progress(done, total, width int) string {
	bar := progress.New(progress.WithoutPercentage(), progress.WithWidth(max(0, width)),
		progress.WithFillCharacters('█', '·'), progress.WithColors(th.barFull.GetForeground()))
	bar.EmptyColor = th.barEmpty.GetForeground()
	return bar.ViewAs(float64(done) / float64(max(total, 1)))
}

// bar draws a share of a whole in width cells, exact to an eighth of a cell.
func (th *theme) bar(part, whole, width int) string {
	full := barText(part, whole, width)
	return th.barFull.Render(full) + th.barEmpty.Render(strings.Repeat("·", max(0, width-len([]rune(full)))))
}

// barText is the filled part of a bar. Something is never shown as nothing.
func barText(part, whole, width int) string {
	if width <= 0 || whole <= 0 || part <= 0 {
		return ""
	}
	eighths := max(1, min(part*width*8/whole, width*8))
	full := strings.Repeat("█", eighths/8)
	if rest := eighths % 8; rest > 0 {
		full += string([]rune(" ▏▎▍▌▋▊▉")[rest])
	}
	return full
}

func joinLines(lines []string) string { return strings.Join(lines, "\n") }
