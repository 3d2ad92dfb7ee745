package catalogue

import (
	"slices"
	"sort"
	"strings"

	"github.com/grantwatch/grantwatch/access"
)

// ExpandK8s lists what the rules of a role allow, sorted and without doubles. "*" stands for the known verbs, groups and
// resources; a name that is not known (a custom resource) stands for itself; a custom group's "*" stays "*".
func ExpandK8s(rules []access.Rule) []K8sAction {
	seen := map[string]K8sAction{}
	add := func(verb, group, resource string) {
		p := k8sPermission(verb, group, resource)
		if _, ok := seen[p]; ok {
			return
		}
		w, l := k8sWeigh(verb, group, resource)
		seen[p] = K8sAction{Permission: p, Weight: w, Access: l}
	}
	for _, r := range rules {
		for _, url := range r.URLs {
			for _, v := range k8sVerbs(r.Verbs, []string{"get", "post", "put", "patch", "delete"}) {
				w, l := WeightRead, access.LevelRead
				if v != "get" && v != "head" && v != "options" {
					w, l = WeightWrite, access.LevelWrite
				}
				seen[v+" "+url] = K8sAction{Permission: v + " " + url, Weight: w, Access: l}
			}
		}
		for _, g := range k8sGroups(r.Groups) {
			for _, res := range k8sExpandResources(g, r.Resources) {
				for _, v := range k8sVerbs(r.Verbs, verbsOf(g, res)) {
					add(v, g, res)
				}
			}
			if g == "" && (slices.Contains(r.Resources, "*")) && (slices.Contains(r.Verbs, "*") || slices.Contains(r.Verbs, "impersonate")) {
				for _, res := range impersonated {
					add("impersonate", g, res)
				}
			}
		}
	}
	out := make([]K8sAction, 0, len(seen))
	for _, a := range seen {
		out = append(out, a)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Permission < out[j].Permission })
	return out
}

func k8sVerbs(verbs, all []string) []string {
	if slices.Contains(verbs, "*") {
		return all
	}
	return verbs
}

func k8sGroups(groups []string) []string {
	if !slices.Contains(groups, "*") {
		return groups
	}
	out := make([]string, 0, len(k8sResources))
	for g := range k8sResources {
		out = append(out, g)
	}
	sort.Strings(out)
	return out
}

// k8sExpandResources knows three forms with a star: "*" (everything), "*/scale" (that subresource of everything) and
// none ("pods/*" is no wildcard in Kubernetes and matches nothing but itself).
func k8sExpandResources(group string, resources []string) []string {
	var out []string
	known := k8sResources[group]
	for _, r := range resources {
		switch {
		case r == "*" && known == nil:
			out = append(out, "*")
		case r == "*":
			out = append(out, known...)
		case strings.HasPrefix(r, "*/"):
			for _, k := range known {
				if strings.HasSuffix(k, r[1:]) {
					out = append(out, k)
				}
			}
		default:
			out = append(out, r)
		}
	}
	return out
}

// PrivilegedK8s reports whether the rules lead to other people's power (see ExpandK8s' weights), or are "*" on "*".
// It looks at the rules themselves rather than their expansion, so that a rule on a custom resource costs nothing.
func PrivilegedK8s(rules []access.Rule) bool {
	for _, r := range rules {
		if slices.Contains(r.Verbs, "*") && slices.Contains(r.Resources, "*") {
			return true
		}
		for _, g := range k8sGroups(r.Groups) {
			for _, res := range k8sExpandResources(g, r.Resources) {
				for _, v := range k8sVerbs(r.Verbs, verbsOf(g, res)) {
					if w, _ := k8sWeigh(v, g, res); w >= WeightAdmin {
						return true
					}
				}
			}
		}
	}
	return false
}

// WeightK8s is the weight of one permission in the spelling of access.Event.Permission.
func WeightK8s(permission string) (int, access.Level) {
	verb, group, resource := splitK8s(permission)
	return k8sWeigh(verb, group, resource)
}

// splitK8s takes "verb group/resource/subresource" apart. The first part is a group if it has a dot or is a known group
// without one (apps, batch …); otherwise it is a resource of the core group and the rest its subresource.
func splitK8s(permission string) (verb, group, resource string) {
	verb, rest, _ := strings.Cut(permission, " ")
	first, tail, ok := strings.Cut(rest, "/")
	if !ok {
		return verb, "", rest
	}
	if _, known := k8sResources[first]; known && first != "" || strings.Contains(first, ".") || strings.Contains(tail, "/") {
		return verb, first, tail
	}
	return verb, "", rest
}

// RoleAllows reports whether the rules allow a permission ("get apps/deployments", or "get /healthz" for a URL) on an
// object of that name; an empty name stands for a request that names none (list, create), which resourceNames never match.
func RoleAllows(rules []access.Rule, permission, name string) bool {
	verb, rest, _ := strings.Cut(permission, " ")
	if strings.HasPrefix(rest, "/") {
		for _, r := range rules {
			if hasOrStar(r.Verbs, verb) && slices.ContainsFunc(r.URLs, func(u string) bool { return matchURL(u, rest) }) {
				return true
			}
		}
		return false
	}
	_, group, resource := splitK8s(permission)
	for _, r := range rules {
		if hasOrStar(r.Verbs, verb) && hasOrStar(r.Groups, group) && matchResource(r.Resources, resource) &&
			(len(r.Names) == 0 || name != "" && slices.Contains(r.Names, name)) {
			return true
		}
	}
	return false
}

func hasOrStar(list []string, s string) bool {
	return slices.Contains(list, "*") || slices.Contains(list, s)
}

func matchResource(resources []string, resource string) bool {
	_, sub, hasSub := strings.Cut(resource, "/")
	for _, r := range resources {
		if r == "*" || r == resource || hasSub && r == "*/"+sub {
			return true
		}
	}
	return false
}

// matchURL follows Kubernetes: a star counts only at the end.
func matchURL(pattern, url string) bool {
	if pattern == "*" || pattern == url {
		return true
	}
	p, ok := strings.CutSuffix(pattern, "*")
	return ok && strings.HasPrefix(url, p)
}
