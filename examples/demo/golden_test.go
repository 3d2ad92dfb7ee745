package demo_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/grantwatch/grantwatch/examples/demo"
)

var update = flag.Bool("update", false, "rewrite goldens")

// TestSampleRecords compares the first record of each format, and a few that matter, with what is in testdata.
func TestSampleRecords(t *testing.T) {
	o := small(t, 1)
	for _, tc := range []struct{ golden, file, contains string }{
		{"cloudtrail-role", "logs/platform/cloudtrail/2026-06.json", `"type":"AssumedRole"`},
		{"cloudtrail-user", "logs/platform/cloudtrail/2026-06.json", `"type":"IAMUser"`},
		{"cloudtrail-assume-role", "logs/platform/cloudtrail/2026-06.json", `"eventName":"AssumeRole"`},
		{"cloudtrail-denied", "logs/platform/cloudtrail/2026-07.json", `"errorCode"`},
		{"cloudtrail-put-role-policy", "logs/platform/cloudtrail/2026-08.json", `"eventName":"PutRolePolicy"`},
		{"cloudtrail-data-event", "logs/data/cloudtrail/2026-07.json", `"eventCategory":"Data"`},
		{"cloudtrail-stop-logging", "logs/corp-it/cloudtrail/2026-08.json", `"eventName":"StopLogging"`},
		{"k8s-service-account", "logs/data/k8s/2026-06.json", `system:serviceaccount`},
		{"k8s-group", "logs/data/k8s/2026-06.json", `to Group`},
		{"okta-sign-in", "logs/corp-it/okta/2026-06.json", `user.session.start`},
		{"okta-deactivate", "logs/corp-it/okta/2026-08.json", `user.lifecycle.deactivate`},
	} {
		t.Run(tc.golden, func(t *testing.T) {
			f, err := o.FS().Open(tc.file)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			var got bytes.Buffer
			for lines := bufio.NewScanner(f); lines.Scan(); {
				if strings.Contains(lines.Text(), tc.contains) {
					if err := json.Indent(&got, lines.Bytes(), "", "  "); err != nil {
						t.Fatal(err)
					}
					got.WriteByte('\n')
					break
				}
			}
			if got.Len() == 0 {
				t.Fatalf("%s has no record with %s", tc.file, tc.contains)
			}
			path := filepath.Join("testdata", tc.golden+".json")
			if *update {
				if err := os.MkdirAll("testdata", 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, got.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got.Bytes(), want) {
				t.Errorf("the record changed; run the test with -update if that is meant\n%s", got.Bytes())
			}
		})
	}
}

// TestLateRecords finds records that stand hours after their event time, as the plants say there are.
func TestLateRecords(t *testing.T) {
	o := small(t, 1)
	late := 0
	for _, name := range o.Paths() {
		if !strings.HasPrefix(name, "logs/payments/cloudtrail/") {
			continue
		}
		f, err := o.FS().Open(name)
		if err != nil {
			t.Fatal(err)
		}
		var newest time.Time
		for lines := bufio.NewScanner(f); lines.Scan(); {
			var r record
			if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
				t.Fatal(err)
			}
			at := r.time()
			if newest.Sub(at) > 5*time.Hour {
				late++
			} else if at.Before(newest) {
				t.Errorf("%s: a record at %s after one at %s", name, at, newest)
			}
			if at.After(newest) {
				newest = at
			}
		}
		f.Close()
	}
	want := 0
	for _, row := range o.Truth() {
		if row.Team == "payments" && row.Trap == "late log" {
			want++
		}
	}
	if late != want || want == 0 {
		t.Errorf("%d late records, %d planted", late, want)
	}
}

// BenchmarkNew measures the building of the organisation and its truth.
func BenchmarkNew(b *testing.B) {
	for b.Loop() {
		if _, err := demo.New(demo.Options{Seed: 1}); err != nil {
			b.Fatal(err)
		}
	}
}
