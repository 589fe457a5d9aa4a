package writeback

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"rollcall/model"
)

// Params are what a plan is computed from.
type Params struct {
	TenantID string
	Group    model.Group
	Mode     Mode     // "" mirrors
	From     []string // entries of the audience, as written
	Exclude  []string // entries that were excluded, as written
	Desired  []model.Object
	Members  []model.Object // present direct members, read to the end
	Skipped  []Skipped      // parts of the audience that are known not to be writable
	Owners   []string       // object ids of the group's owners
	First    bool           // the group was never measured by an audience: see Journal.Mirrored
	HandOver bool           // for somebody to make by hand: a group that only Exchange can write is then taken as well
	Rules    Rules
	Author   string
	Now      time.Time
}

// New computes the plan that makes the group equal to the desired objects, as
// far as the mode and the rules allow. Only users are added and removed, and
// mail contacts where the plan is handed over to Exchange; everything else is
// left alone and listed as skipped. A group that cannot be written is refused
// (KindGuard), an unknown mode as well (KindUsage). A plan that changes
// nothing is an outcome: see Plan.Empty.
func New(p Params) (*Plan, error) {
	refusal := p.Group.WriteRefusal()
	if p.HandOver {
		refusal = p.Group.HandOverRefusal()
	}
	if refusal != nil {
		return nil, refusal
	}
	p.Mode = cmp.Or(p.Mode, ModeMirror)
	if !p.Mode.known() {
		return nil, &model.Error{
			Kind: model.KindUsage, Code: "modeUnknown",
			Message: fmt.Sprintf("there is no mode %q", p.Mode),
			Remedy:  "use mirror, add or remove",
		}
	}
	d := compare(&p)
	plan := &Plan{
		TenantID:  p.TenantID,
		Group:     GroupRef{ID: p.Group.ID, DisplayName: p.Group.DisplayName, Kind: p.Group.Kind, Mail: p.Group.Mail},
		Mode:      p.Mode,
		From:      p.From,
		Exclude:   p.Exclude,
		Add:       d.add,
		Remove:    d.remove,
		Keep:      d.keep,
		Unchanged: d.unchanged,
		Skipped:   append(d.skipped, p.Skipped...),
		Guards:    []GuardResult{{Name: GuardEmptySource, Value: d.audience}},
		Author:    p.Author,
		CreatedAt: p.Now,
		HandOver:  p.HandOver,
	}
	plan.Guards = p.Rules.Hold(plan, p.First)
	return seal(plan)
}

// Empty reports whether the plan changes nothing.
func (p *Plan) Empty() bool { return len(p.Add)+len(p.Remove) == 0 }

// difference is what stands between the members and the audience.
type difference struct {
	add, remove []Ref
	keep        []string
	unchanged   int
	audience    int // users that the audience holds and the rules let be changed
	skipped     []Skipped
}

func compare(p *Params) difference {
	var d difference
	members, wanted := bothListed(p.Members, p.Desired)
	rules := newSpared(p.Rules, p.Owners)
	keep := make([]int32, 0, len(p.Members))
	sideBySide(members, wanted, func(at, wantedAt int32) {
		if wantedAt != none && p.Desired[wantedAt].ID != "" {
			d.want(p, rules, &p.Desired[wantedAt], at != none)
		}
		if at == none {
			return
		}
		if member := &p.Members[at]; wantedAt == none && p.Mode != ModeAdd {
			reason := cmp.Or(p.leftAlone(member), rules.spares(member))
			if reason == "" {
				d.remove = append(d.remove, p.refOf(member))
				return
			}
			d.skip(member, reason)
		}
		keep = append(keep, at)
	})
	d.keep = idsOfAll(p.Members, keep)
	for i := range p.Desired { // nobody's ids, each an entry of its own
		if o := &p.Desired[i]; o.ID == "" {
			d.skip(o, p.notWritable(o))
		}
	}
	return d
}

// want takes an object of the audience.
func (d *difference) want(p *Params, rules *spared, o *model.Object, isMember bool) {
	refused, leaves := p.notWritable(o), rules.leaves(o)
	if refused == "" && leaves == "" {
		d.audience++
	}
	switch {
	case isMember:
		d.unchanged++
	case refused != "":
		d.skip(o, refused)
	case p.Mode == ModeRemove:
	case leaves != "":
		d.skip(o, leaves+notAdded)
	default:
		d.add = append(d.add, p.refOf(o))
	}
}

func (d *difference) skip(o *model.Object, reason string) {
	d.skipped = append(d.skipped, Skipped{Entry: entryName(o), Reason: reason})
}

// byMail reports whether Exchange will make the plan, where members are mail
// recipients.
func (p *Params) byMail() bool { return p.HandOver && p.Group.Kind.InExchange() }

func (p *Params) refOf(o *model.Object) Ref {
	r := refOf(o)
	if p.HandOver {
		r.Mail = o.Mail
	}
	return r
}

func refOf(o *model.Object) Ref {
	return Ref{ID: o.ID, UserPrincipalName: o.UserPrincipalName, DisplayName: o.DisplayName}
}

func entryName(o *model.Object) string {
	return cmp.Or(o.Mail, o.UserPrincipalName, o.DisplayName, o.ID)
}

// notWritable says why an object of the audience is not added; "" where it can
// be.
func (p *Params) notWritable(o *model.Object) string {
	switch {
	case o.ID == "" && p.byMail():
		return "no user or mail contact of the tenant has this address"
	case o.ID == "":
		return "no user of the tenant has this address"
	case p.byMail() && o.Mail == "" && (o.Type == model.ObjectUser || o.Type == model.ObjectContact):
		return typeName(o) + " without an address: Exchange adds mail recipients only"
	case o.Type == model.ObjectUser, p.byMail() && o.Type == model.ObjectContact:
		return ""
	case p.byMail():
		return typeName(o) + ": rollcall hands over users and mail contacts only"
	case p.Group.Kind == model.KindMicrosoft365:
		return typeName(o) + ": Microsoft 365 groups accept users only"
	default:
		return typeName(o) + ": rollcall writes users only"
	}
}

// leftAlone says why a member outside of the audience is not removed, by what
// it is; "" where it can be.
func (p *Params) leftAlone(o *model.Object) string {
	const isMember = " is a member and was left alone: "
	switch {
	case p.byMail() && o.Mail == "" && (o.Type == model.ObjectUser || o.Type == model.ObjectContact):
		return typeName(o) + " without an address" + isMember + "Exchange knows members by theirs"
	case o.Type == model.ObjectUser, p.byMail() && o.Type == model.ObjectContact:
		return ""
	case p.byMail():
		return typeName(o) + isMember + "rollcall hands over users and mail contacts only"
	default:
		return typeName(o) + isMember + "rollcall removes users only"
	}
}

func typeName(o *model.Object) string {
	switch o.Type {
	case model.ObjectUser:
		return "user"
	case model.ObjectGroup:
		return "nested group"
	case model.ObjectContact:
		return "mail contact"
	case model.ObjectDevice:
		return "device"
	case model.ObjectServicePrincipal:
		return "service principal"
	default:
		return "object of an unknown type"
	}
}

// normalize puts every list in its one order and every text in the form that
// survives JSON, so that equal plans have equal bytes.
func (p *Plan) normalize() {
	valid := func(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }
	texts := func(list []string) []string {
		out := make([]string, len(list))
		for i, s := range list {
			out[i] = valid(s)
		}
		return out
	}
	refs := func(list []Ref) []Ref {
		out := make([]Ref, len(list))
		for i, r := range list {
			out[i] = Ref{ID: r.ID, UserPrincipalName: valid(r.UserPrincipalName), DisplayName: valid(r.DisplayName), Mail: valid(r.Mail)}
		}
		return refsInOrder(out)
	}
	p.Group.DisplayName, p.Group.Mail, p.Author = valid(p.Group.DisplayName), valid(p.Group.Mail), valid(p.Author)
	p.From, p.Exclude = texts(p.From), texts(p.Exclude)
	var sorting sync.WaitGroup
	sorting.Go(func() { p.Add = refs(p.Add) })
	p.Remove = refs(p.Remove)
	sorting.Wait()
	p.Keep = textsInOrder(p.Keep)
	skipped := make(map[Skipped]bool, len(p.Skipped))
	for _, s := range p.Skipped {
		skipped[Skipped{Entry: valid(s.Entry), Reason: valid(s.Reason)}] = true
	}
	p.Skipped = slices.SortedFunc(maps.Keys(skipped), func(a, b Skipped) int {
		return cmp.Or(strings.Compare(a.Entry, b.Entry), strings.Compare(a.Reason, b.Reason))
	})
	p.CreatedAt = p.CreatedAt.UTC().Truncate(time.Second)
}

func compareRefs(a, b Ref) int {
	return cmp.Or(strings.Compare(strings.ToLower(a.UserPrincipalName), strings.ToLower(b.UserPrincipalName)), strings.Compare(a.ID, b.ID))
}
