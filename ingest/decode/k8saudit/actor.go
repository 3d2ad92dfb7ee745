package k8saudit

import (
	"bytes"
	"strings"

	"github.com/valyala/fastjson"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/ingest/decode/field"
)

// groupLimit bounds the groups kept of one user; directories can state hundreds.
const groupLimit = 128

// actor fills in who acted. Under impersonation RBAC judges the impersonated user, so that user is the actor and the
// one behind it ends the chain.
func (d *decoder) actor(ev *access.Event, user *fastjson.Value) {
	a := &ev.Actor
	as := user
	if imp := field.Get(d.root, "impersonatedUser"); imp != nil && len(field.At(imp, "username")) > 0 {
		as = imp
		a.Chain = append(a.Chain, d.str.Intern(field.At(imp, "username")))
		a.Chain = append(a.Chain, d.str.Intern(field.At(user, "username")))
		ev.SetAttr("impersonated", "true")
	}
	a.ID = d.str.Intern(field.At(as, "username"))
	a.Principal = a.ID
	a.UID = d.str.Intern(field.At(as, "uid"))
	a.Kind, a.Name = kindOf(a.ID)
	if a.Kind == access.Human && strings.Contains(a.ID, "@") {
		a.Email = a.ID
	}
	extra := field.Get(user, "extra")
	a.Credential = d.str.Intern(firstExtra(extra, "authentication.kubernetes.io/credential-id"))
	ev.Session = a.Credential
	for _, g := range field.List(field.Get(as, "groups")) {
		if name := field.Text(g); len(name) > 0 && len(a.Groups) < groupLimit {
			a.Groups = append(a.Groups, d.str.Intern(name))
		}
	}
}

// kindOf sorts a username by the prefixes that Kubernetes reserves, and gives its short name. Managed clusters add
// components under prefixes of their own ("eks:", "aksService"); those are system too.
func kindOf(username string) (access.Kind, string) {
	switch {
	case username == "":
		return access.KindUnknown, ""
	case username == "system:anonymous":
		return access.Anonymous, username
	case strings.HasPrefix(username, "system:serviceaccount:"):
		_, name, _ := strings.Cut(username[len("system:serviceaccount:"):], ":")
		if name == "" {
			name = username
		}
		return access.Workload, name
	case strings.HasPrefix(username, "system:"), strings.HasPrefix(username, "eks:"), strings.HasPrefix(username, "gke:"),
		username == "aksService", strings.HasPrefix(username, "aks:"):
		return access.System, username
	}
	return access.Human, username
}

// via reads which binding allowed the request, out of the sentence that the RBAC authoriser leaves:
//
//	RBAC: allowed by RoleBinding "name/ns" of Role "x" to ServiceAccount "name/ns"
//	RBAC: allowed by ClusterRoleBinding "name" of ClusterRole "x" to Group "system:masters"
func (d *decoder) via(ev *access.Event) {
	reason := field.At(field.Get(d.root, "annotations"), "authorization.k8s.io/reason")
	rest, ok := bytes.CutPrefix(reason, []byte("RBAC: allowed by "))
	if !ok {
		return
	}
	kind, name, rest := quoted(rest)
	switch string(kind) {
	case "ClusterRoleBinding":
		ev.Via = d.str.Intern(append(append(d.key[:0], "ClusterRoleBinding/"...), name...))
	case "RoleBinding":
		// The sentence puts the name before the namespace.
		i := bytes.LastIndexByte(name, '/')
		if i < 0 {
			return
		}
		d.key = append(append(d.key[:0], "RoleBinding/"...), name[i+1:]...)
		d.key = append(append(d.key, '/'), name[:i]...)
		ev.Via = d.str.Intern(d.key)
	default:
		return
	}
	rest, ok = bytes.CutPrefix(rest, []byte(" of "))
	if !ok {
		return
	}
	kind, name, rest = quoted(rest)
	if len(name) > 0 {
		d.key = append(append(append(d.key[:0], kind...), '/'), name...)
		ev.SetAttr("via_role", d.str.Intern(d.key))
	}
	rest, ok = bytes.CutPrefix(rest, []byte(" to "))
	if !ok {
		return
	}
	kind, name, _ = quoted(rest)
	if len(name) == 0 {
		return
	}
	switch string(kind) {
	case "ServiceAccount":
		account, ns, _ := bytes.Cut(name, slash)
		d.key = append(append(append(append(d.key[:0], "system:serviceaccount:"...), ns...), ':'), account...)
	case "Group":
		d.key = append(append(d.key[:0], "group:"...), name...)
	default:
		d.key = append(d.key[:0], name...)
	}
	ev.SetAttr("via_subject", d.str.Intern(d.key))
}

// quoted takes `Kind "name" rest` apart. Names are Go-quoted, but Kubernetes' names need no escapes; one that has them
// is left alone.
func quoted(b []byte) (kind, name, rest []byte) {
	kind, after, ok := bytes.Cut(b, []byte(` "`))
	if !ok {
		return b, nil, nil
	}
	name, rest, ok = bytes.Cut(after, []byte(`"`))
	if !ok || bytes.IndexByte(name, '\\') >= 0 {
		return kind, nil, nil
	}
	return kind, name, rest
}
