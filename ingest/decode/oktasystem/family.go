package oktasystem

import (
	"strings"

	"github.com/grantwatch/grantwatch/access"
)

// family is what an event type's beginning says about the event.
type family struct {
	prefix   string
	class    string // OCSF class
	logClass string
	level    access.Level
}

// families is searched from the top; longer prefixes stand before the shorter ones that they begin with.
var families = []family{
	{"user.session.access_admin_app", "Authentication", "signin-interactive", access.LevelAuth},
	{"user.session.impersonation.", "Authorize Session", "admin", access.LevelAdmin},
	{"user.session.clear", "Authentication", "admin", access.LevelWrite},
	{"user.session.", "Authentication", "signin-interactive", access.LevelAuth},
	{"user.authentication.", "Authentication", "signin-interactive", access.LevelAuth},
	{"user.credential.", "Authentication", "signin-interactive", access.LevelAuth},
	{"user.mfa.okta_verify", "Authentication", "signin-interactive", access.LevelAuth},
	{"user.mfa.attempt_bypass", "Authentication", "signin-interactive", access.LevelAuth},
	{"user.mfa.", "Account Change", "admin", access.LevelAdmin},
	{"user.account.privilege.", "User Access Management", "admin", access.LevelAdmin},
	{"user.account.access", "Authentication", "signin-interactive", access.LevelAuth},
	{"user.account.", "Account Change", "admin", access.LevelAdmin},
	{"user.lifecycle.", "Account Change", "admin", access.LevelAdmin},
	{"user.import.", "Account Change", "system", access.LevelWrite},
	{"user.risk.", "API Activity", "system", access.LevelOther},
	{"policy.evaluate_sign_on", "Authentication", "signin-interactive", access.LevelAuth},
	{"policy.auth_reevaluate", "Authentication", "signin-noninteractive", access.LevelAuth},
	{"policy.entity_risk", "API Activity", "system", access.LevelOther},
	{"policy.", "API Activity", "admin", access.LevelAdmin},
	{"group.user_membership.", "Group Management", "admin", access.LevelAdmin},
	{"group.", "Group Management", "admin", access.LevelAdmin},
	{"application.user_membership.", "User Access Management", "admin", access.LevelAdmin},
	{"application.policy.sign_on.deny_access", "Authentication", "signin-interactive", access.LevelAuth},
	{"application.integration.authentication_failure", "Authentication", "signin-noninteractive", access.LevelAuth},
	{"application.", "API Activity", "admin", access.LevelAdmin},
	{"app.generic.unauth_app_access_attempt", "Authentication", "signin-interactive", access.LevelAuth},
	{"app.oauth2.as.consent", "User Access Management", "admin", access.LevelAdmin},
	{"app.oauth2.consent", "User Access Management", "admin", access.LevelAdmin},
	{"app.oauth2.client.", "API Activity", "admin", access.LevelAdmin},
	{"app.oauth2.admin.consent", "User Access Management", "admin", access.LevelAdmin},
	{"app.oauth2.", "Authentication", "signin-noninteractive", access.LevelAuth},
	{"app.access_request.", "User Access Management", "admin", access.LevelWrite},
	{"app.user_management", "User Access Management", "admin", access.LevelAdmin},
	{"app.", "API Activity", "system", access.LevelWrite},
	{"iam.", "User Access Management", "admin", access.LevelAdmin},
	{"system.api_token.", "API Activity", "admin", access.LevelAdmin},
	{"system.log_stream.", "API Activity", "admin", access.LevelAdmin},
	{"system.idp.lifecycle.", "API Activity", "admin", access.LevelAdmin},
	{"system.", "API Activity", "system", access.LevelOther},
	{"zone.", "API Activity", "admin", access.LevelAdmin},
	{"security.", "API Activity", "admin", access.LevelAdmin},
	{"pam.", "API Activity", "admin", access.LevelWrite},
	{"", "API Activity", "admin", access.LevelWrite},
}

func familyOf(eventType string) *family {
	for i := range families {
		if strings.HasPrefix(eventType, families[i].prefix) {
			return &families[i]
		}
	}
	return &families[len(families)-1]
}
