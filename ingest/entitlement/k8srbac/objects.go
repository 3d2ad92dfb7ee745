package k8srbac

import (
	"strconv"
	"strings"
	"time"

	"github.com/valyala/fastjson"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/ingest/entitlement/reader"
)

// cluster is everything that the lists of one file state.
type cluster struct {
	roles    map[string]role    // "ClusterRole/NAME" or "Role/NS/NAME"
	bindings map[string]binding // by via
	accounts map[string]access.Account
	more     bool   // a list has a continue token
	foreign  string // kind of an object that is none of ours
}

type role struct{ rules []access.Rule }

type binding struct {
	kind, namespace, name string
	roleKind, roleName    string
	created               time.Time
	bootstrap             bool
	subjects              []subject
}

type subject struct {
	name string
	kind access.SubjectKind
}

func (b binding) via() string {
	if b.namespace == "" {
		return b.kind + "/" + b.name
	}
	return b.kind + "/" + b.namespace + "/" + b.name
}

func (b binding) roleKey() string {
	if b.roleKind == "ClusterRole" {
		return "ClusterRole/" + b.roleName
	}
	return "Role/" + b.namespace + "/" + b.roleName
}

// inventory says why a binding is listed but never judged: the cluster makes it itself, and makes it again when it is removed.
func (b binding) inventory() string {
	if b.bootstrap || strings.HasPrefix(b.name, "system:") {
		return "cluster default"
	}
	return ""
}

func (c *cluster) add(v *fastjson.Value) error {
	switch v.Type() {
	case fastjson.TypeArray:
		for i, item := range v.GetArray() {
			if err := c.add(item); err != nil {
				return reader.Under(err, strconv.Itoa(i))
			}
		}
		return nil
	case fastjson.TypeObject:
	default:
		return reader.Wrong("must be a list or an object, this is %s", v.Type())
	}
	kind := string(v.GetStringBytes("kind"))
	if itemKind, ok := strings.CutSuffix(kind, "List"); ok {
		return c.addList(v, itemKind)
	}
	return c.addObject(v, kind)
}

func (c *cluster) addList(v *fastjson.Value, itemKind string) error {
	if len(v.GetStringBytes("metadata", "continue")) > 0 {
		c.more = true
	}
	items := v.Get("items")
	if items == nil || items.Type() != fastjson.TypeArray {
		return reader.Under(reader.Wrong("must be a list"), "items")
	}
	for i, item := range items.GetArray() {
		if item.Type() != fastjson.TypeObject {
			return reader.Under(reader.Under(reader.Wrong("must be an object, this is %s", item.Type()), strconv.Itoa(i)), "items")
		}
		// The items of a typed list (RoleList) carry no kind of their own.
		kind := string(item.GetStringBytes("kind"))
		if kind == "" {
			kind = itemKind
		}
		var err error
		if strings.HasSuffix(kind, "List") {
			err = c.addList(item, strings.TrimSuffix(kind, "List"))
		} else {
			err = c.addObject(item, kind)
		}
		if err != nil {
			return reader.Under(reader.Under(err, strconv.Itoa(i)), "items")
		}
	}
	return nil
}

func (c *cluster) addObject(v *fastjson.Value, kind string) error {
	switch kind {
	case "Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding", "ServiceAccount":
	case "":
		return reader.Wrong("kind is missing: this is no Kubernetes object")
	default:
		c.foreign = kind // other objects may share the file
		return nil
	}
	name := string(v.GetStringBytes("metadata", "name"))
	if name == "" {
		return reader.Wrong("metadata.name is missing")
	}
	namespace := string(v.GetStringBytes("metadata", "namespace"))
	if strings.HasPrefix(kind, "Cluster") {
		namespace = ""
	} else if namespace == "" {
		return reader.Wrong("metadata.namespace is missing on %s %s", kind, name)
	}
	created, err := created(v)
	if err != nil {
		return err
	}
	switch kind {
	case "Role", "ClusterRole":
		rules, err := rules(v)
		if err != nil {
			return err
		}
		key := "ClusterRole/" + name
		if kind == "Role" {
			key = "Role/" + namespace + "/" + name
		}
		c.roles[key] = role{rules}
	case "RoleBinding", "ClusterRoleBinding":
		b := binding{kind: kind, namespace: namespace, name: name, created: created,
			roleKind: string(v.GetStringBytes("roleRef", "kind")), roleName: string(v.GetStringBytes("roleRef", "name")),
			bootstrap: string(v.GetStringBytes("metadata", "labels", "kubernetes.io/bootstrapping")) == "rbac-defaults"}
		if b.roleKind == "" || b.roleName == "" {
			return reader.Under(reader.Wrong("kind and name are needed"), "roleRef")
		}
		if b.subjects, err = subjects(v, namespace); err != nil {
			return err
		}
		c.bindings[b.via()] = b
	case "ServiceAccount":
		full := "system:serviceaccount:" + namespace + ":" + name
		c.accounts[full] = access.Account{Provider: "k8s", Name: full, UID: string(v.GetStringBytes("metadata", "uid")),
			Kind: access.SubjectServiceAccount, Created: created, Enabled: true}
	}
	return nil
}

func created(v *fastjson.Value) (time.Time, error) {
	s := v.Get("metadata", "creationTimestamp")
	if s == nil || s.Type() == fastjson.TypeNull {
		return time.Time{}, nil
	}
	if t, ok := reader.ParseTime(string(s.GetStringBytes())); ok {
		return t, nil
	}
	return time.Time{}, reader.Under(reader.Under(reader.Wrong("%s is no time", s), "creationTimestamp"), "metadata")
}

// subjects names those whom a binding serves as the audit log does: a user by name, a group as group:NAME, a ServiceAccount as
// system:serviceaccount:ns:name.
func subjects(v *fastjson.Value, namespace string) ([]subject, error) {
	f := v.Get("subjects")
	if f == nil || f.Type() == fastjson.TypeNull {
		return nil, nil // a binding may serve nobody
	}
	if f.Type() != fastjson.TypeArray {
		return nil, reader.Under(reader.Wrong("must be a list, this is %s", f.Type()), "subjects")
	}
	var out []subject
	for i, s := range f.GetArray() {
		name := string(s.GetStringBytes("name"))
		kind := string(s.GetStringBytes("kind"))
		if name == "" {
			return nil, reader.Under(reader.Under(reader.Wrong("a subject needs a name"), strconv.Itoa(i)), "subjects")
		}
		switch kind {
		case "User":
			if strings.HasPrefix(name, "system:serviceaccount:") {
				out = append(out, subject{name, access.SubjectServiceAccount})
			} else {
				out = append(out, subject{name, access.SubjectUser})
			}
		case "Group":
			out = append(out, subject{"group:" + name, access.SubjectGroup})
		case "ServiceAccount":
			ns := string(s.GetStringBytes("namespace"))
			if ns == "" {
				ns = namespace
			}
			out = append(out, subject{"system:serviceaccount:" + ns + ":" + name, access.SubjectServiceAccount})
		default:
			return nil, reader.Under(reader.Under(reader.Wrong("kind %q is none of User, Group, ServiceAccount", kind), strconv.Itoa(i)), "subjects")
		}
	}
	return out, nil
}

func rules(v *fastjson.Value) ([]access.Rule, error) {
	f := v.Get("rules")
	if f == nil || f.Type() == fastjson.TypeNull {
		return nil, nil // a role may allow nothing
	}
	if f.Type() != fastjson.TypeArray {
		return nil, reader.Under(reader.Wrong("must be a list, this is %s", f.Type()), "rules")
	}
	items := f.GetArray()
	out := make([]access.Rule, 0, len(items))
	for i, item := range items {
		var r access.Rule
		for _, p := range []struct {
			key  string
			into *[]string
		}{{"verbs", &r.Verbs}, {"apiGroups", &r.Groups}, {"resources", &r.Resources}, {"resourceNames", &r.Names}, {"nonResourceURLs", &r.URLs}} {
			list := item.Get(p.key)
			if list == nil || list.Type() == fastjson.TypeNull {
				continue
			}
			if list.Type() != fastjson.TypeArray {
				return nil, under(reader.Wrong("must be a list, this is %s", list.Type()), "rules", i, p.key)
			}
			for _, s := range list.GetArray() {
				text, err := s.StringBytes()
				if err != nil {
					return nil, under(reader.Wrong("must be a list of strings"), "rules", i, p.key)
				}
				*p.into = append(*p.into, string(text))
			}
		}
		out = append(out, r)
	}
	return out, nil
}

func under(err error, list string, i int, key string) error {
	return reader.Under(reader.Under(reader.Under(err, key), strconv.Itoa(i)), list)
}
