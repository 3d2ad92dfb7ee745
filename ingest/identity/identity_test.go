package identity

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/ingest/entitlement/reader"
)

var update = flag.Bool("update", false, "rewrite goldens")

var options = Options{Source: "hr", File: "people.csv"}

func TestGolden(t *testing.T) {
	data, err := os.ReadFile("testdata/people.csv")
	if err != nil {
		t.Fatal(err)
	}
	res, err := Read(bytes.NewReader(data), options)
	if err != nil {
		t.Fatal(err)
	}
	if len(res.Warnings) != 0 {
		t.Errorf("warnings %v", res.Warnings)
	}
	got, _ := json.MarshalIndent(res.Identities, "", "  ")
	got = append(got, '\n')
	if *update {
		if err := os.WriteFile("testdata/people.golden.json", got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("testdata/people.golden.json")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("differs from the golden; run with -update and read the difference")
	}
}

func one(t *testing.T, text string) access.Identity {
	t.Helper()
	res, err := Read(strings.NewReader(text), options)
	if err != nil {
		t.Fatal(err)
	}
	if len(res.Identities) != 1 {
		t.Fatalf("%d identities", len(res.Identities))
	}
	return res.Identities[0]
}

// The last day counts as a whole, where the person is.
func TestEndOfTheLastDay(t *testing.T) {
	tests := []struct {
		end, zone, want string
		dateOnly        bool
	}{
		{"2026-08-31", "Europe/Berlin", "2026-08-31T22:00:00Z", true},
		{"2026-08-31", "Asia/Shanghai", "2026-08-31T16:00:00Z", true},
		{"2026-08-31", "America/Los_Angeles", "2026-09-01T07:00:00Z", true},
		{"2026-08-31", "", "2026-09-01T00:00:00Z", true},
		{"2026-12-31", "UTC", "2027-01-01T00:00:00Z", true},
		{"2026-10-25", "Europe/Berlin", "2026-10-25T23:00:00Z", true},     // the day that has 25 hours
		{"2010-10-16", "America/Sao_Paulo", "2010-10-17T03:00:00Z", true}, // the next day begins at one o'clock
		{"2011-12-29", "Pacific/Apia", "2011-12-30T10:00:00Z", true},      // the next day never was
		{"2026-08-31T17:00:00+02:00", "Asia/Tokyo", "2026-08-31T15:00:00Z", false},
		{"", "Europe/Berlin", "0001-01-01T00:00:00Z", false},
	}
	for _, tt := range tests {
		id := one(t, "uid,end,zone\np,"+tt.end+","+tt.zone+"\n")
		if got := id.End.Format(time.RFC3339); got != tt.want || id.EndDateOnly != tt.dateOnly || !id.EndActivity.Equal(id.End) {
			t.Errorf("%q in %q ends %s (date only %v)", tt.end, tt.zone, got, id.EndDateOnly)
		}
	}
}

func TestEndIsOnTheSameDateEverywhere(t *testing.T) {
	zones := []string{"Europe/Berlin", "America/Sao_Paulo", "Asia/Kolkata", "Pacific/Kiritimati", "Pacific/Pago_Pago", "Asia/Beirut", "Pacific/Apia", "UTC"}
	rapid.Check(t, func(rt *rapid.T) {
		zone := rapid.SampledFrom(zones).Draw(rt, "zone")
		loc, _ := time.LoadLocation(zone)
		day := time.Date(2010, 1, 1, 12, 0, 0, 0, loc).AddDate(0, 0, rapid.IntRange(0, 9000).Draw(rt, "day"))
		id := one(t, "uid,end,zone\np,"+day.Format(time.DateOnly)+","+zone+"\n")
		last := id.End.Add(-time.Second).In(loc).Format(time.DateOnly)
		if day.Format(time.DateOnly) == "2011-12-30" && zone == "Pacific/Apia" {
			return
		}
		if last != day.Format(time.DateOnly) || id.End.In(loc).Format(time.DateOnly) == last {
			rt.Fatalf("%s in %s ends at %s", day.Format(time.DateOnly), zone, id.End.In(loc))
		}
	})
}

func TestAliases(t *testing.T) {
	got := one(t, "uid,aliases\np,github:ana; okta:a@b.example;arn:aws:iam::111122223333:user/a;system:serviceaccount:n:s;k8s:system:serviceaccount:n:s; ;bitbucket:x;a@b.example\n").Aliases
	want := []access.Alias{{Provider: "github", Name: "ana"}, {Provider: "okta", Name: "a@b.example"}, {Name: "arn:aws:iam::111122223333:user/a"},
		{Name: "system:serviceaccount:n:s"}, {Provider: "k8s", Name: "system:serviceaccount:n:s"}, {Name: "bitbucket:x"}, {Name: "a@b.example"}}
	if len(got) != len(want) {
		t.Fatalf("%v", got)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("alias %d is %+v, want %+v", i, got[i], want[i])
		}
	}
}

func TestColumns(t *testing.T) {
	id := one(t, "Email,  Desk ,NAME\na@b.example,4,Ana\n")
	if id.UID != "a@b.example" || id.Name != "Ana" || id.Kind != access.Human || id.Attrs["Desk"] != "4" || id.Line != 2 || id.Source != "hr" {
		t.Errorf("%+v", id)
	}
	if id := one(t, "uid,kind,expires\nn,agent,NEVER\n"); !id.NeverExpires || !id.Expires.IsZero() || id.Kind != access.Agent {
		t.Errorf("%+v", id)
	}
	for _, text := range []string{"", "\n", "uid\n", "uid,name"} {
		if res, err := Read(strings.NewReader(text), options); err != nil || len(res.Identities) != 0 {
			t.Errorf("%q: %+v, %v", text, res, err)
		}
	}
}

func TestIntervals(t *testing.T) {
	tests := []struct {
		name, rows string
		warnings   int
	}{
		{"one after the other", "p,2020-01-01,2020-12-31\np,2021-01-01,\n", 0},
		{"handed over on one day", "p,2020-01-01,2020-12-31\np,2020-12-31,\n", 0},
		{"both at once", "p,2020-01-01,2020-12-31\np,2020-06-01,\n", 1},
		{"never ended", "p,2020-01-01,\np,2021-01-01,\n", 1},
		{"others", "p,2020-01-01,\nq,2020-01-01,\n", 0},
	}
	for _, tt := range tests {
		res, err := Read(strings.NewReader("uid,start,end\n"+tt.rows), options)
		if err != nil || len(res.Warnings) != tt.warnings || len(res.Identities) != 2 {
			t.Errorf("%s: %v, %v", tt.name, res.Warnings, err)
		}
	}
	res, _ := Read(strings.NewReader("uid,start\np,2021-01-01\na,2020-01-01\np,2019-01-01\n"), options)
	if got := res.Identities; got[0].UID != "a" || got[1].Start.Year() != 2019 || got[2].Start.Year() != 2021 {
		t.Errorf("not in order: %+v", got)
	}
}

func TestRefused(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"no key column", "team,kind\nx,human\n", "people.csv:1:1: the header has none of uid, email and name"},
		{"column twice", "uid,name,UID\n", `people.csv:1:10: column "uid" is there twice`},
		{"no key", "uid,name\n,\n", "people.csv:2:1: a row needs a uid"},
		{"a machine", "uid,kind\nn,machine\n", `people.csv:2:3: kind "machine" is none of human, service, workload, agent, third-party`},
		{"nowhere", "uid,zone\nn,Europe/Berlim\n", `people.csv:2:3: zone "Europe/Berlim" is not known`},
		{"here", "uid,zone\nn,Local\n", `zone "Local" is not known`},
		{"wild date", "uid,start\nn,31.08.2026\n", `people.csv:2:3: start "31.08.2026" is no time`},
		{"after an umlaut", "uid,start\nänn,x\n", `people.csv:2:5: start "x" is no time`},
		{"never created", "uid,created\nn,never\n", `created "never" is no time`},
		{"ends before it starts", "uid,start,end\nn,2026-02-01,2026-01-01\n", "people.csv:2:14: end 2026-01-01 is before start 2026-02-01"},
		{"empty alias", "uid,aliases\nn,a;github:\n", `people.csv:2:3: alias "github:" names nobody`},
		{"too few fields", "uid,name\nn\n", "people.csv:2:1: wrong number of fields"},
		{"open quote", "uid,name\nn,\"x\n", "people.csv:"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Read(strings.NewReader(tt.text), options)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("says %v, want %q", err, tt.want)
			}
			var where *reader.SyntaxError
			if !errors.As(err, &where) || where.Line == 0 {
				t.Errorf("%v has no place", err)
			}
		})
	}
}

func FuzzRead(f *testing.F) {
	data, err := os.ReadFile("testdata/people.csv")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add([]byte("email,kind\n\"a\"\"b\",agent\r\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		res, err := Read(bytes.NewReader(data), options)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "people.csv:") {
				t.Fatalf("error without a place: %v", err)
			}
			return
		}
		for _, id := range res.Identities {
			if id.UID == "" || id.Kind == "" || id.Line == 0 {
				t.Fatalf("bad identity %+v", id)
			}
			if !id.End.IsZero() && !id.Start.IsZero() && id.End.Before(id.Start) {
				t.Fatalf("ends before it starts: %+v", id)
			}
		}
	})
}
