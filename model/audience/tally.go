package audience

// Tally is what a preview counts, without anybody by name.
type Tally struct {
	Counts
	WithoutAddress int
	NonRecipients  int
	Duplicates     int
	Excluded       int
	Outside        int
}

// Tally returns the figures of the preview.
func (p *Preview) Tally() Tally {
	return Tally{
		Counts:         p.Counts,
		WithoutAddress: len(p.WithoutAddress),
		NonRecipients:  len(p.NonRecipients),
		Duplicates:     p.Expansion.Duplicates,
		Excluded:       len(p.Excluded),
		Outside:        len(p.Outside),
	}
}

// Plus returns the figures of two audiences of which no recipient of one can be
// a recipient of the other.
func (t Tally) Plus(o Tally) Tally {
	t.Unique += o.Unique
	t.Internal += o.Internal
	t.External += o.External
	t.Guests += o.Guests
	t.SMS += o.SMS
	t.Disabled += o.Disabled
	t.WithoutAddress += o.WithoutAddress
	t.NonRecipients += o.NonRecipients
	t.Duplicates += o.Duplicates
	t.Excluded += o.Excluded
	t.Outside += o.Outside
	return t
}
