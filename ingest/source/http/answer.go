package push

import (
	"encoding/json"
	"errors"
	"io"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/grantwatch/grantwatch/ingest"
)

// problem is why a request is not stored. Nothing in it comes from the payload or the token.
type problem struct {
	status int
	reason string
	detail string
	retry  time.Duration // when to come again; zero says nothing
	hec    int           // Splunk's code for it
	event  int           // number of the bad HEC event, when there is one
}

// statusGone is what is noted when nobody is there to be answered.
const statusGone = 499

func tooLarge(detail string) *problem {
	return &problem{status: http.StatusRequestEntityTooLarge, reason: "too_large", detail: detail, hec: hecTooLarge}
}

func busy(detail string) *problem {
	return &problem{status: http.StatusServiceUnavailable, reason: "busy", detail: detail, retry: time.Second, hec: hecBusy}
}

func slow(detail string, wait time.Duration) *problem {
	return &problem{status: http.StatusTooManyRequests, reason: "rate", detail: detail, retry: wait, hec: hecBusy}
}

func gone() *problem { return &problem{status: statusGone, reason: "gone", detail: "the client left"} }

func twice() *problem {
	return &problem{status: http.StatusBadRequest, reason: "compression", detail: "the body is compressed twice", hec: hecInvalidFormat}
}

func broken(enc string, err error) *problem {
	detail := enc + " is broken"
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		detail = enc + " ends in the middle"
	} else if errors.Is(err, zstd.ErrWindowSizeExceeded) || errors.Is(err, zstd.ErrDecoderSizeExceeded) {
		detail = "zstd asks for more memory than allowed"
	}
	return &problem{status: http.StatusBadRequest, reason: "compression", detail: detail, hec: hecInvalidFormat}
}

// outcome is what became of the records of a stored request.
type outcome struct {
	stats    ingest.Stats
	replayed bool
}

// counts are the numbers of an answer. All records of a request that was stored before are left out now.
func (o *outcome) counts() (received, stored, filtered, rejected int64) {
	s := o.stats
	if o.replayed {
		return s.Received, 0, s.Received - s.Dead, s.Dead
	}
	return s.Received, s.Stored, s.Filtered, s.Dead
}

// dialect is how a kind of client wants to be answered.
type dialect struct {
	ok   func(w http.ResponseWriter, o *outcome)
	fail func(w http.ResponseWriter, p *problem)
}

var plain = dialect{
	ok: func(w http.ResponseWriter, o *outcome) {
		var a struct {
			Received int64 `json:"received"`
			Stored   int64 `json:"stored"`
			Filtered int64 `json:"filtered"`
			Rejected int64 `json:"rejected"`
			Replayed bool  `json:"replayed,omitempty"`
		}
		a.Received, a.Stored, a.Filtered, a.Rejected = o.counts()
		a.Replayed = o.replayed
		writeJSON(w, http.StatusOK, a)
	},
	fail: func(w http.ResponseWriter, p *problem) {
		retryAfter(w, p)
		if p.status == http.StatusUnauthorized {
			w.Header().Set("WWW-Authenticate", "Bearer")
		}
		writeJSON(w, p.status, struct {
			Reason string `json:"reason"`
			Detail string `json:"detail"`
		}{p.reason, p.detail})
	},
}

// retryAfter tells whole seconds, one at least: shippers read nothing finer.
func retryAfter(w http.ResponseWriter, p *problem) {
	if p.retry > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(max(1, int(math.Ceil(p.retry.Seconds())))))
	}
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	b, err := json.Marshal(v)
	if err != nil { // the answers are made of numbers and words
		panic(err)
	}
	write(w, status, "application/json", append(b, '\n'))
}

func write(w http.ResponseWriter, status int, kind string, b []byte) {
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Content-Length", strconv.Itoa(len(b)))
	w.WriteHeader(status)
	_, _ = w.Write(b) // whoever asked may be gone; what is stored stays stored
}
