package emulator

import (
	"bytes"
	"encoding/xml"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"rollcall/graph/emulator/seed"
)

const (
	soapNamespace     = "http://schemas.xmlsoap.org/soap/envelope/"
	messagesNamespace = "http://schemas.microsoft.com/exchange/services/2006/messages"
	typesNamespace    = "http://schemas.microsoft.com/exchange/services/2006/types"
	errorsNamespace   = "http://schemas.microsoft.com/exchange/services/2006/errors"

	contentXML = "text/xml; charset=utf-8"
	ewsPath    = "/EWS/Exchange.asmx"
)

// soapRequest is an envelope as far as this service reads it.
type soapRequest struct {
	XMLName xml.Name `xml:"http://schemas.xmlsoap.org/soap/envelope/ Envelope"`
	Header  struct {
		Impersonated *struct {
			SMTP string `xml:"PrimarySmtpAddress"`
			Any  string `xml:"SmtpAddress"`
			UPN  string `xml:"PrincipalName"`
		} `xml:"http://schemas.microsoft.com/exchange/services/2006/types ExchangeImpersonation>ConnectingSID"`
	} `xml:"http://schemas.xmlsoap.org/soap/envelope/ Header"`
	Body struct {
		Operations []soapOperation `xml:",any"`
	} `xml:"http://schemas.xmlsoap.org/soap/envelope/ Body"`
}

type soapOperation struct {
	XMLName xml.Name

	// The schema has it in the namespace of messages, the samples of the
	// documentation in that of types: any will do.
	Mailbox *struct {
		Address string `xml:"http://schemas.microsoft.com/exchange/services/2006/types EmailAddress"`
	} `xml:"Mailbox"`
}

// readSOAP reads an envelope with one operation. Go's decoder expands no
// entities of a document type and bounds the depth; the caller has bounded the
// size.
func readSOAP(body []byte) (*soapRequest, bool) {
	decoder := xml.NewDecoder(bytes.NewReader(body))
	var request soapRequest
	if decoder.Decode(&request) != nil || len(request.Body.Operations) != 1 {
		return nil, false
	}
	return &request, true
}

func (x *exchange) ewsRoute(c *call) exchangeRoute {
	rt := exchangeRoute{name: c.method + " /EWS (unknown)", answer: (*exchange).noEndpoint, refusal: soapFault}
	if len(c.segments) != 2 || !strings.EqualFold(c.segments[1], "Exchange.asmx") {
		return rt
	}
	// The name of the operation is the client's text: what is not known is one.
	rt.name, rt.answer = c.method+" "+ewsPath+" (other)", (*exchange).ews
	if request, ok := readSOAP(c.body); ok && request.Body.Operations[0].XMLName == (xml.Name{Space: messagesNamespace, Local: "ExpandDL"}) {
		rt.name = c.method + " " + ewsPath + " ExpandDL"
	}
	return rt
}

// ews answers a call of Exchange Web Services. Sources: Exchange documentation,
// "ExpandDL operation", "ResponseCode", "ExchangeImpersonation".
func (x *exchange) ews(c *call) (*reply, *graphError) {
	g := x.g
	media, _, _ := strings.Cut(c.header.Get("Content-Type"), ";")
	switch {
	case x.ewsOff.Load():
		// EWSEnabled is False, or the app is not in the allow list.
		return nil, &graphError{status: http.StatusForbidden, code: "ErrorAccessDenied", message: "Access to Exchange Web Services is blocked for this organization."}
	case c.method != http.MethodPost:
		return nil, &graphError{status: http.StatusMethodNotAllowed, code: "ErrorInvalidRequest", message: "The method is not allowed."}
	case !strings.EqualFold(strings.TrimSpace(media), "text/xml"):
		return nil, &graphError{status: http.StatusUnsupportedMediaType, code: "ErrorInvalidRequest", message: "The content type '" + media + "' is not text/xml."}
	case c.token.appOnly() && !g.grants(c, []string{ewsAppRole}), !c.token.appOnly() && !g.grants(c, []string{EWSScope}):
		return nil, fault("ErrorAccessDenied", "Access is denied. Check credentials and try again.")
	}
	request, ok := readSOAP(c.body)
	if !ok {
		return nil, fault("ErrorSchemaValidation", "The request failed schema validation.")
	}
	if refused := x.impersonate(c, request); refused != nil {
		return nil, refused
	}
	operation := &request.Body.Operations[0]
	switch {
	case operation.XMLName != xml.Name{Space: messagesNamespace, Local: "ExpandDL"}:
		return nil, fault("ErrorInvalidRequest", "The operation '"+operation.XMLName.Local+"' is not modelled here.")
	case operation.Mailbox == nil:
		return nil, fault("ErrorSchemaValidation", "The request failed schema validation: The element 'ExpandDL' has incomplete content.")
	}
	return x.expandDL(strings.TrimSpace(operation.Mailbox.Address)), nil
}

// impersonate checks whom an app acts for: it must say so.
func (x *exchange) impersonate(c *call, request *soapRequest) *graphError {
	if !c.token.appOnly() {
		return nil
	}
	as := request.Header.Impersonated
	switch {
	case as == nil:
		return fault("ErrorImpersonationFailed", "ExchangeImpersonation SOAP header must be present for this type of OAuth token.")
	case !slices.ContainsFunc([]string{as.SMTP, as.Any, as.UPN}, x.hasMailbox):
		return fault("ErrorNonExistentMailbox", "The SMTP address has no mailbox associated with it.")
	}
	return nil
}

// expandDL answers with the members of one list, one level deep. A dynamic list
// is evaluated as the directory stands.
func (x *exchange) expandDL(address string) *reply {
	t := x.g.tenant
	if address == "" {
		return expansionError("ErrorMissingInformationEmailAddress", "An e-mail address must be specified for the mailbox.")
	}
	lists := x.resolveList(address)
	switch {
	case len(lists) == 0:
		return expansionError("ErrorNameResolutionNoResults", "No results are found.")
	case len(lists) > 1:
		return expansionError("ErrorNameResolutionMultipleResults", "Multiple results were found.")
	}
	members := t.Members(lists[0].Index)
	if lists[0].Type == seed.MemberDynamicList {
		members = t.DynamicMembers(lists[0].Index)
	}
	var rows bytes.Buffer
	n := 0
	for m := range members {
		if r, ok := x.recipient(m); ok && r.address != "" {
			n++
			r.appendMailbox(&rows)
		}
	}
	var b bytes.Buffer
	beginExpansion(&b, "Success")
	b.WriteString(`<m:ResponseCode>NoError</m:ResponseCode><m:DLExpansion TotalItemsInView="` + strconv.Itoa(n) + `" IncludesLastItemInRange="true">`)
	b.Write(rows.Bytes())
	b.WriteString(`</m:DLExpansion>`)
	return endExpansion(&b)
}

// resolveList finds distribution lists, mail-enabled security groups and dynamic
// lists by an address, or by a whole name, or else by the beginning of one, as
// names are resolved.
func (x *exchange) resolveList(address string) []seed.Member {
	t := x.g.tenant
	if i, ok := t.FindDynamicListByAddress(address); ok {
		return []seed.Member{{Type: seed.MemberDynamicList, Index: i}}
	}
	if strings.Contains(address, "@") {
		var out []seed.Member
		for _, i := range x.findDistribution(address) {
			out = append(out, seed.Member{Type: seed.MemberGroup, Index: i})
		}
		return out
	}
	var whole, begun []seed.Member
	match := func(m seed.Member, names ...string) {
		if slices.ContainsFunc(names, func(name string) bool { return strings.EqualFold(name, address) }) {
			whole = append(whole, m)
		}
		if slices.ContainsFunc(names, func(name string) bool {
			return len(name) >= len(address) && strings.EqualFold(name[:len(address)], address)
		}) {
			begun = append(begun, m)
		}
	}
	for i := range t.Groups() {
		if g, _ := t.Group(i); g.MailEnabled && !slices.Contains(g.GroupTypes, "Unified") {
			match(seed.Member{Type: seed.MemberGroup, Index: i}, g.DisplayName, g.MailNickname)
		}
	}
	for i, l := range t.DynamicLists() {
		alias, _, _ := strings.Cut(l.Mail, "@")
		match(seed.Member{Type: seed.MemberDynamicList, Index: i}, l.DisplayName, alias)
	}
	if len(whole) > 0 {
		return whole
	}
	return begun
}

// mailboxType is a recipient's type in this service, which knows fewer. Source:
// Exchange documentation, "MailboxType".
func (r *recipient) mailboxType() string {
	switch r.details {
	case "GroupMailbox":
		return "GroupMailbox"
	case "MailContact":
		return "Contact"
	case "MailUniversalDistributionGroup", "MailUniversalSecurityGroup", "DynamicDistributionGroup":
		return "PublicDL"
	default:
		return "Mailbox"
	}
}

func (r *recipient) appendMailbox(b *bytes.Buffer) {
	b.WriteString("<t:Mailbox><t:Name>")
	escapeXML(b, r.displayName)
	b.WriteString("</t:Name><t:EmailAddress>")
	escapeXML(b, r.address)
	b.WriteString("</t:EmailAddress><t:RoutingType>SMTP</t:RoutingType><t:MailboxType>" + r.mailboxType() + "</t:MailboxType></t:Mailbox>")
}

// escapeXML writes a text; characters that XML cannot hold become U+FFFD.
func escapeXML(b *bytes.Buffer, text string) {
	_ = xml.EscapeText(b, []byte(text)) // a bytes.Buffer takes everything
}

func beginExpansion(b *bytes.Buffer, class string) {
	b.WriteString(xml.Header + `<s:Envelope xmlns:s="` + soapNamespace + `"><s:Header><h:ServerVersionInfo MajorVersion="15" MinorVersion="20" MajorBuildNumber="9456" MinorBuildNumber="0" Version="V2018_01_08" xmlns:h="` + typesNamespace + `"/></s:Header>` +
		`<s:Body><m:ExpandDLResponse xmlns:m="` + messagesNamespace + `" xmlns:t="` + typesNamespace + `"><m:ResponseMessages><m:ExpandDLResponseMessage ResponseClass="` + class + `">`)
}

func endExpansion(b *bytes.Buffer) *reply {
	b.WriteString(`</m:ExpandDLResponseMessage></m:ResponseMessages></m:ExpandDLResponse></s:Body></s:Envelope>`)
	return &reply{status: http.StatusOK, body: b.Bytes(), contentType: contentXML}
}

func expansionError(code, message string) *reply {
	var b bytes.Buffer
	beginExpansion(&b, "Error")
	b.WriteString("<m:MessageText>" + message + "</m:MessageText><m:ResponseCode>" + code + "</m:ResponseCode><m:DescriptiveLinkKey>0</m:DescriptiveLinkKey>")
	return endExpansion(&b)
}

// fault is an error of the whole request, which comes with status 500.
func fault(code, message string) *graphError {
	return &graphError{status: http.StatusInternalServerError, code: code, message: message}
}

// soapFault writes an error as a fault. A client that called too often is told
// that the server is busy, and for how long. Source: Exchange documentation,
// "EWS throttling in Exchange".
func soapFault(_ *call, e *graphError) *reply {
	status, code, message, wait := e.status, e.code, e.message, ""
	switch status {
	case http.StatusInternalServerError, http.StatusUnsupportedMediaType, http.StatusBadRequest:
	case http.StatusTooManyRequests:
		status, code, message = http.StatusInternalServerError, "ErrorServerBusy", "The server cannot service this request right now. Try again later."
		wait = `<t:MessageXml xmlns:t="` + typesNamespace + `"><t:Value Name="BackOffMilliseconds">` + strconv.FormatInt(backOff(e).Milliseconds(), 10) + `</t:Value></t:MessageXml>`
	default:
		return &reply{status: status, header: e.header} // the front door, which speaks no SOAP
	}
	var b bytes.Buffer
	b.WriteString(xml.Header + `<s:Envelope xmlns:s="` + soapNamespace + `"><s:Body><s:Fault><faultcode xmlns:a="` + typesNamespace + `">a:` + code + `</faultcode><faultstring xml:lang="en-US">`)
	escapeXML(&b, message)
	b.WriteString(`</faultstring><detail><e:ResponseCode xmlns:e="` + errorsNamespace + `">` + code + `</e:ResponseCode><e:Message xmlns:e="` + errorsNamespace + `">`)
	escapeXML(&b, message)
	b.WriteString(`</e:Message>` + wait + `</detail></s:Fault></s:Body></s:Envelope>`)
	return &reply{status: status, body: b.Bytes(), contentType: contentXML}
}
