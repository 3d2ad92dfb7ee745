package demo

import "strings"

// snapshot writes the cluster's RBAC as `kubectl get serviceaccounts,roles,clusterroles,rolebindings,clusterrolebindings
// -A -o json` prints it; second is the newer one.
func (c *cluster) snapshot(second bool) []byte {
	b := []byte(`{"apiVersion":"v1","kind":"List","metadata":{"resourceVersion":""},"items":[`)
	n := 0
	item := func(api, kind, ns, name, uid string, created int64, labels string) {
		b = comma(b, n)
		n++
		b = append(b, "\n"+`{"apiVersion":"`+api+`","kind":"`+kind+`","metadata":{"name":"`+name+`"`...)
		if ns != "" {
			b = append(b, `,"namespace":"`+ns+`"`...)
		}
		b = append(b, `,"uid":"`+uid+`","creationTimestamp":"`...)
		b = appendSeconds(b, created)
		b = append(b, `"`+labels+`}`...)
	}
	for _, s := range c.accounts {
		if s.joined && !second {
			continue
		}
		item("v1", "ServiceAccount", s.namespace, s.name, s.uid, s.created.Unix(), "")
		b = append(b, '}')
	}
	const rbac = "rbac.authorization.k8s.io"
	for _, r := range c.roles {
		kind := "ClusterRole"
		if r.namespace != "" {
			kind = "Role"
		}
		item(rbac+"/v1", kind, r.namespace, r.name, uuid(hash(c.h, "role "+r.namespace+"/"+r.name)), r.created.Unix(), bootstrapLabel(r.bootstrap))
		b = append(b, `,"rules":[`...)
		for i, g := range grouped(r.pairs) {
			b = comma(b, i)
			b = append(b, `{"apiGroups":["`+g.group+`"],"resources":["`+g.resource+`"],"verbs":["`+strings.Join(g.verbs, `","`)+`"]}`...)
		}
		b = append(b, "]}"...)
	}
	for _, bd := range c.bindings {
		if bd.joined && !second {
			continue
		}
		kind := "ClusterRoleBinding"
		if bd.namespace != "" {
			kind = "RoleBinding"
		}
		roleKind := "ClusterRole"
		if bd.role.namespace != "" {
			roleKind = "Role"
		}
		item(rbac+"/v1", kind, bd.namespace, bd.name, uuid(hash(c.h, "binding "+bd.namespace+"/"+bd.name)), bd.created.Unix(), bootstrapLabel(bd.role.bootstrap))
		b = append(b, `,"roleRef":{"apiGroup":"`+rbac+`","kind":"`+roleKind+`","name":"`+bd.role.name+`"},"subjects":[`...)
		switch {
		case bd.account != nil:
			b = append(b, `{"kind":"ServiceAccount","name":"`+bd.account.name+`","namespace":"`+bd.account.namespace+`"}`...)
		case bd.group != "":
			b = append(b, `{"kind":"Group","apiGroup":"`+rbac+`","name":"`+bd.group+`"}`...)
		default:
			b = append(b, `{"kind":"User","apiGroup":"`+rbac+`","name":"`+bd.user+`"}`...)
		}
		b = append(b, "]}"...)
	}
	return append(b, "\n]}\n"...)
}

func bootstrapLabel(yes bool) string {
	if !yes {
		return ""
	}
	return `,"labels":{"kubernetes.io/bootstrapping":"rbac-defaults"},"annotations":{"rbac.authorization.kubernetes.io/autoupdate":"true"}`
}

type ruleGroup struct {
	group, resource string
	verbs           []string
}

// grouped puts the verbs of one resource into one rule, as people write roles.
func grouped(pairs []pair) []ruleGroup {
	var out []ruleGroup
next:
	for _, p := range pairs {
		resource := p.resource
		if p.sub != "" {
			resource += "/" + p.sub
		}
		for i := range out {
			if out[i].group == p.group && out[i].resource == resource {
				out[i].verbs = append(out[i].verbs, p.verb)
				continue next
			}
		}
		out = append(out, ruleGroup{p.group, resource, []string{p.verb}})
	}
	return out
}
