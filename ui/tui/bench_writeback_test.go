package tui

import (
	"fmt"
	"testing"

	tea "charm.land/bubbletea/v2"
	"github.com/stretchr/testify/require"

	"rollcall/model"
	"rollcall/model/writeback"
)

// benchPlanRows is how many rows the plan of a very large group has.
const benchPlanRows = 200_000

// benchReview opens the review of a plan with many additions, removals and
// skipped entries on a terminal of 120×40.
func benchReview(b *testing.B) (*root, *writebackPane) {
	b.Helper()
	var desired, members []model.Object
	user := func(i int) model.Object {
		return model.Object{ID: benchID(i), Type: model.ObjectUser, UserPrincipalName: fmt.Sprintf("u%07d@contoso.com", i), DisplayName: fmt.Sprintf("User %d", i)}
	}
	for i := range benchPlanRows / 2 {
		desired = append(desired, user(i))
		members = append(members, user(benchPlanRows+i))
	}
	plan, err := writeback.New(writeback.Params{
		TenantID: "11111111-1111-4111-8111-111111111111", Group: model.Group{ID: benchID(9_999_999), DisplayName: "everybody", Kind: model.KindSecurity},
		From: []string{"segment:Everybody"}, Desired: desired, Members: members, Rules: writeback.DefaultRules(),
		Author: "admin@contoso.com", Now: testNow,
	})
	require.NoError(b, err)
	t := newFakeTenant(nil)
	require.NoError(b, t.ledger.SavePlan(b.Context(), plan, plan.Author))
	ws := t.workspace()
	require.NoError(b, ws.Open(b.Context()))
	m := newRoot(b.Context(), Options{Workspace: ws, NoSync: true, Theme: "dark"})
	b.Cleanup(m.tasks.stop)
	await[connectedMsg](m, func() tea.Msg { return tea.WindowSizeMsg{Width: 120, Height: 40} })
	p := m.panes[paneWriteback].(*writebackPane)
	await[planRecentMsg](m, m.update(press("4")))
	p.setFocus(fieldBelow)
	await[planDoneMsg](m, m.update(press("enter")))
	require.Contains(b, m.View().Content, "all 200,000")
	return m, p
}

// BenchmarkReviewOpens is the choice of a kept plan, until its rows are shown.
func BenchmarkReviewOpens(b *testing.B) {
	m, p := benchReview(b)
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		m.update(press("esc"))
		clear(p.reviews)
		b.StartTimer()
		await[planDoneMsg](m, m.update(press("enter")))
		_ = m.View()
	}
}

// BenchmarkReviewKeyToFrame is one key in the review, until the frame is
// composed; the plan without the rows left out is made behind it.
func BenchmarkReviewKeyToFrame(b *testing.B) {
	for _, keys := range [][]string{{"j", "k"}, {"G", "g"}, {"tab"}, {"space", "up"}, {"v", "G", "space", "g"}, {"*"}} {
		b.Run(fmt.Sprint(keys), func(b *testing.B) {
			m, _ := benchReview(b)
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				m.update(press(keys[i%len(keys)]))
				_ = m.View()
			}
		})
	}
}

// BenchmarkReviewSearch is the last letter of a search, until its rows are
// shown.
func BenchmarkReviewSearch(b *testing.B) {
	m, p := benchReview(b)
	m.update(press("/"))
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		p.review.search.SetValue("u00123")
		b.StartTimer()
		await[planFoundMsg](m, m.update(press("4")))
		_ = m.View()
	}
	require.Contains(b, m.View().Content, "10 rows")
}

// BenchmarkReviewDerives is a row left out, until the plan without it is made.
func BenchmarkReviewDerives(b *testing.B) {
	m, _ := benchReview(b)
	b.ReportAllocs()
	for b.Loop() {
		await[planDerivedMsg](m, m.update(press("space")))
		_ = m.View()
	}
}
