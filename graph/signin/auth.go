package signin

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"rollcall/graph/internal/plain"
	"rollcall/model"
	"rollcall/model/workspace"
)

// early is how long before its end a token is no longer handed out, so that a
// request that has to wait its turn does not arrive with a dead one.
const early = 5 * time.Minute

// probeTimeout bounds the connectivity check that tells offline from signed out.
const probeTimeout = 5 * time.Second

// extraTimeout bounds what a session can do without, its tenant's name and a
// token for Exchange, each by itself: an outage is to be said by the call that
// needs the service, and not after this one has spent a patience of its own.
const extraTimeout = 10 * time.Second

// Auth signs in to one tenant. It is safe for concurrent use.
type Auth struct {
	opts     Options
	wire     *wire
	cache    azidentity.Cache
	volatile string // why tokens do not outlive the process; "" when they do

	// turn is held while a credential is asked. It is a channel and not a mutex
	// so that a cancelled caller does not stay in the queue.
	turn chan struct{}

	mu      sync.Mutex
	cred    azcore.TokenCredential        // nil until first needed
	held    map[string]azcore.AccessToken // by scopes, joined with spaces
	unsaved string                        // why the account will not be remembered
}

var (
	_ workspace.Auth         = (*Auth)(nil)
	_ azcore.TokenCredential = (*Auth)(nil)
)

// New builds an Auth. It touches no network. A missing setting is a KindUsage
// error.
func New(opts Options) (*Auth, error) {
	opts = opts.withDefaults()
	if err := opts.check(); err != nil {
		return nil, err
	}
	a := &Auth{
		opts: opts,
		wire: newWire(opts.Transport, opts.AuthorityHost),
		turn: make(chan struct{}, 1),
		held: make(map[string]azcore.AccessToken),
	}
	if !opts.Method.AppOnly() {
		a.cache, a.volatile = openCache(opts.CacheName)
	}
	return a, nil
}

// Volatile says why the sign-in will not outlive this process; "" when it will.
func (a *Auth) Volatile() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.unsaved != "" {
		return a.unsaved
	}
	return a.volatile
}

// GetToken implements azcore.TokenCredential. No scopes means the configured
// ones. With claims the caches are left aside. Its errors are *model.Error, or
// the context's own.
func (a *Auth) GetToken(ctx context.Context, request policy.TokenRequestOptions) (azcore.AccessToken, error) {
	if len(request.Scopes) == 0 {
		request.Scopes = a.opts.Scopes
	}
	key := strings.Join(request.Scopes, " ")
	if request.Claims == "" {
		// Nobody who has a token waits behind one who asks for another resource.
		if token, ok := a.heldToken(key); ok {
			return token, nil
		}
	}
	began := a.opts.Now()
	patient, cancel := context.WithTimeout(ctx, a.opts.Timeout)
	defer cancel()
	seenCtx, seen := observe(patient)
	select {
	case a.turn <- struct{}{}:
		defer func() { <-a.turn }()
	case <-patient.Done():
		return azcore.AccessToken{}, a.outOfPatience(ctx, began, seen)
	}
	if request.Claims == "" {
		if token, ok := a.heldToken(key); ok {
			return token, nil
		}
	}
	cred, err := a.credential(ctx)
	if err != nil {
		return azcore.AccessToken{}, err
	}
	// The device-code credential keeps tokens that know of continuous access
	// evaluation apart from others: asking for them in one place and not in the
	// other would find nothing there.
	request.EnableCAE = true
	token, err := cred.GetToken(seenCtx, request)
	switch {
	case err != nil && patient.Err() != nil:
		return azcore.AccessToken{}, a.outOfPatience(ctx, began, seen)
	case err != nil:
		return azcore.AccessToken{}, a.explain(ctx, err, seen, a.isExchange(request.Scopes))
	}
	a.hold(cred, key, token)
	return token, nil
}

// hold keeps a token, unless somebody has signed in while it was on its way:
// it may be another account's.
func (a *Auth) hold(cred azcore.TokenCredential, key string, token azcore.AccessToken) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.cred == cred {
		a.held[key] = token
	}
}

// heldToken returns a token that is good for a while. MSAL would give it too,
// but after a renewal its cache holds the token of before and the new one, and
// which of them it returns is left to chance.
func (a *Auth) heldToken(key string) (azcore.AccessToken, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	token, ok := a.held[key]
	return token, ok && a.opts.Now().Add(early).Before(token.ExpiresOn)
}

// credential returns the current credential, building it at first.
func (a *Auth) credential(ctx context.Context) (azcore.TokenCredential, error) {
	a.mu.Lock()
	cred := a.cred
	a.mu.Unlock()
	if cred != nil {
		return cred, nil
	}
	cred, err := a.build(ctx)
	if err != nil {
		return nil, err
	}
	a.use(cred)
	return cred, nil
}

func (a *Auth) build(ctx context.Context) (azcore.TokenCredential, error) {
	if a.opts.Method.AppOnly() {
		cred, err := a.application()
		if err != nil {
			return nil, a.misconfigured(err)
		}
		return cred, nil
	}
	var record azidentity.AuthenticationRecord
	if a.opts.Store != nil {
		data, err := a.opts.Store.LoadRecord(ctx)
		if err != nil {
			return nil, err
		}
		record = decodeRecord(data, a.opts.ClientID)
	}
	cred, err := a.deviceCode(record, nil)
	if err != nil {
		return nil, a.misconfigured(err)
	}
	return cred, nil
}

// use makes cred the current credential; tokens of the former one are dropped.
func (a *Auth) use(cred azcore.TokenCredential) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.cred = cred
	clear(a.held)
}

// Session implements workspace.Auth.
func (a *Auth) Session(ctx context.Context) (*workspace.Session, error) {
	token, err := a.GetToken(ctx, policy.TokenRequestOptions{})
	if err != nil {
		return nil, err
	}
	return a.session(ctx, token, "")
}

// SignIn implements workspace.Auth. An app needs nobody to sign in: prompt is
// then not called.
func (a *Auth) SignIn(ctx context.Context, prompt func(workspace.DeviceCode)) (*workspace.Session, error) {
	if a.opts.Method.AppOnly() {
		return a.Renew(ctx)
	}
	seenCtx, seen := observe(ctx)
	cred, err := a.deviceCode(azidentity.AuthenticationRecord{}, func(_ context.Context, m azidentity.DeviceCodeMessage) error {
		lifetime := seen.codeLifetime()
		if lifetime == 0 {
			lifetime = 15 * time.Minute // Entra's documented default
		}
		prompt(workspace.DeviceCode{
			UserCode: m.UserCode, VerificationURL: m.VerificationURL, Message: m.Message,
			ExpiresAt: a.opts.Now().Add(lifetime),
		})
		return nil
	})
	if err != nil {
		return nil, a.misconfigured(err)
	}
	record, err := cred.Authenticate(seenCtx, &policy.TokenRequestOptions{Scopes: a.opts.Scopes, EnableCAE: true})
	if err != nil {
		return nil, a.explain(ctx, err, seen, false)
	}
	a.use(cred)
	a.remember(ctx, record)
	return a.Session(ctx)
}

// remember saves the account. Failing to is no reason to refuse the session:
// Volatile tells.
func (a *Auth) remember(ctx context.Context, record azidentity.AuthenticationRecord) {
	if a.opts.Store == nil {
		return
	}
	data, err := json.Marshal(record)
	if err == nil {
		err = a.opts.Store.SaveRecord(ctx, data)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.unsaved = ""
	if err != nil {
		a.unsaved = "the account could not be saved, so you will sign in again next time: " + plain.Line(err.Error())
	}
}

// Renew implements workspace.Auth. A user's refresh token is redeemed past the
// token cache, for Exchange as well; an app gets a new credential, whose cache is
// empty.
func (a *Auth) Renew(ctx context.Context) (*workspace.Session, error) {
	request := policy.TokenRequestOptions{Claims: FreshClaims(a.opts.Now())}
	if a.opts.Method.AppOnly() {
		cred, err := a.application()
		if err != nil {
			return nil, a.misconfigured(err)
		}
		a.use(cred)
		request.Claims = ""
	}
	token, err := a.GetToken(ctx, request)
	if err != nil {
		return nil, err
	}
	return a.session(ctx, token, request.Claims)
}

// session describes the account that a token stands for. The token for Exchange
// is asked for with claims.
func (a *Auth) session(ctx context.Context, token azcore.AccessToken, claims string) (*workspace.Session, error) {
	said, _ := ParseClaims(token.Token)
	s := &workspace.Session{
		TenantID:  said.TenantID,
		Account:   said.Account(),
		AccountID: said.ObjectID,
		AppOnly:   a.opts.Method.AppOnly(),
		Scopes:    append(said.Granted(), a.grantedByExchange(ctx, claims)...),
		Roles:     said.DirectoryRoles,
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if s.TenantID == "" {
		s.TenantID = a.opts.Tenant
	}
	if s.Account == "" {
		s.Account = a.opts.ClientID
	}
	if a.opts.Organization != nil {
		lookup, cancel := context.WithTimeout(ctx, min(extraTimeout, a.opts.Timeout/4))
		defer cancel()
		name, domain, err := a.opts.Organization(lookup)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err == nil { // the session is good without its tenant's name
			s.TenantName, s.Domain = name, domain
		}
	}
	if s.Domain == "" {
		if _, domain, ok := strings.Cut(s.Account, "@"); ok {
			s.Domain = domain
		}
	}
	if s.TenantName == "" {
		s.TenantName = s.Domain
	}
	if s.TenantName == "" {
		s.TenantName = s.TenantID
	}
	return s, nil
}

// probe makes the cheapest request that the authority answers to anybody. It
// returns nil when an answer came that is no refusal.
func (a *Auth) probe(ctx context.Context) *model.Error {
	ctx, cancel := context.WithTimeout(ctx, min(probeTimeout, a.opts.Timeout))
	defer cancel()
	ctx, seen := observe(ctx)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, a.authority()+"/v2.0/.well-known/openid-configuration", nil)
	if err != nil {
		return model.AsError(err)
	}
	resp, err := a.wire.Do(req)
	if err == nil {
		_ = resp.Body.Close()
	}
	_, entra, network := seen.failure()
	switch {
	case network != nil:
		return a.offline(network)
	case entra != nil:
		return a.explainEntra(entra, false)
	}
	return nil
}

func (a *Auth) authority() string { return a.opts.AuthorityHost + "/" + a.opts.Tenant }
