package push

import (
	"encoding/json"
	"net/http"
)

// Splunk's codes.
const (
	hecSuccess          = 0
	hecTokenRequired    = 2
	hecBadAuthorisation = 3
	hecInvalidToken     = 4
	hecNoData           = 5
	hecInvalidFormat    = 6
	hecIncorrectIndex   = 7
	hecBusy             = 9
	hecEventRequired    = 12
	hecEventBlank       = 13
	hecNoAck            = 14
	hecHealthy          = 17
	hecFull             = 18
	hecTooLarge         = 27
)

var hecText = map[int]string{
	hecSuccess: "Success", hecTokenRequired: "Token is required", hecBadAuthorisation: "Invalid authorization", hecInvalidToken: "Invalid token",
	hecNoData: "No data", hecInvalidFormat: "Invalid data format", hecIncorrectIndex: "Incorrect index", hecBusy: "Server is busy",
	hecEventRequired: "Event field is required", hecEventBlank: "Event field cannot be blank", hecNoAck: "ACK is disabled",
	hecHealthy: "HEC is healthy", hecFull: "HEC is unhealthy, queues are full", hecTooLarge: "Request entity too large",
}

type hecAnswer struct {
	Text    string `json:"text"`
	Code    int    `json:"code"`
	Invalid *int   `json:"invalid-event-number,omitempty"`
	Detail  string `json:"detail,omitempty"` // ours: Splunk's clients leave it alone
	// The counts of a stored request, ours too.
	Received *int64 `json:"received,omitempty"`
	Stored   *int64 `json:"stored,omitempty"`
	Filtered *int64 `json:"filtered,omitempty"`
	Rejected *int64 `json:"rejected,omitempty"`
}

var hec = dialect{
	ok: func(w http.ResponseWriter, o *outcome) {
		a := hecAnswer{Text: hecText[hecSuccess], Code: hecSuccess}
		received, stored, filtered, rejected := o.counts()
		if rejected > 0 { // a plain success is answered in Splunk's words alone
			a.Received, a.Stored, a.Filtered, a.Rejected = &received, &stored, &filtered, &rejected
		}
		writeJSON(w, http.StatusOK, a)
	},
	fail: func(w http.ResponseWriter, p *problem) {
		retryAfter(w, p)
		a := hecAnswer{Text: hecText[p.hec], Code: p.hec, Detail: p.detail}
		if p.event >= 0 && (p.hec == hecInvalidFormat || p.hec == hecEventRequired || p.hec == hecEventBlank) && p.reason == "envelope" {
			a.Invalid = &p.event
		}
		status := p.status
		if p.hec == hecInvalidToken {
			status = http.StatusForbidden // Splunk's word for a token that is not known
		}
		writeJSON(w, status, a)
	},
}

func hecHealth(w http.ResponseWriter, well bool) {
	if well {
		writeJSON(w, http.StatusOK, hecAnswer{Text: hecText[hecHealthy], Code: hecHealthy})
		return
	}
	writeJSON(w, http.StatusServiceUnavailable, hecAnswer{Text: hecText[hecFull], Code: hecFull})
}

// unpackEvents takes the events out of their envelopes, which are JSON objects one behind the other. What the envelopes
// say beside the event (host, index, source) is the shipper's word about itself and is left out. One that is broken
// spoils the request, as it does with Splunk: nothing of it is stored.
func unpackEvents(in []byte, out *packer) *problem {
	bad := func(n, code int) *problem {
		return &problem{status: http.StatusBadRequest, reason: "envelope", detail: hecText[code], hec: code, event: n}
	}
	n := 0
	for i := skipBlanks(in, 0); i < len(in); n++ {
		end := -1
		if in[i] == '{' {
			end = skipValue(in, i)
		}
		if end < 0 {
			return bad(n, hecInvalidFormat)
		}
		var event []byte
		if !members(in[i:end], func(name, value []byte) bool {
			if string(name) == "event" {
				event = value
			}
			return true
		}) {
			return bad(n, hecInvalidFormat)
		}
		switch {
		case event == nil:
			return bad(n, hecEventRequired)
		case string(event) == "null" || string(event) == `""`:
			return bad(n, hecEventBlank)
		case event[0] == '"':
			var text string
			if err := json.Unmarshal(event, &text); err != nil {
				return bad(n, hecInvalidFormat)
			}
			out.text([]byte(text))
		default:
			out.value(event)
		}
		if out.problem != nil {
			return out.problem
		}
		i = skipBlanks(in, end)
	}
	return nil
}
