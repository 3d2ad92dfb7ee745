package slacktest

import (
	"fmt"
	"slices"
	"strings"
)

func (s *Server) history(a args) any {
	s.known(a, "channel", "cursor", "inclusive", "latest", "limit", "oldest", "include_all_metadata")
	c := s.channel(a.form.Get("channel"))
	switch {
	case c == nil:
		return refusal("channel_not_found")
	case !c.Member:
		return refusal("not_in_channel")
	}
	var all []Message
	for _, m := range slices.Backward(c.Messages) {
		latest := a.form.Get("latest")
		if m.TS < a.form.Get("oldest") || latest != "" && m.TS > latest || m.ThreadTS != "" && m.SubType == "" || m.Only != "" {
			continue // plain replies are not part of the channel's history, and what one user sees is in none
		}
		all = append(all, s.shown(m, a))
	}
	return listing(all, a)
}

func (s *Server) thread(a args) any {
	s.known(a, "channel", "ts", "cursor", "inclusive", "latest", "limit", "oldest", "include_all_metadata")
	c, root := s.message(a.form)
	switch {
	case c == nil:
		return refusal("channel_not_found")
	case root == nil:
		return refusal("thread_not_found")
	}
	all := []Message{s.shown(root, a)}
	for _, m := range c.Messages {
		if m.ThreadTS == root.TS && m.Only == "" {
			all = append(all, s.shown(m, a))
		}
	}
	return listing(all, a)
}

func (s *Server) shown(m *Message, a args) Message {
	out := *m
	if v := a.form.Get("include_all_metadata"); v != "1" && v != "true" {
		out.Metadata = nil
	}
	return out
}

func listing(all []Message, a args) any {
	part, next := page(all, a.form)
	if part == nil {
		part = []Message{}
	}
	return map[string]any{"ok": true, "messages": part, "has_more": next != "", "response_metadata": map[string]string{"next_cursor": next}}
}

func describe(c *Channel) map[string]any {
	return map[string]any{"id": c.ID, "name": c.Name, "is_archived": c.Archived, "is_member": c.Member, "is_private": c.Private, "is_im": c.IM != "", "user": c.IM}
}

func (s *Server) list(a args) any {
	s.known(a, "cursor", "exclude_archived", "limit", "types")
	var all []map[string]any
	for _, c := range s.Channels {
		if c.IM == "" && (!c.Archived || a.form.Get("exclude_archived") != "true") {
			all = append(all, describe(c))
		}
	}
	part, next := page(all, a.form)
	return map[string]any{"ok": true, "channels": part, "response_metadata": map[string]string{"next_cursor": next}}
}

func (s *Server) info(a args) any {
	s.known(a, "channel", "include_locale", "include_num_members")
	c := s.channel(a.form.Get("channel"))
	if c == nil {
		return refusal("channel_not_found")
	}
	return map[string]any{"ok": true, "channel": describe(c)}
}

// open opens the direct messages with one user; with the same user it is the same channel.
func (s *Server) open(a args) any {
	s.known(a, "users", "return_im", "channel", "prevent_creation")
	id := a.form.Get("users")
	u := s.user(id)
	switch {
	case strings.Contains(id, ","):
		return refusal("too_many_users")
	case u == nil:
		return refusal("user_not_found")
	case u.Deleted:
		return refusal("user_disabled")
	case u.ID == s.o.BotUser || u.Bot:
		return refusal("cannot_dm_bot")
	}
	return map[string]any{"ok": true, "channel": describe(s.im(u))}
}

func (s *Server) im(u *User) *Channel {
	for _, c := range s.Channels {
		if c.IM == u.ID {
			return c
		}
	}
	c := &Channel{ID: "D" + strings.TrimPrefix(u.ID, "U"), Name: u.Name, IM: u.ID, Member: true, Private: true}
	for len(c.ID) < 9 {
		c.ID += "0"
	}
	s.Channels = append(s.Channels, c)
	return c
}

func (s *Server) authTest(a args) any {
	s.known(a)
	return map[string]any{"ok": true, "url": s.base + "/", "team": "Example", "user": s.o.BotName, "team_id": s.o.TeamID, "user_id": s.o.BotUser, "bot_id": s.o.BotID}
}

func (s *Server) botInfo(a args) any {
	s.known(a, "bot", "team_id")
	if a.form.Get("bot") != s.o.BotID {
		return refusal("bot_not_found")
	}
	return map[string]any{"ok": true, "bot": map[string]any{"id": s.o.BotID, "app_id": s.o.AppID, "user_id": s.o.BotUser, "name": s.o.BotName, "deleted": false}}
}

func (s *Server) userInfo(a args) any {
	s.known(a, "user", "include_locale")
	u := s.user(a.form.Get("user"))
	if u == nil {
		return refusal("user_not_found")
	}
	return map[string]any{"ok": true, "user": s.person(u)}
}

func (s *Server) lookup(a args) any {
	s.known(a, "email")
	for _, u := range s.Users {
		if u.Email != "" && strings.EqualFold(u.Email, a.form.Get("email")) && !u.Deleted && !u.Guest {
			return map[string]any{"ok": true, "user": s.person(u)}
		}
	}
	return refusal("users_not_found")
}

func (s *Server) person(u *User) map[string]any {
	profile := map[string]any{"real_name": u.RealName, "display_name": u.Name, "title": u.Title}
	if s.o.Scopes == nil || slices.Contains(s.o.Scopes, "users:read.email") {
		profile["email"] = u.Email
	}
	return map[string]any{
		"id": u.ID, "team_id": u.TeamID, "name": u.Name, "real_name": u.RealName, "deleted": u.Deleted, "is_bot": u.Bot,
		"is_restricted": u.Restricted || u.Ultra, "is_ultra_restricted": u.Ultra, "is_stranger": u.Guest, "profile": profile,
	}
}

// Message finds a message by channel id and stamp.
func (s *Server) Message(channel, ts string) (*Message, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.channel(channel); c != nil {
		for _, m := range c.Messages {
			if m.TS == ts {
				return m, nil
			}
		}
	}
	return nil, fmt.Errorf("no message %s in %s", ts, channel)
}
