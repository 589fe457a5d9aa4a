package audience

import (
	"bytes"
	"encoding/binary"
	"errors"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// DecodeText turns a file into UTF-8: UTF-16 by its byte order mark or, where
// that is missing, by the zero bytes that ASCII text has in it. The error
// concerns the line that is returned with it.
func DecodeText(data []byte) (text string, line int, err error) {
	switch {
	case bytes.HasPrefix(data, []byte{0xEF, 0xBB, 0xBF}):
		data = data[3:]
	case bytes.HasPrefix(data, []byte{0xFF, 0xFE}):
		return decodeUTF16(data[2:], binary.LittleEndian)
	case bytes.HasPrefix(data, []byte{0xFE, 0xFF}):
		return decodeUTF16(data[2:], binary.BigEndian)
	case len(data) >= 2 && data[0] != 0 && data[1] == 0:
		return decodeUTF16(data, binary.LittleEndian)
	case len(data) >= 2 && data[0] == 0 && data[1] != 0:
		return decodeUTF16(data, binary.BigEndian)
	}
	if at := invalidUTF8(data); at >= 0 {
		return "", 1 + bytes.Count(data[:at], []byte{'\n'}), errors.New("the text is neither UTF-8 nor UTF-16; save the file as CSV UTF-8")
	}
	return unifyLineEnds(string(data)), 0, nil
}

func decodeUTF16(data []byte, order binary.ByteOrder) (text string, line int, err error) {
	units := make([]uint16, len(data)/2)
	for i := range units {
		units[i] = order.Uint16(data[2*i:])
	}
	text = unifyLineEnds(string(utf16.Decode(units)))
	if len(data)%2 != 0 {
		return "", 1 + strings.Count(text, "\n"), errors.New("the file ends in the middle of a UTF-16 character: it may be cut off")
	}
	return text, 0, nil
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
	for at := 0; at < len(data); {
		r, size := utf8.DecodeRune(data[at:])
		if r == utf8.RuneError && size == 1 {
			return at
		}
		at += size
	}
	return -1
}
