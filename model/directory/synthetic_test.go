package directory_test

import (
	"fmt"
	"iter"
	"math/rand/v2"
	"strings"

	"rollcall/model"
)

// tenantAttributes are the attributes that the synthetic tenant syncs: 25 with
// the object id left out.
var tenantAttributes = []string{
	"displayName", "userPrincipalName", "mail", "department", "jobTitle", "officeLocation", "companyName",
	"city", "state", "country", "usageLocation", "userType", "accountEnabled", "mobilePhone", "businessPhones",
	"givenName", "surname", "mailNickname", "employeeId", "employeeHireDate", "onPremisesSyncEnabled",
	"postalCode", "streetAddress", "preferredLanguage", "proxyAddresses",
}

func tenantSchema() *model.Schema {
	s, err := model.NewSchema(tenantAttributes...)
	if err != nil {
		panic(err)
	}
	return s
}

// syntheticUser computes the i-th user of a large tenant: some attributes with
// few values, some with one for each user, some often null.
func syntheticUser(i int) model.User {
	r := rand.New(rand.NewPCG(1, uint64(i)))
	given, surname := syntheticName(givenNames, givenEndings, r.IntN(400)), syntheticName(surnames, surnameEndings, r.IntN(3000))
	office := r.IntN(500)
	address := syntheticAddress(i)
	alias, _, _ := strings.Cut(address, "@")
	mail := address
	switch r.IntN(20) {
	case 0:
		mail = strings.ToLower(address)
	case 1:
		mail = ""
	}
	u := model.User{ID: syntheticID(i)}
	set := func(a model.AttrID, values ...string) {
		f := model.Field{Attr: a, Value: values[0]}
		if a == model.AttrProxyAddresses {
			f = model.Field{Attr: a, Values: values}
		}
		u.Set(f)
	}
	set(model.AttrDisplayName, given+" "+surname)
	set(model.AttrUserPrincipalName, address)
	set(model.AttrMail, mail)
	set(model.AttrDepartment, pick(r, departments))
	set(model.AttrJobTitle, pick(r, grades)+pick(r, titles))
	set(model.AttrOfficeLocation, fmt.Sprintf("Building %d/%d", office%100, r.IntN(30)))
	set(model.AttrCompanyName, pick(r, []string{"Contoso", "Contoso Europe GmbH", "Fabrikam, Inc."}))
	set(model.AttrCity, syntheticName(surnames, cityEndings, office))
	set(model.AttrState, fmt.Sprintf("State %d", office%60))
	set(model.AttrCountry, pick(r, countries))
	set(model.AttrUsageLocation, pick(r, countries))
	set(model.AttrUserType, pick(r, []string{"Member", "Member", "Member", "Guest"}))
	set(model.AttrAccountEnabled, pick(r, []string{"true", "true", "true", "false"}))
	if r.IntN(2) == 0 {
		set(model.AttrMobilePhone, fmt.Sprintf("+1 425 %07d", i))
	}
	if r.IntN(5) > 0 {
		set(model.AttrBusinessPhone, fmt.Sprintf("+49 89 %d-%05d", 1000+office, r.IntN(100_000)))
	}
	set(model.AttrGivenName, given)
	set(model.AttrSurname, surname)
	set(model.AttrMailNickname, alias)
	set(model.AttrEmployeeID, fmt.Sprintf("%08d", i))
	set(model.AttrEmployeeHireDate, fmt.Sprintf("%d-%02d-%02dT00:00:00Z", 2000+r.IntN(26), 1+r.IntN(12), 1+r.IntN(28)))
	set(model.AttrOnPremisesSyncEnabled, pick(r, []string{"true", ""}))
	set(model.AttrPostalCode, fmt.Sprintf("%05d", 10_000+7*office))
	set(model.AttrStreetAddress, fmt.Sprintf("%d %s Street", 1+office%90, syntheticName(surnames, surnameEndings, office)))
	set(model.AttrPreferredLanguage, pick(r, []string{"", "en-US", "cs-CZ", "ja-JP"}))
	set(model.AttrProxyAddresses, "SMTP:"+address, "smtp:"+strings.ToLower(alias)+"@contoso.onmicrosoft.com")
	if i > 0 {
		u.ManagerID = syntheticID(i / 10)
	}
	return u
}

func pick(r *rand.Rand, values []string) string { return values[r.IntN(len(values))] }

func syntheticID(i int) string {
	return fmt.Sprintf("%08x-0000-4000-8000-%012x", uint32(i)*2654435761, i)
}

// syntheticAddress is the principal name of the i-th user; that of half of the
// users has capitals.
func syntheticAddress(i int) string {
	surname := strings.Map(func(r rune) rune {
		if r < 'A' || r > 'z' {
			return -1
		}
		return r
	}, syntheticName(surnames, surnameEndings, i%3000))
	address := fmt.Sprintf("%s.u%07d@contoso.com", surname, i)
	if i%2 == 0 {
		return strings.ToLower(address)
	}
	return address
}

// syntheticName joins a beginning with an ending; most numbers below
// 12*len(endings)*len(endings) have a name of their own.
func syntheticName(beginnings, endings []string, n int) string {
	name := beginnings[n%len(beginnings)]
	for n /= len(beginnings); n > 0; n /= len(endings) {
		name += endings[n%len(endings)]
	}
	return name
}

var (
	departments    = []string{"Sales", "Marketing", "Engineering", "Finance", "Legal", "Human Resources", "Operations", "Support", "Research & Development", ""}
	grades         = []string{"", "Senior ", "Junior ", "Principal ", "Lead ", "Associate "}
	titles         = []string{"Account Executive", "Manager", "Director", "Software Engineer", "Analyst", "Assistant", "Consultant", "Product Designer"}
	countries      = []string{"US", "CZ", "JP", "DE", "FR", "GB", "IN", "BR", "AU", "CA"}
	givenNames     = []string{"Adele", "Aiko", "Aaliyah", "Miriam", "Ольга", "Ahmed", "Zoë", "Lidia", "Grady", "Isaiah", "Jürgen", "Nestor"}
	givenEndings   = []string{"-Ann", "bel", " J.", "line", " Maria", "son", "ette"}
	surnames       = []string{"Vance", "田中", "Novák", "Graham", "Петрова", "Hassan", "O'Brien", "Holloway", "Archie", "Langer", "Wilke", "Müller"}
	surnameEndings = []string{"son", "berg", "ová", "-Smith", "stein", "ez", "ini"}
	cityEndings    = []string{"ville", "burg", " City", "ton", " am See"}
)

func syntheticUsers(n int) iter.Seq[model.User] {
	return func(yield func(model.User) bool) {
		for i := range n {
			if !yield(syntheticUser(i)) {
				return
			}
		}
	}
}
