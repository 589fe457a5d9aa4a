package cache

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"rollcall/model"
	"rollcall/model/workspace"
)

// holder is what a process that holds a file writes beside it, for the one
// that finds it locked. The lock itself is the system's: it ends with its
// process, however that ends, and this note may outlive it.
type holder struct {
	PID     int       `json:"pid"`
	Started time.Time `json:"started"`
	Command string    `json:"command"` // "rollcall sync"
	Syncs   bool      `json:"syncs"`   // it keeps the directory in sync by itself
}

// holderPath is "directory.lock" for "directory.db".
func holderPath(path string) string {
	return strings.TrimSuffix(path, filepath.Ext(path)) + ".lock"
}

// announce writes the holder's note. It is a courtesy: a disk that refuses it
// will refuse the file's own writes too, and those are reported.
func announce(path, command string, syncs bool, now time.Time) {
	note, err := json.Marshal(holder{PID: os.Getpid(), Started: now.UTC(), Command: command, Syncs: syncs})
	if err == nil {
		_ = os.WriteFile(holderPath(path), note, fileMode)
	}
}

// withdraw removes the note of this process.
func withdraw(path string) { _ = os.Remove(holderPath(path)) }

// lockedError names the process that holds a file, as far as its note tells.
func lockedError(path string, cause error) error {
	who, code := "another rollcall", workspace.CodeLocked
	data, err := os.ReadFile(holderPath(path))
	var h holder
	if err == nil && json.Unmarshal(data, &h) == nil && h.PID > 0 && lives(h.PID) {
		who = fmt.Sprintf("another rollcall (pid %d, started %s, %q)", h.PID, h.Started.Format(time.RFC3339), h.Command)
		if h.Syncs {
			code = workspace.CodeLockedBySyncing
		}
	}
	return &model.Error{
		Kind: model.KindLocked, Code: code,
		Message: fmt.Sprintf("%s holds %s", who, path),
		Remedy:  "end it, or wait until it has finished", Err: cause,
	}
}

// lives reports whether a process exists, where the system says so.
func lives(pid int) bool {
	if runtime.GOOS != "linux" {
		return true
	}
	_, err := os.Stat(filepath.Join("/proc", strconv.Itoa(pid)))
	return err == nil
}

// thisCommand is the running command without its arguments' values, which may
// hold a rule or an address.
func thisCommand() string {
	name := filepath.Base(os.Args[0])
	if len(os.Args) > 1 && !strings.HasPrefix(os.Args[1], "-") {
		name += " " + os.Args[1]
	}
	return name
}
