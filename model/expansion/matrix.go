package expansion

import "rollcall/model"

// Sight is how much of a kind of list a source shows.
type Sight string

// The degrees of sight.
const (
	SightFull   Sight = "full"
	SightPart   Sight = "part" // what is missing makes no error
	SightNone   Sight = "none"
	SightStored Sight = "stored" // all of it, as the source calculated it last
)

// Visibility is what one source shows of one kind of list, by which permission,
// and where that is not all, why and what to do.
type Visibility struct {
	Kind        model.GroupKind
	Source      Source
	Sight       Sight
	Asked       bool     // Sources asks this source where it is on
	Permissions []string // delegated permissions that reading needs; empty where nothing can be read
	Application []string // the same without a signed-in user; empty where there is no such way
	Role        string   // the least role that the account needs beside them; "" none
	Reason      string   // why not all is seen, or not by everybody; "" where it is
	Remedy      string   // what to do about it; "" where there is nothing to do
}

// Matrix tells what can be seen of every kind of list through every source. It
// is made anew for each caller, in the order in which it is shown: by kind, then
// by source.
//
// Sources: Graph documentation, "List group members" and "Working with groups"
// (dynamic distribution groups aren't supported); Exchange Online Admin API,
// endpoints DistributionGroupMember and DynamicDistributionGroupMember;
// Get-DynamicDistributionGroupMember (stored membership, updated every 24
// hours); Exchange Web Services, ExpandDL.
func Matrix() []Visibility {
	var rows []Visibility
	for _, kind := range []model.GroupKind{
		model.KindMicrosoft365, model.KindSecurity, model.KindMailEnabledSecurity, model.KindDistribution, model.KindDynamicDistribution,
	} {
		for _, source := range []Source{SourceGraph, SourceExchangeAdmin, SourceEWS} {
			v := Visibility{Kind: kind, Source: source, Sight: SightFull}
			switch source {
			case SourceGraph:
				v.byGraph()
			case SourceExchangeAdmin:
				v.byAdminAPI()
			case SourceEWS:
				v.byEWS()
			}
			if v.Sight == SightNone {
				v.Permissions, v.Application, v.Role = nil, nil, ""
			}
			rows = append(rows, v)
		}
	}
	return rows
}

func (v *Visibility) byGraph() {
	v.Asked = true
	v.Permissions = []string{"GroupMember.Read.All", "User.Read.All", "OrgContact.Read.All"}
	v.Application = v.Permissions
	switch v.Kind {
	case model.KindMicrosoft365:
		v.Reason = "members of a group with hidden membership come only with Member.Read.Hidden"
		v.Remedy = hiddenRemedy
	case model.KindDistribution, model.KindMailEnabledSecurity:
		v.Sight = SightPart
		v.Reason = "Graph does not show the dynamic distribution lists and mail-enabled public folders that the list holds"
		v.Remedy = TurnExchangeOn
	case model.KindDynamicDistribution:
		v.Sight, v.Asked = SightNone, false
		v.Reason = "Graph does not know dynamic distribution lists"
		v.Remedy = TurnExchangeOn
	}
}

func (v *Visibility) byAdminAPI() {
	v.Permissions = []string{"Exchange.ManageV2"}
	v.Application = []string{"Exchange.ManageAsAppV2"}
	v.Role = "Recipient Management, or Exchange Administrator"
	v.byExchange()
}

func (v *Visibility) byEWS() {
	v.Permissions = []string{"EWS.AccessAsUser.All"}
	v.byExchange()
	switch v.Sight {
	case SightFull:
		v.Sight = SightPart
		v.Reason = "lists that are hidden from address lists, and members without an address, nested security groups among them, are not shown"
		v.Remedy = `set exchange = "admin-api"`
	case SightStored:
		v.Reason += "; a list that is hidden from address lists is not found"
		v.Remedy = `set exchange = "admin-api"`
	}
}

func (v *Visibility) byExchange() {
	switch v.Kind {
	case model.KindMicrosoft365, model.KindSecurity:
		v.Sight = SightNone
		v.Reason = "the endpoint reads distribution lists only; Graph reads this group"
	case model.KindDynamicDistribution:
		v.Asked = true
		v.Sight = SightStored
		v.Reason = "the members are those that Exchange calculated last, which it does once in 24 hours"
	default:
		v.Asked = true
	}
}

const hiddenRemedy = "consent to Member.Read.Hidden, and sign in with a role that sees hidden members, for instance User Administrator"
