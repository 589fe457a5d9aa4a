// Package emulator is a Microsoft 365 tenant in one process: an HTTPS server on
// loopback that answers as login.microsoftonline.com and graph.microsoft.com
// do, closely enough that unmodified Microsoft clients (azidentity, MSAL,
// msgraph-sdk-go) work against it. rollcall's demo and tests talk to it; nothing
// between the screen and the wire is faked elsewhere.
//
// What it models:
//   - the Entra authority: discovery, device code, authorization code with PKCE,
//     refresh, client credentials by secret, admin consent, and the documented
//     AADSTS failures on request (see [Server.Provoke]);
//   - Graph v1.0: me, users with delta, groups with members, contacts,
//     servicePrincipals, $batch, scopes and directory roles enforced on each
//     request;
//   - partitioned listings of a million users: ranges of userPrincipalName and
//     createdDateTime are counted and paged from indexes, and what changes
//     meanwhile is in the delta;
//   - throttling by the documented budgets, and faults (see [ParseFault]);
//   - [Judges], which watch how a client behaves.
//
// What it models less than the service does:
//   - Exchange: /adminapi answers 404, as in a tenant where the Admin API preview
//     is not enabled; dynamic distribution lists exist in the directory but
//     nothing reads them over the wire;
//   - groups/delta and contacts/delta answer 501;
//   - $filter, $search and $orderby know what package odata knows;
//   - a product's service plans are a selection; assignedPlans comes in the same
//     order for everybody, and assignedLicenses, which it follows from, is empty;
//   - directory extensions without a value are null in an answer, not absent;
//   - the directory is consistent at once: nothing is replicated late;
//   - device codes can be polled at any pace: slow_down is never answered;
//   - every group takes guests, and no initial delta round names removed users;
//   - of the throttling scopes only "app in one tenant" is kept, since there is
//     one app and one tenant;
//   - client certificates and federated assertions are refused as wrong.
//
// The directory itself is package seed; this package knows HTTP.
package emulator
