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
func isPlain(s string) bool {
	const (
		low  = (1<<32 - 1) << 32 &^ (1<<'"' | 1<<'&' | 1<<'<' | 1<<'>') // no control characters
		high = (1<<63 - 1) &^ (1 << ('\\' - 64))
	)
	return madeOf(s, low, high)
}

// madeOf reports whether a text is made of characters whose bits are set: those
// below 64 in low, those below 128 in high. It asks nothing that depends on
// which of them a character is: of the digits and letters of object ids, a
// processor that has to guess is wrong every other time.
func madeOf(s string, low, high uint64) bool {
	set := [4]uint64{low, high}
	for i := range len(s) {
		if c := s[i]; set[c>>6]>>(c&63)&1 == 0 {
			return false
		}
	}
	return true
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
