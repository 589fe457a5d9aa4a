package signin

import (
	"context"
	"slices"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
)

// exchangeScopes ask for whatever has been consented to of Exchange.
func (a *Auth) exchangeScopes() []string { return []string{a.opts.Exchange + "/.default"} }

// isExchange reports whether a token with the scopes is one for Exchange.
func (a *Auth) isExchange(scopes []string) bool {
	return a.opts.Exchange != "" && len(scopes) > 0 && strings.HasPrefix(scopes[0], a.opts.Exchange+"/")
}

// grantedByExchange are the permissions of Exchange that the session has, none
// where it is not asked or gives no token: a session is good without. Of
// ExchangeScopes only: Exchange has some that are called as Graph's are, and
// allow nothing there.
func (a *Auth) grantedByExchange(ctx context.Context, claims string) []string {
	if a.opts.Exchange == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, min(extraTimeout, a.opts.Timeout/4))
	defer cancel()
	token, err := a.GetToken(ctx, policy.TokenRequestOptions{Scopes: a.exchangeScopes(), Claims: claims})
	if err != nil {
		return nil
	}
	said, _ := ParseClaims(token.Token)
	return slices.DeleteFunc(slices.Clone(said.Granted()), func(scope string) bool { return !a.isExchangeScope(scope) })
}

func (a *Auth) isExchangeScope(scope string) bool {
	return slices.ContainsFunc(a.opts.ExchangeScopes, func(s string) bool { return strings.EqualFold(s, scope) })
}

// exchangePermission is what messages call the permission that is asked for.
func (a *Auth) exchangePermission() string {
	if len(a.opts.ExchangeScopes) == 0 {
		return "Exchange"
	}
	return a.opts.ExchangeScopes[0]
}

// helpForExchange is what is said otherwise of a token for Exchange than of one
// for Graph.
func (a *Auth) helpForExchange(number string) (help, bool) {
	permission := a.exchangePermission()
	const off = `, or set exchange = "off" in the profile to count by Graph alone`
	switch number {
	case "65001", "90093", "90094":
		return help{means: "nobody has consented to " + permission, remedy: "an administrator consents to " + permission, consent: true}, true
	case "650057":
		return help{means: "the app registration does not list Office 365 Exchange Online", remedy: "add its permission " + permission + " to the registration (App registrations › API permissions › APIs my organization uses)" + off}, true
	case "500011":
		return help{means: "the tenant has no Exchange Online, or does not know it as " + a.opts.Exchange, remedy: "check the tenant's licences, and exchange_resource in the profile" + off}, true
	}
	return help{}, false
}
