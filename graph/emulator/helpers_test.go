package emulator_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/graph/emulator"
	"rollcall/graph/emulator/emulatortest"
)

func TestMain(m *testing.M) { emulatortest.Main(m) }

const graphScope = "https://graph.microsoft.com/.default"

// clock is a tenant's clock that only the test moves.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func newClock() *clock { return &clock{at: time.Now()} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) Advance(d time.Duration) {
	c.mu.Lock()
	c.at = c.at.Add(d)
	c.mu.Unlock()
}

// tenant is a server with a client that trusts it.
type tenant struct {
	*emulator.Server
	t      *testing.T
	client *http.Client
	token  string
	failed recorder
}

// recorder is a transport that keeps the last error body: MSAL's device-code
// loop reads those of a 400 away before azidentity can show them.
type recorder struct {
	client *http.Client
	body   string
}

func (r *recorder) Do(req *http.Request) (*http.Response, error) {
	res, err := r.client.Do(req)
	if err != nil || res.StatusCode < http.StatusBadRequest {
		return res, err
	}
	b, err := io.ReadAll(res.Body)
	res.Body.Close()
	r.body = string(b)
	res.Body = io.NopCloser(strings.NewReader(r.body))
	return res, err
}

// signIn authenticates a device code and returns the error body of the
// authority, "" when it went well.
func (s *tenant) signIn(change func(*azidentity.DeviceCodeCredentialOptions), scopes ...string) string {
	s.t.Helper()
	if len(scopes) == 0 {
		scopes = []string{graphScope}
	}
	_, err := s.deviceCode(change).Authenticate(s.t.Context(), &policy.TokenRequestOptions{Scopes: scopes})
	if err == nil {
		return ""
	}
	return s.failed.body
}

func start(t *testing.T, o emulator.Options) *tenant {
	t.Helper()
	s, err := emulator.Start(t.Context(), o)
	require.NoError(t, err)
	client := s.Client()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	t.Cleanup(func() {
		client.CloseIdleConnections()
		assert.NoError(t, s.Close())
	})
	return &tenant{Server: s, t: t, client: client, failed: recorder{client: client}}
}

// signedIn is a tenant with a delegated token at hand.
func signedIn(t *testing.T, o emulator.Options) *tenant {
	t.Helper()
	s := start(t, o)
	s.token = s.delegatedToken()
	return s
}

// appOnly is a tenant with an application token at hand.
func appOnly(t *testing.T, o emulator.Options) *tenant {
	t.Helper()
	s := start(t, o)
	s.token = s.appToken()
	return s
}

func (s *tenant) options() azcore.ClientOptions {
	return azcore.ClientOptions{
		Cloud:     cloud.Configuration{ActiveDirectoryAuthorityHost: s.AuthorityHost()},
		Transport: &s.failed,
		Retry:     policy.RetryOptions{MaxRetries: -1},
	}
}

func (s *tenant) deviceCode(change func(*azidentity.DeviceCodeCredentialOptions)) *azidentity.DeviceCodeCredential {
	s.t.Helper()
	o := &azidentity.DeviceCodeCredentialOptions{
		ClientOptions: s.options(), ClientID: s.ClientID(), TenantID: s.TenantID(), DisableInstanceDiscovery: true,
		DisableAutomaticAuthentication: true,
		UserPrompt:                     func(_ context.Context, m azidentity.DeviceCodeMessage) error { return s.Approve(m.UserCode) },
	}
	if change != nil {
		change(o)
	}
	cred, err := azidentity.NewDeviceCodeCredential(o)
	require.NoError(s.t, err)
	return cred
}

func (s *tenant) secretCredential(secret string) *azidentity.ClientSecretCredential {
	s.t.Helper()
	cred, err := azidentity.NewClientSecretCredential(s.TenantID(), s.ClientID(), secret, &azidentity.ClientSecretCredentialOptions{
		ClientOptions: s.options(), DisableInstanceDiscovery: true,
	})
	require.NoError(s.t, err)
	return cred
}

// postForm posts to the authority and decodes the JSON answer.
func (s *tenant) postForm(path string, form url.Values) (int, map[string]any) {
	s.t.Helper()
	res, err := s.client.PostForm(s.URL()+path, form)
	require.NoError(s.t, err)
	defer res.Body.Close()
	out := map[string]any{}
	require.NoError(s.t, json.NewDecoder(res.Body).Decode(&out))
	return res.StatusCode, out
}

// delegatedToken goes through the device-code grant by hand: no polling pause.
func (s *tenant) delegatedToken() string {
	s.t.Helper()
	status, code := s.postForm("/"+s.TenantID()+"/oauth2/v2.0/devicecode", url.Values{"client_id": {s.ClientID()}, "scope": {graphScope}})
	require.Equal(s.t, http.StatusOK, status, code)
	require.NoError(s.t, s.Approve(code["user_code"].(string)))
	status, token := s.postForm("/"+s.TenantID()+"/oauth2/v2.0/token", url.Values{
		"client_id": {s.ClientID()}, "grant_type": {"urn:ietf:params:oauth:grant-type:device_code"}, "device_code": {code["device_code"].(string)},
	})
	require.Equal(s.t, http.StatusOK, status, token)
	return token["access_token"].(string)
}

func (s *tenant) appToken() string {
	s.t.Helper()
	status, token := s.postForm("/"+s.TenantID()+"/oauth2/v2.0/token", url.Values{
		"client_id": {s.ClientID()}, "grant_type": {"client_credentials"}, "client_secret": {s.ClientSecret()}, "scope": {graphScope},
	})
	require.Equal(s.t, http.StatusOK, status, token)
	return token["access_token"].(string)
}

// answer is a Graph answer.
type answer struct {
	t      *testing.T
	Status int
	Header http.Header
	Body   []byte
}

// do sends a Graph request: target is a path below /v1.0 or a whole URL, and
// headers are name and value in turn.
func (s *tenant) do(method, target string, body any, headers ...string) answer {
	s.t.Helper()
	res, err := s.try(method, target, body, headers...)
	require.NoError(s.t, err)
	return res
}

func (s *tenant) try(method, target string, body any, headers ...string) (answer, error) {
	s.t.Helper()
	if !strings.HasPrefix(target, "https://") {
		target = s.GraphEndpoint() + "/v1.0" + target
	}
	var from io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		require.NoError(s.t, err)
		from = strings.NewReader(string(b))
	}
	req, err := http.NewRequestWithContext(s.t.Context(), method, target, from)
	require.NoError(s.t, err)
	if s.token != "" {
		req.Header.Set("Authorization", "Bearer "+s.token)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := s.client.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		return answer{}, err
	}
	return answer{t: s.t, Status: res.StatusCode, Header: res.Header, Body: b}, nil
}

func (s *tenant) get(target string, headers ...string) answer {
	s.t.Helper()
	return s.do(http.MethodGet, target, nil, headers...)
}

// json decodes the body, whatever the status.
func (a answer) json() map[string]any {
	a.t.Helper()
	out := map[string]any{}
	require.NoError(a.t, json.Unmarshal(a.Body, &out), string(a.Body))
	return out
}

// ok decodes the body of a 200.
func (a answer) ok() map[string]any {
	a.t.Helper()
	require.Equal(a.t, http.StatusOK, a.Status, string(a.Body))
	return a.json()
}

// rows are the objects of a collection.
func (a answer) rows() []map[string]any {
	a.t.Helper()
	var out []map[string]any
	for _, v := range a.ok()["value"].([]any) {
		out = append(out, v.(map[string]any))
	}
	return out
}

// link is a next or delta link; "" when there is none.
func (a answer) link(name string) string {
	a.t.Helper()
	s, _ := a.ok()["@odata."+name].(string)
	return s
}

// refused asserts an error answer.
func (a answer) refused(status int, code, message string) {
	a.t.Helper()
	require.Equal(a.t, status, a.Status, string(a.Body))
	e, ok := a.json()["error"].(map[string]any)
	require.True(a.t, ok, string(a.Body))
	assert.Equal(a.t, code, e["code"])
	assert.Equal(a.t, message, e["message"])
	inner, ok := e["innerError"].(map[string]any)
	require.True(a.t, ok, string(a.Body))
	assert.NotEmpty(a.t, inner["request-id"])
	assert.NotEmpty(a.t, inner["date"])
}

// all reads every page from a target on.
func (s *tenant) all(target string, headers ...string) []map[string]any {
	s.t.Helper()
	var out []map[string]any
	seen := map[string]bool{}
	for target != "" {
		require.False(s.t, seen[target], "the same link twice")
		seen[target] = true
		page := s.get(target, headers...)
		out = append(out, page.rows()...)
		target = page.link("nextLink")
	}
	return out
}
