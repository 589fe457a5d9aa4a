package audience

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/model"
	"rollcall/model/expansion"
)

// world answers every port from maps.
type world struct {
	byAddress map[string][]model.Object
	byName    map[string][]model.Object
	local     map[string][]model.Object // by "kind:name"
	departed  map[string][]model.Object // by "list:name"
	members   map[string][]model.Object
	fail      map[string]error // by what was asked
}

func (w *world) ResolveAddress(_ context.Context, address string) ([]model.Object, error) {
	return w.byAddress[strings.ToLower(address)], w.fail[address]
}

func (w *world) ResolveGroup(_ context.Context, name string) ([]model.Object, error) {
	return w.byName[name], w.fail[name]
}

func (w *world) Domains(context.Context) ([]string, error) { return []string{"contoso.com"}, nil }

func (w *world) Segment(_ context.Context, name string) ([]model.Object, error) {
	return w.answer("segment:" + name)
}

func (w *world) Rule(_ context.Context, rule string) ([]model.Object, error) {
	return w.answer("rule:" + rule)
}

func (w *world) List(_ context.Context, name string) (present, departed []model.Object, err error) {
	present, err = w.answer("list:" + name)
	return present, w.departed["list:"+name], err
}

func (w *world) File(_ context.Context, path string) ([]model.Object, error) {
	return w.answer("file:" + path)
}

func (w *world) Snapshot(_ context.Context, name string) ([]model.Object, error) {
	return w.answer("snapshot:" + name)
}

func (w *world) answer(key string) ([]model.Object, error) {
	objects, ok := w.local[key]
	if err := w.fail[key]; err != nil {
		return nil, err
	}
	if !ok {
		return nil, &model.Error{Kind: model.KindUsage, Code: "unknown", Message: "there is no " + key}
	}
	return objects, nil
}

func (w *world) ResolveName(ctx context.Context, name string) ([]model.Object, error) {
	return w.ResolveGroup(ctx, name)
}

func (w *world) Members(_ context.Context, questions []expansion.Question) ([]expansion.Listing, error) {
	out := make([]expansion.Listing, len(questions))
	for i, q := range questions {
		g := q.Group
		out[i] = expansion.Listing{GroupID: g.ID, Source: expansion.SourceGraph, Members: w.members[g.ID]}
	}
	return out, nil
}

func user(name string) model.Object {
	enabled := true
	return model.Object{
		ID: "u-" + name, Type: model.ObjectUser, DisplayName: name, UserPrincipalName: name + "@contoso.com",
		Mail: name + "@contoso.com", AccountEnabled: &enabled, ProxyAddresses: []string{"SMTP:" + name + "@contoso.com", "smtp:" + name + ".old@contoso.com"},
	}
}

func group(name string) model.Object {
	g := model.Group{ID: "g-" + name, DisplayName: name, Mail: name + "@contoso.com", Kind: model.KindSecurity}
	return model.Object{ID: g.ID, Type: model.ObjectGroup, DisplayName: name, Mail: g.Mail, Group: &g}
}

// newWorld: all = ann, bob, cy, sub(di, ann); a segment of ann and ed, who has
// no address.
func newWorld() *world {
	ed := user("ed")
	ed.Mail, ed.ProxyAddresses = "", nil
	return &world{
		byAddress: map[string][]model.Object{
			"all@contoso.com": {group("all")}, "bob@contoso.com": {user("bob")}, "bob.old@contoso.com": {user("bob")},
		},
		byName: map[string][]model.Object{"sub": {group("sub")}, "twice": {group("one"), group("two")}},
		local: map[string][]model.Object{
			"segment:S":   {user("ann"), ed},
			"rule:R":      {user("cy")},
			"list:L":      {user("di")},
			"file:x.csv":  {{Type: model.ObjectContact, Mail: "Eve@Fabrikam.com"}, {Type: model.ObjectContact, Mail: "ANN.old@contoso.com"}},
			"segment:Ed":  {ed},
			"file:f.csv":  {{Type: model.ObjectContact, Mail: "eve@fabrikam.com"}},
			"segment:nil": {},
			"snapshot:N":  {user("bob"), {Type: model.ObjectContact, Mail: "zoe@fabrikam.com"}},
			"list:Old":    {},
			"list:Gone":   {user("ann")},
		},
		departed: map[string][]model.Object{
			"list:Old":  {user("fay")},
			"list:Gone": {user("gil"), user("hal"), {ID: "u-ivy", Mail: "ivy@contoso.com"}, {ID: "u-jan"}},
		},
		members: map[string][]model.Object{
			"g-all": {user("ann"), user("bob"), user("cy"), group("sub")},
			"g-sub": {user("di"), user("ann")},
		},
		fail: map[string]error{},
	}
}

func build(t *testing.T, w *world, texts ...string) *Preview {
	t.Helper()
	p, err := Build(context.Background(), Ports{Resolver: w, Local: w, Members: w}, parse(t, texts), Options{Now: noon})
	require.NoError(t, err)
	return p
}

func parse(t *testing.T, texts []string) []Entry {
	t.Helper()
	var entries []Entry
	for _, text := range texts {
		e, err := ParseEntry(text)
		require.NoError(t, err)
		entries = append(entries, e)
	}
	return entries
}

func noon() time.Time { return time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC) }

func names(recipients []expansion.Recipient) string {
	var out []string
	for _, r := range recipients {
		out = append(out, strings.TrimSuffix(r.Address, "@contoso.com"))
	}
	return strings.Join(out, " ")
}

func TestIncludeMinusExclude(t *testing.T) {
	tests := []struct {
		name           string
		entries        []string
		left, excluded string
	}{
		{"a list alone", []string{"all@contoso.com"}, "ann bob cy di", ""},
		{"minus a nested list", []string{"all@contoso.com", "-group:sub"}, "bob cy", "ann di"},
		{"minus a segment", []string{"all@contoso.com", "-segment:S"}, "bob cy di", "ann"},
		{"minus a secondary address", []string{"all@contoso.com", "-bob.old@contoso.com"}, "ann cy di", "bob"},
		{"minus a rule and a list", []string{"all@contoso.com", "-rule:R", "-list:L"}, "ann bob", "cy di"},
		{"minus an address out of a file, by a secondary address", []string{"all@contoso.com", "-file:x.csv"}, "bob cy di", "ann"},
		{"a file minus the owner of a secondary address in it", []string{"file:x.csv", "-segment:S"}, "Eve@Fabrikam.com", "ANN.old"},
		{"a file counts addresses that nobody owns", []string{"file:x.csv", "all@contoso.com"}, "ann bob cy di Eve@Fabrikam.com", ""},
		{"minus a foreign address", []string{"file:x.csv", "-EVE@fabrikam.com"}, "ANN.old", "Eve@Fabrikam.com"},
		{"minus what is not in it", []string{"group:sub", "-rule:R"}, "ann di", ""},
		{"minus everything", []string{"group:sub", "-all@contoso.com"}, "", "ann di"},
		{"an empty segment", []string{"segment:nil"}, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := build(t, newWorld(), tt.entries...)
			assert.Equal(t, tt.left, names(p.Recipients))
			assert.Equal(t, tt.excluded, names(p.Excluded))
			assert.True(t, p.Complete())
		})
	}
}

func TestIncludeWithinMinusExclude(t *testing.T) {
	tests := []struct {
		name                    string
		entries                 []string
		left, outside, excluded string
	}{
		{"a list within a nested list", []string{"all@contoso.com", "&group:sub"}, "ann di", "bob cy", ""},
		{"the order does not matter", []string{"&group:sub", "all@contoso.com"}, "ann di", "bob cy", ""},
		{"within a segment", []string{"all@contoso.com", "&segment:S"}, "ann", "bob cy di", ""},
		{"within a rule or a list", []string{"all@contoso.com", "&rule:R", "&list:L"}, "cy di", "ann bob", ""},
		{"within a secondary address", []string{"all@contoso.com", "&bob.old@contoso.com"}, "bob", "ann cy di", ""},
		{"within an address out of a file, by a secondary address", []string{"all@contoso.com", "&file:x.csv"}, "ann", "bob cy di", ""},
		{"a file within the owner of a secondary address in it", []string{"file:x.csv", "&segment:S"}, "ANN.old", "Eve@Fabrikam.com", ""},
		{"within a foreign address", []string{"file:x.csv", "&EVE@fabrikam.com"}, "Eve@Fabrikam.com", "ANN.old", ""},
		{"within an empty segment", []string{"group:sub", "&segment:nil"}, "", "ann di", ""},
		{"within itself", []string{"group:sub", "&group:sub"}, "ann di", "", ""},
		{"outside comes before excluded", []string{"all@contoso.com", "&group:sub", "-rule:R", "-segment:S"}, "di", "bob cy", "ann"},
		{"within a snapshot", []string{"all@contoso.com", "&snapshot:N"}, "bob", "ann cy di", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := build(t, newWorld(), tt.entries...)
			assert.Equal(t, tt.left, names(p.Recipients))
			assert.Equal(t, tt.outside, names(p.Outside))
			assert.Equal(t, tt.excluded, names(p.Excluded))
			assert.True(t, p.Complete())
			assert.Equal(t, len(p.Outside), p.Summary().Outside)
			assert.Equal(t, len(p.Recipients), p.Counts.Unique)
		})
	}
}

func TestWhoHasNoAddressFallsOutsideToo(t *testing.T) {
	w := newWorld()
	kiosk := model.Object{ID: "d-1", Type: model.ObjectDevice, DisplayName: "kiosk"}
	w.members["g-sub"] = append(w.members["g-sub"], kiosk)
	p := build(t, w, "segment:S", "group:sub", "&segment:S")
	assert.Equal(t, "ann", names(p.Recipients))
	require.Len(t, p.WithoutAddress, 1)
	assert.Equal(t, "u-ed", p.WithoutAddress[0].ID)
	assert.Empty(t, p.NonRecipients)
	assert.Len(t, p.Objects(), 2)

	p = build(t, w, "segment:S", "group:sub", "&group:sub")
	assert.Empty(t, p.WithoutAddress)
	assert.Equal(t, []model.Object{kiosk}, p.NonRecipients)
}

func TestAnAudienceThatKeepsWithinOrTakesAwayMustIncludeSomebody(t *testing.T) {
	for sign, entries := range map[string][]string{"&": {"-bob@contoso.com", "&segment:S"}, "-": {"-segment:S", "-bob@contoso.com"}} {
		_, err := Build(context.Background(), Ports{}, parse(t, entries), Options{})
		e := model.AsError(err)
		require.NotNil(t, e)
		assert.Equal(t, model.KindUsage, e.Kind)
		assert.Equal(t, "nothingIncluded", e.Code)
		assert.Equal(t, "name what is included beside it, or write segment:S without the "+sign+" to include it", e.Remedy)
	}
}

func TestWhatIsMissingOfALimitMayHaveDroppedSomebody(t *testing.T) {
	w := newWorld()
	limited := model.Object{ID: "c-1", Type: model.ObjectContact, Limited: true}
	w.members["g-sub"] = []model.Object{user("di"), limited}
	p := build(t, w, "all@contoso.com", "rule:R", "&group:sub", "&group:nope", "&snapshot:N", "-group:none")
	assert.False(t, p.Complete())
	type part struct {
		entry            string
		within, excluded bool
	}
	var parts []part
	for _, m := range p.Missing {
		parts = append(parts, part{m.Entry, m.Within, m.Excluded})
	}
	assert.Equal(t, []part{{"group:nope", true, false}, {"sub", false, false}, {"group:none", false, true}}, parts,
		"what is missing of the included list, too, is said once, and of the exclusion last")
	unresolved := p.Summary().Unresolved
	assert.True(t, unresolved[0].Within)
	assert.False(t, unresolved[1].Within)
	assert.True(t, unresolved[2].Excluded)
}

func TestOnlyWhatConcernsOneEntryAloneIsMissing(t *testing.T) {
	w := newWorld()
	hidden := &model.Error{Kind: model.KindPartial, Code: "membershipHidden", Message: "the members of Board are hidden from this account"}
	damaged := &model.Error{Kind: model.KindFailed, Code: "ledgerCorrupt", Message: "the ledger is damaged"}
	w.fail["segment:Hidden"], w.fail["segment:Damaged"] = hidden, damaged
	p := build(t, w, "all@contoso.com", "&segment:Hidden")
	require.Len(t, p.Missing, 1)
	assert.Equal(t, expansion.Missing{Entry: "segment:Hidden", Reason: hidden, Within: true}, p.Missing[0])
	assert.Empty(t, p.Recipients)

	_, err := Build(context.Background(), Ports{Resolver: w, Local: w, Members: w}, parse(t, []string{"all@contoso.com", "-segment:Damaged"}), Options{})
	require.ErrorIs(t, err, damaged)
}

func TestWhoHasLeftIsOutsideOnlyWhereThatIsKnown(t *testing.T) {
	outside := func(entries ...string) []string {
		var ids []string
		for _, d := range build(t, newWorld(), entries...).Departed {
			if d.Outside {
				ids = append(ids, d.Entry.String()+" "+d.Object.ID)
			}
		}
		return ids
	}
	assert.Empty(t, outside("list:Old"))
	assert.Equal(t, []string{"list:Old u-fay"}, outside("list:Old", "&list:Gone"))
	assert.Equal(t, []string{"list:Old u-fay"}, outside("list:Old", "&all@contoso.com", "-list:Old"))
	assert.Empty(t, outside("list:Old", "&list:Old"))
	assert.Empty(t, outside("list:Old", "&list:Gone", "&segment:S"), "a segment cannot judge who is not in the directory")
}

func TestAnExclusionTakesThoseWithoutAnAddressToo(t *testing.T) {
	p := build(t, newWorld(), "segment:S")
	require.Len(t, p.WithoutAddress, 1)
	assert.Equal(t, "u-ed", p.WithoutAddress[0].ID)
	assert.Len(t, p.Objects(), 2)

	p = build(t, newWorld(), "segment:S", "-segment:Ed")
	assert.Empty(t, p.WithoutAddress)
	require.Len(t, p.Objects(), 1)
	assert.Equal(t, "u-ann", p.Objects()[0].ID)
}

func TestWhatDoesNotResolveIsMissingWithItsReason(t *testing.T) {
	denied := &model.Error{Kind: model.KindFailed, Code: "denied", Message: "the lookup was refused"}
	w := newWorld()
	w.fail["odd@contoso.com"] = denied
	tests := []struct{ entry, code, says string }{
		{"nobody@contoso.com", "addressNotFound", "dynamic distribution list, which only Exchange can expand"},
		{"bob@fabrikam.com", "addressNotFound", "file:PATH.csv"},
		{"group:nope", "groupNotFound", "dynamic distribution list, which only Exchange can expand"},
		{"group:twice", "entryAmbiguous", "one (security group, one@contoso.com, id g-one); two (security group, two@contoso.com, id g-two)"},
		{"odd@contoso.com", "denied", "the lookup was refused"},
	}
	for _, tt := range tests {
		for _, sign := range []string{"", "-"} {
			if sign == "-" && tt.entry == "bob@fabrikam.com" {
				continue // an address of nobody's can be taken away by itself
			}
			t.Run(sign+tt.entry, func(t *testing.T) {
				p := build(t, w, "all@contoso.com", sign+tt.entry)
				assert.False(t, p.Complete(), "an exclusion that is not known leaves the answer open as well")
				require.Len(t, p.Missing, 1)
				assert.Equal(t, tt.entry, p.Missing[0].Entry)
				assert.Equal(t, sign == "-", p.Missing[0].Excluded)
				assert.Equal(t, tt.code, p.Missing[0].Reason.Code)
				assert.Contains(t, p.Missing[0].Reason.Message+" "+p.Missing[0].Reason.Remedy, tt.says)
				assert.Equal(t, "ann bob cy di", names(p.Recipients), "the rest is still answered")
			})
		}
	}
}

func TestAListThatIsIncludedAndExcludedIsMissingOnce(t *testing.T) {
	w := newWorld()
	w.members["g-sub"] = []model.Object{{ID: "c-1", Type: model.ObjectContact, Limited: true}}
	p := build(t, w, "all@contoso.com", "-group:sub")
	require.Len(t, p.Missing, 1)
	assert.True(t, p.Missing[0].Excluded, "whoever it is, the exclusion takes it away")
	assert.Equal(t, "1 member of sub could not be read: OrgContact.Read.All is missing", p.Missing[0].Reason.Message)
}

func TestMissingPartsOfExclusionsAreToldApartAndComeLast(t *testing.T) {
	w := newWorld()
	limited := []model.Object{{ID: "c-1", Type: model.ObjectContact, Limited: true}}
	w.byName["in"], w.byName["out"] = []model.Object{group("in")}, []model.Object{group("out")}
	w.members["g-in"], w.members["g-out"] = limited, limited
	p := build(t, w, "-group:out", "-group:nope", "group:in", "group:none")
	sides := make(map[string]bool)
	var order []string
	for _, m := range p.Missing {
		sides[m.Entry] = m.Excluded
		order = append(order, m.Entry)
	}
	assert.Equal(t, map[string]bool{"group:none": false, "in": false, "group:nope": true, "out": true}, sides)
	assert.Equal(t, []string{"group:none", "in", "group:nope", "out"}, order)

	unresolved := p.Summary().Unresolved
	require.Len(t, unresolved, 4)
	assert.False(t, unresolved[0].Excluded)
	assert.True(t, unresolved[3].Excluded)
}

func TestDevicesAndServicePrincipalsAreCountedApart(t *testing.T) {
	w := newWorld()
	kiosk := model.Object{ID: "d-1", Type: model.ObjectDevice, DisplayName: "kiosk"}
	robot := model.Object{ID: "s-1", Type: model.ObjectServicePrincipal, DisplayName: "robot"}
	w.members["g-sub"] = append(w.members["g-sub"], kiosk, robot)
	p := build(t, w, "group:sub")
	assert.Equal(t, []model.Object{kiosk, robot}, p.NonRecipients)
	assert.Equal(t, 2, p.Summary().NonRecipients)
	assert.Equal(t, 2, p.Summary().Recipients.Unique)

	w.byName["kiosks"] = []model.Object{group("kiosks")}
	w.members["g-kiosks"] = []model.Object{kiosk}
	p = build(t, w, "group:sub", "-group:kiosks")
	assert.Equal(t, []model.Object{robot}, p.NonRecipients, "an exclusion takes devices away too")
}

func TestAnAudienceWithoutAnAnswerIsAnError(t *testing.T) {
	w := newWorld()
	signedOut := &model.Error{Kind: model.KindSignIn, Code: "signedOut", Message: "signed out"}
	w.fail["all@contoso.com"] = signedOut
	_, err := Build(context.Background(), Ports{Resolver: w, Local: w, Members: w}, parse(t, []string{"all@contoso.com"}), Options{})
	require.ErrorIs(t, err, signedOut)

	_, err = Build(context.Background(), Ports{Resolver: w, Local: w, Members: w}, parse(t, []string{"segment:nope"}), Options{})
	require.ErrorContains(t, err, "there is no segment:nope")
}

func TestASegmentAloneAsksTheTenantNothing(t *testing.T) {
	w := newWorld()
	p, err := Build(context.Background(), Ports{Local: w}, parse(t, []string{"segment:S"}), Options{})
	require.NoError(t, err)
	assert.Equal(t, "ann", names(p.Recipients))
}

func TestWhoHasLeftAListIsReportedAndLeavesTheAnswerComplete(t *testing.T) {
	p := build(t, newWorld(), "list:Gone", "list:Old", "bob@contoso.com", "-list:Old")
	assert.True(t, p.Complete(), "nobody is missing who could receive the message")
	assert.Equal(t, []string{"ann@contoso.com", "bob@contoso.com"}, p.Summary().Addresses)
	require.Len(t, p.Departed, 6)
	assert.Equal(t, "u-gil", p.Departed[0].Object.ID)
	assert.Equal(t, "list:Gone", p.Departed[0].Entry.String())
	assert.True(t, p.Departed[5].Entry.Exclude)
	assert.Equal(t, []string{
		"list:Gone: 4 of its members have left the directory: gil, hal, ivy@contoso.com, …",
		"list:Old: one of its members has left the directory: fay",
	}, p.Notes, "a list that is named twice is said once")
}

func TestTheSummaryHasTheKeysThatScriptsRelyOn(t *testing.T) {
	w := newWorld()
	disabled := false
	bob := user("bob")
	bob.AccountEnabled, bob.MobilePhone = &disabled, "+1"
	w.members["g-all"][1] = bob
	p := build(t, w, "all@contoso.com", "file:f.csv", "segment:S", "-rule:R", "nobody@contoso.com", "-list:Old")
	p.Requests = 7
	data, err := json.Marshal(p.Summary())
	require.NoError(t, err)
	assert.JSONEq(t, `{
		"recipients": {"unique": 4, "internal": 3, "external": 1, "guests": 0, "sms": 1},
		"withoutAddress": 1, "nonRecipients": 0, "disabled": 1, "duplicates": 2, "excluded": 1, "outside": 0,
		"groups": [
			{"id": "g-all", "displayName": "all", "mail": "all@contoso.com", "kind": "security", "depth": 0, "direct": 4, "unique": 4, "cycle": false, "hidden": false, "source": "graph", "stored": false, "empty": false},
			{"id": "g-sub", "displayName": "sub", "mail": "sub@contoso.com", "kind": "security", "depth": 1, "direct": 2, "unique": 2, "cycle": false, "hidden": false, "source": "graph", "stored": false, "empty": false}
		],
		"unresolved": [{"entry": "nobody@contoso.com",
			"reason": "Graph knows no group, user or contact with the address nobody@contoso.com",
			"remedy": "check the address; it may be a dynamic distribution list, which only Exchange can expand: set exchange = \"admin-api\" in the profile, or preview with --exchange admin-api", "excluded": false, "within": false}],
		"departed": [{"entry": "list:Old", "id": "u-fay", "displayName": "fay", "mail": "fay@contoso.com"}],
		"contributions": [
			{"entry": "all@contoso.com", "exclude": false, "within": false, "recipients": 4, "alone": 2, "unresolved": false, "partial": false},
			{"entry": "file:f.csv", "exclude": false, "within": false, "recipients": 1, "alone": 1, "unresolved": false, "partial": false},
			{"entry": "segment:S", "exclude": false, "within": false, "recipients": 1, "alone": 0, "unresolved": false, "partial": false},
			{"entry": "rule:R", "exclude": true, "within": false, "recipients": 1, "alone": 1, "unresolved": false, "partial": false},
			{"entry": "nobody@contoso.com", "exclude": false, "within": false, "recipients": 0, "alone": 0, "unresolved": true, "partial": false},
			{"entry": "list:Old", "exclude": true, "within": false, "recipients": 0, "alone": 0, "unresolved": false, "partial": false}
		],
		"overlap": [[4, 0, 1, 1, 0, 0], [0, 1, 0, 0, 0, 0], [1, 0, 1, 0, 0, 0], [1, 0, 0, 1, 0, 0], [0, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0]],
		"externalDomains": [{"domain": "fabrikam.com", "count": 1}],
		"notes": ["list:Old: one of its members has left the directory: fay"], "complete": false, "asOf": "2026-11-22T12:00:00Z", "requests": 7,
		"addresses": ["ann@contoso.com", "bob@contoso.com", "di@contoso.com", "eve@fabrikam.com"]
	}`, string(data))

	empty, err := json.Marshal(build(t, w, "segment:nil").Summary())
	require.NoError(t, err)
	assert.NotContains(t, string(empty), "null")
}
