package tui

import (
	"context"

	tea "charm.land/bubbletea/v2"

	"rollcall/model"
	"rollcall/model/workspace"
)

// The tasks of the start.
const (
	taskOpen    = "open"
	taskConnect = "connect"
)

type (
	openedMsg    struct{ err error }
	connectedMsg struct{ err error }
	// signInMsg opens the sign-in screen.
	signInMsg struct{ reason *model.Error }
	// signedInMsg says that the sign-in screen got a session.
	signedInMsg struct{}
	// leaveScreenMsg goes on to the panes.
	leaveScreenMsg struct{}
)

// openWorkspace opens the files, once the first frame stands.
func (m *root) openWorkspace() tea.Cmd {
	m.stage, m.failure = stageOpening, nil
	return m.tasks.run(taskOpen, func(ctx context.Context) tea.Msg {
		return openedMsg{m.ws.Open(ctx)}
	})
}

func (m *root) connect() tea.Cmd {
	m.offline = nil
	return m.tasks.run(taskConnect, func(ctx context.Context) tea.Msg {
		_, err := m.ws.Connect(ctx)
		return connectedMsg{err}
	})
}

// session handles the messages of start, sign-in and consent.
func (m *root) session(msg tea.Msg) (tea.Cmd, bool) {
	switch msg := msg.(type) {
	case openedMsg:
		return m.opened(msg.err), true
	case connectedMsg:
		return m.connected(msg.err), true
	case signInMsg:
		m.stage = stageReady
		return m.setScreen(newSignInScreen(m.shared, m.options, msg.reason)), true
	case signedInMsg:
		return m.adoptSession(), true
	case consentMsg:
		return m.setScreen(newConsentScreen(m.shared, m.options, msg.capability)), true
	case sessionChangedMsg:
		return m.broadcast(msg), true
	case leaveScreenMsg:
		return m.leaveScreen(), true
	}
	return nil, false
}

func (m *root) opened(err error) tea.Cmd {
	if err != nil {
		m.failure = model.AsError(err)
		return nil
	}
	m.stage = stageConnecting
	cmds := []tea.Cmd{m.connect(), m.broadcast(directoryChangedMsg{}), verifyAudit(m.shared)}
	for _, note := range m.ws.Notes() {
		cmds = append(cmds, toast(levelWarn, note))
	}
	if m.ws.Directory().Len() > 0 {
		// What was synced before can be read while the session is looked for.
		m.stage = stageReady
		cmds = append(cmds, m.show(m.current))
	}
	return tea.Batch(cmds...)
}

func (m *root) connected(err error) tea.Cmd {
	if err == nil {
		return m.adoptSession()
	}
	e := model.AsError(err)
	if e.Kind == model.KindSignIn {
		if e.Code == workspace.CodeSignInRequired {
			e = nil // nothing went wrong: nobody has signed in yet
		}
		return emit(signInMsg{e})
	}
	m.offline = e
	wasReady := m.stage == stageReady
	m.stage = stageReady
	cmds := []tea.Cmd{toast(levelWarn, sentence(e))}
	if !wasReady {
		cmds = append(cmds, m.show(m.current))
	}
	return tea.Batch(append(cmds, m.keepInSync())...)
}

// adoptSession goes on with a session: to consent when something needed is
// missing, else to the panes.
func (m *root) adoptSession() tea.Cmd {
	m.offline = nil
	wasReady := m.stage == stageReady && m.screen == nil
	m.stage = stageReady
	cmds := []tea.Cmd{m.broadcast(sessionChangedMsg{})}
	missing := missingCapability(m.ws)
	switch {
	case missing != "":
		cmds = append(cmds, m.setScreen(newConsentScreen(m.shared, m.options, missing)))
	case wasReady:
	default:
		m.screen = nil
		cmds = append(cmds, m.show(m.current))
	}
	return tea.Batch(append(cmds, m.keepInSync())...)
}

// missingCapability is the first permission that rollcall cannot do without.
func missingCapability(ws *workspace.Workspace) string {
	for _, c := range ws.Capabilities() {
		if !c.Granted && !c.Optional {
			return c.ID
		}
	}
	return ""
}

func (m *root) setScreen(p pane) tea.Cmd {
	m.screen = p
	w, h := m.body()
	p.SetSize(w, h)
	return p.Enter()
}

// leaveScreen shows the panes, with whatever works without the rest.
func (m *root) leaveScreen() tea.Cmd {
	m.screen = nil
	m.stage = stageReady
	return tea.Batch(m.show(m.current), m.keepInSync())
}

// startView fills the body until the panes are usable.
func (m *root) startView(width, height int) string {
	th := m.theme
	var lines []string
	switch {
	case m.failure != nil:
		lines = append(lines, th.bad.Render("✗ "+clean(m.failure.Message)))
		if m.failure.Remedy != "" {
			lines = append(lines, "", clean(m.failure.Remedy))
		}
	case m.stage == stageConnecting:
		lines = []string{th.muted.Render("Looking for a session …")}
	default:
		lines = []string{th.muted.Render("Opening " + clean(m.ws.Profile()) + " …")}
	}
	return th.centred(lines, width, height)
}

func (m *root) startBindings() []binding {
	list := []binding{{id: "quit", keys: []string{"ctrl+c"}, label: "quit", help: "Quit"}}
	if m.failure != nil {
		list = append([]binding{{id: "start.retry", keys: []string{"r"}, label: "try again", help: "Open the profile again"}}, list...)
	}
	return list
}

func (m *root) startKey(msg tea.KeyPressMsg) tea.Cmd {
	if m.failure == nil {
		return nil
	}
	switch msg.String() {
	case "r":
		return m.openWorkspace()
	case "q":
		return m.quit()
	}
	return nil
}

// centred puts lines in the middle of an area, wrapped to it.
func (th *theme) centred(lines []string, width, height int) string {
	var rows []string
	for _, l := range lines {
		rows = append(rows, wrap(th, l, max(1, min(width-4, 76)))...)
	}
	w := 0
	for _, r := range rows {
		w = max(w, th.width(r))
	}
	out := make([]string, 0, height)
	for range max(0, (height-len(rows))/2) {
		out = append(out, spaces(width))
	}
	for _, r := range rows {
		out = append(out, th.fit(spaces((width-w)/2)+r, width))
	}
	for len(out) < height {
		out = append(out, spaces(width))
	}
	return joinLines(out[:max(0, min(len(out), height))])
}

// sentence is an error with what to do about it, on one line.
func sentence(e *model.Error) string {
	if e.Remedy == "" {
		return e.Message
	}
	return e.Message + ": " + e.Remedy
}
