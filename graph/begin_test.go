package graph

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"rollcall/model"
)

// picky is a tenant that refuses properties of a listing and of a delta.
type picky struct {
	listing, delta []string // Graph names, in lower case; "*" is everything
	refuse         func(w http.ResponseWriter, names []string)
	asked          atomic.Int32
}

func (p *picky) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.asked.Add(1)
	query := r.URL.Query()
	selected := strings.Split(query.Get("$select"), ",")
	if query.Has("$expand") {
		selected = append(selected, "manager")
	}
	refused := p.listing
	if strings.HasSuffix(r.URL.Path, "/delta()") {
		refused = p.delta
	}
	bad := slices.DeleteFunc(selected, func(name string) bool {
		return !slices.Contains(refused, strings.ToLower(name)) && !slices.Contains(refused, "*")
	})
	switch {
	case len(bad) > 0:
		p.refuse(w, bad)
	case query.Get("$deltatoken") == "latest":
		answerJSON(w, 200, object{"value": []any{}, "@odata.deltaLink": "https://" + r.Host + "/v1.0/users/delta?$deltatoken=" + query.Get("$select")})
	default:
		answerJSON(w, 200, page(object{"id": guid(1)}))
	}
}

func (p *picky) serve(t testing.TB, schema *model.Schema) *tenant {
	return serve(t, p.ServeHTTP, func(o *Options) { o.Schema = schema })
}

// The ways in which the service refuses a property.
func unknownProperty(w http.ResponseWriter, names []string) {
	answerJSON(w, 400, graphError("BadRequest", fmt.Sprintf("Parsing OData Select and Expand failed: Could not find a property named '%s' on type 'microsoft.graph.user'.", names[0])))
}

func untrackedProperties(w http.ResponseWriter, names []string) {
	answerJSON(w, 400, graphError("BadRequest", "Invalid request for delta query: for this entity set, $expand/$select is not supported for the following properties: "+strings.Join(names, ", ")))
}

func notImplemented(w http.ResponseWriter, _ []string) {
	answerJSON(w, 501, graphError("NotImplemented", "This operation target is not yet supported."))
}

func namesNothing(w http.ResponseWriter, _ []string) {
	answerJSON(w, 400, graphError("Request_BadRequest", "Unsupported Query."))
}

func TestBeginAsksForADeltaFromNowAndForOneRow(t *testing.T) {
	schema, err := model.NewSchema("department", "extensionAttribute3")
	require.NoError(t, err)
	queries := make(chan map[string][]string, 10)
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		q := map[string][]string(r.URL.Query())
		q["path"] = []string{r.URL.Path}
		queries <- q
		answerJSON(w, 200, object{"value": []any{}, "@odata.deltaLink": "https://" + r.Host + "/v1.0/users/delta?$deltatoken=abc"})
	}, func(o *Options) { o.Schema = schema })
	beginning, err := c.Begin(t.Context())
	require.NoError(t, err)
	assert.Equal(t, "https://"+c.root.Host+"/v1.0/users/delta?$deltatoken=abc", beginning.DeltaLink)
	assert.Empty(t, beginning.Refused)
	require.Len(t, queries, 2)
	got := map[string]map[string][]string{}
	for range 2 {
		q := <-queries
		path := q["path"][0]
		delete(q, "path")
		got[path] = q
	}
	names := strings.Join(schema.Select(), ",")
	assert.Equal(t, map[string]map[string][]string{
		"/v1.0/users/delta()": {"$deltatoken": {"latest"}, "$select": {names + ",manager"}}, // delta ignores or refuses every other option
		"/v1.0/users":         {"$top": {"1"}, "$select": {names}, "$expand": {"manager($select=id)"}},
	}, got)
}

func TestWhatTheTenantRefusesIsLeftOut(t *testing.T) {
	full := model.FullSchema()
	for name, test := range map[string]struct {
		tenant  *picky
		refused []string
		most    int32 // requests
	}{
		"nothing":                        {&picky{}, nil, 2},
		"by name":                        {&picky{listing: []string{"faxnumber"}, delta: []string{"faxnumber"}, refuse: unknownProperty}, []string{"faxNumber"}, 4},
		"by name, one after another":     {&picky{listing: []string{"faxnumber", "city"}, delta: []string{"faxnumber", "city"}, refuse: unknownProperty}, []string{"city", "faxNumber"}, 6},
		"in the listing alone":           {&picky{listing: []string{"faxnumber"}, refuse: unknownProperty}, []string{"faxNumber"}, 4},
		"in the delta alone":             {&picky{delta: []string{"faxnumber", "state"}, refuse: untrackedProperties}, []string{"state", "faxNumber"}, 3},
		"without a name":                 {&picky{listing: []string{"state"}, delta: []string{"state"}, refuse: notImplemented}, []string{"state"}, 30},
		"two without a name":             {&picky{delta: []string{"state", "othermails"}, refuse: namesNothing}, []string{"state", "otherMails"}, 27},
		"all extension attributes":       {&picky{listing: []string{"onpremisesextensionattributes"}, refuse: unknownProperty}, extensionAttributes(), 4},
		"the manager":                    {&picky{listing: []string{"manager"}, refuse: notImplemented}, []string{"manager"}, 18},
		"the manager, but in delta only": {&picky{delta: []string{"manager"}, refuse: untrackedProperties}, []string{"manager"}, 3},
	} {
		t.Run(name, func(t *testing.T) {
			c := test.tenant.serve(t, full)
			beginning, err := c.Begin(t.Context())
			require.NoError(t, err)
			assert.Equal(t, test.refused, beginning.Refused)
			assert.LessOrEqual(t, test.tenant.asked.Load(), test.most)

			// Neither the delta nor the pages of the listing select it any more.
			_, err = c.Users(t.Context(), c.listing(t))
			require.NoError(t, err)
			for _, r := range append(test.tenant.listing, test.tenant.delta...) {
				assert.NotContains(t, strings.Split(strings.ToLower(beginning.DeltaLink), ","), r)
				assert.NotContains(t, strings.ToLower(c.listing(t)), "%2c"+r+"%2c")
			}
			assert.Equal(t, !slices.Contains(test.refused, "manager"), strings.Contains(c.listing(t), "expand"))
		})
	}
}

func extensionAttributes() []string {
	var names []string
	for i := range 15 {
		names = append(names, fmt.Sprintf("extensionAttribute%d", i+1))
	}
	return names
}

func TestWhatIsRefusedIsFoundInAnyTenant(t *testing.T) {
	schema := extended(t)
	var optional []string
	for _, a := range schema.Synced() {
		if !a.IsRequired() {
			optional = append(optional, strings.ToLower(a.Select))
		}
	}
	optional = append(slices.Compact(slices.Sorted(slices.Values(optional))), "manager")
	draw := rapid.SliceOfNDistinct(rapid.SampledFrom(optional), 0, 5, rapid.ID)
	ways := []func(http.ResponseWriter, []string){unknownProperty, untrackedProperties, notImplemented, namesNothing}
	rapid.Check(t, func(rt *rapid.T) {
		p := &picky{listing: draw.Draw(rt, "listing"), delta: draw.Draw(rt, "delta"), refuse: rapid.SampledFrom(ways).Draw(rt, "way")}
		c := p.serve(t, schema)
		beginning, err := c.Begin(t.Context())
		require.NoError(rt, err)
		got := make(map[string]bool)
		for _, name := range beginning.Refused {
			if a, ok := schema.ByGraph(name); ok {
				name = a.Select
			}
			got[strings.ToLower(name)] = true
		}
		want := make(map[string]bool)
		for _, name := range slices.Concat(p.listing, p.delta) {
			want[name] = true
		}
		require.Equal(rt, want, got)
		c.server.Close()
	})
}

func TestWhatEveryProfileNeedsMustNotBeRefused(t *testing.T) {
	for name, p := range map[string]*picky{
		"by name":        {listing: []string{"mail"}, refuse: unknownProperty},
		"without a name": {delta: []string{"proxyaddresses"}, refuse: namesNothing},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := p.serve(t, model.FullSchema()).Begin(t.Context())
			e := asModelError(t, err)
			assert.Equal(t, "attributeRefused", e.Code)
			assert.NotEmpty(t, e.Remedy)
			assert.NotEmpty(t, e.RequestID)
		})
	}
}

func TestARefusalOfEverythingIsNotBlamedOnAProperty(t *testing.T) {
	p := &picky{delta: []string{"*"}, refuse: func(w http.ResponseWriter, _ []string) {
		answerJSON(w, 400, graphError("BadRequest", "Invalid request. Delta query is not supported by this resource."))
	}}
	_, err := p.serve(t, model.FullSchema()).Begin(t.Context())
	assert.Equal(t, "Invalid request. Delta query is not supported by this resource", asModelError(t, err).Message)
	assert.LessOrEqual(t, p.asked.Load(), int32(3))

	denied := &picky{delta: []string{"*"}, refuse: func(w http.ResponseWriter, _ []string) {
		answerJSON(w, 403, graphError("Authorization_RequestDenied", "Insufficient privileges to complete the operation."))
	}}
	_, err = denied.serve(t, model.FullSchema()).Begin(t.Context())
	assert.Equal(t, model.KindSignIn, asModelError(t, err).Kind)
	assert.LessOrEqual(t, denied.asked.Load(), int32(2))
}

func TestADeltaThatDoesNotEndAtOnceIsFollowed(t *testing.T) {
	next := map[string]string{"": "1", "1": "2", "2": "end"}
	handler := func(w http.ResponseWriter, r *http.Request) {
		p := page()
		if token := next[r.URL.Query().Get("$skiptoken")]; token == "end" {
			p["@odata.deltaLink"] = "https://" + r.Host + "/v1.0/users/delta?$deltatoken=abc"
		} else {
			p["@odata.nextLink"] = "https://" + r.Host + "/v1.0/users/delta?$skiptoken=" + token
		}
		answerJSON(w, 200, p)
	}
	c := serve(t, handler)
	beginning, err := c.Begin(t.Context())
	require.NoError(t, err)
	assert.True(t, strings.HasSuffix(beginning.DeltaLink, "$deltatoken=abc"))

	next["2"] = "1"
	_, err = serve(t, handler).Begin(t.Context())
	assert.Equal(t, "pagesLoop", asModelError(t, err).Code)
}
