package audience

import (
	"cmp"
	"fmt"
	"strings"

	"rollcall/model"
)

// Candidates are what an entry may stand for that names nothing, or several
// things. It is the cause of the error that says so, for errors.As.
type Candidates struct {
	Entry Entry
	List  []Candidate // the likeliest first; some of them where there are many
}

// Candidate is an entry that can be written in the place of another.
type Candidate struct {
	Text string // without a sign
	Name string // as a person knows it
	Note string // kind and address
}

func (c *Candidates) Error() string {
	return fmt.Sprintf("%s may stand for %d things", c.Entry, len(c.List))
}

// among are the objects that an entry names.
func among(e Entry, objects []model.Object) *Candidates {
	c := &Candidates{Entry: e}
	owners := make(map[string]int, len(objects))
	for i := range objects {
		owners[strings.ToLower(objects[i].Mail)]++
	}
	for i := range objects {
		o := &objects[i]
		text := o.Mail
		if text == "" || owners[strings.ToLower(text)] > 1 && o.ID != "" {
			text = o.ID
		}
		c.List = append(c.List, Candidate{Text: text, Name: cmp.Or(o.DisplayName, o.Mail, o.ID), Note: kindOf(o)})
		if o.Mail != "" {
			c.List[i].Note += " · " + o.Mail
		}
	}
	return c
}

// near are the entries whose names are near to one that names nothing.
func near(e Entry, entries []Entry) *Candidates {
	c := &Candidates{Entry: e}
	for _, n := range entries {
		c.List = append(c.List, Candidate{Text: n.String(), Name: n.Text, Note: string(n.Kind)})
	}
	return c
}
