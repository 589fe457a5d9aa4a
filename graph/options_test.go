package graph

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestTokensAreForTheCloudOfTheEndpoint(t *testing.T) {
	for endpoint, want := range map[string]string{
		"":                                             "https://graph.microsoft.com",
		"https://graph.microsoft.com/v1.0":             "https://graph.microsoft.com",
		"https://graph.microsoft.us":                   "https://graph.microsoft.us",
		"https://DOD-graph.microsoft.us/":              "https://dod-graph.microsoft.us",
		"https://127.0.0.1:8443":                       "https://graph.microsoft.com",
		"https://graph.microsoft.us.example":           "https://graph.microsoft.com",
		"https://microsoftgraph.chinacloudapi.cn/v1.0": "https://microsoftgraph.chinacloudapi.cn",
	} {
		assert.Equal(t, want, Resource(endpoint), endpoint)
	}
}
