// Package plain makes foreign text and network errors fit for one line that an
// administrator reads.
package plain

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"strings"
	"unicode"

	"rollcall/model"
)

// maxLine is the longest text that Line returns, in runes.
const maxLine = 300

// Line flattens a text that a service wrote: no control characters, single
// spaces, at most 300 runes.
func Line(s string) string {
	s = strings.Join(strings.Fields(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, s)), " ")
	if r := []rune(s); len(r) > maxLine {
		return string(r[:maxLine-1]) + "…"
	}
	return s
}

// NetworkCause is the innermost useful text of a network error: without
// addresses, URLs and the chain of operations around it.
func NetworkCause(err error) string {
	var dns *net.DNSError
	var op *net.OpError
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return "no answer in time"
	case errors.As(err, &dns):
		return dns.Err
	case errors.As(err, &op) && op.Err != nil:
		return Line(op.Err.Error())
	}
	return Line(err.Error())
}

// NoConnection is the error of a request that got no answer from a host. setting
// is the profile's key that names the host.
func NoConnection(host, setting string, err error) *model.Error {
	e := &model.Error{
		Kind: model.KindUnavailable, Code: "noConnection", Message: "no connection to " + host + ": " + NetworkCause(err),
		Remedy: "check the network, the proxy settings and " + setting + "; what is cached can still be read", Err: err,
	}
	if IsCertificate(err) {
		e.Remedy = "the server's certificate is not trusted here: set SSL_CERT_FILE to the certificate of the authority that signed it"
	}
	return e
}

// IsDial reports an error from before anything was sent: no connection could
// be made.
func IsDial(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "dial"
}

// IsCertificate reports a server that could not prove who it is. Asking again
// gives no other answer.
func IsCertificate(err error) bool {
	var verification *tls.CertificateVerificationError
	var unknown x509.UnknownAuthorityError
	var hostname x509.HostnameError
	return errors.As(err, &verification) || errors.As(err, &unknown) || errors.As(err, &hostname)
}
