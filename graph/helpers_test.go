package graph

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/stretchr/testify/require"

	"rollcall/graph/emulator/emulatortest"
	"rollcall/model"
)

func TestMain(m *testing.M) { emulatortest.Main(m) }

// clock is a time that only sleeping moves.
type clock struct {
	mu    sync.Mutex
	now   time.Time
	slept []time.Duration
}

func newClock() *clock { return &clock{now: time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Sleep(ctx context.Context, d time.Duration) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	c.slept = append(c.slept, d)
	return nil
}

func (c *clock) waits() []time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]time.Duration(nil), c.slept...)
}

// credential hands out unsigned tokens with the given claims and remembers
// what it was asked.
type credential struct {
	mu     sync.Mutex
	claims map[string]any
	asked  []policy.TokenRequestOptions
	err    error
}

func delegated(scopes string) *credential {
	return &credential{claims: map[string]any{"scp": scopes, "idtyp": "user"}}
}

func application(roles ...string) *credential {
	return &credential{claims: map[string]any{"roles": roles, "idtyp": "app"}}
}

func (c *credential) GetToken(_ context.Context, o policy.TokenRequestOptions) (azcore.AccessToken, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked = append(c.asked, o)
	if c.err != nil {
		return azcore.AccessToken{}, c.err
	}
	payload, err := json.Marshal(c.claims)
	if err != nil {
		return azcore.AccessToken{}, err
	}
	return azcore.AccessToken{Token: "e30." + base64.RawURLEncoding.EncodeToString(payload) + fmt.Sprintf(".%d", len(c.asked))}, nil
}

func (c *credential) requests() []policy.TokenRequestOptions {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]policy.TokenRequestOptions(nil), c.asked...)
}

// tenant is a client with the server that it talks to.
type tenant struct {
	*Client
	server *httptest.Server
	clock  *clock
	cred   *credential
}

// serve starts an HTTPS server for handler and a client of it that holds every
// permission. The client's clock stands still, except for its own waits.
func serve(t testing.TB, handler http.HandlerFunc, change ...func(*Options)) *tenant {
	t.Helper()
	server := httptest.NewUnstartedServer(handler)
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // connections that tests cut
	server.StartTLS()
	t.Cleanup(server.Close)
	cl := newClock()
	cred := delegated("User.Read.All GroupMember.Read.All GroupMember.ReadWrite.All OrgContact.Read.All Member.Read.Hidden")
	opts := Options{
		Endpoint: server.URL + "/v1.0", Credential: cred, Schema: model.FullSchema(), Transport: server.Client().Transport,
		Now: cl.Now, Sleep: cl.Sleep, Jitter: func(time.Duration) time.Duration { return 0 },
	}
	for _, f := range change {
		f(&opts)
	}
	client, err := New(opts)
	require.NoError(t, err)
	return &tenant{Client: client, server: server, clock: cl, cred: cred}
}

// listing is the link of the first page of all users.
func (c *tenant) listing(t testing.TB) string {
	t.Helper()
	cover, err := c.Partitions(t.Context(), 0, 0)
	require.NoError(t, err)
	require.Len(t, cover.Partitions, 1)
	return cover.Partitions[0].Link
}

func with(cred *credential) func(*Options) { return func(o *Options) { o.Credential = cred } }

// answerJSON writes v as the answer.
func answerJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("request-id", "6f1c6c0e-0000-4000-8000-00000000aaaa")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

func graphError(code, message string) map[string]any {
	return map[string]any{"error": map[string]any{
		"code": code, "message": message,
		"innerError": map[string]any{"request-id": "22e0aabc-0000-4000-8000-000000000000", "date": "2026-11-22T09:00:00"},
	}}
}

func page(values ...any) map[string]any {
	if values == nil {
		values = []any{}
	}
	return map[string]any{"value": values}
}

type object = map[string]any

// asModelError asserts the type that administrators see.
func asModelError(t testing.TB, err error) *model.Error {
	t.Helper()
	var e *model.Error
	require.ErrorAs(t, err, &e)
	return e
}

// guid is a valid object id that ends in n.
func guid(n int) string { return fmt.Sprintf("00000000-0000-4000-8000-%012d", n) }
