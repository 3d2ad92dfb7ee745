package awsauth

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/ingest/entitlement/reader"
)

var update = flag.Bool("update", false, "rewrite goldens")

var options = reader.Options{Entitlement: "payments-iam", Team: "payments", Source: "iam.json", Account: "999900001111",
	TakenAt: time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC), Dated: true}

func read(t testing.TB, doc string) access.Snapshot {
	t.Helper()
	snaps, err := Read(strings.NewReader(doc), options)
	if err != nil {
		t.Fatal(err)
	}
	if len(snaps) != 1 {
		t.Fatalf("%d snapshots, want one", len(snaps))
	}
	return snaps[0]
}

func fixture(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestGolden(t *testing.T) {
	snap := read(t, string(fixture(t, "ledger.json")))
	got, err := json.MarshalIndent(snap, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	got = append(got, '\n')
	golden := filepath.Join("testdata", "ledger.golden.json")
	if *update {
		if err := os.WriteFile(golden, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if want := fixture(t, "ledger.golden.json"); !bytes.Equal(got, want) {
		t.Errorf("differs from %s; run with -update and read the difference", golden)
	}
}

// brief prints a grant in one line, for tables.
func brief(g access.Grant) string {
	s := fmt.Sprintf("%s %s %s on %s", g.Kind, g.Subject[strings.LastIndexAny(g.Subject, ":/")+1:], g.Permission, g.Resource)
	for _, part := range []struct {
		name  string
		value []string
	}{{"except", g.Except}, {"notresource", g.NotResource}, {"denied", g.Denied}} {
		if len(part.value) > 0 {
			s += " " + part.name + "=" + strings.Join(part.value, ",")
		}
	}
	if g.HasBoundary {
		s += " boundary=" + strings.Join(g.Boundary, ",")
	}
	if g.Privileged {
		s += " privileged"
	}
	if g.Inventory != "" {
		s += " [" + g.Inventory + "]"
	}
	return s
}

func briefs(snap access.Snapshot) map[string]bool {
	out := map[string]bool{}
	for _, g := range snap.Grants {
		out[brief(g)] = true
	}
	return out
}

func TestLedger(t *testing.T) {
	got := briefs(read(t, string(fixture(t, "ledger.json"))))
	const lam = "arn:aws:iam::111122223333:role/Ledger"
	want := []string{
		"permission ci s3:* on arn:aws:s3:::ledger denied=s3:Delete* privileged",
		"permission ci s3:* on arn:aws:s3:::ledger/* denied=s3:Delete* privileged",
		"permission ci kms:Decrypt on *",
		"permission ci s3:PutObject on arn:aws:s3:::ledger-artifacts/*",
		"permission ci s3:GetObject on arn:aws:s3:::ledger-artifacts/*",
		"permission auditors * on * privileged",
		"permission auditors policy/UnheardOf on * [policy document not in the snapshot]",
		"membership ana member on arn:aws:iam::111122223333:group/auditors privileged",
		"membership ana member on arn:aws:iam::111122223333:group/gone",
		"permission Ledger * on * except=iam:*,organizations:* denied=s3:PutBucketPolicy boundary=dynamodb:*,s3:* privileged",
		"assume lambda.amazonaws.com sts:AssumeRole on " + lam + " privileged [service trust]",
		"assume root sts:AssumeRole on " + lam + " privileged",
		"assume ana sts:AssumeRole on " + lam + " privileged",
		"assume ci sts:AssumeRole on " + lam + " privileged",
		"assume Reader sts:AssumeRole on " + lam + " privileged",
		"assume token.actions.example sts:AssumeRoleWithWebIdentity on " + lam + " privileged",
		"assume corp sts:AssumeRoleWithSAML on " + lam + " privileged",
		"assume * sts:AssumeRole on " + lam + " privileged",
		"permission AWSServiceRoleForOps ec2:Describe* on * [service-linked role]",
		"assume ops.amazonaws.com sts:AssumeRole on arn:aws:iam::111122223333:role/aws-service-role/ops.amazonaws.com/AWSServiceRoleForOps [service-linked role]",
	}
	for _, w := range want {
		if !got[w] {
			t.Errorf("missing: %s", w)
		}
		delete(got, w)
	}
	for g := range got {
		t.Errorf("too much: %s", g)
	}
}

func TestTimesAndPaths(t *testing.T) {
	snap := read(t, string(fixture(t, "ledger.json")))
	at := map[string]access.Grant{}
	for _, g := range snap.Grants {
		at[brief(g)] = g
	}
	day := func(s string) time.Time { v, _ := time.Parse(time.DateOnly, s); return v }
	g := at["permission ci kms:Decrypt on *"]
	if g.Path != "policy/LedgerStorage (managed) statement 3" || g.Via != "arn:aws:iam::111122223333:policy/LedgerStorage" {
		t.Errorf("managed: %q %q", g.Path, g.Via)
	}
	if !g.GrantedAt.Equal(day("2026-06-01")) {
		t.Errorf("a policy older than its holder is granted at %v", g.GrantedAt)
	}
	g = at["permission ci s3:PutObject on arn:aws:s3:::ledger-artifacts/*"]
	if g.Path != "inline/artifacts statement Put" || g.Via != "inline:artifacts" {
		t.Errorf("inline: %q %q", g.Path, g.Via)
	}
	if want := `{"Bool":{"aws:SecureTransport":"true"},"IpAddress":{"aws:SourceIp":["198.51.100.0/24","203.0.113.0/24"]}}`; g.Conditions != want {
		t.Errorf("conditions %s", g.Conditions)
	}
	g = at["membership ana member on arn:aws:iam::111122223333:group/auditors privileged"]
	if !g.GrantedAt.Equal(day("2025-05-01")) || g.SubjectUID != "AIDAEXAMPLEANA" {
		t.Errorf("membership: %v %q", g.GrantedAt, g.SubjectUID)
	}
	for _, a := range snap.Accounts {
		if a.Name == "arn:aws:iam::111122223333:role/Ledger" {
			if a.MaxSession != 2*time.Hour || a.LastUsed.IsZero() || a.UID != "AROAEXAMPLELEDGER" || a.Attrs["trusts_own_account"] != "true" {
				t.Errorf("account %+v", a)
			}
		}
	}
	if len(snap.Accounts) != 5 || snap.Account != "111122223333" {
		t.Errorf("%d accounts of %s", len(snap.Accounts), snap.Account)
	}
}

func TestCompressed(t *testing.T) {
	plain := fixture(t, "ledger.json")
	want := len(read(t, string(plain)).Grants)
	var gz, zs bytes.Buffer
	w := gzip.NewWriter(&gz)
	w.Write(plain)
	w.Close()
	z, _ := zstd.NewWriter(&zs)
	z.Write(plain)
	z.Close()
	for name, data := range map[string][]byte{"gzip": gz.Bytes(), "zstd": zs.Bytes(), "byte order mark": append([]byte("\xef\xbb\xbf"), plain...)} {
		if got := len(read(t, string(data)).Grants); got != want {
			t.Errorf("%s: %d grants, want %d", name, got, want)
		}
	}
	if _, err := Read(bytes.NewReader(gz.Bytes()[:gz.Len()/2]), options); !errors.Is(err, reader.ErrTruncated) {
		t.Errorf("half a gzip file: %v", err)
	}
}
