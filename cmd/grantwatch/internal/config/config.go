// Package config reads grantwatch.yaml. Unknown keys are errors, every error names file, line and column, and secrets are
// files or environment variables, never values in the file.
package config

import (
	"github.com/grantwatch/grantwatch/ingest/policy"
	"github.com/grantwatch/grantwatch/rules"
)

// Config is grantwatch.yaml. Relative paths in it are relative to the file.
type Config struct {
	Teams        []Team          `yaml:"teams"`
	Feeds        []Feed          `yaml:"feeds"`
	Entitlements []Entitlement   `yaml:"entitlements"`
	Identities   []Identities    `yaml:"identities"`
	Baselines    []string        `yaml:"baselines"`
	Rules        Rules           `yaml:"rules"`
	Idle         []string        `yaml:"idle"`
	Exceptions   []string        `yaml:"exceptions"`
	Approvals    []ApprovalFile  `yaml:"approvals"`
	Governance   []string        `yaml:"governance"` // the board's files over the shipped rules on who decides
	Store        Store           `yaml:"store"`
	Alert        Alert           `yaml:"alert"`
	Report       Report          `yaml:"report"`
	Ingest       Ingest          `yaml:"ingest"`
	Kafka        Kafka           `yaml:"kafka"`
	Metrics      Metrics         `yaml:"metrics"`
	Listen       string          `yaml:"listen"` // address of the page; without sign-in loopback only
	Page         Page            `yaml:"page"`
	Evaluate     policy.Duration `yaml:"evaluate"` // how often run evaluates; default 5m

	File string `yaml:"-"` // where it was read from
	Dir  string `yaml:"-"` // what relative paths are relative to
}

// Page says who may read the page, and how it is reached when it does not listen on loopback.
type Page struct {
	Title          string          `yaml:"title"`           // names the installation in the head of every page
	URL            string          `yaml:"url"`             // as browsers reach it: https://grantwatch.corp.example
	Hosts          []string        `yaml:"hosts"`           // further names that it answers to
	TokenFile      string          `yaml:"token_file"`      // local tokens, hashed, with the teams of each
	OIDC           *PageOIDC       `yaml:"oidc"`            // sign-in at an identity provider
	TLS            *PageTLS        `yaml:"tls"`             // certificate of the page
	BehindProxy    bool            `yaml:"behind_proxy"`    // a proxy speaks TLS before it
	TrustedProxies []string        `yaml:"trusted_proxies"` // addresses and networks of such proxies
	Idle           policy.Duration `yaml:"idle"`            // a session that is not used for so long ends; default 1h
	Absolute       policy.Duration `yaml:"absolute"`        // and every session after so long; default 12h
	Recheck        policy.Duration `yaml:"recheck"`         // how often the identity provider is asked again; default 1h
	Sessions       string          `yaml:"sessions"`        // folder of sessions, shared by all pages of one address; default beside the embedded engine's data
}

// PageOIDC is an OpenID Connect provider, and what its groups may see.
type PageOIDC struct {
	Issuer           string              `yaml:"issuer"`
	ClientID         string              `yaml:"client_id"`
	ClientSecretFile string              `yaml:"client_secret_file"` // none for a public client
	Scopes           []string            `yaml:"scopes"`             // besides openid; default profile and email
	GroupsClaim      string              `yaml:"groups_claim"`       // default groups
	Groups           map[string][]string `yaml:"groups"`             // group: teams
	Admins           []string            `yaml:"admins"`             // groups that see everything
	Board            []string            `yaml:"board"`              // groups that read the board's reports
	SignOut          string              `yaml:"sign_out"`           // provider, unless said, or here
}

// PageTLS is the certificate of the page. Both files are read again when they change.
type PageTLS struct {
	CertFile string `yaml:"cert_file"`
	KeyFile  string `yaml:"key_file"`
}

// Team is one decentralised team.
type Team struct {
	Name      string   `yaml:"name"`
	Owners    []string `yaml:"owners"`
	Slack     string   `yaml:"slack"`
	Regulated bool     `yaml:"regulated"`
	Quiet     *Quiet   `yaml:"quiet"` // when it hears of nothing that is not critical
}

// Feed is one log: evidence of use.
type Feed struct {
	Name       string          `yaml:"name"`
	Team       string          `yaml:"team"`
	Format     string          `yaml:"format"`
	Accounts   []string        `yaml:"accounts"`
	Classes    []string        `yaml:"classes"`
	From       From            `yaml:"from"`
	MaxSilence policy.Duration `yaml:"max_silence"`
	KeepRaw    policy.Duration `yaml:"keep_raw"` // how long the records are kept as they came
	Quiet      bool            `yaml:"quiet"`    // little is logged here: a canary in time is evidence enough
	Canary     *Canary         `yaml:"canary"`
	Digests    *Digests        `yaml:"digests"`
}

// Canary is a call that somebody makes on purpose, so that its record proves that the log is alive; and where
// `grantwatch canary` may put its own.
type Canary struct {
	Actor  string          `yaml:"actor"`
	Action string          `yaml:"action"`
	Every  policy.Duration `yaml:"every"`
	Within policy.Duration `yaml:"within"` // how much later it may be; default 15m
	Since  string          `yaml:"since"`  // from when it is expected; from the feed's first record without it
	File   string          `yaml:"file"`   // `grantwatch canary` appends to it
	Put    bool            `yaml:"put"`    // `grantwatch canary` may put objects into the bucket
}

// Digests say where the files are in which CloudTrail vouches for what it delivered.
type Digests struct {
	File     Globs  `yaml:"file"`
	Prefix   string `yaml:"prefix"` // of their keys, in the bucket of the feed
	KeysFile string `yaml:"keys_file"`
	Since    string `yaml:"since"` // from when only they prove anything; from the feed's first record without it
}

// From says where records come from.
type From struct {
	File  Globs      `yaml:"file"`
	Kafka *KafkaFrom `yaml:"kafka"`
	HTTP  *HTTPFrom  `yaml:"http"`
	S3    *S3From    `yaml:"s3"`
	Stdin bool       `yaml:"stdin"`
}

// S3From names a bucket. Credentials are found by the SDK and never stand in this file.
type S3From struct {
	Bucket     string          `yaml:"bucket"`
	Prefix     string          `yaml:"prefix"`
	Region     string          `yaml:"region"`
	Endpoint   string          `yaml:"endpoint"` // of a store that speaks S3; AWS without it
	PathStyle  bool            `yaml:"path_style"`
	Layout     string          `yaml:"layout"`     // cloudtrail, the default for aws_cloudtrail, or flat
	Since      string          `yaml:"since"`      // with layout cloudtrail: days before it are not read
	Lookback   policy.Duration `yaml:"lookback"`   // for how long a day may gain objects; default 3d
	Poll       policy.Duration `yaml:"poll"`       // between listings; default 1m, with sqs 1h
	SQS        string          `yaml:"sqs"`        // URL of the queue that announces objects
	Visibility policy.Duration `yaml:"visibility"` // for how long a message is ours at a time; default 5m
}

// KafkaFrom names a topic.
type KafkaFrom struct {
	Topic string `yaml:"topic"`
}

// Kafka says where the brokers are that feeds with a topic are read from.
type Kafka struct {
	Brokers          []string        `yaml:"brokers"`
	Group            string          `yaml:"group"` // consumer group; default grantwatch
	Start            string          `yaml:"start"` // where a new group begins: earliest (default) or latest
	SASL             *KafkaSASL      `yaml:"sasl"`
	TLS              *KafkaTLS       `yaml:"tls"`
	RebalanceTimeout policy.Duration `yaml:"rebalance_timeout"` // default 5m; longer than the slowest insert
	SessionTimeout   policy.Duration `yaml:"session_timeout"`   // default 45s; after it a member that died gives its partitions up
}

// KafkaSASL is how the brokers are told who we are.
type KafkaSASL struct {
	Mechanism    string `yaml:"mechanism"` // plain, scram-sha-256, scram-sha-512 or oauthbearer
	User         string `yaml:"user"`
	PasswordFile string `yaml:"password_file"`
	TokenFile    string `yaml:"token_file"`
}

// KafkaTLS is how the way to the brokers is protected; empty files mean the system's authorities and no certificate.
type KafkaTLS struct {
	CAFile     string `yaml:"ca_file"`
	CertFile   string `yaml:"cert_file"`
	KeyFile    string `yaml:"key_file"`
	ServerName string `yaml:"server_name"`
}

// HTTPFrom names who may push: whoever has a token of the file, or a client certificate of one of the names.
type HTTPFrom struct {
	TokenFile   string   `yaml:"token_file"`
	ClientNames []string `yaml:"client_names"`
}

// Ingest says where what is pushed arrives.
type Ingest struct {
	HTTP IngestHTTP `yaml:"http"`
}

// IngestHTTP is the address that logs are pushed to. Without a certificate it is plain HTTP, for loopback or behind a
// proxy that speaks TLS.
type IngestHTTP struct {
	Listen       string     `yaml:"listen"` // default 127.0.0.1:8470
	CertFile     string     `yaml:"cert_file"`
	KeyFile      string     `yaml:"key_file"`
	ClientCAFile string     `yaml:"client_ca_file"` // asks clients for certificates that this authority signed
	Rates        []PushRate `yaml:"rates"`
}

// PushRate is what a team may push. Zero is unlimited.
type PushRate struct {
	Team     string  `yaml:"team"`     // every team without an entry of its own when empty
	Requests float64 `yaml:"requests"` // a second
	Bytes    float64 `yaml:"bytes"`    // a second, after decompression
	Daily    int64   `yaml:"daily"`    // bytes from midnight to midnight UTC
}

// Metrics says where Prometheus reads from; nowhere when empty.
type Metrics struct {
	Listen string `yaml:"listen"`
}

// Entitlement is one source of grants.
type Entitlement struct {
	Name     string          `yaml:"name"`
	Team     string          `yaml:"team"`
	Format   string          `yaml:"format"`
	Provider string          `yaml:"provider"`
	Account  string          `yaml:"account"`
	Accounts []string        `yaml:"accounts"`
	From     From            `yaml:"from"`
	AsOf     string          `yaml:"as_of"`
	MaxAge   policy.Duration `yaml:"max_age"`
}

// Identities is one source of people and non-human identities.
type Identities struct {
	Name   string          `yaml:"name"`
	Team   string          `yaml:"team"`
	Format string          `yaml:"format"`
	From   From            `yaml:"from"`
	AsOf   string          `yaml:"as_of"`
	MaxAge policy.Duration `yaml:"max_age"`
}

// Rules says which rules run.
type Rules struct {
	Library *bool               `yaml:"library"` // the shipped rules; on unless set to false
	Central []string            `yaml:"central"`
	Teams   map[string][]string `yaml:"teams"`
}

// ApprovalFile is one record of approvals.
type ApprovalFile struct {
	CSV string `yaml:"csv"`
}

// Store says where ClickHouse is; empty means the embedded engine.
type Store struct {
	DSN     string `yaml:"dsn"`
	DSNFile string `yaml:"dsn_file"`
	Path    string `yaml:"path"` // data directory of the embedded engine
}

// Alert says who is told, of what and when.
type Alert struct {
	Slack         *Slack           `yaml:"slack"`
	Webhooks      []Webhook        `yaml:"webhooks"`
	Email         *Email           `yaml:"email"`
	Digest        string           `yaml:"digest"`         // weekly, or nothing
	SOC           string           `yaml:"soc"`            // channel of the central security team
	Operator      string           `yaml:"operator"`       // channel of whoever runs Grantwatch
	Page          string           `yaml:"page"`           // address under which people reach the page
	Routes        []Route          `yaml:"routes"`         // tried in order
	GroupWait     *policy.Duration `yaml:"group_wait"`     // default 0
	GroupInterval *policy.Duration `yaml:"group_interval"` // default 5m
	Repeat        *policy.Duration `yaml:"repeat"`         // default 7d; 0 is never
	Escalate      *Escalate        `yaml:"escalate"`
	Desk          Desk             `yaml:"desk"`
	Partitions    int              `yaml:"partitions"` // of the topic that alerters share teams by; default 12
}

// Route sends findings somewhere.
type Route struct {
	Name     string  `yaml:"name"`
	When     string  `yaml:"when"` // over one finding
	Team     string  `yaml:"team"`
	Min      string  `yaml:"min_severity"`
	To       Targets `yaml:"to"`
	Continue bool    `yaml:"continue"`

	Condition *rules.Condition `yaml:"-"` // of When; nil takes all
}

// Escalate says who hears of what nobody acknowledged.
type Escalate struct {
	After map[string]policy.Duration `yaml:"after"` // by severity
	To    Targets                    `yaml:"to"`
}

// Desk says who may act from a message, and within which bounds.
type Desk struct {
	Central      []string        `yaml:"central"`    // uids or addresses
	TwoPeople    *bool           `yaml:"two_people"` // nobody approves an exception of their own for what is critical or high; default true
	MaxException policy.Duration `yaml:"max_exception"`
	MaxSnooze    policy.Duration `yaml:"max_snooze"`
}

// Quiet are a team's quiet hours.
type Quiet struct {
	From string   `yaml:"from"`
	To   string   `yaml:"to"`
	Days []string `yaml:"days"`
	Zone string   `yaml:"zone"`
}

// Slack is the Slack application that alerts are posted with.
type Slack struct {
	TokenFile         string `yaml:"token_file"`
	TokenEnv          string `yaml:"token_env"`
	Channel           string `yaml:"channel"` // where findings go whose team has no channel
	APIURL            string `yaml:"api_url"` // another endpoint that speaks Slack's API, for tests
	MinSeverity       string `yaml:"min_severity"`
	Mode              string `yaml:"mode"` // how presses of buttons come back: socket or http; messages have no buttons without it
	AppTokenFile      string `yaml:"app_token_file"`
	AppTokenEnv       string `yaml:"app_token_env"`
	SigningSecretFile string `yaml:"signing_secret_file"`
	SigningSecretEnv  string `yaml:"signing_secret_env"`
	Listen            string `yaml:"listen"` // of mode http; default 127.0.0.1:8440
}

// Webhook is an address of one's own that alerts are posted to.
type Webhook struct {
	Name          string            `yaml:"name"`
	URL           string            `yaml:"url"`
	URLFile       string            `yaml:"url_file"`       // where the address itself is a secret
	SecretFile    string            `yaml:"secret_file"`    // signs; two lines while secrets are exchanged
	Template      string            `yaml:"template"`       // file; without it the document is posted as JSON
	ContentType   string            `yaml:"content_type"`   // of what the template makes; default application/json
	Headers       map[string]string `yaml:"headers"`        // no secrets: use header_files
	HeaderFiles   map[string]string `yaml:"header_files"`   // header to file with its value
	AllowNetworks []string          `yaml:"allow_networks"` // networks that are not public and may be connected to all the same
}

// Email is the mail server that alerts are sent by.
type Email struct {
	Server       string `yaml:"server"` // host:port
	TLS          string `yaml:"tls"`    // starttls, the default, implicit or none
	From         string `yaml:"from"`
	User         string `yaml:"user"`
	PasswordFile string `yaml:"password_file"`
	CAFile       string `yaml:"ca_file"` // instead of the system's authorities
}

// Report says when the weekly report is made.
type Report struct {
	Weekday string `yaml:"weekday"`
	At      string `yaml:"at"`
	Zone    string `yaml:"zone"`
	Channel string `yaml:"channel"`
	Out     string `yaml:"out"`
	Org     string `yaml:"org"` // whose report it is, as its first page says
}

// Globs is one file pattern or a list of them.
type Globs []string

// UnmarshalYAML accepts a single pattern as well as a list.
func (g *Globs) UnmarshalYAML(unmarshal func(any) error) error {
	var one string
	if err := unmarshal(&one); err == nil {
		*g = Globs{one}
		return nil
	}
	var many []string
	if err := unmarshal(&many); err != nil {
		return err
	}
	*g = many
	return nil
}
