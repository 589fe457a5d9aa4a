package tui

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"rollcall/model"
	"rollcall/model/refresh"
	"rollcall/model/workspace"
)

// segmentsPane lists the saved segments with live counts, and edits one of
// them as rows and as text.
type segmentsPane struct {
	shared
	width, height int

	loaded bool
	failed *model.Error // the segments could not be read
	items  []*segmentItem
	cursor int
	top    int
	made   int    // new segments so far, to tell their drafts apart
	want   string // key of the item that the cursor goes to once it is there

	editor   *segmentEditor // nil: the list has the focus and shows what is saved
	answers  map[string]*segmentAnswer
	sets     *ruleSets
	side     segmentSide   // whose first users are listed
	members  bool          // the rule that is being counted asks the tenant for members
	versions *versionsView // open in place of list and rule; nil: closed
	deleted  string        // name of the segment that was just deleted: u brings it back
}

// segmentItem is a line of the list: a saved segment, a draft, or both.
type segmentItem struct {
	key   string // id; "new 1" in brackets for one that was never saved
	saved *workspace.Segment
	draft *segmentEditor // what was typed and not saved; kept until saved or dropped
	total segmentTotal
}

// segmentTotal is how many users a saved segment holds now.
type segmentTotal struct {
	known bool // users or fault is of the present directory
	users int
	fault string // why the rule cannot be evaluated; "" when it can
}

const (
	taskSegments       = "segments.load"
	taskSegmentTotals  = "segments.totals"
	taskSegmentAnswer  = "segments.answer"
	taskSegmentAdvice  = "segments.advice"
	taskSegmentValues  = "segments.values"
	taskSegmentSave    = "segments.save"
	taskSegmentChange  = "segments.change"
	maxSegmentNameRune = 64
)

type (
	// segmentsChangedMsg says that a segment was saved or deleted.
	segmentsChangedMsg struct{}
	segmentsLoadedMsg  struct {
		segments []workspace.Segment
		err      error
	}
	segmentTotalsMsg struct{ totals map[string]segmentTotal } // by id
)

func newSegmentsPane(s shared) *segmentsPane {
	return &segmentsPane{shared: s, answers: make(map[string]*segmentAnswer), sets: &ruleSets{}}
}

func (p *segmentsPane) SetSize(width, height int) {
	p.width, p.height = width, height
	p.follow()
}

func (p *segmentsPane) Enter() tea.Cmd {
	if p.loaded {
		return nil
	}
	return p.load()
}

func (p *segmentsPane) Typing() bool { return p.editor != nil && p.editor.typing() }

func (p *segmentsPane) Handle(msg tea.Msg) (tea.Cmd, bool) {
	switch msg := msg.(type) {
	case tea.KeyPressMsg:
		return p.key(msg)
	case tea.PasteMsg:
		if p.editor == nil {
			return nil, false
		}
		cmd, changed := p.editor.paste(msg)
		return tea.Batch(cmd, p.edited(changed)), true
	case segmentMsg:
		return p.create(msg.rule), true
	case segmentsLoadedMsg:
		return p.adopt(msg), true
	case segmentTotalsMsg:
		p.count(msg)
	case segmentAnswerMsg:
		return p.answer(msg), false
	case segmentAdviceMsg:
		p.advised(msg)
	case segmentValuesMsg:
		return msg.editor.offerValues(msg), false
	case segmentSaveAsMsg:
		return p.saveAs(msg), true
	case segmentSavedMsg:
		return p.saved(msg), true
	case segmentChangeMsg:
		return p.change(msg), true
	case segmentDoneMsg:
		return p.done(msg), true
	case segmentRefusedMsg:
		return p.refused(msg), true
	case segmentDiscardMsg:
		return p.discard(msg.key), true
	case segmentsChangedMsg:
		return p.load(), false
	case directoryChangedMsg:
		return tea.Batch(p.countAll(), p.ask(), p.compareVersions()), false
	case showVersionsMsg:
		return p.showVersions(msg.name, msg.id), true
	case versionsLoadedMsg, versionChangeMsg:
		return p.versionsAnswered(msg), false
	case segmentTranslateMsg:
		return p.translate(msg), true
	case segmentUsersMsg:
		return p.exportUsers(msg), true
	}
	return nil, false
}

// load reads the saved segments.
func (p *segmentsPane) load() tea.Cmd {
	ws := p.ws
	return p.tasks.run(taskSegments, func(ctx context.Context) tea.Msg {
		segments, err := ws.Segments(ctx)
		return segmentsLoadedMsg{segments, err}
	})
}

// adopt merges the saved segments with the drafts, which stay.
func (p *segmentsPane) adopt(msg segmentsLoadedMsg) tea.Cmd {
	if msg.err != nil {
		p.failed = model.AsError(msg.err)
		return nil
	}
	p.loaded, p.failed = true, nil
	under := cmp.Or(p.want, p.currentKey())
	old := make(map[string]*segmentItem, len(p.items))
	for _, i := range p.items {
		old[i.key] = i
	}
	var saved []*segmentItem
	for _, s := range msg.segments {
		item := &segmentItem{key: s.ID, saved: &s}
		if o := old[s.ID]; o != nil {
			item.draft = o.draft
			if o.saved != nil && o.saved.Rule == s.Rule {
				item.total = o.total
			}
			delete(old, s.ID)
		}
		saved = append(saved, item)
	}
	slices.SortStableFunc(saved, func(a, b *segmentItem) int {
		return cmp.Or(cmp.Compare(strings.ToLower(a.saved.Name), strings.ToLower(b.saved.Name)), cmp.Compare(a.key, b.key))
	})
	var items []*segmentItem
	for _, i := range p.items {
		switch {
		case old[i.key] != i || i.draft == nil:
		case i.saved == nil:
			items = append(items, i)
		case i.changed():
			// What was typed for a segment that is gone becomes a new one.
			p.made++
			i.key, i.saved = newSegmentKey(p.made), nil
			items = append(items, i)
		case p.editor == i.draft:
			p.editor = nil
		}
	}
	p.items = append(items, saved...)
	p.want = ""
	p.seek(under)
	return tea.Batch(p.countAll(), p.ask())
}

// newSegmentKey is the key of the n-th new segment.
func newSegmentKey(n int) string { return fmt.Sprintf("[new %d]", n) }

// countAll evaluates every saved segment. The numbers are kept with the
// segments, so that the next start has something to show at once; while a sync
// changes the directory they are not, for it would write five times a second.
func (p *segmentsPane) countAll() tea.Cmd {
	if !p.loaded {
		return nil
	}
	var segments []workspace.Segment
	for _, i := range p.items {
		if i.saved != nil {
			segments = append(segments, *i.saved)
		}
	}
	if len(segments) == 0 {
		return nil
	}
	ws, sets := p.ws, p.sets
	return p.tasks.run(taskSegmentTotals, func(ctx context.Context) tea.Msg {
		totals, users := make(map[string]segmentTotal, len(segments)), make(map[workspace.VersionID]int, len(segments))
		for _, s := range segments {
			selection, err := sets.selection(ctx, ws, s.Rule, true)
			if ctx.Err() != nil {
				return nil
			}
			total := segmentTotal{known: true}
			if err == nil {
				total.users = selection.Set.Count()
				users[s.VersionID()] = total.users
			} else {
				total.fault = faultText(selection.Diagnostics, err)
			}
			totals[s.ID] = total
		}
		if ws.Synced() && ws.Progress().Phase == refresh.PhaseIdle {
			// A number that cannot be kept is counted again at the next start.
			_ = ws.CountSegments(ctx, users)
		}
		return segmentTotalsMsg{totals}
	})
}

func (p *segmentsPane) count(msg segmentTotalsMsg) {
	for _, i := range p.items {
		if t, ok := msg.totals[i.key]; ok {
			i.total = t
		}
	}
}

func (p *segmentsPane) current() *segmentItem {
	if p.cursor < 0 || p.cursor >= len(p.items) {
		return nil
	}
	return p.items[p.cursor]
}

func (p *segmentsPane) currentKey() string {
	if i := p.current(); i != nil {
		return i.key
	}
	return ""
}

func (p *segmentsPane) item(key string) *segmentItem {
	for _, i := range p.items {
		if i.key == key {
			return i
		}
	}
	return nil
}

func (p *segmentsPane) seek(key string) {
	for n, i := range p.items {
		if i.key == key {
			p.cursor = n
		}
	}
	p.cursor = max(0, min(p.cursor, len(p.items)-1))
	p.follow()
}

func (p *segmentsPane) follow() {
	page := max(1, p.height-2)
	p.top = min(p.top, p.cursor)
	p.top = max(p.top, p.cursor-page+1)
	p.top = max(0, min(p.top, len(p.items)-page))
}

func (p *segmentsPane) move(delta int) tea.Cmd {
	p.cursor = max(0, min(p.cursor+delta, len(p.items)-1))
	p.deleted = "" // u now means the segment under the cursor
	p.follow()
	return p.ask()
}

// create opens the editor on a rule that is not saved yet.
func (p *segmentsPane) create(rule string) tea.Cmd {
	p.made++
	item := &segmentItem{key: newSegmentKey(p.made)}
	item.draft = newSegmentEditor(p.shared, rule)
	p.items = append([]*segmentItem{item}, p.items...)
	p.cursor = 0
	p.editor, p.versions, p.deleted = item.draft, nil, ""
	p.follow()
	return tea.Batch(p.ask(), p.editor.complete())
}

// edit opens the editor on the segment under the cursor.
func (p *segmentsPane) edit() tea.Cmd {
	item := p.current()
	if item == nil {
		return p.create("")
	}
	if item.draft == nil {
		item.draft = newSegmentEditor(p.shared, item.saved.Rule)
	}
	p.editor, p.deleted = item.draft, ""
	return tea.Batch(p.ask(), p.editor.complete())
}

// leave goes back to the list. What was typed stays as a draft.
func (p *segmentsPane) leave() tea.Cmd {
	p.editor = nil
	p.tasks.cancel(taskSegmentValues)
	item := p.current()
	if item != nil && item.draft != nil && !item.changed() && item.saved != nil && !item.draft.unfinished() {
		item.draft = nil
	}
	if item != nil && item.saved == nil && item.rule() == "" && !item.draft.unfinished() {
		p.drop(item.key)
	}
	return p.ask()
}

func (p *segmentsPane) drop(key string) {
	for n, i := range p.items {
		if i.key == key {
			p.items = append(p.items[:n:n], p.items[n+1:]...)
			break
		}
	}
	delete(p.answers, key)
	p.seek("")
}

// rule is the text as it stands: the draft's, or the saved one.
func (i *segmentItem) rule() string {
	switch {
	case i.draft != nil:
		return i.draft.text.Value()
	case i.saved != nil:
		return i.saved.Rule
	}
	return ""
}

// changed reports whether something typed is not saved.
func (i *segmentItem) changed() bool {
	return i.draft != nil && (i.saved == nil || i.draft.text.Value() != i.saved.Rule)
}

// title is the name in the list.
func (i *segmentItem) title() string {
	if i.saved == nil {
		return "(new segment)"
	}
	return i.saved.Name
}

// entry is how an audience names the segment: by its name when what is shown
// is what is saved, else by its rule.
func (i *segmentItem) entry() string {
	if i.changed() {
		return "rule:" + i.rule()
	}
	return "segment:" + i.saved.Name
}
