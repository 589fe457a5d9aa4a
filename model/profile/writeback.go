package profile

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2/unstable"

	"rollcall/model/writeback"
)

// The keys of writing groups, and where they may stand.
const (
	keyWriteback = "writeback"
	keyGroup     = "group"

	keyGuardRemovals       = "removals"
	keyGuardRemovalsShare  = "removals_percent"
	keyGuardAdditions      = "additions"
	keyGuardAdditionsShare = "additions_percent"
	keyLeastMembers        = "least_members"
	keyFirstRemovals       = "first_removals"

	keySkipGuests      = "skip_guests"
	keySkipDisabled    = "skip_disabled"
	keyRemoveOwners    = "remove_owners"
	keyProtectedUsers  = "protected_users"
	keyProtectedGroups = "protected_groups"
	keySecondApprover  = "require_second_approver"
)

// guardKeys are those of [profile.NAME.guards] on plans.
func guardKeys() []string {
	return []string{keyGuardRemovals, keyGuardRemovalsShare, keyGuardAdditions, keyGuardAdditionsShare, keyLeastMembers, keyFirstRemovals}
}

// ruleKeys are those of [profile.NAME.writeback] that a group may have as well.
func ruleKeys() []string {
	return []string{keySkipGuests, keySkipDisabled, keyRemoveOwners, keyProtectedUsers}
}

// groupTable is the table of a group while it is read.
type groupTable struct {
	name string // in lower case
	path string // as it stands in the file
	line int
	set  []func(*writeback.Rules) // what it says, in the order of the file
}

// group returns the table of a group, new or not. Two that name the same group
// are an error: which of them holds would be a guess.
func (r *reader) group(t *table, path []string, node *unstable.Node) (*groupTable, error) {
	name, key := strings.ToLower(strings.TrimSpace(path[3])), strings.Join(path[:4], ".")
	if name == "" {
		return nil, r.wrong(node, "a group has a name: its address, display name or object id")
	}
	for _, g := range t.groups {
		switch {
		case g.name != name:
		case g.path == key:
			return g, nil
		default:
			return nil, r.wrong(node, fmt.Sprintf("%s is the group of line %d: names differ by more than capital letters", key, g.line))
		}
	}
	t.groups = append(t.groups, &groupTable{name: name, path: key, line: r.line(node)})
	return t.groups[len(t.groups)-1], nil
}

// writebackKey takes a key of the guards and rules that hold for every group.
func (r *reader) writebackKey(t *table, key string, path []string, node *unstable.Node) (err error) {
	switch key {
	case keyProtectedGroups:
		t.Policy.ProtectedGroups, err = r.names(node)
	case keySecondApprover:
		t.Policy.SecondApprover, err = r.yes(node)
	default:
		var set func(*writeback.Rules)
		if set, err = r.rule(key, path, node); err == nil {
			set(&t.Policy.Rules)
		}
	}
	return err
}

// groupKey takes a key of a group's table.
func (r *reader) groupKey(t *table, path []string, node *unstable.Node) error {
	if len(path) < 5 {
		return r.isTable(path, node)
	}
	g, err := r.group(t, path, node)
	if err != nil {
		return err
	}
	if len(path) > 5 || !slices.Contains(known(path), path[4]) {
		return r.unknown(path, node)
	}
	set, err := r.rule(path[4], path, node)
	if err == nil {
		g.set = append(g.set, set)
	}
	return err
}

// rule reads one key of rules, and returns what it changes in them.
func (r *reader) rule(key string, path []string, node *unstable.Node) (func(*writeback.Rules), error) {
	number := func(most int, field func(*writeback.Rules) *int) (func(*writeback.Rules), error) {
		n, err := r.limit(node, most)
		return func(rules *writeback.Rules) { *field(rules) = n }, err
	}
	yes := func(field func(*writeback.Rules) *bool) (func(*writeback.Rules), error) {
		b, err := r.yes(node)
		return func(rules *writeback.Rules) { *field(rules) = b }, err
	}
	switch key {
	case keyGuardRemovals:
		return number(math.MaxInt, func(w *writeback.Rules) *int { return &w.MaxRemovals })
	case keyGuardRemovalsShare:
		return number(100, func(w *writeback.Rules) *int { return &w.RemovalsPercent })
	case keyGuardAdditions:
		return number(math.MaxInt, func(w *writeback.Rules) *int { return &w.MaxAdditions })
	case keyGuardAdditionsShare: // a group may grow to a multiple
		return number(math.MaxInt, func(w *writeback.Rules) *int { return &w.AdditionsPercent })
	case keyLeastMembers:
		return number(math.MaxInt, func(w *writeback.Rules) *int { return &w.LeastSize })
	case keyFirstRemovals:
		return number(math.MaxInt, func(w *writeback.Rules) *int { return &w.FirstRemovals })
	case keySkipGuests:
		return yes(func(w *writeback.Rules) *bool { return &w.SkipGuests })
	case keySkipDisabled:
		return yes(func(w *writeback.Rules) *bool { return &w.SkipDisabled })
	case keyRemoveOwners:
		return yes(func(w *writeback.Rules) *bool { return &w.RemoveOwners })
	case keyProtectedUsers:
		users, err := r.users(node)
		return func(w *writeback.Rules) {
			// A group adds to whom the profile protects: nobody loses protection
			// by a table that was written for something else.
			w.ProtectedUsers = append(w.ProtectedUsers[:len(w.ProtectedUsers):len(w.ProtectedUsers)], users...)
		}, err
	}
	return nil, r.unknown(path, node)
}

// policy is what the profile says of writing groups, now that all is known: a
// group has the profile's rules where it has none of its own.
func (t *table) policy() writeback.Policy {
	p := t.Policy
	for _, g := range t.groups {
		rules := p.Rules
		for _, set := range g.set {
			set(&rules)
		}
		if p.Groups == nil {
			p.Groups = make(map[string]writeback.Rules, len(t.groups))
		}
		p.Groups[g.name] = rules
	}
	return p
}

// names reads a list of texts that are not empty.
func (r *reader) names(node *unstable.Node) ([]string, error) {
	parts, value := keys(node.Key()), node.Value()
	takes := parts[len(parts)-1] + " takes a list of texts"
	if value.Kind != unstable.Array {
		return nil, r.wrong(node, takes)
	}
	var names []string
	for it := value.Children(); it.Next(); {
		element := it.Node()
		name := strings.TrimSpace(string(element.Data))
		if element.Kind != unstable.String || name == "" {
			return nil, r.wrong(node, takes)
		}
		names = append(names, name)
	}
	return names, nil
}

// objectID is the form of an object id.
var objectID = regexp.MustCompile(`^(?i)[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$`)

// users reads a list of users by what means one and no other. A display name
// would protect nobody, and nobody would notice.
func (r *reader) users(node *unstable.Node) ([]string, error) {
	names, err := r.names(node)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if !strings.Contains(name, "@") && !objectID.MatchString(name) {
			return nil, r.wrong(node, fmt.Sprintf("%s takes object ids, user principal names and addresses, and %.80q is none", keyProtectedUsers, name))
		}
	}
	return names, nil
}
