package rule

import (
	"fmt"
	"time"

	"rollcall/model"
)

// Dialect is a language that a rule can be translated to.
type Dialect string

const (
	Entra Dialect = "entra" // the membership rule of a dynamic group
	OData Dialect = "odata" // $filter of Graph's /users
	OPATH Dialect = "opath" // the recipient filter of a dynamic distribution list
)

// Dialects are all of them, in the order in which a menu offers them.
func Dialects() []Dialect { return []Dialect{Entra, OData, OPATH} }

// Label names the dialect for a person.
func (d Dialect) Label() string {
	switch d {
	case Entra:
		return "Entra membership rule"
	case OData:
		return "Graph $filter"
	case OPATH:
		return "Exchange recipient filter"
	}
	return string(d)
}

// Named is the label with its article: "a Graph $filter".
func (d Dialect) Named() string {
	if d == OData {
		return "a " + d.Label()
	}
	return "an " + d.Label()
}

// Translation is a rule in another language.
type Translation struct {
	Dialect Dialect
	Text    string // "" where an error stands among the diagnostics
	// Advanced says of a $filter that it needs Graph's advanced query
	// parameters: the header ConsistencyLevel: eventual, and $count=true.
	Advanced bool
	// Diagnostics name each clause that the language cannot say, as errors at
	// its span, and what is worth knowing of the rest.
	Diagnostics []Diagnostic
}

// Translate says in another language what a rule that is free of errors says,
// or refuses: it never says nearly the same. now is what system.now means where
// the language has no such word.
func Translate(r *Rule, s *model.Schema, to Dialect, now time.Time) Translation {
	t := Translation{Dialect: to}
	switch to {
	case Entra:
		t.entra(r)
	case OData:
		t.odata(r, s, now)
	case OPATH:
		t.opath(r, s)
	default:
		report := &reporter{}
		report.errorAt(Span{0, len(r.Text)}, fmt.Sprintf("there is no language %q", to), "entra, odata or opath", "")
		t.Diagnostics = report.located(r.Text)
	}
	return t
}
