package audience

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"rollcall/model"
	"rollcall/model/expansion"
)

// Ports are what an audience is resolved with.
type Ports struct {
	Resolver Resolver
	Local    Local
	Members  expansion.Members
	Finder   Finder            // of lists that Graph does not know; nil where Exchange is not asked
	Counter  expansion.Counter // for the Estimate; nil does without
}

// Options tune a Build: see expansion.Options for those that it has too.
type Options struct {
	Domains []string // the tenant's verified domains; nil asks the Resolver
	Join    func(id string) (model.Object, bool)
	// JoinAddress returns the synced user who owns an address.
	JoinAddress func(address string) (model.Object, bool)
	Now         func() time.Time
	Progress    func(groupsRead, groupsKnown int)
	// Estimated is called once at most, from any goroutine, when a quick count has
	// come before the exact one; never after Build has returned.
	Estimated func(Estimate)
}

// Build resolves and expands the entries, keeps the included recipients within
// the entries that say so, if any does, and takes the excluded ones away.
//
// What could not be resolved or read is in Preview.Missing and makes no error.
// An error means that there is no answer at all: an entry that is wrong in
// itself (an unknown segment, a file with a broken row: KindUsage), an audience
// that includes nothing, a tenant that cannot be asked, or a cancelled context.
func Build(ctx context.Context, ports Ports, entries []Entry, o Options) (*Preview, error) {
	if err := checkIncluded(entries); err != nil {
		return nil, err
	}
	if o.Domains == nil && slices.ContainsFunc(entries, Entry.Remote) {
		domains, err := ports.Resolver.Domains(ctx)
		if err != nil {
			return nil, err
		}
		o.Domains = domains
	}
	p := &Preview{Entries: slices.Clone(entries)}
	r := &resolution{ports: ports, domains: o.Domains}
	if err := r.resolveAll(ctx, entries); err != nil {
		return nil, err
	}
	counting := r.estimate(ctx, o.Estimated)
	walked, err := expansion.WalkSides(ctx, ports.Members, r.roots[:], expansion.Options{
		Domains: o.Domains, Join: o.Join, JoinAddress: o.JoinAddress, Now: o.Now, Progress: o.Progress,
	})
	counting.end()
	if err != nil {
		return nil, err
	}
	included, within, excluded := walked.Results[sideIncluded], walked.Results[sideWithin], walked.Results[sideExcluded]
	p.walked, p.root = walked, r.root
	p.Expansion = included
	p.Missing = missing(r.missing, included.Missing, within.Missing, excluded.Missing)
	p.Departed = r.departed
	p.Notes = once(slices.Concat(departures(r.departed), included.Notes, within.Notes, excluded.Notes), func(note string) string { return note })
	p.take(included)
	var covers [sides]*expansion.Cover
	if isWithin := slices.ContainsFunc(entries, func(e Entry) bool { return e.Within }); isWithin {
		covers[sideWithin] = within.Cover()
		p.Outside = p.keep(covers[sideWithin].Holds)
		p.strand(covers[sideWithin])
	}
	if excluded.Any() {
		covers[sideExcluded] = excluded.Cover()
		p.Excluded = p.keep(func(o *model.Object) bool { return !covers[sideExcluded].Holds(o) })
	}
	p.Counts = count(p.Recipients)
	p.contribute(covers)
	return p, nil
}

// checkIncluded refuses an audience that keeps within or takes away, and
// includes nothing: it would be nobody, and whoever wrote it meant somebody.
func checkIncluded(entries []Entry) error {
	if len(entries) == 0 || slices.ContainsFunc(entries, func(e Entry) bool { return !e.Within && !e.Exclude }) {
		return nil
	}
	e, does, sign := entries[0], "%s is taken away from the audience, which includes nobody", "-"
	if within := slices.IndexFunc(entries, func(e Entry) bool { return e.Within }); within >= 0 {
		e, does, sign = entries[within], "the audience is kept within %s, and includes nobody", "&"
	}
	return &model.Error{
		Kind: model.KindUsage, Code: "nothingIncluded",
		Message: fmt.Sprintf(does, e),
		Remedy:  fmt.Sprintf("name what is included beside it, or write %s without the %s to include it", e, sign),
	}
}

// take makes the preview what an expansion found.
func (p *Preview) take(r *expansion.Result) {
	p.Recipients, p.WithoutAddress, p.NonRecipients, p.objects = r.Recipients, r.WithoutAddress, r.NonRecipients, r.Objects()
	p.left = nil
}

// keep leaves what stays, and returns the recipients that do not.
func (p *Preview) keep(stays func(*model.Object) bool) (dropped []expansion.Recipient) {
	var left []expansion.Recipient
	still := make([]int32, 0, len(p.Recipients))
	for i := range p.Recipients {
		r := &p.Recipients[i]
		if !stays(&r.Object) {
			dropped = append(dropped, *r)
			continue
		}
		left = append(left, *r)
		if p.left == nil {
			still = append(still, int32(i))
		} else {
			still = append(still, p.left[i])
		}
	}
	remaining := func(objects []model.Object) []model.Object {
		return slices.DeleteFunc(slices.Clone(objects), func(o model.Object) bool { return !stays(&o) })
	}
	p.Recipients, p.left = left, still
	p.WithoutAddress, p.NonRecipients, p.objects = remaining(p.WithoutAddress), remaining(p.NonRecipients), remaining(p.objects)
	return dropped
}

// strand marks those who have left the directory and whom the lists, files and
// groups that the audience is kept within do not hold. Where it is kept within
// a segment or a rule nobody is marked: who is not in the directory cannot be
// judged by one.
func (p *Preview) strand(within *expansion.Cover) {
	if slices.ContainsFunc(p.Entries, func(e Entry) bool { return e.Within && (e.Kind == EntrySegment || e.Kind == EntryRule) }) {
		return
	}
	held := make(map[string]bool)
	for _, d := range p.Departed {
		held[d.Object.ID] = held[d.Object.ID] || d.Entry.Within
	}
	for i := range p.Departed {
		d := &p.Departed[i]
		d.Outside = !d.Entry.Within && !d.Entry.Exclude && !held[d.Object.ID] && !within.Holds(&d.Object)
	}
}

// namedDepartures is how many of those who have left a list's note names.
const namedDepartures = 3

// departures says of each list how many of its members have left the
// directory, and names the first of them.
func departures(departed []Departed) []string {
	var notes []string
	for len(departed) > 0 {
		entry := departed[0].Entry
		n := slices.IndexFunc(departed, func(d Departed) bool { return d.Entry != entry })
		if n < 0 {
			n = len(departed)
		}
		var names []string
		for _, d := range departed[:min(n, namedDepartures)] {
			names = append(names, cmp.Or(d.Object.DisplayName, d.Object.Mail, d.Object.ID))
		}
		note := fmt.Sprintf("%s: %d of its members have left the directory: %s", entry, n, strings.Join(names, ", "))
		if n == 1 {
			note = fmt.Sprintf("%s: one of its members has left the directory: %s", entry, names[0])
		}
		if n > namedDepartures {
			note += ", …"
		}
		notes = append(notes, note)
		departed = departed[n:]
	}
	return notes
}

// missing joins what is missing, that of exclusions last. The same part of an
// exclusion and of another side is one of the exclusion: whoever it holds is
// taken away in any case, so that only counted recipients are in doubt.
func missing(unresolved, included, within, excluded []expansion.Missing) []expansion.Missing {
	for i := range within {
		within[i].Within = true
	}
	for i := range excluded {
		excluded[i].Excluded = true
	}
	all := slices.Concat(unresolved, included, within, excluded)
	excludedLast := func(a, b expansion.Missing) int {
		switch {
		case a.Excluded == b.Excluded:
			return 0
		case b.Excluded:
			return -1
		}
		return 1
	}
	slices.SortStableFunc(all, func(a, b expansion.Missing) int { return excludedLast(b, a) })
	all = once(all, func(m expansion.Missing) string { return m.Entry + "\x00" + m.Reason.Message })
	slices.SortStableFunc(all, excludedLast)
	return all
}

// once drops what was said before: a list can be included and excluded.
func once[T any](list []T, key func(T) string) []T {
	said := make(map[string]bool, len(list))
	return slices.DeleteFunc(list, func(v T) bool {
		k := key(v)
		again := said[k]
		said[k] = true
		return again
	})
}

// Remote reports whether the tenant must be asked for the entry. A segment or a
// rule may need it nonetheless, for the members of a group.
func (e Entry) Remote() bool {
	return e.Kind == EntryAddress || e.Kind == EntryObject || e.Kind == EntryGroup
}

// isTenants reports whether an address has one of the tenant's own domains.
func isTenants(address string, domains []string) bool {
	at := strings.LastIndexByte(address, '@')
	return slices.ContainsFunc(domains, func(d string) bool { return strings.EqualFold(d, address[at+1:]) })
}
