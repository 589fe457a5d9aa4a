package cli_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.etcd.io/bbolt"

	"rollcall/cache"
	"rollcall/graph/emulator"
	"rollcall/model"
	"rollcall/model/directory"
)

// tenant is an embedded tenant that the test's own process serves, so that the
// test can change it, disturb it and read it while processes of rollcall sync
// from it.
type tenant struct {
	*emulator.Server
	tb    testing.TB
	ahead atomic.Int64 // nanoseconds by which its clock is fast
}

// serveTenant serves a tenant until the test ends.
func serveTenant(tb testing.TB, o emulator.Options) *tenant {
	tb.Helper()
	t := &tenant{tb: tb}
	o.Now = func() time.Time { return time.Now().Add(time.Duration(t.ahead.Load())) }
	var err error
	t.Server, err = emulator.Start(tb.Context(), o)
	require.NoError(tb, err)
	// The context of a test ends before its clean-up begins.
	tb.Cleanup(func() { _ = t.Close() })
	return t
}

// skip lets time pass in the tenant alone, so that nobody has to wait out what
// it told.
func (t *tenant) skip(d time.Duration) { t.ahead.Add(int64(d)) }

// asked is how often a route was called so far: "GET /users". Any route: "".
func (t *tenant) asked(route string) int {
	judges := t.Judges()
	if route == "" {
		return judges.Requests
	}
	for _, r := range judges.Routes {
		if r.Route == route {
			return r.Requests
		}
	}
	return 0
}

// requireGoodManners fails when a client did what none may ever do.
func (t *tenant) requireGoodManners() {
	t.tb.Helper()
	require.Empty(t.tb, t.Judges().Violations())
}

// reader is a client of the tenant that shares nothing with rollcall's.
type reader struct {
	tenant *tenant
	client *http.Client
	token  string
}

func (t *tenant) reader() *reader {
	r := &reader{tenant: t, client: t.Client()}
	t.tb.Cleanup(r.client.CloseIdleConnections)
	return r
}

// usersURL lists the users with everything that rollcall reads of them.
func (t *tenant) usersURL(schema *model.Schema) string {
	return t.GraphEndpoint() + "/v1.0/users?" + url.Values{
		"$top":    {"999"},
		"$select": {strings.Join(schema.Select(), ",")},
		"$expand": {"manager($select=id)"},
	}.Encode()
}

// signIn gets a token by the app's secret.
func (r *reader) signIn() error {
	answer, err := r.client.PostForm(r.tenant.AuthorityHost()+r.tenant.TenantID()+"/oauth2/v2.0/token", url.Values{
		"grant_type": {"client_credentials"}, "scope": {"https://graph.microsoft.com/.default"},
		"client_id": {r.tenant.ClientID()}, "client_secret": {r.tenant.ClientSecret()},
	})
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	var grant struct {
		Token string `json:"access_token"`
	}
	err = json.NewDecoder(answer.Body).Decode(&grant)
	r.token = grant.Token
	return err
}

// get reads one page into v. A tenant with faults is asked again; after a 429
// its clock jumps over the wait.
func (r *reader) get(link string, v any) {
	tb := r.tenant.tb
	tb.Helper()
	var err error
	for range 50 {
		if r.token == "" {
			require.NoError(tb, r.signIn())
		}
		if err = r.try(link, v); err == nil {
			return
		}
	}
	require.NoError(tb, err)
}

func (r *reader) try(link string, v any) error {
	request, err := http.NewRequestWithContext(r.tenant.tb.Context(), http.MethodGet, link, nil)
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+r.token)
	answer, err := r.client.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return err
	}
	switch answer.StatusCode {
	case http.StatusOK:
		return json.Unmarshal(body, v)
	case http.StatusUnauthorized:
		r.token = ""
	case http.StatusTooManyRequests:
		seconds, err := strconv.ParseFloat(answer.Header.Get("Retry-After"), 64)
		if err != nil {
			return err
		}
		r.tenant.skip(time.Duration(seconds*float64(time.Second)) + time.Millisecond)
	}
	return fmt.Errorf("%s: %s", answer.Status, body)
}

// object is a user as JSON has it.
type object = map[string]any

// users reads all users, one page after another, by id.
func (r *reader) users(schema *model.Schema) map[string]object {
	users := make(map[string]object)
	for link := r.tenant.usersURL(schema); link != ""; {
		var page struct {
			Value []object
			Next  string `json:"@odata.nextLink"`
		}
		r.get(link, &page)
		for _, user := range page.Value {
			users[user["id"].(string)] = user
		}
		link = page.Next
	}
	return users
}

// site is a home folder and an environment for processes of rollcall that
// follow each other.
type site struct {
	tb     testing.TB
	home   string
	data   string // where the profile's files are
	schema *model.Schema
	env    []string
	limits string // shell commands that each process is started behind; "" starts it directly
	as     uint32 // the account that runs it; 0: the test's own
}

// site is a place from where a tenant is synced with the app's own credential.
func (t *tenant) site() *site {
	t.tb.Helper()
	home := t.tb.TempDir()
	s := &site{tb: t.tb, home: home, data: filepath.Join(home, "data", "default"), schema: model.DefaultSchema()}
	s.connect(t)
	return s
}

// connect points the site at a tenant.
func (s *site) connect(t *tenant) {
	s.tb.Helper()
	ca := filepath.Join(s.home, "ca.pem")
	require.NoError(s.tb, os.WriteFile(ca, t.CAPEM(), 0o644))
	s.env = []string{
		"HOME=" + s.home, "PATH=" + os.Getenv("PATH"), "TERM=xterm-256color",
		"ROLLCALL_DATA_DIR=" + filepath.Dir(s.data),
		"AZURE_TENANT_ID=" + t.TenantID(), "AZURE_CLIENT_ID=" + t.ClientID(), "AZURE_CLIENT_SECRET=" + t.ClientSecret(),
		"SSL_CERT_FILE=" + ca, "ROLLCALL_GRAPH_ENDPOINT=" + t.GraphEndpoint(), "ROLLCALL_AUTHORITY_HOST=" + t.AuthorityHost(),
	}
}

// syncs configures the attributes of the site's profile.
func (s *site) syncs(schema *model.Schema) {
	s.tb.Helper()
	var names []string
	for _, a := range schema.Synced() {
		names = append(names, strconv.Quote(a.Graph))
	}
	config := filepath.Join(s.home, "config.toml")
	text := "[profile.default]\nattributes = [" + strings.Join(names, ", ") + "]\n"
	require.NoError(s.tb, os.WriteFile(config, []byte(text), 0o600))
	s.schema, s.env = schema, append(s.env, "ROLLCALL_CONFIG="+config)
}

// with is the site with other values of some variables.
func (s *site) with(variables ...string) *site {
	c := *s
	c.env = slices.Concat(s.env, variables)
	return &c
}

// process is a running rollcall.
type process struct {
	tb             testing.TB
	cmd            *exec.Cmd
	stdout, stderr bytes.Buffer
	ended          chan struct{} // closed when the process is no more
	err            error         // of Wait, once ended
}

// start starts rollcall. The process does not outlive the test.
func (s *site) start(args ...string) *process {
	s.tb.Helper()
	path, err := binary()
	require.NoError(s.tb, err)
	p := &process{tb: s.tb, ended: make(chan struct{})}
	p.cmd = exec.CommandContext(s.tb.Context(), path, args...)
	if s.limits != "" {
		p.cmd = exec.CommandContext(s.tb.Context(), "sh", slices.Concat([]string{"-c", s.limits + ` exec "$0" "$@"`, path}, args)...)
	}
	p.cmd.Env, p.cmd.Dir = s.env, s.home
	p.cmd.Stdout, p.cmd.Stderr = &p.stdout, &p.stderr
	if s.as != 0 {
		p.cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: s.as, Gid: s.as}}
	}
	require.NoError(s.tb, p.cmd.Start())
	go func() {
		p.err = p.cmd.Wait()
		close(p.ended)
	}()
	s.tb.Cleanup(func() { _ = p.cmd.Process.Kill(); <-p.ended })
	return p
}

// wait returns how the process ended; the code is -1 when it was killed.
func (p *process) wait() answer {
	p.tb.Helper()
	<-p.ended
	var exit *exec.ExitError
	if p.err != nil && !errors.As(p.err, &exit) {
		require.NoError(p.tb, p.err)
	}
	return answer{p.stdout.String(), p.stderr.String(), p.cmd.ProcessState.ExitCode()}
}

// when waits until something is so: true, or until the process has ended:
// false.
func (p *process) when(so func() bool) bool {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !so() {
		select {
		case <-p.ended:
			return false
		case <-tick.C:
		}
	}
	return true
}

// run runs rollcall to its end.
func (s *site) run(args ...string) answer {
	s.tb.Helper()
	return s.start(args...).wait()
}

// ok runs rollcall, which must end well.
func (s *site) ok(args ...string) string {
	s.tb.Helper()
	a := s.run(args...)
	require.Zero(s.tb, a.code, "rollcall %v: %s%s", args, a.stdout, a.stderr)
	return a.stdout
}

// report is what `sync --json` prints.
type report struct {
	Mode                string
	Users               int
	Added, Updated      int
	Removed             int
	Requests, Throttled int
	Retried             int
	ElapsedMs           float64
}

// sync runs `sync --json` with arguments, which must end well.
func (s *site) sync(args ...string) report {
	s.tb.Helper()
	return decodeReport(s.tb, s.ok(append([]string{"sync", "--json"}, args...)...))
}

func decodeReport(tb testing.TB, stdout string) report {
	tb.Helper()
	var r report
	require.NoError(tb, json.Unmarshal([]byte(stdout), &r), stdout)
	return r
}

// failure is an error that a command with --json printed.
type failure struct{ Code, Message, Remedy string }

func (s *site) fails(code int, args ...string) failure {
	s.tb.Helper()
	a := s.run(append(args, "--json")...)
	return decodeFailure(s.tb, a, code)
}

func decodeFailure(tb testing.TB, a answer, code int) failure {
	tb.Helper()
	require.Equal(tb, code, a.code, a.stdout+a.stderr)
	var f struct{ Error failure }
	require.NoError(tb, json.Unmarshal([]byte(a.stderr), &f), a.stderr)
	assert.NotEmpty(tb, f.Error.Remedy)
	return f.Error
}

// users are the synced users with every attribute, by id.
func (s *site) users() map[string]object {
	s.tb.Helper()
	users := make(map[string]object)
	for line := range strings.Lines(s.ok("users", "--format", "ndjson")) {
		var user object
		require.NoError(s.tb, json.Unmarshal([]byte(line), &user))
		users[user["id"].(string)] = user
	}
	return users
}

// managers are the stored users' managers, which no command prints, by id; ""
// is none.
func (s *site) managers() map[string]string {
	s.tb.Helper()
	store, err := cache.OpenDirectory(filepath.Join(s.data, "directory.db"), cache.DirectoryOptions{})
	require.NoError(s.tb, err)
	users := directory.New(model.FullSchema())
	err = store.Load(s.tb.Context(), users.Restore, func(changes []model.Change) { users.Apply(changes) })
	require.NoError(s.tb, errors.Join(err, store.Close()))
	managers := make(map[string]string)
	snapshot := users.Snapshot()
	for _, row := range snapshot.All() {
		user := snapshot.User(row)
		managers[user.ID] = user.ManagerID
	}
	return managers
}

// requireEqual fails unless the synced users are the tenant's, attribute by
// attribute.
func (s *site) requireEqual(t *tenant) {
	s.tb.Helper()
	want, got, managers := t.reader().users(s.schema), s.users(), s.managers()
	var differences []string
	for _, id := range slices.Sorted(maps.Keys(want)) {
		user, ok := got[id]
		if !ok {
			differences = append(differences, id+" is missing")
			continue
		}
		manager, _ := want[id]["manager"].(object)
		if sent, _ := manager["id"].(string); managers[id] != sent {
			differences = append(differences, fmt.Sprintf("%s: the manager is %q and not %q", id, managers[id], sent))
		}
		for _, attribute := range s.schema.Synced() {
			printed, ok := user[attribute.Graph]
			if sent := printedAs(attribute, want[id]); !ok || !reflect.DeepEqual(sent, printed) {
				differences = append(differences, fmt.Sprintf("%s: %s is %v and not %v", id, attribute.Graph, printed, sent))
			}
		}
	}
	for _, id := range slices.Sorted(maps.Keys(got)) {
		if _, ok := want[id]; !ok {
			differences = append(differences, id+" is gone in the tenant")
		}
	}
	shown := differences[:min(len(differences), 10)]
	require.Empty(s.tb, differences, "%d differences in %d users, such as\n%s", len(differences), len(want), strings.Join(shown, "\n"))
}

// printedAs is the value that `users` must print of a user that Graph sent: an
// attribute of one value shows the first of Graph's, an empty text is null.
func printedAs(attribute model.Attribute, user object) any {
	value := user[attribute.Graph]
	if attribute.Select != attribute.Graph {
		parts, _ := user[attribute.Select].(object)
		value = parts[attribute.Graph]
	}
	list, isList := value.([]any)
	switch {
	case attribute.Type.IsCollection() && !isList:
		return []any{}
	case attribute.Type == model.TypePlans:
		for _, plan := range list {
			delete(plan.(object), "assignedDateTime")
		}
		slices.SortFunc(list, func(a, b any) int {
			text := func(plan any) string {
				p := plan.(object)
				return fmt.Sprint(p["service"], "/", p["capabilityStatus"], "/", p["servicePlanId"])
			}
			return strings.Compare(text(a), text(b))
		})
		return list
	case attribute.Type == model.TypeCollection:
		return value
	case isList && len(list) == 0, value == "":
		return nil
	case isList:
		return list[0]
	}
	return value
}

// requireWhole fails unless the profile's files are undamaged and nothing lies
// beside them that a finished sync should have taken away.
func (s *site) requireWhole() {
	s.tb.Helper()
	entries, err := os.ReadDir(s.data)
	require.NoError(s.tb, err)
	for _, entry := range entries {
		require.Contains(s.tb, []string{"directory.db", "directory.lock", "ledger.db", "ledger.lock"}, entry.Name())
	}
	for _, name := range []string{"directory.db", "ledger.db"} {
		db, err := bbolt.Open(filepath.Join(s.data, name), 0o600, &bbolt.Options{ReadOnly: true, Timeout: time.Second})
		require.NoError(s.tb, err, name)
		require.NoError(s.tb, db.View(func(tx *bbolt.Tx) error {
			for err := range tx.Check() {
				require.NoError(s.tb, err, name)
			}
			return nil
		}))
		require.NoError(s.tb, db.Close())
	}
	s.ok("log", "--json") // whose audit was tampered with does not end well
}
