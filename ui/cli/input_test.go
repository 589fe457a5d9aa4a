package cli

import (
	"bytes"
	"context"
	"io"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
)

// silent is an input that says nothing: whoever reads it is interrupted.
type silent struct {
	interrupt func()
	end       chan struct{}
}

func (s silent) Read([]byte) (int, error) {
	s.interrupt()
	<-s.end
	return 0, io.EOF
}

func TestWhoeverWaitsForASilentInputCanBeInterrupted(t *testing.T) {
	for _, args := range [][]string{{"list", "import", "Staff", "-"}, {"segment", "save", "Sales", "-"}, {"segment", "check", "-"}, {"users", "--where", "-"}} {
		ctx, cancel := context.WithCancel(t.Context())
		end := make(chan struct{})
		s := newShell(t)
		s.stdin = silent{cancel, end}
		a := s.runContext(ctx, args...)
		close(end)
		assert.Equal(t, 130, a.code, "%v: %s", args, a.stderr)
		assert.Empty(t, a.stdout)
		assert.NotContains(t, a.stderr, "cannot be read", "nothing is wrong with the input")
	}
}

func TestAnInterruptibleInputIsWhatItReads(t *testing.T) {
	content := make([]byte, 3*interruptibleRead+7)
	for i := range content {
		content[i] = byte(i * 31)
	}
	assert.NoError(t, iotest.TestReader(interruptible{t.Context(), bytes.NewReader(content)}, content))
}
