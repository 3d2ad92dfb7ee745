package awscloudtrail

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/valyala/fastjson"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/ingest/decode/field"
)

// policyIn names the request parameter that holds a new policy which says who may come in. The calls are rare, so they
// may cost more than others.
var policyIn = map[string]string{
	"iam:UpdateAssumeRolePolicy":       "policyDocument",
	"iam:CreateRole":                   "assumeRolePolicyDocument",
	"s3:PutBucketPolicy":               "bucketPolicy",
	"kms:PutKeyPolicy":                 "policy",
	"secretsmanager:PutResourcePolicy": "resourcePolicy",
}

// policies keeps what a change of a policy or of a trail's selectors says, in the few words that rules and coverage need.
func (d *decoder) policies(ev *access.Event) {
	if param, ok := policyIn[ev.Action]; ok {
		ev.SetAttr("policy_principals", field.Truncate(strings.Join(principals(field.Get(d.params, param)), ","), 4096))
	}
	if ev.Action == "cloudtrail:PutEventSelectors" {
		ev.SetAttr("event_selectors", selectors(d.params))
	}
}

// principals lists whom the allowing statements of a policy name: "*", ARNs, account ids, services, federated providers.
// The policy is an object, or a text that holds one; what cannot be read names nobody.
func principals(v *fastjson.Value) []string {
	if v == nil {
		return nil
	}
	text := string(field.Text(v))
	if v.Type() == fastjson.TypeObject {
		text = v.String()
	}
	var doc struct{ Statement json.RawMessage }
	if json.Unmarshal([]byte(text), &doc) != nil {
		return nil
	}
	type statement struct {
		Effect    string
		Principal json.RawMessage
	}
	var list []statement
	if json.Unmarshal(doc.Statement, &list) != nil {
		var one statement
		if json.Unmarshal(doc.Statement, &one) != nil {
			return nil
		}
		list = []statement{one}
	}
	var out []string
	for _, s := range list {
		if s.Effect == "Allow" {
			out = append(out, namedIn(s.Principal)...)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// namedIn reads one Principal element: "*", or an object of names and lists of names.
func namedIn(raw json.RawMessage) []string {
	var star string
	if json.Unmarshal(raw, &star) == nil {
		return []string{star}
	}
	var by map[string]json.RawMessage
	if json.Unmarshal(raw, &by) != nil {
		return nil
	}
	var out []string
	for _, v := range by {
		var many []string
		if json.Unmarshal(v, &star) == nil {
			out = append(out, star)
		} else if json.Unmarshal(v, &many) == nil {
			out = append(out, many...)
		}
	}
	return out
}

// selectors says what a trail logs from now on: "management:All", "management:WriteOnly", "management:ReadOnly" or
// "management:off", the widest of its selectors.
func selectors(params *fastjson.Value) string {
	read, write := false, false
	for _, s := range field.List(field.Get(params, "eventSelectors")) {
		if on, known := field.Bool(field.Get(s, "includeManagementEvents")); known && !on {
			continue
		}
		switch string(field.At(s, "readWriteType")) {
		case "ReadOnly":
			read = true
		case "WriteOnly":
			write = true
		default: // All is the default
			read, write = true, true
		}
	}
	for _, s := range field.List(field.Get(params, "advancedEventSelectors")) {
		r, w := advanced(s)
		read, write = read || r, write || w
	}
	switch {
	case read && write:
		return "management:All"
	case write:
		return "management:WriteOnly"
	case read:
		return "management:ReadOnly"
	}
	return "management:off"
}

// advanced says whether one advanced selector takes management events that read, and those that write. A selector that
// narrows them by any other field (a service, a role) takes neither for certain.
func advanced(s *fastjson.Value) (read, write bool) {
	read, write = true, true
	management := false
	for _, f := range field.List(field.Get(s, "fieldSelectors")) {
		equals := field.List(field.Get(f, "equals"))
		switch string(field.At(f, "field")) {
		case "eventCategory":
			management = slices.ContainsFunc(equals, func(v *fastjson.Value) bool { return string(field.Text(v)) == "Management" })
		case "readOnly":
			is := func(word string) bool {
				return slices.ContainsFunc(equals, func(v *fastjson.Value) bool { return string(field.Text(v)) == word })
			}
			read, write = read && is("true"), write && is("false")
		default:
			return false, false
		}
	}
	return read && management, write && management
}
