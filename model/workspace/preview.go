package workspace

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"rollcall/model"
	"rollcall/model/audience"
	"rollcall/model/directory"
	"rollcall/model/internal/parallel"
)

// Watch follows a preview while it runs. Either may be nil.
type Watch struct {
	Progress  func(read, known int)   // lists, on the preview's own goroutine
	Estimated func(audience.Estimate) // see audience.Options
}

// Preview expands an audience, each entry as CLI and screens write it: include,
// kept within those that begin with "&", less exclude and those that begin with
// "-". A preview with missing parts is no error: see audience.Preview.Complete.
// Its Requests count every request that the workspace made meanwhile, those of
// a sync in the background among them.
//
// The tenant is asked only for what it alone knows: addresses, groups, and the
// members of groups that a rule names, which are read afresh. Without such an
// entry a preview needs no session; see ownDomains.
func (w *Workspace) Preview(ctx context.Context, include, exclude []string, watch *Watch) (*audience.Preview, error) {
	if watch == nil {
		watch = &Watch{}
	}
	parts, err := w.opened()
	if err != nil {
		return nil, err
	}
	entries, err := parseEntries(include, exclude)
	if err != nil {
		return nil, err
	}
	if err := w.ready(ctx, entries); err != nil {
		return nil, err
	}
	before := w.Traffic().Requests
	syncedAt, snapshot := w.Progress().SyncedAt, w.Directory()
	domains, note, err := w.ownDomains(ctx, parts, snapshot, entries)
	if err != nil {
		return nil, err
	}
	local := &local{workspace: w, snapshot: snapshot, good: w.afresh()}
	endCount := local.countFirst(ctx, entries, domains, watch.Estimated)
	defer endCount()
	preview, err := audience.Build(ctx, audience.Ports{
		Resolver: parts.Resolver,
		Local:    local,
		Members:  parts.Members,
		Finder:   parts.Finder,
		Counter:  parts.Counter,
	}, entries, audience.Options{
		Domains:     domains,
		Join:        func(id string) (model.Object, bool) { return joinUser(snapshot, id) },
		JoinAddress: func(address string) (model.Object, bool) { return joinAddress(snapshot, address) },
		Now:         w.Now,
		Progress:    watch.Progress,
		Estimated:   watch.Estimated,
	})
	if err != nil {
		return nil, err
	}
	preview.Requests, preview.SyncedAt = w.Traffic().Requests-before, syncedAt
	if note != "" {
		local.notes = append(local.notes, note)
	}
	local.notes = append(local.notes, w.exchangeNotes(preview, parts.ExchangeNotice)...)
	for _, n := range local.notes {
		if !slices.Contains(preview.Notes, n) {
			preview.Notes = append(preview.Notes, n)
		}
	}
	return preview, nil
}

// exchangeNotes are what is to be said where Exchange was asked.
func (w *Workspace) exchangeNotes(p *audience.Preview, notice string) (notes []string) {
	if w.settings.Exchange == "" {
		return nil
	}
	asked, listed := false, false
	for n := range p.Lists() {
		asked = asked || n.Source == w.settings.Exchange || n.Instead != nil
		listed = listed || n.Source == w.settings.Exchange && n.Direct > 0
	}
	if asked && notice != "" {
		notes = append(notes, notice)
	}
	if listed && p.SyncedAt.IsZero() {
		notes = append(notes, "the directory has not been synced, and Exchange does not say who has a mobile number, a disabled account or is a guest: of those whom it listed nobody is counted as such. Run `rollcall sync` first")
	}
	return notes
}

func parseEntries(include, exclude []string) ([]audience.Entry, error) {
	var entries []audience.Entry
	for _, list := range []struct {
		texts   []string
		exclude bool
	}{{include, false}, {exclude, true}} {
		for _, text := range list.texts {
			entry, err := audience.ParseEntry(text)
			if err != nil {
				return nil, err
			}
			if list.exclude && entry.Within {
				return nil, &model.Error{
					Kind: model.KindUsage, Code: "entryInvalid",
					Message: fmt.Sprintf("%q stands among what is excluded, and its & keeps the audience within it", text),
					Remedy:  "write it without the & to exclude it, or among what is included",
				}
			}
			entry.Exclude = entry.Exclude || list.exclude
			entries = append(entries, entry)
		}
	}
	return entries, nil
}

// ready signs in silently where the tenant must be asked for an entry, and
// refuses to count over a directory that was never read: nobody would be found
// in it.
func (w *Workspace) ready(ctx context.Context, entries []audience.Entry) error {
	for _, e := range entries {
		switch {
		case !e.Remote():
			if !w.Synced() {
				return notSynced()
			}
		default:
			if err := w.signedIn(ctx); err != nil {
				return err
			}
			if err := w.require(CapabilityGroups); err != nil {
				return err
			}
		}
	}
	return nil
}

// signedIn signs in silently where nobody is.
func (w *Workspace) signedIn(ctx context.Context) error {
	if w.Session() != nil {
		return nil
	}
	_, err := w.Connect(ctx)
	return err
}

func notSynced() error {
	return &model.Error{
		Kind: model.KindFailed, Code: "notSynced",
		Message: "the directory has not been synced yet, so nobody can be found in it",
		Remedy:  "run `rollcall sync` first",
	}
}

// tenantDomains asks for the verified domains once a session.
func (w *Workspace) tenantDomains(ctx context.Context, parts *Parts) ([]string, error) {
	w.mu.RLock()
	domains := w.domains
	w.mu.RUnlock()
	if domains != nil {
		return domains, nil
	}
	domains, err := parts.Resolver.Domains(ctx)
	if err != nil {
		return nil, err
	}
	w.mu.Lock()
	w.domains = domains
	w.mu.Unlock()
	return domains, nil
}

// domainsWait is how long a preview that could do without it waits for the
// tenant to name its domains.
const domainsWait = 5 * time.Second

// ownDomains are the domains by which a preview tells internal recipients from
// external ones: the tenant's verified ones. Where no entry needs the tenant,
// and nobody is signed in or the tenant does not answer, they are the domains
// of the synced users' principal names: Entra lets a user principal name have a
// verified domain only. A domain that is used in mail addresses alone is not
// among them, and so a note says it.
func (w *Workspace) ownDomains(ctx context.Context, parts *Parts, snapshot *directory.Snapshot, entries []audience.Entry) (domains []string, note string, err error) {
	if slices.ContainsFunc(entries, audience.Entry.Remote) {
		domains, err = w.tenantDomains(ctx, parts)
		return domains, "", err
	}
	reason := "nobody is signed in"
	if w.Session() != nil {
		asking, stop := context.WithTimeout(ctx, domainsWait)
		defer stop()
		if domains, err = w.tenantDomains(asking, parts); err == nil {
			return domains, "", nil
		}
		if ctx.Err() != nil {
			return nil, "", ctx.Err()
		}
		reason = model.AsError(err).Message
	}
	note = "internal and external are told apart by the domains of the synced users' principal names, because the tenant did not name its own: " + reason
	return w.principals.domains(snapshot), note, nil
}

// principals keeps what principalDomains found, which reads every user.
type principals struct {
	mu         sync.Mutex
	generation uint64 // of the directory that they are of
	kept       []string
}

func (p *principals) domains(s *directory.Snapshot) []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.kept == nil || p.generation != s.Generation() {
		p.generation, p.kept = s.Generation(), principalDomains(s)
	}
	return p.kept
}

// principalDomains are the domains of the users' principal names, in lower
// case. It is never nil.
func principalDomains(s *directory.Snapshot) []string {
	known := make(map[string]bool)
	domains := []string{}
	for _, row := range s.All() {
		name := s.Value(row, model.AttrUserPrincipalName)
		at := strings.LastIndexByte(name, '@')
		if at < 0 || known[name[at+1:]] {
			continue
		}
		known[strings.Clone(name[at+1:])] = true
		domains = append(domains, strings.ToLower(name[at+1:]))
	}
	slices.Sort(domains)
	return slices.Compact(domains)
}

// local answers audience entries from one snapshot of the directory and from
// the ledger.
type local struct {
	workspace *Workspace
	snapshot  *directory.Snapshot
	good      func(*reading) bool // which members of groups that were read before serve
	notes     []string            // on what was answered
}

func (l *local) Segment(ctx context.Context, name string) ([]model.Object, error) {
	segment, err := l.workspace.Segment(ctx, name)
	if err != nil {
		return nil, err
	}
	return l.Rule(ctx, segment.Rule)
}

func (l *local) Rule(ctx context.Context, text string) ([]model.Object, error) {
	program, err := l.workspace.compile(text)
	if err != nil {
		return nil, err
	}
	bound, err := l.workspace.bind(ctx, program, l.good)
	if err != nil {
		return nil, err
	}
	for _, r := range bound.readings {
		if strangers, _ := r.strangers(l.snapshot); strangers > 0 {
			l.notes = append(l.notes, r.group.DisplayName+": "+r.describe(l.snapshot))
		}
	}
	set, err := l.snapshot.Select(ctx, bound.program)
	if err != nil {
		return nil, err
	}
	rows := l.snapshot.Rows(set)
	objects := make([]model.Object, len(rows))
	return objects, parallel.Ranges(ctx, len(rows), rowsAtOnce, func(from, to int) {
		for i := from; i < to; i++ {
			objects[i] = rowObject(l.snapshot, rows[i])
		}
	})
}

// rowsAtOnce is how many rows a processor reads at a time.
const rowsAtOnce = 2048

// find returns the rows that an object id or address names: more than one
// where the user principal name of a user is an address of another.
func (l *local) find(idOrAddress string) []int32 {
	if row, ok := l.snapshot.ByID(idOrAddress); ok {
		return []int32{row}
	}
	return l.snapshot.ByAddress(idOrAddress)
}

func joinUser(s *directory.Snapshot, id string) (model.Object, bool) {
	row, ok := s.ByID(id)
	if !ok {
		return model.Object{}, false
	}
	return rowObject(s, row), true
}

// rowObject is a synced user as a member of lists. It reads the few attributes
// that one has, because a preview may be of every user.
func rowObject(s *directory.Snapshot, row int32) model.Object {
	enabled := s.Value(row, model.AttrAccountEnabled) != "false"
	o := model.Object{
		ID:                s.ID(row),
		Type:              model.ObjectUser,
		DisplayName:       s.Value(row, model.AttrDisplayName),
		Mail:              s.Value(row, model.AttrMail),
		UserPrincipalName: s.Value(row, model.AttrUserPrincipalName),
		ProxyAddresses:    s.Values(row, model.AttrProxyAddresses),
		AccountEnabled:    &enabled,
		UserType:          s.Value(row, model.AttrUserType),
		MobilePhone:       s.Value(row, model.AttrMobilePhone),
	}
	if strings.TrimSpace(o.DisplayName) == "" { // as model.User names one
		u := s.User(row)
		o.DisplayName = u.DisplayName()
	}
	return o
}
