package audience

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"rollcall/model"
	"rollcall/model/expansion"
)

// resolution gathers what the entries stand for.
type resolution struct {
	ports                    Ports
	domains                  []string
	include, within, exclude []expansion.Root
	missing                  []expansion.Missing
	departed                 []Departed
}

func (r *resolution) add(ctx context.Context, e Entry) error {
	objects, err := r.resolve(ctx, e)
	if err != nil {
		reason := model.AsError(err)
		if !e.leavesOthers(reason) {
			return err
		}
		r.missing = append(r.missing, expansion.Missing{Entry: e.String(), Reason: reason, Excluded: e.Exclude, Within: e.Within})
		return nil
	}
	root := expansion.Root{Label: e.String(), Objects: objects}
	switch {
	case e.Exclude:
		r.exclude = append(r.exclude, root)
	case e.Within:
		r.within = append(r.within, root)
	default:
		r.include = append(r.include, root)
	}
	return nil
}

// leavesOthers reports whether a failure concerns this entry alone and leaves
// the others to be answered.
func (e Entry) leavesOthers(reason *model.Error) bool {
	return reason.Kind == model.KindPartial || e.Remote() && reason.Kind == model.KindFailed
}

func (r *resolution) resolve(ctx context.Context, e Entry) ([]model.Object, error) {
	switch e.Kind {
	case EntrySegment:
		return r.ports.Local.Segment(ctx, e.Text)
	case EntryRule:
		return r.ports.Local.Rule(ctx, e.Text)
	case EntryList:
		present, departed, err := r.ports.Local.List(ctx, e.Text)
		for _, o := range departed {
			r.departed = append(r.departed, Departed{Entry: e, Object: o})
		}
		return present, err
	case EntryFile:
		return r.ports.Local.File(ctx, e.Text)
	case EntrySnapshot:
		return r.ports.Local.Snapshot(ctx, e.Text)
	case EntryGroup:
		found, err := r.ports.Resolver.ResolveGroup(ctx, e.Text)
		if err != nil {
			return nil, err
		}
		return single(e, found, groupNotFound(e.Text))
	default:
		found, err := r.ports.Resolver.ResolveAddress(ctx, e.Text)
		if err != nil {
			return nil, err
		}
		if len(found) == 0 && (e.Exclude || e.Within) && !isTenants(e.Text, r.domains) {
			// Nobody in the tenant owns the address, and still it can be taken
			// away, or be all that is left: a file may hold it.
			return []model.Object{{Type: model.ObjectContact, Mail: e.Text}}, nil
		}
		return single(e, found, r.addressNotFound(e.Text))
	}
}

// single returns the one object that an entry may stand for.
func single(e Entry, found []model.Object, notFound *model.Error) ([]model.Object, error) {
	distinct := slices.CompactFunc(slices.SortedFunc(slices.Values(found), func(a, b model.Object) int {
		return strings.Compare(a.ID, b.ID)
	}), func(a, b model.Object) bool { return a.ID == b.ID })
	switch len(distinct) {
	case 1:
		return distinct, nil
	case 0:
		return nil, notFound
	}
	names := make([]string, len(distinct))
	for i := range distinct {
		names[i] = describe(&distinct[i])
	}
	return nil, &model.Error{
		Kind: model.KindPartial, Code: "entryAmbiguous",
		Message: fmt.Sprintf("%s names %d objects: %s", e, len(distinct), strings.Join(names, "; ")),
		Remedy:  "name one by its address, or a group as group:ID",
	}
}

// describe names a candidate so that it can be told from the others.
func describe(o *model.Object) string {
	kind := string(o.Type)
	if o.Type == model.ObjectContact {
		kind = "mail contact"
	}
	if o.Group != nil {
		kind = o.Group.Kind.Label()
	}
	return fmt.Sprintf("%s (%s, id %s)", o.DisplayName, kind, o.ID)
}

func groupNotFound(name string) *model.Error {
	return &model.Error{
		Kind: model.KindPartial, Code: "groupNotFound",
		Message: fmt.Sprintf("Graph knows no group %q", name),
		Remedy:  "check the name or use the object id; it may be a dynamic distribution list, which only Exchange can expand",
	}
}

func (r *resolution) addressNotFound(address string) *model.Error {
	e := &model.Error{
		Kind: model.KindPartial, Code: "addressNotFound",
		Message: fmt.Sprintf("nothing in the tenant owns %s", address),
	}
	if isTenants(address, r.domains) {
		e.Message = fmt.Sprintf("Graph knows no group, user or contact with the address %s", address)
		e.Remedy = "check the address; it may be a dynamic distribution list, which only Exchange can expand"
	} else {
		e.Remedy = "check the address; somebody outside of the tenant can be named in a file: file:PATH.csv"
	}
	return e
}
