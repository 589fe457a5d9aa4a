package writeback

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

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
	p.Base, p.BaseCount = p.base()
	hash, err := p.digest()
	if err != nil {
		return nil, err
	}
	p.Hash, p.ID = hash, idOf(hash)
	if err := p.checkRows(); err != nil {
		return nil, err
	}
	return p, nil
}

// base is the fingerprint of the members that the plan was computed against,
// and how many they were.
func (p *Plan) base() (string, int) {
	ids := slices.Clone(p.Keep)
	for _, r := range p.Remove {
		ids = append(ids, r.ID)
	}
	return Fingerprint(ids), len(ids)
}

// Fingerprint returns "sha256:" and the hash of the object ids, sorted and one
// a line. The order in which they are given does not matter.
func Fingerprint(ids []string) string {
	h := sha256.New()
	for _, id := range slices.Sorted(slices.Values(ids)) {
		io.WriteString(h, id)
		io.WriteString(h, "\n")
	}
	return hashPrefix + hex.EncodeToString(h.Sum(nil))
}

// digest covers all of the plan but its id and the hash itself.
func (p *Plan) digest() (string, error) {
	c := *p
	c.ID, c.Hash = "", ""
	data, err := json.Marshal(&c)
	if err != nil {
		return "", fmt.Errorf("writeback: encode plan: %w", err)
	}
	sum := sha256.Sum256(data)
	return hashPrefix + hex.EncodeToString(sum[:]), nil
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
// the plan was made, is a KindUsage error.
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
	return &p, nil
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
		return &model.Error{
			Kind: model.KindUsage, Code: "planChanged",
			Message: "the plan was changed after it was made",
			Remedy:  "leave plan files as they are; make another with `rollcall plan`",
		}
	}
	if base, count := p.base(); base != p.Base || count != p.BaseCount {
		return unreadable("the plan's members do not match its fingerprint of them", nil)
	}
	return p.checkRows()
}

// checkRows refuses ids that could leave their place in a request or a script,
// rows that contradict each other, and guards that do not fit the rows.
func (p *Plan) checkRows() error {
	if !isObjectID(p.Group.ID) {
		return unreadable(fmt.Sprintf("the group's id %q is no object id", p.Group.ID), nil)
	}
	seen := make(map[string]bool, len(p.Add)+len(p.Remove)+len(p.Keep))
	take := func(id string) error {
		switch {
		case !isObjectID(id):
			return unreadable(fmt.Sprintf("%q is no object id", id), nil)
		case seen[id]:
			return unreadable(fmt.Sprintf("the object %s stands in two rows", id), nil)
		}
		seen[id] = true
		return nil
	}
	for _, list := range [][]Ref{p.Add, p.Remove} {
		for _, r := range list {
			if err := take(r.ID); err != nil {
				return err
			}
		}
	}
	for _, id := range p.Keep {
		if err := take(id); err != nil {
			return err
		}
	}
	return p.checkGuards()
}

// isObjectID accepts what an object id is made of, and no more.
func isObjectID(id string) bool {
	if id == "" || len(id) > 64 {
		return false
	}
	for _, c := range []byte(id) {
		digit, letter := '0' <= c && c <= '9', 'a' <= c|0x20 && c|0x20 <= 'z'
		if !digit && !letter && c != '-' {
			return false
		}
	}
	return true
}
