package cli_test

import (
	"bufio"
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"rollcall/cache"
	"rollcall/graph"
	"rollcall/graph/emulator"
	"rollcall/graph/emulator/seed"
	"rollcall/graph/signin"
	"rollcall/model"
	"rollcall/model/directory"
	"rollcall/model/refresh"
)

// roundsFolder names the folder in which TestRoundsOfOneProcess syncs. It is
// set in that process alone.
const roundsFolder = "ROLLCALL_TEST_ROUNDS"

// footprint is what a process holds between two rounds.
type footprint struct {
	Mode       string
	Heap       int64 // bytes of live objects
	Goroutines int64
	File       int64 // bytes of directory.db
}

// TestRoundsOfOneProcess is the other process of
// TestManyRoundsLeaveTheProcessAsItWas: it composes the parts of a sync as
// main does, and runs a round for each line of its input.
func TestRoundsOfOneProcess(t *testing.T) {
	folder := os.Getenv(roundsFolder)
	if folder == "" {
		t.Skip("another test runs this one in a process of its own")
	}
	defer goleak.VerifyNone(t)
	ca, err := os.ReadFile(os.Getenv("SSL_CERT_FILE"))
	require.NoError(t, err)
	roots := x509.NewCertPool()
	require.True(t, roots.AppendCertsFromPEM(ca))
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig = &tls.Config{RootCAs: roots}
	defer transport.CloseIdleConnections()
	auth, err := signin.New(signin.Options{
		Method: signin.MethodClientSecret, Tenant: os.Getenv("AZURE_TENANT_ID"), ClientID: os.Getenv("AZURE_CLIENT_ID"),
		ClientSecret: signin.Secret(os.Getenv("AZURE_CLIENT_SECRET")), AuthorityHost: os.Getenv("ROLLCALL_AUTHORITY_HOST"), Transport: transport,
	})
	require.NoError(t, err)
	schema := model.DefaultSchema()
	source, err := graph.New(graph.Options{Endpoint: os.Getenv("ROLLCALL_GRAPH_ENDPOINT"), Credential: auth, Schema: schema, Transport: transport})
	require.NoError(t, err)
	path := filepath.Join(folder, "directory.db")
	store, err := cache.OpenDirectory(path, cache.DirectoryOptions{Schema: schema})
	require.NoError(t, err)
	defer func() { require.NoError(t, store.Close()) }()
	users := directory.New(schema)
	runner := refresh.New(refresh.Options{
		Source: source, Store: store, Directory: users, Schema: schema,
		TenantID: func() string { return os.Getenv("AZURE_TENANT_ID") },
	})
	require.NoError(t, runner.Restore(t.Context()))

	output := os.NewFile(3, "footprints")
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		result, err := runner.Run(t.Context(), false)
		require.NoError(t, err)
		transport.CloseIdleConnections()
		runtime.GC()
		runtime.GC() // what the first one's finalizers let go of
		var memory runtime.MemStats
		runtime.ReadMemStats(&memory)
		info, err := os.Stat(path)
		require.NoError(t, err)
		require.NoError(t, json.NewEncoder(output).Encode(footprint{string(result.Mode), int64(memory.HeapAlloc), int64(runtime.NumGoroutine()), info.Size()}))
	}
	runtime.KeepAlive(users)
}

// TestManyRoundsLeaveTheProcessAsItWas runs delta rounds in one process, with
// faults. Each of them changes every user, to values that nobody had before:
// what the directory and its file keep of the former ones has to go again.
// ROLLCALL_SOAK=1 runs 200 rounds instead of 20.
func TestManyRoundsLeaveTheProcessAsItWas(t *testing.T) {
	t.Parallel()
	rounds, users := 20, 3000
	if soak() {
		rounds = 200
	}
	tenant := serveTenant(t, emulator.Options{Users: users, Fault: "429=0.002,5xx=0.03,cut=0.02,truncate=0.02,dup=0.1,reorder"})
	s := tenant.site()
	require.NoError(t, os.MkdirAll(s.data, 0o700))
	reader, writer, err := os.Pipe()
	require.NoError(t, err)
	defer reader.Close()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestRoundsOfOneProcess$", "-test.v")
	cmd.Env = append(s.env, roundsFolder+"="+s.data)
	cmd.ExtraFiles = []*os.File{writer}
	said, err := os.Create(filepath.Join(s.home, "rounds.log"))
	require.NoError(t, err)
	defer said.Close()
	cmd.Stdout, cmd.Stderr = said, said
	input, err := cmd.StdinPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	require.NoError(t, writer.Close())
	answers := json.NewDecoder(reader)
	round := func() footprint {
		t.Helper()
		_, err := io.WriteString(input, "\n")
		require.NoError(t, err)
		var f footprint
		if err := answers.Decode(&f); err != nil {
			text, _ := os.ReadFile(said.Name())
			require.NoError(t, err, "%s", text)
		}
		return f
	}

	require.Equal(t, "initial", round().Mode)
	modes := make(map[string]int)
	// What compaction and checkpoints let go of comes and goes within some
	// rounds: the least that was held in a part of them is what stays. The first
	// quarter is left out, until buffers and free pages have their working size.
	var before, after []footprint
	for n := range rounds {
		tenant.renew(n)
		f := round()
		modes[f.Mode]++
		switch {
		case n >= rounds/2:
			after = append(after, f)
		case n >= rounds/4:
			before = append(before, f)
		}
		t.Logf("round %d: %+v", n, f)
	}
	assert.Positive(t, modes["resync"], "a tenant that forgets its delta links is among the faults")
	require.NoError(t, input.Close())
	err = cmd.Wait()
	text, readErr := os.ReadFile(said.Name())
	require.NoError(t, errors.Join(err, readErr), "%s", text)

	least := func(part []footprint, of func(footprint) int64) int64 {
		return of(slices.MinFunc(part, func(a, b footprint) int { return cmp.Compare(of(a), of(b)) }))
	}
	for what, of := range map[string]func(footprint) int64{
		"heap":       func(f footprint) int64 { return f.Heap },
		"goroutines": func(f footprint) int64 { return f.Goroutines },
		"file":       func(f footprint) int64 { return f.File },
	} {
		first, second := least(before, of), least(after, of)
		t.Logf("%s: at least %d in the second quarter, %d in the second half", what, first, second)
		// Who is hired has other values than who leaves, and bbolt rounds to
		// pages.
		assert.LessOrEqual(t, second, first+first/20, what)
	}
	s.requireEqual(tenant)
	s.requireWhole()
	tenant.requireGoodManners()
}

// renew gives every user of the tenant new values, as long as the former ones,
// lets some come and go, and sometimes forgets or repeats what it has told.
func (t *tenant) renew(round int) {
	random := rand.New(rand.NewPCG(uint64(round), 1))
	noise := func() string {
		b := make([]byte, 200)
		for i := range b {
			b[i] = byte('!' + random.IntN('~'-'!'))
		}
		return string(b)
	}
	for i := range t.Tenant().UserSlots() {
		t.Tenant().UpdateUser(i, func(u *seed.User) {
			u.JobTitle = fmt.Sprintf("Title %02d of round %03d", i%100, round)
			u.ExtensionAttributes[8], u.ExtensionAttributes[9] = noise(), noise()
			u.MobilePhone = fmt.Sprintf("+1 555 %03d %05d", round, i)
			u.OtherMails = []string{fmt.Sprintf("user%05d.round%03d@example.com", i, round)}
		})
	}
	t.Tenant().Churn(uint64(round), seed.Churn{Hires: 20, Leavers: 20, Moves: 20})
	switch round % 10 {
	case 3:
		t.ReplayDeltas(1)
	case 5:
		t.ExpireNext(1, "/users")
	case 6:
		t.ForceResync(1)
	}
}
