package writeback

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"rollcall/model"
)

// drawObject is an object of a directory of 40, of which every detail depends
// on its number alone: so a member and an entry of the audience agree.
func drawObject(i int) model.Object {
	kinds := []model.ObjectType{
		model.ObjectUser, model.ObjectUser, model.ObjectUser, model.ObjectUser, model.ObjectUser,
		model.ObjectContact, model.ObjectGroup, model.ObjectDevice, model.ObjectServicePrincipal, model.ObjectOther,
	}
	enabled := i%3 != 0
	o := model.Object{
		ID: fmt.Sprintf("%08x-0000-4000-8000-00000000000%d", i*0x01020304, i%10), Type: kinds[i%len(kinds)],
		DisplayName: fmt.Sprintf("Object %d", i), UserPrincipalName: fmt.Sprintf("U%d@contoso.com", i), Mail: fmt.Sprintf("m%d@contoso.com", i),
		ProxyAddresses: []string{fmt.Sprintf("smtp:Alias%d@contoso.com", i)}, AccountEnabled: &enabled, UserType: []string{"Member", "Guest", ""}[i%3],
	}
	if i%7 == 0 {
		o.Mail = ""
	}
	return o
}

// drawn is a random occasion to plan.
type drawn struct {
	Params
	protected, owners, desired, members map[string]bool // object ids
	mail                                map[string]string
}

func drawParams(t *rapid.T) drawn {
	d := drawn{protected: map[string]bool{}, owners: map[string]bool{}, desired: map[string]bool{}, members: map[string]bool{}, mail: map[string]string{}}
	d.Params = Params{
		TenantID: "t-1", From: []string{"segment:S"}, Author: "adele@contoso.com", Now: noon, First: rapid.Bool().Draw(t, "first"),
		Mode: rapid.SampledFrom([]Mode{ModeMirror, ModeAdd, ModeRemove}).Draw(t, "mode"),
		Group: model.Group{ID: "g-1", DisplayName: "Sales", Mail: "sales@contoso.com", Kind: rapid.SampledFrom([]model.GroupKind{
			model.KindSecurity, model.KindMicrosoft365, model.KindDistribution, model.KindMailEnabledSecurity,
		}).Draw(t, "kind")},
		Rules: Rules{
			Guards: Guards{
				MaxRemovals: rapid.IntRange(-1, 5).Draw(t, "removals"), MaxAdditions: rapid.IntRange(-1, 5).Draw(t, "additions"),
				RemovalsPercent: rapid.IntRange(-1, 40).Draw(t, "removals %"), AdditionsPercent: rapid.IntRange(-1, 40).Draw(t, "additions %"),
				LeastSize: rapid.IntRange(-1, 20).Draw(t, "least"), FirstRemovals: rapid.IntRange(-1, 3).Draw(t, "first removals"),
			},
			SkipGuests: rapid.Bool().Draw(t, "guests"), SkipDisabled: rapid.Bool().Draw(t, "disabled"), RemoveOwners: rapid.Bool().Draw(t, "remove owners"),
		},
	}
	d.HandOver = d.Group.Kind.InExchange() || rapid.Bool().Draw(t, "hand over")
	number := rapid.IntRange(0, 39)
	for _, i := range rapid.SliceOfN(number, 0, 60).Draw(t, "members") {
		o := drawObject(i)
		d.Members, d.members[o.ID] = append(d.Members, o), true
	}
	for _, i := range rapid.SliceOfN(number, 0, 60).Draw(t, "desired") {
		o := drawObject(i)
		d.Desired, d.desired[o.ID], d.mail[o.ID] = append(d.Desired, o), true, o.Mail
	}
	for _, i := range rapid.SliceOfN(number, 0, 3).Draw(t, "protected") {
		o := drawObject(i)
		name := rapid.SampledFrom([]string{strings.ToUpper(o.ID), strings.ToLower(o.UserPrincipalName), strings.ToUpper(cmp.Or(o.Mail, o.ID)), strings.TrimPrefix(o.ProxyAddresses[0], "smtp:")}).Draw(t, "by")
		d.Rules.ProtectedUsers, d.protected[o.ID] = append(d.Rules.ProtectedUsers, name), true
	}
	for _, i := range rapid.SliceOfN(number, 0, 3).Draw(t, "owners") {
		o := drawObject(i)
		d.Owners, d.owners[o.ID] = append(d.Owners, o.ID), true
	}
	return d
}

// canBeRow and mayChange are the rules as the documentation says them.
func (d *drawn) canBeRow(o model.Object) bool {
	if d.HandOver && (d.Group.Kind == model.KindDistribution || d.Group.Kind == model.KindMailEnabledSecurity) {
		return (o.Type == model.ObjectUser || o.Type == model.ObjectContact) && o.Mail != ""
	}
	return o.Type == model.ObjectUser
}

func (d *drawn) mayChange(o model.Object) bool {
	return o.Type != model.ObjectUser || !(d.Rules.SkipGuests && o.UserType == "Guest") && !(d.Rules.SkipDisabled && !*o.AccountEnabled)
}

// target is the group as it shall be, by definition.
func (d *drawn) target() []string {
	target := map[string]bool{}
	for _, o := range d.Members {
		removed := d.Mode != ModeAdd && !d.desired[o.ID] && d.canBeRow(o) && d.mayChange(o) && !d.protected[o.ID] && (d.Rules.RemoveOwners || !d.owners[o.ID])
		if !removed {
			target[o.ID] = true
		}
	}
	for _, o := range d.Desired {
		if d.Mode != ModeRemove && d.canBeRow(o) && d.mayChange(o) {
			target[o.ID] = true
		}
	}
	return sortedKeys(target)
}

func sortedKeys(set map[string]bool) []string {
	keys := []string{}
	for k := range set {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// result is the group that the plan's rows make of its members.
func (d *drawn) result(p *Plan) []string {
	result := map[string]bool{}
	for id := range d.members {
		result[id] = true
	}
	for _, r := range p.Add {
		result[r.ID] = true
	}
	for _, r := range p.Remove {
		delete(result, r.ID)
	}
	return sortedKeys(result)
}

func TestAnyPlanDoesWhatItIsDefinedToDoAndNothingElse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := drawParams(t)
		p, err := New(d.Params)
		require.NoError(t, err)
		require.Equal(t, d.target(), d.result(p))
		require.NoError(t, p.Verify())
		require.Equal(t, d.Mode, p.Mode)
		require.Equal(t, len(d.members), p.BaseCount)
		require.Equal(t, Fingerprint(sortedKeys(d.members)), p.Base)

		reasons := map[string]bool{}
		for _, s := range p.Skipped {
			require.NotEmpty(t, s.Reason)
			reasons[s.Entry] = true
		}
		rows, unchanged := map[string]bool{}, 0
		for _, r := range p.Remove {
			rows[r.ID] = true
			require.True(t, d.members[r.ID] && !d.desired[r.ID])
			require.False(t, d.protected[r.ID], "a protected user is removed")
			require.False(t, d.owners[r.ID] && !d.Rules.RemoveOwners, "an owner is removed")
		}
		for _, r := range p.Add {
			rows[r.ID] = true
			require.True(t, d.desired[r.ID] && !d.members[r.ID])
			require.Equal(t, d.HandOver && d.mail[r.ID] != "", r.Mail != "", "Exchange goes by the address")
		}
		for id := range d.members {
			require.NotEqual(t, rows[id], slices.Contains(p.Keep, id), "a member stays or is removed")
			if d.desired[id] {
				unchanged++
			}
		}
		require.Equal(t, unchanged, p.Unchanged)
		require.Len(t, p.Keep, len(d.members)-len(p.Remove))
		for _, o := range slices.Concat(d.Members, d.Desired) {
			silent := rows[o.ID] || d.members[o.ID] == d.desired[o.ID] ||
				d.members[o.ID] && d.Mode == ModeAdd || d.desired[o.ID] && d.Mode == ModeRemove && d.canBeRow(o)
			require.Equal(t, !silent, reasons[entryName(&o)], "%+v: who is left out is told, and nobody else", o)
		}
	})
}

func TestNoOrderAndNoRepetitionOfWhatIsReadChangesAPlan(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := drawParams(t)
		p, err := New(d.Params)
		require.NoError(t, err)
		d.Members = rapid.Permutation(append(d.Members, d.Members[:len(d.Members)/2]...)).Draw(t, "members again")
		d.Desired = rapid.Permutation(append(d.Desired, d.Desired[:len(d.Desired)/2]...)).Draw(t, "desired again")
		again, err := New(d.Params)
		require.NoError(t, err)
		require.Equal(t, p, again)
	})
}

func TestAnyPlanIsReadBackAndCanLoseAnyOfItsRows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := drawParams(t)
		p, err := New(d.Params)
		require.NoError(t, err)
		data, err := p.Encode()
		require.NoError(t, err)
		got, err := Decode(data)
		require.NoError(t, err)
		require.Equal(t, p, normal(got))

		target := d.target()
		var out []string
		for _, r := range slices.Concat(p.Add, p.Remove) {
			if rapid.Bool().Draw(t, r.ID) {
				out = append(out, r.ID)
				if at, stays := slices.BinarySearch(target, r.ID); stays {
					target = slices.Delete(target, at, at+1)
				} else {
					target = slices.Insert(target, at, r.ID)
				}
			}
		}
		less, err := p.Without(out...)
		require.NoError(t, err)
		require.NoError(t, less.Verify())
		require.Equal(t, target, d.result(less))
		require.Equal(t, p.Base, less.Base)
		require.Equal(t, p.HandOver, less.HandOver)
		require.Equal(t, d.Rules.Hold(less, d.First), less.Guards, "its guards are those of what is left")
	})
}

// normal has no list that is nil where a new plan has an empty one.
func normal(p *Plan) *Plan {
	if p.Exclude == nil {
		p.Exclude = []string{}
	}
	return p
}

func TestWhatMustBeTypedLiftsThePlanAndNothingLessDoes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := drawParams(t)
		p, err := New(d.Params)
		require.NoError(t, err)
		additions, removals := p.MustAllow()
		err = Check(p, Approval{By: "adele", AllowAdditions: additions, AllowRemovals: removals})
		require.Equal(t, len(p.Blocked()) > 0, err != nil, "%v", err)
		if additions > 0 {
			require.Equal(t, len(p.Add), additions)
			require.Error(t, Check(p, Approval{By: "adele", AllowAdditions: additions - 1, AllowRemovals: removals}))
		}
		if removals > 0 {
			require.Equal(t, len(p.Remove), removals)
			require.Error(t, Check(p, Approval{By: "adele", AllowAdditions: additions, AllowRemovals: removals - 1}))
		}
		tripped := slices.ContainsFunc(p.Guards, func(g GuardResult) bool { return g.Tripped })
		require.Equal(t, tripped, additions+removals+len(p.Blocked()) > 0)
		if tripped {
			require.Error(t, Check(p, Approval{By: "adele"}))
		}
		open := NoGuards().Hold(p, d.First)
		for i, g := range p.Guards {
			require.Equal(t, guardOrder[i], g.Name)
			require.False(t, open[i].Tripped && !g.Tripped, "a limit that is off stops nothing that another lets pass")
		}
	})
}

func TestThePlansHashIsThatOfWhatEncodingJSONWrites(t *testing.T) {
	text := rapid.OneOf(rapid.String(), rapid.StringMatching(`[a-z0-9-]{0,40}`), rapid.SampledFrom([]string{
		`"add":[],"remove":[],"keep":[]`, "<a href='&'>", "\u2028\u2029", "\x7f\x00\n\t\\", "a\xffb", "Zoë 田中 🎉", "",
	}))
	rapid.Check(t, func(t *rapid.T) {
		refs := func(label string) []Ref {
			if rapid.Bool().Draw(t, label+" is nil") {
				return nil
			}
			list := []Ref{}
			for range rapid.IntRange(0, 4).Draw(t, label) {
				list = append(list, Ref{ID: text.Draw(t, "id"), UserPrincipalName: text.Draw(t, "upn"), DisplayName: text.Draw(t, "name"), Mail: text.Draw(t, "mail")})
			}
			return list
		}
		p := &Plan{
			TenantID: text.Draw(t, "tenant"), Group: GroupRef{DisplayName: text.Draw(t, "group")}, Mode: ModeMirror, From: []string{text.Draw(t, "from")},
			Add: refs("add"), Remove: refs("remove"), Skipped: []Skipped{{Entry: text.Draw(t, "entry")}}, Author: text.Draw(t, "author"), CreatedAt: noon,
		}
		if rapid.Bool().Draw(t, "keep") {
			p.Keep = rapid.SliceOf(text).Draw(t, "kept")
		}
		data, err := json.Marshal(p)
		require.NoError(t, err)
		h := newHasher()
		h.add(string(data))
		got, err := p.digest()
		require.NoError(t, err)
		require.Equal(t, h.sum(), got)
	})
}

func TestListsAreOrderedAsTextsAreAndOtherwiseAsTheyStand(t *testing.T) {
	text := rapid.OneOf(rapid.StringMatching(`[ab]{0,10}`), rapid.StringMatching(`[0-9a-f]{8}-[0-9a-f]{1,4}`), rapid.String())
	type element struct {
		name string
		at   int
	}
	rapid.Check(t, func(t *rapid.T) {
		var list []element
		for i, name := range rapid.SliceOfN(text, 0, 300).Draw(t, "texts") {
			list = append(list, element{name, i})
		}
		want := slices.Clone(list)
		slices.SortStableFunc(want, func(a, b element) int { return strings.Compare(a.name, b.name) })
		got := inOrder(len(list), func(i int) string { return list[i].name })
		require.Len(t, got, len(want))
		for i := range want {
			assert.Equal(t, want[i], list[got[i].at])
		}
	})
}

func TestRowsAreInThePlansOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var refs []Ref
		for range rapid.IntRange(0, 50).Draw(t, "rows") {
			refs = append(refs, Ref{ID: rapid.StringMatching(`[ab]{1,3}`).Draw(t, "id"), UserPrincipalName: rapid.StringMatching(`[abAB@]{0,3}`).Draw(t, "upn")})
		}
		want := slices.Clone(refs)
		slices.SortStableFunc(want, compareRefs)
		got := refsInOrder(slices.Clone(refs))
		for i := range want {
			require.Equal(t, want[i].ID, got[i].ID)
			require.True(t, strings.EqualFold(want[i].UserPrincipalName, got[i].UserPrincipalName))
		}
	})
}
