package cli

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"rollcall/model"
	"rollcall/model/expansion"
	"rollcall/model/profile"
)

// Connection says which tenant to open and how.
type Connection struct {
	Profile string
	DataDir string        // "": the user's data directory
	Timeout time.Duration // how long to keep trying a service that does not serve
	Config  profile.Profile

	// Exchange is the service that is asked for lists that Graph cannot see:
	// expansion.SourceExchangeAdmin or SourceEWS; "" asks none.
	Exchange         expansion.Source
	ExchangeEndpoint string // https://HOST of Exchange; "": that of Graph's cloud
	ExchangeResource string // what its tokens are issued for; "": what the endpoint's cloud has

	Screens bool  // the process shows screens, which sync by themselves
	Demo    *Demo // the embedded tenant; nil for a real one

	Tenant            string // AZURE_TENANT_ID: id or domain
	ClientID          string // AZURE_CLIENT_ID
	ClientSecret      string // AZURE_CLIENT_SECRET; signs in as the app
	CertificatePath   string // AZURE_CLIENT_CERTIFICATE_PATH; signs in as the app
	GraphEndpoint     string // ROLLCALL_GRAPH_ENDPOINT; "": the public cloud's
	AuthorityHost     string // ROLLCALL_AUTHORITY_HOST
	PersistentTokens  bool   // keep tokens in the operating system's protected storage
	NoSynchronization bool   // ROLLCALL_NO_SYNC_OUTPUT: do not ask the terminal for synchronized output
	NoColor           bool   // NO_COLOR
}

// Demo chooses the embedded tenant.
type Demo struct {
	Users   int
	Seed    uint64
	Latency time.Duration
	Fault   string
	Churn   time.Duration
	Approve time.Duration // the device code approves itself after this; 0: never
	Write   bool          // the permission to write groups has been consented to
	// Consented is the service of Exchange whose permission has been consented
	// to; "" is none.
	Consented expansion.Source

	NullCreated   float64 // share of the users created before June 2018 without a createdDateTime
	NoCompression bool    // answers are sent as they are, though the client takes gzip
}

// Serve chooses the embedded tenant that `demo serve` serves.
type Serve struct {
	Demo
	Listen string
}

// maxDemoUsers bounds the embedded tenant: ten times the largest tenant that
// rollcall is made for.
const maxDemoUsers = 10_000_000

const (
	formatTable  = "table"
	formatJSON   = "json"
	formatNDJSON = "ndjson"
	formatCSV    = "csv"
)

// flags are the ones that every command takes.
type flags struct {
	profile string
	config  string
	dataDir string
	demo    bool
	tenant  Demo
	format  string
	json    bool
	noColor bool
	timeout time.Duration

	exchange string
}

func (f *flags) register(set *pflag.FlagSet) {
	set.SortFlags = false
	set.StringVar(&f.profile, "profile", "", "which tenant's local files to use (ROLLCALL_PROFILE; default \"default\")")
	set.StringVar(&f.config, "config", "", "the configuration file (ROLLCALL_CONFIG; default $XDG_CONFIG_HOME/rollcall/config.toml)")
	set.StringVar(&f.dataDir, "data-dir", "", "where local files are kept (ROLLCALL_DATA_DIR; default $XDG_DATA_HOME/rollcall)")
	set.StringVar(&f.format, "format", formatTable, "output format: table, json, ndjson or csv")
	set.BoolVar(&f.json, "json", false, "the same as --format json")
	set.BoolVar(&f.noColor, "no-color", false, "no colour (NO_COLOR)")
	set.DurationVar(&f.timeout, "timeout", 5*time.Minute, "how long to keep trying a service that is unavailable or throttles")
	set.StringVar(&f.exchange, "exchange", "", "which service of Exchange is asked for lists that Graph cannot see: "+strings.Join(profile.ExchangeModes(), ", ")+" (ROLLCALL_EXCHANGE; default as the profile says, or off)")
	set.BoolVar(&f.demo, "demo", false, "use the embedded tenant in this process")
	f.registerTenant(set, "demo-")
}

// registerTenant adds the flags of the embedded tenant under a prefix.
func (f *flags) registerTenant(set *pflag.FlagSet, prefix string) {
	set.IntVar(&f.tenant.Users, prefix+"users", 2000, "users of the embedded tenant")
	set.Uint64Var(&f.tenant.Seed, prefix+"seed", 1, "seed of the embedded tenant")
	set.DurationVar(&f.tenant.Latency, prefix+"latency", 0, "delay of each answer of the embedded tenant")
	set.StringVar(&f.tenant.Fault, prefix+"fault", "", "faults of the embedded tenant, for instance 429=0.05,5xx=0.02,cut=0.01")
}

// check validates what the flags say.
func (f *flags) check(cmd *cobra.Command) error {
	formats := []string{formatTable, formatJSON, formatNDJSON, formatCSV}
	if !slices.Contains(formats, f.format) {
		return usageError(cmd, fmt.Errorf("--format takes %s, not %s", strings.Join(formats, ", "), quoted(f.format)))
	}
	if f.json {
		if cmd.Flags().Changed("format") && f.format != formatJSON {
			return usageError(cmd, fmt.Errorf("--json and --format %s contradict each other", f.format))
		}
		f.format = formatJSON
	}
	if f.tenant.Users < 1 {
		return usageError(cmd, fmt.Errorf("the embedded tenant needs at least one user, not %d", f.tenant.Users))
	}
	if f.tenant.Users > maxDemoUsers {
		return usageError(cmd, fmt.Errorf("the embedded tenant holds at most %s users, not %s", grouped(maxDemoUsers), grouped(f.tenant.Users)))
	}
	if f.tenant.Latency < 0 || f.tenant.Churn < 0 {
		return usageError(cmd, errors.New("a duration of the embedded tenant cannot be negative"))
	}
	if cmd.Flags().Changed("exchange") {
		if _, err := profile.ParseExchange("--exchange", f.exchange); err != nil {
			return err
		}
	}
	if f.timeout <= 0 {
		return usageError(cmd, fmt.Errorf("--timeout must be longer than 0, not %s", f.timeout))
	}
	return nil
}

// machine reports whether a program reads the output.
func (f *flags) machine() bool { return f.format != formatTable }

// wantsJSON reports whether failures are written as JSON. The arguments say so
// where the flags were not read to their end because one of them is wrong.
func (f *flags) wantsJSON(args []string) bool {
	if end := slices.Index(args, "--"); end >= 0 {
		args = args[:end]
	}
	return f.json || f.format == formatJSON || f.format == formatNDJSON || slices.Contains(args, "--json")
}

// demoProfile is the profile of the embedded tenant.
const demoProfile = "demo"

// configured reads the profile of a name from the configuration. A file that
// nobody has named need not be there.
func (a *app) configured(name string) (profile.Profile, error) {
	named := cmp.Or(a.flags.config, a.env.Getenv("ROLLCALL_CONFIG"))
	path := cmp.Or(named, a.env.ConfigFile)
	data, err := a.env.ReadFile(path)
	switch {
	case named == "" && errors.Is(err, fs.ErrNotExist):
		return profile.Default(), nil
	case err != nil:
		return profile.Profile{}, &model.Error{
			Kind: model.KindUsage, Code: "configUnreadable",
			Message: fmt.Sprintf("the configuration cannot be read: %v", err),
			Remedy:  "correct the name of the file, or its rights", Err: err,
		}
	}
	config, err := profile.Read(data, path)
	return config.Profile(name), err
}

// connection joins flags, environment and configuration.
func (a *app) connection() (c Connection, err error) {
	f, getenv := &a.flags, a.env.Getenv
	c = Connection{
		Profile:           cmp.Or(f.profile, getenv("ROLLCALL_PROFILE"), "default"),
		DataDir:           cmp.Or(f.dataDir, getenv("ROLLCALL_DATA_DIR")),
		Timeout:           f.timeout,
		NoSynchronization: getenv("ROLLCALL_NO_SYNC_OUTPUT") != "",
		NoColor:           f.noColor || getenv("NO_COLOR") != "",
	}
	if strings.ContainsAny(c.Profile, `/\:`) || strings.HasPrefix(c.Profile, ".") {
		return c, &model.Error{Kind: model.KindUsage, Code: "profileName", Message: fmt.Sprintf("a profile cannot be named %s", quoted(c.Profile)), Remedy: "use letters, digits, - and _"}
	}
	if f.demo {
		demo := f.tenant
		// A command in the demo asks nobody: the code approves itself at once,
		// and the permission to write is there. The screens show both steps.
		demo.Approve, demo.Write = time.Millisecond, true
		demo.NoCompression = true // nothing travels: it would cost this process twice
		c.Demo = &demo
		c.Profile = demoProfile
		if c.Config, err = a.configured(c.Profile); err != nil {
			return c, err
		}
		if !c.Config.ExchangeChosen {
			c.Config.Exchange = expansion.SourceExchangeAdmin // the embedded tenant has it
		}
		if err = a.chooseExchange(&c); err != nil {
			return c, err
		}
		demo.Consented = c.Exchange
		if !c.Config.Chosen {
			c.Config.Schema = model.FullSchema() // nothing travels: every rule can be tried
		}
		// Another tenant has other users, so it has other files.
		if demo.Users != 2000 || demo.Seed != 1 {
			c.Profile = fmt.Sprintf("%s-%d-%d", demoProfile, demo.Seed, demo.Users)
		}
		return c, nil
	}
	if c.Config, err = a.configured(c.Profile); err != nil {
		return c, err
	}
	c.Tenant = getenv("AZURE_TENANT_ID")
	c.ClientID = getenv("AZURE_CLIENT_ID")
	c.ClientSecret = getenv("AZURE_CLIENT_SECRET")
	c.CertificatePath = getenv("AZURE_CLIENT_CERTIFICATE_PATH")
	c.GraphEndpoint = getenv("ROLLCALL_GRAPH_ENDPOINT")
	c.AuthorityHost = getenv("ROLLCALL_AUTHORITY_HOST")
	c.PersistentTokens = true
	if err = a.chooseExchange(&c); err != nil {
		return c, err
	}
	for _, v := range []Variable{{"AZURE_TENANT_ID", c.Tenant}, {"AZURE_CLIENT_ID", c.ClientID}} {
		if v.Value == "" {
			return c, &model.Error{
				Kind: model.KindUsage, Code: "notConfigured",
				Message: "no tenant is configured: " + v.Name + " is not set",
				Remedy:  "set AZURE_TENANT_ID and AZURE_CLIENT_ID to your tenant and app registration, or try `rollcall demo`",
			}
		}
	}
	return c, nil
}

// chooseExchange says which service of Exchange a connection asks, and where:
// the flag wins over the environment, and that over the configuration.
func (a *app) chooseExchange(c *Connection) error {
	c.Exchange = c.Config.Exchange
	for _, chosen := range []Variable{{"--exchange", a.flags.exchange}, {"ROLLCALL_EXCHANGE", a.env.Getenv("ROLLCALL_EXCHANGE")}} {
		if chosen.Value == "" {
			continue
		}
		source, err := profile.ParseExchange(chosen.Name, chosen.Value)
		if err != nil {
			return err
		}
		c.Exchange = source
		break
	}
	if c.Demo != nil {
		return nil // the embedded tenant is its own endpoint
	}
	const endpoint = "ROLLCALL_EXCHANGE_ENDPOINT"
	c.ExchangeEndpoint, c.ExchangeResource = c.Config.ExchangeEndpoint, c.Config.ExchangeResource
	if named := a.env.Getenv(endpoint); named != "" {
		if err := profile.CheckURL(endpoint, named); err != nil {
			return err
		}
		c.ExchangeEndpoint = strings.TrimRight(named, "/")
	}
	if c.Exchange == expansion.SourceEWS && (c.ClientSecret != "" || c.CertificatePath != "") {
		return &model.Error{
			Kind: model.KindUsage, Code: "ewsAppOnly",
			Message: "Exchange Web Services are not asked where the app signs in as itself: its permission full_access_as_app would open every mailbox of the tenant, and rollcall never asks for it",
			Remedy:  `sign in as a person, without AZURE_CLIENT_SECRET and AZURE_CLIENT_CERTIFICATE_PATH, or choose exchange = "admin-api" or "off"`,
		}
	}
	return nil
}
