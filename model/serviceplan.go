package model

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

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

// PlanServices are the services of a user's plans that are in one condition.
type PlanServices struct {
	CapabilityStatus string
	Services         []string // by name; one of several plans as "exchange ×2"
}

// String is what a person reads: "Deleted: SCO, Sway".
func (p PlanServices) String() string {
	return p.CapabilityStatus + ": " + strings.Join(p.Services, ", ")
}

// capabilityOrder is from what can be used to what is gone. Source: Microsoft
// Graph documentation, assignedPlan resource type.
var capabilityOrder = []string{"Enabled", "Warning", "Suspended", "LockedOut", "Deleted"}

// PlansByStatus groups the values of assignedPlans by their condition, those
// that can be used first. A plan without a service is named by its id, a value
// that is no plan by itself.
func PlansByStatus(values []string) []PlanServices {
	plans := make(map[string]map[string]int) // by condition, by service
	for _, v := range values {
		plan, ok := ParseServicePlan(v)
		if !ok {
			plan.Service = v
		}
		status := cmp.Or(plan.CapabilityStatus, "Unknown")
		if plans[status] == nil {
			plans[status] = make(map[string]int)
		}
		plans[status][cmp.Or(plan.Service, plan.ServicePlanID, "unnamed")]++
	}
	out := make([]PlanServices, 0, len(plans))
	for status, services := range plans {
		p := PlanServices{CapabilityStatus: status}
		for service, n := range services {
			if n > 1 {
				service = fmt.Sprintf("%s ×%d", service, n)
			}
			p.Services = append(p.Services, service)
		}
		slices.SortFunc(p.Services, func(a, b string) int {
			return cmp.Or(cmp.Compare(strings.ToLower(a), strings.ToLower(b)), cmp.Compare(a, b))
		})
		out = append(out, p)
	}
	place := func(status string) int {
		if i := slices.Index(capabilityOrder, status); i >= 0 {
			return i
		}
		return len(capabilityOrder)
	}
	slices.SortFunc(out, func(a, b PlanServices) int {
		return cmp.Or(cmp.Compare(place(a.CapabilityStatus), place(b.CapabilityStatus)), cmp.Compare(a.CapabilityStatus, b.CapabilityStatus))
	})
	return out
}

// PlansText is the values of assignedPlans in one line for people, where
// enabled goes without saying: "exchange ×2, SharePoint; Deleted: SCO".
func PlansText(values []string) string {
	var parts []string
	for _, p := range PlansByStatus(values) {
		if p.CapabilityStatus == capabilityOrder[0] {
			parts = append(parts, strings.Join(p.Services, ", "))
			continue
		}
		parts = append(parts, p.String())
	}
	return strings.Join(parts, "; ")
}
