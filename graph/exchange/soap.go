package exchange

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// maxEnvelope bounds an answer of Exchange Web Services in bytes: a member takes
// some 300, so that it holds 200,000.
const maxEnvelope = 64 << 20

const (
	namespaceMessages = "http://schemas.microsoft.com/exchange/services/2006/messages"
	namespaceTypes    = "http://schemas.microsoft.com/exchange/services/2006/types"
	namespaceSOAP     = "http://schemas.xmlsoap.org/soap/envelope/"
	actionExpandDL    = namespaceMessages + "/ExpandDL"
)

// expandDL is the question for the members of a list. Source: Exchange
// documentation, "ExpandDL operation".
func expandDL(address string) ([]byte, error) {
	var b bytes.Buffer
	b.WriteString(xml.Header + `<soap:Envelope xmlns:soap="` + namespaceSOAP + `" xmlns:m="` + namespaceMessages + `" xmlns:t="` + namespaceTypes + `">` +
		`<soap:Header><t:RequestServerVersion Version="Exchange2013_SP1"/></soap:Header>` +
		`<soap:Body><m:ExpandDL><m:Mailbox><t:EmailAddress>`)
	if err := xml.EscapeText(&b, []byte(address)); err != nil {
		return nil, err
	}
	b.WriteString(`</t:EmailAddress></m:Mailbox></m:ExpandDL></soap:Body></soap:Envelope>`)
	return b.Bytes(), nil
}

// soapAnswer is an answer of ExpandDL, or a fault.
type soapAnswer struct {
	XMLName xml.Name `xml:"Envelope"`
	Body    struct {
		Fault    *soapFault `xml:"Fault"`
		Response *struct {
			Messages []soapMessage `xml:"ResponseMessages>ExpandDLResponseMessage"`
		} `xml:"ExpandDLResponse"`
	} `xml:"Body"`
}

type soapFault struct {
	Code   string `xml:"faultcode"`
	String string `xml:"faultstring"`
	Detail struct {
		ResponseCode string      `xml:"ResponseCode"`
		Message      string      `xml:"Message"`
		Values       []soapValue `xml:"MessageXml>Value"`
	} `xml:"detail"`
}

type soapMessage struct {
	Class        string         `xml:"ResponseClass,attr"`
	Text         string         `xml:"MessageText"`
	ResponseCode string         `xml:"ResponseCode"`
	Values       []soapValue    `xml:"MessageXml>Value"`
	Expansion    *soapExpansion `xml:"DLExpansion"`
}

type soapValue struct {
	Name string `xml:"Name,attr"`
	Text string `xml:",chardata"`
}

type soapExpansion struct {
	Total     *int          `xml:"TotalItemsInView,attr"`
	Last      *bool         `xml:"IncludesLastItemInRange,attr"`
	Mailboxes []soapMailbox `xml:"Mailbox"`
}

type soapMailbox struct {
	Name         string `xml:"Name"`
	EmailAddress string `xml:"EmailAddress"`
	RoutingType  string `xml:"RoutingType"`
	MailboxType  string `xml:"MailboxType"`
}

var errNoAnswer = errors.New("it is no answer of ExpandDL")

// parseSOAP reads an envelope. Go's decoder expands no entities and takes no
// nesting without bound, so that an answer costs no more than its size.
func parseSOAP(body []byte) (*soapAnswer, error) {
	if len(body) > maxEnvelope {
		return nil, fmt.Errorf("it has more than %d MB", maxEnvelope>>20)
	}
	decoder := xml.NewDecoder(bytes.NewReader(body))
	var a soapAnswer
	if err := decoder.Decode(&a); err != nil {
		return nil, err
	}
	if a.Body.Fault == nil && (a.Body.Response == nil || len(a.Body.Response.Messages) != 1) {
		return nil, errNoAnswer
	}
	return &a, nil
}

// verdict is what an answer says of itself: NoError, or the code of an error and
// the service's words. Whatever does not say that it succeeded is an error, also
// where the code that it has is no error's.
func (a *soapAnswer) verdict() (code, message string, values []soapValue) {
	if f := a.Body.Fault; f != nil {
		code := strings.TrimSpace(f.Detail.ResponseCode)
		if code == "" {
			_, code, _ = strings.Cut(strings.TrimSpace(f.Code), ":")
		}
		message := strings.TrimSpace(f.Detail.Message)
		if message == "" {
			message = f.String
		}
		return ofError(code), message, f.Detail.Values
	}
	m := &a.Body.Response.Messages[0]
	code = strings.TrimSpace(m.ResponseCode)
	if m.Class == "Success" && (code == "" || code == "NoError") {
		return "NoError", "", nil
	}
	return ofError(code), m.Text, m.Values
}

// ofError is the code of something that is an error.
func ofError(code string) string {
	if code == "" || code == "NoError" {
		return "errorUnnamed"
	}
	return code
}

// transientCodes are errors that pass by themselves.
func transientCodes() []string {
	return []string{
		"ErrorInternalServerError", "ErrorInternalServerTransientError", "ErrorMailboxStoreUnavailable", "ErrorTimeoutExpired", "ErrorConnectionFailed",
		"ErrorADUnavailable", "ErrorInsufficientResources", "ErrorBatchProcessingStopped", "ErrorServiceUnavailable",
	}
}

// readSOAP is graph.ServiceOptions.Reads: faults come with status 500 whatever
// they mean, and "busy" comes in the body, with how long to wait. Source:
// Exchange documentation, "EWS throttling in Exchange", BackOffMilliseconds.
func readSOAP(status int, body []byte) (as int, wait time.Duration) {
	if status != http.StatusOK && status != http.StatusInternalServerError || status == http.StatusOK && !bytes.Contains(body, []byte("Error")) {
		return status, 0
	}
	a, err := parseSOAP(body)
	if err != nil {
		return status, 0
	}
	code, _, values := a.verdict()
	switch {
	case code == "ErrorServerBusy":
		return http.StatusTooManyRequests, backOff(values)
	case slices.Contains(transientCodes(), code):
		return http.StatusServiceUnavailable, 0
	case status == http.StatusInternalServerError && strings.HasPrefix(code, "Error"):
		return http.StatusBadRequest, 0 // a fault with a code of this service is an answer
	}
	return status, 0
}

// longestBackOff keeps a hostile number within what a duration holds; any
// patience ends before it.
const longestBackOff = 24 * time.Hour

func backOff(values []soapValue) time.Duration {
	for _, v := range values {
		if v.Name != "BackOffMilliseconds" {
			continue
		}
		ms, err := strconv.ParseInt(strings.TrimSpace(v.Text), 10, 64)
		if err == nil && ms > 0 {
			return time.Duration(min(ms, longestBackOff.Milliseconds())) * time.Millisecond
		}
	}
	return 0
}
