// Package cache keeps a profile's files: directory.db holds the local copy of
// the tenant's users and may be thrown away and read again at any time;
// ledger.db holds segments, lists, snapshots, plans, journals and the audit and
// must never be lost. Both are bbolt files, readable by their owner only, and
// held by one process at a time; a file that may not be written is read.
//
// directory.db is a log of pages, each the changes of one commit, behind an
// image of the directory as it was at the last checkpoint. What changes the
// whole file (a checkpoint, the conversion of an earlier layout) writes a new
// one beside it and renames that over the old one.
//
// Directory implements refresh.Store, Ledger implements workspace.Ledger. The
// package knows no network and no terminal. No token and no secret is stored.
package cache
