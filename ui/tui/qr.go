package tui

import (
	"strings"

	"github.com/skip2/go-qrcode"
)

// qrQuiet is the light border that a scanner needs. The standard asks for
// four modules; two are read by every telephone and save a fifth of the room.
const qrQuiet = 2

// qrLines draws a URL as a QR code in half blocks, dark on light whatever the
// theme is. It returns nil when the URL does not fit into a code.
func qrLines(th *theme, url string) []string {
	code, err := qrcode.New(url, qrcode.Low)
	if err != nil {
		return nil
	}
	code.DisableBorder = true
	modules := code.Bitmap()
	size := len(modules) + 2*qrQuiet
	rows := make([]string, 0, size+1)
	for y := range size + size%2 {
		var b strings.Builder
		for x := range size {
			my, mx := y-qrQuiet, x-qrQuiet
			if my >= 0 && mx >= 0 && my < len(modules) && mx < len(modules) && modules[my][mx] {
				b.WriteByte('#')
			} else {
				b.WriteByte('.')
			}
		}
		rows = append(rows, b.String())
	}
	// The light modules are the ink: on the dark ground of most terminals the
	// code then looks right without any colour at all.
	lines := halfBlocks(rows, '.')
	for i, l := range lines {
		lines[i] = th.qr.Render(l)
	}
	return lines
}
