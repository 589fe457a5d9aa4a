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

// The tasks of the consent screen.
const (
	taskConsentURL   = "consent.url"
	taskConsentRenew = "consent.renew"
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
	failed *model.Error
}

type (
	consentURLMsg   struct{ url string }
	consentRenewMsg struct{ err error }
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
	case "consent.leave":
		c.tasks.cancel(taskConsentRenew)
		return emit(leaveScreenMsg{}), true
	}
	return nil, false
}

func (c *consentScreen) move(d int) tea.Cmd {
	to := min(max(c.cursor+d, 0), len(c.list)-1)
	if to == c.cursor {
		return nil
	}
	c.cursor = to
	return c.askURL()
}

// check asks for a fresh token: a consent given meanwhile shows in it.
func (c *consentScreen) check() tea.Cmd {
	c.asking, c.failed = true, nil
	return c.tasks.run(taskConsentRenew, func(ctx context.Context) tea.Msg {
		_, err := c.ws.Renew(ctx)
		return consentRenewMsg{err}
	})
}

func (c *consentScreen) renewed(err error) tea.Cmd {
	c.asking = false
	if err != nil {
		c.failed = model.AsError(err)
		return nil
	}
	was := c.list[c.cursor]
	c.reload()
	switch {
	case missingCapability(c.ws) == "" && (was.Granted || c.list[c.cursor].Granted):
		return tea.Batch(emit(sessionChangedMsg{}), emit(leaveScreenMsg{}), toast(levelGood, "The permissions are granted"))
	case c.list[c.cursor].Granted:
		return tea.Batch(emit(sessionChangedMsg{}), toast(levelGood, c.list[c.cursor].Scope+" is granted"), c.askURL())
	}
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
	check := binding{id: "consent.check", keys: []string{"r"}, label: "check again", help: "Ask for a fresh token and look at its permissions"}
	if c.asking {
		check.disabled = "A fresh token is being asked for"
	}
	return append(list, check,
		binding{id: "consent.leave", keys: []string{"esc", "enter", "q"}, label: "go on", help: "Go on with what is granted"},
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
	b.WriteString("\n" + c.detail())
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
			item("Grant at", c.url)
		}
		item("", "An administrator who may consent for the tenant opens this page. Everything that does not need the permission works without it.")
	}
	switch {
	case c.asking:
		b.WriteString("\n   " + th.muted.Render("Asking for a fresh token …"))
	case c.failed != nil:
		b.WriteString("\n   " + th.bad.Render("✗ "+clean(sentence(c.failed))))
	}
	return b.String()
}
