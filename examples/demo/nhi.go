package demo

import (
	"fmt"
	"strings"
	"time"
)

// nhi is one row of nhis.csv: a non-human identity that the organisation knows of.
type nhi struct {
	uid, name, kind, issuer, environment string
	team                                 *team
	owners                               []*person
	aliases                              []string
	created, expires, rotated            time.Time
}

// register puts a non-human identity on record, with an engineer of its team as the owner.
func (o *Org) register(t *team, name, kind, issuer string, created time.Time, aliases ...string) *nhi {
	i := len(o.nhis)
	n := &nhi{name: name, kind: kind, issuer: issuer, team: t, created: created, aliases: aliases, environment: "prod"}
	if i < len(o.nhiUIDs) {
		n.uid = fmt.Sprintf("nhi-%05d", o.nhiUIDs[i]+1)
	}
	for _, env := range environments {
		if strings.HasSuffix(name, "-"+env) {
			n.environment = env
		}
	}
	n.owners = []*person{t.engineers[o.dice.n(len(t.engineers))]}
	o.nhis = append(o.nhis, n)
	return n
}

// fresh gives a name that nobody has yet: team, product, job, environment and a number if all else is taken.
func (o *Org) fresh(t *team) string {
	words := products[t.name]
	base := t.name + "-" + words[o.dice.n(len(words))] + "-" + jobs[o.dice.n(len(jobs))] + "-" + environments[o.dice.n(len(environments))]
	name := base
	for i := 2; o.taken[name]; i++ {
		// The number goes before the environment, so that the name still ends with it.
		cut := strings.LastIndexByte(base, '-')
		name = fmt.Sprintf("%s-%d%s", base[:cut], i, base[cut:])
	}
	o.taken[name] = true
	return name
}

// fillNHIs adds healthy non-human identities until the count is right: two thirds in AWS, three tenths in
// Kubernetes, the rest clients of business software that only the register knows.
func (o *Org) fillNHIs() {
	left := o.opt.NHIs - len(o.nhis)
	software := left / 30
	kube := left * 3 / 10
	for i := range max(0, left-software-kube) {
		o.teams[i%len(o.teams)].account.healthy(o)
	}
	for i := range max(0, kube) {
		o.clusters[i%3].healthy(o)
	}
	vendors := []string{"status-page", "crm", "survey", "e-signature", "analytics", "support-desk"}
	for i := range max(0, software) {
		t := o.teams[i%len(o.teams)]
		name := o.fresh(t)
		n := o.register(t, name, "third-party", vendors[i%len(vendors)]+".example", o.ago(o.dice.between(150, 900)), vendors[i%len(vendors)]+":"+name)
		n.rotated = o.ago(o.dice.between(5, 60))
		n.expires = n.rotated.Add(90 * 24 * time.Hour)
	}
}

func (o *Org) nhisCSV() []byte {
	b := []byte("uid,name,kind,team,owner,start,end,status,aliases,issuer,created,expires,rotated,environment\n")
	rows := make([]*nhi, len(o.nhis))
	for i, n := range o.nhis {
		rows[o.nhiUIDs[i]] = n
	}
	date := func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		return t.Format("2006-01-02")
	}
	for _, n := range rows {
		owners := make([]string, len(n.owners))
		for i, p := range n.owners {
			owners[i] = p.uid
		}
		b = append(b, strings.Join([]string{n.uid, n.name, n.kind, n.team.name, strings.Join(owners, ";"), date(n.created), "", "active",
			strings.Join(n.aliases, ";"), n.issuer, date(n.created), date(n.expires), date(n.rotated), n.environment}, ",")...)
		b = append(b, '\n')
	}
	return b
}
