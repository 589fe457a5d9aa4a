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

// appendText appends the GUID in its canonical form, in small letters.
func (k key) appendText(b []byte) []byte {
	b = append(hex.AppendEncode(b, k[0:4]), '-')
	b = append(hex.AppendEncode(b, k[4:6]), '-')
	b = append(hex.AppendEncode(b, k[6:8]), '-')
	b = append(hex.AppendEncode(b, k[8:10]), '-')
	return hex.AppendEncode(b, k[10:16])
}

// String returns the GUID in its canonical form, in small letters.
func (k key) String() string { return string(k.appendText(make([]byte, 0, 36))) }

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
