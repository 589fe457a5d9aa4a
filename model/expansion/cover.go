package expansion

import (
	"strings"

	"rollcall/model"
)

// Objects returns every distinct object that the walk found, groups left out:
// recipients with all that folded into them, those without an address, those
// that are no recipients and those of which only the id could be read. The
// slice must not be changed.
func (r *Result) Objects() []model.Object { return r.index.objects }

// Cover answers whether an object is among those of a result.
type Cover struct {
	byID      map[string]int32
	primary   map[string]int32
	secondary map[string]bool
}

// Cover returns the test for membership in the result.
func (r *Result) Cover() *Cover {
	c := &Cover{byID: r.index.byID, primary: r.index.byAddress, secondary: make(map[string]bool)}
	for i := range r.index.objects {
		if r.index.recipient[i] < 0 {
			continue
		}
		for _, proxy := range r.index.objects[i].ProxyAddresses {
			if a, ok := smtpAddress(proxy); ok {
				c.secondary[a] = true
			}
		}
	}
	return c
}

// Holds reports whether the result has the object: by its object id, or by a
// primary address of one that is an address of the other.
func (c *Cover) Holds(o *model.Object) bool {
	if _, ok := c.byID[strings.ToLower(o.ID)]; ok && o.ID != "" {
		return true
	}
	if o.Mail != "" {
		mail := strings.ToLower(o.Mail)
		if _, ok := c.primary[mail]; ok || c.secondary[mail] {
			return true
		}
	}
	for _, proxy := range o.ProxyAddresses {
		if a, ok := smtpAddress(proxy); ok {
			if _, ok := c.primary[a]; ok {
				return true
			}
		}
	}
	return false
}
