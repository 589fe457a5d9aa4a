package workspace

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"rollcall/model"
	"rollcall/model/writeback"
)

// Policy is what the profile says of writing groups.
func (w *Workspace) Policy() writeback.Policy { return w.settings.Policy }

// Actor is in whose name things are done: the signed-in account or app, or,
// while nobody is signed in, whoever runs this process.
func (w *Workspace) Actor() string { return w.actor() }

// Approve makes the approval of a plan in the session's name, lifting the
// guards by the numbers that were typed; 0 lifts nothing. reason is why.
func (w *Workspace) Approve(allowAdditions, allowRemovals int, reason string) writeback.Approval {
	a := writeback.Approval{By: w.actor(), At: w.Now().UTC(), AllowAdditions: allowAdditions, AllowRemovals: allowRemovals, Reason: reason}
	if parts, err := w.opened(); err == nil {
		a.From = parts.Operator
	}
	return a
}

// GuardsNow holds the guards against a plan as they are now: of the plan's own
// limits and of the profile's present ones the stricter, guard by guard. The
// plan may be older than these, or come from a file.
func (w *Workspace) GuardsNow(ctx context.Context, p *writeback.Plan) ([]writeback.GuardResult, error) {
	group, err := w.target(ctx, p)
	if err != nil {
		return nil, err
	}
	return w.guardsFor(ctx, p, group)
}

// target reads the group of a plan as it is now. A plan of another tenant is
// refused before: its group's id means nothing here.
func (w *Workspace) target(ctx context.Context, p *writeback.Plan) (*model.Group, error) {
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
	group, err := parts.Groups.Group(ctx, p.Group.ID)
	if err != nil {
		return nil, err
	}
	return &group, nil
}

// named is the group as its plan names it.
func named(p *writeback.Plan) *model.Group {
	return &model.Group{ID: p.Group.ID, DisplayName: p.Group.DisplayName, Mail: p.Group.Mail, Kind: p.Group.Kind}
}

func (w *Workspace) guardsFor(ctx context.Context, p *writeback.Plan, group *model.Group) ([]writeback.GuardResult, error) {
	parts, err := w.opened()
	if err != nil {
		return nil, err
	}
	limits, held := w.settings.Policy.For(group).Guards, *p
	if p.UndoOf != "" {
		undone, err := parts.Ledger.Run(ctx, p.UndoOf)
		if err != nil {
			return nil, err
		}
		// What an undo may, it may by the journal's word and not by the plan's: a
		// file can say anything. A group may become as small as it was.
		if undone != nil && undone.UndoneBy(p) {
			limits.LeastSize = min(limits.LeastSize, len(undone.Before))
		} else {
			held.UndoOf = ""
		}
	}
	mirrored, err := parts.Ledger.Mirrored(ctx, p.Group.ID)
	if err != nil {
		return nil, err
	}
	return stricter(p.Guards, limits.Hold(&held, !mirrored)), nil
}

// stricter takes of two results for each guard the one that allows less.
func stricter(own, present []writeback.GuardResult) []writeback.GuardResult {
	results := slices.Clone(own)
	for _, now := range present {
		i := slices.IndexFunc(results, func(g writeback.GuardResult) bool { return g.Name == now.Name })
		switch {
		case i < 0:
			results = append(results, now)
		case !results[i].Tripped && now.Tripped, results[i].Tripped == now.Tripped && allowsLess(now, results[i]):
			results[i] = now
		}
	}
	return results
}

// allowsLess compares the limits of one guard.
func allowsLess(a, b writeback.GuardResult) bool {
	switch {
	case a.Limit < 0 || b.Limit < 0:
		return a.Limit >= 0 && b.Limit < 0
	case a.Name == writeback.GuardLeastSize || a.Name == writeback.GuardEmptySource:
		return a.Limit > b.Limit
	default:
		return a.Limit < b.Limit
	}
}

// own refuses an approval in another name than the session's: who approves is
// who is signed in, and nobody is the second approver of an own plan by having
// approved before signing in.
func (w *Workspace) own(ctx context.Context, a writeback.Approval) error {
	if err := w.signedIn(ctx); err != nil {
		return err
	}
	if actor := w.actor(); a.By != "" && !strings.EqualFold(a.By, actor) {
		return &model.Error{
			Kind: model.KindGuard, Code: "notApproved",
			Message: fmt.Sprintf("the plan was approved by %s, and %s is signed in", a.By, actor),
			Remedy:  "approve it in the name of the account that is signed in",
		}
	}
	return nil
}

// CheckApproval reports whether an approval covers a plan: by the profile's
// protected groups and users, by whether somebody else than its author must
// approve it, and by its guards as GuardsNow holds them. A plan whose run was
// verified has nothing left to write and needs none. Its own errors are of
// KindGuard.
func (w *Workspace) CheckApproval(ctx context.Context, p *writeback.Plan, a writeback.Approval) error {
	_, err := w.checked(ctx, p, a)
	return err
}

// checked is CheckApproval, and returns the guards as they are now; nil where
// nothing is left to write.
func (w *Workspace) checked(ctx context.Context, p *writeback.Plan, a writeback.Approval) ([]writeback.GuardResult, error) {
	past, err := w.Run(ctx, p.ID)
	if err != nil {
		return nil, err
	}
	if past.Verified() {
		return nil, nil
	}
	if err := p.Applicable(); err != nil {
		return nil, err
	}
	group, err := w.target(ctx, p)
	if err != nil {
		return nil, err
	}
	policy := w.settings.Policy
	if policy.Protects(group) || policy.Protects(named(p)) {
		return nil, groupProtected(group)
	}
	if policy.SecondApprover && strings.EqualFold(a.By, p.Author) {
		return nil, &model.Error{
			Kind: model.KindGuard, Code: "secondApproverNeeded",
			Message: fmt.Sprintf("%s made plan %s, and the profile asks for somebody else's approval", p.Author, p.ID),
			Remedy:  "have another administrator read and apply it: `rollcall plan show " + p.ID + "`, or its file",
		}
	}
	if err := w.checkProtectedUsers(ctx, p, past, group); err != nil {
		return nil, err
	}
	held := *p
	if held.Guards, err = w.guardsFor(ctx, p, group); err != nil {
		return nil, err
	}
	return held.Guards, writeback.Check(&held, a)
}

// groupProtected refuses a group that the profile names as protected.
func groupProtected(g *model.Group) error {
	return &model.Error{
		Kind: model.KindGuard, Code: "groupProtected",
		Message: g.DisplayName + " is protected by the profile: no plan is made or applied for it",
		Remedy:  "choose another group, or take this one out of protected_groups in the configuration",
	}
}

// rowName is how a row's user is called in a message.
func rowName(r writeback.Ref) string {
	for _, s := range []string{r.UserPrincipalName, r.Mail, r.DisplayName} {
		if s != "" {
			return s
		}
	}
	return r.ID
}
