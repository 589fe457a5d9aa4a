package handover

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"rollcall/model"
	"rollcall/model/expansion"
)

// Format is a file format for the recipients of a message.
type Format string

// The formats, as flags name them.
const (
	CSV    Format = "csv"
	JSON   Format = "json"
	Lines  Format = "lines"  // one address a line
	Blocks Format = "blocks" // addresses for the To field of one message a line, with ";" between them
)

// Formats are all formats, the one for spreadsheets first.
func Formats() []Format { return []Format{CSV, JSON, Lines, Blocks} }

// DefaultPerMessage is how many recipients Exchange Online lets a mailbox write
// to in one message until somebody allows it more, 1,000 at most. Source: Exchange
// team, "Customizable Recipient Limits in Office 365", February 2020.
const DefaultPerMessage = 500

// Export says how recipients are written.
type Export struct {
	Format     Format
	PerMessage int // most addresses in a block, at least 1; the other formats do not look at it
}

// NewExport is the export that a person asks for. What is none, and fewer than
// one recipient a message, is a KindUsage error.
func NewExport(format string, perMessage int) (Export, error) {
	e := Export{Format: Format(strings.ToLower(format)), PerMessage: perMessage}
	if !slices.Contains(Formats(), e.Format) {
		return Export{}, &model.Error{
			Kind: model.KindUsage, Code: "exportFormat",
			Message: fmt.Sprintf("recipients are exported as csv, json, lines or blocks, not %.40q", format),
			Remedy:  "csv for a spreadsheet, lines for one address a line, blocks for the To fields of messages",
		}
	}
	if perMessage < 1 {
		return Export{}, &model.Error{
			Kind: model.KindUsage, Code: "exportPerMessage",
			Message: fmt.Sprintf("a message has 1 recipient or more, not %d", perMessage),
			Remedy:  fmt.Sprintf("Exchange Online allows %d unless an administrator has chosen another number", DefaultPerMessage),
		}
	}
	return e, nil
}

// Refusal is an address that a format cannot say so that every program reads
// the same.
type Refusal struct {
	Address string
	Reason  string
}

// Recipients writes each recipient once, in the given order. The refused ones
// are not in the file; only lines and blocks refuse any.
func (e Export) Recipients(list []expansion.Recipient) ([]byte, []Refusal) {
	switch e.Format {
	case CSV:
		return Recipients(list), nil
	case JSON:
		type recipient struct {
			Address           string `json:"address"`
			ID                string `json:"id,omitempty"`
			DisplayName       string `json:"displayName"`
			UserPrincipalName string `json:"userPrincipalName"`
			External          bool   `json:"external"`
			Disabled          bool   `json:"disabled"`
			SMS               bool   `json:"sms"`
		}
		rows := make([]recipient, len(list))
		for i, r := range list {
			rows[i] = recipient{r.Address, r.Object.ID, r.Object.DisplayName, r.Object.UserPrincipalName, r.External, r.Disabled, r.SMS}
		}
		return encodeJSON(rows), nil
	}
	addresses := make([]string, len(list))
	for i := range list {
		addresses[i] = list[i].Address
	}
	return e.mail(addresses)
}

// Addresses is Recipients for a list of which nothing is kept but addresses and
// object ids. It has an id for each address, or none at all.
func (e Export) Addresses(addresses, ids []string) ([]byte, []Refusal) {
	id := func(i int) string {
		if len(ids) != len(addresses) {
			return ""
		}
		return ids[i]
	}
	switch e.Format {
	case CSV:
		rows := [][]string{{"address", "id"}}
		for i, address := range addresses {
			rows = append(rows, []string{address, id(i)})
		}
		return Table(rows), nil
	case JSON:
		type recipient struct {
			Address string `json:"address"`
			ID      string `json:"id,omitempty"`
		}
		rows := make([]recipient, len(addresses))
		for i, address := range addresses {
			rows[i] = recipient{address, id(i)}
		}
		return encodeJSON(rows), nil
	}
	return e.mail(addresses)
}

func (e Export) mail(addresses []string) ([]byte, []Refusal) {
	said := make([]string, 0, len(addresses))
	var refused []Refusal
	for _, a := range addresses {
		address, reason := addrSpec(a)
		if reason != "" {
			refused = append(refused, Refusal{a, reason})
			continue
		}
		said = append(said, address)
	}
	var b bytes.Buffer
	if e.Format == Lines {
		for _, address := range said {
			b.WriteString(address + "\n")
		}
		return b.Bytes(), refused
	}
	for block := range slices.Chunk(said, max(1, e.PerMessage)) {
		if b.Len() > 0 {
			b.WriteString("\n")
		}
		b.WriteString(strings.Join(block, "; ") + "\n")
	}
	return b.Bytes(), refused
}

// encodeJSON writes one object on one line. Characters that could act on a
// terminal are escaped.
func encodeJSON(recipients any) []byte {
	data, err := json.Marshal(map[string]any{"recipients": recipients},
		jsontext.AllowInvalidUTF8(true), jsontext.EscapeForJS(true))
	if err != nil {
		panic(err) // unreachable: the shapes are strings and booleans
	}
	var b bytes.Buffer
	for _, r := range string(data) {
		if acts(r) {
			fmt.Fprintf(&b, `\u%04x`, r)
		} else {
			b.WriteRune(r)
		}
	}
	b.WriteString("\n")
	return b.Bytes()
}
