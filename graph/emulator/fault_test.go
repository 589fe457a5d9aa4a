package emulator_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/graph/emulator"
	"rollcall/model"
)

func escaped(path string) string { return strings.ReplaceAll(path, " ", "%20") }

func TestAFaultSpecificationIsReadOrRefused(t *testing.T) {
	got, err := emulator.ParseFault("latency=20ms,429=0.05,5xx=0.02,cut=0.01,truncate=0.01,expire=0.01,dup=0.1,reorder," +
		"lag=5s,unanswered=0.1,halfway=0.15,timeout=0.2,unreplicated=0.3,absent400," +
		"empty=0.2,loop=0.3,stale=0.4,stranger=0.5,gone=0.6,lost=0.7,501=faxNumber,400=city+imAddresses")
	require.NoError(t, err)
	assert.Equal(t, emulator.Faults{
		Latency: 20 * time.Millisecond, Throttle: 0.05, Server: 0.02, Cut: 0.01, Truncate: 0.01, Expire: 0.01, Dup: 0.1, Reorder: true,
		Lag: 5 * time.Second, Unanswered: 0.1, Halfway: 0.15, Timeout: 0.2, Unreplicated: 0.3, Absent400: true,
		Empty: 0.2, Loop: 0.3, Stale: 0.4, Stranger: 0.5, Gone: 0.6, Lost: 0.7,
		NotImplemented: []string{"faxNumber"}, Unknown: []string{"city", "imAddresses"},
	}, got)
	for _, spec := range []string{"429", "429=2", "429=-1", "429=NaN", "latency=20", "latency=-1s", "typo=1", "reorder=1", "cut=0.1,,dup=1", "501", "400=city+", "lag", "lag=-1s", "unanswered=2", "absent400=1"} {
		_, err := emulator.ParseFault(spec)
		require.Error(t, err, spec)
		assert.Equal(t, model.KindUsage, model.AsError(err).Kind, spec)
		_, err = emulator.Start(t.Context(), emulator.Options{Fault: spec})
		require.Error(t, err, spec)
	}
}

func TestTheSameSeedFailsTheSameCalls(t *testing.T) {
	run := func(seed uint64) []int {
		s := signedIn(t, emulator.Options{Users: 100, Seed: seed, Fault: "429=0.2,5xx=0.2"})
		var statuses []int
		for range 40 {
			statuses = append(statuses, s.get("/me").Status)
		}
		return statuses
	}
	first := run(7)
	assert.Equal(t, first, run(7))
	assert.NotEqual(t, first, run(8))
	assert.Contains(t, first, http.StatusTooManyRequests)
}

func TestOneShotFaultsHitTheirPathAndCount(t *testing.T) {
	s := signedIn(t, emulator.Options{})
	s.FailNext(2, http.StatusServiceUnavailable, 3*time.Second, "/users")
	assert.Equal(t, http.StatusOK, s.get("/me").Status)
	res := s.get("/users?$top=1")
	assert.Equal(t, http.StatusServiceUnavailable, res.Status)
	assert.Equal(t, "3", res.Header.Get("Retry-After"))
	assert.Equal(t, http.StatusServiceUnavailable, s.get("/users/delta").Status)
	assert.Equal(t, http.StatusOK, s.get("/users?$top=1").Status)

	s.CutNext(1, "/users")
	_, err := s.try(http.MethodPatch, "/users", nil) // not idempotent: net/http does not try it again by itself
	require.Error(t, err)
	assert.Equal(t, http.StatusOK, s.get("/users?$top=1").Status)

	s.TruncateNext(1, "/users")
	res = s.get("/users?$top=5")
	assert.Equal(t, http.StatusOK, res.Status)
	assert.False(t, json.Valid(res.Body))
	assert.True(t, json.Valid(s.get("/users?$top=5").Body))
}

func TestASpentTokenIsChallengedSoThatTheCredentialRenewsIt(t *testing.T) {
	s := start(t, emulator.Options{})
	cred := s.deviceCode(nil)
	request := policy.TokenRequestOptions{Scopes: []string{graphScope}, EnableCAE: true}
	_, err := cred.Authenticate(t.Context(), &request)
	require.NoError(t, err)
	token, err := cred.GetToken(t.Context(), request)
	require.NoError(t, err)
	s.token = token.Token

	s.ExpireNext(1, "")
	res := s.get("/me")
	require.Equal(t, http.StatusUnauthorized, res.Status)
	assert.Equal(t, http.StatusUnauthorized, s.get("/me").Status, "spent for good")
	challenge := regexp.MustCompile(`claims="([^"]+)"`).FindStringSubmatch(res.Header.Get("WWW-Authenticate"))
	require.NotNil(t, challenge, res.Header)
	claims, err := base64.StdEncoding.DecodeString(challenge[1])
	require.NoError(t, err)

	request.Claims = string(claims)
	token, err = cred.GetToken(t.Context(), request)
	require.NoError(t, err)
	s.token = token.Token
	assert.Equal(t, http.StatusOK, s.get("/me").Status)

	plain := signedIn(t, emulator.Options{})
	plain.ExpireTokens()
	res = plain.get("/me")
	assert.Equal(t, http.StatusUnauthorized, res.Status)
	assert.NotContains(t, res.Header.Get("WWW-Authenticate"), "claims=", "this client never said that it understands one")
}
