package main

import (
	"archive/zip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/grantwatch/grantwatch/access/catalogue"
)

// A pattern that matches no action is a misspelling, or a fact that has gone out of date.
func TestEveryCuratedPatternMatchesSomething(t *testing.T) {
	rules, err := parseCurated(curated)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rules {
		for _, p := range r.patterns {
			if len(catalogue.AWS().Expand(p)) == 0 {
				t.Errorf("%s %s matches no action", r.verdict, p)
			}
		}
	}
}

// What is embedded must be what the curated list says: whoever edits one without running the generator hears of it here.
func TestEmbeddedListFollowsTheCuratedOne(t *testing.T) {
	rules, err := parseCurated(curated)
	if err != nil {
		t.Fatal(err)
	}
	want := map[byte]catalogue.Logged{'O': catalogue.LoggedOptIn, 'N': catalogue.LoggedNever, 'U': catalogue.LoggedUnknown, 'D': catalogue.LoggedDefault}
	for _, a := range catalogue.AWS().Expand("*") {
		with, without := rules.codes(a.Name, true), rules.codes(a.Name, false)
		if with[0] != without[0] {
			continue // decided by the lists of calls, which are not here
		}
		if a.Logged != want[with[0]] {
			t.Errorf("%s is embedded as %s, the curated list says %s", a.Name, a.Logged, want[with[0]])
		}
		if strings.Contains(with, "A") && a.Weight != catalogue.WeightAdmin {
			t.Errorf("%s weighs %d", a.Name, a.Weight)
		}
	}
}

func TestParseCurated(t *testing.T) {
	for _, bad := range []string{"optin\ts3:*", "perhaps\ts3:*\twhy", "never"} {
		if _, err := parseCurated("# x\n" + bad); err == nil || !strings.Contains(err.Error(), "curated.tsv:2") {
			t.Errorf("%q: %v", bad, err)
		}
	}
	rules, err := parseCurated("unknown\ts3:GetObjectVersion\tx\noptin\ts3:Get*\tx\nreadonly\tsts:*\tx\nadmin\tiam:PassRole\tx\nnever\tiam:PassRole\tx\n")
	if err != nil {
		t.Fatal(err)
	}
	for action, want := range map[string]string{"s3:GetObjectVersion": "U", "S3:getobject": "O", "sts:AssumeRole": "DR", "iam:PassRole": "NA", "ec2:RunInstances": "D"} {
		if got := rules.codes(action, true); got != want {
			t.Errorf("%s is %s, want %s", action, got, want)
		}
	}
	if got := rules.codes("ec2:NoSuchCall", false); got != "U" {
		t.Errorf("an action that no API has is %s", got)
	}
}

func TestReadSDK(t *testing.T) {
	file := filepath.Join(t.TempDir(), "sdk.whl")
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	z := zip.NewWriter(f)
	for name, body := range map[string]string{
		"botocore/data/thing/2026-01-01/service-2.json":    `{"metadata": {"endpointPrefix": "api.thing", "signingName": "thingy"}, "operations": {"DoIt": {}}}`,
		"botocore/data/thing/2026-01-01/paginators-1.json": `{"operations": {"No": {}}}`,
		"botocore/other.json":                              `x`,
	} {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(body)); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	f.Close()
	got, err := readSDK(file, "# c\nalias\tthing\n")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"thing:doit", "api.thing:doit", "thingy:doit", "alias:doit"} {
		if !got[want] {
			t.Errorf("no %s in %v", want, got)
		}
	}
	if got["thing:no"] {
		t.Error("another file of the SDK was read")
	}
}
