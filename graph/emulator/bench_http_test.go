package emulator_test

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"rollcall/graph/emulator"
)

// BenchmarkPageOverHTTPS reads pages of 999 users with 33 attributes over
// HTTP/2. The client, which throws them away, is in the same process.
func BenchmarkPageOverHTTPS(b *testing.B) {
	const query = "/v1.0/users?$top=999&$select=id,displayName,userPrincipalName,mail,department,jobTitle,officeLocation,companyName,city,state,country,usageLocation,userType,accountEnabled,mobilePhone,businessPhones,givenName,surname,mailNickname,employeeId,employeeHireDate,onPremisesSyncEnabled,postalCode,streetAddress,preferredLanguage,faxNumber,onPremisesDistinguishedName,onPremisesSecurityIdentifier,passwordPolicies,imAddresses,otherMails,proxyAddresses,onPremisesExtensionAttributes"
	s, err := emulator.Start(b.Context(), emulator.Options{Users: 1_000_000})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := s.Close(); err != nil {
			b.Error(err)
		}
	})
	client := s.Client()
	defer client.CloseIdleConnections()
	token := benchToken(b, s, client)
	for name, encoding := range map[string]string{"identity": "identity", "gzip": "gzip"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				req, err := http.NewRequestWithContext(b.Context(), http.MethodGet, s.GraphEndpoint()+query, nil)
				if err != nil {
					b.Fatal(err)
				}
				req.Header.Set("Authorization", "Bearer "+token)
				req.Header.Set("Accept-Encoding", encoding)
				res, err := client.Do(req)
				if err != nil {
					b.Fatal(err)
				}
				n, err := io.Copy(io.Discard, res.Body)
				res.Body.Close()
				if err != nil || res.StatusCode != http.StatusOK {
					b.Fatal(res.Status, err)
				}
				b.SetBytes(n)
			}
		})
	}
}

func benchToken(b *testing.B, s *emulator.Server, client *http.Client) string {
	res, err := client.PostForm(s.URL()+"/"+s.TenantID()+"/oauth2/v2.0/token", url.Values{
		"client_id": {s.ClientID()}, "grant_type": {"client_credentials"}, "client_secret": {s.ClientSecret()}, "scope": {graphScope},
	})
	if err != nil {
		b.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		b.Fatal(err)
	}
	_, after, _ := strings.Cut(string(body), `"access_token":"`)
	token, _, _ := strings.Cut(after, `"`)
	return token
}
