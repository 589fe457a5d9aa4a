// Package audience turns what an administrator writes (addresses, groups,
// segments, lists, files, rules, snapshots; some of them excluded, some to keep
// within) into recipients: what is included, of that what is within, less what
// is excluded.
package audience

import (
	"context"

	"rollcall/model"
)

// EntryKind is the form of an entry.
type EntryKind string

const (
	EntryAddress EntryKind = "address" // sales@contoso.com: group, list, user or contact
	EntryObject  EntryKind = "object"  // NAME|ID of a group, list, user or contact, written without an "@" and without a kind
	EntryGroup   EntryKind = "group"   // group:NAME|ID
	EntrySegment EntryKind = "segment" // segment:NAME
	EntryList    EntryKind = "list"    // list:NAME
	EntryFile    EntryKind = "file"    // file:PATH.csv
	EntryRule    EntryKind = "rule"    // rule:RULE

	EntrySnapshot EntryKind = "snapshot" // snapshot:ID|NAME, the addresses of an approved preview
)

// Entry is one term of an audience: what is included, or, by a leading "-",
// excluded, or, by a leading "&", what the audience is kept within. Exclude and
// Within are never both set.
type Entry struct {
	Kind    EntryKind
	Text    string // without the "kind:" prefix
	Exclude bool
	Within  bool
}

// Resolver finds directory objects in the tenant. It is asked from several
// goroutines at once, and so are a Finder and a Namer.
type Resolver interface {
	// ResolveAddress finds the objects that own an address, primary or
	// secondary: groups, users and contacts. None found is an empty slice.
	ResolveAddress(ctx context.Context, address string) ([]model.Object, error)
	// ResolveGroup finds groups by object id, display name, or address.
	ResolveGroup(ctx context.Context, nameOrID string) ([]model.Object, error)
	// ResolveName finds groups, users and contacts by object id or display name.
	// None found is an empty slice.
	ResolveName(ctx context.Context, nameOrID string) ([]model.Object, error)
	// Domains are the tenant's verified domains, lower case.
	Domains(ctx context.Context) ([]string, error)
}

// Finder finds the lists that Graph does not know: dynamic distribution lists,
// which exist in Exchange only.
type Finder interface {
	// FindList finds a list by its address, name or id. None found is an empty
	// slice; a service that could not be asked is a KindPartial error with the
	// remedy.
	FindList(ctx context.Context, identity string) ([]model.Object, error)
}

// Namer is a Local that can tell what on this machine goes by a name, so that
// an entry that names nothing can be mended.
type Namer interface {
	// Near returns entries whose names are the name, or near to it, nearest first
	// and few.
	Near(ctx context.Context, name string) []Entry
}

// Local answers what lives on this machine: the synced directory, segments,
// saved lists and approved previews. What a segment or a rule needs of the
// tenant and cannot have is an error of KindPartial: that entry is then missing
// from the answer, and the others are answered.
type Local interface {
	// Segment returns the users of a saved segment, each once and with its id, in
	// a slice that it gives away.
	Segment(ctx context.Context, name string) ([]model.Object, error)
	// Rule returns the users that a rule selects, each once and with its id, in a
	// slice that it gives away.
	Rule(ctx context.Context, rule string) ([]model.Object, error)
	// List returns the contacts of a saved list as the directory knows them
	// today, and those that it no longer holds, as they were saved.
	List(ctx context.Context, name string) (present, departed []model.Object, err error)
	// File reads a CSV of addresses, user principal names or object ids and
	// joins it with the directory. A row that cannot be read is an error that
	// names its line; an unknown address is an external contact.
	File(ctx context.Context, path string) ([]model.Object, error)
	// Snapshot returns the recipients of an approved preview: the users who own
	// its addresses today, and an external contact for an address of nobody's.
	Snapshot(ctx context.Context, idOrName string) ([]model.Object, error)
}
