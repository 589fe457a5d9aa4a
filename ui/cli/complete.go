package cli

import (
	"context"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"rollcall/model/audience"
	"rollcall/model/workspace"
	"rollcall/ui/text"
)

// completionWait is how long somebody who presses tab waits for names.
const completionWait = 2 * time.Second

// names lists what is saved on this machine under a name. It asks no tenant, and
// has no names where another rollcall holds the files: a shell has no place to
// say why.
func (a *app) names(cmd *cobra.Command, list func(context.Context, *workspace.Workspace) ([]cobra.Completion, error)) ([]cobra.Completion, cobra.ShellCompDirective) {
	parent := cmd.Context()
	if parent == nil { // completing runs no command
		parent = context.Background()
	}
	ctx, stop := context.WithTimeout(parent, completionWait)
	defer stop()
	a.env.StderrTerminal = false // the line that is being typed stands there
	var found []cobra.Completion
	err := a.with(ctx, func(w *workspace.Workspace) (err error) {
		found, err = list(ctx, w)
		return err
	})
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return found, cobra.ShellCompDirectiveNoFileComp
}

// completion is a name with what tells it from others. One that a shell would
// obey, or not show as it is, is left out.
func completion(list []cobra.Completion, word, prefix, name, about string) []cobra.Completion {
	if name == "" || !text.IsPlain(name) || !strings.HasPrefix(strings.ToLower(prefix+name), strings.ToLower(word)) {
		return list
	}
	return append(list, cobra.CompletionWithDesc(prefix+name, text.Clip(text.Clean(about), 60)))
}

func (a *app) completeSegments(cmd *cobra.Command, args []string, word string) ([]cobra.Completion, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return a.names(cmd, func(ctx context.Context, w *workspace.Workspace) ([]cobra.Completion, error) {
		return segmentNames(ctx, w, word, "")
	})
}

func segmentNames(ctx context.Context, w *workspace.Workspace, word, prefix string) (found []cobra.Completion, err error) {
	segments, err := w.Segments(ctx)
	for _, s := range segments {
		found = completion(found, word, prefix, s.Name, s.Rule)
	}
	return found, err
}

func listNames(ctx context.Context, w *workspace.Workspace, word, prefix string) (found []cobra.Completion, err error) {
	lists, err := w.Lists(ctx)
	for _, l := range lists {
		found = completion(found, word, prefix, l.Name, text.Plural(l.Count, "member", "members"))
	}
	return found, err
}

func (a *app) completeSnapshots(cmd *cobra.Command, args []string, word string) ([]cobra.Completion, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return a.names(cmd, func(ctx context.Context, w *workspace.Workspace) ([]cobra.Completion, error) {
		return snapshotNames(ctx, w, word, "")
	})
}

// snapshotNames are the names of snapshots, each once, and the ids of all.
func snapshotNames(ctx context.Context, w *workspace.Workspace, word, prefix string) (found []cobra.Completion, err error) {
	snapshots, err := w.Snapshots(ctx)
	named := make(map[string]bool)
	for _, s := range snapshots {
		about := stamp(s.ApprovedAt) + ", " + text.Plural(s.Count, "recipient", "recipients")
		if key := strings.ToLower(s.Name); !named[key] {
			named[key] = true
			found = completion(found, word, prefix, s.Name, about)
		}
		found = completion(found, word, prefix, s.ID, about)
	}
	return found, err
}

// completePlans completes the ids of the kept plans, the newest first; where a
// path is being typed, files.
func (a *app) completePlans(cmd *cobra.Command, args []string, word string) ([]cobra.Completion, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	if strings.ContainsAny(word, `/\.`) {
		return nil, cobra.ShellCompDirectiveDefault
	}
	found, _ := a.names(cmd, func(ctx context.Context, w *workspace.Workspace) (found []cobra.Completion, err error) {
		heads, err := w.PlanHeads(ctx)
		for _, h := range heads {
			found = completion(found, word, "", h.ID, stamp(h.CreatedAt)+", "+h.Group.DisplayName+", "+planState(h))
		}
		return found, err
	})
	return found, cobra.ShellCompDirectiveKeepOrder
}

// completeEntries completes the entries that are kept on this machine; an
// address of the tenant would need the tenant.
func (a *app) completeEntries(cmd *cobra.Command, _ []string, word string) ([]cobra.Completion, cobra.ShellCompDirective) {
	kinds := []struct {
		kind  audience.EntryKind
		names func(context.Context, *workspace.Workspace, string, string) ([]cobra.Completion, error)
	}{{audience.EntrySegment, segmentNames}, {audience.EntryList, listNames}, {audience.EntrySnapshot, snapshotNames}}
	if path, ok := strings.CutPrefix(word, string(audience.EntryFile)+":"); ok && path != "" {
		return nil, cobra.ShellCompDirectiveDefault
	}
	return a.names(cmd, func(ctx context.Context, w *workspace.Workspace) (all []cobra.Completion, err error) {
		for _, k := range kinds {
			found, err := k.names(ctx, w, word, string(k.kind)+":")
			if err != nil {
				return nil, err
			}
			all = append(all, found...)
		}
		return all, nil
	})
}

// completeFlag completes the values of a flag.
func (a *app) completeFlag(cmd *cobra.Command, flag string, complete cobra.CompletionFunc) {
	must(cmd.RegisterFlagCompletionFunc(flag, complete))
}
