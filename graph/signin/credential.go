package signin

import (
	"context"
	"os"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity/cache"

	"rollcall/graph/internal/plain"
	"rollcall/model"
)

// clientOptions are the same for every credential.
func (a *Auth) clientOptions() azcore.ClientOptions {
	return azcore.ClientOptions{
		Cloud:     cloud.Configuration{ActiveDirectoryAuthorityHost: a.opts.AuthorityHost + "/"},
		Transport: a.wire,
		Retry:     retries(),
	}
}

// customAuthority reports whether the authority is none of Microsoft's clouds,
// whose instance metadata then says nothing of it.
func (a *Auth) customAuthority() bool {
	return !isMicrosofts(strings.ToLower(strings.TrimPrefix(a.opts.AuthorityHost, "https://")))
}

// deviceCode builds a device-code credential. Each sign-in has its own, because
// azidentity holds a lock for as long as the code is waiting to be entered,
// and requests that still have a token must not wait behind it.
func (a *Auth) deviceCode(record azidentity.AuthenticationRecord, prompt func(context.Context, azidentity.DeviceCodeMessage) error) (*azidentity.DeviceCodeCredential, error) {
	if prompt == nil {
		// Unreachable while DisableAutomaticAuthentication holds; the default
		// prompt would write to standard output.
		prompt = func(context.Context, azidentity.DeviceCodeMessage) error { return errNotInteractive }
	}
	return azidentity.NewDeviceCodeCredential(&azidentity.DeviceCodeCredentialOptions{
		ClientOptions:                  a.clientOptions(),
		TenantID:                       a.opts.Tenant,
		ClientID:                       a.opts.ClientID,
		AuthenticationRecord:           record,
		Cache:                          a.cache,
		DisableAutomaticAuthentication: true,
		DisableInstanceDiscovery:       a.customAuthority(),
		UserPrompt:                     prompt,
	})
}

// application builds the credential of an app that signs in as itself.
func (a *Auth) application() (azcore.TokenCredential, error) {
	if a.opts.Method == MethodClientSecret {
		return azidentity.NewClientSecretCredential(a.opts.Tenant, a.opts.ClientID, string(a.opts.ClientSecret),
			&azidentity.ClientSecretCredentialOptions{ClientOptions: a.clientOptions(), DisableInstanceDiscovery: a.customAuthority()})
	}
	unreadable := func(err error) error {
		return &model.Error{
			Kind: model.KindUsage, Code: "certificateUnreadable",
			Message: "the certificate " + a.opts.CertificatePath + " cannot be read: " + plain.Line(err.Error()),
			Remedy:  "point AZURE_CLIENT_CERTIFICATE_PATH to a PEM or PKCS #12 file that holds the certificate and its private key", Err: err,
		}
	}
	data, err := os.ReadFile(a.opts.CertificatePath)
	if err != nil {
		return nil, unreadable(err)
	}
	certs, key, err := azidentity.ParseCertificates(data, []byte(a.opts.CertificatePassword))
	if err != nil {
		return nil, unreadable(err)
	}
	return azidentity.NewClientCertificateCredential(a.opts.Tenant, a.opts.ClientID, certs, key,
		&azidentity.ClientCertificateCredentialOptions{ClientOptions: a.clientOptions(), DisableInstanceDiscovery: a.customAuthority()})
}

// openCache opens the persistent token cache. Where the system offers no safe
// place for keys (containers, a Mac over SSH), the zero cache keeps tokens in
// memory and the reason says so.
func openCache(name string) (c azidentity.Cache, reason string) {
	if name == "" {
		return azidentity.Cache{}, "tokens are kept in memory only"
	}
	c, err := cache.New(&cache.Options{Name: name})
	if err != nil {
		return azidentity.Cache{}, "this system cannot keep tokens safely, so you will sign in again next time: " + plain.Line(err.Error())
	}
	return c, ""
}
