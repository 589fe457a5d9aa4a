package audience

// Contribution is what one entry does to the audience.
type Contribution struct {
	Entry Entry
	// Recipients are the unique recipients that the entry reaches by itself.
	Recipients int
	// Alone is how many recipients of the audience would not be there without the
	// entry; of one that excludes, how many would be there without it; of one that
	// keeps within, how many would fall outside without it.
	Alone int
	// Unresolved says that the entry could not be resolved: its numbers are 0
	// because nothing is known.
	Unresolved bool
}
