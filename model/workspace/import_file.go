package workspace

import (
	"cmp"
	"context"
	"fmt"

	"rollcall/model"
	"rollcall/model/roster"
)

// readRoster reads a file that an administrator named.
func (w *Workspace) readRoster(path string, o roster.Options) (*roster.File, error) {
	file, err := w.OpenFile(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return roster.Read(file, path, o)
}

// File answers an audience entry.
func (l *local) File(ctx context.Context, path string) ([]model.Object, error) {
	file, err := l.workspace.readRoster(path, roster.Options{})
	if err != nil {
		return nil, err
	}
	// Without domains of its own every address that nobody has is outside.
	match, err := roster.MatchRows(ctx, l.snapshot, file.Rows, roster.MatchOptions{Outside: true})
	if err != nil {
		return nil, err
	}
	if len(match.Ambiguous) > 0 {
		row := match.Ambiguous[0]
		return nil, &model.Error{
			Kind: model.KindUsage, Code: "userAmbiguous",
			Message: fmt.Sprintf("%s line %d: %s", path, row.Row.Line, row.Reason),
			Remedy:  "name the one that is meant by object id",
		}
	}
	if len(match.Unmatched) > 0 {
		row := match.Unmatched[0]
		return nil, &model.Error{
			Kind: model.KindUsage, Code: "userNotFound",
			Message: fmt.Sprintf("%s line %d: %s", path, row.Row.Line, row.Reason),
			Remedy:  "correct the row, or run `rollcall sync` if the user is new",
		}
	}
	notes := file.Format.Notes
	if len(file.Rows) == 0 {
		notes = append(notes, "it holds headings and no rows, and names nobody")
	}
	for _, note := range notes {
		l.notes = append(l.notes, "file:"+path+": "+note)
	}
	objects := make(map[int]model.Object, len(file.Rows)) // by line
	for _, m := range match.Matched {
		objects[m.Row.Line] = rowObject(l.snapshot, m.User)
	}
	for _, o := range match.Outside {
		contact := outsiderOf(&o.Row)
		objects[o.Row.Line] = contact.outside()
	}
	for _, d := range match.Duplicates {
		objects[d.Row.Line] = objects[d.First]
	}
	inOrder := make([]model.Object, 0, len(file.Rows))
	for i := range file.Rows {
		inOrder = append(inOrder, objects[file.Rows[i].Line])
	}
	return inOrder, nil
}

// outsiderOf is a row that names no user, as a list keeps it.
func outsiderOf(r *roster.Row) Contact {
	return Contact{DisplayName: r.Name, Mail: cmp.Or(r.Address, r.UPN), Mobile: r.Mobile}
}

// outside is a contact outside the tenant as a recipient.
func (c *Contact) outside() model.Object {
	return model.Object{Type: model.ObjectContact, DisplayName: cmp.Or(c.DisplayName, c.Mail), Mail: c.Mail, MobilePhone: c.Mobile}
}
