package graph

import (
	"encoding/json"
	"math/bits"

	"rollcall/model"
)

// bookmark is where a group's members go on. It is the text of
// expansion.Listing.Next, and so the whole memory that one round has of those
// before it.
type bookmark struct {
	Link   string `json:"link"`
	Pages  int    `json:"pages"`            // read before it
	Anchor string `json:"anchor,omitempty"` // the link of one of them
	Nobody bool   `json:"nobody,omitempty"` // none of them had a member
}

func parseBookmark(text string) (bookmark, error) {
	var b bookmark
	if err := json.Unmarshal([]byte(text), &b); err != nil || b.Link == "" || b.Pages < 1 {
		return bookmark{}, &model.Error{Kind: model.KindFailed, Code: "bookmarkInvalid", Message: "a listing was to go on where no page had left off", Err: err}
	}
	return b, nil
}

// next is the text of the bookmark after the page that b led to; "" at the end.
// A link that comes again is an error: the listing would never end. It is found
// by Brent's method, which remembers one link and not all: the anchor moves on
// whenever the number of pages doubles, so that in time it lies on the loop and
// the loop is no longer than the way to the next move.
func (b bookmark) next(page objectPage) (string, error) {
	if page.next == "" {
		return "", nil
	}
	if page.next == b.Anchor || page.next == b.Link {
		return "", looping()
	}
	n := bookmark{Link: page.next, Pages: b.Pages + 1, Anchor: b.Anchor, Nobody: (b.Nobody || b.Pages == 0) && len(page.objects) == 0}
	if bits.OnesCount(uint(n.Pages)) == 1 {
		n.Anchor = n.Link
	}
	text, err := json.Marshal(n)
	return string(text), err
}
