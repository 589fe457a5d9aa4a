package signin

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"rollcall/model"
)

// Method is how a profile signs in.
type Method string

const (
	MethodDeviceCode        Method = "device-code"
	MethodClientSecret      Method = "client-secret"
	MethodClientCertificate Method = "client-certificate"
)

// AppOnly reports whether the method signs in as the app itself, with nobody
// in front of the screen.
func (m Method) AppOnly() bool { return m != MethodDeviceCode }

// Secret is a text that formats as "[secret]", so that a printed Options gives
// nothing away.
type Secret string

func (Secret) String() string   { return "[secret]" }
func (Secret) GoString() string { return `"[secret]"` }

// MarshalText keeps the secret out of JSON and TOML.
func (Secret) MarshalText() ([]byte, error) { return []byte("[secret]"), nil }

const (
	publicAuthority = "https://login.microsoftonline.com"
	publicResource  = "https://graph.microsoft.com"
	localRedirect   = "http://localhost"
)

// Store keeps the authentication record between runs. The record names the
// account and holds no secret.
type Store interface {
	// LoadRecord returns the saved record, nil when there is none.
	LoadRecord(ctx context.Context) ([]byte, error)
	// SaveRecord replaces the saved record.
	SaveRecord(ctx context.Context, record []byte) error
}

// Options configure an Auth. Tenant and ClientID are needed always, the rest
// by method or never.
type Options struct {
	Method   Method // "" is MethodDeviceCode
	Tenant   string // tenant id or a verified domain
	ClientID string // application (client) id of the registration

	ClientSecret        Secret // MethodClientSecret
	CertificatePath     string // MethodClientCertificate: a PEM or PKCS #12 file with its key
	CertificatePassword Secret // of the PKCS #12 file, when it has one

	AuthorityHost string   // "" is the public cloud's; any other than Microsoft's own turns instance discovery off
	Resource      string   // "" is https://graph.microsoft.com: what tokens are for, not where requests go
	Scopes        []string // empty is {Resource/.default}: whatever has been consented
	// Exchange is what tokens for Exchange are issued for,
	// "https://outlook.office365.com"; "" where it is not asked. A session that
	// gets none is as good for everything else.
	Exchange string
	// ExchangeScopes are the permissions of Exchange that are looked for in its
	// tokens; consent is asked for the first.
	ExchangeScopes []string
	RedirectURI    string // "" is http://localhost: where the consent page returns to; must be registered

	// Timeout is the patience of one request for a token, its waits and
	// repetitions included; 0 is ten minutes. Waiting for somebody to enter a
	// device code does not count.
	Timeout time.Duration
	// Transport carries the requests; nil is http.DefaultTransport.
	Transport http.RoundTripper
	// Store keeps the account between runs; nil forgets it.
	Store Store
	// CacheName names the persistent token cache; "" keeps tokens in memory.
	CacheName string
	// Organization returns the tenant's display name and initial domain, to name
	// the session; nil leaves both to the account's own domain.
	Organization func(ctx context.Context) (name, initialDomain string, err error)
	// Now is the clock; nil is time.Now.
	Now func() time.Time
}

func (o Options) withDefaults() Options {
	if o.Method == "" {
		o.Method = MethodDeviceCode
	}
	if o.AuthorityHost == "" {
		o.AuthorityHost = publicAuthority
	}
	o.AuthorityHost = strings.TrimSuffix(o.AuthorityHost, "/")
	if o.Resource == "" {
		o.Resource = publicResource
	}
	o.Resource = strings.TrimSuffix(o.Resource, "/")
	if len(o.Scopes) == 0 {
		o.Scopes = []string{o.Resource + "/.default"}
	}
	o.Exchange = strings.TrimSuffix(o.Exchange, "/")
	if o.RedirectURI == "" {
		o.RedirectURI = localRedirect
	}
	if o.Timeout == 0 {
		o.Timeout = 10 * time.Minute
	}
	if o.Transport == nil {
		o.Transport = http.DefaultTransport
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

// check finds what no sign-in can work without, so that it is said before
// anything is asked of the network.
func (o Options) check() error {
	usage := func(code, message, remedy string) error {
		return &model.Error{Kind: model.KindUsage, Code: code, Message: message, Remedy: remedy}
	}
	host, err := url.Parse(o.AuthorityHost)
	switch {
	case o.Tenant == "":
		return usage("tenantMissing", "no tenant is configured", "set tenant in the profile, or AZURE_TENANT_ID")
	case o.ClientID == "":
		return usage("clientIdMissing", "no app registration is configured", "set client_id in the profile, or AZURE_CLIENT_ID")
	case err != nil || host.Scheme != "https" || host.Host == "":
		return usage("authorityInvalid", "the authority host is not an https URL: "+o.AuthorityHost, "set authority_host to something like "+publicAuthority)
	case o.Method == MethodClientSecret && o.ClientSecret == "":
		return usage("clientSecretMissing", "the profile signs in with a client secret, and there is none", "set AZURE_CLIENT_SECRET")
	case o.Method == MethodClientCertificate && o.CertificatePath == "":
		return usage("certificateMissing", "the profile signs in with a certificate, and there is none", "set AZURE_CLIENT_CERTIFICATE_PATH")
	case o.Method != MethodDeviceCode && o.Method != MethodClientSecret && o.Method != MethodClientCertificate:
		return usage("authUnknown", "there is no sign-in method "+string(o.Method), "use device-code, client-secret or client-certificate")
	}
	return nil
}

// knownAuthorities are the hosts of Microsoft's own clouds: the aliases that
// instance discovery may answer with.
func knownAuthorities() []string {
	return []string{
		"login.microsoftonline.com", "login.microsoft.com", "login.windows.net", "sts.windows.net",
		"login.microsoftonline.us", "login.usgovcloudapi.net",
		"login.partner.microsoftonline.cn", "login.chinacloudapi.cn",
	}
}

// decodeRecord returns the account of an earlier sign-in: zero when there is
// none, it cannot be read, or it belongs to another app.
func decodeRecord(data []byte, clientID string) azidentity.AuthenticationRecord {
	var r azidentity.AuthenticationRecord
	if len(data) == 0 || r.UnmarshalJSON(data) != nil || !strings.EqualFold(r.ClientID, clientID) {
		return azidentity.AuthenticationRecord{}
	}
	return r
}
