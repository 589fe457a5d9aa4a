// Package model holds what is true of a tenant without any network, disk or
// terminal: the attribute catalogue, the records of users and groups, and the
// one error type that every room hands to the screens and the commands.
//
// It imports the standard library only. Packages below it add the segment
// language (rule), the in-memory directory (directory), the sync state machine
// (refresh), the walk of nested lists (expansion), audiences (audience), plans
// (writeback), files for other tools (handover) and the functions that both
// faces of rollcall call (workspace).
// Each declares the ports it needs beside the code that uses them.
package model
