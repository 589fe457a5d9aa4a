package cache

import (
	"bytes"
	"context"

	bolt "go.etcd.io/bbolt"
)

// headBucket holds what is asked of all values of another bucket, apart from
// what is long in them: id → head. It repeats what that bucket has, so that a
// rollcall that knows no heads reads everything and loses nothing, and is made
// with the first of them. What such a rollcall saved has no head until somebody
// asks for all of them.
type headBucket[T any] struct {
	name   []byte
	values []byte // the other bucket
	what   string // one of its values
	id     func(head *T) string
	read   func(tx *bolt.Tx, key []byte) (T, error) // makes the head from the value
}

func (b *headBucket[T]) put(tx *bolt.Tx, head T) error {
	heads, err := tx.CreateBucketIfNotExists(b.name)
	if err != nil {
		return err
	}
	return put(heads, []byte(b.id(&head)), head)
}

// get returns the head of a value; kept is false where it was made from that.
func (b *headBucket[T]) get(tx *bolt.Tx, key []byte) (head T, kept bool, err error) {
	if heads := tx.Bucket(b.name); heads != nil {
		if kept, err = get(heads, key, &head); err != nil {
			return head, kept, err
		}
	}
	if !kept {
		if head, err = b.read(tx, key); err != nil {
			return head, kept, err
		}
	}
	if id := b.id(&head); id != string(key) {
		return head, kept, damage("%s: it holds the %s %s", bytes.ToValidUTF8(key, nil), b.what, id)
	}
	return head, kept, nil
}

// all returns the heads of all values. with, where it is not nil, adds to each
// what is not kept with it.
func (b *headBucket[T]) all(ctx context.Context, l *Ledger, with func(*bolt.Tx, *T) error) ([]T, error) {
	var heads, former []T
	err := l.view(ctx, func(tx *bolt.Tx) error {
		return tx.Bucket(b.values).ForEach(func(key, _ []byte) error {
			head, kept, err := b.get(tx, key)
			if err != nil {
				return err
			}
			if !kept {
				former = append(former, head)
			}
			if with != nil {
				err = with(tx, &head)
			}
			heads = append(heads, head)
			return err
		})
	})
	if err != nil {
		return nil, err
	}
	if len(former) > 0 && l.refused == nil {
		// The next one to ask is answered faster. Nothing is lost where that fails:
		// the answer is here, and what cannot be written is said by what must be.
		_ = l.update(ctx, func(tx *bolt.Tx) error {
			for _, head := range former {
				if err := b.put(tx, head); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return heads, nil
}
