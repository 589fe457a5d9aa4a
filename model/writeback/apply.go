package writeback

import (
	"context"
	"fmt"
	"time"

	"rollcall/model"
)

// Deps are what applying a plan needs.
type Deps struct {
	Groups  Groups
	Journal Journal
	// Guards are the plan's guards as the profile holds them now. Of these the
	// least size is held once more against the group as it is read, before
	// anybody is removed; the others are Check's. nil: the plan's own.
	Guards []GuardResult
	Now    func() time.Time // nil: time.Now
	// Progress is called after every row and before every wait, one call at a
	// time but from any goroutine; it must not block. May be nil.
	Progress func(Progress)
	// Wait waits between two looks at the group while its changes are not seen
	// yet. nil waits by the clock.
	Wait func(ctx context.Context, d time.Duration) error

	batch int // rows handed over at a time; 0 is batchRows
}

func (d Deps) withDefaults() Deps {
	if d.Now == nil {
		d.Now = time.Now
	}
	if d.batch == 0 {
		d.batch = batchRows
	}
	if d.Progress == nil {
		d.Progress = func(Progress) {}
	}
	if d.Wait == nil {
		d.Wait = func(ctx context.Context, wait time.Duration) error {
			t := time.NewTimer(wait)
			defer t.Stop()
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-t.C:
				return nil
			}
		}
	}
	return d
}

// Apply writes an approved plan and verifies it by reading back.
//
// Before anything is written the group is read again: one that cannot be
// written any more, and one that others have changed since, are refused
// (KindGuard; see Stale). Rows that are right already are not written. A plan
// that was applied before changes nothing, needs no approval for it, and
// reports its rows as already done; one whose run was interrupted goes on as
// with Resume, under this approval. A plan that is made to be handed over is
// refused.
//
// An error that comes with a report means that rows were or may have been
// written; Resume finishes them.
func Apply(ctx context.Context, d Deps, p *Plan, a Approval) (*Report, error) {
	d = d.withDefaults()
	if err := p.Applicable(); err != nil {
		return nil, err
	}
	past, err := d.Journal.Run(ctx, p.ID)
	if err != nil {
		return nil, err
	}
	if past != nil {
		// The id is the beginning of the hash; it is the hash that was approved.
		if past.Plan.Hash != p.Hash {
			return nil, &model.Error{
				Kind: model.KindUsage, Code: "planExists",
				Message: fmt.Sprintf("another plan was applied under the id %s", p.ID),
				Remedy:  "make the plan anew",
			}
		}
		return d.goOn(ctx, past, a.By, &a)
	}
	if err := Check(p, a); err != nil {
		return nil, err
	}
	run := &Run{Plan: *p, Approval: a, State: RunOpen, Rows: p.rows()}
	r := newRunner(d, run)
	members, err := r.preflight(ctx)
	if err != nil {
		return nil, err
	}
	if err := p.checkStale(members); err != nil {
		return nil, err
	}
	present := idSet(members)
	if err := r.checkSize(present); err != nil {
		return nil, err
	}
	run.Begun = d.Now().UTC()
	run.Before = make([]Ref, len(members))
	for i := range members {
		run.Before[i] = refOf(&members[i])
	}
	if err := d.Journal.Begin(ctx, run); err != nil {
		return nil, err
	}
	return r.finish(ctx, present)
}

// Resume finishes a run that was interrupted or ended with failed rows. Its
// plan, its approval, and the guards against the group as it is by now are
// checked again. Rows whose answer is not known are settled by reading the
// group. Members whom the plan does not know neither stop it nor are touched.
//
// Rows that the run knows as right and that are not so any more were taken back
// by somebody, or are not replicated yet: so it looks again with patience. What
// was taken back is then said (KindGuard; see Stale), and nothing is written
// before a renewed approval comes for what was said.
//
// A plan that was never applied is a KindUsage error. by is who goes on;
// renewed, where it is not nil, replaces the run's approval.
func Resume(ctx context.Context, d Deps, planID, by string, renewed *Approval) (*Report, error) {
	d = d.withDefaults()
	run, err := d.Journal.Run(ctx, planID)
	if err != nil {
		return nil, err
	}
	if run == nil {
		return nil, &model.Error{
			Kind: model.KindUsage, Code: "planNotApplied",
			Message: fmt.Sprintf("plan %s was never applied, so there is nothing to resume", planID),
			Remedy:  "apply it: rollcall apply " + planID,
		}
	}
	return d.goOn(ctx, run, by, renewed)
}

// goOn takes a run up where the journal says it is.
func (d Deps) goOn(ctx context.Context, run *Run, by string, renewed *Approval) (*Report, error) {
	if err := run.sound(); err != nil {
		return nil, err
	}
	r := newRunner(d, run)
	if !run.Verified() {
		if renewed != nil {
			run.Approval = *renewed
		}
		if err := Check(&run.Plan, run.Approval); err != nil {
			return nil, err
		}
	}
	members, err := r.preflight(ctx)
	if err != nil {
		return nil, err
	}
	present := idSet(members)
	if run.Verified() {
		return r.past(present)
	}
	if present, err = r.takenBack(ctx, present, renewed != nil); err != nil {
		return nil, err
	}
	if err := r.checkSize(present); err != nil {
		return nil, err
	}
	if err := d.Journal.Reopen(ctx, run.Plan.ID, by, d.Now().UTC(), renewed); err != nil {
		return nil, err
	}
	return r.finish(ctx, present)
}

// past reports a run that was verified before: nothing is written for it again.
func (r *runner) past(present map[string]bool) (*Report, error) {
	for i := range r.run.Rows {
		if !r.run.Rows[i].right(present) {
			p := &r.run.Plan
			return nil, &model.Error{
				Kind: model.KindGuard, Code: "planSpent",
				Message: fmt.Sprintf("plan %s was applied on %s, and %s has been changed since", p.ID, r.run.Ended.Format(time.DateTime), p.Group.DisplayName),
				Remedy:  "make the plan again and read what it does now",
			}
		}
	}
	return &Report{PlanID: r.run.Plan.ID, AlreadyDone: len(r.run.Rows), Verified: true, Members: len(present)}, nil
}

// preflight makes sure that the group can be written, and reads its members.
func (r *runner) preflight(ctx context.Context) ([]model.Object, error) {
	r.show(PhaseReading)
	group, err := r.Groups.Group(ctx, r.run.Plan.Group.ID)
	if err != nil {
		return nil, err
	}
	if refusal := group.WriteRefusal(); refusal != nil {
		return nil, refusal
	}
	return r.Groups.DirectMembers(ctx, r.run.Plan.Group.ID)
}

// Applicable refuses a plan that is not as it was made, and one that nobody may
// apply.
func (p *Plan) Applicable() error {
	if err := p.Verify(); err != nil {
		return err
	}
	if p.HandOver {
		return &model.Error{
			Kind: model.KindGuard, Code: "planHandOver",
			Message: fmt.Sprintf("plan %s for %s is made to be handed over: rollcall does not write it", p.ID, p.Group.DisplayName),
			Remedy:  "give its files to whoever may: rollcall plan export " + p.ID + " --as powershell --out .",
		}
	}
	return nil
}

// sound makes sure that the run's rows are those of its plan, no more and no
// fewer: what the journal holds is what is written.
func (r *Run) sound() error {
	if err := r.Plan.Applicable(); err != nil {
		return err
	}
	type key struct {
		id     string
		remove bool
	}
	approved := make(map[key]bool, len(r.Rows))
	for _, row := range r.Plan.rows() {
		approved[key{row.ID, row.Remove}] = true
	}
	for i := range r.Rows {
		k := key{r.Rows[i].ID, r.Rows[i].Remove}
		if !approved[k] {
			return r.unsound()
		}
		delete(approved, k)
	}
	if len(approved) > 0 {
		return r.unsound()
	}
	return nil
}

func (r *Run) unsound() error {
	return &model.Error{
		Kind: model.KindFailed, Code: "journalDamaged",
		Message: fmt.Sprintf("the journal of plan %s holds other rows than were approved", r.Plan.ID),
		Remedy:  "nothing was written; see what `rollcall log` tells of it, and make the plan again",
	}
}

// rows are the plan's rows as the journal begins with them, additions first so
// that the group is never smaller than it must be.
func (p *Plan) rows() []Row {
	rows := make([]Row, 0, len(p.Add)+len(p.Remove))
	for _, r := range p.Add {
		rows = append(rows, Row{Ref: r, State: RowPlanned})
	}
	for _, r := range p.Remove {
		rows = append(rows, Row{Ref: r, Remove: true, State: RowPlanned})
	}
	return rows
}

// right reports whether the group is as the row wants it.
func (r *Row) right(present map[string]bool) bool { return present[r.ID] != r.Remove }

// settled reports whether the run knows that the row was right at some time.
func (r *Row) settled() bool { return r.State == RowDone || r.State == RowAlready }

// TakenBack reports whether it was told that others took the row back: with a
// renewed approval it is written again.
func (r *Row) TakenBack() bool { return r.settled() && r.Reason == takenBackReason }

// handedOver reports whether a write may have brought the row about: one that
// was right before the run came to it has no answer of the tenant.
func (r *Row) handedOver() bool {
	return r.State != RowPlanned && (r.State != RowAlready || r.RequestID != "")
}

func idSet(members []model.Object) map[string]bool {
	set := make(map[string]bool, len(members))
	for i := range members {
		set[members[i].ID] = true
	}
	return set
}
