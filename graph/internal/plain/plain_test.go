package plain

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"

	"rollcall/model"
)

func TestLineIsFlatAndBounded(t *testing.T) {
	assert.Equal(t, "a b c", Line("a\r\n  b\x1b\tc "))
	assert.Equal(t, "31m red", strings.TrimPrefix(Line("\x1b31m red"), "["))
	long := Line(strings.Repeat("é", 1000))
	assert.Equal(t, maxLine, utf8.RuneCountInString(long))
	assert.True(t, strings.HasSuffix(long, "…"))
}

func TestNetworkCauseLeavesTheURLOut(t *testing.T) {
	dns := &url.Error{Op: "Get", URL: "https://graph.example/users?$filter=secret", Err: &net.OpError{
		Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", Name: "graph.example"},
	}}
	assert.Equal(t, "no such host", NetworkCause(dns))
	assert.Equal(t, "no answer in time", NetworkCause(fmt.Errorf("reading: %w", context.DeadlineExceeded)))
	assert.Equal(t, "connection refused", NetworkCause(&net.OpError{Op: "dial", Err: errors.New("connection refused")}))
}

func TestNoConnectionNamesTheSettingOrTheCertificate(t *testing.T) {
	e := NoConnection("graph.example", "graph_endpoint", &net.OpError{Op: "dial", Err: errors.New("connection refused")})
	assert.Equal(t, model.KindUnavailable, e.Kind)
	assert.Equal(t, "no connection to graph.example: connection refused", e.Message)
	assert.Contains(t, e.Remedy, "graph_endpoint")
	e = NoConnection("graph.example", "graph_endpoint", x509.UnknownAuthorityError{})
	assert.Contains(t, e.Remedy, "SSL_CERT_FILE")
}

func TestKindsOfNetworkErrors(t *testing.T) {
	assert.True(t, IsDial(&net.OpError{Op: "dial", Err: errors.New("refused")}))
	assert.False(t, IsDial(&net.OpError{Op: "read", Err: errors.New("reset")}))
	assert.True(t, IsCertificate(fmt.Errorf("tls: %w", x509.UnknownAuthorityError{})))
	assert.False(t, IsCertificate(errors.New("reset")))
}
