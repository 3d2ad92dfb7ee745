package slacktest

import (
	"encoding/json"
	"fmt"
	"time"
)

// View is a modal that is open in front of a user.
type View struct {
	ID, CallbackID, PrivateMetadata string
	Title, SubmitLabel, CloseLabel  string
	User, Channel                   string
	Blocks                          []Block
	RawBlocks                       json.RawMessage
	Errors                          map[string]string // by block, after a refused submission
	raw                             map[string]any
}

// trigger lets an application open a modal, once and soon.
type trigger struct {
	user, channel string
	until         time.Time
}

const triggerLife = 3 * time.Second

func (s *Server) openView(a args) any {
	var in struct {
		TriggerID string          `json:"trigger_id"`
		View      json.RawMessage `json:"view"`
	}
	if err := json.Unmarshal(a.body, &in); err != nil {
		return refusal("invalid_arguments")
	}
	t, ok := s.triggers[in.TriggerID]
	delete(s.triggers, in.TriggerID)
	switch {
	case !ok:
		return refusal("invalid_trigger_id")
	case s.o.Now().After(t.until):
		return refusal("expired_trigger_id")
	}
	v, err := s.parseView(in.View)
	if err != nil {
		s.o.Complain("views.open: %v", err)
		return map[string]any{"ok": false, "error": "invalid_arguments", "response_metadata": map[string]any{"messages": []string{err.Error()}}}
	}
	s.seq++
	v.ID, v.User, v.Channel = fmt.Sprintf("V0VIEW%05d", s.seq), t.user, t.channel
	s.views[v.ID] = v
	s.changed()
	return map[string]any{"ok": true, "view": s.viewObject(v, nil)}
}

func (s *Server) parseView(raw json.RawMessage) (*View, error) {
	var in struct {
		Type            string          `json:"type"`
		Title           *Text           `json:"title"`
		Submit          *Text           `json:"submit"`
		Close           *Text           `json:"close"`
		CallbackID      string          `json:"callback_id"`
		PrivateMetadata string          `json:"private_metadata"`
		ClearOnClose    bool            `json:"clear_on_close"`
		NotifyOnClose   bool            `json:"notify_on_close"`
		ExternalID      string          `json:"external_id"`
		SubmitDisabled  bool            `json:"submit_disabled"`
		Blocks          json.RawMessage `json:"blocks"`
	}
	if err := decodeStrictly(string(raw), &in); err != nil {
		return nil, err
	}
	if in.Type != "modal" || len(in.CallbackID) > MaxID || len(in.PrivateMetadata) > 3000 {
		return nil, fmt.Errorf("not a modal, or callback_id or private_metadata too long")
	}
	for what, t := range map[string]*Text{"title": in.Title, "submit": in.Submit, "close": in.Close} {
		if err := plain(t, 24); err != nil {
			return nil, fmt.Errorf("%s: %w", what, err)
		}
	}
	blocks, err := Blocks(string(in.Blocks), true)
	if err != nil {
		return nil, err
	}
	v := &View{CallbackID: in.CallbackID, PrivateMetadata: in.PrivateMetadata, Title: in.Title.Text, SubmitLabel: in.Submit.Text, CloseLabel: in.Close.Text, Blocks: blocks, RawBlocks: in.Blocks}
	for i := range v.Blocks {
		if v.Blocks[i].Type == "input" && v.Blocks[i].BlockID == "" {
			v.Blocks[i].BlockID = fmt.Sprintf("b%d", i)
		}
	}
	if err := json.Unmarshal(raw, &v.raw); err != nil {
		return nil, err
	}
	return v, nil
}

func (s *Server) viewObject(v *View, values any) map[string]any {
	out := map[string]any{}
	for k, x := range v.raw {
		out[k] = x
	}
	out["id"], out["team_id"], out["app_id"], out["bot_id"], out["hash"] = v.ID, s.o.TeamID, s.o.AppID, s.o.BotID, "1."+v.ID
	out["root_view_id"] = v.ID
	if values != nil {
		out["state"] = map[string]any{"values": values}
	}
	return out
}

// Views lists the modals that are open in front of a user.
func (s *Server) Views(user string) []*View {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []*View
	for _, v := range s.views {
		if v.User == user {
			out = append(out, v)
		}
	}
	return out
}

// CloseView closes one without submitting it.
func (s *Server) CloseView(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.views, id)
	s.changed()
}
