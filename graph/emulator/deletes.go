package emulator

import (
	"errors"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
)

// deletes is the log of every DELETE that any tenant of this process was sent,
// by itself or in a $batch. It is one for the process, and not one a server,
// because it answers for a whole test suite: see package emulatortest.
var deletes deleteLog

// strayFile is where a DELETE without /$ref is written to besides, a line each.
// The linker sets it, by -X, in a rollcall that a test builds to run apart.
var strayFile string

type deleteLog struct {
	mu    sync.Mutex
	count int
	stray []strayDelete
}

type strayDelete struct {
	of   *graph
	path string
}

// note logs a DELETE by its escaped path. What ends in /$ref is a removal from
// a collection; everything else deletes an object.
func (l *deleteLog) note(of *graph, path string) {
	plain, err := url.PathUnescape(path)
	if err != nil {
		plain = path
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.count++
	if strings.HasSuffix(plain, "/$ref") {
		return
	}
	l.stray = append(l.stray, strayDelete{of, path})
	if strayFile == "" {
		return
	}
	f, err := os.OpenFile(strayFile, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err == nil {
		_, err = f.WriteString(path + "\n")
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		panic(err) // a check that cannot report must not pass
	}
}

// Deletes is how many DELETEs the tenants of this process were sent, those
// within batches included, and the paths of those that did not end in /$ref:
// each would have deleted an object of the directory.
func Deletes() (count int, stray []string) {
	deletes.mu.Lock()
	defer deletes.mu.Unlock()
	for _, s := range deletes.stray {
		stray = append(stray, s.path)
	}
	return deletes.count, stray
}

// ForgiveDeletes takes the DELETEs without /$ref that this tenant was sent so
// far out of the process's log: a test sent them on purpose.
func (s *Server) ForgiveDeletes() {
	deletes.mu.Lock()
	defer deletes.mu.Unlock()
	deletes.stray = slices.DeleteFunc(deletes.stray, func(d strayDelete) bool { return d.of == s.graph })
}
