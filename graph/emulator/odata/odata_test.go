package odata_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/graph/emulator/odata"
)

// record is an object whose keys are Graph names.
type record map[string]any

func (r record) Property(path string) (any, bool) {
	v, ok := r[path]
	return v, ok
}

var ada = record{
	"id":                "11111111-1111-4111-8111-111111111111",
	"displayName":       "Ada O'Brien",
	"mail":              "Ada.OBrien@contoso.com",
	"userPrincipalName": "ada.o'brien@contoso.com",
	"department":        "Engineering",
	"jobTitle":          nil,
	"accountEnabled":    true,
	"createdDateTime":   time.Date(2020, 5, 6, 7, 8, 9, 0, time.UTC),
	"proxyAddresses":    []string{"SMTP:Ada.OBrien@contoso.com", "smtp:ada@contoso.com"},
	"otherMails":        []string{},
	"onPremisesExtensionAttributes/extensionAttribute3": "EMEA",
}

func TestFilterSelects(t *testing.T) {
	for _, c := range []struct {
		name, filter string
		want         bool
	}{
		{"equality ignores case", `department eq 'ENGINEERING'`, true},
		{"inequality is the complement", `department ne 'engineering'`, false},
		{"a doubled quote is one quote", `displayName eq 'Ada O''Brien'`, true},
		{"null equals null", `jobTitle eq null`, true},
		{"null equals no text", `jobTitle eq 'null'`, false},
		{"a value is not null", `department ne null`, true},
		{"inequality is true of null", `jobTitle ne 'Engineer'`, true},
		{"an unknown property is null", `employeeId eq null`, true},
		{"order comparison is false of null", `jobTitle ge 'A'`, false},
		{"ge holds for equals", `department ge 'engineering'`, true},
		{"gt does not hold for equals", `department gt 'engineering'`, false},
		{"le compares without case", `department le 'F'`, true},
		{"lt holds below", `department lt 'f'`, true},
		{"in finds any of its values", `department in ('Sales', 'engineering')`, true},
		{"in misses other values", `department in ('Sales')`, false},
		{"startsWith in Graph's spelling", `startsWith(displayName,'ada o''')`, true},
		{"startswith in OData's spelling", `startswith(displayName, 'ADA')`, true},
		{"startsWith of a longer text", `startsWith(department,'Engineering and more')`, false},
		{"startsWith of nothing holds for all texts", `startsWith(department,'')`, true},
		{"startsWith is false of null", `startsWith(jobTitle,'')`, false},
		{"endsWith ignores case", `endsWith(mail,'@CONTOSO.com')`, true},
		{"endsWith of a longer text", `endsWith(department,'more Engineering')`, false},
		{"a boolean", `accountEnabled eq true`, true},
		{"the other boolean", `accountEnabled eq false`, false},
		{"a boolean is no text", `accountEnabled eq 'true'`, false},
		{"a time with a zone", `createdDateTime ge 2020-05-06T09:08:09+02:00`, true},
		{"a time later", `createdDateTime ge 2020-05-06T07:08:10Z`, false},
		{"a date is its midnight", `createdDateTime le 2020-05-06`, false},
		{"and binds closer than or", `department eq 'x' and department eq 'x' or accountEnabled eq true`, true},
		{"parentheses bind closest", `department eq 'x' and (department eq 'x' or accountEnabled eq true)`, false},
		{"not before parentheses", `not(department eq 'Sales')`, true},
		{"NOT before a function", `NOT startsWith(department,'Eng')`, false},
		{"not twice", `not not startsWith(department,'Eng')`, true},
		{"any finds an element in any case", `proxyAddresses/any(p:p eq 'SMTP:ada@contoso.com')`, true},
		{"any with a function", `proxyAddresses/any(x:startsWith(x,'smtp:ada@'))`, true},
		{"any with a function on no element", `proxyAddresses/any(x:endsWith(x,'@fabrikam.com'))`, false},
		{"any with parts that only one element each satisfies", `proxyAddresses/any(x:x eq 'smtp:ada@contoso.com' and startsWith(x,'smtp:ada.'))`, false},
		{"any over nothing is false", `otherMails/any(m:m eq 'a@b.c')`, false},
		{"any without a body asks for elements", `proxyAddresses/any()`, true},
		{"any without a body over nothing", `otherMails/any()`, false},
		{"counting nothing", `otherMails/$count eq 0`, true},
		{"counting something", `proxyAddresses/$count eq 0`, false},
		{"counting not nothing", `proxyAddresses/$count ne 0`, true},
		{"a nested property", `onPremisesExtensionAttributes/extensionAttribute3 eq 'emea'`, true},
		{"operators in capitals", `department EQ 'Engineering' AND accountEnabled EQ true`, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, err := odata.ParseFilter(c.filter)
			require.Nil(t, err, "%v", err)
			assert.Equal(t, c.want, f.Match(ada), c.filter)
		})
	}
}

func TestStringsFoldWhenTheirBytesDiffer(t *testing.T) {
	kelvin := record{"displayName": "\u212Aelvin ſcott"} // the Kelvin sign and the long s fold to k and s
	for _, filter := range []string{
		`displayName eq 'kelvin scott'`, `startsWith(displayName,'kel')`, `endsWith(displayName,'SCOTT')`,
	} {
		f, err := odata.ParseFilter(filter)
		require.Nil(t, err)
		assert.True(t, f.Match(kelvin), filter)
	}
}

func TestMalformedFiltersAreRefused(t *testing.T) {
	for _, c := range []struct{ name, filter, message string }{
		{"nothing", ``, "Invalid filter clause: Syntax error at position 0 in ''."},
		{"an open string", `mail eq 'a`, "Invalid filter clause: There is an unterminated string literal at position 10 in 'mail eq 'a'."},
		{"an open parenthesis", `(mail eq 'a'`, "Invalid filter clause: Syntax error at position 12 in '(mail eq 'a''."},
		{"a closing parenthesis too many", `mail eq 'a')`, "Invalid filter clause: Syntax error at position 11 in 'mail eq 'a')'."},
		{"no operator", `mail 'a'`, "Invalid filter clause: Syntax error at position 5 in 'mail 'a''."},
		{"no value", `mail eq`, "Invalid filter clause: Syntax error at position 7 in 'mail eq'."},
		{"a value first", `'a' eq mail`, "Invalid filter clause: Syntax error at position 0 in ''a' eq mail'."},
		{"a foreign character", `mail eq "a"`, "Invalid filter clause: Syntax error: character '\"' is not valid at position 8 in 'mail eq \"a\"'."},
		{"an unknown function", `contains(mail,'a')`, "Invalid filter clause: An unknown function with name 'contains' was found."},
		{"a function of a number", `startsWith(mail,1)`, "Invalid filter clause: No function signature for the function with name 'startswith' matches the specified arguments."},
		{"an empty in", `mail in ()`, "Invalid filter clause: Syntax error at position 9 in 'mail in ()'."},
		{"a date that does not exist", `createdDateTime ge 2020-13-01`, "Invalid filter clause: Syntax error at position 19 in 'createdDateTime ge 2020-13-01'."},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := odata.ParseFilter(c.filter)
			require.NotNil(t, err)
			assert.Equal(t, &odata.Error{Status: 400, Code: "BadRequest", Message: c.message}, err)
		})
	}
}

func TestDeepNestingIsRefused(t *testing.T) {
	deep := ""
	for range 1000 {
		deep += "not ("
	}
	_, err := odata.ParseFilter(deep)
	require.NotNil(t, err)
	assert.Contains(t, err.Message, "Recursion limit")
}

func TestEqualsNamesTheValuesToLookUp(t *testing.T) {
	for _, c := range []struct {
		name, filter, path string
		values             []string
	}{
		{"eq", `mail eq 'a@b.c'`, "mail", []string{"a@b.c"}},
		{"in", `id in ('1','2')`, "id", []string{"1", "2"}},
		{"or on one property", `id eq '1' or id eq '2' or ID eq '3'`, "id", []string{"1", "2", "3"}},
		{"any", `proxyAddresses/any(p:p eq 'smtp:a@b.c')`, "proxyAddresses", []string{"smtp:a@b.c"}},
		{"a part of an and", `startsWith(mail,'a') and mail eq 'a@b.c'`, "mail", []string{"a@b.c"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, err := odata.ParseFilter(c.filter)
			require.Nil(t, err)
			path, values, ok := f.Equals()
			require.True(t, ok)
			assert.Equal(t, c.path, path)
			assert.Equal(t, c.values, values)
		})
	}
	for _, filter := range []string{
		`mail ne 'a'`, `not (mail eq 'a')`, `mail eq 'a' or department eq 'b'`, `mail eq null`,
		`startsWith(mail,'a')`, `mail eq 'a' or startsWith(mail,'b')`, `otherMails/any()`,
	} {
		f, err := odata.ParseFilter(filter)
		require.Nil(t, err)
		_, _, ok := f.Equals()
		assert.False(t, ok, filter)
	}
	var none *odata.Filter
	_, _, ok := none.Equals()
	assert.False(t, ok)
}

const (
	unsupported = "Request_UnsupportedQuery"
	bad         = "BadRequest"
	header      = true
)

func TestOptionsFollowTheAdvancedQueryRules(t *testing.T) {
	const notIndexed = "The request uses a filter property that is not indexed"
	const invalidCreated = "Unsupported or invalid query filter clause specified for property 'createdDateTime' of resource 'User'."
	for _, c := range []struct {
		name, query   string
		consistency   bool
		code, message string // "" when the query is accepted
	}{
		{"eq on mail", `$filter=mail eq 'a'`, !header, "", ""},
		{"startsWith on the user principal name", `$filter=startswith(userPrincipalName,'a')`, !header, "", ""},
		{"ge on createdDateTime", `$filter=createdDateTime ge 2020-01-01T00:00:00Z`, !header, "", ""},
		{"ge and le on createdDateTime", `$filter=createdDateTime ge 2020-01-01T00:00:00Z and createdDateTime le 2020-12-31T23:59:59Z`, !header, "", ""},
		{"a range of names and of times", `$filter=startswith(userPrincipalName,'a') and createdDateTime ge 2020-01-01T00:00:00Z`, !header, "", ""},
		{"lt on createdDateTime", `$filter=createdDateTime lt 2021-01-01T00:00:00Z`, !header, unsupported, invalidCreated},
		{"gt on createdDateTime with both", `$filter=createdDateTime gt 2021-01-01T00:00:00Z&$count=true`, header, unsupported, invalidCreated},
		{"a date without a time", `$filter=createdDateTime ge 2021-01-01`, !header, unsupported, invalidCreated},
		{"startsWith on a name with not", `$filter=not startswith(userPrincipalName,'a')`, !header, unsupported, "Unsupported Query."},
		{"startsWith on a name with not and both", `$filter=not startswith(userPrincipalName,'a')&$count=true`, header, "", ""},
		{"ge on the user principal name", `$filter=userPrincipalName ge 'a'&$count=true`, header, unsupported, notIndexed},
		{"null createdDateTime", `$filter=createdDateTime eq null`, header, unsupported, notIndexed},
		{"a range of ids", `$filter=id ge '11111111-1111-4111-8111-111111111111'&$count=true`, header, unsupported, notIndexed},
		{"ne without the parameters", `$filter=department ne 'Sales'`, !header, unsupported, "Unsupported Query."},
		{"ne with the header alone", `$filter=department ne 'Sales'`, header, unsupported, "Unsupported Query."},
		{"ne with $count alone", `$filter=department ne 'Sales'&$count=true`, !header, unsupported, "Unsupported Query."},
		{"ne with both", `$filter=department ne 'Sales'&$count=true`, header, "", ""},
		{"not without the parameters", `$filter=not(department eq 'Sales')`, !header, unsupported, "Unsupported Query."},
		{"not with both", `$filter=not(department eq 'Sales')&$count=true`, header, "", ""},
		{"endsWith without the parameters", `$filter=endsWith(mail,'.com')`, !header, unsupported, "Unsupported Query."},
		{"endsWith with both", `$filter=endsWith(mail,'.com')&$count=true`, header, "", ""},
		{"endsWith where it never works", `$filter=endsWith(department,'s')&$count=true`, header, unsupported, notIndexed},
		{"companyName without the parameters", `$filter=companyName eq 'Contoso'`, !header, unsupported, "Unsupported Query."},
		{"companyName with both", `$filter=companyName eq 'Contoso'&$count=true`, header, "", ""},
		{"one advanced part of an or", `$filter=mail eq 'a' or companyName eq 'Contoso'`, !header, unsupported, "Unsupported Query."},
		{"startsWith on jobTitle", `$filter=startsWith(jobTitle,'a')&$count=true`, header, unsupported, notIndexed},
		{"an extension attribute", `$filter=onPremisesExtensionAttributes/extensionAttribute3 eq 'EMEA'&$count=true`, header, "", ""},
		{"a sixteenth extension attribute", `$filter=onPremisesExtensionAttributes/extensionAttribute16 eq 'x'&$count=true`, header, bad, "Invalid filter clause: Could not find a property named 'onPremisesExtensionAttributes/extensionAttribute16' on type 'microsoft.graph.user'."},
		{"a property that is never indexed", `$filter=onPremisesDistinguishedName eq 'x'&$count=true`, header, unsupported, notIndexed},
		{"an unknown property", `$filter=shoeSize eq 'x'`, !header, bad, "Invalid filter clause: Could not find a property named 'shoeSize' on type 'microsoft.graph.user'."},
		{"a text compared with a boolean", `$filter=mail eq true`, !header, bad, "Invalid filter clause: A binary operator with incompatible types was detected for property 'mail'."},
		{"a time compared with a text", `$filter=createdDateTime ge '2020'`, !header, bad, "Invalid filter clause: A binary operator with incompatible types was detected for property 'createdDateTime'."},
		{"a collection without any", `$filter=proxyAddresses eq 'smtp:a'`, !header, bad, "Invalid filter clause: A binary operator with incompatible types was detected for property 'proxyAddresses'."},
		{"any on a text", `$filter=mail/any(m:m eq 'a')`, !header, bad, "Invalid filter clause: A binary operator with incompatible types was detected for property 'mail'."},
		{"any with eq", `$filter=proxyAddresses/any(p:p eq 'smtp:a')`, !header, "", ""},
		{"any with endsWith", `$filter=proxyAddresses/any(p:endsWith(p,'.com'))`, !header, unsupported, "Unsupported Query."},
		{"any with not", `$filter=proxyAddresses/any(p:not(p eq 'smtp:a'))`, !header, unsupported, "Unsupported Query."},
		{"any with another property inside", `$filter=proxyAddresses/any(p:mail eq 'a')`, !header, unsupported, "Unsupported Query."},
		{"all", `$filter=proxyAddresses/all(p:p eq 'a')`, !header, unsupported, "Unsupported Query."},
		{"an empty collection without the parameters", `$filter=otherMails/$count eq 0`, !header, unsupported, "Unsupported Query."},
		{"an empty collection with both", `$filter=otherMails/$count eq 0&$count=true`, header, "", ""},
		{"a collection of three", `$filter=otherMails/$count eq 3&$count=true`, header, unsupported, "Unsupported Query."},
		{"$search without the header", `$search="displayName:ada"`, !header, unsupported, "Request with $search query parameter only works through MSGraph with a special request header: 'ConsistencyLevel: eventual'"},
		{"$search with the header alone", `$search="displayName:ada"`, header, "", ""},
		{"$search of an unknown property", `$search="shoeSize:1"`, header, bad, "Invalid search clause: Could not find a property named 'shoeSize' on type 'microsoft.graph.user'."},
		{"$orderby displayName", `$orderby=displayName desc`, !header, "", ""},
		{"$orderby surname without the parameters", `$orderby=surname`, !header, unsupported, "Sorting not supported for current query."},
		{"$orderby surname with both", `$orderby=surname,displayName&$count=true`, header, "", ""},
		{"$orderby with $filter without the parameters", `$orderby=displayName&$filter=mail eq 'a'`, !header, unsupported, "Sorting not supported for current query."},
		{"$orderby with $filter and both", `$orderby=displayName&$filter=mail eq 'a'&$count=true`, header, "", ""},
		{"$orderby of an unknown property", `$orderby=shoeSize`, !header, bad, "Invalid $orderby clause: Could not find a property named 'shoeSize' on type 'microsoft.graph.user'."},
		{"$orderby sideways", `$orderby=displayName sideways`, !header, bad, "Invalid $orderby clause: Syntax error in 'displayName sideways'."},
		{"the largest page", `$top=999`, !header, "", ""},
		{"a page too large", `$top=1000`, !header, unsupported, "Invalid page size specified: '1000'. Must be between 1 and 999 inclusive."},
		{"an empty page", `$top=0`, !header, unsupported, "Invalid page size specified: '0'. Must be between 1 and 999 inclusive."},
		{"a page that is no number", `$top=all`, !header, bad, "Invalid value 'all' for $top query option found. The $top query option requires a non-negative integer value."},
		{"$count that is neither", `$count=yes`, header, bad, "Invalid value 'yes' for $count query option found. Valid values are 'true' and 'false'."},
		{"the manager", `$expand=manager($select=id)`, !header, "", ""},
		{"the manager with the parameters", `$expand=manager&$count=true`, header, unsupported, "Unsupported Query."},
		{"the chain of managers without the parameters", `$expand=manager($levels=max)`, !header, unsupported, "Unsupported Query."},
		{"the chain of managers with both", `$expand=manager($levels=max;$select=id)&$count=true`, header, "", ""},
		{"too many levels", `$expand=manager($levels=1001)&$count=true`, header, bad, "Parsing OData Select and Expand failed: Invalid value '1001' for $levels."},
		{"an unknown expansion", `$expand=boss`, !header, bad, "Parsing OData Select and Expand failed: Could not find a property named 'boss' on type 'microsoft.graph.user'."},
		{"an open expansion", `$expand=manager($select=id`, !header, bad, "Parsing OData Select and Expand failed: Syntax error in 'manager($select=id'."},
		{"an empty name in $select", `$select=id,,mail`, !header, bad, "Parsing OData Select and Expand failed: Syntax error in 'id,,mail'."},
		{"an option that the directory lacks", `$skip=10`, !header, bad, "The query parameter '$skip' is not supported."},
		{"an option given twice", `$top=1&$top=2`, !header, bad, "Query option '$top' was specified more than once, but it must be specified at most once."},
		{"a parameter that is no option", `unknown=1`, !header, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := odata.Parse(parseQuery(t, c.query), odata.Options{Consistency: c.consistency, Table: odata.Users()})
			if c.code == "" {
				assert.Nil(t, err)
				return
			}
			require.NotNil(t, err)
			assert.Equal(t, odata.Error{Status: 400, Code: c.code, Message: c.message}, *err)
			assert.EqualError(t, err, c.message)
		})
	}
}

func TestMembersTakeOnlyTopAndSelectWithoutTheParameters(t *testing.T) {
	read := func(query string, consistency bool) *odata.Error {
		_, err := odata.Parse(parseQuery(t, query), odata.Options{Consistency: consistency, Table: odata.Members()})
		return err
	}
	assert.Nil(t, read(`$top=999&$select=id,mail`, !header))
	assert.NotNil(t, read(`$filter=mail eq 'a'`, !header))
	assert.NotNil(t, read(`$orderby=displayName`, !header))
	assert.Nil(t, read(`$filter=mail eq 'a'&$orderby=displayName&$count=true`, header))
}

func TestGroupsAreFoundByAddressInEveryMode(t *testing.T) {
	for _, consistency := range []bool{false, true} {
		_, err := odata.Parse(parseQuery(t, `$filter=proxyAddresses/any(p:p eq 'smtp:sales@contoso.com')&$count=true`),
			odata.Options{Consistency: consistency, Table: odata.Groups()})
		assert.Nil(t, err)
	}
	_, err := odata.Parse(parseQuery(t, `$filter=proxyAddresses/any(p:startsWith(p,'smtp:sales'))`), odata.Options{Table: odata.Groups()})
	require.NotNil(t, err)
	assert.Equal(t, "Unsupported Query.", err.Message)
}

func TestParseReadsEveryOption(t *testing.T) {
	q, err := odata.Parse(parseQuery(t, `$top=5&$select=id, displayName&$orderby=displayName desc,surname&$count=true&$search="displayName:ada"&$filter=accountEnabled eq true`),
		odata.Options{Consistency: true, Table: odata.Users()})
	require.Nil(t, err)
	assert.Equal(t, 5, q.Top)
	assert.Equal(t, []string{"id", "displayName"}, q.Select)
	assert.Equal(t, []odata.Order{{Property: "displayName", Descending: true}, {Property: "surname"}}, q.OrderBy)
	assert.True(t, q.Count)
	assert.True(t, q.Advanced)
	assert.True(t, q.Match(ada))
	assert.False(t, q.Match(record{"displayName": "Ada", "accountEnabled": false}))
	assert.False(t, q.Match(record{"displayName": "Bob", "accountEnabled": true}))
}

func TestAnEmptyQueryMatchesEverything(t *testing.T) {
	q, err := odata.Parse(url.Values{}, odata.Options{Table: odata.Users()})
	require.Nil(t, err)
	assert.True(t, q.Match(record{}))
	assert.Equal(t, &odata.Query{}, q)
}

func TestCountIsSilentlyMissingWithoutTheHeader(t *testing.T) {
	q, err := odata.Parse(parseQuery(t, `$count=true`), odata.Options{Table: odata.Users()})
	require.Nil(t, err)
	assert.False(t, q.Count)
	assert.False(t, q.Advanced)
}

func TestExpandReadsItsOptions(t *testing.T) {
	q, err := odata.Parse(parseQuery(t, `$expand=Manager($levels=3;$select=id,displayName)&$count=true`),
		odata.Options{Consistency: true, Table: odata.Users()})
	require.Nil(t, err)
	assert.Equal(t, []odata.Expand{{Property: "manager", Select: []string{"id", "displayName"}, Levels: 3}}, q.Expand)
	q, err = odata.Parse(parseQuery(t, `$expand=manager($levels=max)&$count=true`), odata.Options{Consistency: true, Table: odata.Users()})
	require.Nil(t, err)
	assert.Equal(t, odata.MaxLevels, q.Expand[0].Levels)
}

// parseQuery splits options. They are written here without percent-encoding.
func parseQuery(t *testing.T, query string) url.Values {
	t.Helper()
	values, err := url.ParseQuery(strings.ReplaceAll(query, ";", "%3B"))
	require.NoError(t, err)
	return values
}
