package refresh_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"

	"rollcall/model"
	"rollcall/model/refresh"
)

// tenant is a scripted Source: a directory with a change log, which serves
// pages as Graph does. A delta round reports every user that changed since its
// link was made, as the user is when the page is read.
type tenant struct {
	mu       sync.Mutex
	users    map[string]string // id → display name
	changed  map[string]int    // id → sequence number of its last change
	removed  map[string]bool
	sequence int
	oldest   int // delta links made before this are no longer known
	epoch    int // page links of another epoch are no longer known
	pageSize int

	listingLag int                                // how many users the count is ahead of the listing
	before     func(call string)                  // runs before each call, without the lock
	fail       func(call, link string) error      // an error instead of an answer
	rewrite    func(call string, p *refresh.Page) // changes an answer
	calls      []string
}

func newTenant(n int) *tenant {
	t := &tenant{users: map[string]string{}, changed: map[string]int{}, removed: map[string]bool{}, pageSize: 3}
	for i := range n {
		t.put(fmt.Sprintf("user-%04d", i), fmt.Sprintf("Name %d", i))
	}
	return t
}

func (t *tenant) put(id, name string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.sequence++
	t.users[id], t.changed[id] = name, t.sequence
	delete(t.removed, id)
}

func (t *tenant) remove(id string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, ok := t.users[id]; !ok {
		return
	}
	t.sequence++
	delete(t.users, id)
	t.removed[id], t.changed[id] = true, t.sequence
}

// forget makes every link handed out so far unknown.
func (t *tenant) forget() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.sequence++
	t.oldest = t.sequence
	t.epoch++
}

// forgetPages makes the page links unknown, but not the delta links.
func (t *tenant) forgetPages() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.epoch++
}

func (t *tenant) enter(ctx context.Context, call, link string) error {
	if t.before != nil {
		t.before(call)
	}
	t.mu.Lock()
	t.calls = append(t.calls, strings.TrimSpace(call+" "+link))
	t.mu.Unlock()
	if t.fail != nil {
		if err := t.fail(call, link); err != nil {
			return err
		}
	}
	return ctx.Err()
}

func (t *tenant) DeltaLatest(ctx context.Context) (string, error) {
	if err := t.enter(ctx, "latest", ""); err != nil {
		return "", err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.deltaLink(t.sequence), nil
}

func (t *tenant) deltaLink(since int) string { return fmt.Sprintf("delta/%d", since) }

func (t *tenant) UserCount(ctx context.Context) (int, error) {
	if err := t.enter(ctx, "count", ""); err != nil {
		return 0, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.users) + t.listingLag, nil
}

func (t *tenant) Users(ctx context.Context, link string) (*refresh.Page, error) {
	if err := t.enter(ctx, "users", link); err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	after := ""
	if link != "" {
		epoch, rest, _ := strings.Cut(strings.TrimPrefix(link, "users/"), "/")
		if epoch != strconv.Itoa(t.epoch) {
			return nil, refresh.ErrResync
		}
		after = rest
	}
	page := &refresh.Page{}
	for _, id := range slices.Sorted(maps.Keys(t.users)) {
		if id <= after {
			continue
		}
		if len(page.Changes) == t.pageSize {
			page.Next = fmt.Sprintf("users/%d/%s", t.epoch, page.Changes[len(page.Changes)-1].ID)
			break
		}
		page.Changes = append(page.Changes, present(id, t.users[id]))
	}
	return t.answer("users", page), nil
}

// Delta serves "delta/SINCE" and its pages "page/EPOCH/SINCE/UNTIL/OFFSET".
func (t *tenant) Delta(ctx context.Context, link string) (*refresh.Page, error) {
	if err := t.enter(ctx, "delta", link); err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	var epoch, since, until, offset int
	if _, err := fmt.Sscanf(link, "page/%d/%d/%d/%d", &epoch, &since, &until, &offset); err != nil {
		if _, err := fmt.Sscanf(link, "delta/%d", &since); err != nil {
			return nil, fmt.Errorf("a link that was never handed out: %q", link)
		}
		epoch, until = t.epoch, t.sequence
	}
	if since < t.oldest || epoch != t.epoch {
		return nil, refresh.ErrResync
	}
	var ids []string
	for _, id := range slices.Sorted(maps.Keys(t.changed)) {
		// Those that change while the round is read leave it for the next one,
		// but keep their place in it: offsets stay valid.
		if t.changed[id] > since {
			ids = append(ids, id)
		}
	}
	page := &refresh.Page{}
	end := min(offset+t.pageSize, len(ids))
	for _, id := range ids[min(offset, end):end] {
		page.Changes = append(page.Changes, t.record(id))
	}
	if end < len(ids) {
		page.Next = fmt.Sprintf("page/%d/%d/%d/%d", epoch, since, until, end)
	} else {
		page.DeltaLink = t.deltaLink(until)
	}
	return t.answer("delta", page), nil
}

func (t *tenant) record(id string) model.Change {
	if t.removed[id] {
		return model.Change{ID: id, Removed: "deleted"}
	}
	return present(id, t.users[id])
}

func (t *tenant) answer(call string, p *refresh.Page) *refresh.Page {
	if t.rewrite != nil {
		t.rewrite(call, p)
	}
	return p
}

func present(id, name string) model.Change {
	return model.Change{ID: id, Fields: []model.Field{{Attr: model.AttrDisplayName, Value: name}}}
}

func (t *tenant) called(call string) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := 0
	for _, c := range t.calls {
		if c == call || strings.HasPrefix(c, call+" ") {
			n++
		}
	}
	return n
}

// memory is a Store in memory. crash, when set, is asked before and after each
// change of the store; an error ends the round there as a crash would.
type memory struct {
	state   refresh.State
	users   map[string]model.User
	staging *memory
	parent  *memory
	crash   func(when string) error
	commits int
}

var errCrash = errors.New("crashed")

func newMemory() *memory { return &memory{users: map[string]model.User{}} }

func (m *memory) check(when string) error {
	root := m
	if m.parent != nil {
		root = m.parent
	}
	if root.crash == nil {
		return nil
	}
	return root.crash(when)
}

func (m *memory) State(ctx context.Context) (refresh.State, error) { return m.state, ctx.Err() }

func (m *memory) Commit(ctx context.Context, changes []model.Change, next refresh.State) (refresh.Effect, error) {
	if err := errors.Join(ctx.Err(), m.check("before commit")); err != nil {
		return refresh.Effect{}, err
	}
	var e refresh.Effect
	for _, c := range changes {
		u, ok := m.users[c.ID]
		switch {
		case c.Removed != "" && ok:
			delete(m.users, c.ID)
			e.Removed++
			continue
		case c.Removed != "":
			continue
		case !ok:
			e.Added++
		case u.DisplayName() != c.Fields[0].Value:
			e.Updated++
		}
		u = u.Clone()
		u.Apply(c)
		m.users[c.ID] = u
	}
	next.Users = len(m.users)
	m.state = next
	m.commits++
	return e, m.check("after commit")
}

func (m *memory) Stage(context.Context) (refresh.Staging, error) {
	if m.staging == nil {
		m.staging = &memory{users: map[string]model.User{}, parent: m}
	}
	return m.staging, nil
}

func (m *memory) Users(ctx context.Context, yield func(*model.User) bool) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	for _, u := range m.users {
		if !yield(&u) {
			return nil
		}
	}
	return nil
}

func (m *memory) Promote(context.Context) error {
	if err := m.check("before promote"); err != nil {
		return err
	}
	m.parent.state, m.parent.users, m.parent.staging = m.state, m.users, nil
	return m.check("after promote")
}

func (m *memory) Discard() error {
	m.parent.staging = nil
	return nil
}

// names is what the store holds: id → display name.
func (m *memory) names() map[string]string {
	out := map[string]string{}
	for id, u := range m.users {
		out[id] = u.Value(model.AttrDisplayName)
	}
	return out
}

// follower is a Sink that keeps what it is told.
type follower struct {
	users  map[string]string
	resets int
	loads  int
}

func (f *follower) Load(each func(yield func(*model.User) bool) error) error {
	users := map[string]string{}
	err := each(func(u *model.User) bool {
		users[u.ID] = u.Value(model.AttrDisplayName)
		return true
	})
	if err == nil {
		f.users = users
		f.loads++
	}
	return err
}

func (f *follower) Reset() {
	f.users = map[string]string{}
	f.resets++
}

func (f *follower) Apply(changes []model.Change) {
	for _, c := range changes {
		if c.Removed != "" {
			delete(f.users, c.ID)
			continue
		}
		f.users[c.ID] = c.Fields[0].Value
	}
}
