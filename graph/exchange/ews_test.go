package exchange

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/model"
	"rollcall/model/expansion"
)

const (
	envelopeStart = `<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>`
	envelopeEnd   = `</s:Body></s:Envelope>`
)

// expansionOf is an answer that lists mailboxes, each "TYPE address".
func expansionOf(attributes string, mailboxes ...string) string {
	var b strings.Builder
	b.WriteString(envelopeStart + `<m:ExpandDLResponse xmlns:m="http://schemas.microsoft.com/exchange/services/2006/messages" xmlns:t="http://schemas.microsoft.com/exchange/services/2006/types"><m:ResponseMessages>` +
		`<m:ExpandDLResponseMessage ResponseClass="Success"><m:ResponseCode>NoError</m:ResponseCode><m:DLExpansion ` + attributes + `>`)
	for _, m := range mailboxes {
		kind, address, _ := strings.Cut(m, " ")
		fmt.Fprintf(&b, `<t:Mailbox><t:Name>%s</t:Name><t:EmailAddress>%s</t:EmailAddress><t:RoutingType>SMTP</t:RoutingType><t:MailboxType>%s</t:MailboxType></t:Mailbox>`, kind, address, kind)
	}
	b.WriteString(`</m:DLExpansion></m:ExpandDLResponseMessage></m:ResponseMessages></m:ExpandDLResponse>` + envelopeEnd)
	return b.String()
}

func soapError(code, message, more string) string {
	return envelopeStart + `<m:ExpandDLResponse xmlns:m="http://schemas.microsoft.com/exchange/services/2006/messages"><m:ResponseMessages><m:ExpandDLResponseMessage ResponseClass="Error"><m:MessageText>` +
		message + `</m:MessageText><m:ResponseCode>` + code + `</m:ResponseCode><m:DescriptiveLinkKey>0</m:DescriptiveLinkKey>` + more + `</m:ExpandDLResponseMessage></m:ResponseMessages></m:ExpandDLResponse>` + envelopeEnd
}

func soapFaultBody(code, message, more string) string {
	return envelopeStart + `<s:Fault><faultcode xmlns:a="http://schemas.microsoft.com/exchange/services/2006/types">a:` + code + `</faultcode><faultstring xml:lang="en-US">` + message +
		`</faultstring><detail><e:ResponseCode xmlns:e="http://schemas.microsoft.com/exchange/services/2006/errors">` + code + `</e:ResponseCode><e:Message xmlns:e="http://schemas.microsoft.com/exchange/services/2006/errors">` + message + `</e:Message>` + more + `</detail></s:Fault>` + envelopeEnd
}

const backOffXML = `<t:MessageXml xmlns:t="http://schemas.microsoft.com/exchange/services/2006/types"><t:Value Name="BackOffMilliseconds">17500</t:Value></t:MessageXml>`

func answerXML(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "text/xml; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(body))
}

const onPremises = "https://mail.contoso.com"

func TestExpandDLListsOneLevel(t *testing.T) {
	s := serve(t, delegated(scopeEWS), func(w http.ResponseWriter, _ recorded) {
		answerXML(w, 200, expansionOf(`TotalItemsInView="7" IncludesLastItemInRange="true"`,
			"Mailbox ann@contoso.com", "PublicDL sub@contoso.com", "Contact eve@fabrikam.com", "GroupMailbox team@contoso.com",
			"PublicFolder pf@contoso.com", "OneOff one@off.example", "Unknown what@contoso.com"))
	})
	listings, err := s.ews(t, "").Members(t.Context(), questions(list(model.KindDistribution, "o'hara+all&<x>@contoso.com")))
	require.NoError(t, err)
	l := listings[0]
	require.Nil(t, l.Err)
	assert.Equal(t, expansion.SourceEWS, l.Source)
	assert.Equal(t, []model.Object{
		{Type: model.ObjectUser, DisplayName: "Mailbox", Mail: "ann@contoso.com"},
		{Type: model.ObjectGroup, DisplayName: "PublicDL", Mail: "sub@contoso.com"},
		{Type: model.ObjectContact, DisplayName: "Contact", Mail: "eve@fabrikam.com"},
		{Type: model.ObjectGroup, DisplayName: "GroupMailbox", Mail: "team@contoso.com", Group: &model.Group{DisplayName: "GroupMailbox", Mail: "team@contoso.com", Kind: model.KindMicrosoft365}},
		{Type: model.ObjectOther, DisplayName: "PublicFolder", Mail: "pf@contoso.com"},
		{Type: model.ObjectOther, DisplayName: "OneOff", Mail: "one@off.example"},
		{Type: model.ObjectOther, DisplayName: "Unknown", Mail: "what@contoso.com"},
	}, l.Members)

	r := s.recorded()[0]
	assert.Equal(t, "/EWS/Exchange.asmx", r.path)
	assert.Equal(t, "text/xml; charset=utf-8", r.header.Get("Content-Type"))
	assert.Equal(t, "admin@contoso.com", r.header.Get("X-AnchorMailbox"))
	assert.Contains(t, r.body, `<m:ExpandDL><m:Mailbox><t:EmailAddress>o&#39;hara+all&amp;&lt;x&gt;@contoso.com</t:EmailAddress></m:Mailbox></m:ExpandDL>`)
}

func TestDynamicMembersAreStoredInExchangeOnlineOnly(t *testing.T) {
	s := serve(t, delegated(scopeEWS), func(w http.ResponseWriter, _ recorded) { answerXML(w, 200, expansionOf("")) })
	for resource, stored := range map[string]bool{"": true, onPremises: false} {
		listings, err := s.ews(t, resource).Members(t.Context(), questions(list(model.KindDynamicDistribution, "d@contoso.com"), list(model.KindDistribution, "l@contoso.com")))
		require.NoError(t, err)
		assert.Equal(t, stored, listings[0].Stored)
		assert.False(t, listings[1].Stored)
	}
}

func TestAnAppIsNotLetIntoEWS(t *testing.T) {
	s := serve(t, application("full_access_as_app"), func(http.ResponseWriter, recorded) { t.Error("something was sent") })
	listings, err := s.ews(t, "").Members(t.Context(), questions(list(model.KindDistribution, "l@contoso.com"), list(model.KindDistribution, "m@contoso.com")))
	require.NoError(t, err)
	for i := range listings {
		require.NotNil(t, listings[i].Err)
		assert.Equal(t, "ewsAppOnly", listings[i].Err.Code)
		assert.Contains(t, listings[i].Err.Message, "full_access_as_app")
		require.ErrorIs(t, listings[i].Err, expansion.ErrService)
	}
	_, err = s.ews(t, "").FindList(t.Context(), "l@contoso.com")
	assert.Error(t, err)
}

func TestNoEmptyAddressIsExpanded(t *testing.T) {
	s := serve(t, delegated(scopeEWS), func(http.ResponseWriter, recorded) { t.Error("something was sent") })
	e := s.ews(t, "")
	for _, address := range []string{"", " ", "sales", "11111111-0000-4000-8000-000000000000"} {
		listings, err := e.Members(t.Context(), questions(list(model.KindDistribution, address)))
		require.NoError(t, err)
		assert.Equal(t, "listWithoutAddress", listings[0].Err.Code)
		found, err := e.FindList(t.Context(), address)
		require.NoError(t, err)
		assert.Empty(t, found)
	}
	listings, err := e.Members(t.Context(), []expansion.Question{{Group: list(model.KindDistribution, "l@contoso.com"), Next: "x"}})
	require.NoError(t, err)
	assert.NotNil(t, listings[0].Err)
}

func TestAnExpansionThatIsNotWholeSaysSo(t *testing.T) {
	for name, body := range map[string]string{
		"fewer than counted": expansionOf(`TotalItemsInView="3" IncludesLastItemInRange="true"`, "Mailbox ann@contoso.com"),
		"not the last":       expansionOf(`TotalItemsInView="1" IncludesLastItemInRange="false"`, "Mailbox ann@contoso.com"),
		"a path":             strings.Replace(expansionOf("", "Mailbox /o=Contoso/cn=ann@x"), "<t:RoutingType>SMTP", "<t:RoutingType>EX", 1),
	} {
		s := serve(t, delegated(scopeEWS), func(w http.ResponseWriter, _ recorded) { answerXML(w, 200, body) })
		listings, err := s.ews(t, "").Members(t.Context(), questions(list(model.KindDistribution, "l@contoso.com")))
		require.NoError(t, err)
		require.NotNil(t, listings[0].Err, name)
		assert.Equal(t, codeIncomplete, listings[0].Err.Code, name)
		assert.Equal(t, model.KindPartial, listings[0].Err.Kind)
		assert.NotErrorIs(t, listings[0].Err, expansion.ErrService)
		assert.Len(t, listings[0].Members, 1, "what came is kept")
	}
	s := serve(t, delegated(scopeEWS), func(w http.ResponseWriter, _ recorded) { answerXML(w, 200, withoutExpansion) })
	listings, err := s.ews(t, "").Members(t.Context(), questions(list(model.KindDistribution, "l@contoso.com")))
	require.NoError(t, err)
	require.NotNil(t, listings[0].Err, "nothing said is not nobody")
	assert.Equal(t, codeIncomplete, listings[0].Err.Code)
}

// withoutExpansion is a success that says nothing of members.
var withoutExpansion = regexp.MustCompile(`<m:DLExpansion.*</m:DLExpansion>`).ReplaceAllString(expansionOf(""), "")

func TestErrorsOfEWSAreExplained(t *testing.T) {
	for _, c := range []struct {
		name      string
		status    int
		body      string
		resource  string
		scopes    string
		code      string
		kind      model.Kind
		says      string
		ofService bool
	}{
		{"no such list", 200, soapError("ErrorNameResolutionNoResults", "No results are found.", ""), "", scopeEWS, codeNotFound, model.KindPartial, "knows no list l@contoso.com", false},
		{"several", 200, soapError("ErrorNameResolutionMultipleResults", "x", ""), "", scopeEWS, "listAmbiguous", model.KindPartial, "several recipients", false},
		{"access denied", 200, soapError("ErrorAccessDenied", "Access is denied. Check credentials and try again.", ""), "", scopeEWS, "ErrorAccessDenied", model.KindSignIn, "Access is denied", false},
		{"access denied by a fault", 500, soapFaultBody("ErrorAccessDenied", "Access is denied.", ""), "", scopeEWS, "ErrorAccessDenied", model.KindSignIn, "Access is denied", true},
		{"no scope by a fault", 500, soapFaultBody("ErrorAccessDenied", "Access is denied.", ""), "", "User.Read", "ErrorAccessDenied", model.KindSignIn, "Access is denied", true},
		{"a schema fault", 500, soapFaultBody("ErrorSchemaValidation", "The request failed schema validation.", ""), "", scopeEWS, "ErrorSchemaValidation", model.KindFailed, "schema validation", false},
		{"something new", 200, soapError("ErrorBrandNew", "It broke.", ""), "", scopeEWS, "ErrorBrandNew", model.KindFailed, "It broke", false},
		{"a fault of no error", 200, soapFaultBody("NoError", "It broke.", ""), "", scopeEWS, "errorUnnamed", model.KindFailed, "It broke", false},
		{"an error of no error", 200, soapError("NoError", "It broke.", ""), "", scopeEWS, "errorUnnamed", model.KindFailed, "It broke", false},
		{"a warning", 200, strings.Replace(expansionOf(""), `"Success"`, `"Warning"`, 1), "", scopeEWS, "errorUnnamed", model.KindFailed, "does not expand l@contoso.com", false},
		{"blocked online", 403, "", "", scopeEWS, "HTTP403", model.KindSignIn, "end on 1 April 2027", true},
		{"unauthorized online", 401, "", "", scopeEWS, "HTTP401", model.KindSignIn, "end on 1 April 2027", true},
		{"no scope", 403, "", "", "User.Read", "HTTP403", model.KindSignIn, "refuse (HTTP 403)", true},
		{"refused on premises", 403, "", onPremises, scopeEWS, "HTTP403", model.KindSignIn, "refuse (HTTP 403)", true},
		{"token not taken on premises", 401, "", onPremises, scopeEWS, "HTTP401", model.KindSignIn, "does not accept the sign-in", true},
		{"nothing there", 404, "", onPremises, scopeEWS, "HTTP404", model.KindFailed, "there are no Exchange Web Services at", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := serve(t, delegated(c.scopes), func(w http.ResponseWriter, _ recorded) { answerXML(w, c.status, c.body) })
			listings, err := s.ews(t, c.resource).Members(t.Context(), questions(list(model.KindDistribution, "l@contoso.com")))
			require.NoError(t, err)
			e := listings[0].Err
			require.NotNil(t, e)
			assert.Equal(t, c.code, e.Code)
			assert.Equal(t, c.kind, e.Kind)
			assert.Contains(t, e.Message, c.says)
			assert.NotEmpty(t, e.Remedy)
			assert.Equal(t, c.ofService, errors.Is(e, expansion.ErrService))
			if c.resource == onPremises || c.name == "no scope" {
				assert.NotContains(t, e.Message+e.Remedy, "2027")
			}
			if c.scopes != scopeEWS {
				assert.Contains(t, e.Remedy, scopeEWS+" of Office 365 Exchange Online has not been granted")
			}
			if c.status != 401 {
				assert.Len(t, s.recorded(), 1, "no answer of these is asked for again")
			}
		})
	}
}

func TestABusyExchangeIsWaitedForAsLongAsItSays(t *testing.T) {
	for name, busy := range map[string]func(w http.ResponseWriter){
		"in an answer": func(w http.ResponseWriter) { answerXML(w, 200, soapError("ErrorServerBusy", "x", backOffXML)) },
		"in a fault":   func(w http.ResponseWriter) { answerXML(w, 500, soapFaultBody("ErrorServerBusy", "x", backOffXML)) },
	} {
		n := 0
		s := serve(t, delegated(scopeEWS), func(w http.ResponseWriter, _ recorded) {
			switch n++; n {
			case 1:
				busy(w)
			case 2:
				answerXML(w, 500, soapFaultBody("ErrorInternalServerTransientError", "x", ""))
			case 3:
				answerXML(w, 200, expansionOf("", "Mailbox ann@contoso.com")[:400])
			default:
				answerXML(w, 200, expansionOf("", "Mailbox ann@contoso.com"))
			}
		})
		listings, err := s.ews(t, "").Members(t.Context(), questions(list(model.KindDistribution, "l@contoso.com")))
		require.NoError(t, err)
		require.Nil(t, listings[0].Err, name)
		assert.Len(t, listings[0].Members, 1)
		assert.Contains(t, s.clock.waits(), 17500*time.Millisecond, name)
		assert.Equal(t, 4, s.Traffic().Requests)
		assert.Equal(t, 1, s.Traffic().Throttled)
	}
	s := serve(t, delegated(scopeEWS), func(w http.ResponseWriter, _ recorded) {
		answerXML(w, 200, soapError("ErrorServerBusy", "x", strings.Replace(backOffXML, "17500", "9223372036854775807", 1)))
	})
	listings, err := s.ews(t, "").Members(t.Context(), questions(list(model.KindDistribution, "l@contoso.com")))
	require.NoError(t, err)
	assert.Equal(t, model.KindUnavailable, listings[0].Err.Kind)
	assert.Len(t, s.recorded(), 1)
}

func TestHostileXMLIsAnUnreadableAnswer(t *testing.T) {
	deep := envelopeStart + strings.Repeat("<a>", 200_000)
	for name, body := range map[string]string{
		"nothing":      "",
		"JSON":         `{"value":[]}`,
		"a page":       "<html><body>Proxy</body></html>",
		"entities":     `<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>` + strings.Replace(expansionOf("", "Mailbox ann@contoso.com"), "<t:Name>Mailbox", "<t:Name>&b;", 1),
		"deep":         deep,
		"other answer": envelopeStart + `<m:GetFolderResponse xmlns:m="x"/>` + envelopeEnd,
		"two messages": strings.Replace(expansionOf(""), "</m:ResponseMessages>", `<m:ExpandDLResponseMessage ResponseClass="Success"/></m:ResponseMessages>`, 1),
		"no number":    expansionOf(`TotalItemsInView="many"`),
	} {
		_, err := parseSOAP([]byte(body))
		assert.Error(t, err, name)
		s := serve(t, delegated(scopeEWS), func(w http.ResponseWriter, _ recorded) { answerXML(w, 200, body) })
		listings, err := s.ews(t, "").Members(t.Context(), questions(list(model.KindDistribution, "l@contoso.com")))
		require.NoError(t, err)
		require.NotNil(t, listings[0].Err, name)
		assert.Equal(t, "answerUnreadable", listings[0].Err.Code, name)
		assert.Less(t, len(listings[0].Err.Message), 600)
	}
	_, err := parseSOAP(make([]byte, maxEnvelope+1))
	assert.ErrorContains(t, err, "64 MB")
}

func FuzzAnswersOfEWS(f *testing.F) {
	f.Add([]byte(expansionOf(`TotalItemsInView="1"`, "Mailbox ann@contoso.com", "PublicDL x@y.z")))
	f.Add([]byte(soapError("ErrorServerBusy", "x", backOffXML)))
	f.Add([]byte(soapFaultBody("ErrorAccessDenied", "x", "")))
	f.Add([]byte(soapFaultBody("NoError", "x", "")))
	f.Fuzz(func(t *testing.T, body []byte) {
		_, wait := readSOAP(500, body)
		assert.GreaterOrEqual(t, wait, time.Duration(0))
		a, err := parseSOAP(body)
		if err != nil {
			return
		}
		if code, _, _ := a.verdict(); code != "NoError" {
			return
		}
		members, _ := membersOf(a.Body.Response.Messages[0].Expansion, "l@contoso.com")
		for _, o := range members {
			assert.True(t, o.Mail == "" || strings.Contains(o.Mail, "@"))
		}
	})
}

func TestAListIsFoundByExpandingIt(t *testing.T) {
	answerNobody := ""
	s := serve(t, delegated(scopeEWS), func(w http.ResponseWriter, r recorded) {
		switch {
		case strings.Contains(r.body, "rollcall-") && answerNobody != "":
			answerXML(w, 200, answerNobody)
		case strings.Contains(r.body, ">emea@contoso.com<"):
			answerXML(w, 200, expansionOf("", "Mailbox ann@contoso.com"))
		case strings.Contains(r.body, ">empty@contoso.com<"):
			answerXML(w, 200, expansionOf(""))
		case strings.Contains(r.body, ">ann@contoso.com<"):
			answerXML(w, 200, expansionOf("", "Mailbox Ann@contoso.com"))
		case strings.Contains(r.body, ">part@contoso.com<"):
			answerXML(w, 200, expansionOf(`TotalItemsInView="9"`, "Mailbox ann@contoso.com"))
		default:
			answerXML(w, 200, soapError("ErrorNameResolutionNoResults", "No results are found.", ""))
		}
	})
	find := func(e *EWS, address string) []model.Object {
		found, err := e.FindList(t.Context(), address)
		require.NoError(t, err, address)
		return found
	}
	e := s.ews(t, "")
	require.Len(t, find(e, "emea@contoso.com"), 1)
	assert.Equal(t, model.KindDynamicDistribution, find(e, "emea@contoso.com")[0].Group.Kind)
	assert.Len(t, find(e, "empty@contoso.com"), 1)
	assert.Len(t, find(e, "part@contoso.com"), 1)
	assert.Empty(t, find(e, "ann@contoso.com"), "a mailbox is no list")
	assert.Empty(t, find(e, "nobody@contoso.com"))

	answerNobody = expansionOf("") // as the documentation's prose says
	e = s.ews(t, "")
	assert.Len(t, find(e, "emea@contoso.com"), 1)
	assert.Empty(t, find(e, "empty@contoso.com"), "an empty list is not told from none")

	answerNobody = withoutExpansion
	assert.Empty(t, find(s.ews(t, ""), "empty@contoso.com"), "nor where nothing is said of nobody's members")

	answerNobody = expansionOf("", "Mailbox ann@contoso.com")
	_, err := s.ews(t, "").FindList(t.Context(), "emea@contoso.com")
	assert.ErrorContains(t, err, "may be anybody")

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = s.ews(t, "").FindList(ctx, "emea@contoso.com")
	require.ErrorIs(t, err, context.Canceled)
}
