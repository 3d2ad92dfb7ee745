// Package config reads grantwatch.yaml. Unknown keys are errors, every error names file, line and column, and secrets are
// files or environment variables, never values in the file.
package config

import (
	"github.com/grantwatch/grantwatch/ingest/policy"
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
	Listen       string          `yaml:"listen"`   // address of the page; loopback only
	Evaluate     policy.Duration `yaml:"evaluate"` // how often run evaluates; default 5m

	File string `yaml:"-"` // where it was read from
	Dir  string `yaml:"-"` // what relative paths are relative to
}

// Team is one decentralised team.
type Team struct {
	Name      string   `yaml:"name"`
	Owners    []string `yaml:"owners"`
	Slack     string   `yaml:"slack"`
	Regulated bool     `yaml:"regulated"`
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

// Alert says who is told.
type Alert struct {
	Slack  *Slack `yaml:"slack"`
	Digest string `yaml:"digest"`
}

// Slack is the Slack application that alerts are posted with.
type Slack struct {
	TokenFile         string `yaml:"token_file"`
	TokenEnv          string `yaml:"token_env"`
	Channel           string `yaml:"channel"` // where findings go whose team has no channel
	APIURL            string `yaml:"api_url"` // another endpoint that speaks Slack's API, for tests
	MinSeverity       string `yaml:"min_severity"`
	Mode              string `yaml:"mode"`
	SigningSecretFile string `yaml:"signing_secret_file"`
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
