// Command rollcall answers, for administrators of Microsoft 365 and Entra ID,
// exactly who a list, a segment or a group is.
//
// This file is the composition root: it builds the parts of every room, plugs
// them together and hands them to the command line. It decides nothing else.
package main

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"os/user"
	"path/filepath"
	"runtime/debug"
	"strings"
	"syscall"
	"time"

	"github.com/adrg/xdg"
	"github.com/charmbracelet/x/term"
	"github.com/google/uuid"
	"github.com/pkg/browser"

	"rollcall/cache"
	"rollcall/graph"
	"rollcall/graph/emulator"
	"rollcall/graph/exchange"
	"rollcall/graph/signin"
	"rollcall/model"
	"rollcall/model/directory"
	"rollcall/model/expansion"
	"rollcall/model/workspace"
	"rollcall/ui/cli"
	"rollcall/ui/tui"
)

func main() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	code := cli.Run(ctx, environment())
	stop()
	os.Exit(code)
}

// gcPercent is how much garbage may gather beside what lives, in percent of it.
// What lives is the directory, hundreds of megabytes without a pointer: walking
// over it costs next to nothing, and Go's own 100 would double the memory.
const gcPercent = 25

func environment() cli.Env {
	h := &house{}
	return cli.Env{
		Args:           os.Args[1:],
		Stdin:          os.Stdin,
		Stdout:         os.Stdout,
		Stderr:         os.Stderr,
		Getenv:         os.Getenv,
		Version:        version(),
		Now:            time.Now,
		StdinTerminal:  term.IsTerminal(os.Stdin.Fd()),
		StdoutTerminal: term.IsTerminal(os.Stdout.Fd()),
		StderrTerminal: term.IsTerminal(os.Stderr.Fd()),
		ReadFile:       readFile,
		ConfigFile:     filepath.Join(xdg.ConfigHome, "rollcall", "config.toml"),
		Open:           h.open,
		Screens:        h.screens,
		Serve:          serve,
	}
}

// readFile reads a file that an administrator named.
func readFile(path string) (data []byte, err error) {
	file, err := cache.OpenFile(path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	return io.ReadAll(file)
}

// house is what the parts of one process share.
type house struct {
	tenant *emulator.Server // the embedded tenant of --demo, nil without it
}

// version is the module's version, or the commit that it was built from.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			return s.Value
		}
	}
	return "devel"
}

// open makes the workspace of a connection. Everything that takes time happens
// in its Open.
func (h *house) open(c cli.Connection) *workspace.Workspace {
	return workspace.New(workspace.Settings{
		Profile:  c.Profile,
		Schema:   c.Config.Schema,
		Language: directory.Locale(cmp.Or(os.Getenv("LC_ALL"), os.Getenv("LC_COLLATE"), os.Getenv("LANG"))),
		Policy:   c.Config.Policy,
		Removals: &c.Config.Guard,
		OpenFile: cache.OpenFile,

		Exchange:      c.Exchange,
		KeepStructure: c.Config.KeepStructure,

		Open: func(ctx context.Context) (*workspace.Parts, error) {
			return h.openParts(ctx, c)
		},
	})
}

// operator is the account of the operating system and the machine's name.
func operator() string {
	name, host := "unknown", "unknown"
	if account, err := user.Current(); err == nil {
		name = account.Username
	}
	if h, err := os.Hostname(); err == nil {
		host = h
	}
	return name + "@" + host
}

// openParts builds the ports from the bottom up. What was opened before a
// failure is closed again.
func (h *house) openParts(ctx context.Context, c cli.Connection) (_ *workspace.Parts, err error) {
	var closers []func() error
	closeAll := func() error {
		var errs []error
		for i := len(closers) - 1; i >= 0; i-- {
			errs = append(errs, closers[i]())
		}
		return errors.Join(errs...)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, closeAll())
		}
	}()

	folder := profileFolder(c)
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = 16
	closers = append(closers, func() error { transport.CloseIdleConnections(); return nil })
	signIn := signin.Options{
		Method:          signin.MethodDeviceCode,
		Tenant:          c.Tenant,
		ClientID:        c.ClientID,
		ClientSecret:    signin.Secret(c.ClientSecret),
		CertificatePath: c.CertificatePath,
		AuthorityHost:   c.AuthorityHost,
		Resource:        graph.Resource(c.GraphEndpoint),
		Timeout:         c.Timeout,
		Transport:       transport,
	}
	endpoint := c.GraphEndpoint
	exchangeEndpoint := cmp.Or(c.ExchangeEndpoint, exchange.Endpoint(endpoint))
	switch {
	case c.Demo != nil:
		// It lives until Close, longer than the call that opens it.
		server, err := emulator.Start(context.WithoutCancel(ctx), demoOptions(c.Demo))
		if err != nil {
			return nil, demoError(err)
		}
		closers = append(closers, server.Close)
		h.tenant = server
		transport.TLSClientConfig = &tls.Config{RootCAs: server.CertPool()}
		signIn.Tenant, signIn.ClientID, signIn.AuthorityHost = server.TenantID(), server.ClientID(), server.AuthorityHost()
		endpoint, exchangeEndpoint = server.GraphEndpoint(), server.ExchangeEndpoint()
	case c.ClientSecret != "":
		signIn.Method = signin.MethodClientSecret
	case c.CertificatePath != "":
		signIn.Method = signin.MethodClientCertificate
	default:
		signIn.CacheName = "rollcall"
		signIn.Store = accountFile(filepath.Join(folder, "account.json"))
	}

	if c.Exchange != "" {
		signIn.Exchange = cmp.Or(c.ExchangeResource, exchange.Resource(exchangeEndpoint))
		signIn.ExchangeScopes = workspace.ExchangeScopes(c.Exchange)
	}

	tenantID := "" // a domain may stand in its place: then it is known after sign-in
	if _, err := uuid.Parse(signIn.Tenant); err == nil {
		tenantID = signIn.Tenant
	}
	ledger, err := cache.OpenLedger(filepath.Join(folder, "ledger.db"), cache.LedgerOptions{TenantID: tenantID, Syncs: c.Screens})
	if err != nil {
		return nil, err
	}
	closers = append(closers, ledger.Close)
	store, err := cache.OpenDirectory(filepath.Join(folder, "directory.db"), cache.DirectoryOptions{TenantID: tenantID, Schema: c.Config.Schema, Syncs: c.Screens})
	if err != nil {
		return nil, err
	}
	closers = append(closers, store.Close)

	var client *graph.Client
	signIn.Organization = func(ctx context.Context) (name, initialDomain string, err error) {
		return client.Organization(ctx)
	}
	auth, err := signin.New(signIn)
	if err != nil {
		return nil, err
	}
	client, err = graph.New(graph.Options{
		Endpoint:   endpoint,
		Credential: auth,
		Schema:     c.Config.Schema,
		Transport:  transport,
		Timeout:    c.Timeout,
		Budget:     ledger,
	})
	if err != nil {
		return nil, err
	}
	parts := &workspace.Parts{
		Auth:        auth,
		Source:      client,
		Store:       store,
		Ledger:      ledger,
		Memberships: client,
		Resolver:    client,
		Counter:     client,
		Groups:      client,
		Calls:       client,
		Operator:    operator(),
		Notes:       store.Notes(),
		Close:       closeAll,
	}
	return parts, plugExchange(parts, c.Exchange, client, auth, exchangeEndpoint, signIn.Exchange)
}

// plugExchange routes the members of lists: to Graph alone, or to the service of
// Exchange that was chosen as well.
func plugExchange(parts *workspace.Parts, source expansion.Source, client *graph.Client, auth *signin.Auth, endpoint, resource string) error {
	sources := &expansion.Sources{Graph: client, Source: source, Classify: client.Classify}
	parts.Members = sources
	options := exchange.Options{Session: auth.Session}
	switch source {
	case expansion.SourceExchangeAdmin:
		service, err := client.Service(exchange.AdminService(endpoint, resource))
		if err != nil {
			return err
		}
		admin := exchange.NewAdmin(service, options)
		sources.Exchange, parts.Finder = admin, admin
	case expansion.SourceEWS:
		service, err := client.Service(exchange.EWSService(endpoint, resource))
		if err != nil {
			return err
		}
		ews := exchange.NewEWS(service)
		sources.Exchange, parts.Finder = ews, ews
		parts.ExchangeNotice = exchange.Notice(resource, time.Now())
	}
	return nil
}

// profileFolder is where a connection's files are kept.
func profileFolder(c cli.Connection) string {
	root := c.DataDir
	if root == "" {
		root = filepath.Join(xdg.DataHome, "rollcall")
	}
	return filepath.Join(root, c.Profile)
}

// accountFile keeps the authentication record: which account signed in, and no
// secret.
type accountFile string

func (f accountFile) LoadRecord(context.Context) ([]byte, error) {
	data, err := os.ReadFile(string(f))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	return data, err
}

func (f accountFile) SaveRecord(_ context.Context, record []byte) error {
	return os.WriteFile(string(f), record, 0o600)
}

func demoOptions(d *cli.Demo) emulator.Options {
	o := emulator.Options{
		Users: d.Users, Seed: d.Seed, Latency: d.Latency, Fault: d.Fault, Churn: d.Churn, AutoApprove: d.Approve,
		NullCreated: d.NullCreated, NoCompression: d.NoCompression,
		Consented: emulator.ReadScopes(),
		EWS:       true,
	}
	if d.Write {
		o.Consented = append(o.Consented, emulator.WriteScope)
	}
	if scopes := workspace.ExchangeScopes(d.Consented); len(scopes) > 0 {
		o.Consented = append(o.Consented, scopes[0]) // the others are an app's
	}
	return o
}

// demoError is a failure to start the embedded tenant: its flags are wrong, or
// the address is taken.
func demoError(err error) error {
	return &model.Error{
		Kind: model.KindUsage, Code: "demo", Message: fmt.Sprintf("the embedded tenant cannot be served: %v", err),
		Remedy: "`rollcall demo serve --help` shows the flags", Err: err,
	}
}

// screens opens the screens. In the demo the browser is played by this
// process: opening the consent page accepts it.
func (h *house) screens(ctx context.Context, c cli.Connection, w *workspace.Workspace) error {
	openURL := browser.OpenURL
	if c.Demo != nil {
		openURL = func(page string) error { return h.acceptConsent(ctx, page) }
	}
	theme := ""
	if c.NoColor {
		theme = "mono"
	}
	return tui.Run(ctx, tui.Options{
		Workspace:            w,
		Demo:                 c.Demo != nil,
		OpenURL:              openURL,
		Theme:                theme,
		Schedule:             &c.Config.Schedule,
		NoSynchronizedOutput: c.NoSynchronization,
	})
}

// acceptConsent does on the embedded tenant's consent page what an
// administrator does in a browser: it presses Accept.
func (h *house) acceptConsent(ctx context.Context, page string) error {
	form := strings.NewReader(url.Values{"action": {"accept"}}.Encode())
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, page, form)
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: h.tenant.CertPool()}}
	defer transport.CloseIdleConnections()
	client := &http.Client{
		Transport: transport,
		// The page sends the browser back to this machine, where nobody listens:
		// the answer is read from the next token.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	response.Body.Close()
	if response.StatusCode >= http.StatusBadRequest {
		return fmt.Errorf("the consent page answered %s", response.Status)
	}
	return nil
}

// serve serves the embedded tenant for clients in other processes.
func serve(ctx context.Context, o cli.Serve, ready func([]cli.Variable)) (report string, err error) {
	options := demoOptions(&o.Demo)
	options.Listen = o.Listen
	server, err := emulator.Start(ctx, options)
	if err != nil {
		return "", demoError(err)
	}
	defer func() { err = errors.Join(err, server.Close()) }()
	ca, err := os.CreateTemp("", "rollcall-demo-ca-*.pem")
	if err != nil {
		return "", err
	}
	defer os.Remove(ca.Name())
	if _, err := ca.Write(server.CAPEM()); err != nil {
		return "", errors.Join(err, ca.Close())
	}
	if err := ca.Close(); err != nil {
		return "", err
	}
	ready([]cli.Variable{
		{Name: "AZURE_TENANT_ID", Value: server.TenantID()},
		{Name: "AZURE_CLIENT_ID", Value: server.ClientID()},
		{Name: "AZURE_CLIENT_SECRET", Value: server.ClientSecret()},
		{Name: "SSL_CERT_FILE", Value: ca.Name()},
		{Name: "ROLLCALL_GRAPH_ENDPOINT", Value: server.GraphEndpoint()},
		{Name: "ROLLCALL_AUTHORITY_HOST", Value: server.AuthorityHost()},
		{Name: "ROLLCALL_EXCHANGE_ENDPOINT", Value: server.ExchangeEndpoint()},
	})
	<-ctx.Done()
	return server.Judges().String(), ctx.Err()
}
