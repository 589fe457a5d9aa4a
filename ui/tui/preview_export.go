package tui

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	tea "charm.land/bubbletea/v2"

	"rollcall/model"
)

// exportFile is one file of an export. An empty name is the path itself.
type exportFile struct {
	name    string
	content []byte
	lacks   string // what could not be written: "2 addresses"; "" mostly
}

const taskExport = "export"

// fewFiles is how many written files are named; of more their folder is.
const fewFiles = 2

// exportDialog asks for a path and writes files there: one file at the path,
// or several into the folder that it names.
func exportDialog(s shared, title, lead, proposal string, files func(path string) []exportFile) dialog {
	d := &askDialog{theme: s.theme, title: title, lead: s.theme.text.Render(lead), hint: "writes"}
	d.field.SetValue(proposal)
	d.submit = func(path string) (tea.Cmd, string) {
		if path == "" {
			return nil, "Type a path"
		}
		return s.tasks.run(taskExport, func(context.Context) tea.Msg {
			files := files(path)
			written, err := writeFiles(expandHome(path), files)
			if err != nil {
				return errorToast(err)
			}
			for _, f := range files {
				if f.lacks != "" {
					return toastMsg{level: levelWarn, text: "Written: " + strings.Join(written, ", ") + ", without " + f.lacks}
				}
			}
			if len(written) > fewFiles {
				return toastMsg{level: levelGood, text: "Written: " + plural(len(written), "file", "files") + " into " + filepath.Dir(written[0])}
			}
			return toastMsg{level: levelGood, text: "Written: " + strings.Join(written, ", ")}
		}), ""
	}
	return d
}

// expandHome replaces a leading "~/" as a shell would.
func expandHome(path string) string {
	if rest, ok := strings.CutPrefix(path, "~/"); ok {
		if home, err := os.UserHomeDir(); err == nil {
			return filepath.Join(home, rest)
		}
	}
	return path
}

// writeFiles writes files that only the administrator can read. It never
// overwrites: the first one that exists is an error of KindUsage.
func writeFiles(path string, files []exportFile) (written []string, err error) {
	for _, f := range files {
		target := path
		if f.name != "" {
			if err := os.MkdirAll(path, 0o700); err != nil {
				return written, exportError(path, err)
			}
			target = filepath.Join(path, f.name)
		}
		if err := writeNew(target, f.content); err != nil {
			return written, exportError(target, err)
		}
		written = append(written, target)
	}
	return written, nil
}

func writeNew(path string, content []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	return errors.Join(err, f.Close())
}

func exportError(path string, err error) error {
	e := &model.Error{Kind: model.KindUsage, Code: "exportFailed", Message: "cannot write " + path + ": " + err.Error(), Err: err}
	switch {
	case errors.Is(err, fs.ErrExist):
		e.Message, e.Remedy = path+" exists already and was not touched", "choose another name"
	case errors.Is(err, fs.ErrPermission):
		e.Remedy = "choose a folder that you may write to"
	case errors.Is(err, fs.ErrNotExist):
		e.Remedy = "the folder does not exist; make it or choose another"
	}
	return e
}
