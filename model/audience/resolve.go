package audience

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"rollcall/model"
	"rollcall/model/expansion"
)

// The sides of an audience, by their positions in a walk.
const (
	sideIncluded = iota
	sideWithin
	sideExcluded
	sides
)

// side is the one that an entry belongs to.
func (e Entry) side() int {
	switch {
	case e.Exclude:
		return sideExcluded
	case e.Within:
		return sideWithin
	default:
		return sideIncluded
	}
}

// resolution gathers what the entries stand for.
type resolution struct {
	ports    Ports
	domains  []string
	roots    [sides][]expansion.Root
	root     []int // of each entry: its position among its side's roots; -1 unresolved
	missing  []expansion.Missing
	departed []Departed
}

// askedAtOnce is how many entries the tenant is asked for at once: each costs the
// time of a request, or of several.
const askedAtOnce = 4

// resolved is what an entry stands for, or why that is not known.
type resolved struct {
	objects []model.Object
	err     error
}

// resolveAll resolves the entries: first those that this machine answers, so
// that a wrong one costs no request, then those that the tenant does, side by
// side. Its error means that there is no answer at all.
func (r *resolution) resolveAll(ctx context.Context, entries []Entry) error {
	answers := make([]resolved, len(entries))
	resolve := func(ctx context.Context, i int) error {
		a := &answers[i]
		if a.objects, a.err = r.resolve(ctx, entries[i]); a.err != nil && !entries[i].leavesOthers(model.AsError(a.err)) {
			return a.err
		}
		return nil
	}
	for i, e := range entries {
		if e.Remote() {
			continue
		}
		if err := resolve(ctx, i); err != nil {
			return err
		}
	}
	asking, asked := errgroup.WithContext(ctx)
	asking.SetLimit(askedAtOnce)
	for i, e := range entries {
		if e.Remote() {
			asking.Go(func() error { return resolve(asked, i) })
		}
	}
	if err := asking.Wait(); err != nil {
		return err
	}
	for i, e := range entries {
		r.add(e, &answers[i])
	}
	return nil
}

// add takes what an entry stands for to its side.
func (r *resolution) add(e Entry, a *resolved) {
	if a.err != nil {
		r.missing = append(r.missing, expansion.Missing{Entry: e.String(), Reason: model.AsError(a.err), Excluded: e.Exclude, Within: e.Within})
		r.root = append(r.root, -1)
		return
	}
	roots := &r.roots[e.side()]
	r.root = append(r.root, len(*roots))
	*roots = append(*roots, expansion.Root{
		Label: e.String(), Objects: a.objects, Synced: !e.Remote(), Distinct: e.Kind == EntrySegment || e.Kind == EntryRule,
	})
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
		if err == nil && len(found) == 0 && strings.Contains(e.Text, "@") {
			found, err = r.findList(ctx, e.Text)
		}
		if err != nil {
			return nil, err
		}
		return single(e, found, r.groupNotFound(e.Text))
	case EntryObject:
		found, err := r.ports.Resolver.ResolveName(ctx, e.Text)
		if err != nil {
			return nil, err
		}
		if len(found) == 0 {
			return nil, r.nameNotFound(ctx, e)
		}
		return single(e, found, nil)
	default:
		found, err := r.ports.Resolver.ResolveAddress(ctx, e.Text)
		if err == nil && len(found) == 0 {
			found, err = r.findList(ctx, e.Text)
		}
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

// findList asks Exchange for a list whose address Graph does not know. It has
// lists of the tenant's own domains only.
func (r *resolution) findList(ctx context.Context, address string) ([]model.Object, error) {
	if r.ports.Finder == nil || !isTenants(address, r.domains) {
		return nil, nil
	}
	return r.ports.Finder.FindList(ctx, address)
}

// namedCandidates is how many of the objects that an entry may stand for are
// named.
const namedCandidates = 10

// single returns the one object that an entry may stand for.
func single(e Entry, found []model.Object, notFound *model.Error) ([]model.Object, error) {
	compare := func(a, b model.Object) int {
		return cmp.Or(strings.Compare(a.ID, b.ID), strings.Compare(strings.ToLower(a.Mail), strings.ToLower(b.Mail)))
	}
	distinct := slices.CompactFunc(slices.SortedFunc(slices.Values(found), compare), func(a, b model.Object) bool {
		return a.ID == b.ID && (a.ID != "" || strings.EqualFold(a.Mail, b.Mail))
	})
	switch len(distinct) {
	case 1:
		return distinct, nil
	case 0:
		return nil, notFound
	}
	var names []string
	for i := range distinct[:min(len(distinct), namedCandidates)] {
		names = append(names, describe(&distinct[i]))
	}
	if more := len(distinct) - namedCandidates; more > 0 {
		names = append(names, fmt.Sprintf("and %d more", more))
	}
	return nil, &model.Error{
		Kind: model.KindPartial, Code: "entryAmbiguous",
		Message: fmt.Sprintf("%s names %d objects: %s", e, len(distinct), strings.Join(names, "; ")),
		Remedy:  "name one by its address or its object id",
		Err:     among(e, distinct[:min(len(distinct), namedCandidates)]),
	}
}

// describe names a candidate so that it can be told from the others.
func describe(o *model.Object) string {
	facts := []string{kindOf(o)}
	if o.Mail != "" {
		facts = append(facts, o.Mail)
	}
	if o.ID != "" {
		facts = append(facts, "id "+o.ID)
	}
	return fmt.Sprintf("%s (%s)", o.DisplayName, strings.Join(facts, ", "))
}

// onlyExchange says what an address or name of the tenant that Graph does not
// know may be, and how to have Exchange asked.
const onlyExchange = "it may be a dynamic distribution list, which only Exchange can expand: " + expansion.TurnExchangeOn

// kindOf is what an object is, as a person reads it.
func kindOf(o *model.Object) string {
	switch {
	case o.Group != nil:
		return o.Group.Kind.Label()
	case o.Type == model.ObjectContact:
		return "mail contact"
	}
	return string(o.Type)
}

func (r *resolution) groupNotFound(name string) *model.Error {
	e := &model.Error{Kind: model.KindPartial, Code: "groupNotFound", Message: fmt.Sprintf("Graph knows no group %q", name)}
	switch isAddress := strings.Contains(name, "@"); {
	case r.ports.Finder == nil:
		e.Remedy = "check the name or use the object id; " + onlyExchange
	case isAddress && isTenants(name, r.domains):
		e.Message = fmt.Sprintf("neither Graph nor Exchange knows a group %q", name)
		e.Remedy = "check the address or use the object id"
	case isAddress:
		e.Remedy = "check the address or use the object id"
	default:
		e.Remedy = "check the name or use the object id; a dynamic distribution list is found by its address only"
	}
	return e
}

// nameNotFound names what this machine has under the name, or nearly so: the
// kind may have been left out.
func (r *resolution) nameNotFound(ctx context.Context, e Entry) *model.Error {
	name := e.Text
	missing := &model.Error{
		Kind: model.KindPartial, Code: "nameNotFound",
		Message: fmt.Sprintf("Graph knows no group, user or contact with the name or id %q", name),
		Remedy:  fmt.Sprintf("check the name, or write the address; a saved segment is segment:%s, a saved list list:%s; a dynamic distribution list is found by its address only", name, name),
	}
	if namer, ok := r.ports.Local.(Namer); ok {
		if entries := namer.Near(ctx, name); len(entries) > 0 {
			texts := make([]string, len(entries))
			for i, n := range entries {
				texts[i] = n.String()
			}
			missing.Err = near(e, entries)
			missing.Remedy = "did you mean " + strings.Join(texts, ", ") + "? A name by itself is that of a group, user or contact"
		}
	}
	return missing
}

func (r *resolution) addressNotFound(address string) *model.Error {
	e := &model.Error{Kind: model.KindPartial, Code: "addressNotFound"}
	switch {
	case !isTenants(address, r.domains):
		e.Message = fmt.Sprintf("nothing in the tenant owns %s", address)
		e.Remedy = "check the address; somebody outside of the tenant can be named in a file: file:PATH.csv"
	case r.ports.Finder == nil:
		e.Message = fmt.Sprintf("Graph knows no group, user or contact with the address %s", address)
		e.Remedy = "check the address; " + onlyExchange
	default:
		e.Message = fmt.Sprintf("neither Graph nor Exchange knows anything with the address %s", address)
		e.Remedy = "check the address"
	}
	return e
}
