package tui

import (
	"context"
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"

	"rollcall/model"
	"rollcall/model/rule"
	"rollcall/model/workspace"
)

const entraRuleLimit = rule.EntraMaxLength

const (
	taskTranslate   = "segments.translate"
	taskExportUsers = "segments.users"
)

type (
	// segmentTranslateMsg says the rule of an item in another language.
	segmentTranslateMsg struct {
		key string
		to  rule.Dialect
	}
	// segmentUsersMsg writes the users of an item.
	segmentUsersMsg struct{ key string }
)

// export offers the forms in which a segment can be taken elsewhere.
func (p *segmentsPane) export() tea.Cmd {
	item := p.current()
	var items []menuItem
	for _, d := range rule.Dialects() {
		items = append(items, menuItem{label: d.Label(), msg: segmentTranslateMsg{item.key, d}})
	}
	items = append(items, menuItem{label: "CSV of the users", msg: segmentUsersMsg{item.key}})
	return emit(dialogMsg{newMenuDialog(p.shared, "Export "+clean(item.title()), items, 0)})
}

func (p *segmentsPane) translate(msg segmentTranslateMsg) tea.Cmd {
	item := p.item(msg.key)
	if item == nil {
		return nil
	}
	shared, title, text := p.shared, item.title(), item.rule()
	return p.tasks.run(taskTranslate, func(context.Context) tea.Msg {
		translation, err := shared.ws.Translate(text, msg.to)
		if err != nil && (translation.Text != "" || len(translation.Diagnostics) == 0) {
			return errorToast(err)
		}
		return dialogMsg{translationDialog(shared, title, text, translation, err)}
	})
}

// translationDialog shows a translation with what is worth knowing of it, or
// every clause that stands in its way.
func translationDialog(s shared, title, text string, t rule.Translation, refused error) dialog {
	th := s.theme
	d := &textDialog{shared: s, title: capitalise(t.Dialect.Label()) + " of " + clean(title)}
	if refused != nil {
		d.lines = []string{th.text.Render("This rule cannot be said as " + t.Dialect.Named() + ", and nothing that is nearly the same is given instead:"), ""}
		for _, diagnostic := range t.Diagnostics {
			if diagnostic.Severity == rule.Error {
				d.lines = append(d.lines, refusalLines(th, text, diagnostic)...)
			}
		}
		return d
	}
	d.copied = t.Text
	d.write = exportDialog(s, d.title, "Write it into a new file.", fileName(title, string(t.Dialect)+".txt"), func(string) []exportFile {
		return []exportFile{{content: []byte(t.Text + "\n")}}
	})
	d.lines = []string{th.text.Render(clean(t.Text)), ""}
	note := func(text string) { d.lines = append(d.lines, th.muted.Render("· "+text)) }
	switch length := len([]rune(t.Text)); t.Dialect {
	case rule.Entra:
		note(count(length) + " of " + count(entraRuleLimit) + " characters; it goes into the membership rule of a dynamic group.")
	case rule.OData:
		if t.Advanced {
			note("It needs Graph's advanced query: the header ConsistencyLevel: eventual, and $count=true beside the $filter.")
		} else {
			note("It goes into $filter of /users as it stands.")
		}
	case rule.OPATH:
		note("It goes into -RecipientFilter of New-DynamicDistributionGroup.")
	}
	for _, diagnostic := range t.Diagnostics {
		note(clean(remark(diagnostic)))
	}
	return d
}

// refusalLines name a clause that cannot be said, and why.
func refusalLines(th *theme, text string, d rule.Diagnostic) []string {
	clause := ""
	if d.Start < d.End && d.End <= len(text) {
		clause = text[d.Start:d.End]
	}
	lines := []string{th.bad.Render(fmt.Sprintf("✗ column %d: ", d.Column)) + th.text.Render(clean(clause)), th.muted.Render("  " + capitalise(clean(d.Message)))}
	if d.Suggestion != "" {
		lines = append(lines, th.muted.Render("  → "+clean(d.Suggestion)))
	}
	return append(lines, "")
}

// remark is a diagnostic as a sentence.
func remark(d rule.Diagnostic) string {
	text := capitalise(d.Message)
	if d.Suggestion != "" {
		text += " — " + d.Suggestion
	}
	return text
}

// fileName proposes a file for what is named by a title.
func fileName(title, suffix string) string {
	name := strings.Map(func(r rune) rune {
		if strings.ContainsRune(` /\:*?"<>|()`, r) {
			return '-'
		}
		return r
	}, strings.ToLower(clean(title)))
	return strings.Trim(name, "-.") + "." + suffix
}

// exportUsers asks where the users of a segment shall be written.
func (p *segmentsPane) exportUsers(msg segmentUsersMsg) tea.Cmd {
	item := p.item(msg.key)
	if item == nil {
		return nil
	}
	shared, title, text := p.shared, item.title(), item.rule()
	return p.tasks.run(taskExportUsers, func(ctx context.Context) tea.Msg {
		selection, err := shared.ws.Select(ctx, text)
		switch {
		case err != nil:
			return errorToast(err)
		case selection.Set.Count() == 0:
			return toastMsg{level: levelWarn, text: "The segment selects nobody: there is nothing to write"}
		}
		return dialogMsg{usersDialog(shared, title, selection)}
	})
}

func usersDialog(s shared, title string, selection *workspace.Selection) dialog {
	rows := selection.Snapshot.Rows(selection.Set)
	lead := "Write " + plural(len(rows), "user", "users") + " of " + clean(title) + " as CSV into a new file, as of now."
	columns := append(startColumns(s.ws.Schema()), model.AttrUserPrincipalName, model.AttrObjectID)
	return exportDialog(s, "Export the users of "+clean(title), lead, fileName(title, "csv"), func(string) []exportFile {
		return []exportFile{{content: usersCSV(selection.Snapshot, rows, columns)}}
	})
}
