package emulator

import (
	"bytes"
	"net/http"
	"strings"
	"sync"

	"github.com/klauspost/compress/gzip"
)

// minCompressed is the size below which an answer is sent as it is: the header
// of gzip and its work are worth more than what they save.
const minCompressed = 1400

// compressor writes answers in gzip. Its lowest level makes a page of users a
// seventh of its size; the others hardly do better. The zero value is ready for
// use.
type compressor struct {
	off     bool
	writers spares[*gzip.Writer]
	outputs spares[*bytes.Buffer]
}

// accepts reports whether a client takes gzip.
func accepts(h http.Header) bool {
	for _, line := range h.Values("Accept-Encoding") {
		for part := range strings.SplitSeq(line, ",") {
			coding, weight, _ := strings.Cut(strings.ReplaceAll(part, " ", ""), ";")
			if strings.EqualFold(coding, "gzip") {
				return strings.Trim(strings.TrimPrefix(strings.ToLower(weight), "q="), "0.") != "" || weight == ""
			}
		}
	}
	return false
}

// compress returns a body in gzip; done gives its memory back. It returns nil
// where the client did not ask or it would not pay.
func (c *compressor) compress(h http.Header, body []byte) (out []byte, done func()) {
	if c.off || len(body) < minCompressed || !accepts(h) {
		return nil, nil
	}
	buffer, ok := c.outputs.get()
	if !ok {
		buffer = new(bytes.Buffer)
	}
	buffer.Reset()
	w, ok := c.writers.get()
	if !ok {
		var err error
		if w, err = gzip.NewWriterLevel(buffer, gzip.BestSpeed); err != nil {
			panic(err) // unreachable: the level is one of the library's
		}
	}
	w.Reset(buffer)
	_, err := w.Write(body)
	if closing := w.Close(); err != nil || closing != nil {
		panic("emulator: a buffer refused what was written to it") // unreachable: memory does not
	}
	c.writers.put(w)
	return buffer.Bytes(), func() { c.outputs.put(buffer) }
}

// spares keeps what is costly to make for its next user. The zero value is
// ready for use. Unlike those of a sync.Pool, they outlive the collections of a
// small heap.
type spares[T any] struct {
	mu   sync.Mutex
	free []T
}

// maxSpares is how many are kept: as many as a client has requests under way.
const maxSpares = 16

func (s *spares[T]) get() (T, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var spare T
	last := len(s.free) - 1
	if last < 0 {
		return spare, false
	}
	spare, s.free = s.free[last], s.free[:last]
	return spare, true
}

func (s *spares[T]) put(spare T) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.free) < maxSpares {
		s.free = append(s.free, spare)
	}
}
