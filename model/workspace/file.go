package workspace

import (
	"fmt"
	"io"
	"os"

	"rollcall/model"
)

// maxFileSize bounds the files that an administrator names: ten times the
// addresses of the largest tenant.
const maxFileSize = 512 << 20

// OpenFile opens a file that an administrator named, for reading. Anything but
// a regular file is refused before it is opened: a pipe or a device may never
// end. The error is of KindUsage.
func OpenFile(path string) (io.ReadCloser, error) {
	unreadable := func(why any) error {
		return &model.Error{Kind: model.KindUsage, Code: "fileUnreadable", Message: fmt.Sprintf("the file cannot be read: %v", why)}
	}
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, unreadable(err)
	case !info.Mode().IsRegular():
		return nil, unreadable(path + " is not a regular file")
	case info.Size() > maxFileSize:
		return nil, unreadable(fmt.Sprintf("%s is larger than %d MB", path, maxFileSize>>20))
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, unreadable(err)
	}
	return file, nil
}
