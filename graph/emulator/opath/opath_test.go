package opath_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/graph/emulator/opath"
)

// recipient has values by the names of properties, several joined by "|".
type recipient map[opath.Property]string

func (r recipient) Value(p opath.Property) string { return r[p] }

func (r recipient) Values(p opath.Property) []string {
	if r[p] == "" {
		return nil
	}
	return strings.Split(r[p], "|")
}

var anja = recipient{
	opath.DisplayName: "Anja O'Neil", opath.Department: "Sales", opath.RecipientType: "UserMailbox",
	opath.RecipientTypeDetails: "UserMailbox", opath.CountryOrRegion: "DE", opath.IsDirSynced: "True",
	opath.Company: "Contoso", opath.Office: "North Building", opath.PostalCode: "10117", opath.CustomAttribute15: "SAP1",
	opath.EmailAddresses: "SMTP:anja@contoso.com|smtp:a.oneil@contoso.com|X500:/o=contoso",
	opath.Manager:        "CN=1,OU=contoso",
}

func TestAFilterHoldsAsTheDocumentationSays(t *testing.T) {
	for _, c := range []struct {
		filter string
		holds  bool
	}{
		// The sample of the documentation.
		{`((RecipientTypeDetails -eq 'UserMailbox') -and (Company -eq 'Contoso') -and (Office -eq 'North Building'))`, true},
		{`Department -eq 'sales'`, true},
		{`department -EQ 'Sales'`, true},
		{`Department -ne 'Sales'`, false},
		{`DisplayName -eq 'Anja O''Neil'`, true},
		{`DisplayName -like 'anja*'`, true},
		{`DisplayName -like 'a*o''n*l'`, true},
		{`DisplayName -like 'a*x*l'`, false},
		{`DisplayName -like 'anja'`, false},
		{`DisplayName -notlike 'b*'`, true},
		{`DisplayName -like 'Anja ?''Neil'`, false},
		{`Title -like 'x*'`, false},
		{`Title -notlike 'x*'`, true},
		{`Title -ne 'x'`, true},
		{`Title -eq $null`, true},
		{`Title -ne $null`, false},
		{`Department -ne $NULL`, true},
		{`IsDirSynced -eq $true`, true},
		{`IsDirSynced -eq 'false'`, false},
		{`PostalCode -eq 10117`, true},
		{`PostalCode -gt '10116'`, true},
		{`PostalCode -ge '10117' -and PostalCode -le '10117'`, true},
		{`PostalCode -lt '10117'`, false},
		{`Title -lt 'z'`, false},
		{`CustomAttribute15 -eq 'sap1'`, true},
		{`CustomAttribute1 -eq 'sap1'`, false},
		{`EmailAddresses -eq 'smtp:A.ONEIL@contoso.com'`, true},
		{`EmailAddresses -eq 'anja@contoso.com'`, true},
		{`EmailAddresses -ne 'anja@contoso.com'`, false},
		{`EmailAddresses -like 'smtp:a.*'`, true},
		{`EmailAddresses -notlike 'sip:*'`, true},
		{`MemberOfGroup -eq 'CN=2'`, false},
		{`MemberOfGroup -eq $null`, true},
		{`Manager -eq 'cn=1,ou=CONTOSO'`, true},
		{`-not (Department -eq 'Sales')`, false},
		{`-not Department -eq 'Sales'`, false},
		{`-not -not Department -eq 'Sales'`, true},
		// -and and -or bind alike and from the left.
		{`Department -eq 'Sales' -or Department -eq 'Sales' -and Title -eq 'x'`, false},
		{`Department -eq 'Sales' -or (Department -eq 'Sales' -and Title -eq 'x')`, true},
		{"\tDepartment\n-eq\r'Sales' ", true},
	} {
		f, err := opath.Compile(c.filter, opath.Online)
		require.NoError(t, err, c.filter)
		assert.Equal(t, c.holds, f.Match(anja), c.filter)
		assert.Equal(t, c.filter, f.String())
	}
}

func TestAFilterThatExchangeWouldRefuseIsRefused(t *testing.T) {
	const syntax = "Invalid filter syntax."
	for _, c := range []struct {
		filter, says string
		position     int
	}{
		{``, syntax, 1},
		{`Department`, syntax, 11},
		{`Department -eq`, syntax, 15},
		{`Department 'Sales'`, syntax, 12},
		{`Department -is 'Sales'`, syntax, 12},
		{`Department -eq Sales`, syntax, 16},
		{`Department -eq 'Sales`, syntax, 16},
		{`Department -eq "Sales"`, syntax, 16},
		{`(Department -eq 'Sales'`, syntax, 24},
		{`Department -eq 'Sales')`, syntax, 23},
		{`Department -eq 'Sales' Title -eq 'x'`, syntax, 24},
		{`Department -eq 'Sales' -and`, syntax, 28},
		{`Department -eq $nil`, syntax, 16},
		{`Department -gt $null`, syntax, 16},
		{`Department -eq -`, syntax, 16},
		{`'Sales' -eq Department`, syntax, 1},
		{`-not`, syntax, 5},
		{`Departmant -eq 'Sales'`, `"Departmant" is not a recognized filterable property.`, 1},
		{`Ä -eq 'Sales'`, syntax, 1},
		{`Title -eq 'ä' -and Departmant -eq 'Sales'`, `"Departmant" is not a recognized filterable property.`, 20},
		{`RecipientType -eq 'Mailbox'`, `Requested value 'Mailbox' was not found.`, 19},
		{`RecipientType -like 'User*'`, `isn't supported for the property "RecipientType"`, 15},
		{`CountryOrRegion -like 'D*'`, `isn't supported for the property "CountryOrRegion"`, 17},
		{`IsDirSynced -eq 'perhaps'`, `Cannot convert value "perhaps"`, 17},
		{`DisplayName -like '*x'`, `The wildcard "*" isn't supported as the first character`, 19},
		{`Title -eq '` + strings.Repeat("x", opath.MaxLength) + `'`, `longer than 2048 characters`, opath.MaxLength + 1},
	} {
		f, err := opath.Compile(c.filter, opath.Online)
		var refused *opath.Error
		require.ErrorAs(t, err, &refused, c.filter)
		assert.Nil(t, f)
		assert.Contains(t, refused.Message, c.says, c.filter)
		assert.Equal(t, c.position, refused.Position, c.filter)
		assert.Contains(t, refused.Error(), fmt.Sprintf("at position %d.", c.position))
	}
	f, err := opath.Compile(`DisplayName -like '*o''n*'`, opath.Server)
	require.NoError(t, err, "Exchange Server takes a leading wildcard")
	assert.True(t, f.Match(anja))
}

// Whatever text comes in, it is refused with a position inside of it, or it can
// be evaluated, and parentheses around it change nothing.
func FuzzCompile(f *testing.F) {
	for _, seed := range []string{
		`((RecipientTypeDetails -eq 'UserMailbox') -and (CustomAttribute3 -eq 'EMEA'))`,
		`-not (EmailAddresses -like 'smtp:a*b*') -or Title -ne $null`, `Title -eq 'O''Neil'`, `((((`, `-`, `$`, `'`, `Title -gt -3.5`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, filter string) {
		compiled, err := opath.Compile(filter, opath.Online)
		if err != nil {
			var refused *opath.Error
			require.ErrorAs(t, err, &refused)
			require.GreaterOrEqual(t, refused.Position, 1)
			require.LessOrEqual(t, refused.Position, len([]rune(filter))+1)
			return
		}
		holds := compiled.Match(anja)
		if len([]rune(filter)) > opath.MaxLength-16 {
			return
		}
		again, err := opath.Compile("-not (-not ("+filter+"))", opath.Online)
		require.NoError(t, err)
		require.Equal(t, holds, again.Match(anja))
	})
}
