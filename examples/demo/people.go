package demo

import (
	"fmt"
	"strings"
	"time"
)

// team is one of the six teams; its lead answers for what nobody else does.
type team struct {
	name      string
	regulated bool
	lead      *person
	engineers []*person // active for the whole time; owners of non-human identities
	account   *account
	cluster   *cluster
}

// span is one row of a person's employment. An end without a clock is a date.
type span struct {
	team    string
	start   time.Time
	end     time.Time
	endDate bool // the row gives the end as a date only
	status  string
}

type person struct {
	uid, name, login, email, zone, title string
	team                                 *team
	manager                              *person
	spans                                []span
	aliases                              []string
	agent                                string // browser
	h                                    uint64
}

var teamNames = []string{"payments", "platform", "data", "mobile", "growth", "corp-it"}

func (o *Org) buildTeams() {
	for _, name := range teamNames {
		t := &team{name: name, regulated: name == "payments"}
		o.teams = append(o.teams, t)
		t.lead = o.hire(t, "team lead")
		for range 6 {
			t.engineers = append(t.engineers, o.hire(t, "engineer"))
		}
	}
}

func (o *Org) team(name string) *team {
	for _, t := range o.teams {
		if t.name == name {
			return t
		}
	}
	panic("demo: no team " + name)
}

// hire adds somebody who has worked here for years and still does.
func (o *Org) hire(t *team, title string) *person {
	i := len(o.people)
	n := o.names[i]
	first, last := firstNames[n%len(firstNames)], lastNames[n/len(firstNames)]
	p := &person{name: first + " " + last, login: strings.ToLower(first + "." + last), team: t, manager: t.lead, title: title, zone: zones[o.dice.n(len(zones))], h: o.dice.next()}
	if i < len(o.personUIDs) {
		p.uid = fmt.Sprintf("p%04d", o.personUIDs[i]+1)
	}
	p.email = p.login + "@corp.example"
	p.agent = browsers[p.h%uint64(len(browsers))]
	p.spans = []span{{team: t.name, start: o.ago(o.dice.between(400, 2500)).Truncate(24 * time.Hour), status: "active"}}
	o.people = append(o.people, p)
	return p
}

// leave ends p's last employment on a day (the whole day still counts), so many days before AsOf.
func (o *Org) leave(p *person, daysAgo int) {
	s := &p.spans[len(p.spans)-1]
	s.end, s.endDate, s.status = o.ago(float64(daysAgo)).Truncate(24*time.Hour), true, "terminated"
}

// leaveAt ends p's last employment at an instant.
func (o *Org) leaveAt(p *person, at time.Time) {
	s := &p.spans[len(p.spans)-1]
	s.end, s.endDate, s.status = at, false, "terminated"
}

// fillPeople adds ordinary people until the head count is right: most are simply there, a few left long ago with
// nothing behind them, are on leave, or changed teams.
func (o *Org) fillPeople() {
	for i := 0; len(o.people) < o.opt.People; i++ {
		t := o.teams[i%len(o.teams)]
		p := o.hire(t, "specialist")
		switch i % 25 {
		case 7: // left long ago
			o.leave(p, 140+o.dice.n(200))
		case 12: // left in sight, and was removed the same day
			o.leave(p, 4+o.dice.n(80))
			o.okta.workedUntil(o, p, p.spans[0].end)
			o.okta.deactivate(o, p, p.spans[0].end.Add(16*time.Hour))
		case 17: // parental leave is not an end
			p.spans[0].status = "leave"
		case 22: // changed teams; only the directory knows them, so nothing is left behind
			moved := o.ago(float64(30 + o.dice.n(60))).Truncate(24 * time.Hour)
			p.spans[0].end, p.spans[0].endDate, p.spans[0].status = moved, true, "transferred"
			to := o.teams[(i+1)%len(o.teams)]
			p.spans = append(p.spans, span{team: to.name, start: moved.Add(24 * time.Hour), status: "active"})
			p.manager = to.lead
			o.okta.everyday(o, p)
		default:
			o.okta.everyday(o, p)
		}
	}
}

func (o *Org) peopleCSV() []byte {
	b := []byte("uid,name,email,kind,team,owner,manager,start,end,zone,status,aliases,title\n")
	rows := make([]*person, len(o.people))
	for i, p := range o.people { // in the order of the uids, as a personnel system exports them
		rows[o.personUIDs[i]] = p
	}
	for _, p := range rows {
		for _, s := range p.spans {
			manager := ""
			if p.manager != nil {
				manager = p.manager.uid
			}
			end := ""
			if !s.end.IsZero() {
				end = s.end.Format("2006-01-02")
				if !s.endDate {
					end = s.end.Format(time.RFC3339)
				}
			}
			b = append(b, strings.Join([]string{p.uid, p.name, p.email, "human", s.team, "", manager, s.start.Format("2006-01-02"), end,
				p.zone, s.status, strings.Join(p.aliases, ";"), p.title}, ",")...)
			b = append(b, '\n')
		}
	}
	return b
}
