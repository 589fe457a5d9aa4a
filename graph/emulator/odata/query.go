// Package odata reads the OData query options of Microsoft Graph's directory
// resources and evaluates them over abstract objects. It knows which property
// takes which operator, which of them need the advanced-query parameters, and
// how the service words its refusals; it knows nothing of HTTP, of users or of
// groups.
//
// It is stricter than the service where the service fails silently in ways
// that no documentation describes, and it does not model the index's delay.
// Not modelled: lambda "all", arithmetic, functions other than startsWith and
// endsWith, $skip, $format and $apply; each is refused.
//
// Sources: Microsoft Graph documentation, "Advanced query capabilities on
// Microsoft Entra ID objects", "Use the $search query parameter" and the table
// of filterable properties of directory objects.
package odata

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// Object is what a query is evaluated over.
type Object interface {
	// Property returns the value at a path ("mail",
	// "onPremisesExtensionAttributes/extensionAttribute1"), in any letter case:
	// string, bool, time.Time, int, []string, []Object, or nil for null; false
	// when there is no such property, which counts as null.
	Property(path string) (any, bool)
}

// Query is a parsed set of query options.
type Query struct {
	Filter   *Filter  // nil without $filter
	Search   *Search  // nil without $search
	OrderBy  []Order  // nil without $orderby
	Select   []string // nil without $select: the resource's default properties. The names are not checked
	Expand   []Expand // nil without $expand
	Top      int      // page size: 0 without $top
	Count    bool     // @odata.count shall be in the answer; without the header it silently is not
	Advanced bool     // the query has the advanced parameters: the header and $count=true
}

// Match reports whether an object passes $filter and $search.
func (q *Query) Match(o Object) bool { return q.Filter.Match(o) && q.Search.Match(o) }

// Expand is one item of $expand.
type Expand struct {
	Property string // as the table spells it
	Select   []string
	Levels   int // of $levels; MaxLevels for "max", 0 when not given
}

// MaxLevels is the value of Expand.Levels for $levels=max.
const MaxLevels = -1

// Options say how a query is read.
type Options struct {
	Consistency bool  // the request had the header "ConsistencyLevel: eventual"
	Counting    bool  // the request is for a $count segment, which says what $count=true says
	Table       Table // what the resource can do
}

// Error is a refusal as the service words it.
type Error struct {
	Status  int    // HTTP status
	Code    string // "Request_UnsupportedQuery", "Request_BadRequest", "BadRequest"
	Message string
}

func (e *Error) Error() string { return e.Message }

func unsupported(message string) *Error {
	return &Error{Status: http.StatusBadRequest, Code: "Request_UnsupportedQuery", Message: message}
}

func malformed(format string, args ...any) *Error {
	return &Error{Status: http.StatusBadRequest, Code: "BadRequest", Message: fmt.Sprintf(format, args...)}
}

// The refusals that the documentation quotes.
const (
	messageUnsupported  = "Unsupported Query."
	messageNotIndexed   = "The request uses a filter property that is not indexed"
	messageSearchHeader = "Request with $search query parameter only works through MSGraph with a special request header: 'ConsistencyLevel: eventual'"
	messageSorting      = "Sorting not supported for current query."
)

// MaxTop is the largest page that directory resources give.
const MaxTop = 999

// Parse reads the query options of a request. Parameters that do not begin
// with "$" are none of its business and are passed over; an option that the
// directory does not have is refused, so a caller takes out what it reads
// itself ($skiptoken, $deltatoken) before.
//
// The options inside $expand are separated by semicolons, at which
// url.ParseQuery gives up: escape them before.
func Parse(values url.Values, o Options) (*Query, *Error) {
	option, err := collect(values)
	if err != nil {
		return nil, err
	}
	q := &Query{}
	counted, err := parseCount(option)
	if err != nil {
		return nil, err
	}
	q.Count = (counted || o.Counting) && o.Consistency
	q.Advanced = q.Count
	for _, read := range []func(map[string]string, Options) *Error{
		q.readTop, q.readSelect, q.readFilter, q.readSearch, q.readOrderBy, q.readExpand,
	} {
		if err := read(option, o); err != nil {
			return nil, err
		}
	}
	return q, nil
}

// collect takes the options by their names, each of which may be given once.
func collect(values url.Values) (map[string]string, *Error) {
	option := make(map[string]string)
	for name, given := range values {
		if !strings.HasPrefix(name, "$") {
			continue
		}
		switch name {
		case "$filter", "$search", "$orderby", "$select", "$expand", "$top", "$count":
		default:
			return nil, malformed("The query parameter '%s' is not supported.", name)
		}
		if len(given) > 1 {
			return nil, malformed("Query option '%s' was specified more than once, but it must be specified at most once.", name)
		}
		option[name] = given[0]
	}
	return option, nil
}

func parseCount(option map[string]string) (bool, *Error) {
	text, given := option["$count"]
	switch {
	case !given || text == "false":
		return false, nil
	case text == "true":
		return true, nil
	}
	return false, malformed("Invalid value '%s' for $count query option found. Valid values are 'true' and 'false'.", text)
}

func (q *Query) readTop(option map[string]string, _ Options) *Error {
	text, given := option["$top"]
	if !given {
		return nil
	}
	n, err := strconv.Atoi(text)
	switch {
	case err != nil:
		return malformed("Invalid value '%s' for $top query option found. The $top query option requires a non-negative integer value.", text)
	case n < 1 || n > MaxTop:
		return unsupported(fmt.Sprintf("Invalid page size specified: '%d'. Must be between 1 and %d inclusive.", n, MaxTop))
	}
	q.Top = n
	return nil
}

func (q *Query) readSelect(option map[string]string, _ Options) *Error {
	text, given := option["$select"]
	if !given {
		return nil
	}
	names, ok := splitNames(text)
	if !ok {
		return malformed("Parsing OData Select and Expand failed: Syntax error in '%s'.", text)
	}
	q.Select = names
	return nil
}

// splitNames splits a comma-separated list of names; false when one is empty.
func splitNames(text string) ([]string, bool) {
	names := strings.Split(text, ",")
	for i := range names {
		if names[i] = strings.TrimSpace(names[i]); names[i] == "" {
			return nil, false
		}
	}
	return names, true
}

func (q *Query) readFilter(option map[string]string, o Options) *Error {
	text, given := option["$filter"]
	if !given {
		return nil
	}
	f, err := ParseFilter(text)
	if err != nil {
		return err
	}
	if err := o.Table.check(f.root, q.Advanced); err != nil {
		return err
	}
	q.Filter = f
	return nil
}

func (q *Query) readSearch(option map[string]string, o Options) *Error {
	text, given := option["$search"]
	if !given {
		return nil
	}
	if !o.Consistency {
		return unsupported(messageSearchHeader)
	}
	s, err := ParseSearch(text)
	if err != nil {
		return err
	}
	for _, property := range s.properties() {
		if _, known := o.Table.property(property); !known {
			return malformed("Invalid search clause: Could not find a property named '%s' on type '%s'.", property, o.Table.Type)
		}
	}
	q.Search = s
	return nil
}

func (q *Query) readOrderBy(option map[string]string, o Options) *Error {
	text, given := option["$orderby"]
	if !given {
		return nil
	}
	orders, err := parseOrderBy(text)
	if err != nil {
		return err
	}
	for _, order := range orders {
		c, known := o.Table.property(order.Property)
		switch {
		case !known:
			return malformed("Invalid $orderby clause: Could not find a property named '%s' on type '%s'.", order.Property, o.Table.Type)
		case c.allows(Sort, q.Advanced) && (q.Filter == nil || q.Advanced):
		default:
			return unsupported(messageSorting)
		}
	}
	q.OrderBy = orders
	return nil
}
