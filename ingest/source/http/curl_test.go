package push

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestCurl sends with the client that everybody has, as the documentation shows it.
func TestCurl(t *testing.T) {
	curl, err := exec.LookPath("curl")
	if err != nil {
		t.Fatal("curl is not installed")
	}
	r := newRig(t, nil)
	dir := t.TempDir()
	for name, data := range map[string][]byte{
		"a.jsonl": lines(0, 3), "b.jsonl.gz": gzipped(t, lines(3, 4)), "d.json": []byte(`{"event":` + record(8) + `}`),
		"e.json": []byte(`{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":` + quoted(record(9)) + `}}]}]}]}`),
		"curlrc": []byte("header = \"Authorization: Bearer " + payToken + "\"\n"), // not in the list of processes
	} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct{ args, want string }{
		{"--data-binary @a.jsonl $URL/v1/logs/pay", `{"received":3,"stored":3,"filtered":0,"rejected":0}`},
		{"--data-binary @b.jsonl.gz -H Content-Encoding:gzip $URL/v1/logs/pay", `{"received":4,"stored":4,"filtered":0,"rejected":0}`},
		{"--data-binary @d.json $URL/services/collector/event", `{"text":"Success","code":0}`},
		{"--json @e.json $URL/v1/logs", `{}`},
		{"--data-binary @a.jsonl $URL/v1/logs/plat", `{"reason":"unknown_feed","detail":"there is no such feed"}`},
	} {
		cmd := exec.CommandContext(t.Context(), curl, append([]string{"-sS", "-K", "curlrc"}, strings.Fields(strings.ReplaceAll(c.args, "$URL", r.url))...)...)
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		if err != nil || strings.TrimSpace(string(out)) != c.want {
			t.Errorf("%s: %s %v", c.args, out, err)
		}
	}
	if n, twice, _, _ := r.sink.counts(); n != 9 || twice != 0 {
		t.Errorf("%d events, %d twice", n, twice)
	}
}
