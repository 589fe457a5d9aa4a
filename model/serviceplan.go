package model

import "strings"

// ServicePlan is an entry of a user's assignedPlans: a service that a licence
// gives, or gave. Source: Microsoft Graph documentation, assignedPlan resource
// type. When it was assigned is left out: rules cannot ask for it.
type ServicePlan struct {
	ServicePlanID    string // "efb87545-963c-4e0d-99df-69c6916d9eb0"
	Service          string // "exchange"
	CapabilityStatus string // Enabled, Warning, Suspended, Deleted or LockedOut
}

// String is the plan as one value of a column:
// "exchange/Enabled/efb87545-963c-4e0d-99df-69c6916d9eb0".
func (p ServicePlan) String() string {
	return string(p.AppendText(nil))
}

// AppendText appends what String returns.
func (p ServicePlan) AppendText(b []byte) []byte {
	b = append(b, p.Service...)
	b = append(b, '/')
	b = append(b, p.CapabilityStatus...)
	b = append(b, '/')
	return append(b, p.ServicePlanID...)
}

// ParseServicePlan reads what String writes. The name of a service may hold a
// slash; the other parts hold none.
func ParseServicePlan(s string) (p ServicePlan, ok bool) {
	rest, id, ok := cutLast(s)
	if !ok {
		return p, false
	}
	service, status, ok := cutLast(rest)
	return ServicePlan{ServicePlanID: id, Service: service, CapabilityStatus: status}, ok
}

func cutLast(s string) (before, after string, ok bool) {
	i := strings.LastIndexByte(s, '/')
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+1:], true
}
