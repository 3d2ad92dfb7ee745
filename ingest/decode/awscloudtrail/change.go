package awscloudtrail

import (
	"bytes"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/ingest/decode/field"
)

// changeSpec says how to read a change of access out of one call.
type changeSpec struct {
	kind    access.ChangeKind
	class   string // OCSF class; empty for API Activity
	subject subject
	grant   grant
	status  bool     // the kind is enable or disable, as the parameter status says
	only    []string // path in the response without which nothing changed
}

// subject says where a call names whose access changes.
type subject struct {
	noun  string   // user, role or group: an ARN is made of the name; empty: the value is taken as it is
	param []string // path in the request
	reply []string // path in the response, preferred: it holds the whole ARN
	self  bool     // when nobody is named, the caller acted on itself
	scope bool     // the resource that the event is scoped to, when it is known: an ARN where the request may hold an alias
}

// grant says where a call names what is given or taken.
type grant struct {
	prefix string   // put before the value: "inline:"
	noun   string   // as in subject
	param  []string // path in the request
	reply  []string // path in the response, tried first
	fixed  string   // the same for every such call: "console-password"
}

// change reads the change out of a call that succeeded. Only the paths named in the table are ever read, so that no
// token, password or key in a response can end up in the event.
func (d *decoder) change(ev *access.Event, c *call) {
	s := c.change
	if len(s.only) > 0 && len(d.path(true, s.only)) == 0 {
		return
	}
	ch := &access.Change{Kind: s.kind}
	if s.status {
		switch string(field.At(d.params, "status")) {
		case "Active":
			ch.Kind = access.ChangeEnable
		case "Inactive":
			ch.Kind = access.ChangeDisable
		}
	}
	ch.Subject = d.changeSubject(ev, s.subject)
	g := s.grant
	value := d.path(true, g.reply)
	if len(value) == 0 {
		value = d.path(false, g.param)
	}
	switch {
	case g.fixed != "":
		ch.Grant = g.fixed
	case len(value) == 0:
	case g.noun != "":
		ch.Grant = d.arn(ev.Account, g.noun, value)
	default:
		d.key = append(append(d.key[:0], g.prefix...), value...)
		ch.Grant = d.str.Intern(d.key)
	}
	ev.Change = ch
}

func (d *decoder) changeSubject(ev *access.Event, s subject) string {
	if arn := d.path(true, s.reply); len(arn) > 0 {
		return d.str.Intern(arn)
	}
	if s.scope && ev.Scope != "" {
		return ev.Scope
	}
	name := d.path(false, s.param)
	switch {
	case len(name) > 0 && s.noun != "" && !bytes.HasPrefix(name, []byte("arn:")):
		return d.arn(ev.Account, s.noun, name)
	case len(name) > 0:
		return d.str.Intern(name)
	case s.self:
		return ev.Actor.Principal
	}
	if role, _ := sessionParts(field.At(field.Get(d.response, "assumedRoleUser"), "arn")); len(role) > 0 {
		return d.arn(ev.Account, "role", role)
	}
	return ""
}

// arn builds the ARN of an IAM user, role or group. Its path is not in the request; entitlements are joined by name
// where that matters.
func (d *decoder) arn(account, noun string, name []byte) string {
	if bytes.HasPrefix(name, []byte("arn:")) {
		return d.str.Intern(name)
	}
	d.key = append(append(append(append(d.key[:0], "arn:"...), d.partition...), ":iam::"...), account...)
	d.key = append(append(append(append(d.key, ':'), noun...), '/'), name...)
	return d.str.Intern(d.key)
}

// path reads a text at a path of the response or the request.
func (d *decoder) path(reply bool, path []string) []byte {
	if len(path) == 0 {
		return nil
	}
	v := d.params
	if reply {
		v = d.response
	}
	for _, key := range path[:len(path)-1] {
		v = field.Get(v, key)
	}
	return field.At(v, path[len(path)-1])
}
