// Package demo makes up an organisation in the providers' own formats: six teams, three hundred people, nine thousand
// non-human identities, their logs, snapshots of their entitlements, and the truth about every grant. The same
// options give the same bytes. README.md lists the plants and the traps.
package demo

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/grantwatch/grantwatch/access"
)

// Options says how large the organisation is and when it is looked at. The zero value is the usual demo.
type Options struct {
	Seed   int64
	Events int       // log records in all feeds together, exactly; default 500000
	People int       // default 300
	NHIs   int       // non-human identities on record; default 9000
	Days   int       // days of log before AsOf; default 120; 110 to 122: a 90-day window and a month before it
	Teams  int       // always 6: the plants are spread over these
	AsOf   time.Time // the demo's "now"; default 2026-09-01T00:00:00Z
}

func (o Options) withDefaults() Options {
	o.Events = cmp.Or(o.Events, 500_000)
	o.People = cmp.Or(o.People, 300)
	o.NHIs = cmp.Or(o.NHIs, 9_000)
	o.Days = cmp.Or(o.Days, 120)
	o.Teams = cmp.Or(o.Teams, 6)
	if o.AsOf.IsZero() {
		o.AsOf = time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC)
	}
	o.AsOf = o.AsOf.UTC().Truncate(time.Hour)
	return o
}

func (o Options) validate() error {
	switch {
	case o.Teams != 6:
		return fmt.Errorf("demo: %d teams: the organisation has 6", o.Teams)
	case o.People < minPeople:
		return fmt.Errorf("demo: %d people: the plants alone need %d", o.People, minPeople)
	case o.NHIs < minNHIs:
		return fmt.Errorf("demo: %d non-human identities: the plants alone need %d", o.NHIs, minNHIs)
	case o.Days < 110 || o.Days > 122:
		return fmt.Errorf("demo: %d days of log: 110 to 122 are possible, so that nothing is idle for longer than is meant", o.Days)
	}
	return nil
}

const (
	minPeople = 200
	minNHIs   = 900
)

// Truth is one thing that a detector should say, or, for ordinary verdicts such as USED, should not say.
type Truth struct {
	Kind       string         // UNUSED_GRANT and the other kinds that findings carry
	Verdict    access.Verdict // USED … for UNUSED_GRANT; VIOLATION for the other kinds
	Team       string
	Provider   string
	Account    string
	Subject    string // as Finding.Identity.Name: ARN, Kubernetes username, group:NAME, login; for record-level kinds the record's uid
	Permission string
	Resource   string
	Feed       string // kinds about feeds only
	Trap       string // name of the plant or trap; empty for ordinary access
	Note       string
	person     string // uid of the person, for kinds about people
}

// Org is the made-up organisation. It is immutable after New: any number of readers may use it at the same time.
type Org struct {
	opt      Options
	seed     uint64
	teams    []*team
	accounts []*account // AWS
	clusters []*cluster // Kubernetes
	okta     *okta
	feeds    []*feed
	people   []*person
	nhis     []*nhi
	tickets  []ticket
	truth    []Truth
	tree     *tree

	dice       *dice
	names      []int // shuffled combinations of first and last names
	personUIDs []int
	nhiUIDs    []int
	taken      map[string]bool // names in use
	drift      map[string]bool // subject and permission that the baseline leaves out
	excepted   []Truth
	rehired    []*person // of whom one gets a new cloud account
}

// New builds the organisation; log records are only made when they are read.
func New(opt Options) (*Org, error) {
	opt = opt.withDefaults()
	if err := opt.validate(); err != nil {
		return nil, err
	}
	seed := hash(uint64(opt.Seed), "grantwatch demo")
	o := &Org{opt: opt, seed: seed, dice: &dice{state: seed}, taken: map[string]bool{}, drift: map[string]bool{}}
	o.names = o.dice.permutation(len(firstNames) * len(lastNames))
	o.personUIDs = o.dice.permutation(opt.People)
	o.nhiUIDs = o.dice.permutation(opt.NHIs)
	if opt.People > len(o.names) {
		return nil, fmt.Errorf("demo: %d people: at most %d have a name of their own", opt.People, len(o.names))
	}

	o.buildTeams()
	o.buildOkta()
	o.buildAWS()
	o.buildKubernetes()
	o.fillNHIs()
	o.fillPeople()
	if len(o.people) != opt.People || len(o.nhis) != opt.NHIs {
		return nil, fmt.Errorf("demo: %d people and %d non-human identities do not hold all plants (%d and %d)",
			opt.People, opt.NHIs, len(o.people), len(o.nhis))
	}
	if err := o.schedule(); err != nil {
		return nil, err
	}
	slices.SortStableFunc(o.truth, func(a, b Truth) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Team, b.Team), cmp.Compare(a.Provider, b.Provider),
			cmp.Compare(a.Subject, b.Subject), cmp.Compare(a.Permission, b.Permission), cmp.Compare(a.Resource, b.Resource))
	})
	o.tree = o.plantTree()
	return o, nil
}

// Truth lists what a detector should find, sorted by kind, team and subject.
func (o *Org) Truth() []Truth { return slices.Clone(o.truth) }

// AsOf is the demo's "now".
func (o *Org) AsOf() time.Time { return o.opt.AsOf }

// Records is the number of log records in all feeds together.
func (o *Org) Records() int64 {
	var n int64
	for _, f := range o.feeds {
		n += f.total
	}
	return n
}

// ago is the moment so many days before AsOf, to the second.
func (o *Org) ago(days float64) time.Time {
	return o.opt.AsOf.Add(-time.Duration(days * float64(24*time.Hour))).Truncate(time.Second)
}

func (o *Org) expect(t Truth) { o.truth = append(o.truth, t) }

// ticket is one approved request.
type ticket struct {
	subject, permission, resource, approver, id string
	at                                          time.Time
}

func (o *Org) approve(subject, permission, resource string, approver *person, at time.Time) {
	o.tickets = append(o.tickets, ticket{subject: subject, permission: permission, resource: resource,
		approver: approver.email, at: at, id: fmt.Sprintf("ACC-%04d", 1001+len(o.tickets))})
}
