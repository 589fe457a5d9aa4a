package expansion

import (
	"cmp"
	"slices"
	"strings"
	"sync"

	"github.com/bits-and-blooms/bitset"

	"rollcall/model"
	"rollcall/model/internal/parallel"
)

// objectsAtOnce is how many objects a processor takes at a time.
const objectsAtOnce = 2048

// identityKey tells objects apart while members are read: by object id, and an
// object that has none (an external address out of a file) by its address.
func identityKey(o *model.Object) string {
	switch {
	case o.ID != "":
		return strings.ToLower(o.ID)
	case o.Mail != "":
		return "mail:" + strings.ToLower(o.Mail)
	default:
		return "name:" + o.UserPrincipalName + "\x00" + o.DisplayName
	}
}

// merge completes what is known of an object by another mention of it. A value
// beats none; of two different ones, as a copy that has aged may give, the
// smaller stands, so that the order of the mentions changes nothing.
func merge(known, other *model.Object) {
	switch {
	case known.Limited && !other.Limited:
		*known = *other
		return
	case other.Limited:
		return
	}
	pick := func(into *string, value string) {
		if *into != value && value != "" && (*into == "" || value < *into) {
			*into = value
		}
	}
	pick(&known.DisplayName, other.DisplayName)
	pick(&known.Mail, other.Mail)
	pick(&known.UserPrincipalName, other.UserPrincipalName)
	pick(&known.UserType, other.UserType)
	pick(&known.MobilePhone, other.MobilePhone)
	if known.AccountEnabled == nil || other.AccountEnabled != nil && !*other.AccountEnabled {
		known.AccountEnabled = other.AccountEnabled
	}
	if len(other.ProxyAddresses) > 0 && compareProxies(other.ProxyAddresses, known.ProxyAddresses) > 0 {
		known.ProxyAddresses = other.ProxyAddresses
	}
}

func compareProxies(a, b []string) int {
	return cmp.Or(cmp.Compare(len(a), len(b)), slices.Compare(a, b))
}

// complete fills a user from its synced copy by object id. A listing that names the user
// was allowed to read it: then an empty address is the tenant's word, and the
// synced copy, which may be older, does not overrule it.
func complete(o *model.Object, join func(id string) (model.Object, bool)) {
	if o.Type != model.ObjectUser || o.ID == "" {
		return
	}
	thin := o.Limited || o.UserPrincipalName == "" && o.Mail == ""
	if !thin && o.AccountEnabled != nil && o.MobilePhone != "" && o.ProxyAddresses != nil {
		return
	}
	synced, ok := join(o.ID)
	switch {
	case !ok:
	case thin:
		*o = synced
	default:
		fill(o, &synced)
	}
}

// fill takes what an object lacks from its synced copy.
func fill(o, synced *model.Object) {
	take := func(into *string, value string) {
		if *into == "" {
			*into = value
		}
	}
	take(&o.DisplayName, synced.DisplayName)
	take(&o.UserPrincipalName, synced.UserPrincipalName)
	take(&o.UserType, synced.UserType)
	take(&o.MobilePhone, synced.MobilePhone)
	if o.AccountEnabled == nil {
		o.AccountEnabled = synced.AccountEnabled
	}
	if o.ProxyAddresses == nil {
		o.ProxyAddresses = synced.ProxyAddresses
	}
}

// receives reports whether an object of this type can receive mail at all.
// Exchange lists hold types that rollcall does not know (public folders); one
// that shows an address receives mail.
func receives(o *model.Object) bool {
	switch o.Type {
	case model.ObjectUser, model.ObjectContact:
		return true
	case model.ObjectOther:
		return o.Mail != ""
	default:
		return false
	}
}

// smtpAddress returns the address of a proxyAddresses value in lower case, and
// false for other address types (SIP:, X500:).
func smtpAddress(proxy string) (string, bool) {
	prefix, address, found := strings.Cut(proxy, ":")
	if !found {
		return strings.ToLower(proxy), proxy != ""
	}
	return strings.ToLower(address), strings.EqualFold(prefix, "smtp") && address != ""
}

// addressesOf returns the primary addresses, in lower case, of the objects that
// are recipients and among those that are present (nil: all are); "" of others.
func addressesOf(objects []model.Object, present *bitset.BitSet) []string {
	addresses := make([]string, len(objects))
	parallel.All(len(objects), objectsAtOnce, func(from, to int) {
		for i := from; i < to; i++ {
			o := &objects[i]
			if (present == nil || present.Test(uint(i))) && receives(o) && !o.Limited {
				addresses[i] = strings.ToLower(o.Mail)
			}
		}
	})
	return addresses
}

// fold joins the objects that are one recipient: the objects with the same
// primary address, in any letter case, and an object whose primary address is
// a secondary one of another. It returns for each object the index of the one
// that stands for it, or -1 for those that have none among addresses, which are
// those of addressesOf.
func fold(objects []model.Object, addresses []string) (standsFor []int32) {
	parent := make([]int32, len(objects))
	find := func(i int32) int32 {
		for parent[i] != i {
			parent[i] = parent[parent[i]]
			i = parent[i]
		}
		return i
	}
	owner := make([]int32, len(objects)) // the first object with the same primary address
	primary := make(map[string]int32, len(objects))
	for i, address := range addresses {
		if address == "" {
			parent[i] = -1
			continue
		}
		first, ok := primary[address]
		if !ok {
			first = int32(i)
			primary[address] = first
		}
		owner[i], parent[i] = first, first
	}
	aliased := make([]bool, len(objects)) // its primary address is another's secondary one
	for _, a := range aliases(objects, addresses, primary) {
		aliased[a.of] = true
		parent[find(a.object)] = find(a.of)
	}
	for i := range objects {
		if parent[i] >= 0 {
			aliased[i] = aliased[owner[i]]
		}
	}
	return represent(objects, aliased, parent, find)
}

// alias says that an object has the primary address of another one among its
// own.
type alias struct{ object, of int32 }

// aliases finds them among the objects that have an address, in no order;
// primary are the owners of the primary addresses.
func aliases(objects []model.Object, addresses []string, primary map[string]int32) []alias {
	var mu sync.Mutex
	var found []alias
	parallel.All(len(objects), objectsAtOnce, func(from, to int) {
		var some []alias
		for i := from; i < to; i++ {
			if addresses[i] == "" {
				continue
			}
			o := &objects[i]
			for _, proxy := range o.ProxyAddresses {
				if at := len(proxy) - len(o.Mail); at > 0 && proxy[at-1] == ':' && proxy[at:] == o.Mail {
					continue // its own
				}
				address, ok := smtpAddress(proxy)
				if !ok || address == addresses[i] {
					continue
				}
				if other, ok := primary[address]; ok {
					some = append(some, alias{int32(i), other})
				}
			}
		}
		if some != nil {
			mu.Lock()
			found = append(found, some...)
			mu.Unlock()
		}
	})
	return found
}

// represent chooses one object of each class to stand for all of it: not one
// that goes by another's secondary address, one that has an object id, a user
// before a contact; then the smallest id and address, to be repeatable.
func represent(objects []model.Object, aliased []bool, parent []int32, find func(int32) int32) []int32 {
	better := func(a, b int32) bool {
		x, y := &objects[a], &objects[b]
		return cmp.Or(
			compareBool(aliased[a], aliased[b]),
			compareBool(x.ID == "", y.ID == ""),
			compareBool(x.Type != model.ObjectUser, y.Type != model.ObjectUser),
			strings.Compare(x.ID, y.ID),
			strings.Compare(x.Mail, y.Mail),
		) < 0
	}
	best := make([]int32, len(objects)) // by class
	for i := range best {
		best[i] = -1
	}
	for i := range objects {
		if parent[i] < 0 {
			continue
		}
		class := find(int32(i))
		if best[class] < 0 || better(int32(i), best[class]) {
			best[class] = int32(i)
		}
	}
	standsFor := make([]int32, len(objects))
	for i := range objects {
		standsFor[i] = -1
		if parent[i] >= 0 {
			standsFor[i] = best[find(int32(i))]
		}
	}
	return standsFor
}

// compareBool orders false before true.
func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	default:
		return -1
	}
}
