package directory

import (
	"bytes"
	"cmp"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/collate"
	"golang.org/x/text/language"
)

// ordering orders the values of a dictionary by sort keys: byte strings that
// compare as the values do, apart from values that differ in no more than
// accents or letter case, which compareTie separates. Its methods may be
// called from several goroutines, keyers by one at a time.
type ordering interface {
	// keyer returns a maker of sort keys and what gives it back.
	keyer() (k keyer, done func())
}

// keyer makes the sort keys of an ordering.
type keyer interface {
	// appendKey appends the sort key of a value, which holds no zero bytes.
	appendKey(key []byte, value string) []byte
	// compareTie orders two values that have the same key.
	compareTie(a, b string) int
}

// chronology orders times, and whatever is no time behind them.
type chronology struct{}

func (chronology) keyer() (keyer, func()) { return chronology{}, func() {} }

func (chronology) appendKey(key []byte, value string) []byte {
	t, err := time.Parse(time.RFC3339, value)
	if err != nil {
		return append(key, noise)
	}
	return t.UTC().AppendFormat(key, "20060102150405.000000000")
}

func (chronology) compareTie(a, b string) int { return strings.Compare(a, b) }

// noise is the first byte of the keys that come last: what begins with neither
// letter nor digit mostly is noise.
const noise = 0xFF

// collation orders texts as readers of a language expect: by letters, then by
// accents, then by their bytes.
//
// A key is made of primary weights of the Unicode collation algorithm. Those
// that an ASCII character can have take one byte, an odd number; any other
// weight takes three, behind the even number that keeps it between its ASCII
// neighbours. The key of a text in ASCII is looked up character by character,
// at a twentieth of the price of package collate, unless the text holds two
// characters that the language sorts as one.
type collation struct {
	language language.Tag
	weights  func() *weights
	keyers   sync.Pool
}

func newCollation(tag language.Tag) *collation {
	c := &collation{language: tag}
	c.weights = sync.OnceValue(func() *weights { return newWeights(tag) })
	c.keyers.New = func() any {
		return &textKeyer{
			weights:   c.weights(),
			primary:   collate.New(tag, collate.IgnoreCase, collate.IgnoreDiacritics),
			secondary: collate.New(tag, collate.IgnoreCase),
		}
	}
	return c
}

// name tells the order apart from that of other languages and versions.
func (c *collation) name() string { return c.language.String() + " " + collate.CLDRVersion }

func (c *collation) keyer() (keyer, func()) {
	k := c.keyers.Get().(*textKeyer)
	return k, func() { c.keyers.Put(k) }
}

// weights are the primary weights of the ASCII characters in a language.
type weights struct {
	primaries []uint32  // that an ASCII character can have, ascending
	single    [256]byte // of each character by itself in a key
	// bytes is single, but special for a character that is not always sorted by
	// itself: not when one of those follows that joined has for it.
	bytes  [256]byte
	joined [utf8.RuneSelf]*[utf8.RuneSelf]bool
}

// Bytes of weights that no key holds.
const (
	ignored = 0    // the character has no weight
	special = 0xFF // the character needs a closer look
)

func newWeights(tag language.Tag) *weights {
	w := &weights{}
	collator, buffer := collate.New(tag, collate.IgnoreCase, collate.IgnoreDiacritics), &collate.Buffer{}
	keyOf := func(text ...byte) []byte {
		buffer.Reset()
		return collator.Key(buffer, text)
	}
	var keys [utf8.RuneSelf][]byte
	for c := range keys {
		keys[c] = bytes.Clone(keyOf(byte(c)))
		w.primaries = append(w.primaries, primariesOf(keys[c])...)
	}
	slices.Sort(w.primaries)
	w.primaries = slices.Compact(w.primaries)
	for c := range w.single {
		w.single[c] = special
	}
	for a := range keys {
		switch primaries := primariesOf(keys[a]); len(primaries) {
		case 0:
			w.single[a] = ignored
		case 1:
			w.single[a], _ = w.byteOf(primaries[0])
		}
		for b := range keys {
			if rest, alone := bytes.CutPrefix(keyOf(byte(a), byte(b)), keys[a]); alone && bytes.Equal(rest, keys[b]) {
				continue
			}
			if w.joined[a] == nil {
				w.joined[a] = new([utf8.RuneSelf]bool)
			}
			w.joined[a][b] = true
		}
	}
	w.bytes = w.single
	for a := range w.joined {
		if w.joined[a] != nil {
			w.bytes[a] = special
		}
	}
	return w
}

// at returns the byte of the i-th character of a text in ASCII; of one that is
// not sorted by itself, special.
func (w *weights) at(text string, i int) byte {
	c := text[i]
	if i+1 == len(text) || c >= utf8.RuneSelf || w.joined[c] == nil {
		return w.single[c]
	}
	if next := text[i+1]; next >= utf8.RuneSelf || w.joined[c][next] {
		return special
	}
	return w.single[c]
}

// primariesOf splits a key of package collate that has primary weights alone:
// two bytes each, or three where the first bit is set.
func primariesOf(key []byte) []uint32 {
	var out []uint32
	for len(key) > 0 {
		p := uint32(key[0])<<8 | uint32(key[1])
		key = key[2:]
		if p >= 1<<15 {
			p = p&^(1<<15)<<8 | uint32(key[0])
			key = key[1:]
		}
		out = append(out, p)
	}
	return out
}

// byteOf returns the byte of a weight in a key and whether it says everything.
func (w *weights) byteOf(primary uint32) (b byte, exact bool) {
	i, exact := slices.BinarySearch(w.primaries, primary)
	if exact {
		return byte(2*i + 3), true
	}
	return byte(2*i + 2), false
}

// textKeyer makes the keys of a collation.
type textKeyer struct {
	weights            *weights
	primary, secondary *collate.Collator
	buffer             collate.Buffer
}

// keyedBytes is how far into a value its key looks.
const keyedBytes = 256

func (k *textKeyer) appendKey(key []byte, value string) []byte {
	if !isWord(value) {
		key = append(key, noise)
	}
	if len(value) > keyedBytes {
		end := keyedBytes
		for end > keyedBytes-utf8.UTFMax && !utf8.RuneStart(value[end]) {
			end--
		}
		value = value[:end]
	}
	start := len(key)
	out, n := slices.Grow(key, len(value))[:start+len(value)], start
	for i := range len(value) {
		b := k.weights.bytes[value[i]]
		if b == special {
			if b = k.weights.at(value, i); b == special {
				return k.appendSlow(key, value)
			}
		}
		out[n] = b
		if b != ignored {
			n++
		}
	}
	return out[:n]
}

func (k *textKeyer) appendSlow(key []byte, value string) []byte {
	k.buffer.Reset()
	for _, p := range primariesOf(k.primary.KeyFromString(&k.buffer, value)) {
		b, exact := k.weights.byteOf(p)
		key = append(key, b)
		if !exact {
			key = append(key, byte(1+p/(255*255)), byte(1+p/255%255), byte(1+p%255))
		}
	}
	return key
}

func (k *textKeyer) compareTie(a, b string) int {
	if isASCII(a) && isASCII(b) {
		return strings.Compare(a, b) // there are no accents
	}
	return cmp.Or(k.secondary.CompareString(a, b), strings.Compare(a, b))
}

// isWord reports whether text begins with a letter or a digit.
func isWord(s string) bool {
	r, _ := utf8.DecodeRuneInString(s)
	return unicode.IsLetter(r) || unicode.IsDigit(r)
}
