package emulator

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"rollcall/graph/emulator/seed"
)

// benchGraph is the Graph of a tenant without the HTTP around it.
func benchGraph(users int) *graph {
	tenant := seed.New(seed.Options{Users: users})
	o := Options{}.withDefaults()
	return &graph{
		now: time.Now, tenant: tenant, shapes: newShapes(), links: newLinks(1), ledger: newLedger(), routes: graphRoutes(),
		faults: newFaults(Faults{}, 1), throttle: newThrottle(o, tenant.UserCount, tenant.TenantID()), boot: "bench",
	}
}

func benchCall(b *testing.B, path, query string) *call {
	c := &call{
		ctx: b.Context(), method: http.MethodGet, header: http.Header{}, arrived: time.Now(),
		token: &accessClaims{AppID: "bench", Scope: "User.Read.All GroupMember.Read.All OrgContact.Read.All"},
	}
	if err := c.locate(path, query); err != nil {
		b.Fatal(err)
	}
	return c
}

// syncSelect is what a sync of the whole catalogue asks for.
const syncSelect = "id,displayName,userPrincipalName,mail,department,jobTitle,officeLocation,companyName,city,state,country,usageLocation,userType,accountEnabled,mobilePhone,businessPhones,givenName,surname,mailNickname,employeeId,employeeHireDate,onPremisesSyncEnabled,postalCode,streetAddress,preferredLanguage,faxNumber,onPremisesDistinguishedName,onPremisesSecurityIdentifier,passwordPolicies,imAddresses,otherMails,proxyAddresses,onPremisesExtensionAttributes"

func BenchmarkPageOf999Users(b *testing.B) {
	g := benchGraph(1_000_000)
	rt, _, refused := g.match(benchCall(b, "users", ""))
	if refused != nil {
		b.Fatal(refused)
	}
	b.ReportAllocs()
	for i := range b.N {
		c := benchCall(b, "users", "$top=999&$select="+url.QueryEscape(syncSelect))
		c.query.Set("$skiptoken", g.links.token(c.resource(), c.query, position{Offset: int64(i%1000) * 999}))
		answer := g.handle(rt, c, nil)
		if answer.status != http.StatusOK {
			b.Fatal(string(answer.body))
		}
		b.SetBytes(int64(len(answer.body)))
	}
}

func BenchmarkDeltaCrawlPage(b *testing.B) {
	g := benchGraph(1_000_000)
	b.ReportAllocs()
	for i := range b.N {
		c := benchCall(b, "users/delta", "")
		p := position{Boot: g.boot, Issued: time.Now().Unix(), Crawl: true, Offset: int64(i%5000) * deltaPage}
		if _, refused := g.deltaPageAt(c, p); refused != nil {
			b.Fatal(refused)
		}
	}
}

func BenchmarkPrefixPartitionOfAMillionUsers(b *testing.B) {
	g := benchGraph(1_000_000)
	rt, _, refused := g.match(benchCall(b, "users/$count", ""))
	if refused != nil {
		b.Fatal(refused)
	}
	b.ReportAllocs()
	for range b.N {
		c := benchCall(b, "users/$count", "$filter="+url.QueryEscape("startswith(userPrincipalName,'m')"))
		c.header.Set("ConsistencyLevel", "eventual")
		if answer := g.handle(rt, c, nil); answer.status != http.StatusOK {
			b.Fatal(string(answer.body))
		}
	}
}

func BenchmarkStart(b *testing.B) {
	b.ReportAllocs()
	for range b.N {
		s, err := Start(b.Context(), Options{Users: 1_000_000})
		if err != nil {
			b.Fatal(err)
		}
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
