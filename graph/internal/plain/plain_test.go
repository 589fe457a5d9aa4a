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

func TestKindsOfNetworkErrors(t *testing.T) {
	assert.True(t, IsDial(&net.OpError{Op: "dial", Err: errors.New("refused")}))
	assert.False(t, IsDial(&net.OpError{Op: "read", Err: errors.New("reset")}))
	assert.True(t, IsCertificate(fmt.Errorf("tls: %w", x509.UnknownAuthorityError{})))
	assert.False(t, IsCertificate(errors.New("reset")))
}
