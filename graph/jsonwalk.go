package graph

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// jsonWalk goes through a JSON text once, from its beginning to its end.
type jsonWalk struct {
	decoder *jsontext.Decoder
	body    string // all of it: what the walk hands out are parts of it; "" of a raw walk
	plain   bool   // no string in it differs from how it is written
}

// newJSONWalk begins a walk whose value and text hand out parts of one copy of
// the text.
func newJSONWalk(body []byte) jsonWalk {
	w := newRawWalk(body)
	w.body = string(body)
	return w
}

// newRawWalk begins a walk without that copy: what is wanted of the text is read
// by raw, or by the decoder. It is as lenient as encoding/json is: names may come
// twice, and bytes that are no UTF-8 are replaced.
func newRawWalk(body []byte) jsonWalk {
	return jsonWalk{
		decoder: jsontext.NewDecoder(bytes.NewBuffer(body), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)),
		plain:   bytes.IndexByte(body, '\\') < 0 && utf8.Valid(body),
	}
}

// link reads a link, as a copy: it is kept for longer than the page.
func (w *jsonWalk) link() (string, error) {
	value, err := w.value()
	if err != nil || value == "null" {
		return "", err
	}
	link, err := w.text(value)
	return strings.Clone(link), err
}

// object calls each with the name of each property of an object. The name is
// valid until each reads the value, which it must.
func (w *jsonWalk) object(each func(name []byte) error) error {
	if err := w.open('{', "object"); err != nil {
		return err
	}
	for w.decoder.PeekKind() != '}' {
		name, err := w.decoder.ReadValue()
		if err != nil {
			return err
		}
		unquoted := name[1 : len(name)-1]
		if !w.plain && bytes.IndexByte(unquoted, '\\') >= 0 {
			unquoted, _ = jsontext.AppendUnquote(nil, name) // read as JSON already
		}
		if err := each(unquoted); err != nil {
			return err
		}
	}
	_, err := w.decoder.ReadToken()
	return err
}

// array calls each for each element of an array; it must read the element.
func (w *jsonWalk) array(each func() error) error {
	if err := w.open('[', "collection"); err != nil {
		return err
	}
	for w.decoder.PeekKind() != ']' {
		if err := each(); err != nil {
			return err
		}
	}
	_, err := w.decoder.ReadToken()
	return err
}

func (w *jsonWalk) open(kind jsontext.Kind, wanted string) error {
	token, err := w.decoder.ReadToken()
	if err == nil && token.Kind() != kind {
		err = fmt.Errorf("%s is no %s", token.Kind(), wanted)
	}
	return err
}

// value reads a value, as it is written.
func (w *jsonWalk) value() (string, error) {
	v, err := w.decoder.ReadValue()
	end := int(w.decoder.InputOffset())
	return w.body[end-len(v) : end], err
}

// raw reads a JSON string and appends what it says to b. null is ok false.
func (w *jsonWalk) raw(b []byte) (appended []byte, ok bool, err error) {
	value, err := w.decoder.ReadValue()
	switch {
	case err != nil:
		return b, false, err
	case value[0] == 'n':
		return b, false, nil
	case value[0] != '"':
		return b, false, fmt.Errorf("no text: %.40s", value)
	case w.plain:
		return append(b, value[1:len(value)-1]...), true, nil
	}
	b, _ = jsontext.AppendUnquote(b, value) // read as JSON already: what is no UTF-8 has been replaced
	return b, true, nil
}

// text decodes a JSON string. Most hold no escapes and are taken as they are.
func (w *jsonWalk) text(value string) (string, error) {
	if value[0] != '"' {
		return "", fmt.Errorf("no text: %.40s", value)
	}
	inner := value[1 : len(value)-1]
	if w.plain || strings.IndexByte(inner, '\\') < 0 && utf8.ValidString(inner) {
		return inner, nil
	}
	// The value has been read as JSON: the only error left is of bytes that are
	// no UTF-8, and those have been replaced.
	decoded, _ := jsontext.AppendUnquote(nil, value)
	return string(decoded), nil
}

var errMore = errors.New("there is more behind the page")

// end makes sure that nothing follows.
func (w *jsonWalk) end() error {
	if _, err := w.decoder.ReadToken(); !errors.Is(err, io.EOF) {
		return errMore
	}
	return nil
}
