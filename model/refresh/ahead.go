package refresh

import (
	"errors"
	"fmt"
	"runtime/debug"
)

// ahead starts a call whose answer is needed later, and must be asked for.
func ahead[T any](call func() (T, error)) (answer func() (T, error)) {
	var value T
	done := make(chan error, 1)
	go func() {
		done <- contained(func() (err error) {
			value, err = call()
			return err
		})
	}()
	return func() (T, error) {
		err := <-done
		release(err)
		return value, err
	}
}

// panicked carries a panic of another goroutine to the one that leads the
// round, whose caller restores the terminal.
type panicked struct{ text string }

func (p *panicked) Error() string { return p.text }

// contained turns a panic of fn into an error, for release.
func contained(fn func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &panicked{fmt.Sprintf("%v\n\n%s", p, debug.Stack())}
		}
	}()
	return fn()
}

// release panics where the error is a contained panic.
func release(err error) {
	var p *panicked
	if errors.As(err, &p) {
		panic(p.text)
	}
}
