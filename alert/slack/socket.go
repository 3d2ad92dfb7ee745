package slack

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/gorilla/websocket"
	slackapi "github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"

	"github.com/grantwatch/grantwatch/alert/outbound"
)

// Dial connects the WebSocket of Socket Mode; nil means the network, public addresses only.
type Dial func(ctx context.Context, network, addr string) (net.Conn, error)

// Listen takes callbacks over Socket Mode until ctx ends. It connects again by itself; it returns an error only when there
// is no hope, as with a token that is not valid.
func (c *Callbacks) Listen(ctx context.Context, client *http.Client, dial Dial) error {
	token := strings.TrimSpace(c.c.AppToken)
	api := slackapi.New("", slackapi.OptionAPIURL(c.n.base.String()), slackapi.OptionAppLevelToken("xapp-"), slackapi.OptionHTTPClient(newCourier(client, token)))
	if dial == nil {
		dial = outbound.Dialer(nil).DialContext
		if c.n.base.Scheme == "http" { // an API of one's own
			var d net.Dialer
			dial = d.DialContext
		}
	}
	ws := &websocket.Dialer{HandshakeTimeout: 20 * time.Second, ReadBufferSize: 16 << 10, NetDialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
		if !c.mayConnect(addr) {
			return nil, fmt.Errorf("slack: socket mode: the address is not Slack's")
		}
		return dial(ctx, network, addr)
	}}
	sm := socketmode.New(api, socketmode.OptionDialer(ws), socketmode.OptionReadLimit(2*maxPayload))
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- sm.RunContext(ctx) }()
	for {
		select {
		case err := <-ended:
			if ctx.Err() != nil {
				return nil
			}
			var answer slackapi.SlackErrorResponse
			code := "unknown_error"
			if errors.As(err, &answer) {
				code = codeWord(answer.Err)
			}
			return &PermanentError{Method: "apps.connections.open", Code: code, Channel: "socket mode", Hint: or(hints[code], "check app_token_file: an app-level token (xapp-…) with connections:write")}
		case e := <-sm.Events:
			c.event(ctx, sm, &e, token)
		}
	}
}

// mayConnect reports whether a WebSocket may be opened to an address that apps.connections.open answered.
func (c *Callbacks) mayConnect(addr string) bool {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return false
	}
	host = strings.ToLower(host)
	if host == strings.ToLower(c.n.base.Hostname()) {
		return true
	}
	return port == "443" && (host == "slack.com" || strings.HasSuffix(host, ".slack.com"))
}

func (c *Callbacks) event(ctx context.Context, sm *socketmode.Client, e *socketmode.Event, token string) {
	switch e.Type {
	case socketmode.EventTypeInteractive:
		c.envelope(ctx, sm, e.Request)
	case socketmode.EventTypeConnected:
		c.log.Info("slack: listening over Socket Mode")
	case socketmode.EventTypeConnectionError:
		why := "no connection"
		if x, ok := e.Data.(*slackapi.ConnectionErrorEvent); ok && x.ErrorObj != nil {
			why = strings.ReplaceAll(c.n.redact(x.ErrorObj), token, "[token]")
		}
		c.log.Warn("slack: Socket Mode is not connected; it is tried again", "error", why)
	case socketmode.EventTypeSlashCommand, socketmode.EventTypeEventsAPI: // not asked for; Slack wants to hear that they came
		c.ack(ctx, sm, e.Request, nil)
	}
}

// envelope takes one callback. What is refused is acknowledged too, without effect: Slack would deliver it again.
func (c *Callbacks) envelope(ctx context.Context, sm *socketmode.Client, req *socketmode.Request) {
	if req == nil {
		return
	}
	if !c.seen.first("envelope "+req.EnvelopeID, c.now()) {
		c.refuse("socket", RejectReplayed)
		c.ack(ctx, sm, req, nil)
		return
	}
	tctx, stop := context.WithTimeout(ctx, answerWithin)
	answer, work, err := c.take(tctx, req.Payload)
	stop()
	if err != nil {
		c.refuse("socket", err)
	}
	c.ack(ctx, sm, req, answer)
	if err == nil && !c.run(work) {
		c.refuse("socket", RejectBusy)
	}
}

func (c *Callbacks) ack(ctx context.Context, sm *socketmode.Client, req *socketmode.Request, answer any) {
	if err := sm.AckCtx(ctx, req.EnvelopeID, answer); err != nil && ctx.Err() == nil {
		c.log.Warn("slack: a callback could not be acknowledged", "error", err)
	}
}
