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

	outer                   [members]outer
	indexing                func(key []byte, v *fastjson.Value)
	parsers                 [members]*fastjson.Parser // of the members of a record that was not parsed as a whole
	other                   fastjson.Parser
	caller                  hash     // of this record's userIdentity, when it was not parsed
	links                   []string // the chain of a caller that is read
	attr                    field.Attrs
	id                      identity
	ident, params, response *fastjson.Value
	partition               string
	certain                 int  // how many of the targets may serve as the scope
	whole                   bool // every record is parsed as a whole: for tests
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
	d.attr.Reset()
	name, err := d.read(rec)
	if err != nil {
		return err
	}
	if name == nil {
		return d.insight(rec, ev)
	}
	d.identify()
	d.params, d.response = d.top(requestParameters), d.top(responseElements)
	source := d.text(eventSource)
	c := d.call(source, name)

	timeErr := d.time(ev, eventTime)
	if timeErr != nil && timeErr.Reason != access.ReasonTime {
		return timeErr
	}
	d.common(rec, ev)
	ev.Action, ev.Permission, ev.Access, ev.Class = c.action, c.permission, c.level, c.class
	console := string(d.text(eventType)) == "AwsConsoleSignIn"
	d.logClass(ev, c)
	d.outcome(ev, c)
	d.who(ev, c, console)
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

// read reads the outer members of the record and returns the name of its event; nil when it is an Insights event.
func (d *decoder) read(rec []byte) ([]byte, error) {
	d.ident = nil
	if !d.whole && d.quick(rec) {
		return d.outer[eventName].raw, nil
	}
	root, err := d.open(rec)
	if err != nil {
		return nil, err
	}
	d.index(root)
	if d.has(insightDetails) && !d.has(eventName) {
		return nil, nil
	}
	name, err := field.Essential(d.top(eventName), "eventName")
	if err != nil {
		if d.has(digestS3Object) {
			return nil, access.Reject(access.ReasonUnsupported, "a CloudTrail digest, not an event")
		}
		return nil, err
	}
	d.ident = d.top(userIdentity)
	if d.ident != nil && d.ident.Type() != fastjson.TypeObject {
		return nil, access.Reject(access.ReasonType, "userIdentity is a JSON "+d.ident.Type().String()+", not an object")
	}
	return name, nil
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
	if !d.has(key) {
		return access.Reject(access.ReasonTime, "no "+key.name())
	}
	if d.outer[key].kind != 's' {
		if v := d.top(key); v.Type() != fastjson.TypeString {
			return access.Reject(access.ReasonType, key.name()+" is a JSON "+v.Type().String()+", not a string")
		}
	}
	t, ok := field.Time(d.text(key))
	if !ok {
		return access.Reject(access.ReasonTime, key.name()+" cannot be read")
	}
	ev.Time = t
	return nil
}

// common fills in what every record has in the same place.
func (d *decoder) common(rec []byte, ev *access.Event) {
	ev.Provider = "aws"
	if id := d.text(eventID); len(id) > 0 {
		ev.ID = d.str.Copy(id)
	} else {
		ev.ID = field.HashID(rec)
	}
	account := d.text(recipientAccountID)
	if len(account) == 0 {
		ev.Account = d.id.account
	} else {
		ev.Account = d.str.Intern(account)
	}
	region := d.str.Intern(d.text(awsRegion))
	d.attr.Set("region", region)
	d.partition = partition(region, d.id.partition)
	if from := d.text(sourceIPAddress); len(from) > 0 {
		// A call from inside AWS names a service or "AWS Internal" here, which is no address.
		s := d.str.Intern(from)
		if _, err := netip.ParseAddr(s); err == nil {
			ev.SrcIP = s
		} else {
			d.attr.Set("source", s)
		}
	}
	ev.UserAgent = d.str.Intern(d.text(userAgent))
}

// partition says which AWS the account belongs to; ARNs are built with it.
func partition(region, caller string) string {
	switch {
	case strings.HasPrefix(region, "cn-"), caller == "aws-cn":
		return "aws-cn"
	case strings.HasPrefix(region, "us-gov-"), caller == "aws-us-gov":
		return "aws-us-gov"
	}
	return "aws"
}

// partitionOf is the partition that an ARN states, when it is another than "aws".
func partitionOf(arn []byte) string {
	switch {
	case bytes.HasPrefix(arn, []byte("arn:aws-cn:")):
		return "aws-cn"
	case bytes.HasPrefix(arn, []byte("arn:aws-us-gov:")):
		return "aws-us-gov"
	}
	return ""
}

// attrs keeps what rules like to look at and no column holds.
func (d *decoder) attrs(ev *access.Event) {
	d.attr.Set("event_type", d.str.Intern(d.text(eventType)))
	d.attr.Set("invoked_by", d.id.invokedBy)
	d.attr.Set("vpc_endpoint", d.str.Intern(d.text(vpcEndpointID)))
	d.attr.Set("shared_event_id", d.str.Copy(d.text(sharedEventID)))
	d.attr.Set("user_type", d.id.kind)
	if caller := d.id.account; caller != "" && caller != ev.Account {
		d.attr.Set("caller_account", caller)
	}
	if v, known := d.truth(readOnly); known {
		d.attr.Set("read_only", boolText(v))
	}
	if v, known := d.truth(managementEvent); known {
		d.attr.Set("management_event", boolText(v))
	}
	if v, _ := d.truth(sessionCredentialFromConsole); v {
		d.attr.Set("console", "true")
	}
	if v, known := d.mfa(); known {
		d.attr.Set("mfa", boolText(v))
	}
	if tls := d.top(tlsDetails); tls != nil {
		d.attr.Set("tls", d.str.Intern(field.At(tls, "tlsVersion")))
	}
	d.attr.Give(ev)
}

// mfa says whether a second factor stands behind the call: for a sign-in additionalEventData tells, for a session its
// context does.
func (d *decoder) mfa() (used, known bool) {
	if v := field.At(d.top(additionalEventData), "MFAUsed"); len(v) > 0 {
		return string(v) == "Yes", true
	}
	return d.id.mfa, d.id.mfaKnown
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
	d.ident, d.params, d.response, d.id = nil, nil, nil, identity{}
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
	d.attr.Set("insight_type", d.str.Intern(field.At(details, "insightType")))
	d.attr.Set("insight_state", d.str.Intern(field.At(details, "state")))
	d.attrs(ev)
	if timeErr != nil {
		return timeErr
	}
	return nil
}
