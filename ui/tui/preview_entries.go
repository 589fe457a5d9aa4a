package tui

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// toEntry is one term of the To line, as written.
type toEntry struct {
	sign       string // "-" excludes, "&" keeps the audience within, "" includes
	text       string // without the sign, trimmed
	start, end int    // byte span in the line, blanks around it left out
}

// splitEntries cuts the To line at its commas, the semicolons of mail programs,
// and line ends. One inside quotes, brackets or parentheses belongs to the
// entry, so that a rule can stand in the line, and a name in double quotes:
// rule:user.country -in ["US", "CA"], "Lee, Ann".
func splitEntries(line string) []toEntry {
	var out []toEntry
	start, depth, quote := 0, 0, rune(0)
	flush := func(end int) {
		piece := line[start:end]
		trimmed := strings.TrimSpace(piece)
		if trimmed != "" {
			at := start + strings.Index(piece, trimmed)
			e := toEntry{text: trimmed, start: at, end: at + len(trimmed)}
			if strings.HasPrefix(trimmed, "-") || strings.HasPrefix(trimmed, "&") {
				e.sign, e.text = trimmed[:1], strings.TrimSpace(trimmed[1:])
			}
			if inner, ok := strings.CutPrefix(e.text, `"`); ok && strings.IndexByte(inner, '"') == len(inner)-1 {
				e.text = strings.TrimSpace(strings.TrimSuffix(inner, `"`))
			}
			if e.text != "" {
				out = append(out, e)
			}
		}
	}
	for i, r := range line {
		switch {
		case quote != 0:
			if r == quote {
				quote = 0
			}
		case r == '"' && (isRuleEntry(line[start:i]) || strings.Trim(line[start:i], " -&\t") == ""):
			quote = r
		case r == '\'' && isRuleEntry(line[start:i]):
			quote = r
		case r == '(' || r == '[':
			depth++
		case r == ')' || r == ']':
			depth = max(0, depth-1)
		case r == '\n', (r == ',' || r == ';') && depth == 0:
			flush(i)
			start, depth = i+1, 0
		}
	}
	flush(len(line))
	return out
}

// isRuleEntry reports whether the text begins a rule. Inside of others quotes do
// not bind: an apostrophe in a name (group:Giles' team) is a letter.
func isRuleEntry(text string) bool {
	text = strings.TrimLeft(text, " -&\t")
	return len(text) >= 5 && strings.EqualFold(text[:5], "rule:")
}

// audienceOf sorts entries into what is included, which keeps an "&", and what
// is excluded, which loses its "-".
func audienceOf(entries []toEntry) (include, exclude []string) {
	for _, e := range entries {
		if e.sign == "-" {
			exclude = append(exclude, e.text)
		} else {
			include = append(include, e.sign+e.text)
		}
	}
	return include, exclude
}

// joinEntries writes an audience as a To line.
func joinEntries(include, exclude []string) string {
	parts := make([]string, 0, len(include)+len(exclude))
	for _, e := range include {
		parts = append(parts, lineEntry(e))
	}
	for _, e := range exclude {
		parts = append(parts, lineEntry("-"+e))
	}
	return strings.Join(parts, ", ")
}

// lineEntry writes an entry, with its sign, so that the To line has it as one:
// in quotes where it would be cut. One that neither reads so stays as it is.
func lineEntry(entry string) string {
	text := strings.TrimLeft(entry, "-&")
	sign := entry[:len(entry)-len(text)]
	for _, written := range []string{entry, sign + `"` + text + `"`} {
		if e := splitEntries(written + ", next"); len(e) == 2 && e[0].sign+e[0].text == entry {
			return written
		}
	}
	return entry
}

// entryAt returns the entry that the byte offset stands in or just behind, and
// an empty one at the offset when it stands in none.
func entryAt(line string, offset int) toEntry {
	for _, e := range splitEntries(line) {
		if e.start <= offset && offset <= e.end {
			return e
		}
	}
	return toEntry{start: offset, end: offset}
}

// replaceEntry puts text in the place of an entry, keeping its sign, and
// returns the new line with the offset behind it.
func replaceEntry(line string, e toEntry, text string) (string, int) {
	text = lineEntry(e.sign + text)
	return line[:e.start] + text + line[e.end:], e.start + len(text)
}

// suggestion is one completion of the To line.
type suggestion struct {
	text string // what is inserted
	note string // what it is: "segment · 1,204 users"
}

// sortedSuggestions returns the values in the order of their keys.
func sortedSuggestions(m map[string]suggestion) []suggestion {
	out := make([]suggestion, 0, len(m))
	for _, key := range slices.Sorted(maps.Keys(m)) {
		out = append(out, m[key])
	}
	return out
}

// maxSuggestions is how many completions are offered at once.
const maxSuggestions = 6

// matchSuggestions keeps the candidates that contain what was typed, in any
// letter case: first those that begin with it (with or without their kind),
// then the rest, each in their own order.
func matchSuggestions(candidates []suggestion, typed string) []suggestion {
	typed = strings.ToLower(strings.TrimSpace(typed))
	if typed == "" {
		return nil
	}
	type ranked struct {
		suggestion
		rank int
	}
	var found []ranked
	for _, c := range candidates {
		text := strings.ToLower(c.text)
		_, bare, hasKind := strings.Cut(text, ":")
		switch {
		case text == typed:
			return nil // already complete
		case strings.HasPrefix(text, typed) || hasKind && strings.HasPrefix(bare, typed):
			found = append(found, ranked{c, 0})
		case strings.Contains(text, typed):
			found = append(found, ranked{c, 1})
		}
	}
	slices.SortStableFunc(found, func(a, b ranked) int { return cmp.Compare(a.rank, b.rank) })
	out := make([]suggestion, 0, maxSuggestions)
	for _, f := range found[:min(len(found), maxSuggestions)] {
		out = append(out, f.suggestion)
	}
	return out
}
