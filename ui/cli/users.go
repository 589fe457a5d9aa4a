package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"rollcall/model"
	"rollcall/model/directory"
	"rollcall/model/workspace"
)

// selection is the flags that choose users.
type selection struct {
	where, segment string
}

func (s *selection) register(cmd *cobra.Command) {
	cmd.Flags().StringVar(&s.where, "where", "", "only the users that a membership rule selects; - reads it from the input")
	cmd.Flags().StringVar(&s.segment, "segment", "", "only the users of a saved segment")
}

// rule is what --where was given, nil when it was not given: an empty one is
// somebody's empty variable, and does not mean everybody.
func (s *selection) rule(a *app, cmd *cobra.Command) (*string, error) {
	if !cmd.Flags().Changed("where") {
		return nil, nil
	}
	if cmd.Flags().Changed("segment") {
		return nil, usageError(cmd, errors.New("--where and --segment exclude each other: a rule of both is -and"))
	}
	var err error
	s.where, err = a.ruleText(cmd.Context(), s.where)
	return &s.where, err
}

// withSelection is withDirectory for the users that the flags of a command
// choose.
func (a *app) withSelection(cmd *cobra.Command, s *selection, run func(*workspace.Workspace) error) error {
	rule, err := s.rule(a, cmd)
	if err != nil {
		return err
	}
	if cmd.Flags().Changed("segment") && s.segment == "" {
		return usageError(cmd, errors.New("--segment takes the name of a segment, and the name is empty"))
	}
	return a.withRule(cmd.Context(), rule, run)
}

// find returns the chosen users, nil for all, narrowed by the words of a search
// if there are any, with the snapshot that they belong to. What there is to say
// about a rule that somebody has just written is told to a person.
func (a *app) find(ctx context.Context, w *workspace.Workspace, s *selection, words []string) (*directory.Snapshot, *directory.Set, error) {
	rule := s.where
	if s.segment != "" {
		segment, err := w.Segment(ctx, s.segment)
		if err != nil {
			return nil, nil, err
		}
		rule = segment.Rule
	}
	snapshot, set := w.Directory(), (*directory.Set)(nil)
	if rule != "" {
		selected, err := a.selectRule(ctx, w, rule)
		if err != nil {
			return nil, nil, err
		}
		if s.segment == "" {
			a.noteRemarks(selected.Diagnostics)
		}
		snapshot, set = selected.Snapshot, selected.Set
	}
	if len(words) > 0 {
		found, err := snapshot.Search(ctx, strings.Join(words, " "), set, nil)
		if err != nil {
			return nil, nil, err
		}
		set = found.Set
	}
	return snapshot, set, nil
}

// rowsOf are the rows of a set, of all users when it is nil, in the order of
// display name.
func rowsOf(snapshot *directory.Snapshot, set *directory.Set) []int32 {
	if set == nil {
		return snapshot.All()
	}
	return snapshot.Rows(set)
}

func (a *app) usersCommand() *cobra.Command {
	var (
		choice  selection
		columns []string
		sortBy  string
		limit   int
		count   bool
	)
	cmd := &cobra.Command{
		Use:   "users [SEARCH]",
		Short: "List synced users",
		Long: `users lists the users of the local copy. SEARCH narrows as the screen's "/"
does: all words must occur in name, address, title or department; !word must
not; ~word matches loosely; field:value looks into one attribute.`,
		Example: `  rollcall users adele
  rollcall users --where 'user.department -eq "Sales" -and user.country -eq "Germany"' --count
  rollcall users berlin --segment "Sales DE"
  rollcall users department:sales --columns displayName,mail,mobile --sort -displayName --format csv`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if limit < 0 {
				return usageError(cmd, fmt.Errorf("--limit takes a number of users, not %d", limit))
			}
			ctx := cmd.Context()
			return a.withSelection(cmd, &choice, func(w *workspace.Workspace) error {
				attributes, err := pickColumns(w.Known(), columns, a.flags.machine())
				if err != nil {
					return err
				}
				snapshot, set, err := a.find(ctx, w, &choice, args)
				if err != nil {
					return err
				}
				if count && set == nil {
					return a.printCount(snapshot.Len())
				}
				if count {
					return a.printCount(set.Count())
				}
				rows := rowsOf(snapshot, set)
				if sortBy != "" {
					name, descending := strings.CutPrefix(sortBy, "-")
					attribute, err := syncedAttribute(w.Known(), name)
					if err != nil {
						return err
					}
					if rows, err = snapshot.Sort(ctx, rows, attribute.ID, descending); err != nil {
						return err
					}
				}
				total := len(rows)
				if limit > 0 && limit < total {
					rows = rows[:limit]
				}
				return a.printUsers(snapshot, rows, total, attributes)
			})
		},
	}
	choice.register(cmd)
	a.completeFlag(cmd, "segment", a.completeSegments)
	cmd.Flags().StringSliceVar(&columns, "columns", nil, "attributes to print, by rule or Graph name")
	cmd.Flags().StringVar(&sortBy, "sort", "", "attribute to sort by; -NAME sorts descending")
	cmd.Flags().IntVar(&limit, "limit", 0, "print at most this many; 0 prints all")
	cmd.Flags().BoolVar(&count, "count", false, "print the number of users only")
	return cmd
}

// syncedAttribute finds an attribute by name and refuses one that this profile
// does not sync: it would look like null for everybody.
func syncedAttribute(s *model.Schema, name string) (model.Attribute, error) {
	attribute, ok := s.ByName(name)
	if !ok {
		e := &model.Error{Kind: model.KindUsage, Code: "attributeUnknown", Message: "there is no attribute " + quoted(name)}
		if near := s.Nearest(name); near != "" {
			e.Remedy = "did you mean " + near + "?"
		}
		return attribute, e
	}
	if !s.IsSynced(attribute.ID) {
		return attribute, &model.Error{
			Kind: model.KindUsage, Code: "attributeNotSynced",
			Message: "the attribute " + attribute.Rule + " is not synced in this profile",
			Remedy:  "add it to the profile's attributes and sync",
		}
	}
	switch s.Lack(attribute.ID) {
	case model.LackUnread:
		return attribute, &model.Error{
			Kind: model.KindFailed, Code: "attributeUnread",
			Message: "the attribute " + attribute.Rule + " was chosen since the last sync, so that nobody's value is known",
			Remedy:  "run rollcall sync",
		}
	case model.LackRefused:
		return attribute, &model.Error{
			Kind: model.KindFailed, Code: "attributeRefused",
			Message: "the tenant refuses to give the attribute " + attribute.Rule + ", so that nobody's value is known",
			Remedy:  "take it out of the profile's attributes, or ask again with rollcall sync --full",
		}
	}
	return attribute, nil
}

// pickColumns returns the named attributes, or the usual ones: a handful for a
// person, everything for a program.
func pickColumns(s *model.Schema, names []string, machine bool) ([]model.Attribute, error) {
	if len(names) == 0 && machine {
		return slices.DeleteFunc(s.Synced(), func(a model.Attribute) bool { return s.Lack(a.ID) != model.LackNothing }), nil
	}
	if len(names) == 0 {
		for _, id := range []model.AttrID{model.AttrDisplayName, model.AttrMail, model.AttrDepartment, model.AttrJobTitle, model.AttrOfficeLocation} {
			if s.IsSynced(id) && s.Lack(id) == model.LackNothing {
				names = append(names, s.Attribute(id).Graph)
			}
		}
	}
	attributes := make([]model.Attribute, len(names))
	for i, name := range names {
		attribute, err := syncedAttribute(s, name)
		if err != nil {
			return nil, err
		}
		attributes[i] = attribute
	}
	return attributes, nil
}

func (a *app) printCount(n int) error {
	object := map[string]int{"count": n}
	return a.print(output{
		object: object, lines: []any{object},
		table:  table{columns: []column{{"count", true}}, rows: [][]string{{fmt.Sprint(n)}}},
		person: func(w io.Writer) error { _, err := fmt.Fprintln(w, n); return err },
	})
}

func (a *app) printUsers(snapshot *directory.Snapshot, rows []int32, total int, attributes []model.Attribute) error {
	var t table
	for _, attribute := range attributes {
		name := attribute.Graph
		if !a.flags.machine() {
			name = attribute.Label
		}
		t.columns = append(t.columns, column{name: name})
	}
	objects := make([]any, 0, len(rows))
	for _, row := range rows {
		user := snapshot.User(row)
		if a.flags.format == formatJSON || a.flags.format == formatNDJSON {
			objects = append(objects, userObject(&user, attributes))
			continue
		}
		cells := make([]string, len(attributes))
		for i, attribute := range attributes {
			cells[i] = a.cell(attribute, user.Values(attribute.ID))
		}
		t.rows = append(t.rows, cells)
	}
	return a.print(output{
		object: struct {
			Total int   `json:"total"`
			Users []any `json:"users"`
		}{total, objects},
		lines: objects,
		table: t,
		person: func(w io.Writer) error {
			if total == 0 {
				_, err := fmt.Fprintln(w, "no user matches")
				return err
			}
			if err := t.print(w); err != nil {
				return err
			}
			if len(rows) < total {
				fmt.Fprintf(w, "%s of %s users; --limit hides the others\n", grouped(len(rows)), grouped(total))
			}
			return nil
		},
	})
}

// cell is the values of an attribute in a cell: of service plans a program gets
// each as "service/capabilityStatus/servicePlanId", a person the services.
func (a *app) cell(attribute model.Attribute, values []string) string {
	if attribute.Type == model.TypePlans && !a.flags.machine() {
		return model.PlansText(values)
	}
	return strings.Join(values, "; ")
}

// assignedPlan is an element of assignedPlans under Graph's names.
type assignedPlan struct {
	CapabilityStatus string `json:"capabilityStatus"`
	Service          string `json:"service"`
	ServicePlanID    string `json:"servicePlanId"`
}

func assignedPlans(values []string) []assignedPlan {
	plans := make([]assignedPlan, 0, len(values))
	for _, v := range values {
		if p, ok := model.ParseServicePlan(v); ok {
			plans = append(plans, assignedPlan{p.CapabilityStatus, p.Service, p.ServicePlanID})
		}
	}
	return plans
}

// userObject is a user under Graph's names; a null attribute is null.
func userObject(user *model.User, attributes []model.Attribute) map[string]any {
	object := map[string]any{"id": user.ID}
	for _, attribute := range attributes {
		values := user.Values(attribute.ID)
		switch {
		case attribute.Type == model.TypePlans:
			object[attribute.Graph] = assignedPlans(values)
		case attribute.Type == model.TypeCollection:
			object[attribute.Graph] = append([]string{}, values...)
		case len(values) == 0:
			object[attribute.Graph] = nil
		case attribute.Type == model.TypeBool:
			object[attribute.Graph] = values[0] == "true"
		default:
			object[attribute.Graph] = values[0]
		}
	}
	return object
}

func (a *app) facetsCommand() *cobra.Command {
	var choice selection
	cmd := &cobra.Command{
		Use:     "facets ATTRIBUTE",
		Short:   "Count the distinct values of an attribute",
		Example: "  rollcall facets department\n  rollcall facets country --where 'user.userType -eq \"Guest\"' --json",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			return a.withSelection(cmd, &choice, func(w *workspace.Workspace) error {
				attribute, err := syncedAttribute(w.Known(), args[0])
				if err != nil {
					return err
				}
				snapshot, set, err := a.find(ctx, w, &choice, nil)
				if err != nil {
					return err
				}
				var rows []int32 // all
				if set != nil {
					rows = snapshot.Rows(set)
				}
				facets, err := snapshot.Facets(ctx, attribute.ID, rows)
				if err != nil {
					return err
				}
				return a.printFacets(facets)
			})
		},
	}
	choice.register(cmd)
	a.completeFlag(cmd, "segment", a.completeSegments)
	return cmd
}

func (a *app) printFacets(f directory.Facets) error {
	type value struct {
		Value string `json:"value"`
		Count int    `json:"count"`
	}
	t := table{columns: []column{{"count", true}, {f.Attribute.Graph, false}}}
	values := make([]value, len(f.Values))
	lines := make([]any, len(f.Values))
	for i, facet := range f.Values {
		values[i] = value{facet.Value, facet.Count}
		lines[i] = values[i]
		t.rows = append(t.rows, []string{fmt.Sprint(facet.Count), facet.Value})
	}
	return a.print(output{
		object: struct {
			Attribute string  `json:"attribute"`
			Distinct  int     `json:"distinct"`
			Null      int     `json:"null"`
			Values    []value `json:"values"`
		}{f.Attribute.Graph, len(values), f.Null, values},
		lines: lines,
		table: t,
		person: func(w io.Writer) error {
			if err := t.print(w); err != nil {
				return err
			}
			_, err := fmt.Fprintf(w, "%s distinct values, %s users without one\n", grouped(len(values)), grouped(f.Null))
			return err
		},
	})
}
