package workspace

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"rollcall/model"
	"rollcall/model/audience"
	"rollcall/model/directory"
	"rollcall/model/writeback"
)

// CodeListExists is the code of the KindUsage error of a list whose name is
// taken.
const CodeListExists = "listExists"

// Lists returns the saved lists by name, without their members.
func (w *Workspace) Lists(ctx context.Context) ([]List, error) {
	parts, err := w.opened()
	if err != nil {
		return nil, err
	}
	return parts.Ledger.Lists(ctx)
}

// List returns the saved list of a name, in any letter case, with its members.
func (w *Workspace) List(ctx context.Context, name string) (List, error) {
	parts, err := w.opened()
	if err != nil {
		return List{}, err
	}
	known, err := findList(ctx, parts.Ledger, name)
	if err != nil {
		return List{}, err
	}
	return parts.Ledger.List(ctx, known.Name)
}

// findList returns the list of a name, in any letter case, without its
// members; a KindUsage error that names the nearest when there is none.
func findList(ctx context.Context, ledger Ledger, name string) (List, error) {
	lists, err := ledger.Lists(ctx)
	if err != nil {
		return List{}, err
	}
	names := make([]string, len(lists))
	for i, l := range lists {
		if strings.EqualFold(l.Name, strings.TrimSpace(name)) {
			return l, nil
		}
		names[i] = l.Name
	}
	return List{}, unknownName("list", name, names)
}

// SaveList keeps users under a name that no list has yet. The ids are object
// ids of synced users; one that is named twice is kept once. It refuses, with
// a KindUsage error, no users at all, an id that no synced user has, and a
// name that is taken (see ReplaceList).
func (w *Workspace) SaveList(ctx context.Context, name string, ids []string) (List, error) {
	return w.saveList(ctx, name, ids, false)
}

// ReplaceList is SaveList in the place of the list that has the name, if one
// does.
func (w *Workspace) ReplaceList(ctx context.Context, name string, ids []string) (List, error) {
	return w.saveList(ctx, name, ids, true)
}

func (w *Workspace) saveList(ctx context.Context, name string, ids []string, replace bool) (List, error) {
	parts, err := w.opened()
	if err != nil {
		return List{}, err
	}
	if name, err = savedName("list", name); err != nil {
		return List{}, err
	}
	members, err := pick(w.Directory(), ids)
	if err != nil {
		return List{}, err
	}
	now := w.Now().UTC()
	list := List{Name: name, CreatedAt: now, CreatedBy: w.actor()}
	former, err := findList(ctx, parts.Ledger, name)
	switch {
	case err == nil && !replace:
		return List{}, listExists(former)
	case err == nil:
		list = former
		list.File = "" // from now on it is picked by hand
	case model.AsError(err).Code != codeListNotFound:
		return List{}, err
	}
	list.ChangedAt, list.ChangedBy = now, w.actor()
	list.Count, list.Members = len(members), members
	if err := parts.Ledger.SaveList(ctx, list); err != nil {
		return List{}, err
	}
	detail := fmt.Sprintf("%d members", list.Count)
	if former.Name != "" {
		detail += fmt.Sprintf(" in place of %d", former.Count)
	}
	return list, w.record(ctx, parts, "list.save", list.Name, detail)
}

func listExists(l List) error {
	return &model.Error{
		Kind: model.KindUsage, Code: CodeListExists,
		Message: fmt.Sprintf("there is a list %q already, with %d members", l.Name, l.Count),
		Remedy:  "choose another name, or replace the list",
	}
}

// pick returns the users of the ids as contacts, in the order of the ids.
func pick(s *directory.Snapshot, ids []string) ([]Contact, error) {
	if len(ids) == 0 {
		return nil, &model.Error{Kind: model.KindUsage, Code: "listEmpty", Message: "a list needs at least one user"}
	}
	picked := make(map[int32]bool, len(ids))
	contacts := make([]Contact, 0, len(ids))
	for _, id := range ids {
		row, ok := s.ByID(id)
		if !ok {
			return nil, userNotFound(id)
		}
		if picked[row] {
			continue
		}
		picked[row] = true
		contacts = append(contacts, contactOf(s, row))
	}
	return contacts, nil
}

// contactOf is a synced user as a list keeps it.
func contactOf(s *directory.Snapshot, row int32) Contact {
	return Contact{
		ID:          s.ID(row),
		DisplayName: s.Value(row, model.AttrDisplayName),
		Mail:        s.Value(row, model.AttrMail),
	}
}

// FindUser returns the object id of the one synced user who goes by an address,
// a user principal name or an object id. None and several are KindUsage errors.
func (w *Workspace) FindUser(idOrAddress string) (id string, err error) {
	l := local{workspace: w, snapshot: w.Directory()}
	switch found := l.find(idOrAddress); len(found) {
	case 1:
		return l.snapshot.ID(found[0]), nil
	case 0:
		return "", userNotFound(idOrAddress)
	default:
		return "", &model.Error{
			Kind: model.KindUsage, Code: "userAmbiguous",
			Message: fmt.Sprintf("%d users go by %.80q", len(found), idOrAddress),
			Remedy:  "name the one that is meant by object id",
		}
	}
}

func userNotFound(idOrAddress string) error {
	return &model.Error{
		Kind: model.KindUsage, Code: "userNotFound",
		Message: fmt.Sprintf("no synced user has the id or address %.80q", idOrAddress),
		Remedy:  "correct it, or run `rollcall sync` if the user is new",
	}
}

// DeleteList removes a saved list.
func (w *Workspace) DeleteList(ctx context.Context, name string) error {
	parts, err := w.opened()
	if err != nil {
		return err
	}
	list, err := findList(ctx, parts.Ledger, name)
	if err != nil {
		return err
	}
	if err := parts.Ledger.DeleteList(ctx, list.Name); err != nil {
		return err
	}
	return w.record(ctx, parts, "list.delete", list.Name, fmt.Sprintf("%d members", list.Count))
}

// Resolved is a saved list as the directory knows its members today.
type Resolved struct {
	List
	Present  []model.Object // with today's names and addresses, in the list's order; those outside the tenant without an ID
	Departed []model.Object // that the directory no longer holds, as they were saved
}

// ResolveList looks a list's members up in the present snapshot. A directory
// that was never read is refused: everybody would seem to have left.
func (w *Workspace) ResolveList(ctx context.Context, name string) (*Resolved, error) {
	list, err := w.List(ctx, name)
	if err != nil {
		return nil, err
	}
	if !w.Synced() {
		return nil, notSynced()
	}
	return resolveList(w.Directory(), list), nil
}

func resolveList(s *directory.Snapshot, list List) *Resolved {
	r := &Resolved{List: list, Present: make([]model.Object, 0, len(list.Members))}
	for _, c := range list.Members {
		if c.ID == "" {
			// Whoever was outside the tenant may have become a guest since.
			if rows := s.ByAddress(c.Mail); len(rows) == 1 {
				r.Present = append(r.Present, rowObject(s, rows[0]))
			} else {
				r.Present = append(r.Present, c.outside())
			}
			continue
		}
		if row, ok := s.ByID(c.ID); ok {
			r.Present = append(r.Present, rowObject(s, row))
		} else {
			r.Departed = append(r.Departed, model.Object{ID: c.ID, Type: model.ObjectUser, DisplayName: c.DisplayName, Mail: c.Mail})
		}
	}
	return r
}

// List answers an audience entry.
func (l *local) List(ctx context.Context, name string) (present, departed []model.Object, err error) {
	list, err := l.workspace.List(ctx, name)
	if err != nil {
		return nil, nil, err
	}
	r := resolveList(l.snapshot, list)
	return r.Present, r.Departed, nil
}

// departed divides those of an audience who have left the directory by what a
// plan does with them. A member of the group is kept, since the group says that
// the synced copy is behind; nobody else can be added.
func departed(all []audience.Departed, members []model.Object) (kept []model.Object, skipped []writeback.Skipped) {
	if len(all) == 0 {
		return nil, nil
	}
	excluded := make(map[string]bool)
	for _, d := range all {
		if d.Entry.Exclude || d.Outside {
			excluded[d.Object.ID] = true
		}
	}
	isMember := make(map[string]bool, len(members))
	for i := range members {
		isMember[members[i].ID] = true
	}
	for _, d := range all {
		switch o := d.Object; {
		case excluded[o.ID], d.Entry.Within:
		case isMember[o.ID]:
			kept = append(kept, o)
		default:
			skipped = append(skipped, writeback.Skipped{
				Entry:  cmp.Or(o.Mail, o.DisplayName, o.ID),
				Reason: fmt.Sprintf("in %s, and no longer in the directory", d.Entry),
			})
		}
	}
	return kept, skipped
}

// savedName returns the name under which an administrator keeps a segment or a
// list, without blanks around it. Characters that turn the direction of text are
// refused: what is shown under such a name could pass for something else.
func savedName(kind, name string) (string, error) {
	name = strings.TrimSpace(name)
	if name == "" || !utf8.ValidString(name) || strings.ContainsFunc(name, func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) }) {
		return "", &model.Error{Kind: model.KindUsage, Code: kind + "Name", Message: fmt.Sprintf("a %s needs a name of printable characters", kind)}
	}
	return name, nil
}

const codeListNotFound = "listNotFound"

// unknownName is the error of a name that no saved segment or list has. It
// suggests the nearest of those that there are.
func unknownName(kind, name string, names []string) *model.Error {
	e := &model.Error{
		Kind: model.KindUsage, Code: kind + "NotFound",
		Message: fmt.Sprintf("there is no %s %q", kind, name),
		Remedy:  fmt.Sprintf("`rollcall %s list` shows the saved ones", kind),
	}
	if near := model.Nearest(name, names); near != "" {
		e.Remedy = fmt.Sprintf("did you mean %q?", near)
	}
	return e
}
