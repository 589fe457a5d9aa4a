package tui

import (
	"strconv"
	"strings"

	tea "charm.land/bubbletea/v2"

	"rollcall/model/handover"
)

// exportSubject is a set of recipients that can be written into a file.
type exportSubject struct {
	title      string // "recipients", "newsletter": the file is named for it
	recipients int
	incomplete bool
	write      func(e handover.Export) ([]byte, []handover.Refusal)
}

// exportMenu offers the formats for recipients, each with a file of its own.
func exportMenu(s shared, subject exportSubject) dialog {
	item := func(f handover.Format, label, suffix string) menuItem {
		name := fileName(subject.title, suffix)
		var next dialog
		if f == handover.Blocks {
			next = askPerMessage(s, subject, name)
		} else {
			next = subject.dialog(s, handover.Export{Format: f}, label, name)
		}
		return menuItem{label: label, detail: name, msg: dialogMsg{next}}
	}
	return newMenuDialog(s, "Export "+plural(subject.recipients, "recipient", "recipients"), []menuItem{
		item(handover.CSV, "CSV for a spreadsheet", "csv"),
		item(handover.JSON, "JSON", "json"),
		item(handover.Lines, "one address a line", "txt"),
		item(handover.Blocks, "To fields, parted by ;", "blocks.txt"),
	}, 0)
}

// dialog asks where a format shall be written.
func (x exportSubject) dialog(s shared, e handover.Export, label, name string) dialog {
	lead := "Write " + plural(x.recipients, "recipient", "recipients") + " into a new file: " + label
	if x.incomplete {
		lead += ". The answer is INCOMPLETE, and so will the file be."
	}
	return exportDialog(s, "Export recipients", lead, name, func(string) []exportFile {
		content, refused := x.write(e)
		return []exportFile{{content: content, lacks: refusedText(refused)}}
	})
}

// refusedText names what a format cannot say.
func refusedText(refused []handover.Refusal) string {
	if len(refused) == 0 {
		return ""
	}
	text := plural(len(refused), "address", "addresses") + ": " + clean(refused[0].Address) + " (" + refused[0].Reason + ")"
	if len(refused) > 1 {
		text += " and others"
	}
	return text
}

// askPerMessage asks how many recipients a message may have at the most.
func askPerMessage(s shared, x exportSubject, name string) dialog {
	d := &askDialog{
		theme: s.theme, title: "How many recipients a message?",
		lead: s.theme.text.Render("Mail systems limit the recipients of one message: Exchange Online allows " + count(handover.DefaultPerMessage) + " unless an administrator chose another number. Each block of the file fits into one message."),
		hint: "goes on",
	}
	d.field.SetValue(strconv.Itoa(handover.DefaultPerMessage))
	d.submit = func(text string) (tea.Cmd, string) {
		n, err := strconv.Atoi(strings.ReplaceAll(text, ",", ""))
		if err != nil || n < 1 {
			return nil, "Type a number, 1 or more"
		}
		blocks := (x.recipients + n - 1) / n
		label := plural(blocks, "block", "blocks") + " of at most " + count(n) + ", parted by ;"
		return emit(dialogMsg{x.dialog(s, handover.Export{Format: handover.Blocks, PerMessage: n}, label, name)}), ""
	}
	return d
}

// askExport offers the formats for the recipients of the answer.
func (p *previewPane) askExport() tea.Cmd {
	preview := p.preview()
	return emit(dialogMsg{exportMenu(p.shared, exportSubject{
		title: "recipients", recipients: len(preview.Recipients), incomplete: !preview.Complete(),
		write: func(e handover.Export) ([]byte, []handover.Refusal) { return e.Recipients(preview.Recipients) },
	})})
}
