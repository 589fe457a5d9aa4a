package odata

import "net/url"

func unwritten() { panic("unwritten") }

// Table is what a resource can do.
type Table struct{}

// Users, Groups, Contacts, Members, ServicePrincipals are the tables of the directory resources.
func Users() Table             { return Table{} }
func Groups() Table            { return Table{} }
func Contacts() Table          { return Table{} }
func ServicePrincipals() Table { return Table{} }
func Members() Table           { return Table{} } // members, transitiveMembers, memberOf

// Filter is a parsed $filter; nil matches everything.
type Filter struct{}

// ParseFilter reads a filter without looking at any table.
func ParseFilter(text string) (*Filter, *Error) { unwritten(); return nil, nil }

func (f *Filter) Match(o Object) bool { unwritten(); return false }

// Equals returns the values that a property must have when the filter is an
// eq, an in, or an or of eqs on that one property: a server can look them up
// instead of scanning. Path is the collection's for p/any(x:x eq 'v').
func (f *Filter) Equals() (path string, values []string, ok bool) { unwritten(); return "", nil, false }

// Search is a parsed $search; nil matches everything.
type Search struct{}

func (s *Search) Match(o Object) bool { unwritten(); return false }

// Compare orders two objects by $orderby.
func (q *Query) Compare(a, b Object) int { unwritten(); return 0 }

func parse(values url.Values, o Options) (*Query, *Error) { unwritten(); return nil, nil }
