// Package directory is the in-memory directory: columns of dictionary-encoded
// attributes, read through immutable snapshots, changed by applying deltas.
package directory

import (
	"context"
	"time"

	"rollcall/model"
	"rollcall/model/rule"
)

func unwritten() { panic("unwritten") }

// Directory holds the users. One goroutine applies changes; any number read
// snapshots.
type Directory struct{}

// New returns an empty directory.
func New(s *model.Schema) *Directory { unwritten(); return nil }

// Load replaces everything by the users that each yields.
func (d *Directory) Load(each func(yield func(*model.User) bool) error) error {
	unwritten()
	return nil
}

// Reset drops every user. Snapshots already taken stay readable.
func (d *Directory) Reset() { unwritten() }

// Apply merges changes, in order, and publishes a new snapshot.
func (d *Directory) Apply(changes []model.Change) { unwritten() }

// Snapshot returns the present users; it never changes.
func (d *Directory) Snapshot() *Snapshot { unwritten(); return nil }

// Snapshot is an immutable view. Rows are addressed by a row number below
// Rows; a row number means the same user in one snapshot only.
type Snapshot struct{}

// Schema returns the attributes.
func (s *Snapshot) Schema() *model.Schema { unwritten(); return nil }

// Generation grows with every change of the directory.
func (s *Snapshot) Generation() uint64 { unwritten(); return 0 }

// Len is the number of users.
func (s *Snapshot) Len() int { unwritten(); return 0 }

// All returns the row numbers of all users in the order of display name.
func (s *Snapshot) All() []int32 { unwritten(); return nil }

// ID returns the object id of a row.
func (s *Snapshot) ID(row int32) string { unwritten(); return "" }

// Value returns a scalar attribute of a row ("" is null), or the first element of a collection.
func (s *Snapshot) Value(row int32, a model.AttrID) string { unwritten(); return "" }

// User returns a copy of a row with all its attributes.
func (s *Snapshot) User(row int32) model.User { unwritten(); return model.User{} }

// ByID finds a row by object id.
func (s *Snapshot) ByID(id string) (int32, bool) { unwritten(); return 0, false }

// ByAddress finds the rows that own an address: mail, userPrincipalName or any proxy address, ignoring case.
func (s *Snapshot) ByAddress(address string) []int32 { unwritten(); return nil }

// Reports counts the users whose manager is the given user.
func (s *Snapshot) Reports(id string) int { unwritten(); return 0 }

// Set is a set of rows of one snapshot.
type Set struct{}

// Count is the number of rows in the set.
func (s *Set) Count() int { unwritten(); return 0 }

// Has reports whether the row is in the set.
func (s *Set) Has(row int32) bool { unwritten(); return false }

// Select evaluates a compiled rule over all rows.
func (s *Snapshot) Select(ctx context.Context, p *rule.Program) (*Set, error) {
	unwritten()
	return nil, nil
}

// Search narrows rows by what an administrator types after "/": words that all
// must occur (name, address, title, department), "!word" not, "~word" fuzzy,
// "field:value". within nil means all. The rows keep their given order.
func (s *Snapshot) Search(ctx context.Context, text string, rows []int32) ([]int32, error) {
	unwritten()
	return nil, nil
}

// Rows returns the rows of a set in the order of display name.
func (s *Snapshot) Rows(set *Set) []int32 { unwritten(); return nil }

// Sort orders rows by an attribute, nulls last in either direction, ties by
// display name and then id. It returns a new slice.
func (s *Snapshot) Sort(ctx context.Context, rows []int32, by model.AttrID, descending bool) ([]int32, error) {
	unwritten()
	return nil, nil
}

// Facet is a distinct value with the number of users that have it.
type Facet struct {
	Value string
	Count int
}

// Facets are the distinct values of an attribute.
type Facets struct {
	Attribute model.Attribute
	Values    []Facet // most frequent first, ties by value
	Null      int     // users without a value
}

// Facets counts the values of an attribute among rows; nil means all.
func (s *Snapshot) Facets(ctx context.Context, a model.AttrID, rows []int32) (Facets, error) {
	unwritten()
	return Facets{}, nil
}

// AsOf is unused by the directory itself; the workspace stamps it with the end
// of the last round.
var _ = time.Time{}
