package refresh_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"rollcall/model"
	"rollcall/model/refresh"
)

var errCrash = errors.New("crashed")

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
	calls    []string

	partitions int                                // of a listing; 0: one
	hidden     func(id string) bool               // users that no parallel listing names; nil: none
	countLead  int                                // how many users the count is ahead of the tenant
	refused    []string                           // attributes that are not given
	before     func(call string)                  // runs before each call, one at a time
	fail       func(call, link string) error      // an error instead of an answer
	rewrite    func(call string, p *refresh.Page) // changes an answer

	hooks sync.Mutex // held while before runs
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
		t.hooks.Lock()
		t.before(call)
		t.hooks.Unlock()
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

func (t *tenant) Begin(ctx context.Context) (refresh.Beginning, error) {
	if err := t.enter(ctx, "begin", ""); err != nil {
		return refresh.Beginning{}, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return refresh.Beginning{DeltaLink: deltaLink(t.sequence), Refused: t.refused}, nil
}

func deltaLink(since int) string { return fmt.Sprintf("delta/%d", since) }

func (t *tenant) UserCount(ctx context.Context) (int, error) {
	if err := t.enter(ctx, "count", ""); err != nil {
		return 0, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.users) + t.countLead, nil
}

func (t *tenant) Partitions(ctx context.Context, total, _ int) (refresh.Cover, error) {
	if err := t.enter(ctx, "partitions", ""); err != nil {
		return refresh.Cover{}, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	n := max(t.partitions, 1)
	if total == 0 {
		n = 1
	}
	sizes := make([]int, n)
	for _, name := range t.users {
		sizes[place(name, n)]++
	}
	var cover refresh.Cover
	for i, size := range sizes {
		cover.Partitions = append(cover.Partitions, refresh.Partition{Link: listingLink(t.epoch, n, i, ""), Users: size})
	}
	return cover, nil
}

// place is the partition of a user: it changes with the user's name, as it does
// where partitions are told apart by what an administrator can edit.
func place(name string, n int) int { return int(name[len(name)-1]) % n }

func listingLink(epoch, n, i int, after string) string {
	return fmt.Sprintf("users/%d/%d/%d/%s", epoch, n, i, after)
}

func (t *tenant) Users(ctx context.Context, link string) (*refresh.Page, error) {
	if err := t.enter(ctx, "users", link); err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	var epoch, n, i int
	parts := strings.SplitN(link, "/", 5)
	if _, err := fmt.Sscanf(link, "users/%d/%d/%d/", &epoch, &n, &i); err != nil || len(parts) != 5 {
		return nil, fmt.Errorf("a link that was never handed out: %q", link)
	}
	if epoch != t.epoch {
		return nil, refresh.ErrResync
	}
	after := parts[4]
	page := &refresh.Page{}
	for _, id := range slices.Sorted(maps.Keys(t.users)) {
		if id <= after || place(t.users[id], n) != i || n > 1 && t.hidden != nil && t.hidden(id) {
			continue
		}
		if len(page.Changes) == t.pageSize {
			page.Next = listingLink(t.epoch, n, i, page.Changes[len(page.Changes)-1].ID)
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
		page.DeltaLink = deltaLink(until)
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

// names returns a copy of the users: id → display name.
func (t *tenant) names() map[string]string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return maps.Clone(t.users)
}
