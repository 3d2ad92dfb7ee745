package demo

import (
	"time"

	"github.com/grantwatch/grantwatch/access"
)

// okta is the identity provider of the whole organisation, whose log belongs to corp-it.
type okta struct {
	feed  *feed
	calls []oktaCall
	admin *person
}

// oktaCall is one kind of record of one actor.
type oktaCall struct {
	head, tail string
	session    uint64 // what the ids of sessions are made from
}

type oktaEvent struct{ kind, legacy, message, severity string }

var (
	signIn     = oktaEvent{"user.session.start", "core.user_auth.login_success", "User login to Okta", "INFO"}
	useApp     = oktaEvent{"user.authentication.sso", "core.user_auth.sso", "User single sign on to app", "INFO"}
	deactivate = oktaEvent{"user.lifecycle.deactivate", "core.user.config.user_deactivated", "Deactivate Okta user", "INFO"}
	tokenGrant = oktaEvent{"app.oauth2.token.grant.access_token", "", "OAuth2 access token is granted", "INFO"}
)

var browsers = []string{
	"Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:129.0) Gecko/20100101 Firefox/129.0",
	"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/128.0.0.0 Safari/537.36",
	"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.6 Safari/605.1.15",
	"Mozilla/5.0 (X11; Linux x86_64; rv:129.0) Gecko/20100101 Firefox/129.0",
}

var places = []struct{ city, state, country, lat, lon string }{
	{"Berlin", "Land Berlin", "Germany", "52.52", "13.405"}, {"London", "England", "United Kingdom", "51.5072", "-0.1276"},
	{"New York", "New York", "United States", "40.7128", "-74.006"}, {"Bengaluru", "Karnataka", "India", "12.9716", "77.5946"},
	{"Tokyo", "Tokyo", "Japan", "35.6762", "139.6503"}, {"Sao Paulo", "Sao Paulo", "Brazil", "-23.5505", "-46.6333"},
	{"Nairobi", "Nairobi County", "Kenya", "-1.2921", "36.8219"}, {"Sydney", "New South Wales", "Australia", "-33.8688", "151.2093"},
}

func (o *Org) buildOkta() {
	k := &okta{}
	o.okta = k
	k.feed = o.newFeed("corp-it-okta", "corp-it", "okta_system", "", "logs/corp-it/okta", 6)
	k.feed.write = k
	t := o.team("corp-it")
	n := o.register(t, "corp-it-directory-sync", "service", "okta", o.ago(600))
	id := base62ID("0oa", hash(o.seed, n.name), 17)
	n.aliases = []string{"okta:" + id, "okta:" + n.name}
	n.rotated, n.expires = o.ago(30), o.ago(-60)
	k.feed.canary = k.add(oktaCallOf(id, "PublicClientApp", n.name, n.name, "192.0.2.10", "okta-directory-sync/4.2", places[0], tokenGrant, `[{"id":"`+base62ID("00o", hash(o.seed, "org"), 17)+`","type":"access_token","alternateId":null,"displayName":"Access Token","detailEntry":null}]`), o.seed)
	k.feed.pool = append(k.feed.pool, k.feed.canary)
	k.admin = o.hire(t, "identity administrator")
	for _, t := range o.teams {
		o.okta.everyday(o, t.lead)
		for _, p := range t.engineers {
			o.okta.everyday(o, p)
		}
	}
	o.okta.everyday(o, k.admin)
	o.oktaPlants()
}

func (k *okta) add(c oktaCall, session uint64) int32 {
	c.session = session
	k.calls = append(k.calls, c)
	return int32(len(k.calls) - 1)
}

func (p *person) oktaID() string { return base62ID("00u", p.h, 17) }

func (p *person) place() int {
	for i, z := range zones {
		if z == p.zone {
			return i
		}
	}
	return 0
}

// call is one kind of event by p; target is JSON or null.
func (k *okta) call(p *person, e oktaEvent, target string) int32 {
	return k.add(oktaCallOf(p.oktaID(), "User", p.email, p.name, sourceIP(p.h), p.agent, places[p.place()], e, target), p.h)
}

// everyday makes p one of those whose sign-ins are the ordinary traffic.
func (k *okta) everyday(o *Org, p *person) {
	k.feed.pool = append(k.feed.pool, k.call(p, signIn, "null"),
		k.call(p, useApp, `[{"id":"`+base62ID("0oa", hash(o.seed, "app")^p.h%7, 17)+`","type":"AppInstance","alternateId":"Intranet","displayName":"Intranet","detailEntry":{"signOnModeType":"SAML_2_0"}}]`))
}

// workedUntil plans a few sign-ins of somebody before the moment they left.
func (k *okta) workedUntil(o *Org, p *person, end time.Time) {
	days := o.opt.AsOf.Sub(end).Hours() / 24
	call := k.call(p, signIn, "null")
	for range 3 {
		k.feed.within(o, call, min(days+25, float64(o.opt.Days)-1), days+0.5)
	}
}

// deactivate is the act of the identity administrator on somebody's account.
func (k *okta) deactivate(o *Org, p *person, at time.Time) {
	if at.UnixMilli() >= k.feed.end {
		return
	}
	k.feed.at(k.call(k.admin, deactivate, `[{"id":"`+p.oktaID()+`","type":"User","alternateId":"`+p.email+`","displayName":"`+p.name+`","detailEntry":null}]`), at)
}

func (o *Org) oktaTruth(p *person, kind, trap, note string) {
	o.expect(Truth{Kind: kind, Verdict: access.VerdictViolation, Team: p.team.name, Provider: "okta", Subject: p.email, Trap: trap, Note: note, person: p.uid})
}

func (o *Org) oktaPlants() {
	k := o.okta
	for i := range 4 { // signed in four days after the end; deactivated the day after
		p := o.hire(o.teams[(i+2)%6], "contractor")
		o.leave(p, 20+i)
		end := p.spans[0].end
		k.workedUntil(o, p, end)
		k.feed.at(k.call(p, signIn, "null"), end.AddDate(0, 0, 4).Add(10*time.Hour))
		k.deactivate(o, p, end.AddDate(0, 0, 5).Add(9*time.Hour))
		o.oktaTruth(p, "POST_TERMINATION_ACTIVITY", "leaver signed in", "a sign-in four days after the end")
	}
	for i := range 3 { // the session of the last day outlives the end by half an hour
		p := o.hire(o.teams[(i+3)%6], "contractor")
		end := o.ago(float64(10 + i)).Add(15 * time.Hour)
		o.leaveAt(p, end)
		k.workedUntil(o, p, end.Truncate(24*time.Hour))
		k.feed.at(k.call(p, signIn, "null"), end.Add(-20*time.Minute))
		k.feed.at(k.call(p, useApp, "null"), end.Add(25*time.Minute))
		k.deactivate(o, p, end.Add(35*time.Minute))
		o.oktaTruth(p, "RESIDUAL_SESSION", "residual sign-in session", "an application was opened 25 minutes after the end")
	}
	for i := range 3 { // back after some months; nothing in between, except for the last one
		p := o.hire(o.teams[i], "engineer")
		o.leave(p, 75)
		end := p.spans[0].end
		k.workedUntil(o, p, end)
		back := o.ago(24).Truncate(24 * time.Hour)
		p.spans = append(p.spans, span{team: p.team.name, start: back, status: "active"})
		for range 3 {
			k.feed.within(o, k.call(p, signIn, "null"), 22, 2)
		}
		if i == 2 {
			k.feed.at(k.call(p, signIn, "null"), end.AddDate(0, 0, 20).Add(12*time.Hour))
			o.oktaTruth(p, "POST_TERMINATION_ACTIVITY", "re-hired, acted in between", "a sign-in between two employments")
			continue
		}
		k.deactivate(o, p, end.Add(16*time.Hour))
		o.rehired = append(o.rehired, p)
	}
}
