package workspace

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"rollcall/model"
)

// keptFor is how long the members of a group serve for a rule that is being
// written, so that a keystroke asks the tenant nothing.
const keptFor = time.Minute

// What is kept of members is bounded: the oldest go first.
const (
	maxKeptGroups  = 64
	maxKeptMembers = 500_000
)

// reading is a group's direct members as they were read once. Its outcome must
// not be looked at before done is closed, and not changed after.
type reading struct {
	id     string    // the group's
	number int       // readings begin one after the other
	at     time.Time // when it began: no membership is older

	done    chan struct{}
	group   model.Group
	members []member // distinct
	err     error    // why there is no answer
}

// member is a direct member of a group.
type member struct {
	id   string // object id in lower case
	kind model.ObjectType
}

// memberships keeps what was read of groups lately. The zero value is empty.
type memberships struct {
	mu      sync.Mutex
	byGroup map[string]*reading // by object id in lower case; some under way
	begun   int                 // readings
	ends    map[int]context.CancelFunc
	running sync.WaitGroup
}

// recent finds a reading good enough for a rule that is being written.
func (w *Workspace) recent(r *reading) bool { return w.Now().Sub(r.at) < keptFor }

// afresh returns what finds only readings good enough that begin after now.
func (w *Workspace) afresh() func(*reading) bool {
	w.memberships.mu.Lock()
	defer w.memberships.mu.Unlock()
	before := w.memberships.begun
	return func(r *reading) bool { return r.number > before }
}

// read returns a reading for each of the groups: one that is good enough, of
// those that are kept or under way, else a new one by fill. A new one goes on
// when ctx ends, for the next who asks: the next keystroke does.
func (m *memberships) read(ctx context.Context, groups []string, now func() time.Time, good func(*reading) bool, fill func(context.Context, []*reading) error) ([]*reading, error) {
	readings := make([]*reading, len(groups))
	for i, r := range m.find(ctx, groups, now, good, fill) {
		select {
		case <-r.done:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		if r.err != nil {
			return nil, r.err
		}
		readings[i] = r
	}
	return readings, nil
}

// find returns the readings without waiting for them.
func (m *memberships) find(ctx context.Context, groups []string, now func() time.Time, good func(*reading) bool, fill func(context.Context, []*reading) error) []*reading {
	m.mu.Lock()
	defer m.mu.Unlock()
	found := make([]*reading, len(groups))
	var fresh []*reading
	for i, id := range groups {
		key := strings.ToLower(id)
		r, ok := m.byGroup[key]
		if !ok || !good(r) {
			m.begun++
			r = &reading{id: key, number: m.begun, at: now(), done: make(chan struct{})}
			if m.byGroup == nil {
				m.byGroup, m.ends = make(map[string]*reading), make(map[int]context.CancelFunc)
			}
			m.byGroup[key] = r
			fresh = append(fresh, r)
		}
		found[i] = r
	}
	if len(fresh) == 0 {
		return found
	}
	flight := m.begun
	ctx, end := context.WithCancel(context.WithoutCancel(ctx))
	m.ends[flight] = end
	m.running.Go(func() {
		defer end()
		err := fill(ctx, fresh)
		ended := now()
		m.mu.Lock()
		defer m.mu.Unlock()
		delete(m.ends, flight)
		for _, r := range fresh {
			if err != nil {
				r.err = err
			}
			close(r.done)
			// What the tenant said of a group stands, a refusal too. That it said
			// nothing does not.
			if err != nil && m.byGroup[r.id] == r {
				delete(m.byGroup, r.id)
			}
		}
		m.bound(ended)
	})
	return found
}

// bound drops what is old, and the oldest of what is too much.
func (m *memberships) bound(now time.Time) {
	var kept []*reading
	members := 0
	for id, r := range m.byGroup {
		select {
		case <-r.done:
		default:
			continue // under way
		}
		if now.Sub(r.at) >= keptFor {
			delete(m.byGroup, id)
			continue
		}
		kept = append(kept, r)
		members += len(r.members)
	}
	slices.SortFunc(kept, func(a, b *reading) int { return a.number - b.number })
	for _, r := range kept[:max(0, len(kept)-1)] {
		if len(m.byGroup) <= maxKeptGroups && members <= maxKeptMembers {
			return
		}
		delete(m.byGroup, r.id)
		members -= len(r.members)
	}
}

// forget drops everything: another account may see other members.
func (m *memberships) forget() {
	m.mu.Lock()
	defer m.mu.Unlock()
	clear(m.byGroup)
}

// close ends the readings that are under way and waits for them.
func (m *memberships) close() {
	m.mu.Lock()
	for _, end := range m.ends {
		end()
	}
	m.mu.Unlock()
	m.running.Wait()
	m.forget()
}
