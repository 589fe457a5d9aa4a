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
		return append(key, classNoise)
	}
	return t.UTC().AppendFormat(append(key, classWord), "20060102150405.000000000")
}

func (chronology) compareTie(a, b string) int { return strings.Compare(a, b) }

// The first byte of a key: what begins with a letter or a digit comes before
// the rest, which is mostly noise.
const (
	classWord  = 1
	classNoise = 2
)

// collation orders texts as readers of a language expect: by letters, then by
// accents, then by their bytes.
//
// A key is made of primary weights of the Unicode collation algorithm. Those
// that an ASCII character can have take one byte, an odd number; any other
// weight is preceded by the even number that keeps it between its ASCII
// neighbours, and takes three more. The key of a text in ASCII is looked up character by character,
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
	primaries []uint32                            // that an ASCII character can have, ascending
	bytes     [utf8.RuneSelf]byte                 // of each character in a key; zero is ignored
	joined    [utf8.RuneSelf]*[utf8.RuneSelf]bool // characters that are not sorted by themselves when followed by
}

func newWeights(tag language.Tag) *weights {
	w := &weights{}
	collator, buffer := collate.New(tag, collate.IgnoreCase, collate.IgnoreDiacritics), &collate.Buffer{}
	var keys [utf8.RuneSelf][]byte
	var single [utf8.RuneSelf][]uint32
	for c := range keys {
		buffer.Reset()
		keys[c] = bytes.Clone(collator.Key(buffer, []byte{byte(c)}))
		single[c] = primariesOf(keys[c])
		w.primaries = append(w.primaries, single[c]...)
	}
	slices.Sort(w.primaries)
	w.primaries = slices.Compact(w.primaries)
	for a := range keys {
		if len(single[a]) == 1 {
			w.bytes[a], _ = w.byteOf(single[a][0])
		}
		for b := range keys {
			buffer.Reset()
			together := collator.Key(buffer, []byte{byte(a), byte(b)})
			rest, alone := bytes.CutPrefix(together, keys[a])
			if len(single[a]) > 1 || !alone || !bytes.Equal(rest, keys[b]) {
				if w.joined[a] == nil {
					w.joined[a] = new([utf8.RuneSelf]bool)
				}
				w.joined[a][b] = true
			}
		}
	}
	return w
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
		key = append(key, classNoise)
	} else {
		key = append(key, classWord)
	}
	if len(value) > keyedBytes {
		end := keyedBytes
		for end > keyedBytes-utf8.UTFMax && !utf8.RuneStart(value[end]) {
			end--
		}
		value = value[:end]
	}
	start := len(key)
	for i := range len(value) {
		c := value[i]
		if c >= utf8.RuneSelf {
			return k.appendSlow(key[:start], value)
		}
		if joined := k.weights.joined[c]; joined != nil && i+1 < len(value) && (value[i+1] >= utf8.RuneSelf || joined[value[i+1]]) {
			return k.appendSlow(key[:start], value)
		}
		if b := k.weights.bytes[c]; b != 0 {
			key = append(key, b)
		}
	}
	return key
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
