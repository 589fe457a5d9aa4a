package tui

import (
	"fmt"

	"rollcall/model"
)

// testUser makes a user of Contoso.
func testUser(n int, name, department, title, office, country string) model.User {
	u := model.User{ID: fmt.Sprintf("00000000-0000-4000-8000-%012d", n)}
	address := fmt.Sprintf("user%04d@contoso.com", n)
	for a, v := range map[model.AttrID]string{
		model.AttrDisplayName: name, model.AttrUserPrincipalName: address, model.AttrMail: address,
		model.AttrDepartment: department, model.AttrJobTitle: title, model.AttrOfficeLocation: office,
		model.AttrCountry: country, model.AttrUserType: "Member", model.AttrAccountEnabled: "true",
		model.AttrMobilePhone: fmt.Sprintf("+1 425 555 %04d", n),
	} {
		u.Set(model.Field{Attr: a, Value: v})
	}
	return u
}

// scriptNames are one name in each of ten scripts, and what else upsets
// columns: emoji, flags, stacked marks.
var scriptNames = []string{
	"Adele Vance", "Aiko 田中", "김민준", "Иван Петров", "Ελένη Παπαδοπούλου", "محمد علي", "יוסף כהן",
	"สมชาย ใจดี", "राजेश कुमार", "தமிழ்ச்செல்வி", "Nguyễn Thị Hương", "Zoë 👩‍👩‍👧 Müller", "Flag 🇨🇿 Novák", "e\u0301\u0301\u0301\u0301\u0301\u0301\u0301 stacked",
}

// hostileNames act on a terminal or hide when they are shown as they are.
var hostileNames = []string{
	"\x1b[31mred\x1b[0m", "\x1b]0;owned\x07title", "bell\x07", "new\nline", "car\rriage", "tab\tbed", "\u202egnp.exe", "zero\u200bwidth",
	"c1\u009b31m", "\ufeffbom", "=HYPERLINK(\"http://evil\")", "nul\x00", "\xff\xfe", "iso\u2066lated\u2069", "tag\U000e0041s",
}

// smallTenant is a directory that a test can know by heart: scripts first,
// then hostile names, then plain users, in four departments.
func smallTenant() []model.User {
	departments := []string{"Sales", "Engineering", "Finance", ""}
	titles := []string{"Account Executive", "Engineer", "Controller", "Manager"}
	offices := []string{"Prague", "Seattle", "東京", "München"}
	countries := []string{"Czechia", "United States", "Japan", "Germany"}
	var users []model.User
	add := func(name string) {
		n := len(users) + 1
		users = append(users, testUser(n, name, departments[n%4], titles[n%4], offices[n%4], countries[n/4%4]))
	}
	for _, name := range scriptNames {
		add(name)
	}
	for _, name := range hostileNames {
		add(name)
	}
	for i := range 31 {
		add(fmt.Sprintf("Member %02d", i+1))
	}
	for i := range users {
		if i > 0 {
			users[i].ManagerID = users[(i-1)/8].ID
		}
	}
	users[3].Set(model.Field{Attr: model.AttrAccountEnabled, Value: "false"})
	users[4].Set(model.Field{Attr: model.AttrUserType, Value: "Guest"})
	users[5].Set(model.Field{Attr: model.AttrMail})
	return users
}
