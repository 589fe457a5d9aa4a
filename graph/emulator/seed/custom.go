package seed

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"rollcall/model"
)

// CustomGroup is a group that a tenant has besides the seeded ones. Its address
// is CODE@contoso.com; a plain security group has none.
type CustomGroup struct {
	Code        string // unique in the tenant; letters, digits, ".", "-" and "_"
	DisplayName string // default: the code
	Kind        model.GroupKind
	Hidden      bool     // HiddenMembership, which Microsoft 365 groups alone have
	Nested      []string // codes of groups inside, seeded or custom; cycles are allowed
	Dynamic     []string // codes of dynamic lists inside, which plain security and Microsoft 365 groups cannot hold
	Members     []Member // everything else inside; one that is named twice is listed once
	Owners      []Member // users and service principals, which need not be members; groups of Exchange have none
	NoGuests    bool     // takes no guests
}

// CustomDynamicList is a dynamic distribution list that a tenant has besides
// the seeded ones. Its address is CODE@contoso.com.
type CustomDynamicList struct {
	Code        string // as a CustomGroup's
	DisplayName string // default: the code
	Filter      string // OPATH, as New-DynamicDistributionGroup takes it
}

func badOption(format string, args ...any) error {
	err := fmt.Errorf(format, args...)
	return &model.Error{
		Kind: model.KindUsage, Code: "tenantOptions", Message: "options of the embedded tenant: " + err.Error(),
		Remedy: "name groups and lists by codes that are there, once each, and write filters as Exchange takes them", Err: errors.Unwrap(err),
	}
}

// claim books a code for a group or a dynamic list. It is refused when it
// cannot be the local part of an address, or when somebody else has the one.
func (b *groupBuilder) claim(code string) error {
	odd := func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("._-", r))
	}
	if code == "" || strings.ContainsFunc(code, odd) {
		return badOption("%q is no code: it takes letters, digits, \".\", \"-\" and \"_\"", code)
	}
	lower := strings.ToLower(code)
	if _, user := b.t.FindUserByAddress(lower + "@" + defaultDomain); user || b.codes[lower] {
		return badOption("the code %q is taken", code)
	}
	b.codes[lower] = true
	return nil
}

// claimSeeded books what the groups so far are called and reached by, then the
// codes of the dynamic lists.
func (b *groupBuilder) claimSeeded() error {
	b.codes = make(map[string]bool)
	for code, i := range b.at {
		b.codes[strings.ToLower(code)] = true
		for _, address := range addresses(b.specs[i].ProxyAddresses) {
			local, _, _ := strings.Cut(address, "@")
			b.codes[local] = true
		}
	}
	for i := range b.t.dynamicLists {
		code := b.t.dynamicLists[i].code
		if err := b.claim(code); err != nil {
			return err
		}
		b.dynamicAt[code] = i
	}
	return nil
}

// addCustom adds the custom groups behind the seeded ones. What they nest is
// resolved by finish.
func (b *groupBuilder) addCustom(groups []CustomGroup) error {
	for _, g := range groups {
		if err := b.claim(g.Code); err != nil {
			return err
		}
		spec := groupSpec{nested: g.Nested}
		for _, code := range g.Dynamic {
			d, ok := b.dynamicAt[code]
			if !ok {
				return badOption("%q holds the dynamic list %q, which is not there", g.Code, code)
			}
			spec.dynamic = append(spec.dynamic, d)
		}
		if g.Hidden {
			spec.Visibility = "HiddenMembership"
		}
		holdsLists := g.Kind == model.KindDistribution || g.Kind == model.KindMailEnabledSecurity
		switch {
		case g.Hidden && g.Kind != model.KindMicrosoft365:
			return badOption("%q hides its members, which a %s cannot", g.Code, g.Kind.Label())
		case !holdsLists && (len(g.Dynamic) > 0 || slices.ContainsFunc(g.Members, func(m Member) bool { return m.Type == MemberDynamicList })):
			return badOption("%q holds dynamic lists, which a %s cannot", g.Code, g.Kind.Label())
		}
		for _, m := range g.Members {
			if !b.t.exists(m) && !(m.Type == MemberGroup && m.Index >= 0 && m.Index < len(b.specs)) {
				return badOption("%q holds the member %d of the type %d, which is not there", g.Code, m.Index, m.Type)
			}
		}
		for _, m := range g.Owners {
			switch {
			case holdsLists:
				return badOption("%q has owners, which a %s cannot have", g.Code, g.Kind.Label())
			case m.Type != MemberUser && m.Type != MemberServicePrincipal || !b.t.exists(m):
				return badOption("%q has the owner %d of the type %d, which is not there or cannot be one", g.Code, m.Index, m.Type)
			}
		}
		spec.fixed, spec.owners, spec.noGuests = slices.Clone(g.Members), distinct(slices.Clone(g.Owners)), g.NoGuests
		name := cmp.Or(g.DisplayName, g.Code)
		switch g.Kind {
		case model.KindMicrosoft365:
			b.unified(g.Code, name, "", spec)
		case model.KindSecurity:
			b.security(g.Code, "", spec).DisplayName = name
		case model.KindMailEnabledSecurity:
			spec.MailEnabled = true
			b.security(g.Code, "", spec).DisplayName = name
		case model.KindDistribution:
			b.list(g.Code, name, "", spec)
		default:
			return badOption("%q has the kind %q, which no custom group is of", g.Code, g.Kind)
		}
	}
	for _, g := range groups {
		for _, code := range g.Nested {
			if _, ok := b.at[code]; !ok {
				return badOption("%q holds the group %q, which is not there", g.Code, code)
			}
		}
	}
	return nil
}

// distinct leaves out the second and later of equal members.
func distinct(members []Member) []Member {
	seen := make(map[Member]struct{}, len(members))
	return slices.DeleteFunc(members, func(m Member) bool {
		_, again := seen[m]
		seen[m] = struct{}{}
		return again
	})
}

// compareMembers orders members by type and index.
func compareMembers(a, b Member) int {
	return cmp.Or(cmp.Compare(a.Type, b.Type), cmp.Compare(a.Index, b.Index))
}
