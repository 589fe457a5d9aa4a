package tui

import (
	"cmp"
	"context"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"rollcall/model"
	"rollcall/model/directory"
	"rollcall/model/rule"
)

// segmentValuesMsg brings the completions of a value cell.
type segmentValuesMsg struct {
	editor     *segmentEditor
	typed      string
	generation uint64
	facets     directory.Facets
	offers     []builderOffer
}

// complete offers what the cell under the cursor may become.
func (e *segmentEditor) complete() tea.Cmd {
	e.offers, e.chosen = nil, -1
	r := e.current()
	if e.inText || r == nil {
		return nil
	}
	switch e.cell {
	case cellAttribute:
		e.offers = attributeOffers(e.ws.Schema(), e.field.Value())
	case cellValue:
		return e.completeValue(r)
	}
	return nil
}

// attributeOffers are the synced attributes whose rule name, Graph name or
// label holds what was typed; an exact name needs no completion.
func attributeOffers(s *model.Schema, typed string) []builderOffer {
	typed = strings.TrimPrefix(strings.ToLower(strings.TrimSpace(typed)), "user.")
	type ranked struct {
		builderOffer
		rank int
	}
	var found []ranked
	for _, a := range s.Synced() {
		name, label := strings.ToLower(a.Rule), strings.ToLower(a.Label)
		rank := -1
		switch {
		case name == typed:
			return nil
		case typed == "":
			rank = 2
		case strings.HasPrefix(name, typed) || strings.HasPrefix(label, typed):
			rank = 0
		case strings.Contains(name, typed) || strings.Contains(label, typed) || strings.Contains(strings.ToLower(a.Graph), typed):
			rank = 1
		}
		if rank >= 0 {
			found = append(found, ranked{builderOffer{a.Rule, a.Label}, rank})
		}
	}
	slices.SortStableFunc(found, func(a, b ranked) int { return cmp.Compare(a.rank, b.rank) })
	var out []builderOffer
	for _, f := range found[:min(len(found), maxOffers)] {
		out = append(out, f.builderOffer)
	}
	return out
}

// completeValue looks the typed part up in the column's own dictionary.
func (e *segmentEditor) completeValue(r *builderRow) tea.Cmd {
	a, ok := e.ws.Schema().ByName(r.attribute)
	if !ok || !e.ws.Schema().IsSynced(a.ID) || a.Type == model.TypeTime {
		return nil
	}
	snapshot := e.ws.Directory()
	if e.of != snapshot.Generation() {
		e.values, e.of = nil, snapshot.Generation()
	}
	facets, known := e.values[a.ID]
	typed, list := e.valueTyped(r.operator), r.operator == rule.OpIn || r.operator == rule.OpNotIn
	return e.tasks.run(taskSegmentValues, func(ctx context.Context) tea.Msg {
		if !known {
			var err error
			if facets, err = snapshot.Facets(ctx, a.ID, nil); err != nil {
				return nil // overtaken by the next keystroke
			}
		}
		return segmentValuesMsg{e, typed, snapshot.Generation(), facets, valueOffers(facets, typed, list)}
	})
}

// valueTyped is the part of the value under the cursor: the whole, or the last
// element of an array.
func (e *segmentEditor) valueTyped(op rule.Operator) string {
	text := e.field.Value()
	if op == rule.OpIn || op == rule.OpNotIn {
		text = text[strings.LastIndexByte(text, ',')+1:]
	}
	return strings.TrimSpace(text)
}

// valueOffers are the values that hold what was typed, the ones that begin with
// it first, each with the number of its users.
func valueOffers(f directory.Facets, typed string, list bool) []builderOffer {
	typed = strings.ToLower(typed)
	var first, rest []builderOffer
	for _, v := range f.Values { // most frequent first
		value := strings.ToLower(v.Value)
		if value == typed {
			return nil
		}
		if list && strings.Contains(value, ",") {
			continue // rows part array elements by commas
		}
		offer := builderOffer{v.Value, plural(v.Count, "user", "users")}
		switch {
		case strings.HasPrefix(value, typed):
			first = append(first, offer)
		case len(rest) < maxOffers && strings.Contains(value, typed):
			rest = append(rest, offer)
		}
		if len(first) == maxOffers {
			break
		}
	}
	if f.Null > 0 && strings.HasPrefix("null", typed) && !list {
		first = append(first[:min(len(first), maxOffers-1)], builderOffer{"null", plural(f.Null, "user without a value", "users without a value")})
	}
	out := append(first, rest...)
	return out[:min(len(out), maxOffers)]
}

// offerValues shows the completions, unless the cell changed meanwhile.
func (e *segmentEditor) offerValues(msg segmentValuesMsg) {
	r := e.current()
	if r == nil || e.inText || e.cell != cellValue || e.valueTyped(r.operator) != msg.typed {
		return
	}
	if e.of == msg.generation {
		if e.values == nil {
			e.values = make(map[model.AttrID]directory.Facets)
		}
		e.values[msg.facets.Attribute.ID] = msg.facets
	}
	e.offers, e.chosen = msg.offers, -1
}

func (e *segmentEditor) choose(next bool) {
	n := len(e.offers)
	switch {
	case n == 0:
	case next:
		e.chosen = (e.chosen + 1) % n
	default:
		e.chosen = (max(e.chosen, 0) - 1 + n) % n
	}
}

// meansOnlyOffer reports whether what was typed is the beginning of the one
// value that is left. A value of the column that is typed in full has no
// offers; among several, what was typed may be one that nobody has yet; and an
// operator that compares a part takes a part.
func (e *segmentEditor) meansOnlyOffer() bool {
	r := e.current()
	if r == nil || len(e.offers) != 1 || e.valueTyped(r.operator) == "" {
		return false
	}
	return slices.Contains([]rule.Operator{rule.OpEq, rule.OpNe, rule.OpIn, rule.OpNotIn}, r.operator)
}

// accept puts the chosen completion, or the first, into the cell.
func (e *segmentEditor) accept() {
	r := e.current()
	if len(e.offers) == 0 || r == nil {
		return
	}
	text := e.offers[max(e.chosen, 0)].text
	if e.cell == cellValue && (r.operator == rule.OpIn || r.operator == rule.OpNotIn) {
		before := e.field.Value()
		if i := strings.LastIndexByte(before, ','); i >= 0 {
			text = before[:i] + ", " + text
		}
	} else if e.cell == cellValue && text != "null" && parseValue(r.operator, text).Kind == rule.Null {
		text = `"` + text + `"`
	}
	e.field.SetValue(text)
	e.store()
	e.offers, e.chosen = nil, -1
}
