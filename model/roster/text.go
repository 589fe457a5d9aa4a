package roster

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// Encoding is how the characters of a file are written.
type Encoding string

// The encodings that are recognised. As an option, UTF-8 and UTF-16 hold with a
// byte order mark or without one.
const (
	EncodingAuto        Encoding = ""
	EncodingUTF8        Encoding = "utf-8"
	EncodingUTF16LE     Encoding = "utf-16le"
	EncodingUTF16BE     Encoding = "utf-16be"
	EncodingWindows1252 Encoding = "windows-1252"
)

// ParseEncoding reads the name of an encoding; "" and "auto" have it
// recognised, and "utf-16" is told apart by the file.
func ParseEncoding(name string) (Encoding, error) {
	switch headingKey(name) {
	case "", "auto":
		return EncodingAuto, nil
	case "utf8":
		return EncodingUTF8, nil
	case "utf16", "unicode":
		return encodingUTF16, nil
	case "utf16le":
		return EncodingUTF16LE, nil
	case "utf16be":
		return EncodingUTF16BE, nil
	case "windows1252", "cp1252", "ansi", "latin1", "iso88591":
		return EncodingWindows1252, nil
	}
	return "", fmt.Errorf("the encoding is auto, utf-8, utf-16, utf-16le, utf-16be or windows-1252, not %q", clip(name))
}

// encodingUTF16 is UTF-16 of either byte order.
const encodingUTF16 Encoding = "utf-16"

var (
	markUTF8    = []byte{0xEF, 0xBB, 0xBF}
	markUTF16LE = []byte{0xFF, 0xFE}
	markUTF16BE = []byte{0xFE, 0xFF}
)

// DecodeText turns a file into UTF-8: UTF-16 by its byte order mark or, where
// that is missing, by the zero bytes that ASCII text has in it. The error
// concerns the line that is returned with it.
func DecodeText(data []byte) (text string, line int, err error) {
	encoding := unicodeOf(data)
	if encoding == "" {
		return "", lineAt(data, invalidUTF8(data)), errors.New("the text is neither UTF-8 nor UTF-16; save the file as CSV UTF-8")
	}
	text, _, line, err = decodeAs(data, encoding)
	return text, line, err
}

// decode is DecodeText for a file of which any of the encodings may be
// expected, or one is known. It also says which it was, and whether a byte
// order mark told so.
func decode(data []byte, wanted Encoding) (text string, encoding Encoding, marked bool, line int, err error) {
	encoding = wanted
	switch wanted {
	case EncodingAuto:
		if encoding = unicodeOf(data); encoding == "" {
			encoding = EncodingWindows1252
			if at, mixed := mixture(data); mixed {
				return "", encoding, false, lineAt(data, at), errors.New("the line is not UTF-8, and others hold letters that are; name the encoding, or save the file as CSV UTF-8")
			}
		}
	case encodingUTF16:
		if encoding = unicodeOf(data); encoding != EncodingUTF16BE {
			encoding = EncodingUTF16LE // Windows' own, where nothing tells
		}
	}
	text, marked, line, err = decodeAs(data, encoding)
	return text, encoding, marked, line, err
}

// unicodeOf recognises UTF-8 and UTF-16; "" is neither. A file that says by its
// mark that it is UTF-8 is not taken for another encoding.
func unicodeOf(data []byte) Encoding {
	switch {
	case bytes.HasPrefix(data, markUTF8):
		return EncodingUTF8
	case bytes.HasPrefix(data, markUTF16LE):
		return EncodingUTF16LE
	case bytes.HasPrefix(data, markUTF16BE):
		return EncodingUTF16BE
	}
	if order := byZeros(data); order != "" {
		return order
	}
	if invalidUTF8(data) < 0 {
		return EncodingUTF8
	}
	return ""
}

// byZeros recognises UTF-16 without a mark: what stands between the fields, and
// most of what stands in them, is ASCII, of which every other byte is zero.
func byZeros(data []byte) Encoding {
	data = data[:min(len(data), 64<<10)]
	var zeros [2]int
	for i, b := range data {
		if b == 0 {
			zeros[i%2]++
		}
	}
	pairs := (len(data) + 1) / 2
	switch {
	case 8*zeros[1] > pairs && zeros[1] > 8*zeros[0]:
		return EncodingUTF16LE
	case 8*zeros[0] > pairs && zeros[0] > 8*zeros[1]:
		return EncodingUTF16BE
	}
	return ""
}

func decodeAs(data []byte, encoding Encoding) (text string, marked bool, line int, err error) {
	switch encoding {
	case EncodingUTF16LE:
		data, marked = bytes.CutPrefix(data, markUTF16LE)
		text, line, err = decodeUTF16(data, binary.LittleEndian)
	case EncodingUTF16BE:
		data, marked = bytes.CutPrefix(data, markUTF16BE)
		text, line, err = decodeUTF16(data, binary.BigEndian)
	case EncodingWindows1252:
		text, line, err = decodeWindows1252(data)
	default:
		data, marked = bytes.CutPrefix(data, markUTF8)
		if at := invalidUTF8(data); at >= 0 {
			return "", marked, lineAt(data, at), errors.New("the line is not UTF-8")
		}
		text = string(data)
	}
	return unifyLineEnds(text), marked, line, err
}

func decodeUTF16(data []byte, order binary.ByteOrder) (text string, line int, err error) {
	units := make([]uint16, len(data)/2)
	for i := range units {
		units[i] = order.Uint16(data[2*i:])
	}
	text = string(utf16.Decode(units))
	if len(data)%2 != 0 {
		return "", 1 + strings.Count(unifyLineEnds(text), "\n"), errors.New("the file ends in the middle of a UTF-16 character: it may be cut off")
	}
	return text, 0, nil
}

// decodeWindows1252 refuses the bytes that Windows-1252 leaves undefined, which
// the decoder makes C1 controls: they tell that the file is something else.
// Source: WHATWG Encoding, index-windows-1252.
func decodeWindows1252(data []byte) (text string, line int, err error) {
	decoded, err := charmap.Windows1252.NewDecoder().Bytes(data)
	if err != nil {
		return "", 1, err
	}
	text = string(decoded)
	if at := strings.IndexFunc(text, func(r rune) bool { return r >= 0x80 && r <= 0x9f || r == utf8.RuneError }); at >= 0 {
		return "", lineAt(decoded, at), errors.New("the text is neither UTF-8, UTF-16 nor Windows-1252; save the file as CSV UTF-8")
	}
	return text, 0, nil
}

// mixture looks for what makes Windows-1252 unlikely in text that is not UTF-8:
// letters that are whole UTF-8 sequences. It returns the place of the first
// byte that is not UTF-8.
func mixture(data []byte) (at int, mixed bool) {
	at = -1
	sequences, strays := 0, 0
	for i := 0; i < len(data); {
		r, size := utf8.DecodeRune(data[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			strays++
			if at < 0 {
				at = i
			}
		case size > 1:
			sequences++
		}
		i += size
	}
	// Capitals before a sign, as in "ÖLÃ®", occur in Windows-1252 too, rarely.
	return at, sequences > 0 && 4*sequences >= strays
}

// lineAt is the line that a place in a text belongs to.
func lineAt(data []byte, at int) int {
	return 1 + strings.Count(unifyLineEnds(string(data[:max(at, 0)])), "\n")
}

// unifyLineEnds makes lone carriage returns, as old spreadsheets write them,
// line ends. A carriage return before a line feed is the reader's business.
func unifyLineEnds(text string) string {
	if strings.Contains(text, "\n") {
		return text
	}
	return strings.ReplaceAll(text, "\r", "\n")
}

func invalidUTF8(data []byte) int {
	if utf8.Valid(data) {
		return -1
	}
	for at := 0; at < len(data); {
		r, size := utf8.DecodeRune(data[at:])
		if r == utf8.RuneError && size == 1 {
			return at
		}
		at += size
	}
	return -1
}
