package tui

import (
	"time"

	tea "charm.land/bubbletea/v2"

	"rollcall/model"
	"rollcall/model/writeback"
)

// writebackPane makes a group equal to an audience: a form, the review of the
// plan row by row, its approval, the running apply, and the verified result.
type writebackPane struct {
	shared
	width, height int

	// The form.
	audience audienceField
	group    input
	mode     writeback.Mode
	focus    formField
	recent   []recentPlan
	chosen   int // index into recent

	failed *model.Error // why there is no plan: a refusal, or a failure
	asked  writebackAsk

	review  *review            // nil: the form is shown
	reviews map[string]*review // those that were begun, by id of the plan as computed
	table   *table
	apply   *applyWalk // of the newest apply or resume
}

// formField is what has the focus in the form.
type formField uint8

const (
	fieldAudience formField = iota
	fieldGroup
	fieldMode
	fieldRecent
	fieldCount
)

// writebackAsk is what a plan is computed for.
type writebackAsk struct {
	include, exclude []string
	group            string
	mode             writeback.Mode
}

// recentPlan is a kept plan and how far it has come.
type recentPlan struct {
	plan writeback.Plan
	run  *writeback.Run // nil: never applied
}

const (
	taskWritebackPlan   = "writeback.plan"
	taskWritebackRecent = "writeback.recent"
	taskWritebackDerive = "writeback.derive"
	taskWritebackApply  = "writeback.apply"
	taskWritebackOpen   = "writeback.open"

	maxRecentPlans = 50
	applyPoll      = 200 * time.Millisecond
)

type (
	planDoneMsg struct {
		ask  writebackAsk
		plan *writeback.Plan
		run  *writeback.Run
		err  error
	}
	planRecentMsg struct {
		plans []recentPlan
		err   error
	}
	planDerivedMsg struct {
		review *review
		edit   int
		plan   *writeback.Plan
		err    error
	}
	planApplyMsg struct { // the administrator said yes
		review *review
		plan   *writeback.Plan

		additions, removals int // numbers typed to lift a guard; 0: none
	}
	planAppliedMsg struct {
		review *review
		report *writeback.Report
		run    *writeback.Run
		err    error
	}
	planStopMsg  struct{ walk *applyWalk }
	applyPollMsg struct{ walk *applyWalk }
)

func newWritebackPane(s shared) *writebackPane {
	p := &writebackPane{shared: s, audience: newAudienceField(s, "writeback.audience"), mode: writeback.ModeMirror, reviews: make(map[string]*review)}
	p.audience.active = true
	p.audience.placeholder = "lists, segments and addresses, parted by commas"
	p.group.placeholder = "a group by its address, exact name or object id"
	p.table = newTable(s.theme,
		column{title: "", width: 1, least: 1},
		column{title: "Name", width: 26, least: 14, grows: true},
		column{title: "User principal name", width: 34, least: 16, grows: true},
		column{title: "Remark", width: 26, least: 10, grows: true},
	)
	return p
}

func (p *writebackPane) SetSize(width, height int) {
	p.width, p.height = width, height
	p.layout()
}

func (p *writebackPane) Enter() tea.Cmd {
	return tea.Batch(p.audience.loadSaved(), p.loadRecent())
}

func (p *writebackPane) Typing() bool {
	return p.review == nil && !p.planning() && (p.focus == fieldAudience || p.focus == fieldGroup)
}

// QuitWarning says what quitting now would interrupt; "" when nothing.
func (p *writebackPane) QuitWarning() string {
	if !p.applying() {
		return ""
	}
	return "A plan is being applied. Rows that were sent stay as they are in the tenant; the journal knows them, and resume goes on from there."
}

func (p *writebackPane) planning() bool { return p.tasks.busy(taskWritebackPlan) }
func (p *writebackPane) applying() bool { return p.tasks.busy(taskWritebackApply) }

func (p *writebackPane) Handle(msg tea.Msg) (tea.Cmd, bool) {
	switch msg := msg.(type) {
	case tea.KeyPressMsg:
		return p.key(msg)
	case tea.PasteMsg:
		return p.paste(msg)
	case planMsg:
		return p.open(msg), true
	case audienceSavedMsg, audienceSuggestMsg:
		p.audience.Answer(msg)
	case planDoneMsg:
		return p.planned(msg), true
	case planRecentMsg:
		p.keepRecent(msg)
	case planDerivedMsg:
		p.derived(msg)
	case planApplyMsg:
		return p.applyPlan(msg), true
	case planAppliedMsg:
		return p.applied(msg), true
	case planStopMsg:
		if msg.walk == p.apply && p.applying() {
			msg.walk.stop()
		}
	case applyPollMsg:
		if msg.walk == p.apply && p.applying() {
			return p.tasks.after(applyPoll, msg), true
		}
	case segmentsChangedMsg:
		return p.audience.loadSaved(), false
	}
	return nil, false
}

// open fills the form from another pane; with a group named it plans at once.
func (p *writebackPane) open(msg planMsg) tea.Cmd {
	if p.applying() {
		return toast(levelWarn, "A plan is being applied; wait for its end, or stop it with esc")
	}
	p.review, p.failed = nil, nil
	p.audience.SetValue(joinEntries(msg.include, msg.exclude))
	if msg.group != "" {
		p.group.SetValue(msg.group)
		return p.compute()
	}
	p.setFocus(fieldGroup)
	return nil
}

func (p *writebackPane) setFocus(f formField) {
	p.focus = f
	p.audience.active = f == fieldAudience
	if f != fieldAudience {
		p.audience.closeSuggestions()
	}
}

func (p *writebackPane) paste(msg tea.PasteMsg) (tea.Cmd, bool) {
	switch {
	case !p.Typing():
		return nil, false
	case p.focus == fieldAudience:
		return p.audience.Paste(msg), true
	}
	p.group.Handle(msg)
	return nil, true
}
