package model

import (
	"context"
	"errors"
)

// Kind classes a failure by what the administrator can do about it. The
// command line turns it into an exit code; the screens choose a colour by it.
type Kind uint8

const (
	KindFailed      Kind = iota // failed; nothing is half-done that is not said
	KindUsage                   // wrong usage, or input that cannot be read
	KindGuard                   // stopped by a guard, refused before a write, or not approved
	KindSignIn                  // sign-in or consent is needed
	KindUnavailable             // the service does not answer, or keeps throttling
	KindPartial                 // done in part, or incomplete; what is missing is listed
	KindLocked                  // another rollcall holds this profile's files
	KindInterrupted             // cancelled; the next run goes on from there
)

// ExitCode is the process exit code of the command-line contract.
func (k Kind) ExitCode() int {
	switch k {
	case KindUsage:
		return 2
	case KindGuard:
		return 3
	case KindSignIn:
		return 4
	case KindUnavailable:
		return 5
	case KindPartial:
		return 6
	case KindLocked:
		return 75
	case KindInterrupted:
		return 130
	default:
		return 1
	}
}

// Error is a failure as an administrator reads it: what happened, what to do
// next, and the request id under which the tenant's own logs hold the call.
type Error struct {
	Kind      Kind
	Code      string // stable, for scripts: "groupNotFound", "AADSTS65001", "Request_BadRequest"
	Message   string // one sentence without a trailing period
	Remedy    string // what to do next; "" when there is nothing to do
	RequestID string // Graph's request-id or Entra's correlation id; "" when none
	Err       error  // cause, for errors.Is and errors.As; may be nil
}

func (e *Error) Error() string { return e.Message }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// AsError returns err as an *Error. A cancelled context becomes
// KindInterrupted, an expired deadline KindUnavailable; anything else that
// carries no *Error becomes KindFailed with err's own text. AsError(nil) is nil.
func AsError(err error) *Error {
	if err == nil {
		return nil
	}
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	switch {
	case errors.Is(err, context.Canceled):
		return &Error{Kind: KindInterrupted, Code: "interrupted", Message: "interrupted", Remedy: "run the same command again; it goes on from there", Err: err}
	case errors.Is(err, context.DeadlineExceeded):
		return &Error{Kind: KindUnavailable, Code: "timeout", Message: "the service did not answer in time", Remedy: "try again later, or raise --timeout", Err: err}
	}
	return &Error{Kind: KindFailed, Code: "failed", Message: err.Error(), Err: err}
}
