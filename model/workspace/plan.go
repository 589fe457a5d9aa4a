package workspace

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"rollcall/model"
	"rollcall/model/expansion"
	"rollcall/model/rule"
	"rollcall/model/writeback"
)

func (w *Workspace) compile(text string) (*rule.Program, error) {
	program, _, err := rule.Compile(text, w.Known(), w.Now())
	return program, err
}

// Group resolves one group by address, display name or object id. None and
// several are KindUsage errors; several name the candidates.
func (w *Workspace) Group(ctx context.Context, nameOrID string) (*model.Group, error) {
	parts, err := w.opened()
	if err != nil {
		return nil, err
	}
	if err := w.signedIn(ctx); err != nil {
		return nil, err
	}
	found, err := parts.Resolver.ResolveGroup(ctx, nameOrID)
	if err != nil {
		return nil, err
	}
	var groups []*model.Group
	var names []string
	for _, object := range found {
		if object.Type == model.ObjectGroup && object.Group != nil {
			groups = append(groups, object.Group)
			names = append(names, fmt.Sprintf("%s (%s, id %s)", object.Group.DisplayName, object.Group.Kind.Label(), object.ID))
		}
	}
	switch len(groups) {
	case 1:
		return groups[0], nil
	case 0:
		return nil, &model.Error{
			Kind: model.KindUsage, Code: "groupNotFound",
			Message: fmt.Sprintf("the tenant has no group %q", nameOrID),
			Remedy:  "name it by address, exact display name or object id; dynamic distribution lists exist in Exchange only and cannot be written",
		}
	default:
		return nil, &model.Error{
			Kind: model.KindUsage, Code: "groupAmbiguous",
			Message: fmt.Sprintf("%q names %d groups: %s", nameOrID, len(groups), strings.Join(names, "; ")),
			Remedy:  "name one by its object id",
		}
	}
}

// Plan computes and keeps the plan that makes a group equal to an audience. A
// group that cannot be written is refused before its members are read, and an
// audience with missing parts is refused because a plan from it would remove
// people who belong.
func (w *Workspace) Plan(ctx context.Context, include, exclude []string, group string, mode writeback.Mode) (*writeback.Plan, error) {
	return w.plan(ctx, include, exclude, group, mode, false)
}

// HandOverPlan is Plan for somebody who makes the changes by hand. It takes
// lists that Exchange alone can write, too; a plan of one cannot be applied. Of
// any other group it is the plan that Plan makes, which is handed over as well.
func (w *Workspace) HandOverPlan(ctx context.Context, include, exclude []string, group string, mode writeback.Mode) (*writeback.Plan, error) {
	return w.plan(ctx, include, exclude, group, mode, true)
}

func (w *Workspace) plan(ctx context.Context, include, exclude []string, group string, mode writeback.Mode, handOver bool) (*writeback.Plan, error) {
	parts, err := w.opened()
	if err != nil {
		return nil, err
	}
	target, err := w.Group(ctx, group)
	if err != nil {
		return nil, err
	}
	if err := w.MayPlan(target, handOver); err != nil {
		return nil, err
	}
	preview, err := w.Preview(ctx, include, exclude, nil)
	if err != nil {
		return nil, err
	}
	if !preview.Complete() {
		return nil, incomplete(preview.Missing)
	}
	members, owners, err := w.standing(ctx, parts, target.ID)
	if err != nil {
		return nil, err
	}
	mirrored, err := parts.Ledger.Mirrored(ctx, target.ID)
	if err != nil {
		return nil, err
	}
	rules, err := w.rules(ctx, target)
	if err != nil {
		return nil, err
	}
	kept, skipped := departed(preview.Departed, members)
	plan, err := writeback.New(writeback.Params{
		TenantID: w.tenantID(),
		Group:    *target,
		Mode:     mode,
		From:     include,
		Exclude:  exclude,
		Desired:  slices.Concat(preview.Objects(), kept),
		Members:  members,
		Skipped:  skipped,
		Owners:   owners,
		First:    !mirrored,
		HandOver: handOver && target.Kind.InExchange(),
		Rules:    rules,
		Author:   w.actor(),
		Now:      w.Now(),
	})
	if err != nil {
		return nil, err
	}
	return plan, w.KeepPlan(ctx, plan)
}

// MayPlan refuses a group that no plan can be made for: one that the profile
// protects, and one that cannot be written. It asks nobody.
func (w *Workspace) MayPlan(g *model.Group, handOver bool) error {
	if w.settings.Policy.Protects(g) {
		return groupProtected(g)
	}
	refusal := g.WriteRefusal()
	if handOver {
		refusal = g.HandOverRefusal()
	}
	if refusal != nil {
		return refusal
	}
	return nil
}

// standing reads the direct members of a group and, beside them, its owners.
// Owners that the account may not read are none: see WriteWarning.
func (w *Workspace) standing(ctx context.Context, parts *Parts, groupID string) (members []model.Object, owners []string, err error) {
	both, ctx := errgroup.WithContext(ctx)
	both.Go(func() (err error) {
		members, err = parts.Groups.DirectMembers(ctx, groupID)
		return err
	})
	both.Go(func() (err error) {
		if owners, err = parts.Groups.Owners(ctx, groupID); forbidden(err) {
			return nil
		}
		return err
	})
	return members, owners, both.Wait()
}

// incomplete is the refusal to plan with an audience of which parts are
// unknown.
func incomplete(missing []expansion.Missing) error {
	first := missing[0]
	e := &model.Error{
		Kind: model.KindGuard, Code: "audienceIncomplete",
		Message: "the audience is incomplete, and a plan from it could remove people who belong: " + first.String(),
		Remedy:  first.Reason.Remedy,
		Err:     first.Reason,
	}
	if n := len(missing) - 1; n > 0 {
		e.Message += fmt.Sprintf(" (and %d more)", n)
	}
	return e
}

// KeepPlan stores a plan that was computed or derived elsewhere.
func (w *Workspace) KeepPlan(ctx context.Context, p *writeback.Plan) error {
	parts, err := w.opened()
	if err != nil {
		return err
	}
	return parts.Ledger.SavePlan(ctx, p, w.actor())
}

// PlanHeads returns the kept plans without their rows, newest first, with how
// far the run of each has come.
func (w *Workspace) PlanHeads(ctx context.Context) ([]writeback.PlanHead, error) {
	parts, err := w.opened()
	if err != nil {
		return nil, err
	}
	return parts.Ledger.PlanHeads(ctx)
}

// LoadPlan returns a kept plan; an unknown id is a KindUsage error.
func (w *Workspace) LoadPlan(ctx context.Context, id string) (*writeback.Plan, error) {
	parts, err := w.opened()
	if err != nil {
		return nil, err
	}
	return parts.Ledger.Plan(ctx, id)
}

// Run returns the journal of a plan, nil when it was never applied.
func (w *Workspace) Run(ctx context.Context, planID string) (*writeback.Run, error) {
	parts, err := w.opened()
	if err != nil {
		return nil, err
	}
	return parts.Ledger.Run(ctx, planID)
}

// Apply writes an approved plan and verifies it by reading back. The plan is
// kept, wherever it came from. progress may be nil; it counts rows.
func (w *Workspace) Apply(ctx context.Context, p *writeback.Plan, a writeback.Approval, progress func(writeback.Progress)) (*writeback.Report, error) {
	if err := p.Verify(); err != nil {
		return nil, err
	}
	if err := w.own(ctx, a); err != nil {
		return nil, err
	}
	guards, err := w.checked(ctx, p, a)
	if err != nil {
		return nil, err
	}
	return w.write(ctx, p, guards, func(d writeback.Deps) (*writeback.Report, error) {
		if err := d.Journal.SavePlan(ctx, p, w.actor()); err != nil {
			return nil, err
		}
		return writeback.Apply(ctx, d, p, a)
	}, progress)
}

// Resume finishes a run that was interrupted, or tries its failed rows again.
// The profile's present guards hold for it as they do for Apply, with which a
// plan that they stop can be approved anew. renewed, where it is not nil,
// replaces the run's approval.
func (w *Workspace) Resume(ctx context.Context, planID string, renewed *writeback.Approval, progress func(writeback.Progress)) (*writeback.Report, error) {
	p, err := w.LoadPlan(ctx, planID)
	if err != nil {
		return nil, err
	}
	past, err := w.Run(ctx, planID)
	if err != nil {
		return nil, err
	}
	var guards []writeback.GuardResult
	if past != nil {
		approval := past.Approval
		if renewed != nil {
			approval = *renewed
			if err := w.own(ctx, approval); err != nil {
				return nil, err
			}
		}
		if guards, err = w.checked(ctx, &past.Plan, approval); err != nil {
			return nil, err
		}
	}
	return w.write(ctx, p, guards, func(d writeback.Deps) (*writeback.Report, error) {
		return writeback.Resume(ctx, d, planID, w.actor(), renewed)
	}, progress)
}

// write runs a write, of which the journal tells the audit. guards are the
// plan's as GuardsNow holds them; nil where nothing is left to write.
func (w *Workspace) write(ctx context.Context, p *writeback.Plan, guards []writeback.GuardResult, run func(writeback.Deps) (*writeback.Report, error), progress func(writeback.Progress)) (*writeback.Report, error) {
	parts, err := w.opened()
	if err != nil {
		return nil, err
	}
	if err := w.signedIn(ctx); err != nil {
		return nil, err
	}
	if err := w.checkTenant(p); err != nil {
		return nil, err
	}
	if err := w.RequireWrite(ctx); err != nil {
		return nil, err
	}
	before := w.Traffic().Requests
	report, err := run(writeback.Deps{
		Groups: parts.Groups, Journal: parts.Ledger, Guards: guards,
		Now: w.Now, Wait: w.settings.Wait, Progress: progress,
	})
	if report != nil {
		report.Requests = w.Traffic().Requests - before
	}
	return report, err
}

// checkTenant refuses a plan of another tenant than the session's.
func (w *Workspace) checkTenant(p *writeback.Plan) error {
	tenant := w.tenantID()
	if p.TenantID == tenant {
		return nil
	}
	return &model.Error{
		Kind: model.KindGuard, Code: "planOtherTenant",
		Message: fmt.Sprintf("the plan was made for tenant %s, and you are signed in to %s", p.TenantID, tenant),
		Remedy:  "sign in to the tenant of the plan, or make a new plan here",
	}
}

// Undo proposes the plan that takes an applied plan back.
func (w *Workspace) Undo(ctx context.Context, planID string) (*writeback.Plan, error) {
	parts, err := w.opened()
	if err != nil {
		return nil, err
	}
	run, err := parts.Ledger.Run(ctx, planID)
	if err != nil {
		return nil, err
	}
	if run == nil {
		return nil, &model.Error{Kind: model.KindUsage, Code: "planNotApplied", Message: fmt.Sprintf("plan %s was never applied, so there is nothing to undo", planID)}
	}
	group, err := w.target(ctx, &run.Plan)
	if err != nil {
		return nil, err
	}
	if err := w.MayPlan(group, false); err != nil {
		return nil, err
	}
	members, owners, err := w.standing(ctx, parts, group.ID)
	if err != nil {
		return nil, err
	}
	rules, err := w.rules(ctx, group)
	if err != nil {
		return nil, err
	}
	plan, err := writeback.NewUndo(writeback.UndoParams{
		Run: run, Members: members, Owners: owners, Rules: rules,
		Author: w.actor(), Now: w.Now(),
	})
	if err != nil {
		return nil, err
	}
	return plan, w.KeepPlan(ctx, plan)
}
