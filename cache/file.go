package cache

import (
	"fmt"
	"io"
	"os"
)

// maxFileSize bounds the files that an administrator names: ten times the
// addresses of the largest tenant.
const maxFileSize = 512 << 20

// OpenFile opens a file that an administrator named, for reading: a CSV, a
// plan. Anything but a regular file of at most 512 MiB is refused before it is
// opened, since a pipe or a device may never end.
func OpenFile(path string) (io.ReadCloser, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s is not a regular file", path)
	case info.Size() > maxFileSize:
		return nil, fmt.Errorf("%s is larger than %d MiB", path, maxFileSize>>20)
	}
	return os.Open(path)
}
