package demo

import "strings"

// kubeCall is everything about a request that does not change from one record to the next.
type kubeCall struct{ head, tail string }

// call is the use of one pair of a binding's role by its service account, its user, or a member of its group.
func (c *cluster) call(b *binding, pr pair, who *person) int32 {
	return c.request(b, pr, who, pr.object(), b.namespace)
}

// create is the request that makes the binding made, authorised by tool.
func (c *cluster) create(tool, made *binding) int32 {
	return c.request(tool, tool.role.pairs[0], nil, made.name, made.namespace)
}

// object names what a single-object verb acts on.
func (pr pair) object() string {
	if pr.verb == "list" || pr.verb == "watch" {
		return ""
	}
	return strings.TrimSuffix(pr.resource, "s") + "-main"
}

func (c *cluster) request(b *binding, pr pair, who *person, object, ns string) int32 {
	version, path := "v1", "/api/v1"
	switch pr.group {
	case "":
	case "autoscaling":
		version, path = "v2", "/apis/autoscaling/v2"
	default:
		path = "/apis/" + pr.group + "/v1"
	}
	if ns == "" && pr.resource != "nodes" && pr.resource != "namespaces" {
		ns = c.team.name + "-" + c.namespaces[0]
	}
	if b.namespace == "" && pr.verb == "list" {
		ns = "" // across the cluster
	}
	ref := `{"resource":"` + pr.resource + `"`
	if ns != "" {
		path += "/namespaces/" + ns
		ref += `,"namespace":"` + ns + `"`
	}
	path += "/" + pr.resource
	code := "200"
	if pr.verb == "create" {
		code = "201"
	}
	if object != "" {
		ref += `,"name":"` + object + `"`
		if pr.verb != "create" || pr.sub != "" {
			path += "/" + object
		}
	}
	if pr.group != "" {
		ref += `,"apiGroup":"` + pr.group + `"`
	}
	ref += `,"apiVersion":"` + version + `"`
	if pr.sub != "" {
		path += "/" + pr.sub
		ref += `,"subresource":"` + pr.sub + `"`
	}
	ref += "}"
	switch pr.verb {
	case "list":
		path += "?limit=500&resourceVersion=0"
	case "watch":
		path += "?allowWatchBookmarks=true&timeoutSeconds=429&watch=true"
	}

	var user, ip, agent, subject string
	if who == nil {
		s := b.account
		user = `{"username":"` + s.username() + `","uid":"` + s.uid + `","groups":["system:serviceaccounts","system:serviceaccounts:` + s.namespace + `","system:authenticated"],` +
			`"extra":{"authentication.kubernetes.io/pod-name":["` + s.name + `-5d9c7b6f4-x2x7k"],"authentication.kubernetes.io/pod-uid":["` + uuid(s.h^1) + `"]}}`
		ip, agent, subject = s.ip, s.agent, `ServiceAccount \"`+s.name+"/"+s.namespace+`\"`
	} else {
		groups := `"system:authenticated"`
		subject = `User \"` + who.email + `\"`
		if b.group != "" {
			groups = `"` + b.group + `",` + groups
			subject = `Group \"` + b.group + `\"`
		}
		user = `{"username":"` + who.email + `","groups":[` + groups + `]}`
		ip, agent = sourceIP(who.h), "kubectl/v1.31.0 (darwin/arm64) kubernetes/9edcffc"
	}
	kind, name := "RoleBinding", b.name+"/"+b.namespace
	if b.namespace == "" {
		kind, name = "ClusterRoleBinding", b.name
	}
	roleKind := "ClusterRole"
	if b.role.namespace != "" {
		roleKind = "Role"
	}
	reason := `RBAC: allowed by ` + kind + ` \"` + name + `\" of ` + roleKind + ` \"` + b.role.name + `\" to ` + subject
	c.calls = append(c.calls, kubeCall{
		head: `","stage":"ResponseComplete","requestURI":"` + path + `","verb":"` + pr.verb + `","user":` + user + `,"sourceIPs":["` + ip + `"],"userAgent":"` + agent +
			`","objectRef":` + ref + `,"responseStatus":{"metadata":{},"code":` + code + `},"requestReceivedTimestamp":"`,
		tail: `"annotations":{"authorization.k8s.io/decision":"allow","authorization.k8s.io/reason":"` + reason + "\"}}\n",
	})
	return int32(len(c.calls) - 1)
}

// record appends one audit event at level Metadata.
func (c *cluster) record(b []byte, call int32, at int64, id uint64) []byte {
	k := &c.calls[call]
	b = append(b, `{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Metadata","auditID":"`...)
	b = appendUUID(b, id)
	b = append(b, k.head...)
	micros := int64(mix(id) % 1000)
	b = appendCivil(b, at/1000)
	b = append(b, '.')
	b = appendDigits(b, at%1000*1000+micros, 6)
	b = append(b, `Z","stageTimestamp":"`...)
	done := at*1000 + micros + int64(2000+mix(id^5)%9000)
	b = appendCivil(b, done/1_000_000)
	b = append(b, '.')
	b = appendDigits(b, done%1_000_000, 6)
	b = append(b, `Z",`...)
	return append(b, k.tail...)
}
