package cache

import (
	"context"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/model"
	"rollcall/model/refresh"
	"rollcall/model/workspace"
)

func stage(t *testing.T, d *Directory) refresh.Staging {
	t.Helper()
	s, err := d.Stage(t.Context())
	require.NoError(t, err)
	return s
}

func TestAPromotedStagingTakesThePlaceOfTheFormerFile(t *testing.T) {
	path := directoryPath(t)
	d := openDirectory(t, path)
	commit(t, d, state(""), named("a", "old"), named("b", "old"))
	s := stage(t, d)
	commit(t, s, state("new"), named("a", "new"))
	assert.Equal(t, map[string]string{"a": "old", "b": "old"}, displayNames(t, d), "until then the former one is read")

	require.NoError(t, s.Promote(t.Context()))
	assert.Equal(t, map[string]string{"a": "new"}, displayNames(t, d))
	assert.NoFileExists(t, path+".new")
	commit(t, d, state("more"), named("c", "after"))
	_, err := s.State(t.Context())
	failure(t, err, "closed")
	require.NoError(t, d.Close())

	d = openDirectory(t, path)
	assert.Equal(t, map[string]string{"a": "new", "c": "after"}, displayNames(t, d))
}

func TestAPromotionTakesTheImageAlong(t *testing.T) {
	path := directoryPath(t)
	d := openDirectory(t, path)
	commit(t, d, state(""), named("a", "old"))
	s := stage(t, d)
	commit(t, s, state("new"), employees(0, 500)...)
	want := contents(t, s)
	require.NoError(t, replaceLog(s.(*staging).store, want.save))
	assert.Equal(t, imageParts, s.(*staging).store.extent.ImageParts)
	commit(t, s, state("newer"), named("b", "B"))
	want.apply([]model.Change{named("b", "B")})
	require.NoError(t, s.Promote(t.Context()))
	assert.Equal(t, want, contents(t, d))
	kill(t, d) // as it is on the disk

	d = openDirectory(t, path)
	assert.Equal(t, want, contents(t, d))
	got, err := d.State(t.Context())
	require.NoError(t, err)
	assert.Equal(t, state("newer"), got)
}

func TestAPromotionThatIsInterruptedLeavesBoth(t *testing.T) {
	path := directoryPath(t)
	d := openDirectory(t, path)
	commit(t, d, state(""), named("a", "old"))
	s := stage(t, d)
	commit(t, s, state(""), named("a", "new"))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, s.Promote(ctx), context.Canceled)
	assert.Equal(t, map[string]string{"a": "old"}, displayNames(t, d))
	assert.Equal(t, map[string]string{"a": "new"}, displayNames(t, s))
}

func TestADiscardedStagingLeavesNothing(t *testing.T) {
	path := directoryPath(t)
	d := openDirectory(t, path)
	s := stage(t, d)
	commit(t, s, state(""), named("a", "A"))
	require.NoError(t, s.Discard())
	require.NoError(t, s.Discard())
	assert.NoFileExists(t, path+".new")
	assert.Empty(t, contents(t, stage(t, d)))
}

func TestAnInterruptedResyncIsFoundAgain(t *testing.T) {
	path := directoryPath(t)
	d := openDirectory(t, path)
	marked := state("")
	marked.Resync = true
	commit(t, d, marked, named("a", "old"))
	commit(t, stage(t, d), state("page 2"), named("a", "new"))
	require.NoError(t, d.Close())

	d = openDirectory(t, path)
	s := stage(t, d)
	got, err := s.State(t.Context())
	require.NoError(t, err)
	assert.Equal(t, "page 2", got.Next)
	assert.Equal(t, map[string]string{"a": "new"}, displayNames(t, s))
	assert.Same(t, s, stage(t, d), "there is one staging at a time")
}

func TestALeftoverThatNobodyGoesOnWithIsRemoved(t *testing.T) {
	path := directoryPath(t)
	d := openDirectory(t, path)
	commit(t, d, state(""), named("a", "old"))
	commit(t, stage(t, d), state(""), named("a", "new"))
	require.NoError(t, d.Close())
	require.FileExists(t, path+".new")
	openDirectory(t, path)
	assert.NoFileExists(t, path+".new")
}

func TestADamagedLeftoverIsDropped(t *testing.T) {
	path := directoryPath(t)
	d := openDirectory(t, path)
	marked := state("")
	marked.Resync = true
	commit(t, d, marked, named("a", "old"))
	require.NoError(t, d.Close())
	require.NoError(t, os.WriteFile(path+".new", []byte("this is no bbolt file"), 0o600))
	d = openDirectory(t, path)
	assert.Empty(t, contents(t, stage(t, d)))
	assert.Equal(t, map[string]string{"a": "old"}, displayNames(t, d))
}

func TestAStagingThatIsDamagedMeanwhileIsDropped(t *testing.T) {
	path := directoryPath(t)
	d := openDirectory(t, path)
	commit(t, d, state(""), named("a", "old"))
	s := stage(t, d)
	commit(t, s, state(""), named("a", "new"))
	poke(t, s.(*staging).store.db, bucketLog, []byte("stray"), []byte("not a page"))
	_, err := read(s)
	failure(t, err, workspace.CodeCacheCorrupt)
	assert.NoFileExists(t, path+".new")
	assert.Empty(t, contents(t, stage(t, d)))
	assert.Equal(t, map[string]string{"a": "old"}, displayNames(t, d))
}
