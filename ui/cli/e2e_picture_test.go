package cli_test

import (
	"flag"
	"fmt"
	"html"
	"image/color"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	uv "github.com/charmbracelet/ultraviolet"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "draw the README's picture anew instead of comparing it")

// clock is a time of day on the screen, which no two runs share.
var clock = regexp.MustCompile(`\b\d\d:\d\d(:\d\d)?\b`)

func TestTheReadmesPictureIsWhatTheDemoShows(t *testing.T) {
	m := newMachine(t)
	m.env = append(m.env, "COLORTERM=truecolor")
	s := m.open(110, 30, "demo")
	s.waitFor("2,000 users", "synced")
	s.keys("3")
	s.waitFor("╭ To ─")
	s.keys("all-staff@contoso.com" + enter)
	s.waitFor("INCOMPLETE", "Staff EMEA")
	s.consentToExchange()
	s.waitUntil(func(screen string) string {
		// Asked too early, the consent is not there yet, and a notice says so.
		if strings.Contains(screen, "permissions are granted") || strings.Contains(screen, "not granted yet") {
			return "the list without the notices of the consent"
		}
		return ""
	})
	s.waitFor("unique and complete", "Staff EMEA")
	s.keys("G")
	s.waitFor("staff-emea@contoso.com · Exchange Online · distribution list")
	s.keys("l")
	s.waitFor("▾ Staff EMEA")
	got := s.svg()

	path := filepath.Join("..", "..", "testdata", "screens", "demo-preview.svg")
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(got), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, string(want), got, "the README's picture is stale: go test ./ui/cli -run Picture -update")
}

// The picture's cell, in pixels, and its colours where a program names none.
const (
	cellWidth, cellHeight = 8.4, 18.0
	paper, ink            = "#16181d", "#d7dae0"
)

// svg draws the screen: a rectangle for each run of one background, a text for
// each run of one style.
func (s *tty) svg() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	width, height := s.terminal.Width(), s.terminal.Height()
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%.0f" height="%.0f" font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, monospace" font-size="14">`+"\n", float64(width)*cellWidth+16, float64(height)*cellHeight+16)
	fmt.Fprintf(&b, `<rect width="100%%" height="100%%" rx="6" fill="%s"/>`+"\n", paper)
	for y := range height {
		for x := 0; x < width; {
			run, next := s.run(x, y)
			s.draw(&b, x, y, next-x, run)
			x = next
		}
	}
	b.WriteString("</svg>\n")
	return b.String()
}

// run is the text of one style that begins at a cell, and the cell behind it.
func (s *tty) run(x, y int) (run uv.Cell, next int) {
	var text strings.Builder
	first := s.terminal.CellAt(x, y)
	if first == nil {
		return uv.Cell{Content: " "}, x + 1
	}
	for next = x; next < s.terminal.Width(); {
		cell := s.terminal.CellAt(next, y)
		if cell == nil || !cell.Style.Equal(&first.Style) {
			break
		}
		text.WriteString(cell.Content)
		next += max(1, cell.Width)
	}
	return uv.Cell{Content: text.String(), Style: first.Style}, max(next, x+1)
}

func (s *tty) draw(b *strings.Builder, x, y, cells int, run uv.Cell) {
	fill, behind := hex(run.Style.Fg, ink), hex(run.Style.Bg, "")
	if run.Style.Attrs&uv.AttrReverse != 0 {
		fill, behind = hex(run.Style.Bg, paper), hex(run.Style.Fg, ink)
	}
	left, top := float64(x)*cellWidth+8, float64(y)*cellHeight+8
	if behind != "" {
		fmt.Fprintf(b, `<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" fill="%s"/>`+"\n", left, top, float64(cells)*cellWidth, cellHeight, behind)
	}
	text := strings.TrimRight(clock.ReplaceAllString(run.Content, "12:00"), " ")
	if text == "" {
		return
	}
	bold := ""
	if run.Style.Attrs&uv.AttrBold != 0 {
		bold = ` font-weight="bold"`
	}
	fmt.Fprintf(b, `<text x="%.1f" y="%.1f" fill="%s"%s xml:space="preserve" textLength="%.1f" lengthAdjust="spacingAndGlyphs">%s</text>`+"\n",
		left, top+13.5, fill, bold, float64(len([]rune(text)))*cellWidth, html.EscapeString(text))
}

// hex is a colour as the picture names it.
func hex(c color.Color, none string) string {
	if c == nil {
		return none
	}
	r, g, b, _ := c.RGBA()
	return fmt.Sprintf("#%02x%02x%02x", r>>8, g>>8, b>>8)
}
