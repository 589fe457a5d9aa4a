package cache

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"runtime/debug"
	"strings"
	"syscall"

	berrors "go.etcd.io/bbolt/errors"

	"rollcall/model"
)

// errDamaged is the cause of every error about a file whose bytes make no sense.
var errDamaged = errors.New("the file is damaged")

// guarded runs fn, which reads a file that may be damaged. bbolt answers
// damage with panics, and a file that was cut short with a memory fault; both
// come back as errDamaged.
func guarded(fn func() error) (err error) {
	former := debug.SetPanicOnFault(true)
	defer debug.SetPanicOnFault(former)
	defer func() {
		if p := recover(); p != nil {
			if foreign, ok := p.(foreignPanic); ok {
				panic(foreign.value)
			}
			err = damage("%v", p)
		}
	}()
	return fn()
}

// foreignPanic carries a panic of a caller's own function through guarded.
type foreignPanic struct{ value any }

// foreign calls fn, whose panics say nothing about the file.
func foreign[T any](fn func() T) T {
	returned := false
	defer func() {
		if p := recover(); p != nil && !returned {
			panic(foreignPanic{p})
		}
	}()
	v := fn()
	returned = true
	return v
}

// isDamage reports whether an error of an open file means that it is damaged.
func isDamage(err error) bool {
	return errors.Is(err, errDamaged) || errors.Is(err, berrors.ErrInvalid) ||
		errors.Is(err, berrors.ErrChecksum) || errors.Is(err, berrors.ErrVersionMismatch)
}

// fileError tells an administrator why a file could not be used. Errors that
// already do, and a caller's own interruption, pass.
func fileError(path string, err error) error {
	var e *model.Error
	switch {
	case err == nil, errors.As(err, &e), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case isDiskFull(err):
		return &model.Error{
			Kind: model.KindFailed, Code: "diskFull",
			Message: fmt.Sprintf("there is no room on the disk for %s; what was stored before is kept", path),
			Remedy:  "free some space and try again; what was begun goes on from there", Err: err,
		}
	case errors.Is(err, syscall.EROFS):
		return &model.Error{
			Kind: model.KindFailed, Code: "readOnlyDisk",
			Message: fmt.Sprintf("%s is on a read-only disk; nothing was changed", path),
			Remedy:  "make the disk writable, or choose another place with --data-dir", Err: err,
		}
	case errors.Is(err, fs.ErrPermission):
		return &model.Error{
			Kind: model.KindFailed, Code: "permissionDenied",
			Message: fmt.Sprintf("%s cannot be written with this account's rights; nothing was changed", path),
			Remedy:  "make the file and its folder this account's own, or choose another place with --data-dir", Err: err,
		}
	}
	return &model.Error{
		Kind: model.KindFailed, Code: "fileFailed",
		Message: fmt.Sprintf("%s cannot be used: %v", path, err), Err: err,
	}
}

// isRefused reports whether a file may not be written, or not in its folder.
func isRefused(err error) bool {
	return errors.Is(err, syscall.EROFS) || errors.Is(err, fs.ErrPermission)
}

// isDiskFull reports whether there was no room: on the disk, in the quota,
// below the process's or the file's own limit. bbolt wraps a failure to grow
// the file as text only, hence the look at the words.
func isDiskFull(err error) bool {
	if errors.Is(err, berrors.ErrMaxSizeReached) {
		return true
	}
	for _, full := range []syscall.Errno{syscall.ENOSPC, syscall.EDQUOT, syscall.EFBIG} {
		if errors.Is(err, full) || strings.HasSuffix(err.Error(), full.Error()) {
			return true
		}
	}
	return false
}

func closedError(path string) error {
	return &model.Error{Kind: model.KindFailed, Code: "closed", Message: path + " is closed"}
}
