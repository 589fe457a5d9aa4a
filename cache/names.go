package cache

import (
	"encoding/json"
	"slices"

	"rollcall/model"
)

// names is a file's table of attributes: a record names an attribute by its
// place in it. The table only grows. It belongs to one transaction.
type names struct {
	schema *model.Schema
	list   []string // Graph names
	attrs  []model.AttrID
	known  []bool // the schema has an attribute of that name
	places []int  // AttrID → place + 1; 0 is none
	grown  bool   // since it was loaded
}

// loadNames reads the table from its stored form; nil is an empty one.
func loadNames(schema *model.Schema, stored []byte) (*names, error) {
	n := &names{schema: schema, places: make([]int, schema.Len())}
	if stored == nil {
		return n, nil
	}
	var list []string
	if err := json.Unmarshal(stored, &list); err != nil {
		return nil, damage("the table of attributes: %v", err)
	}
	for _, name := range list {
		n.add(name)
	}
	return n, nil
}

func (n *names) add(name string) {
	a, ok := n.schema.ByGraph(name)
	if ok {
		n.places[a.ID] = len(n.list) + 1
	}
	n.list = append(n.list, name)
	n.attrs = append(n.attrs, a.ID)
	n.known = append(n.known, ok)
}

// index is the place of an attribute, which is added when it is new.
func (n *names) index(a model.AttrID) int {
	if n.places[a] == 0 {
		n.add(n.schema.Attribute(a).Graph)
		n.grown = true
	}
	return n.places[a] - 1
}

// attr is the attribute at a place; false when this schema does not know it.
func (n *names) attr(place uint64) (model.AttrID, bool) {
	if place >= uint64(len(n.list)) {
		return 0, false
	}
	return n.attrs[place], n.known[place]
}

// stored is the table as loadNames reads it.
func (n *names) stored() ([]byte, error) { return json.Marshal(slices.Clip(n.list)) }
