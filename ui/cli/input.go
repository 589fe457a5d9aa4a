package cli

import (
	"context"
	"io"
)

// await runs a reading that cannot be stopped, and leaves it behind when the
// context ends: the input of a terminal or a pipe may stay silent for ever.
func await[T any](ctx context.Context, read func() (T, error)) (T, error) {
	type answer struct {
		value T
		err   error
	}
	answers := make(chan answer, 1)
	go func() {
		value, err := read()
		answers <- answer{value, err}
	}()
	select {
	case <-ctx.Done():
		var none T
		return none, ctx.Err()
	case a := <-answers:
		return a.value, a.err
	}
}

// interruptible is an input of which a read ends with the context.
type interruptible struct {
	ctx   context.Context
	input io.Reader
}

// interruptibleRead bounds the bytes of one read.
const interruptibleRead = 64 << 10

func (i interruptible) Read(p []byte) (int, error) {
	// A read that is left behind must not write into what the caller has back.
	part, err := await(i.ctx, func() ([]byte, error) {
		buffer := make([]byte, min(len(p), interruptibleRead))
		n, err := i.input.Read(buffer)
		return buffer[:n], err
	})
	return copy(p, part), err
}
