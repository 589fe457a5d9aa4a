package workspace

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"strings"

	"rollcall/model"
	"rollcall/model/audience"
	"rollcall/model/expansion"
)

// ApprovePreview keeps the recipients as a snapshot. An incomplete preview is
// refused: nobody can say who is in it. Several snapshots may have one name, as
// those of a message that goes out every week do: where a name is asked for, the
// newest one answers, and an id always finds its own.
//
// Nothing is kept of how lists are nested, but where Settings.KeepStructure says
// so.
func (w *Workspace) ApprovePreview(ctx context.Context, p *audience.Preview, name string) (*Snapshot, error) {
	parts, err := w.opened()
	if err != nil {
		return nil, err
	}
	if !p.Complete() {
		return nil, &model.Error{
			Kind: model.KindGuard, Code: "previewIncomplete",
			Message: fmt.Sprintf("the preview is incomplete: %d parts could not be read", len(p.Missing)),
			Remedy:  "mend what is missing and preview again",
		}
	}
	snapshot := Snapshot{
		ID: newID(), Name: strings.TrimSpace(name), ApprovedBy: w.actor(), ApprovedAt: w.Now().UTC(),
		Count:     len(p.Recipients),
		Addresses: make([]string, len(p.Recipients)),
		ObjectIDs: make([]string, len(p.Recipients)),
		Counts: &SnapshotCounts{
			Counts: p.Counts, Disabled: p.Counts.Disabled,
			WithoutAddress: len(p.WithoutAddress), NonRecipients: len(p.NonRecipients),
			Duplicates: p.Expansion.Duplicates, Excluded: len(p.Excluded), Outside: len(p.Outside),
		},
		Sources: sourcesOf(p), AsOf: p.Expansion.AsOf, SyncedAt: p.SyncedAt,
	}
	snapshot.Counts.Counts.Disabled = 0 // which is not stored: SnapshotCounts has it
	snapshot.name(p.Entries)
	for i := range p.Recipients {
		snapshot.Addresses[i], snapshot.ObjectIDs[i] = p.Recipients[i].Address, p.Recipients[i].Object.ID
	}
	if w.settings.KeepStructure {
		snapshot.Lists = p.Groups()
	}
	if err := parts.Ledger.SaveSnapshot(ctx, snapshot); err != nil {
		return nil, err
	}
	return &snapshot, w.record(ctx, parts, "preview.approve", strings.Join(snapshot.Entries, ", "), fmt.Sprintf("%d recipients, snapshot %s", len(snapshot.Addresses), snapshot.ID))
}

// sourcesOf are the services that answered for the lists of a preview, each
// once, in the order of their first use.
func sourcesOf(p *audience.Preview) (sources []expansion.Source) {
	for n := range p.Lists() {
		if n.Source != "" && !slices.Contains(sources, n.Source) {
			sources = append(sources, n.Source)
		}
	}
	return sources
}

// newID names a snapshot or a segment: 40 random bits.
func newID() string { return strings.ToLower(rand.Text()[:8]) }

// Snapshots returns the heads of the approved previews, newest first: without
// addresses, object ids and nested lists.
func (w *Workspace) Snapshots(ctx context.Context) ([]Snapshot, error) {
	parts, err := w.opened()
	if err != nil {
		return nil, err
	}
	return parts.Ledger.Snapshots(ctx)
}

// Snapshot returns the whole approved preview of an id, or the newest of a
// name, both in any letter case. Where there is none it is a KindUsage error
// that names the nearest.
func (w *Workspace) Snapshot(ctx context.Context, idOrName string) (*Snapshot, error) {
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
	if i < 0 || strings.TrimSpace(idOrName) == "" {
		names := make([]string, 0, len(snapshots))
		for _, s := range snapshots {
			if s.Name != "" {
				names = append(names, s.Name)
			}
		}
		return nil, unknownName("snapshot", idOrName, names)
	}
	parts, err := w.opened()
	if err != nil {
		return nil, err
	}
	snapshot, err := parts.Ledger.Snapshot(ctx, snapshots[i].ID)
	return &snapshot, err
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

// Snapshot answers an audience entry with the users who own the addresses
// today: an address that has changed hands is whoever has it now, as mail to it
// would be. One that nobody owns any more is an external contact.
func (l *local) Snapshot(ctx context.Context, idOrName string) ([]model.Object, error) {
	snapshot, err := l.workspace.Snapshot(ctx, idOrName)
	if err != nil {
		return nil, err
	}
	objects := make([]model.Object, 0, len(snapshot.Addresses))
	for _, address := range snapshot.Addresses {
		found := mailOwners(l.snapshot, address)
		if len(found) > 1 {
			return nil, &model.Error{
				Kind: model.KindUsage, Code: "userAmbiguous",
				Message: fmt.Sprintf("snapshot %s: several users go by %q", snapshot.ID, address),
				Remedy:  "approve the preview again, and use the new snapshot",
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
