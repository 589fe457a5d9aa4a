package tui

import (
	"context"
	"fmt"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"rollcall/model"
	"rollcall/model/workspace"
)

// The tasks of the sign-in screen.
const (
	taskSignIn     = "signIn"
	taskSignInCode = "signIn.code"
	taskOpenURL    = "openURL"
)

// signInScreen shows the device code until the administrator has entered it
// elsewhere. Its countdown is the only thing that ticks.
type signInScreen struct {
	shared
	openURL       func(string) error
	width, height int

	code   *workspace.DeviceCode
	coded  bool // the tenant gave a code: it does not for an app that signs in as itself
	qr     []string
	failed *model.Error
}

type (
	deviceCodeMsg struct{ code workspace.DeviceCode }
	signInEndMsg  struct{ err error }
	countdownMsg  struct{ of *signInScreen }
	urlOpenedMsg  struct{ err error }
)

func newSignInScreen(s shared, o Options, reason *model.Error) *signInScreen {
	return &signInScreen{shared: s, openURL: o.OpenURL, failed: reason}
}

func (s *signInScreen) SetSize(width, height int) { s.width, s.height = width, height }

// Enter asks for a code, unless a fault is to be read first.
func (s *signInScreen) Enter() tea.Cmd {
	if s.failed != nil {
		return nil
	}
	return s.begin()
}

// begin asks the tenant for a code and waits for the administrator.
func (s *signInScreen) begin() tea.Cmd {
	s.code, s.failed = nil, nil
	codes := make(chan workspace.DeviceCode, 1)
	signIn := s.tasks.run(taskSignIn, func(ctx context.Context) tea.Msg {
		defer close(codes)
		_, err := s.ws.SignIn(ctx, func(c workspace.DeviceCode) {
			select {
			case codes <- c:
			default: // only the first code counts
			}
		})
		return signInEndMsg{err}
	})
	code := s.tasks.run(taskSignInCode, func(ctx context.Context) tea.Msg {
		select {
		case c, ok := <-codes:
			if !ok {
				return nil
			}
			return deviceCodeMsg{c}
		case <-ctx.Done():
			return nil
		}
	})
	return tea.Batch(signIn, code)
}

func (s *signInScreen) Handle(msg tea.Msg) (tea.Cmd, bool) {
	switch msg := msg.(type) {
	case deviceCodeMsg:
		s.code, s.coded = &msg.code, true
		s.qr = qrLines(s.theme, msg.code.VerificationURL)
		return s.tick(), true
	case countdownMsg:
		if msg.of == s && s.code != nil && s.left() > 0 {
			return s.tick(), true
		}
	case signInEndMsg:
		if msg.err == nil {
			return emit(signedInMsg{}), true
		}
		s.code = nil
		s.failed = model.AsError(msg.err)
	case urlOpenedMsg:
		if msg.err != nil {
			return toast(levelWarn, "The page could not be opened: "+msg.err.Error()), true
		}
	case tea.KeyPressMsg:
		return s.key(msg)
	}
	return nil, false
}

func (s *signInScreen) key(msg tea.KeyPressMsg) (tea.Cmd, bool) {
	b, ok := find(s.Bindings(), msg)
	if !ok {
		return nil, false
	}
	switch b.id {
	case "signIn.copy":
		return emit(copyMsg{text: s.code.UserCode, what: "Code"}), true
	case "signIn.open":
		return openInBrowser(s.shared, s.openURL, s.code.VerificationURL), true
	case "signIn.again":
		return s.begin(), true
	case "signIn.later":
		s.tasks.cancel(taskSignIn)
		s.tasks.cancel(taskSignInCode)
		return emit(leaveScreenMsg{}), true
	}
	return nil, false
}

// openInBrowser opens a page outside the terminal.
func openInBrowser(s shared, open func(string) error, url string) tea.Cmd {
	return s.tasks.run(taskOpenURL, func(context.Context) tea.Msg { return urlOpenedMsg{open(url)} })
}

func (s *signInScreen) tick() tea.Cmd { return s.tasks.after(time.Second, countdownMsg{s}) }

func (s *signInScreen) left() time.Duration { return s.code.ExpiresAt.Sub(s.ws.Now()) }

func (s *signInScreen) Bindings() []binding {
	var list []binding
	if s.code != nil {
		list = append(list, binding{id: "signIn.copy", keys: []string{"y"}, label: "copy code", help: "Copy the code to the clipboard"})
		if s.openURL != nil {
			list = append(list, binding{id: "signIn.open", keys: []string{"o"}, label: "open page", help: "Open the page in a browser on this machine"})
		}
	}
	again := binding{id: "signIn.again", keys: []string{"r"}, label: "try again", help: "Try to sign in again"}
	if s.coded {
		again.label, again.help = "new code", "Ask for a new code"
	}
	return append(list, again,
		binding{id: "signIn.later", keys: []string{"esc", "q"}, label: "later", help: "Go on with what was synced before"},
	)
}

func (s *signInScreen) Typing() bool        { return false }
func (s *signInScreen) Cursor() *tea.Cursor { return nil }

func (s *signInScreen) Draw() string {
	th := s.theme
	title := "Sign in"
	lines := s.text()
	inner := s.width - 2
	textWidth := 0
	for _, l := range lines {
		textWidth = max(textWidth, th.width(l))
	}
	rows := lines
	if qrWidth := s.qrWidth(); s.code != nil && qrWidth > 0 && textWidth+qrWidth+5 <= inner && len(s.qr) <= s.height-2 {
		rows = s.withQR(lines, textWidth)
	}
	return th.box(boxText{title: title}, th.centredBlock(rows, inner, s.height-2), s.width, s.height, true)
}

func (s *signInScreen) qrWidth() int {
	if len(s.qr) == 0 {
		return 0
	}
	return s.theme.width(s.qr[0])
}

// withQR puts the QR code to the right of the text, both centred in height.
func (s *signInScreen) withQR(text []string, textWidth int) []string {
	rows := make([]string, max(len(s.qr), len(text)))
	top, qrTop := (len(rows)-len(text))/2, (len(rows)-len(s.qr))/2
	for i := range rows {
		row := ""
		if j := i - top; j >= 0 && j < len(text) {
			row = text[j]
		}
		row = s.theme.fit(row, textWidth+3)
		if j := i - qrTop; j >= 0 && j < len(s.qr) {
			row += s.qr[j]
		} else {
			row += spaces(s.qrWidth())
		}
		rows[i] = row
	}
	return rows
}

// text is the screen without the QR code.
func (s *signInScreen) text() []string {
	th := s.theme
	switch {
	case s.failed != nil:
		lines := append([]string{th.bad.Render("✗ Sign-in failed"), ""}, wrap(th, clean(s.failed.Message), s.textRoom())...)
		if s.failed.Remedy != "" {
			lines = append(lines, "")
			lines = append(lines, wrap(th, "→ "+clean(s.failed.Remedy), s.textRoom())...)
		}
		if s.failed.Code != "" {
			lines = append(lines, "", th.muted.Render(clean(s.failed.Code)))
		}
		again := " tries again"
		if s.coded {
			again = " asks for a new code"
		}
		return append(lines, "", th.key.Render("r")+th.muted.Render(again))
	case s.code == nil:
		return []string{th.muted.Render("Signing in …")}
	}
	lines := []string{th.muted.Render("Open this page on any device"), "  " + th.accent.Render(clean(s.code.VerificationURL)), ""}
	lines = append(lines, th.muted.Render("and enter this code"), "")
	code := clean(s.code.UserCode)
	if large := largeCode(code); th.width(large[0])+2 <= s.textRoom() {
		for _, l := range large {
			lines = append(lines, "  "+th.big.Render(l))
		}
	}
	lines = append(lines, "  "+th.big.Render(code), "")
	if left := s.left(); left > 0 {
		lines = append(lines, th.muted.Render("The code is good for another ")+clock(left))
	} else {
		lines = append(lines, th.warn.Render("! The code has expired: ")+th.key.Render("r")+" asks for a new one")
	}
	return append(lines, "", th.muted.Render("Nothing is changed without an approval."))
}

// textRoom is the room for lines that can be broken.
func (s *signInScreen) textRoom() int { return max(10, min(s.width-6, 64)) }

// clock writes a duration as 14:32.
func clock(d time.Duration) string {
	n := int((d + time.Second - 1) / time.Second)
	return fmt.Sprintf("%d:%02d", n/60, n%60)
}

// centredBlock puts lines as one block into the middle of an area.
func (th *theme) centredBlock(lines []string, width, height int) string {
	w := 0
	for _, l := range lines {
		w = max(w, th.width(l))
	}
	left := spaces((width - w) / 2)
	return strings.Repeat("\n", max(0, (height-len(lines))/2)) + left + strings.Join(lines, "\n"+left)
}
