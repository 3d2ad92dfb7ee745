package slacktest

import (
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

func (s *Server) post(a args) any {
	s.known(a, "channel", "text", "blocks", "metadata", "parse", "unfurl_links", "unfurl_media", "thread_ts", "reply_broadcast")
	form := a.form
	i := slices.IndexFunc(s.Channels, func(c *Channel) bool {
		return c.ID == form.Get("channel") || c.IM == "" && c.Name == strings.TrimPrefix(form.Get("channel"), "#")
	})
	if code := s.refusePost(i); code != "" {
		return refusal(code)
	}
	c := s.Channels[i]
	if form.Get("unfurl_links") != "false" || form.Get("unfurl_media") != "false" {
		s.o.Complain("a posted message may unfurl links")
	}
	if last, ok := s.lastPost[c.ID]; ok && s.o.Now().Sub(last) < s.o.Every {
		s.o.Complain("two messages to #%s within %s", c.Name, s.o.Now().Sub(last))
		return refusal("ratelimited")
	}
	s.lastPost[c.ID] = s.o.Now()
	if code := s.checkMessage(form); code != "" {
		return refusal(code)
	}
	m := &Message{
		Type: "message", User: s.o.BotUser, BotID: s.o.BotID, AppID: s.o.AppID, Text: form.Get("text"), Blocks: raw(form.Get("blocks")),
		Metadata: raw(form.Get("metadata")), ThreadTS: form.Get("thread_ts"),
	}
	if m.ThreadTS != "" {
		if !slices.ContainsFunc(c.Messages, func(o *Message) bool { return o.TS == m.ThreadTS && o.ThreadTS == "" }) {
			return refusal("thread_not_found")
		}
		if form.Get("reply_broadcast") == "true" {
			m.SubType = "thread_broadcast"
		}
	}
	m.TS = s.stamp()
	c.Messages = append(c.Messages, m)
	s.posted++
	s.changed()
	return map[string]any{"ok": true, "channel": c.ID, "ts": m.TS, "message": m}
}

func raw(s string) json.RawMessage {
	if s == "" {
		return nil
	}
	return json.RawMessage(s)
}

func (s *Server) refusePost(i int) string {
	switch {
	case i < 0:
		return "channel_not_found"
	case s.Channels[i].Archived:
		return "is_archived"
	case !s.Channels[i].Member:
		return "not_in_channel"
	}
	return ""
}

// postEphemeral shows a message to one user of a channel.
func (s *Server) postEphemeral(a args) any {
	s.known(a, "channel", "user", "text", "parse", "unfurl_links", "unfurl_media", "thread_ts")
	i := slices.IndexFunc(s.Channels, func(c *Channel) bool { return c.ID == a.form.Get("channel") })
	if code := s.refusePost(i); code != "" {
		return refusal(code)
	}
	u := s.user(a.form.Get("user"))
	text := a.form.Get("text")
	switch {
	case u == nil || u.Deleted:
		return refusal("user_not_in_channel")
	case strings.TrimSpace(text) == "" || len(text) > 4000:
		return refusal("no_text")
	}
	m := &Message{TS: s.stamp(), Type: "message", BotID: s.o.BotID, Text: text, Only: u.ID}
	s.Channels[i].Messages = append(s.Channels[i].Messages, m)
	s.changed()
	return map[string]any{"ok": true, "message_ts": m.TS}
}

func (s *Server) update(a args) any {
	s.known(a, "channel", "ts", "text", "blocks", "metadata", "parse")
	c, m := s.message(a.form)
	switch {
	case c == nil:
		return refusal("channel_not_found")
	case m == nil:
		return refusal("message_not_found")
	case m.BotID != s.o.BotID:
		return refusal("cant_update_message")
	case c.Archived:
		return refusal("is_archived")
	}
	if code := s.checkMessage(a.form); code != "" {
		return refusal(code)
	}
	m.Text, m.Blocks, m.Metadata = a.form.Get("text"), raw(a.form.Get("blocks")), raw(a.form.Get("metadata"))
	m.Edits++
	s.changed()
	return map[string]any{"ok": true, "channel": c.ID, "ts": m.TS, "text": m.Text}
}

func (s *Server) remove(a args) any {
	s.known(a, "channel", "ts")
	c, m := s.message(a.form)
	switch {
	case c == nil:
		return refusal("channel_not_found")
	case m == nil:
		return refusal("message_not_found")
	case m.BotID != s.o.BotID:
		return refusal("cant_delete_message")
	}
	c.Messages = slices.DeleteFunc(c.Messages, func(o *Message) bool { return o == m })
	s.changed()
	return map[string]any{"ok": true, "channel": c.ID, "ts": m.TS}
}

// message finds a message by channel id and stamp: every method but chat.postMessage insists on ids.
func (s *Server) message(form url.Values) (*Channel, *Message) {
	c := s.channel(form.Get("channel"))
	if c == nil {
		return nil, nil
	}
	i := slices.IndexFunc(c.Messages, func(m *Message) bool { return m.TS == form.Get("ts") && m.Only == "" })
	if i < 0 {
		return c, nil
	}
	return c, c.Messages[i]
}

func (s *Server) channel(id string) *Channel {
	i := slices.IndexFunc(s.Channels, func(c *Channel) bool { return c.ID == id })
	if i < 0 {
		return nil
	}
	return s.Channels[i]
}

func (s *Server) user(id string) *User {
	i := slices.IndexFunc(s.Users, func(u *User) bool { return u.ID == id })
	if i < 0 {
		return nil
	}
	return s.Users[i]
}

// page cuts a list as Slack's cursors do.
func page[T any](all []T, form url.Values) (part []T, next string) {
	from, _ := strconv.Atoi(form.Get("cursor"))
	limit, err := strconv.Atoi(form.Get("limit"))
	if err != nil || limit < 1 {
		limit = 100
	}
	to := min(from+min(limit, 200), len(all))
	if to < len(all) {
		next = strconv.Itoa(to)
	}
	return all[min(from, len(all)):to], next
}
