package tui

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"rollcall/model"
)

// richTenant has a user with a value for every attribute of the catalogue.
func richTenant() *fakeTenant {
	t := syncedTenant()
	u := &t.users[0]
	for _, a := range model.Catalogue() {
		switch {
		case a.ID == model.AttrObjectID || u.Value(a.ID) != "":
		case a.Type == model.TypeCollection:
			u.Set(model.Field{Attr: a.ID, Values: []string{"SMTP:" + a.Graph + "@contoso.com", "smtp:" + a.Graph + ".two@contoso.onmicrosoft.com"}})
		case a.Type == model.TypePlans:
			u.Set(model.Field{Attr: a.ID, Values: []string{
				"exchange/Enabled/efb87545-963c-4e0d-99df-69c6916d9eb0", "SharePoint/Enabled/5dbe027f-2339-4123-9542-606e4d348a72",
				"exchange/Enabled/f20fedf3-f3c3-43c3-8267-2bfdd51c0939", "\x1b[31mSCO\u202e/Deleted/c1ec4a95-1f05-45b3-a911-aa3fa01094f5",
			}})
		case a.Type == model.TypeBool:
			u.Set(model.Field{Attr: a.ID, Value: "true"})
		case a.Type == model.TypeTime:
			u.Set(model.Field{Attr: a.ID, Value: "2019-04-01T00:00:00Z"})
		default:
			u.Set(model.Field{Attr: a.ID, Value: "value of " + a.Graph})
		}
	}
	u.ManagerID = t.users[8].ID
	return t
}

func TestDetailsShowEveryAttributeThatIsNotNull(t *testing.T) {
	onEachSize(t, richTenant, Options{NoSync: true}, func(s *screen, suffix string) {
		s.press("enter")
		s.golden("directory-details" + suffix)
		d := s.directory().details
		var values []string
		for _, l := range d.lines {
			values = append(values, l.value)
		}
		all := strings.Join(values, "\n")
		for _, f := range d.facts.user.Fields() {
			a := d.schema.Attribute(f.Attr)
			for _, v := range shownValues(a, d.facts.user.Values(f.Attr)) {
				switch f.Attr {
				case model.AttrDisplayName: // the title
				case model.AttrUserType, model.AttrAccountEnabled: // in words
				default:
					assert.Contains(t, all, v, a.Graph)
				}
			}
		}
		s.press("G")
		s.shows("attribute 15")
		s.press("g", "esc")
		s.shows("60 users")
	})
}

func TestServicePlansAreToldByTheirCondition(t *testing.T) {
	onScreen(t, richTenant, 120, 40, Options{NoSync: true}, func(s *screen) {
		s.press("enter")
		d := s.directory()
		var lines []string
		for i, l := range d.details.lines {
			if l.heading && l.value == "Service plans" {
				lines = append(lines, d.details.lines[i+1].value, clean(d.details.lines[i+2].value))
			}
		}
		assert.Equal(t, []string{"Enabled: exchange ×2, SharePoint", "Deleted: " + clean("\x1b[31mSCO\u202e")}, lines)
		s.press("G")
		s.hides("\u202e")

		d.rows.attributes = []model.Attribute{d.ws.Schema().Attribute(model.AttrAssignedPlans)}
		cells := make([]tableCell, 1)
		d.rows.Cells(0, cells)
		assert.Equal(t, "exchange ×2, SharePoint; Deleted: \x1b[31mSCO\u202e", cells[0].text, "cleaned where it is drawn")
		counts, err := countAttributes(t.Context(), d.rows.snapshot, d.rows.rows, nil)
		require.NoError(t, err)
		for _, c := range counts {
			assert.False(t, c.attribute.Type.IsCollection(), c.attribute.Graph)
		}
	})
}

func TestDetailsLeadToTheManagerAndToTheReports(t *testing.T) {
	onEachSize(t, syncedTenant, Options{NoSync: true}, func(s *screen, suffix string) {
		s.press("/")
		for _, k := range "member 09" {
			s.press(strings.ReplaceAll(string(k), " ", "space"))
		}
		s.press("enter", "tab")
		manager := s.directory().details.facts.manager
		for s.directory().details.lines[s.directory().details.cursor].label != "Manager" {
			s.press("j")
		}
		s.press("enter")
		assert.Equal(t, manager, s.directory().details.facts.user.Value(model.AttrDisplayName), "the filter gives way to the manager")
		for s.directory().details.lines[s.directory().details.cursor].label != "Reports" {
			s.press("j")
		}
		s.press("enter", "tab")
		s.shows("Directory ▸ reports to " + manager)
		s.shows("8 of 60")
		s.golden("directory-reports" + suffix)
		for _, row := range s.directory().rows.rows {
			assert.Equal(t, manager, s.directory().rows.snapshot.Value(mustRow(t, s, s.directory().rows.snapshot.ManagerID(row)), model.AttrDisplayName))
		}
		s.press("S")
		s.shows(`"00000000-0000-4000-8000-`)
		s.shows("8 of 60 users")
		s.press("esc", "1")
		s.press("backspace")
		s.shows("60 users")
		s.press("backspace")
		s.shows("Directory ▸ / member 09")
		row, ok := s.directory().current()
		require.True(t, ok)
		assert.Equal(t, "Member 09", s.directory().rows.snapshot.Value(row, model.AttrDisplayName))
	})
}

func mustRow(t *testing.T, s *screen, id string) int32 {
	t.Helper()
	row, ok := s.directory().rows.snapshot.ByID(id)
	require.True(t, ok, id)
	return row
}

func TestDetailsFollowACursorThatRests(t *testing.T) {
	onScreen(t, syncedTenant, 120, 40, Options{NoSync: true}, func(s *screen) {
		for range 5 {
			s.send(press("j"))
			s.frame()
			s.shows("╮╭ Adele Vance ─") // the key is held down
		}
		s.settle()
		s.shows("╮╭ e stacked ─")
	})
}

func TestALineOfTheDetailsIsCopied(t *testing.T) {
	onScreen(t, syncedTenant, 80, 24, Options{NoSync: true}, func(s *screen) {
		s.press("tab", "G", "y")
		s.shows("00000000-0000-4000-8000-000000000001 sent to the terminal's clipboard")
	})
}

func TestDetailsFillTheirBoxWhateverTheNames(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.SampledFrom(scriptNames), rapid.SampledFrom(hostileNames))
		u := testUser(1, text.Draw(t, "name"), text.Draw(t, "department"), text.Draw(t, "title"), text.Draw(t, "office"), text.Draw(t, "country"))
		u.Set(model.Field{Attr: model.AttrProxyAddresses, Values: rapid.SliceOf(text).Draw(t, "addresses")})
		d := &userDetails{theme: darkTheme(), schema: model.FullSchema(), focused: rapid.Bool().Draw(t, "focused")}
		w, h := rapid.IntRange(12, 90).Draw(t, "width"), rapid.IntRange(3, 30).Draw(t, "height")
		d.setSize(w-2, h-2)
		d.answered(detailsMsg{userFacts{user: u, manager: text.Draw(t, "manager"), reports: 3, segments: rapid.SliceOf(text).Draw(t, "segments")}})
		d.step(rapid.IntRange(-5, 50).Draw(t, "step"))
		lines := strings.Split(d.draw(w, h), "\n")
		require.Len(t, lines, h)
		for _, l := range lines {
			require.Equal(t, w, d.theme.width(l), "%q", l)
		}
	})
}
