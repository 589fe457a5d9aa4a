package rule_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"rollcall/model/rule"
)

func TestParsingWhatIsPrintedGivesTheSameTree(t *testing.T) {
	schema := fullSchema()
	rapid.Check(t, func(t *rapid.T) {
		tree := trees().Draw(t, "tree")
		text := rule.Print(tree)
		parsed, diagnostics := rule.Parse(text)
		require.False(t, rule.HasErrors(diagnostics), "%s\n%v", text, diagnostics)
		require.True(t, rule.Equal(tree, parsed.Root), "printed %s\nagain   %s", text, rule.Print(parsed.Root))
		assert.Empty(t, errorsOf(rule.Check(parsed, schema)), text)
	})
}

func TestPrintWritesTheCanonicalForm(t *testing.T) {
	for text, want := range map[string]string{
		`USER.Department EQ "Sales"`: `user.department -eq "Sales"`,
		`((user.city -eq "a"))`:      `user.city -eq "a"`,
		`user.city -eq 'a' and (user.city -eq 'b' and user.city -eq 'c')`:                    `user.city -eq "a" -and (user.city -eq "b" -and user.city -eq "c")`,
		`(user.city -eq 'a' and user.city -eq 'b') or user.city -eq 'c'`:                     `user.city -eq "a" -and user.city -eq "b" -or user.city -eq "c"`,
		`user.city -eq 'a' and (user.city -eq 'b' or user.city -eq 'c')`:                     `user.city -eq "a" -and (user.city -eq "b" -or user.city -eq "c")`,
		`not(user.city -eq 'a' and user.city -eq 'b')`:                                       `-not (user.city -eq "a" -and user.city -eq "b")`,
		`not (user.city -eq 'a') and user.city -eq 'b'`:                                      `-not user.city -eq "a" -and user.city -eq "b"`,
		`not not user.city -eq $null`:                                                        `-not -not user.city -eq null`,
		`user.othermails -any _ -endswith '@a.b'`:                                            `user.otherMails -any (_ -endsWith "@a.b")`,
		`user.city -in ['a','b']`:                                                            `user.city -in ["a", "b"]`,
		`user.accountEnabled -eq $True`:                                                      `user.accountEnabled -eq true`,
		`user.employeeHireDate -ge (system.now -plus p1d)`:                                   `user.employeeHireDate -ge system.now -plus P1D`,
		`user.employeeHireDate -le 2020-06-10T18:13:20+02:00`:                                `user.employeeHireDate -le 2020-06-10T16:13:20Z`,
		`user.city -eq "O'Brien"`:                                                            `user.city -eq "O''Brien"`,
		`user.city -match "^\d+\.[a-z]$"`:                                                    `user.city -match "^\d+\.[a-z]$"`,
		`user.city -eq "a\\"`:                                                                `user.city -eq "a\\"`,
		"user.city -eq \"say `\"hi`\"\"":                                                     `user.city -eq "say \"hi\""`,
		`user.otherMails -any (_ -eq "a") -or (_ -eq "b") -and user.city -eq "x"`:            `user.otherMails -any (_ -eq "a" -or _ -eq "b") -and user.city -eq "x"`,
		`user.otherMails -all (_ -eq "a" -or _ -eq "b") -or -not (user.otherMails -eq null)`: `user.otherMails -all (_ -eq "a" -or _ -eq "b") -or -not user.otherMails -eq null`,
		"USER.memberof any group.objectid eq '{62E19B97-8b3d-4d4a-a106-4ce66896a863}'":       `user.memberOf -any (group.objectId -in ["62E19B97-8b3d-4d4a-a106-4ce66896a863"])`,
		`(user.memberOf –ANY ((group.objectId -In ["62e19b97-8b3d-4d4a-a106-4ce66896a863",'9d98ed11-4c14-4e5e-a2ab-8b2d6a5a4e1c'])))`: `user.memberOf -any (group.objectId -in ["62e19b97-8b3d-4d4a-a106-4ce66896a863", "9d98ed11-4c14-4e5e-a2ab-8b2d6a5a4e1c"])`,
		`(direct reports FOR “{62e19b97-8b3d-4d4a-a106-4ce66896a863}”)`:                                                               `Direct Reports for "62e19b97-8b3d-4d4a-a106-4ce66896a863"`,
		`user.assignedplans any assignedplan.Service eq 'SCO' and assignedPlan.capabilityStatus -eq "Enabled" or user.city -eq "a"`:   `user.assignedPlans -any (assignedPlan.service -eq "SCO" -and assignedPlan.capabilityStatus -eq "Enabled") -or user.city -eq "a"`,
		`user.employeeHireDate -ge (("2020-06-10t18:13:20.5z"))`:                                                                      `user.employeeHireDate -ge "2020-06-10t18:13:20.5z"`,
		`user.employeeHireDate -le (2020-06-10T18:13:20+02:00)`:                                                                       `user.employeeHireDate -le 2020-06-10T16:13:20Z`,
	} {
		t.Run(text, func(t *testing.T) {
			r, diagnostics := rule.Parse(text)
			require.Empty(t, errorsOf(diagnostics))
			assert.Equal(t, want, rule.Print(r.Root))
		})
	}
}

func TestTheEmptyRulePrintsAsNothing(t *testing.T) {
	r, diagnostics := rule.Parse(" \t\n")
	assert.Empty(t, diagnostics)
	assert.Nil(t, r.Root)
	assert.Empty(t, rule.Print(r.Root))
}

// errorsOf returns the messages of the Error diagnostics.
func errorsOf(diagnostics []rule.Diagnostic) []string {
	var out []string
	for _, d := range diagnostics {
		if d.Severity == rule.Error {
			out = append(out, d.String())
		}
	}
	return out
}
