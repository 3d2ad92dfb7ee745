package slack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/grantwatch/grantwatch/alert"
)

const (
	maxPayload = 256 << 10
	freshFor   = 5 * time.Minute // how old a press may be
	modalFor   = time.Hour       // for how long a modal may stay open
	workFor    = 30 * time.Second
	maxWork    = 32 // presses that are worked on at the same time
)

// CallbackConfig is what Callbacks need.
type CallbackConfig struct {
	Notifier      *Notifier // with buttons
	Desk          alert.Desk
	Teams         func() []string // that a message can be handed to
	SigningSecret string          // of requests over HTTP
	AppToken      string          // of the application, for Socket Mode
	Now           func() time.Time
	Logger        *slog.Logger

	// Done hears of what was done, so that the messages can be edited before the next evaluation.
	Done func(ctx context.Context, a alert.Action, o alert.Outcome)
}

// Callbacks take what users press and submit, over HTTP and over Socket Mode, and hand it to the desk.
//
// A callback is answered at once and worked on afterwards; what became of it is said to the user who pressed. Before that
// it has to pass: the signature or the connection that Slack was asked for, the age, the replay cache, the workspace, the
// application, the message (ours, and the one that the button was made for), the tag of the button, and the user (a full
// member of the workspace). Whoever may do what on which team is decided by the desk.
type Callbacks struct {
	c    CallbackConfig
	n    *Notifier
	log  *slog.Logger
	now  func() time.Time
	done *once // actions by id
	seen *once // signed requests and envelopes

	mu   sync.Mutex
	self *self
	work sync.WaitGroup
	room chan struct{}
	stop context.CancelFunc
	ctx  context.Context //nolint:containedctx // of the work that goes on after a callback was answered
}

// NewCallbacks makes Callbacks. Close ends what they still work on.
func NewCallbacks(c CallbackConfig) *Callbacks {
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Teams == nil {
		c.Teams = func() []string { return nil }
	}
	if c.Done == nil {
		c.Done = func(context.Context, alert.Action, alert.Outcome) {}
	}
	if c.Notifier.seal == nil {
		c.Notifier.seal = newSealer(c.Notifier.token)
	}
	cb := &Callbacks{c: c, n: c.Notifier, log: c.Logger, now: c.Now, done: newOnce(10_000, time.Hour), seen: newOnce(100_000, 2*freshFor), room: make(chan struct{}, maxWork)}
	cb.ctx, cb.stop = context.WithCancel(context.Background())
	return cb
}

// Close waits for what is worked on, at most until ctx ends, and then stops it.
func (c *Callbacks) Close(ctx context.Context) {
	idle := make(chan struct{})
	go func() { c.work.Wait(); close(idle) }()
	select {
	case <-idle:
	case <-ctx.Done():
	}
	c.stop()
	<-idle
}

// Rejection is why a callback was not taken. It is said to nobody but the log: whoever forges learns nothing from it.
type Rejection string

// The closed set of rejections.
const (
	RejectBody      Rejection = "body"      // too large, or not a payload
	RejectSignature Rejection = "signature" // missing or wrong
	RejectExpired   Rejection = "expired"
	RejectReplayed  Rejection = "replayed"
	RejectWorkspace Rejection = "workspace" // another workspace, or a user of one
	RejectApp       Rejection = "application"
	RejectMessage   Rejection = "message" // not ours, not the one that the button was made for
	RejectValue     Rejection = "value"   // the tag does not fit
	RejectUser      Rejection = "user"    // no full member
	RejectUnknown   Rejection = "unknown" // a type or an action that we don't have
	RejectBusy      Rejection = "busy"
)

func (r Rejection) Error() string { return "slack: callback refused: " + string(r) }

// payload is what we read of a callback.
type payload struct {
	Type        string `json:"type"`
	APIAppID    string `json:"api_app_id"`
	TriggerID   string `json:"trigger_id"`
	ResponseURL string `json:"response_url"`
	ActionID    string `json:"action_id"` // of a suggestion
	Value       string `json:"value"`     // of a suggestion: what was typed
	Team        struct {
		ID string `json:"id"`
	} `json:"team"`
	User struct {
		ID     string `json:"id"`
		TeamID string `json:"team_id"`
	} `json:"user"`
	Container struct {
		Type      string `json:"type"`
		MessageTS string `json:"message_ts"`
		ChannelID string `json:"channel_id"`
	} `json:"container"`
	Message struct {
		TS       string        `json:"ts"`
		BotID    string        `json:"bot_id"`
		AppID    string        `json:"app_id"`
		Metadata *messageClaim `json:"metadata"`
		Blocks   []struct {
			Type string `json:"type"`
			Text struct {
				Text string `json:"text"`
			} `json:"text"`
		} `json:"blocks"`
	} `json:"message"`
	Actions []struct {
		Type           string `json:"type"`
		ActionID       string `json:"action_id"`
		ActionTS       string `json:"action_ts"`
		Value          string `json:"value"`
		SelectedOption struct {
			Value string `json:"value"`
		} `json:"selected_option"`
	} `json:"actions"`
	View struct {
		ID              string `json:"id"`
		TeamID          string `json:"team_id"`
		AppID           string `json:"app_id"`
		BotID           string `json:"bot_id"`
		CallbackID      string `json:"callback_id"`
		PrivateMetadata string `json:"private_metadata"`
		State           struct {
			Values map[string]map[string]struct {
				Value          *string `json:"value"`
				SelectedDate   *string `json:"selected_date"`
				SelectedUser   *string `json:"selected_user"`
				SelectedOption *struct {
					Value string `json:"value"`
				} `json:"selected_option"`
			} `json:"values"`
		} `json:"state"`
	} `json:"view"`
}

type messageClaim struct {
	EventType    string         `json:"event_type"`
	EventPayload map[string]any `json:"event_payload"`
}

// anchor is the message that metadata names; ok is false when it is not one of ours.
func (m *messageClaim) anchor() (anchor, bool) {
	if m == nil || m.EventType != eventType {
		return anchor{}, false
	}
	word := func(k string) string { s, _ := m.EventPayload[k].(string); return s }
	a := anchor{alert.Key{Channel: word("channel"), Fingerprint: word("fingerprint")}, word("post")}
	return a, a.key.Channel != "" && a.key.Fingerprint != "" && a.post != ""
}

// take checks a callback. It returns what is to be answered, which may be nothing, and what is to be done afterwards.
func (c *Callbacks) take(ctx context.Context, raw []byte) (answer any, work func(context.Context), err error) {
	if len(raw) > maxPayload {
		return nil, nil, RejectBody
	}
	var p payload
	if err := json.Unmarshal(raw, &p); err != nil {
		return nil, nil, RejectBody
	}
	me, err := c.whoAmI(ctx)
	switch {
	case err != nil:
		return nil, nil, errors.Join(RejectBusy, err)
	case p.Team.ID != me.team || p.User.TeamID != "" && p.User.TeamID != me.team:
		return nil, nil, RejectWorkspace
	case p.APIAppID != me.app:
		return nil, nil, RejectApp
	case !slackID(p.User.ID):
		return nil, nil, RejectBody
	}
	switch p.Type {
	case "block_actions":
		work, err = c.pressed(&p, me)
	case "view_submission":
		answer, work, err = c.submitted(&p, me)
	case "block_suggestion":
		answer, err = c.suggest(&p, me)
	case "view_closed":
	default:
		err = RejectUnknown
	}
	return answer, work, err
}

// slackID reports whether s looks like an id of Slack's.
func slackID(s string) bool {
	return len(s) >= 3 && len(s) <= 40 && strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == ""
}

// stampTime reads the time in one of Slack's time stamps.
func stampTime(ts string) (time.Time, bool) {
	whole, frac, _ := strings.Cut(ts, ".")
	sec, err := strconv.ParseInt(whole, 10, 64)
	if err != nil || sec <= 0 || sec > 1<<40 || len(frac) > 6 || strings.Trim(frac, "0123456789") != "" {
		return time.Time{}, false
	}
	return time.Unix(sec, 0), true
}

// pressed checks a press of a button or a choice in a menu.
func (c *Callbacks) pressed(p *payload, me *self) (func(context.Context), error) {
	if len(p.Actions) != 1 {
		return nil, RejectBody
	}
	act := &p.Actions[0]
	at, ok := stampTime(act.ActionTS)
	switch {
	case !ok || p.Container.Type != "message" || !slackID(p.Container.ChannelID):
		return nil, RejectBody
	case c.now().Sub(at).Abs() > freshFor:
		return nil, RejectExpired
	case p.Message.TS == "" || p.Message.TS != p.Container.MessageTS || p.Message.BotID != me.bot || p.Message.AppID != "" && p.Message.AppID != me.app:
		return nil, RejectMessage
	case act.ActionID == actOpen:
		return nil, nil // a link; the browser has followed it
	}
	if _, ok := stampTime(p.Message.TS); !ok {
		return nil, RejectMessage
	}
	verb, ok := verbs[act.ActionID]
	if !ok {
		return nil, RejectUnknown
	}
	value := act.Value
	if verb == alert.VerbSnooze {
		value = act.SelectedOption.Value
	}
	id := actionID("press", p.Team.ID, p.User.ID, p.Container.ChannelID, p.Message.TS, act.ActionTS, act.ActionID, value)
	return func(ctx context.Context) { c.press(ctx, p, verb, value, id, at) }, nil
}

var verbs = map[string]alert.Verb{
	actAcknowledge: alert.VerbAcknowledge, actSnooze: alert.VerbSnooze, actNotMine: alert.VerbNotMine,
	actExcept: alert.VerbExcept, actRevoked: alert.VerbMarkRevoked, actApprove: alert.VerbApprove, actDecline: alert.VerbDecline,
}

// run does what follows a callback, beside the answer. It reports whether there was room for it.
func (c *Callbacks) run(work func(context.Context)) bool {
	if work == nil {
		return true
	}
	select {
	case c.room <- struct{}{}:
	default:
		return false
	}
	c.work.Go(func() {
		defer func() { <-c.room }()
		ctx, stop := context.WithTimeout(c.ctx, workFor)
		defer stop()
		work(ctx)
	})
	return true
}

// actionID is the same for every delivery of the same press.
func actionID(parts ...string) string {
	return "slack-" + newSealer("").tag(parts...)
}

func (c *Callbacks) refuse(how string, err error) {
	c.log.Warn("slack: callback refused", "via", how, "reason", fmt.Sprint(err))
}
