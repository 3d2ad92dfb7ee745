package awscloudtrail

import (
	"bytes"
	"strings"

	"github.com/valyala/fastjson"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/ingest/decode/field"
)

// hidden stands for the user name of a failed sign-in that no user has.
const hidden = "HIDDEN_DUE_TO_SECURITY_REASONS"

// actor fills in who made the call, for every type of userIdentity.
func (d *decoder) actor(ev *access.Event, c *call, signIn bool) {
	a := &ev.Actor
	a.Kind = access.KindUnknown
	id := d.ident
	if id == nil {
		if len(d.text(eventType)) > 0 && string(d.text(eventType)) == "AwsServiceEvent" {
			a.Kind = access.System
		}
		return
	}
	kind := string(field.At(id, "type"))
	arn, principal, user := field.At(id, "arn"), field.At(id, "principalId"), field.At(id, "userName")
	context := field.Get(id, "sessionContext")
	issuer := field.Get(context, "sessionIssuer")
	uid, session, _ := bytes.Cut(principal, []byte(":"))

	a.ID = d.str.Intern(arn)
	a.Name = d.str.Intern(user)
	a.Credential = d.str.Intern(field.At(id, "accessKeyId"))
	console := signIn || d.console(ev)

	switch kind {
	case "Root":
		a.UID, a.Kind = d.str.Intern(uid), access.Human
		if a.Name == "" {
			a.Name = "root"
		}
	case "IAMUser":
		a.UID = d.str.Intern(uid)
		if console {
			a.Kind = access.Human
		}
	case "AssumedRole", "Role":
		d.role(a, arn, uid, session, issuer, console)
	case "FederatedUser":
		// A federated user acts with the rights of the IAM user that asked for the session.
		a.UID, a.Issuer = d.str.Intern(firstOf(field.At(issuer, "principalId"), principal)), d.str.Intern(field.At(issuer, "arn"))
		a.Principal = a.Issuer
		a.Chain = d.link(a.Chain, a.ID)
		a.Chain = d.link(a.Chain, d.str.Intern(session))
		if a.Name == "" {
			a.Name = d.str.Intern(firstOf(field.At(issuer, "userName"), session))
		}
		if console {
			a.Kind = access.Human
		}
	case "AWSService":
		a.Kind = access.System
		a.ID = d.str.Intern(firstOf(arn, field.At(id, "invokedBy"), principal))
	case "AWSAccount":
		a.UID = d.str.Intern(uid)
		if string(field.At(id, "accountId")) == "ANONYMOUS_PRINCIPAL" || len(principal) == 0 && len(arn) == 0 && len(field.At(id, "accountId")) == 0 {
			a.Kind, a.ID = access.Anonymous, "anonymous"
		} else if bytes.HasPrefix(uid, []byte("AROA")) {
			a.Kind = access.Workload
			a.Chain = d.link(a.Chain, d.str.Intern(session))
		}
		// Another account's caller is known by its uid only. What trusts it here names the account or one of its principals, so
		// the account stands for the caller.
		if caller := field.At(id, "accountId"); a.Kind != access.Anonymous && len(arn) == 0 && len(caller) == 12 {
			d.key = append(append(append(append(append(d.key[:0], "arn:"...), d.partition...), ":iam::"...), caller...), ":root"...)
			a.Principal = d.str.Intern(d.key)
		}
	case "SAMLUser":
		a.Kind, a.Issuer = access.Human, d.str.Intern(field.At(id, "identityProvider"))
		a.ID = d.str.Intern(firstOf(arn, user, principal))
		a.Chain = d.link(a.Chain, d.str.Intern(principal))
	case "WebIdentityUser":
		provider := field.At(id, "identityProvider")
		a.Issuer = d.str.Intern(provider)
		a.ID = d.str.Intern(firstOf(arn, principal, user))
		a.Kind = webIdentityKind(provider)
	case "IdentityCenterUser":
		a.Kind = access.Human
		behalf := field.Get(id, "onBehalfOf")
		a.UID = d.str.Intern(field.At(behalf, "userId"))
		a.ID = d.str.Intern(firstOf(arn, field.At(behalf, "userId"), principal))
		a.Issuer = d.str.Intern(field.At(behalf, "identityStoreArn"))
		if a.Credential == "" {
			a.Credential = d.str.Intern(field.At(id, "credentialId"))
		}
	default:
		// "Unknown", "Directory" and whatever AWS adds: a person when they signed in, and nothing is claimed otherwise.
		a.UID = d.str.Intern(uid)
		switch {
		case signIn, c.prefix == "sso" && len(user) > 0:
			a.Kind = access.Human
		case kind == "" && len(field.At(id, "invokedBy")) > 0:
			a.Kind = access.System // an event by a service itself
		}
	}
	d.behalf(a, id, context)
	if string(user) == hidden {
		user = nil // what was typed may be a password; it names nobody
	}
	if a.ID == "" {
		a.ID = d.str.Intern(firstOf(principal, user, field.At(id, "invokedBy")))
	}
	if a.Principal == "" {
		a.Principal = a.ID
	}
	if a.Email == "" && strings.Contains(a.Name, "@") {
		a.Email = a.Name
	}
	ev.Session = a.Credential
	if ev.Session == "" && (kind == "AssumedRole" || kind == "FederatedUser") {
		ev.Session = d.str.Intern(session)
	}
}

// role fills in a role session: the grants are the role's, the session says who took it.
func (d *decoder) role(a *access.Actor, arn, uid, session []byte, issuer *fastjson.Value, console bool) {
	a.UID, a.Kind = d.str.Intern(uid), access.Workload
	a.Issuer = d.str.Intern(field.At(issuer, "arn"))
	roleName, arnSession := sessionParts(arn)
	a.Principal = a.Issuer
	if a.Principal == "" && len(roleName) > 0 {
		// The role's path is not in the session's ARN, so a role with a path is only found under its uid.
		d.key = append(append(append(d.key[:0], "arn:"...), d.partition...), ":iam::"...)
		d.key = append(append(append(d.key, arnAccount(arn)...), ":role/"...), roleName...)
		a.Principal = d.str.Intern(d.key)
	}
	if a.Name == "" {
		a.Name = d.str.Intern(firstOf(field.At(issuer, "userName"), roleName))
	}
	if len(roleName) > 0 {
		a.Chain = d.link(a.Chain, a.ID)
	}
	a.Chain = d.link(a.Chain, d.str.Intern(arnSession))
	a.Chain = d.link(a.Chain, d.str.Intern(session))
	name := firstOf(session, arnSession)
	if bytes.IndexByte(name, '@') > 0 {
		a.Email = d.str.Intern(name)
	}
	switch {
	case strings.Contains(a.Principal, ":role/aws-service-role/"):
		a.Kind = access.System
	case bytes.HasPrefix(roleName, []byte("AWSReservedSSO_")), strings.HasPrefix(a.Name, "AWSReservedSSO_"):
		a.Kind = access.Human // permission sets of IAM Identity Center are for people
	case console, a.Email != "":
		a.Kind = access.Human // a browser, or a session that federation named after an e-mail address
	}
}

// behalf appends the person for whom a session acts: Identity Center's user, then the source identity, which survives
// every further role and therefore comes last.
func (d *decoder) behalf(a *access.Actor, id, context *fastjson.Value) {
	if behalf := field.Get(id, "onBehalfOf"); behalf != nil {
		a.Chain = d.link(a.Chain, d.str.Intern(field.At(behalf, "userId")))
	}
	if origin := field.At(context, "sourceIdentity"); len(origin) > 0 {
		s := d.str.Intern(origin)
		if n := len(a.Chain); n == 0 || a.Chain[n-1] != s {
			a.Chain = append(a.Chain, s)
		}
	}
}

// console reports whether the call came out of the web console: the record says so, or the console signed it with its
// user agent, or a second factor stands behind it.
func (d *decoder) console(ev *access.Event) bool {
	if v, _ := d.truth(sessionCredentialFromConsole); v {
		return true
	}
	switch ev.UserAgent {
	case "console.amazonaws.com", "signin.amazonaws.com", "console.ec2.amazonaws.com", "S3Console/0.4":
		return d.id.invokedBy == ""
	}
	v, _ := d.mfa()
	return v
}

// link appends a name to the chain unless it is empty or already there.
func (d *decoder) link(chain []string, name string) []string {
	if name == "" {
		return chain
	}
	for _, c := range chain {
		if c == name {
			return chain
		}
	}
	return append(chain, name)
}

// sessionParts takes arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION apart.
func sessionParts(arn []byte) (role, session []byte) {
	_, rest, ok := bytes.Cut(arn, []byte(":assumed-role/"))
	if !ok {
		return nil, nil
	}
	role, session, _ = bytes.Cut(rest, []byte("/"))
	return role, session
}

// arnAccount is the fifth part of an ARN.
func arnAccount(arn []byte) []byte {
	for range 4 {
		_, rest, ok := bytes.Cut(arn, []byte(":"))
		if !ok {
			return nil
		}
		arn = rest
	}
	account, _, _ := bytes.Cut(arn, []byte(":"))
	return account
}

// webIdentityKind tells people from programs by who vouches for them: the consumer identity providers serve people, any
// other OIDC provider (a cluster, a CI system) serves workloads.
func webIdentityKind(provider []byte) access.Kind {
	for _, p := range []string{"accounts.google.com", "graph.facebook.com", "www.amazon.com", "cognito-identity.amazonaws.com"} {
		if bytes.Contains(provider, []byte(p)) {
			return access.Human
		}
	}
	return access.Workload
}

func firstOf(values ...[]byte) []byte {
	for _, v := range values {
		if len(v) > 0 {
			return v
		}
	}
	return nil
}
