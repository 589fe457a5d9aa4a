package writeback

import (
	"slices"
	"strings"

	"rollcall/model"
)

// For returns the rules that hold for a group: its own, named by its object id,
// one of its addresses or its display name, or else those of the profile.
func (p Policy) For(g *model.Group) Rules {
	for _, name := range namesOf(g) {
		if rules, ok := p.Groups[strings.ToLower(name)]; ok {
			return rules
		}
	}
	return p.Rules
}

// Protects reports whether the profile says that the group is never written.
func (p Policy) Protects(g *model.Group) bool {
	return slices.ContainsFunc(namesOf(g), func(name string) bool {
		return slices.ContainsFunc(p.ProtectedGroups, func(s string) bool { return strings.EqualFold(s, name) })
	})
}

// namesOf are the names by which a profile can mean a group, the surest first.
func namesOf(g *model.Group) []string {
	names := []string{g.ID, g.Mail}
	for _, a := range g.ProxyAddresses {
		names = append(names, address(a))
	}
	return slices.DeleteFunc(append(names, g.DisplayName), func(s string) bool { return s == "" })
}

// address takes the kind off a proxy address: "smtp:a@b.com".
func address(proxy string) string {
	if _, rest, ok := strings.Cut(proxy, ":"); ok {
		return rest
	}
	return proxy
}

// spared tells which members a plan leaves in the group though its audience
// does not hold them.
type spared struct {
	rules     Rules
	protected map[string]bool // ids, names and addresses in lower case
	owners    map[string]bool // object ids in lower case
}

func newSpared(r Rules, owners []string) *spared {
	return &spared{rules: r, protected: lowerSet(r.ProtectedUsers), owners: lowerSet(owners)}
}

func lowerSet(list []string) map[string]bool {
	set := make(map[string]bool, len(list))
	for _, s := range list {
		if s != "" {
			set[strings.ToLower(s)] = true
		}
	}
	return set
}

const (
	leftAloneGuest    = "guest, whom the profile leaves alone"
	leftAloneDisabled = "disabled account, which the profile leaves alone"
	leftAloneUnknown  = "cannot be read, and the profile leaves some users alone"
	notAdded          = ": not added"
	notRemoved        = ": not removed"
)

// keeps says why a user is never removed, whoever asks; "" where nothing does.
func (s *spared) keeps(o *model.Object) string {
	switch {
	case s.protects(o):
		return "protected by the profile" + notRemoved
	case !s.rules.RemoveOwners && len(s.owners) > 0 && s.owners[strings.ToLower(o.ID)]:
		return "owner of the group" + notRemoved
	case o.Limited && len(s.protected) > 0:
		return leftAloneUnknown + notRemoved
	}
	return ""
}

// spares says why a member that the audience does not hold is not removed; ""
// where it is.
func (s *spared) spares(o *model.Object) string {
	if reason := s.keeps(o); reason != "" {
		return reason
	}
	if reason := s.leaves(o); reason != "" {
		return reason + notRemoved
	}
	return ""
}

func (s *spared) protects(o *model.Object) bool {
	if len(s.protected) == 0 {
		return false
	}
	for _, name := range []string{o.ID, o.UserPrincipalName, o.Mail} {
		if s.protected[strings.ToLower(name)] {
			return true
		}
	}
	return slices.ContainsFunc(o.ProxyAddresses, func(a string) bool { return s.protected[strings.ToLower(address(a))] })
}

// leaves says of which users the profile wants nothing changed; "" of others.
func (s *spared) leaves(o *model.Object) string {
	switch {
	case o.Type != model.ObjectUser:
		return ""
	case s.rules.SkipGuests && strings.EqualFold(o.UserType, "Guest"):
		return leftAloneGuest
	case s.rules.SkipDisabled && o.AccountEnabled != nil && !*o.AccountEnabled:
		return leftAloneDisabled
	case o.Limited && (s.rules.SkipGuests || s.rules.SkipDisabled):
		return leftAloneUnknown
	}
	return ""
}
