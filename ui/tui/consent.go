package tui

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"rollcall/model"
	"rollcall/model/workspace"
)

// The tasks of the consent screen.
const (
	taskConsentURL   = "consent.url"
	taskConsentRenew = "consent.renew"
	taskConsentWait  = "consent.wait"
)

// While the consent page is open elsewhere, a fresh token is asked for every
// few seconds, for two minutes: a consent takes up to a minute to arrive.
const (
	consentPause = 5 * time.Second
	consentTries = 24
)

// consentScreen shows each permission: granted or missing, what it is for,
// what is never done with it, and where an administrator grants it.
type consentScreen struct {
	shared
	openURL       func(string) error
	width, height int

	list   []workspace.Capability
	cursor int
	url    string
	asking bool
	tries  int // left of those that are made by themselves; 0: nothing is waited for
	failed *model.Error
}

type (
	consentURLMsg   struct{ url string }
	consentRenewMsg struct{ err error }
	consentWaitMsg  struct{}
)

// newConsentScreen starts on the named permission; "" is the first that is
// missing.
func newConsentScreen(s shared, o Options, capability string) *consentScreen {
	c := &consentScreen{shared: s, openURL: o.OpenURL}
	c.reload()
	c.cursor = max(0, slices.IndexFunc(c.list, func(cap workspace.Capability) bool {
		return cap.ID == capability || capability == "" && !cap.Granted
	}))
	return c
}

func (c *consentScreen) reload() { c.list = c.ws.Capabilities() }

func (c *consentScreen) SetSize(width, height int) { c.width, c.height = width, height }

func (c *consentScreen) Enter() tea.Cmd { return c.askURL() }

// askURL gets the admin-consent page of the permission under the cursor.
func (c *consentScreen) askURL() tea.Cmd {
	c.url = ""
	cap := c.list[c.cursor]
	if cap.Granted {
		return nil
	}
	return c.tasks.run(taskConsentURL, func(context.Context) tea.Msg {
		return consentURLMsg{c.ws.ConsentURL(cap.ID)}
	})
}

func (c *consentScreen) Handle(msg tea.Msg) (tea.Cmd, bool) {
	switch msg := msg.(type) {
	case consentURLMsg:
		c.url = msg.url
	case consentRenewMsg:
		return c.renewed(msg.err), true
	case urlOpenedMsg:
		if msg.err != nil {
			return toast(levelWarn, "The page could not be opened: "+msg.err.Error()), true
		}
		c.tries, c.failed = consentTries, nil
		return c.pause(), true
	case consentWaitMsg:
		return c.check(), true
	case tea.KeyPressMsg:
		return c.key(msg)
	}
	return nil, false
}

func (c *consentScreen) key(msg tea.KeyPressMsg) (tea.Cmd, bool) {
	b, ok := find(c.Bindings(), msg)
	if !ok {
		return nil, false
	}
	switch b.id {
	case "consent.down":
		return c.move(1), true
	case "consent.up":
		return c.move(-1), true
	case "consent.open":
		return openInBrowser(c.shared, c.openURL, c.url), true
	case "consent.copy":
		return emit(copyMsg{text: c.url, what: "Consent page"}), true
	case "consent.check":
		return c.check(), true
	case "consent.stop":
		c.stop()
		return nil, true
	case "consent.leave":
		c.stop()
		return emit(leaveScreenMsg{}), true
	}
	return nil, false
}

func (c *consentScreen) move(d int) tea.Cmd {
	to := min(max(c.cursor+d, 0), len(c.list)-1)
	if to == c.cursor {
		return nil
	}
	c.stop()
	c.cursor = to
	return c.askURL()
}

// pause waits before the next try by itself.
func (c *consentScreen) pause() tea.Cmd {
	return c.tasks.run(taskConsentWait, func(ctx context.Context) tea.Msg {
		timer := time.NewTimer(consentPause)
		defer timer.Stop()
		select {
		case <-timer.C:
			return consentWaitMsg{}
		case <-ctx.Done():
			return nil
		}
	})
}

// stop waits no longer for the tenant.
func (c *consentScreen) stop() {
	c.tasks.cancel(taskConsentWait)
	c.tasks.cancel(taskConsentRenew)
	c.asking, c.tries = false, 0
}

// check asks for a fresh token: a consent given meanwhile shows in it.
func (c *consentScreen) check() tea.Cmd {
	c.tasks.cancel(taskConsentWait)
	c.asking, c.failed = true, nil
	return c.tasks.run(taskConsentRenew, func(ctx context.Context) tea.Msg {
		_, err := c.ws.Renew(ctx)
		return consentRenewMsg{err}
	})
}

func (c *consentScreen) renewed(err error) tea.Cmd {
	c.asking = false
	if err != nil {
		c.failed, c.tries = model.AsError(err), 0
		return nil
	}
	was := c.list[c.cursor]
	c.reload()
	switch {
	case missingCapability(c.ws) == "" && (was.Granted || c.list[c.cursor].Granted):
		c.tries = 0
		return tea.Batch(emit(sessionChangedMsg{}), emit(leaveScreenMsg{}), toast(levelGood, "The permissions are granted"))
	case c.list[c.cursor].Granted:
		c.tries = 0
		return tea.Batch(emit(sessionChangedMsg{}), toast(levelGood, c.list[c.cursor].Scope+" is granted"), c.askURL())
	case c.tries > 1:
		c.tries--
		return tea.Batch(emit(sessionChangedMsg{}), c.pause())
	}
	c.tries = 0
	return tea.Batch(emit(sessionChangedMsg{}), toast(levelWarn, c.list[c.cursor].Scope+" is not granted yet; a consent can take a minute to arrive"))
}

func (c *consentScreen) Bindings() []binding {
	var list []binding
	if c.url != "" {
		if c.openURL != nil {
			list = append(list, binding{id: "consent.open", keys: []string{"o"}, label: "open page", help: "Open the consent page in a browser on this machine"})
		}
		list = append(list, binding{id: "consent.copy", keys: []string{"y"}, label: "copy page", help: "Copy the address of the consent page"})
	}
	leave := []string{"esc", "enter", "q"}
	if c.tries > 0 {
		leave = leave[1:]
		list = append(list, binding{id: "consent.stop", keys: []string{"esc"}, label: "stop waiting", help: "Wait no longer for the tenant's answer"})
	}
	check := binding{id: "consent.check", keys: []string{"r"}, label: "check again", help: "Ask for a fresh token and look at its permissions"}
	if c.asking {
		check.disabled = "A fresh token is being asked for"
	}
	return append(list, check,
		binding{id: "consent.leave", keys: leave, label: "go on", help: "Go on with what is granted"},
		binding{id: "consent.down", keys: []string{"down", "j"}, help: "Next permission"},
		binding{id: "consent.up", keys: []string{"up", "k"}, help: "Previous permission"},
	)
}

func (c *consentScreen) Typing() bool        { return false }
func (c *consentScreen) Cursor() *tea.Cursor { return nil }

func (c *consentScreen) Draw() string {
	granted := 0
	var b strings.Builder
	b.WriteByte('\n')
	for i, cap := range c.list {
		if cap.Granted {
			granted++
		}
		b.WriteString(c.row(i, cap) + "\n")
	}
	b.WriteString("\n" + c.state() + c.detail())
	return c.theme.box(boxText{title: "Permissions", right: fmt.Sprintf("%d of %d granted", granted, len(c.list))}, b.String(), c.width, c.height, true)
}

func (c *consentScreen) row(i int, cap workspace.Capability) string {
	th := c.theme
	state, style := "· optional", th.muted
	switch {
	case cap.Granted:
		state, style = "✓ granted ", th.good
	case !cap.Optional:
		state, style = "✗ missing ", th.bad
	}
	inner := c.width - 2
	scope := min(28, inner/3)
	label := max(0, inner-4-th.width(state)-2-scope-2)
	if i == c.cursor {
		return th.selected.Render(th.fit(" ▸ "+state+"  "+th.cell(cap.Scope, scope)+"  "+th.cell(cap.Label, label), inner))
	}
	return "   " + style.Render(state) + "  " + th.text.Render(th.cell(cap.Scope, scope)) + "  " + th.muted.Render(th.cell(cap.Label, label))
}

// detail explains the permission under the cursor.
func (c *consentScreen) detail() string {
	th := c.theme
	cap := c.list[c.cursor]
	const labelWidth = 10
	room := max(10, c.width-labelWidth-8)
	var b strings.Builder
	item := func(label, value string) {
		for i, l := range wrap(th, clean(value), room) {
			if i > 0 {
				label = ""
			}
			b.WriteString("   " + th.muted.Render(th.fit(label, labelWidth)) + l + "\n")
		}
	}
	item("For", cap.Why)
	item("Never", cap.Never)
	item("Needed by", cap.Pane)
	if !cap.Granted {
		b.WriteByte('\n')
		if c.url != "" {
			item("Grant at", "an administrator of the tenant opens this page:")
			// Broken at the edge only, so that a terminal copies it in one piece.
			for _, l := range strings.Split(th.method.Hardwrap(clean(c.url), max(1, c.width-2), false), "\n") {
				b.WriteString(th.accent.Render(l) + "\n")
			}
			b.WriteByte('\n')
		}
		item("", "Everything that does not need the permission works without it.")
	}
	return b.String()
}

// state says what is asked of the tenant, or what came of it.
func (c *consentScreen) state() string {
	th := c.theme
	switch {
	case c.tries > 0:
		return "   " + th.accent.Render("↻ The page is open: waiting for the tenant's answer …") + th.muted.Render("  esc stops") + "\n\n"
	case c.asking:
		return "   " + th.muted.Render("Asking for a fresh token …") + "\n\n"
	case c.failed != nil:
		var b strings.Builder
		for _, l := range wrap(th, "✗ "+clean(sentence(c.failed)), max(10, c.width-8)) {
			b.WriteString("   " + th.bad.Render(l) + "\n")
		}
		return b.String() + "\n"
	}
	return ""
}
