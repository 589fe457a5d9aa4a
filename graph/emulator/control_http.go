package emulator

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"rollcall/graph/emulator/seed"
)

// controls are what somebody at a terminal can do to a tenant that another
// process serves, with curl and no token: the address is loopback, and the
// users are nobody.
//
//	POST /demo/users/remove?percent=20&hard=true
//	POST /demo/users/change?hires=1&leavers=1&moves=1&renames=1&restores=1
//	POST /demo/resync?links=1
//	POST /demo/lists/recalculate
//	POST /demo/users/delete?user=NAME&hard=true
//	POST /demo/groups/members/add?group=NAME&member=NAME
//	POST /demo/groups/members/remove?group=NAME&member=NAME
//	POST /demo/groups/owners/add?group=NAME&member=NAME
//	POST /demo/groups/owners/remove?group=NAME&member=NAME
//	POST /demo/groups/change?group=NAME&rule=RULE
//	POST /demo/groups/change?group=NAME&synced=true
//	GET  /demo/groups/changes?group=NAME
//
// Each POST answers with a line that says what was done.
func (s *Server) controls(mux *http.ServeMux) {
	control := func(path string, do func(query url.Values) (string, error)) {
		mux.HandleFunc("POST "+path, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/plain; charset=utf-8")
			done, err := do(r.URL.Query())
			if err != nil {
				w.WriteHeader(http.StatusBadRequest)
				done = err.Error()
			}
			fmt.Fprintln(w, done)
		})
	}
	control("/demo/users/remove", s.controlRemove)
	control("/demo/users/change", s.controlChange)
	control("/demo/resync", s.controlResync)
	control("/demo/lists/recalculate", func(url.Values) (string, error) {
		s.RecalculateLists()
		return "dynamic distribution lists will be worked out again", nil
	})
	for path, do := range s.groupControls() {
		control(path, do)
	}
	mux.HandleFunc("GET /demo/groups/changes", s.listChanges)
}

func (s *Server) controlRemove(query url.Values) (string, error) {
	percent, err := strconv.ParseFloat(query.Get("percent"), 64)
	if err != nil || !(percent > 0 && percent <= 100) {
		return "", fmt.Errorf("percent takes a number above 0, up to 100, not %q", query.Get("percent"))
	}
	hard, err := hardness(query)
	if err != nil {
		return "", err
	}
	before := s.tenant.UserCount()
	return fmt.Sprintf("removed %d of %d users", s.RemoveShare(percent/100, hard), before), nil
}

func (s *Server) controlChange(query url.Values) (string, error) {
	var c seed.Churn
	for name, n := range map[string]*int{"hires": &c.Hires, "leavers": &c.Leavers, "moves": &c.Moves, "renames": &c.Renames, "restores": &c.Restores} {
		text := query.Get(name)
		if text == "" {
			continue
		}
		var err error
		if *n, err = strconv.Atoi(text); err != nil || *n < 0 {
			return "", fmt.Errorf("%s takes a number, not %q", name, text)
		}
	}
	done := s.tenant.Churn(s.nextSeed(), c)
	return fmt.Sprintf("hired %d, removed %d, moved %d, renamed %d, restored %d", done.Hires, done.Leavers, done.Moves, done.Renames, done.Restores), nil
}

func (s *Server) controlResync(query url.Values) (string, error) {
	links := 1
	if text := query.Get("links"); text != "" {
		var err error
		if links, err = strconv.Atoi(text); err != nil || links < 1 {
			return "", fmt.Errorf("links takes a number from 1, not %q", text)
		}
	}
	s.ForceResync(links)
	return fmt.Sprintf("delta links that will be answered with 410: %d", links), nil
}

// RemoveShare removes a share, from 0 to 1, of the users, softly or for good,
// and returns how many: what a guard against mass removals must stop.
func (s *Server) RemoveShare(share float64, hard bool) int {
	return s.tenant.RemoveShare(s.nextSeed(), share, hard)
}

// nextSeed chooses for one more change, so that no two choose the same users.
func (s *Server) nextSeed() uint64 { return s.options.Seed<<32 + s.changes.Add(1) }
