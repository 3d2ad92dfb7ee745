// Package awscloudtrail decodes AWS CloudTrail records: management, data, network activity and Insights events, console
// sign-ins and events by services, as files, EventBridge envelopes and CloudWatch Logs messages carry them.
package awscloudtrail

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
		Name: "aws_cloudtrail", Title: "AWS CloudTrail", Provider: "aws",
		Docs:           "https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference.html",
		DefaultClasses: []string{"management-read", "management-write"},
		New:            New,
	}
}

// decoder reads one record at a time. Everything that follows from the event's name alone is worked out once and kept.
type decoder struct {
	str   *field.Strings
	doc   field.JSON
	cat   *catalogue.Catalogue
	calls map[string]*call
	key   []byte

	outer                   [members]*fastjson.Value
	indexing                func(key []byte, v *fastjson.Value)
	ident, params, response *fastjson.Value
	partition               string
	certain                 int // how many of the targets may serve as the scope
}

// callLimit bounds the table of calls, whose keys come from the records.
const callLimit = 1 << 15

// New makes a decoder.
func New(s *field.Strings) field.Decoder {
	d := &decoder{str: s, cat: catalogue.AWS(), calls: make(map[string]*call, 512)}
	d.indexing = d.put // bound once: a method value of every record would be an allocation each
	return d
}

// Decode implements field.Decoder.
func (d *decoder) Decode(rec []byte, ev *access.Event) error {
	root, err := d.open(rec)
	if err != nil {
		return err
	}
	d.index(root)
	if d.top(insightDetails) != nil && d.top(eventName) == nil {
		return d.insight(rec, ev)
	}
	name, err := field.Essential(d.top(eventName), "eventName")
	if err != nil {
		if d.top(digestS3Object) != nil {
			return access.Reject(access.ReasonUnsupported, "a CloudTrail digest, not an event")
		}
		return err
	}
	d.ident = d.top(userIdentity)
	if d.ident != nil && d.ident.Type() != fastjson.TypeObject {
		return access.Reject(access.ReasonType, "userIdentity is a JSON "+d.ident.Type().String()+", not an object")
	}
	d.params, d.response = d.top(requestParameters), d.top(responseElements)
	source := field.Text(d.top(eventSource))
	c := d.call(source, name)

	timeErr := d.time(ev, eventTime)
	if timeErr != nil && timeErr.Reason != access.ReasonTime {
		return timeErr
	}
	d.common(rec, ev)
	ev.Action, ev.Permission, ev.Access, ev.Class = c.action, c.permission, c.level, c.class
	kind := d.top(eventType)
	console := string(field.Text(kind)) == "AwsConsoleSignIn"
	d.logClass(ev, c)
	d.outcome(ev, c)
	d.actor(ev, c, console)
	d.targets(ev)
	d.scope(ev, c)
	d.attrs(ev)
	if c.change != nil && ev.Outcome == access.Success {
		d.change(ev, c)
		d.policies(ev)
	}
	if timeErr != nil {
		return timeErr
	}
	return nil
}

// open parses the record and takes off the envelopes in which CloudTrail events travel: EventBridge puts the event in
// detail, CloudWatch Logs puts its text in message.
func (d *decoder) open(rec []byte) (*fastjson.Value, error) {
	root, err := d.doc.Parse(rec)
	if err != nil {
		return nil, err
	}
	if field.Get(root, "eventName") != nil {
		return root, nil
	}
	if detail := field.Get(root, "detail"); detail != nil && detail.Type() == fastjson.TypeObject {
		return detail, nil
	}
	if text := field.At(root, "message"); len(text) > 0 && text[0] == '{' {
		return d.doc.ParseInner(text)
	}
	return root, nil
}

func (d *decoder) time(ev *access.Event, key member) *access.Rejection {
	v := d.top(key)
	if v == nil {
		return access.Reject(access.ReasonTime, "no "+key.name())
	}
	if v.Type() != fastjson.TypeString {
		return access.Reject(access.ReasonType, key.name()+" is a JSON "+v.Type().String()+", not a string")
	}
	text := field.Text(v)
	t, ok := field.Time(text)
	if !ok {
		return access.Reject(access.ReasonTime, key.name()+" cannot be read")
	}
	ev.Time = t
	return nil
}

// common fills in what every record has in the same place.
func (d *decoder) common(rec []byte, ev *access.Event) {
	ev.Provider = "aws"
	if id := field.Text(d.top(eventID)); len(id) > 0 {
		ev.ID = d.str.Copy(id)
	} else {
		ev.ID = field.HashID(rec)
	}
	account := field.Text(d.top(recipientAccountID))
	if len(account) == 0 {
		account = field.At(d.ident, "accountId")
	}
	ev.Account = d.str.Intern(account)
	region := d.str.Intern(field.Text(d.top(awsRegion)))
	ev.SetAttr("region", region)
	d.partition = partition(region, field.At(d.ident, "arn"))
	if from := field.Text(d.top(sourceIPAddress)); len(from) > 0 {
		// A call from inside AWS names a service or "AWS Internal" here, which is no address.
		s := d.str.Intern(from)
		if _, err := netip.ParseAddr(s); err == nil {
			ev.SrcIP = s
		} else {
			ev.SetAttr("source", s)
		}
	}
	ev.UserAgent = d.str.Intern(field.Text(d.top(userAgent)))
}

// partition says which AWS the account belongs to; ARNs are built with it.
func partition(region string, arn []byte) string {
	switch {
	case strings.HasPrefix(region, "cn-"), bytes.HasPrefix(arn, []byte("arn:aws-cn:")):
		return "aws-cn"
	case strings.HasPrefix(region, "us-gov-"), bytes.HasPrefix(arn, []byte("arn:aws-us-gov:")):
		return "aws-us-gov"
	}
	return "aws"
}

// attrs keeps what rules like to look at and no column holds.
func (d *decoder) attrs(ev *access.Event) {
	ev.SetAttr("event_type", d.str.Intern(field.Text(d.top(eventType))))
	ev.SetAttr("invoked_by", d.str.Intern(field.At(d.ident, "invokedBy")))
	ev.SetAttr("vpc_endpoint", d.str.Intern(field.Text(d.top(vpcEndpointID))))
	ev.SetAttr("shared_event_id", d.str.Copy(field.Text(d.top(sharedEventID))))
	ev.SetAttr("user_type", d.str.Intern(field.At(d.ident, "type")))
	if caller := field.At(d.ident, "accountId"); len(caller) > 0 && string(caller) != ev.Account {
		ev.SetAttr("caller_account", d.str.Intern(caller))
	}
	if v, known := field.Bool(d.top(readOnly)); known {
		ev.SetAttr("read_only", boolText(v))
	}
	if v, known := field.Bool(d.top(managementEvent)); known {
		ev.SetAttr("management_event", boolText(v))
	}
	if v, _ := field.Bool(d.top(sessionCredentialFromConsole)); v {
		ev.SetAttr("console", "true")
	}
	if v, known := d.mfa(); known {
		ev.SetAttr("mfa", boolText(v))
	}
	if tls := d.top(tlsDetails); tls != nil {
		ev.SetAttr("tls", d.str.Intern(field.At(tls, "tlsVersion")))
	}
}

// mfa says whether a second factor stands behind the call: for a sign-in additionalEventData tells, for a session its
// context does.
func (d *decoder) mfa() (used, known bool) {
	if v := field.At(d.top(additionalEventData), "MFAUsed"); len(v) > 0 {
		return string(v) == "Yes", true
	}
	return field.Bool(field.Get(field.Get(field.Get(d.ident, "sessionContext"), "attributes"), "mfaAuthenticated"))
}

func boolText(b bool) string {
	if b {
		return "true"
	}
	return "false"
}

// insight decodes an Insights event: CloudTrail's own remark that a call was made unusually often. It is nobody's use.
func (d *decoder) insight(rec []byte, ev *access.Event) error {
	timeErr := d.time(ev, eventTime)
	if timeErr != nil && timeErr.Reason != access.ReasonTime {
		return timeErr
	}
	d.ident, d.params, d.response = nil, nil, nil
	d.common(rec, ev)
	details := d.top(insightDetails)
	name := field.At(details, "eventName")
	if len(name) == 0 {
		return access.Reject(access.ReasonMissing, "insightDetails.eventName")
	}
	prefix := servicePrefix(string(field.At(details, "eventSource")))
	ev.Action = d.str.Intern([]byte(prefix + ":" + string(name)))
	ev.Class, ev.LogClass, ev.Access, ev.Outcome = "API Activity", "insight", access.LevelOther, access.Unknown
	ev.Actor.ID, ev.Actor.Principal, ev.Actor.Kind = "cloudtrail.amazonaws.com", "cloudtrail.amazonaws.com", access.System
	ev.SetAttr("insight_type", d.str.Intern(field.At(details, "insightType")))
	ev.SetAttr("insight_state", d.str.Intern(field.At(details, "state")))
	d.attrs(ev)
	if timeErr != nil {
		return timeErr
	}
	return nil
}
