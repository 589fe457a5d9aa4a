package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"rollcall/model"
	"rollcall/model/handover"
	"rollcall/model/workspace"
	"rollcall/model/writeback"
	"rollcall/ui/text"
)

func (a *app) planExportCommand() *cobra.Command {
	var (
		as, dir string
		version bool
	)
	cmd := &cobra.Command{
		Use:               "export FILE|ID --as csv|powershell",
		ValidArgsFunction: a.completePlans,
		Short:             "Write a plan as files for somebody who may write",
		Long: `export writes the plan for somebody who holds the permission that you lack: as
the CSVs that the Entra admin center takes under Members › Bulk operations, or
as a commented PowerShell script, which shows what it would do and changes
nothing until it is run with -Apply. What takes the plan back again is written
beside them.

--as powershell prints the script; with --out, it and its undo are files.`,
		Example: "  rollcall plan export 3f9a0c21b7de --as csv --out .\n" +
			"  rollcall plan export sales.json --as powershell > sales.ps1\n" +
			"  rollcall plan export sales.json --as both --out handover",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			options := handover.Options{Format: handover.Format(as), VersionRow: version}
			switch options.Format {
			case handover.CSV, handover.Script, handover.Both:
			default:
				return usageError(cmd, fmt.Errorf("--as takes csv, powershell or both, not %s", quoted(as)))
			}
			toStdout := options.Format == handover.Script && !cmd.Flags().Changed("out")
			return a.with(cmd.Context(), func(w *workspace.Workspace) error {
				return a.exportPlan(cmd.Context(), w, args[0], options, dir, toStdout)
			})
		},
	}
	cmd.Flags().StringVar(&as, "as", string(handover.CSV), "csv, powershell or both")
	cmd.Flags().StringVar(&dir, "out", ".", "`FOLDER` for the files; it is made where there is none")
	cmd.Flags().BoolVar(&version, "csv-version-row", false, "begin the CSVs with the row \"version:v1.0\", as older templates of the admin center do")
	return cmd
}

func (a *app) exportPlan(ctx context.Context, w *workspace.Workspace, fileOrID string, o handover.Options, dir string, toStdout bool) error {
	plan, err := a.loadPlan(ctx, w, fileOrID)
	if err != nil {
		return err
	}
	for _, note := range handover.Notes(plan, o) {
		a.note("%s", text.Clean(note))
	}
	files := handover.Files(plan, o)
	if toStdout {
		if len(files) == 0 {
			return nil
		}
		_, err := a.env.Stdout.Write(files[0].Content) // the script that makes the changes
		return err
	}
	return a.writeFiles(plan, dir, files)
}

// writeFiles writes the files of a plan and prints their paths.
func (a *app) writeFiles(plan *writeback.Plan, dir string, files []handover.File) error {
	unwritable := func(err error) error {
		return &model.Error{Kind: model.KindFailed, Code: "fileUnwritable", Message: fmt.Sprintf("the file cannot be written: %v", err), Err: err}
	}
	if len(files) > 0 {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return unwritable(err)
		}
	}
	paths := make([]string, len(files))
	lines := make([]any, len(files))
	t := table{columns: []column{{"file", false}}}
	for i, file := range files {
		paths[i] = filepath.Join(dir, file.Name)
		if err := os.WriteFile(paths[i], file.Content, 0o600); err != nil {
			return unwritable(err)
		}
		lines[i] = map[string]string{"file": paths[i]}
		t.rows = append(t.rows, []string{paths[i]})
	}
	return a.print(output{
		object: map[string]any{"planId": plan.ID, "files": paths}, lines: lines, table: t,
		person: func(w io.Writer) error {
			for _, path := range paths {
				if _, err := fmt.Fprintln(w, path); err != nil {
					return err
				}
			}
			return nil
		},
	})
}
