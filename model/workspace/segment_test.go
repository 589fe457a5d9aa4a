package workspace_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/model"
	"rollcall/model/rule"
	"rollcall/model/workspace/workspacetest"
)

const salesRule = `user.department -eq "Sales"`

func TestASegmentIsFoundInAnyLetterCaseAndKeepsItsMaker(t *testing.T) {
	w := open(t, workspacetest.Contoso())
	made, err := w.SaveSegment(t.Context(), "  Sales ", salesRule, nil)
	require.NoError(t, err)
	assert.Equal(t, "Sales", made.Name)
	assert.Equal(t, "operator@laptop", made.CreatedBy, "nobody is signed in: the audit names who runs this process")

	_, err = w.Connect(t.Context())
	require.NoError(t, err)
	changed, err := w.SaveSegment(t.Context(), "SALES", `user.department -eq "Support"`, nil)
	require.NoError(t, err)
	assert.Equal(t, "Sales", changed.Name)
	assert.Equal(t, "operator@laptop", changed.CreatedBy)
	assert.Equal(t, "admin@contoso.com", changed.ChangedBy)

	segments, err := w.Segments(t.Context())
	require.NoError(t, err)
	require.Len(t, segments, 1)
	found, err := w.Segment(t.Context(), "sales")
	require.NoError(t, err)
	assert.Equal(t, `user.department -eq "Support"`, found.Rule)
}

func TestAnUnknownSegmentIsAUsageErrorThatNamesTheNearestOne(t *testing.T) {
	w := open(t, workspacetest.Contoso())
	_, err := w.SaveSegment(t.Context(), "Marketing", salesRule, nil)
	require.NoError(t, err)
	_, err = w.Segment(t.Context(), "Marketting")
	assert.Equal(t, `did you mean "Marketing"?`, failure(t, err, model.KindUsage, "segmentNotFound").Remedy)
	_, err = w.Segment(t.Context(), "Zebra")
	assert.Contains(t, failure(t, err, model.KindUsage, "segmentNotFound").Remedy, "segment list")
}

func TestABrokenRuleOrNameSavesNothing(t *testing.T) {
	w := open(t, workspacetest.Contoso())
	for name, segment := range map[string][2]string{
		"unknown attribute": {"Sales", `user.departmnt -eq "Sales"`},
		"no rule":           {"Sales", ``},
		"no name":           {"  ", salesRule},
		"newline in name":   {"Sa\nles", salesRule},
		"C1 control":        {"Sa\u009bles", salesRule},
		"not UTF-8":         {"Sa\xffles", salesRule},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := w.SaveSegment(t.Context(), segment[0], segment[1], nil)
			require.Error(t, err)
			assert.Equal(t, model.KindUsage, model.AsError(err).Kind)
		})
	}
	segments, err := w.Segments(t.Context())
	require.NoError(t, err)
	assert.Empty(t, segments)
	events, err := w.Events(t.Context(), time.Time{})
	require.NoError(t, err)
	assert.Empty(t, events)
}

func TestSavingAndDeletingASegmentStandInTheAudit(t *testing.T) {
	w := open(t, workspacetest.Contoso())
	_, err := w.SaveSegment(t.Context(), "Sales", salesRule, nil)
	require.NoError(t, err)
	event := lastEvent(t, w)
	assert.Equal(t, "segment.save", event.Action)
	assert.Equal(t, "Sales", event.Subject)
	assert.Equal(t, salesRule, event.Detail)

	require.NoError(t, w.DeleteSegment(t.Context(), "sales"))
	event = lastEvent(t, w)
	assert.Equal(t, "segment.delete", event.Action)
	assert.Equal(t, "Sales", event.Subject)
	assert.Equal(t, salesRule, event.Detail, "what was deleted can be made again from the audit")
	failure(t, w.DeleteSegment(t.Context(), "Sales"), model.KindUsage, "segmentNotFound")
}

func TestARuleSelectsFromTheSyncedDirectory(t *testing.T) {
	w := synced(t, workspacetest.Contoso())
	selected, err := w.Select(t.Context(), salesRule)
	require.NoError(t, err)
	assert.Equal(t, 3, selected.Set.Count())
	selected, err = w.Select(t.Context(), "user.objectId -ne null")
	require.NoError(t, err)
	assert.Equal(t, 4, selected.Set.Count())
	_, err = w.Select(t.Context(), `user.department -eq`)
	assert.Equal(t, model.KindUsage, model.AsError(err).Kind)
}

func TestARuleIsTranslatedForEntraOrRefused(t *testing.T) {
	w := open(t, workspacetest.Contoso())
	translated, err := w.Translate(salesRule, rule.Entra)
	require.NoError(t, err)
	assert.Contains(t, translated.Text, `user.department -eq "Sales"`)
	_, err = w.Translate(`user.departmnt -eq "Sales"`, rule.Entra)
	assert.Equal(t, model.KindUsage, model.AsError(err).Kind)
}
