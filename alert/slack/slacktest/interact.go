package slacktest

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Press is one press of a button or choice in a menu.
type Press struct {
	User, Channel, TS string
	ActionID          string
	Option            string // value of the chosen option
}

// Answer is what the application answered a callback with.
type Answer struct {
	Status int
	Body   []byte
}

type responseURL struct {
	channel, user, ts string
	left              int
	until             time.Time
}

// Payload makes the payload of a press without delivering it, so that a test can change it before it does.
func (s *Server) Payload(p Press) (map[string]any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.channel(p.Channel)
	u := s.user(p.User)
	if c == nil || u == nil {
		return nil, fmt.Errorf("no such channel or user")
	}
	i := slices.IndexFunc(c.Messages, func(m *Message) bool { return m.TS == p.TS })
	if i < 0 {
		return nil, fmt.Errorf("no such message")
	}
	m := c.Messages[i]
	e, block, err := find(m.Blocks, p.ActionID)
	if err != nil {
		return nil, err
	}
	action := map[string]any{"action_id": e.ActionID, "block_id": block, "type": e.Type, "action_ts": s.stamp()}
	switch e.Type {
	case "button":
		action["value"], action["text"] = e.Value, e.RawText
		if e.URL != "" {
			action["url"] = e.URL
		}
	case "static_select", "overflow":
		j := slices.IndexFunc(e.Options, func(o Option) bool { return o.Value == p.Option })
		if j < 0 {
			return nil, fmt.Errorf("no such option")
		}
		action["selected_option"] = e.Options[j]
	default:
		return nil, fmt.Errorf("cannot press a %s", e.Type)
	}
	s.seq++
	trig := fmt.Sprintf("%d.trigger", s.seq)
	s.triggers[trig] = trigger{p.User, p.Channel, s.o.Now().Add(triggerLife)}
	resp := fmt.Sprintf("r%d", s.seq)
	s.replies[resp] = &responseURL{p.Channel, p.User, p.TS, 5, s.o.Now().Add(30 * time.Minute)}
	shown := *m
	shown.Metadata = nil // Slack's documentation does not promise it, so an application cannot rest on it
	return map[string]any{
		"type": "block_actions", "api_app_id": s.o.AppID, "token": "deprecated",
		"team": map[string]any{"id": s.o.TeamID, "domain": "example"}, "user": map[string]any{"id": u.ID, "username": u.Name, "name": u.Name, "team_id": u.TeamID},
		"container": map[string]any{"type": "message", "message_ts": m.TS, "channel_id": c.ID, "is_ephemeral": false}, "trigger_id": trig,
		"channel": map[string]any{"id": c.ID, "name": c.Name}, "message": shown, "state": map[string]any{"values": map[string]any{}},
		"response_url": s.base + "/respond/" + resp, "actions": []any{action}, "is_enterprise_install": false, "enterprise": nil,
	}, nil
}

func find(blocks json.RawMessage, action string) (*Element, string, error) {
	list, err := Blocks(string(blocks), false)
	if err != nil {
		return nil, "", err
	}
	for i := range list {
		b := &list[i]
		id := b.BlockID
		if id == "" {
			id = fmt.Sprintf("b%d", i)
		}
		if b.Type == "actions" {
			for j := range b.Elements {
				if b.Elements[j].ActionID == action {
					return &b.Elements[j], id, nil
				}
			}
		}
		if b.Accessory != nil && b.Accessory.ActionID == action {
			return b.Accessory, id, nil
		}
	}
	return nil, "", fmt.Errorf("the message has no %q", action)
}

// Press presses and delivers.
func (s *Server) Press(ctx context.Context, p Press) (Answer, error) {
	payload, err := s.Payload(p)
	if err != nil {
		return Answer{}, err
	}
	return s.Deliver(ctx, payload)
}

// Input is what a user put into one element of a modal.
type Input struct {
	Type  string // of the element
	Value string // text, date, user id or option value
}

// Submission makes the payload of a submitted modal. values are by block id; what is missing was left empty.
func (s *Server) Submission(view string, values map[string]Input) (map[string]any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.views[view]
	if v == nil {
		return nil, fmt.Errorf("no such view")
	}
	u := s.user(v.User)
	state := map[string]any{}
	for i := range v.Blocks {
		b := &v.Blocks[i]
		if b.Type != "input" {
			continue
		}
		in, e := values[b.BlockID], b.Element
		if in.Value == "" && !b.Optional {
			return nil, fmt.Errorf("%s: please complete this required field", b.BlockID)
		}
		n := len([]rune(in.Value))
		if e.Type == "plain_text_input" && in.Value != "" && (n < e.MinLength || e.MaxLength > 0 && n > e.MaxLength) {
			return nil, fmt.Errorf("%s: between %d and %d characters, please", b.BlockID, e.MinLength, e.MaxLength)
		}
		one := map[string]any{"type": e.Type}
		var val any = in.Value
		if in.Value == "" {
			val = nil
		}
		switch e.Type {
		case "plain_text_input":
			one["value"] = val
		case "datepicker":
			one["selected_date"] = val
		case "users_select":
			one["selected_user"] = val
		case "static_select", "external_select":
			one["selected_option"] = nil
			if in.Value != "" {
				no := false
				one["selected_option"] = Option{Text: &Text{Type: "plain_text", Text: in.Value, Emoji: &no}, Value: in.Value}
			}
		}
		state[b.BlockID] = map[string]any{e.ActionID: one}
	}
	return map[string]any{
		"type": "view_submission", "api_app_id": s.o.AppID, "team": map[string]any{"id": s.o.TeamID, "domain": "example"},
		"user": map[string]any{"id": u.ID, "username": u.Name, "name": u.Name, "team_id": u.TeamID}, "view": s.viewObject(v, state), "response_urls": []any{},
	}, nil
}

// Submit submits a modal and delivers it. Errors under fields stay with the view; otherwise it is closed.
func (s *Server) Submit(ctx context.Context, view string, values map[string]Input) (Answer, error) {
	payload, err := s.Submission(view, values)
	if err != nil {
		return Answer{}, err
	}
	ans, err := s.Deliver(ctx, payload)
	if err != nil {
		return ans, err
	}
	var said struct {
		Action string            `json:"response_action"`
		Errors map[string]string `json:"errors"`
	}
	if len(bytes.TrimSpace(ans.Body)) > 0 {
		if err := json.Unmarshal(ans.Body, &said); err != nil {
			s.o.Complain("the answer to a submission is not JSON: %v", err)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.changed()
	if v := s.views[view]; v != nil && said.Action == "errors" {
		v.Errors = said.Errors
		for id := range said.Errors {
			if !slices.ContainsFunc(v.Blocks, func(b Block) bool { return b.Type == "input" && b.BlockID == id }) {
				s.o.Complain("an error under %q, which is no input", id)
			}
		}
		return ans, nil
	}
	if ans.Status == http.StatusOK {
		delete(s.views, view)
	}
	return ans, nil
}

// Suggest asks the application for the options of an external select.
func (s *Server) Suggest(ctx context.Context, view, action, query string) ([]Option, error) {
	s.mu.Lock()
	v := s.views[view]
	if v == nil {
		s.mu.Unlock()
		return nil, fmt.Errorf("no such view")
	}
	u := s.user(v.User)
	payload := map[string]any{
		"type": "block_suggestion", "api_app_id": s.o.AppID, "team": map[string]any{"id": s.o.TeamID}, "action_id": action, "value": query,
		"user": map[string]any{"id": u.ID, "team_id": u.TeamID}, "view": s.viewObject(v, nil),
	}
	s.mu.Unlock()
	ans, err := s.Deliver(ctx, payload)
	if err != nil {
		return nil, err
	}
	var out struct {
		Options []Option `json:"options"`
	}
	if err := decodeStrictly(string(ans.Body), &out); err != nil {
		return nil, err
	}
	if len(out.Options) > MaxOptions {
		return nil, fmt.Errorf("%d options", len(out.Options))
	}
	return out.Options, nil
}

// Deliver sends a payload to where the application listens.
func (s *Server) Deliver(ctx context.Context, payload map[string]any) (Answer, error) {
	body, err := json.Marshal(payload)
	if err != nil {
		return Answer{}, err
	}
	s.mu.Lock()
	target := s.o.RequestURL
	if payload["type"] == "block_suggestion" {
		target = s.o.OptionsURL
	}
	s.seq++
	id := fmt.Sprintf("envelope-%d", s.seq)
	s.mu.Unlock()
	if target == "" {
		return s.Envelope(ctx, id, body)
	}
	form := url.Values{"payload": {string(body)}}.Encode()
	at, sig := s.Sign([]byte(form), s.o.Now())
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, target, strings.NewReader(form))
	if err != nil {
		return Answer{}, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("X-Slack-Request-Timestamp", at)
	req.Header.Set("X-Slack-Signature", sig)
	began := time.Now()
	resp, err := s.o.Callback.Do(req)
	if err != nil {
		return Answer{}, err
	}
	defer func() { _ = resp.Body.Close() }() // it was read
	got, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if took := time.Since(began); took > ackWithin {
		s.o.Complain("the callback was answered after %s", took)
	}
	return Answer{resp.StatusCode, got}, err
}

// Sign signs a body as Slack does.
func (s *Server) Sign(body []byte, at time.Time) (timestamp, signature string) {
	timestamp = strconv.FormatInt(at.Unix(), 10)
	h := hmac.New(sha256.New, []byte(s.o.SigningSecret))
	_, _ = fmt.Fprintf(h, "v0:%s:", timestamp) // a hash takes everything
	_, _ = h.Write(body)
	return timestamp, "v0=" + hex.EncodeToString(h.Sum(nil))
}

// serveRespond takes what the application says through a response_url: five times within thirty minutes.
func (s *Server) serveRespond(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Type            string `json:"response_type"`
		Text            string `json:"text"`
		ReplaceOriginal *bool  `json:"replace_original"`
		Thread          string `json:"thread_ts"`
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	if err == nil {
		err = decodeStrictly(string(body), &in)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.replies[strings.TrimPrefix(r.URL.Path, "/respond/")]
	switch {
	case r.Header.Get("Authorization") != "":
		s.o.Complain("a response_url was sent a token")
	case err != nil || in.Text == "" || len(in.Text) > MaxText:
		s.o.Complain("response_url: %v, or no text or too much", err)
	case in.ReplaceOriginal == nil || *in.ReplaceOriginal:
		s.o.Complain("a response would replace the message")
	}
	if u == nil || u.left == 0 || s.o.Now().After(u.until) || r.Method != http.MethodPost {
		http.Error(w, "used_url", http.StatusNotFound)
		return
	}
	u.left--
	if c := s.channel(u.channel); c != nil {
		c.Messages = append(c.Messages, &Message{TS: s.stamp(), Type: "message", BotID: s.o.BotID, Text: in.Text, Only: u.user})
	}
	s.changed()
	_, _ = io.WriteString(w, "ok")
}
