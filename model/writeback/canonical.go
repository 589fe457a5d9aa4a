package writeback

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
)

// digest covers all of the plan but its id and the hash itself. It is the hash
// of what encoding/json writes; the long lists, which encoding/json takes most
// of its time for, are written here and never stand in memory as a whole.
func (p *Plan) digest() (string, error) {
	const lists = `"add":[],"remove":[],"keep":[]`
	c := *p
	c.ID, c.Hash = "", ""
	c.Add, c.Remove, c.Keep = []Ref{}, []Ref{}, []string{}
	data, err := json.Marshal(&c)
	if err != nil {
		return "", fmt.Errorf("writeback: encode plan: %w", err)
	}
	// In a text the quotation marks would have backslashes before them.
	head, tail, found := bytes.Cut(data, []byte(lists))
	if !found {
		return "", errors.New("writeback: encode plan: its lists are not where they should be")
	}
	h := newHasher()
	h.add(string(head))
	h.add(`"add":`)
	addList(h, p.Add, h.addRef)
	h.add(`,"remove":`)
	addList(h, p.Remove, h.addRef)
	h.add(`,"keep":`)
	addList(h, p.Keep, h.addText)
	h.add(string(tail))
	return h.sum(), nil
}

func addList[T any](h *hasher, list []T, add func(T)) {
	if list == nil {
		h.add("null")
		return
	}
	h.add("[")
	for i, element := range list {
		if i > 0 {
			h.add(",")
		}
		add(element)
	}
	h.add("]")
}

func (h *hasher) addRef(r Ref) {
	h.add(`{"id":`)
	h.addText(r.ID)
	h.add(`,"userPrincipalName":`)
	h.addText(r.UserPrincipalName)
	if r.DisplayName != "" {
		h.add(`,"displayName":`)
		h.addText(r.DisplayName)
	}
	if r.Mail != "" {
		h.add(`,"mail":`)
		h.addText(r.Mail)
	}
	h.add("}")
}

// addText adds a JSON text as encoding/json writes it.
func (h *hasher) addText(s string) {
	if !isPlain(s) {
		data, _ := json.Marshal(s) // of a text there is no error
		h.add(string(data))
		return
	}
	h.add(`"`)
	h.add(s)
	h.add(`"`)
}

// isPlain reports a text that stands in JSON as it is, wherever encoding/json
// writes it.
func isPlain(s string) bool { return plain.holds(s) }

var plain = charsetOf(func(c byte) bool {
	return ' ' <= c && c < 0x7f && c != '"' && c != '&' && c != '<' && c != '>' && c != '\\'
})

// charset has a 1 for each of its characters.
type charset [256]byte

func charsetOf(in func(c byte) bool) *charset {
	set := new(charset)
	for c := range set {
		if in(byte(c)) {
			set[c] = 1
		}
	}
	return set
}

// holds reports whether a text is made of the set's characters. It decides
// nothing by a single one: among the digits and letters of object ids, a
// processor that has to guess which comes next is wrong every other time.
func (set *charset) holds(s string) bool {
	all := byte(1)
	for i := range len(s) {
		all &= set[s[i]]
	}
	return all == 1
}

// hasher hashes texts one after the other, through a buffer.
type hasher struct {
	hash   hash.Hash
	buffer []byte
}

func newHasher() *hasher {
	return &hasher{hash: sha256.New(), buffer: make([]byte, 0, 1<<13)}
}

func (h *hasher) add(s string) {
	if len(h.buffer)+len(s) > cap(h.buffer) {
		h.hash.Write(h.buffer)
		h.buffer = h.buffer[:0]
	}
	h.buffer = append(h.buffer, s...)
}

// sum is the hash as a plan writes it: "sha256:" and hex digits.
func (h *hasher) sum() string {
	h.hash.Write(h.buffer)
	return hashPrefix + hex.EncodeToString(h.hash.Sum(nil))
}

// Fingerprint returns "sha256:" and the hash of the object ids, sorted and one
// a line. The order in which they are given does not matter.
func Fingerprint(ids []string) string {
	h := newHasher()
	for _, id := range textsInOrder(ids) {
		h.addLine(id)
	}
	return h.sum()
}

func (h *hasher) addLine(s string) {
	h.add(s)
	h.add("\n")
}
