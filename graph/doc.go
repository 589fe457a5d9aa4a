// Package graph speaks Microsoft Graph v1.0. It implements the ports of the
// model (refresh.Source, expansion.Members, expansion.Counter, audience.Resolver,
// writeback.Groups, workspace.Calls) and knows no disk and no terminal.
//
// Requests are built by msgraph-sdk-go's request builders and sent through the
// package's own transport, which takes a token for each attempt, keeps one gate
// for the tenant so that one throttled call slows all, repeats what is safe to
// repeat, and never sends the token to any but the configured host. Pages of
// users and of members are decoded in one walk, other answers by lean structs:
// the SDK's decoder takes twenty times the time and memory for a page of users.
//
// Members are read in rounds: all that a walk asks at once, first pages and later
// ones, goes out in batches of 20, several at a time, so that a round takes the
// time of one request. Where a listing goes on is the whole memory of a round.
//
// Writes go out in batches too, and each of their requests, sent again or not,
// first takes its part of the tenant's budget of writes: where that is spent they
// wait, so that none is throttled for our own doing. A batch whose answer was lost
// is sent again, since what is so already is no failure.
//
// Another service of the tenant is called with the same manners through a
// Service: package exchange asks Exchange so.
//
// Nothing here can delete a user: the only DELETE that the transport lets pass
// is the removal of a reference, …/members/{id}/$ref.
package graph
