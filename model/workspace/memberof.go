package workspace

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"rollcall/model"
	"rollcall/model/directory"
	"rollcall/model/expansion"
	"rollcall/model/rule"
)

// bound is a program that can be evaluated, and the members that it was given:
// in the order of the groups that its rule names, nil where it names none.
type bound struct {
	program  *rule.Program
	readings []*reading
}

// bind gives a program the direct members of the groups that it names, where it
// names any. Those that were read before serve where they are good enough.
func (w *Workspace) bind(ctx context.Context, p *rule.Program, good func(*reading) bool) (bound, error) {
	groups := p.Groups()
	if len(groups) == 0 {
		return bound{program: p}, nil
	}
	for _, id := range groups {
		if len(id) != 36 || uuid.Validate(id) != nil {
			return bound{}, &model.Error{
				Kind: model.KindUsage, Code: "groupIDInvalid",
				Message: fmt.Sprintf("%.80q is no object id of a group", id),
				Remedy:  "write the group's object id, as the Entra admin center shows it; its name does not do in a rule",
			}
		}
	}
	readings, err := w.memberships.read(ctx, groups, w.Now, good, w.readMembers)
	if err != nil {
		return bound{}, err
	}
	var ids []string
	for _, r := range readings {
		for _, m := range r.members {
			ids = append(ids, m.id)
		}
	}
	return bound{p.WithMembers(ids), readings}, nil
}

// notes say of each group when its members were read, and who of them a rule
// cannot select.
func (b bound) notes(s *directory.Snapshot) []rule.Diagnostic {
	root, ok := b.program.Rule().Root.(*rule.MemberOf)
	if !ok {
		return nil
	}
	notes := make([]rule.Diagnostic, len(b.readings))
	for i, r := range b.readings {
		// A rule may name a group twice: it is read once.
		named := slices.IndexFunc(root.Groups, func(g rule.Value) bool { return strings.EqualFold(g.Text, r.id) })
		at := cmp.Or(root.Groups[named].At, root.At)
		notes[i] = rule.Diagnostic{
			Severity: rule.Note, Start: at.Start, End: at.End,
			Message: fmt.Sprintf("%s, as of %s: %s", r.group.DisplayName, r.at.Format("15:04"), r.describe(s)),
		}
	}
	return notes
}

// describe says who the direct members are.
func (r *reading) describe(s *directory.Snapshot) string {
	strangers, kinds := r.strangers(s)
	members := len(r.members)
	switch {
	case members == 0:
		return "it has no direct members"
	case members == 1 && strangers == 1:
		return "its one direct member is no synced user: " + kinds
	case members == 1:
		return "its one direct member is a synced user"
	case strangers == 0:
		return fmt.Sprintf("its %d direct members are all synced users", members)
	case strangers == 1:
		return fmt.Sprintf("1 of its %d direct members is no synced user: %s", members, kinds)
	}
	return fmt.Sprintf("%d of its %d direct members are no synced users: %s", strangers, members, kinds)
}

// strangerKinds name the members that no synced user is, in the order in which
// they are told.
var strangerKinds = [...]struct {
	kind      model.ObjectType
	one, many string
}{
	{model.ObjectUser, "user not synced", "users not synced"},
	{model.ObjectGroup, "group", "groups"},
	{model.ObjectContact, "mail contact", "mail contacts"},
	{model.ObjectDevice, "device", "devices"},
	{model.ObjectServicePrincipal, "service principal", "service principals"},
	{model.ObjectOther, "object of another kind", "objects of another kind"},
}

// strangers counts the members that no synced user is, and tells them by kind.
func (r *reading) strangers(s *directory.Snapshot) (n int, kinds string) {
	counts := make(map[model.ObjectType]int)
	for _, m := range r.members {
		if _, ok := s.ByID(m.id); !ok {
			counts[m.kind]++
			n++
		}
	}
	var parts []string
	for _, k := range strangerKinds {
		if c := counts[k.kind]; c > 0 {
			parts = append(parts, count(c, k.one, k.many))
		}
	}
	return n, strings.Join(parts, ", ")
}

// groupsAtOnce bounds the requests for the properties of groups.
const groupsAtOnce = 4

// readMembers asks the tenant for groups and their direct members, and fills
// the readings. Its error is about the tenant as a whole; what concerns one
// group is in its reading.
func (w *Workspace) readMembers(ctx context.Context, readings []*reading) error {
	parts, err := w.opened()
	if err != nil {
		return err
	}
	if err := w.signedIn(ctx); err != nil {
		return err
	}
	if err := w.require(CapabilityGroups); err != nil {
		return err
	}
	asking, asked := errgroup.WithContext(ctx)
	asking.SetLimit(groupsAtOnce)
	for _, r := range readings {
		asking.Go(func() error {
			group, err := parts.Groups.Group(asked, r.id)
			if err == nil {
				r.group = group
				return nil
			}
			e := model.AsError(err)
			switch {
			case e.Code == "Request_ResourceNotFound" || e.Code == "groupNotFound":
				r.err = &model.Error{
					Kind: model.KindUsage, Code: "groupNotFound",
					Message:   "the tenant has no group with the object id " + r.id,
					Remedy:    "correct the id in the rule, or take it out if the group was deleted",
					RequestID: e.RequestID, Err: err,
				}
			case e.Kind == model.KindFailed || e.Kind == model.KindPartial:
				r.err = unreadable(r.id, e)
			default:
				return err
			}
			return nil
		})
	}
	if err := asking.Wait(); err != nil {
		return err
	}
	var open []*reading
	var groups []model.Group
	for _, r := range readings {
		if r.err == nil {
			open, groups = append(open, r), append(groups, r.group)
		}
	}
	if len(open) == 0 {
		return nil
	}
	members := parts.Memberships
	if members == nil {
		members = parts.Members
	}
	listings, err := expansion.ReadAll(ctx, members, groups)
	if err != nil {
		return err
	}
	for i, r := range open {
		r.take(&listings[i])
	}
	return nil
}

// take keeps what a source says of the group. A part of the members, or none
// because they are hidden, would select too few without a word: that is an
// error.
func (r *reading) take(l *expansion.Listing) {
	name := cmp.Or(r.group.DisplayName, r.id)
	switch {
	case l.Hidden:
		r.err = &model.Error{
			Kind: model.KindPartial, Code: "membershipHidden",
			Message: "the members of " + name + " are hidden from this account",
			Remedy:  "consent to Member.Read.Hidden, and sign in with a role that sees hidden members, for instance User Administrator",
		}
		return
	case l.Err != nil:
		r.err = unreadable(name, l.Err)
		return
	}
	unnamed := 0
	seen := make(map[string]bool, len(l.Members))
	r.members = make([]member, 0, len(l.Members))
	for _, o := range l.Members {
		id := strings.ToLower(o.ID)
		switch {
		case id == "":
			unnamed++
		case !seen[id]: // a page boundary may repeat a member
			seen[id] = true
			r.members = append(r.members, member{id, kindOf(o.Type)})
		}
	}
	if unnamed > 0 {
		r.members, r.err = nil, &model.Error{
			Kind: model.KindPartial, Code: "membersUnreadable",
			Message: fmt.Sprintf("%s of %s came without an object id, so that nobody can say who they are", count(unnamed, "member", "members"), name),
			Remedy:  "consent to Directory.Read.All, then try again",
		}
	}
}

// kindOf is a type that strangerKinds names.
func kindOf(t model.ObjectType) model.ObjectType {
	for _, k := range strangerKinds {
		if k.kind == t {
			return t
		}
	}
	return model.ObjectOther
}

// unreadable is the failure of reading one group's members.
func unreadable(name string, e *model.Error) *model.Error {
	failure := *e
	if failure.Kind == model.KindFailed {
		failure.Kind = model.KindPartial
	}
	failure.Message, failure.Err = fmt.Sprintf("the members of %s could not be read: %s", name, e.Message), e
	return &failure
}
