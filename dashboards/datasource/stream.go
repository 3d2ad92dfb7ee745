package datasource

import (
	"context"
	"encoding/base64"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/grantwatch/grantwatch/dashboards/queries"
)

const (
	streamed    = "findings" // the query whose changes can be followed
	channels    = "findings/"
	allTeams    = "all"
	mostChanged = 500     // rows of one frame
	mostKnown   = 500_000 // findings that one stream remembers
)

var plain = regexp.MustCompile(`^[A-Za-z0-9_.-]+$`)

// channelOf names the channel of a team. Grafana takes few characters in a channel, so that other names are encoded.
func channelOf(team string) string {
	if plain.MatchString(team) && team != allTeams {
		return channels + team
	}
	return channels + "=" + base64.RawURLEncoding.EncodeToString([]byte(team))
}

// teamOf is the team of a channel; every for all of them.
func teamOf(path string) (team string, every, ok bool) {
	name, ok := strings.CutPrefix(path, channels)
	switch {
	case !ok || name == "":
		return "", false, false
	case name == allTeams:
		return "", true, true
	case name[0] == '=':
		raw, err := base64.RawURLEncoding.DecodeString(name[1:])
		return string(raw), false, err == nil && len(raw) > 0
	}
	return name, false, plain.MatchString(name)
}

// follow tells the panel on which channel changes will come: of one team, or of all for who sees all.
func (i *Instance) follow(f *data.Frame, r *queries.Result, scope queries.Scope, params queries.Params) {
	asked := slices.DeleteFunc(slices.Clone(params["team"]), func(t string) bool { return t == "" || t == queries.AllValue })
	if len(asked) == 0 && !scope.All {
		asked = scope.Teams
	}
	switch {
	case r.Query.Name != streamed:
		f.AppendNotices(data.Notice{Severity: data.NoticeSeverityInfo, Text: "changes can be followed of the query findings only"})
	case len(asked) == 1 && scope.Holds(asked[0]):
		f.Meta.Channel = "ds/" + i.uid + "/" + channelOf(asked[0])
	case len(asked) == 0 && scope.All:
		f.Meta.Channel = "ds/" + i.uid + "/" + channels + allTeams
	default:
		f.AppendNotices(data.Notice{Severity: data.NoticeSeverityInfo, Text: "changes can be followed of one team, or of all by who sees all: this panel is refreshed as others are"})
	}
}

// streamScope is what a channel shows, if whoever asks may see it.
func (i *Instance) streamScope(ctx context.Context, p backend.PluginContext, path string, header func(string) string) (queries.Scope, backend.SubscribeStreamStatus) {
	team, every, ok := teamOf(path)
	if !ok || i.problem != nil {
		return queries.Scope{}, backend.SubscribeStreamStatusNotFound
	}
	scope, err := i.who(ctx, p, header)
	switch {
	case err != nil:
		return queries.Scope{}, backend.SubscribeStreamStatusPermissionDenied
	case every && scope.All:
		return queries.Everything, backend.SubscribeStreamStatusOK
	case !every && scope.Holds(team):
		return queries.Of(team), backend.SubscribeStreamStatusOK
	}
	return queries.Scope{}, backend.SubscribeStreamStatusPermissionDenied
}

// SubscribeStream lets in whoever may see the channel's teams.
func (i *Instance) SubscribeStream(ctx context.Context, req *backend.SubscribeStreamRequest) (*backend.SubscribeStreamResponse, error) {
	_, status := i.streamScope(ctx, req.PluginContext, req.Path, req.GetHTTPHeader)
	return &backend.SubscribeStreamResponse{Status: status}, nil
}

// PublishStream lets nobody in: findings are made by evaluations.
func (i *Instance) PublishStream(context.Context, *backend.PublishStreamRequest) (*backend.PublishStreamResponse, error) {
	return &backend.PublishStreamResponse{Status: backend.PublishStreamStatusPermissionDenied}, nil
}

// RunStream sends findings that are new or say something else than before, until nobody listens or the settings change.
func (i *Instance) RunStream(ctx context.Context, req *backend.RunStreamRequest, sender *backend.StreamSender) error {
	scope, status := i.streamScope(ctx, req.PluginContext, req.Path, req.GetHTTPHeader)
	if status != backend.SubscribeStreamStatusOK {
		return backend.DownstreamErrorf("the channel is not yours to see")
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(i.ended, cancel)()
	s := &stream{i: i, scope: scope, known: map[string]string{}}
	ticker := time.NewTicker(i.settings.poll())
	defer ticker.Stop()
	started := false
	for {
		changed, err := s.look(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			text, _, _ := i.answer(err) // it is logged there; the next look may succeed
			i.log.Debug("stream", "path", req.Path, "error", text)
		case !started:
			started = true // what was there before is in the panel already
		case len(changed) > 0:
			err := s.send(ctx, changed, sender)
			switch {
			case ctx.Err() != nil:
				return nil
			case queries.ReasonOf(err) != "":
				s.forget(changed) // the store did not answer: the next look finds them again
			case err != nil:
				return err
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

// stream remembers what each finding said.
type stream struct {
	i       *Instance
	scope   queries.Scope
	known   map[string]string
	version int64
	cursor  string
}

// look reads what was written since the last look and returns the fingerprints of what says something else. When it
// fails half-way, the next look goes on from there.
func (s *stream) look(ctx context.Context) ([]string, error) {
	var changed []string
	for {
		got, err := s.i.run(ctx, s.scope, "findings_digest", queries.Params{"after": {strconv.FormatInt(s.version, 10)}, "cursor": {s.cursor}}, anyRange())
		if err != nil {
			s.forget(changed)
			return nil, err
		}
		for row := range got.Rows {
			name, digest := got.Values[0].Texts[row], got.Values[1].Texts[row]
			if s.known[name] != digest {
				changed = append(changed, name)
			}
			if len(s.known) < mostKnown || s.known[name] != "" {
				s.known[name] = digest
			}
			s.version, s.cursor = got.Values[2].Counts[row], name
		}
		if !got.Truncated {
			return changed, nil
		}
	}
}

// forget makes the next look find findings again that were not sent.
func (s *stream) forget(changed []string) {
	if len(changed) == 0 {
		return
	}
	for _, f := range changed {
		delete(s.known, f)
	}
	s.version, s.cursor = 0, ""
}

// send sends the rows in the columns of the query findings, so that a panel can append them.
func (s *stream) send(ctx context.Context, changed []string, sender *backend.StreamSender) error {
	more := len(changed) - mostChanged
	if more > 0 {
		changed = changed[:mostChanged]
	}
	got, err := s.i.run(ctx, s.scope, streamed, queries.Params{"fingerprint": changed, "state": {queries.AllValue}, "limit": {strconv.Itoa(mostChanged)}}, anyRange())
	if err != nil {
		return err
	}
	if got.Rows == 0 {
		return nil
	}
	made, err := frames(got, true)
	if err != nil {
		return err
	}
	if more > 0 {
		made[0].AppendNotices(data.Notice{Severity: data.NoticeSeverityWarning, Text: strconv.Itoa(more) + " more findings changed: refresh the panel to see all"})
	}
	return sender.SendFrame(made[0], data.IncludeAll)
}

func anyRange() queries.Range {
	now := time.Now().UTC()
	return queries.Range{From: now.Add(-time.Hour), To: now}
}
