package exchange

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestEveryCloudHasItsExchange(t *testing.T) {
	for graphEndpoint, want := range map[string]string{
		"":                                 "https://outlook.office365.com",
		"https://graph.microsoft.com/v1.0": "https://outlook.office365.com",
		"https://graph.microsoft.us/v1.0":  "https://outlook.office365.us",
		"https://DOD-graph.microsoft.us":   "https://outlook-dod.office365.us",
		"https://microsoftgraph.chinacloudapi.cn":  "https://outlook.office365.cn",
		"https://127.0.0.1:8443/v1.0":              "https://outlook.office365.com",
		"https://graph.microsoft.us.evil.example/": "https://outlook.office365.com",
		"https://[": "https://outlook.office365.com",
	} {
		endpoint := Endpoint(graphEndpoint)
		assert.Equal(t, want, endpoint, graphEndpoint)
		assert.Equal(t, want, Resource(endpoint))
		assert.True(t, IsOnline(endpoint))
	}
	assert.Equal(t, "https://outlook.office365.com", Resource("https://mail.contoso.com/"))
	assert.False(t, IsOnline("https://mail.contoso.com"))
}

func TestServicesLiveBelowTheEndpoint(t *testing.T) {
	o := AdminService("https://127.0.0.1:8443/", "")
	assert.Equal(t, "https://127.0.0.1:8443/adminapi/v2.0", o.Root)
	assert.Equal(t, "https://outlook.office365.com", o.Resource)
	o = EWSService("", "https://mail.contoso.com/")
	assert.Equal(t, "https://outlook.office365.com/EWS", o.Root)
	assert.Equal(t, "https://mail.contoso.com", o.Resource)
}

func TestTheEndOfExchangeWebServicesIsToldWhereTheyEnd(t *testing.T) {
	at := func(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 0, 0, 0, 0, time.UTC) }
	online := "https://outlook.office365.com"
	assert.Contains(t, Notice(online, at(2026, 9, 30)), "tenant by tenant from 1 October 2026, and ends them in Exchange Online on 1 April 2027")
	assert.Contains(t, Notice(online, at(2026, 11, 22)), "has been blocking")
	assert.Contains(t, Notice(online, at(2027, 4, 1)), "has ended")
	assert.Contains(t, Notice(online, at(2026, 11, 22)), `exchange = "admin-api"`)
	assert.Empty(t, Notice("https://mail.contoso.com", at(2026, 11, 22)), "Exchange Server keeps them")
}
