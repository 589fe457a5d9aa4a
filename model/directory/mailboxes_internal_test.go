package directory

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/model"
)

func TestWhoGivesUpOnMailboxesDoesNotWaitForThem(t *testing.T) {
	s := New(model.FullSchema()).Snapshot()
	s.mailboxes.begin.Do(func() { s.mailboxes.made = make(chan struct{}) }) // and never made
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := s.Mailboxes(gone)
	require.ErrorIs(t, err, context.Canceled)
	assert.False(t, s.KnowsMailboxes())
}

func TestMailboxesAreMadeOnce(t *testing.T) {
	d := New(model.FullSchema())
	d.Apply([]model.Change{{ID: fmt.Sprintf("00000000-0000-4000-8000-%012d", 1), Fields: []model.Field{{Attr: model.AttrMail, Value: "ann@contoso.com"}}}})
	s := d.Snapshot()
	boxes, err := s.Mailboxes(t.Context())
	require.NoError(t, err)
	assert.Equal(t, 1, boxes.Addressed.Count())
	assert.True(t, s.KnowsMailboxes())
	again, err := s.Mailboxes(t.Context())
	require.NoError(t, err)
	assert.Same(t, boxes, again)
}
