package profile

import (
	"fmt"
	"net/url"
	"strings"

	"rollcall/model"
	"rollcall/model/expansion"
)

// The words for a service that is asked for lists that Graph cannot see.
const (
	adminAPI = "admin-api"
	ews      = "ews"
)

// ExchangeModes are the words that ParseExchange reads.
func ExchangeModes() []string { return []string{adminAPI, ews, off} }

// ParseExchange reads which service of Exchange is asked: "admin-api", "ews",
// or "off", which is "". Another word is a KindUsage error; setting is what it
// calls the place where the word stands.
func ParseExchange(setting, word string) (expansion.Source, error) {
	switch word {
	case adminAPI:
		return expansion.SourceExchangeAdmin, nil
	case ews:
		return expansion.SourceEWS, nil
	case off:
		return "", nil
	}
	e := &model.Error{
		Kind: model.KindUsage, Code: "exchangeUnknown",
		Message: fmt.Sprintf("%s takes %s, %s or %s, not %.40q", setting, adminAPI, ews, off, word),
		Remedy:  fmt.Sprintf("%s asks the Exchange Online Admin API, %s the Exchange Web Services, and %s counts by Graph alone", adminAPI, ews, off),
	}
	near := model.Nearest(word, ExchangeModes())
	if near == "" {
		// As JSON and the trees call it.
		near = map[string]string{string(expansion.SourceExchangeAdmin): adminAPI, "admin": adminAPI, "api": adminAPI, string(expansion.SourceGraph): off, "none": off}[strings.ToLower(word)]
	}
	if near != "" {
		e.Remedy = fmt.Sprintf("did you mean %q?", near)
	}
	return "", e
}

// CheckURL refuses whatever is no https URL of a host and its port with a
// KindUsage error: tokens go there, or are issued for it. setting is what the
// error calls the place where the text stands.
func CheckURL(setting, text string) error {
	u, err := url.Parse(text)
	if err == nil && u.Scheme == "https" && u.Hostname() != "" && u.User == nil && strings.Trim(u.Path, "/") == "" && u.RawQuery == "" && u.Fragment == "" && !u.ForceQuery {
		return nil
	}
	shown := fmt.Sprintf("%.120q", text)
	if strings.Contains(text, "@") { // there may be a password before it
		shown = "one with an account in it"
	}
	return &model.Error{
		Kind: model.KindUsage, Code: "endpointInvalid",
		Message: fmt.Sprintf("%s takes https:// and a host, not %s", setting, shown),
		Remedy:  "write it as in \"https://outlook.office365.com\"",
	}
}
