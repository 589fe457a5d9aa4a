package handover

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"rollcall/model"
	"rollcall/model/writeback"
)

func testPlan() *writeback.Plan {
	return &writeback.Plan{
		ID: "3f9a0c21b7de", TenantID: "11111111-1111-4111-8111-111111111111", Author: "admin@contoso.com",
		CreatedAt: time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC),
		Group:     writeback.GroupRef{ID: "group-1", DisplayName: "sg-sales", Kind: model.KindSecurity},
		BaseCount: 9,
		Add:       []writeback.Ref{{ID: "id-1", UserPrincipalName: "o'neil@contoso.com"}, {ID: "id-2", UserPrincipalName: "b@contoso.com"}},
		Remove:    []writeback.Ref{{ID: "id-3", UserPrincipalName: "c@contoso.com"}, {ID: "id-4", DisplayName: "Aiko 田中"}},
	}
}

func listPlan() *writeback.Plan {
	p := testPlan()
	p.HandOver, p.Group.Kind = true, model.KindDistribution
	p.Add[0].Mail, p.Add[1].Mail = "o'neil@contoso.com", "b@contoso.com"
	return p
}

// refs are n users.
func refs(n int) []writeback.Ref {
	out := make([]writeback.Ref, n)
	for i := range out {
		out[i].ID = fmt.Sprintf("id-%06d", i)
	}
	return out
}

// written are the files by name.
func written(p *writeback.Plan, o Options) map[string]string {
	files := make(map[string]string)
	for _, f := range Files(p, o) {
		files[f.Name] = string(f.Content)
	}
	return files
}

func names(p *writeback.Plan, o Options) []string {
	var out []string
	for _, f := range Files(p, o) {
		out = append(out, f.Name)
	}
	return out
}

func TestFilesHandAPlanOverAndTakeItBack(t *testing.T) {
	scripts := []string{"plan-3f9a0c21b7de.ps1", "plan-3f9a0c21b7de-undo.ps1"}
	csvs := []string{
		"plan-3f9a0c21b7de-import.csv", "plan-3f9a0c21b7de-remove.csv",
		"plan-3f9a0c21b7de-undo-remove.csv", "plan-3f9a0c21b7de-undo-import.csv", "plan-3f9a0c21b7de-README.txt",
	}
	assert.Equal(t, append(append([]string{}, scripts...), csvs...), names(testPlan(), Options{}))
	assert.Equal(t, names(testPlan(), Options{}), names(testPlan(), Options{Format: Both}))
	assert.Equal(t, scripts, names(testPlan(), Options{Format: Script}))
	assert.Equal(t, csvs, names(testPlan(), Options{Format: CSV}))
	assert.Equal(t, scripts, names(listPlan(), Options{}))
	assert.Equal(t, scripts, names(listPlan(), Options{Format: CSV}), "the admin center writes no list of Exchange")

	oneSided := testPlan()
	oneSided.Remove = nil
	assert.Equal(t, []string{"plan-3f9a0c21b7de-import.csv", "plan-3f9a0c21b7de-undo-remove.csv", "plan-3f9a0c21b7de-README.txt"}, names(oneSided, Options{Format: CSV}))
	assert.Empty(t, Files(&writeback.Plan{ID: "1"}, Options{}))

	elsewhere := testPlan()
	elsewhere.ID = "../../etc/x"
	assert.Equal(t, "plan-______etc_x.ps1", names(elsewhere, Options{})[0])
}

func TestBulkFilesHaveTheHeaderThatThePortalReads(t *testing.T) {
	files := written(testPlan(), Options{Format: CSV})
	const header = "Member object ID or user principal name [memberObjectIdOrUpn] Required\n"
	assert.Equal(t, header+"id-1\nid-2\n", files["plan-3f9a0c21b7de-import.csv"])
	assert.Equal(t, header+"id-3\nid-4\n", files["plan-3f9a0c21b7de-remove.csv"])
	assert.Equal(t, header+"id-1\nid-2\n", files["plan-3f9a0c21b7de-undo-remove.csv"])
	assert.Equal(t, header+"id-3\nid-4\n", files["plan-3f9a0c21b7de-undo-import.csv"])
	old := written(testPlan(), Options{Format: CSV, VersionRow: true})
	assert.Equal(t, "version:v1.0\n"+header+"id-1\nid-2\n", old["plan-3f9a0c21b7de-import.csv"])
}

func TestBulkFilesOfManyRowsComeInPartsThatOneJobTakes(t *testing.T) {
	p := testPlan()
	p.Add, p.Remove = refs(20_001), nil
	files := written(p, Options{Format: CSV})
	var rows []string
	for i := 1; i <= 3; i++ {
		part := strings.Split(strings.TrimSpace(files[fmt.Sprintf("plan-3f9a0c21b7de-import-%d-of-3.csv", i)]), "\n")
		assert.Len(t, part, 1+6667, "the parts are of one size")
		assert.Equal(t, bulkHeader, part[0])
		rows = append(rows, part[1:]...)
	}
	require.Len(t, rows, 20_001)
	for i, ref := range p.Add {
		require.Equal(t, ref.ID, rows[i])
	}
	assert.Contains(t, files["plan-3f9a0c21b7de-README.txt"], "  plan-3f9a0c21b7de-import-3-of-3.csv\r\n")
	assert.Contains(t, strings.Join(Notes(p, Options{}), "\n"), "at most 10000 rows")
}

func TestNoPartIsTooLongOrHasOneRowOfMany(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 5*bulkRows+2).Draw(t, "users")
		total := 0
		for _, part := range inParts(make([]writeback.Ref, n)) {
			assert.LessOrEqual(t, len(part), bulkRows)
			assert.Positive(t, len(part))
			assert.False(t, len(part) == 1 && n > 1)
			total += len(part)
		}
		assert.Equal(t, n, total)
	})
}

func TestNotesSayWhatTheAdminCenterRefuses(t *testing.T) {
	assert.Empty(t, Notes(testPlan(), Options{}))
	one := testPlan()
	one.Add, one.Remove = one.Add[:1], one.Remove[:1]
	notes := Notes(one, Options{})
	require.Len(t, notes, 2)
	assert.Contains(t, notes[0], "the import has one row and the admin center imports two at least")
	assert.Contains(t, notes[1], "the import of the undo has one row")
	assert.Contains(t, written(one, Options{})["plan-3f9a0c21b7de-README.txt"], "Note: "+notes[0])
	assert.Empty(t, Notes(one, Options{Format: Script}), "scripts take any number")
	assert.Contains(t, Notes(listPlan(), Options{Format: CSV})[0], "takes no CSV for distribution lists")
	assert.Contains(t, Notes(&writeback.Plan{}, Options{})[0], "changes nothing")
}

func TestWhoeverIsHandedAPlanIsToldWhichGuardsStopIt(t *testing.T) {
	const note = "the profile's guards stop this plan where rollcall writes it, and nothing stops these files: 2 removals where the limit is 1"
	for name, p := range map[string]*writeback.Plan{"a group": testPlan(), "a list of Exchange": listPlan()} {
		t.Run(name, func(t *testing.T) {
			p.Guards = []writeback.GuardResult{{Name: writeback.GuardRemovals, Limit: 1, Value: 2, Tripped: true}, {Name: writeback.GuardAdditions, Limit: 9, Value: 2}}
			for _, form := range []Format{CSV, Script, Both} {
				assert.Contains(t, Notes(p, Options{Format: form}), note)
			}
			files := written(p, Options{})
			assert.Contains(t, files["plan-3f9a0c21b7de.ps1"], "# Note: "+note+".\r\n")
			assert.NotContains(t, files["plan-3f9a0c21b7de-undo.ps1"], note)
			if !p.HandOver {
				assert.Contains(t, files["plan-3f9a0c21b7de-README.txt"], "Note: "+note+".\r\n")
			}
		})
	}
}

func TestReadmeSaysWhichFileGoesWhere(t *testing.T) {
	p := testPlan()
	p.Group.DisplayName = "Sales\r\nTo add: evil.csv\x1b[2J\u202e"
	got := written(p, Options{Format: CSV})["plan-3f9a0c21b7de-README.txt"]
	assert.Contains(t, got, "group    Sales  To add: evil.csv [2J  (security group)\r\n         object id group-1\r\n")
	assert.Contains(t, got, "To add: Bulk operations > Import members\r\n  plan-3f9a0c21b7de-import.csv\r\n")
	assert.Contains(t, got, "To remove: Bulk operations > Remove members\r\n  plan-3f9a0c21b7de-remove.csv\r\n")
	assert.Contains(t, got, "To take the additions back: Bulk operations > Remove members\r\n  plan-3f9a0c21b7de-undo-remove.csv\r\n")
	assert.Contains(t, got, "To take the removals back: Bulk operations > Import members\r\n  plan-3f9a0c21b7de-undo-import.csv\r\n")
}
