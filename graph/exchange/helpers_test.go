package exchange

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/graph"
	"rollcall/model"
	"rollcall/model/expansion"
)

const tenantID = "0550b473-9fd2-4dbb-a058-a1640b4bf458"

// clock stands still but for the client's own waits.
type clock struct {
	mu    sync.Mutex
	now   time.Time
	slept []time.Duration
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Sleep(ctx context.Context, d time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	c.slept = append(c.slept, d)
	return ctx.Err()
}

func (c *clock) waits() []time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]time.Duration(nil), c.slept...)
}

// credential hands out unsigned tokens with its claims.
type credential struct {
	claims map[string]any
	opaque bool
	err    error
}

func (c *credential) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	if c.err != nil || c.opaque {
		return azcore.AccessToken{Token: "opaque"}, c.err
	}
	payload, err := json.Marshal(c.claims)
	return azcore.AccessToken{Token: "e30." + base64.RawURLEncoding.EncodeToString(payload) + ".x"}, err
}

func delegated(scopes string) *credential {
	return &credential{claims: map[string]any{"tid": tenantID, "upn": "admin@contoso.com", "scp": scopes, "idtyp": "user"}}
}

func application(roles ...string) *credential {
	return &credential{claims: map[string]any{"tid": tenantID, "appid": "app", "roles": roles, "idtyp": "app"}}
}

// exchangeServer is an Exchange made of a handler, with the client that asks it.
type exchangeServer struct {
	*graph.Client
	server *httptest.Server
	clock  *clock

	mu    sync.Mutex
	calls []recorded
}

// recorded is a request as it arrived.
type recorded struct {
	path   string
	query  string
	header http.Header
	body   string
}

func (s *exchangeServer) recorded() []recorded {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]recorded(nil), s.calls...)
}

// serve starts an Exchange.
func serve(t testing.TB, cred *credential, answer func(w http.ResponseWriter, r recorded)) *exchangeServer {
	t.Helper()
	s := &exchangeServer{clock: &clock{now: time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)}}
	s.server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		assert.Equal(t, http.MethodPost, r.Method)
		body, err := io.ReadAll(r.Body)
		assert.NoError(t, err)
		call := recorded{path: r.URL.Path, query: r.URL.RawQuery, header: r.Header, body: string(body)}
		s.mu.Lock()
		s.calls = append(s.calls, call)
		s.mu.Unlock()
		w.Header().Set("request-id", "6f1c6c0e-0000-4000-8000-00000000aaaa")
		answer(w, call)
	}))
	s.server.Config.ErrorLog = log.New(io.Discard, "", 0) // connections that tests cut
	s.server.StartTLS()
	t.Cleanup(s.server.Close)
	client, err := graph.New(graph.Options{
		Endpoint: s.server.URL + "/v1.0", Credential: cred, Schema: model.FullSchema(), Transport: s.server.Client().Transport,
		Now: s.clock.Now, Sleep: s.clock.Sleep, Jitter: func(time.Duration) time.Duration { return 0 },
	})
	require.NoError(t, err)
	s.Client = client
	return s
}

func (s *exchangeServer) admin(t testing.TB, o Options) *Admin {
	t.Helper()
	service, err := s.Service(AdminService(s.server.URL, ""))
	require.NoError(t, err)
	return NewAdmin(service, o)
}

func (s *exchangeServer) ews(t testing.TB, resource string) *EWS {
	t.Helper()
	service, err := s.Service(EWSService(s.server.URL, resource))
	require.NoError(t, err)
	return NewEWS(service)
}

type object = map[string]any

func answerJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

// refuse answers as Exchange does when a cmdlet fails.
func refuse(w http.ResponseWriter, status int, code, message string) {
	answerJSON(w, status, object{"error": object{"code": code, "message": message}})
}

const notFound = "|Microsoft.Exchange.Configuration.Tasks.ManagementObjectNotFoundException|The operation couldn't be performed because object 'x' couldn't be found on 'server'."

// asked is the body of a question to the Admin API.
type asked struct {
	CmdletInput struct {
		CmdletName string
		Parameters map[string]any
	}
}

func (r recorded) asked(t testing.TB) asked {
	t.Helper()
	var a asked
	require.NoError(t, json.Unmarshal([]byte(r.body), &a))
	return a
}

func (r recorded) identity(t testing.TB) string {
	t.Helper()
	identity, _ := r.asked(t).CmdletInput.Parameters["Identity"].(string)
	return identity
}

func list(kind model.GroupKind, address string) model.Group {
	return model.Group{DisplayName: address, Mail: address, Kind: kind}
}

func questions(groups ...model.Group) []expansion.Question {
	out := make([]expansion.Question, len(groups))
	for i, g := range groups {
		out[i].Group = g
	}
	return out
}

func user(address string) object {
	return object{
		"DisplayName": address, "PrimarySmtpAddress": address, "RecipientType": "UserMailbox", "RecipientTypeDetails": "UserMailbox",
		"ExternalDirectoryObjectId": "00000000-0000-4000-8000-" + hex12(address),
	}
}

// hex12 is twelve hexadecimal digits of a text.
func hex12(s string) string {
	const digits = "0123456789abcdef"
	out := []byte("000000000000")
	for i := range len(s) {
		out[i%12] = digits[(int(out[i%12])*7+int(s[i]))%16]
	}
	return string(out)
}

func addresses(objects []model.Object) []string {
	out := []string{}
	for i := range objects {
		out = append(out, objects[i].Mail)
	}
	return out
}

func page1(rows ...object) object {
	if rows == nil {
		rows = []object{}
	}
	return object{"@odata.context": "x", "value": rows}
}
