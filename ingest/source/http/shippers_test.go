package push

import (
	"encoding/json"
	"strings"
	"testing"
)

// TestDocumentedBodies replays what shippers document that they send and that could not be run here: docs/shippers/agents.md.
func TestDocumentedBodies(t *testing.T) {
	with := func(n int, more string) string { return "{" + more + record(n)[1:] }
	for _, c := range []struct {
		name, path, auth string
		body             []byte
		header           []string
		events           []int
	}{
		{"Fluent Bit, http, json_lines", "/v1/logs/pay", "Bearer " + payToken, gzipped(t, []byte(record(1)+"\n"+record(2)+"\n")),
			[]string{"Content-Type", "application/x-ndjson", "Content-Encoding", "gzip", "User-Agent", "Fluent-Bit"}, []int{1, 2}},
		{"Fluent Bit, http, json, with its date", "/v1/logs/pay", "Bearer " + payToken, []byte("[" + with(3, `"date":1788336000.123456,`) + "," + with(4, `"date":1788336000.2,`) + "]"),
			[]string{"Content-Type", "application/json", "User-Agent", "Fluent-Bit"}, []int{3, 4}},
		{"Fluent Bit, splunk", "/services/collector/event", "Splunk " + payToken, []byte(`{"time":1788336000.1,"event":` + record(5) + `}{"time":1788336000.2,"event":` + record(6) + `}`),
			[]string{"Content-Type", "application/json", "User-Agent", "Fluent-Bit"}, []int{5, 6}},
		{"Vector, http, text by lines", "/v1/logs/pay", "Bearer " + payToken, gzipped(t, []byte(record(7)+"\n"+record(8))),
			[]string{"Content-Type", "text/plain", "Content-Encoding", "gzip", "User-Agent", "Vector/0.49.0"}, []int{7, 8}},
		{"Vector, splunk_hec_logs, text", "/services/collector/event", "Splunk " + payToken, []byte(`{"event":` + quoted(record(9)) + `,"fields":{},"time":1788336000.123,"host":"web-1","source_type":"file"}`),
			[]string{"Content-Type", "application/json", "X-Splunk-Request-Channel", "0aeeac95-ac74-4aa9-b30d-6c4c0ac581ba"}, []int{9}},
		{"EventBridge API destination", "/v1/logs/pay", "Bearer " + payToken, []byte(`{"version":"0","id":"x","detail-type":"AWS API Call via CloudTrail","source":"aws.s3","account":"111122223333","time":"2026-09-02T08:00:00Z","region":"eu-central-1","resources":[],"detail":` + record(10) + `}`),
			[]string{"Content-Type", "application/json; charset=utf-8", "User-Agent", "Amazon/EventBridge/ApiDestinations"}, []int{10}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, nil)
			if a := r.send(t, c.path, c.auth, c.body, c.header...); a.status != 200 {
				t.Fatalf("status %d: %+v", a.status, a.json)
			}
			for _, n := range c.events {
				if !r.sink.has(eventID(n)) {
					t.Errorf("record %d is not stored", n)
				}
			}
			if n, _, dead, _ := r.sink.counts(); n != len(c.events) || dead != 0 {
				t.Errorf("%d events, %d dead letters", n, dead)
			}
		})
	}
}

// FuzzPush: whatever is sent to whatever route, the answer is one of few, says why in JSON, and what was not answered with
// 200 is stored nowhere, not even a part of it.
func FuzzPush(f *testing.F) {
	for _, body := range [][]byte{lines(0, 2), gzipped(f, lines(0, 2)), []byte(`{"event":` + record(1) + `}{"event":`), []byte("\xef\xbb\xbf" + record(1) + "\r\n" + record(1)),
		[]byte(`{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"x"}}]}]}]}`), []byte("\x0a\x0a\x12\x08\x12\x06\x2a\x04\x0a\x02hi"),
		[]byte(strings.Repeat("[", 20_000)), []byte("{\"a\":\"\xff\x00\"}"), []byte(`{"a":1,"a":2}` + "\n" + record(3)), nil} {
		for route := range uint8(6) {
			f.Add(body, route, route%4, route%5)
		}
	}
	paths := []string{"/v1/logs/pay", "/v1/logs", "/services/collector/event", "/services/collector/raw", "/v1/logs/plat", "/v1/nothing"}
	encodings := []string{"", "gzip", "zstd", "br"}
	types := []string{"", "application/json", "application/x-ndjson", "application/x-protobuf", "image/png"}
	f.Fuzz(func(t *testing.T, body []byte, route, encoding, kind uint8) {
		if len(body) > 1<<20 {
			return
		}
		r := newRig(t, nil)
		header := []string{"Content-Type", types[int(kind)%len(types)]}
		if e := encodings[int(encoding)%len(encodings)]; e != "" {
			header = append(header, "Content-Encoding", e)
		}
		a := r.send(t, paths[int(route)%len(paths)], "Bearer "+payToken, body, header...)
		events, _, dead, _ := r.sink.counts()
		switch a.status {
		case 200:
		case 400, 401, 403, 404, 413, 415:
			if events > 0 || dead > 0 {
				t.Fatalf("%d, and %d events and %d dead letters are stored", a.status, events, dead)
			}
			if strings.Contains(a.header.Get("Content-Type"), "json") && !json.Valid(a.raw) {
				t.Fatalf("%d with %q, which is no JSON", a.status, a.raw)
			}
		default:
			t.Fatalf("status %d: %q", a.status, a.raw)
		}
	})
}
