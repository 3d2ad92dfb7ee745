package catalogue

import (
	"slices"
	"strings"
	"testing"

	"github.com/grantwatch/grantwatch/access"
)

func rule(verbs, groups, resources string, names ...string) access.Rule {
	split := func(s string) []string {
		out := strings.Split(s, ",")
		for i, v := range out {
			if v == "core" {
				out[i] = ""
			}
		}
		return out
	}
	return access.Rule{Verbs: split(verbs), Groups: split(groups), Resources: split(resources), Names: names}
}

func TestExpandK8s(t *testing.T) {
	tests := []struct {
		name string
		rule access.Rule
		want string
	}{
		{"plain", rule("get,list", "core", "pods"), "get pods=1 list pods=1"},
		{"group", rule("update", "apps", "deployments"), "update apps/deployments=3"},
		{"secrets", rule("get,create", "core", "secrets"), "create secrets=3 get secrets=10"},
		{"exec", rule("create", "core", "pods/exec"), "create pods/exec=10"},
		{"star verb on a connection", rule("*", "core", "pods/exec"), "create pods/exec=10 get pods/exec=10"},
		{"logs are read", rule("*", "core", "pods/log"), "get pods/log=1"},
		{"token", rule("create", "core", "serviceaccounts/token"), "create serviceaccounts/token=10"},
		{"subresource of everything", rule("update", "apps", "*/scale"), "update apps/deployments/scale=3 update apps/replicasets/scale=3 update apps/statefulsets/scale=3"},
		{"pods/* is no wildcard", rule("get", "core", "pods/*"), "get pods/*=1"},
		{"custom", rule("delete", "example.com", "widgets"), "delete example.com/widgets=3"},
		{"custom star", rule("get", "example.com", "*"), "get example.com/*=1"},
		{"rbac", rule("bind,get", "rbac.authorization.k8s.io", "roles"), "bind rbac.authorization.k8s.io/roles=10 get rbac.authorization.k8s.io/roles=1"},
		{"impersonate", rule("impersonate", "core", "users"), "impersonate users=10"},
		{"url", access.Rule{Verbs: []string{"get"}, URLs: []string{"/metrics"}}, "get /metrics=1"},
		{"empty", access.Rule{}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			for _, a := range ExpandK8s([]access.Rule{tt.rule, tt.rule}) {
				got = append(got, a.Permission+"="+itoa(a.Weight))
			}
			if s := strings.Join(got, " "); s != tt.want {
				t.Errorf("got  %q\nwant %q", s, tt.want)
			}
		})
	}
}

func itoa(n int) string {
	if n == 10 {
		return "10"
	}
	return string(rune('0' + n))
}

func TestExpandK8sEverything(t *testing.T) {
	all := ExpandK8s([]access.Rule{rule("*", "*", "*")})
	var names []string
	for _, a := range all {
		names = append(names, a.Permission)
	}
	for _, want := range []string{"get pods", "create pods/exec", "get secrets", "escalate rbac.authorization.k8s.io/clusterroles",
		"impersonate users", "impersonate serviceaccounts", "create serviceaccounts/token", "delete apps/deployments", "deletecollection batch/jobs"} {
		if !slices.Contains(names, want) {
			t.Errorf("everything has no %q", want)
		}
	}
	for _, a := range all {
		if !RoleAllows([]access.Rule{rule("*", "*", "*")}, a.Permission, "") {
			t.Errorf("%q is expanded but not allowed", a.Permission)
		}
		if w, l := WeightK8s(a.Permission); w != a.Weight || l != a.Access {
			t.Errorf("WeightK8s(%q) = %d %s, expansion says %d %s", a.Permission, w, l, a.Weight, a.Access)
		}
	}
}

func TestPrivilegedK8s(t *testing.T) {
	tests := []struct {
		name string
		rule access.Rule
		want bool
	}{
		{"view", rule("get,list,watch", "core,apps", "pods,deployments"), false},
		{"reads everything, secrets too", rule("get", "*", "*"), true},
		{"reads everything of apps", rule("get", "apps", "*"), false},
		{"secrets", rule("list", "core", "secrets"), true},
		{"writes secrets", rule("create", "core", "secrets"), false},
		{"deploys", rule("create,update", "apps", "deployments"), false},
		{"shell", rule("create", "core", "pods/exec"), true},
		{"node proxy", rule("get", "core", "nodes/proxy"), true},
		{"rbac writes", rule("create", "rbac.authorization.k8s.io", "rolebindings"), true},
		{"rbac reads", rule("get", "rbac.authorization.k8s.io", "rolebindings"), false},
		{"everything", rule("*", "*", "*"), true},
		{"everything of a custom group", rule("*", "example.com", "*"), true},
		{"token", rule("create", "core", "serviceaccounts/token"), true},
	}
	for _, tt := range tests {
		if got := PrivilegedK8s([]access.Rule{tt.rule}); got != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
	if PrivilegedK8s(nil) {
		t.Error("no rules are privileged")
	}
}

func TestRoleAllows(t *testing.T) {
	rules := []access.Rule{
		rule("get,list", "core", "pods,pods/log"),
		rule("get", "core", "secrets", "db"),
		rule("*", "apps", "*/scale"),
		{Verbs: []string{"get"}, URLs: []string{"/healthz", "/api/*"}},
	}
	tests := []struct {
		permission, name string
		want             bool
	}{
		{"get pods", "web", true},
		{"list pods", "", true},
		{"delete pods", "web", false},
		{"get pods/log", "web", true},
		{"get pods/exec", "web", false},
		{"get secrets", "db", true},
		{"get secrets", "other", false},
		{"get secrets", "", false},
		{"update apps/deployments/scale", "web", true},
		{"update apps/deployments", "web", false},
		{"get /healthz", "", true},
		{"get /api/v1", "", true},
		{"get /metrics", "", false},
		{"get metrics.k8s.io/pods", "", false},
		{"", "", false},
	}
	for _, tt := range tests {
		if got := RoleAllows(rules, tt.permission, tt.name); got != tt.want {
			t.Errorf("RoleAllows(%q, %q) = %v", tt.permission, tt.name, got)
		}
	}
}
