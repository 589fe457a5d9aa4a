package writeback

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"

	"rollcall/model"
)

const hashPrefix = "sha256:"

// seal gives a plan its one form, its fingerprints and its id.
func seal(p *Plan) (*Plan, error) {
	p.normalize()
	if p.Keep == nil {
		p.Keep = []string{}
	}
	if p.Skipped == nil {
		p.Skipped = []Skipped{}
	}
	var refused error // beside the hashes, which take as long
	var checking sync.WaitGroup
	checking.Go(func() { refused = p.checkRows() })
	p.Base, p.BaseCount = p.base()
	hash, err := p.digest()
	checking.Wait()
	if err == nil {
		err = refused
	}
	if err != nil {
		return nil, err
	}
	p.Hash, p.ID = hash, idOf(hash)
	return p, nil
}

// base is the fingerprint of the members that the plan was computed against,
// and how many they were. It takes Keep to be sorted.
func (p *Plan) base() (string, int) {
	removed := idsInOrder(p.Remove)
	h := newHasher()
	for _, id := range p.Keep {
		for len(removed) > 0 && removed[0] < id {
			h.addLine(removed[0])
			removed = removed[1:]
		}
		h.addLine(id)
	}
	for _, id := range removed {
		h.addLine(id)
	}
	return h.sum(), p.before()
}

// idOf derives the plan's id from its content: equal plans have equal ids.
func idOf(hash string) string { return strings.TrimPrefix(hash, hashPrefix)[:12] }

// Encode writes the plan as a file: its canonical JSON, indented.
func (p *Plan) Encode() ([]byte, error) {
	data, err := json.MarshalIndent(p, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("writeback: encode plan: %w", err)
	}
	return append(data, '\n'), nil
}

// Decode reads a plan file. A file that is no plan, or that was changed after
// the plan was made, is a KindUsage error. White space, and how a text is
// escaped, are no part of a plan.
func Decode(data []byte) (*Plan, error) {
	var p Plan
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&p); err != nil {
		return nil, unreadable(fmt.Sprintf("the file is no plan: %v", err), err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, unreadable("the file holds more than one plan", nil)
	}
	if err := p.Verify(); err != nil {
		return nil, err
	}
	if !p.isWritten(data) {
		return nil, planChanged()
	}
	return &p, nil
}

// isWritten reports whether a file says what the plan says, and nothing beside.
// encoding/json takes keys in any letter case, and of equal ones the last: a
// file could show other rows to whoever looks into it.
func (p *Plan) isWritten(data []byte) bool {
	want, err := json.Marshal(p)
	if err != nil {
		return false
	}
	file, plan := json.NewDecoder(bytes.NewReader(data)), json.NewDecoder(bytes.NewReader(want))
	file.UseNumber()
	plan.UseNumber()
	for {
		is, end := file.Token()
		must, wantEnd := plan.Token()
		if end != nil || wantEnd != nil {
			return errors.Is(end, io.EOF) && errors.Is(wantEnd, io.EOF)
		}
		if is != must {
			return false
		}
	}
}

func planChanged() *model.Error {
	return &model.Error{
		Kind: model.KindUsage, Code: "planChanged",
		Message: "the plan was changed after it was made",
		Remedy:  "leave plan files as they are; make another with `rollcall plan`",
	}
}

func unreadable(message string, err error) *model.Error {
	return &model.Error{
		Kind: model.KindUsage, Code: "planUnreadable", Message: message,
		Remedy: "make it again with `rollcall plan`", Err: err,
	}
}

// Verify reports whether the plan is as it was made. The hash shows a change;
// it is no signature. So what the plan says of itself is checked as well.
func (p *Plan) Verify() error {
	hash, err := p.digest()
	if err != nil {
		return err
	}
	if hash != p.Hash || p.ID != idOf(hash) {
		return planChanged()
	}
	if base, count := p.base(); base != p.Base || count != p.BaseCount {
		return unreadable("the plan's members do not match its fingerprint of them", nil)
	}
	return p.checkRows()
}

// checkRows refuses ids that could leave their place in a request or a script,
// rows that contradict each other or the mode, and guards that do not fit them.
func (p *Plan) checkRows() error {
	if !isObjectID(p.Group.ID) {
		return unreadable(fmt.Sprintf("the group's id %q is no object id", p.Group.ID), nil)
	}
	for i, id := range p.Keep {
		if !isObjectID(id) {
			return unreadable(fmt.Sprintf("%q is no object id", id), nil)
		}
		if i > 0 && p.Keep[i-1] >= id {
			return unreadable("the members that stay are not in order", nil)
		}
	}
	stay := p.Keep
	last := ""
	for _, id := range idsInOrder(p.Add, p.Remove) {
		if !isObjectID(id) {
			return unreadable(fmt.Sprintf("%q is no object id", id), nil)
		}
		for len(stay) > 0 && stay[0] < id {
			stay = stay[1:]
		}
		if id == last || len(stay) > 0 && stay[0] == id {
			return unreadable(fmt.Sprintf("the object %s stands in two rows", id), nil)
		}
		last = id
	}
	if err := p.checkMode(); err != nil {
		return err
	}
	return p.checkGuards()
}

// checkMode refuses rows that the plan's mode has no place for.
func (p *Plan) checkMode() error {
	switch {
	case !p.Mode.known():
		return unreadable(fmt.Sprintf("the plan's mode %q is unknown", p.Mode), nil)
	case p.Mode == ModeAdd && len(p.Remove) > 0, p.Mode == ModeRemove && len(p.Add) > 0:
		return unreadable(fmt.Sprintf("the plan's rows do not fit its mode %s", p.Mode), nil)
	}
	return nil
}

// isObjectID accepts what an object id is made of, and no more.
func isObjectID(id string) bool {
	return id != "" && len(id) <= 64 && idCharacters.holds(id)
}

var idCharacters = charsetOf(func(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z' || c == '-'
})
