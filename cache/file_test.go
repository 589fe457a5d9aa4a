package cache

import (
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestOnlyRegularFilesOfABoundedSizeAreOpened(t *testing.T) {
	folder := t.TempDir()
	for _, path := range []string{"/dev/zero", folder} {
		_, err := OpenFile(path)
		assert.ErrorContains(t, err, "is not a regular file")
	}
	_, err := OpenFile(filepath.Join(folder, "none.csv"))
	assert.ErrorIs(t, err, os.ErrNotExist)

	huge := filepath.Join(folder, "huge.csv")
	require.NoError(t, os.WriteFile(huge, nil, 0o600))
	require.NoError(t, os.Truncate(huge, maxFileSize+1)) // takes no room on the disk
	_, err = OpenFile(huge)
	assert.ErrorContains(t, err, "is larger than 512 MiB")

	path := filepath.Join(folder, "people.csv")
	require.NoError(t, os.WriteFile(path, []byte("mail\n"), 0o600))
	file, err := OpenFile(path)
	require.NoError(t, err)
	data, err := io.ReadAll(file)
	require.NoError(t, err)
	assert.Equal(t, "mail\n", string(data))
	assert.NoError(t, file.Close())
}
