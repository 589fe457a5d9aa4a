package cache

import (
	"context"
	"encoding/binary"
	"fmt"
	"strings"

	bolt "go.etcd.io/bbolt"

	"rollcall/model"
	"rollcall/model/workspace"
)

// The lists of ledger.db: a bucket each, named by the list's name in lower
// case. The bucket of all of them is made with the first list. What is asked
// for often stands apart from the members, of which there may be many.
var (
	bucketLists   = []byte("lists")
	keyList       = []byte("list")    // workspace.List without members
	bucketMembers = []byte("members") // place in the list, 4 bytes big endian → workspace.Contact
)

// listKey makes names that differ in letter case the same list.
func listKey(name string) []byte { return []byte(strings.ToLower(name)) }

// Lists returns the saved lists by name, without their members.
func (l *Ledger) Lists(ctx context.Context) (lists []workspace.List, err error) {
	err = l.view(ctx, func(tx *bolt.Tx) error {
		saved := tx.Bucket(bucketLists)
		if saved == nil {
			return nil
		}
		return saved.ForEachBucket(func(key []byte) error {
			list, err := readList(saved.Bucket(key), key)
			lists = append(lists, list)
			return err
		})
	})
	return lists, err
}

// List returns a list with its members; the error is of KindUsage when there
// is none of that name.
func (l *Ledger) List(ctx context.Context, name string) (list workspace.List, err error) {
	err = l.view(ctx, func(tx *bolt.Tx) error {
		bucket := listBucket(tx, name)
		if bucket == nil {
			return listNotFound(name)
		}
		if list, err = readList(bucket, listKey(name)); err != nil {
			return err
		}
		members := bucket.Bucket(bucketMembers)
		if members == nil {
			return damage("the list %q lacks its members", list.Name)
		}
		if list.Members, err = all[workspace.Contact](members); err != nil {
			return err
		}
		if len(list.Members) != list.Count {
			return damage("the list %q has %d members and should have %d", list.Name, len(list.Members), list.Count)
		}
		return nil
	})
	if err != nil {
		return workspace.List{}, err
	}
	return list, nil
}

func readList(bucket *bolt.Bucket, key []byte) (list workspace.List, err error) {
	found, err := get(bucket, keyList, &list)
	if err == nil && !found {
		err = damage("the list %q lacks its head", key)
	}
	return list, err
}

// SaveList stores a list with its members under its name, in place of one that
// had it.
func (l *Ledger) SaveList(ctx context.Context, list workspace.List) error {
	if list.Name == "" {
		return &model.Error{Kind: model.KindUsage, Code: "listName", Message: "a list needs a name"}
	}
	return l.update(ctx, func(tx *bolt.Tx) error {
		saved, err := tx.CreateBucketIfNotExists(bucketLists)
		if err != nil {
			return err
		}
		key := listKey(list.Name)
		if saved.Bucket(key) != nil {
			if err := saved.DeleteBucket(key); err != nil {
				return err
			}
		}
		bucket, err := saved.CreateBucket(key)
		if err != nil {
			return err
		}
		list.Count = len(list.Members)
		if err := put(bucket, keyList, list); err != nil {
			return err
		}
		members, err := bucket.CreateBucket(bucketMembers)
		if err != nil {
			return err
		}
		members.FillPercent = 1 // they come in order, and a list is never changed in part
		for i, contact := range list.Members {
			if err := put(members, binary.BigEndian.AppendUint32(nil, uint32(i)), contact); err != nil {
				return err
			}
		}
		return nil
	})
}

// DeleteList removes a list; the error is of KindUsage when there is none of
// that name.
func (l *Ledger) DeleteList(ctx context.Context, name string) error {
	return l.update(ctx, func(tx *bolt.Tx) error {
		if listBucket(tx, name) == nil {
			return listNotFound(name)
		}
		return tx.Bucket(bucketLists).DeleteBucket(listKey(name))
	})
}

// listBucket returns the bucket of a list, nil when there is none.
func listBucket(tx *bolt.Tx, name string) *bolt.Bucket {
	saved := tx.Bucket(bucketLists)
	if saved == nil || name == "" {
		return nil
	}
	return saved.Bucket(listKey(name))
}

func listNotFound(name string) error {
	return &model.Error{
		Kind: model.KindUsage, Code: "listNotFound",
		Message: fmt.Sprintf("there is no list %q", name),
		Remedy:  "rollcall list list shows the names",
	}
}
