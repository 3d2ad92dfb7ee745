package access

import "strings"

// ARN is an Amazon resource name taken apart: arn:partition:service:region:account:resource.
type ARN struct {
	Partition, Service, Region, Account string
	Resource                            string // everything after the fifth colon, colons and slashes included
}

// ParseARN takes an ARN apart. It reports false for anything that is not one.
func ParseARN(s string) (ARN, bool) {
	rest, ok := strings.CutPrefix(s, "arn:")
	if !ok {
		return ARN{}, false
	}
	var a ARN
	for _, part := range []*string{&a.Partition, &a.Service, &a.Region, &a.Account} {
		if *part, rest, ok = strings.Cut(rest, ":"); !ok {
			return ARN{}, false
		}
	}
	a.Resource = rest
	return a, a.Partition != "" && a.Service != "" && a.Resource != ""
}

func (a ARN) String() string {
	return "arn:" + a.Partition + ":" + a.Service + ":" + a.Region + ":" + a.Account + ":" + a.Resource
}

// Split cuts the resource into its type and the rest: "role" and "team/deployer" of role/team/deployer.
// A resource without a type ("root", a bucket) has none.
func (a ARN) Split() (kind, name string) {
	kind, name, ok := strings.Cut(a.Resource, "/")
	if !ok {
		return "", a.Resource
	}
	return kind, name
}

// CanonicalPrincipal is the one spelling under which a principal is compared, since logs and snapshots spell it differently:
// the path of a user, role or group goes (names are unique in an account whatever the path; role sessions show none), and a role
// session becomes its role. Everything else, names that are no ARN included, stays as it is.
func CanonicalPrincipal(arn string) string {
	a, ok := ParseARN(arn)
	if !ok {
		return arn
	}
	kind, name := a.Split()
	switch {
	case a.Service == "iam" && (kind == "user" || kind == "role" || kind == "group"):
		base := name[strings.LastIndexByte(name, '/')+1:]
		if base == name || base == "" {
			return arn
		}
		a.Resource = kind + "/" + base
	case a.Service == "sts" && kind == "assumed-role":
		role, _, ok := strings.Cut(name, "/")
		if role == "" || !ok && name == "" {
			return arn
		}
		a.Service, a.Resource = "iam", "role/"+role
	default:
		return arn
	}
	return a.String()
}

// AccountRoot reports whether arn stands for a whole account ("arn:aws:iam::111122223333:root" or the bare id, as trust
// policies write it) and which one.
func AccountRoot(arn string) (account string, ok bool) {
	if isAccountID(arn) {
		return arn, true
	}
	a, ok := ParseARN(arn)
	if !ok || a.Service != "iam" || a.Resource != "root" || !isAccountID(a.Account) {
		return "", false
	}
	return a.Account, true
}

func isAccountID(s string) bool {
	if len(s) != 12 {
		return false
	}
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}
