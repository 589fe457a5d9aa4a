package graph

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"rollcall/model"
)

const (
	// surveyCounts is how many counts are asked for at a time: as many as fit in
	// the batches that are sent at once.
	surveyCounts = parallelism * batchSize
	// maxDivisions bounds the rounds of counting, however the users are spread.
	// Four cut the years down to seconds.
	maxDivisions = 16
	// sampleNames is how many names of a sector are asked for along with its
	// count. Fewer than 20 cost as little as none.
	sampleNames = 19
)

// surveyor divides the users into sectors by counting them.
type surveyor struct {
	count   func(context.Context, []sector) ([]tally, error)
	size    int // a sector of more users, by a quarter, is divided further
	sectors []surveyed
	short   string // how the counts of a division failed to add up; "" when they never did
}

// tally is what the service says of a sector.
type tally struct {
	users int
	names []string // user principal names of up to sampleNames of them
}

// surveyed is a sector with what is known of it.
type surveyed struct {
	sector
	tally
	alone   bool // it has all users of the sector that it was a part of
	missing int  // users that the parts of the last division lacked; less than 0: had too many
	doubts  int  // divisions whose counts did not add up
	final   bool // to be left as it is
}

// maxDoubts is how often a division is tried.
const maxDoubts = 2

// survey divides all users, total of them or so, into sectors of about size.
// Each division is counted together with what it divides, and made only where
// the counts add up. Where none can be made, why says so.
func (s *surveyor) survey(ctx context.Context, all sector, total int) (sectors []surveyed, why string, err error) {
	s.sectors = []surveyed{{sector: all, tally: tally{users: total}}}
	why = "does not tell the users apart"
	for range maxDivisions {
		more, err := s.divide(ctx)
		if isNotCounted(err) {
			why = "is not counted: " + model.AsError(err).Message
			break
		}
		if err != nil {
			return nil, "", err
		}
		if !more {
			break
		}
	}
	return all.pack(s.sectors, s.size), cmp.Or(s.short, why), nil
}

// division is a sector that is tried to be divided.
type division struct {
	at    int // in sectors
	parts []sector
}

// divide tries to divide each sector that is too large. It reports false when
// nothing was left to do.
func (s *surveyor) divide(ctx context.Context) (bool, error) {
	divisions, asked := s.plan()
	if len(divisions) == 0 {
		return false, nil
	}
	counts, err := s.count(ctx, asked)
	if err != nil {
		return false, err
	}
	var divided []surveyed
	done := 0
	for _, d := range divisions {
		divided = append(divided, s.sectors[done:d.at]...)
		divided = append(divided, s.judge(s.sectors[d.at], d.parts, counts)...)
		counts, done = counts[1+len(d.parts):], d.at+1
	}
	s.sectors = append(divided, s.sectors[done:]...)
	return true, nil
}

// plan chooses the divisions of a round, and what is to be counted for them:
// each sector and then its parts. Of the counts that are to be had, half are
// shared evenly and half by the number of users.
func (s *surveyor) plan() (divisions []division, asked []sector) {
	users, large := 0, 0
	for _, l := range s.sectors {
		if !l.final {
			users += l.users
			large++
		}
	}
	for i := range s.sectors {
		l := &s.sectors[i]
		if l.final {
			continue
		}
		half := (surveyCounts - large) / 2
		parts := l.split(max(half/large+half*l.users/max(users, 1), 2), *l)
		if len(parts) < 2 {
			l.final = true
			continue
		}
		divisions = append(divisions, division{at: i, parts: parts})
		asked = append(append(asked, l.sector), parts...)
	}
	return divisions, asked
}

// judge replaces a sector by its parts if their counts add up to its own, the
// first of counts.
func (s *surveyor) judge(whole surveyed, parts []sector, counts []tally) []surveyed {
	whole.tally = counts[0]
	divided := make([]surveyed, 0, len(parts))
	sum := 0
	for i, p := range parts {
		counted := counts[i+1]
		sum += counted.users
		divided = append(divided, surveyed{
			sector: p, tally: counted, alone: counted.users == whole.users, final: counted.users <= s.size+s.size/4,
		})
	}
	if sum == whole.users {
		return divided
	}
	s.short = fmt.Sprintf("accounts for %d of %d users", sum, whole.users)
	whole.missing = whole.users - sum
	whole.doubts++
	whole.final = whole.doubts == maxDoubts
	return []surveyed{whole}
}

func largest(sectors []surveyed) int {
	return slices.MaxFunc(sectors, func(a, b surveyed) int { return cmp.Compare(a.users, b.users) }).users
}

var errNoCount = errors.New("the answer names no count")

// isNotCounted reports that the service cannot count what was asked for, as
// opposed to not now.
func isNotCounted(err error) bool { return errors.Is(err, errNoCount) || isRefusedQuery(err) }

// countUsers counts the users of each sector. The counts are those of the
// service's index, as all counts are: eventually consistent, so only with each
// other can they be compared.
func (c *Client) countUsers(ctx context.Context, sectors []sector) ([]tally, error) {
	items := make([]batchItem, 0, len(sectors))
	for _, s := range sectors {
		item, err := c.newBatchItem(c.usersInfo(ctx, usersRequest{
			names: []string{"userPrincipalName"}, filter: s.filter(), top: sampleNames, count: true,
		}))
		if err != nil {
			return nil, err
		}
		items = append(items, item)
	}
	tallies := make([]tally, 0, len(sectors))
	for _, a := range c.batches(ctx, items) {
		if a.Err != nil {
			return nil, a.Err
		}
		var page struct {
			Count *int `json:"@odata.count"`
			Value []struct {
				Name string `json:"userPrincipalName"`
			} `json:"value"`
		}
		if err := json.Unmarshal(a.Body, &page); err != nil {
			return nil, unreadable(c.root.Host, err)
		}
		if page.Count == nil { // the service leaves out silently what it cannot count
			return nil, errNoCount
		}
		t := tally{users: *page.Count}
		for _, u := range page.Value {
			t.names = append(t.names, u.Name)
		}
		tallies = append(tallies, t)
	}
	return tallies, nil
}
