package graph_test

import (
	"crypto/tls"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/graph"
	"rollcall/graph/emulator"
	"rollcall/graph/signin"
	"rollcall/model"
	"rollcall/model/refresh"
	"rollcall/model/workspace"
)

// atWork starts a tenant and signs in to it, both by the real clock.
func atWork(b *testing.B, o emulator.Options) *house {
	b.Helper()
	server, err := emulator.Start(b.Context(), o)
	require.NoError(b, err)
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: server.CertPool()}, ForceAttemptHTTP2: true}
	b.Cleanup(func() {
		transport.CloseIdleConnections()
		assert.NoError(b, server.Close())
	})
	h := &house{server: server}
	h.auth, err = signin.New(signin.Options{Tenant: server.TenantID(), ClientID: server.ClientID(), AuthorityHost: server.AuthorityHost(), Transport: transport})
	require.NoError(b, err)
	h.options = graph.Options{Endpoint: server.GraphEndpoint(), Credential: h.auth, Schema: model.FullSchema(), Transport: transport}
	h.Client, err = graph.New(h.options)
	require.NoError(b, err)
	_, err = h.auth.SignIn(b.Context(), func(d workspace.DeviceCode) { assert.NoError(b, server.Approve(d.UserCode)) })
	require.NoError(b, err)
	return h
}

// distinct reads the partitions and returns how many users they list.
func (h *house) distinct(b *testing.B, cover refresh.Cover) int {
	seen := make(map[string]bool)
	h.eachPage(b, cover, func(_ int, page *refresh.Page) {
		for _, c := range page.Changes {
			seen[strings.Clone(c.ID)] = true
		}
	})
	return len(seen)
}

// BenchmarkInitialRead reads 100,000 users at 100 ms a request, from the first
// question to the last page: in parallel partitions, and then the same users one
// page after another. The ratio is the time of the latter by that of the former.
// The tenant is in the same process.
func BenchmarkInitialRead(b *testing.B) {
	const users = 100_000
	for name, nulls := range map[string]float64{"by creation": 0, "by name": 0.05} {
		b.Run(name, func(b *testing.B) {
			h := atWork(b, emulator.Options{Users: users, Latency: 100 * time.Millisecond, NullCreated: nulls, NoCompression: true})
			b.ReportAllocs()
			var planning, parallel, serial time.Duration
			for b.Loop() {
				start := time.Now()
				_, err := h.Begin(b.Context())
				require.NoError(b, err)
				total, err := h.UserCount(b.Context())
				require.NoError(b, err)
				planned := time.Now()
				cover, err := h.Partitions(b.Context(), total, users/(4*readers))
				require.NoError(b, err)
				planning += time.Since(planned)
				require.Equal(b, users, h.distinct(b, cover))
				parallel += time.Since(start)

				start = time.Now()
				_, err = h.Begin(b.Context())
				require.NoError(b, err)
				cover, err = h.Partitions(b.Context(), 0, 0)
				require.NoError(b, err)
				require.Equal(b, users, h.distinct(b, cover))
				serial += time.Since(start)
			}
			b.ReportMetric(planning.Seconds()/float64(b.N), "planning-s")
			b.ReportMetric(parallel.Seconds()/float64(b.N), "parallel-s")
			b.ReportMetric(serial.Seconds()/float64(b.N), "serial-s")
			b.ReportMetric(serial.Seconds()/parallel.Seconds(), "ratio")
		})
	}
}
