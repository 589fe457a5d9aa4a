package emulator

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"rollcall/graph/emulator/seed"
	"rollcall/model"
)

// Server is a running tenant.
type Server struct {
	options   Options
	url       string
	ca        *authorityCA
	tenant    *seed.Tenant
	authority *authority
	graph     *graph
	exchange  *exchange
	http      *http.Server

	changes atomic.Uint64 // made on request so far

	stop    context.CancelFunc
	running sync.WaitGroup
	served  error // of http.Server.Serve; read after running.Wait
}

// Start serves a tenant until Close, or until the context is done. An address
// that is not loopback, and a fault specification that cannot be read, are
// KindUsage errors.
func Start(ctx context.Context, o Options) (*Server, error) {
	o = o.withDefaults()
	set, err := ParseFault(o.Fault)
	if err != nil {
		return nil, err
	}
	if err := checkLoopback(o.Listen); err != nil {
		return nil, err
	}
	tenant, err := seed.Build(seed.Options{
		Users: o.Users, Seed: o.Seed, NullCreated: o.NullCreated,
		Groups: o.Groups, DynamicLists: o.DynamicLists, Now: o.Now,
	})
	if err != nil {
		return nil, err
	}
	ca, err := newCA()
	if err != nil {
		return nil, err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", o.Listen)
	if err != nil {
		return nil, &model.Error{Kind: model.KindFailed, Code: "listen", Message: fmt.Sprintf("the embedded tenant cannot listen on %s", o.Listen), Remedy: "choose another address with --listen", Err: err}
	}

	s := &Server{options: o, ca: ca, tenant: tenant}
	s.url = "https://" + listener.Addr().String()
	if err := s.assemble(set); err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	s.http = &http.Server{
		Handler:           s.mux(),
		TLSConfig:         &tls.Config{Certificates: []tls.Certificate{ca.leaf}, MinVersion: tls.VersionTLS12},
		ReadHeaderTimeout: 10 * time.Second,
		ErrorLog:          log.New(io.Discard, "", 0), // a client that distrusts the CA is not worth a line on a screen
	}

	ctx, s.stop = context.WithCancel(ctx)
	s.running.Go(func() {
		s.served = s.http.ServeTLS(listener, "", "")
	})
	s.running.Go(func() {
		<-ctx.Done()
		_ = s.http.Close()
	})
	if o.Churn > 0 {
		s.running.Go(func() { s.churn(ctx, o.Churn) })
	}
	return s, nil
}

// checkLoopback refuses to serve a directory, fake as it is, to a network.
func checkLoopback(address string) error {
	host, _, err := net.SplitHostPort(address)
	if err == nil {
		if ip := net.ParseIP(host); host == "localhost" || (ip != nil && ip.IsLoopback()) {
			return nil
		}
	}
	return &model.Error{Kind: model.KindUsage, Code: "listenAddress", Message: fmt.Sprintf("%q is not a loopback address", address), Remedy: "use 127.0.0.1:PORT, [::1]:PORT or localhost:PORT"}
}

// assemble builds the tenant's services around its directory.
func (s *Server) assemble(set Faults) error {
	account, ok := s.tenant.User(s.tenant.Account())
	if !ok {
		return errors.New("emulator: the tenant has no account to sign in")
	}
	app, ok := s.tenant.ServicePrincipal(0)
	if !ok {
		return errors.New("emulator: the tenant has no service principal for the app")
	}
	o := s.options
	s.authority = &authority{
		now: o.Now, baseURL: s.url,
		tenantID: strings.ToLower(s.tenant.TenantID()), tenantName: s.tenant.OrganizationName(),
		domains:  []string{s.tenant.DefaultDomain(), s.tenant.InitialDomain()},
		clientID: app.AppID, clientSecret: rand.Text() + rand.Text(), servicePrincipalID: app.ID,
		account: account, singleTenant: o.SingleTenant, autoApprove: o.AutoApprove,
		signer:    newSigner(),
		consented: o.Consented, appRoles: o.AppRoles, roles: []string{RoleGroups, RoleRecipients},
		granted: make(map[string]struct{}),
		devices: make(map[string]*deviceCode), codes: make(map[string]*authCode), refresh: make(map[string]*refreshToken),
	}
	s.graph = &graph{
		now: o.Now, baseURL: s.url, boot: uuid.NewString(), latency: o.Latency,
		tenant: s.tenant, authority: s.authority,
		throttle: newThrottle(o, s.tenant.UserCount, s.tenant.TenantID()),
		faults:   newFaults(set, o.Seed),
		ledger:   newLedger(), links: newLinks(o.Seed), routes: graphRoutes(), shapes: newShapes(set), table: usersTable(set),
		gzip: compressor{off: o.NoCompression}, encodedCounts: o.EncodedCounts,
		revoked: make(map[string]struct{}),
	}
	s.exchange = newExchange(o, s.graph)
	return nil
}

func (s *Server) mux() http.Handler {
	mux := http.NewServeMux()
	s.authority.routes(mux)
	s.controls(mux)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodDelete {
			deletes.note(s.graph, r.URL.EscapedPath())
		}
		switch {
		case strings.HasPrefix(r.URL.Path, "/v1.0/"):
			// Around ServeMux: it would clean characters from Graph's paths.
			s.graph.ServeHTTP(w, r)
		case isExchange(r.URL.Path):
			s.exchange.ServeHTTP(w, r)
		default:
			mux.ServeHTTP(w, r)
		}
	})
}

// churn changes a little of the directory at each interval.
func (s *Server) churn(ctx context.Context, interval time.Duration) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	changes := []seed.Churn{{Moves: 1}, {Renames: 1}, {Hires: 1}, {Moves: 1}, {Leavers: 1}, {Leavers: 1}, {Restores: 1}}
	for n := uint64(0); ; n++ {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			if done := s.tenant.Churn(s.options.Seed+n, changes[n%uint64(len(changes))]); done == (seed.Churn{}) {
				s.tenant.Churn(s.options.Seed+n, seed.Churn{Hires: 1}) // nobody can come back: somebody joins
			}
		}
	}
}

// Close stops serving and waits for what the server runs by itself. Requests
// under way lose their connection.
func (s *Server) Close() error {
	s.stop()
	s.running.Wait()
	if !errors.Is(s.served, http.ErrServerClosed) {
		return fmt.Errorf("emulator: %w", s.served)
	}
	return nil
}

// URL is the server's address: https://127.0.0.1:port.
func (s *Server) URL() string { return s.url }

// GraphEndpoint is Graph's address without the version.
func (s *Server) GraphEndpoint() string { return s.url }

// AuthorityHost is the address of the Entra authority.
func (s *Server) AuthorityHost() string { return s.url + "/" }

// ExchangeEndpoint is the address of Exchange Online.
func (s *Server) ExchangeEndpoint() string { return s.url }

// CAPEM is the certificate of the CA that signed the server's, in PEM.
func (s *Server) CAPEM() []byte { return s.ca.pem() }

// CertPool holds that CA alone.
func (s *Server) CertPool() *x509.CertPool { return s.ca.pool() }

// TenantID is the directory id of the tenant.
func (s *Server) TenantID() string { return s.tenant.TenantID() }

// ClientID is the application id of the app registration.
func (s *Server) ClientID() string { return s.authority.clientID }

// ClientSecret is the app registration's secret; new with each start.
func (s *Server) ClientSecret() string { return s.authority.clientSecret }

// Tenant is the directory.
func (s *Server) Tenant() *seed.Tenant { return s.tenant }

// Judges is what has been seen so far.
func (s *Server) Judges() Judges {
	s.authority.mu.Lock()
	granted := make(map[string]struct{}, len(s.authority.granted))
	for p := range s.authority.granted {
		granted[p] = struct{}{}
	}
	s.authority.mu.Unlock()
	return s.graph.ledger.snapshot(granted)
}
