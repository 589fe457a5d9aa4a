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
	Now     func() time.Time // nil: time.Now
	// Progress is called after every row, one call at a time but from any
	// goroutine; it must not block. May be nil.
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
// reports its rows as already done; one whose run was interrupted goes on.
//
// An error that comes with a report means that rows were or may have been
// written; Resume finishes them.
func Apply(ctx context.Context, d Deps, p *Plan, a Approval) (*Report, error) {
	d = d.withDefaults()
	if err := p.Verify(); err != nil {
		return nil, err
	}
	past, err := d.Journal.Run(ctx, p.ID)
	if err != nil {
		return nil, err
	}
	if !past.Verified() {
		if err := Check(p, a); err != nil {
			return nil, err
		}
	}
	if past != nil {
		return d.goOn(ctx, past)
	}
	members, err := d.preflight(ctx, p)
	if err != nil {
		return nil, err
	}
	if err := p.checkStale(members); err != nil {
		return nil, err
	}
	run := &Run{Plan: *p, Approval: a, State: RunOpen, Begun: d.Now().UTC(), Rows: p.rows()}
	run.Before = make([]Ref, len(members))
	for i := range members {
		run.Before[i] = refOf(&members[i])
	}
	if err := d.Journal.Begin(ctx, run); err != nil {
		return nil, err
	}
	return newRunner(d, run).finish(ctx, members)
}

// Resume finishes a run that was interrupted or ended with failed rows. The
// approval of the run and the plan's guards are checked again. Rows whose
// answer is not known are settled by reading the group. What others have
// changed meanwhile does not stop it: it touches no row but those that were
// approved. A plan that was never applied is a KindUsage error. by is who goes
// on; renewed, where it is not nil, replaces the run's approval.
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
	if err := run.Plan.Verify(); err != nil {
		return nil, err
	}
	if renewed != nil {
		run.Approval = *renewed
	}
	if err := Check(&run.Plan, run.Approval); err != nil {
		return nil, err
	}
	if err := d.Journal.Reopen(ctx, planID, by, d.Now().UTC(), renewed); err != nil {
		return nil, err
	}
	return d.goOn(ctx, run)
}

// goOn takes a run up where the journal says it is.
func (d Deps) goOn(ctx context.Context, run *Run) (*Report, error) {
	members, err := d.preflight(ctx, &run.Plan)
	if err != nil {
		return nil, err
	}
	if !run.Verified() {
		return newRunner(d, run).finish(ctx, members)
	}
	present := idSet(members)
	for _, row := range run.Rows {
		if present[row.ID] == row.Remove {
			return nil, &model.Error{
				Kind: model.KindGuard, Code: "planSpent",
				Message: fmt.Sprintf("plan %s was applied on %s, and %s has been changed since", run.Plan.ID, run.Ended.Format(time.DateTime), run.Plan.Group.DisplayName),
				Remedy:  "make the plan again and read what it does now",
			}
		}
	}
	return &Report{PlanID: run.Plan.ID, AlreadyDone: len(run.Rows), Verified: true, Members: len(members)}, nil
}

// preflight makes sure that the group can be written, and reads its members.
func (d Deps) preflight(ctx context.Context, p *Plan) ([]model.Object, error) {
	group, err := d.Groups.Group(ctx, p.Group.ID)
	if err != nil {
		return nil, err
	}
	if refusal := group.WriteRefusal(); refusal != nil {
		return nil, refusal
	}
	return d.Groups.DirectMembers(ctx, p.Group.ID)
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

func idSet(members []model.Object) map[string]bool {
	set := make(map[string]bool, len(members))
	for i := range members {
		set[members[i].ID] = true
	}
	return set
}
