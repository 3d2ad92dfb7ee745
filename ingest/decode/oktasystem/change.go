package oktasystem

import (
	"strings"

	"github.com/valyala/fastjson"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/ingest/decode/field"
)

// What a change gives or takes.
const (
	gives      = iota // nothing in particular: the account itself
	givesGroup        // group:NAME
	givesApp          // app:NAME
	givesRole         // role:NAME
	givesToken        // token:NAME
	givesFactor
	givesPassword
)

// Whose access a change is about.
const (
	aboutUser  = iota // the target user, else nobody
	aboutGroup        // group:NAME
	aboutActor
	aboutApp
	aboutFirst // whatever is the first target
)

type changeSpec struct {
	kind  access.ChangeKind
	about int
	gives int
}

// changes lists the event types that change access.
var changes = map[string]changeSpec{
	"group.user_membership.add":               {access.ChangeGrant, aboutUser, givesGroup},
	"group.user_membership.remove":            {access.ChangeRevoke, aboutUser, givesGroup},
	"group.application_assignment.add":        {access.ChangeGrant, aboutGroup, givesApp},
	"group.application_assignment.remove":     {access.ChangeRevoke, aboutGroup, givesApp},
	"group.privilege.grant":                   {access.ChangeGrant, aboutGroup, givesRole},
	"group.privilege.revoke":                  {access.ChangeRevoke, aboutGroup, givesRole},
	"group.lifecycle.create":                  {access.ChangeCreate, aboutGroup, gives},
	"group.lifecycle.delete":                  {access.ChangeDelete, aboutGroup, gives},
	"application.user_membership.add":         {access.ChangeGrant, aboutUser, givesApp},
	"application.user_membership.update":      {access.ChangeGrant, aboutUser, givesApp},
	"application.user_membership.remove":      {access.ChangeRevoke, aboutUser, givesApp},
	"application.user_membership.deprovision": {access.ChangeRevoke, aboutUser, givesApp},
	"application.lifecycle.create":            {access.ChangeCreate, aboutApp, gives},
	"application.lifecycle.delete":            {access.ChangeDelete, aboutApp, gives},
	"application.lifecycle.activate":          {access.ChangeEnable, aboutApp, gives},
	"application.lifecycle.deactivate":        {access.ChangeDisable, aboutApp, gives},
	"app.access_request.grant":                {access.ChangeGrant, aboutUser, givesApp},
	"user.account.privilege.grant":            {access.ChangeGrant, aboutUser, givesRole},
	"user.account.privilege.revoke":           {access.ChangeRevoke, aboutUser, givesRole},
	"iam.resourceset.bindings.add":            {access.ChangeGrant, aboutUser, givesRole},
	"iam.resourceset.bindings.delete":         {access.ChangeRevoke, aboutUser, givesRole},
	"user.lifecycle.create":                   {access.ChangeCreate, aboutUser, gives},
	"user.lifecycle.activate":                 {access.ChangeEnable, aboutUser, gives},
	"user.lifecycle.reactivate":               {access.ChangeEnable, aboutUser, gives},
	"user.lifecycle.unsuspend":                {access.ChangeEnable, aboutUser, gives},
	"user.lifecycle.deactivate":               {access.ChangeDisable, aboutUser, gives},
	"user.lifecycle.suspend":                  {access.ChangeDisable, aboutUser, gives},
	"user.lifecycle.delete.initiated":         {access.ChangeDelete, aboutUser, gives},
	"user.lifecycle.delete.completed":         {access.ChangeDelete, aboutUser, gives},
	"user.lifecycle.delete":                   {access.ChangeDelete, aboutUser, gives},
	"user.account.lock":                       {access.ChangeDisable, aboutUser, gives},
	"user.account.unlock":                     {access.ChangeEnable, aboutUser, gives},
	"user.account.unlock_by_admin":            {access.ChangeEnable, aboutUser, gives},
	"user.account.reset_password":             {access.ChangeRotate, aboutUser, givesPassword},
	"user.account.update_password":            {access.ChangeRotate, aboutUser, givesPassword},
	"user.mfa.factor.activate":                {access.ChangeEnable, aboutUser, givesFactor},
	"user.mfa.factor.deactivate":              {access.ChangeDisable, aboutUser, givesFactor},
	"user.mfa.factor.suspend":                 {access.ChangeDisable, aboutUser, givesFactor},
	"user.mfa.factor.reset_all":               {access.ChangeDisable, aboutUser, givesFactor},
	"user.session.impersonation.grant":        {access.ChangeGrant, aboutUser, gives},
	"user.session.impersonation.revoke":       {access.ChangeRevoke, aboutUser, gives},
	"system.api_token.create":                 {access.ChangeCreate, aboutActor, givesToken},
	"system.api_token.revoke":                 {access.ChangeDelete, aboutActor, givesToken},
	"system.api_token.enable":                 {access.ChangeEnable, aboutActor, givesToken},
	"system.api_token.disable":                {access.ChangeDisable, aboutActor, givesToken},
	"system.api_token.update":                 {access.ChangeRotate, aboutActor, givesToken},
	"app.oauth2.as.consent.grant":             {access.ChangeGrant, aboutActor, givesApp},
	"app.oauth2.as.consent.revoke":            {access.ChangeRevoke, aboutActor, givesApp},
	"app.oauth2.as.consent.revoke.user":       {access.ChangeRevoke, aboutUser, givesApp},
	"app.oauth2.consent.grant":                {access.ChangeGrant, aboutActor, givesApp},
	"app.oauth2.consent.revoke":               {access.ChangeRevoke, aboutActor, givesApp},
	"app.oauth2.admin.consent.grant":          {access.ChangeGrant, aboutApp, gives},
	"app.oauth2.admin.consent.revoke":         {access.ChangeRevoke, aboutApp, gives},
	"app.oauth2.client.lifecycle.create":      {access.ChangeCreate, aboutApp, gives},
	"app.oauth2.client.lifecycle.activate":    {access.ChangeEnable, aboutApp, gives},
	"app.oauth2.client.lifecycle.deactivate":  {access.ChangeDisable, aboutApp, gives},
	"app.oauth2.client.lifecycle.delete":      {access.ChangeDelete, aboutApp, gives},
	"app.oauth2.client.lifecycle.new_secret":  {access.ChangeRotate, aboutApp, gives},
	"system.idp.lifecycle.create":             {access.ChangeCreate, aboutFirst, gives},
	"system.idp.lifecycle.delete":             {access.ChangeDelete, aboutFirst, gives},
	"system.idp.lifecycle.activate":           {access.ChangeEnable, aboutFirst, gives},
	"system.idp.lifecycle.deactivate":         {access.ChangeDisable, aboutFirst, gives},
}

func (d *decoder) change(ev *access.Event) {
	if strings.HasPrefix(ev.Action, "system.log_stream.lifecycle.") {
		ev.Change = &access.Change{Kind: access.ChangeLogging, Subject: d.str.Intern(display(d.first))}
		return
	}
	spec, ok := changes[ev.Action]
	if !ok {
		return
	}
	ch := &access.Change{Kind: spec.kind}
	switch spec.about {
	case aboutUser:
		ch.Subject = d.str.Intern(firstOf(stated(field.At(d.user, "alternateId")), display(d.user)))
		if ch.Subject == "" && d.group != nil && spec.gives == givesRole {
			ch.Subject = d.named("group:", d.group)
		}
		if ch.Subject == "" && strings.HasPrefix(ev.Action, "user.") {
			// People change their own password and factors; Okta then names them as the actor alone.
			ch.Subject = ev.Actor.ID
		}
	case aboutGroup:
		ch.Subject = d.named("group:", d.group)
	case aboutActor:
		ch.Subject = ev.Actor.ID
	case aboutApp:
		ch.Subject = d.named("app:", d.app)
	case aboutFirst:
		ch.Subject = d.str.Intern(display(d.first))
	}
	switch spec.gives {
	case givesGroup:
		ch.Grant = d.named("group:", d.group)
	case givesApp:
		ch.Grant = d.named("app:", d.app)
	case givesRole:
		ch.Grant = d.roles()
	case givesToken:
		ch.Grant = d.named("token:", orElse(d.token, d.first))
	case givesFactor:
		ch.Grant = "factor"
	case givesPassword:
		ch.Grant = "password"
	}
	ev.Change = ch
}

// roles names the administrator roles of a privilege event: the debug data lists them, newer events have them as targets.
func (d *decoder) roles() string {
	debug := field.Get(d.top("debugContext"), "debugData")
	names := firstOf(field.At(debug, "privilegeGranted"), field.At(debug, "privilegeRevoked"), display(d.role))
	if len(names) == 0 {
		return ""
	}
	return d.str.Intern(append(append(d.key[:0], "role:"...), names...))
}

func (d *decoder) named(prefix string, t *fastjson.Value) string {
	name := display(t)
	if len(name) == 0 {
		return ""
	}
	d.key = append(append(d.key[:0], prefix...), name...)
	return d.str.Intern(d.key)
}

func orElse(a, b *fastjson.Value) *fastjson.Value {
	if a != nil {
		return a
	}
	return b
}
