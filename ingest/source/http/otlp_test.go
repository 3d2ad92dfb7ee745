package push

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	common "go.opentelemetry.io/proto/otlp/common/v1"
	logs "go.opentelemetry.io/proto/otlp/logs/v1"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
)

func str(s string) *common.AnyValue {
	return &common.AnyValue{Value: &common.AnyValue_StringValue{StringValue: s}}
}

// value is what encoding/json reads, as an AnyValue.
func value(v any) *common.AnyValue {
	switch v := v.(type) {
	case string:
		return str(v)
	case bool:
		return &common.AnyValue{Value: &common.AnyValue_BoolValue{BoolValue: v}}
	case float64:
		return &common.AnyValue{Value: &common.AnyValue_DoubleValue{DoubleValue: v}}
	case int:
		return &common.AnyValue{Value: &common.AnyValue_IntValue{IntValue: int64(v)}}
	case []any:
		list := &common.ArrayValue{}
		for _, e := range v {
			list.Values = append(list.Values, value(e))
		}
		return &common.AnyValue{Value: &common.AnyValue_ArrayValue{ArrayValue: list}}
	case map[string]any:
		list := &common.KeyValueList{}
		for k, e := range v {
			list.Values = append(list.Values, &common.KeyValue{Key: k, Value: value(e)})
		}
		return &common.AnyValue{Value: &common.AnyValue_KvlistValue{KvlistValue: list}}
	}
	return &common.AnyValue{}
}

func structured(t *testing.T, n int) *common.AnyValue {
	t.Helper()
	var v map[string]any
	if err := json.Unmarshal([]byte(record(n)), &v); err != nil {
		t.Fatal(err)
	}
	return value(v)
}

// request spreads (LogsData is the export request on the wire, without the packages of the gRPC service) records over resources and scopes.
func request(bodies ...*common.AnyValue) *logs.LogsData {
	req := &logs.LogsData{}
	for i, b := range bodies {
		rec := &logs.LogRecord{TimeUnixNano: 1788336000e9, SeverityText: "INFO", Body: b, Attributes: []*common.KeyValue{{Key: "team", Value: str("platform")}}}
		if i%2 == 0 {
			req.ResourceLogs = append(req.ResourceLogs, &logs.ResourceLogs{SchemaUrl: "x", ScopeLogs: []*logs.ScopeLogs{{}, {Scope: &common.InstrumentationScope{Name: "s"}}}})
		}
		scopes := req.ResourceLogs[len(req.ResourceLogs)-1].ScopeLogs
		scopes[i%2].LogRecords = append(scopes[i%2].LogRecords, rec)
	}
	return req
}

// partial reads rejected_log_records out of an ExportLogsServiceResponse; without a partial success it is 0.
func partial(t *testing.T, enc string, raw []byte) (n int64) {
	t.Helper()
	if enc == "application/json" {
		var a struct {
			PartialSuccess *struct {
				Rejected int64  `json:"rejectedLogRecords,string"`
				Message  string `json:"errorMessage"`
			}
		}
		if err := json.Unmarshal(raw, &a); err != nil {
			t.Fatalf("%s: %v", raw, err)
		}
		if a.PartialSuccess == nil {
			return 0
		}
		if a.PartialSuccess.Message == "" || a.PartialSuccess.Rejected == 0 {
			t.Errorf("%s", raw)
		}
		return a.PartialSuccess.Rejected
	}
	err := inside(raw, []protowire.Number{1}, func(b []byte) error {
		return walk(b, func(num protowire.Number, _ protowire.Type, v []byte) error {
			if num == 1 {
				u, _ := protowire.ConsumeVarint(v)
				n = int64(u)
			}
			return nil
		})
	})
	if err != nil {
		t.Fatalf("%q: %v", raw, err)
	}
	return n
}

func TestOTLP(t *testing.T) {
	deep := str("x")
	for range 200 {
		deep = &common.AnyValue{Value: &common.AnyValue_ArrayValue{ArrayValue: &common.ArrayValue{Values: []*common.AnyValue{deep}}}}
	}
	cases := []struct {
		name         string
		req          *logs.LogsData
		events, dead int
	}{
		{"texts", request(str(record(0)), str(record(1)), str(record(2))), 3, 0},
		{"bytes", request(&common.AnyValue{Value: &common.AnyValue_BytesValue{BytesValue: []byte(record(0))}}), 1, 0},
		{"structured", request(structured(t, 0), str(record(1))), 2, 0},
		{"nothing", &logs.LogsData{}, 0, 0},
		{"some are no records", request(str("hello"), str(record(0)), nil, str(""), &common.AnyValue{}, str("two\nlines"), value(7), deep), 1, 7},
	}
	for _, c := range cases {
		for _, enc := range []string{"application/x-protobuf", "application/json"} {
			for _, path := range []string{"/v1/logs", "/v1/logs/pay"} {
				if path != "/v1/logs" && enc == "application/json" {
					continue // plain JSON there
				}
				t.Run(c.name+" "+enc+path, func(t *testing.T) {
					r := newRig(t, nil)
					body, err := proto.Marshal(c.req)
					if enc == "application/json" {
						body, err = protojson.Marshal(c.req)
					}
					if err != nil {
						t.Fatal(err)
					}
					a := r.send(t, path, "Bearer "+payToken, gzipped(t, body), "Content-Type", enc, "Content-Encoding", "gzip")
					if a.status != 200 || a.header.Get("Content-Type") != enc {
						t.Fatalf("%d %s", a.status, a.raw)
					}
					if rejected := partial(t, enc, a.raw); rejected != int64(c.dead) {
						t.Errorf("%d are said to be rejected", rejected)
					}
					if n, _, dead, _ := r.sink.counts(); n != c.events || dead != c.dead {
						t.Errorf("%d events, %d dead", n, dead)
					}
				})
			}
		}
	}
}

// TestBodiesAsJSON reads what a structured body became with the standard library.
func TestBodiesAsJSON(t *testing.T) {
	in := map[string]any{"text": "a\"b\\c\n\x01é", "yes": true, "half": 0.5, "list": []any{"x", 1.0, map[string]any{}, []any{}}, "empty": nil, "nan": math.NaN()}
	want := `{"empty":null,"half":0.5,"list":["x",1,{},[]],"nan":null,"text":"a\"b\\c\n\u0001é","yes":true}`
	req := request(value(in))
	for name, unpack := range map[string]func([]byte, *packer) *problem{"protobuf": unpackProtobuf, "json": unpackOTLP} {
		body, err := proto.Marshal(req)
		if name == "json" {
			body, err = protojson.Marshal(req)
		}
		if err != nil {
			t.Fatal(err)
		}
		out := &packer{lease: newBudget(1<<20, 1<<20).lease("t"), limit: 1 << 20}
		if p := unpack(body, out); p != nil {
			t.Fatal(name, p)
		}
		var got any
		if err := json.Unmarshal(out.buf, &got); err != nil {
			t.Fatalf("%s: %s: %v", name, out.buf, err)
		}
		again, err := json.Marshal(got)
		if err != nil {
			t.Fatal(err)
		}
		if name == "json" { // protojson spells what is not a number as a text
			again = []byte(strings.Replace(string(again), `"nan":"NaN"`, `"nan":null`, 1))
		}
		if string(again) != want {
			t.Errorf("%s:\n got %s\nwant %s", name, again, want)
		}
	}
}

func TestOTLPHostile(t *testing.T) {
	r := newRig(t, func(c *Config) { c.Limits = Limits{Body: 1 << 20, Decoded: 8 << 20, Envelope: 4 << 20} })
	// Two million records of two bytes: a hundred times as long if each were kept.
	scope := strings.Repeat("\x12\x00", 1<<20)
	level := func(tag byte, s string) string {
		n := len(s)
		return string([]byte{tag, byte(n) | 0x80, byte(n>>7) | 0x80, byte(n>>14) | 0x80, byte(n >> 21)}) + s
	}
	bomb := level(0x0a, level(0x12, scope))
	for name, c := range map[string]struct {
		body   string
		status int
	}{
		"bomb":      {bomb, 413},
		"cut":       {bomb[:1000], 400},
		"not":       {"\xff\xff\xff", 400},
		"wrong tag": {"\x08\x01", 200},
	} {
		a := r.send(t, "/v1/logs", "Bearer "+payToken, gzipped(t, []byte(c.body)), "Content-Type", "application/x-protobuf", "Content-Encoding", "gzip")
		if a.status != c.status {
			t.Errorf("%s: %d %q", name, a.status, a.raw)
		}
	}
	if n, _, dead, _ := r.sink.counts(); n+dead != 0 {
		t.Errorf("%d events, %d dead", n, dead)
	}
}
