package tui

import (
	"context"
	"strings"
	"sync/atomic"
	"time"

	tea "charm.land/bubbletea/v2"

	"rollcall/model"
	"rollcall/model/audience"
	"rollcall/model/workspace"
)

// previewPane answers who would really receive a message: the To line above,
// the tree of nested lists (or the recipients) below it, the numbers at the
// right.
type previewPane struct {
	shared
	width, height int

	to audienceField

	asking  previewAsk   // what the running expansion answers
	asked   previewAsk   // what outcome or failed answers
	walk    *previewWalk // of the newest expansion
	outcome *previewOutcome
	failed  *model.Error

	awaited string // the capability whose consent lets the audience be expanded again

	showRecipients bool
	tree           *tree[previewItem]
	recipients     *table
	search         input
	searching      bool

	room previewRoom // in the place of everything else; nil: none
}

// previewAsk is an audience as written.
type previewAsk struct{ include, exclude []string }

// previewWalk follows a running expansion; the walk writes, the screen reads.
type previewWalk struct {
	read, known atomic.Int64 // lists
	estimate    atomic.Pointer[audience.Estimate]
}

// watch is the walk as the workspace tells of it.
func (w *previewWalk) watch() *workspace.Watch {
	return &workspace.Watch{
		Progress: func(read, known int) {
			w.read.Store(int64(read))
			w.known.Store(int64(known))
		},
		Estimated: func(e audience.Estimate) { w.estimate.Store(&e) },
	}
}

// The keys of the pane's tasks and its messages.
const (
	taskPreview        = "preview.expand"
	taskPreviewSearch  = "preview.search"
	taskPreviewApprove = "preview.approve"
	taskPreviewCompare = "preview.compare"

	previewPoll = 200 * time.Millisecond
)

type (
	previewDoneMsg struct {
		ask     previewAsk
		outcome *previewOutcome
		err     error
	}
	previewTickMsg    struct{ walk *previewWalk }
	previewApproveMsg struct { // the administrator said yes
		preview *audience.Preview
		name    string
	}
	previewApprovedMsg struct{ snapshot workspace.Snapshot }
)

func newPreviewPane(s shared) *previewPane {
	p := &previewPane{shared: s, to: newAudienceField(s, "preview.to")}
	p.to.active = true
	p.to.placeholder = "lists, names, segments and addresses, parted by commas"
	p.search.placeholder = "part of an address or name"
	p.tree = newTree(func(i previewItem) string { return i.id }, previewItem.children)
	p.recipients = newTable(s.theme,
		column{title: "Address", width: 36, least: 20, grows: true},
		column{title: "Name", width: 24, least: 12, grows: true},
		column{title: "Remarks", width: 22, least: 10},
	)
	return p
}

func (p *previewPane) SetSize(width, height int) {
	p.width, p.height = width, height
	p.layout()
}

func (p *previewPane) Enter() tea.Cmd { return p.to.loadSaved() }

func (p *previewPane) Typing() bool {
	if p.room != nil {
		return p.room.Typing()
	}
	return p.to.active || p.searching
}

func (p *previewPane) Handle(msg tea.Msg) (tea.Cmd, bool) {
	switch msg := msg.(type) {
	case tea.KeyPressMsg:
		return p.key(msg)
	case tea.PasteMsg:
		return p.paste(msg)
	case previewMsg:
		p.enter(nil)
		p.to.SetValue(joinEntries(msg.include, msg.exclude))
		return p.expand(), true
	case previewDoneMsg:
		return p.done(msg), true
	case previewRoomMsg:
		p.enter(msg.room)
		return p.to.loadSaved(), true
	case previewAddMsg:
		return p.add(msg.entry), true
	case previewTickMsg:
		return p.poll(msg.walk), true
	case audienceSavedMsg, audienceSuggestMsg:
		p.to.Answer(msg)
		p.layout()
	case previewSearchMsg:
		p.searched(msg)
	case previewApproveMsg:
		return p.approve(msg.preview, msg.name), true
	case previewApprovedMsg:
		return p.approved(msg.snapshot), true
	case sessionChangedMsg:
		return p.consented(), false
	case previewReplaceMsg:
		return p.replaceEntry(msg), true
	case directoryChangedMsg, segmentsChangedMsg:
		return p.to.loadSaved(), false
	default:
		if p.room != nil {
			return p.room.Handle(msg)
		}
	}
	return nil, false
}

// expand starts the walk for what the To line says.
func (p *previewPane) expand() tea.Cmd {
	include, exclude := audienceOf(splitEntries(p.to.Value()))
	if len(include) == 0 {
		if len(exclude) > 0 {
			return toast(levelWarn, "Only exclusions: name at least one list, segment or address to include")
		}
		return nil
	}
	p.to.closeSuggestions()
	p.to.active = false
	p.failed = nil
	ask := previewAsk{include, exclude}
	walk := &previewWalk{}
	p.asking, p.walk = ask, walk
	p.layout()
	ws := p.ws
	run := p.tasks.run(taskPreview, func(ctx context.Context) tea.Msg {
		preview, err := ws.Preview(ctx, include, exclude, walk.watch())
		if err != nil {
			return previewDoneMsg{ask: ask, err: err}
		}
		return previewDoneMsg{ask: ask, outcome: newPreviewOutcome(preview)}
	})
	return tea.Batch(run, p.tasks.after(previewPoll, previewTickMsg{walk}))
}

// poll keeps the progress line moving while a walk runs, and stops with it.
func (p *previewPane) poll(walk *previewWalk) tea.Cmd {
	if p.walk != walk || !p.walking() {
		return nil
	}
	return p.tasks.after(previewPoll, previewTickMsg{walk})
}

func (p *previewPane) done(msg previewDoneMsg) tea.Cmd {
	if msg.err != nil {
		// The answer before goes: its numbers beside the failure would pass for
		// those of this question.
		p.failed, p.asked, p.outcome = model.AsError(msg.err), msg.ask, nil
		p.tree.Reset()
		p.recipients.SetRows(&recipientRows{theme: p.theme})
		p.to.active = p.missingConsent() == "" // mending the entry is what comes next
		p.layout()
		return nil
	}
	sameQuestion := p.outcome != nil && joinEntries(p.asked.include, p.asked.exclude) == joinEntries(msg.ask.include, msg.ask.exclude)
	p.failed, p.asked, p.outcome = nil, msg.ask, msg.outcome
	if !sameQuestion {
		p.tree.Reset()
	}
	p.tree.SetRoots(msg.outcome.roots)
	if !sameQuestion {
		p.tree.ExpandTo(1, 50)
	}
	for _, n := range msg.outcome.preview.Expansion.Nodes {
		text := n.Group.Mail
		if text == "" && !strings.ContainsAny(n.Group.DisplayName, ",:@") {
			text = n.Group.DisplayName // a security group goes by its name
		}
		if text != "" {
			p.to.seen[text] = suggestion{text: text, note: n.Group.Kind.Label() + " · " + plural(n.Unique, "recipient", "recipients")}
		}
	}
	p.layout()
	return p.filter()
}

// cancel stops a running walk; the former answer stays.
func (p *previewPane) cancel() tea.Cmd {
	p.tasks.cancel(taskPreview)
	p.to.active = p.outcome == nil
	return toast(levelInfo, "Expansion cancelled; nothing was changed")
}

// walking reports whether an expansion runs.
func (p *previewPane) walking() bool { return p.tasks.busy(taskPreview) }

// preview is the answer that the screen shows, nil when there is none.
func (p *previewPane) preview() *audience.Preview {
	if p.outcome == nil {
		return nil
	}
	return p.outcome.preview
}

// edited reports whether the To line says something else than what the answer
// on the screen was asked for.
func (p *previewPane) edited() bool {
	include, exclude := audienceOf(splitEntries(p.to.Value()))
	return joinEntries(include, exclude) != joinEntries(p.asked.include, p.asked.exclude)
}
