package rule_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/model"
	"rollcall/model/rule"
)

func is(property, value string) rule.Node {
	return &rule.Comparison{Property: property, Operator: rule.OpEq, Value: rule.TextValue(value)}
}

func TestPrecedenceIsComparisonThenNotThenAndThenOr(t *testing.T) {
	a, b, c := is("city", "a"), is("city", "b"), is("city", "c")
	for text, want := range map[string]rule.Node{
		`A or B and C`:         &rule.Or{Operands: []rule.Node{a, &rule.And{Operands: []rule.Node{b, c}}}},
		`A and B or C`:         &rule.Or{Operands: []rule.Node{&rule.And{Operands: []rule.Node{a, b}}, c}},
		`(A or B) and C`:       &rule.And{Operands: []rule.Node{&rule.Or{Operands: []rule.Node{a, b}}, c}},
		`not A and B`:          &rule.And{Operands: []rule.Node{&rule.Not{Operand: a}, b}},
		`not (A and B)`:        &rule.Not{Operand: &rule.And{Operands: []rule.Node{a, b}}},
		`A and not B or not C`: &rule.Or{Operands: []rule.Node{&rule.And{Operands: []rule.Node{a, &rule.Not{Operand: b}}}, &rule.Not{Operand: c}}},
		`A and B and C`:        &rule.And{Operands: []rule.Node{a, b, c}},
	} {
		t.Run(text, func(t *testing.T) {
			for _, hyphen := range []string{"", "-"} {
				text := strings.NewReplacer(
					"A", `user.city -eq "a"`, "B", `user.city -eq "b"`, "C", `user.city -eq "c"`,
					"or", hyphen+"or", "and", hyphen+"and", "not", hyphen+"not",
				).Replace(text)
				r, diagnostics := rule.Parse(text)
				require.Empty(t, diagnostics)
				assert.True(t, rule.Equal(want, r.Root), rule.Print(r.Root))
			}
		})
	}
}

func TestStringsAreUnescaped(t *testing.T) {
	for source, want := range map[string]string{
		`"Sales"`:                         `Sales`,
		`'Sales'`:                         `Sales`,
		`""`:                              ``,
		`''`:                              ``,
		`"a\"b"`:                          `a"b`,
		"\"a`\"b\"":                       `a"b`,
		`"a\\b"`:                          `a\b`,
		`"a\\"`:                           `a\`,
		`"\d+\.\w"`:                       `\d+\.\w`,
		`"O''Brien"`:                      `O'Brien`,
		`'O''Brien'`:                      `O'Brien`,
		`"O'Brien"`:                       `O'Brien`,
		`'say "hi"'`:                      `say "hi"`,
		"`\"Sales`\"":                     `Sales`,
		"“Sales”":                         `Sales`,
		"“Sales\"":                        `Sales`,
		"„Sales“":                         `Sales`,
		"‘Sales’":                         `Sales`,
		"\"en – dash and “quotes” stay\"": "en – dash and “quotes” stay",
	} {
		t.Run(source, func(t *testing.T) {
			r, diagnostics := rule.Parse("user.city -eq" + source)
			require.Empty(t, errorsOf(diagnostics))
			require.IsType(t, &rule.Comparison{}, r.Root)
			assert.Equal(t, want, r.Root.(*rule.Comparison).Value.Text)
		})
	}
}

func TestPastedTypographyIsReadWithANote(t *testing.T) {
	r, diagnostics := rule.Parse("user.city –eq “Praha” —and user.city –ne “Brno”")
	assert.Equal(t, `user.city -eq "Praha" -and user.city -ne "Brno"`, rule.Print(r.Root))
	var notes []string
	for _, d := range diagnostics {
		require.Equal(t, rule.Note, d.Severity)
		notes = append(notes, d.String())
	}
	assert.Equal(t, []string{
		`line 1, column 11: '–' is read as a hyphen`,
		`line 1, column 15: curly quotation marks are read as straight ones`,
		`line 1, column 23: '—' is read as a hyphen`,
	}, notes)
}

func TestFaultsAreFoundWhereTheyStand(t *testing.T) {
	for name, c := range map[string]struct {
		text       string
		span       string // the text that the first error covers
		message    string
		suggestion string
	}{
		"a misspelt property":            {`user.departmnt -eq "a"`, `user.departmnt`, "Attribute not supported", "user.department"},
		"a Graph name":                   {`user.mobilePhone -eq "a"`, `user.mobilePhone`, "Attribute not supported", "user.mobile"},
		"a property without user.":       {`department -eq "a"`, `department`, "is not a property", "user.department"},
		"a misspelt operator":            {`user.city -startWith "a"`, `-startWith`, "there is no operator", "-startsWith"},
		"a missing operator":             {`user.city "a"`, `"a"`, "after user.city", ""},
		"a missing value":                {`user.city -eq`, ``, "end of the rule", ""},
		"a value without quotes":         {`user.city -eq New York -and user.state -eq "NY"`, `New York`, "quotation marks", `"New York"`},
		"a string without end":           {`user.city -eq "Praha`, `"Praha`, "not closed", ""},
		"an array without end":           {`user.city -in ["a", "b"`, `[`, "not closed", ""},
		"an empty array":                 {`user.city -in []`, `[]`, "empty", ""},
		"a word in an array":             {`user.city -in ["a", b]`, `b`, "quotation marks", `"b"`},
		"-in without an array":           {`user.city -in "a"`, `"a"`, "needs an array", `["a"]`},
		"-eq with an array":              {`user.city -eq ["a"]`, `["a"]`, "not an array", "-in"},
		"a parenthesis without end":      {`(user.city -eq "a"`, `(`, "not closed", ""},
		"a parenthesis without start":    {`user.city -eq "a")`, `)`, "closes nothing", ""},
		"two clauses side by side":       {`user.city -eq "a" user.state -eq "b"`, `user.state`, "without an operator", ""},
		"a joint without right side":     {`user.city -eq "a" -and`, ``, "ends where a clause", ""},
		"a joint without left side":      {`-or user.city -eq "a"`, `-or`, "unexpected -or", ""},
		"-contains on a boolean":         {`user.accountEnabled -contains "t"`, `-contains`, "Operator isn't supported on attribute", ""},
		"-startsWith on a date":          {`user.employeeHireDate -startsWith "2020"`, `-startsWith`, "Operator isn't supported on attribute", ""},
		"-ne with a date":                {`user.employeeHireDate -ne system.now`, `-ne`, "Operator isn't supported on attribute", ""},
		"-le on a text":                  {`user.city -le "a"`, `-le`, "Operator isn't supported on attribute", ""},
		"a text for a boolean":           {`user.accountEnabled -eq "yes"`, `"yes"`, "true, false or null", ""},
		"a text for a date":              {`user.employeeHireDate -ge "soon"`, `"soon"`, "is a date", ""},
		"a boolean for a text":           {`user.city -eq true`, `true`, "is a text", `"true"`},
		"null with another operator":     {`user.city -startsWith null`, `null`, "cannot compare with null", ""},
		"a duration that is none":        {`user.employeeHireDate -ge system.now -minus 90d`, `90d`, "not a duration", "P90D"},
		"-any on a scalar":               {`user.city -any (_ -eq "a")`, `user.city`, "has one value", ""},
		"the element as a property":      {`user._ -eq "a"`, `user._`, "Attribute not supported", ""},
		"the element outside":            {`_ -eq "a"`, `_`, "inside -any and -all only", ""},
		"a property inside -any":         {`user.otherMails -any (_ -eq "a" -and user.city -eq "b")`, `user.city`, "only the element", ""},
		"-any inside -any":               {`user.otherMails -any (_ -any (_ -eq "a"))`, `-any`, "cannot stand inside", ""},
		"an expression with look-ahead":  {`user.city -match "(?=a)b"`, `"(?=a)b"`, "look-around", ""},
		"an expression with look-behind": {`user.city -match "(?<!a)b"`, `"(?<!a)b"`, "look-around", ""},
		"a back-reference":               {`user.city -match "(a)\1"`, `"(a)\1"`, "back-reference", ""},
		"an atomic group":                {`user.city -match "(?>a)b"`, `"(?>a)b"`, "atomic group", ""},
		"a possessive quantifier":        {`user.city -match "a++"`, `"a++"`, "repeats a repetition", ""},
		"an expression that is a glob":   {`user.mail -match "*@contoso.com"`, `"*@contoso.com"`, "repeats nothing", ""},
		"a device rule":                  {`device.displayName -eq "a"`, `device.displayName`, "not recipients", ""},
		"a group without an id":          {`user.memberOf -any (group.objectId -in ['1'])`, `'1'`, "is not an object id", ""},
		"a group that stands bare":       {`user.memberOf -any (group.objectId -in [62e19b97-8b3d-4d4a-a106-4ce66896a863])`, `62e19b97-8b3d-4d4a-a106-4ce66896a863`, "quotation marks", `"62e19b97-8b3d-4d4a-a106-4ce66896a863"`},
		"memberOf with another clause":   {`user.city -eq "a" -or user.memberOf -any (group.objectId -in ['62e19b97-8b3d-4d4a-a106-4ce66896a863'])`, `user.memberOf -any (group.objectId -in ['62e19b97-8b3d-4d4a-a106-4ce66896a863'])`, "cannot be combined with other clauses", ""},
		"memberOf that is negated":       {`-not (user.memberOf -any (group.objectId -in ['62e19b97-8b3d-4d4a-a106-4ce66896a863']))`, `user.memberOf -any (group.objectId -in ['62e19b97-8b3d-4d4a-a106-4ce66896a863'])`, "cannot be combined with other clauses", ""},
		"reports with another clause":    {`Direct Reports for "62e19b97-8b3d-4d4a-a106-4ce66896a863" user.city -eq "a"`, `Direct Reports for "62e19b97-8b3d-4d4a-a106-4ce66896a863"`, "cannot be combined with other clauses", ""},
		"-contains on the plans":         {`user.assignedPlans -notContains "SCO"`, `-notContains`, "Operator isn't supported on attribute", `user.assignedPlans -all (assignedPlan.service -notContains "SCO")`},
		"a misspelt property of a plan":  {`user.assignedPlans -any (assignedPlan.servicePlan -eq "a")`, `assignedPlan.servicePlan`, "Attribute not supported", "assignedPlan.servicePlanId"},
		"a plan outside":                 {`assignedPlan.service -eq "SCO"`, `assignedPlan.service`, "inside user.assignedPlans -any and -all only", ""},
		"a character of no rule":         {`user.city -eq "a" ; user.city -eq "b"`, `;`, "unexpected character", ""},
		"bytes that are no text":         {"user.city -eq \"\xff\"", "\xff", "UTF-8", ""},
	} {
		t.Run(name, func(t *testing.T) {
			_, diagnostics, err := rule.Compile(c.text, model.FullSchema(), evaluatedAt)
			require.Error(t, err)
			first := firstError(t, diagnostics)
			assert.Equal(t, c.span, c.text[first.Start:first.End])
			assert.Contains(t, first.Message, c.message)
			assert.Equal(t, c.suggestion, first.Suggestion)
		})
	}
}

func firstError(t *testing.T, diagnostics []rule.Diagnostic) rule.Diagnostic {
	t.Helper()
	for _, d := range diagnostics {
		if d.Severity == rule.Error {
			return d
		}
	}
	require.Fail(t, "there is no error")
	return rule.Diagnostic{}
}

func TestLinesAndColumnsCountCharacters(t *testing.T) {
	_, diagnostics, _ := rule.Compile("user.city -eq \"Þórshöfn\"\n  -and user.citi -eq \"b\"", model.FullSchema(), evaluatedAt)
	first := firstError(t, diagnostics)
	assert.Equal(t, 2, first.Line)
	assert.Equal(t, 8, first.Column)
}

func TestReadingGoesOnBehindAFault(t *testing.T) {
	r, diagnostics := rule.Parse(`user.city -eqq "a" -and (user.state -eq -or user.country -eq "c") -and user.mail -ne null`)
	assert.Len(t, errorsOf(diagnostics), 2)
	assert.Equal(t, `user.country -eq "c" -and user.mail -ne null`, rule.Print(r.Root))
}

func TestAnErrorOfCompileNamesTheFirstFault(t *testing.T) {
	_, _, err := rule.Compile(`user.city -eq "a" -and user.departmnt -eq "b"`, model.FullSchema(), evaluatedAt)
	e := model.AsError(err)
	assert.Equal(t, model.KindUsage, e.Kind)
	assert.Equal(t, "ruleInvalid", e.Code)
	assert.Equal(t, "the rule cannot be read: line 1, column 24: Attribute not supported: user.departmnt; expected a property such as user.department", e.Message)
	assert.Equal(t, "did you mean user.department?", e.Remedy)
}

func TestAnAttributeThatIsNotSyncedNamesTheSetting(t *testing.T) {
	schema, err := model.NewSchema("department")
	require.NoError(t, err)
	_, _, err = rule.Compile(`user.city -eq null`, schema, evaluatedAt)
	require.Error(t, err)
	assert.Contains(t, err.Error(), `add "city" to the setting "attributes" of the profile`)
}

func TestDeepNestingIsRefused(t *testing.T) {
	for name, text := range map[string]string{
		"parentheses": strings.Repeat("(", 30_000) + `user.city -eq "a"` + strings.Repeat(")", 30_000),
		"not":         strings.Repeat("-not ", 10_000) + `user.city -eq "a"`,
	} {
		t.Run(name, func(t *testing.T) {
			_, diagnostics := rule.Parse(text)
			require.Len(t, errorsOf(diagnostics), 1)
			assert.Contains(t, diagnostics[0].Message, "nests deeper than 100 levels")
		})
	}
}

func TestATextBeyondTheLimitIsRefused(t *testing.T) {
	r, diagnostics := rule.Parse(strings.Repeat(" ", rule.MaxLength+1))
	assert.Nil(t, r.Root)
	assert.Len(t, errorsOf(diagnostics), 1)
}

func TestADiagnosticReadsAsOneLine(t *testing.T) {
	_, diagnostics := rule.Parse(`user.city -equals "a"`)
	assert.Equal(t, "line 1, column 11: there is no operator -equals; expected an operator such as -eq; did you mean -eq?", firstError(t, diagnostics).String())
}

func TestAdviceNeverCrowdsOutAnError(t *testing.T) {
	text := strings.Repeat(`user.CITY -eq "a" -or `, 200) + `user.city -eqq "b"`
	_, diagnostics := rule.Parse(text)
	assert.Less(t, len(diagnostics), 100)
	assert.Len(t, errorsOf(diagnostics), 1)
}
