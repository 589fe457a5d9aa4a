package emulator

import (
	"encoding/xml"
	"testing"

	"github.com/stretchr/testify/require"
)

// Whatever bytes come in, they are read as one operation or refused; a fault
// that quotes them is XML.
func FuzzReadSOAP(f *testing.F) {
	for _, seed := range []string{
		`<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><ExpandDL xmlns="http://schemas.microsoft.com/exchange/services/2006/messages"><Mailbox/></ExpandDL></s:Body></s:Envelope>`,
		`<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>`, `<?xml version="1.0" encoding="utf-16"?><a/>`, "\x00", "<a", "",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		request, ok := readSOAP(body)
		if !ok {
			return
		}
		require.Len(t, request.Body.Operations, 1)
		answer := soapFault(nil, fault("ErrorInvalidRequest", request.Body.Operations[0].XMLName.Local))
		require.NoError(t, xml.Unmarshal(answer.body, new(struct{})))
	})
}
