package directory

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// key is an object id: the sixteen bytes of a GUID.
type key [16]byte

// keyOf returns the key of an object id. Graph's ids are GUIDs; of any other
// text the key is a hash, and regular is false.
func keyOf(id string) (k key, regular bool) {
	if len(id) == 36 && id[8] == '-' && id[13] == '-' && id[18] == '-' && id[23] == '-' {
		var digits [32]byte
		copy(digits[0:], id[0:8])
		copy(digits[8:], id[9:13])
		copy(digits[12:], id[14:18])
		copy(digits[16:], id[19:23])
		copy(digits[20:], id[24:36])
		if _, err := hex.Decode(k[:], digits[:]); err == nil {
			return k, true
		}
	}
	sum := sha256.Sum256([]byte(id))
	return key(sum[:16]), false
}

// String returns the GUID in its canonical form, in small letters.
func (k key) String() string {
	var b [36]byte
	hex.Encode(b[0:8], k[0:4])
	hex.Encode(b[9:13], k[4:6])
	hex.Encode(b[14:18], k[6:8])
	hex.Encode(b[19:23], k[8:10])
	hex.Encode(b[24:36], k[10:16])
	b[8], b[13], b[18], b[23] = '-', '-', '-', '-'
	return string(b[:])
}

// idText returns what a dictionary of object ids holds for an id: the sixteen
// bytes of a GUID; of anything else a longer text.
func idText(id string) string {
	if id == "" {
		return ""
	}
	if k, regular := keyOf(id); regular {
		return string(k[:])
	}
	return irregularPrefix + id
}

// irregularPrefix makes the text of an id that is no GUID longer than a key.
const irregularPrefix = "an id that is no GUID: "

// idOf returns the id of an idText: a GUID in small letters, anything else
// unchanged.
func idOf(text string) string {
	if len(text) == len(key{}) {
		return key([]byte(text)).String()
	}
	return strings.TrimPrefix(text, irregularPrefix)
}
