// Package emulator is a Microsoft 365 tenant in one process: an HTTPS server on
// loopback that answers as login.microsoftonline.com, graph.microsoft.com and
// outlook.office365.com do, closely enough that unmodified Microsoft clients
// (azidentity, MSAL, msgraph-sdk-go) work against it. rollcall's demo and tests
// talk to it; nothing between the screen and the wire is faked elsewhere.
//
// What it models:
//   - the Entra authority: discovery, device code, authorization code with PKCE,
//     refresh, client credentials by secret, admin consent, and the documented
//     AADSTS failures on request (see [Server.Provoke]);
//   - Graph v1.0: me, users with delta, groups with members and owners, contacts,
//     servicePrincipals, $batch, scopes and directory roles enforced on each
//     request;
//   - partitioned listings of a million users: ranges of userPrincipalName and
//     createdDateTime are counted and paged from indexes, and what changes
//     meanwhile is in the delta;
//   - the Exchange Online Admin API: DistributionGroupMember and
//     DynamicDistributionGroupMember, in pages whose links are bound to the body
//     and expire, with its own permissions and roles; the members of a dynamic
//     list are those of the last calculation, at most a day old;
//   - ExpandDL of Exchange Web Services, where the tenant allows them;
//   - dynamic distribution lists, by the text of their filters (package opath);
//   - throttling by the documented budgets, as token buckets that are full at
//     first, and faults (see [ParseFault]);
//   - a log of who came into a group and who left, by which request (see
//     [Server.MembershipChanges]);
//   - [Judges], which watch how a client behaves.
//
// What it models less than the service does:
//   - a dynamic list's first calculation is made when somebody asks for the list,
//     not on the day before; a filter selects users and contacts, not groups, and
//     its RecipientContainer is the whole organisation;
//   - ExpandDL evaluates a dynamic list as the directory stands, which is what
//     Exchange Server does; it lists everything at once, and no list is hidden;
//   - the Admin API's other endpoints answer 501, and every operation of Exchange
//     Web Services but ExpandDL a fault;
//   - a number as ResultSize is the size of a page: the documentation calls it
//     paging, where in PowerShell a listing ends there; a page has 1,000 at most;
//   - the Admin API takes a call without X-AnchorMailbox, since no source says
//     that it does not; an app needs no role there besides its permission;
//   - what the Admin API's error bodies and recipients look like is not
//     documented: they follow those of Exchange Online PowerShell;
//   - Exchange's budget is a guess: Microsoft publishes none;
//   - a plain security group in a distribution list is listed by the Admin API,
//     without an address, and not by ExpandDL;
//   - groups/delta and contacts/delta answer 501;
//   - $filter, $search and $orderby know what package odata knows;
//   - a product's service plans are a selection; assignedPlans comes in the same
//     order for everybody, and assignedLicenses, which it follows from, is empty;
//   - directory extensions without a value are null in an answer, not absent;
//   - the directory is consistent at once: nothing is replicated late, unless
//     the fault lag makes the members of groups so;
//   - /adminconsent in its v1 form consents to the permissions of Graph alone;
//   - device codes can be polled at any pace: slow_down is never answered;
//   - only custom groups refuse guests, and no initial delta round names removed
//     users;
//   - of writes to groups those of members and owners are modelled, of owners
//     one by one; an account that owns a group may write its members;
//   - a group that became dynamic while the tenant ran keeps its members: nothing
//     evaluates its rule;
//   - of the throttling scopes only "app in one tenant" is kept, since there is
//     one app and one tenant;
//   - client certificates and federated assertions are refused as wrong.
//
// The directory itself is package seed; this package knows HTTP.
package emulator
