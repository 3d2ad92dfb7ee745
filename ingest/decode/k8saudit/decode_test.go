package k8saudit

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/ingest/decode/field"
)

func decode(t *testing.T, rec string) access.Event {
	t.Helper()
	var ev access.Event
	if err := New(field.NewStrings()).Decode([]byte(rec), &ev); err != nil {
		t.Fatalf("%s: %v", rec, err)
	}
	return ev
}

// record makes an audit event; members in more come first and so win.
func record(verb, more string) string {
	return fmt.Sprintf(`{%s,"verb":"%s","auditID":"a1","stage":"ResponseComplete","level":"Metadata","stageTimestamp":"2026-09-10T10:00:00.5Z","requestReceivedTimestamp":"2026-09-10T10:00:00Z","user":{"username":"ana"},"responseStatus":{"code":200}}`, more, verb)
}

func TestOutcomes(t *testing.T) {
	for more, want := range map[string]access.Outcome{
		`"responseStatus":{"code":200}`:                                                         access.Success,
		`"responseStatus":{"code":"201"}`:                                                       access.Success,
		`"responseStatus":{"code":101}`:                                                         access.Success,
		`"responseStatus":{"code":403}`:                                                         access.Denied,
		`"responseStatus":{"code":401}`:                                                         access.Denied,
		`"responseStatus":{"code":404}`:                                                         access.Failure,
		`"responseStatus":{"code":409}`:                                                         access.Failure,
		`"responseStatus":{"status":"Failure"}`:                                                 access.Failure,
		`"responseStatus":{"status":"Success"}`:                                                 access.Success,
		`"responseStatus":{},"stage":"RequestReceived"`:                                         access.Unknown,
		`"responseStatus":{},"stage":"Panic"`:                                                   access.Failure,
		`"responseStatus":{},"annotations":{"authorization.k8s.io/decision":"forbid"}`:          access.Denied,
		`"responseStatus":{"code":200},"annotations":{"authorization.k8s.io/decision":"allow"}`: access.Success,
		`"responseStatus":{"code":403},"annotations":{"authorization.k8s.io/decision":"allow"}`: access.Denied,
		`"responseStatus":{"code":-5}`:                                                          access.Unknown,
		`"responseStatus":{"code":"99999999999999999999999999"}`:                                access.Unknown,
	} {
		if got := decode(t, record("get", more)).Outcome; got != want {
			t.Errorf("%s: %s, want %s", more, got, want)
		}
	}
}

func TestVia(t *testing.T) {
	for reason, want := range map[string][3]string{
		`RBAC: allowed by RoleBinding \"b/ns\" of Role \"r\" to ServiceAccount \"sa/other\"`:                     {"RoleBinding/ns/b", "Role/r", "system:serviceaccount:other:sa"},
		`RBAC: allowed by RoleBinding \"b/ns\" of ClusterRole \"view\" to User \"ana@corp.example\"`:             {"RoleBinding/ns/b", "ClusterRole/view", "ana@corp.example"},
		`RBAC: allowed by ClusterRoleBinding \"b\" of ClusterRole \"cluster-admin\" to Group \"system:masters\"`: {"ClusterRoleBinding/b", "ClusterRole/cluster-admin", "group:system:masters"},
		`RBAC: allowed by ClusterRoleBinding \"system:a:b\" of ClusterRole \"system:x\" to Group \"x y\"`:        {"ClusterRoleBinding/system:a:b", "ClusterRole/system:x", "group:x y"},
		`RBAC: allowed by ClusterRoleBinding \"b\"`:                                                              {"ClusterRoleBinding/b", "", ""},
		`RBAC: allowed by ClusterRoleBinding \"b\" of `:                                                          {"ClusterRoleBinding/b", "", ""},
		`RBAC: allowed by RoleBinding \"b\" of Role \"r\"`:                                                       {"", "", ""},
		`RBAC: allowed by Webhook \"b\"`:                                                                         {"", "", ""},
		`RBAC: allowed by RoleBinding \"b/ns`:                                                                    {"", "", ""},
		`access granted by IAM permissions.`:                                                                     {"", "", ""},
		``:                                                                                                       {"", "", ""},
	} {
		ev := decode(t, record("get", `"annotations":{"authorization.k8s.io/reason":"`+reason+`"}`))
		if got := [3]string{ev.Via, ev.Attrs["via_role"], ev.Attrs["via_subject"]}; got != want {
			t.Errorf("%s: %q, want %q", reason, got, want)
		}
	}
}

func TestKinds(t *testing.T) {
	for name, want := range map[string]access.Kind{
		"system:serviceaccount:ns:app": access.Workload, "system:serviceaccount:broken": access.Workload, "system:node:n1": access.System,
		"system:kube-scheduler": access.System, "system:apiserver": access.System, "eks:addon-manager": access.System, "aksService": access.System,
		"system:anonymous": access.Anonymous, "": access.KindUnknown, "ana@corp.example": access.Human, "kubernetes-admin": access.Human,
	} {
		if got, _ := kindOf(name); got != want {
			t.Errorf("%q: %s, want %s", name, got, want)
		}
	}
}

func TestPermissions(t *testing.T) {
	for more, want := range map[string][3]string{ // permission, scope, first target
		`"objectRef":{"resource":"pods","namespace":"n","name":"p"}`:                                {"get pods", "n", "p pods"},
		`"objectRef":{"resource":"pods","subresource":"log","namespace":"n","name":"p"}`:            {"get pods/log", "n", "p pods/log"},
		`"objectRef":{"resource":"deployments","apiGroup":"apps","subresource":"scale","name":"d"}`: {"get apps/deployments/scale", "", "d apps/deployments/scale"},
		`"objectRef":{"resource":"nodes"}`:                                                          {"get nodes", "", " nodes"},
		`"requestURI":"/metrics?x=1"`:                                                               {"get /metrics", "", "/metrics path"},
		`"requestURI":""`:                                                                           {"", "", ""},
	} {
		ev := decode(t, record("get", more))
		got := [3]string{ev.Permission, ev.Scope, ""}
		if len(ev.Targets) > 0 {
			got[2] = ev.Targets[0].ID + " " + ev.Targets[0].Type
		}
		if got != want {
			t.Errorf("%s: %q, want %q", more, got, want)
		}
	}
}

func TestImpersonation(t *testing.T) {
	ev := decode(t, record("list", `"user":{"username":"ana","groups":["staff"]},"impersonatedUser":{"username":"system:serviceaccount:ops:bot","uid":"u9","groups":["system:serviceaccounts"]}`))
	want := access.Actor{ID: "system:serviceaccount:ops:bot", UID: "u9", Name: "bot", Kind: access.Workload, Principal: "system:serviceaccount:ops:bot",
		Chain: []string{"system:serviceaccount:ops:bot", "ana"}, Groups: []string{"system:serviceaccounts"}}
	if !reflect.DeepEqual(ev.Actor, want) || ev.Attrs["impersonated"] != "true" {
		t.Errorf("got %+v", ev.Actor)
	}
	if ev := decode(t, record("list", `"impersonatedUser":{}`)); ev.Actor.ID != "ana" || ev.Actor.Chain != nil {
		t.Errorf("empty impersonation: %+v", ev.Actor)
	}
}

func TestIDsAndTimes(t *testing.T) {
	for more, want := range map[string]string{
		`"x":1`: "a1", `"stage":"ResponseStarted"`: "a1/ResponseStarted", `"stage":"RequestReceived"`: "a1/RequestReceived", `"stage":"Panic"`: "a1", `"stage":""`: "a1",
	} {
		if got := decode(t, record("get", more)).ID; got != want {
			t.Errorf("%s: %s, want %s", more, got, want)
		}
	}
	a, b := decode(t, record("get", `"auditID":""`)), decode(t, record("list", `"auditID":""`))
	if len(a.ID) != 32 || a.ID == b.ID {
		t.Errorf("hashed ids %s %s", a.ID, b.ID)
	}
	if got := decode(t, record("get", `"x":1`)); got.Time != time.Date(2026, 9, 10, 10, 0, 0, 5e8, time.UTC) || got.Attrs["request_received"] != "2026-09-10T10:00:00Z" {
		t.Errorf("time %v, received %s", got.Time, got.Attrs["request_received"])
	}
	if got := decode(t, record("get", `"stageTimestamp":null`)); got.Time != time.Date(2026, 9, 10, 10, 0, 0, 0, time.UTC) {
		t.Errorf("without a stage time: %v", got.Time)
	}
}

func TestChanges(t *testing.T) {
	const rbac = `"apiGroup":"rbac.authorization.k8s.io"`
	cases := []struct {
		name, verb, more string
		want             *access.Change
	}{
		{"binding", "create", `"objectRef":{"resource":"rolebindings","namespace":"n","name":"b",` + rbac + `},"requestObject":{"subjects":[{"kind":"ServiceAccount","name":"s"}],"roleRef":{"kind":"Role","name":"r"}}`,
			&access.Change{Kind: access.ChangeGrant, Subject: "system:serviceaccount:n:s", Grant: "RoleBinding/n/b"}},
		{"binding named in its body", "create", `"objectRef":{"resource":"clusterrolebindings",` + rbac + `},"requestObject":{"metadata":{"name":"b"},"subjects":[{"kind":"Group","name":"g"}]}`,
			&access.Change{Kind: access.ChangeGrant, Subject: "group:g", Grant: "ClusterRoleBinding/b"}},
		{"binding patched", "patch", `"objectRef":{"resource":"rolebindings","namespace":"n","name":"b",` + rbac + `},"requestObject":{"metadata":{}},"responseObject":{"subjects":[{"kind":"User","name":"kim"}]}`,
			&access.Change{Kind: access.ChangeGrant, Subject: "kim", Grant: "RoleBinding/n/b"}},
		{"binding deleted", "delete", `"objectRef":{"resource":"clusterrolebindings","name":"b",` + rbac + `}`,
			&access.Change{Kind: access.ChangeRevoke, Grant: "ClusterRoleBinding/b"}},
		{"role", "update", `"objectRef":{"resource":"roles","namespace":"n","name":"r",` + rbac + `}`, &access.Change{Kind: access.ChangeGrant, Subject: "Role/r", Grant: "Role/r"}},
		{"role created", "create", `"objectRef":{"resource":"clusterroles","name":"r",` + rbac + `}`, &access.Change{Kind: access.ChangeCreate, Subject: "ClusterRole/r", Grant: "ClusterRole/r"}},
		{"service account", "delete", `"objectRef":{"resource":"serviceaccounts","namespace":"n","name":"s"}`, &access.Change{Kind: access.ChangeDelete, Subject: "system:serviceaccount:n:s"}},
		{"service account labelled", "patch", `"objectRef":{"resource":"serviceaccounts","namespace":"n","name":"s"}`, nil},
		{"token", "create", `"objectRef":{"resource":"serviceaccounts","subresource":"token","namespace":"n","name":"s"},"annotations":{"authentication.kubernetes.io/issued-credential-id":"JTI=7"}`,
			&access.Change{Kind: access.ChangeIssue, Subject: "system:serviceaccount:n:s", Grant: "JTI=7"}},
		{"token secret", "create", `"objectRef":{"resource":"secrets","namespace":"n","name":"x"},"requestObject":{"type":"kubernetes.io/service-account-token","metadata":{"annotations":{"kubernetes.io/service-account.name":"s"}}}`,
			&access.Change{Kind: access.ChangeCreate, Subject: "system:serviceaccount:n:s", Grant: "secret:n/x"}},
		{"other secret", "create", `"objectRef":{"resource":"secrets","namespace":"n","name":"x"},"requestObject":{"type":"Opaque"}`, nil},
		{"certificate", "update", `"objectRef":{"resource":"certificatesigningrequests","subresource":"approval","name":"c"},"responseObject":{"spec":{"username":"kim"}}`,
			&access.Change{Kind: access.ChangeIssue, Subject: "kim", Grant: "certificate:c"}},
		{"read", "get", `"objectRef":{"resource":"rolebindings","namespace":"n","name":"b",` + rbac + `}`, nil},
		{"denied", "create", `"responseStatus":{"code":403},"objectRef":{"resource":"rolebindings","namespace":"n","name":"b",` + rbac + `}`, nil},
		{"another group's", "create", `"objectRef":{"resource":"rolebindings","namespace":"n","name":"b","apiGroup":"example.com"}`, nil},
	}
	for _, c := range cases {
		if got := decode(t, record(c.verb, c.more)).Change; !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
}
