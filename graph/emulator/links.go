package emulator

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
)

// links signs the continuation tokens of next and delta links, so that a link
// that was built or altered by a client is told from one that was handed out.
// The key comes from the seed: a token of an earlier run of the same tenant is
// genuine, but of another boot.
type links struct {
	key []byte
}

func newLinks(seed uint64) *links {
	sum := sha256.Sum256(binary.BigEndian.AppendUint64([]byte("rollcall continuation token"), seed))
	return &links{key: sum[:]}
}

// position is the state in a continuation token.
type position struct {
	Boot   string   `json:"b,omitempty"` // delta tokens: the run that made it
	Issued int64    `json:"t,omitempty"` // delta tokens, Exchange: Unix seconds
	Since  uint64   `json:"s,omitempty"` // delta: changes after this one
	Until  uint64   `json:"u,omitempty"` // delta: and up to this one
	Crawl  bool     `json:"c,omitempty"` // delta: in the initial round
	Offset int64    `json:"o,omitempty"` // where the page begins; in an index: at which user
	At     int64    `json:"a,omitempty"` // of members with a lag: the time as of which they are listed, in Unix nanoseconds
	Turn   int      `json:"e,omitempty"` // empty pages before this one
	Order  string   `json:"r,omitempty"` // of an index; "": of the users' numbers
	Name   string   `json:"n,omitempty"` // with orderName: the user's key
	Unix   int64    `json:"x,omitempty"` // with orderCreation: the user's key
	Select []string `json:"f,omitempty"` // delta: properties that count
	IDs    []string `json:"i,omitempty"` // delta: $filter on ids
	Body   string   `json:"h,omitempty"` // Exchange: of the request's body
	Stored uint64   `json:"k,omitempty"` // Exchange: the calculation of a dynamic list
}

const signatureLen = 16

// token makes a continuation token for a path with its other parameters.
func (l *links) token(path string, query url.Values, p position) string {
	state, err := json.Marshal(p)
	if err != nil {
		panic(err) // unreachable: numbers and strings
	}
	return base64.RawURLEncoding.EncodeToString(append(l.sign(path, query, state), state...))
}

// open returns the position in a token; false when it was not made here for
// this path with these parameters.
func (l *links) open(path string, query url.Values, token string) (position, bool) {
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(raw) < signatureLen {
		return position{}, false
	}
	signature, state := raw[:signatureLen], raw[signatureLen:]
	if !hmac.Equal(signature, l.sign(path, query, state)) {
		return position{}, false
	}
	var p position
	return p, json.Unmarshal(state, &p) == nil
}

// continuation are the parameters that hold a token rather than belong to the
// query that it continues.
var continuation = []string{"$skiptoken", "$deltatoken"}

// sign covers the state, the path and the parameters.
func (l *links) sign(path string, query url.Values, state []byte) []byte {
	mac := hmac.New(sha256.New, l.key)
	mac.Write([]byte(strings.ToLower(path)))
	names := make([]string, 0, len(query))
	for name := range query {
		if !slices.Contains(continuation, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		mac.Write([]byte{0})
		mac.Write([]byte(name))
		for _, v := range query[name] {
			mac.Write([]byte{1})
			mac.Write([]byte(v))
		}
	}
	mac.Write([]byte{2})
	mac.Write(state)
	return mac.Sum(nil)[:signatureLen]
}

// nextLink is the URL of the page at a position: the same query, with the
// token.
func (g *graph) nextLink(c *call, p position) string {
	query := make(url.Values, len(c.query)+1)
	for name, values := range c.query {
		if !slices.Contains(continuation, name) {
			query[name] = values
		}
	}
	query.Set("$skiptoken", g.links.token(c.resource(), query, p))
	return g.baseURL + "/v1.0/" + c.path + "?" + encodeQuery(query)
}

// resume returns the position of a call's $skiptoken: the start without one. A
// token that was never handed out is refused and noted.
func (g *graph) resume(c *call) (position, *graphError) {
	token := c.query.Get("$skiptoken")
	if token == "" {
		if c.query.Has("$skiptoken") {
			return position{}, g.foreign(c)
		}
		return position{}, nil
	}
	p, ok := g.links.open(c.resource(), c.query, token)
	if !ok {
		return p, g.foreign(c)
	}
	if g.faults.strikes(faultStale, c.path) {
		return p, expiredPageToken()
	}
	return p, nil
}

// foreign notes and refuses a continuation that was never handed out.
func (g *graph) foreign(c *call) *graphError {
	g.ledger.foreignLink(c)
	return expiredPageToken()
}

func expiredPageToken() *graphError {
	return refuse(400, "Directory_ExpiredPageToken", "The specified page token value has expired and can no longer be included in your request.")
}

// encodeQuery writes a query with the option names as Graph writes them, with
// a bare dollar sign.
func encodeQuery(query url.Values) string {
	return strings.ReplaceAll(query.Encode(), "%24", "$")
}
