package push

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"mime"
	"net/http"

	"google.golang.org/protobuf/encoding/protowire"
)

// OTLP is walked, not unmarshalled: a message of two-byte records would take a hundred times its length as structs.

var otlpTypes = map[string]bool{"application/json": true, "application/x-protobuf": true, "application/protobuf": true}

func isProtobuf(r *http.Request) bool {
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return err == nil && media != "application/json" && otlpTypes[media]
}

func otlpKind(r *http.Request) kind {
	if isProtobuf(r) {
		return kind{route: "otlp", types: otlpTypes, unpack: unpackProtobuf}
	}
	return kind{route: "otlp", types: otlpTypes, unpack: unpackOTLP}
}

func otlpDialect(r *http.Request) dialect {
	if isProtobuf(r) {
		return dialect{ok: otlpOK, fail: otlpFail}
	}
	return dialect{ok: otlpOKJSON, fail: otlpFailJSON}
}

const deadNotice = "records that cannot be decoded are kept as dead letters; sending them again changes nothing"

func otlpOK(w http.ResponseWriter, o *outcome) {
	var b []byte
	if _, _, _, rejected := o.counts(); rejected > 0 {
		partial := protowire.AppendVarint(protowire.AppendTag(nil, 1, protowire.VarintType), uint64(rejected))
		partial = protowire.AppendString(protowire.AppendTag(partial, 2, protowire.BytesType), deadNotice)
		b = protowire.AppendBytes(protowire.AppendTag(nil, 1, protowire.BytesType), partial)
	}
	write(w, http.StatusOK, "application/x-protobuf", b)
}

func otlpOKJSON(w http.ResponseWriter, o *outcome) {
	type partial struct {
		Rejected int64  `json:"rejectedLogRecords,string"`
		Message  string `json:"errorMessage"`
	}
	var a struct {
		Partial *partial `json:"partialSuccess,omitempty"`
	}
	if _, _, _, rejected := o.counts(); rejected > 0 {
		a.Partial = &partial{rejected, deadNotice}
	}
	writeJSON(w, http.StatusOK, a)
}

// rpcCode is the code of a google.rpc.Status.
func rpcCode(status int) int {
	switch status {
	case http.StatusUnauthorized:
		return 16 // unauthenticated
	case http.StatusNotFound:
		return 5
	case http.StatusTooManyRequests:
		return 8 // resource exhausted
	case http.StatusServiceUnavailable:
		return 14 // unavailable
	}
	return 3 // invalid argument
}

func otlpFail(w http.ResponseWriter, p *problem) {
	retryAfter(w, p)
	b := protowire.AppendVarint(protowire.AppendTag(nil, 1, protowire.VarintType), uint64(rpcCode(p.status)))
	b = protowire.AppendString(protowire.AppendTag(b, 2, protowire.BytesType), p.reason+": "+p.detail)
	write(w, p.status, "application/x-protobuf", b)
}

func otlpFailJSON(w http.ResponseWriter, p *problem) {
	retryAfter(w, p)
	writeJSON(w, p.status, struct {
		Code    int    `json:"code"`
		Message string `json:"message"`
		Reason  string `json:"reason"` // ours, as in the other answers
		Detail  string `json:"detail"`
	}{rpcCode(p.status), p.reason + ": " + p.detail, p.reason, p.detail})
}

var errFull = errors.New("push: no room")

func badOTLP(detail string) *problem {
	return &problem{status: http.StatusBadRequest, reason: "envelope", detail: detail, hec: hecInvalidFormat}
}

// walk calls f with every field of the message b. Fields that are not length-delimited come with their encoded value.
func walk(b []byte, f func(num protowire.Number, typ protowire.Type, value []byte) error) error {
	for len(b) > 0 {
		num, typ, n := protowire.ConsumeTag(b)
		if n < 0 {
			return protowire.ParseError(n)
		}
		b = b[n:]
		if n = protowire.ConsumeFieldValue(num, typ, b); n < 0 {
			return protowire.ParseError(n)
		}
		value := b[:n]
		if typ == protowire.BytesType {
			value, _ = protowire.ConsumeBytes(b)
		}
		if err := f(num, typ, value); err != nil {
			return err
		}
		b = b[n:]
	}
	return nil
}

// inside walks down the fields of the given numbers, one a level.
func inside(b []byte, path []protowire.Number, f func([]byte) error) error {
	if len(path) == 0 {
		return f(b)
	}
	return walk(b, func(num protowire.Number, typ protowire.Type, value []byte) error {
		if num != path[0] || typ != protowire.BytesType {
			return nil
		}
		return inside(value, path[1:], f)
	})
}

// records are at ExportLogsServiceRequest.resource_logs.scope_logs.log_records.
var records = []protowire.Number{1, 2, 2}

const bodyField = 5 // LogRecord.body

func unpackProtobuf(in []byte, out *packer) *problem {
	err := inside(in, records, func(rec []byte) error {
		var value []byte
		given := false
		if err := walk(rec, func(num protowire.Number, typ protowire.Type, v []byte) error {
			if num == bodyField && typ == protowire.BytesType {
				value, given = v, true
			}
			return nil
		}); err != nil {
			return err
		}
		ok := false
		if given {
			var err error
			if ok, err = anyValue(value, out); err != nil {
				return err
			}
		}
		if !ok && out.problem == nil {
			// The decoder will reject it, and the dead letter shows what came.
			if out.room(base64.StdEncoding.EncodedLen(len(rec)) + 32) {
				out.buf = append(out.buf, `{"otlp_log_record":"`...)
				out.buf = base64.StdEncoding.AppendEncode(out.buf, rec)
				out.buf = append(out.buf, "\"}\n"...)
			}
		}
		if out.problem != nil {
			return errFull
		}
		return nil
	})
	if out.problem != nil {
		return out.problem
	}
	if err != nil {
		return badOTLP("the protobuf is broken")
	}
	return nil
}

// unpackOTLP takes the records out of OTLP in JSON.
func unpackOTLP(in []byte, out *packer) *problem {
	if skipBlanks(in, 0) == len(in) {
		return nil
	}
	down := func(name string, f func([]byte) bool) func([]byte) bool {
		other := snake(name)
		return func(b []byte) bool {
			return members(b, func(n, v []byte) bool {
				return string(n) != name && string(n) != other || elements(v, f)
			})
		}
	}
	record := func(rec []byte) bool {
		var value []byte
		if !members(rec, func(n, v []byte) bool {
			if string(n) == "body" {
				value = v
			}
			return true
		}) {
			return false
		}
		if !anyValueJSON(value, out) && out.problem == nil {
			out.text(rec) // a dead letter to be
		}
		return out.problem == nil
	}
	ok := down("resourceLogs", down("scopeLogs", down("logRecords", record)))(in)
	if out.problem != nil {
		return out.problem
	}
	if !ok {
		return badOTLP("the JSON is broken or not of OTLP logs")
	}
	return nil
}

// snake spells a name the way protobuf does, which readers of its JSON take too.
func snake(name string) string {
	var b []byte
	for _, c := range []byte(name) {
		if c >= 'A' && c <= 'Z' {
			b = append(b, '_', c+'a'-'A')
		} else {
			b = append(b, c)
		}
	}
	return string(b)
}

// unquote reads a JSON string.
func unquote(raw []byte) (string, bool) {
	var s string
	if len(raw) == 0 || raw[0] != '"' {
		return "", false
	}
	err := json.Unmarshal(raw, &s)
	return s, err == nil
}
