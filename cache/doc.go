// Package cache keeps a profile's files: directory.db holds the local copy of
// the tenant's users and may be thrown away and read again at any time;
// ledger.db holds segments, snapshots, plans, journals and the audit and must
// never be lost. Both are bbolt files, readable by their owner only, and held
// by one process at a time.
//
// Directory implements refresh.Store, Ledger implements workspace.Ledger. The
// package knows no network and no terminal. No token and no secret is stored.
package cache
