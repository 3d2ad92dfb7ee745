package k8saudit

import (
	"github.com/valyala/fastjson"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/ingest/decode/field"
)

// subjectLimit bounds the subjects of one binding that are named in an event.
const subjectLimit = 64

// change reads what a request does to access itself. Only a success changes anything; a request whose response the
// policy leaves out counts as nothing.
func (d *decoder) change(ev *access.Event) {
	if ev.Outcome != access.Success {
		return
	}
	verb := ev.Action
	switch verb {
	case "create", "delete", "patch", "update", "deletecollection":
	default:
		return
	}
	var ch access.Change
	switch string(d.resource) {
	case "rolebindings", "clusterrolebindings":
		if string(d.group) != "rbac.authorization.k8s.io" && len(d.group) > 0 || len(d.sub) > 0 {
			return
		}
		ev.Class = "User Access Management"
		ch.Kind = access.ChangeGrant
		if verb == "delete" || verb == "deletecollection" {
			ch.Kind = access.ChangeRevoke
		}
		ch.Grant = d.binding()
		d.subjects(ev, &ch)
	case "roles", "clusterroles":
		ev.Class = "User Access Management"
		ch.Kind = writeKind(verb, access.ChangeGrant)
		ch.Subject = d.role()
		ch.Grant = ch.Subject
	case "serviceaccounts":
		ch.Subject = d.serviceAccount()
		switch string(d.sub) {
		case "token":
			ch.Kind = access.ChangeIssue
			ch.Grant = d.str.Intern(field.At(field.Get(d.root, "annotations"), "authentication.kubernetes.io/issued-credential-id"))
		case "":
			ev.Class = "Account Change"
			if verb == "patch" || verb == "update" {
				return // labels and the like; no access changes
			}
			ch.Kind = writeKind(verb, access.ChangeCreate)
		default:
			return
		}
	case "certificatesigningrequests":
		if string(d.sub) != "approval" {
			return
		}
		ch.Kind = access.ChangeIssue
		spec := field.Get(d.body(), "spec")
		ch.Subject = d.str.Intern(field.At(spec, "username"))
		ch.Grant = d.str.Intern(append(append(d.key[:0], "certificate:"...), d.name...))
	case "secrets":
		body := d.body()
		if string(field.At(body, "type")) != "kubernetes.io/service-account-token" {
			return
		}
		account := field.At(field.Get(field.Get(body, "metadata"), "annotations"), "kubernetes.io/service-account.name")
		if len(account) > 0 {
			ch.Subject = d.str.Intern(d.accountName(d.namespace, account))
		}
		ch.Kind = writeKind(verb, access.ChangeCreate)
		if verb == "patch" || verb == "update" {
			ch.Kind = access.ChangeRotate
		}
		ch.Grant = d.str.Intern(append(append(append(append(d.key[:0], "secret:"...), d.namespace...), '/'), d.name...))
	default:
		return
	}
	ev.Change = &ch
}

func writeKind(verb string, update access.ChangeKind) access.ChangeKind {
	switch verb {
	case "create":
		return access.ChangeCreate
	case "delete", "deletecollection":
		return access.ChangeDelete
	}
	return update
}

// body is the object as sent, or as answered when the request carries none (a patch holds only what changes).
func (d *decoder) body() *fastjson.Value {
	if v := field.Get(d.root, "requestObject"); v != nil && v.Type() == fastjson.TypeObject {
		return v
	}
	return field.Get(d.root, "responseObject")
}

// bodyName is the name that the object itself carries.
func (d *decoder) bodyName() []byte {
	return firstOf(field.At(field.Get(field.Get(d.root, "requestObject"), "metadata"), "name"),
		field.At(field.Get(field.Get(d.root, "responseObject"), "metadata"), "name"))
}

func (d *decoder) binding() string {
	name := d.name
	if len(name) == 0 {
		return ""
	}
	if string(d.resource) == "clusterrolebindings" {
		return d.str.Intern(append(append(d.key[:0], "ClusterRoleBinding/"...), name...))
	}
	d.key = append(append(append(d.key[:0], "RoleBinding/"...), d.namespace...), '/')
	return d.str.Intern(append(d.key, name...))
}

func (d *decoder) role() string {
	name := d.name
	if len(name) == 0 {
		return ""
	}
	if string(d.resource) == "clusterroles" {
		return d.str.Intern(append(append(d.key[:0], "ClusterRole/"...), name...))
	}
	return d.str.Intern(append(append(d.key[:0], "Role/"...), name...))
}

func (d *decoder) serviceAccount() string {
	name := d.name
	if len(name) == 0 {
		return ""
	}
	return d.str.Intern(d.accountName(d.namespace, name))
}

func (d *decoder) accountName(ns, name []byte) []byte {
	d.key = append(append(append(append(d.key[:0], "system:serviceaccount:"...), ns...), ':'), name...)
	return d.key
}

// subjects names whom a binding is for, and what it binds. A delete answers with the object that it deleted, where the
// policy keeps responses.
func (d *decoder) subjects(ev *access.Event, ch *access.Change) {
	body := d.body()
	subjects := field.List(field.Get(body, "subjects"))
	if len(subjects) == 0 {
		if r := field.Get(d.root, "responseObject"); r != nil {
			body, subjects = r, field.List(field.Get(r, "subjects"))
		}
	}
	var all []byte
	for i, s := range subjects {
		if i >= subjectLimit {
			break
		}
		name := d.subject(s)
		if len(name) == 0 {
			continue
		}
		if ch.Subject == "" {
			ch.Subject = d.str.Intern(name)
		}
		if len(all) > 0 {
			all = append(all, ',')
		}
		all = append(all, name...)
	}
	ev.SetAttr("change_subjects", d.str.Intern(all))
	if ref := field.Get(body, "roleRef"); ref != nil {
		d.key = append(append(append(d.key[:0], field.At(ref, "kind")...), '/'), field.At(ref, "name")...)
		if len(d.key) > 1 {
			ev.SetAttr("change_role", d.str.Intern(d.key))
		}
	}
}

// subject spells one subject of a binding as grants spell it.
func (d *decoder) subject(s *fastjson.Value) []byte {
	name := field.At(s, "name")
	if len(name) == 0 {
		return nil
	}
	switch string(field.At(s, "kind")) {
	case "ServiceAccount":
		return d.accountName(firstOf(field.At(s, "namespace"), d.namespace), name)
	case "Group":
		d.key = append(append(d.key[:0], "group:"...), name...)
		return d.key
	}
	return name
}
