// Package workspacetest is a tenant and its local files in memory: the ports
// of a workspace, for the tests of whoever holds one. Tests alone import it.
package workspacetest

import (
	"fmt"
	"time"

	"rollcall/model"
	"rollcall/model/workspace"
	"rollcall/model/writeback"
)

// noon is the time in a workspace of this package, unless its test has a clock.
var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// ID is the object id of a number.
func ID(n int) string { return fmt.Sprintf("00000000-0000-4000-8000-%012d", n) }

// The fixed objects of Contoso. Of the users Adele, Bert and Dora work in
// Sales and Chandra, whose account is disabled, in Engineering.
const (
	Adele = iota + 1
	Bert
	Chandra
	Dora
	GroupSales    // sg-sales, a security group with Bert and Chandra in it
	GroupDynamic  // dyn-engineering, whose members Entra computes
	GroupTwin     // Twin, a security group
	GroupTwin2    // Twin, a Microsoft 365 group
	ListAllStaff  // all-staff@contoso.com: Adele, Bert and the list below
	ListPartners  // partners@contoso.com: a mail contact and Bert again
	ListBoard     // board@contoso.com, whose membership is hidden
	ContactFergus // fergus@fabrikam.com
	Admin         // admin@contoso.com, who signs in: a Groups Administrator
)

// TenantID is the id of Contoso.
const TenantID = "11111111-1111-4111-8111-111111111111"

// Contoso is a small tenant in which everything is granted. Nothing of it is
// synced yet.
func Contoso() *Tenant {
	user := func(n int, name, mail, department string, enabled bool) model.Change {
		return model.Change{ID: ID(n), Fields: []model.Field{
			{Attr: model.AttrDisplayName, Value: name},
			{Attr: model.AttrUserPrincipalName, Value: mail},
			{Attr: model.AttrMail, Value: mail},
			{Attr: model.AttrDepartment, Value: department},
			{Attr: model.AttrAccountEnabled, Value: fmt.Sprint(enabled)},
		}}
	}
	group := func(n int, name, mail string, kind model.GroupKind) model.Object {
		return model.Object{
			ID: ID(n), Type: model.ObjectGroup, DisplayName: name, Mail: mail,
			Group: &model.Group{ID: ID(n), DisplayName: name, Mail: mail, Kind: kind},
		}
	}
	dynamic := group(GroupDynamic, "dyn-engineering", "", model.KindSecurity)
	dynamic.Group.DynamicMembership = true
	board := group(ListBoard, "Board", "board@contoso.com", model.KindMicrosoft365)
	board.Group.HiddenMembership = true
	partners := group(ListPartners, "Partners", "partners@contoso.com", model.KindDistribution)
	contact := model.Object{ID: ID(ContactFergus), Type: model.ObjectContact, DisplayName: "Fergus", Mail: "fergus@fabrikam.com"}
	t := &Tenant{
		Account: workspace.Session{
			TenantID: TenantID, TenantName: "Contoso", Domain: "contoso.onmicrosoft.com", Account: "admin@contoso.com",
			Scopes:    []string{"User.Read.All", "GroupMember.ReadWrite.All", "OrgContact.Read.All", "Member.Read.Hidden"},
			AccountID: ID(Admin), Roles: []string{"fdd7a751-b60b-444a-984c-02652fe8fa1c"},
		},
		Users: []model.Change{
			user(Adele, "Adele Vance", "adele@contoso.com", "Sales", true),
			user(Bert, "Bert Olsen", "bert@contoso.com", "Sales", true),
			user(Chandra, "Chandra Rao", "chandra@contoso.com", "Engineering", false),
			user(Dora, "Dora Lind", "dora@contoso.com", "Sales", true),
		},
		Objects: []model.Object{
			group(GroupSales, "sg-sales", "", model.KindSecurity),
			dynamic,
			group(GroupTwin, "Twin", "", model.KindSecurity),
			group(GroupTwin2, "Twin", "twin@contoso.com", model.KindMicrosoft365),
			group(ListAllStaff, "All Staff", "all-staff@contoso.com", model.KindDistribution),
			partners, board, contact,
		},
		Policy: writeback.DefaultPolicy(),
	}
	t.Policy.FirstRemovals = -1 // or every plan of a test would be stopped
	t.MembersOf = map[string][]model.Object{
		ID(GroupSales):   {t.User(Bert), t.User(Chandra)},
		ID(GroupDynamic): {t.User(Chandra)},
		ID(ListAllStaff): {t.User(Adele), t.User(Bert), partners},
		ID(ListPartners): {contact, t.User(Bert)},
	}
	return t
}
