package graph

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	abstractions "github.com/microsoft/kiota-abstractions-go"

	"rollcall/graph/signin"
	"rollcall/model"
)

// batchSize is the most requests that one $batch may hold.
const batchSize = 20

// batchesAtOnce bounds the batches of reads that are under way together. Twelve
// hold 240 requests: the lists of a level, most often. As pages of members they
// spend 480 of the 8,000 resource units that Graph grants in ten seconds.
// Source: Graph documentation, "Microsoft Graph service-specific throttling
// limits", identity and access.
const batchesAtOnce = 12

// maxRenewals is how often a batch takes a new token because one of its
// requests was refused with the old one.
const maxRenewals = 3

// batchItem is one request inside a $batch. newBatchItem makes them, and
// linkItem those that follow a link.
type batchItem struct {
	ID      string            `json:"id"`
	Method  string            `json:"method"`
	URL     string            `json:"url"` // below the service root
	Headers map[string]string `json:"headers,omitempty"`
	Body    json.RawMessage   `json:"body,omitempty"`

	// read takes the body of an answer below 300, which is then not kept. Its
	// error says that the body is not what it should be: it is asked for again.
	// It may be called on any goroutine. nil leaves the body in the answer.
	read func(body []byte) error
}

// batchAnswer is the answer to one of them. Err is set for an answer of 300
// and above, and for a request that got no answer that counts.
type batchAnswer struct {
	Status    int
	Header    http.Header
	Body      json.RawMessage
	RequestID string // the request's own where the service names it, else that of the batch
	Err       error
	// Unsure says that the request was sent before, and that it is not known what
	// came of it then.
	Unsure bool

	malformed bool // read refused the body
}

// newBatchItem turns what a builder returned into a request of a $batch. It
// refuses any DELETE but that of a reference, as the transport does outside
// of batches.
func (c *Client) newBatchItem(info *abstractions.RequestInformation, err error) (batchItem, error) {
	if err != nil {
		return batchItem{}, fmt.Errorf("graph: building the request: %w", err)
	}
	info.PathParameters["baseurl"] = c.root.String()
	u, err := info.GetUri()
	if err != nil {
		return batchItem{}, fmt.Errorf("graph: building the request: %w", err)
	}
	item := batchItem{Method: info.Method.String(), URL: strings.TrimPrefix(u.String(), c.root.String()), Body: info.Content}
	if strings.EqualFold(item.Method, http.MethodDelete) && !isMemberRef(item.URL) {
		return batchItem{}, errNotARef
	}
	item.Headers = make(map[string]string)
	// The builders put every name into lower case, and add an Accept that JSON
	// batches do not need.
	if level := info.Headers.Get("ConsistencyLevel"); len(level) > 0 {
		item.Headers["ConsistencyLevel"] = level[0]
	}
	if len(item.Body) > 0 {
		item.Headers["Content-Type"] = "application/json"
	}
	return item, nil
}

var errNotARef = errors.New("graph: refused to delete anything but a group's reference to a member")

// batch sends up to 20 requests as one and returns their answers in order.
// What was throttled, failed on the service's side or cannot be read is sent
// again, alone, until it is answered or the patience ends; requests must
// therefore be safe to send twice. The returned error means that the batch as a
// whole was not answered.
func (c *Client) batch(ctx context.Context, items []batchItem) ([]batchAnswer, error) {
	answers := make([]batchAnswer, len(items))
	pending := make([]int, len(items))
	for i := range items {
		items[i].ID = strconv.Itoa(i)
		pending[i] = i
	}
	ctx = c.transport.begun(ctx)
	for round := 1; ; round++ {
		got, err := c.sendBatch(ctx, items, pending, round)
		if err != nil && round == 1 {
			return nil, err
		}
		if err != nil {
			return unanswered(answers, pending, err), nil
		}
		again := make([]int, 0, len(pending))
		wait := time.Duration(0)
		for _, i := range pending {
			unsure := got.unsure || round > 1 && (answers[i].Unsure || answers[i].inDoubt())
			answers[i] = c.batchAnswer(got, items[i])
			answers[i].Unsure = unsure
			if repeat, d := c.judgeInner(answers[i], round); repeat {
				again = append(again, i)
				wait = max(wait, d)
			}
		}
		if len(again) == 0 {
			return answers, nil
		}
		fits, err := c.transport.pause(ctx, wait)
		switch {
		case err != nil:
			return unanswered(answers, again, err), nil
		case !fits:
			return answers, nil // each carries its refusal
		}
		pending = again
	}
}

// unanswered marks the answers that are still pending with the error that
// ended the batch; the others stand.
func unanswered(answers []batchAnswer, pending []int, err error) []batchAnswer {
	for _, i := range pending {
		answers[i].Err = err
	}
	return answers
}

// inDoubt reports an answer, or the lack of one, that does not tell whether the
// request had its effect. One that was throttled had none, nor one whose token
// was refused.
func (a *batchAnswer) inDoubt() bool { return transient(a.Status) || a.malformed || a.Status == 0 }

// answeredBatch is the answer to a $batch.
type answeredBatch struct {
	answers   map[string]wireAnswer // by the ids of the requests
	requestID string
	unsure    bool // see answer
}

// sendBatch sends the pending items once, as the round-th time. Each of them
// that is no question takes its part of the budget of writes.
func (c *Client) sendBatch(ctx context.Context, items []batchItem, pending []int, round int) (*answeredBatch, error) {
	requests := make([]batchItem, 0, len(pending))
	writes := 0
	for _, i := range pending {
		requests = append(requests, items[i])
		if items[i].Method != http.MethodGet {
			writes++
		}
	}
	body, err := json.Marshal(map[string][]batchItem{"requests": requests})
	if err != nil {
		return nil, fmt.Errorf("graph: building the batch: %w", err)
	}
	ctx = withSettings(ctx, func(s *callSettings) {
		s.repeatable, s.writes = true, writes
		s.note = fmt.Sprintf("%d requests", len(requests))
	})
	unsure := false
	for n := 1; ; n++ {
		info := abstractions.NewRequestInformationWithMethodAndUrlTemplateAndPathParameters(
			abstractions.POST, "{+baseurl}/$batch", c.path())
		info.Headers.TryAdd("Accept", "application/json")
		info.SetStreamContentAndContentType(body, "application/json")
		got, err := c.send(withSettings(ctx, func(s *callSettings) { s.earlier = round + n - 2 }), info)
		if err != nil {
			return nil, err
		}
		answers, err := decodeBatch(got.body)
		if err == nil {
			return &answeredBatch{answers: answers, requestID: got.header.Get("request-id"), unsure: unsure || got.unsure}, nil
		}
		unsure = true
		if n == maxMalformed {
			return nil, unreadable(c.root.Host, err)
		}
		fits, stopped := c.transport.pause(ctx, c.transport.gate.backoff(n))
		switch {
		case stopped != nil:
			return nil, stopped
		case !fits:
			return nil, unreadable(c.root.Host, err)
		}
	}
}

func (c *Client) batchAnswer(got *answeredBatch, item batchItem) batchAnswer {
	w := got.answers[item.ID]
	a := batchAnswer{Status: w.Status, Header: make(http.Header), Body: w.Body}
	for name, value := range w.Headers {
		a.Header.Set(name, value)
	}
	a.RequestID = a.Header.Get("request-id")
	var refused *model.Error
	switch {
	case w.Status == 0:
		refused = unreadable(c.root.Host, errors.New("the batch holds no answer to one of its requests"))
	case w.Status >= http.StatusMultipleChoices:
		refused = c.transport.refusal(w.Status, a.Header, w.Body)
		a.RequestID = cmp.Or(a.RequestID, refused.RequestID)
	case item.read != nil:
		a.Body = nil
		if err := item.read(w.Body); err != nil {
			refused, a.malformed = unreadable(c.root.Host, err), true
		}
	}
	a.RequestID = cmp.Or(a.RequestID, got.requestID)
	if refused != nil {
		refused.RequestID = cmp.Or(refused.RequestID, a.RequestID)
		a.Err = refused
	}
	return a
}

// judgeInner decides whether an inner request is sent again and after what
// wait. An inner 429 shuts the gate for all: it stands for the same limits.
func (c *Client) judgeInner(a batchAnswer, round int) (again bool, wait time.Duration) {
	asked, named := retryAfter(a.Header, c.opts.Now())
	switch {
	case a.Status == http.StatusTooManyRequests:
		c.transport.calls.throttled()
		if !named {
			asked = c.transport.gate.backoff(round)
		}
		c.transport.gate.shut(asked)
		return true, asked
	case round > maxRepeats:
		return false, 0
	case a.malformed:
		return round < maxMalformed, c.transport.gate.backoff(round)
	case a.Status == http.StatusUnauthorized:
		// The outer request was let in, so the token ended meanwhile. The next
		// batch takes a new one.
		c.transport.demandFresh(signin.FreshClaims(c.opts.Now()))
		return round <= maxRenewals, 0
	case transient(a.Status) || a.Status == 0:
		if !named {
			asked = c.transport.gate.backoff(round)
		}
		return true, asked
	}
	return false, 0
}

// batches sends any number of requests, 20 at a time and several batches at
// once, and returns the answers in order. An error that a batch met as a whole
// stands in each of its answers.
func (c *Client) batches(ctx context.Context, items []batchItem) []batchAnswer {
	answers := make([]batchAnswer, len(items))
	parallel(ctx, batchesAtOnce, chunks(len(items), batchSize), func(ctx context.Context, s span) {
		got, err := c.batch(ctx, items[s.from:s.to])
		if err != nil {
			got = lost(s.to-s.from, err)
		}
		copy(answers[s.from:s.to], got)
	})
	if ctx.Err() != nil { // what was not begun has no answer yet
		for i := range answers {
			if answers[i].Status == 0 && answers[i].Err == nil {
				answers[i].Err = ctx.Err()
			}
		}
	}
	return answers
}

// lost are the answers to requests whose batch got none as a whole.
func lost(requests int, err error) []batchAnswer {
	answers := make([]batchAnswer, requests)
	for i := range answers {
		answers[i].Err = err
	}
	return answers
}

// isFatal reports an error that every further request would meet too.
func isFatal(err error) bool {
	var e *model.Error
	if errors.As(err, &e) {
		return e.Kind == model.KindSignIn && !isForbidden(e)
	}
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}
