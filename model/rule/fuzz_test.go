package rule_test

import (
	"strings"
	"testing"

	"rollcall/model"
	"rollcall/model/rule"
)

func seeds(f *testing.F) {
	for _, text := range []string{
		`user.department -eq "Sales" -and (user.country -in ["US", 'CZ'] -or -not user.accountEnabled -eq false)`,
		`user.otherMails -any _ -endsWith"@contoso.com" or user.proxyAddresses -all (_ -ne null)`,
		`user.employeeHireDate -ge (system.now -minus P1Y2M3W4DT5H6M7S)`,
		"user.city –eq “a” -and user.city -ne `\"b`\"",
		`user.city -match "^(a|b)\d+$"`, `((`, `"`, `[`, `-`, `user.`, "\xff", `_ -any`, `user._ -endsWith "0"`,
	} {
		f.Add(text)
	}
}

func FuzzParseKeepsSpansInsideTheTextAndPrintsWhatItReads(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, text string) {
		r, diagnostics := rule.Parse(text)
		for _, d := range diagnostics {
			if d.Start < 0 || d.Start > d.End || d.End > len(text) || d.Line < 1 || d.Column < 1 {
				t.Fatalf("%q: %+v", text, d)
			}
		}
		if rule.HasErrors(diagnostics) {
			return
		}
		printed := rule.Print(r.Root)
		if len(printed) > rule.MaxLength {
			return
		}
		again, diagnostics := rule.Parse(printed)
		if rule.HasErrors(diagnostics) || !rule.Equal(r.Root, again.Root) {
			t.Fatalf("%q is printed as %q, which is read as %q with %v", text, printed, rule.Print(again.Root), diagnostics)
		}
	})
}

func FuzzWhatCompilesCanBeMatched(f *testing.F) {
	seeds(f)
	u := model.User{ID: "62e19b97-8b3d-4d4a-a106-4ce66896a863"}
	u.Set(model.Field{Attr: model.AttrCity, Value: "Praha"})
	u.Set(model.Field{Attr: model.AttrOtherMails, Values: []string{"a@contoso.com"}})
	u.Set(model.Field{Attr: model.AttrEmployeeHireDate, Value: "2026-01-31T00:00:00Z"})
	schema := model.FullSchema()
	f.Fuzz(func(t *testing.T, text string) {
		p, diagnostics, err := rule.Compile(text, schema, evaluatedAt)
		if (err != nil) != rule.HasErrors(diagnostics) {
			t.Fatalf("%q: error %v with %v", text, err, diagnostics)
		}
		if err == nil && rule.Match(p.Rule(), &u, rule.Given{Now: evaluatedAt}) && strings.TrimSpace(text) == "" {
			t.Fatal("the empty rule selects somebody")
		}
	})
}
