package emulator

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"rollcall/graph/emulator/seed"
)

// This file is what a test, or somebody at the demo, can do to groups behind a
// client's back. A group is named by its object id, any of its addresses or its
// display name; a member by its object id or, if it is a user, by its name to
// sign in with or an address. What is not there is an error.

// MembershipChange is one change of who is in a group, or owns it.
type MembershipChange struct {
	At       time.Time `json:"at"`
	GroupID  string    `json:"groupId"`
	MemberID string    `json:"memberId"`
	Owner    bool      `json:"owner"` // of the owners; else of the members
	Added    bool      `json:"added"` // else removed

	// RequestID is the request-id of the answer to the request that made it, which
	// the requests of a $batch share; "" where it was made at the tenant.
	RequestID string `json:"requestId"`
}

// MembershipChanges are the changes that had an effect, oldest first: at most
// the latest 262,144. Users who were deleted, or who moved into or out of a
// dynamic group, are not among them.
func (s *Server) MembershipChanges() []MembershipChange {
	log := s.tenant.MembershipChanges()
	out := make([]MembershipChange, 0, len(log))
	for _, c := range log {
		grp, _ := s.tenant.Group(c.Group)
		out = append(out, MembershipChange{
			At: c.At, GroupID: grp.ID, MemberID: s.tenant.ID(c.Member), Owner: c.Owner, Added: c.Added, RequestID: c.Request,
		})
	}
	return out
}

// AddMember makes an object a member of a group; false when it is one already.
// Neither rights nor the kind of the group matter.
func (s *Server) AddMember(group, member string) (changed bool, err error) {
	return s.alter(group, member, s.tenant.AddMember)
}

// RemoveMember ends a membership; false when there is none.
func (s *Server) RemoveMember(group, member string) (changed bool, err error) {
	return s.alter(group, member, s.tenant.RemoveMember)
}

// AddOwner makes an object an owner of a group; false when it is one already.
func (s *Server) AddOwner(group, owner string) (changed bool, err error) {
	return s.alter(group, owner, s.tenant.AddOwner)
}

// RemoveOwner ends an ownership; false when there is none.
func (s *Server) RemoveOwner(group, owner string) (changed bool, err error) {
	return s.alter(group, owner, s.tenant.RemoveOwner)
}

// alter changes a group between two writes, not within one.
func (s *Server) alter(group, member string, change func(int, seed.Member) bool) (bool, error) {
	g, err := s.groupCalled(group)
	if err != nil {
		return false, err
	}
	m, err := s.objectCalled(member)
	if err != nil {
		return false, err
	}
	s.graph.writes.Lock()
	defer s.graph.writes.Unlock()
	return change(g, m), nil
}

// RemoveUser deletes a user, softly or for good.
func (s *Server) RemoveUser(user string, hard bool) error {
	m, err := s.objectCalled(user)
	if err != nil {
		return err
	}
	if m.Type != seed.MemberUser || !s.tenant.RemoveUser(m.Index, hard) {
		return fmt.Errorf("emulator: %q is no user", user)
	}
	return nil
}

// MakeDynamic gives a group dynamic membership with a rule, or assigned
// membership where the rule is empty. Its members stay as they are.
func (s *Server) MakeDynamic(group, rule string) error {
	g, err := s.groupCalled(group)
	if err == nil {
		s.tenant.SetRule(g, rule)
	}
	return err
}

// MakeSynced makes a group one that is synchronised from on premises, or one
// that no longer is.
func (s *Server) MakeSynced(group string, synced bool) error {
	g, err := s.groupCalled(group)
	if err == nil {
		s.tenant.SetSynced(g, synced)
	}
	return err
}

func (s *Server) groupCalled(name string) (int, error) {
	if i, ok := s.tenant.FindGroup(name); ok {
		return i, nil
	}
	if i, ok := s.tenant.FindGroupByAddress(name); ok {
		return i, nil
	}
	var found []int
	for i := range s.tenant.Groups() {
		if g, ok := s.tenant.Group(i); ok && strings.EqualFold(g.DisplayName, name) {
			found = append(found, i)
		}
	}
	if len(found) != 1 {
		return 0, fmt.Errorf("emulator: groups called %q: %d", name, len(found))
	}
	return found[0], nil
}

func (s *Server) objectCalled(name string) (seed.Member, error) {
	if m, ok := s.tenant.Find(name); ok {
		return m, nil
	}
	if i, ok := s.tenant.FindUserByUPN(name); ok {
		return seed.Member{Type: seed.MemberUser, Index: i}, nil
	}
	if i, ok := s.tenant.FindUserByAddress(name); ok {
		return seed.Member{Type: seed.MemberUser, Index: i}, nil
	}
	return seed.Member{}, fmt.Errorf("emulator: there is no %q", name)
}

// groupControls are the changes of groups for a tenant in another process.
func (s *Server) groupControls() map[string]func(url.Values) (string, error) {
	one := func(what string, do func(group, member string) (bool, error)) func(url.Values) (string, error) {
		return func(query url.Values) (string, error) {
			changed, err := do(query.Get("group"), query.Get("member"))
			if err != nil {
				return "", err
			}
			return what + ": " + strconv.FormatBool(changed), nil
		}
	}
	return map[string]func(url.Values) (string, error){
		"/demo/groups/members/add":    one("member added", s.AddMember),
		"/demo/groups/members/remove": one("member removed", s.RemoveMember),
		"/demo/groups/owners/add":     one("owner added", s.AddOwner),
		"/demo/groups/owners/remove":  one("owner removed", s.RemoveOwner),
		"/demo/groups/change":         s.controlGroup,
		"/demo/users/delete":          s.controlDelete,
	}
}

func (s *Server) controlGroup(query url.Values) (string, error) {
	group := query.Get("group")
	switch {
	case query.Has("rule") == query.Has("synced"):
		return "", fmt.Errorf("say either rule= or synced=")
	case query.Has("rule"):
		return "rule set: " + group, s.MakeDynamic(group, query.Get("rule"))
	}
	synced, err := strconv.ParseBool(query.Get("synced"))
	if err != nil {
		return "", fmt.Errorf("synced takes true or false, not %q", query.Get("synced"))
	}
	return fmt.Sprintf("synchronised from on premises: %t", synced), s.MakeSynced(group, synced)
}

func (s *Server) controlDelete(query url.Values) (string, error) {
	hard, err := hardness(query)
	if err != nil {
		return "", err
	}
	return "deleted " + query.Get("user"), s.RemoveUser(query.Get("user"), hard)
}

// hardness reads whether users go for good.
func hardness(query url.Values) (bool, error) {
	text := query.Get("hard")
	if text == "" {
		return false, nil
	}
	hard, err := strconv.ParseBool(text)
	if err != nil {
		return false, fmt.Errorf("hard takes true or false, not %q", text)
	}
	return hard, nil
}

// listChanges answers GET /demo/groups/changes with the changes of memberships,
// a JSON object a line, of one group where ?group= names it.
func (s *Server) listChanges(w http.ResponseWriter, r *http.Request) {
	changes := s.MembershipChanges()
	if name := r.URL.Query().Get("group"); name != "" {
		g, err := s.groupCalled(name)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		grp, _ := s.tenant.Group(g)
		changes = slices.DeleteFunc(changes, func(c MembershipChange) bool { return c.GroupID != grp.ID })
	}
	w.Header().Set("Content-Type", "application/x-ndjson")
	lines := json.NewEncoder(w)
	for _, c := range changes {
		if lines.Encode(c) != nil {
			return // the client is gone
		}
	}
}
