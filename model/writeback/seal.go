package writeback

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
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
// and how many they were. It takes Keep to be sorted.
func (p *Plan) base() (string, int) {
	removed := make([]string, len(p.Remove))
	for i, r := range p.Remove {
		removed[i] = r.ID
	}
	slices.Sort(removed)
	h := newFingerprint()
	for _, id := range p.Keep {
		for len(removed) > 0 && removed[0] < id {
			h.add(removed[0])
			removed = removed[1:]
		}
		h.add(id)
	}
	for _, id := range removed {
		h.add(id)
	}
	return h.sum(), len(p.Keep) + len(p.Remove)
}

// Fingerprint returns "sha256:" and the hash of the object ids, sorted and one
// a line. The order in which they are given does not matter.
func Fingerprint(ids []string) string {
	h := newFingerprint()
	for _, id := range slices.Sorted(slices.Values(ids)) {
		h.add(id)
	}
	return h.sum()
}

// fingerprint hashes ids that come in ascending order.
type fingerprint struct {
	hash   hash.Hash
	buffer []byte
}

func newFingerprint() *fingerprint {
	return &fingerprint{hash: sha256.New(), buffer: make([]byte, 0, 4096)}
}

func (f *fingerprint) add(id string) {
	if len(f.buffer)+len(id)+1 > cap(f.buffer) {
		f.hash.Write(f.buffer)
		f.buffer = f.buffer[:0]
	}
	f.buffer = append(append(f.buffer, id...), '\n')
}

func (f *fingerprint) sum() string {
	f.hash.Write(f.buffer)
	return hashPrefix + hex.EncodeToString(f.hash.Sum(nil))
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
	rows := make(map[string]bool, len(p.Add)+len(p.Remove))
	for _, list := range [][]Ref{p.Add, p.Remove} {
		for _, r := range list {
			if !isObjectID(r.ID) {
				return unreadable(fmt.Sprintf("%q is no object id", r.ID), nil)
			}
			if _, stays := slices.BinarySearch(p.Keep, r.ID); stays || rows[r.ID] {
				return unreadable(fmt.Sprintf("the object %s stands in two rows", r.ID), nil)
			}
			rows[r.ID] = true
		}
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
