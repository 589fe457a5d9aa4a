package rule

import (
	"slices"
	"strings"

	"rollcall/model"
)

// test is a decision on one value, on its folded form when folded is set.
type test struct {
	run    func(string) bool
	folded bool
	// onFolded, where it is set, decides the same on the folded form though
	// folded is not set.
	onFolded func(string) bool
	values   []string // see Leaf.Values
	needs    string   // see Leaf.Needs
	cost     int      // see Leaf.Cost
}

// leaf returns the leaf that decides an attribute by the test.
func (t test) leaf(a model.Attribute) *Leaf {
	return &Leaf{Attr: a.ID, Test: t.run, Folded: t.folded, Values: t.values, Needs: t.needs, Cost: t.cost}
}

// EitherOf returns the leaf that holds where one of several does. They must be
// on one attribute and know their Values, ask for any element of a collection,
// and not hold for null.
func EitherOf(leaves []*Leaf) *Leaf {
	var wanted, keys []string
	for _, l := range leaves {
		wanted, keys = append(wanted, l.Values...), append(keys, l.Key)
	}
	either := isIn(wanted).leaf(model.Attribute{ID: leaves[0].Attr})
	either.Key = strings.Join(keys, " -or ")
	return either
}

// onValue returns the decision as one on the value itself.
func (t test) onValue() func(string) bool {
	if !t.folded {
		return t.run
	}
	return func(v string) bool { return t.run(Fold(v)) }
}

// ofFolded returns the decision as one on the folded form, nil where there is
// none.
func (t test) ofFolded() func(string) bool {
	if t.folded {
		return t.run
	}
	return t.onFolded
}

func never(string) bool { return false }

func complement(t test) test {
	not := func(run func(string) bool) func(string) bool {
		if run == nil {
			return nil
		}
		return func(v string) bool { return !run(v) }
	}
	return test{run: not(t.run), folded: t.folded, onFolded: not(t.onFolded), cost: t.cost}
}

// join decides operands in turn until one answers with decisive.
func join(tests []test, decisive bool) test {
	joined := test{folded: slices.ContainsFunc(tests, func(t test) bool { return t.folded })}
	for _, t := range tests {
		joined.folded = joined.folded && t.ofFolded() != nil
		joined.cost += t.cost
		if !decisive && len(t.needs) > len(joined.needs) {
			joined.needs = t.needs
		}
	}
	runs := make([]func(string) bool, len(tests))
	for i, t := range tests {
		if runs[i] = t.onValue(); joined.folded {
			runs[i] = t.ofFolded()
		}
	}
	joined.run = func(v string) bool {
		for _, run := range runs {
			if run(v) == decisive {
				return decisive
			}
		}
		return !decisive
	}
	return joined
}

// equals, and the three below it, decide by a folded text.
func equals(want string) test {
	return test{
		run:      func(v string) bool { return equalFolded(v, want) },
		onFolded: func(v string) bool { return v == want },
		values:   []string{want}, cost: costOfLook,
	}
}

func startsWith(want string) test {
	return test{
		run:      func(v string) bool { return hasFoldedPrefix(v, want) },
		onFolded: func(v string) bool { return strings.HasPrefix(v, want) },
		cost:     costOfLook,
	}
}

func endsWith(want string) test {
	return test{
		run:      func(v string) bool { return hasFoldedSuffix(v, want) },
		onFolded: func(v string) bool { return strings.HasSuffix(v, want) },
		cost:     costOfLook,
	}
}

func contains(want string) test {
	return test{
		run: func(v string) bool { return strings.Contains(v, want) }, folded: true,
		needs: want, cost: costOfSearch,
	}
}

// isIn decides by a list of folded texts.
func isIn(wanted []string) test {
	if len(wanted) == 1 {
		return equals(wanted[0])
	}
	set := make(map[string]struct{}, len(wanted))
	for _, w := range wanted {
		set[w] = struct{}{}
	}
	return test{
		run: func(v string) bool { _, ok := set[v]; return ok }, folded: true,
		values: wanted, cost: costOfSearch,
	}
}

// anyOf decides by the first that answers true.
func anyOf(kind func(string) test, texts []string) test {
	if len(texts) == 1 {
		return kind(texts[0])
	}
	tests := make([]test, len(texts))
	for i, text := range texts {
		tests[i] = kind(text)
	}
	return join(tests, true)
}

// matches decides by a regular expression, or by what says the same.
func (c *compiler) matches(pattern string) test {
	t, ok := c.matching[pattern]
	if !ok {
		t = c.understood(pattern)
		c.matching[pattern] = t
	}
	return t
}

func (c *compiler) understood(pattern string) test {
	translated, err := translatePattern(pattern)
	if err != nil {
		return test{run: never} // unreachable: the pattern has been checked
	}
	e := understand(translated)
	switch {
	case e.texts != nil && e.atStart && e.atEnd:
		return isIn(e.texts)
	case e.texts != nil && e.atStart:
		return anyOf(startsWith, e.texts)
	case e.texts != nil && e.atEnd:
		return anyOf(endsWith, e.texts)
	case e.texts != nil:
		return anyOf(contains, e.texts)
	}
	run := c.expressions[pattern].MatchString
	if e.isPrefix {
		return test{
			run:  func(v string) bool { return hasFoldedPrefix(v, e.needs) && run(v) },
			cost: costOfSearch,
		}
	}
	return test{run: run, needs: e.needs, cost: costOfMatch}
}
