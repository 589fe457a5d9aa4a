package workspace

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"rollcall/model"
	"rollcall/model/writeback"
)

// rules are those of a group. The users whom they protect are named by object
// id as well: an address may have moved in the tenant and not yet in the local
// directory, or the other way round, and whoever has it in either stays.
func (w *Workspace) rules(ctx context.Context, group *model.Group) (writeback.Rules, error) {
	rules := w.settings.Policy.For(group)
	ids, _, err := w.usersNamed(ctx, rules.ProtectedUsers)
	rules.ProtectedUsers = slices.Concat(rules.ProtectedUsers, ids)
	return rules, err
}

// checkProtectedUsers refuses a plan that would remove somebody whom the
// profile protects by now. Rows that the plan's run has written are past, but
// for those that were taken back and would be written again.
func (w *Workspace) checkProtectedUsers(ctx context.Context, p *writeback.Plan, past *writeback.Run, group *model.Group) error {
	if len(p.Remove) == 0 {
		return nil
	}
	rules, err := w.rules(ctx, group)
	if err != nil {
		return err
	}
	protected := make(map[string]bool, len(rules.ProtectedUsers))
	for _, name := range rules.ProtectedUsers {
		protected[strings.ToLower(name)] = name != ""
	}
	written := make(map[string]bool)
	if past != nil {
		for _, row := range past.Rows {
			written[row.ID] = row.Remove && (row.State == writeback.RowDone || row.State == writeback.RowAlready) && !row.TakenBack()
		}
	}
	var names []string
	for _, r := range p.Remove {
		is := func(name string) bool { return protected[strings.ToLower(name)] }
		if !written[r.ID] && (is(r.ID) || is(r.UserPrincipalName) || is(r.Mail)) {
			names = append(names, rowName(r))
		}
	}
	if len(names) == 0 {
		return nil
	}
	return &model.Error{
		Kind: model.KindGuard, Code: "userProtected",
		Message: fmt.Sprintf("plan %s would remove %s from %s, whom the profile has protected since it was made", p.ID, fewNames(names), p.Group.DisplayName),
		Remedy:  "make the plan again: it leaves them where they are",
	}
}

// usersNamed are the object ids of the users whom a profile names by user
// principal name or address, and the names that nobody has. Whom the local
// directory does not know, the tenant is asked for.
func (w *Workspace) usersNamed(ctx context.Context, names []string) (ids, unknown []string, err error) {
	parts, err := w.opened()
	if err != nil {
		return nil, nil, err
	}
	directory := w.Directory()
	found := make(map[string]bool)
	for _, name := range names {
		if !strings.Contains(name, "@") {
			continue
		}
		rows := directory.ByAddress(name)
		for _, row := range rows {
			found[directory.ID(row)] = true
		}
		if len(rows) > 0 {
			continue
		}
		objects, err := parts.Resolver.ResolveAddress(ctx, name)
		// In part: what is no user may not be read, and no user has the address.
		if err != nil && model.AsError(err).Kind != model.KindPartial {
			return nil, nil, err
		}
		if len(objects) == 0 {
			unknown = append(unknown, name)
		}
		for i := range objects {
			found[objects[i].ID] = true
		}
	}
	return slices.Sorted(maps.Keys(found)), unknown, nil
}
