package exchange

import (
	"net/url"
	"slices"
	"strings"
	"time"

	"rollcall/graph"
)

const (
	publicEndpoint = "https://outlook.office365.com"
	setting        = "exchange_endpoint"
)

// onlineHosts are the hosts of Exchange Online in Microsoft's clouds. Sources:
// Exchange documentation, "Get started with the Exchange Online Admin API",
// base URLs; for Exchange Web Services operated by 21Vianet, partner.outlook.cn.
func onlineHosts() []string {
	return []string{
		"outlook.office365.com", "outlook.office.com", "outlook.office365.us", "outlook-dod.office365.us",
		"outlook.office365.cn", "partner.outlook.cn",
	}
}

func hostOf(endpoint string) string {
	u, err := url.Parse(endpoint)
	if err != nil {
		return ""
	}
	return strings.ToLower(u.Hostname())
}

// IsOnline reports whether a URL is one of Exchange Online.
func IsOnline(endpoint string) bool { return slices.Contains(onlineHosts(), hostOf(endpoint)) }

// Endpoint is where the Exchange of a Graph endpoint's cloud is: that of a
// national cloud for its Graph, and the public cloud's for every other.
func Endpoint(graphEndpoint string) string {
	switch hostOf(graphEndpoint) {
	case "graph.microsoft.us":
		return "https://outlook.office365.us"
	case "dod-graph.microsoft.us":
		return "https://outlook-dod.office365.us"
	case "microsoftgraph.chinacloudapi.cn":
		return "https://outlook.office365.cn"
	}
	return publicEndpoint
}

// Resource is what tokens for an endpoint are issued for: its own host where it
// is one of Exchange Online, and the public cloud's for every other, such as a
// proxy or an embedded tenant. Exchange Server on premises has a resource of its
// own, its external URL, which the profile must name.
func Resource(endpoint string) string {
	if IsOnline(endpoint) {
		return "https://" + hostOf(endpoint)
	}
	return publicEndpoint
}

// AdminService is the Admin API at an endpoint, https://HOST; "" is the public
// cloud's. An empty resource is what Resource says.
func AdminService(endpoint, resource string) graph.ServiceOptions {
	return service("Exchange Online", endpoint, "/adminapi/v2.0", resource)
}

// EWSService is Exchange Web Services at an endpoint, https://HOST; "" is the
// public cloud's. An empty resource is what Resource says.
func EWSService(endpoint, resource string) graph.ServiceOptions {
	o := service("Exchange Web Services", endpoint, "/EWS", resource)
	o.Reads = readSOAP
	return o
}

func service(name, endpoint, path, resource string) graph.ServiceOptions {
	if endpoint == "" {
		endpoint = publicEndpoint
	}
	if resource == "" {
		resource = Resource(endpoint)
	}
	return graph.ServiceOptions{
		Name: name, Setting: setting,
		Root: strings.TrimRight(endpoint, "/") + path, Resource: strings.TrimRight(resource, "/"),
	}
}

// Notice says when Microsoft ends Exchange Web Services where a resource is that
// of Exchange Online; "" elsewhere: Exchange Server keeps them. Source: Message
// Center MC1227454, 2026-02-06.
func Notice(resource string, now time.Time) string {
	if !IsOnline(resource) {
		return ""
	}
	const instead = `: set exchange = "admin-api" instead`
	began := time.Date(2026, time.October, 1, 0, 0, 0, 0, time.UTC)
	ends := time.Date(2027, time.April, 1, 0, 0, 0, 0, time.UTC)
	switch {
	case now.Before(began):
		return "Microsoft blocks Exchange Web Services tenant by tenant from 1 October 2026, and ends them in Exchange Online on 1 April 2027" + instead
	case now.Before(ends):
		return "Microsoft has been blocking Exchange Web Services tenant by tenant since 1 October 2026, and ends them in Exchange Online on 1 April 2027" + instead
	}
	return "Microsoft has ended Exchange Web Services in Exchange Online on 1 April 2027" + instead
}
