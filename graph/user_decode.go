package graph

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

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
		p := property{role: roleAttribute, attr: a.ID, kind: a.Type}
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
	errMore    = errors.New("there is more behind the page")
)

func (d *userDecoder) page(body []byte, whole bool) (*userPage, error) {
	w := &userWalk{
		// Lenient as encoding/json is: what comes twice counts twice, and bytes
		// that are no UTF-8 are replaced.
		json: jsontext.NewDecoder(bytes.NewBuffer(body), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)),
		text: string(body), decoder: d, whole: whole,
	}
	page := &userPage{}
	found := false
	err := w.object(func(name []byte) (err error) {
		switch string(name) {
		case "value":
			found = true
			page.changes, err = w.users()
		case "@odata.nextLink":
			page.next, err = w.link()
		case "@odata.deltaLink":
			page.deltaLink, err = w.link()
		default:
			err = w.json.SkipValue()
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, errNoValue
	}
	if _, err := w.json.ReadToken(); !errors.Is(err, io.EOF) {
		return nil, errMore
	}
	return page, nil
}

// userWalk is one walk over a page.
type userWalk struct {
	json    *jsontext.Decoder
	text    string // the body; the changes' texts are parts of it
	decoder *userDecoder
	whole   bool
	order   propertyOrder
	fields  []model.Field // the room of several users
	strings []string      // scratch of a collection
}

// roomForUsers is for how many users the fields are allocated at once.
const roomForUsers = 64

func (w *userWalk) users() ([]model.Change, error) {
	var changes []model.Change
	err := w.array(func() error {
		if cap(w.fields)-len(w.fields) < w.decoder.synced {
			w.fields = make([]model.Field, 0, roomForUsers*w.decoder.synced)
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
		p := w.order.find(w.decoder, name)
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
			change.ID, err = text(value)
		}
		return err
	case roleOnPremises:
		return w.onPremises()
	case roleManager:
		return w.manager(change)
	case roleManagerDelta:
		value, err := w.json.ReadValue()
		if err == nil {
			change.Manager, err = managerOf(value)
		}
		return err
	case roleRemoved:
		value, err := w.json.ReadValue()
		if err == nil {
			change.Removed, err = removalOf(value)
		}
		return err
	}
	return w.json.SkipValue()
}

// attribute reads a property by its attribute's type. Where Graph keeps a
// collection for an attribute of one value (businessPhones, imAddresses), the
// first one is it. Of a whole user only what is not null becomes a field.
func (w *userWalk) attribute(p property) error {
	f := model.Field{Attr: p.attr}
	isList := w.json.PeekKind() == '['
	switch {
	case !isList:
		value, err := w.value()
		if err != nil {
			return err
		}
		if f.Value, err = p.scalar(value); err != nil {
			return err
		}
	case p.kind == model.TypeCollection || p.kind == model.TypeString:
		values, err := w.elements(p)
		switch {
		case err != nil:
			return err
		case p.kind == model.TypeCollection && len(values) > 0:
			f.Values = append(make([]string, 0, len(values)), values...)
		case len(values) > 0:
			f.Value = values[0]
		}
	default:
		return fmt.Errorf("a collection is no %s", typeName(p.kind))
	}
	if !w.whole || !f.IsNull() {
		w.fields = append(w.fields, f)
	}
	return nil
}

func typeName(t model.Type) string {
	switch t {
	case model.TypeBool:
		return "boolean"
	case model.TypeTime:
		return "time"
	case model.TypeCollection:
		return "collection"
	}
	return "text"
}

// scalar is the value of an attribute; "" is null.
func (p property) scalar(value string) (string, error) {
	switch {
	case value == "null":
		return "", nil
	case p.role == roleExtension:
		if value[0] == '"' || value[0] == '{' {
			return text(value)
		}
		return value, nil // a number or a boolean, as it stands
	case p.kind == model.TypeBool && (value == "true" || value == "false"):
		return value, nil
	case p.kind == model.TypeTime:
		stated, err := text(value)
		if err != nil {
			return "", err
		}
		at, err := time.Parse(time.RFC3339, stated)
		if err != nil {
			return "", err
		}
		return at.UTC().Format(time.RFC3339), nil
	case p.kind == model.TypeString:
		return text(value)
	}
	return "", fmt.Errorf("no %s: %.40s", typeName(p.kind), value)
}

// elements reads a collection without its nulls. The slice is valid until the
// next one is read.
func (w *userWalk) elements(p property) ([]string, error) {
	element := property{role: p.role, kind: model.TypeString}
	w.strings = w.strings[:0]
	err := w.array(func() error {
		value, err := w.value()
		if err != nil || value == "null" {
			return err
		}
		t, err := element.scalar(value)
		w.strings = append(w.strings, t)
		return err
	})
	return w.strings, err
}

// onPremises reads onPremisesExtensionAttributes. The object always comes
// whole: null, or without one of its properties, means that they are null.
func (w *userWalk) onPremises() error {
	from := len(w.fields)
	if w.json.PeekKind() == 'n' {
		if err := w.json.SkipValue(); err != nil {
			return err
		}
	} else {
		err := w.object(func(name []byte) error {
			p, ok := w.decoder.onPremises[string(name)]
			if !ok {
				return w.json.SkipValue()
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
	named := make(map[model.AttrID]bool, len(w.decoder.onPremises))
	for _, f := range w.fields[from:] {
		named[f.Attr] = true
	}
	for _, p := range w.decoder.onPremises {
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
	if w.json.PeekKind() == 'n' {
		return w.json.SkipValue()
	}
	return w.object(func(name []byte) error {
		if string(name) != "id" {
			return w.json.SkipValue()
		}
		value, err := w.value()
		if err == nil {
			id, err = text(value)
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

// link reads a link, as a copy: it is kept for longer than the page.
func (w *userWalk) link() (string, error) {
	value, err := w.value()
	if err != nil || value == "null" {
		return "", err
	}
	link, err := text(value)
	return strings.Clone(link), err
}

// object calls each with the name of each property of an object. The name is
// valid until each reads the value, which it must.
func (w *userWalk) object(each func(name []byte) error) error {
	if err := w.open('{', "object"); err != nil {
		return err
	}
	for w.json.PeekKind() != '}' {
		name, err := w.json.ReadValue()
		if err != nil {
			return err
		}
		plain := name[1 : len(name)-1]
		if bytes.IndexByte(plain, '\\') >= 0 {
			plain, _ = jsontext.AppendUnquote(nil, name) // read as JSON already
		}
		if err := each(plain); err != nil {
			return err
		}
	}
	_, err := w.json.ReadToken()
	return err
}

// array calls each for each element of an array; it must read the element.
func (w *userWalk) array(each func() error) error {
	if err := w.open('[', "collection"); err != nil {
		return err
	}
	for w.json.PeekKind() != ']' {
		if err := each(); err != nil {
			return err
		}
	}
	_, err := w.json.ReadToken()
	return err
}

func (w *userWalk) open(kind jsontext.Kind, wanted string) error {
	token, err := w.json.ReadToken()
	if err == nil && token.Kind() != kind {
		err = fmt.Errorf("%s is no %s", token.Kind(), wanted)
	}
	return err
}

// value reads a value. It is a part of the page's text.
func (w *userWalk) value() (string, error) {
	v, err := w.json.ReadValue()
	end := int(w.json.InputOffset())
	return w.text[end-len(v) : end], err
}

// text decodes a JSON string. Most hold no escapes and are taken as they are.
func text(value string) (string, error) {
	if value[0] != '"' {
		return "", fmt.Errorf("no text: %.40s", value)
	}
	inner := value[1 : len(value)-1]
	if strings.IndexByte(inner, '\\') < 0 && utf8.ValidString(inner) {
		return inner, nil
	}
	// The value has been read as JSON: the only error left is of bytes that are
	// no UTF-8, and those have been replaced.
	decoded, _ := jsontext.AppendUnquote(nil, value)
	return string(decoded), nil
}

// propertyOrder remembers the properties of the objects read before: they come
// in the same order in each, some left out.
type propertyOrder struct {
	names      []string
	properties []property
	index      map[string]int
	next       int // where the next property of the object is expected
}

// find is the property of a name.
func (o *propertyOrder) find(d *userDecoder, name []byte) property {
	if o.next == len(o.names) || o.names[o.next] != string(name) {
		i, known := o.index[string(name)]
		if !known {
			i = o.learn(d, string(name))
		}
		o.next = i
	}
	o.next++
	return o.properties[o.next-1]
}

// name is the name of the property found last.
func (o *propertyOrder) name() string { return o.names[o.next-1] }

func (o *propertyOrder) learn(d *userDecoder, name string) int {
	p, known := d.properties[name]
	if !known {
		p = d.extensions[strings.ToLower(name)]
	}
	if o.index == nil {
		o.index = make(map[string]int)
	}
	i := len(o.names)
	o.index[name] = i
	o.names, o.properties = append(o.names, name), append(o.properties, p)
	return i
}
