package seed

import "fmt"

// seedGroups lists the tenant's groups. The fixed points that documentation
// and scripts rely on come first, custom groups last.
func (t *Tenant) seedGroups(custom []CustomGroup) ([]groupSpec, error) {
	b := &groupBuilder{t: t, at: make(map[string]int), dynamicAt: make(map[string]int)}
	t.addFixedLists(b)
	t.addFixedGroups(b)
	t.addStaffLists(b)
	t.addLeadershipLists(b)
	t.addDepartmentGroups(b)
	t.addProjects(b)
	t.addOddGroups(b)
	t.addOwners(b)
	if err := b.claimSeeded(); err != nil {
		return nil, err
	}
	if err := b.addCustom(custom); err != nil {
		return nil, err
	}
	return b.finish(), nil
}

func (t *Tenant) addFixedLists(b *groupBuilder) {
	b.list("all-staff", "All Staff", "Everybody with an address, by region", groupSpec{
		nested: []string{
			"staff-emea", "staff-amer", "staff-apac", "staff-remote", "guests",
			"dept-sales", "dept-marketing", "dept-support", "dept-executive",
		},
		dynamic: []int{emeaAll},
	}).alias("everyone", "allstaff")
	b.list("leadership", "Leadership", "Executives and directors", groupSpec{
		nested: []string{"executive-team", "directors", "leadership-emea"},
	}).alias("management")
	b.list("empty", "Empty", "Kept for its address", groupSpec{})
	b.list("partners", "Partners", "Contacts at partners and guests from them", groupSpec{
		everyContact: true, where: both(isGuest, some(0, 500)), follows: true,
	}).alias("suppliers")
	b.unified("board", "Board", "The board of directors", groupSpec{
		Group: Group{Visibility: "HiddenMembership"}, fixed: t.boardMembers(),
	})
}

// boardMembers are the chief executive, some heads and two outsiders.
func (t *Tenant) boardMembers() []Member {
	members := []Member{{MemberUser, chiefExecutive}}
	for _, branch := range []int{deptFinance, deptLegal, deptSales, deptEngineering} {
		members = append(members, Member{MemberUser, t.deptCycle.number(branch, 0) + firstNumbered})
	}
	for _, guest := range t.sharedGuests[:min(2, len(t.sharedGuests))] {
		members = append(members, Member{MemberUser, guest})
	}
	return members
}

func (t *Tenant) addFixedGroups(b *groupBuilder) {
	yes, no := true, false
	b.security("sg-sales", "Access to the sales systems", groupSpec{
		where: either(
			both(inDepartments(deptSales), not(some(1, 85))),
			both(inDepartments(deptMarketing), some(2, 60)),
		),
	})
	b.unified("m365-marketing", "m365-marketing", "The marketing team's workspace", groupSpec{
		where: both(inDepartments(deptMarketing), not(some(3, 100))),
	})
	b.security("dyn-engineering", "Everybody in Engineering, kept by Entra", groupSpec{
		Group: Group{
			GroupTypes:     []string{"DynamicMembership"},
			MembershipRule: `(user.department -eq "Engineering") -and (user.accountEnabled -eq true)`,
		},
		where:   both(hasDepartment(deptEngineering), isEnabled),
		follows: true,
	})
	b.security("sg-onprem", "File shares of the plants", groupSpec{
		Group: Group{OnPremisesSyncEnabled: &yes},
		where: both(inDepartments(deptOperations, deptFinance), isOnPremises),
	})
	b.security("sg-admins", "May be given Entra roles", groupSpec{
		Group: Group{IsAssignableToRole: true},
		where: func(tr traits) bool {
			return !tr.guest && tr.branch == deptIT && tr.place >= 0 && tr.place < span
		},
	})
	vpn := b.security("mes-vpn", "Remote access; mail about its maintenance", groupSpec{
		Group: Group{MailEnabled: true},
		where: both(isMember, either(isContractor, both(inDepartments(deptSupport, deptIT), some(4, 400)))),
	})
	vpn.DisplayName = "VPN Users"
	b.security("sg-cloud-migrated", "Was kept on premises until last year", groupSpec{
		Group: Group{OnPremisesSyncEnabled: &no},
		where: both(inDepartments(deptHumanResources), some(5, 700)),
	})
	b.security("sg-finance-restricted", "Payment approvers", groupSpec{
		Group: Group{IsManagementRestricted: true},
		where: both(inDepartments(deptFinance), some(6, 150)),
	})
	b.unified("dyn-guests", "All guests", "Every guest, kept by Entra", groupSpec{
		Group: Group{
			GroupTypes:     []string{"DynamicMembership"},
			MembershipRule: `user.userType -eq "Guest"`,
		},
		where: isGuest, follows: true,
	})
}

// hasDepartment holds for guests too, as a membership rule does.
func hasDepartment(which int) func(traits) bool {
	return func(tr traits) bool { return tr.department == which }
}

// addStaffLists adds a list for each office, and the lists of areas, regions
// and one country that nest them. The engineers of Berlin are in no list but
// the deepest two, so a walk that stops early misses them.
func (t *Tenant) addStaffLists(b *groupBuilder) {
	regions := map[region][]string{}
	areas := map[string][]string{}
	for i, o := range t.offices {
		code := "office-" + o.code
		spec := groupSpec{where: inOffice(i), follows: true}
		if o.code == "berlin" {
			spec.where = both(inOffice(i), not(inDepartments(deptEngineering)))
			spec.nested = []string{"berlin-engineering"}
		}
		b.list(code, "Office "+o.name, "Everybody at "+o.name, spec)
		if len(areas[o.area]) == 0 {
			regions[o.region] = append(regions[o.region], "area-"+o.area)
		}
		if o.country == "Germany" {
			if o.code != "berlin" {
				continue
			}
			code = "country-germany"
		}
		areas[o.area] = append(areas[o.area], code)
	}
	berlin := t.officeAt["berlin"]
	engineers := both(inOffice(berlin), inDepartments(deptEngineering))
	b.list("country-germany", "Germany", "The German offices", groupSpec{nested: []string{"office-berlin", "office-munich"}})
	b.list("berlin-engineering", "Berlin Engineering", "Engineers in Berlin", groupSpec{
		nested: []string{"berlin-firmware"}, where: both(engineers, not(some(7, 400))), follows: true,
	})
	b.list("berlin-firmware", "Berlin Firmware", "Firmware engineers in Berlin", groupSpec{
		where: both(engineers, some(7, 400)), follows: true,
	})
	done := map[string]bool{}
	for _, o := range t.offices {
		if !done[o.area] {
			done[o.area] = true
			b.list("area-"+o.area, "Area "+areaNames[o.area], "", groupSpec{nested: areas[o.area]})
		}
	}
	for r, code := range []string{emea: "staff-emea", amer: "staff-amer", apac: "staff-apac"} {
		if code != "" {
			name := region(r).String()
			b.list(code, "Staff "+name, "Everybody at an office in "+name, groupSpec{nested: regions[region(r)]})
		}
	}
	b.list("staff-remote", "Remote Staff", "Everybody without an office", groupSpec{where: hasNoOffice, follows: true})
	b.list("guests", "Guests", "Everybody invited from outside", groupSpec{where: isGuest, follows: true})
}

var areaNames = map[string]string{
	"northam": "North America", "latam": "Latin America", "ukie": "UK and Ireland", "dach": "DACH",
	"south": "Southern Europe", "north": "Benelux and Nordics", "east": "Eastern Europe",
	"mea": "Middle East", "south-asia": "South and South-East Asia", "east-asia": "East Asia",
}

// addLeadershipLists closes a cycle: leadership → executive-team →
// leadership-extended → leadership.
func (t *Tenant) addLeadershipLists(b *groupBuilder) {
	b.list("executive-team", "Executive Team", "Heads of departments", groupSpec{
		nested: []string{"leadership-extended"}, where: isExecutive,
	})
	b.list("directors", "Directors", "Directors of all departments", groupSpec{where: isDirector})
	b.list("leadership-emea", "Leadership EMEA", "Executives and directors in EMEA", groupSpec{
		where: both(either(isExecutive, isDirector), func(tr traits) bool { return tr.region == emea }),
	})
	b.list("leadership-extended", "Extended Leadership", "The leadership and its staff", groupSpec{
		nested: []string{"leadership"}, where: inDepartments(deptExecutive),
	})
}

func (t *Tenant) addDepartmentGroups(b *groupBuilder) {
	for i, d := range t.departments {
		list := b.list("dept-"+d.code, d.name+" (all)", "Everybody in "+d.name, groupSpec{where: inDepartments(i), follows: true})
		list.alias(d.code)
		number := uint64(100 + 2*i)
		if i != deptMarketing {
			b.unified("m365-"+d.code, "m365-"+d.code, "The "+d.name+" team's workspace", groupSpec{
				Group: Group{ResourceProvisioningOptions: []string{"Team"}},
				where: both(inDepartments(i), some(number, 850)),
			})
		}
		if i != deptSales {
			b.security("sg-"+d.code, "Access to the systems of "+d.name, groupSpec{
				where: both(inDepartments(i), some(number+1, 920)),
			})
		}
	}
}

func (t *Tenant) addProjects(b *groupBuilder) {
	for i, name := range []string{"Falcon", "Heron", "Kestrel", "Osprey"} {
		b.unified(fmt.Sprintf("project-%d", i+1), "Project "+name, "", groupSpec{
			Group: Group{ResourceProvisioningOptions: []string{"Team"}, Visibility: "Public"},
			where: some(uint64(200+i), 12),
		})
	}
	// Two groups of one name: a lookup by display name is ambiguous.
	b.unified("project-phoenix", "Project Phoenix", "The project's workspace", groupSpec{where: both(isMember, some(210, 10))})
	b.security("sg-phoenix", "Access to the project's systems", groupSpec{where: both(isMember, some(211, 14))}).DisplayName = "Project Phoenix"
	b.security("sg-projects", "All project groups", groupSpec{nested: []string{"sg-phoenix", "sg-research"}})
}

// addOddGroups adds what is rare but must not break anything.
func (t *Tenant) addOddGroups(b *groupBuilder) {
	yes := true
	var kiosks []Member
	for i := range 24 {
		kiosks = append(kiosks, Member{MemberDevice, i})
	}
	b.security("sg-kiosk-devices", "Shared devices in the warehouses", groupSpec{
		fixed: kiosks, nested: []string{"sg-operations"},
	})
	b.security("sg-automation", "Applications that run by themselves", groupSpec{
		fixed: []Member{
			{MemberServicePrincipal, 3},
			{MemberServicePrincipal, 4},
			{MemberServicePrincipal, 6},
			{MemberDevice, 30},
			{MemberUser, serviceAccount},
		},
	})
	b.list("campaigns", "Campaigns", "Who is told of new campaigns", groupSpec{
		nested: []string{"m365-marketing", "mes-vpn", "empty"}, dynamic: []int{usMailboxes},
		fixed: []Member{{MemberContact, 0}, {MemberContact, hostileContact}, {MemberContact, addresslessContact}},
	})
	b.list("investor-relations", "Investor Relations", "The board and outside counsel", groupSpec{
		nested: []string{"board"}, fixed: []Member{{MemberContact, 1}, {MemberContact, 2}},
		where: both(inDepartments(deptLegal), some(220, 300)),
	})
	b.list("warehouse", "Warehouse", "Synchronised from the plants' directory", groupSpec{
		Group: Group{OnPremisesSyncEnabled: &yes}, where: both(inDepartments(deptOperations), some(221, 250)),
	})
	b.list("odd-names", "\x1b[31m=Odd\u202e names\n", "", groupSpec{
		where: func(tr traits) bool { _, hostile := t.hostile[tr.index]; return hostile },
	})
}
