package profile

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"

	"rollcall/model"
	"rollcall/model/expansion"
	"rollcall/model/refresh"
)

// The keys of a configuration file, and what they take.
const (
	keyProfile       = "profile"
	keyAttributes    = "attributes"
	keyNightly       = "nightly"
	keyGuards        = "guards"
	keyRemovals      = "sync_removals"
	keyRemovalsShare = "sync_removals_percent"

	keyExchange         = "exchange"
	keyExchangeEndpoint = "exchange_endpoint"
	keyExchangeResource = "exchange_resource"
	keyKeepStructure    = "keep_structure"

	off = "off" // the value that lifts a guard or a schedule
)

// noLimit is the limit of a refresh.Guard that is off.
const noLimit = -1

// Read reads a configuration file; name is what an error calls it:
//
//	[profile.NAME]
//	attributes = ["department", "extension_…_costCenter"]  # default: all but assignedPlans
//	nightly    = "02:00"                                   # or "off"
//
//	exchange          = "admin-api"                        # or "ews"; default "off"
//	exchange_endpoint = "https://mail.contoso.com"         # default: that of the cloud
//	exchange_resource = "https://mail.contoso.com"         # default: that of the endpoint's cloud
//	keep_structure    = true                               # default: false
//
//	[profile.NAME.guards]                                  # each a number or "off"
//	sync_removals         = 500
//	sync_removals_percent = 10
//	removals              = 50                             # of a plan, as the ones below
//	removals_percent      = 20
//	additions             = 1000
//	additions_percent     = "off"
//	least_members         = 1
//	first_removals        = 0
//
//	[profile.NAME.writeback]
//	skip_guests             = false
//	skip_disabled           = false
//	remove_owners           = false
//	protected_users         = ["breakglass@contoso.com"]   # default: none
//	protected_groups        = ["sg-admins"]                # default: none
//	require_second_approver = false
//
//	[profile.NAME.group."ADDRESS, NAME OR OBJECT ID"]      # a group's own
//	removals        = 5                                    # any guard of a plan
//	skip_guests     = true                                 # and any of the first
//	protected_users = ["ceo@contoso.com"]                  # four of writeback
//
// What a group's table does not say holds for it as for every group of the
// profile; its protected_users come to the profile's.
//
// A key that is not one of these and a value that cannot be used are KindUsage
// errors that name the line; of several, the first one is returned.
func Read(data []byte, name string) (Config, error) {
	// The decoder finds what is no TOML, a key that is set twice among it. The
	// parser gives what the decoder does not: where each value stands.
	var document map[string]any
	if err := toml.Unmarshal(data, &document); err != nil {
		return Config{}, syntaxError(name, err)
	}
	r := reader{name: name, data: data, profiles: make(map[string]*table)}
	r.parser.Reset(data)
	var path []string
	for r.parser.NextExpression() {
		node := r.parser.Expression()
		var err error
		if node.Kind == unstable.KeyValue {
			err = r.keyValue(path, node)
		} else {
			path = keys(node.Key())
			err = r.enter(path, node)
		}
		if err != nil {
			return Config{}, err
		}
	}
	if err := r.parser.Error(); err != nil {
		return Config{}, syntaxError(name, err)
	}
	return r.config()
}

func syntaxError(name string, err error) error {
	place := name
	if at := (*toml.DecodeError)(nil); errors.As(err, &at) {
		line, _ := at.Position()
		place = fmt.Sprintf("%s line %d", name, line)
	}
	return &model.Error{
		Kind: model.KindUsage, Code: "configInvalid",
		Message: fmt.Sprintf("%s: %s", place, strings.TrimPrefix(err.Error(), "toml: ")),
		Remedy:  "the file is TOML: see https://toml.io", Err: err,
	}
}

// reader walks the expressions of a file.
type reader struct {
	name     string
	data     []byte
	parser   unstable.Parser
	profiles map[string]*table
	order    []string // of the profiles, as they stand in the file
}

// table is a profile while it is read.
type table struct {
	Profile
	attributes []string
	line       int // of attributes
	groups     []*groupTable
}

// keys returns the parts of a dotted key.
func keys(it unstable.Iterator) []string {
	var parts []string
	for it.Next() {
		parts = append(parts, string(it.Node().Data))
	}
	return parts
}

// enter takes the heading of a table, or a value that is one.
func (r *reader) enter(path []string, node *unstable.Node) error {
	switch {
	case node.Kind == unstable.ArrayTable:
		return r.wrong(node, fmt.Sprintf("%s is one table, not a list of them: write it in single brackets", strings.Join(path, ".")))
	case path[0] != keyProfile:
		return r.unknown(path, node)
	case len(path) == 1, len(path) == 3 && slices.Contains(tables(), path[2]):
		return nil
	case len(path) == 2:
		r.profile(path[1])
		return nil
	case len(path) == 4 && path[2] == keyGroup:
		_, err := r.group(r.profile(path[1]), path, node)
		return err
	}
	return r.unknown(path, node)
}

// tables are the tables of a profile.
func tables() []string { return []string{keyGuards, keyWriteback, keyGroup} }

// profile returns the table of a profile, new or not.
func (r *reader) profile(name string) *table {
	if r.profiles[name] == nil {
		r.profiles[name] = &table{Profile: Default()}
		r.order = append(r.order, name)
	}
	return r.profiles[name]
}

// keyValue takes a key and its value, which stand in the table of path.
func (r *reader) keyValue(path []string, node *unstable.Node) error {
	path = append(path[:len(path):len(path)], keys(node.Key())...)
	value := node.Value()
	if value.Kind == unstable.InlineTable {
		if err := r.enter(path, node); err != nil {
			return err
		}
		for it := value.Children(); it.Next(); {
			if err := r.keyValue(path, it.Node()); err != nil {
				return err
			}
		}
		return nil
	}
	if len(path) < 3 || path[0] != keyProfile {
		return r.unknown(path, node)
	}
	t := r.profile(path[1])
	if slices.Contains(tables(), path[2]) {
		return r.inTable(t, path, node)
	}
	if len(path) > 3 {
		return r.unknown(path, node)
	}
	var err error
	switch path[2] {
	case keyAttributes:
		t.line = r.line(node)
		t.attributes, err = r.attributes(node)
	case keyNightly:
		t.Schedule.Nightly, err = r.nightly(node)
	case keyExchange:
		t.Exchange, err = r.exchange(node)
		t.ExchangeChosen = true
	case keyExchangeEndpoint:
		t.ExchangeEndpoint, err = r.url(node)
	case keyExchangeResource:
		t.ExchangeResource, err = r.url(node)
	case keyKeepStructure:
		t.KeepStructure, err = r.yes(node)
	default:
		err = r.unknown(path, node)
	}
	return err
}

// inTable takes a key of one of the profile's tables.
func (r *reader) inTable(t *table, path []string, node *unstable.Node) (err error) {
	switch {
	case len(path) == 3:
		return r.isTable(path, node)
	case path[2] == keyGroup:
		return r.groupKey(t, path, node)
	case len(path) > 4 || !slices.Contains(known(path), path[3]):
		return r.unknown(path, node)
	case path[3] == keyRemovals:
		t.Guard.Users, err = r.limit(node, math.MaxInt)
	case path[3] == keyRemovalsShare:
		t.Guard.Percent, err = r.limit(node, 100)
	default:
		err = r.writebackKey(t, path[3], path, node)
	}
	return err
}

// attributes reads a list of names, each by itself, so that the error of one
// names its own line.
func (r *reader) attributes(node *unstable.Node) ([]string, error) {
	const takes = `attributes takes a list of names, as in ["department", "city"]`
	value := node.Value()
	if value.Kind != unstable.Array {
		return nil, r.wrong(node, takes)
	}
	var names []string
	for it := value.Children(); it.Next(); {
		element := it.Node()
		if element.Kind != unstable.String {
			return nil, r.wrong(node, takes)
		}
		name := string(element.Data)
		if _, err := model.NewSchema(name); err != nil {
			return nil, r.placed(r.line(element), err)
		}
		names = append(names, name)
	}
	if len(names) == 0 {
		return nil, r.wrong(node, "attributes is empty: leave it out to sync what other profiles do")
	}
	return names, nil
}

func (r *reader) nightly(node *unstable.Node) (refresh.Nightly, error) {
	value := node.Value()
	if value.Kind != unstable.String || len(value.Data) == 0 {
		return refresh.Nightly{}, r.wrong(node, `nightly takes a time of day, as in "02:00", or "off"`)
	}
	nightly, err := refresh.ParseNightly(string(value.Data))
	if err != nil {
		return refresh.Nightly{}, r.placed(r.line(node), err)
	}
	return nightly, nil
}

func (r *reader) exchange(node *unstable.Node) (expansion.Source, error) {
	value := node.Value()
	if value.Kind != unstable.String {
		return "", r.wrong(node, fmt.Sprintf("%s takes one of %q", keyExchange, ExchangeModes()))
	}
	source, err := ParseExchange(keyExchange, string(value.Data))
	if err != nil {
		err = r.placed(r.line(node), err)
	}
	return source, err
}

func (r *reader) url(node *unstable.Node) (string, error) {
	parts, value := keys(node.Key()), node.Value()
	setting := parts[len(parts)-1]
	if value.Kind != unstable.String {
		return "", r.wrong(node, setting+` takes a text, as in "https://outlook.office365.com"`)
	}
	text := string(value.Data)
	if err := CheckURL(setting, text); err != nil {
		return "", r.placed(r.line(node), err)
	}
	return strings.TrimRight(text, "/"), nil
}

// yes reads true or false.
func (r *reader) yes(node *unstable.Node) (bool, error) {
	value := node.Value()
	if value.Kind != unstable.Bool {
		parts := keys(node.Key())
		return false, r.wrong(node, parts[len(parts)-1]+" takes true or false, without quotation marks")
	}
	return string(value.Data) == "true", nil
}

// limit reads a number from 0 to most, or "off".
func (r *reader) limit(node *unstable.Node, most int) (int, error) {
	value := node.Value()
	if value.Kind == unstable.String && string(value.Data) == off {
		return noLimit, nil
	}
	// What TOML calls an integer Go does too, with its prefixes and underscores.
	n, err := strconv.ParseInt(string(value.Data), 0, strconv.IntSize)
	if value.Kind == unstable.Integer && err == nil && n >= 0 && n <= int64(most) {
		return int(n), nil
	}
	upTo := ""
	if most < math.MaxInt {
		upTo = fmt.Sprintf(" to %d", most)
	}
	parts := keys(node.Key())
	return 0, r.wrong(node, fmt.Sprintf("%s takes a number from 0%s, or %q", parts[len(parts)-1], upTo, off))
}

// config makes the profiles, now that all of each is known.
func (r *reader) config() (Config, error) {
	c := Config{profiles: make(map[string]Profile, len(r.profiles))}
	for _, name := range r.order {
		t := r.profiles[name]
		if t.attributes != nil {
			schema, err := model.NewSchema(t.attributes...)
			if err != nil {
				return Config{}, r.placed(t.line, err)
			}
			t.Schema, t.Chosen = schema, true
		}
		t.Policy = t.policy()
		c.profiles[name] = t.Profile
	}
	return c, nil
}

// unknown is the error of a key that does not exist. It suggests the nearest
// of those that may stand there.
func (r *reader) unknown(path []string, node *unstable.Node) error {
	written := path[0]
	if path[0] == keyProfile {
		switch {
		case len(path) < 3:
			return r.isTable(path, node)
		case len(path) > 4 && path[2] == keyGroup:
			written = path[4]
		case len(path) > 3 && (path[2] == keyGuards || path[2] == keyWriteback):
			written = path[3]
		default:
			written = path[2]
		}
	}
	known := known(path)
	e := &model.Error{
		Kind: model.KindUsage, Code: "configUnknownKey",
		Message: fmt.Sprintf("there is no setting %q", strings.Join(path, ".")),
		Remedy:  "there can be: " + strings.Join(known, ", "),
	}
	if near := model.Nearest(written, known); near != "" {
		e.Remedy = fmt.Sprintf("did you mean %q?", near)
	}
	return r.placed(r.line(node), e)
}

// known are the keys that there can be where the path's last one stands.
func known(path []string) []string {
	switch {
	case path[0] != keyProfile:
		return []string{keyProfile}
	case len(path) > 3 && path[2] == keyGuards:
		return append([]string{keyRemovals, keyRemovalsShare}, guardKeys()...)
	case len(path) > 3 && path[2] == keyWriteback:
		return append(ruleKeys(), keyProtectedGroups, keySecondApprover)
	case len(path) > 4 && path[2] == keyGroup:
		return append(guardKeys(), ruleKeys()...)
	}
	return []string{keyAttributes, keyNightly, keyGuards, keyWriteback, keyGroup, keyExchange, keyExchangeEndpoint, keyExchangeResource, keyKeepStructure}
}

// isTable is the error of a table that was given a value.
func (r *reader) isTable(path []string, node *unstable.Node) error {
	return r.wrong(node, fmt.Sprintf("%s is a table: it has settings of its own, and no value", strings.Join(path, ".")))
}

// wrong is the error of a value that cannot be used.
func (r *reader) wrong(node *unstable.Node, what string) error {
	return r.placed(r.line(node), &model.Error{Kind: model.KindUsage, Code: "configInvalid", Message: what})
}

// placed says of an error in which line of the file it is.
func (r *reader) placed(line int, err error) error {
	e := *model.AsError(err)
	e.Message = fmt.Sprintf("%s line %d: %s", r.name, line, e.Message)
	return &e
}

// line is where an expression or a text begins, from 1. Of an expression its
// key has the range.
func (r *reader) line(node *unstable.Node) int {
	if node.Kind != unstable.String {
		it := node.Key()
		it.Next()
		node = it.Node()
	}
	return 1 + bytes.Count(r.data[:node.Raw.Offset], []byte{'\n'})
}
