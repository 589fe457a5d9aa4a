package tui

import (
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"

	"rollcall/model/workspace"
)

// The least terminal that anything is drawn on.
const (
	leastWidth  = 40
	leastHeight = 10
)

// View assembles the frame: title bar, body, status line, and above them the
// notices and dialogs.
func (m *root) View() tea.View {
	v := tea.View{AltScreen: true, WindowTitle: "rollcall"}
	if m.width <= 0 || m.height <= 0 {
		return v
	}
	if m.width < leastWidth || m.height < leastHeight {
		v.SetContent(m.theme.cut(fmt.Sprintf("needs %d×%d cells, has %d×%d", leastWidth, leastHeight, m.width, m.height), m.width))
		return v
	}
	if s := m.account(); s != nil {
		v.WindowTitle = "rollcall · " + clean(s.Domain)
	}
	lines := make([]string, 0, m.height)
	lines = append(lines, m.titleBar())
	lines = append(lines, strings.Split(m.bodyView(), "\n")...)
	lines = append(lines, m.statusLine())
	m.toasts.drawOver(lines, m.theme, m.width)
	v.Cursor = m.cursor()
	if n := len(m.dialogs); n > 0 {
		d := m.dialogs[n-1].dialog
		w, h := m.body()
		x, y := m.drawOver(lines, d.Draw(w-4, h-2))
		v.Cursor = shifted(d.Cursor(), x, y)
	}
	v.SetContent(strings.Join(lines, "\n"))
	return v
}

// cursor is the visible pane's cursor on the screen.
func (m *root) cursor() *tea.Cursor {
	if !m.usable() {
		return nil
	}
	return shifted(m.visible().Cursor(), 0, 1)
}

func shifted(c *tea.Cursor, x, y int) *tea.Cursor {
	if c == nil {
		return nil
	}
	moved := *c
	moved.X += x
	moved.Y += y
	return &moved
}

// drawOver puts a box in the middle of the lines and returns its place.
func (m *root) drawOver(lines []string, box string) (x, y int) {
	rows := strings.Split(box, "\n")
	w := m.theme.width(rows[0])
	x = max(0, (m.width-w)/2)
	y = max(1, (len(lines)-len(rows))/2)
	for i, row := range rows {
		if y+i >= len(lines)-1 {
			break
		}
		lines[y+i] = m.theme.overlay(lines[y+i], row, x, w, m.width)
	}
	return x, y
}

// overlay replaces w cells of a line from column x on.
func (th *theme) overlay(line, over string, x, w, width int) string {
	left := th.fit(th.first(line, x, ""), x)
	right := th.after(line, x+w)
	if missing := width - x - w - th.width(right); missing > 0 {
		right = spaces(missing) + right // a wide sign was cut in two
	}
	return left + over + right
}

func (m *root) bodyView() string {
	w, h := m.body()
	if m.usable() {
		return m.visible().Draw()
	}
	return m.startView(w, h)
}

// titleBar names the tenant at the left and the panes at the right.
func (m *root) titleBar() string {
	th := m.theme
	tabs, tabsWidth := m.tabs()
	room := m.width - tabsWidth - 1
	tenant := m.ws.Profile()
	if s := m.account(); s != nil {
		tenant = s.Domain
	}
	tenant = clean(tenant)
	badge := m.badge()
	badgeWidth := 0
	if badge != "" {
		badgeWidth = th.width(badge) + 1
	}
	left := ""
	if brand := " rollcall"; room >= len(brand)+2+th.width(tenant)+1+badgeWidth {
		left = th.brand.Render(brand) + "  "
	} else {
		left = " "
		// Short of room the tenant's own name is enough.
		tenant, _, _ = strings.Cut(tenant, ".")
	}
	left += th.text.Render(th.cut(tenant, max(0, room-badgeWidth-th.width(left))))
	if badge != "" && th.width(left)+badgeWidth <= room {
		left += " " + badge
	}
	return th.fit(th.fit(left, max(0, m.width-tabsWidth))+tabs, m.width)
}

// isWide reports whether there is room for what can be left out.
func (m *root) isWide() bool { return m.width >= detailsFrom }

// badge is what stays in sight: removals that wait, else that nothing can be
// written, else that the tenant is invented.
func (m *root) badge() string {
	pad := ""
	if m.isWide() {
		pad = " "
	}
	text := ""
	switch held := m.ws.Progress().Held; {
	case held > 0 && m.account() != nil:
		text = count(held) + " held"
	case m.account() != nil && !m.ws.CanWrite():
		text = "read-only"
	case m.options.Demo && m.account() != nil:
		text = "demo"
	default:
		return ""
	}
	return m.theme.badge.Render(pad + text + pad)
}

// account is the session. While the files are being opened it is not asked
// for: the workspace would let the screen wait for them.
func (m *root) account() *workspace.Session {
	if m.stage <= stageOpening {
		return nil
	}
	return m.ws.Session()
}

// tabs are the panes with their keys; on a narrow terminal only the visible
// one has its name.
func (m *root) tabs() (styled string, width int) {
	th := m.theme
	var b strings.Builder
	for i, name := range paneNames() {
		label := fmt.Sprintf(" %d %s ", i+1, name)
		active := paneID(i) == m.current && m.screen == nil
		if m.width < 80 && !active {
			label = fmt.Sprintf(" %d ", i+1)
		}
		width += len(label)
		if active {
			b.WriteString(th.tabActive.Render(label))
		} else {
			b.WriteString(th.tab.Render(label))
		}
	}
	return b.String(), width
}

// statusLine is the sync state at the left and the keys that work now at the
// right, as many as there is room for.
func (m *root) statusLine() string {
	th := m.theme
	state := m.syncText()
	// The hints keep their places while the state changes its length a little.
	least := 14 // "✓ synced 14:00"
	if m.isWide() {
		least = 34 // "✓ synced 22 Nov 14:00 · next 02:00"
	}
	hints := m.hints(m.width - max(th.width(state), least) - 4)
	gap := m.width - 2 - th.width(state) - th.width(hints)
	return th.fit(" "+state+spaces(gap)+hints+" ", m.width)
}

// hints are the labels of the bindings that can be used, help always last.
func (m *root) hints(room int) string {
	var list []binding
	switch {
	case len(m.dialogs) > 0:
		list = m.dialogs[len(m.dialogs)-1].dialog.Bindings()
	case m.usable():
		list = m.visible().Bindings()
		if !m.visible().Typing() {
			list = append(list[:len(list):len(list)], m.globalBindings()[0])
		}
	default:
		list = m.startBindings()
	}
	th := m.theme
	type hint struct {
		styled string
		width  int
	}
	var hints []hint
	for _, b := range list {
		if b.label == "" || b.disabled != "" {
			continue
		}
		key := b.keyText()
		hints = append(hints, hint{th.key.Render(key) + " " + th.muted.Render(b.label), th.width(key) + 1 + th.width(b.label)})
	}
	if len(hints) == 0 {
		return ""
	}
	last := hints[len(hints)-1]
	out, used := "", last.width
	for _, h := range hints[:len(hints)-1] {
		if used+h.width+2 > room {
			break
		}
		out += h.styled + "  "
		used += h.width + 2
	}
	if used > room {
		return ""
	}
	return out + last.styled
}
