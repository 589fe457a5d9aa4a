package workspacetest

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"rollcall/model"
	"rollcall/model/workspace"
)

// Lists returns the saved lists by name, without members.
func (l *Ledger) Lists(context.Context) ([]workspace.List, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	lists := make([]workspace.List, 0, len(l.lists))
	for _, key := range slices.Sorted(maps.Keys(l.lists)) {
		list := l.lists[key]
		list.Members = nil
		lists = append(lists, list)
	}
	return lists, nil
}

// List returns a list with its members.
func (l *Ledger) List(_ context.Context, name string) (workspace.List, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	list, ok := l.lists[strings.ToLower(name)]
	if !ok {
		return workspace.List{}, &model.Error{Kind: model.KindUsage, Code: "listNotFound", Message: fmt.Sprintf("there is no list %q", name)}
	}
	list.Members = slices.Clone(list.Members)
	return list, nil
}

// SaveList keeps a list.
func (l *Ledger) SaveList(ctx context.Context, list workspace.List) error {
	list.Members = slices.Clone(list.Members)
	return l.keep(ctx, func() {
		if l.lists == nil {
			l.lists = make(map[string]workspace.List)
		}
		l.lists[strings.ToLower(list.Name)] = list
	})
}

// DeleteList forgets a list.
func (l *Ledger) DeleteList(ctx context.Context, name string) error {
	return l.keep(ctx, func() { delete(l.lists, strings.ToLower(name)) })
}
