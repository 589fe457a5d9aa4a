package graph

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"rollcall/model"
)

// userPage is a page of /users or of /users/delta.
type userPage struct {
	changes         []model.Change // their texts share the memory of one body
	next, deltaLink string
}

// userDecoder reads pages of users by a schema. It may be used by several
// goroutines.
type userDecoder struct {
	properties map[string]property // of the user object, by Graph name
	extensions map[string]property // the directory extensions among them, by name in lower case
	onPremises map[string]property // inside onPremisesExtensionAttributes
	synced     int                 // attributes, for the room that a user's fields need
}

// property says how the value of a JSON property is read.
type property struct {
	role role
	attr model.AttrID
	kind model.Type
	list bool // Graph keeps a collection
}

type role uint8

const (
	roleNone role = iota // not wanted
	roleID
	roleAttribute
	roleExtension
	roleOnPremises
	roleManager
	roleManagerDelta
	roleRemoved
)

const onPremisesExtensions = "onPremisesExtensionAttributes"

func newUserDecoder(schema *model.Schema) *userDecoder {
	d := &userDecoder{
		properties: map[string]property{
			"id": {role: roleID}, "manager": {role: roleManager}, "manager@delta": {role: roleManagerDelta}, "@removed": {role: roleRemoved},
		},
		extensions: make(map[string]property),
		onPremises: make(map[string]property),
	}
	for _, a := range schema.Synced() {
		p := property{
			role: roleAttribute, attr: a.ID, kind: a.Type,
			list: a.Type.IsCollection() || a.ID == model.AttrBusinessPhone || a.ID == model.AttrIMAddresses,
		}
		switch {
		case a.ID == model.AttrObjectID: // the change's own field
			continue
		case a.Select == onPremisesExtensions:
			d.onPremises[a.Graph] = p
			d.properties[a.Select] = property{role: roleOnPremises}
		case a.IsExtension():
			p.role = roleExtension
			d.extensions[strings.ToLower(a.Graph)] = p
		default:
			d.properties[a.Graph] = p
		}
		d.synced++
	}
	return d
}

// listing reads a page of /users. Each change is whole: it names what the user
// has.
func (d *userDecoder) listing(body []byte) (*userPage, error) { return d.page(body, true) }

// delta reads a page of a delta round. A change names what its record names.
func (d *userDecoder) delta(body []byte) (*userPage, error) { return d.page(body, false) }

var (
	errNoValue = errors.New("the collection has no value")
	errNoID    = errors.New("a user has no id")
)

func (d *userDecoder) page(body []byte, whole bool) (*userPage, error) {
	w := &userWalk{jsonWalk: newJSONWalk(body), users: d, whole: whole}
	page := &userPage{}
	found := false
	err := w.object(func(name []byte) (err error) {
		switch string(name) {
		case "value":
			found = true
			page.changes, err = w.changes()
		case "@odata.nextLink":
			page.next, err = w.link()
		case "@odata.deltaLink":
			page.deltaLink, err = w.link()
		default:
			err = w.decoder.SkipValue()
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, errNoValue
	}
	return page, w.end()
}

// userWalk is one walk over a page.
type userWalk struct {
	jsonWalk
	users   *userDecoder
	whole   bool
	order   propertyOrder // of users
	inner   propertyOrder // of onPremisesExtensionAttributes
	fields  []model.Field // the room of several users
	strings []string      // scratch of a collection
	plan    []byte        // scratch of a service plan
	plans   planTexts
}

// roomForUsers is for how many users the fields are allocated at once.
const roomForUsers = 64

func (w *userWalk) changes() ([]model.Change, error) {
	var changes []model.Change
	err := w.array(func() error {
		if cap(w.fields)-len(w.fields) < w.users.synced {
			w.fields = make([]model.Field, 0, roomForUsers*w.users.synced)
		}
		if changes == nil {
			changes = make([]model.Change, 0, pageSize)
		}
		change, err := w.user()
		changes = append(changes, change)
		return err
	})
	return changes, err
}

func (w *userWalk) user() (model.Change, error) {
	change := model.Change{Whole: w.whole}
	from := len(w.fields)
	w.order.next = 0
	err := w.object(func(name []byte) error {
		p := w.order.find(w.users.properties, w.users.extensions, name)
		if err := w.property(&change, p); err != nil {
			return fmt.Errorf("%s: %w", w.order.name(), err)
		}
		return nil
	})
	change.Fields = w.fields[from:len(w.fields):len(w.fields)]
	if err == nil && change.ID == "" {
		err = errNoID
	}
	return change, err
}

// property reads a property of a user.
func (w *userWalk) property(change *model.Change, p property) error {
	switch p.role {
	case roleAttribute, roleExtension:
		return w.attribute(p)
	case roleID:
		value, err := w.value()
		if err == nil {
			change.ID, err = w.text(value)
		}
		return err
	case roleOnPremises:
		return w.onPremises()
	case roleManager:
		return w.manager(change)
	case roleManagerDelta:
		value, err := w.decoder.ReadValue()
		if err == nil {
			change.Manager, err = managerOf(value)
		}
		return err
	case roleRemoved:
		value, err := w.decoder.ReadValue()
		if err == nil {
			change.Removed, err = removalOf(value)
		}
		return err
	}
	return w.decoder.SkipValue()
}

// attribute reads a property by its attribute's type. Of a whole user only what
// is not null becomes a field.
func (w *userWalk) attribute(p property) error {
	f := model.Field{Attr: p.attr}
	if p.list && w.decoder.PeekKind() == '[' {
		if err := w.collection(&w.jsonWalk, p, &f); err != nil {
			return err
		}
	} else {
		value, err := w.value()
		if err != nil {
			return err
		}
		if value[0] == '[' { // of a directory extension, or where none is expected
			inner := newJSONWalk([]byte(value))
			err = w.collection(&inner, p, &f)
		} else {
			f.Value, err = w.scalar(p, value)
		}
		if err != nil {
			return err
		}
	}
	if !w.whole || !f.IsNull() {
		w.fields = append(w.fields, f)
	}
	return nil
}

// collection reads the elements of a collection that are not null. Where Graph
// keeps one for an attribute of one value (businessPhones, imAddresses), the
// first one is it.
func (w *userWalk) collection(from *jsonWalk, p property, f *model.Field) error {
	if p.kind == model.TypePlans {
		return w.servicePlans(from, f)
	}
	if p.kind != model.TypeCollection && p.kind != model.TypeString {
		return fmt.Errorf("a collection is no %s", typeName(p.kind))
	}
	element := property{role: p.role, kind: model.TypeString}
	w.strings = w.strings[:0]
	err := from.array(func() error {
		value, err := from.value()
		if err != nil || value == "null" {
			return err
		}
		text, err := w.scalar(element, value)
		w.strings = append(w.strings, text)
		return err
	})
	switch {
	case err != nil || len(w.strings) == 0:
		return err
	case p.kind == model.TypeCollection:
		f.Values = append(make([]string, 0, len(w.strings)), w.strings...)
	default:
		f.Value = w.strings[0]
	}
	return nil
}

func typeName(t model.Type) string {
	switch t {
	case model.TypeBool:
		return "boolean"
	case model.TypeTime:
		return "time"
	case model.TypeCollection, model.TypePlans:
		return "collection"
	}
	return "text"
}

// scalar is the value of an attribute; "" is null.
func (w *userWalk) scalar(p property, value string) (string, error) {
	switch {
	case value == "null":
		return "", nil
	case p.role == roleExtension:
		switch value[0] {
		case '"', '{', '[': // the last in a collection: what is no text is refused
			return w.text(value)
		}
		return value, nil // a number or a boolean, as it stands
	case p.kind == model.TypeBool && (value == "true" || value == "false"):
		return value, nil
	case p.kind == model.TypeTime:
		stated, err := w.text(value)
		if err != nil {
			return "", err
		}
		at, err := time.Parse(time.RFC3339, stated)
		if err != nil {
			return "", err
		}
		return at.UTC().Format(time.RFC3339), nil
	case p.kind == model.TypeString:
		return w.text(value)
	}
	return "", fmt.Errorf("no %s: %.40s", typeName(p.kind), value)
}

// onPremises reads onPremisesExtensionAttributes. The object always comes
// whole: null, or without one of its properties, means that they are null.
func (w *userWalk) onPremises() error {
	from := len(w.fields)
	if w.decoder.PeekKind() == 'n' {
		if err := w.decoder.SkipValue(); err != nil {
			return err
		}
	} else {
		w.inner.next = 0
		err := w.object(func(name []byte) error {
			p := w.inner.find(w.users.onPremises, nil, name)
			if p.role == roleNone {
				return w.decoder.SkipValue()
			}
			return w.attribute(p)
		})
		if err != nil {
			return err
		}
	}
	if w.whole {
		return nil
	}
	named := make(map[model.AttrID]bool, len(w.users.onPremises))
	for _, f := range w.fields[from:] {
		named[f.Attr] = true
	}
	for _, p := range w.users.onPremises {
		if !named[p.attr] {
			w.fields = append(w.fields, model.Field{Attr: p.attr})
		}
	}
	return nil
}

// manager reads an expanded manager; null is none.
func (w *userWalk) manager(change *model.Change) error {
	id := ""
	change.Manager = &id
	if w.decoder.PeekKind() == 'n' {
		return w.decoder.SkipValue()
	}
	return w.object(func(name []byte) error {
		if string(name) != "id" {
			return w.decoder.SkipValue()
		}
		value, err := w.value()
		if err == nil {
			id, err = w.text(value)
		}
		return err
	})
}

// managerOf reads a change of manager: the new one, or the former one as
// removed, in any order.
func managerOf(value []byte) (*string, error) {
	var entries []struct {
		ID      string           `json:"id"`
		Removed *json.RawMessage `json:"@removed"`
	}
	err := json.Unmarshal(value, &entries)
	manager := ""
	for _, e := range entries {
		if e.Removed == nil {
			manager = e.ID
		}
	}
	return &manager, err
}

// removalOf reads the reason of a removal.
func removalOf(value []byte) (string, error) {
	var removed struct {
		Reason string `json:"reason"`
	}
	err := json.Unmarshal(value, &removed)
	return cmp.Or(removed.Reason, "deleted"), err // present without a reason is removed all the same
}

// propertyOrder remembers the properties of the objects read before: they come
// in the same order in each, some left out.
type propertyOrder struct {
	names      []string
	properties []property
	index      map[string]int
	next       int // where the next property of the object is expected
}

// find is the property of a name: of known by the name itself, of folded by the
// name in lower case.
func (o *propertyOrder) find(known, folded map[string]property, name []byte) property {
	if o.next == len(o.names) || o.names[o.next] != string(name) {
		i, met := o.index[string(name)]
		if !met {
			i = o.learn(known, folded, string(name))
		}
		o.next = i
	}
	o.next++
	return o.properties[o.next-1]
}

// name is the name of the property found last.
func (o *propertyOrder) name() string { return o.names[o.next-1] }

func (o *propertyOrder) learn(known, folded map[string]property, name string) int {
	p, ok := known[name]
	if !ok {
		p = folded[strings.ToLower(name)]
	}
	if o.index == nil {
		o.index = make(map[string]int)
	}
	i := len(o.names)
	o.index[name] = i
	o.names, o.properties = append(o.names, name), append(o.properties, p)
	return i
}
