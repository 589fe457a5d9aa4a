package tui

import (
	"strings"

	tea "charm.land/bubbletea/v2"

	"rollcall/model"
)

// maxWhyPaths is how many paths to one recipient are shown.
const maxWhyPaths = 100

// askWhy asks for an address and shows every path to it; on the recipients it
// starts with the one under the cursor.
func (p *previewPane) askWhy() tea.Cmd {
	d := &whyDialog{shared: p.shared, preview: p.preview(), chosen: -1}
	d.field.placeholder = "an address, or a part of it"
	if p.showRecipients {
		if id := p.recipients.CursorID(); id != "" {
			d.field.SetValue(id)
			d.look()
		}
	}
	return emit(dialogMsg{d})
}

// errorToast is a notice of a failure with its remedy.
func errorToast(err error) toastMsg {
	e := model.AsError(err)
	text := capitalise(e.Message)
	if e.Remedy != "" {
		text += " — " + e.Remedy
	}
	return toastMsg{level: levelBad, text: text}
}

// capitalise begins a sentence with an upper-case letter, unless it begins with
// something that is spelled as it is: sg-sales, a@contoso.com.
func capitalise(s string) string {
	first, _, _ := strings.Cut(s, " ")
	for _, r := range first {
		if (r < 'a' || r > 'z') && r != ',' && r != ':' {
			return s
		}
	}
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
