package workspace

import (
	"context"
	"slices"
	"strings"
	"sync"

	"rollcall/model"
	"rollcall/model/audience"
	"rollcall/model/directory"
)

// Tally counts an audience of segments and rules, written as for Preview,
// without making a list of its recipients: exactly what Preview counts, and at
// a million users in a small part of the time. It is false where an entry is
// anything else, or names a group of the tenant's: then Preview alone can tell.
func (w *Workspace) Tally(ctx context.Context, include, exclude []string) (audience.Tally, bool, error) {
	parts, err := w.opened()
	if err != nil {
		return audience.Tally{}, false, err
	}
	entries, err := parseEntries(include, exclude)
	if err != nil {
		return audience.Tally{}, false, err
	}
	if err := w.ready(ctx, entries); err != nil {
		return audience.Tally{}, false, err
	}
	snapshot := w.Directory()
	domains, _, err := w.ownDomains(ctx, parts, snapshot, entries)
	if err != nil {
		return audience.Tally{}, false, err
	}
	local := &local{workspace: w, snapshot: snapshot, good: w.afresh()}
	return local.tally(ctx, entries, domains)
}

// countFirst tells found the exact figures of an audience of segments and rules
// while its recipients are looked for: at once where that takes no time, and
// otherwise when they are known, until end is called. Nothing is found any more
// once that has returned. What goes wrong is left to be said by whoever looks for
// the recipients.
func (l *local) countFirst(ctx context.Context, entries []audience.Entry, domains []string, found func(audience.Estimate)) (end func()) {
	isCounted := func(e audience.Entry) bool { return e.Kind == audience.EntrySegment || e.Kind == audience.EntryRule }
	for _, e := range entries {
		if found == nil || !isCounted(e) {
			return func() {}
		}
	}
	ctx, cancel := context.WithCancel(ctx)
	count := func() {
		tally, ok, err := l.tally(ctx, entries, domains)
		if err == nil && ok && ctx.Err() == nil {
			found(audience.Estimate{Recipients: tally.Unique, Exact: &tally})
		}
	}
	if l.snapshot.KnowsMailboxes() {
		count()
		return cancel
	}
	var counting sync.WaitGroup
	counting.Go(count)
	return func() {
		cancel()
		counting.Wait()
	}
}

// tally counts in two parts. Users of whose addresses none is another user's
// are recipients of their own: sets of rows tell all about them. The others,
// who are few, are counted by a preview of them alone.
func (l *local) tally(ctx context.Context, entries []audience.Entry, domains []string) (audience.Tally, bool, error) {
	selected := make([]*directory.Set, len(entries))
	for i, e := range entries {
		set, ok, err := l.rowsOf(ctx, e)
		if err != nil || !ok {
			return audience.Tally{}, false, err
		}
		selected[i] = set
	}
	boxes, err := l.snapshot.Mailboxes(ctx)
	if err != nil {
		return audience.Tally{}, false, err
	}
	own := make([]*directory.Set, len(entries))
	shared := selection{objects: make(map[audience.Entry][]model.Object)}
	for i, set := range selected {
		own[i] = set.Minus(boxes.Shared)
		var objects []model.Object
		for row := range set.And(boxes.Shared).All() {
			objects = append(objects, rowObject(l.snapshot, row))
		}
		shared.objects[audience.Entry{Kind: entries[i].Kind, Text: entries[i].Text}] = objects
	}
	preview, err := audience.Build(ctx, audience.Ports{Local: shared}, entries, audience.Options{Domains: domains, Now: l.workspace.Now})
	if err != nil {
		return audience.Tally{}, false, err
	}
	return tallySets(boxes, l.snapshot.SetOf(nil), entries, own, domains).Plus(preview.Tally()), true, nil
}

// rowsOf selects the users of a segment or a rule that the synced directory
// alone answers.
func (l *local) rowsOf(ctx context.Context, e audience.Entry) (*directory.Set, bool, error) {
	text := e.Text
	switch e.Kind {
	case audience.EntryRule:
	case audience.EntrySegment:
		segment, err := l.workspace.Segment(ctx, e.Text)
		if err != nil {
			return nil, false, err
		}
		text = segment.Rule
	default:
		return nil, false, nil
	}
	program, err := l.workspace.compile(text)
	if err != nil || len(program.Groups()) > 0 {
		return nil, false, err
	}
	set, err := l.snapshot.Select(ctx, program)
	return set, err == nil, err
}

// tallySets counts users of whom each is a recipient of its own, by the rows
// that each entry selects.
func tallySets(boxes *directory.Mailboxes, nobody *directory.Set, entries []audience.Entry, selected []*directory.Set, domains []string) audience.Tally {
	included, within, excluded := nobody, nobody, nobody
	var t audience.Tally
	var isWithin bool
	for i, e := range entries {
		switch set := selected[i]; {
		case e.Exclude:
			excluded = excluded.Or(set)
		case e.Within:
			within, isWithin = within.Or(set), true
		default:
			included = included.Or(set)
			t.Duplicates += set.CountAnd(boxes.Addressed)
		}
	}
	recipients := included.And(boxes.Addressed)
	t.Duplicates -= recipients.Count()
	left := included
	if isWithin {
		t.Outside = recipients.Minus(within).Count()
		left = left.And(within)
	}
	t.Excluded = left.And(excluded).CountAnd(boxes.Addressed)
	left = left.Minus(excluded)
	t.WithoutAddress = left.Minus(boxes.Addressed).Count()
	left = left.And(boxes.Addressed)
	t.Unique = left.Count()
	external := left.And(boxes.Guests)
	t.Guests = external.Count()
	for _, d := range boxes.Domains {
		isOurs := slices.ContainsFunc(domains, func(name string) bool { return strings.EqualFold(name, d.Name) })
		if len(domains) > 0 && !isOurs && left.CountAnd(d.Rows) > 0 {
			external = external.Or(left.And(d.Rows))
		}
	}
	t.External = external.Count()
	t.Internal = t.Unique - t.External
	t.SMS = left.CountAnd(boxes.Mobile)
	t.Disabled = left.CountAnd(boxes.Disabled)
	return t
}

// selection is a Local of segments and rules that have been selected, by kind
// and text.
type selection struct {
	audience.Local
	objects map[audience.Entry][]model.Object
}

func (s selection) Segment(_ context.Context, name string) ([]model.Object, error) {
	return s.objects[audience.Entry{Kind: audience.EntrySegment, Text: name}], nil
}

func (s selection) Rule(_ context.Context, text string) ([]model.Object, error) {
	return s.objects[audience.Entry{Kind: audience.EntryRule, Text: text}], nil
}
