package workspace

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"rollcall/model"
	"rollcall/model/writeback"
)

// groupRole is a directory role whose holders may change the members of groups.
type groupRole struct {
	template string          // id of its template, as a token's wids name it
	name     string          // as the Entra admin center shows it
	only     model.GroupKind // the one kind of groups that it may change; "": all
}

// groupRoles are the roles that may change members. Which may: Graph
// documentation, "Add members", permissions. Ids: Entra documentation,
// "Microsoft Entra built-in roles".
func groupRoles() []groupRole {
	return []groupRole{
		{"fdd7a751-b60b-444a-984c-02652fe8fa1c", "Groups Administrator", ""},
		{"fe930be7-5e62-47db-91af-98c3a49a38b1", "User Administrator", ""},
		{"9360feb5-f418-4baa-8175-e2a00bac4301", "Directory Writers", ""},
		{"45d8d3c5-c802-45c6-b32a-1d70b5e1e86e", "Identity Governance Administrator", ""},
		{"62e90394-69f5-4237-9190-012177145e10", "Global Administrator", ""},
		{"29232cdf-9323-42fd-ade2-1d097af3e4de", "Exchange Administrator", model.KindMicrosoft365},
		{"f28a1f50-f6e7-4571-818b-6a12f2af6b6c", "SharePoint Administrator", model.KindMicrosoft365},
		{"69091246-20e8-4a56-aa4d-066075b2a7a8", "Teams Administrator", model.KindMicrosoft365},
		{"810a2642-a034-447f-a5e8-41beaa378541", "Yammer Administrator", model.KindMicrosoft365},
		{"3a2c62db-5318-420d-8d74-23affee5d9d5", "Intune Administrator", model.KindSecurity},
	}
}

// mayWrite reports whether one of the account's roles may change the members of
// such a group.
func (s *Session) mayWrite(kind model.GroupKind) bool {
	return slices.ContainsFunc(groupRoles(), func(r groupRole) bool {
		return (r.only == "" || r.only == kind) &&
			slices.ContainsFunc(s.Roles, func(id string) bool { return strings.EqualFold(id, r.template) })
	})
}

// WriteWarning is what somebody should know of a plan before approving it,
// though nothing is refused for it; "" where there is nothing to say.
//
// It says that the account has, as far as its token says, no role that may
// change the group, nor owns it: a token does not name roles that are scoped to
// administrative units, and Graph has the last word. It says that owners of the
// group are among the removals, or that the owners cannot be read. And it says
// whom the profile wants protected from removal and nobody knows.
func (w *Workspace) WriteWarning(ctx context.Context, p *writeback.Plan) (string, error) {
	session := w.Session()
	if session == nil || p.HandOver || p.TenantID != session.TenantID {
		return "", nil
	}
	warnings, err := w.ownerWarnings(ctx, session, p)
	if err != nil {
		return "", err
	}
	unprotected, err := w.protectionWarnings(ctx, p)
	return strings.Join(append(warnings, unprotected...), "; "), err
}

// ownerWarnings are those that depend on who owns the group, which is read where
// it matters and not else.
func (w *Workspace) ownerWarnings(ctx context.Context, session *Session, p *writeback.Plan) (warnings []string, err error) {
	parts, err := w.opened()
	if err != nil {
		return nil, err
	}
	// Of a token that cannot be read nothing is known.
	roleless := !session.AppOnly && session.AccountID != "" && !session.mayWrite(p.Group.Kind)
	sparing := len(p.Remove) > 0 && !w.settings.Policy.For(named(p)).RemoveOwners
	if !roleless && !sparing {
		return nil, nil
	}
	owners, err := parts.Groups.Owners(ctx, p.Group.ID)
	unknown := forbidden(err)
	if err != nil && !unknown {
		return nil, err
	}
	if roleless && !containsFold(owners, session.AccountID) {
		owns := "and it does not own " + p.Group.DisplayName
		if unknown {
			owns = "and whether it owns " + p.Group.DisplayName + " cannot be read"
		}
		warnings = append(warnings, fmt.Sprintf("%s has no role in the whole tenant that may change a %s, as far as its token says, %s: Graph may refuse every row; %s",
			session.Account, p.Group.Kind.Label(), owns, "an owner of the group or a Groups Administrator may write it"))
	}
	switch leaving := ownersAmong(p.Remove, owners); {
	case !sparing:
	case unknown:
		warnings = append(warnings, "the owners of the group cannot be read, so they may be among the removals: "+err.Error())
	case len(leaving) > 0:
		warnings = append(warnings, "among the removals are owners of the group: "+fewNames(leaving))
	}
	return warnings, nil
}

// protectionWarnings say which names of protected users protect nobody.
func (w *Workspace) protectionWarnings(ctx context.Context, p *writeback.Plan) ([]string, error) {
	if len(p.Remove) == 0 {
		return nil, nil
	}
	_, unknown, err := w.usersNamed(ctx, w.settings.Policy.For(named(p)).ProtectedUsers)
	if err != nil || len(unknown) == 0 {
		return nil, err
	}
	return []string{"the profile protects from removal whom nobody knows by this address, so it protects nobody: " + fewNames(unknown)}, nil
}

// ownersAmong are the rows of which the user owns the group.
func ownersAmong(rows []writeback.Ref, owners []string) []string {
	var names []string
	for _, r := range rows {
		if containsFold(owners, r.ID) {
			names = append(names, rowName(r))
		}
	}
	return names
}

// forbidden reports whether the tenant answered that the account may not read
// this, which is another thing than that it could not be asked.
func forbidden(err error) bool {
	var e *model.Error
	return errors.As(err, &e) && e.Kind == model.KindSignIn && e.Code != CodeSignInRequired
}

func containsFold(list []string, s string) bool {
	return slices.ContainsFunc(list, func(item string) bool { return strings.EqualFold(item, s) })
}

// fewNames lists names for one line.
func fewNames(names []string) string {
	const most = 5
	line := strings.Join(names[:min(len(names), most)], ", ")
	if more := len(names) - most; more > 0 {
		line += fmt.Sprintf(" and %d more", more)
	}
	return line
}
