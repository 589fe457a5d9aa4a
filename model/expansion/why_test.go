package expansion

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/model"
)

func pathTexts(paths []Path) []string {
	out := []string{}
	for _, p := range paths {
		out = append(out, p.String())
	}
	return out
}

func TestWhyNamesEveryPath(t *testing.T) {
	f := newTenant()
	f.members["g-top"] = []model.Object{group("a"), group("b"), user("ann")}
	f.members["g-a"] = []model.Object{group("leaf")}
	f.members["g-b"] = []model.Object{group("leaf"), group("top")}
	f.members["g-leaf"] = []model.Object{user("ann"), user("bob")}
	roots := append(entry(group("top")), Root{Label: "direct", Objects: []model.Object{user("ann")}})
	r := walk(t, f, roots, Options{})

	paths, cut := r.Why("ANN@contoso.com", 10)
	assert.False(t, cut)
	assert.ElementsMatch(t, []string{
		"direct → ann@contoso.com",
		"entry → top → ann@contoso.com",
		"entry → top → a → leaf → ann@contoso.com",
		"entry → top → b → leaf → ann@contoso.com",
	}, pathTexts(paths))

	byID, _ := r.Why("u-ann", 10)
	assert.Equal(t, paths, byID)

	paths, cut = r.Why("ann@contoso.com", 2)
	assert.True(t, cut)
	assert.Len(t, paths, 2)

	paths, cut = r.Why("bob@contoso.com", 2)
	assert.False(t, cut, "two paths are all there are")
	assert.Len(t, paths, 2)

	paths, cut = r.Why("nobody@contoso.com", 10)
	assert.Empty(t, paths)
	assert.False(t, cut)
}

func TestWhyShowsUnderWhichAddressAMemberIsListed(t *testing.T) {
	ann := user("ann")
	ann.ProxyAddresses = []string{"smtp:ann.old@contoso.com"}
	r := walk(t, newTenant(), []Root{
		{Label: "file", Objects: []model.Object{{Type: model.ObjectContact, Mail: "Ann.Old@contoso.com"}}},
		{Label: "segment", Objects: []model.Object{ann}},
	}, Options{})
	paths, _ := r.Why("ann.old@contoso.com", 5)
	assert.Equal(t, []string{"file → Ann.Old@contoso.com", "segment → ann@contoso.com"}, pathTexts(paths))
}

func TestWhyFindsARecipientByTheSecondaryAddressOfAnObjectThatFoldedIntoIt(t *testing.T) {
	contact := model.Object{
		ID: "c-ann", Type: model.ObjectContact, Mail: "ann@contoso.com",
		ProxyAddresses: []string{"SMTP:ann@contoso.com", "smtp:ann@partner.example"},
	}
	r := walk(t, newTenant(), []Root{{Label: "entry", Objects: []model.Object{user("ann"), contact}}}, Options{})
	require.Len(t, r.Recipients, 1)
	require.Equal(t, model.ObjectUser, r.Recipients[0].Object.Type)
	paths, _ := r.Why("ann@partner.example", 5)
	assert.NotEmpty(t, paths)
}

// In a clique of lists nearly every way up leads nowhere: the search must end,
// must say that it was cut, and must have found a path all the same.
func TestWhyEndsInADenseCycle(t *testing.T) {
	f := newTenant()
	var clique []model.Object
	for i := range 24 {
		clique = append(clique, group(string(rune('a'+i))))
	}
	for i, g := range clique {
		f.members[g.ID] = append(append([]model.Object{}, clique[:i]...), clique[i+1:]...)
	}
	f.members["g-x"] = append(f.members["g-x"], user("ann"))
	f.members["g-top"] = []model.Object{clique[0]}
	r := walk(t, f, entry(group("top")), Options{})
	paths, cut := r.Why("ann@contoso.com", 50)
	assert.True(t, cut)
	require.NotEmpty(t, paths)
	assert.Equal(t, "entry → top → a → x → ann@contoso.com", paths[0].String())
}

func TestOverlapCountsWhatTwoEntriesShare(t *testing.T) {
	f := newTenant()
	f.members["g-a"] = []model.Object{user("ann"), user("bob"), group("sub")}
	f.members["g-sub"] = []model.Object{user("cy")}
	r := walk(t, f, []Root{
		{Label: "a", Objects: []model.Object{group("a")}},
		{Label: "segment", Objects: []model.Object{user("cy"), user("ann"), user("di"), user("ed")}},
		{Label: "nobody"},
	}, Options{})
	assert.Equal(t, [][]int{{3, 2, 0}, {2, 4, 0}, {0, 0, 0}}, r.Overlap())
}
