package refresh

import (
	"fmt"

	"rollcall/model"
)

// Guard limits how many users a round may take away before an administrator is
// asked. Either limit stops the round: the share protects a small tenant,
// the number a large one. A negative limit is off; 0 allows none.
type Guard struct {
	Percent int // of the users stored before
	Users   int
}

// DefaultGuard stops a round that would remove more than 10 % of the users or
// more than 500 of them.
func DefaultGuard() Guard { return Guard{Percent: 10, Users: 500} }

// limit is the most removals that pass from a store of n users; -1 is no limit.
func (g Guard) limit(n int) int {
	limit := g.Users
	if g.Percent >= 0 {
		share := n * g.Percent / 100
		if limit < 0 || share < limit {
			limit = share
		}
	}
	return max(limit, -1)
}

// check returns nil when removing so many of n users passes the guard or has
// been allowed.
func (g Guard) check(mode Mode, removals, n, allowed int) error {
	limit := g.limit(n)
	if limit < 0 || removals <= limit || removals <= allowed {
		return nil
	}
	cause := &RemovalsError{Mode: mode, Removals: removals, Users: n, Limit: limit}
	return &model.Error{
		Kind: model.KindGuard, Code: "removalGuard", Message: cause.Error(),
		Remedy: "look whether users were deleted in the tenant or a permission was lost; accept the number of removals to go on, or read everything again later",
		Err:    cause,
	}
}

// RemovalsError says by how much a round exceeded the guard. It is the cause of
// the *model.Error with the code "removalGuard". What was read is kept apart
// until the removals are accepted or a full read begins anew.
type RemovalsError struct {
	Mode     Mode // ModeDelta or ModeResync
	Removals int  // users that the round would take away
	Users    int  // users stored before
	Limit    int  // most removals that pass
}

func (e *RemovalsError) Error() string {
	found := "the changes since the last sync remove"
	if e.Mode == ModeResync {
		found = "the new read lacks"
	}
	return fmt.Sprintf("%s %d of %d users, and more than %d removals need your word; the former data is kept", found, e.Removals, e.Users, e.Limit)
}
