package slackdev

import (
	"context"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"net/http"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/grantwatch/grantwatch/alert/slack/slacktest"
)

// view is what the template shows.
type view struct {
	Me       slacktest.User
	People   []slacktest.User
	Channels []entry
	IMs      []entry
	At       entry
	Messages []message
	Thread   []message
	ThreadTS string
	Modal    *modal
	Problem  string
	Still    bool // without the script, for pictures
}

type entry struct {
	ID, Name string
	N        int // messages that are no answers
	Archived bool
	Current  bool
}

type message struct {
	Channel, TS, At, Thread string // Thread: the open one, so that forms lead back to it
	Name, Time, Day, NewDay string
	Text                    string
	Blocks                  []slacktest.Block
	Files                   []*slacktest.File
	Edited, Only, Broadcast bool
	Replies                 int
}

type modal struct {
	*slacktest.View
	Fields []field
}

type field struct {
	slacktest.Block
	Error  string
	People []slacktest.User
	Values []slacktest.Option
}

func (p *page) view(r *http.Request, channels []*slacktest.Channel, users []*slacktest.User) view {
	v := view{ThreadTS: r.URL.Query().Get("thread")}
	for _, u := range users {
		if !u.Bot && !u.Deleted {
			v.People = append(v.People, *u)
		}
	}
	if me := p.me(r, users); me != nil {
		v.Me = *me
	}
	want := r.URL.Query().Get("at")
	var at *slacktest.Channel
	for _, c := range channels {
		if c.IM != "" && c.IM != v.Me.ID || c.IM == "" && !c.Member {
			continue
		}
		e := entry{ID: c.ID, Name: c.Name, Archived: c.Archived}
		for _, m := range c.Messages {
			if (m.ThreadTS == "" || m.SubType != "") && m.Only == "" {
				e.N++
			}
		}
		if c.ID == want {
			at = c
		}
		if c.IM != "" {
			e.Name = "Grantwatch"
			v.IMs = append(v.IMs, e)
			continue
		}
		v.Channels = append(v.Channels, e)
	}
	sort.Slice(v.Channels, func(i, j int) bool { return v.Channels[i].Name < v.Channels[j].Name })
	if at == nil {
		at = busiest(channels)
	}
	if at == nil {
		return v
	}
	for _, list := range [][]entry{v.Channels, v.IMs} {
		for i := range list {
			if list[i].Current = list[i].ID == at.ID; list[i].Current {
				v.At = list[i]
			}
		}
	}
	p.fill(&v, at)
	return v
}

// busiest is the channel to begin with: the first in which something stands.
func busiest(channels []*slacktest.Channel) *slacktest.Channel {
	var best *slacktest.Channel
	for _, c := range channels {
		if c.IM == "" && c.Member && (best == nil || len(c.Messages) > len(best.Messages)) {
			best = c
		}
	}
	return best
}

func (p *page) fill(v *view, c *slacktest.Channel) {
	replies := map[string]int{}
	for _, m := range c.Messages {
		if m.ThreadTS != "" && m.Only == "" {
			replies[m.ThreadTS]++
		}
	}
	day := ""
	for _, m := range c.Messages {
		if m.Only != "" && m.Only != v.Me.ID {
			continue
		}
		x := p.message(m, c, v)
		x.Replies = replies[m.TS]
		if v.ThreadTS != "" && (m.TS == v.ThreadTS || m.ThreadTS == v.ThreadTS) {
			t := x
			t.Replies = 0
			v.Thread = append(v.Thread, t)
		}
		if m.ThreadTS != "" && m.SubType == "" {
			continue
		}
		if x.Day != day {
			day = x.Day
			x.NewDay = day
		}
		v.Messages = append(v.Messages, x)
	}
	if len(v.Thread) == 0 {
		v.ThreadTS = ""
	}
}

func (p *page) message(m *slacktest.Message, c *slacktest.Channel, v *view) message {
	sec, _, _ := strings.Cut(m.TS, ".")
	n, _ := strconv.ParseInt(sec, 10, 64) // our own stamps are numbers
	at := time.Unix(n, 0).In(p.zone)
	out := message{
		Channel: c.ID, TS: m.TS, At: c.ID, Thread: v.ThreadTS, Name: "Grantwatch", Time: at.Format("15:04"), Day: at.Format("Monday, 2 January 2006"), Text: m.Text,
		Files: m.Files, Edited: m.Edits > 0, Only: m.Only != "", Broadcast: m.SubType == "thread_broadcast",
	}
	if len(m.Blocks) > 0 {
		if blocks, err := slacktest.Blocks(string(m.Blocks), false); err == nil {
			out.Blocks = blocks
		}
	}
	return out
}

func (p *page) modal(ctx context.Context, v *slacktest.View, people []slacktest.User) *modal {
	m := &modal{View: v}
	for _, b := range v.Blocks {
		f := field{Block: b, Error: v.Errors[b.BlockID], People: people}
		if b.Element != nil {
			f.Values = b.Element.Options
			if b.Element.Type == "external_select" {
				list, err := p.s.Suggest(ctx, v.ID, b.Element.ActionID, "")
				if err != nil {
					p.log.Warn("options of a menu", "error", err)
				}
				f.Values = list
			}
		}
		m.Fields = append(m.Fields, f)
	}
	return m
}

// hue is one of eight colours for a name.
func hue(s string) string {
	h := fnv.New32a()
	_, _ = h.Write([]byte(s)) // a hash takes everything
	return fmt.Sprintf("hue%d", h.Sum32()%8)
}

func initials(s string) string {
	out := ""
	for _, w := range strings.Fields(s) {
		out += strings.ToUpper(string([]rune(w)[:1]))
		if len(out) > 1 {
			break
		}
	}
	return out
}

// Fixture is a user as it stands in a file.
type Fixture struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	RealName string `json:"real_name"`
	Email    string `json:"email"`
	Title    string `json:"title"`
}

// Users reads a list of users from JSON.
func Users(raw []byte) ([]slacktest.User, error) {
	var list []Fixture
	if err := json.Unmarshal(raw, &list); err != nil {
		return nil, fmt.Errorf("users: %w", err)
	}
	out := make([]slacktest.User, 0, len(list))
	for i, f := range list {
		if f.ID == "" || f.Name == "" {
			return nil, fmt.Errorf("users: entry %d has no id or no name", i+1)
		}
		out = append(out, slacktest.User{ID: f.ID, Name: f.Name, RealName: f.RealName, Email: f.Email, Title: f.Title})
	}
	return out, nil
}
