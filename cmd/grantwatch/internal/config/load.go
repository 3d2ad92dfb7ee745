package config

import (
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"github.com/grantwatch/grantwatch/ingest/decode"
	"github.com/grantwatch/grantwatch/ingest/entitlement"
	"github.com/grantwatch/grantwatch/ingest/policy"
)

// Load reads and checks a configuration file. base, when not nil, is the file system that the file and everything it names
// live in; otherwise it is the machine's.
func Load(file string, base fs.FS) (*Config, error) {
	data, err := read(file, base)
	if err != nil {
		return nil, err
	}
	c := &Config{File: file, Dir: filepath.Dir(file)}
	if err := policy.LoadYAML(file, data, c); err != nil {
		return nil, err
	}
	for i := range c.Feeds { // what everybody calls standard input
		if f := &c.Feeds[i].From; len(f.File) == 1 && f.File[0] == "-" {
			f.File, f.Stdin = nil, true
		}
	}
	ck := &checker{c: c, data: data, base: base}
	if root, err := parser.ParseBytes(data, 0); err == nil {
		ck.root = root
	}
	ck.check()
	if ck.err != nil {
		return nil, ck.err
	}
	c.defaults()
	return c, nil
}

func read(file string, base fs.FS) ([]byte, error) {
	if base != nil {
		return fs.ReadFile(base, file)
	}
	return os.ReadFile(file)
}

func (c *Config) defaults() {
	for i := range c.Feeds {
		f := &c.Feeds[i]
		if f.MaxSilence == 0 {
			f.MaxSilence = policy.Duration(time.Hour)
		}
		if f.Canary != nil && f.Canary.Within == 0 {
			f.Canary.Within = policy.Duration(15 * time.Minute)
		}
	}
	if c.Evaluate == 0 {
		c.Evaluate = policy.Duration(5 * time.Minute)
	}
	if c.Listen == "" {
		c.Listen = "127.0.0.1:8420"
	}
	if c.Page.Idle == 0 {
		c.Page.Idle = policy.Duration(time.Hour)
	}
	if c.Page.Recheck == 0 {
		c.Page.Recheck = policy.Duration(time.Hour)
	}
	if c.Page.Absolute == 0 {
		c.Page.Absolute = policy.Duration(12 * time.Hour)
	}
	if c.Ingest.HTTP.Listen == "" {
		c.Ingest.HTTP.Listen = "127.0.0.1:8470"
	}
	if c.Kafka.Group == "" {
		c.Kafka.Group = "grantwatch"
	}
	def := func(d **policy.Duration, v time.Duration) {
		if *d == nil {
			p := policy.Duration(v)
			*d = &p
		}
	}
	def(&c.Alert.GroupWait, 0)
	def(&c.Alert.GroupInterval, 5*time.Minute)
	def(&c.Alert.Repeat, 7*24*time.Hour)
	if c.Alert.Partitions == 0 {
		c.Alert.Partitions = 12
	}
	if c.Report.Out == "" {
		c.Report.Out = "reports"
	}
}

// checker finds what YAML alone cannot: names that are not defined, formats that do not exist, files that are missing.
type checker struct {
	c    *Config
	data []byte
	root *ast.File
	base fs.FS
	err  error
}

// fail keeps the first error, with the place of the YAML path that it is about.
func (k *checker) fail(path, format string, args ...any) {
	if k.err != nil {
		return
	}
	line, col := 1, 1
	for p := path; p != ""; p = parent(p) {
		if n := k.node(p); n != nil && n.GetToken() != nil {
			line, col = n.GetToken().Position.Line, n.GetToken().Position.Column
			break
		}
	}
	lines := strings.Split(string(k.data), "\n")
	excerpt := ""
	if line >= 1 && line <= len(lines) {
		excerpt = strings.TrimRight(lines[line-1], "\r")
	}
	k.err = &policy.SourceError{File: k.c.File, Line: line, Column: col, Msg: fmt.Sprintf(format, args...), Excerpt: excerpt}
}

func (k *checker) node(path string) ast.Node {
	if k.root == nil {
		return nil
	}
	p, err := yaml.PathString(path)
	if err != nil {
		return nil
	}
	n, err := p.FilterFile(k.root)
	if err != nil {
		return nil
	}
	return n
}

// parent cuts the last step off a YAML path: the place to point at when a key is missing.
func parent(path string) string {
	i := strings.LastIndexAny(path, ".[")
	if i <= 0 {
		return ""
	}
	return path[:i]
}

var nameForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)

func (k *checker) check() {
	c := k.c
	if len(c.Teams) == 0 {
		k.fail("$", "no teams: every row has a team, so at least one must be named")
	}
	teams := map[string]bool{}
	for i, t := range c.Teams {
		k.name(fmt.Sprintf("$.teams[%d].name", i), t.Name, teams, "team")
	}
	k.feeds(teams)
	k.entitlements(teams)
	names := map[string]bool{}
	for i, id := range c.Identities {
		at := fmt.Sprintf("$.identities[%d]", i)
		k.name(at+".name", id.Name, names, "identities entry")
		if id.Format != "csv" {
			k.fail(at+".format", "identities format %q is not known; known: csv", id.Format)
		}
		k.files(at+".from", id.From)
		k.asOf(at+".as_of", id.AsOf)
		if id.Team != "" && !teams[id.Team] {
			k.fail(at+".team", "team %q is not defined under teams", id.Team)
		}
	}
	for i, a := range c.Approvals {
		k.exist(fmt.Sprintf("$.approvals[%d].csv", i), a.CSV)
	}
	for name := range c.Rules.Teams {
		if !teams[name] {
			k.fail("$.rules.teams."+name, "team %q is not defined under teams", name)
		}
	}
	k.globs("$.baselines", c.Baselines)
	k.globs("$.idle", c.Idle)
	k.globs("$.exceptions", c.Exceptions)
	k.globs("$.governance", c.Governance)
	k.globs("$.rules.central", c.Rules.Central)
	for team, files := range c.Rules.Teams {
		k.globs("$.rules.teams."+team, files)
	}
	k.alert(teams)
	k.notifiers()
	k.report()
	k.page(teams)
	if m := k.c.Metrics.Listen; m != "" {
		if _, _, err := net.SplitHostPort(m); err != nil {
			k.fail("$.metrics.listen", "%q is no address such as 127.0.0.1:9470", m)
		}
	}
}

func (k *checker) name(path, name string, seen map[string]bool, what string) {
	switch {
	case name == "":
		k.fail(path, "this %s has no name", what)
	case !nameForm.MatchString(name):
		k.fail(path, "the name %q of this %s may hold letters, digits, dots, dashes and underscores only", name, what)
	case seen[name]:
		k.fail(path, "the name %q is used twice", name)
	}
	seen[name] = true
}

func (k *checker) feeds(teams map[string]bool) {
	names := map[string]bool{}
	for i := range k.c.Feeds {
		f := &k.c.Feeds[i]
		at := fmt.Sprintf("$.feeds[%d]", i)
		k.name(at+".name", f.Name, names, "feed")
		if !teams[f.Team] {
			k.fail(at+".team", "team %q is not defined under teams", f.Team)
		}
		if _, ok := decode.Lookup(f.Format); !ok {
			k.fail(at+".format", "log format %q is not known; known: %s", f.Format, strings.Join(logFormats(), ", "))
		}
		if f.KeepRaw != 0 && time.Duration(f.KeepRaw) < 24*time.Hour {
			k.fail(at+".keep_raw", "keep_raw is %s; the shortest is 1d, since records are forgotten by the day", time.Duration(f.KeepRaw))
		}
		if f.MaxSilence != 0 && time.Duration(f.MaxSilence) < time.Minute {
			k.fail(at+".max_silence", "max_silence is %s; the shortest is 1m, since coverage is kept by the minute", time.Duration(f.MaxSilence))
		}
		k.evidence(at, f)
		if f.From.HTTP != nil {
			k.pushed(at+".from.http", f.From)
			continue
		}
		if f.From.Kafka != nil {
			k.topic(at+".from.kafka", f.From)
			continue
		}
		if f.From.S3 != nil {
			k.bucket(at+".from.s3", f)
			continue
		}
		if f.From.Stdin {
			k.stdin(at+".from.stdin", f.From)
			continue
		}
		k.files(at+".from", f.From)
	}
	k.ingestHTTP(teams)
}

// pushed checks a feed that is pushed over HTTP.
func (k *checker) pushed(path string, f From) {
	switch {
	case f.kinds() > 1:
		k.fail(path, oneKind)
	case f.HTTP.TokenFile == "" && len(f.HTTP.ClientNames) == 0:
		k.fail(path, "who may push? http needs token_file or client_names")
	case f.HTTP.TokenFile != "":
		k.exist(path+".token_file", f.HTTP.TokenFile)
	}
}

// topic checks a feed that is read from Kafka.
func (k *checker) topic(path string, f From) {
	switch {
	case f.kinds() > 1:
		k.fail(path, oneKind)
	case f.Kafka.Topic == "":
		k.fail(path+".topic", "kafka needs a topic")
	case len(k.c.Kafka.Brokers) == 0:
		k.fail(path, "no brokers: a feed with a topic needs kafka.brokers")
	}
	if s := k.c.Kafka.SASL; s != nil {
		for key, file := range map[string]string{"password_file": s.PasswordFile, "token_file": s.TokenFile} {
			if file != "" {
				k.exist("$.kafka.sasl."+key, file)
			}
		}
	}
}

func (k *checker) ingestHTTP(teams map[string]bool) {
	h := k.c.Ingest.HTTP
	if h.Listen != "" {
		if _, _, err := net.SplitHostPort(h.Listen); err != nil {
			k.fail("$.ingest.http.listen", "%q is no address such as 127.0.0.1:8470", h.Listen)
		}
	}
	if (h.CertFile == "") != (h.KeyFile == "") {
		k.fail("$.ingest.http", "cert_file and key_file go together")
	}
	if h.ClientCAFile != "" && h.CertFile == "" {
		k.fail("$.ingest.http.client_ca_file", "client certificates need TLS: set cert_file and key_file")
	}
	rated := map[string]bool{}
	for i, r := range h.Rates {
		at := fmt.Sprintf("$.ingest.http.rates[%d]", i)
		if r.Team != "" && !teams[r.Team] {
			k.fail(at+".team", "team %q is not defined under teams", r.Team)
		}
		if rated[r.Team] {
			k.fail(at, "a second rate of team %q", r.Team)
		}
		rated[r.Team] = true
		if r.Requests < 0 || r.Bytes < 0 || r.Daily < 0 {
			k.fail(at, "the rate is negative; 0 is unlimited")
		}
	}
	for key, file := range map[string]string{"cert_file": h.CertFile, "key_file": h.KeyFile, "client_ca_file": h.ClientCAFile} {
		if file != "" {
			k.exist("$.ingest.http."+key, file)
		}
	}
}

func (k *checker) entitlements(teams map[string]bool) {
	names := map[string]bool{}
	for i := range k.c.Entitlements {
		en := &k.c.Entitlements[i]
		at := fmt.Sprintf("$.entitlements[%d]", i)
		k.name(at+".name", en.Name, names, "entitlements entry")
		if !teams[en.Team] {
			k.fail(at+".team", "team %q is not defined under teams", en.Team)
		}
		if _, ok := entitlement.Lookup(en.Format); !ok {
			k.fail(at+".format", "entitlements format %q is not known; known: %s", en.Format, strings.Join(entitlementFormats(), ", "))
		}
		k.asOf(at+".as_of", en.AsOf)
		k.files(at+".from", en.From)
	}
}

func logFormats() []string {
	var out []string
	for _, f := range decode.All() {
		out = append(out, f.Name)
	}
	slices.Sort(out)
	return out
}

func entitlementFormats() []string {
	var out []string
	for _, f := range entitlement.All() {
		out = append(out, f.Name)
	}
	slices.Sort(out)
	return out
}

// files checks that an entry reads files, and that they are there.
func (k *checker) files(path string, f From) {
	switch {
	case f.Kafka != nil:
		k.fail(path+".kafka", "only logs are read from Kafka; this is read from a file")
	case f.HTTP != nil:
		k.fail(path+".http", "only logs can be pushed; this is read from a file")
	case f.S3 != nil:
		k.fail(path+".s3", "only logs are read from buckets; this is read from a file")
	case f.Stdin:
		k.fail(path+".stdin", "only logs are read from standard input; this is read from a file")
	case len(f.File) == 0:
		k.fail(path, "nothing to read: from needs a file")
	}
	for i, g := range f.File {
		at := path + ".file"
		if len(f.File) > 1 {
			at = fmt.Sprintf("%s[%d]", at, i)
		}
		k.exist(at, g)
	}
}

func (k *checker) globs(path string, list []string) {
	for i, g := range list {
		k.exist(fmt.Sprintf("%s[%d]", path, i), g)
	}
}

// exist checks that a plain path is there. A pattern may match nothing yet: its files may still come.
func (k *checker) exist(path, file string) {
	if file == "" {
		k.fail(path, "an empty file name")
		return
	}
	if k.err != nil || strings.ContainsAny(file, "*?[") {
		return
	}
	if _, err := fs.Stat(Files(k.c, k.base), file); err != nil {
		k.fail(path, "%s: no such file (looked in %s)", file, k.c.Dir)
	}
}

func (k *checker) asOf(path, s string) {
	if s == "" {
		return
	}
	if _, err := ParseTime(s); err != nil {
		k.fail(path, "%v", err)
	}
}

// ParseTime reads an RFC 3339 time or a date (the start of that day, UTC).
func ParseTime(s string) (time.Time, error) {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02", "20060102T150405Z"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is no RFC 3339 time and no date", s)
}

var weekdays = []string{"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"}

func (k *checker) report() {
	r := k.c.Report
	if r.Weekday != "" && !slices.Contains(weekdays, strings.ToLower(r.Weekday)) {
		k.fail("$.report.weekday", "%q is no day of the week", r.Weekday)
	}
	if r.At != "" {
		if _, err := time.Parse("15:04", r.At); err != nil {
			k.fail("$.report.at", "%q is no time of day such as 07:00", r.At)
		}
	}
	if r.Zone != "" {
		if _, err := time.LoadLocation(r.Zone); err != nil {
			k.fail("$.report.zone", "time zone %q is not known", r.Zone)
		}
	}
}
