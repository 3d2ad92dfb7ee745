package datasource_test

import (
	"context"
	"encoding/json"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/data"
	"github.com/grafana/grafana-plugin-sdk-go/genproto/pluginv2"
)

func TestNewFindingsAreStreamed(t *testing.T) {
	e := organisation(t, "stream")
	g := start(t)
	s := sourceOf(1, "stream", map[string]any{"forwardIdentity": true, "defaultTeams": []string{}, "scopes": []any{
		map[string]any{"users": []string{"soc"}, "teams": []string{"*"}}, map[string]any{"users": []string{"ana"}, "teams": []string{"payments"}}, map[string]any{"users": []string{"odd"}, "teams": []string{`it's \ odd`}},
	}})
	soc, ana, odd, eve := s.as(&backend.User{Login: "soc"}), s.as(&backend.User{Login: "ana"}), s.as(&backend.User{Login: "odd"}), s.as(&backend.User{Login: "eve"})

	channel := func(pc backend.PluginContext, params map[string]any) string {
		f := g.frame(t, pc, ask{query: "findings", params: params, extra: map[string]any{"streaming": true}})
		return f.Meta.Channel
	}
	for name, c := range map[string][2]string{
		"all":  {channel(soc, nil), "ds/gw/findings/all"},
		"ana":  {channel(ana, nil), "ds/gw/findings/payments"},
		"odd":  {channel(odd, nil), "ds/gw/findings/=aXQncyBcIG9kZA"},
		"one":  {channel(soc, map[string]any{"team": "payments"}), "ds/gw/findings/payments"},
		"two":  {channel(soc, map[string]any{"team": []string{"payments", "platform"}}), ""},
		"none": {channel(eve, nil), ""},
	} {
		if c[0] != c[1] {
			t.Errorf("%s: channel %q, not %q", name, c[0], c[1])
		}
	}

	ok, denied, missing := backend.SubscribeStreamStatusOK, backend.SubscribeStreamStatusPermissionDenied, backend.SubscribeStreamStatusNotFound
	for _, c := range []struct {
		pc   backend.PluginContext
		path string
		want backend.SubscribeStreamStatus
	}{
		{soc, "findings/all", ok}, {soc, "findings/payments", ok}, {ana, "findings/payments", ok}, {odd, "findings/=aXQncyBcIG9kZA", ok},
		{ana, "findings/all", denied}, {ana, "findings/platform", denied}, {eve, "findings/payments", denied}, {eve, "findings/all", denied},
		{ana, "findings/=cGxhdGZvcm0", denied}, {ana, "findings/=cGF5bWVudHM", ok}, {ana, "findings/", missing}, {ana, "findings/=%%", missing},
		{ana, "findings/pay ments", missing}, {ana, "other/payments", missing}, {soc, "findings/=", missing},
	} {
		res, err := g.stream.SubscribeStream(t.Context(), backend.ToProto().SubscribeStreamRequest(&backend.SubscribeStreamRequest{PluginContext: c.pc, Path: c.path}))
		if err != nil || backend.SubscribeStreamStatus(res.Status) != c.want {
			t.Errorf("%s by %s: %v %v", c.path, c.pc.User.Login, res.GetStatus(), err)
		}
	}
	if res, err := g.stream.PublishStream(t.Context(), &pluginv2.PublishStreamRequest{PluginContext: backend.ToProto().PluginContext(soc), Path: "findings/all"}); err != nil || res.Status != pluginv2.PublishStreamResponse_PERMISSION_DENIED {
		t.Errorf("something was published: %v %v", res, err)
	}

	ctx, stop := context.WithTimeout(t.Context(), 60*time.Second)
	defer stop()
	mine := g.follow(ctx, t, ana, "findings/payments")
	all := g.follow(ctx, t, soc, "findings/all")
	if _, err := g.follow(ctx, t, ana, "findings/all").next(); err == nil {
		t.Error("a stream of all teams ran for somebody of one")
	}
	insert := func(team, fingerprint, state string, version int) {
		t.Helper()
		if _, err := e.Ask(ctx, `INSERT INTO findings (team, fingerprint, kind, verdict, severity, state, first_seen, last_seen, body, version)
			SELECT {team:String}, {f:String}, 'OUT_OF_BAND', 'VIOLATION', 'high', {state:String}, '2026-09-01 01:00:00', '2026-09-01 01:00:00', '{}', {v:UInt64}`,
			map[string]string{"param_team": team, "param_f": fingerprint, "param_state": state, "param_v": string(must(json.Marshal(version)))}); err != nil {
			t.Fatal(err)
		}
	}
	// The streams begin with what is there when they first look. Writing goes on until each has seen something.
	version := 10
	first := map[string]bool{}
	for !first["mine"] || !first["all"] {
		version++
		insert("payments", "new"+string(must(json.Marshal(version))), "open", version)
		for name, s := range map[string]*follower{"mine": mine, "all": all} {
			if f := s.wait(2 * time.Second); f != nil {
				first[name] = true
				if n, _ := f.FieldByName("fingerprint"); n == nil || f.Rows() == 0 {
					t.Fatalf("%s: %v", name, f)
				}
			}
		}
		if ctx.Err() != nil {
			t.Fatalf("nothing came: %v\n%s", first, g.output)
		}
	}
	mine.drain()
	all.drain()
	// The same again with a higher version says nothing new; another team's is not ana's; a changed state is a change.
	version++
	insert("platform", "others", "open", version)
	if got := names(all.collect(1)); len(got) != 1 || got[0] != "others" {
		t.Errorf("all teams: %v", got)
	}
	version++
	insert("platform", "others", "open", version)
	insert("payments", "new11", "resolved", version)
	if got := names(mine.collect(1)); len(got) != 1 || got[0] != "new11" {
		t.Errorf("ana: %v", got)
	}
	if got := names(all.collect(1)); len(got) != 1 || got[0] != "new11" {
		t.Errorf("all teams: %v", got)
	}
}

// TestStreamsEndWithTheirListeners looks at the plugin's own process: a stream that nobody hears any more holds nothing.
func TestStreamsEndWithTheirListeners(t *testing.T) {
	organisation(t, "leaving")
	g, s := start(t), sourceOf(1, "leaving", map[string]any{"forwardIdentity": true, "defaultTeams": []string{}, "scopes": []any{map[string]any{"users": []string{"ana"}, "teams": []string{"payments"}}}})
	ana := s.as(&backend.User{Login: "ana"})
	g.frame(t, ana, ask{query: "findings"})
	before := g.goroutines(t)
	const listeners = 40
	ctx, leave := context.WithCancel(t.Context())
	var all []*follower
	for range listeners {
		all = append(all, g.follow(ctx, t, ana, "findings/payments"))
	}
	within(t, "the streams run", func() bool { return g.goroutines(t) >= before+listeners })
	leave()
	for i, f := range all {
		if _, err := f.next(); err == nil {
			t.Errorf("stream %d goes on", i)
		}
	}
	within(t, "the streams are gone", func() bool { return g.goroutines(t) < before+listeners/4 })
	// And somebody who may not see the team is told so, at once, by a stream that holds nothing either.
	if _, err := g.follow(t.Context(), t, ana, "findings/platform").next(); err == nil {
		t.Error("a stream of another team ran")
	}
}

// goroutines is how many the plugin's process has, from the metrics that it offers Grafana.
func (g *grafana) goroutines(t *testing.T) int {
	t.Helper()
	res, err := g.diagnostics.CollectMetrics(t.Context(), &pluginv2.CollectMetricsRequest{})
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile(`(?m)^go_goroutines (\d+)`).FindSubmatch(res.Metrics.Prometheus)
	if m == nil {
		t.Fatalf("no count of goroutines in %.300s", res.Metrics.Prometheus)
	}
	n, _ := strconv.Atoi(string(m[1])) // the expression matches digits only
	return n
}

// within waits until something holds.
func within(t *testing.T, what string, holds func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-ctx.Done():
			t.Fatalf("waited in vain until %s", what)
		case <-tick.C:
		}
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func names(f []*data.Frame) []string {
	var out []string
	for _, one := range f {
		field, _ := one.FieldByName("fingerprint")
		for i := range field.Len() {
			out = append(out, field.At(i).(string))
		}
	}
	return out
}

// follower is somebody who listens to a stream.
type follower struct {
	frames chan *data.Frame
	failed chan error
}

func (g *grafana) follow(ctx context.Context, t *testing.T, pc backend.PluginContext, path string) *follower {
	t.Helper()
	run, err := g.stream.RunStream(ctx, backend.ToProto().RunStreamRequest(&backend.RunStreamRequest{PluginContext: pc, Path: path}))
	if err != nil {
		t.Fatal(err)
	}
	f := &follower{make(chan *data.Frame, 100), make(chan error, 1)}
	go func() {
		for {
			packet, err := run.Recv()
			if err != nil {
				f.failed <- err
				return
			}
			frame := &data.Frame{}
			if err := json.Unmarshal(packet.Data, frame); err != nil {
				f.failed <- err
				return
			}
			f.frames <- frame
		}
	}()
	return f
}

func (f *follower) next() (*data.Frame, error) {
	select {
	case frame := <-f.frames:
		return frame, nil
	case err := <-f.failed:
		return nil, err
	}
}

func (f *follower) wait(d time.Duration) *data.Frame {
	select {
	case frame := <-f.frames:
		return frame
	case <-time.After(d):
		return nil
	}
}

// drain takes what comes until nothing has come for longer than two looks.
func (f *follower) drain() {
	for f.wait(2500*time.Millisecond) != nil {
	}
}

// collect waits for n frames and for none after them.
func (f *follower) collect(n int) []*data.Frame {
	var out []*data.Frame
	for len(out) < n {
		frame := f.wait(20 * time.Second)
		if frame == nil {
			return out
		}
		out = append(out, frame)
	}
	if frame := f.wait(2500 * time.Millisecond); frame != nil {
		out = append(out, frame)
	}
	return out
}
