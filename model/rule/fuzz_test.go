package rule_test

import (
	"strings"
	"testing"

	"rollcall/model"
	"rollcall/model/rule"
)

// seeds are the rules of the corpus, and what is no rule.
func seeds(f *testing.F, add func(text string)) {
	for _, cases := range corpusFiles(f) {
		for _, c := range cases {
			add(c.text)
		}
	}
	for _, text := range []string{
		`user.employeeHireDate -ge (system.now -minus P1Y2M3W4DT5H6M7S)`,
		`((`, `"`, `[`, `-`, `user.`, "\xff", `_ -any`, `user._ -endsWith "0"`, "`\"a`", "`\"", "-–", "1–1",
		`Direct`, `Direct Reports`, `user.memberOf -any (`, `user.memberOf -any group.objectId -in`, `device.`, `assignedPlan.`, `=!=`,
	} {
		add(text)
	}
}

func FuzzParseKeepsSpansInsideTheTextAndPrintsWhatItReads(f *testing.F) {
	seeds(f, func(text string) { f.Add(text) })
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

// FuzzNoRuleMakesAnEvaluatorPanicOrDisagree checks a text against a schema that
// syncs what the bits of a number say, and evaluates it.
func FuzzNoRuleMakesAnEvaluatorPanicOrDisagree(f *testing.F) {
	seeds(f, func(text string) { f.Add(text, ^uint64(0)); f.Add(text, uint64(0b1011)) })
	people := readCrowd(f)
	f.Fuzz(func(t *testing.T, text string, synced uint64) {
		names := []string{extension, "department"}
		for i, a := range model.Catalogue() {
			if synced&(1<<i) != 0 {
				names = append(names, a.Rule)
			}
		}
		schema, err := model.NewSchema(names...)
		if err != nil {
			t.Fatal(err)
		}
		r, parsed := rule.Parse(text)
		checked := rule.Check(r, schema)
		program, diagnostics, err := rule.Compile(text, schema, evaluatedAt)
		if (err != nil) != rule.HasErrors(diagnostics) || rule.HasErrors(diagnostics) != (rule.HasErrors(parsed) || rule.HasErrors(checked)) {
			t.Fatalf("%q: error %v with %v", text, err, diagnostics)
		}
		for i := range people.users { // of any tree, with faults too
			_ = rule.Match(r, &people.users[i], rule.Given{Now: evaluatedAt, Schema: people.schema, IsMember: people.isMember})
		}
		_ = rule.Print(r.Root)
		if err != nil || program.Groups() != nil {
			return
		}
		if r.Root == nil && strings.TrimSpace(rule.Print(r.Root)) != "" {
			t.Fatal("the empty rule is printed")
		}
		set, err := people.snapshot.Select(t.Context(), program)
		if err != nil {
			t.Fatal(err)
		}
		for i := range people.users {
			row, _ := people.snapshot.ByID(people.users[i].ID)
			if want := rule.Match(r, &people.users[i], rule.Given{Now: evaluatedAt, Schema: people.schema}); set.Has(row) != want {
				t.Fatalf("%q: by columns %s is selected %t, by the definition %t", text, people.people[i].Name, !want, want)
			}
		}
	})
}
