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
}

// Options tune a Build: see expansion.Options for each.
type Options struct {
	Domains  []string // the tenant's verified domains; nil asks the Resolver
	Join     func(id string) (model.Object, bool)
	Now      func() time.Time
	Progress func(groupsRead, groupsKnown int)
}

// Build resolves and expands the entries, and takes the excluded recipients
// away from the included ones.
//
// What could not be resolved or read is in Preview.Missing and makes no error.
// An error means that there is no answer at all: an entry that is wrong in
// itself (an unknown segment, a file with a broken row: KindUsage), a tenant
// that cannot be asked, or a cancelled context.
func Build(ctx context.Context, ports Ports, entries []Entry, o Options) (*Preview, error) {
	if o.Domains == nil && slices.ContainsFunc(entries, func(e Entry) bool { return e.remote() }) {
		domains, err := ports.Resolver.Domains(ctx)
		if err != nil {
			return nil, err
		}
		o.Domains = domains
	}
	p := &Preview{Entries: slices.Clone(entries)}
	r := &resolution{ports: ports, domains: o.Domains}
	for _, e := range entries {
		if err := r.add(ctx, e); err != nil {
			return nil, err
		}
	}
	walk := func(roots []expansion.Root) (*expansion.Result, error) {
		return expansion.Walk(ctx, ports.Members, roots, expansion.Options(o))
	}
	included, err := walk(r.include)
	if err != nil {
		return nil, err
	}
	excluded, err := walk(r.exclude)
	if err != nil {
		return nil, err
	}
	p.Expansion = included
	p.Missing = missing(r.missing, included.Missing, excluded.Missing)
	p.Departed = r.departed
	p.Notes = once(slices.Concat(departures(r.departed), included.Notes, excluded.Notes), func(note string) string { return note })
	p.subtract(excluded)
	p.Counts = count(p.Recipients)
	return p, nil
}

// subtract leaves what the excluded recipients do not cover.
func (p *Preview) subtract(excluded *expansion.Result) {
	if len(excluded.Objects()) == 0 {
		p.Recipients = p.Expansion.Recipients
		p.WithoutAddress = p.Expansion.WithoutAddress
		p.NonRecipients = p.Expansion.NonRecipients
		p.objects = p.Expansion.Objects()
		return
	}
	cover := excluded.Cover()
	for _, r := range p.Expansion.Recipients {
		if cover.Holds(&r.Object) {
			p.Excluded = append(p.Excluded, r)
		} else {
			p.Recipients = append(p.Recipients, r)
		}
	}
	remaining := func(objects []model.Object) []model.Object {
		return slices.DeleteFunc(slices.Clone(objects), func(o model.Object) bool { return cover.Holds(&o) })
	}
	p.WithoutAddress = remaining(p.Expansion.WithoutAddress)
	p.NonRecipients = remaining(p.Expansion.NonRecipients)
	p.objects = remaining(p.Expansion.Objects())
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

// missing joins what is missing, that of exclusions last. The same part of both
// sides is one of an exclusion: whoever it holds is taken away in any case, so
// that only counted recipients are in doubt.
func missing(unresolved, included, excluded []expansion.Missing) []expansion.Missing {
	all := slices.Concat(unresolved, included, excluded)
	for i := len(all) - len(excluded); i < len(all); i++ {
		all[i].Excluded = true
	}
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

// remote reports whether the tenant must be asked for the entry.
func (e Entry) remote() bool { return e.Kind == EntryAddress || e.Kind == EntryGroup }

// isTenants reports whether an address has one of the tenant's own domains.
func isTenants(address string, domains []string) bool {
	at := strings.LastIndexByte(address, '@')
	return slices.ContainsFunc(domains, func(d string) bool { return strings.EqualFold(d, address[at+1:]) })
}
