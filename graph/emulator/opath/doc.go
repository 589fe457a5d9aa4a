// Package opath reads and evaluates the filters by which Exchange chooses the
// members of a dynamic distribution list.
//
// Source: Exchange PowerShell documentation, "Recipient filters in Exchange
// PowerShell commands" and "Filterable properties for the RecipientFilter
// parameter". What these leave open is answered so:
//   - a blank property differs from every value: -ne and -notlike hold of it,
//     as the LDAP filters do that Exchange makes of them;
//   - -and and -or bind alike and from the left, as in PowerShell;
//   - texts compare without regard to letter case, by Unicode simple folding;
//   - "*" is the only wildcard: "?", "[" and "]" stand for themselves;
//   - -gt, -ge, -lt and -le order texts by their folded characters.
//
// It knows nothing of this project's own translation of rules to such filters,
// so that the one can be checked by the other.
package opath
