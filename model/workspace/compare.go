package workspace

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"rollcall/model/audience"
	"rollcall/model/expansion"
)

// Comparison is what differs between two sets of recipients.
//
// People are told apart by object id: who kept the id and has another address
// has moved, and an address that somebody else has now has changed hands. Where
// one side has no id, as of somebody outside the tenant and in snapshots of
// older versions, the address alone says who it is. Then.Unique is the sum of
// Same, Left, Moved and ChangedHands, and Now.Unique that of Same, Joined,
// Moved and ChangedHands.
type Comparison struct {
	Then         Side     `json:"then"`
	Now          Side     `json:"now"`
	Joined       []string `json:"joined"` // addresses, sorted as all of these; never nil
	Left         []string `json:"left"`
	Moved        []Moved  `json:"moved"`
	ChangedHands []string `json:"changedHands"`
	Same         int      `json:"same"`
	// Complete says that nothing is missing from either side. Where a part could
	// not be read, whoever seems to have left may be in it.
	Complete bool `json:"complete"`
	// Unlike says that Exchange answered for lists on one side and not on the
	// other, or another service of it: one shows members that the other does not.
	// "" where both were read alike, or nothing is known of it.
	Unlike string `json:"unlike,omitempty"`
	// Structure says that both sides have their nested lists: Lists are then
	// those that differ, by name. A snapshot has them only where the profile kept
	// the structure.
	Structure bool         `json:"structure"`
	Lists     []ListChange `json:"lists"`
}

// Side is one of two sets of recipients that are compared.
type Side struct {
	ID     string    `json:"id,omitempty"` // of the snapshot; "" of a preview
	Name   string    `json:"name,omitempty"`
	At     time.Time `json:"at"` // when it was approved; of a preview, when its lists were read
	Unique int       `json:"unique"`
}

// Moved is somebody whose address has changed.
type Moved struct {
	ID   string `json:"id"` // object id
	From string `json:"from"`
	To   string `json:"to"`
}

// ListChange is a nested list that only one side has, or whose members differ
// in number.
type ListChange struct {
	Then *audience.GroupSummary `json:"then"` // nil where the list is new
	Now  *audience.GroupSummary `json:"now"`  // nil where it is gone
}

// Unchanged reports whether nothing differs between the recipients.
func (c *Comparison) Unchanged() bool {
	return len(c.Joined) == 0 && len(c.Left) == 0 && len(c.Moved) == 0 && len(c.ChangedHands) == 0
}

// CompareSnapshots compares two whole snapshots.
func CompareSnapshots(then, now *Snapshot) *Comparison {
	return compareSides(snapshotSide(then), snapshotSide(now))
}

// CompareWithPreview compares a whole snapshot with a preview.
func CompareWithPreview(then *Snapshot, p *audience.Preview) *Comparison {
	return compareSides(snapshotSide(then), previewSide(p))
}

// CompareWithNow previews the entries of a snapshot again and compares it with
// what they hold today; idOrName is as for Snapshot. A preview that is
// incomplete is compared too: see Comparison.Complete.
func (w *Workspace) CompareWithNow(ctx context.Context, idOrName string, watch *Watch) (*Comparison, *audience.Preview, error) {
	then, err := w.Snapshot(ctx, idOrName)
	if err != nil {
		return nil, nil, err
	}
	p, err := w.Preview(ctx, then.Included(), then.Exclude, watch)
	if err != nil {
		return nil, nil, err
	}
	return CompareWithPreview(then, p), p, nil
}

// Included are the entries of what the snapshot includes and of what it was
// kept within, as Preview takes them.
func (s *Snapshot) Included() []string {
	entries := slices.Clone(s.Entries)
	for _, text := range s.Within {
		entries = append(entries, "&"+text)
	}
	return entries
}

// side is a set of recipients to compare.
type side struct {
	Side
	addresses []string
	ids       []string // of addresses; nil where there are none
	complete  bool
	sources   []expansion.Source      // that answered for lists; nil where none did, or nobody knows
	lists     []audience.GroupSummary // nil where they were not kept
}

func snapshotSide(s *Snapshot) side {
	return side{
		Side:      Side{ID: s.ID, Name: s.Name, At: s.ApprovedAt, Unique: len(s.Addresses)},
		addresses: s.Addresses, ids: s.ObjectIDs, lists: s.Lists, complete: true, sources: s.Sources,
	}
}

func previewSide(p *audience.Preview) side {
	s := side{
		Side:      Side{At: p.Expansion.AsOf, Unique: len(p.Recipients)},
		addresses: make([]string, len(p.Recipients)),
		ids:       make([]string, len(p.Recipients)),
		complete:  p.Complete(), lists: p.Groups(), sources: sourcesOf(p),
	}
	for i := range p.Recipients {
		s.addresses[i], s.ids[i] = p.Recipients[i].Address, p.Recipients[i].Object.ID
	}
	return s
}

// id is the object id of a recipient in lower case, "" where it is not known.
func (s *side) id(i int32) string {
	if int(i) >= len(s.ids) {
		return ""
	}
	return strings.ToLower(s.ids[i])
}

func compareSides(then, now side) *Comparison {
	c := &Comparison{
		Then: then.Side, Now: now.Side, Complete: then.complete && now.complete, Unlike: unlike(then.sources, now.sources),
		Joined: []string{}, Left: []string{}, Moved: []Moved{}, ChangedHands: []string{}, Lists: []ListChange{},
	}
	byAddress := make(map[string]int32, len(then.addresses))
	byID := make(map[string]int32, len(then.ids))
	for i, address := range then.addresses {
		byAddress[strings.ToLower(address)] = int32(i)
		if id := then.id(int32(i)); id != "" {
			byID[id] = int32(i)
		}
	}
	gone := make([]bool, len(then.addresses)) // those of then that were found again
	// An address that the same person has, or that nobody knows better, stays
	// with it before anybody is looked for elsewhere.
	var open []int32
	for i, address := range now.addresses {
		at, ok := byAddress[strings.ToLower(address)]
		if ok && !gone[at] && (then.id(at) == now.id(int32(i)) || then.id(at) == "" || now.id(int32(i)) == "") {
			gone[at] = true
			c.Same++
			continue
		}
		open = append(open, int32(i))
	}
	var further []int32
	for _, i := range open {
		id := now.id(i)
		if at, ok := byID[id]; ok && id != "" && !gone[at] {
			gone[at] = true
			c.Moved = append(c.Moved, Moved{ID: now.ids[i], From: then.addresses[at], To: now.addresses[i]})
			continue
		}
		further = append(further, i)
	}
	for _, i := range further {
		address := now.addresses[i]
		if at, ok := byAddress[strings.ToLower(address)]; ok && !gone[at] {
			gone[at] = true
			c.ChangedHands = append(c.ChangedHands, address)
			continue
		}
		c.Joined = append(c.Joined, address)
	}
	for i, address := range then.addresses {
		if !gone[i] {
			c.Left = append(c.Left, address)
		}
	}
	for _, list := range [][]string{c.Joined, c.Left, c.ChangedHands} {
		slices.SortFunc(list, compareFolded)
	}
	slices.SortFunc(c.Moved, func(a, b Moved) int { return cmp.Or(compareFolded(a.From, b.From), compareFolded(a.To, b.To)) })
	if c.Structure = then.lists != nil && now.lists != nil; c.Structure {
		c.Lists = compareLists(then.lists, now.lists)
	}
	return c
}

// unlike says what is to be said of two sides that were not read through the
// same services of Exchange. Which lists are Graph's is up to the lists.
func unlike(then, now []expansion.Source) string {
	exchange := func(sources []expansion.Source) []expansion.Source {
		return slices.Sorted(func(yield func(expansion.Source) bool) {
			for _, s := range sources {
				if s != expansion.SourceGraph && !yield(s) {
					return
				}
			}
		})
	}
	if len(then) == 0 || len(now) == 0 || slices.Equal(exchange(then), exchange(now)) {
		return ""
	}
	return "then " + labels(then) + " answered for lists, and now " + labels(now) + ": who seems to have joined or left may be whom only one of them shows"
}

func labels(sources []expansion.Source) string {
	names := make([]string, len(sources))
	for i, s := range sources {
		names[i] = s.Label()
	}
	slices.Sort(names)
	return strings.Join(names, " and ")
}

func compareFolded(a, b string) int { return strings.Compare(strings.ToLower(a), strings.ToLower(b)) }

// compareLists pairs nested lists by object id, or by address where the source
// names no id.
func compareLists(then, now []audience.GroupSummary) []ListChange {
	key := func(g *audience.GroupSummary) string { return strings.ToLower(cmp.Or(g.ID, g.Mail, g.DisplayName)) }
	former := make(map[string]*audience.GroupSummary, len(then))
	for i := range then {
		former[key(&then[i])] = &then[i]
	}
	changes := []ListChange{}
	for i := range now {
		g := &now[i]
		f := former[key(g)]
		delete(former, key(g))
		if f == nil || f.Direct != g.Direct || f.Unique != g.Unique {
			changes = append(changes, ListChange{Then: f, Now: g})
		}
	}
	for i := range then {
		if f := &then[i]; former[key(f)] == f {
			changes = append(changes, ListChange{Then: f})
		}
	}
	name := func(c ListChange) string {
		g := c.Now
		if g == nil {
			g = c.Then
		}
		return cmp.Or(g.DisplayName, g.Mail, g.ID)
	}
	slices.SortStableFunc(changes, func(a, b ListChange) int { return compareFolded(name(a), name(b)) })
	return changes
}
