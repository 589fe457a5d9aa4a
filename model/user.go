package model

import (
	"slices"
	"strings"
)

// Field is one attribute's value in a record. A scalar stands in Value; a
// collection in Values. Both empty is null.
type Field struct {
	Attr   AttrID
	Value  string
	Values []string
}

// IsNull reports whether the field clears its attribute.
func (f Field) IsNull() bool { return f.Value == "" && len(f.Values) == 0 }

// User is a synced Entra user. Attributes that are null take no room. The zero
// value is a user without an id and with every attribute null.
type User struct {
	ID        string  // object id
	ManagerID string  // object id of the manager; "" when none or not synced
	fields    []Field // sorted by Attr, no nulls
}

// Value returns a scalar attribute: text, "true"/"false" or an RFC 3339 time;
// "" is null. Of a collection it returns the first element.
func (u *User) Value(a AttrID) string {
	if a == AttrObjectID {
		return u.ID
	}
	i, ok := u.find(a)
	if !ok {
		return ""
	}
	if len(u.fields[i].Values) > 0 {
		return u.fields[i].Values[0]
	}
	return u.fields[i].Value
}

// Values returns a collection's elements, or the one value of a scalar; nil is
// null. The slice must not be changed.
func (u *User) Values(a AttrID) []string {
	if a == AttrObjectID {
		return []string{u.ID}
	}
	i, ok := u.find(a)
	if !ok {
		return nil
	}
	if len(u.fields[i].Values) > 0 {
		return u.fields[i].Values
	}
	return []string{u.fields[i].Value}
}

// Set stores or, when the field is null, clears an attribute.
func (u *User) Set(f Field) {
	if f.Attr == AttrObjectID {
		return // the id is the user's own field
	}
	i, ok := u.find(f.Attr)
	switch {
	case f.IsNull() && ok:
		u.fields = slices.Delete(u.fields, i, i+1)
	case f.IsNull():
	case ok:
		u.fields[i] = f
	default:
		u.fields = slices.Insert(u.fields, i, f)
	}
}

// Fields returns the attributes that are not null, sorted by id, without the
// object id. The slice must not be changed.
func (u *User) Fields() []Field { return u.fields }

// Clone returns a copy that shares no field slice with u.
func (u *User) Clone() User {
	c := *u
	c.fields = slices.Clone(u.fields)
	return c
}

// Apply merges a change into the user: what the change names is stored, what
// it does not name stays, or is cleared by a whole record. A removal is not the
// user's business: see Change.
func (u *User) Apply(c Change) {
	u.ID = c.ID
	if c.Whole {
		u.fields, u.ManagerID = nil, ""
	}
	for _, f := range c.Fields {
		u.Set(f)
	}
	if c.Manager != nil {
		u.ManagerID = *c.Manager
	}
}

// find looks at the end first: whoever fills or empties a whole record goes in
// order.
func (u *User) find(a AttrID) (int, bool) {
	n := len(u.fields)
	switch {
	case n == 0 || u.fields[n-1].Attr < a:
		return n, false
	case u.fields[n-1].Attr == a:
		return n - 1, true
	}
	return slices.BinarySearchFunc(u.fields, a, func(f Field, a AttrID) int { return int(f.Attr) - int(a) })
}

// DisplayName is the name to show: the display name, or failing that the user
// principal name, or the id.
func (u *User) DisplayName() string {
	for _, v := range []string{u.Value(AttrDisplayName), u.Value(AttrUserPrincipalName)} {
		if strings.TrimSpace(v) != "" {
			return v
		}
	}
	return u.ID
}

// Change is one record of a read: a row of /users, or of a delta round.
//
// In a delta record an absent property is unchanged (or was never set), null
// clears it; an absent manager is unchanged, never "no manager". A row of a
// listing is the whole user: what it does not name is null.
type Change struct {
	ID      string
	Removed string  // "" present; "changed" soft-deleted; "deleted" gone for good
	Whole   bool    // everything that is not named, the manager included, is null
	Fields  []Field // what the record names; a null field clears
	Manager *string // nil: not said; "" cleared; else the manager's object id
}
