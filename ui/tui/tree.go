package tui

import "strings"

// tree shows nested things as lines: only what is expanded exists as a line,
// and only the window of lines is drawn. A thing that several parents hold
// appears once under each of them, so a line is identified by its path from
// the root and not by the thing; the cursor and what is expanded are kept by
// that path across a change of the data.
type tree[T any] struct {
	id       func(T) string // unique among siblings, and the same along a cycle
	children func(T) []T

	roots    []T
	expanded map[string]bool // by path
	lines    []treeLine[T]
	cursor   int
	top      int // first line of the window
	height   int // lines in the window
}

// treeLine is one visible line.
type treeLine[T any] struct {
	item     T
	path     string
	depth    int
	open     bool
	leaf     bool   // nothing to expand
	again    bool   // the item stands above itself: a cycle, not expanded again
	branches string // the guides to the left: "│ ├─ "
}

// pathSeparator cannot occur in an object id or an entry.
const pathSeparator = "\x00"

func newTree[T any](id func(T) string, children func(T) []T) *tree[T] {
	return &tree[T]{id: id, children: children, expanded: make(map[string]bool), height: 1}
}

// SetRoots replaces the data. The cursor stays on its path, or on the nearest
// surviving ancestor.
func (t *tree[T]) SetRoots(roots []T) {
	t.roots = roots
	t.rebuild(t.cursorPath())
}

// Reset forgets what was expanded and where the cursor stood.
func (t *tree[T]) Reset() {
	t.expanded = make(map[string]bool)
	t.roots, t.lines, t.cursor, t.top = nil, nil, 0, 0
}

func (t *tree[T]) SetHeight(lines int) {
	t.height = max(1, lines)
	t.follow()
}

func (t *tree[T]) Len() int { return len(t.lines) }

// Current returns the line under the cursor.
func (t *tree[T]) Current() (treeLine[T], bool) {
	if t.cursor < 0 || t.cursor >= len(t.lines) {
		return treeLine[T]{}, false
	}
	return t.lines[t.cursor], true
}

// Window returns the visible lines and which of them holds the cursor.
func (t *tree[T]) Window() (lines []treeLine[T], cursor int) {
	end := min(len(t.lines), t.top+t.height)
	return t.lines[t.top:end], t.cursor - t.top
}

// Move puts the cursor delta lines further, within the lines.
func (t *tree[T]) Move(delta int) {
	t.cursor = min(max(0, t.cursor+delta), max(0, len(t.lines)-1))
	t.follow()
}

// Expand opens the current line; on an open one it steps to the first child.
func (t *tree[T]) Expand() {
	line, ok := t.Current()
	switch {
	case !ok || line.leaf || line.again:
	case line.open:
		t.Move(1)
	default:
		t.expanded[line.path] = true
		t.rebuild(line.path)
	}
}

// Collapse closes the current line; on a closed one it steps to the parent.
func (t *tree[T]) Collapse() {
	line, ok := t.Current()
	switch {
	case !ok:
	case line.open:
		delete(t.expanded, line.path)
		t.rebuild(line.path)
	default:
		if i := strings.LastIndex(line.path, pathSeparator); i >= 0 {
			t.rebuild(line.path[:i])
		}
	}
}

// Toggle opens a closed line and closes an open one.
func (t *tree[T]) Toggle() {
	if line, ok := t.Current(); ok && line.open {
		t.Collapse()
	} else if ok {
		t.Expand()
	}
}

// ExpandTo opens every line above the given depth, as far as budget lines
// reach: a list that is nested widely must not become a million lines.
func (t *tree[T]) ExpandTo(depth, budget int) {
	for d := range depth {
		for _, line := range t.lines {
			if line.depth == d && !line.leaf && !line.again {
				t.expanded[line.path] = true
			}
		}
		before := t.cursorPath()
		t.rebuild(before)
		if len(t.lines) > budget {
			return
		}
	}
}

func (t *tree[T]) cursorPath() string {
	if line, ok := t.Current(); ok {
		return line.path
	}
	return ""
}

// rebuild lays out the lines again and puts the cursor on path or, when that
// is gone, on the nearest ancestor that is not.
func (t *tree[T]) rebuild(path string) {
	t.lines = t.lines[:0]
	above := make(map[string]bool)
	for _, r := range t.roots {
		t.lay(r, "", 0, "", "", above)
	}
	t.cursor = min(t.cursor, max(0, len(t.lines)-1))
	t.seek(path)
	t.follow()
}

func (t *tree[T]) lay(item T, parent string, depth int, own, below string, above map[string]bool) {
	id := t.id(item)
	path := id
	if depth > 0 {
		path = parent + pathSeparator + id
	}
	line := treeLine[T]{item: item, path: path, depth: depth, branches: own, again: above[id]}
	children := t.children(item)
	line.leaf = len(children) == 0
	line.open = t.expanded[path] && !line.again && !line.leaf
	t.lines = append(t.lines, line)
	if !line.open {
		return
	}
	above[id] = true
	for i, c := range children {
		if i == len(children)-1 {
			t.lay(c, path, depth+1, below+"└─ ", below+"   ", above)
		} else {
			t.lay(c, path, depth+1, below+"├─ ", below+"│  ", above)
		}
	}
	delete(above, id)
}

func (t *tree[T]) seek(path string) {
	for path != "" {
		for i := range t.lines {
			if t.lines[i].path == path {
				t.cursor = i
				return
			}
		}
		i := strings.LastIndex(path, pathSeparator)
		if i < 0 {
			return
		}
		path = path[:i]
	}
}

// follow moves the window so that it shows the cursor and no empty end.
func (t *tree[T]) follow() {
	t.top = min(t.top, t.cursor)
	t.top = max(t.top, t.cursor-t.height+1)
	t.top = max(0, min(t.top, len(t.lines)-t.height))
}
