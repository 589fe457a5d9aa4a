package emulator

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/google/uuid"
)

// stage is where in a sign-in Entra finds a failure.
type stage uint8

const (
	stageStart  stage = iota // as soon as the client shows itself: device code, authorize, token
	stageRedeem              // when a code or refresh token is redeemed, after the person is done
)

// failure is a documented sign-in failure. Source: Entra documentation,
// "Microsoft Entra authentication and authorization error codes".
type failure struct {
	code     int // AADSTS number
	oauth    string
	sub      string // suberror
	status   int    // default 400
	stage    stage
	text     string // without the AADSTS prefix; {app}, {name}, {tenant} and {account} are filled in
	atBrowse bool   // a browser sign-in is told at the redirect rather than at the token endpoint
}

// failures are the ones that Provoke can name. Read only.
var failures = []failure{
	{code: 65001, oauth: "invalid_grant", sub: "consent_required", stage: stageRedeem, text: "The user or administrator has not consented to use the application with ID '{app}' named '{name}'. Send an interactive authorization request for this user and resource."},
	{code: 65004, oauth: "access_denied", stage: stageRedeem, atBrowse: true, text: "User declined to consent to access the app."},
	{code: 90094, oauth: "access_denied", stage: stageRedeem, atBrowse: true, text: "Admin consent is required for the permissions requested by this application. An administrator must grant them."},
	{code: 90093, oauth: "access_denied", stage: stageRedeem, atBrowse: true, text: "Calling principal cannot consent due to lack of permissions."},
	{code: 650056, oauth: "invalid_client", stage: stageRedeem, text: "Misconfigured application. This could be due to one of the following: the client has not listed any permissions in the requested permissions in the client's application registration, or the admin has not consented in the tenant. Client app ID: {app}."},
	{code: 650057, oauth: "invalid_resource", stage: stageStart, text: "Invalid resource. The client has requested access to a resource which is not listed in the requested permissions in the client's application registration. Client app ID: {app}({name})."},
	{code: 700016, oauth: "unauthorized_client", stage: stageStart, text: "Application with identifier '{app}' was not found in the directory '{tenant}'. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You may have sent your authentication request to the wrong tenant."},
	{code: 90002, oauth: "invalid_request", stage: stageStart, text: "Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud. Check with your subscription administrator, this may happen if there are no active subscriptions for the tenant."},
	{code: 50194, oauth: "invalid_request", stage: stageStart, text: "Application '{app}'({name}) is not configured as a multi-tenant application. Usage of the /common endpoint is not supported for such apps created after '10/15/2018'. Use a tenant-specific endpoint or configure the application to be multi-tenant."},
	{code: 50105, oauth: "invalid_grant", stage: stageRedeem, atBrowse: true, text: "Your administrator has configured the application {name} ('{app}') to block users unless they are specifically granted ('assigned') access to the application. The signed in user '{account}' is blocked because they are not a direct member of a group with access, nor had access directly assigned by an administrator. Please contact your administrator to assign access to this application."},
	{code: 7000218, oauth: "invalid_client", status: http.StatusUnauthorized, stage: stageRedeem, text: "The request body must contain the following parameter: 'client_assertion' or 'client_secret'."},
	{code: 7000215, oauth: "invalid_client", status: http.StatusUnauthorized, stage: stageRedeem, text: "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '{app}'."},
	{code: 50020, oauth: "invalid_grant", stage: stageRedeem, atBrowse: true, text: "User account '{account}' from identity provider 'live.com' does not exist in tenant '{tenant}' and cannot access the application '{app}'({name}) in that tenant. The account needs to be added as an external user in the tenant first."},
	{code: 50034, oauth: "invalid_grant", stage: stageRedeem, atBrowse: true, text: "The user account {account} does not exist in the {tenant} directory. To sign into this application, the account must be added to the directory."},
	{code: 51004, oauth: "invalid_grant", stage: stageRedeem, text: "The user account {account} does not exist in the {tenant} directory. To sign into this application, the account must be added to the directory."},
	{code: 16000, oauth: "interaction_required", stage: stageRedeem, text: "User account from identity provider does not exist in tenant and cannot access the application in that tenant."},
	{code: 50057, oauth: "invalid_grant", stage: stageRedeem, text: "The user account is disabled."},
	{code: 50072, oauth: "interaction_required", sub: "basic_action", stage: stageRedeem, text: "Due to a configuration change made by your administrator, or because you moved to a new location, you must enroll in multi-factor authentication to access '00000003-0000-0000-c000-000000000000'."},
	{code: 50074, oauth: "interaction_required", sub: "basic_action", stage: stageRedeem, text: "Strong Authentication is required."},
	{code: 50076, oauth: "interaction_required", sub: "basic_action", stage: stageRedeem, text: "Due to a configuration change made by your administrator, or because you moved to a new location, you must use multi-factor authentication to access '00000003-0000-0000-c000-000000000000'."},
	{code: 50079, oauth: "interaction_required", sub: "basic_action", stage: stageRedeem, text: "Due to a configuration change made by your administrator, or because you moved to a new location, you must enroll in multi-factor authentication to access '00000003-0000-0000-c000-000000000000'."},
	{code: 50097, oauth: "interaction_required", stage: stageRedeem, text: "Device authentication is required."},
	{code: 50129, oauth: "interaction_required", stage: stageRedeem, text: "Device is not workplace joined. Workplace join is required to register the device."},
	{code: 53000, oauth: "interaction_required", sub: "message_only", stage: stageRedeem, text: "Device is not in required device state: compliant. Conditional Access policy requires a compliant device, and the device is not compliant. The user must enroll their device with an approved MDM provider like Intune."},
	{code: 53001, oauth: "interaction_required", sub: "message_only", stage: stageRedeem, text: "Device is not in required device state: domain_joined. Conditional Access policy requires a domain joined device, and the device is not domain joined."},
	{code: 53003, oauth: "access_denied", sub: "message_only", stage: stageRedeem, text: "Access has been blocked by Conditional Access policies. The access policy does not allow token issuance."},
	{code: 530035, oauth: "access_denied", stage: stageRedeem, text: "Access has been blocked by security defaults. This is due to the request using legacy auth or being deemed unsafe by security defaults policies."},
	{code: 50134, oauth: "invalid_grant", stage: stageRedeem, text: "Wrong data center. Authorize request is redirected to the wrong data center."},
	{code: 50173, oauth: "invalid_grant", sub: "bad_token", stage: stageRedeem, text: "The provided grant has expired due to it being revoked, a fresh auth token is needed. The user might have changed or reset their password."},
	{code: 70008, oauth: "invalid_grant", sub: "bad_token", stage: stageRedeem, text: "The provided authorization code or refresh token has expired due to inactivity. Send a new interactive authorization request for this user and resource."},
	{code: 70043, oauth: "invalid_grant", sub: "bad_token", stage: stageRedeem, text: "The refresh token has expired or is invalid due to sign-in frequency checks by conditional access."},
	{code: 700082, oauth: "invalid_grant", sub: "bad_token", stage: stageRedeem, text: "The refresh token has expired due to inactivity."},
	{code: 500011, oauth: "invalid_resource", stage: stageStart, text: "The resource principal named https://outlook.office365.com was not found in the tenant named {tenant}. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant."},
	{code: 500113, oauth: "invalid_request", stage: stageStart, text: "No reply address is registered for the application."},
}

func lookupFailure(code int) (failure, bool) {
	for _, f := range failures {
		if f.code == code {
			return f, true
		}
	}
	return failure{}, false
}

// oauthError is the error answer of the token and device-code endpoints.
type oauthError struct {
	status   int
	Code     string `json:"error"`
	Sub      string `json:"suberror,omitempty"`
	Text     string `json:"error_description"`
	Numbers  []int  `json:"error_codes"`
	Time     string `json:"timestamp"`
	Trace    string `json:"trace_id"`
	Related  string `json:"correlation_id"`
	Where    string `json:"error_uri,omitempty"`
	atBrowse bool
}

func (e *oauthError) Error() string { return e.Text }

// refusal makes the answer for a failure of this app, tenant and account.
func (a *authority) refusal(r *http.Request, f failure, tenant string) *oauthError {
	if tenant == "" || isTenantAlias(tenant) {
		tenant = a.tenantName
	}
	client := a.clientID
	if f.code == 700016 && r.Form.Get("client_id") != "" {
		client = r.Form.Get("client_id")
	}
	text := strings.NewReplacer("{app}", client, "{name}", appName, "{tenant}", tenant, "{account}", a.account.UserPrincipalName).Replace(f.text)
	return a.oauthError(r, f.status, f.oauth, f.sub, f.code, text, f.atBrowse)
}

func (a *authority) oauthError(r *http.Request, status int, code, sub string, number int, text string, atBrowse bool) *oauthError {
	if status == 0 {
		status = http.StatusBadRequest
	}
	now := a.now().UTC()
	trace, related := uuid.NewString(), correlationID(r)
	stamp := now.Format("2006-01-02 15:04:05Z")
	return &oauthError{
		status:   status,
		Code:     code,
		Sub:      sub,
		Text:     fmt.Sprintf("AADSTS%d: %s Trace ID: %s Correlation ID: %s Timestamp: %s", number, text, trace, related, stamp),
		Numbers:  []int{number},
		Time:     stamp,
		Trace:    trace,
		Related:  related,
		Where:    fmt.Sprintf("%s/error?code=%d", a.baseURL, number),
		atBrowse: atBrowse,
	}
}

func (e *oauthError) write(w http.ResponseWriter) {
	writeJSON(w, e.status, e)
}

// correlationID is the client's own, so that both sides' logs meet.
func correlationID(r *http.Request) string {
	if id := r.Header.Get("client-request-id"); id != "" {
		return id
	}
	return uuid.NewString()
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "application/json; charset=utf-8")
	h.Set("Cache-Control", "no-store, no-cache")
	h.Set("Pragma", "no-cache")
	w.WriteHeader(status)
	_, _ = w.Write(body) // the client may be gone; there is nobody to tell
}

// provocation is a failure that sign-ins meet on request.
type provocation struct {
	failure failure
	left    int // sign-ins still to fail; negative: until Relent
}
