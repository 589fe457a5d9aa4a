package workspace

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"rollcall/model"
	"rollcall/model/audience"
)

// Snapshots returns the approved previews, newest first.
func (w *Workspace) Snapshots(ctx context.Context) ([]Snapshot, error) {
	parts, err := w.opened()
	if err != nil {
		return nil, err
	}
	return parts.Ledger.Snapshots(ctx)
}

// IsOf reports whether the snapshot was approved of these entries, in any order
// and letter case.
func (s *Snapshot) IsOf(entries []audience.Entry) bool {
	var sides Snapshot
	sides.name(entries)
	same := func(a, b []string) bool {
		normal := func(texts []string) []string {
			out := make([]string, len(texts))
			for i, text := range texts {
				out[i] = strings.ToLower(text)
			}
			slices.Sort(out)
			return slices.Compact(out)
		}
		return slices.Equal(normal(a), normal(b))
	}
	return same(s.Entries, sides.Entries) && same(s.Within, sides.Within) && same(s.Exclude, sides.Exclude)
}

// name writes entries down by what they do.
func (s *Snapshot) name(entries []audience.Entry) {
	for _, e := range entries {
		switch {
		case e.Exclude:
			s.Exclude = append(s.Exclude, e.String())
		case e.Within:
			s.Within = append(s.Within, e.String())
		default:
			s.Entries = append(s.Entries, e.String())
		}
	}
}

// findSnapshot returns the approved preview of an id, or the newest of a name,
// both in any letter case; a KindUsage error that names the nearest when there
// is none.
func (w *Workspace) findSnapshot(ctx context.Context, idOrName string) (*Snapshot, error) {
	snapshots, err := w.Snapshots(ctx)
	if err != nil {
		return nil, err
	}
	called := func(name func(Snapshot) string) int {
		return slices.IndexFunc(snapshots, func(s Snapshot) bool { return strings.EqualFold(name(s), strings.TrimSpace(idOrName)) })
	}
	i := called(func(s Snapshot) string { return s.ID })
	if i < 0 {
		i = called(func(s Snapshot) string { return s.Name })
	}
	if i >= 0 {
		return &snapshots[i], nil
	}
	names := make([]string, 0, len(snapshots))
	for _, s := range snapshots {
		if s.Name != "" {
			names = append(names, s.Name)
		}
	}
	missing := unknownName("snapshot", idOrName, names)
	if model.Nearest(idOrName, names) == "" { // no command lists snapshots
		missing.Remedy = "`rollcall preview ENTRY... --approve --name NAME` keeps one"
	}
	return nil, missing
}

// Snapshot answers an audience entry with the users who own the addresses
// today: an address that has changed hands is whoever has it now, as mail to it
// would be. One that nobody owns any more is an external contact.
func (l *local) Snapshot(ctx context.Context, idOrName string) ([]model.Object, error) {
	snapshot, err := l.workspace.findSnapshot(ctx, idOrName)
	if err != nil {
		return nil, err
	}
	objects := make([]model.Object, 0, len(snapshot.Addresses))
	for _, address := range snapshot.Addresses {
		found := l.snapshot.ByAddress(address)
		if len(found) > 1 {
			// A user principal name may be the address of another, who gets the mail.
			found = slices.DeleteFunc(found, func(row int32) bool {
				return !strings.EqualFold(l.snapshot.Value(row, model.AttrMail), address)
			})
			if len(found) != 1 {
				return nil, &model.Error{
					Kind: model.KindUsage, Code: "userAmbiguous",
					Message: fmt.Sprintf("snapshot %s: several users go by %q", snapshot.ID, address),
					Remedy:  "approve the preview again, and use the new snapshot",
				}
			}
		}
		if len(found) == 0 {
			objects = append(objects, outsider(address))
			continue
		}
		objects = append(objects, rowObject(l.snapshot, found[0]))
	}
	return objects, nil
}

// outsider is somebody outside the tenant, of whom only an address is known:
// it receives mail, and a plan skips it with that reason.
func outsider(address string) model.Object {
	return model.Object{Type: model.ObjectContact, DisplayName: address, Mail: address}
}
