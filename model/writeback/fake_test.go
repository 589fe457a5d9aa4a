package writeback

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"rollcall/model"
)

var errDead = errors.New("the process is gone")

// world is a tenant with one group, and the journal on the disk beside it. A
// process dies at a chosen step: from then on every call of that process
// fails, and what was written before stays.
type world struct {
	group   model.Group
	members map[string]model.Object
	people  map[string]model.Object
	runs    map[string]*Run
	plans   map[string]*Plan

	random  *rand.Rand
	faults  float64           // share of the rows that go wrong
	refused map[string]string // users that the group never takes, with the tenant's reason
	steps   int               // until death; negative: never
	meddle  func()            // what others do before a step; may be nil
	lag     int               // reads that show the group as it was before the last write
	drift   int               // reads show one of so many of the last changes at random as not yet made
	shown   []model.Object
	readErr error // of DirectMembers, once

	mu     sync.Mutex
	past   [][]model.Object // the group after each change
	was    map[write]bool   // how each user once stood: as an addition or a removal would have it
	lastBy map[string]string
	answer map[string]bool // request ids that were given out
	writes []write
	waits  []time.Duration
	broken []string // promises that the code under test has not kept

	read    map[string]bool // the last look that was given
	entered bool            // this process has said in the journal that it begins or goes on
	back    map[string]bool // rows that others turned round after the journal knew them as right
	allowed map[string]bool // of these, what a renewed approval covers
}

type write struct {
	id     string
	remove bool
}

func newWorld(members ...model.Object) *world {
	w := &world{
		group:   model.Group{ID: "g-1", DisplayName: "Sales", Kind: model.KindSecurity},
		members: map[string]model.Object{}, people: map[string]model.Object{},
		runs: map[string]*Run{}, plans: map[string]*Plan{},
		random: rand.New(rand.NewPCG(1, 2)), steps: -1, refused: map[string]string{},
		was: map[write]bool{}, lastBy: map[string]string{}, answer: map[string]bool{},
		back: map[string]bool{}, allowed: map[string]bool{},
	}
	for _, m := range members {
		w.members[m.ID] = m
	}
	return w
}

// step is one thing that happens to the outside; it fails when the process
// dies before it.
func (w *world) step() error {
	if w.steps == 0 {
		return errDead
	}
	if w.steps > 0 {
		w.steps--
	}
	if w.meddle != nil {
		w.meddle()
	}
	return nil
}

// turn puts a user into the group or takes him out. Who does it is "run" or
// "others".
func (w *world) turn(id string, in bool, by string) {
	if _, is := w.members[id]; is == in {
		return
	}
	if len(w.past) == 0 {
		w.past = append(w.past, w.present())
	}
	if in {
		o := w.people[id]
		if o.ID == "" {
			o = model.Object{ID: id, Type: model.ObjectUser, UserPrincipalName: id + "@contoso.com"}
		}
		w.members[id] = o
	} else {
		delete(w.members, id)
	}
	w.past = append(w.past, w.present())
	w.was[write{id, !in}] = true
	w.lastBy[id] = by
	if by == "run" {
		return
	}
	delete(w.back, id)
	for _, run := range w.runs {
		for i := range run.Rows {
			if row := &run.Rows[i]; row.ID == id && row.Remove == in && row.settled() {
				w.back[id] = true
			}
		}
	}
}

func (w *world) deps() Deps {
	return Deps{
		Groups: tenant{w}, Journal: journal{w}, batch: 3,
		Now: func() time.Time { return noon },
		Wait: func(_ context.Context, d time.Duration) error {
			w.waits = append(w.waits, d)
			return nil
		},
	}
}

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func (w *world) present() []model.Object {
	out := []model.Object{}
	for _, m := range w.members {
		out = append(out, m)
	}
	slices.SortFunc(out, func(a, b model.Object) int { return compareRefs(refOf(&a), refOf(&b)) })
	return out
}

func (w *world) ids() []string {
	ids := []string{}
	for id := range w.members {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

type tenant struct{ *world }

func (t tenant) Group(ctx context.Context, id string) (model.Group, error) {
	if err := cmp.Or(t.step(), ctx.Err()); err != nil {
		return model.Group{}, err
	}
	if id != t.group.ID {
		return model.Group{}, &model.Error{Kind: model.KindUsage, Code: "groupNotFound", Message: "no such group"}
	}
	return t.group, nil
}

func (t tenant) DirectMembers(ctx context.Context, _ string) ([]model.Object, error) {
	if err := cmp.Or(t.step(), ctx.Err()); err != nil {
		return nil, err
	}
	if err := t.readErr; err != nil {
		t.readErr = nil
		return nil, err
	}
	members := t.present()
	switch {
	case t.lag > 0 && t.shown != nil:
		t.lag--
		members = t.shown
	case t.drift > 0 && len(t.past) > 0:
		members = t.past[max(0, len(t.past)-1-t.random.IntN(t.drift+1))]
	}
	t.read = idSet(members)
	return members, nil
}

func (t tenant) Owners(context.Context, string) ([]string, error) { return nil, nil }

// Write answers from several goroutines, as the port may.
func (t tenant) Write(ctx context.Context, groupID string, add, remove []string, done func(RowResult)) error {
	if groupID != t.group.ID {
		t.broken = append(t.broken, "wrote to another group")
	}
	t.shown = t.present()
	rows := make([]write, 0, len(add)+len(remove))
	for _, id := range add {
		rows = append(rows, write{id, false})
	}
	for _, id := range remove {
		rows = append(rows, write{id, true})
	}
	t.random.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
	var running sync.WaitGroup
	defer running.Wait()
	for _, row := range rows {
		if err := cmp.Or(t.step(), ctx.Err()); err != nil {
			return err
		}
		result, answered := t.one(row)
		if answered {
			running.Go(func() { done(result) })
		}
	}
	return nil
}

func (t tenant) one(row write) (result RowResult, answered bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.writes = append(t.writes, row)
	t.checkJournal(row)
	_, is := t.members[row.id]
	result = RowResult{UserID: row.id, Remove: row.remove, Outcome: OutcomeDone, RequestID: fmt.Sprintf("r-%d", len(t.writes))}
	t.answer[result.RequestID] = true
	failed := result
	failed.Outcome, failed.Err = OutcomeFailed, &model.Error{Kind: model.KindFailed, Code: "refused", Message: "refused by the tenant"}
	if is != row.remove {
		result.Outcome = OutcomeAlready
		return result, true
	}
	if reason := t.refused[row.id]; reason != "" && !row.remove {
		failed.Err.Message = reason
		return failed, true
	}
	effect, answered := true, true
	if t.random.Float64() < t.faults {
		switch t.random.IntN(4) {
		case 0: // refused
			effect, result = false, failed
		case 1: // done, and said to have failed
			result = failed
		case 2: // done, and the answer is lost
			answered = false
		case 3: // the request is lost
			effect, answered = false, false
		}
	}
	if effect {
		t.turn(row.id, !row.remove, "run")
	}
	return result, answered
}

// checkJournal holds that every row that reaches the tenant belongs to a plan
// and is on the disk as sent.
func (t tenant) checkJournal(row write) {
	if !t.entered {
		t.broken = append(t.broken, "a row was written by a process that never said so in the journal: "+row.id)
	}
	if t.back[row.id] && !t.allowed[row.id] {
		t.broken = append(t.broken, "a row was written again that others had taken back: "+row.id)
	}
	delete(t.back, row.id)
	for _, run := range t.runs {
		for _, r := range run.Rows {
			if r.ID == row.id && r.Remove == row.remove && r.State == RowSent {
				return
			}
		}
	}
	t.broken = append(t.broken, "a row was written that the journal did not know as sent: "+row.id)
}

// journal keeps what a disk would: copies.
type journal struct{ *world }

func (j journal) store(ctx context.Context, change func()) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if j.steps == 0 && j.random.IntN(2) == 0 {
		return errDead // before it was on the disk
	}
	err := j.step()
	change() // on the disk, and nobody was told
	return err
}

func (j journal) SavePlan(ctx context.Context, p *Plan, _ string) error {
	return j.store(ctx, func() { j.plans[p.ID] = clone(p) })
}

func (j journal) Plan(_ context.Context, id string) (*Plan, error) { return clone(j.plans[id]), nil }

func (j journal) Mirrored(context.Context, string) (bool, error) { return true, nil }

func (j journal) Reopen(ctx context.Context, planID, _ string, _ time.Time, renewed *Approval) error {
	return j.store(ctx, func() {
		j.entered = true
		if renewed != nil {
			j.runs[planID].Approval = *renewed
		}
	})
}

func (j journal) Begin(ctx context.Context, run *Run) error {
	if j.runs[run.Plan.ID] != nil {
		j.broken = append(j.broken, "a journal was begun twice")
	}
	if err := run.Plan.checkLook(j.read); err != nil {
		j.broken = append(j.broken, err.Error())
	}
	return j.store(ctx, func() { j.runs[run.Plan.ID], j.entered = clone(run), true })
}

// checkLook holds that a run begins on no group but the one that was shown.
func (p *Plan) checkLook(read map[string]bool) error {
	known := map[string]bool{}
	for _, row := range p.rows() {
		known[row.ID] = true
	}
	for _, id := range p.Keep {
		known[id] = true
		if !read[id] {
			return fmt.Errorf("a run began though %s had left", id)
		}
	}
	for id := range read {
		if !known[id] {
			return fmt.Errorf("a run began though %s had joined", id)
		}
	}
	return nil
}

func (j journal) SetRows(ctx context.Context, planID string, _ time.Time, rows []Row) error {
	return j.store(ctx, func() {
		run := j.runs[planID]
		for _, row := range rows {
			i := slices.IndexFunc(run.Rows, func(r Row) bool { return r.ID == row.ID && r.Remove == row.Remove })
			j.checkTrue(run.Rows[i].State, row)
			run.Rows[i] = row
		}
	})
}

// checkTrue holds that the journal says of a row what is so.
func (j journal) checkTrue(former RowState, row Row) {
	j.mu.Lock()
	defer j.mu.Unlock()
	told := func(what string) {
		j.broken = append(j.broken, fmt.Sprintf("the journal says that %s is %s, and %s", row.ID, row.State, what))
	}
	_, is := j.members[row.ID]
	switch handedOver := slices.Contains(j.writes, write{row.ID, row.Remove}); {
	case row.RequestID != "" && !j.answer[row.RequestID]:
		told("no answer had the id " + row.RequestID)
	case row.settled() && is == row.Remove && !j.was[write{row.ID, row.Remove}]:
		told("it never was so")
	case row.State == RowFailed && (row.Reason == "" || !handedOver):
		told("nobody refused it")
	case row.State == RowPlanned && row.right(j.read):
		told("it was seen to be right")
	case row.State == RowSent && former != RowPlanned:
		told("it was " + string(former))
	case row.RequestID != "" && (row.State == RowPlanned || row.State == RowSent):
		told("of its write there is no answer yet")
	}
}

func (j journal) End(ctx context.Context, planID string, state RunState, at time.Time) error {
	return j.store(ctx, func() { j.runs[planID].State, j.runs[planID].Ended = state, at })
}

func (j journal) Run(_ context.Context, planID string) (*Run, error) {
	if err := j.step(); err != nil {
		return nil, err
	}
	return clone(j.runs[planID]), nil
}

// clone goes through JSON, as the disk does.
func clone[T any](v *T) *T {
	if v == nil {
		return nil
	}
	data, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	out := new(T)
	if err := json.Unmarshal(data, out); err != nil {
		panic(err)
	}
	return out
}

func user(name string) model.Object {
	return model.Object{ID: "u-" + name, Type: model.ObjectUser, DisplayName: name, UserPrincipalName: name + "@contoso.com", Mail: name + "@contoso.com"}
}

func users(names ...string) []model.Object {
	out := make([]model.Object, len(names))
	for i, n := range names {
		out[i] = user(n)
	}
	return out
}

func nested(name string) model.Object {
	return model.Object{ID: "n-" + name, Type: model.ObjectGroup, DisplayName: name}
}

var open = NoGuards()

// limits holds the numbers alone.
func limits(removals, additions, leastSize int) Guards {
	g := NoGuards()
	g.MaxRemovals, g.MaxAdditions, g.LeastSize = removals, additions, leastSize
	return g
}

func (w *world) params(mode Mode, desired ...model.Object) Params {
	for _, o := range desired {
		w.people[o.ID] = o
	}
	for _, o := range w.members {
		w.people[o.ID] = o
	}
	return Params{TenantID: "t-1", Group: w.group, Mode: mode, From: []string{"segment:S"}, Desired: desired, Members: w.present(), Rules: Rules{Guards: open}, Author: "adele@contoso.com", Now: noon}
}

var approved = Approval{By: "adele@contoso.com", At: noon}
