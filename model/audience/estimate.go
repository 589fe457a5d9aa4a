package audience

// Estimate is what an audience's lists hold by a quick count, before their
// members are read: the sum over what is included. Whoever is in several lists
// is counted several times, nobody is excluded yet, and of mail contacts and
// users without an address nothing is known.
type Estimate struct {
	Recipients int
	Unknown    int // included lists that no quick count knows
}
