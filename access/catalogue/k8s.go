package catalogue

import (
	"slices"
	"strings"

	"github.com/grantwatch/grantwatch/access"
)

// K8sVerbs are the verbs that "*" stands for on resources. Verbs that only some resources know (bind, escalate,
// impersonate …) are in specialVerbs.
var K8sVerbs = []string{"get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"}

// K8sAction is one thing that a Kubernetes rule allows.
type K8sAction struct {
	Permission string // "get apps/deployments", core group "get pods", as in access.Event.Permission
	Weight     int
	Access     access.Level
}

// k8sResources are the built-in resources by API group, with the subresources that people and programs call themselves.
// Custom resources are not listed, since only the cluster knows them.
var k8sResources = map[string][]string{
	"": {"bindings", "configmaps", "endpoints", "events", "limitranges", "namespaces", "namespaces/finalize", "namespaces/status",
		"nodes", "nodes/proxy", "nodes/status", "persistentvolumeclaims", "persistentvolumes", "pods", "pods/attach",
		"pods/binding", "pods/ephemeralcontainers", "pods/eviction", "pods/exec", "pods/log", "pods/portforward", "pods/proxy",
		"pods/resize", "pods/status", "podtemplates", "replicationcontrollers", "replicationcontrollers/scale", "resourcequotas",
		"secrets", "serviceaccounts", "serviceaccounts/token", "services", "services/proxy", "services/status"},
	"admissionregistration.k8s.io": {"mutatingadmissionpolicies", "mutatingadmissionpolicybindings", "mutatingwebhookconfigurations",
		"validatingadmissionpolicies", "validatingadmissionpolicybindings", "validatingwebhookconfigurations"},
	"apiextensions.k8s.io":   {"customresourcedefinitions", "customresourcedefinitions/status"},
	"apiregistration.k8s.io": {"apiservices", "apiservices/status"},
	"apps": {"controllerrevisions", "daemonsets", "daemonsets/status", "deployments", "deployments/scale", "deployments/status",
		"replicasets", "replicasets/scale", "replicasets/status", "statefulsets", "statefulsets/scale", "statefulsets/status"},
	"authentication.k8s.io": {"selfsubjectreviews", "tokenreviews"},
	"authorization.k8s.io":  {"localsubjectaccessreviews", "selfsubjectaccessreviews", "selfsubjectrulesreviews", "subjectaccessreviews"},
	"autoscaling":           {"horizontalpodautoscalers", "horizontalpodautoscalers/status"},
	"batch":                 {"cronjobs", "cronjobs/status", "jobs", "jobs/status"},
	"certificates.k8s.io": {"certificatesigningrequests", "certificatesigningrequests/approval", "certificatesigningrequests/status",
		"clustertrustbundles"},
	"coordination.k8s.io":          {"leases"},
	"discovery.k8s.io":             {"endpointslices"},
	"events.k8s.io":                {"events"},
	"extensions":                   {"ingresses"},
	"flowcontrol.apiserver.k8s.io": {"flowschemas", "prioritylevelconfigurations"},
	"metrics.k8s.io":               {"nodes", "pods"},
	"networking.k8s.io":            {"ingressclasses", "ingresses", "ingresses/status", "ipaddresses", "networkpolicies", "servicecidrs"},
	"node.k8s.io":                  {"runtimeclasses"},
	"policy":                       {"poddisruptionbudgets", "poddisruptionbudgets/status"},
	"rbac.authorization.k8s.io":    {"clusterrolebindings", "clusterroles", "rolebindings", "roles"},
	"resource.k8s.io":              {"deviceclasses", "resourceclaims", "resourceclaims/status", "resourceclaimtemplates", "resourceslices"},
	"scheduling.k8s.io":            {"priorityclasses"},
	"storage.k8s.io":               {"csidrivers", "csinodes", "csistoragecapacities", "storageclasses", "volumeattachments", "volumeattributesclasses"},
}

// specialVerbs are the verbs beyond K8sVerbs, by group/resource, that "*" also grants.
var specialVerbs = map[string][]string{
	"rbac.authorization.k8s.io/roles":        {"bind", "escalate"},
	"rbac.authorization.k8s.io/clusterroles": {"bind", "escalate"},
	"serviceaccounts":                        {"impersonate"},
	"certificates.k8s.io/signers":            {"approve", "attest", "sign"},
}

// impersonated are pseudo-resources that only the verb impersonate knows.
var impersonated = []string{"users", "groups"}

// connectOnly are subresources that serve nothing but get and create (the two ways to open a connection).
func connectOnly(resource string) bool {
	_, sub, ok := strings.Cut(resource, "/")
	switch {
	case !ok:
		return false
	case sub == "exec", sub == "attach", sub == "portforward":
		return true
	}
	return false
}

// verbsOf lists the verbs that mean something on a resource when a rule says "*".
func verbsOf(group, resource string) []string {
	switch {
	case connectOnly(resource):
		return []string{"get", "create"}
	case resource == "pods/log":
		return []string{"get"}
	case resource == "serviceaccounts/token", resource == "pods/eviction", resource == "pods/binding", resource == "bindings",
		group == "authentication.k8s.io", group == "authorization.k8s.io":
		return []string{"create"}
	case strings.HasSuffix(resource, "/proxy"):
		return []string{"get", "create", "update", "patch", "delete"}
	case strings.HasSuffix(resource, "/approval"), strings.HasSuffix(resource, "/ephemeralcontainers"), strings.HasSuffix(resource, "/resize"):
		return []string{"get", "update", "patch"}
	case resource == "namespaces/finalize":
		return []string{"update"}
	case strings.Contains(resource, "/"):
		return []string{"get", "update", "patch"}
	}
	if extra := specialVerbs[groupResource(group, resource)]; extra != nil {
		return append(slices.Clone(K8sVerbs), extra...)
	}
	return K8sVerbs
}

func groupResource(group, resource string) string {
	if group == "" {
		return resource
	}
	return group + "/" + resource
}

// k8sPermission is the one spelling of a Kubernetes permission, shared with the audit log's decoder.
func k8sPermission(verb, group, resource string) string {
	return verb + " " + groupResource(group, resource)
}

// k8sWeigh says how much a verb on a resource can do. Ten is kept for what leads to other people's power: secrets, shells,
// tokens, impersonation, the rules themselves and what runs inside every request.
func k8sWeigh(verb, group, resource string) (int, access.Level) {
	base, sub, _ := strings.Cut(resource, "/")
	level, weight := access.LevelWrite, WeightWrite
	switch verb {
	case "get":
		level, weight = access.LevelRead, WeightRead
	case "list", "watch":
		level, weight = access.LevelList, WeightRead
	}
	admin := false
	switch {
	case verb == "impersonate", verb == "bind", verb == "escalate", verb == "approve", verb == "sign", verb == "attest":
		admin = true
	case sub == "exec", sub == "attach", sub == "portforward", sub == "proxy", sub == "ephemeralcontainers":
		admin = true
	case group == "" && resource == "secrets":
		// A secret read is somebody's credential; writing one can replace it.
		if weight == WeightRead {
			return WeightAdmin, level
		}
		return WeightWrite, level
	case group == "" && base == "serviceaccounts" && sub == "token":
		admin = verb == "create" || verb == "*"
	case weight == WeightRead:
	case group == "rbac.authorization.k8s.io", group == "admissionregistration.k8s.io", group == "apiregistration.k8s.io":
		admin = true
	case group == "certificates.k8s.io" && sub == "approval":
		admin = true
	}
	if admin {
		return WeightAdmin, access.LevelAdmin
	}
	return weight, level
}
