package workspace

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"rollcall/model"
	"rollcall/model/directory"
	"rollcall/model/roster"
)

// Import is what a file would make of a saved list. It is a proposal: nothing
// is written before ApplyImport.
type Import struct {
	Name   string        // of the list
	File   string        // base name of the file
	Format roster.Format // what was recognised of it
	Rows   int           // without those that hold nothing
	Match  *roster.Match
	Notes  []string

	// Snapshot is the directory in which the rows were looked up: the users of
	// Match are rows of it.
	Snapshot *directory.Snapshot

	Before  *List     // the list as it is, with its members; nil where there is none yet
	Members []Contact // as they would be, in the order of the file

	Joins     []Contact
	Leaves    []Contact // in the order of the list
	Changed   []ContactChange
	Unchanged int // members that stay as they are, Kept among them
	// Kept are members whom the file names by no row, and whom one that is
	// ambiguous may mean. They stay, behind the others.
	Kept []Contact
}

// ContactChange is a member that stays and is kept otherwise: somebody outside
// the tenant whose name or number changed, or who has become a user of it.
type ContactChange struct {
	Before Contact `json:"before"`
	After  Contact `json:"after"`
}

// New reports whether there is no list of the name yet.
func (i *Import) New() bool { return i.Before == nil }

// Empty reports whether the list is already what the file says: applying the
// import would write nothing.
func (i *Import) Empty() bool {
	return !i.New() && len(i.Joins)+len(i.Leaves)+len(i.Changed) == 0
}

// The guard on removals: a file that was cut off must not empty a list. More
// than both is stopped.
const (
	importRemovals        = 10
	importRemovalsPercent = 20
)

// The codes of the KindGuard errors of an import.
const (
	CodeImportRemovals = "importRemovals" // it would remove more than is allowed
	CodeImportNobody   = "importNobody"   // no row names anybody
	CodeImportStale    = "importStale"    // the list was changed since the plan
)

// Guard refuses an import that would leave nobody in the list, and one that
// would remove more than 10 members that are more than 20 percent of it, unless
// at least as many removals are allowed. The error is of KindGuard and says the
// number.
func (i *Import) Guard(allowRemovals int) error {
	switch removals := len(i.Leaves); {
	case len(i.Members) == 0:
		return &model.Error{
			Kind: model.KindGuard, Code: CodeImportNobody,
			Message: fmt.Sprintf("no row of %s names anybody who could be in the list %s; nothing was changed", i.File, i.Name),
			Remedy:  "check the columns that were recognised, and name others with --column",
		}
	case removals > importRemovals && 100*removals > importRemovalsPercent*len(i.Before.Members) && removals > allowRemovals:
		return &model.Error{
			Kind: model.KindGuard, Code: CodeImportRemovals,
			Message: fmt.Sprintf("the import would remove %d of the %d members of %s; the file may have been cut off, and nothing was changed", removals, len(i.Before.Members), i.Name),
			Remedy:  fmt.Sprintf("if they are to go, allow it with --allow-removals %d", removals),
		}
	}
	return nil
}

// Partial is the KindPartial error of an import that leaves rows out, nil where
// there is none.
func (i *Import) Partial() error {
	unmatched, ambiguous := len(i.Match.Unmatched), len(i.Match.Ambiguous)
	if unmatched+ambiguous == 0 {
		return nil
	}
	remedy := "correct those rows, run `rollcall sync` if the users are new, or keep people outside the tenant with --outside"
	if len(i.Match.Outside) > 0 { // they are kept
		remedy = "correct those rows, or run `rollcall sync` if the users are new"
	}
	return &model.Error{
		Kind: model.KindPartial, Code: "importPartial",
		Message: fmt.Sprintf("rows of %s left out: %d of %d (%d naming nobody, %d ambiguous)", i.File, unmatched+ambiguous, i.Rows, unmatched, ambiguous),
		Remedy:  remedy,
	}
}

// PlanImport reads a file, looks up whom its rows name, and compares them with
// the saved list of the name. It writes nothing. A file that cannot be read, or
// holds no rows, is a KindUsage error; rows that name nobody are in the Import.
func (w *Workspace) PlanImport(ctx context.Context, name, path string, o roster.Options) (*Import, error) {
	file, err := w.OpenFile(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return w.PlanImportFrom(ctx, name, file, path, o)
}

// PlanImportFrom is PlanImport from a stream, under the name by which messages
// call it.
func (w *Workspace) PlanImportFrom(ctx context.Context, name string, stream io.Reader, path string, o roster.Options) (*Import, error) {
	parts, err := w.opened()
	if err != nil {
		return nil, err
	}
	if name, err = savedName("list", name); err != nil {
		return nil, err
	}
	if !w.Synced() {
		return nil, notSynced()
	}
	file, err := roster.Read(stream, path, o)
	if err != nil {
		return nil, err
	}
	if len(file.Rows) == 0 {
		return nil, &model.Error{
			Kind: model.KindUsage, Code: "importEmpty",
			Message: fmt.Sprintf("%s holds headings and no rows; nothing was changed", path),
			Remedy:  "check the export that wrote it",
		}
	}
	plan := &Import{Name: name, File: filepath.Base(path), Format: file.Format, Rows: len(file.Rows), Snapshot: w.Directory(), Notes: file.Format.Notes}
	if err := plan.checkSynced(); err != nil {
		return nil, err
	}
	domains, note, err := w.ownDomains(ctx, parts, plan.Snapshot, nil)
	if err != nil {
		return nil, err
	}
	plan.Match, err = roster.MatchRows(ctx, plan.Snapshot, file.Rows, roster.MatchOptions{Outside: o.Outside, Domains: domains})
	if err != nil {
		return nil, err
	}
	if len(plan.Match.Outside) > 0 && note != "" {
		plan.Notes = append(plan.Notes, note)
	}
	if plan.Before, err = savedList(ctx, parts.Ledger, name); err != nil {
		return nil, err
	}
	if plan.Before != nil {
		plan.Name = plan.Before.Name
	}
	plan.take()
	plan.compare()
	return plan, nil
}

// savedList returns the list of a name with its members, nil where there is
// none.
func savedList(ctx context.Context, ledger Ledger, name string) (*List, error) {
	known, err := findList(ctx, ledger, name)
	if err == nil {
		known, err = ledger.List(ctx, known.Name)
	}
	if err == nil {
		return &known, nil
	}
	if model.AsError(err).Code == codeListNotFound {
		return nil, nil
	}
	return nil, err
}

// checkSynced refuses a file that names users by employee id alone where the
// profile does not sync it.
func (i *Import) checkSynced() error {
	if i.Snapshot.Schema().IsSynced(model.AttrEmployeeID) {
		return nil
	}
	others := false
	employees := false
	for _, m := range i.Format.Columns {
		switch m.Column {
		case roster.ColumnEmployeeID:
			employees = true
		case roster.ColumnObjectID, roster.ColumnUPN, roster.ColumnAddress:
			others = true
		}
	}
	if !employees {
		return nil
	}
	const what = "the profile does not sync employeeId, by which the file names users"
	if others {
		i.Notes = append(i.Notes, what+"; that column was not looked at")
		return nil
	}
	return &model.Error{
		Kind: model.KindUsage, Code: "attributeNotSynced", Message: what,
		Remedy: "add employeeId to the profile's attributes and run `rollcall sync`",
	}
}

// take makes the members of what the rows name, in the order of the file.
func (i *Import) take() {
	i.Members = make([]Contact, 0, len(i.Match.Matched)+len(i.Match.Outside))
	outside := i.Match.Outside
	before := func(line int) {
		for len(outside) > 0 && outside[0].Row.Line < line {
			i.Members = append(i.Members, outsiderOf(&outside[0].Row))
			outside = outside[1:]
		}
	}
	for _, m := range i.Match.Matched {
		before(m.Row.Line)
		i.Members = append(i.Members, contactOf(i.Snapshot, m.User))
	}
	for _, o := range outside {
		i.Members = append(i.Members, outsiderOf(&o.Row))
	}
}

// compare tells what separates the members from those that the list has.
func (i *Import) compare() {
	if i.New() {
		i.Joins = i.Members
		return
	}
	has := make(map[string]Contact, len(i.Before.Members))
	for _, c := range i.Before.Members {
		key := i.identity(&c)
		if _, twice := has[key]; twice {
			i.Leaves = append(i.Leaves, c) // somebody who was listed twice, as it turns out
			continue
		}
		has[key] = c
	}
	stays := make(map[string]bool, len(i.Members))
	for _, after := range i.Members {
		key := i.identity(&after)
		stays[key] = true
		switch before, ok := has[key]; {
		case !ok:
			i.Joins = append(i.Joins, after)
		case before.ID == after.ID && (after.ID != "" || before == after):
			i.Unchanged++
		default:
			i.Changed = append(i.Changed, ContactChange{before, after})
		}
	}
	doubtful := i.doubtful()
	for _, c := range i.Before.Members {
		key := i.identity(&c)
		switch {
		case stays[key]:
		case has[key] != c: // counted above
		case doubtful[key]:
			i.Kept = append(i.Kept, c)
			i.Members = append(i.Members, c)
			i.Unchanged++
		default:
			i.Leaves = append(i.Leaves, c)
		}
	}
}

// identity tells contacts apart. Somebody outside the tenant who has become a
// user of it is that user.
func (i *Import) identity(c *Contact) string {
	if c.ID != "" {
		return strings.ToLower(c.ID)
	}
	if rows := i.Snapshot.ByAddress(c.Mail); len(rows) == 1 {
		return strings.ToLower(i.Snapshot.ID(rows[0]))
	}
	return "mail:" + strings.ToLower(c.Mail)
}

// doubtful are the users whom the rows that were left out may mean.
func (i *Import) doubtful() map[string]bool {
	users := make(map[string]bool)
	add := func(rows []int32) {
		for _, row := range rows {
			users[strings.ToLower(i.Snapshot.ID(row))] = true
		}
	}
	for _, a := range i.Match.Ambiguous {
		add(a.Candidates)
	}
	for _, u := range i.Match.Unmatched {
		add(u.Near)
	}
	return users
}

// ApplyImport makes the list what the import says. Where that changes nothing
// it writes nothing, no line of the audit either. It is refused, with a
// KindGuard error, by Guard, and where the list was changed since the import
// was planned.
func (w *Workspace) ApplyImport(ctx context.Context, i *Import, allowRemovals int) (List, error) {
	parts, err := w.opened()
	if err != nil {
		return List{}, err
	}
	if err := i.Guard(allowRemovals); err != nil {
		return List{}, err
	}
	present, err := savedList(ctx, parts.Ledger, i.Name)
	if err != nil {
		return List{}, err
	}
	if !i.holdsFor(present) {
		return List{}, &model.Error{
			Kind: model.KindGuard, Code: CodeImportStale,
			Message: fmt.Sprintf("the list %s was changed since the import was compared with it; nothing was changed", i.Name),
			Remedy:  "import the file again",
		}
	}
	if i.Empty() {
		return *present, nil
	}
	now, actor := w.Now().UTC(), w.actor()
	list := List{Name: i.Name, CreatedAt: now, CreatedBy: actor}
	if present != nil {
		list = *present
	}
	list.ChangedAt, list.ChangedBy, list.File = now, actor, i.File
	list.Count, list.Members = len(i.Members), i.Members
	if err := parts.Ledger.SaveList(ctx, list); err != nil {
		return List{}, err
	}
	detail := fmt.Sprintf("%s: %d members", i.File, list.Count)
	if present != nil {
		detail += fmt.Sprintf(", %d joined, %d left, %d changed", len(i.Joins), len(i.Leaves), len(i.Changed))
	}
	return list, w.record(ctx, parts, "list.import", list.Name, detail)
}

// holdsFor reports whether the list is still what the import was compared with.
func (i *Import) holdsFor(present *List) bool {
	if i.Before == nil || present == nil {
		return i.Before == nil && present == nil
	}
	return slices.Equal(i.Before.Members, present.Members)
}
