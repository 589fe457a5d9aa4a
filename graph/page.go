package graph

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"

	abstractions "github.com/microsoft/kiota-abstractions-go"

	"rollcall/graph/internal/plain"
	"rollcall/model"
)

// collection is a page of any collection. Value is a pointer so that an answer
// without one is told from an empty page.
type collection[T any] struct {
	Value     *[]T   `json:"value"`
	Next      string `json:"@odata.nextLink"`
	DeltaLink string `json:"@odata.deltaLink"`
}

// maxMalformed is how often an answer is asked for that cannot be read.
const maxMalformed = 5

// getPage reads one page of a collection. It is never returned shorter than
// the service meant it: see read.
func getPage[T any](ctx context.Context, c *Client, build func() (*abstractions.RequestInformation, error)) (*collection[T], error) {
	return read(ctx, c, build, decodePage[T])
}

// read makes a GET and decodes its answer. A body that is cut short or is not
// what it should be is asked for again a few times, as far as the patience of
// the call goes, then it is an error.
func read[T any](ctx context.Context, c *Client, build func() (*abstractions.RequestInformation, error), decode func([]byte) (T, error)) (T, error) {
	return readable(ctx, c.transport, func(ctx context.Context) (*answer, error) {
		info, err := build()
		if err != nil {
			return nil, fmt.Errorf("graph: building the request: %w", err)
		}
		return c.send(ctx, info)
	}, decode)
}

// readable sends until the answer can be decoded, within the bounds of read.
func readable[T any](ctx context.Context, t *transport, send func(context.Context) (*answer, error), decode func([]byte) (T, error)) (T, error) {
	var none T
	ctx = t.begun(ctx)
	for n := 1; ; n++ {
		got, err := send(withSettings(ctx, func(s *callSettings) { s.earlier = n - 1 }))
		if err != nil {
			return none, err
		}
		value, err := decode(got.body)
		if err == nil {
			return value, nil
		}
		if n == maxMalformed {
			return none, unreadable(t.root.Host, err)
		}
		fits, stopped := t.pause(ctx, t.gate.backoff(n))
		switch {
		case stopped != nil:
			return none, stopped
		case !fits:
			return none, unreadable(t.root.Host, err)
		}
	}
}

// unreadable is the error for an answer of 200 whose body is not what Graph
// documents. To the administrator the service is not available: it answers, and
// not as it should.
func unreadable(host string, err error) *model.Error {
	return &model.Error{
		Kind: model.KindUnavailable, Code: "answerUnreadable",
		Message: fmt.Sprintf("%s gave an answer that cannot be read: %s", host, plain.Line(err.Error())),
		Remedy:  "try again; if it stays, check whether a proxy changes the answers", Err: err,
	}
}

func decodePage[T any](body []byte) (*collection[T], error) {
	var page collection[T]
	if err := json.Unmarshal(body, &page); err != nil {
		return nil, err
	}
	if page.Value == nil {
		return nil, errNoValue
	}
	return &page, nil
}

// rest reads the pages behind a nextLink to the end, handing each to add. A
// link that was followed before is an error: the walk would never end.
func rest[T any](ctx context.Context, c *Client, next string, header http.Header, add func([]T)) error {
	seen := make(map[string]bool)
	for next != "" {
		if seen[next] {
			return looping()
		}
		seen[next] = true
		link := next
		page, err := getPage[T](ctx, c, func() (*abstractions.RequestInformation, error) { return linkRequest(link, header) })
		if err != nil {
			return err
		}
		add(*page.Value)
		next = page.Next
	}
	return nil
}

func looping() *model.Error {
	return &model.Error{
		Kind: model.KindFailed, Code: "pagesLoop", Message: "the service named the same next page twice, so its listing would never end",
		Remedy: "try again later",
	}
}

// linkRequest follows a link exactly as the service wrote it. The link carries
// every query option but no header: those are sent again.
func linkRequest(link string, header http.Header) (*abstractions.RequestInformation, error) {
	u, err := url.Parse(link)
	if err != nil {
		return nil, err
	}
	info := abstractions.NewRequestInformation()
	info.Method = abstractions.GET
	info.SetUri(*u)
	info.Headers.TryAdd("Accept", "application/json")
	for name, values := range header {
		for _, v := range values {
			info.Headers.Add(name, v)
		}
	}
	return info, nil
}

// advanced is the header of an advanced query, which also needs $count=true.
// Source: Graph documentation, "Advanced query capabilities on Microsoft Entra
// ID objects".
func advanced() *abstractions.RequestHeaders {
	h := abstractions.NewRequestHeaders()
	h.Add("ConsistencyLevel", "eventual")
	return h
}
