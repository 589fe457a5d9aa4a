package exchange

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"

	"rollcall/model"
)

// selected are the properties that a recipient is read with.
const selected = "DisplayName,PrimarySmtpAddress,EmailAddresses,RecipientType,RecipientTypeDetails,ExternalDirectoryObjectId"

// recipient is a row of an answer of the Admin API. Microsoft does not publish
// the exact properties, so the types are generous.
type recipient struct {
	Name             text  `json:"Name"`
	DisplayName      text  `json:"DisplayName"`
	Address          text  `json:"PrimarySmtpAddress"`
	External         text  `json:"ExternalEmailAddress"`
	Addresses        texts `json:"EmailAddresses"`
	Type             text  `json:"RecipientType"`
	Details          text  `json:"RecipientTypeDetails"`
	DirectoryID      text  `json:"ExternalDirectoryObjectId"`
	DirectoryIDOlder text  `json:"ExternalDirectoryObjectID"`
}

// text is a string, or an object that holds one, as .NET types are written when
// nobody has told how.
type text string

func (t *text) UnmarshalJSON(data []byte) error {
	switch data[0] {
	case '"':
		var s string
		if err := json.Unmarshal(data, &s); err != nil {
			return err
		}
		*t = text(strings.TrimSpace(s))
	case '{':
		var o struct{ Address, AddressString, Value, Name text }
		if err := json.Unmarshal(data, &o); err != nil {
			return err
		}
		for _, s := range []text{o.Address, o.AddressString, o.Value, o.Name} {
			if s != "" {
				*t = s
				break
			}
		}
	}
	return nil // null and numbers say nothing that is asked for
}

// texts is an array of texts, or one alone.
type texts []string

func (t *texts) UnmarshalJSON(data []byte) error {
	var list []text
	if data[0] != '[' {
		data = append(append([]byte{'['}, data...), ']')
	}
	if err := json.Unmarshal(data, &list); err != nil {
		return err
	}
	for _, s := range list {
		if s != "" {
			*t = append(*t, string(s))
		}
	}
	return nil
}

// page is one answer.
type page struct {
	members []model.Object
	next    string
}

var errNoRecipients = errors.New("it holds no recipients")

// decode reads an answer: a collection, an array, or a single recipient.
func (p *page) decode(body []byte) error {
	var envelope struct {
		Value json.RawMessage `json:"value"`
		Next  text            `json:"@odata.nextLink"`
	}
	rows := bytes.TrimSpace(body)
	if len(rows) == 0 {
		return errNoRecipients
	}
	if rows[0] == '{' {
		if err := json.Unmarshal(rows, &envelope); err != nil {
			return err
		}
		if envelope.Value != nil {
			rows = envelope.Value
		}
	}
	var list []recipient
	switch rows[0] {
	case '[':
		if err := json.Unmarshal(rows, &list); err != nil {
			return err
		}
	case '{':
		list = make([]recipient, 1)
		if err := json.Unmarshal(rows, &list[0]); err != nil {
			return err
		}
	default:
		return errNoRecipients
	}
	*p = page{members: make([]model.Object, len(list)), next: string(envelope.Next)}
	for i := range list {
		p.members[i] = list[i].object()
		if o := &p.members[i]; o.ID == "" && o.Mail == "" && o.DisplayName == "" {
			return errNoRecipients // a row of which nothing is known could be anybody
		}
	}
	return nil
}

func first(candidates ...text) string {
	for _, c := range candidates {
		if c != "" {
			return string(c)
		}
	}
	return ""
}

// object is the model's object.
func (r *recipient) object() model.Object {
	o := model.Object{
		ID: strings.ToLower(first(r.DirectoryID, r.DirectoryIDOlder)), DisplayName: first(r.DisplayName, r.Name),
		Mail: bareAddress(first(r.Address, r.External)), ProxyAddresses: r.Addresses,
	}
	if o.ID == "00000000-0000-0000-0000-000000000000" {
		o.ID = ""
	}
	var kind model.GroupKind
	o.Type, kind, o.UserType = classify(string(r.Details), string(r.Type))
	if o.Type == model.ObjectGroup {
		if kind == model.KindDynamicDistribution {
			o.ID = "" // Entra does not know it; it goes by its address
		}
		o.Group = &model.Group{ID: o.ID, DisplayName: o.DisplayName, Mail: o.Mail, ProxyAddresses: o.ProxyAddresses, Kind: kind}
	}
	return o
}

// bareAddress takes the prefix off that proxy addresses have.
func bareAddress(s string) string {
	if prefix, rest, ok := strings.Cut(s, ":"); ok && strings.EqualFold(prefix, "smtp") {
		s = rest
	}
	if !strings.Contains(s, "@") {
		return ""
	}
	return s
}

// classify tells what a recipient is from its RecipientTypeDetails, and from its
// RecipientType where those say nothing. Source: Exchange documentation,
// "RecipientTypeDetails" and "RecipientType" of Get-Recipient.
func classify(details, recipientType string) (model.ObjectType, model.GroupKind, string) {
	for _, s := range []string{details, recipientType} {
		switch s {
		case "GuestMailUser":
			return model.ObjectUser, "", "Guest"
		case "User", "DisabledUser", "LinkedUser", "MailUser", "RemoteUserMailbox", "UserMailbox":
			return model.ObjectUser, "", ""
		case "Contact", "MailContact", "MailForestContact":
			return model.ObjectContact, "", ""
		case "GroupMailbox":
			return model.ObjectGroup, model.KindMicrosoft365, ""
		case "DynamicDistributionGroup":
			return model.ObjectGroup, model.KindDynamicDistribution, ""
		case "MailUniversalDistributionGroup", "MailNonUniversalGroup", "RoomList", "UniversalDistributionGroup", "NonUniversalGroup":
			return model.ObjectGroup, model.KindDistribution, ""
		case "MailUniversalSecurityGroup":
			return model.ObjectGroup, model.KindMailEnabledSecurity, ""
		case "UniversalSecurityGroup", "RoleGroup":
			return model.ObjectGroup, model.KindSecurity, ""
		case "PublicFolder", "PublicFolderMailbox":
			return model.ObjectOther, "", ""
		}
		if strings.HasSuffix(s, "Mailbox") { // shared, room, equipment and many more
			return model.ObjectUser, "", ""
		}
	}
	return model.ObjectOther, "", ""
}
