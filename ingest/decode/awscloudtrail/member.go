package awscloudtrail

import (
	"strings"

	"github.com/valyala/fastjson"
)

// member is an outer member of a record that the decoder looks at.
type member uint8

const (
	additionalEventData member = iota
	awsRegion
	digestS3Object
	errorCode
	errorMessage
	eventCategory
	eventID
	eventName
	eventSource
	eventTime
	eventType
	insightDetails
	managementEvent
	readOnly
	recipientAccountID
	requestParameters
	resources
	responseElements
	sessionCredentialFromConsole
	sharedEventID
	sourceIPAddress
	tlsDetails
	userAgent
	userIdentity
	vpcEndpointID
	members
)

// names are the members' names as CloudTrail writes them.
var names = [members]string{
	additionalEventData:          "additionalEventData",
	awsRegion:                    "awsRegion",
	digestS3Object:               "digestS3Object",
	errorCode:                    "errorCode",
	errorMessage:                 "errorMessage",
	eventCategory:                "eventCategory",
	eventID:                      "eventID",
	eventName:                    "eventName",
	eventSource:                  "eventSource",
	eventTime:                    "eventTime",
	eventType:                    "eventType",
	insightDetails:               "insightDetails",
	managementEvent:              "managementEvent",
	readOnly:                     "readOnly",
	recipientAccountID:           "recipientAccountId",
	requestParameters:            "requestParameters",
	resources:                    "resources",
	responseElements:             "responseElements",
	sessionCredentialFromConsole: "sessionCredentialFromConsole",
	sharedEventID:                "sharedEventID",
	sourceIPAddress:              "sourceIPAddress",
	tlsDetails:                   "tlsDetails",
	userAgent:                    "userAgent",
	userIdentity:                 "userIdentity",
	vpcEndpointID:                "vpcEndpointId",
}

// lowered are their names as exporters write them that put the names of the outer members in lower case.
var lowered = func() map[string]member {
	m := make(map[string]member, members)
	for i, n := range names {
		m[strings.ToLower(n)] = member(i)
	}
	return m
}()

func (m member) name() string { return names[m] }

// memberOf is a switch and no map, because it is asked twenty times a record.
func memberOf(key string) (member, bool) {
	switch key {
	case "additionalEventData":
		return additionalEventData, true
	case "awsRegion":
		return awsRegion, true
	case "digestS3Object":
		return digestS3Object, true
	case "errorCode":
		return errorCode, true
	case "errorMessage":
		return errorMessage, true
	case "eventCategory":
		return eventCategory, true
	case "eventID":
		return eventID, true
	case "eventName":
		return eventName, true
	case "eventSource":
		return eventSource, true
	case "eventTime":
		return eventTime, true
	case "eventType":
		return eventType, true
	case "insightDetails":
		return insightDetails, true
	case "managementEvent":
		return managementEvent, true
	case "readOnly":
		return readOnly, true
	case "recipientAccountId":
		return recipientAccountID, true
	case "requestParameters":
		return requestParameters, true
	case "resources":
		return resources, true
	case "responseElements":
		return responseElements, true
	case "sessionCredentialFromConsole":
		return sessionCredentialFromConsole, true
	case "sharedEventID":
		return sharedEventID, true
	case "sourceIPAddress":
		return sourceIPAddress, true
	case "tlsDetails":
		return tlsDetails, true
	case "userAgent":
		return userAgent, true
	case "userIdentity":
		return userIdentity, true
	case "vpcEndpointId":
		return vpcEndpointID, true
	}
	return 0, false
}

// index looks at every outer member once and keeps those that matter: looking each of them up walks the whole record.
// Of two members of the same name the first counts, and null is as good as absent.
func (d *decoder) index(root *fastjson.Value) {
	d.outer = [members]outer{}
	o, err := root.Object()
	if err != nil {
		return
	}
	o.Visit(d.indexing)
	if d.has(eventName) || o.Get("eventname") == nil {
		return
	}
	o.Visit(func(key []byte, v *fastjson.Value) {
		if m, ok := lowered[string(key)]; ok && d.outer[m].v == nil && v.Type() != fastjson.TypeNull {
			d.outer[m].v = v
		}
	})
}

func (d *decoder) put(key []byte, v *fastjson.Value) {
	if m, ok := memberOf(string(key)); ok && d.outer[m].v == nil && v.Type() != fastjson.TypeNull {
		d.outer[m].v = v
	}
}
