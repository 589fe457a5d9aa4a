package workspace_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"rollcall/model"
	"rollcall/model/refresh"
	"rollcall/model/workspace"
	"rollcall/model/workspace/workspacetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// open returns an opened workspace on the tenant; nobody is signed in.
func open(t *testing.T, tenant *workspacetest.Tenant) *workspace.Workspace {
	t.Helper()
	w := tenant.Workspace()
	require.NoError(t, w.Open(t.Context()))
	return w
}

// synced returns a workspace that is signed in and holds the directory.
func synced(t *testing.T, tenant *workspacetest.Tenant) *workspace.Workspace {
	t.Helper()
	w := open(t, tenant)
	_, err := w.Sync(t.Context(), refresh.Request{})
	require.NoError(t, err)
	return w
}

// failure requires an error of a kind and code.
func failure(t *testing.T, err error, kind model.Kind, code string) *model.Error {
	t.Helper()
	var e *model.Error
	require.ErrorAs(t, err, &e)
	assert.Equal(t, code, e.Code)
	assert.Equal(t, kind, e.Kind, "of %s: %s", e.Code, e.Message)
	return e
}

// lastEvent is the newest line of the audit.
func lastEvent(t *testing.T, w *workspace.Workspace) workspace.Event {
	t.Helper()
	events, err := w.Events(t.Context(), time.Time{})
	require.NoError(t, err)
	require.NotEmpty(t, events)
	return events[len(events)-1]
}

func TestNothingIsTouchedBeforeOpen(t *testing.T) {
	tenant := workspacetest.Contoso()
	w := tenant.Workspace()
	_, err := w.Sync(t.Context(), refresh.Request{})
	failure(t, err, model.KindFailed, "notOpen")
	_, err = w.Connect(t.Context())
	failure(t, err, model.KindFailed, "notOpen")
	_, err = w.Segments(t.Context())
	failure(t, err, model.KindFailed, "notOpen")
	assert.Empty(t, w.Notes())
	assert.Empty(t, w.ConsentURL(""))
	assert.Zero(t, w.Traffic())
	assert.Zero(t, w.Directory().Len())
	assert.Equal(t, refresh.PhaseIdle, w.Progress().Phase)
	require.NoError(t, w.Close())
	assert.Zero(t, tenant.Opened)
	assert.Empty(t, tenant.Asked(""))
}

func TestOpenNeedsNoSessionAndNoNetwork(t *testing.T) {
	tenant := workspacetest.Contoso()
	synced(t, tenant)
	before := len(tenant.Asked(""))

	again := open(t, tenant)
	assert.Equal(t, 4, again.Directory().Len(), "what was synced by another process is there")
	assert.True(t, again.Synced())
	assert.Nil(t, again.Session())
	assert.Len(t, tenant.Asked(""), before)
}

func TestOpenOpensOnceAndCloseClosesOnce(t *testing.T) {
	tenant := workspacetest.Contoso()
	w := open(t, tenant)
	require.NoError(t, w.Open(t.Context()))
	assert.Equal(t, 1, tenant.Opened)
	require.NoError(t, w.Close())
	require.NoError(t, w.Close())
	assert.Equal(t, 1, tenant.Closed)
	_, err := w.Segments(t.Context())
	failure(t, err, model.KindFailed, "notOpen")
}

func TestAFailureWhileOpeningIsReturnedAndCanBeRepeated(t *testing.T) {
	tenant := workspacetest.Contoso()
	tenant.OpenErr = &model.Error{Kind: model.KindLocked, Code: "locked", Message: "held by process 12"}
	w := tenant.Workspace()
	failure(t, w.Open(t.Context()), model.KindLocked, "locked")
	tenant.OpenErr = nil
	require.NoError(t, w.Open(t.Context()))
}

func TestAFailureAfterOpeningClosesWhatWasOpened(t *testing.T) {
	tenant := workspacetest.Contoso()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, tenant.Workspace().Open(ctx), context.Canceled)
	assert.Equal(t, 1, tenant.Opened)
	assert.Equal(t, 1, tenant.Closed)
}

func TestADamagedCacheIsReadAgainAndSaysSo(t *testing.T) {
	tenant := workspacetest.Contoso()
	tenant.Notes = []string{"tokens cannot be kept"}
	tenant.Store.Corrupt = &model.Error{Kind: model.KindFailed, Code: workspace.CodeCacheCorrupt, Message: "the local copy was damaged"}
	w := open(t, tenant)
	assert.Equal(t, []string{"tokens cannot be kept", "the local copy was damaged"}, w.Notes())
	assert.False(t, w.Synced())
	assert.Zero(t, tenant.Closed)
}

func TestAnotherFailureOfTheStoreEndsTheOpening(t *testing.T) {
	tenant := workspacetest.Contoso()
	tenant.Store.Corrupt = &model.Error{Kind: model.KindFailed, Code: "diskFull", Message: "the disk is full"}
	failure(t, tenant.Workspace().Open(t.Context()), model.KindFailed, "diskFull")
	assert.Equal(t, 1, tenant.Closed)
}

func TestTheScreenCanBeDrawnWhileTheProfileOpens(t *testing.T) {
	var w *workspace.Workspace
	refused := errors.New("not today")
	w = workspace.New(workspace.Settings{Open: func(context.Context) (*workspace.Parts, error) {
		assert.Nil(t, w.Session())
		assert.Empty(t, w.Notes())
		assert.False(t, w.Progress().Running)
		assert.False(t, w.CanWrite())
		return nil, refused
	}})
	require.ErrorIs(t, w.Open(t.Context()), refused)
}

func TestSyncFillsTheDirectoryAndTheAudit(t *testing.T) {
	w := synced(t, workspacetest.Contoso())
	assert.Equal(t, 4, w.Directory().Len())
	assert.True(t, w.Synced())
	event := lastEvent(t, w)
	assert.Equal(t, "sync", event.Action)
	assert.Equal(t, "admin@contoso.com", event.By)
	assert.Equal(t, "initial: 4 users", event.Detail)
}

func TestSyncWithoutThePermissionToReadUsersAsksForItBeforeAnyRequest(t *testing.T) {
	tenant := workspacetest.Contoso()
	tenant.Account.Scopes = nil
	w := open(t, tenant)
	_, err := w.Sync(t.Context(), refresh.Request{})
	e := failure(t, err, model.KindSignIn, "consentMissing")
	assert.Contains(t, e.Message, "User.Read.All")
	assert.Contains(t, e.Remedy, "https://login.example/adminconsent?scope=User.Read.All")
	assert.Empty(t, tenant.Asked("Users"))
}

func TestAFailedSyncLeavesNoLineInTheAudit(t *testing.T) {
	tenant := workspacetest.Contoso()
	tenant.Fail = func(call string) error {
		if call == "Users" {
			return &model.Error{Kind: model.KindUnavailable, Code: "offline", Message: "no connection"}
		}
		return nil
	}
	w := open(t, tenant)
	_, err := w.Sync(t.Context(), refresh.Request{})
	failure(t, err, model.KindUnavailable, "offline")
	events, err := w.Events(t.Context(), time.Time{})
	require.NoError(t, err)
	assert.Empty(t, events)
	assert.False(t, w.Synced())
}

func TestRecentCallsAreNewestFirstAndNoMoreThanAsked(t *testing.T) {
	w := synced(t, workspacetest.Contoso())
	calls := w.RecentCalls(2)
	require.Len(t, calls, 2)
	assert.ElementsMatch(t, []string{"/Delta", "/UserCount"}, []string{calls[0].Path, calls[1].Path}, "asked side by side")
	assert.Equal(t, w.Traffic().Requests, len(w.RecentCalls(100)))
}
