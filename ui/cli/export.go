package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"rollcall/model"
	"rollcall/model/expansion"
	"rollcall/model/handover"
	"rollcall/ui/text"
)

// exportFlags choose how recipients are exported.
type exportFlags struct {
	as         string
	perMessage int
	form       handover.Export // what they say, once checked
}

// register adds the flags, the format under the given name.
func (e *exportFlags) register(cmd *cobra.Command, name, format string) {
	cmd.Flags().StringVar(&e.as, name, format, "`FORMAT` in which to print the recipients and nothing else: csv, json, lines (one address each) or blocks (one message each)")
	cmd.Flags().IntVar(&e.perMessage, "per-message", handover.DefaultPerMessage, "at most `N` recipients in one block")
	formats := make([]string, 0, len(handover.Formats()))
	for _, f := range handover.Formats() {
		formats = append(formats, string(f))
	}
	must(cmd.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(formats, cobra.ShellCompDirectiveNoFileComp)))
}

// check reads the flags. --format and --json may say the same as the format that
// was asked for, and take its place where none was.
func (e *exportFlags) check(a *app, cmd *cobra.Command, name string) error {
	if a.flags.machine() {
		if !cmd.Flags().Changed(name) {
			e.as = a.flags.format
		}
		if e.as != a.flags.format {
			return usageError(cmd, fmt.Errorf("--%s %s and --format %s contradict each other", name, e.as, a.flags.format))
		}
	}
	form, err := handover.NewExport(e.as, e.perMessage)
	if err != nil {
		return usageError(cmd, err)
	}
	if cmd.Flags().Changed("per-message") && form.Format != handover.Blocks {
		return usageError(cmd, fmt.Errorf("--per-message is the size of a block; use it with --%s blocks", name))
	}
	e.form = form
	return nil
}

// exported is a file for another program, and whom it could not name.
type exported struct {
	form    handover.Export
	data    []byte
	refused []handover.Refusal
}

func (e *exportFlags) recipients(list []expansion.Recipient) exported {
	data, refused := e.form.Recipients(list)
	return exported{e.form, data, refused}
}

func (e *exportFlags) addresses(addresses, ids []string) exported {
	data, refused := e.form.Addresses(addresses, ids)
	return exported{e.form, data, refused}
}

// export writes a file to stdout. Whom it could not name is an error that
// follows: the others are written.
func (a *app) export(e exported) error {
	a.status("")
	if _, err := a.env.Stdout.Write(e.data); err != nil {
		return err
	}
	if len(e.refused) == 0 {
		return nil
	}
	const most = 5
	var named []string
	for _, r := range e.refused[:min(most, len(e.refused))] {
		named = append(named, quoted(r.Address)+": "+r.Reason)
	}
	if n := len(e.refused) - most; n > 0 {
		named = append(named, fmt.Sprintf("and %s more", grouped(n)))
	}
	return &model.Error{
		Kind: model.KindPartial, Code: "addressesRefused",
		Message: fmt.Sprintf("%s cannot be written as %s: %s", text.Plural(len(e.refused), "address", "addresses"), e.form.Format, strings.Join(named, "; ")),
		Remedy:  "export as csv or json, which hold every address as it is",
	}
}

// must ends the program where its own code is wrong.
func must(err error) {
	if err != nil {
		panic(err)
	}
}
