package emulator

import (
	"crypto/tls"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/google/uuid"
)

// This file is what a test, or the demo, can do to a running tenant.

// Approve finishes the sign-in of a device code as a person would.
func (s *Server) Approve(userCode string) error {
	return s.authority.settle(userCode, deviceApproved)
}

// Decline is Approve by a person who presses Cancel.
func (s *Server) Decline(userCode string) error {
	return s.authority.settle(userCode, deviceDeclined)
}

func (a *authority) settle(userCode string, state deviceState) error {
	if !a.decide(userCode, state) {
		return fmt.Errorf("emulator: there is no pending device code %q", userCode)
	}
	return nil
}

// Consent grants delegated scopes for the organisation, as an administrator
// who presses Accept on the consent page. Tokens that are out do not change.
func (s *Server) Consent(scopes ...string) { s.authority.consent(scopes...) }

// WithdrawConsent takes delegated scopes back.
func (s *Server) WithdrawConsent(scopes ...string) { s.authority.withdraw(scopes...) }

// SetAppRoles replaces the application permissions of the app.
func (s *Server) SetAppRoles(permissions ...string) {
	s.authority.mu.Lock()
	s.authority.appRoles = slices.Clone(permissions)
	s.authority.mu.Unlock()
}

// SetRoles replaces the directory roles and the role groups of Exchange of the
// signed-in account; without any it is an ordinary member of the organisation.
// A name that is not a known role is an error.
func (s *Server) SetRoles(names ...string) error {
	for _, name := range names {
		if _, ok := roleTemplates[name]; !ok && !slices.Contains(exchangeRoleGroups, name) {
			return fmt.Errorf("emulator: there is no directory role %q", name)
		}
	}
	s.authority.mu.Lock()
	s.authority.roles = slices.Clone(names)
	s.authority.mu.Unlock()
	return nil
}

// EnableAdminAPI enables the preview of the Exchange Online Admin API in the
// tenant, or ends it.
func (s *Server) EnableAdminAPI(on bool) { s.exchange.adminAPIOff.Store(!on) }

// AllowEWS allows Exchange Web Services in the tenant, or blocks them.
func (s *Server) AllowEWS(on bool) { s.exchange.ewsOff.Store(!on) }

// RecalculateLists works the stored members of the dynamic distribution lists
// out again, which Exchange does once a day.
func (s *Server) RecalculateLists() { s.exchange.lists.forget() }

// Provoke makes the next times sign-ins fail with a documented AADSTS number;
// below zero, every one until Relent. A number that the tenant does not know is
// an error.
func (s *Server) Provoke(aadsts, times int) error {
	f, ok := lookupFailure(aadsts)
	if !ok {
		return fmt.Errorf("emulator: AADSTS%d is not among the failures that can be provoked", aadsts)
	}
	if times == 0 {
		return nil
	}
	s.authority.mu.Lock()
	s.authority.provoked = append(s.authority.provoked, &provocation{failure: f, left: times})
	s.authority.mu.Unlock()
	return nil
}

// Relent ends all provoked failures.
func (s *Server) Relent() {
	s.authority.mu.Lock()
	s.authority.provoked = nil
	s.authority.mu.Unlock()
}

// SetAssigned assigns the account to the app, or takes the assignment away:
// sign-ins then fail with AADSTS50105, since the app requires one.
func (s *Server) SetAssigned(assigned bool) {
	s.authority.mu.Lock()
	s.authority.notAssigned = !assigned
	s.authority.mu.Unlock()
}

// AllowPublicClientFlows is the app registration's switch: off, device codes
// fail with AADSTS7000218 once the person has finished.
func (s *Server) AllowPublicClientFlows(on bool) {
	s.authority.mu.Lock()
	s.authority.noPublicFlows = !on
	s.authority.mu.Unlock()
}

// RevokeSessions makes every refresh token useless (AADSTS50173) and every
// access token that is out spent, as after a password change.
func (s *Server) RevokeSessions() {
	s.authority.mu.Lock()
	clear(s.authority.refresh)
	s.authority.mu.Unlock()
	s.ExpireTokens()
}

// ExpireTokens makes Graph and Exchange refuse the access tokens that are out.
func (s *Server) ExpireTokens() {
	s.authority.mu.Lock()
	issued := s.authority.issued
	s.authority.issued = nil
	s.authority.mu.Unlock()
	for _, id := range issued {
		s.graph.revoke(id)
	}
}

// FailNext makes the next n calls whose path begins with pathPrefix ("/users",
// "/adminapi", "/EWS", "" for any) fail with a status: 429 with that Retry-After, or a
// server error, with one when it is above zero. Inner requests of a $batch
// count on their own.
func (s *Server) FailNext(n, status int, retryAfter time.Duration, pathPrefix string) {
	s.graph.faults.push(&oneShot{kind: faultAnswer, left: n, path: pathPrefix, status: status, retryAfter: retryAfter})
}

// CutNext breaks the connection of the next n such requests.
func (s *Server) CutNext(n int, pathPrefix string) { s.provoke(faultCut, n, pathPrefix) }

// UnanswerNext lets the next n requests that write take effect and breaks their
// connection before the answer. Of a $batch, the paths of its writes count.
func (s *Server) UnanswerNext(n int, pathPrefix string) { s.provoke(faultUnanswered, n, pathPrefix) }

// HalveNext breaks the connection of the next n batches that write when some of
// their requests have been served.
func (s *Server) HalveNext(n int) { s.provoke(faultHalfway, n, "") }

// TimeOutNext lets the next n writes take effect and answers them with 504, in
// a $batch each on its own.
func (s *Server) TimeOutNext(n int, pathPrefix string) { s.provoke(faultTimeout, n, pathPrefix) }

// UnreplicateNext refuses the next n writes of members as Graph does when the
// group was created a moment ago: 400, until it is known everywhere.
func (s *Server) UnreplicateNext(n int, pathPrefix string) {
	s.provoke(faultUnreplicated, n, pathPrefix)
}

// TruncateNext ends the bodies of the next n such answers half-way.
func (s *Server) TruncateNext(n int, pathPrefix string) { s.provoke(faultTruncate, n, pathPrefix) }

// ExpireNext makes the token of the next n such requests spent.
func (s *Server) ExpireNext(n int, pathPrefix string) { s.provoke(faultExpire, n, pathPrefix) }

// EmptyNext makes the next n such pages hold nobody but lead on. The prefix is
// "/users", "/users/delta" or "".
func (s *Server) EmptyNext(n int, pathPrefix string) { s.provoke(faultEmpty, n, pathPrefix) }

// LoopNext makes the nextLink of the next n such pages the link that they were
// read with.
func (s *Server) LoopNext(n int, pathPrefix string) { s.provoke(faultLoop, n, pathPrefix) }

// ExpireLinksNext answers the next n nextLinks with 400: those of Graph with
// Directory_ExpiredPageToken.
func (s *Server) ExpireLinksNext(n int) { s.provoke(faultStale, n, "") }

// StrangersNext makes each of the next n pages of delta rounds remove a user
// that never was.
func (s *Server) StrangersNext(n int) { s.provoke(faultStranger, n, "") }

// ForceResync answers the next n delta links with 410 and a Location.
func (s *Server) ForceResync(n int) { s.provoke(faultGone, n, "") }

// LoseSyncState answers the next n delta links with 400 or 404 and
// syncStateNotFound.
func (s *Server) LoseSyncState(n int) { s.provoke(faultLost, n, "") }

// ReplayDeltas makes the next n delta rounds repeat changes that earlier ones
// already held.
func (s *Server) ReplayDeltas(n int) { s.provoke(faultReplay, n, "") }

func (s *Server) provoke(kind faultKind, n int, pathPrefix string) {
	s.graph.faults.push(&oneShot{kind: kind, left: n, path: pathPrefix})
}

// Reboot makes every delta link that is out one of an earlier run: it is
// answered with 410 and a Location.
func (s *Server) Reboot() {
	s.graph.mu.Lock()
	s.graph.boot = uuid.NewString()
	s.graph.mu.Unlock()
}

// Client is an HTTP client that trusts the tenant's CA alone. Its idle
// connections are the caller's to close.
func (s *Server) Client() *http.Client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig = &tls.Config{RootCAs: s.CertPool(), MinVersion: tls.VersionTLS12}
	return &http.Client{Transport: transport}
}
