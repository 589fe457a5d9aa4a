package workspace

import (
	"context"
	"slices"
	"strings"

	"rollcall/model"
	"rollcall/model/audience"
	"rollcall/model/directory"
)

// namedNear is how many users a name that nobody has may have been meant for.
const namedNear = 3

// Near implements audience.Namer: the saved segment and the saved list of the
// name or the one nearest to it, and users whose display names are near.
func (l *local) Near(ctx context.Context, name string) []audience.Entry {
	var entries []audience.Entry
	nearest := func(kind audience.EntryKind, names []string) {
		if n := model.Nearest(name, names); n != "" {
			entries = append(entries, audience.Entry{Kind: kind, Text: n})
		}
	}
	if segments, err := l.workspace.Segments(ctx); err == nil {
		names := make([]string, len(segments))
		for i := range segments {
			names[i] = segments[i].Name
		}
		nearest(audience.EntrySegment, names)
	}
	if lists, err := l.workspace.Lists(ctx); err == nil {
		names := make([]string, len(lists))
		for i := range lists {
			names[i] = lists[i].Name
		}
		nearest(audience.EntryList, names)
	}
	users, err := l.snapshot.Nearest(ctx, model.AttrDisplayName, name, namedNear)
	if err != nil {
		return entries
	}
	for _, u := range users {
		// What is written is read again as the same entry, or is no help.
		e := audience.Entry{Kind: audience.EntryObject, Text: u.Value}
		if again, err := audience.ParseEntry(u.Value); err == nil && again == e {
			entries = append(entries, e)
		}
	}
	return entries
}

// joinAddress finds the one synced user who gets the mail to an address.
func joinAddress(s *directory.Snapshot, address string) (model.Object, bool) {
	rows := mailOwners(s, address)
	if len(rows) != 1 {
		return model.Object{}, false
	}
	return rowObject(s, rows[0]), true
}

// mailOwners are the rows that an address names. Where there are several, one
// may have it as a user principal name only and another as an address: that one
// gets the mail.
func mailOwners(s *directory.Snapshot, address string) []int32 {
	rows := s.ByAddress(address)
	if len(rows) < 2 {
		return rows
	}
	for _, owns := range []func(row int32) bool{
		func(row int32) bool { return strings.EqualFold(s.Value(row, model.AttrMail), address) },
		func(row int32) bool {
			return slices.ContainsFunc(s.Values(row, model.AttrProxyAddresses), func(proxy string) bool { return strings.EqualFold(proxy, "smtp:"+address) })
		},
	} {
		if found := slices.DeleteFunc(slices.Clone(rows), func(row int32) bool { return !owns(row) }); len(found) > 0 {
			return found
		}
	}
	return rows
}
