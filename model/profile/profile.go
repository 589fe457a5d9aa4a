// Package profile is the configuration of a tenant: what config.toml says of a
// profile, and what holds where it says nothing. It reads no file itself.
package profile

import (
	"rollcall/model"
	"rollcall/model/expansion"
	"rollcall/model/refresh"
	"rollcall/model/writeback"
)

// Profile is what an administrator has chosen for one tenant.
type Profile struct {
	Schema   *model.Schema    // the attributes to sync
	Chosen   bool             // the configuration names them
	Schedule refresh.Schedule // of the rounds that the screens run by themselves
	Guard    refresh.Guard    // how many users a sync may remove unasked

	// Exchange is asked for lists that Graph cannot see, or not in full:
	// expansion.SourceExchangeAdmin or SourceEWS; "" asks none.
	Exchange         expansion.Source
	ExchangeChosen   bool   // the configuration says which, or that there is none
	ExchangeEndpoint string // https://HOST of Exchange; "" is the cloud's own
	ExchangeResource string // what its tokens are issued for; "" is what the endpoint's cloud has
	KeepStructure    bool   // nested lists are kept with an approved preview

	Policy writeback.Policy // of writing groups
}

// Default is a profile of which nothing is configured.
func Default() Profile {
	return Profile{Schema: model.DefaultSchema(), Schedule: refresh.DefaultSchedule(), Guard: refresh.DefaultGuard(), Policy: writeback.DefaultPolicy()}
}

// Config is a configuration file. The zero value is that of an empty one.
type Config struct {
	profiles map[string]Profile
}

// Profile returns the profile of a name: the default one where the file has no
// table for it.
func (c Config) Profile(name string) Profile {
	if p, ok := c.profiles[name]; ok {
		return p
	}
	return Default()
}
