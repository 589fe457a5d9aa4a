package tui

import (
	"context"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/ansi"

	"rollcall/model"
)

// root is the one Bubble Tea model. It owns the panes, the screens that come
// before them (sign-in, consent), the dialogs above them, the notices and the
// background sync, and passes messages on.
type root struct {
	shared
	options       Options
	width, height int

	panes   [paneCount]pane
	current paneID
	history history

	stage    stage
	failure  *model.Error // why the profile could not be opened
	offline  *model.Error // why the tenant could not be reached
	screen   pane         // sign-in or consent, instead of the panes; nil: the panes
	activity *activityPane

	dialogs []openDialog
	toasts  toasts
	sync    syncState
}

// stage is how far the start has come.
type stage uint8

const (
	stageBlank      stage = iota // nothing was touched yet
	stageOpening                 // the files are being opened
	stageConnecting              // a session is being looked for
	stageReady                   // the panes are usable, signed in or not
)

func newRoot(ctx context.Context, o Options) *root {
	th := darkTheme()
	switch {
	case colourless(o):
		th = monoTheme()
	case o.Theme == "light":
		th = lightTheme()
	}
	m := &root{shared: shared{ws: o.Workspace, theme: th, tasks: newTasks(ctx), pace: &pace{}}, options: o}
	m.activity = newActivityPane(m.shared)
	m.panes = [paneCount]pane{
		paneDirectory: newDirectoryPane(m.shared),
		paneSegments:  newSegmentsPane(m.shared),
		panePreview:   newPreviewPane(m.shared),
		paneWriteback: newWritebackPane(m.shared),
		paneActivity:  m.activity,
	}
	return m
}

func (m *root) Init() tea.Cmd {
	var cmds []tea.Cmd
	if m.options.Theme == "" || m.options.Theme == "auto" {
		cmds = append(cmds, tea.RequestBackgroundColor)
	}
	if isSSH(m.options.Environ) && !m.options.NoSynchronizedOutput {
		// Bubble Tea does not ask over SSH, because of one terminal that echoes
		// the question. Setting the mode unasked is harmless everywhere, and a
		// frame in one piece matters most there.
		cmds = append(cmds, emit(tea.ModeReportMsg{Mode: ansi.ModeSynchronizedOutput, Value: ansi.ModeReset}))
	}
	return tea.Batch(cmds...)
}

func (m *root) Update(msg tea.Msg) (tea.Model, tea.Cmd) { return m, m.update(msg) }

func (m *root) update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case tea.KeyPressMsg:
		return m.key(msg)
	case tea.PasteMsg:
		return m.paste(msg)
	case tea.WindowSizeMsg:
		return m.resize(msg.Width, msg.Height)
	case taskMsg:
		if answer, ok := m.tasks.settle(msg); ok {
			return m.update(answer)
		}
		return nil
	case panicMsg:
		m.sync.abandon(msg.key)
		m.activity.note(m.ws.Now(), levelBad, msg.text(), msg.stack)
		return m.toasts.show(m.shared, levelBad, msg.text()+"; details are in Activity")

	case tea.ResumeMsg:
		// The shell has written over the screen, and the window may have another
		// size now; the renderer knows of neither.
		return tea.Sequence(tea.RequestWindowSize, tea.ClearScreen)

	case tea.BackgroundColorMsg:
		m.adoptBackground(msg.IsDark())
	case tea.ColorProfileMsg:
		if msg.Profile <= colorprofile.Ascii {
			m.adoptTheme(monoTheme())
		}
	case tea.ModeReportMsg:
		if msg.Mode == ansi.ModeUnicodeCore {
			m.adoptWidths(msg.Value)
		}

	case toastMsg:
		m.activity.note(m.ws.Now(), msg.level, msg.text, "")
		return m.toasts.show(m.shared, msg.level, msg.text)
	case toastGoneMsg:
		m.toasts.drop(msg.id)
	case copyMsg:
		return m.copy(msg)
	case dialogMsg:
		return m.open(msg.dialog)
	case runBindingMsg:
		return m.runBinding(msg.binding)
	case quitMsg:
		return tea.Quit

	case gotoMsg:
		return m.visit(msg.pane)
	case previewMsg:
		return m.hand(panePreview, msg)
	case planMsg:
		return m.hand(paneWriteback, msg)
	case segmentMsg:
		return m.hand(paneSegments, msg)
	default:
		if cmd, ok := m.session(msg); ok {
			return cmd
		}
		if cmd, ok := m.syncing(msg); ok {
			return cmd
		}
		return m.broadcast(msg)
	}
	return nil
}

// broadcast hands a message to the dialogs, the screen and every pane.
func (m *root) broadcast(msg tea.Msg) tea.Cmd {
	var cmds []tea.Cmd
	for i := len(m.dialogs) - 1; i >= 0; i-- {
		cmd, done := m.dialogs[i].dialog.Handle(msg)
		if done {
			m.dialogs = append(m.dialogs[:i], m.dialogs[i+1:]...)
		}
		cmds = append(cmds, cmd)
	}
	if m.screen != nil {
		cmd, _ := m.screen.Handle(msg)
		cmds = append(cmds, cmd)
	}
	for _, p := range m.panes {
		cmd, _ := p.Handle(msg)
		cmds = append(cmds, cmd)
	}
	return tea.Batch(cmds...)
}

// hand makes a pane visible and gives it a message of its own.
func (m *root) hand(id paneID, msg tea.Msg) tea.Cmd {
	visit := m.visit(id)
	cmd, _ := m.panes[id].Handle(msg)
	return tea.Batch(visit, cmd)
}

// visit makes a pane visible.
func (m *root) visit(id paneID) tea.Cmd {
	if id != m.current {
		m.history.leave(m.current)
	}
	return m.show(id)
}

func (m *root) show(id paneID) tea.Cmd {
	m.current = id
	m.activity.visible = id == paneActivity
	return m.panes[id].Enter()
}

func (m *root) resize(width, height int) tea.Cmd {
	m.width, m.height = width, height
	w, h := m.body()
	for _, p := range m.panes {
		p.SetSize(w, h)
	}
	if m.screen != nil {
		m.screen.SetSize(w, h)
	}
	if m.stage == stageBlank {
		return m.openWorkspace()
	}
	return nil
}

// body is the area between the title bar and the status line.
func (m *root) body() (width, height int) { return max(m.width, 0), max(m.height-2, 0) }

// adoptBackground follows what the terminal said of its background, unless a
// theme was asked for.
func (m *root) adoptBackground(dark bool) {
	if m.theme.name == "mono" {
		return
	}
	if dark {
		m.adoptTheme(darkTheme())
	} else {
		m.adoptTheme(lightTheme())
	}
}

// adoptTheme changes the styles in place: every pane holds this theme.
func (m *root) adoptTheme(th *theme) {
	th.ruler = m.theme.ruler
	*m.theme = *th
}

// adoptWidths measures as the renderer will from now on.
func (m *root) adoptWidths(value ansi.ModeSetting) {
	if value == ansi.ModeReset || value == ansi.ModeSet || value == ansi.ModePermanentlySet {
		m.theme.method = ansi.GraphemeWidth
	}
}

// visible is what gets keys when no dialog is open.
func (m *root) visible() pane {
	if m.screen != nil {
		return m.screen
	}
	return m.panes[m.current]
}

// usable reports whether the visible pane or screen may be shown and used.
func (m *root) usable() bool { return m.screen != nil || m.stage == stageReady }

// history remembers the panes that were left, for going back and forth.
type history struct{ behind, ahead []paneID }

func (h *history) leave(id paneID) {
	h.behind = append(h.behind, id)
	if len(h.behind) > maxHistory {
		h.behind = h.behind[1:]
	}
	h.ahead = nil
}

func (h *history) back(from paneID) (paneID, bool) {
	if len(h.behind) == 0 {
		return 0, false
	}
	id := h.behind[len(h.behind)-1]
	h.behind = h.behind[:len(h.behind)-1]
	h.ahead = append(h.ahead, from)
	return id, true
}

func (h *history) forth(from paneID) (paneID, bool) {
	if len(h.ahead) == 0 {
		return 0, false
	}
	id := h.ahead[len(h.ahead)-1]
	h.ahead = h.ahead[:len(h.ahead)-1]
	h.behind = append(h.behind, from)
	return id, true
}

const maxHistory = 50
