package workspace_test

import (
	"fmt"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/model"
	"rollcall/model/workspace"
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

// saved saves segments: name, rule, name, rule, …
func saved(t *testing.T, w *workspace.Workspace, namesAndRules ...string) {
	t.Helper()
	for i := 0; i < len(namesAndRules); i += 2 {
		_, err := w.SaveSegment(t.Context(), namesAndRules[i], namesAndRules[i+1], nil)
		require.NoError(t, err)
	}
}

const (
	supportRule   = `user.department -eq "Support"`
	marketingRule = `user.department -eq "Marketing"`
)

// history is what each version of a segment says, newest first.
func history(t *testing.T, w *workspace.Workspace, name string) []string {
	t.Helper()
	versions, err := w.SegmentVersions(t.Context(), name)
	require.NoError(t, err)
	var lines []string
	for i, v := range versions {
		require.Equal(t, len(versions)-i, v.Version)
		line := v.Name + ": " + v.Rule
		if v.Note != "" {
			line += " (" + v.Note + ")"
		}
		if v.Deleted {
			line = "deleted " + line
		}
		lines = append(lines, line)
	}
	return lines
}

func TestEveryChangeOfASegmentIsAVersionAndALineOfTheAudit(t *testing.T) {
	w := open(t, workspacetest.Contoso())
	note := func(text string) *string { return &text }
	step := func(action, subject, detail string, change func() error) {
		t.Helper()
		require.NoError(t, change())
		event := lastEvent(t, w)
		assert.Equal(t, []string{action, subject, detail}, []string{event.Action, event.Subject, event.Detail})
	}
	save := func(rule string, note *string) func() error {
		return func() error { _, err := w.SaveSegment(t.Context(), "sales", rule, note); return err }
	}
	undo := func(name string) func() error {
		return func() error { _, err := w.UndoSegment(t.Context(), name); return err }
	}
	saved(t, w, "Sales", salesRule)
	step("segment.save", "Sales", supportRule+"; was "+salesRule, save(supportRule, nil))
	step("segment.save", "Sales", `note "for the fair"`, save(supportRule, note("for the fair")))
	step("segment.save", "Sales", marketingRule+"; was "+supportRule+`; note "", was "for the fair"`, save(marketingRule, note("")))
	step("segment.undo", "Sales", supportRule+"; was "+marketingRule+`; note "for the fair"`, undo("Sales"))
	step("segment.rename", "Verkauf", `was named "Sales"`, func() error { _, err := w.RenameSegment(t.Context(), "SALES", " Verkauf "); return err })
	step("segment.undo", "Sales", `was named "Verkauf"`, undo("verkauf"))
	step("segment.delete", "Sales", supportRule, func() error { return w.DeleteSegment(t.Context(), "sales") })
	step("segment.undo", "Sales", "brought back: "+supportRule, undo("sales"))
	step("segment.undo", "Sales", supportRule, undo("sales"))
	step("segment.restore", "Sales", "brought back: "+salesRule+`; note "", was "for the fair"`, func() error { _, err := w.RestoreSegment(t.Context(), "sales", 1); return err })

	assert.Equal(t, []string{
		"Sales: " + salesRule,
		"deleted Sales: " + supportRule + " (for the fair)",
		"Sales: " + supportRule + " (for the fair)",
		"deleted Sales: " + supportRule + " (for the fair)",
		"Sales: " + supportRule + " (for the fair)",
		"Verkauf: " + supportRule + " (for the fair)",
		"Sales: " + supportRule + " (for the fair)",
		"Sales: " + marketingRule,
		"Sales: " + supportRule + " (for the fair)",
		"Sales: " + supportRule,
		"Sales: " + salesRule,
	}, history(t, w, "Sales"))
}

func TestWhatChangesNothingMakesNoVersionAndNoLine(t *testing.T) {
	w := open(t, workspacetest.Contoso())
	saved(t, w, "Sales", salesRule, "sales", salesRule)
	_, err := w.RenameSegment(t.Context(), "sales", "Sales")
	require.NoError(t, err)
	_, err = w.RestoreSegment(t.Context(), "Sales", 1)
	require.NoError(t, err)
	assert.Len(t, history(t, w, "Sales"), 1)
	events, err := w.Events(t.Context(), time.Time{})
	require.NoError(t, err)
	assert.Len(t, events, 1)
}

func TestASegmentMayBeRenamedToItselfInAnotherLetterCase(t *testing.T) {
	w := open(t, workspacetest.Contoso())
	saved(t, w, "sales", salesRule)
	renamed, err := w.RenameSegment(t.Context(), "sales", "SALES")
	require.NoError(t, err)
	assert.Equal(t, "SALES", renamed.Name)
	assert.Equal(t, []string{"SALES: " + salesRule, "sales: " + salesRule}, history(t, w, "Sales"))
}

func TestANameThatAnotherSegmentHasIsRefusedHoweverItWouldBeTaken(t *testing.T) {
	w := open(t, workspacetest.Contoso())
	saved(t, w, "Sales", salesRule)
	_, err := w.RenameSegment(t.Context(), "Sales", "Verkauf")
	require.NoError(t, err)
	saved(t, w, "sales", supportRule)
	refused := func(err error) {
		t.Helper()
		e := failure(t, err, model.KindUsage, workspace.CodeSegmentExists)
		assert.Equal(t, `there is a segment "sales" already`, e.Message)
		assert.Contains(t, e.Remedy, `rollcall segment rename "sales"`)
	}
	_, err = w.RenameSegment(t.Context(), "Verkauf", "SALES")
	refused(err)
	_, err = w.UndoSegment(t.Context(), "Verkauf")
	refused(err)
	_, err = w.RestoreSegment(t.Context(), "Verkauf", 1)
	refused(err)
	require.NoError(t, w.DeleteSegment(t.Context(), "Verkauf"))
	_, err = w.RestoreSegment(t.Context(), "Verkauf", 1)
	refused(err)
	_, err = w.RestoreSegment(t.Context(), "Verkauf", 2)
	require.NoError(t, err, "under the name that nobody has it comes back")
	assert.Equal(t, []string{"sales: " + supportRule}, history(t, w, "Sales"))
}

func TestADeletedSegmentWhoseNameIsTakenIsFoundByItsID(t *testing.T) {
	w := open(t, workspacetest.Contoso())
	first, err := w.SaveSegment(t.Context(), "Sales", salesRule, nil)
	require.NoError(t, err)
	require.NoError(t, w.DeleteSegment(t.Context(), "Sales"))
	assert.Len(t, history(t, w, "SALES"), 2, "while nobody has the name, it finds what was deleted")
	saved(t, w, "Sales", supportRule)
	assert.Equal(t, []string{"Sales: " + supportRule}, history(t, w, "Sales"))
	assert.Equal(t, []string{"deleted Sales: " + salesRule, "Sales: " + salesRule}, history(t, w, first.ID))
	_, err = w.UndoSegment(t.Context(), first.ID)
	failure(t, err, model.KindUsage, workspace.CodeSegmentExists)
	_, err = w.UndoSegment(t.Context(), "Sales")
	assert.Contains(t, failure(t, err, model.KindUsage, "nothingToUndo").Remedy, "one of this name was deleted before")
}

func TestOfSegmentsDeletedUnderOneNameTheLastIsFound(t *testing.T) {
	tenant := workspacetest.Contoso()
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	tenant.Now = func() time.Time { return now }
	w := open(t, tenant)
	for _, rule := range []string{salesRule, supportRule, marketingRule} {
		saved(t, w, "Sales", rule)
		now = now.Add(time.Minute)
		require.NoError(t, w.DeleteSegment(t.Context(), "Sales"))
	}
	back, err := w.UndoSegment(t.Context(), "sales")
	require.NoError(t, err)
	assert.Equal(t, marketingRule, back.Rule)
	assert.False(t, back.Deleted)
}

func TestThereIsNothingToUndoOrRestoreWhereNothingWasChanged(t *testing.T) {
	w := open(t, workspacetest.Contoso())
	saved(t, w, "Sales", salesRule)
	_, err := w.UndoSegment(t.Context(), "Sales")
	assert.Contains(t, failure(t, err, model.KindUsage, "nothingToUndo").Remedy, "segment delete")
	_, err = w.RestoreSegment(t.Context(), "Sales", 2)
	assert.Contains(t, failure(t, err, model.KindUsage, "versionNotFound").Remedy, "segment versions")
	require.NoError(t, w.DeleteSegment(t.Context(), "Sales"))
	_, err = w.RestoreSegment(t.Context(), "Sales", 2)
	failure(t, err, model.KindUsage, "versionNotFound")
	for _, change := range []func() error{
		func() error { _, err := w.UndoSegment(t.Context(), "Sale"); return err },
		func() error { _, err := w.RestoreSegment(t.Context(), "Sale", 1); return err },
		func() error { _, err := w.SegmentVersions(t.Context(), "Sale"); return err },
		func() error { _, err := w.RenameSegment(t.Context(), "Sales", "x"); return err },
		func() error { return w.DeleteSegment(t.Context(), "Sales") },
	} {
		failure(t, change(), model.KindUsage, "segmentNotFound")
	}
}

func TestUndoingTheReturnOfASegmentDeletesItAgain(t *testing.T) {
	w := open(t, workspacetest.Contoso())
	saved(t, w, "Sales", salesRule)
	require.NoError(t, w.DeleteSegment(t.Context(), "Sales"))
	back, err := w.UndoSegment(t.Context(), "Sales")
	require.NoError(t, err)
	require.NotNil(t, back)
	gone, err := w.UndoSegment(t.Context(), "Sales")
	require.NoError(t, err)
	assert.Nil(t, gone)
	_, err = w.Segment(t.Context(), "Sales")
	failure(t, err, model.KindUsage, "segmentNotFound")
}

func TestChangesOfOneSegmentAtOnceAreAllKept(t *testing.T) {
	const writers, changes = 4, 10
	tenant := workspacetest.Contoso()
	tenant.Ledger.OnRead = func() { // lets the others in between reading and saving
		for range 100 {
			runtime.Gosched()
		}
	}
	w := open(t, tenant)
	saved(t, w, "Sales", salesRule)
	errs := make(chan error, 2*writers*changes)
	var all sync.WaitGroup
	for i := range writers {
		all.Go(func() {
			for n := range changes {
				segment, err := w.SaveSegment(t.Context(), "Sales", fmt.Sprintf(`user.city -eq "%d.%d"`, i, n), nil)
				errs <- err
				if err == nil {
					errs <- w.CountSegments(t.Context(), map[workspace.VersionID]int{segment.VersionID(): 100*i + n})
				}
			}
		})
	}
	all.Wait()
	close(errs)
	for err := range errs {
		require.NoError(t, err)
	}
	said := make(map[string]bool)
	for _, line := range history(t, w, "Sales") {
		said[line] = true
	}
	assert.Len(t, said, 1+writers*changes)
}

func TestTheLastCountOfASegmentIsKeptWithoutAVersion(t *testing.T) {
	tenant := workspacetest.Contoso()
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	tenant.Now = func() time.Time { return now }
	w := open(t, tenant)
	saved(t, w, "Sales", salesRule, "Support", supportRule)
	counted := func(name string) *workspace.SegmentCount {
		t.Helper()
		s, err := w.Segment(t.Context(), name)
		require.NoError(t, err)
		return s.LastCount
	}
	count := func(users int) {
		t.Helper()
		s, err := w.Segment(t.Context(), "Sales")
		require.NoError(t, err)
		former := workspace.VersionID{ID: s.ID, Version: s.Version - 1}
		require.NoError(t, w.CountSegments(t.Context(), map[workspace.VersionID]int{s.VersionID(): users, former: 99, {ID: "unknown", Version: 1}: 7}))
	}
	before := lastEvent(t, w)
	count(3)
	at := now
	assert.Equal(t, &workspace.SegmentCount{Users: 3, At: at}, counted("Sales"))
	assert.Nil(t, counted("Support"), "who was not counted has none")
	now = now.Add(time.Hour)
	count(3)
	assert.Equal(t, at, counted("Sales").At, "the same number is no news")
	count(0)
	assert.Equal(t, &workspace.SegmentCount{Users: 0, At: now}, counted("Sales"))
	assert.Len(t, history(t, w, "Sales"), 1)
	assert.Equal(t, before, lastEvent(t, w))

	_, err := w.RenameSegment(t.Context(), "Sales", "Verkauf")
	require.NoError(t, err)
	assert.NotNil(t, counted("Verkauf"), "the rule is the same")
	saved(t, w, "Verkauf", marketingRule)
	assert.Nil(t, counted("Verkauf"), "nobody has counted the new rule")
}
