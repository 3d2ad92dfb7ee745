package csvgrants

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/ingest/entitlement/reader"
)

var update = flag.Bool("update", false, "rewrite goldens")

var options = reader.Options{Entitlement: "tickets", Team: "payments", Provider: "okta", Account: "corp", Source: "grants.csv",
	TakenAt: time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC), Dated: true}

func TestGolden(t *testing.T) {
	data, err := os.ReadFile("testdata/grants.csv")
	if err != nil {
		t.Fatal(err)
	}
	snaps, err := Read(bytes.NewReader(data), options)
	if err != nil {
		t.Fatal(err)
	}
	got, _ := json.MarshalIndent(snaps, "", "  ")
	got = append(got, '\n')
	if *update {
		if err := os.WriteFile("testdata/grants.golden.json", got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("testdata/grants.golden.json")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("differs from the golden; run with -update and read the difference")
	}
}

func one(t *testing.T, text string) access.Grant {
	t.Helper()
	snaps, err := Read(strings.NewReader(text), options)
	if err != nil {
		t.Fatal(err)
	}
	if len(snaps) != 1 || len(snaps[0].Grants) != 1 {
		t.Fatalf("%d snapshots: %+v", len(snaps), snaps)
	}
	return snaps[0].Grants[0]
}

func TestRows(t *testing.T) {
	g := one(t, "permission,subject\nadmin,ana\n")
	if g.Subject != "ana" || g.Permission != "admin" || g.Provider != "okta" || g.Account != "corp" || g.SubjectKind != access.SubjectUser || g.ID == "" || g.Privileged {
		t.Errorf("two columns: %+v", g)
	}
	g = one(t, "subject,permission,provider,colour\narn:aws:iam::111122223333:role/x/R,iam:*,AWS,blue\n")
	if !g.Privileged || g.SubjectKind != access.SubjectRole || g.Provider != "aws" {
		t.Errorf("AWS: %+v", g)
	}
	if g = one(t, "subject,permission,provider,privileged\nu,iam:*,aws,no\n"); g.Privileged {
		t.Error("the column says not privileged")
	}
	if g = one(t, "subject,permission\nsystem:serviceaccount:ns:name,ClusterRole/edit\n"); g.SubjectKind != access.SubjectServiceAccount {
		t.Errorf("service account: %+v", g)
	}
	g = one(t, "id,subject,permission,granted_at,expires_at\ng-1, ana ,member,2026-09-01,never\n")
	if g.ID != "g-1" || g.Subject != "ana" || g.Kind != access.GrantMembership || !g.GrantedAt.Equal(time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC)) || !g.ExpiresAt.IsZero() {
		t.Errorf("dates: %+v", g)
	}
	if g = one(t, "subject,permission\nana,admin\nana,admin\n"); g.Subject != "ana" {
		t.Errorf("the same row twice: %+v", g)
	}
}

func TestEmpty(t *testing.T) {
	for _, text := range []string{"", "\n", "subject,permission", "subject,permission\n", "\xef\xbb\xbfsubject,permission\n"} {
		snaps, err := Read(strings.NewReader(text), options)
		if err != nil || len(snaps) != 1 || len(snaps[0].Grants) != 0 || snaps[0].Account != "corp" {
			t.Errorf("%q: %+v, %v", text, snaps, err)
		}
	}
}

func TestRefused(t *testing.T) {
	tests := []struct {
		name, text string
		truncated  bool
		want       string
	}{
		{"no subject column", "permission,resource\nx,y\n", false, `grants.csv:1:1: the header has no column "subject"`},
		{"column twice", "subject,permission,Subject\n", false, `grants.csv:1:20: column "subject" is there twice`},
		{"empty permission", "subject,permission\nana,\n", false, "grants.csv:2:5: permission is empty"},
		{"strange kind", "subject,permission,subject_kind\nana,x,robot\n", false, "grants.csv:2:7: subject_kind \"robot\" is none of"},
		{"wild date", "subject,permission,granted_at\nana,x,2026-13-01\n", false, "grants.csv:2:7: granted_at \"2026-13-01\" is no time"},
		{"never granted", "subject,permission,granted_at\nana,x,never\n", false, "is no time"},
		{"privileged maybe", "subject,permission,privileged\nana,x,maybe\n", false, "grants.csv:2:7: privileged \"maybe\""},
		{"too many fields", "subject,permission\nana,x,y\nb,c\n", false, "grants.csv:2:1: wrong number of fields"},
		{"cut off", "subject,permission,resource\nana,x,y\nana,z", true, "grants.csv:3:1: wrong number of fields"},
		{"cut off in a quote", "subject,permission\n\"ana", true, "grants.csv:2:5"},
		{"a quote inside", "subject,permission\na\"b,c\n", false, `grants.csv:2:2: bare " in non-quoted-field`},
		{"same id, other grant", "id,subject,permission\n1,a,b\n1,a,c\n", false, "grants.csv:3:1: the grant with id 1 is on line 2 already"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Read(strings.NewReader(tt.text), options)
			if err == nil {
				t.Fatal("accepted")
			}
			if !strings.Contains(err.Error(), tt.want) {
				t.Errorf("says %q, want %q", err, tt.want)
			}
			if errors.Is(err, reader.ErrTruncated) != tt.truncated {
				t.Errorf("truncated: %v", !tt.truncated)
			}
		})
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte("subject,permission,granted_at,privileged\nana,x,2026-01-01,true\n"))
	f.Add([]byte("id,subject,permission\n\"a\nb\",c,d"))
	f.Fuzz(func(t *testing.T, data []byte) {
		snaps, err := Read(bytes.NewReader(data), options)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "grants.csv:") {
				t.Fatalf("error without a place: %v", err)
			}
			return
		}
		for _, s := range snaps {
			for _, g := range s.Grants {
				if g.ID == "" || g.Subject == "" || g.Permission == "" {
					t.Fatalf("bad grant %+v", g)
				}
			}
		}
	})
}
