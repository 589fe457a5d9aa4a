package refresh_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"rollcall/model"
	"rollcall/model/directory"
	"rollcall/model/refresh"
	"rollcall/model/refresh/refreshtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const tenantID = "11111111-1111-1111-1111-111111111111"

// bench is a tenant, the files of a profile, and the process that syncs one to
// the other.
type bench struct {
	tenant *tenant
	store  *refreshtest.Store
	guard  *refresh.Guard
	schema *model.Schema
	id     string

	users *directory.Directory // of the present process
}

func newBench(users int) *bench {
	b := &bench{tenant: newTenant(users), store: &refreshtest.Store{}, schema: model.FullSchema(), id: tenantID}
	b.users = directory.New(b.schema)
	return b
}

// tester is a *testing.T or a *rapid.T.
type tester interface {
	require.TestingT
	Context() context.Context
}

// process starts a process: a Runner that has loaded what is stored.
func (b *bench) process(t tester) *refresh.Runner {
	r := b.runner()
	require.NoError(t, r.Restore(t.Context()))
	return r
}

// runner makes a Runner on an empty directory.
func (b *bench) runner() *refresh.Runner {
	b.users = directory.New(b.schema)
	return refresh.New(refresh.Options{
		Source: b.tenant, Store: b.store, Directory: b.users, Schema: b.schema, Guard: b.guard,
		TenantID: func() string { return b.id },
	})
}

// run does a round in a new process.
func (b *bench) run(t *testing.T, full bool) refresh.Result {
	t.Helper()
	result, err := b.process(t).Run(t.Context(), full)
	require.NoError(t, err)
	return result
}

// holds asserts that the process's directory equals the tenant, and that a
// process that starts now would load the same.
func (b *bench) holds(t tester) {
	want := b.tenant.names()
	assert.Equal(t, want, namesOf(b.users), "the directory")
	assert.Equal(t, want, b.stored(t), "the store")
	assert.Equal(t, len(want), b.state(t).Users)
}

// stored is what a new process would load: id → display name.
func (b *bench) stored(t tester) map[string]string {
	users := directory.New(b.schema)
	err := b.store.Load(t.Context(), users.Restore, func(changes []model.Change) { users.Apply(changes) })
	assert.NoError(t, err)
	return namesOf(users)
}

func (b *bench) state(t tester) refresh.State {
	state, err := b.store.State(t.Context())
	assert.NoError(t, err)
	return state
}

// crashAt ends the process at the n-th such moment: "after commit".
func (b *bench) crashAt(when string, n int) {
	b.store.Crash = func(now string) error {
		if now != when {
			return nil
		}
		if n--; n == 0 {
			return errCrash
		}
		return nil
	}
}

func namesOf(d *directory.Directory) map[string]string {
	out := map[string]string{}
	s := d.Snapshot()
	for _, row := range s.All() {
		out[s.ID(row)] = s.Value(row, model.AttrDisplayName)
	}
	return out
}

func failureOf(t *testing.T, err error) *model.Error {
	t.Helper()
	var e *model.Error
	require.ErrorAs(t, err, &e)
	return e
}

func kindOf(t *testing.T, err error) model.Kind {
	t.Helper()
	return failureOf(t, err).Kind
}

// rename gives the first n users of a tenant another name.
func (t *tenant) rename(n int) {
	for i := range n {
		t.put(fmt.Sprintf("user-%04d", i), fmt.Sprintf("renamed %d", i))
	}
}
