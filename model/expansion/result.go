package expansion

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/bits-and-blooms/bitset"

	"rollcall/model"
	"rollcall/model/internal/parallel"
)

// index is what a result keeps of the walk to answer why and how much.
type index struct {
	nodes      []*Node // Node.index points here
	roots      []rootNodes
	objects    []model.Object // of every side
	present    *bitset.BitSet // those of this side; nil: all
	recipient  []int32        // object → position in Result.Recipients, or -1
	recipients int

	owners func() *owners // made when somebody asks
}

// rootNodes is what one root stands for.
type rootNodes struct {
	label  string
	direct []int32 // objects, ascending
	nodes  []*Node
}

// has reports whether the side reaches an object.
func (x *index) has(object int) bool { return x.present == nil || x.present.Test(uint(object)) }

// result judges one side of the reading.
func (w *reading) result(roots []Root, planted []rootEdges) *Result {
	r := &Result{Roots: roots, AsOf: w.asOf}
	r.index = w.outline(planted)
	r.identify(w.options.Domains)
	r.sortOut()
	r.index.reach()
	r.countDuplicates()

	r.Nodes = slices.Clone(r.index.nodes)
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
	addresses := addressesOf(x.objects, x.present)
	type candidate struct {
		address string // in lower case
		object  int32
	}
	var chosen []candidate
	var sorting sync.WaitGroup
	sorting.Go(func() {
		chosen = make([]candidate, 0, len(x.objects))
		for i, address := range addresses {
			if address != "" {
				chosen = append(chosen, candidate{address, int32(i)})
			}
		}
		slices.SortFunc(chosen, func(a, b candidate) int { return strings.Compare(a.address, b.address) })
	})
	verified := make(map[string]bool, len(domains))
	for _, d := range domains {
		verified[strings.ToLower(d)] = true
	}
	standsFor := fold(x.objects, addresses)
	sorting.Wait()
	chosen = slices.DeleteFunc(chosen, func(c candidate) bool { return standsFor[c.object] != c.object })
	position := make([]int32, len(x.objects))
	r.Recipients = make([]Recipient, len(chosen))
	parallel.All(len(chosen), objectsAtOnce, func(from, to int) {
		for p, c := range chosen[from:to] {
			p += from
			o, recipient := &x.objects[c.object], &r.Recipients[p]
			position[c.object] = int32(p)
			recipient.Address, recipient.Object = o.Mail, *o
			recipient.External = isExternal(o, c.address, verified)
			recipient.SMS = strings.TrimSpace(o.MobilePhone) != ""
			recipient.Disabled = o.AccountEnabled != nil && !*o.AccountEnabled
		}
	})
	x.recipients = len(chosen)
	x.recipient = make([]int32, len(x.objects))
	for i, s := range standsFor {
		x.recipient[i] = -1
		if s >= 0 {
			x.recipient[i] = position[s]
		}
	}
	x.owners = sync.OnceValue(x.indexOwners)
}

// isExternal takes the address of the object in lower case.
func isExternal(o *model.Object, address string, verified map[string]bool) bool {
	if o.Type == model.ObjectContact || strings.EqualFold(o.UserType, "Guest") {
		return true
	}
	return len(verified) > 0 && !verified[address[strings.LastIndexByte(address, '@')+1:]]
}

// sortOut sets the objects that are no recipients apart.
func (r *Result) sortOut() {
	for i := range r.index.objects {
		o := &r.index.objects[i]
		switch {
		case !r.index.has(i) || r.index.recipient[i] >= 0 || o.Limited && unreadable(o):
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

// Unread is why a group could not be read in full, and what to do; nil where it
// could.
func (n *Node) Unread() *model.Error {
	switch {
	case n.Err != nil:
		return n.Err
	case n.Hidden:
		return hiddenMembership(n.Name())
	case n.Instead != nil:
		return readInstead([]string{n.Name()}, n.Instead)
	}
	return nil
}

// missing lists what could not be had, per list.
func (r *Result) missing() {
	r.missingInstead()
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

// missingInstead reports the lists that Graph read because Exchange did not: one
// line for each reason, since a service that refuses does so for all.
func (r *Result) missingInstead() {
	lists := make(map[*model.Error][]string)
	var reasons []*model.Error
	for _, n := range r.Nodes {
		if n.Instead == nil || n.Err != nil { // what Graph could not read either has a line of its own
			continue
		}
		if lists[n.Instead] == nil {
			reasons = append(reasons, n.Instead)
		}
		lists[n.Instead] = append(lists[n.Instead], n.Name())
	}
	for _, reason := range reasons {
		names := lists[reason]
		r.Missing = append(r.Missing, Missing{Entry: names[0], Reason: readInstead(names, reason)})
	}
}

func readInstead(lists []string, reason *model.Error) *model.Error {
	remedy := `set exchange = "off" to count by Graph alone`
	if reason.Remedy != "" {
		remedy = reason.Remedy + "; or " + remedy
	}
	was := " was"
	if len(lists) > 1 {
		was = " were"
	}
	return &model.Error{
		Kind: model.KindPartial, Code: reason.Code,
		Message:   andOthers(lists) + was + " read through Graph, which does not show dynamic distribution lists inside of distribution lists, because Exchange did not answer: " + reason.Message,
		Remedy:    remedy,
		RequestID: reason.RequestID,
		Err:       reason,
	}
}

// andOthers names the first list and counts the others.
func andOthers(lists []string) string {
	switch n := len(lists); n {
	case 1:
		return lists[0]
	case 2:
		return lists[0] + " and 1 other list"
	default:
		return fmt.Sprintf("%s and %d other lists", lists[0], n-1)
	}
}

// notes says of what age members are, and what may be missing without anybody
// being able to tell. Sources: Graph documentation, "Working with groups":
// dynamic distribution groups are not supported, so one inside a distribution
// list is absent without a word; Get-DynamicDistributionGroupMember: the stored
// membership is updated every 24 hours; Exchange Web Services, ExpandDL: a member
// needs an address.
func (r *Result) notes() {
	var lists, byEWS []string
	for _, n := range r.Nodes {
		if n.Source == SourceEWS && n.Err == nil {
			byEWS = append(byEWS, n.Name())
		}
		if n.Stored && n.Err == nil {
			r.Notes = append(r.Notes, n.Name()+": its members are as Exchange last calculated them, which it does once in 24 hours")
		}
		exchange := n.Group.Kind == model.KindDistribution || n.Group.Kind == model.KindMailEnabledSecurity
		if exchange && n.Source == SourceGraph && n.Instead == nil {
			lists = append(lists, n.Name())
		}
	}
	if len(byEWS) > 0 {
		r.Notes = append(r.Notes, andOthers(byEWS)+" came from Exchange Web Services, which list neither members without an address, nested security groups among them, nor lists that are hidden from address lists: how many there are is not known")
	}
	if len(lists) == 0 {
		return
	}
	r.Notes = append(r.Notes, andOthers(lists)+" came from Graph, which does not show dynamic distribution lists inside of distribution lists: if there is one, its members are not counted here. Only Exchange can tell: "+TurnExchangeOn)
}
