package exchange

import (
	"errors"
	"hash/fnv"
	"strconv"
	"strings"

	"rollcall/model"
)

// cursor is where a listing goes on. It travels as text through whoever asks the
// next question, so that no listing leaves anything behind here.
type cursor struct {
	link      string   // "" begins again
	restarted bool     // the listing has begun again once already
	seen      []uint64 // hashes of the links that were followed
}

func parseCursor(next string) (cursor, error) {
	flag, rest, ok := strings.Cut(next, " ")
	hashes, link, also := strings.Cut(rest, " ")
	if !ok || !also || flag != "first" && flag != "again" {
		return cursor{}, errors.New("exchange: a listing does not go on there")
	}
	c := cursor{link: link, restarted: flag == "again"}
	for text := range strings.SplitSeq(hashes, ",") {
		if text == "" {
			continue
		}
		hash, err := strconv.ParseUint(text, 36, 64)
		if err != nil {
			return cursor{}, err
		}
		c.seen = append(c.seen, hash)
	}
	return c, nil
}

func (c cursor) String() string {
	flag := "first"
	if c.restarted {
		flag = "again"
	}
	hashes := make([]string, len(c.seen))
	for i, hash := range c.seen {
		hashes[i] = strconv.FormatUint(hash, 36)
	}
	return flag + " " + strings.Join(hashes, ",") + " " + c.link
}

// follow is the cursor behind a page that names link. A link that was followed
// before is an error: the listing would never end.
func (c cursor) follow(link string) (cursor, *model.Error) {
	h := fnv.New64a()
	_, _ = h.Write([]byte(link))
	hash := h.Sum64()
	for _, seen := range c.seen {
		if seen == hash {
			return cursor{}, &model.Error{
				Kind: model.KindFailed, Code: "pagesLoop", Message: "Exchange named the same next page twice, so its listing would never end",
				Remedy: "try again later",
			}
		}
	}
	return cursor{link: link, restarted: c.restarted, seen: append(c.seen[:len(c.seen):len(c.seen)], hash)}, nil
}

// again is the cursor of a listing that begins again; false when it has once
// already.
func (c cursor) again() (cursor, bool) { return cursor{restarted: true}, !c.restarted }
