package emulator

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// Times of the device authorization grant. Source: Entra documentation,
// "OAuth 2.0 device authorization grant"; the interval is the service's usual.
const (
	deviceCodeLifetime = 15 * time.Minute
	deviceCodeInterval = 5 // seconds
)

type deviceState uint8

const (
	devicePending deviceState = iota
	deviceApproved
	deviceDeclined
)

// deviceCode is one device authorization in progress.
type deviceCode struct {
	code     string
	userCode string
	scope    string
	began    time.Time
	state    deviceState
}

func (a *authority) deviceCodeRequest(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if err := a.checkClient(r); err != nil {
		err.write(w)
		return
	}
	d := &deviceCode{
		code:     rand.Text() + rand.Text(),
		userCode: newUserCode(),
		scope:    r.PostForm.Get("scope"),
		began:    a.now(),
	}
	a.mu.Lock()
	a.devices[d.code] = d
	a.mu.Unlock()

	page := a.baseURL + "/devicelogin"
	writeJSON(w, http.StatusOK, map[string]any{
		"user_code":        d.userCode,
		"device_code":      d.code,
		"verification_uri": page,
		"expires_in":       int(deviceCodeLifetime.Seconds()),
		"interval":         deviceCodeInterval,
		"message":          fmt.Sprintf("To sign in, use a web browser to open the page %s and enter the code %s to authenticate.", page, d.userCode),
	})
}

// newUserCode makes a code of nine letters and digits that are hard to
// mistake for each other.
func newUserCode() string {
	const alphabet = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789" // 32: no modulo bias
	var b [9]byte
	rand.Read(b[:])
	for i := range b {
		b[i] = alphabet[b[i]%32]
	}
	return string(b[:])
}

// decide settles a pending device code by what the person typed.
func (a *authority) decide(userCode string, state deviceState) bool {
	userCode = strings.ToUpper(strings.TrimSpace(userCode))
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, d := range a.devices {
		if d.userCode == userCode && d.state == devicePending && a.now().Sub(d.began) < deviceCodeLifetime {
			d.state = state
			return true
		}
	}
	return false
}

// redeemDeviceCode answers one poll of a device-code client.
func (a *authority) redeemDeviceCode(r *http.Request) (*tokenResponse, *oauthError) {
	code := r.PostForm.Get("device_code")
	a.mu.Lock()
	d, ok := a.devices[code]
	var state deviceState
	var age time.Duration
	if ok {
		age = a.now().Sub(d.began)
		if d.state == devicePending && a.autoApprove > 0 && age >= a.autoApprove {
			d.state = deviceApproved
		}
		state = d.state
	}
	noPublicFlows := a.noPublicFlows
	a.mu.Unlock()

	switch {
	case !ok:
		return nil, a.oauthError(r, 0, "bad_verification_code", "", 70018, "Invalid verification code due to User typing in wrong user code for device code flow.", false)
	case state == deviceDeclined:
		a.forget(code)
		return nil, a.oauthError(r, 0, "authorization_declined", "", 70021, "The end user denied the authorization request.", false)
	case age >= deviceCodeLifetime:
		a.forget(code)
		return nil, a.oauthError(r, 0, "expired_token", "", 70019, "Verification code expired. Please retry sign in to generate a new code.", false)
	case state == devicePending:
		return nil, a.oauthError(r, 0, "authorization_pending", "", 70016, "OAuth 2.0 device flow error. Authorization is pending. Continue polling.", false)
	}
	// Entra looks at the app and the account's policies only now, after the
	// person has finished in the browser; the code is spent either way.
	a.forget(code)
	if noPublicFlows {
		f, _ := lookupFailure(7000218)
		return nil, a.refusal(r, f, "")
	}
	return a.delegate(r, d.scope, "")
}

func (a *authority) forget(code string) {
	a.mu.Lock()
	delete(a.devices, code)
	a.mu.Unlock()
}

func (a *authority) deviceLoginPage(w http.ResponseWriter, r *http.Request) {
	writePage(w, http.StatusOK, "Enter code",
		`<p>Enter the code displayed on your app or device.</p>
<form method="post"><p><input name="otc" aria-label="Code" autofocus autocomplete="off" maxlength="9" value="`+escape(r.URL.Query().Get("otc"))+`">
<p>You sign in as <b>`+escape(a.account.UserPrincipalName)+`</b> to <b>`+escape(appName)+`</b>.
<p><button name="action" value="approve">Continue</button> <button name="action" value="decline">Cancel</button></form>`)
}

func (a *authority) deviceLoginAnswer(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	state, done := deviceApproved, "You have signed in to the "+appName+" application on your device. You may now close this window."
	if r.PostForm.Get("action") == "decline" {
		state, done = deviceDeclined, "You have not signed in. You may now close this window."
	}
	if !a.decide(r.PostForm.Get("otc"), state) {
		writePage(w, http.StatusBadRequest, "Enter code", `<p>That code did not work. Check the code and <a href="/devicelogin">try again</a>.</p>`)
		return
	}
	writePage(w, http.StatusOK, appName, "<p>"+escape(done)+"</p>")
}
