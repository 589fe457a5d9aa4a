package exchange

import (
	"context"
	"crypto/rand"
	"errors"
	"hash/maphash"
	"strings"
	"sync"

	"rollcall/model"
	"rollcall/model/expansion"
)

// canary finds out once what a service says of an address that cannot exist.
// Microsoft warns of Get-DynamicDistributionGroupMember that a non-existent
// identity may return everybody. Such an answer must not pass for a list.
type canary struct {
	mu      sync.Mutex
	known   bool
	answers bool // instead of refusing
	seed    maphash.Seed
	content uint64 // of the answer, in any order
}

// learn asks for a random address of the domain, once.
func (c *canary) learn(ctx context.Context, domain string, ask func(ctx context.Context, address string) ([]model.Object, *model.Error)) *model.Error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.known {
		return nil
	}
	objects, err := ask(ctx, "rollcall-"+strings.ToLower(rand.Text())+"@"+domain)
	if err != nil && (errors.Is(err, expansion.ErrService) || err.Kind == model.KindUnavailable || ctx.Err() != nil) {
		return err
	}
	c.known, c.answers = true, err == nil || err.Code == codeIncomplete
	c.seed = maphash.MakeSeed()
	c.content = c.sum(objects)
	return nil
}

// trusts reports whether an answer is more than what the service says of an
// address that does not exist.
func (c *canary) trusts(objects []model.Object) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.answers || c.sum(objects) != c.content
}

// talks reports whether the service answers for addresses that do not exist.
func (c *canary) talks() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.answers
}

func (c *canary) sum(objects []model.Object) uint64 {
	var sum uint64
	for i := range objects {
		o := &objects[i]
		sum += maphash.String(c.seed, strings.ToLower(o.ID+"\x00"+o.Mail))
	}
	return sum
}

func domainOf(address string) string { return address[strings.LastIndexByte(address, '@')+1:] }

// incredible says that an answer cannot be told from one for no list at all.
func incredible(service, address string) *model.Error {
	return &model.Error{
		Kind: model.KindPartial, Code: "listNotCertain",
		Message: service + " gives " + address + " the members that it gives an address that does not exist, so that they may be anybody",
		Remedy:  "check the address in the Exchange admin center",
	}
}
