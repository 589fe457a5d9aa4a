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
	group    groupField
	mode     writeback.Mode
	focus    formField
	recent   []writeback.PlanHead
	chosen   int // index into recent
	top      int // first of recent that is drawn

	failed *model.Error // why there is no plan: a refusal, or a failure
	asked  writebackAsk

	awaited string // capability that a failed plan waits for; "": none

	review  *review            // nil: the form is shown
	reviews map[string]*review // those that were begun, by id of the plan as computed
	table   *table
	apply   *applyWalk // of the newest apply or resume

	brokenAudit *model.Error // the chain of the audit does not hold; nil mostly
}

// formField is what has the focus in the form.
type formField uint8

const (
	fieldAudience formField = iota
	fieldGroup
	fieldMode
	fieldBelow // the kept plans, or why there is no plan
	fieldCount
)

// writebackAsk is what a plan is computed for.
type writebackAsk struct {
	include, exclude []string
	group            string
	mode             writeback.Mode
	handOver         bool // for somebody to make by hand in Exchange
}

const (
	taskWritebackPlan   = "writeback.plan"
	taskWritebackOpen   = "writeback.open"
	taskWritebackRecent = "writeback.recent"
	taskWritebackDerive = "writeback.derive"
	taskWritebackLimits = "writeback.limits"
	taskWritebackWarn   = "writeback.warn"
	taskWritebackFind   = "writeback.find"
	taskWritebackAsk    = "writeback.ask"
	taskWritebackApply  = "writeback.apply"

	applyPoll = 200 * time.Millisecond
)

type (
	planDoneMsg struct {
		ask    writebackAsk
		review *review // as computed, or as kept with its journal
		err    error
	}
	planRecentMsg struct {
		plans []writeback.PlanHead
		err   error
	}
	planDerivedMsg struct {
		review *review
		edit   int
		plan   *writeback.Plan
		err    error
	}
	planLimitsMsg struct {
		review *review
		limits map[string]int
	}
	planWarnedMsg struct {
		review  *review
		warning string
	}
	planFoundMsg struct {
		review *review
		hits   []int32
	}
	// planAskMsg opens the question, once it is known what must be typed.
	planAskMsg struct {
		review *review
		plan   *writeback.Plan
		guards []writeback.GuardResult
		resume bool
		err    error

		warning string // see review
	}
	planApplyMsg struct { // the administrator said yes
		review *review
		plan   *writeback.Plan
		resume bool

		additions, removals int    // numbers typed to lift a guard; 0: none
		reason              string // why; "" where none was lifted
	}
	planAppliedMsg struct {
		review  *review
		report  *writeback.Report
		run     *writeback.Run
		outcome outcome // of run
		err     error
	}
	planStopMsg  struct{ walk *applyWalk }
	applyPollMsg struct{ walk *applyWalk }
)

func newWritebackPane(s shared) *writebackPane {
	p := &writebackPane{
		shared: s, audience: newAudienceField(s, "writeback.audience"), group: newGroupField(s),
		mode: writeback.ModeMirror, reviews: make(map[string]*review),
	}
	p.audience.active = true
	p.audience.placeholder = "lists, segments and addresses, parted by commas"
	p.table = newTable(s.theme)
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
	if p.review != nil {
		return p.review.searching && !p.planning()
	}
	return !p.planning() && (p.focus == fieldAudience || p.focus == fieldGroup)
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

// isApplied reports whether the review that is shown is the one being applied.
func (p *writebackPane) isApplied() bool {
	return p.applying() && p.apply != nil && p.apply.review == p.review
}

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
	case previewDoneMsg:
		p.group.meetPreview(msg)
	case planDoneMsg:
		return p.planned(msg), true
	case planRecentMsg:
		p.keepRecent(msg)
	case planDerivedMsg:
		return p.derived(msg), true
	case planLimitsMsg:
		msg.review.limits = msg.limits
		p.layout()
	case planWarnedMsg:
		msg.review.warning = msg.warning
		p.layout()
	case planFoundMsg:
		p.found(msg)
	case planAskMsg:
		return p.ask(msg), true
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
	case auditVerifiedMsg:
		p.brokenAudit = msg.broken
		p.layout()
	case sessionChangedMsg:
		p.layout()
		if p.review != nil && p.review.run == nil {
			return p.askWarning(p.review), false
		}
		return p.consented(), false
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
	if f != fieldGroup {
		p.group.closeSuggestions()
	}
}

func (p *writebackPane) paste(msg tea.PasteMsg) (tea.Cmd, bool) {
	switch {
	case !p.Typing():
		return nil, false
	case p.review != nil:
		p.review.search.Handle(msg)
		return p.find(), true
	case p.focus == fieldAudience:
		return p.audience.Paste(msg), true
	}
	p.group.Paste(msg)
	return nil, true
}
