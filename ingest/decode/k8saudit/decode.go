// Package k8saudit decodes Kubernetes audit events (audit.k8s.io/v1 and v1beta1) as API servers write them, and as AKS
// (text in properties.log) and EKS (text in a CloudWatch Logs message) pass them on.
package k8saudit

import (
	"bytes"
	"net/netip"
	"strings"

	"github.com/valyala/fastjson"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/access/catalogue"
	"github.com/grantwatch/grantwatch/ingest/decode/field"
)

// Format describes the format to the registry.
func Format() field.Format {
	return field.Format{
		Name: "k8s_audit", Title: "Kubernetes audit log", Provider: "k8s",
		Docs:           "https://kubernetes.io/docs/reference/config-api/apiserver-audit.v1/",
		DefaultClasses: []string{"k8s:metadata", "k8s:request", "k8s:requestresponse"}, // a feed that carries audit records has an audit policy, of Metadata at least
		New:            New,
	}
}

type decoder struct {
	str    *field.Strings
	doc    field.JSON
	levels map[string]access.Level
	key    []byte

	root, ref *fastjson.Value
	group     []byte
	resource  []byte
	sub       []byte
	namespace []byte
	name      []byte
}

// levelLimit bounds the table of access levels, whose keys come from the records.
const levelLimit = 1 << 14

// New makes a decoder.
func New(s *field.Strings) field.Decoder {
	return &decoder{str: s, levels: make(map[string]access.Level, 256)}
}

// Decode implements field.Decoder.
func (d *decoder) Decode(rec []byte, ev *access.Event) error {
	root, err := d.open(rec, ev)
	if err != nil {
		return err
	}
	d.root = root
	verb, err := field.Essential(field.Get(root, "verb"), "verb")
	if err != nil {
		if kind := field.At(root, "kind"); len(kind) > 0 && string(kind) != "Event" {
			return access.Reject(access.ReasonUnsupported, "not an audit event")
		}
		return err
	}
	user := field.Get(root, "user")
	if user != nil && user.Type() != fastjson.TypeObject {
		return access.Reject(access.ReasonType, "user is a JSON "+user.Type().String()+", not an object")
	}
	timeErr := d.time(ev)
	if timeErr != nil && timeErr.Reason != access.ReasonTime {
		return timeErr
	}
	ev.Provider, ev.Class = "k8s", "API Activity"
	d.id(rec, ev)
	ev.Action = d.str.Intern(verb)
	ev.LogClass = d.str.Intern(append(append(d.key[:0], "k8s:"...), lower(field.At(root, "level"), "unknown")...))
	d.object(ev, verb)
	d.outcome(ev)
	d.actor(ev, user)
	d.via(ev)
	d.client(ev)
	d.attrs(ev, user)
	d.change(ev)
	if timeErr != nil {
		return timeErr
	}
	return nil
}

// open parses the record and takes off the envelopes of AKS and of CloudWatch Logs.
func (d *decoder) open(rec []byte, ev *access.Event) (*fastjson.Value, error) {
	root, err := d.doc.Parse(rec)
	if err != nil {
		return nil, err
	}
	if field.Get(root, "verb") != nil {
		return root, nil
	}
	// AKS names the cluster beside the event; nothing in the event itself does.
	if text := field.At(field.Get(root, "properties"), "log"); len(text) > 0 {
		ev.Account = d.str.Intern(field.At(root, "resourceId"))
		return d.doc.ParseInner(text)
	}
	if text := firstOf(field.At(root, "message"), field.At(root, "log")); len(text) > 0 && text[0] == '{' {
		return d.doc.ParseInner(text)
	}
	return root, nil
}

// time is when the stage was reached: the API server writes its log in that order, so the newest event is also the
// watermark, and a watch of half an hour counts as used until its end. When the request arrived is kept beside it.
func (d *decoder) time(ev *access.Event) *access.Rejection {
	v, key := field.Get(d.root, "stageTimestamp"), "stageTimestamp"
	if v == nil {
		v, key = field.Get(d.root, "requestReceivedTimestamp"), "requestReceivedTimestamp"
	}
	if v == nil {
		v, key = field.Get(d.root, "timestamp"), "timestamp" // v1beta1 and older
	}
	if v == nil {
		return access.Reject(access.ReasonTime, "no stageTimestamp and no requestReceivedTimestamp")
	}
	if v.Type() != fastjson.TypeString {
		return access.Reject(access.ReasonType, key+" is a JSON "+v.Type().String()+", not a string")
	}
	t, ok := field.Time(field.Text(v))
	if !ok {
		return access.Reject(access.ReasonTime, key+" cannot be read")
	}
	ev.Time = t
	return nil
}

// id is the audit id, which all stages of a request share; the last stage keeps it bare.
func (d *decoder) id(rec []byte, ev *access.Event) {
	id, stage := field.At(d.root, "auditID"), field.At(d.root, "stage")
	switch {
	case len(id) == 0:
		ev.ID = field.HashID(rec)
	case len(stage) == 0, string(stage) == "ResponseComplete", string(stage) == "Panic":
		ev.ID = d.str.Copy(id)
	default:
		ev.ID = d.str.Join(id, slash, stage)
	}
}

var slash = []byte("/")

// object fills in what was acted on and which permission that takes.
func (d *decoder) object(ev *access.Event, verb []byte) {
	d.ref = field.Get(d.root, "objectRef")
	d.resource, d.group = field.At(d.ref, "resource"), field.At(d.ref, "apiGroup")
	d.sub, d.namespace = field.At(d.ref, "subresource"), field.At(d.ref, "namespace")
	d.name = field.At(d.ref, "name")
	if len(d.name) == 0 && string(verb) == "create" {
		d.name = d.bodyName() // a create names the new object in its body only
	}
	key := append(append(d.key[:0], verb...), ' ')
	if len(d.resource) == 0 {
		// A request for a path, such as /healthz; its query is not part of the permission.
		path, _, _ := bytes.Cut(field.At(d.root, "requestURI"), []byte("?"))
		if len(path) > 0 {
			key = append(key, path...)
			ev.Permission = d.str.Intern(key)
			ev.Targets = append(ev.Targets, access.Target{ID: ev.Permission[len(verb)+1:], Type: "path"})
			ev.Access = d.level(ev.Permission)
		} else {
			ev.Access = access.LevelOther
		}
		d.key = key
		return
	}
	if len(d.group) > 0 {
		key = append(append(key, d.group...), '/')
	}
	key = append(key, d.resource...)
	if len(d.sub) > 0 {
		key = append(append(key, '/'), d.sub...)
	}
	d.key = key
	ev.Permission = d.str.Intern(key)
	ev.Access = d.level(ev.Permission)
	ev.Scope = d.str.Intern(d.namespace)
	kind := ev.Permission[len(verb)+1:]
	if len(d.name) > 0 || len(d.namespace) > 0 {
		ev.Targets = append(ev.Targets, access.Target{ID: d.str.Intern(firstOf(d.name, d.namespace)), Type: targetType(kind, len(d.name) > 0)})
	} else {
		ev.Targets = append(ev.Targets, access.Target{Type: kind})
	}
}

// targetType is the type of a target: its resource, or "namespace" when a whole namespace was asked for.
func targetType(kind string, named bool) string {
	if named {
		return kind
	}
	return "namespace"
}

func (d *decoder) level(permission string) access.Level {
	if l, ok := d.levels[permission]; ok {
		return l
	}
	if len(d.levels) >= levelLimit {
		clear(d.levels)
	}
	_, l := catalogue.WeightK8s(permission)
	if _, rest, ok := strings.Cut(permission, " "); ok {
		switch rest {
		case "authentication.k8s.io/tokenreviews", "authorization.k8s.io/subjectaccessreviews", "serviceaccounts/token",
			"authorization.k8s.io/selfsubjectaccessreviews", "authorization.k8s.io/localsubjectaccessreviews",
			"authorization.k8s.io/selfsubjectrulesreviews", "authentication.k8s.io/selfsubjectreviews":
			l = access.LevelAuth // created in form, but nothing is: the request asks or proves who may what
		}
	}
	d.levels[strings.Clone(permission)] = l // the table outlives the batch
	return l
}

// outcome: the authoriser's word first, then the response.
func (d *decoder) outcome(ev *access.Event) {
	annotations, status := field.Get(d.root, "annotations"), field.Get(d.root, "responseStatus")
	code := 0
	if v := field.Get(status, "code"); v != nil {
		if v.Type() == fastjson.TypeNumber {
			code = v.GetInt()
		} else {
			for _, c := range field.Text(v) {
				if c < '0' || c > '9' || code > 999 {
					code = 0
					break
				}
				code = code*10 + int(c-'0')
			}
		}
	}
	decision := field.At(annotations, "authorization.k8s.io/decision")
	stage := field.At(d.root, "stage")
	switch {
	case string(decision) == "forbid", code == 401, code == 403:
		ev.Outcome = access.Denied
	case code >= 400, string(stage) == "Panic":
		ev.Outcome = access.Failure
	case code > 0:
		ev.Outcome = access.Success
	case string(field.At(status, "status")) == "Failure":
		ev.Outcome = access.Failure
	case string(field.At(status, "status")) == "Success":
		ev.Outcome = access.Success
	default:
		ev.Outcome = access.Unknown // RequestReceived, or a policy that leaves the response out
	}
	if code > 0 {
		ev.SetAttr("code", d.str.Intern(field.Text(field.Get(status, "code"))))
	}
	if ev.Outcome == access.Denied || ev.Outcome == access.Failure {
		reason, message := field.At(status, "reason"), field.TruncateBytes(field.At(status, "message"), 240)
		switch {
		case len(reason) > 0 && len(message) > 0:
			ev.Error = d.str.Join(reason, []byte(": "), message)
		default:
			ev.Error = d.str.Intern(firstOf(message, reason, field.At(annotations, "authorization.k8s.io/reason")))
		}
	}
}

// client fills in where the request came from. Of several addresses only the last is the API server's own observation;
// the ones before are what the client or its proxies say. The first is what people look for, and all are kept.
func (d *decoder) client(ev *access.Event) {
	ev.UserAgent = d.str.Intern(field.At(d.root, "userAgent"))
	ips := field.List(field.Get(d.root, "sourceIPs"))
	if len(ips) == 0 {
		return
	}
	for _, ip := range ips[:min(len(ips), 8)] {
		s := d.str.Intern(field.Text(ip))
		if _, err := netip.ParseAddr(s); err == nil {
			ev.SrcIP = s
			break
		}
	}
	if len(ips) > 1 {
		d.key = d.key[:0]
		for i, ip := range ips[:min(len(ips), 8)] {
			if i > 0 {
				d.key = append(d.key, ',')
			}
			d.key = append(d.key, field.Text(ip)...)
		}
		ev.SetAttr("source_ips", d.str.Intern(d.key))
	}
}

func (d *decoder) attrs(ev *access.Event, user *fastjson.Value) {
	ev.SetAttr("stage", d.str.Intern(field.At(d.root, "stage")))
	ev.SetAttr("api_version", d.str.Intern(field.At(d.ref, "apiVersion")))
	if field.Get(d.root, "stageTimestamp") != nil {
		ev.SetAttr("request_received", d.str.Copy(field.At(d.root, "requestReceivedTimestamp")))
	}
	extra := field.Get(user, "extra")
	ev.SetAttr("pod", d.str.Intern(firstExtra(extra, "authentication.kubernetes.io/pod-name")))
	ev.SetAttr("node", d.str.Intern(firstExtra(extra, "authentication.kubernetes.io/node-name")))
	ev.SetAttr("cloud_arn", d.str.Intern(firstOf(firstExtra(extra, "arn"), firstExtra(extra, "canonicalArn"))))
}

// firstExtra is the first value of an extra field of a user.
func firstExtra(extra *fastjson.Value, key string) []byte {
	v := field.Get(extra, key)
	if list := field.List(v); len(list) > 0 {
		return field.Text(list[0])
	}
	return field.Text(v)
}

func lower(b []byte, empty string) []byte {
	if len(b) == 0 {
		return []byte(empty)
	}
	return bytes.ToLower(b)
}

func firstOf(values ...[]byte) []byte {
	for _, v := range values {
		if len(v) > 0 {
			return v
		}
	}
	return nil
}
