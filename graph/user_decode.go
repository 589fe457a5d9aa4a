package graph

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"

	"rollcall/model"
)

// rawUser is a user's JSON object as it came. Its properties are read in one
// walk: which of them are there at all matters as much as their values, and
// which are wanted is the profile's choice.
type rawUser = json.RawMessage

// userDecoder turns user objects into changes. It is made for one page: texts
// that repeat within it (departments, cities, titles) are stored once.
type userDecoder struct {
	schema *model.Schema
	attrs  map[string]model.Attribute // synced attributes of the user object, by Graph name
	onPrem map[string]model.Attribute // those inside onPremisesExtensionAttributes
	texts  map[string]string
}

const onPremisesExtensions = "onPremisesExtensionAttributes"

func newUserDecoder(schema *model.Schema) *userDecoder {
	d := &userDecoder{
		schema: schema,
		attrs:  make(map[string]model.Attribute),
		onPrem: make(map[string]model.Attribute),
		texts:  make(map[string]string),
	}
	for _, a := range schema.Synced() {
		switch {
		case a.ID == model.AttrObjectID: // the change's own field
		case a.Select == onPremisesExtensions:
			d.onPrem[a.Graph] = a
		default:
			d.attrs[a.Graph] = a
		}
	}
	return d
}

// listing decodes a page of /users: what a user does not have is null.
func (d *userDecoder) listing(page []rawUser) ([]model.Change, error) {
	changes := make([]model.Change, 0, len(page))
	for _, raw := range page {
		change, err := d.user(raw)
		if err != nil {
			return nil, err
		}
		change.Fields = d.complete(change.Fields)
		if change.Manager == nil {
			change.Manager = ptr("")
		}
		changes = append(changes, change)
	}
	return changes, nil
}

// complete adds a null field for each synced attribute that fields do not name.
func (d *userDecoder) complete(fields []model.Field) []model.Field {
	named := make([]bool, d.schema.Len())
	for _, f := range fields {
		named[f.Attr] = true
	}
	for _, group := range []map[string]model.Attribute{d.attrs, d.onPrem} {
		for _, a := range group {
			if !named[a.ID] {
				fields = append(fields, model.Field{Attr: a.ID})
			}
		}
	}
	return fields
}

// delta decodes a page of a delta round: what a record does not name is
// unchanged.
func (d *userDecoder) delta(page []rawUser) ([]model.Change, error) {
	changes := make([]model.Change, 0, len(page))
	for _, raw := range page {
		change, err := d.user(raw)
		if err != nil {
			return nil, err
		}
		changes = append(changes, change)
	}
	return changes, nil
}

var errNoID = errors.New("a user has no id")

// user decodes what one object names.
func (d *userDecoder) user(raw rawUser) (model.Change, error) {
	change := model.Change{Fields: make([]model.Field, 0, len(d.attrs)+len(d.onPrem))}
	err := eachProperty(raw, func(name, value []byte) error {
		if a, ok := d.attrs[string(name)]; ok {
			f, err := d.field(a, value)
			if err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			change.Fields = append(change.Fields, f)
			return nil
		}
		switch string(name) {
		case "id":
			return json.Unmarshal(value, &change.ID)
		case onPremisesExtensions:
			return d.extensions(&change, value)
		case "manager":
			return decodeManager(&change, value)
		case "manager@delta":
			return decodeManagerDelta(&change, value)
		case "@removed":
			return decodeRemoved(&change, value)
		}
		return nil
	})
	if err == nil && change.ID == "" {
		err = errNoID
	}
	return change, err
}

// extensions decodes onPremisesExtensionAttributes. The object always comes
// whole: null, or without one of its properties, means that they are null.
func (d *userDecoder) extensions(change *model.Change, value []byte) error {
	named := make(map[model.AttrID]bool, len(d.onPrem))
	if !isNull(value) {
		err := eachProperty(value, func(name, value []byte) error {
			a, ok := d.onPrem[string(name)]
			if !ok {
				return nil
			}
			f, err := d.field(a, value)
			named[a.ID] = true
			change.Fields = append(change.Fields, f)
			return err
		})
		if err != nil {
			return fmt.Errorf("%s: %w", onPremisesExtensions, err)
		}
	}
	for _, a := range d.onPrem {
		if !named[a.ID] {
			change.Fields = append(change.Fields, model.Field{Attr: a.ID})
		}
	}
	return nil
}

// field decodes a property by its attribute's type. Where Graph keeps a
// collection for an attribute of one value (businessPhones, imAddresses), the
// first one is it.
func (d *userDecoder) field(a model.Attribute, value []byte) (model.Field, error) {
	f := model.Field{Attr: a.ID}
	if isNull(value) {
		return f, nil
	}
	if value[0] == '[' {
		values, err := d.list(value)
		if err != nil || len(values) == 0 {
			return f, err
		}
		if a.Type == model.TypeCollection {
			f.Values = values
		} else {
			f.Value = values[0]
		}
		return f, nil
	}
	switch a.Type {
	case model.TypeBool:
		if s := string(value); s == "true" || s == "false" {
			f.Value = s
			return f, nil
		}
		return f, fmt.Errorf("not a boolean: %.40s", value)
	case model.TypeTime:
		text, err := d.text(value)
		if err != nil {
			return f, err
		}
		at, err := time.Parse(time.RFC3339, text)
		if err != nil {
			return f, err
		}
		f.Value = at.UTC().Format(time.RFC3339)
		return f, nil
	case model.TypeCollection:
		return f, fmt.Errorf("not a collection: %.40s", value)
	}
	text, err := d.text(value)
	f.Value = text
	return f, err
}

func (d *userDecoder) list(value []byte) ([]string, error) {
	var raws []json.RawMessage
	if err := json.Unmarshal(value, &raws); err != nil {
		return nil, err
	}
	values := make([]string, 0, len(raws))
	for _, raw := range raws {
		if isNull(raw) {
			continue
		}
		text, err := d.text(raw)
		if err != nil {
			return nil, err
		}
		values = append(values, text)
	}
	return values, nil
}

// text decodes a JSON string. Most hold no escapes and are taken as they are.
func (d *userDecoder) text(value []byte) (string, error) {
	if len(value) < 2 || value[0] != '"' {
		return "", fmt.Errorf("not a text: %.40s", value)
	}
	inner := value[1 : len(value)-1]
	if known, ok := d.texts[string(inner)]; ok {
		return known, nil
	}
	if bytes.IndexByte(inner, '\\') < 0 && utf8.Valid(inner) {
		s := string(inner)
		d.texts[s] = s
		return s, nil
	}
	var s string
	err := json.Unmarshal(value, &s)
	return s, err
}

func isNull(value []byte) bool { return string(value) == "null" }

// decodeManager reads an expanded manager.
func decodeManager(change *model.Change, value []byte) error {
	var manager struct {
		ID string `json:"id"`
	}
	if err := json.Unmarshal(value, &manager); err != nil {
		return fmt.Errorf("manager: %w", err)
	}
	change.Manager = &manager.ID
	return nil
}

// decodeManagerDelta reads a change of manager: the new one, or the former one
// as removed, in any order.
func decodeManagerDelta(change *model.Change, value []byte) error {
	var entries []struct {
		ID      string           `json:"id"`
		Removed *json.RawMessage `json:"@removed"`
	}
	if err := json.Unmarshal(value, &entries); err != nil {
		return fmt.Errorf("manager@delta: %w", err)
	}
	manager := ""
	for _, e := range entries {
		if e.Removed == nil {
			manager = e.ID
		}
	}
	change.Manager = &manager
	return nil
}

func decodeRemoved(change *model.Change, value []byte) error {
	var removed struct {
		Reason string `json:"reason"`
	}
	if err := json.Unmarshal(value, &removed); err != nil {
		return fmt.Errorf("@removed: %w", err)
	}
	change.Removed = removed.Reason
	if change.Removed == "" {
		change.Removed = "deleted" // present without a reason is removed all the same
	}
	return nil
}
