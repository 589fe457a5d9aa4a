package expansion

import (
	"context"
	"errors"
	"strings"
	"sync"

	"rollcall/model"
)

// Sources reads the members of lists from the service that sees most of them.
// It implements Members: Microsoft 365 and security groups are Graph's; dynamic
// distribution lists are Exchange's, which alone knows them; distribution lists
// and mail-enabled security groups are Exchange's where it is asked, because
// Graph does not show the dynamic lists that they hold, and Graph's otherwise.
// See Matrix.
//
// Where Exchange fails for a list that Graph can read too, Graph reads it, and
// Listing.Instead says why. A list that Graph does not know has an error then.
//
// Once Exchange as a whole refuses, it is not asked again for as long as one
// reading lasts: a Walk, a ReadAll, or whoever calls Begin. The next reading
// asks it again. A Sources is safe for concurrent use.
type Sources struct {
	Graph Members
	// Exchange is the service named by Source; nil where Exchange is not asked.
	// That it refuses as a whole it says by its error, or, beside listings that
	// came before, by a Listing.Err that is ErrService.
	Exchange Members
	Source   Source
	// Classify finds the groups that own addresses, as Graph describes them; an
	// address that no group owns is left out. Exchange Web Services name a list
	// by its address alone, and no source of Exchange says whether the members of
	// a Microsoft 365 group are hidden. Nil leaves groups as Exchange names them.
	Classify func(ctx context.Context, addresses []string) ([]model.Object, error)
}

// ErrService marks, for errors.Is, a failure that concerns a service as a whole
// and not one list: no sign-in or consent, no role, not enabled, blocked, out of
// reach.
var ErrService = errors.New("the service as a whole refuses")

// Begin returns a Members for one reading, which remembers that Exchange
// refused. It is not safe for concurrent use.
func (s *Sources) Begin() Members { return &router{sources: s} }

// Members implements Members, as one reading of its own.
func (s *Sources) Members(ctx context.Context, questions []Question) ([]Listing, error) {
	return s.Begin().Members(ctx, questions)
}

// begin returns what one reading asks.
func begin(m Members) Members {
	if s, ok := m.(interface{ Begin() Members }); ok {
		return s.Begin()
	}
	return m
}

// router sends the questions of one reading to their sources.
type router struct {
	sources *Sources
	refusal *model.Error            // why Exchange is not asked any more
	known   map[string]*model.Group // what Graph said of an address, in lower case; nil: no group owns it
}

// part is the share of a round that one source answers.
type part struct {
	questions []Question
	at        []int            // index of each in the round
	instead   []*model.Error   // of each: why another source did not answer
	before    [][]model.Object // of each: what that source had listed
	listings  []Listing
	err       error
}

func (p *part) add(i int, q Question) { p.fallBack(i, q, nil, nil) }

func (p *part) fallBack(i int, q Question, instead *model.Error, before []model.Object) {
	p.questions = append(p.questions, q)
	p.at = append(p.at, i)
	p.instead = append(p.instead, instead)
	p.before = append(p.before, before)
}

func (p *part) ask(ctx context.Context, m Members) {
	if len(p.questions) == 0 {
		return
	}
	p.listings, p.err = m.Members(ctx, p.questions)
	if p.err == nil && len(p.listings) != len(p.questions) {
		p.err = miscounted(len(p.questions), len(p.listings))
	}
}

// Members implements Members. A round that meets Exchange's refusal costs the
// time of a second request, to Graph.
func (r *router) Members(ctx context.Context, questions []Question) ([]Listing, error) {
	listings := make([]Listing, len(questions))
	var graph, exchange, instead part
	for i, q := range questions {
		from, next := cutSource(q.Next)
		q.Next = next
		switch {
		case from == SourceGraph:
			graph.add(i, q)
		case from != "":
			exchange.add(i, q)
		case r.isExchanges(&q.Group) && r.refusal == nil:
			exchange.add(i, q)
		case !isGraphs(&q.Group):
			listings[i] = Listing{Err: r.unreadable(&q.Group)}
		case r.isExchanges(&q.Group):
			graph.fallBack(i, q, r.refusal, nil)
		default:
			graph.add(i, q)
		}
	}
	var asking sync.WaitGroup
	if len(exchange.questions) > 0 {
		asking.Go(func() { exchange.ask(ctx, r.sources.Exchange) })
	}
	graph.ask(ctx, r.sources.Graph)
	asking.Wait()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	r.takeExchange(&exchange, &instead, listings)
	instead.ask(ctx, r.sources.Graph)
	for _, p := range []*part{&graph, &instead} {
		if p.err != nil {
			return nil, p.err
		}
		p.deliver(listings)
	}
	if err := r.classify(ctx, listings); err != nil {
		return nil, err
	}
	for i := range listings {
		listings[i].GroupID = questions[i].Group.ID
		if l := &listings[i]; l.Next != "" {
			l.Next = string(l.Source) + " " + l.Next
		}
	}
	return listings, nil
}

// cutSource parts where a listing goes on into the source that said so and what
// it said.
func cutSource(next string) (Source, string) {
	source, rest, _ := strings.Cut(next, " ")
	return Source(source), rest
}

// takeExchange delivers what Exchange listed, and moves the questions that it
// did not answer, and Graph can, to instead.
func (r *router) takeExchange(exchange, instead *part, listings []Listing) {
	if exchange.err != nil {
		r.refusal = model.AsError(exchange.err)
		exchange.listings = make([]Listing, len(exchange.questions))
		for k := range exchange.listings {
			exchange.listings[k].Err = r.refusal
		}
	}
	for k, i := range exchange.at {
		l, q := exchange.listings[k], exchange.questions[k]
		l.Source = r.sources.Source
		if l.Err != nil && errors.Is(l.Err, ErrService) && r.refusal == nil {
			r.refusal = l.Err
		}
		if l.Err != nil && isGraphs(&q.Group) {
			instead.fallBack(i, Question{Group: q.Group}, l.Err, l.Members)
			continue
		}
		listings[i] = l
	}
}

// deliver puts Graph's listings where they were asked for.
func (p *part) deliver(listings []Listing) {
	for k, i := range p.at {
		l := p.listings[k]
		l.Source = SourceGraph
		l.Instead = p.instead[k]
		if len(p.before[k]) > 0 {
			l.Members = append(p.before[k][:len(p.before[k]):len(p.before[k])], l.Members...)
		}
		listings[i] = l
	}
}

// isExchanges reports whether Exchange is the one to be asked: for the lists
// that it alone knows or sees in full, and for one of which nobody has told the
// kind and the id. It finds a list by its address only.
func (r *router) isExchanges(g *model.Group) bool {
	if r.sources.Exchange == nil || g.Mail == "" {
		return false
	}
	switch g.Kind {
	case model.KindDynamicDistribution, model.KindDistribution, model.KindMailEnabledSecurity:
		return true
	default:
		return g.Kind == "" && g.ID == ""
	}
}

// isGraphs reports whether Graph can be asked: it finds a group by its id only.
func isGraphs(g *model.Group) bool {
	return g.ID != "" && g.Kind != model.KindDynamicDistribution
}

// unreadable says why no source can be asked for a list.
func (r *router) unreadable(g *model.Group) *model.Error {
	switch {
	case r.refusal != nil:
		return r.refusal
	case r.sources.Exchange == nil:
		return exchangeOff(g)
	}
	return &model.Error{
		Kind: model.KindPartial, Code: "groupWithoutAddress",
		Message: nameOf(g) + " has neither an id that Graph knows nor an address that Exchange can be asked for",
		Remedy:  "give the list an address in Exchange",
	}
}

// exchangeOff says that a list cannot be read without Exchange.
func exchangeOff(g *model.Group) *model.Error {
	return &model.Error{
		Kind: model.KindPartial, Code: "groupNotInGraph",
		Message: "Graph does not know " + nameOf(g) + ": dynamic distribution lists exist in Exchange only, and Exchange is not asked",
		Remedy:  TurnExchangeOn,
	}
}

// TurnExchangeOn is what to do where Exchange is off and ought to be asked.
const TurnExchangeOn = `set exchange = "admin-api" in the profile, or preview with --exchange admin-api`

// needsClassifying reports whether Exchange left out what a group must have: a
// kind and an id, and whether its members are hidden.
func needsClassifying(o *model.Object) bool {
	if o.Type != model.ObjectGroup || o.Mail == "" {
		return false
	}
	g := o.Group
	return g == nil || g.Kind == "" || g.Kind == model.KindMicrosoft365 || g.ID == "" && g.Kind != model.KindDynamicDistribution
}

// classify completes the groups that Exchange listed by what Graph knows of
// them, with one question for all addresses that are new. A list of which Graph
// knows nothing is a dynamic one.
func (r *router) classify(ctx context.Context, listings []Listing) error {
	if r.sources.Classify == nil {
		return nil
	}
	var addresses []string
	each := func(visit func(l *Listing, o *model.Object)) {
		for i := range listings {
			if l := &listings[i]; l.Source != SourceGraph || l.Instead != nil {
				for k := range l.Members {
					if needsClassifying(&l.Members[k]) {
						visit(l, &l.Members[k])
					}
				}
			}
		}
	}
	asked := make(map[string]bool)
	each(func(_ *Listing, o *model.Object) {
		address := strings.ToLower(o.Mail)
		if _, ok := r.known[address]; !ok && !asked[address] {
			asked[address] = true
			addresses = append(addresses, address)
		}
	})
	if err := r.learn(ctx, addresses); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		// Without the kinds a group whose members are hidden could pass for empty.
		reason := model.AsError(err)
		each(func(l *Listing, o *model.Object) {
			if asked[strings.ToLower(o.Mail)] {
				l.Err, l.Next = reason, ""
			}
		})
	}
	each(func(_ *Listing, o *model.Object) {
		if g, ok := r.known[strings.ToLower(o.Mail)]; ok {
			describeAs(o, g)
		}
	})
	return nil
}

// learn asks Graph for the groups that own the addresses.
func (r *router) learn(ctx context.Context, addresses []string) error {
	if len(addresses) == 0 {
		return nil
	}
	found, err := r.sources.Classify(ctx, addresses)
	if err != nil {
		return err
	}
	if r.known == nil {
		r.known = make(map[string]*model.Group)
	}
	for _, a := range addresses {
		r.known[a] = nil
	}
	for i := range found {
		o := &found[i]
		if o.Type != model.ObjectGroup || o.Group == nil {
			continue
		}
		for _, proxy := range o.ProxyAddresses {
			if a, ok := smtpAddress(proxy); ok {
				r.know(a, o.Group)
			}
		}
		r.know(strings.ToLower(o.Mail), o.Group)
	}
	return nil
}

// know keeps the owner of an address that was asked for.
func (r *router) know(address string, g *model.Group) {
	if _, asked := r.known[address]; asked {
		r.known[address] = g
	}
}

// describeAs makes a group that Exchange listed what Graph says of it; g is nil
// where Graph knows nothing.
func describeAs(o *model.Object, g *model.Group) {
	if g != nil {
		*o = model.Object{ID: g.ID, Type: model.ObjectGroup, DisplayName: g.DisplayName, Mail: g.Mail, ProxyAddresses: g.ProxyAddresses, Group: g}
		return
	}
	if o.Group != nil && o.Group.Kind != "" {
		return
	}
	o.Group = &model.Group{ID: o.ID, DisplayName: o.DisplayName, Mail: o.Mail, ProxyAddresses: o.ProxyAddresses, Kind: model.KindDynamicDistribution}
}
