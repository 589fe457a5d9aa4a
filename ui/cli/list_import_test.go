package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/model"
	"rollcall/model/workspace/workspacetest"
)

// csvFile writes a file and returns its path.
func csvFile(t *testing.T, lines ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "staff.csv")
	require.NoError(t, os.WriteFile(path, []byte(strings.Join(lines, "\n")+"\n"), 0o600))
	return path
}

// audited counts the imports in the audit.
func (s *shell) audited() int {
	return strings.Count(s.ok("log"), "list.import")
}

func TestAFileBecomesAListAndBringsItUpToDateWhenThatIsApproved(t *testing.T) {
	s := newShell(t)
	staff := csvFile(t, "Name;E-Mail", "Adele;adele@contoso.com", "Bert;BERT@contoso.com")
	out := s.ok("list", "import", "Staff", staff)
	assert.Equal(t, "staff.csv: utf-8, semicolon, headings in line 1\n\n"+
		"COLUMN   NO  HEADING  TOLD BY  FIRST ROWS\n"+
		"address   2  E-Mail   heading  adele@contoso.com · BERT@contoso.com\n"+
		"name      1  Name     heading  Adele · Bert\n"+
		"\n2 rows: 2 users\nSaved Staff: 2 members.\n", out)
	assert.Contains(t, s.ok("list", "show", "staff"), "imported from staff.csv, changed 2026-11-22T12:00:00Z\n")
	assert.Contains(t, s.ok("list", "list"), "staff.csv\n")
	assert.Equal(t, 1, s.audited())

	assert.Contains(t, s.ok("list", "import", "Staff", staff), "Nothing changed: Staff has 2 members already.\n")
	assert.Equal(t, 1, s.audited(), "nothing was written")

	staff = csvFile(t, "Name;E-Mail", "Bert;bert@contoso.com", "Dora;dora@contoso.com")
	a := s.run("list", "import", "STAFF", staff)
	assert.Equal(t, 3, a.code, "an unanswered question is no approval")
	assert.Contains(t, a.stderr, "not approved")
	assert.Contains(t, a.stderr, "--yes")
	assert.Contains(t, a.stdout, "Staff: 2 members now, 2 then: 1 joining, 1 leaving, 0 changed, 1 unchanged\n  + Dora Lind, dora@contoso.com\n  - Adele Vance, adele@contoso.com\n")
	assert.Contains(t, a.stdout, "Nothing was written.\n")
	assert.Contains(t, s.ok("list", "import", "Staff", staff, "--dry-run"), "this was a dry run")
	refused := s.run("list", "import", "Staff", staff, "--json")
	assert.Equal(t, 3, refused.code)
	assert.Equal(t, false, decode(t, refused.stdout)["written"], "the changes are shown to a program too")
	assert.Equal(t, "notApproved", decode(t, refused.stderr)["error"].(map[string]any)["code"])
	assert.Equal(t, 1, s.audited())

	changed := s.object("list", "import", "Staff", staff, "--yes")
	assert.Equal(t, true, changed["written"])
	assert.Equal(t, false, changed["new"])
	assert.Len(t, changed["joins"], 1)
	assert.Len(t, changed["leaves"], 1)
	assert.EqualValues(t, 1, changed["unchanged"])
	assert.Equal(t, []any{"bert@contoso.com", "dora@contoso.com"}, s.object("preview", "list:Staff")["addresses"])
	assert.Equal(t, 2, s.audited())
}

func TestOnlyATypedYesApprovesAnImport(t *testing.T) {
	for answer, code := range map[string]int{"yes\n": 0, "y\n": 3, "\n": 3, "": 3, "yes please\n": 3} {
		t.Run(fmt.Sprintf("%q", answer), func(t *testing.T) {
			s := newShell(t)
			s.ok("list", "save", "Staff", "--user", "adele@contoso.com")
			s.terminal, s.stdin = true, strings.NewReader(answer)
			a := s.run("list", "import", "Staff", csvFile(t, "mail", "bert@contoso.com"))
			assert.Equal(t, code, a.code, a.stderr)
			assert.Contains(t, a.stderr, `Change the list Staff? Only "yes" approves: `)
			s.terminal = false
			assert.Equal(t, code == 0, strings.Contains(s.ok("list", "show", "Staff"), "Bert Olsen"))
		})
	}
}

func TestRowsThatNameNobodyAreListedAndTheOthersImported(t *testing.T) {
	s := newShell(t)
	for i := range s.tenant.Users {
		s.tenant.Users[i].Fields = append(s.tenant.Users[i].Fields, model.Field{Attr: model.AttrEmployeeID, Value: fmt.Sprintf("00%d", i+1)})
	}
	staff := csvFile(t,
		"PersNr;Name;E-Mail",
		"001;Adele;adele@contoso.com",
		"002;Chandra;chandra@contoso.com", // Bert's number
		"9;Zoe;zoe@contoso.com",
		"1;Adele;",
		";Eve;eve@fabrikam.com",
		"001;Adele again;",
		";Nobody;",
	)
	a := s.run("list", "import", "Staff", staff)
	assert.Equal(t, 6, a.code)
	assert.Contains(t, a.stderr, "rows of staff.csv left out: 5 of 7 (4 naming nobody, 1 ambiguous)")
	for _, line := range []string{
		"7 rows: 1 user, 1 named twice, 1 ambiguous, 4 name nobody\n",
		"  line 3 ambiguous: chandra@contoso.com and 002 are of different users\n",
		"    Chandra Rao (chandra@contoso.com, id " + workspacetest.ID(workspacetest.Chandra) + ")\n",
		"    Bert Olsen (bert@contoso.com, id " + workspacetest.ID(workspacetest.Bert) + ")\n",
		"  line 4 unmatched: no user owns zoe@contoso.com\n",
		"  line 5 unmatched: no user has the employee id 1; 001 differs in its leading zeros",
		"  line 6 unmatched: no user owns eve@fabrikam.com, and its domain is not the tenant's\n",
		"  line 8 unmatched: the row names nobody",
		"  line 7 duplicate: line 2 names the same\n",
		"Saved Staff: 1 member.\n",
	} {
		assert.Contains(t, a.stdout, line)
	}

	a = s.run("list", "import", "Again", staff, "--outside", "--json")
	assert.Equal(t, 6, a.code)
	object := decode(t, a.stdout)
	assert.EqualValues(t, 1, object["outside"])
	assert.EqualValues(t, 2, object["members"])
	ambiguous := object["ambiguous"].([]any)[0].(map[string]any)
	assert.EqualValues(t, 3, ambiguous["line"])
	assert.Len(t, ambiguous["candidates"], 2)
	assert.Equal(t, "utf-8", object["format"].(map[string]any)["encoding"])
	a = s.run("list", "import", "Again", staff, "--outside", "--format", "csv")
	assert.Equal(t, 6, a.code)
	assert.True(t, strings.HasPrefix(a.stdout, "line,result,value,id,firstLine,reason\n2,matched,adele@contoso.com,"+workspacetest.ID(workspacetest.Adele)+",,\n3,ambiguous,"), a.stdout)
}

func TestPeopleOutsideTheTenantAreKeptWhenThatIsAskedFor(t *testing.T) {
	s := newShell(t)
	partners := csvFile(t, "Name,Mail,Mobile", "Adele,adele@contoso.com,", "Eve,eve@fabrikam.com,+44 20 7946 0991", "=cmd(),x@fabrikam.com,", "Eve,EVE@fabrikam.com,")
	s.ok("list", "import", "Partners", partners, "--outside")
	assert.Equal(t, "Partners: 3 members, 2 outside the tenant\nimported from staff.csv, changed 2026-11-22T12:00:00Z\n"+
		"NAME         MAIL               MOBILE\n"+
		"Adele Vance  adele@contoso.com\n"+
		"Eve          eve@fabrikam.com   +44 20 7946 0991  outside the tenant\n"+
		"=cmd()       x@fabrikam.com                       outside the tenant\n", s.ok("list", "show", "Partners"))
	preview := s.object("preview", "list:Partners")
	assert.Equal(t, []any{"adele@contoso.com", "eve@fabrikam.com", "x@fabrikam.com"}, preview["addresses"])
	recipients := preview["recipients"].(map[string]any)
	assert.EqualValues(t, 2, recipients["external"])
	assert.EqualValues(t, 1, recipients["sms"])

	exported := s.ok("list", "export", "Partners")
	assert.Contains(t, exported, ",'=cmd(),,x@fabrikam.com,false,,true\n", "a formula is disarmed")
	path := csvFile(t, strings.TrimSuffix(exported, "\n"))
	again := s.object("list", "import", "Partners", path, "--outside", "--dry-run")
	assert.Empty(t, again["joins"])
	assert.Empty(t, again["leaves"])
	assert.Empty(t, again["changed"], "the apostrophe of the export is read back")
}

func TestAFileThatWasCutOffDoesNotEmptyAList(t *testing.T) {
	s := newShell(t)
	for i := range 60 {
		address := fmt.Sprintf("user%d@contoso.com", i)
		s.tenant.Users = append(s.tenant.Users, model.Change{ID: workspacetest.ID(100 + i), Fields: []model.Field{
			{Attr: model.AttrDisplayName, Value: fmt.Sprintf("User %d", i)}, {Attr: model.AttrUserPrincipalName, Value: address}, {Attr: model.AttrMail, Value: address},
		}})
	}
	lines := []string{"mail"}
	for i := range 60 {
		lines = append(lines, fmt.Sprintf("user%d@contoso.com", i))
	}
	s.ok("list", "import", "Staff", csvFile(t, lines...))

	cut := csvFile(t, lines[:41]...)
	a := s.run("list", "import", "Staff", cut, "--yes")
	assert.Equal(t, 3, a.code)
	assert.Contains(t, a.stderr, "would remove 20 of the 60 members")
	assert.Contains(t, a.stderr, "--allow-removals 20")
	assert.Contains(t, a.stdout, "  and 10 more: --all prints them\n")
	assert.NotContains(t, s.run("list", "import", "Staff", cut, "--yes", "--all").stdout, "more: --all")
	assert.Equal(t, 3, s.run("list", "import", "Staff", cut, "--yes", "--allow-removals", "19").code)
	assert.EqualValues(t, 60, s.object("list", "show", "Staff")["count"])

	for name, text := range map[string]string{"nothing at all": "", "headings alone": "mail"} {
		a = s.run("list", "import", "Staff", csvFile(t, text), "--yes", "--allow-removals", "60")
		assert.Equal(t, 2, a.code, name)
	}
	a = s.run("list", "import", "Staff", csvFile(t, "mail", "nobody@contoso.com"), "--yes", "--allow-removals", "60")
	assert.Equal(t, 3, a.code)
	assert.Contains(t, a.stderr, "no row of staff.csv names anybody")
	assert.EqualValues(t, 60, s.object("list", "show", "Staff")["count"])

	s.ok("list", "import", "Staff", csvFile(t, lines[:51]...), "--yes") // 10 leave
	assert.EqualValues(t, 50, s.object("list", "show", "Staff")["count"])
	s.ok("list", "import", "Staff", csvFile(t, lines[:31]...), "--yes", "--allow-removals", "20")
	assert.EqualValues(t, 30, s.object("list", "show", "Staff")["count"])
}

func TestAFileIsReadAsTheFlagsSay(t *testing.T) {
	s := newShell(t)
	odd := csvFile(t, "wer|chef|was", "adele@contoso.com|bert@contoso.com|x", "dora@contoso.com|bert@contoso.com|y", "chandra@contoso.com|bert@contoso.com|z")
	a := s.run("list", "import", "Staff", odd)
	assert.Equal(t, 2, a.code)
	assert.Contains(t, a.stderr, "2 columns can be the address")
	assert.Contains(t, a.stderr, "--column address=1")
	s.ok("list", "import", "Staff", odd, "--column", "email=WER", "--delimiter", "pipe", "--encoding", "windows-1252", "--header")
	assert.Equal(t, []any{"adele@contoso.com", "chandra@contoso.com", "dora@contoso.com"}, s.object("preview", "list:Staff")["addresses"])

	s.stdin = strings.NewReader("bert@contoso.com\nadele@contoso.com\n")
	object := s.object("list", "import", "Piped", "-", "--no-header", "--column", "address=1")
	assert.Equal(t, true, object["written"])
	assert.Equal(t, "standard input", object["file"])
	s.terminal, s.stdin = true, strings.NewReader("dora@contoso.com\n")
	a = s.run("list", "import", "Piped", "-")
	assert.Equal(t, 3, a.code, "the input that held the file cannot answer")
	assert.Contains(t, a.stderr, "--yes")
}

func TestAnImportThatCannotBeReadSaysWhy(t *testing.T) {
	s := newShell(t)
	good := csvFile(t, "mail", "adele@contoso.com")
	for name, test := range map[string]struct {
		args []string
		says string
	}{
		"no file":             {[]string{"Staff"}, "takes NAME FILE.csv; 1 given"},
		"a missing file":      {[]string{"Staff", "none.csv"}, "none.csv"},
		"a broken row":        {[]string{"Staff", csvFile(t, "mail", "adele@contoso.com", "bert")}, `line 3: "bert" is neither`},
		"a blank name":        {[]string{" ", good}, "a list needs a name"},
		"an unknown column":   {[]string{"Staff", good, "--column", "shoe=1"}, `there is no column "shoe"`},
		"half a column":       {[]string{"Staff", good, "--column", "address"}, "COLUMN=HEADING"},
		"a column twice":      {[]string{"Staff", good, "--column", "mail=1", "--column", "email=2"}, "address twice"},
		"a missing heading":   {[]string{"Staff", good, "--column", "address=mial"}, `did you mean "mail"?`},
		"a number too high":   {[]string{"Staff", good, "--column", "address=2"}, `there is no column "2"`},
		"no column that says": {[]string{"Staff", good, "--column", "address="}, "no column is known"},
		"an odd delimiter":    {[]string{"Staff", good, "--delimiter", "x"}, "comma, semicolon, tab or pipe"},
		"an odd encoding":     {[]string{"Staff", good, "--encoding", "ebcdic"}, "windows-1252"},
		"two headers":         {[]string{"Staff", good, "--header", "--no-header"}, "no-header"},
		"negative removals":   {[]string{"Staff", good, "--allow-removals", "-1"}, "negative"},
	} {
		t.Run(name, func(t *testing.T) {
			a := s.run(append([]string{"list", "import"}, test.args...)...)
			assert.Equal(t, 2, a.code, a.stderr)
			assert.Contains(t, a.stderr, test.says)
			assert.Empty(t, a.stdout)
		})
	}
	assert.Empty(t, s.object("list", "list")["lists"])
}

func TestAMemberWhomAnAmbiguousRowMayMeanStays(t *testing.T) {
	s := newShell(t)
	s.ok("list", "import", "Staff", csvFile(t, "mail", "adele@contoso.com", "bert@contoso.com"))
	a := s.run("list", "import", "Staff", csvFile(t, "id,mail", ",adele@contoso.com", workspacetest.ID(workspacetest.Dora)+",bert@contoso.com"), "--yes", "--json")
	assert.Equal(t, 6, a.code, a.stderr)
	object := decode(t, a.stdout)
	assert.Empty(t, object["leaves"])
	assert.Equal(t, false, object["written"])
	assert.Equal(t, "Bert Olsen", object["kept"].([]any)[0].(map[string]any)["displayName"])
}

func TestTheShellCompletesTheNamesOfListsAndThenFiles(t *testing.T) {
	s := newShell(t)
	s.ok("list", "save", "Staff", "--user", "bert@contoso.com")
	for _, command := range []string{"show", "export", "delete", "import"} {
		assert.Contains(t, s.ok("__complete", "list", command, "st"), "Staff\t1 member\n:4\n", command)
	}
	assert.Contains(t, s.ok("__complete", "list", "import", "Staff", ""), "csv\ntxt\n:8\n")
	assert.Contains(t, s.ok("__complete", "list", "import", "--delimiter", ""), "semicolon\n")
}

func TestAListPickedByHandForgetsTheFile(t *testing.T) {
	s := newShell(t)
	s.ok("list", "import", "Staff", csvFile(t, "mail", "adele@contoso.com"))
	s.ok("list", "save", "Staff", "--user", "bert@contoso.com", "--replace")
	lists := s.object("list", "list")["lists"].([]any)
	require.Len(t, lists, 1)
	assert.NotContains(t, lists[0], "file")
}
