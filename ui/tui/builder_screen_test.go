package tui

import (
	"fmt"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/model"
	"rollcall/model/rule"
	"rollcall/model/workspace"
)

// editor is the rule that is being edited.
func (s *screen) editor() *segmentEditor {
	s.t.Helper()
	e := s.root.panes[paneSegments].(*segmentsPane).editor
	require.NotNil(s.t, e, "nothing is being edited")
	return e
}

func (s *screen) paste(text string) {
	s.t.Helper()
	s.send(tea.PasteMsg{Content: text})
	s.settle()
}

// clause types attribute, operator letters and value of the row under the
// cursor.
func (s *screen) clause(attribute, operator, value string) {
	s.t.Helper()
	s.typed(attribute)
	s.press("tab")
	s.typed(operator)
	s.press("tab")
	s.typed(value)
}

func TestGroupsNestAndAreNegatedByKeys(t *testing.T) {
	onEachSize(t, syncedTenant, Options{NoSync: true}, func(s *screen, suffix string) {
		s.press("2", "n")
		s.clause("department", "", "Sales")
		s.press("enter")
		s.clause("country", "", "Japan")
		s.press("enter")
		s.clause("country", "", "Germany")
		s.press("ctrl+r") // with the row above into a group: any of
		assert.Equal(t, `user.department -eq "Sales" -and (user.country -eq "Japan" -or user.country -eq "Germany")`, s.editor().text.Value())
		s.press("ctrl+n")
		s.clause("jobTitle", "s", "Man")
		s.press("ctrl+x", "ctrl+r") // not, and deeper
		s.press("enter")
		s.clause("mail", "", "null")
		s.golden("segments-outline" + suffix)
		want := `user.department -eq "Sales" -and (user.country -eq "Japan" -or user.country -eq "Germany" -and -not user.jobTitle -startsWith "Man" -and user.mail -eq null)`
		assert.Equal(t, want, s.editor().text.Value())

		s.press("up", "up", "up", "ctrl+x") // the head of the inner group
		assert.Contains(t, s.editor().text.Value(), `-or -not (user.country -eq "Germany"`)
		s.press("space") // not all of turns into all of
		assert.Equal(t, want, s.editor().text.Value())
		s.press("space")
		assert.Contains(t, s.editor().text.Value(), `"Germany" -or -not user.jobTitle`)

		s.press("ctrl+l") // the group leaves its group
		assert.Contains(t, s.editor().text.Value(), `-and user.country -eq "Japan" -and (user.country -eq "Germany" -or`)
		s.press("ctrl+p")
		assert.Contains(t, s.editor().text.Value(), `"Sales" -and (user.country -eq "Germany" -or`)
		s.press("ctrl+d")
		assert.Equal(t, `user.department -eq "Sales" -and user.country -eq "Japan"`, s.editor().text.Value())
	})
}

func TestConditionsOnElementsAreRows(t *testing.T) {
	onEachSize(t, syncedTenant, Options{NoSync: true}, func(s *screen, suffix string) {
		s.press("2", "n")
		s.clause("otherMails", "a", "") // -any
		s.typed("e")                    // -endsWith, of the element
		s.press("tab")
		s.typed("@x.com")
		s.press("enter")
		s.typed("n")
		s.press("tab")
		s.typed("@y.com")
		assert.Equal(t, `user.otherMails -any (_ -endsWith "@x.com" -and _ -ne "@y.com")`, s.editor().text.Value())
		s.golden("segments-elements" + suffix)

		s.press("up", "up", "shift+tab")
		s.press("ctrl+l") // the head stays where it is: it stands in no group
		assert.Equal(t, `user.otherMails -any (_ -endsWith "@x.com" -and _ -ne "@y.com")`, s.editor().text.Value())
		s.press("down", "down", "ctrl+l")
		assert.Equal(t, `user.otherMails -any (_ -endsWith "@x.com") -and user.otherMails -ne "@y.com"`, s.editor().text.Value())
	})
}

func TestServicePlansMembersAndReportsAreRows(t *testing.T) {
	onScreen(t, syncedTenant, 120, 40, Options{NoSync: true}, func(s *screen) {
		s.press("2", "n")
		s.typed("assignedPlans")
		s.press("tab")
		s.shows("an element is as below")
		s.press("tab")
		s.shows("capabilityStatus")
		s.typed("serv")
		s.press("down", "enter", "tab")
		s.typed("exchange")
		s.press("enter")
		s.typed("cap")
		s.press("tab", "tab")
		s.typed("Enabled")
		assert.Equal(t, `user.assignedPlans -any (assignedPlan.service -eq "exchange" -and assignedPlan.capabilityStatus -eq "Enabled")`, s.editor().text.Value())

		s.press("ctrl+t", "ctrl+u", "ctrl+t")
		s.typed("member")
		s.press("tab")
		s.typed("id-1")
		s.shows("is not an object id")
		s.press("ctrl+u")
		s.typed("00000000-0000-4000-8000-000000000001, 00000000-0000-4000-8000-000000000002")
		assert.Equal(t, `user.memberOf -any (group.objectId -in ["00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-000000000002"])`, s.editor().text.Value())
		s.shows("such a rule has no other clause")

		s.press("shift+tab", "ctrl+u")
		s.typed("direct")
		s.press("tab", "ctrl+u")
		s.typed("00000000-0000-4000-8000-000000000001")
		assert.Equal(t, `Direct Reports for "00000000-0000-4000-8000-000000000001"`, s.editor().text.Value())
		s.shows("8 of 60 users")
	})
}

func TestNothingTypedIsLostBetweenRowsAndText(t *testing.T) {
	onScreen(t, syncedTenant, 80, 24, Options{NoSync: true}, func(s *screen) {
		s.press("2", "enter", "ctrl+n")
		s.typed("country")
		s.press("ctrl+t", "end")
		s.typed(` -and user.city -eq "Paris`)
		s.shows("country") // stays with its neighbour while the text cannot be read
		s.shows("as before the error in the text")
		s.shows("The string is not closed")
		broken := s.editor().text.Value()

		s.press("ctrl+t")
		s.typed("x")
		s.press("ctrl+n", "ctrl+d", "space")
		s.shows("They cannot be edited while the text has an")
		assert.Equal(t, broken, s.editor().text.Value(), "the rows leave a text alone that they cannot read")
		s.press("1", "esc", "3", "esc", "2", "enter", "ctrl+t")
		assert.Equal(t, broken, s.editor().text.Value())
		s.golden("segments-unclosed-80x24")

		s.typed(`"`)
		s.hides("as before the error")
		assert.Equal(t, lines("all of", "  department -eq Engineering", "  country -eq ", "  city -eq Paris"), sketch(s.editor().outline))
		s.press("end", "ctrl+u") // all of the text
		assert.Equal(t, lines("all of", "  country -eq "), sketch(s.editor().outline))
		s.press("esc", "j", "k", "enter")
		assert.Equal(t, lines("all of", "  country -eq "), sketch(s.editor().outline))
		s.typed(`user.city -eq "Rome"`)
		s.press("ctrl+t", "tab", "tab")
		s.typed("Japan")
		assert.Equal(t, `user.country -eq "Japan" -and user.city -eq "Rome"`, s.editor().text.Value())
	})
}

func TestARowThatIsNotFinishedSurvivesTheList(t *testing.T) {
	onScreen(t, syncedTenant, 80, 24, Options{NoSync: true}, func(s *screen) {
		s.press("2", "enter", "ctrl+n")
		s.typed("country")
		s.press("esc", "j", "k", "enter")
		assert.Equal(t, lines("all of", "  department -eq Engineering", "  country -eq "), sketch(s.editor().outline))
	})
}

func TestCellsOfferWhatTheyMayHold(t *testing.T) {
	onEachSize(t, syncedTenant, Options{NoSync: true}, func(s *screen, suffix string) {
		s.press("2", "n")
		s.typed("phone")
		s.shows("mobile")
		s.shows("telephoneNumber")
		s.press("ctrl+u")
		s.typed("offi")
		s.press("tab")
		s.golden("segments-operators" + suffix)
		s.press("tab")
		s.golden("segments-values" + suffix)
		s.typed("m")
		s.shows("München")
		s.press("ctrl+u")
		s.typed("Munchen")
		s.shows("nearest")
		s.press("tab") // what was typed stands
		assert.Equal(t, `user.physicalDeliveryOfficeName -eq "Munchen"`, s.editor().text.Value())
		s.press("shift+tab", "ctrl+u")
		s.typed("Munchen")
		s.press("down", "enter")
		assert.Equal(t, `user.physicalDeliveryOfficeName -eq "München"`, s.editor().text.Value())
		s.shows("15 users")
	})
}

func TestAttributesAreOfferedByEachOfTheirNames(t *testing.T) {
	schema := model.DefaultSchema()
	texts := func(typed string) (out []string) {
		for _, o := range attributeOffers(schema, typed, true) {
			out = append(out, o.text)
		}
		return out
	}
	assert.Equal(t, []string{"physicalDeliveryOfficeName"}, texts("offi"), "label and Graph name count too")
	assert.Equal(t, []string{"jobTitle"}, texts("user.title"))
	assert.Equal(t, []string{"department"}, texts("departmant"), "the nearest where none holds it")
	assert.Empty(t, texts("Department"), "an exact name needs no completion")
	all := attributeOffers(schema, "", true)
	assert.Equal(t, builderOffer{"assignedPlans", "Assigned plans · service plans · not synced", true}, all[len(all)-1])
	assert.Equal(t, rowMemberOf, all[len(all)-3].text)
}

func TestValuesOfEachTypeAreOffered(t *testing.T) {
	onScreen(t, syncedTenant, 80, 24, Options{NoSync: true}, func(s *screen) {
		s.press("2", "n")
		s.clause("accountEnabled", "", "f")
		s.shows("1 user")
		s.press("enter")
		assert.Equal(t, `user.accountEnabled -eq false`, s.editor().text.Value())
		s.press("enter")
		s.clause("employeeHireDate", "", "90")
		s.shows("90 days ago")
		s.press("tab")
		assert.Contains(t, s.editor().text.Value(), `user.employeeHireDate -ge system.now -minus P90D`)
		s.press("ctrl+n")
		s.clause("employeeHireDate", "", "2026-01-31")
		s.press("tab")
		assert.Contains(t, s.editor().text.Value(), `user.employeeHireDate -ge 2026-01-31T00:00:00Z`)
		s.press("ctrl+n")
		s.clause("jobTitle", "m", "^(Eng|Man")
		s.shows("✗")
		s.typed(")")
		s.shows("✓ The expression is valid")
		s.press("ctrl+n")
		s.clause("city", "i", `"Paris, TX", O'Fallon, "a \"b\""`)
		assert.Contains(t, s.editor().text.Value(), `user.city -in ["Paris, TX", "O''Fallon", "a \"b\""]`)
	})
}

func TestTextIsCompletedAtTheCursor(t *testing.T) {
	onScreen(t, syncedTenant, 80, 24, Options{NoSync: true}, func(s *screen) {
		s.press("2", "n", "ctrl+t")
		s.typed("user.depa")
		s.press("tab")
		s.shows("Operators of Department")
		s.typed("-i")
		s.press("tab")
		s.typed(`["Sa`)
		s.golden("segments-completion-80x24")
		s.press("tab")
		s.typed(`, "Eng`)
		s.press("tab")
		s.typed("] -a")
		s.press("tab")
		s.typed("user.otherMails -an")
		s.press("tab")
		s.typed("(_ -ends")
		s.press("tab")
		s.typed(`"@x.com")`)
		assert.Equal(t, `user.department -in ["Sales", "Engineering"] -and user.otherMails -any (_ -endsWith "@x.com")`, s.editor().text.Value())

		s.press("enter")
		s.typed(`-and user.office`)
		s.press("esc", "esc") // the completions, then the editor
		s.shows("● not saved")
	})
}

// hostileTenant has values that no column and no string expects.
func hostileTenant() *fakeTenant {
	users := smallTenant()
	for i, v := range []string{"Paris, TX", `"quoted"`, "null", "two\nlines", "田中さんの部署はとても長い名前です", "محمد علي", "\x1b[31mred", "e\u0301\u0301\u0301 stack", " edge ", "👩‍👩‍👧 family"} {
		users[i].Set(model.Field{Attr: model.AttrCity, Value: v})
	}
	return newFakeTenant(users).synced()
}

func TestEveryValueOfADirectoryCanBeChosen(t *testing.T) {
	onScreen(t, hostileTenant, 80, 24, Options{NoSync: true}, func(s *screen) {
		s.press("2", "n")
		s.clause("city", "", "")
		s.golden("segments-hostile-80x24")
		offers := s.editor().offers
		require.Len(t, offers, 11) // ten values, and null
		for n := range offers {
			s.press("ctrl+u")
			for range n + 1 {
				s.press("down")
			}
			chosen := s.editor().offers[n].text
			s.press("enter")
			c, ok := mustParse(t, s.editor().text.Value()).(*rule.Comparison)
			require.True(t, ok)
			if s.editor().at.value == "null" {
				assert.Equal(t, rule.Null, c.Value.Kind)
			} else {
				assert.Equal(t, chosen, c.Value.Text)
			}
		}
		s.press("shift+tab")
		s.typed("i") // the same values in an array
		s.press("tab", "ctrl+u")
		for n := range 3 {
			for range n + 1 {
				s.press("down")
			}
			s.press("enter")
			s.typed(", ")
		}
		c, ok := mustParse(t, s.editor().text.Value()).(*rule.Comparison)
		require.True(t, ok)
		assert.Len(t, c.Value.List, 3)
	})
}

func TestALongRuleScrolls(t *testing.T) {
	long := make([]string, 60)
	for i := range long {
		long[i] = fmt.Sprintf(`user.department -eq "Department %02d of Contoso"`, i)
	}
	text := strings.Join(long, " -or ")
	tenant := func() *fakeTenant {
		t := newFakeTenant(smallTenant()).synced()
		t.withSegments(workspace.Segment{Name: "Long", Rule: text})
		return t
	}
	onEachSize(t, tenant, Options{NoSync: true}, func(s *screen, suffix string) {
		require.Greater(t, len(text), 3000)
		s.press("2", "enter")
		s.press("ctrl+t")
		s.golden("segments-long" + suffix)
		s.press("up", "up", "end", "backspace") // a string that is not closed there
		s.shows("✗ ")
		s.press("ctrl+a")
		assert.Zero(t, s.editor().text.at)
		s.shows("✗ line") // where it is, for it is out of sight
		s.press("ctrl+t")
		s.shows("as before the error")
	})
}

func TestPastedLinesStayLines(t *testing.T) {
	onScreen(t, syncedTenant, 80, 24, Options{NoSync: true}, func(s *screen) {
		s.press("2", "n", "ctrl+t")
		s.paste("(user.department -eq \"Sales\")\r\n  -and\r\n(user.departmant -eq \"x\")\r\n")
		s.golden("segments-pasted-80x24")
		assert.Equal(t, lines(`(user.department -eq "Sales")`, "  -and", `(user.departmant -eq "x")`), s.editor().text.Value())
		s.press("up", "end", "left", "left", "left", "left", "left", "left")
		s.press("up", "up", "down")
		s.press("ctrl+t") // looking at the rows changes nothing
		s.press("tab", "tab", "up")
		assert.Contains(t, s.editor().text.Value(), "\n  -and\n")
	})
}

func TestLineBreaksOfAPasteAreLineFeeds(t *testing.T) {
	field := &ruleText{}
	field.Handle(tea.PasteMsg{Content: "a\rb\r\nc\nd\r\r"})
	assert.Equal(t, "a\nb\nc\nd\n\n", field.value)
}

func TestTheEditorFitsEveryTerminal(t *testing.T) {
	for _, size := range []struct{ width, height int }{{40, 10}, {50, 16}, {64, 14}, {80, 24}, {110, 30}} {
		t.Run(fmt.Sprintf("%dx%d", size.width, size.height), func(t *testing.T) {
			onScreen(t, syncedTenant, size.width, size.height, Options{NoSync: true}, func(s *screen) {
				pane := s.root.panes[paneSegments].(*segmentsPane)
				inside := func() {
					s.t.Helper()
					c := pane.Cursor()
					require.NotNil(s.t, c)
					assert.Less(s.t, c.X, size.width-1)
					assert.Greater(s.t, c.Y, 0)
					assert.Less(s.t, c.Y, size.height-3)
				}
				s.press("2", "n", "ctrl+t")
				inside()
				s.paste(strings.Repeat(`user.city -eq "Paris" -and (user.city -eq "Rome" -or -not user.otherMails -any (_ -eq "a")) -and `, 4) + `user.city -eq "`)
				inside()
				s.press("ctrl+t", "ctrl+t", "ctrl+a")
				inside()
				s.press("ctrl+e", "delete")
				s.typed(`x"`)
				s.press("ctrl+t", "tab", "tab")
				for range 8 {
					s.press("down")
				}
				s.press("tab", "tab")
				s.send(tea.WindowSizeMsg{Width: size.width, Height: size.height})
				s.settle()
				s.hides("failed unexpectedly")
			})
		})
	}
}

func TestEveryKeyOfTheEditorIsListedAndReachable(t *testing.T) {
	onScreen(t, syncedTenant, 120, 40, Options{NoSync: true}, func(s *screen) {
		pane := s.root.panes[paneSegments].(*segmentsPane)
		check := func(where string) {
			s.t.Helper()
			assertReachable(t, where, pane.Bindings())
			seen := map[string]string{}
			for _, b := range pane.Bindings() {
				for _, k := range b.keys {
					assert.Empty(t, seen[k], "%s: %s is both %s and %s", where, k, seen[k], b.id)
					seen[k] = b.id
				}
			}
		}
		s.press("2", "n")
		check("attribute with completions")
		s.typed("department")
		check("attribute")
		s.press("tab")
		check("operator")
		s.press("1", "X", "q") // nothing but what chooses an operator
		assert.Equal(t, paneSegments, s.root.current)
		s.press("?")
		s.shows("Outdent: move the row out of its group")
		s.press("esc", "tab")
		s.typed("Sal")
		check("value")
		s.press("ctrl+t")
		check("text")
	})
}

func TestFieldOfTheRuleMovesByGraphemesAndLines(t *testing.T) {
	field := &ruleText{}
	field.SetValue("ab e\u0301 👩‍👩‍👧\ncd")
	field.layOut(darkTheme(), 40)
	field.SetPos(0)
	press := func(keys ...string) {
		for _, k := range keys {
			_, handled := field.Handle(press(k))
			assert.True(t, handled, k)
		}
	}
	press("right", "right", "right", "right")
	assert.Equal(t, "ab e\u0301", field.value[:field.at])
	press("right", "right", "backspace")
	assert.Equal(t, "ab e\u0301 \ncd", field.value)
	field.layOut(darkTheme(), 40)
	assert.True(t, field.vertical(1))
	assert.Equal(t, len(field.value), field.at, "the column is beyond the line's end")
	assert.False(t, field.vertical(1))
	press("ctrl+u", "backspace", "home", "delete", "ctrl+k")
	assert.Equal(t, "", field.value)
}
