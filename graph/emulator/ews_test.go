package emulator_test

import (
	"bytes"
	"crypto/tls"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/graph/emulator"
	"rollcall/graph/emulator/seed"
	"rollcall/model"
)

// sampleExpandDL is a request as the documentation shows it.
const sampleExpandDL = `<?xml version="1.0" encoding="utf-8"?>
<soap:Envelope xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
               xmlns:xsd="http://www.w3.org/2001/XMLSchema"
               xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"
               xmlns:t="http://schemas.microsoft.com/exchange/services/2006/types">
  <soap:Body>
    <ExpandDL xmlns="http://schemas.microsoft.com/exchange/services/2006/messages"
              xmlns:t="http://schemas.microsoft.com/exchange/services/2006/types">
      <Mailbox>
        <t:EmailAddress>%s</t:EmailAddress>
      </Mailbox>
    </ExpandDL>
  </soap:Body>
</soap:Envelope>`

const xmlContent = "text/xml; charset=utf-8"

func (s *tenant) expand(address string, headers ...string) answer {
	s.t.Helper()
	return s.post("/EWS/Exchange.asmx", xmlContent, fmt.Sprintf(sampleExpandDL, address), headers...)
}

// leaves reads an envelope without any schema: element names, without their
// namespaces, with attributes and text, in order.
func (a answer) leaves() [][2]string {
	a.t.Helper()
	decoder := xml.NewDecoder(bytes.NewReader(a.Body))
	var out [][2]string
	name := ""
	for {
		token, err := decoder.Token()
		if err == io.EOF {
			return out
		}
		require.NoError(a.t, err)
		switch token := token.(type) {
		case xml.StartElement:
			name = token.Name.Local
			for _, attribute := range token.Attr {
				out = append(out, [2]string{name + "@" + attribute.Name.Local, attribute.Value})
			}
		case xml.CharData:
			if text := strings.TrimSpace(string(token)); text != "" {
				out = append(out, [2]string{name, text})
			}
		}
	}
}

// texts are the values of one name.
func (a answer) texts(name string) []string {
	var out []string
	for _, leaf := range a.leaves() {
		if leaf[0] == name {
			out = append(out, leaf[1])
		}
	}
	return out
}

// expanded are the addresses in a list.
func (s *tenant) expanded(address string) []string {
	s.t.Helper()
	got := s.expand(address)
	require.Equal(s.t, http.StatusOK, got.Status, string(got.Body))
	require.Equal(s.t, []string{"NoError"}, got.texts("ResponseCode"))
	return got.texts("EmailAddress")
}

func TestExpandDLShowsOneLevelWithTypes(t *testing.T) {
	s := atExchange(t, emulator.Options{Groups: []seed.CustomGroup{
		{Code: "mixed", Kind: model.KindDistribution, Nested: []string{"all-staff", "mes-vpn", "board", "sg-sales"}, Dynamic: []string{"emea-all"}, Members: []seed.Member{
			{Type: seed.MemberContact, Index: 0},
			{Type: seed.MemberContact, Index: 5}, // its name has characters that XML cannot hold
			{Type: seed.MemberContact, Index: 7}, // without an address
			{Type: seed.MemberUser, Index: 1},
		}},
	}})
	got := s.expand("mixed@contoso.com")
	assert.Equal(t, http.StatusOK, got.Status)
	assert.Equal(t, "text/xml; charset=utf-8", got.Header.Get("Content-Type"))
	assert.Equal(t, []string{"Success"}, got.texts("ExpandDLResponseMessage@ResponseClass"))
	assert.Equal(t, []string{"7"}, got.texts("DLExpansion@TotalItemsInView"))
	assert.Equal(t, []string{"true"}, got.texts("DLExpansion@IncludesLastItemInRange"))
	assert.Equal(t, []string{"PublicDL", "PublicDL", "GroupMailbox", "PublicDL", "Contact", "Contact", "Mailbox"}, got.texts("MailboxType"))
	first, _ := s.Tenant().Contact(0)
	assert.Equal(t, []string{"all-staff@contoso.com", "mes-vpn@contoso.com", "board@contoso.com", "emea-all@contoso.com", first.Mail}, got.texts("EmailAddress")[:5])
	assert.Contains(t, got.texts("Name")[5], "=cmd|' /C calc'!A0")

	list, _ := s.Tenant().FindDynamicListByAddress("emea-all@contoso.com")
	n := 0
	for range s.Tenant().DynamicMembers(list) {
		n++
	}
	assert.Len(t, s.expanded("Emea-All@contoso.com"), n)
	assert.Empty(t, s.expanded("empty@contoso.com"))
	assert.Equal(t, s.expanded("all-staff@contoso.com"), s.expanded("all-staff"), "names are resolved")
	assert.Equal(t, s.expanded("all-staff@contoso.com"), s.expanded("ALL STAFF"))
	assert.Equal(t, s.expanded("leadership@contoso.com"), s.expanded("leadership"), "a whole name comes before the beginning of another")
	assert.Equal(t, s.expanded("emea-all@contoso.com"), s.expanded("emea (a"))
	otherwise := strings.NewReplacer("<Mailbox>", "<t:Mailbox>", "</Mailbox>", "</t:Mailbox>").Replace(fmt.Sprintf(sampleExpandDL, "mixed@contoso.com"))
	assert.Equal(t, got.texts("EmailAddress"), s.post("/EWS/Exchange.asmx", xmlContent, otherwise).texts("EmailAddress"), "the samples and the schema differ in a namespace")
	assert.Empty(t, s.Judges().Violations())
}

func TestExpandDLAnswersErrorsAsDocumented(t *testing.T) {
	s := atExchange(t, emulator.Options{})
	for address, code := range map[string]string{
		"nobody@contoso.com":         "ErrorNameResolutionNoResults",
		"nobody":                     "ErrorNameResolutionNoResults",
		"rollcall@contoso.com":       "ErrorNameResolutionNoResults",
		"m365-marketing@contoso.com": "ErrorNameResolutionNoResults",
		"office-":                    "ErrorNameResolutionMultipleResults",
		"":                           "ErrorMissingInformationEmailAddress",
	} {
		got := s.expand(address)
		assert.Equal(t, http.StatusOK, got.Status)
		assert.Equal(t, []string{"Error"}, got.texts("ExpandDLResponseMessage@ResponseClass"), address)
		assert.Equal(t, []string{code}, got.texts("ResponseCode"), address)
		assert.Equal(t, []string{"0"}, got.texts("DescriptiveLinkKey"))
	}
	for name, c := range map[string][2]string{
		"another operation": {strings.ReplaceAll(fmt.Sprintf(sampleExpandDL, "a@contoso.com"), "ExpandDL", "GetFolder"), "ErrorInvalidRequest"},
		"no mailbox":        {strings.NewReplacer("<Mailbox>", "<Box>", "</Mailbox>", "</Box>").Replace(fmt.Sprintf(sampleExpandDL, "a@contoso.com")), "ErrorSchemaValidation"},
		"no XML":            {"{}", "ErrorSchemaValidation"},
		"nothing":           {"", "ErrorSchemaValidation"},
		"another envelope":  {strings.ReplaceAll(fmt.Sprintf(sampleExpandDL, "a@contoso.com"), "xmlsoap", "example"), "ErrorSchemaValidation"},
		"an entity":         {`<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>` + fmt.Sprintf(sampleExpandDL, "&e;"), "ErrorSchemaValidation"},
		"a deep body":       {fmt.Sprintf(sampleExpandDL, strings.Repeat("<a>", 20_000)), "ErrorSchemaValidation"},
		"two operations":    {strings.ReplaceAll(fmt.Sprintf(sampleExpandDL, "a@contoso.com"), "</soap:Body>", "<x/></soap:Body>"), "ErrorSchemaValidation"},
	} {
		got := s.post("/EWS/Exchange.asmx", xmlContent, c[0])
		assert.Equal(t, http.StatusInternalServerError, got.Status, name)
		assert.Equal(t, []string{c[1]}, got.texts("ResponseCode"), name)
		assert.Equal(t, []string{"a:" + c[1]}, got.texts("faultcode"), name)
	}
	assert.Equal(t, http.StatusUnsupportedMediaType, s.post("/EWS/Exchange.asmx", "application/json", "{}").Status)
	assert.Equal(t, http.StatusMethodNotAllowed, s.get(s.ExchangeEndpoint()+"/EWS/Exchange.asmx").Status)
	assert.Equal(t, http.StatusNotFound, s.post("/EWS/Other.asmx", xmlContent, "").Status)
}

func TestExchangeWebServicesAreBlockedWhereTheTenantDoesNotAllowThem(t *testing.T) {
	s := atExchange(t, emulator.Options{})
	s.expanded("empty@contoso.com")
	s.AllowEWS(false)
	assert.Equal(t, http.StatusForbidden, s.expand("empty@contoso.com").Status)
	s.AllowEWS(true)
	s.WithdrawConsent(emulator.EWSScope)
	s.token = s.exchangeToken()
	denied := s.expand("empty@contoso.com")
	assert.Equal(t, http.StatusInternalServerError, denied.Status)
	assert.Equal(t, []string{"ErrorAccessDenied"}, denied.texts("ResponseCode"))

	other := start(t, emulator.Options{Consented: []string{emulator.EWSScope}})
	other.token = other.exchangeToken()
	assert.Equal(t, http.StatusForbidden, other.expand("empty@contoso.com").Status, "most tenants block them")
}

func TestAnAppMustSayWhomItActsFor(t *testing.T) {
	s := start(t, emulator.Options{EWS: true, AppRoles: []string{"full_access_as_app"}})
	s.token = s.exchangeAppToken()
	got := s.expand("empty@contoso.com")
	assert.Equal(t, []string{"ErrorImpersonationFailed"}, got.texts("ResponseCode"))
	as := func(element, name string) answer {
		return s.post("/EWS/Exchange.asmx", xmlContent, strings.Replace(fmt.Sprintf(sampleExpandDL, "empty@contoso.com"), "<soap:Body>",
			"<soap:Header><t:ExchangeImpersonation><t:ConnectingSID><t:"+element+">"+name+"</t:"+element+"></t:ConnectingSID></t:ExchangeImpersonation></soap:Header><soap:Body>", 1))
	}
	assert.Equal(t, []string{"NoError"}, as("PrimarySmtpAddress", "rollcall@contoso.com").texts("ResponseCode"))
	assert.Equal(t, []string{"NoError"}, as("PrincipalName", "rollcall@contoso.com").texts("ResponseCode"))
	assert.Equal(t, []string{"ErrorNonExistentMailbox"}, as("SmtpAddress", "nobody@contoso.com").texts("ResponseCode"))
	s.SetAppRoles(emulator.ExchangeAppRole)
	s.token = s.exchangeAppToken()
	assert.Equal(t, []string{"ErrorAccessDenied"}, as("PrincipalName", "rollcall@contoso.com").texts("ResponseCode"))
}

func TestABusyServerSaysSoInAFault(t *testing.T) {
	at := newClock()
	s := atExchange(t, emulator.Options{Now: at.Now, InFlight: time.Millisecond})
	s.FailNext(1, http.StatusTooManyRequests, 1500*time.Millisecond, "/EWS")
	busy := s.expand("empty@contoso.com")
	assert.Equal(t, http.StatusInternalServerError, busy.Status)
	assert.Equal(t, []string{"ErrorServerBusy"}, busy.texts("ResponseCode"))
	assert.Equal(t, []string{"1500"}, busy.texts("Value"))
	assert.Equal(t, []string{"BackOffMilliseconds"}, busy.texts("Value@Name"))
	assert.Equal(t, 1, s.Judges().Throttled)
	at.Advance(time.Second)
	s.expand("empty@contoso.com")
	assert.Len(t, s.Judges().EarlyCalls, 1)
	s.FailNext(1, http.StatusServiceUnavailable, 0, "/EWS")
	assert.Equal(t, http.StatusServiceUnavailable, s.expand("empty@contoso.com").Status)
	s.TruncateNext(1, "/EWS")
	assert.NotContains(t, string(s.expand("empty@contoso.com").Body), "</s:Envelope>")

	names := map[string]int{}
	s.post("/EWS/Exchange.asmx", xmlContent, "<x/>")
	for _, r := range s.Judges().Routes {
		names[r.Route] = r.Requests
	}
	assert.Equal(t, map[string]int{"POST /EWS/Exchange.asmx ExpandDL": 4, "POST /EWS/Exchange.asmx (other)": 1}, names)
}

// The bytes of another client: what curl 8 sends with --data-binary, headers in
// its order, over a connection of its own.
func TestTheBytesOfCurlAreUnderstood(t *testing.T) {
	s := atExchange(t, emulator.Options{})
	host := strings.TrimPrefix(s.URL(), "https://")
	send := func(path, contentType, body string) string {
		conn, err := tls.Dial("tcp", host, &tls.Config{RootCAs: s.CertPool(), MinVersion: tls.VersionTLS12})
		require.NoError(t, err)
		defer conn.Close()
		_, err = fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: curl/8.14.1\r\nAccept: */*\r\nContent-Type: %s\r\nAuthorization: Bearer %s\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s",
			path, host, contentType, s.token, len(body), body)
		require.NoError(t, err)
		got, err := io.ReadAll(conn)
		require.NoError(t, err)
		return string(got)
	}
	got := send("/adminapi/v2.0/"+s.TenantID()+"/"+dynamic, "application/json", fmt.Sprintf(documented, dynamic, "emea-all@contoso.com"))
	assert.True(t, strings.HasPrefix(got, "HTTP/1.1 200 OK\r\n"), got)
	assert.Contains(t, got, `"PrimarySmtpAddress":"`)
	got = send("/ews/exchange.asmx", xmlContent, fmt.Sprintf(sampleExpandDL, "emea-all@contoso.com"))
	assert.True(t, strings.HasPrefix(got, "HTTP/1.1 200 OK\r\n"), got)
	assert.Contains(t, got, "<t:MailboxType>Mailbox</t:MailboxType>")
}
