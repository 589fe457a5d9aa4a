package seed

import "strings"

// Reach is the set of lower-cased primary addresses that a message to the
// group reaches: those of the users and contacts in it and in the groups
// inside. It is written as the plainest recursion there is, because tests
// compare the product's answer with it.
func (t *Tenant) Reach(g int, withDynamicLists bool) map[string]struct{} {
	reached := make(map[string]struct{})
	visited := make(map[Member]bool)
	var visit func(Member)
	visit = func(m Member) {
		if visited[m] {
			return
		}
		visited[m] = true
		mail := ""
		switch m.Type {
		case MemberUser:
			u, _ := t.User(m.Index)
			mail = u.Mail
		case MemberContact:
			c, _ := t.Contact(m.Index)
			mail = c.Mail
		case MemberGroup:
			for inside := range t.Members(m.Index) {
				visit(inside)
			}
		case MemberDynamicList:
			if withDynamicLists {
				for inside := range t.DynamicMembers(m.Index) {
					visit(inside)
				}
			}
		}
		if mail != "" {
			reached[strings.ToLower(mail)] = struct{}{}
		}
	}
	visit(Member{MemberGroup, g})
	return reached
}
