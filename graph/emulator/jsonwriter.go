package emulator

import (
	"encoding/json"
	"strconv"
	"time"
	"unicode/utf8"
)

// The appenders below write JSON values onto a buffer. A page of 999 users
// is written some thousand times in a sync: reflection over structs would take
// most of the server's time.

// appendString appends a JSON string.
func appendString(b []byte, s string) []byte {
	var all byte
	for i := range len(s) {
		c := s[i]
		if c < ' ' || c == '"' || c == '\\' {
			return appendQuoted(b, s)
		}
		all |= c
	}
	if all >= utf8.RuneSelf && !utf8.ValidString(s) {
		return appendQuoted(b, s)
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}

// appendQuoted is appendString for text that needs escapes.
func appendQuoted(b []byte, s string) []byte {
	quoted, err := json.Marshal(s)
	if err != nil {
		panic(err) // unreachable: strings always marshal
	}
	return append(b, quoted...)
}

func appendNullable(b []byte, s string) []byte {
	if s == "" {
		return append(b, "null"...)
	}
	return appendString(b, s)
}

func appendStrings(b []byte, list []string) []byte {
	b = append(b, '[')
	for i, s := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(b, s)
	}
	return append(b, ']')
}

func appendTime(b []byte, t time.Time) []byte {
	if t.IsZero() {
		return append(b, "null"...)
	}
	b = append(b, '"')
	b = t.UTC().Truncate(time.Second).AppendFormat(b, time.RFC3339)
	return append(b, '"')
}

// appendValue appends what an odata.Object gives as a property.
func appendValue(b []byte, v any) []byte {
	switch v := v.(type) {
	case string:
		return appendString(b, v)
	case bool:
		return strconv.AppendBool(b, v)
	case int:
		return strconv.AppendInt(b, int64(v), 10)
	case time.Time:
		return appendTime(b, v)
	case []string:
		return appendStrings(b, v)
	default:
		return append(b, "null"...)
	}
}

// object appends the members of one JSON object.
type object struct {
	b     []byte
	first bool
}

func beginObject(b []byte) object { return object{b: append(b, '{'), first: true} }

// name appends a member's name; its value comes next.
func (o *object) name(name string) {
	o.comma()
	o.b = append(o.b, '"')
	o.b = append(o.b, name...) // names are ours or checked: nothing to escape
	o.b = append(o.b, '"', ':')
}

func (o *object) comma() {
	if !o.first {
		o.b = append(o.b, ',')
	}
	o.first = false
}

// memberName is a name as it stands between two members: a page writes each
// some hundred times.
func memberName(name string) string { return `,"` + name + `":` }

// member is name for what memberName made.
func (o *object) member(name string) {
	if o.first {
		name = name[1:]
	}
	o.first = false
	o.b = append(o.b, name...)
}

func (o *object) string(name, value string) {
	o.name(name)
	o.b = appendString(o.b, value)
}

func (o *object) value(name string, v any) {
	o.name(name)
	o.b = appendValue(o.b, v)
}

func (o *object) end() []byte { return append(o.b, '}') }

// collection is a page of rows under construction.
type collection struct {
	b    []byte
	rows int
}

// begin starts a collection answer. A negative total means no @odata.count.
func (g *graph) begin(context string, total int) *collection {
	buffer, _ := g.pages.get()
	o := beginObject(buffer[:0])
	o.string("@odata.context", g.baseURL+"/v1.0/$metadata#"+context)
	if total >= 0 {
		o.value("@odata.count", total)
	}
	o.name("value")
	return &collection{b: append(o.b, '[')}
}

// row makes room for the next row.
func (p *collection) row() {
	if p.rows > 0 {
		p.b = append(p.b, ',')
	}
	p.rows++
}

// end closes the collection with a link: name is "@odata.nextLink" or
// "@odata.deltaLink", an empty link means none.
func (p *collection) end(name, link string) *reply {
	o := object{b: append(p.b, ']')}
	if link != "" {
		o.string(name, link)
	}
	answer := jsonReply(o.end())
	answer.reusable = true
	return answer
}
