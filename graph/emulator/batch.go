package emulator

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// maxBatch is how many requests a $batch holds. Source: Graph documentation,
// "Combine multiple HTTP requests using JSON batching".
const maxBatch = 20

// batchRequest is one request of a $batch.
type batchRequest struct {
	ID        batchID           `json:"id"`
	Method    string            `json:"method"`
	URL       string            `json:"url"`
	Headers   map[string]string `json:"headers"`
	Body      json.RawMessage   `json:"body"`
	DependsOn []batchID         `json:"dependsOn"`
}

// batchID names a request of a batch: a text or a number, as the CLI for
// Microsoft 365 sends. The answer has it as a text.
type batchID string

// UnmarshalJSON reads either form.
func (id *batchID) UnmarshalJSON(b []byte) error {
	var n json.Number
	if err := json.Unmarshal(b, &n); err == nil {
		*id = batchID(n)
		return nil
	}
	return json.Unmarshal(b, (*string)(id))
}

// batchResponse is the answer to one request of a $batch.
type batchResponse struct {
	ID      batchID           `json:"id"`
	Status  int               `json:"status"`
	Headers map[string]string `json:"headers,omitempty"`
	Body    json.RawMessage   `json:"-"` // see append
}

// append writes the response. Its body is JSON as it is, and may be a long page:
// it is copied and not read again.
func (r *batchResponse) append(b []byte) ([]byte, error) {
	head, err := json.Marshal(r)
	if err != nil {
		return b, err
	}
	b = append(append(b, head[:len(head)-1]...), `,"body":`...)
	if len(r.Body) == 0 {
		return append(b, "null}"...), nil
	}
	return append(append(b, r.Body...), '}'), nil
}

// batch answers POST /$batch. The answers come in no particular order.
func (g *graph) batch(c *call) *reply {
	requests, refused := g.batchRequests(c)
	if refused != nil {
		g.ledger.answered("POST /$batch", refused.status, cost{})
		return c.errorReply(refused)
	}
	g.ledger.answered("POST /$batch", http.StatusOK, cost{}) // priced by what it holds

	statuses := make(map[batchID]int, len(requests))
	responses := make([]batchResponse, 0, len(requests))
	var pages [][]byte // that can be used again once they are copied
	served := len(requests)
	if slices.ContainsFunc(requests, batchRequest.writes) && g.faults.strikes(faultHalfway, c.path) {
		served = g.faults.below(len(requests))
	}
	for i, r := range requests {
		if i == served {
			panic(http.ErrAbortHandler)
		}
		var answer *reply
		inner := c.within(r)
		switch bad := inner.prepare(r); {
		case slices.ContainsFunc(r.DependsOn, func(id batchID) bool { return statuses[id] >= 400 }):
			answer = inner.errorReply(refuse(http.StatusFailedDependency, "FailedDependency", "The request depends on a request that failed."))
		case bad != nil:
			answer = inner.errorReply(bad)
		default:
			answer = g.serve(inner)
			c.wrote = append(c.wrote, inner.wrote...)
		}
		statuses[r.ID] = answer.status
		response := answer.batched(r.ID)
		if g.encodedCounts && answer.contentType == contentText {
			response.Body = strconv.AppendQuote(nil, base64.StdEncoding.EncodeToString(answer.body))
		}
		responses = append(responses, response)
		if answer.reusable {
			pages = append(pages, answer.body)
		}
	}
	g.faults.shuffle(responses)
	room := 0
	for _, r := range responses {
		room += len(r.Body) + 512
	}
	body := append(make([]byte, 0, room), `{"responses":[`...)
	for i, r := range responses {
		if i > 0 {
			body = append(body, ',')
		}
		var err error
		if body, err = r.append(body); err != nil {
			return c.errorReply(serverFailure(http.StatusInternalServerError, 0))
		}
	}
	for _, p := range pages {
		g.pages.put(p)
	}
	return jsonReply(append(body, "]}"...))
}

// batchRequests reads the requests of a batch, in an order in which each comes
// after those it depends on.
func (g *graph) batchRequests(c *call) ([]batchRequest, *graphError) {
	malformed := func(message string) ([]batchRequest, *graphError) {
		return nil, refuse(http.StatusBadRequest, "BadRequest", message)
	}
	var body struct {
		Requests []batchRequest `json:"requests"`
	}
	if json.Unmarshal(c.body, &body) != nil || len(body.Requests) == 0 {
		return malformed("Invalid batch payload format.")
	}
	for _, r := range body.Requests {
		if strings.EqualFold(r.Method, http.MethodDelete) {
			path, _, _ := strings.Cut(r.URL, "?")
			deletes.note(g, path)
		}
	}
	if len(body.Requests) > maxBatch {
		return nil, refuse(http.StatusBadRequest, "MaximumValueExceeded", "Number of batch request steps exceeds the maximum value of 20.")
	}
	ids := make(map[batchID]bool, len(body.Requests))
	for _, r := range body.Requests {
		switch {
		case r.ID == "" || r.Method == "" || r.URL == "":
			return malformed("Invalid batch payload format.")
		case ids[r.ID]:
			return malformed("Request Id '" + string(r.ID) + "' is not unique in the batch.")
		case r.lacksContent():
			return malformed("Write request id : " + string(r.ID) + " does not contain Content-Type header or body.")
		}
		ids[r.ID] = true
	}
	placed := make(map[batchID]bool, len(body.Requests))
	var ordered []batchRequest
	for len(ordered) < len(body.Requests) {
		before := len(ordered)
		for _, r := range body.Requests {
			ready := !slices.ContainsFunc(r.DependsOn, func(id batchID) bool { return !placed[id] })
			if !placed[r.ID] && ready {
				placed[r.ID] = true
				ordered = append(ordered, r)
			}
		}
		if len(ordered) == before {
			return malformed("A request depends on a request that is not in the batch, or on itself.")
		}
	}
	return ordered, nil
}

// lacksContent reports a write without a body, or a body without its type. It
// spoils the whole batch. Source: reports from the field, such as
// github.com/microsoftgraph/msgraph-sdk-dotnet, issue 2628.
func (r *batchRequest) lacksContent() bool {
	empty := len(r.Body) == 0 || string(r.Body) == "null"
	typed := false
	for name, value := range r.Headers {
		typed = typed || strings.EqualFold(name, "Content-Type") && value != ""
	}
	switch strings.ToUpper(r.Method) {
	case http.MethodPost, http.MethodPatch, http.MethodPut:
		return empty || !typed
	}
	return !empty && !typed
}

// writes reports a request that is no question.
func (r batchRequest) writes() bool {
	return !strings.EqualFold(r.Method, http.MethodGet) && !strings.HasSuffix(r.URL, "/getByIds")
}

// within is the call of one request of this batch.
func (c *call) within(r batchRequest) *call {
	inner := &call{
		ctx: c.ctx, method: strings.ToUpper(r.Method), header: make(http.Header), body: r.Body,
		token: c.token, requestID: c.requestID, clientRequestID: c.clientRequestID, arrived: c.arrived,
	}
	for name, value := range r.Headers {
		inner.header.Set(name, value)
	}
	if priority := c.header.Get("x-ms-throttle-priority"); priority != "" && inner.header.Get("x-ms-throttle-priority") == "" {
		inner.header.Set("x-ms-throttle-priority", priority)
	}
	return inner
}

// prepare locates a request of a batch: its URL is relative, without the
// version.
func (c *call) prepare(r batchRequest) *graphError {
	path, query, _ := strings.Cut(strings.TrimPrefix(r.URL, "/"), "?")
	bad := c.locate(path, query)
	switch {
	case strings.Contains(path, "://"), bad != nil:
		return refuse(http.StatusBadRequest, "BadRequest", "Invalid URL in the batch request: it must be relative.")
	case c.segments[0] == "v1.0" || c.segments[0] == "beta":
		return badSegment(c.segments[0])
	case c.segments[0] == "$batch":
		return refuse(http.StatusBadRequest, "BadRequest", "A batch cannot hold a batch.")
	}
	return nil
}

// batched is a reply as a batch carries it. Only the batch as a whole has a
// request-id, which the error bodies in it repeat. Source: the samples of Graph
// documentation, "Combine multiple HTTP requests using JSON batching".
func (p *reply) batched(id batchID) batchResponse {
	out := batchResponse{ID: id, Status: p.status, Headers: map[string]string{"Cache-Control": "no-cache"}}
	for name := range maps.Keys(p.header) {
		as := name
		if strings.HasPrefix(name, "X-Ms-") {
			as = strings.ToLower(name) // in JSON the case that Graph writes is seen
		}
		out.Headers[as] = p.header.Get(name)
	}
	if len(p.body) > 0 {
		out.Headers["Content-Type"], out.Headers["OData-Version"] = p.contentType, "4.0"
		// JSON, or the bare number of a $count segment: Microsoft's own samples read
		// it as one. See Options.EncodedCounts.
		out.Body = p.body
	}
	return out
}
