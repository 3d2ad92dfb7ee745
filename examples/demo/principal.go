package demo

import (
	"fmt"
	"sync"
	"time"

	"github.com/grantwatch/grantwatch/access"
)

// account is one AWS account of a team.
type account struct {
	org     *Org
	team    *team
	id      string
	region  string
	h       uint64
	feed    *feed  // nil: nobody collects its log
	trail   *trail // what writes its records
	s3      bool   // data events of S3 are on
	hole    bool   // the log has a gap, so that what was not seen cannot be judged
	admin   *principal
	users   []*principal
	groups  []*principal
	roles   []*principal
	managed []*managed
	once    sync.Once
	last    map[*principal]int64 // last planned use, for RoleLastUsed
}

// policy is an inline or managed policy: statements that allow actions on one resource each.
type policy struct {
	name    string
	allows  []allow
	created time.Time
	since2  bool // not yet there in the first snapshot
}

type allow struct{ action, resource string }

type managed struct {
	policy
	arn, id  string
	attached int
	boundary int
	aws      bool // owned by the provider
}

type attachment struct {
	*managed
	since2 bool
}

// principal is an IAM user, group or role.
type principal struct {
	acct              *account
	kind              access.SubjectKind
	name, arn, uid    string
	path              string
	created           time.Time
	inline            []*policy
	attached          []attachment
	boundary          *managed
	groups            []*principal // of a user
	services          []string     // service principals that a role trusts
	trusts            []*principal // users and roles that a role trusts
	mfa               bool         // trust asks for MFA
	session           string       // name of a role's sessions
	key               string       // access key id of a user
	agent, ip         string
	person            *person
	record            *nhi
	active            bool // acted within the last weeks: RoleLastUsed says so
	joined, left      bool // only in the second snapshot; only in the first
	idHead, idMid     string
	idTail            string
	h                 uint64
	permissionsByName map[string]*policy
}

func (a *account) principal(kind access.SubjectKind, name string, created time.Time) *principal {
	h := hash(a.h, string(kind)+"/"+name)
	p := &principal{acct: a, kind: kind, name: name, arn: "arn:aws:iam::" + a.id + ":" + string(kind) + "/" + name, path: "/",
		created: created.Truncate(time.Second), h: h, ip: sourceIP(h), agent: cloudAgents[h>>16%uint64(len(cloudAgents))], permissionsByName: map[string]*policy{}}
	switch kind {
	case access.SubjectUser:
		p.uid, p.key = principalID("AIDA", h), accessKey("AKIA", h)
		p.idHead = `{"type":"IAMUser","principalId":"` + p.uid + `","arn":"` + p.arn + `","accountId":"` + a.id + `","accessKeyId":"`
		p.idTail = `","userName":"` + name + `"}`
		a.users = append(a.users, p)
	case access.SubjectGroup:
		p.uid = principalID("AGPA", h)
		a.groups = append(a.groups, p)
	default:
		p.uid = principalID("AROA", h)
		p.session = name
		if len(p.session) > 60 {
			p.session = p.session[:60]
		}
		a.roles = append(a.roles, p)
	}
	return p
}

// idle is the verdict of a grant that was not used: where the log has a hole, or nobody collects it, nobody can tell.
func (a *account) idle() access.Verdict {
	if a.hole || a.feed == nil {
		return access.VerdictUnverifiable
	}
	return access.VerdictUnused
}

// idleNote says why an unused grant of this account cannot be judged.
func (a *account) idleNote() string {
	switch {
	case a.feed == nil:
		return "no feed carries the account's log"
	case a.hole:
		return "the account's log has a gap inside the window"
	}
	return ""
}

func (p *principal) truth(kind, perm, res string, v access.Verdict, trap, note string) Truth {
	if v == access.VerdictUnverifiable && note == "" {
		note = p.acct.idleNote()
	}
	return Truth{Kind: kind, Verdict: v, Team: p.acct.team.name, Provider: "aws", Account: p.acct.id, Subject: p.arn, Permission: perm, Resource: res, Trap: trap, Note: note}
}

// allow gives p one action on one resource by an inline policy and says what the verdict on it has to be.
func (p *principal) allow(policyName, action, resource string, v access.Verdict, trap, note string) {
	pol := p.permissionsByName[policyName]
	if pol == nil {
		pol = &policy{name: policyName, created: p.created}
		p.permissionsByName[policyName] = pol
		p.inline = append(p.inline, pol)
	}
	pol.allows = append(pol.allows, allow{action, resource})
	p.acct.org.expect(p.truth("UNUSED_GRANT", action, resource, v, trap, note))
}

// allowOp is allow for an operation on the resource called name; it gives back the pattern.
func (p *principal) allowOp(policyName string, op *operation, name string, v access.Verdict, trap, note string) string {
	res := "*"
	if op.arn != "" {
		res = p.acct.fill(op.arn, name)
	}
	p.allow(policyName, op.action, res, v, trap, note)
	return res
}

// attach gives p a managed policy; verdict tells what is to be said of each of its actions.
func (p *principal) attach(m *managed, verdict func(allow) (access.Verdict, string, string)) {
	p.attached = append(p.attached, attachment{managed: m})
	m.attached++
	for _, al := range m.allows {
		v, trap, note := verdict(al)
		p.acct.org.expect(p.truth("UNUSED_GRANT", al.action, al.resource, v, trap, note))
	}
}

func (a *account) policy(name string, created time.Time, allows ...allow) *managed {
	m := &managed{policy: policy{name: name, created: created.Truncate(time.Second), allows: allows},
		arn: "arn:aws:iam::" + a.id + ":policy/" + name, id: principalID("ANPA", hash(a.h, "policy/"+name))}
	a.managed = append(a.managed, m)
	return m
}

// member puts a user into a group.
func (p *principal) member(g *principal, v access.Verdict, trap string) {
	p.groups = append(p.groups, g)
	p.acct.org.expect(p.truth("UNUSED_GRANT", "member", g.arn, v, trap, ""))
}

// trust lets who become role p.
func (p *principal) trust(who *principal, v access.Verdict, trap, note string) {
	p.trusts = append(p.trusts, who)
	p.acct.org.expect(who.truth("UNUSED_GRANT", "sts:AssumeRole", p.arn, v, trap, note))
}

// user makes a person an IAM user of the account.
func (a *account) user(who *person) *principal {
	p := a.principal(access.SubjectUser, who.login, a.org.ago(a.org.dice.between(200, 390)))
	p.person, p.agent = who, cliAgent
	who.aliases = append(who.aliases, p.arn)
	return p
}

// newRole makes a role that runs on a service, with its record; nothing is granted to it yet.
func (a *account) newRole(kind string, created time.Time) *principal {
	o := a.org
	name := o.fresh(a.team)
	p := a.principal(access.SubjectRole, name, created)
	switch p.h >> 24 % 3 {
	case 0:
		p.services, p.session = []string{"lambda.amazonaws.com"}, p.name
	case 1:
		p.services, p.session = []string{"ec2.amazonaws.com"}, fmt.Sprintf("i-0%016x", p.h)
	default:
		p.services, p.session = []string{"ecs-tasks.amazonaws.com"}, fmt.Sprintf("%016x%016x", p.h, mix(p.h))
	}
	if len(p.session) > 60 {
		p.session = p.session[:60]
	}
	p.record = o.register(a.team, name, kind, "aws:"+a.id, created, p.arn)
	return p
}

func (a *account) role() *principal {
	kind := "workload"
	switch a.org.dice.n(20) {
	case 0, 1, 2:
		kind = "service"
	case 3:
		kind = "agent"
	}
	return a.newRole(kind, a.org.ago(a.org.dice.between(150, 900)))
}
