// Package oktasystem decodes the Okta System Log: LogEvent objects as the API returns them, as log streaming to
// EventBridge wraps them (in detail), and as exporters leave them with the outer names in lower case.
package oktasystem

import (
	"bytes"
	"net/netip"
	"strings"

	"github.com/valyala/fastjson"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/ingest/decode/field"
)

// Format describes the format to the registry.
func Format() field.Format {
	return field.Format{
		Name: "okta_system", Title: "Okta System Log", Provider: "okta",
		Docs:           "https://developer.okta.com/docs/reference/system-log-query/",
		DefaultClasses: []string{"signin-interactive", "signin-noninteractive", "admin", "system"},
		New:            New,
	}
}

type decoder struct {
	str *field.Strings
	doc field.JSON
	key []byte

	root  *fastjson.Value
	lower bool
	user  *fastjson.Value // the user that the event is about, among its targets
	app   *fastjson.Value
	group *fastjson.Value
	role  *fastjson.Value
	token *fastjson.Value
	first *fastjson.Value
}

// targetLimit bounds the targets kept of one event.
const targetLimit = 32

// New makes a decoder.
func New(s *field.Strings) field.Decoder { return &decoder{str: s} }

// Decode implements field.Decoder.
func (d *decoder) Decode(rec []byte, ev *access.Event) error {
	root, err := d.open(rec)
	if err != nil {
		return err
	}
	d.root = root
	d.lower = field.Get(root, "eventType") == nil && field.Get(root, "eventtype") != nil
	name, err := field.Essential(d.top("eventType"), "eventType")
	if err != nil {
		return err
	}
	actor := d.top("actor")
	if actor != nil && actor.Type() != fastjson.TypeObject {
		return access.Reject(access.ReasonType, "actor is a JSON "+actor.Type().String()+", not an object")
	}
	timeErr := d.time(ev)
	if timeErr != nil && timeErr.Reason != access.ReasonTime {
		return timeErr
	}
	ev.Provider = "okta"
	if id := field.Text(d.top("uuid")); len(id) > 0 {
		ev.ID = d.str.Copy(id)
	} else {
		ev.ID = field.HashID(rec)
	}
	ev.Action = d.str.Intern(name)
	d.account(ev)
	d.actor(ev, actor)
	f := familyOf(ev.Action)
	ev.Class, ev.LogClass, ev.Access = f.class, f.logClass, f.level
	if ev.Actor.Kind == access.System && f.logClass != "system" && f.logClass != "admin" {
		ev.LogClass = "system"
	} else if f.logClass == "signin-interactive" && ev.Actor.Kind == access.Service {
		ev.LogClass = "signin-noninteractive"
	}
	d.outcome(ev)
	d.targets(ev)
	d.client(ev)
	d.permission(ev)
	d.attrs(ev)
	if ev.Outcome == access.Success {
		d.change(ev)
	}
	if timeErr != nil {
		return timeErr
	}
	return nil
}

func (d *decoder) open(rec []byte) (*fastjson.Value, error) {
	root, err := d.doc.Parse(rec)
	if err != nil {
		return nil, err
	}
	if detail := field.Get(root, "detail"); detail != nil && field.Get(root, "eventType") == nil && field.Get(detail, "eventType") != nil {
		return detail, nil
	}
	return root, nil
}

func (d *decoder) top(key string) *fastjson.Value {
	if v := field.Get(d.root, key); v != nil || !d.lower {
		return v
	}
	return field.Get(d.root, strings.ToLower(key))
}

func (d *decoder) time(ev *access.Event) *access.Rejection {
	v := d.top("published")
	if v == nil {
		return access.Reject(access.ReasonTime, "no published")
	}
	if v.Type() != fastjson.TypeString {
		return access.Reject(access.ReasonType, "published is a JSON "+v.Type().String()+", not a string")
	}
	t, ok := field.Time(field.Text(v))
	if !ok {
		return access.Reject(access.ReasonTime, "published cannot be read")
	}
	ev.Time = t
	return nil
}

// account is the org's host where the record has one: the URL in the debug data is usually only a path.
func (d *decoder) account(ev *access.Event) {
	url := field.At(field.Get(d.top("debugContext"), "debugData"), "url")
	if rest, ok := bytes.CutPrefix(url, []byte("https://")); ok {
		host, _, _ := bytes.Cut(rest, []byte("/"))
		ev.Account = d.str.Intern(host)
	}
}

// stated drops the words by which Okta says "nothing": alternate ids of groups read "unknown", zones read "null".
func stated(b []byte) []byte {
	switch string(b) {
	case "unknown", "null", "UNKNOWN":
		return nil
	}
	return b
}

func (d *decoder) actor(ev *access.Event, actor *fastjson.Value) {
	a := &ev.Actor
	alternate, id := stated(field.At(actor, "alternateId")), stated(field.At(actor, "id"))
	a.ID = d.str.Intern(firstOf(alternate, id, stated(field.At(actor, "displayName"))))
	a.Principal = a.ID
	a.UID = d.str.Intern(id)
	a.Name = d.str.Intern(stated(field.At(actor, "displayName")))
	kind := field.At(actor, "type")
	a.Kind = kindOf(string(kind))
	if address := strings.Contains(a.ID, "@"); address && (a.Kind == access.Human || len(kind) == 0) {
		a.Kind, a.Email = access.Human, a.ID
	}
	ev.SetAttr("actor_type", d.str.Intern(kind))
	context := d.top("authenticationContext")
	ev.Session = d.str.Intern(stated(field.At(context, "externalSessionId")))
	a.Issuer = d.str.Intern(field.At(field.Get(context, "issuer"), "id"))
	a.Credential = d.str.Intern(field.At(field.Get(d.top("transaction"), "detail"), "requestApiTokenId"))
	if root := stated(field.At(context, "rootSessionId")); len(root) > 0 && string(root) != ev.Session {
		ev.SetAttr("root_session", d.str.Intern(root))
	}
}

// kindOf sorts actors by the type that Okta gives them.
func kindOf(kind string) access.Kind {
	switch kind {
	case "User", "AppUser", "USER":
		return access.Human
	case "SystemPrincipal", "System", "SYSTEM":
		return access.System
	case "PublicClientApp", "PublicClientAppEntity", "ClientApp", "Client", "App", "AppInstance", "ServiceClient", "OAuthClient", "Token", "Agent", "AGENT":
		return access.Service
	case "WorkloadPrincipal", "ServiceAccount", "SERVICE_ACCOUNT":
		return access.Workload
	case "AIAgent", "AI_AGENT", "AI Agent", "AiAgent":
		return access.Agent
	case "":
		return access.KindUnknown
	}
	switch {
	case strings.Contains(kind, "Client"), strings.Contains(kind, "App"):
		return access.Service
	case strings.Contains(kind, "Agent"):
		return access.Agent
	}
	return access.KindUnknown
}

// outcome folds Okta's results to ours. A challenge or a skipped step is neither a use nor a refusal.
func (d *decoder) outcome(ev *access.Event) {
	o := d.top("outcome")
	switch string(field.At(o, "result")) {
	case "SUCCESS", "ALLOW":
		ev.Outcome = access.Success
	case "DENY":
		ev.Outcome = access.Denied
	case "FAILURE", "RATE_LIMIT", "ABANDONED", "UNANSWERED":
		ev.Outcome = access.Failure
		if strings.HasSuffix(ev.Action, "deny_access") || strings.HasSuffix(ev.Action, "unauth_app_access_attempt") {
			ev.Outcome = access.Denied
		}
	default: // CHALLENGE, SKIPPED, DEFERRED, UNKNOWN, or none
		ev.Outcome = access.Unknown
	}
	ev.SetAttr("result", d.str.Intern(field.At(o, "result")))
	if ev.Outcome != access.Success {
		ev.Error = d.str.Intern(field.TruncateBytes(stated(field.At(o, "reason")), 240))
	}
}

func (d *decoder) targets(ev *access.Event) {
	d.user, d.app, d.group, d.role, d.token, d.first = nil, nil, nil, nil, nil, nil
	var appUser *fastjson.Value
	for _, t := range field.List(d.top("target")) {
		if t == nil || t.Type() != fastjson.TypeObject {
			continue
		}
		keep(&d.first, t)
		kind := field.At(t, "type")
		switch string(kind) {
		case "User", "USER":
			keep(&d.user, t)
		case "AppUser":
			keep(&appUser, t)
		case "AppInstance", "PublicClientApp", "OAuthClient":
			keep(&d.app, t)
		case "UserGroup", "AppGroup", "Group":
			keep(&d.group, t)
		case "ROLE", "Role", "CustomRole", "CUSTOM_ROLE":
			keep(&d.role, t)
		case "Token", "ApiToken", "API_TOKEN":
			keep(&d.token, t)
		}
		if id := firstOf(stated(field.At(t, "id")), stated(field.At(t, "alternateId")), stated(field.At(t, "displayName"))); len(id) > 0 && len(ev.Targets) < targetLimit {
			ev.Targets = append(ev.Targets, access.Target{ID: d.str.Intern(id), Type: d.str.Intern(kind)})
		}
	}
	if d.user == nil {
		d.user = appUser
	}
}

func keep(slot **fastjson.Value, v *fastjson.Value) {
	if *slot == nil {
		*slot = v
	}
}

func (d *decoder) client(ev *access.Event) {
	c := d.top("client")
	ev.UserAgent = d.str.Intern(stated(field.At(field.Get(c, "userAgent"), "rawUserAgent")))
	ip := stated(field.At(c, "ipAddress"))
	if len(ip) == 0 {
		if chain := field.List(field.Get(d.top("request"), "ipChain")); len(chain) > 0 {
			ip = stated(field.At(chain[0], "ip"))
		}
	}
	if s := d.str.Intern(ip); s != "" {
		if _, err := netip.ParseAddr(s); err == nil {
			ev.SrcIP = s
		}
	}
	ev.SetAttr("client_id", d.str.Intern(stated(field.At(c, "id"))))
	ev.SetAttr("device", d.str.Intern(stated(field.At(c, "device"))))
	ev.SetAttr("country", d.str.Intern(stated(field.At(field.Get(c, "geographicalContext"), "country"))))
}

// permission: signing in to an app is the use of its assignment.
func (d *decoder) permission(ev *access.Event) {
	if d.app == nil {
		return
	}
	id := stated(field.At(d.app, "id"))
	ev.Scope = d.str.Intern(id)
	switch {
	case ev.Action == "user.authentication.sso", ev.Action == "user.session.access_admin_app",
		strings.HasPrefix(ev.Action, "app.oauth2.") && ev.Access == access.LevelAuth:
		if len(id) == 0 {
			id = stated(firstOf(field.At(d.app, "displayName"), field.At(d.app, "alternateId")))
		}
		if len(id) > 0 {
			ev.Permission = d.str.Intern(append(append(d.key[:0], "app:"...), id...))
		}
	}
}

func (d *decoder) attrs(ev *access.Event) {
	ev.SetAttr("severity", d.str.Intern(field.Text(d.top("severity"))))
	context := d.top("authenticationContext")
	ev.SetAttr("credential_type", d.str.Intern(stated(field.At(context, "credentialType"))))
	ev.SetAttr("credential_provider", d.str.Intern(stated(field.At(context, "credentialProvider"))))
	ev.SetAttr("app", d.str.Intern(display(d.app)))
	ev.SetAttr("group", d.str.Intern(display(d.group)))
	if d.user != nil {
		ev.SetAttr("target_user", d.str.Intern(firstOf(stated(field.At(d.user, "alternateId")), display(d.user))))
	}
	if v, known := field.Bool(field.Get(d.top("securityContext"), "isProxy")); known && v {
		ev.SetAttr("proxy", "true")
	}
	if v, known := field.Bool(field.Get(field.Get(d.top("debugContext"), "debugData"), "threatSuspected")); known && v {
		ev.SetAttr("threat_suspected", "true")
	}
}

// display is the name of a target for people.
func display(t *fastjson.Value) []byte {
	return firstOf(stated(field.At(t, "displayName")), stated(field.At(t, "alternateId")), stated(field.At(t, "id")))
}

func firstOf(values ...[]byte) []byte {
	for _, v := range values {
		if len(v) > 0 {
			return v
		}
	}
	return nil
}
