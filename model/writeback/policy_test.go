package writeback

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"rollcall/model"
)

func TestAGroupIsMeantByItsIdItsAddressesAndItsName(t *testing.T) {
	own := func(removals int) Rules { return Rules{Guards: limits(removals, -1, -1)} }
	p := Policy{Rules: own(0), Groups: map[string]Rules{
		"0a1b": own(1), "sales@contoso.com": own(2), "verkauf@contoso.com": own(3), "sg-sales": own(4),
	}}
	g := model.Group{ID: "0A1B", Mail: "Sales@contoso.com", DisplayName: "SG-Sales", ProxyAddresses: []string{"SMTP:sales@contoso.com", "smtp:Verkauf@contoso.com"}}
	for want, change := range []func(){
		func() { g.ID = "0A1B" },
		func() { g.ID = "ffff" },
		func() { g.Mail, g.ProxyAddresses = "", g.ProxyAddresses[1:] },
		func() { g.ProxyAddresses = nil },
	} {
		change()
		assert.Equal(t, want+1, p.For(&g).MaxRemovals, "the surest name counts")
	}
	g.DisplayName = "another"
	assert.Equal(t, 0, p.For(&g).MaxRemovals)
	p.Groups[""] = own(9)
	assert.Equal(t, 0, p.For(&model.Group{ID: "1"}).MaxRemovals, "what a group has not means none")
}

func TestAProtectedGroupIsProtectedByAnyOfItsNames(t *testing.T) {
	g := model.Group{ID: "0a1b", Mail: "sales@contoso.com", DisplayName: "sg-sales", ProxyAddresses: []string{"smtp:verkauf@contoso.com"}}
	for _, name := range []string{"0A1B", "Sales@contoso.com", "SG-SALES", "verkauf@contoso.com"} {
		assert.True(t, Policy{ProtectedGroups: []string{"x", name}}.Protects(&g), name)
	}
	for _, name := range []string{"", "sg-sale", "smtp:verkauf@contoso.com"} {
		assert.False(t, Policy{ProtectedGroups: []string{name}}.Protects(&model.Group{ID: "0a1b", DisplayName: "sg-sales"}), name)
	}
	assert.False(t, DefaultPolicy().Protects(&g))
}
