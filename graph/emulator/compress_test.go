package emulator_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/graph/emulator"
)

// raw gets an answer as it is on the wire.
func (s *tenant) raw(path, acceptEncoding string) (http.Header, []byte) {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, s.GraphEndpoint()+"/v1.0"+path, nil)
	require.NoError(s.t, err)
	req.Header.Set("Authorization", "Bearer "+s.token)
	req.Header.Set("Accept-Encoding", acceptEncoding) // set by hand, so net/http leaves the body alone
	res, err := s.client.Do(req)
	require.NoError(s.t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	require.NoError(s.t, err)
	assert.Equal(s.t, 2, res.ProtoMajor, "HTTP/2")
	assert.Equal(s.t, strconv.Itoa(len(body)), res.Header.Get("Content-Length"))
	return res.Header, body
}

func TestAnswersAreCompressedForThoseWhoAsk(t *testing.T) {
	s := signedIn(t, emulator.Options{})
	const page = "/users?$top=200"
	header, plain := s.raw(page, "identity")
	assert.Empty(t, header.Get("Content-Encoding"))
	assert.Equal(t, "Accept-Encoding", header.Get("Vary"))
	for _, accept := range []string{"gzip", "deflate, GZIP;q=0.8", "br, gzip; q=1"} {
		header, coded := s.raw(page, accept)
		require.Equal(t, "gzip", header.Get("Content-Encoding"), accept)
		assert.Less(t, len(coded), len(plain)/3)
		z, err := gzip.NewReader(bytes.NewReader(coded))
		require.NoError(t, err)
		body, err := io.ReadAll(z)
		require.NoError(t, err)
		assert.JSONEq(t, string(plain), string(body))
	}
	for _, accept := range []string{"", "br", "gzip;q=0", "gzip;q=0.0, br"} {
		header, body := s.raw(page, accept)
		assert.Empty(t, header.Get("Content-Encoding"), accept)
		assert.Len(t, body, len(plain))
	}
	header, _ = s.raw("/users?$top=1&$select=id", "gzip")
	assert.Empty(t, header.Get("Content-Encoding"), "too small to gain")

	off := signedIn(t, emulator.Options{NoCompression: true})
	header, _ = off.raw(page, "gzip")
	assert.Empty(t, header.Get("Content-Encoding"))
}

func TestACompressedAnswerThatIsCutShortIsBrokenJSON(t *testing.T) {
	s := signedIn(t, emulator.Options{})
	s.TruncateNext(1, "/users")
	_, coded := s.raw("/users?$top=200", "gzip")
	z, err := gzip.NewReader(bytes.NewReader(coded))
	require.NoError(t, err)
	body, err := io.ReadAll(z)
	require.NoError(t, err, "the coding is whole")
	assert.NotContains(t, string(body), "@odata.nextLink")
}
