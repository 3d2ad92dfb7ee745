package k8srbac

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"math/rand"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/valyala/fastjson"
	"pgregory.net/rapid"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/ingest/entitlement/reader"
)

var update = flag.Bool("update", false, "rewrite goldens")

var options = reader.Options{Entitlement: "platform-rbac", Team: "platform", Source: "rbac.json", Accounts: []string{"prod-1", "other"},
	TakenAt: time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC), Dated: true}

func read(t testing.TB, doc string) access.Snapshot {
	t.Helper()
	snaps, err := Read(strings.NewReader(doc), options)
	if err != nil {
		t.Fatal(err)
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
	got, err := json.MarshalIndent(read(t, string(fixture(t, "cluster.json"))), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	got = append(got, '\n')
	if *update {
		if err := os.WriteFile("testdata/cluster.golden.json", got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if want := fixture(t, "cluster.golden.json"); !bytes.Equal(got, want) {
		t.Error("differs from the golden; run with -update and read the difference")
	}
}

func TestCluster(t *testing.T) {
	snap := read(t, string(fixture(t, "cluster.json")))
	got := map[string]access.Grant{}
	for _, g := range snap.Grants {
		got[g.Subject+" "+g.Permission+" "+g.Resource+" "+g.Via] = g
	}
	want := map[string]struct {
		rules      int
		privileged bool
		inventory  string
		granted    string
		kind       access.SubjectKind
	}{
		"system:serviceaccount:ledger:ci Role/deployer ledger RoleBinding/ledger/ledger-ci":   {2, false, "", "2026-06-01", access.SubjectServiceAccount},
		"system:serviceaccount:tools:robot Role/deployer ledger RoleBinding/ledger/ledger-ci": {2, false, "", "2026-03-01", access.SubjectServiceAccount},
		"group:payments ClusterRole/view-all ledger RoleBinding/ledger/ledger-view":           {1, false, "", "2026-03-02", access.SubjectGroup},
		"ana@corp.example ClusterRole/cluster-admin * ClusterRoleBinding/break-glass":         {2, true, "", "2026-04-01", access.SubjectUser},
		"group:system:masters ClusterRole/cluster-admin * ClusterRoleBinding/cluster-admin":   {2, true, "cluster default", "2024-01-01", access.SubjectGroup},
		"system:serviceaccount:tools:robot ClusterRole/gone * ClusterRoleBinding/dangling":    {0, false, "", "2026-05-01", access.SubjectServiceAccount},
	}
	for key, w := range want {
		g, ok := got[key]
		if !ok {
			t.Errorf("missing: %s", key)
			continue
		}
		delete(got, key)
		if len(g.Rules) != w.rules || g.Privileged != w.privileged || g.Inventory != w.inventory || g.GrantedAt.Format(time.DateOnly) != w.granted || g.SubjectKind != w.kind {
			t.Errorf("%s: %+v", key, g)
		}
		if g.Account != "prod-1" || g.Provider != "k8s" || g.Team != "platform" || g.ID == "" {
			t.Errorf("%s: %+v", key, g)
		}
		if missing := strings.HasSuffix(g.Path, "(not in the snapshot)"); missing != (w.rules == 0) {
			t.Errorf("%s: path %q", key, g.Path)
		}
	}
	for key := range got {
		t.Errorf("too much: %s", key)
	}
	if len(snap.Accounts) != 1 || snap.Accounts[0].Name != "system:serviceaccount:ledger:ci" || snap.Accounts[0].UID == "" {
		t.Errorf("accounts %+v", snap.Accounts)
	}
}

func TestForms(t *testing.T) {
	doc := fastjson.MustParseBytes(fixture(t, "cluster.json"))
	want := read(t, doc.String())
	var lines []string
	for _, item := range doc.GetArray("items") {
		lines = append(lines, item.String())
	}
	for name, text := range map[string]string{
		"objects, one a line": strings.Join(lines, "\n"),
		"two lists":           `{"kind":"List","items":[` + strings.Join(lines[:4], ",") + `]}` + "\n" + `{"kind":"List","items":[` + strings.Join(lines[4:], ",") + `]}`,
		"an array":            "[" + strings.Join(lines, ",") + "]",
		"a list in a list":    `{"kind":"List","items":[` + doc.String() + `]}`,
	} {
		if got := read(t, text); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: another snapshot", name)
		}
	}
	typed := `{"kind":"ClusterRoleBindingList","items":[{"metadata":{"name":"b"},"roleRef":{"kind":"ClusterRole","name":"r"},"subjects":[{"kind":"User","name":"u"}]}]}`
	if got := read(t, typed); len(got.Grants) != 1 || got.Grants[0].Via != "ClusterRoleBinding/b" {
		t.Errorf("a typed list: %+v", got.Grants)
	}
}

func TestRefused(t *testing.T) {
	item := func(s string) string { return "{\"kind\": \"List\", \"items\": [\n" + s + "]}" }
	tests := []struct {
		name, doc string
		truncated bool
		want      string
	}{
		{"empty", "", true, "rbac.json:1:1: the file holds no list"},
		{"cut off", `{"kind": "List", "items": [{"kind": "Ro`, true, "ends in the middle"},
		{"continued", `{"kind": "List", "metadata": {"continue": "abc"}, "items": []}`, true, "continue token"},
		{"null items", "{\"kind\": \"List\",\n\"items\": null}", false, "rbac.json:2:10: items: must be a list"},
		{"no items", `{"kind": "List"}`, false, "items: must be a list"},
		{"no kind", `{"items": []}`, false, "rbac.json:1:1: kind is missing"},
		{"items of numbers", item("1"), false, "rbac.json:2:1: items.0: must be an object"},
		{"no name", item(`{"kind": "Role", "metadata": {}}`), false, "metadata.name is missing"},
		{"no namespace", item(`{"kind": "Role", "metadata": {"name": "r"}}`), false, "metadata.namespace is missing"},
		{"no roleRef", item(`{"kind": "ClusterRoleBinding", "metadata": {"name": "b"}}`), false, "roleRef: kind and name are needed"},
		{"subjects are a map", item(`{"kind": "ClusterRoleBinding", "metadata": {"name": "b"}, "roleRef": {"kind": "ClusterRole", "name": "r"}, "subjects": {}}`), false, "rbac.json:2:120: items.0.subjects: must be a list"},
		{"a strange subject", item(`{"kind": "ClusterRoleBinding", "metadata": {"name": "b"}, "roleRef": {"kind": "ClusterRole", "name": "r"}, "subjects": [{"kind": "Robot", "name": "x"}]}`), false, `kind "Robot" is none of`},
		{"a nameless subject", item(`{"kind": "ClusterRoleBinding", "metadata": {"name": "b"}, "roleRef": {"kind": "ClusterRole", "name": "r"}, "subjects": [{"kind": "User"}]}`), false, "a subject needs a name"},
		{"verbs are a string", item(`{"kind": "ClusterRole", "metadata": {"name": "r"}, "rules": [{"verbs": "get"}]}`), false, "items.0.rules.0.verbs: must be a list"},
		{"verbs are numbers", item(`{"kind": "ClusterRole", "metadata": {"name": "r"}, "rules": [{"verbs": [1]}]}`), false, "must be a list of strings"},
		{"rules are a map", item(`{"kind": "ClusterRole", "metadata": {"name": "r"}, "rules": {}}`), false, "rules: must be a list"},
		{"wild time", item(`{"kind": "ClusterRole", "metadata": {"name": "r", "creationTimestamp": "soon"}}`), false, `rbac.json:2:72: items.0.metadata.creationTimestamp: "soon" is no time`},
		{"other objects only", item(`{"kind": "Pod", "metadata": {"name": "p"}}`), false, "only objects such as Pod"},
		{"not JSON", "apiVersion: v1\n", false, "rbac.json:1:1: invalid character 'a'"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Read(strings.NewReader(tt.doc), options)
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

func TestOrderMeansNothing(t *testing.T) {
	doc := fastjson.MustParseBytes(fixture(t, "cluster.json"))
	want := read(t, doc.String())
	var lines []string
	for _, item := range doc.GetArray("items") {
		lines = append(lines, item.String())
	}
	rapid.Check(t, func(rt *rapid.T) {
		rnd := rand.New(rand.NewSource(rapid.Int64().Draw(rt, "seed")))
		rnd.Shuffle(len(lines), func(i, j int) { lines[i], lines[j] = lines[j], lines[i] })
		if got := read(t, strings.Join(lines, "\n")); !reflect.DeepEqual(got, want) {
			rt.Fatal("another order gives another snapshot")
		}
	})
}

func FuzzRead(f *testing.F) {
	f.Add(fixture(f, "cluster.json"))
	f.Add([]byte(`[{"kind":"List","items":[]}]`))
	f.Fuzz(func(t *testing.T, data []byte) {
		snaps, err := Read(bytes.NewReader(data), options)
		if err != nil {
			return
		}
		for _, g := range snaps[0].Grants {
			if g.ID == "" || g.Subject == "" || g.Via == "" || g.Resource == "" {
				t.Fatalf("bad grant %+v", g)
			}
		}
	})
}
