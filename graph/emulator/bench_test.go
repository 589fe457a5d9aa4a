package emulator

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"rollcall/graph/emulator/seed"
)

// benchGraph is the Graph of a tenant without the HTTP around it.
func benchGraph(users int) *graph {
	tenant := seed.New(seed.Options{Users: users})
	o := Options{}.withDefaults()
	return &graph{
		now: time.Now, tenant: tenant, shapes: newShapes(Faults{}), table: usersTable(Faults{}), links: newLinks(1), ledger: newLedger(), routes: graphRoutes(),
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

// syncSelect is what a sync asks for where the profile names no attributes.
const syncSelect = "id,displayName,userPrincipalName,mail,department,jobTitle,officeLocation,companyName,city,state,country,usageLocation,userType,accountEnabled,mobilePhone,businessPhones,givenName,surname,mailNickname,employeeId,employeeHireDate,onPremisesSyncEnabled,postalCode,streetAddress,preferredLanguage,faxNumber,onPremisesDistinguishedName,onPremisesSecurityIdentifier,passwordPolicies,imAddresses,otherMails,proxyAddresses,onPremisesExtensionAttributes"

// answerBench runs a call and gives its page's memory back, as ServeHTTP does.
func answerBench(b *testing.B, g *graph, rt *route, c *call) *reply {
	answer := g.handle(rt, c, nil)
	if answer.status != http.StatusOK {
		b.Fatal(string(answer.body))
	}
	if answer.reusable {
		g.pages.put(answer.body)
	}
	return answer
}

func benchRoute(b *testing.B, g *graph, path string) *route {
	rt, _, refused := g.match(benchCall(b, path, ""))
	if refused != nil {
		b.Fatal(refused)
	}
	return rt
}

// BenchmarkPage reads pages of 999 users, with every attribute and the manager.
func BenchmarkPage(b *testing.B) {
	g := benchGraph(1_000_000)
	rt := benchRoute(b, g, "users")
	b.ReportAllocs()
	for i := range b.N {
		c := benchCall(b, "users", "$top=999&$expand=manager($select=id)&$select="+url.QueryEscape(syncSelect))
		c.query.Set("$skiptoken", g.links.token(c.resource(), c.query, position{Offset: int64(i%1000) * 999}))
		b.SetBytes(int64(len(answerBench(b, g, rt, c).body)))
	}
}

// partitions are filters of parts of a listing, by what is filtered.
var partitions = map[string]string{
	"name":     "startswith(userPrincipalName,'m')",
	"creation": "createdDateTime ge 2017-03-18T02:00:00Z and createdDateTime le 2017-03-18T02:59:59Z",
	"both":     "startswith(userPrincipalName,'m') and createdDateTime ge 2020-01-01T00:00:00Z",
}

// BenchmarkFilteredPage reads the pages of a partition one after another.
func BenchmarkFilteredPage(b *testing.B) {
	g := benchGraph(1_000_000)
	rt := benchRoute(b, g, "users")
	for name, filter := range partitions {
		b.Run(name, func(b *testing.B) {
			first := "$top=999&$expand=manager($select=id)&$select=" + url.QueryEscape(syncSelect) + "&$filter=" + url.QueryEscape(filter)
			query := first
			answerBench(b, g, rt, benchCall(b, "users", query)) // builds the index, which BenchmarkIndexBuild measures
			b.ReportAllocs()
			for b.Loop() {
				answer := answerBench(b, g, rt, benchCall(b, "users", query))
				b.SetBytes(int64(len(answer.body)))
				query = first
				var page struct {
					Next string `json:"@odata.nextLink"`
				}
				at := max(0, len(answer.body)-2000)
				if tail := bytes.LastIndex(answer.body[at:], []byte(`,"@odata.nextLink"`)); tail >= 0 {
					if err := json.Unmarshal(append([]byte{'{'}, answer.body[at+tail+1:]...), &page); err != nil {
						b.Fatal(err)
					}
					_, query, _ = strings.Cut(page.Next, "?")
				}
			}
		})
	}
}

// BenchmarkCount counts a partition.
func BenchmarkCount(b *testing.B) {
	g := benchGraph(1_000_000)
	rt := benchRoute(b, g, "users/$count")
	for name, filter := range partitions {
		b.Run(name, func(b *testing.B) {
			count := func() {
				c := benchCall(b, "users/$count", "$filter="+url.QueryEscape(filter))
				c.header.Set("ConsistencyLevel", "eventual")
				answerBench(b, g, rt, c)
			}
			count() // builds the index
			b.ReportAllocs()
			for b.Loop() {
				count()
			}
		})
	}
}

func BenchmarkDeltaCrawlPage(b *testing.B) {
	g := benchGraph(1_000_000)
	b.ReportAllocs()
	for i := range b.N {
		c := benchCall(b, "users/delta", "")
		p := position{Boot: g.boot, Issued: time.Now().Unix(), Crawl: true, Offset: int64(i%5000) * deltaPage}
		answer, refused := g.deltaPageAt(c, p)
		if refused != nil {
			b.Fatal(refused)
		}
		g.pages.put(answer.body)
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
