// Package exchange asks Exchange for what Graph cannot tell: the members of
// dynamic distribution lists, and of distribution lists that hold some. It
// implements expansion.Members and audience.Finder twice: [Admin] over the
// Exchange Online Admin API, and [EWS] over Exchange Web Services, for Exchange
// Server and for tenants that still allow it.
//
// Both only read, and go through a [graph.Service]: its gate, its patience, its
// activity log. Both answer one level of nesting with one request a question.
// A failure that concerns the service as a whole is an expansion.ErrService.
//
// What cannot be told from outside: whether an answer to DistributionGroupMember
// is that of the list which was asked for. The answer names no list. That is why
// nothing but whole addresses and object ids that came from the tenant itself is
// ever asked for, and never an empty one, of which Microsoft says that it
// returns everybody.
package exchange
