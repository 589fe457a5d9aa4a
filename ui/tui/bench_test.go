package tui

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"
	"github.com/stretchr/testify/require"

	"rollcall/model"
	"rollcall/model/directory"
	"rollcall/model/refresh"
	"rollcall/model/workspace"
)

// benchUsers is the size of a very large tenant.
const benchUsers = 1_000_000

// benchUser is the i-th user of a large tenant: some attributes with few
// values, some with one for each user, some often null.
func benchUser(i int) model.Change {
	r := rand.New(rand.NewPCG(1, uint64(i)))
	pick := func(values ...string) string { return values[r.IntN(len(values))] }
	given := pick("Adele", "Aiko", "Aaliyah", "Miriam", "Ольга", "Ahmed", "Zoë", "Lidia", "Grady", "Isaiah", "Jürgen", "Nestor")
	surname := pick("Vance", "Novák", "Graham", "Петрова", "Hassan", "O'Brien", "Holloway", "Archie", "Langer", "Wilke", "Müller")
	if i%12 == 11 && i > benchUsers/10 { // nobody's manager
		surname = "田中"
	}
	address := fmt.Sprintf("u%07d@contoso.com", i)
	manager := benchID(i / 10)
	c := model.Change{ID: benchID(i), Manager: &manager}
	set := func(a model.AttrID, v string) {
		if v != "" {
			c.Fields = append(c.Fields, model.Field{Attr: a, Value: v})
		}
	}
	set(model.AttrDisplayName, fmt.Sprintf("%s %s %d", given, surname, r.IntN(1000)))
	set(model.AttrUserPrincipalName, address)
	set(model.AttrMail, address)
	set(model.AttrDepartment, pick("Sales", "Marketing", "Engineering", "Finance", "Legal", "Human Resources", "Operations", "Support", ""))
	set(model.AttrJobTitle, fmt.Sprintf("%s %d", pick("Account Executive", "Manager", "Director", "Engineer", "Analyst"), r.IntN(20)))
	set(model.AttrOfficeLocation, fmt.Sprintf("Building %d", r.IntN(500)))
	set(model.AttrCompanyName, "Contoso")
	set(model.AttrCity, fmt.Sprintf("City %d", r.IntN(300)))
	set(model.AttrCountry, pick("United States", "Czechia", "Japan", "Germany", "France", "India"))
	set(model.AttrUsageLocation, pick("US", "CZ", "JP", "DE", "FR", "IN"))
	set(model.AttrUserType, pick("Member", "Member", "Member", "Guest"))
	set(model.AttrAccountEnabled, pick("true", "true", "true", "false"))
	set(model.AttrMobilePhone, pick("", fmt.Sprintf("+1 425 %07d", i)))
	set(model.AttrGivenName, given)
	set(model.AttrSurname, surname)
	set(model.AttrMailNickname, fmt.Sprintf("u%07d", i))
	set(model.AttrEmployeeID, fmt.Sprintf("%08d", i))
	set(model.AttrEmployeeHireDate, time.Date(2000+r.IntN(26), time.Month(1+r.IntN(12)), 1, 0, 0, 0, 0, time.UTC).Format(time.RFC3339))
	set(model.AttrPreferredLanguage, pick("", "en-US", "cs-CZ", "ja-JP"))
	c.Fields = append(c.Fields, model.Field{Attr: model.AttrProxyAddresses, Values: []string{"SMTP:" + address, "smtp:" + address[:8] + "@contoso.onmicrosoft.com"}})
	return c
}

func benchID(i int) string {
	return fmt.Sprintf("%08x-0000-4000-8000-%012x", uint32(i)*2654435761, i)
}

// benchTenant is synced and opened once for all benchmarks.
var benchTenant = sync.OnceValue(func() *workspace.Workspace {
	ctx := context.Background()
	users := directory.New(model.FullSchema())
	page := make([]model.Change, 0, 10_000)
	for i := range benchUsers {
		if page = append(page, benchUser(i)); len(page) == cap(page) {
			users.Apply(page)
			page = page[:0]
		}
	}
	t := newFakeTenant(nil)
	state := refresh.State{
		TenantID: t.session.TenantID, Fingerprint: model.FullSchema().Fingerprint(), Complete: true,
		DeltaLink: "delta", Phase: refresh.PhaseIdle, SyncedAt: t.now, Users: benchUsers,
	}
	t.store.Declined = -1 // an empty log, too, becomes an image
	must(t.store.Commit(ctx, refresh.Batch{State: state}))
	must(t.store.Checkpoint(ctx, users.Snapshot().Save))
	ws := t.workspace()
	must(ws.Open(ctx))
	return ws
})

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// benchRoot is the program on a million users, without a terminal.
func benchRoot(b *testing.B) *root {
	b.Helper()
	m := newRoot(b.Context(), Options{Workspace: benchTenant(), NoSync: true, Theme: "dark"})
	b.Cleanup(m.tasks.stop)
	await[userRowsMsg](m, func() tea.Msg { return tea.WindowSizeMsg{Width: 120, Height: 40} })
	require.Contains(b, m.View().Content, count(benchUsers)+" users")
	return m
}

// await runs a command and all that follow from it, each by itself as the
// program does, until an answer of the wanted kind was handled.
func await[T tea.Msg](m *root, cmd tea.Cmd) {
	answers := make(chan tea.Msg, 64)
	start := func(cmd tea.Cmd) {
		if cmd != nil {
			go func() { answers <- cmd() }()
		}
	}
	start(cmd)
	for msg := range answers {
		if batch, ok := msg.(tea.BatchMsg); ok {
			for _, c := range batch {
				start(c)
			}
			continue
		}
		start(m.update(msg))
		if task, ok := msg.(taskMsg); ok {
			if _, ok := task.answer.(T); ok {
				return
			}
		}
	}
}

func (m *root) directory() *directoryPane { return m.panes[paneDirectory].(*directoryPane) }

// BenchmarkKeyToFrame is one key in the table, until the frame is composed.
func BenchmarkKeyToFrame(b *testing.B) {
	for _, keys := range [][]string{{"j", "k"}, {"pgdown", "pgup"}, {"G", "g"}, {"space", "space", "g"}, {"v", "G", "esc", "g"}, {"tab", "j", "k", "tab"}} {
		b.Run(fmt.Sprint(keys), func(b *testing.B) {
			m := benchRoot(b)
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				m.update(press(keys[i%len(keys)]))
				_ = m.View()
			}
		})
	}
}

// BenchmarkMarkEverybody is "*" until the frame shows the marks.
func BenchmarkMarkEverybody(b *testing.B) {
	m := benchRoot(b)
	b.ReportAllocs()
	for b.Loop() {
		m.directory().rows.marks = userMarks{}
		await[marksMsg](m, m.update(press("*")))
		_ = m.View()
	}
	require.Contains(b, m.View().Content, count(benchUsers)+" marked")
}

// BenchmarkFilterKeyToFrame is the last key of a filter, until the first
// filtered frame is composed.
func BenchmarkFilterKeyToFrame(b *testing.B) {
	for _, typed := range []string{"a", "no", "nov", "novák s", "!sales", "~nvk", "title:dir", "u0412345", "zzzzz"} {
		b.Run(typed, func(b *testing.B) {
			m := benchRoot(b)
			m.update(press("/"))
			p := m.directory()
			before := []rune(typed)[:len([]rune(typed))-1]
			b.ReportAllocs()
			for b.Loop() {
				b.StopTimer()
				p.filter.SetValue(string(before))
				await[userRowsMsg](m, p.ask())
				key := []rune(typed)[len(before):]
				b.StartTimer()
				await[userRowsMsg](m, m.update(press(string(key))))
				_ = m.View()
			}
			b.ReportMetric(float64(p.rows.Len()), "rows")
		})
	}
}

// BenchmarkSortToFrame is a choice in the sort menu, until the first sorted
// frame is composed.
func BenchmarkSortToFrame(b *testing.B) {
	m := benchRoot(b)
	by := []model.AttrID{model.AttrDepartment, model.AttrMail, model.AttrDisplayName, model.AttrEmployeeHireDate}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		await[userRowsMsg](m, m.update(sortByMsg{by[i%len(by)]}))
		_ = m.View()
	}
}

// BenchmarkFacetsToFrame opens the facets, and then the values of the first.
func BenchmarkFacetsToFrame(b *testing.B) {
	m := benchRoot(b)
	b.Run("attributes", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			await[facetAttributesMsg](m, m.update(press("f")))
			_ = m.View()
			m.update(press("f"))
		}
	})
	await[facetAttributesMsg](m, m.update(press("f")))
	b.Run("values", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			await[facetValuesMsg](m, m.update(press("enter")))
			_ = m.View()
			m.update(press("esc"))
		}
	})
}

// countingWriter counts what the renderer writes, and tells of each frame.
type countingWriter struct {
	mu     sync.Mutex
	bytes  int
	frames chan struct{}
}

func (w *countingWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	w.bytes += len(p)
	w.mu.Unlock()
	select {
	case w.frames <- struct{}{}:
	default:
	}
	return len(p), nil
}

func (w *countingWriter) count() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.bytes
}

// BenchmarkCursorMoveBytes is what the renderer writes to a terminal of 120×40
// when a key that moves the cursor is held down, and for the details that
// follow once the cursor rests. The time is that of the frames. The renderer
// writes every line with a sign of two cells anew in each frame.
func BenchmarkCursorMoveBytes(b *testing.B) {
	for _, bench := range []struct {
		name, filter string
		start        []string
		keys         []string
	}{
		{"within the page", "adele vance", nil, []string{"j", "j", "j", "k", "k", "k"}},
		{"scrolling", "adele vance", []string{"pgdown"}, []string{"j"}},
		{"within a page of wide signs", "田中", nil, []string{"j", "j", "j", "k", "k", "k"}},
	} {
		b.Run(bench.name, func(b *testing.B) {
			out := &countingWriter{frames: make(chan struct{}, 1)}
			program, end := benchProgram(b, out)
			for _, key := range append([]string{"/", bench.filter, "enter"}, bench.start...) {
				if len(key) > 1 && key == bench.filter {
					program.Send(tea.PasteMsg{Content: key})
				} else {
					program.Send(press(key))
				}
				out.quiet()
			}
			moved := 0
			for i := 0; b.Loop(); i++ {
				before := out.count()
				program.Send(press(bench.keys[i%len(bench.keys)]))
				<-out.frames
				moved += out.count() - before
			}
			program.Send(press("j"))
			<-out.frames
			before := out.count()
			out.quiet()
			b.ReportMetric(float64(moved)/float64(b.N), "B/move")
			b.ReportMetric(float64(out.count()-before), "B/details")
			end()
		})
	}
}

// benchProgram runs the program on a terminal that counts.
func benchProgram(b *testing.B, out *countingWriter) (program *tea.Program, end func()) {
	o := Options{Workspace: benchTenant(), NoSync: true, Theme: "dark", Output: out, Environ: []string{"TERM=xterm-256color", "COLORTERM=truecolor"}}
	m := newRoot(b.Context(), o)
	options := append([]tea.ProgramOption{tea.WithColorProfile(colorprofile.TrueColor)}, programOptions(b.Context(), o)...)
	program = tea.NewProgram(m, append(options, tea.WithInput(nil), tea.WithWindowSize(120, 40))...)
	ended := make(chan error, 1)
	go func() {
		_, err := program.Run()
		ended <- err
	}()
	out.quiet()
	return program, func() {
		program.Quit()
		require.NoError(b, <-ended)
		m.tasks.stop()
	}
}

// quiet waits until nothing has been written for a while.
func (w *countingWriter) quiet() {
	for {
		select {
		case <-w.frames:
		case <-time.After(10 * detailsPause):
			return
		}
	}
}
