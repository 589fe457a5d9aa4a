package tui

import (
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
)

// ruleText is a text field of any number of lines, which are wrapped where the
// width ends. Unlike a one-line input it changes no character of what is typed
// or pasted, line breaks included: a rule's text and its values are kept as
// they are. The zero value is an empty field.
type ruleText struct {
	value string
	at    int  // byte offset of the cursor, at the border of a grapheme
	goal  int  // column that up and down keep, plus one; 0: the cursor's own
	cell  bool // it is shown on one line, whatever breaks it holds

	ruler  ruler
	width  int        // that the lines were made for
	made   string     // text that the lines were made for
	lines  []textLine // never empty once made
	top    int        // first line that is shown
	offset int        // first byte that is shown on one line
}

// textLine is what stands on one line of the screen: value[start:end], the
// blank where it was wrapped and the line break left out. The next line begins
// at next.
type textLine struct{ start, end, next int }

// Value is the text.
func (t *ruleText) Value() string { return t.value }

// SetValue replaces the text and puts the cursor at its end.
func (t *ruleText) SetValue(s string) {
	t.value, t.at, t.goal, t.offset = s, len(s), 0, 0
}

// SetPos moves the cursor to a byte offset.
func (t *ruleText) SetPos(at int) { t.at, t.goal = max(0, min(at, len(t.value))), 0 }

// replace puts text in place of value[from:to] and the cursor behind it.
func (t *ruleText) replace(from, to int, s string) {
	t.value = t.value[:from] + s + t.value[to:]
	t.SetPos(from + len(s))
}

// insert types text at the cursor, its lines as lines.
func (t *ruleText) insert(s string) { t.replace(t.at, t.at, lineFeeds(s)) }

// Handle edits. changed reports whether the text differs from before, handled
// whether the message was one of the field's own: enter, esc, tab, up and down
// are left to the editor.
func (t *ruleText) Handle(msg tea.Msg) (changed, handled bool) {
	before := t.value
	switch msg := msg.(type) {
	case tea.PasteMsg:
		t.insert(msg.Content)
	case tea.KeyPressMsg:
		if !t.key(msg) {
			return false, false
		}
	default:
		return false, false
	}
	return t.value != before, true
}

func (t *ruleText) key(msg tea.KeyPressMsg) bool {
	switch msg.String() {
	case "right", "ctrl+f":
		t.SetPos(t.at + t.after())
	case "left":
		t.SetPos(t.at - t.before())
	case "ctrl+right", "alt+f":
		t.SetPos(t.word(true))
	case "ctrl+left", "alt+b":
		t.SetPos(t.word(false))
	case "home":
		t.SetPos(t.edge(false))
	case "end":
		t.SetPos(t.edge(true))
	case "ctrl+a":
		t.SetPos(t.lineStart())
	case "ctrl+e":
		t.SetPos(t.lineEnd())
	case "backspace":
		t.replace(t.at-t.before(), t.at, "")
	case "delete":
		t.remove(t.at + t.after())
	case "ctrl+w", "alt+backspace":
		t.replace(t.word(false), t.at, "")
	case "alt+d":
		t.remove(t.word(true))
	case "ctrl+k":
		end := t.lineEnd()
		if end == t.at {
			end += t.after()
		}
		t.remove(end)
	case "ctrl+u":
		start := t.lineStart()
		if start == t.at {
			start -= t.before()
		}
		t.replace(start, t.at, "")
	default:
		if msg.Text == "" || msg.Mod&^tea.ModShift != 0 {
			return false
		}
		t.insert(msg.Text)
	}
	return true
}

// remove deletes what stands behind the cursor, up to an offset.
func (t *ruleText) remove(to int) {
	at := t.at
	t.replace(at, to, "")
	t.SetPos(at)
}

// after is the length of the grapheme behind the cursor.
func (t *ruleText) after() int {
	g, _ := ansi.FirstGraphemeCluster(t.value[t.at:], ansi.GraphemeWidth)
	return len(g)
}

// before is the length of the grapheme before the cursor.
func (t *ruleText) before() int {
	from := t.lineStart()
	if from == t.at {
		return min(t.at, 1) // the line break
	}
	n := 0
	for s := t.value[from:t.at]; s != ""; s = s[n:] {
		g, _ := ansi.FirstGraphemeCluster(s, ansi.GraphemeWidth)
		n = len(g)
	}
	return n
}

// lineStart and lineEnd are the ends of the line of text, wrapped or not.
func (t *ruleText) lineStart() int {
	if t.cell {
		return 0
	}
	return strings.LastIndexByte(t.value[:t.at], '\n') + 1
}

func (t *ruleText) lineEnd() int {
	if t.cell {
		return len(t.value)
	}
	if i := strings.IndexByte(t.value[t.at:], '\n'); i >= 0 {
		return t.at + i
	}
	return len(t.value)
}

// edge is the end of the line on the screen, and from there of the line of text.
func (t *ruleText) edge(forward bool) int {
	to := t.lineStart()
	if forward {
		to = t.lineEnd()
	}
	if t.cell || t.lines == nil || t.made != t.value {
		return to
	}
	line, _ := t.place()
	switch l := t.lines[line]; {
	case forward && l.end > t.at && l.end < l.next:
		return l.end
	case !forward && l.start < t.at:
		return l.start
	}
	return to
}

// word is the border of the next or the former word.
func (t *ruleText) word(forward bool) int {
	blank := func(i int) bool { return strings.IndexByte(" \t\n()[],", t.value[i]) >= 0 }
	i := t.at
	if forward {
		for i < len(t.value) && blank(i) {
			i++
		}
		for i < len(t.value) && !blank(i) {
			i++
		}
		return i
	}
	for i > 0 && blank(i-1) {
		i--
	}
	for i > 0 && !blank(i-1) {
		i--
	}
	return i
}

// layOut wraps the text into lines of at most width cells, with room for the
// cursor behind the last one.
func (t *ruleText) layOut(th *theme, width int) {
	width = max(2, width)
	if t.lines != nil && t.width == width && t.made == t.value && t.ruler == th.ruler {
		return
	}
	t.width, t.made, t.ruler, t.lines = width, t.value, th.ruler, t.lines[:0]
	// space and joint are behind the last blank of the line, and behind the last
	// one before -and or -or, where a rule reads best when it is broken.
	start, used, space, joint := 0, 0, -1, -1
	s := t.value
	for at := 0; at < len(s); {
		if s[at] == '\n' {
			t.lines = append(t.lines, textLine{start, at, at + 1})
			start, used, space, joint = at+1, 0, -1, -1
			at++
			continue
		}
		g, _ := ansi.FirstGraphemeCluster(s[at:], ansi.GraphemeWidth)
		w := th.width(clean(g))
		switch {
		case used+w < width || used+w == width && g != " ":
		case joint > start && th.width(clean(s[start:joint])) >= width*2/5:
			t.lines = append(t.lines, textLine{start, joint - 1, joint})
			used = th.width(clean(s[joint:at]))
			start, space, joint = joint, -1, -1
		case g == " ":
			// The blank where a line ends takes no room.
			t.lines = append(t.lines, textLine{start, at, at + 1})
			start, used, space, joint = at+1, 0, -1, -1
			at++
			continue
		case space > start:
			t.lines = append(t.lines, textLine{start, space - 1, space})
			used = th.width(clean(s[space:at]))
			start, space, joint = space, -1, -1
		default:
			t.lines = append(t.lines, textLine{start, at, at})
			start, used, space, joint = at, 0, -1, -1
		}
		used += w
		at += len(g)
		if g == " " {
			space = at
			if strings.HasPrefix(s[at:], "-and ") || strings.HasPrefix(s[at:], "-or ") {
				joint = at
			}
		}
	}
	t.lines = append(t.lines, textLine{start, len(s), len(s)})
}

// place is the line of the cursor and its column.
func (t *ruleText) place() (line, column int) {
	for line = len(t.lines) - 1; line > 0 && t.lines[line].start > t.at; line-- {
	}
	l := t.lines[line]
	return line, min(t.ruler.width(clean(t.value[l.start:max(l.start, min(t.at, l.end))])), t.width-1)
}

// vertical moves the cursor by lines of the screen, as they were last drawn;
// false at the first and the last one.
func (t *ruleText) vertical(by int) bool {
	if t.lines == nil || t.made != t.value {
		return false
	}
	line, column := t.place()
	to := max(0, min(line+by, len(t.lines)-1))
	if to == line {
		return false
	}
	goal := column + 1
	if t.goal > 0 {
		goal = t.goal
	}
	l := t.lines[to]
	at, used := l.start, 0
	for at < l.end {
		g, _ := ansi.FirstGraphemeCluster(t.value[at:], ansi.GraphemeWidth)
		w := t.ruler.width(clean(g))
		if used+w > goal-1 {
			break
		}
		used += w
		at += len(g)
	}
	t.SetPos(at)
	t.goal = goal
	return true
}

// drawLine shows the text on one line of exactly width cells, scrolled so that
// the cursor is visible. An edge where the text goes on bears an ellipsis.
func (t *ruleText) drawLine(th *theme, width int) (line string, column int) {
	if width <= 0 {
		return "", 0
	}
	t.offset = min(t.offset, t.at)
	// Room for the cursor, and for the marks at both edges.
	room := max(1, width-1)
	if width >= markedInput {
		room = width - 3
	}
	if th.width(clean(t.value)) < width {
		t.offset = 0
	}
	for used := th.width(clean(t.value[t.offset:t.at])); used > room; {
		g, _ := ansi.FirstGraphemeCluster(t.value[t.offset:], ansi.GraphemeWidth)
		t.offset += len(g)
		used -= th.width(clean(g))
	}
	left := ""
	if t.offset > 0 && width >= markedInput {
		left = ellipsis
	}
	shown := th.cut(clean(t.value[t.offset:]), width-th.width(left))
	column = th.width(left) + th.width(clean(t.value[t.offset:t.at]))
	return th.muted.Render(left) + th.text.Render(shown) + spaces(width-th.width(left+shown)), min(column, width-1)
}
