package cli

import (
	"encoding/csv"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/model/workspace/workspacetest"
)

// hostile are display names that a tenant can hold.
var hostile = []string{
	"\x1b]0;owned\x07Eve\x1b[31m",
	"Eve\r\nrollcall: all users deleted",
	"\u202egnirahs\u2066",
	"Eve\u009b31m\x7f",
	"Eve\u200b\u2028Eve",
	"\xff\xfeEve",
}

func TestNoControlByteOfADisplayNameReachesAPersonsTerminal(t *testing.T) {
	for _, name := range hostile {
		s := newShell(t)
		s.rename(workspacetest.Adele, name)
		s.tenant.Object(workspacetest.GroupSales).Group.DisplayName = name
		s.tenant.Object(workspacetest.ListPartners).Group.DisplayName = name
		s.tenant.Account.TenantName = name
		s.ok("segment", "save", "Sales", salesRule+` -or user.city -eq "`+strings.ToValidUTF8(name, "")+`"`, "--note", name)
		s.ok("segment", "save", "Nobody", `user.city -eq "Nowhere"`)
		for _, args := range [][]string{
			{"users"},
			{"facets", "displayName"},
			{"signin"},
			{"plan", "list"},
			{"log"},
			{"segment", "list"},
			{"segment", "show", "Sales"},
			{"segment", "versions", "Sales"},
			{"segment", "compare", "Nobody", "--with", salesRule},
			{"segment", "compare", "Nobody", "--with", salesRule, "--gained"},
			{"preview", "all-staff@contoso.com", "--tree"},
			{"preview", "all-staff@contoso.com", "--why", "fergus@fabrikam.com"},
			{"plan", "--from", "segment:Sales", "--to", workspacetest.ID(workspacetest.GroupSales)},
		} {
			a := s.run(args...)
			assert.Zero(t, a.code, "%v: %s", args, a.stderr)
			for _, r := range a.stdout + a.stderr {
				acts := r != '\n' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == '\u2028')
				assert.False(t, acts, "%q reaches the terminal in %v: %q", r, args, a.stdout)
			}
		}
	}
}

func TestANameDoesNotBreakItsLine(t *testing.T) {
	s := newShell(t)
	s.rename(workspacetest.Adele, "Adele\nVance")
	assert.Equal(t, 1+4, strings.Count(s.ok("users"), "\n"), "the heading and a line for each user")
}

func TestATableIsAsWideAsItsCellsAreDrawn(t *testing.T) {
	s := newShell(t)
	s.rename(workspacetest.Adele, "阿黛尔")
	s.rename(workspacetest.Bert, strings.Repeat("\x1b[1m", 30)+"Bert")
	for line := range strings.Lines(s.ok("users", "--columns", "displayName,department")) {
		if strings.Contains(line, "阿黛尔") {
			// Three signs of two cells each, padded to 48 and two more.
			assert.Equal(t, "阿黛尔"+strings.Repeat(" ", 48-6+2)+"Sales\n", line)
		}
	}
}

func TestCSVDisarmsFormulasAndKeepsEveryCell(t *testing.T) {
	s := newShell(t)
	s.rename(workspacetest.Adele, `=HYPERLINK("https://evil.example","x")`)
	s.rename(workspacetest.Bert, "Bert, \"the\"\nsecond")
	records, err := csv.NewReader(strings.NewReader(s.ok("users", "--format", "csv", "--columns", "mail,displayName", "--sort", "mail"))).ReadAll()
	require.NoError(t, err)
	assert.Equal(t, [][]string{
		{"mail", "displayName"},
		{"adele@contoso.com", `'=HYPERLINK("https://evil.example","x")`},
		{"bert@contoso.com", "Bert, \"the\"\nsecond"},
		{"chandra@contoso.com", "Chandra Rao"},
		{"dora@contoso.com", "Dora Lind"},
	}, records)
}

func TestJSONEscapesWhatATerminalWouldObey(t *testing.T) {
	s := newShell(t)
	const hostile = "a\x1b[2J\x7f\u009b\u202eb"
	s.rename(workspacetest.Adele, hostile)
	out := s.ok("users", "adele", "--json")
	assert.NotContains(t, out, "\x7f")
	assert.NotContains(t, out, "\u009b")
	assert.NotContains(t, out, "\u202e")
	users := decode(t, out)["users"].([]any)
	require.Len(t, users, 1)
	assert.Equal(t, hostile, users[0].(map[string]any)["displayName"], "nothing is lost")
}

func TestNDJSONIsOneObjectARow(t *testing.T) {
	s := newShell(t)
	var mails []string
	for line := range strings.Lines(s.ok("users", "--format", "ndjson", "--columns", "mail", "--sort", "mail")) {
		mails = append(mails, decode(t, line)["mail"].(string))
	}
	assert.Equal(t, []string{"adele@contoso.com", "bert@contoso.com", "chandra@contoso.com", "dora@contoso.com"}, mails)
}

// keys are the names of an object, in order.
func keys(v any) []string { return slices.Sorted(maps.Keys(v.(map[string]any))) }

// names sorts the words of a list of keys.
func names(s string) []string { return slices.Sorted(slices.Values(strings.Fields(s))) }

func TestJSONHasTheKeysThatScriptsRelyOn(t *testing.T) {
	s := newShell(t)
	assert.Equal(t, names("mode users added updated removed requests throttled retried elapsedMs"), keys(s.object("sync")))

	users := s.object("users", "--columns", "mail,department")
	assert.Equal(t, names("total users"), keys(users))
	assert.Equal(t, names("id mail department"), keys(users["users"].([]any)[0]))
	assert.Equal(t, names("count"), keys(s.object("users", "--count")))

	facets := s.object("facets", "department")
	assert.Equal(t, names("attribute distinct null values"), keys(facets))
	assert.Equal(t, names("value count"), keys(facets["values"].([]any)[0]))

	const version = "id version name rule createdAt createdBy changedAt changedBy"
	assert.Equal(t, names(version+" count diagnostics"), keys(s.object("segment", "save", "Sales", salesRule)))
	assert.Equal(t, names(version+" count diagnostics lastCount"), keys(s.object("segment", "show", "sales")))
	assert.Equal(t, names(version+" count lastCount"), keys(s.object("segment", "list")["segments"].([]any)[0]))
	other := s.object("segment", "save", "Sales", `user.department -eq "Engineering"`, "--note", "for the tests")
	assert.Equal(t, names(version+" note count diagnostics change"), keys(other))
	assert.Equal(t, names("before after gained lost"), keys(other["change"]))
	compared := s.object("segment", "compare", "Sales")
	assert.Equal(t, names("name from to before after gained lost"), keys(compared))
	assert.Equal(t, names("version rule"), keys(compared["from"]))
	assert.Equal(t, names("id displayName userPrincipalName mail"), keys(compared["gained"].([]any)[0]))
	assert.Equal(t, names("name from to before after lost"), keys(s.object("segment", "compare", "Sales", "--lost")))
	assert.Equal(t, names(version+" count diagnostics change"), keys(s.object("segment", "undo", "Sales")))
	versions := s.object("segment", "versions", "Sales")
	assert.Equal(t, names("name versions"), keys(versions))
	assert.Subset(t, keys(versions["versions"].([]any)[0]), names(version))
	assert.Subset(t, keys(s.object("segment", "rename", "Sales", "Sellers")), names(version))
	s.ok("segment", "rename", "Sellers", "Sales")
	assert.Equal(t, names("name as rule advanced diagnostics"), keys(s.object("segment", "export", "Sales", "--as", "entra")))
	assert.Equal(t, names("as rule advanced diagnostics"), keys(s.object("segment", "export", "--rule", salesRule, "--as", "entra")))
	checked := s.object("segment", "check", "user.city –eq \"Oslo\"")
	assert.Equal(t, names("valid count diagnostics"), keys(checked))
	assert.Subset(t, keys(checked["diagnostics"].([]any)[0]), names("severity line column start end message"))

	list := names("name count createdAt createdBy changedAt changedBy")
	assert.Equal(t, list, keys(s.object("list", "save", "Board", "--user", "adele@contoso.com")))
	assert.Equal(t, list, keys(s.object("list", "list")["lists"].([]any)[0]))
	board := s.object("list", "show", "board")
	assert.Equal(t, names("name count createdAt createdBy changedAt changedBy departed outside members"), keys(board))
	assert.Equal(t, names("id displayName userPrincipalName mail mobile departed outside"), keys(board["members"].([]any)[0]))

	preview := s.object("preview", "all-staff@contoso.com")
	assert.Equal(t, names("recipients withoutAddress nonRecipients disabled duplicates excluded outside groups unresolved departed contributions overlap externalDomains notes complete asOf requests addresses"), keys(preview))
	assert.Equal(t, names("unique internal external guests sms"), keys(preview["recipients"]))
	assert.Equal(t, names("id displayName mail kind depth direct unique cycle hidden source stored empty"), keys(preview["groups"].([]any)[0]))
	assert.Equal(t, names("entry exclude within recipients alone unresolved partial"), keys(preview["contributions"].([]any)[0]))
	incomplete := s.run("preview", "board@contoso.com", "--json")
	unresolved := decode(t, incomplete.stdout)["unresolved"].([]any)[0]
	assert.Subset(t, keys(unresolved), names("entry reason"))
	assert.Subset(t, keys(decode(t, incomplete.stdout)["groups"].([]any)[0]), names("reason remedy"))

	const head = "id name entries count approvedBy approvedAt counts sources asOf"
	s.ok("preview", "all-staff@contoso.com", "--approve", "--name", "All hands")
	assert.Subset(t, keys(s.object("snapshot", "list")["snapshots"].([]any)[0]), names(head))
	assert.Subset(t, keys(s.object("snapshot", "show", "all hands")), names(head+" addresses objectIds lists"))
	diff := s.object("snapshot", "diff", "all hands")
	assert.Equal(t, names("then now joined left moved changedHands same complete structure lists unresolved"), keys(diff))
	assert.Equal(t, names("id name at unique"), keys(diff["then"]))

	plan := s.object("plan", "--from", "segment:Sales", "--to", "sg-sales")
	assert.Subset(t, keys(plan), names("id tenantId group mode base add remove unchanged skipped guards"))
	assert.Equal(t, names("id displayName kind"), keys(plan["group"]))
	assert.Subset(t, keys(plan["add"].([]any)[0]), names("id userPrincipalName"))
	assert.Equal(t, names("name limit value tripped"), keys(plan["guards"].([]any)[0]))

	report := s.object("apply", plan["id"].(string), "--yes")
	assert.Subset(t, keys(report), names("planId added removed alreadyDone failed verified requests"))
	assert.Equal(t, names("at by action subject detail"), keys(s.object("log")["events"].([]any)[0]))
	assert.Equal(t, names("version"), keys(s.object("version")))
}

func TestJSONValuesAreWhatTheDirectoryHolds(t *testing.T) {
	s := newShell(t)
	synced := s.object("sync")
	assert.Equal(t, "initial", synced["mode"])
	assert.EqualValues(t, 4, synced["users"])
	assert.EqualValues(t, len(s.tenant.Asked("")), synced["requests"])

	chandra := s.object("users", "chandra")["users"].([]any)[0].(map[string]any)
	assert.Equal(t, "Chandra Rao", chandra["displayName"])
	assert.Equal(t, false, chandra["accountEnabled"])
	assert.Nil(t, chandra["jobTitle"])
	assert.Contains(t, chandra, "jobTitle", "null is said, not left out")
	assert.Equal(t, []any{}, chandra["proxyAddresses"])

	assert.Equal(t, map[string]any{
		"attribute": "department", "distinct": 2.0, "null": 0.0,
		"values": []any{map[string]any{"value": "Sales", "count": 3.0}, map[string]any{"value": "Engineering", "count": 1.0}},
	}, s.object("facets", "department"))

	preview := s.object("preview", "all-staff@contoso.com", "--exclude", "adele@contoso.com")
	assert.Equal(t, []any{"bert@contoso.com", "fergus@fabrikam.com"}, preview["addresses"])
	assert.Equal(t, true, preview["complete"])
	assert.Positive(t, preview["requests"])
}

func TestJSONIsNotEscapedForHTML(t *testing.T) {
	s := newShell(t)
	s.rename(workspacetest.Adele, "R&D <adele>")
	out := s.ok("users", "adele", "--json")
	assert.Contains(t, out, "R&D <adele>")
	assert.True(t, json.Valid([]byte(out)))
}
