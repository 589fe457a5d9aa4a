package graph

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
)

// wireAnswer is an answer as the $batch holds it. Status 0 stands for one that
// is not there at all.
type wireAnswer struct {
	ID      string
	Status  int
	Headers map[string]string
	Body    json.RawMessage // a part of the batch's own body
}

var errNoResponses = errors.New("the batch has no responses")

// decodeBatch reads the answer to a $batch, by the ids of its requests. Twenty
// pages of members are megabytes: bodies are found and not copied, so that each
// is decoded once, by whoever knows what it holds.
func decodeBatch(body []byte) (map[string]wireAnswer, error) {
	w := newRawWalk(body)
	var answers map[string]wireAnswer
	err := w.object(func(name []byte) error {
		if string(name) != "responses" || w.decoder.PeekKind() == 'n' {
			return w.decoder.SkipValue()
		}
		answers = make(map[string]wireAnswer, batchSize)
		return w.array(func() error {
			a, err := w.wireAnswer()
			answers[a.ID] = a
			return err
		})
	})
	switch {
	case err != nil:
		return nil, err
	case answers == nil:
		return nil, errNoResponses
	}
	return answers, w.end()
}

func (w *jsonWalk) wireAnswer() (wireAnswer, error) {
	var a wireAnswer
	err := w.object(func(name []byte) (err error) {
		switch string(name) {
		case "id":
			var id []byte
			id, _, err = w.raw(nil)
			a.ID = string(id)
		case "status":
			var value []byte
			if value, err = w.decoder.ReadValue(); err == nil {
				a.Status, err = strconv.Atoi(string(value))
			}
		case "headers":
			var value []byte
			if value, err = w.decoder.ReadValue(); err == nil {
				err = json.Unmarshal(value, &a.Headers)
			}
		case "body":
			var value []byte
			value, err = w.decoder.ReadValue()
			a.Body = value
		default:
			err = w.decoder.SkipValue()
		}
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		return nil
	})
	return a, err
}
