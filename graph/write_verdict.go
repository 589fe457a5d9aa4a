package graph

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"rollcall/model"
)

// verdict is what the answer to a write amounts to.
type verdict uint8

const (
	verdictDone         verdict = iota
	verdictAlready              // it says nothing but that the group is as wanted; of a PATCH: for one row at least
	verdictRow                  // this row is refused, or one of those of a PATCH
	verdictUnreplicated         // the group, or the user, was made a moment ago and is not known everywhere
	verdictGuest                // the group takes no guests
	verdictGroup                // every other row would meet the same
	verdictDoubt                // nobody knows what came of it
)

// Graph tells refusals of members apart by their texts alone, since one code
// stands for many causes. They are English whatever the language. Sources: Graph
// API reference, "Add members" and "Remove member"; Microsoft's group membership
// management service, GraphGroupMembershipUpdater; reports from the field.
const (
	textAdded        = "added object references already exist"
	textRemoved      = "removed object references do not exist"
	textUnreplicated = "source resource object or one of the objects being referenced don't exist"
	textGuests       = "guests users are not allowed"
	textExchange     = "cannot update a mail-enabled security group"
	textOnPremises   = "on-premises mastered directory sync objects"
)

func said(a batchAnswer, text string) bool {
	var e *model.Error
	return errors.As(a.Err, &e) && strings.Contains(strings.ToLower(e.Message), text)
}

func isUnreplicated(a batchAnswer) bool {
	return a.Status == http.StatusBadRequest && said(a, textUnreplicated)
}

// judge reads the answer to a write.
func (w *writer) judge(ctx context.Context, a batchAnswer, remove bool) verdict {
	bad, unknown := a.Status == http.StatusBadRequest, a.Status == http.StatusNotFound
	switch {
	case a.Err == nil:
		return verdictDone
	case a.inDoubt(), a.Status == http.StatusUnauthorized, a.Status == http.StatusTooManyRequests:
		return verdictDoubt
	case said(a, textGuests):
		return verdictGuest
	case a.Status == http.StatusForbidden, said(a, textExchange), said(a, textOnPremises):
		return verdictGroup
	case isUnreplicated(a):
		return verdictUnreplicated
	case !remove && bad && said(a, textAdded), remove && bad && said(a, textRemoved):
		return verdictAlready
	case unknown && said(a, strings.ToLower(w.groupID)):
		return w.withoutGroup(ctx, remove)
	case remove && unknown && isNotFound(a):
		return verdictAlready
	}
	return verdictRow
}

// withoutGroup judges an answer that names the group as what does not exist "or
// one of its queried reference-property objects". That may be a group that is
// gone, and it is how who is no member is not removed, so the group is read to
// tell. As long as nobody can, it is no success.
func (w *writer) withoutGroup(ctx context.Context, remove bool) verdict {
	_, err := w.group(ctx)
	var refused *Refused
	switch {
	case err == nil && remove:
		return verdictAlready
	case err == nil:
		return verdictRow
	case errors.As(err, &refused) && refused.Status == http.StatusNotFound:
		return verdictGroup
	}
	w.stop(err)
	return verdictDoubt
}

// isNotFound reports the refusal of Graph's own, and not that of something on
// the way to it.
func isNotFound(a batchAnswer) bool {
	var e *model.Error
	return errors.As(a.Err, &e) && strings.EqualFold(e.Code, "Request_ResourceNotFound")
}

// group reads the group once, to explain refusals.
func (w *writer) group(ctx context.Context) (model.Group, error) {
	asking := withSettings(ctx, func(s *callSettings) { s.wanted = nil }) // also when the write has ended
	w.read.Do(func() { w.target, w.unread = w.c.Group(asking, w.groupID) })
	return w.target, w.unread
}

// cause is what the administrator reads of a refusal.
func (w *writer) cause(ctx context.Context, v verdict, a batchAnswer) *model.Error {
	switch v {
	case verdictGroup:
		return w.groupCause(ctx, a)
	case verdictUnreplicated:
		return notReplicated(a)
	case verdictGuest:
		return &model.Error{
			Kind: model.KindFailed, Code: "guestNotAllowed", Message: "the group takes no guests",
			Remedy: "leave guests out (skip_guests), or let guests join in the group's settings", RequestID: a.RequestID, Err: a.Err,
		}
	}
	return model.AsError(a.Err)
}

func notReplicated(a batchAnswer) *model.Error {
	return &model.Error{
		Kind: model.KindUnavailable, Code: "notReplicated", Message: "the group, or the user, was made a moment ago and is not known everywhere in the tenant yet",
		Remedy: "try again in a few minutes", RequestID: a.RequestID, Err: a.Err,
	}
}

// groupCause says why the group cannot be written. The refusals of an account
// without a role and of a group with dynamic membership are word for word the
// same, so the group is read to tell.
func (w *writer) groupCause(ctx context.Context, a batchAnswer) *model.Error {
	t := w.c.transport
	if a.Status == http.StatusForbidden && !t.holds(writeScopes()...) {
		return model.AsError(t.lacking(a.Err))
	}
	var why *model.Error
	if g, err := w.group(ctx); err == nil {
		why = g.WriteRefusal()
	}
	switch {
	case why != nil:
	case a.Status == http.StatusNotFound:
		why = &model.Error{Kind: model.KindFailed, Code: "groupNotFound", Message: "the group is not there any more", Remedy: "make a new plan for a group that exists"}
	case said(a, textExchange):
		why = (&model.Group{DisplayName: "the group", Kind: model.KindDistribution}).WriteRefusal()
	case said(a, textOnPremises):
		why = (&model.Group{DisplayName: "the group", OnPremisesSync: true}).WriteRefusal()
	default:
		return model.AsError(t.lacking(a.Err))
	}
	why.RequestID, why.Err = a.RequestID, a.Err
	return why
}

func writeScopes() []string {
	return []string{scopeWrite, "Group.ReadWrite.All", "Directory.ReadWrite.All"}
}

// Codes that tell apart who can mend a refused write.
const (
	codeConsentMissing = "consentMissing" // an administrator, who consents
	codeRoleMissing    = "roleMissing"    // who gives the account a role or makes it an owner
)

// lacking completes the refusal of a write: without the permission it is
// consent that is missing, with it the account's own role or ownership. Other
// errors stay as they are.
func (t *transport) lacking(err error) error {
	var e *model.Error
	if !errors.As(err, &e) || e.Kind != model.KindSignIn || !isForbidden(e) {
		return err
	}
	detailed := *e
	detailed.Remedy = t.remedy(writeScopes())
	_, appOnly, known := t.granted()
	switch {
	case !known:
	case !t.holds(writeScopes()...):
		detailed.Code, detailed.Message = codeConsentMissing, "the permission "+scopeWrite+" has not been granted: "+e.Message
	case appOnly:
		detailed.Code, detailed.Message = codeRoleMissing, "the app may not change the members of this group: "+e.Message
	default:
		detailed.Code, detailed.Message = codeRoleMissing, "the account may not change the members of this group: "+e.Message
	}
	return &detailed
}
