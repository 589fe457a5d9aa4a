// Package odata reads the OData query options of Microsoft Graph's directory
// resources and evaluates them over abstract objects. It knows which property
// takes which operator, and which of them need the advanced-query parameters;
// it knows nothing of HTTP, of users or of groups.
package odata

import "net/url"

// Object is what a query is evaluated over.
type Object interface {
	// Property returns the value at a path ("mail",
	// "onPremisesExtensionAttributes/extensionAttribute1"): string, bool,
	// time.Time, int, []string, or nil for null; false when there is no such
	// property.
	Property(path string) (any, bool)
}

// Query is a parsed set of query options.
type Query struct {
	Filter   *Filter  // nil without $filter
	Search   *Search  // nil without $search
	OrderBy  []Order  // nil without $orderby
	Select   []string // nil without $select: the resource's default properties
	Expand   []Expand
	Top      int  // page size: 0 without $top
	Count    bool // @odata.count shall be in the answer
	Advanced bool // the query runs with the advanced parameters
}

// Match reports whether an object passes $filter and $search.
func (q *Query) Match(o Object) bool { return q.Filter.Match(o) && q.Search.Match(o) }

// Order is one term of $orderby.
type Order struct {
	Property   string
	Descending bool
}

// Expand is one item of $expand.
type Expand struct {
	Property string
	Select   []string
	Levels   int // of $levels; -1 is max, 0 not given
}

// Options say how a query is read.
type Options struct {
	Consistency bool  // the request had the header "ConsistencyLevel: eventual"
	Table       Table // what the resource can do
}

// Error is a refusal as the service words it.
type Error struct {
	Status  int    // HTTP status
	Code    string // "Request_UnsupportedQuery", "Request_BadRequest"
	Message string
}

func (e *Error) Error() string { return e.Message }

// Parse reads the query options of a request.
func Parse(values url.Values, o Options) (*Query, *Error) { return parse(values, o) }
