package cache

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"time"

	bolt "go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"rollcall/model"
)

const (
	fileMode   = 0o600
	folderMode = 0o700
	// defaultTimeout is how long an opening waits for another process to let
	// go of the file. bbolt's own default is for ever.
	defaultTimeout = time.Second
	// growth is by how many bytes a large file grows at a time.
	growth = 4 << 20
)

// fileOptions say how a bbolt file is opened.
type fileOptions struct {
	timeout time.Duration // 0: defaultTimeout
	maxSize int           // bytes; 0: no limit
}

// openFile opens a bbolt file for writing and makes sure that it is the one
// that the path names: a process that waited for the lock may have got that of
// a file which another one has meanwhile replaced. A file that may not be
// written is opened for reading: refused says why.
func openFile(path string, o fileOptions) (db *bolt.DB, refused *model.Error, err error) {
	if o.timeout <= 0 {
		o.timeout = defaultTimeout
	}
	if err := os.MkdirAll(filepath.Dir(path), folderMode); err != nil {
		return nil, nil, err
	}
	for {
		var file *os.File
		db, file, err = openLocked(path, o, false)
		if isRefused(err) {
			refused = model.AsError(fileError(path, err))
			cause := err
			if db, file, err = openLocked(path, o, true); isRefused(err) || errors.Is(err, os.ErrNotExist) {
				err = cause
			}
		}
		if err != nil {
			return nil, nil, err
		}
		current, err := isCurrent(file, path)
		if err == nil && current {
			if refused == nil {
				err = tighten(file)
			}
			if err == nil {
				return db, refused, nil
			}
		}
		if closeErr := db.Close(); closeErr != nil {
			return nil, nil, closeErr
		}
		if err != nil {
			return nil, nil, err
		}
	}
}

// openLocked opens and locks the file as it finds it.
func openLocked(path string, o fileOptions, readOnly bool) (*bolt.DB, *os.File, error) {
	var db *bolt.DB
	var file *os.File
	err := guarded(func() (err error) {
		db, err = bolt.Open(path, fileMode, &bolt.Options{
			Timeout:      o.timeout,
			FreelistType: bolt.FreelistMapType,
			MaxSize:      o.maxSize,
			ReadOnly:     readOnly,
			OpenFile: func(name string, flag int, mode os.FileMode) (f *os.File, err error) {
				file, err = os.OpenFile(name, flag, mode)
				return file, err
			},
		})
		return err
	})
	if err == nil {
		db.AllocSize = growth
		return db, file, nil
	}
	if errors.Is(err, errDamaged) && file != nil {
		_ = file.Close() // bbolt panicked before it could; closing lets go of the lock
	}
	var system syscall.Errno
	if errors.Is(err, berrors.ErrTimeout) {
		return nil, nil, lockedError(path, err)
	}
	if !isDamage(err) && !errors.As(err, &system) && !isDiskFull(err) {
		err = damage("%v", err) // bbolt's own words about a file that it cannot read
	}
	return nil, nil, err
}

func isCurrent(file *os.File, path string) (bool, error) {
	opened, err := file.Stat()
	if err != nil {
		return false, err
	}
	named, err := os.Stat(path)
	if errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	return err == nil && os.SameFile(opened, named), err
}

// tighten takes a file away from other accounts, if some earlier hand let them in.
func tighten(file *os.File) error {
	info, err := file.Stat()
	if err != nil || info.Mode().Perm()&0o077 == 0 {
		return err
	}
	return file.Chmod(fileMode)
}

// syncFolder makes a rename in the folder durable. Systems that cannot sync a
// folder keep renames in their own journal.
func syncFolder(path string) {
	folder, err := os.Open(filepath.Dir(path))
	if err != nil {
		return
	}
	_ = folder.Sync()
	_ = folder.Close()
}
