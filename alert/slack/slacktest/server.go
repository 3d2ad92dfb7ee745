package slacktest

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

// Options say who the workspace is. Empty ones get defaults.
type Options struct {
	Token         string // of the bot
	AppToken      string // of the application, for Socket Mode
	SigningSecret string // of callbacks over HTTP
	TeamID        string
	AppID         string
	BotID         string
	BotUser       string
	BotName       string
	Scopes        []string         // granted to the bot; nil is all
	Every         time.Duration    // between two messages in a channel; zero is Slack's second
	Now           func() time.Time // nil is the machine's clock

	// RequestURL is where callbacks are posted; empty means Socket Mode. Callback is the client that posts them.
	RequestURL string
	OptionsURL string
	Callback   *http.Client

	// Complain hears of what Slack would let through and must not happen all the same. Nil is silence.
	Complain func(format string, args ...any)
}

// Server is one workspace with one application. Its exported state may be read and written by a test while no request is
// under way; everything else goes through its methods.
type Server struct {
	o Options

	mu       sync.Mutex
	Channels []*Channel
	Users    []*User
	faults   map[string][]Fault
	calls    []string
	lastPost map[string]time.Time
	seq      int
	base     string // scheme and host that the application used last
	views    map[string]*View
	triggers map[string]trigger
	replies  map[string]*responseURL
	uploads  map[string]*File
	sockets  socketState
	watchers map[chan struct{}]bool
	posted   int
}

// Channel is a channel or, with an IM, the direct messages with one user.
type Channel struct {
	ID, Name                  string
	Archived, Member, Private bool
	IM                        string     // user id
	Messages                  []*Message // oldest first
}

// Message is what stands in a channel.
type Message struct {
	TS       string          `json:"ts"`
	Type     string          `json:"type"`
	User     string          `json:"user,omitempty"`
	BotID    string          `json:"bot_id,omitempty"`
	AppID    string          `json:"app_id,omitempty"`
	Text     string          `json:"text"`
	Blocks   json.RawMessage `json:"blocks,omitempty"`
	Metadata json.RawMessage `json:"metadata,omitempty"`
	ThreadTS string          `json:"thread_ts,omitempty"`
	SubType  string          `json:"subtype,omitempty"`
	Files    []*File         `json:"files,omitempty"`
	Edits    int             `json:"-"`
	Only     string          `json:"-"` // the user who sees it; empty for all
}

// User is somebody in the workspace, or a stranger from another one in a shared channel.
type User struct {
	ID, Name, RealName, Email, TeamID, Title string
	Deleted, Bot, Restricted, Ultra, Guest   bool // Guest: a stranger
}

// File is one that was uploaded.
type File struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Title string `json:"title"`
	Size  int    `json:"size"`
	Body  []byte `json:"-"`
	sent  bool
	used  bool
}

// New makes a workspace without channels; its only user is the bot.
func New(o Options) *Server {
	def := func(p *string, s string) {
		if *p == "" {
			*p = s
		}
	}
	def(&o.Token, "xoxb-1111-fake")
	def(&o.AppToken, "xapp-1111-fake")
	def(&o.SigningSecret, "fake-signing-secret")
	def(&o.TeamID, "T0GRANTWATCH")
	def(&o.AppID, "A0GRANTWATCH")
	def(&o.BotID, "B0GRANTWATCH")
	def(&o.BotUser, "U0GRANTWATCH")
	def(&o.BotName, "grantwatch")
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Every == 0 {
		o.Every = time.Second
	}
	if o.Complain == nil {
		o.Complain = func(string, ...any) {}
	}
	if o.Callback == nil {
		o.Callback = http.DefaultClient
	}
	s := &Server{
		o: o, faults: map[string][]Fault{}, lastPost: map[string]time.Time{}, base: "http://slack.invalid", views: map[string]*View{},
		triggers: map[string]trigger{}, replies: map[string]*responseURL{}, uploads: map[string]*File{}, watchers: map[chan struct{}]bool{},
	}
	s.sockets.waiting = map[string]chan json.RawMessage{}
	s.AddUser(User{ID: o.BotUser, Name: o.BotName, RealName: "Grantwatch", Bot: true})
	return s
}

// AddChannel adds a channel that the bot is in.
func (s *Server) AddChannel(id, name string) *Channel {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := &Channel{ID: id, Name: name, Member: true}
	s.Channels = append(s.Channels, c)
	return c
}

// AddUser adds somebody. An empty TeamID is the workspace's own.
func (s *Server) AddUser(u User) *User {
	s.mu.Lock()
	defer s.mu.Unlock()
	if u.TeamID == "" {
		u.TeamID = s.o.TeamID
	}
	s.Users = append(s.Users, &u)
	return &u
}

// Options returns the options with their defaults filled in.
func (s *Server) Options() Options { return s.o }

// Calls lists the methods that were called and took effect or were answered, in order.
func (s *Server) Calls() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.calls)
}

// ResetCalls forgets them.
func (s *Server) ResetCalls() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = nil
}

// Posted is how many messages were accepted.
func (s *Server) Posted() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.posted
}

// Read calls f while no request changes anything.
func (s *Server) Read(f func(channels []*Channel, users []*User)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f(s.Channels, s.Users)
}

// method is one of the Web API.
type method struct {
	scopes []string // any of them; several are all needed only where the channel decides
	json   bool     // takes a JSON body
	app    bool     // takes the application's token
	run    func(*Server, args) any
}

// args are what a method was called with.
type args struct {
	name string
	form url.Values
	body []byte
}

var methods = map[string]method{
	"auth.test":                    {run: (*Server).authTest},
	"bots.info":                    {scopes: []string{"users:read"}, run: (*Server).botInfo},
	"chat.postMessage":             {scopes: []string{"chat:write"}, run: (*Server).post},
	"chat.postEphemeral":           {scopes: []string{"chat:write"}, run: (*Server).postEphemeral},
	"chat.update":                  {scopes: []string{"chat:write"}, run: (*Server).update},
	"chat.delete":                  {scopes: []string{"chat:write"}, run: (*Server).remove},
	"conversations.history":        {scopes: []string{"channels:history", "groups:history", "im:history"}, run: (*Server).history},
	"conversations.replies":        {scopes: []string{"channels:history", "groups:history", "im:history"}, run: (*Server).thread},
	"conversations.list":           {scopes: []string{"channels:read", "groups:read"}, run: (*Server).list},
	"conversations.info":           {scopes: []string{"channels:read", "groups:read"}, run: (*Server).info},
	"conversations.open":           {scopes: []string{"im:write"}, run: (*Server).open},
	"users.info":                   {scopes: []string{"users:read"}, run: (*Server).userInfo},
	"users.lookupByEmail":          {scopes: []string{"users:read.email"}, run: (*Server).lookup},
	"files.getUploadURLExternal":   {scopes: []string{"files:write"}, run: (*Server).uploadURL},
	"files.completeUploadExternal": {scopes: []string{"files:write"}, run: (*Server).completeUpload},
	"views.open":                   {json: true, run: (*Server).openView},
	"apps.connections.open":        {json: true, app: true, scopes: []string{"connections:write"}, run: (*Server).openConnection},
}

// Scopes are those that a method needs, by the method's name; nil for one that this server does not know or that needs none.
func Scopes(name string) []string { return slices.Clone(methods[name].scopes) }

// ServeHTTP answers the Web API, uploads, Socket Mode connections and response URLs.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case strings.HasPrefix(r.URL.Path, "/api/"):
		s.serveAPI(w, r)
	case strings.HasPrefix(r.URL.Path, "/upload/"):
		s.serveUpload(w, r)
	case strings.HasPrefix(r.URL.Path, "/respond/"):
		s.serveRespond(w, r)
	case r.URL.Path == "/socket":
		s.serveSocket(w, r)
	default:
		http.NotFound(w, r)
	}
}

func refusal(code string) map[string]any { return map[string]any{"ok": false, "error": code} }

func (s *Server) serveAPI(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(r.URL.Path, "/api/")
	m, known := methods[name]
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	a := args{name: name, body: body}
	kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	switch {
	case r.Method != http.MethodPost || err != nil:
		s.o.Complain("%s %s is not posted: %v", r.Method, name, err)
	case m.json && kind != "application/json":
		s.o.Complain("%s: the body is %q, not JSON", name, kind)
	case !m.json && kind != "application/x-www-form-urlencoded":
		s.o.Complain("%s: the body is %q, not a form", name, kind)
	}
	if !m.json {
		if a.form, err = url.ParseQuery(string(body)); err != nil {
			s.o.Complain("%s: %v", name, err)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := a.form["token"]; ok || strings.Contains(string(body), s.o.Token) || strings.Contains(r.URL.String(), s.o.Token) || strings.Contains(string(body), s.o.AppToken) {
		s.o.Complain("%s: a token stands outside the header", name)
	}
	if r.Host != "" {
		s.base = "http://" + r.Host
	}
	ft := s.take(name)
	if !s.pause(r.Context(), ft.Delay) {
		panic(http.ErrAbortHandler)
	}
	token := s.o.Token
	if m.app {
		token = s.o.AppToken
	}
	var answer any
	if ft.plain() || ft.Accept {
		switch {
		case !known:
			s.o.Complain("unknown method %q", name)
			answer = refusal("unknown_method")
		case r.Header.Get("Authorization") == "":
			answer = refusal("not_authed")
		case r.Header.Get("Authorization") != "Bearer "+token:
			answer = refusal("invalid_auth")
		case !s.allowed(m):
			answer = map[string]any{"ok": false, "error": "missing_scope", "needed": strings.Join(m.scopes, ","), "provided": strings.Join(s.o.Scopes, ",")}
		default:
			s.calls = append(s.calls, name)
			answer = m.run(s, a)
		}
	}
	s.respond(w, r, ft, answer)
}

// allowed reports whether the bot has one of the scopes. Which of several is needed depends on the channel; this server
// wants all of them where it cannot know, since an application meets every sort of channel.
func (s *Server) allowed(m method) bool {
	if s.o.Scopes == nil || m.app {
		return true
	}
	for _, sc := range m.scopes {
		if !slices.Contains(s.o.Scopes, sc) {
			return false
		}
	}
	return true
}

// known complains of arguments that a method does not have.
func (s *Server) known(a args, names ...string) {
	for k := range a.form {
		if !slices.Contains(names, k) {
			s.o.Complain("%s does not know %q", a.name, k)
		}
	}
}

// stamp is the id of the next message: unique in the workspace, and in order.
func (s *Server) stamp() string {
	s.seq++
	return fmt.Sprintf("%d.%06d", s.o.Now().Unix(), s.seq)
}

// changed wakes whoever watches.
func (s *Server) changed() {
	for c := range s.watchers {
		select {
		case c <- struct{}{}:
		default:
		}
	}
}

// Watch returns a channel that is written to after every change, and a function that ends it.
func (s *Server) Watch() (<-chan struct{}, func()) {
	c := make(chan struct{}, 1)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.watchers[c] = true
	return c, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.watchers, c)
	}
}

// SetCallback changes where callbacks go and with which client.
func (s *Server) SetCallback(interactions, options string, c *http.Client) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.o.RequestURL, s.o.OptionsURL, s.o.Callback = interactions, options, c
}
