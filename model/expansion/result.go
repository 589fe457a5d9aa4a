package expansion

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"rollcall/model"
)

// index is what a result keeps of the walk to answer why and how much.
type index struct {
	nodes      []*Node // Node.index points here
	roots      []rootEdges
	objects    []model.Object
	recipient  []int32 // object → position in Result.Recipients, or -1
	recipients int
	byID       map[string]int32
	byAddress  map[string]int32 // primary addresses in lower case → object
}

func (w *walker) result(roots []Root) *Result {
	r := &Result{Roots: roots, AsOf: w.asOf}
	if w.options.Join != nil {
		for i := range w.objects {
			complete(&w.objects[i], w.options.Join)
		}
	}
	r.index = &index{nodes: w.nodes, roots: w.roots, objects: w.objects}
	r.identify(w.options.Domains)
	r.sortOut()
	for _, n := range w.nodes {
		slices.SortFunc(n.Children, compareNodes)
		slices.SortFunc(n.Parents, compareNodes)
	}
	r.index.reach()
	r.countDuplicates()

	r.Nodes = slices.Clone(w.nodes)
	slices.SortFunc(r.Nodes, func(a, b *Node) int {
		return cmp.Or(cmp.Compare(a.Depth, b.Depth), compareNodes(a, b))
	})
	r.missing()
	r.notes()
	return r
}

// identify makes the recipients out of the objects.
func (r *Result) identify(domains []string) {
	x := r.index
	standsFor := fold(x.objects)
	verified := make(map[string]bool, len(domains))
	for _, d := range domains {
		verified[strings.ToLower(d)] = true
	}
	type candidate struct {
		address string // in lower case
		object  int32
	}
	var chosen []candidate
	for i, s := range standsFor {
		if s == int32(i) {
			chosen = append(chosen, candidate{strings.ToLower(x.objects[i].Mail), s})
		}
	}
	slices.SortFunc(chosen, func(a, b candidate) int { return strings.Compare(a.address, b.address) })
	position := make([]int32, len(x.objects))
	r.Recipients = make([]Recipient, len(chosen))
	for p, c := range chosen {
		o := x.objects[c.object]
		position[c.object] = int32(p)
		r.Recipients[p] = Recipient{
			Address:  o.Mail,
			Object:   o,
			External: isExternal(&o, verified),
			SMS:      strings.TrimSpace(o.MobilePhone) != "",
			Disabled: o.AccountEnabled != nil && !*o.AccountEnabled,
		}
	}
	x.recipients = len(chosen)
	x.recipient = make([]int32, len(x.objects))
	x.byID = make(map[string]int32, len(x.objects))
	x.byAddress = make(map[string]int32, len(chosen))
	for i, s := range standsFor {
		x.recipient[i] = -1
		if id := x.objects[i].ID; id != "" {
			x.byID[strings.ToLower(id)] = int32(i)
		}
		if s >= 0 {
			x.recipient[i] = position[s]
			x.byAddress[strings.ToLower(x.objects[i].Mail)] = s
		}
	}
}

func isExternal(o *model.Object, verified map[string]bool) bool {
	if o.Type == model.ObjectContact || strings.EqualFold(o.UserType, "Guest") {
		return true
	}
	at := strings.LastIndexByte(o.Mail, '@')
	return len(verified) > 0 && !verified[strings.ToLower(o.Mail[at+1:])]
}

// sortOut sets the objects that are no recipients apart.
func (r *Result) sortOut() {
	for i := range r.index.objects {
		o := &r.index.objects[i]
		switch {
		case r.index.recipient[i] >= 0 || o.Limited && unreadable(o):
		case o.Type == model.ObjectUser || o.Type == model.ObjectContact:
			r.WithoutAddress = append(r.WithoutAddress, *o)
		default:
			r.NonRecipients = append(r.NonRecipients, *o)
		}
	}
	slices.SortFunc(r.WithoutAddress, compareObjects)
	slices.SortFunc(r.NonRecipients, compareObjects)
}

func compareObjects(a, b model.Object) int {
	return cmp.Or(strings.Compare(strings.ToLower(a.DisplayName), strings.ToLower(b.DisplayName)), strings.Compare(a.ID, b.ID))
}

// unreadable reports whether a limited object may be a recipient that nobody
// can see. Devices and service principals are none whatever they hide.
func unreadable(o *model.Object) bool {
	return o.Type != model.ObjectDevice && o.Type != model.ObjectServicePrincipal
}

func (r *Result) countDuplicates() {
	x := r.index
	memberships := 0
	count := func(members []int32) {
		for _, m := range members {
			if x.recipient[m] >= 0 {
				memberships++
			}
		}
	}
	for _, n := range x.nodes {
		count(n.members)
	}
	for i := range x.roots {
		count(x.roots[i].direct)
	}
	r.Duplicates = memberships - len(r.Recipients)
}

// missing lists what could not be had, per list.
func (r *Result) missing() {
	for _, n := range r.index.nodes {
		switch {
		case n.Err != nil:
			r.Missing = append(r.Missing, Missing{Entry: n.Name(), Reason: n.Err})
		case n.Hidden:
			r.Missing = append(r.Missing, Missing{Entry: n.Name(), Reason: hiddenMembership(n.Name())})
		}
		r.missingIn(n.Name(), n.members)
	}
	for i := range r.index.roots {
		r.missingIn(r.index.roots[i].label, r.index.roots[i].direct)
	}
	slices.SortStableFunc(r.Missing, func(a, b Missing) int {
		return cmp.Or(strings.Compare(strings.ToLower(a.Entry), strings.ToLower(b.Entry)),
			strings.Compare(a.Reason.Code, b.Reason.Code), strings.Compare(a.Reason.Message, b.Reason.Message))
	})
}

// missingIn reports the members of one list that came back as ids only, one
// line for each permission that would show them.
func (r *Result) missingIn(list string, members []int32) {
	var counts [3]int
	for _, m := range members {
		o := &r.index.objects[m]
		if !o.Limited || !unreadable(o) {
			continue
		}
		switch o.Type {
		case model.ObjectUser:
			counts[0]++
		case model.ObjectContact:
			counts[1]++
		default:
			counts[2]++
		}
	}
	for i, n := range counts {
		if n > 0 {
			permission := [3]string{"User.Read.All", "OrgContact.Read.All", "Directory.Read.All"}[i]
			r.Missing = append(r.Missing, Missing{Entry: list, Reason: limitedInformation(n, list, permission)})
		}
	}
}

func limitedInformation(n int, list, permission string) *model.Error {
	subject := fmt.Sprintf("%d members of %s", n, list)
	if n == 1 {
		subject = "1 member of " + list
	}
	return &model.Error{
		Kind: model.KindPartial, Code: "membersUnreadable",
		Message: fmt.Sprintf("%s could not be read: %s is missing", subject, permission),
		Remedy:  "consent to " + permission + ", then preview again",
	}
}

func hiddenMembership(list string) *model.Error {
	return &model.Error{
		Kind: model.KindPartial, Code: "membershipHidden",
		Message: "the members of " + list + " are hidden from this account",
		Remedy:  hiddenRemedy,
	}
}

// notes says what may be missing without anybody being able to tell. Source:
// Graph documentation, "Working with groups": dynamic distribution groups are
// not supported, so one inside a distribution list is absent without a word.
func (r *Result) notes() {
	var lists []string
	for _, n := range r.Nodes {
		exchange := n.Group.Kind == model.KindDistribution || n.Group.Kind == model.KindMailEnabledSecurity
		if exchange && n.Source == SourceGraph {
			lists = append(lists, n.Name())
		}
	}
	if len(lists) == 0 {
		return
	}
	subject := lists[0]
	switch {
	case len(lists) == 2:
		subject += " and 1 other list"
	case len(lists) > 2:
		subject += fmt.Sprintf(" and %d other lists", len(lists)-1)
	}
	r.Notes = append(r.Notes, subject+" came from Graph, which does not show dynamic distribution lists inside of distribution lists: if there is one, its members are not counted here. Only Exchange can tell")
}
