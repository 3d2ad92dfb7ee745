package slack

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	slackapi "github.com/slack-go/slack"

	"github.com/grantwatch/grantwatch/alert"
)

// PermanentError is a refusal that repeating does not change: somebody has to do what Hint says.
type PermanentError struct {
	Method  string
	Code    string // Slack's word for it, or http_404 and the like
	Channel string // as configured
	Hint    string
}

func (e *PermanentError) Error() string {
	return fmt.Sprintf("slack: %s to %q: %s: %s", e.Method, e.Channel, e.Code, e.Hint)
}

// BusyError is a pause that Slack asks for and that is too long to wait out here.
type BusyError struct {
	Method     string
	RetryAfter time.Duration
}

func (e *BusyError) Error() string {
	return fmt.Sprintf("slack: %s: rate limited, retry after %s", e.Method, e.RetryAfter)
}

// class says what a failed call means for the next one.
type class int

const (
	done     class = iota
	refused        // for good
	gone           // the message to change is not there
	busy           // not accepted, later it will be
	unsent         // never left this machine
	unsure         // may or may not have been accepted
	canceled       // the caller gave up; what was under way is unsure
)

type outcome struct {
	class
	err   error
	pause time.Duration
}

// judge turns what a call returned into what it means. No text of the other side gets into an error, for it could carry
// anything; its codes do, when they look like codes.
func (n *Notifier) judge(ctx context.Context, method, channel string, err error) outcome {
	var status slackapi.StatusCodeError
	var limited *slackapi.RateLimitedError
	var answer slackapi.SlackErrorResponse
	var dial *net.OpError
	var lookup *net.DNSError
	switch {
	case err == nil:
		return outcome{}
	case ctx.Err() != nil:
		return outcome{class: canceled, err: fmt.Errorf("slack: %s: %w", method, ctx.Err())}
	case errors.As(err, &limited):
		return outcome{class: busy, pause: max(limited.RetryAfter, time.Second), err: &BusyError{method, max(limited.RetryAfter, time.Second)}}
	case errors.As(err, &answer):
		return n.answered(method, channel, codeWord(answer.Err))
	case errors.As(err, &status) && status.Code >= 500:
		return outcome{class: unsure, err: fmt.Errorf("slack: %s: status %d", method, status.Code)}
	case errors.As(err, &status):
		return outcome{class: refused, err: &PermanentError{method, fmt.Sprintf("http_%d", status.Code), channel, "check api_url and what stands between here and Slack"}}
	case errors.As(err, &lookup), errors.As(err, &dial) && dial.Op == "dial":
		return outcome{class: unsent, err: fmt.Errorf("slack: %s: %s", method, n.redact(err))}
	}
	return outcome{class: unsure, err: fmt.Errorf("slack: %s: %s", method, n.redact(err))}
}

func (n *Notifier) answered(method, channel, code string) outcome {
	switch code {
	case "ratelimited", "rate_limited", "service_unavailable":
		return outcome{class: busy, pause: time.Second, err: &BusyError{method, time.Second}}
	case "internal_error", "fatal_error", "request_timeout": // documented as: part of it may have succeeded
		return outcome{class: unsure, err: fmt.Errorf("slack: %s: %s", method, code)}
	case "message_not_found", "cant_update_message", "edit_window_closed":
		return outcome{class: gone, err: fmt.Errorf("slack: %s: %s: %w", method, code, alert.ErrGone)}
	}
	hint, ok := hints[code]
	if !ok {
		hint = "Slack refuses it; the method's documentation says why"
	}
	return outcome{class: refused, err: &PermanentError{method, code, channel, hint}}
}

var hints = map[string]string{
	"invalid_auth":            "the token is not valid; put the bot token (xoxb-…) of an installed application into the token file",
	"not_authed":              "the token is empty or does not arrive",
	"account_inactive":        "the token's user or workspace is deactivated",
	"token_revoked":           "the token was revoked; install the application again",
	"token_expired":           "the token has expired",
	"not_allowed_token_type":  "use a bot token (xoxb-…)",
	"missing_scope":           "the application lacks a scope; install it again with those of deploy/slack/manifest.yaml",
	"channel_not_found":       "no such channel, or it is private and the application is not in it; a channel id is safer than a name",
	"not_in_channel":          "invite the application to the channel",
	"is_archived":             "the channel is archived; route the team to another",
	"restricted_action":       "a workspace setting forbids the application to post there",
	"team_access_not_granted": "the application is not installed in the channel's workspace",
	"msg_too_long":            "the message is longer than Slack allows, which is a defect of Grantwatch",
	"msg_blocks_too_long":     "the message is longer than Slack allows, which is a defect of Grantwatch",
	"users_not_found":         "nobody in the workspace has this e-mail address",
	"user_disabled":           "the user is deactivated; route to somebody else",
	"user_not_found":          "no such user in the workspace",
	"cannot_dm_bot":           "a bot cannot be told anything; route to a person",
	"thread_not_found":        "the message whose thread is answered is gone",
	"file_not_found":          "the uploaded file is gone before it was shared; it is sent again after the next evaluation",
	"storage_limit_reached":   "the workspace has no room for files",
	"file_uploads_disabled":   "a workspace setting forbids files",
	"ekm_access_denied":       "the workspace's key management forbids it",
	"org_login_required":      "the workspace is being moved to another organisation; try again when that is over",
	"access_denied":           "a workspace setting forbids it",
	"no_permission":           "the token's user may not do this; install the application again",
	"metadata_too_large":      "the message's metadata is longer than Slack allows, which is a defect of Grantwatch",
	"no_text":                 "the message is empty, which is a defect of Grantwatch",
	"invalid_arguments":       "Slack does not understand the call, which is a defect of Grantwatch",
	"invalid_blocks":          "the message is not well formed, which is a defect of Grantwatch",
}

// codeWord lets only what looks like a code of Slack's through.
func codeWord(s string) string {
	if s == "" || len(s) > 64 || strings.Trim(s, "abcdefghijklmnopqrstuvwxyz_0123456789") != "" {
		return "unknown_error"
	}
	return s
}

// redact is the error's text without the token, which should not be in there in the first place.
func (n *Notifier) redact(err error) string {
	if n.token == "" {
		return err.Error()
	}
	return strings.ReplaceAll(err.Error(), n.token, "[token]")
}
