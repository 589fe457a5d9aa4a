package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"rollcall/model"
	"rollcall/model/roster"
	"rollcall/model/rule"
	"rollcall/model/workspace"
	"rollcall/ui/text"
)

// stdinRule is the argument in whose place a rule is read from the input.
const stdinRule = "-"

// ruleText is the rule that an argument gives: the argument, or for "-" what
// stands on the input, which suits a rule of many lines.
func (a *app) ruleText(ctx context.Context, argument string) (string, error) {
	if argument != stdinRule {
		return argument, nil
	}
	if a.env.StdinTerminal {
		a.note("type the rule, then end it with ctrl-d")
	}
	// What is longer than any rule is read far enough to be refused as one.
	data, err := io.ReadAll(io.LimitReader(interruptible{ctx, a.env.Stdin}, rule.MaxLength+1))
	if ctx.Err() != nil {
		return "", ctx.Err()
	}
	if err != nil {
		return "", &model.Error{Kind: model.KindUsage, Code: "ruleUnreadable", Message: fmt.Sprintf("the rule cannot be read from the input: %v", err), Err: err}
	}
	text := string(data)
	if len(data) <= rule.MaxLength {
		if text, _, err = roster.DecodeText(data); err != nil {
			return "", &model.Error{Kind: model.KindUsage, Code: "ruleUnreadable", Message: "the rule on the input is neither UTF-8 nor UTF-16", Remedy: "save the file as UTF-8"}
		}
	}
	return strings.TrimSpace(text), nil
}

// withRule is withDirectory for a rule that somebody has just written: a fault
// is shown before anything is read. A nil rule is none.
func (a *app) withRule(ctx context.Context, rule *string, run func(*workspace.Workspace) error) error {
	return a.with(ctx, func(w *workspace.Workspace) error {
		if rule != nil {
			if diagnostics, err := w.CheckRule(*rule); err != nil {
				return a.showFaults(*rule, diagnostics, err)
			}
		}
		if err := a.synced(ctx, w); err != nil {
			return err
		}
		return run(w)
	})
}

// selectRule evaluates a rule, signed in where that asks the tenant: the
// members of groups are not among what is synced.
func (a *app) selectRule(ctx context.Context, w *workspace.Workspace, text string) (*workspace.Selection, error) {
	if err := a.signInFor(ctx, w, text); err != nil {
		return nil, err
	}
	return w.Select(ctx, text)
}

// signInFor signs in where the rule asks the tenant.
func (a *app) signInFor(ctx context.Context, w *workspace.Workspace, text string) error {
	if !asksTenant(text) {
		return nil
	}
	return a.signIn(ctx, w)
}

func asksTenant(text string) bool {
	parsed, _ := rule.Parse(text)
	_, asks := parsed.Root.(*rule.MemberOf)
	return asks
}

// showFaults points, for a person, at every fault under the line of the rule
// that it stands in. The error that it returns is printed by Run: of several
// faults it says how many, since each has its own line.
func (a *app) showFaults(source string, diagnostics []rule.Diagnostic, err error) error {
	faults := slices.DeleteFunc(slices.Clone(diagnostics), func(d rule.Diagnostic) bool { return d.Severity != rule.Error })
	if len(faults) == 0 || a.flags.machine() {
		return err
	}
	for _, d := range faults {
		fmt.Fprint(a.env.Stderr, excerpt(source, d))
		if len(faults) > 1 {
			fmt.Fprintln(a.env.Stderr, "  "+text.Clean(d.String()))
		}
	}
	var first *model.Error
	if len(faults) == 1 || !errors.As(err, &first) {
		return err
	}
	whole := *first
	whole.Message, _, _ = strings.Cut(first.Message, ": ")
	whole.Message += fmt.Sprintf(" for the %d reasons above", len(faults))
	whole.Remedy = ""
	return &whole
}

// excerpt is the line that a diagnostic stands in, and below it a mark under
// the span. Of a long line only the end of what stands before is shown, and
// the beginning of the span and of what follows.
func excerpt(source string, d rule.Diagnostic) string {
	const around = 60
	from, to := strings.LastIndexByte(source[:d.Start], '\n')+1, len(source)
	if i := strings.IndexByte(source[d.Start:], '\n'); i >= 0 {
		to = d.Start + i
	}
	end := max(d.Start, min(d.End, to))
	cleaned := func(s string) []rune { return []rune(text.Clean(strings.TrimSuffix(s, "\r"))) }
	before, fault, after := cleaned(source[from:d.Start]), cleaned(source[d.Start:end]), cleaned(source[end:to])
	if n := len(before) - around; n > 0 {
		before = append([]rune("…"), before[n:]...)
	}
	if len(fault) > around {
		fault, after = append(fault[:around:around], '…'), nil
	}
	if len(after) > around {
		after = append(after[:around:around], '…')
	}
	indent, span := text.Width(string(before)), max(1, text.Width(string(fault)))
	return fmt.Sprintf("  %s%s%s\n  %s%s\n", string(before), string(fault), string(after), strings.Repeat(" ", indent), strings.Repeat("^", span))
}

// remark is a diagnostic as programs read it.
type remark struct {
	Severity   string      `json:"severity"` // error, note or advice
	Line       int         `json:"line"`     // from 1
	Column     int         `json:"column"`   // from 1, in characters
	Start      int         `json:"start"`    // of the span, in bytes of the rule
	End        int         `json:"end"`
	Message    string      `json:"message"`
	Expected   string      `json:"expected,omitempty"`
	Suggestion string      `json:"suggestion,omitempty"`
	Nearest    []nearValue `json:"nearest,omitempty"` // values that users have, the nearest first
}

type nearValue struct {
	Value string `json:"value"`
	Users int    `json:"users"`
}

func remarks(diagnostics []rule.Diagnostic) []remark {
	list := make([]remark, len(diagnostics))
	for i, d := range diagnostics {
		list[i] = remark{d.Severity.String(), d.Line, d.Column, d.Start, d.End, d.Message, d.Expected, d.Suggestion, nil}
		for _, near := range d.Nearest {
			list[i].Nearest = append(list[i].Nearest, nearValue(near))
		}
	}
	return list
}

// remarkText is a note or advice on one line, for a person.
func remarkText(d rule.Diagnostic) string {
	line := fmt.Sprintf("%s: line %d, column %d: %s", d.Severity, d.Line, d.Column, d.Message)
	switch {
	case len(d.Nearest) > 0:
		near := make([]string, len(d.Nearest))
		for i, n := range d.Nearest {
			near[i] = fmt.Sprintf("%s (%s)", quoted(n.Value), text.Plural(n.Users, "user", "users"))
		}
		line += "; near: " + strings.Join(near, ", ")
	case d.Suggestion != "":
		line += "; better " + d.Suggestion
	}
	return text.Clean(line)
}

// noteRemarks tells a person what there is to say about a rule that works.
func (a *app) noteRemarks(diagnostics []rule.Diagnostic) {
	for _, d := range diagnostics {
		if d.Severity != rule.Error {
			a.note("%s", remarkText(d))
		}
	}
}
