package push

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"testing"
)

func quoted(s string) string { return strconv.Quote(s) }

func TestHEC(t *testing.T) {
	envelope := func(n int) string {
		return `{"time":1788336000.5,"host":"h","source":"s","index":"platform","fields":{"team":"platform"},"event":` + record(n) + `}`
	}
	text := func(n int) string { return `{"event":` + quoted(record(n)) + `,"sourcetype":"aws:cloudtrail"}` }
	cases := []struct {
		name, path, body string
		events, dead     int
	}{
		{"objects", "/services/collector/event", envelope(0) + envelope(1) + "\n\n" + envelope(2), 3, 0},
		{"texts", "/services/collector/event/1.0", text(0) + "\r\n" + text(1), 2, 0},
		{"short path", "/services/collector", text(0), 1, 0},
		{"raw", "/services/collector/raw?channel=0f0e", string(lines(0, 4)), 4, 0},
		{"a text that is no record", "/services/collector/event", text(0) + `{"event":"two\nlines"}` + text(1), 2, 1},
		{"a number", "/services/collector/event", `{"event":7}` + text(1), 1, 1},
		{"pretty", "/services/collector/event", "{\n \"event\" : {\n \"eventVersion\" :\n" + strings.TrimPrefix(record(0), `{"eventVersion":`) + "\n}", 1, 0},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, nil)
			a := r.send(t, c.path, "Splunk "+payToken, []byte(c.body))
			if a.status != 200 || a.json.Text != "Success" || a.json.Code != 0 {
				t.Fatalf("%d %s", a.status, a.raw)
			}
			if c.dead == 0 && string(bytes.TrimSpace(a.raw)) != `{"text":"Success","code":0}` {
				t.Errorf("%s", a.raw)
			}
			if n, _, dead, _ := r.sink.counts(); n != c.events || dead != c.dead || a.json.Rejected != int64(c.dead) {
				t.Errorf("%d events, %d dead: %s", n, dead, a.raw)
			}
			for i := range c.events {
				if c.dead == 0 && !r.sink.has(eventID(i)) {
					t.Errorf("event %d is not there", i)
				}
			}
		})
	}
}

func TestHECErrors(t *testing.T) {
	good := `{"event":` + record(0) + `}`
	r := newRig(t, nil)
	cases := []struct {
		name, path, auth, body string
		status, code, invalid  int
	}{
		{"no token", "/event", "", good, 401, 2, -1},
		{"no word", "/event", "Splunk", good, 401, 3, -1},
		{"wrong token", "/event", "Splunk nobody", good, 403, 4, -1},
		{"no data", "/event", "Splunk " + payToken, " \n", 400, 5, -1},
		{"no raw data", "/raw", "Splunk " + payToken, "", 400, 5, -1},
		{"malformed", "/event", "Splunk " + payToken, good + `{"event":`, 400, 6, 1},
		{"brackets", "/event", "Splunk " + payToken, good + good + `{"event":{"a":[1}}}`, 400, 6, 2},
		{"not an object", "/event", "Splunk " + payToken, `["event"]`, 400, 6, 0},
		{"trailing", "/event", "Splunk " + payToken, `{"event":{},}`, 400, 6, 0},
		{"deep", "/event", "Splunk " + payToken, `{"event":` + strings.Repeat("[", 10000), 400, 6, 0},
		{"no event", "/event", "Splunk " + payToken, good + `{"host":"h"}`, 400, 12, 1},
		{"blank event", "/event", "Splunk " + payToken, `{"event":""}`, 400, 13, 0},
		{"null event", "/event", "Splunk " + payToken, `{"event": null }`, 400, 13, 0},
		{"ack", "/ack", "Splunk " + payToken, `{"acks":[1]}`, 400, 14, -1},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			a := r.send(t, "/services/collector"+c.path, c.auth, []byte(c.body))
			if a.status != c.status || a.json.Code != c.code || a.json.Text == "" || (a.json.Invalid == nil) != (c.invalid < 0) || c.invalid >= 0 && *a.json.Invalid != c.invalid {
				t.Fatalf("%d %s, want %d code %d", a.status, a.raw, c.status, c.code)
			}
		})
	}
	if n, _, dead, _ := r.sink.counts(); n+dead != 0 {
		t.Errorf("%d events and %d dead letters were stored", n, dead)
	}
	resp, err := r.http.Get(r.url + "/services/collector/health/1.0")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != 200 {
		t.Errorf("health: %d", resp.StatusCode)
	}
}

// FuzzMembers holds the walk over JSON against the standard library: what that reads, the walk reads the same way.
func FuzzMembers(f *testing.F) {
	for _, s := range []string{`{}`, `{"a":1,"b":[{"c":"}"}]}`, ` {"a" : "\"" } `, `{"a":tru}`, `{"a":1,}`, `{"a":[}`, `{"a"`, `{"a":"` + "\x00" + `"}`, `{"\u0061":1}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		got := map[string]string{}
		ok := members(in, func(n, v []byte) bool { got[string(n)] = string(v); return true })
		var want map[string]json.RawMessage
		if json.Unmarshal(in, &want) != nil || want == nil {
			return // brackets that are in order are enough for the walk
		}
		if !ok {
			t.Fatalf("%q is an object", in)
		}
		if bytes.ContainsAny(in, "\\") || len(want) != len(got) || !bytes.Equal(in, bytes.ToValidUTF8(in, nil)) {
			return // escaped names are compared as they are written
		}
		for name, v := range want {
			if got[name] != string(v) {
				t.Fatalf("%q: %q is %q, want %q", in, name, got[name], v)
			}
		}
	})
}

func FuzzUnpack(f *testing.F) {
	f.Add([]byte(`{"event":"a"}{"event":{"b":1}}`))
	f.Add([]byte(`{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"kvlistValue":{"values":[{"key":"a","value":{"intValue":"7"}}]}}}]}]}]}`))
	f.Add([]byte("\x0a\x0a\x12\x08\x12\x06\x2a\x04\x0a\x02hi"))
	f.Fuzz(func(t *testing.T, in []byte) {
		for _, unpack := range []func([]byte, *packer) *problem{unpackEvents, unpackOTLP, unpackProtobuf} {
			b := newBudget(1<<20, 1<<20)
			out := &packer{lease: b.lease("t"), limit: 256 << 10}
			if p := unpack(in, out); p == nil && len(out.buf) > 0 && out.buf[len(out.buf)-1] != '\n' {
				t.Fatalf("%q: %q ends inside a record", in, out.buf)
			}
			if int64(cap(out.buf)) != b.inFlight() {
				t.Fatalf("%q: %d bytes are taken, %d are booked", in, cap(out.buf), b.inFlight())
			}
		}
	})
}
