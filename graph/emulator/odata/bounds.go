package odata

import (
	"cmp"
	"math"
	"slices"
	"strings"
)

// Interval holds the keys from From up to, but not including, To.
type Interval[K cmp.Ordered] struct{ From, To K }

func (i Interval[K]) empty() bool { return i.From >= i.To }

// Bounds say which keys of a property the objects that match a filter have.
// A server with an index on the property can read there instead of scanning.
type Bounds[K cmp.Ordered] struct {
	Intervals []Interval[K] // ascending, disjoint, none empty
	Rest      *Filter       // what an object with such a key must match besides; nil: nothing
}

// Prefixes are the bounds that startsWith sets on a property that no object
// lacks. The keys are folded (see Fold). Not ok where the filter leaves the
// property free.
func (f *Filter) Prefixes(path string) (Bounds[string], bool) {
	// No text holds the byte 0xff: it is above all that may follow a prefix.
	const end = "\xff"
	return boundsOf(f, &binder[string]{
		whole: Interval[string]{To: end}, total: true,
		leaf: func(c *comparison) (Interval[string], bool) {
			if c.op != StartsWith || !strings.EqualFold(c.operand.path, path) {
				return Interval[string]{}, false
			}
			prefix := Fold(c.value.text)
			return Interval[string]{From: prefix, To: prefix + end}, true
		},
	})
}

// Moments are the bounds that comparisons set on a property that is a time of
// whole seconds. The keys are Unix times; null has none. Not ok where the
// filter lets null or any time pass.
func (f *Filter) Moments(path string) (Bounds[int64], bool) {
	return boundsOf(f, &binder[int64]{
		whole: Interval[int64]{From: math.MinInt64, To: math.MaxInt64},
		leaf: func(c *comparison) (Interval[int64], bool) {
			if c.value.kind != literalTime || !strings.EqualFold(c.operand.path, path) {
				return Interval[int64]{}, false
			}
			floor := c.value.time.Unix()
			ceiling := floor
			if c.value.time.Nanosecond() > 0 {
				ceiling++
			}
			switch c.op {
			case Ge:
				return Interval[int64]{From: ceiling, To: math.MaxInt64}, true
			case Le:
				return Interval[int64]{From: math.MinInt64, To: floor + 1}, true
			case Eq:
				return Interval[int64]{From: ceiling, To: floor + 1}, true
			}
			return Interval[int64]{}, false
		},
	})
}

// binder derives bounds from a filter.
type binder[K cmp.Ordered] struct {
	whole Interval[K] // every key
	total bool        // every object has a key, so what a part excludes, its negation selects
	leaf  func(*comparison) (Interval[K], bool)
}

func boundsOf[K cmp.Ordered](f *Filter, b *binder[K]) (Bounds[K], bool) {
	if f == nil {
		return Bounds[K]{}, false
	}
	return b.bounds(f.root)
}

func (b *binder[K]) bounds(n node) (Bounds[K], bool) {
	switch n := n.(type) {
	case *comparison:
		interval, ok := b.leaf(n)
		if !ok {
			return Bounds[K]{}, false
		}
		return Bounds[K]{Intervals: normal([]Interval[K]{interval})}, true
	case *negation:
		inner, ok := b.bounds(n.inner)
		if !ok || inner.Rest != nil || !b.total {
			return Bounds[K]{}, false
		}
		return Bounds[K]{Intervals: b.complement(inner.Intervals)}, true
	case *logical:
		left, leftOK := b.bounds(n.left)
		right, rightOK := b.bounds(n.right)
		switch {
		case n.or && leftOK && rightOK:
			out := Bounds[K]{Intervals: normal(slices.Concat(left.Intervals, right.Intervals))}
			if left.Rest != nil || right.Rest != nil {
				out.Rest = &Filter{n}
			}
			return out, true
		case n.or:
			return Bounds[K]{}, false
		case leftOK && rightOK:
			return Bounds[K]{Intervals: intersection(left.Intervals, right.Intervals), Rest: both(left.Rest, right.Rest)}, true
		case leftOK:
			return Bounds[K]{Intervals: left.Intervals, Rest: both(left.Rest, &Filter{n.right})}, true
		case rightOK:
			return Bounds[K]{Intervals: right.Intervals, Rest: both(&Filter{n.left}, right.Rest)}, true
		}
	}
	return Bounds[K]{}, false
}

// both is the filter that matches what two filters match.
func both(a, b *Filter) *Filter {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	}
	return &Filter{&logical{left: a.root, right: b.root}}
}

// normal sorts intervals, leaves empty ones out and joins those that overlap.
func normal[K cmp.Ordered](in []Interval[K]) []Interval[K] {
	in = slices.DeleteFunc(in, Interval[K].empty)
	slices.SortFunc(in, func(x, y Interval[K]) int { return cmp.Compare(x.From, y.From) })
	var out []Interval[K]
	for _, i := range in {
		if last := len(out) - 1; last >= 0 && i.From <= out[last].To {
			out[last].To = max(out[last].To, i.To)
			continue
		}
		out = append(out, i)
	}
	return out
}

// intersection of two lists that are ascending and disjoint each.
func intersection[K cmp.Ordered](a, b []Interval[K]) []Interval[K] {
	var out []Interval[K]
	for len(a) > 0 && len(b) > 0 {
		both := Interval[K]{From: max(a[0].From, b[0].From), To: min(a[0].To, b[0].To)}
		if !both.empty() {
			out = append(out, both)
		}
		if a[0].To < b[0].To {
			a = a[1:]
		} else {
			b = b[1:]
		}
	}
	return out
}

// complement is what lies between ascending and disjoint intervals.
func (b *binder[K]) complement(in []Interval[K]) []Interval[K] {
	var out []Interval[K]
	rest := b.whole
	for _, i := range in {
		if before := (Interval[K]{From: rest.From, To: i.From}); !before.empty() {
			out = append(out, before)
		}
		rest.From = i.To
	}
	if !rest.empty() {
		out = append(out, rest)
	}
	return out
}
