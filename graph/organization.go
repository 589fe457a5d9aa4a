package graph

import (
	"context"
	"errors"
	"strings"

	abstractions "github.com/microsoft/kiota-abstractions-go"
	"github.com/microsoftgraph/msgraph-sdk-go/organization"
)

type wireOrganization struct {
	ID              string `json:"id"`
	DisplayName     string `json:"displayName"`
	VerifiedDomains []struct {
		Name      string `json:"name"`
		IsInitial bool   `json:"isInitial"`
	} `json:"verifiedDomains"`
}

func (c *Client) organization(ctx context.Context) (*wireOrganization, error) {
	ctx = withPriority(ctx, priorityHigh)
	page, err := getPage[wireOrganization](ctx, c, func() (*abstractions.RequestInformation, error) {
		return organization.NewOrganizationRequestBuilderInternal(c.path(), c.adapter).ToGetRequestInformation(ctx,
			&organization.OrganizationRequestBuilderGetRequestConfiguration{
				QueryParameters: &organization.OrganizationRequestBuilderGetQueryParameters{Select: []string{"id", "displayName", "verifiedDomains"}},
			})
	})
	if err != nil {
		return nil, c.transport.needing(err, "User.Read", "Organization.Read.All", "Directory.Read.All", scopeUsers)
	}
	if len(*page.Value) == 0 {
		return nil, unreadable(c.root.Host, errors.New("the tenant names no organization"))
	}
	return &(*page.Value)[0], nil
}

// Organization returns the tenant's display name and its initial domain
// (contoso.onmicrosoft.com). Its signature fits signin.Options.Organization.
func (c *Client) Organization(ctx context.Context) (name, initialDomain string, err error) {
	org, err := c.organization(ctx)
	if err != nil {
		return "", "", err
	}
	for _, d := range org.VerifiedDomains {
		if d.IsInitial {
			initialDomain = d.Name
		}
	}
	return org.DisplayName, initialDomain, nil
}

// Domains implements audience.Resolver.
func (c *Client) Domains(ctx context.Context) ([]string, error) {
	org, err := c.organization(ctx)
	if err != nil {
		return nil, err
	}
	domains := make([]string, 0, len(org.VerifiedDomains))
	for _, d := range org.VerifiedDomains {
		domains = append(domains, strings.ToLower(d.Name))
	}
	return domains, nil
}
