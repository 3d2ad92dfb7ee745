package datasource_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/backend/grpcplugin"
	"github.com/grafana/grafana-plugin-sdk-go/data"
	"github.com/grafana/grafana-plugin-sdk-go/genproto/pluginv2"
	"github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"

	"github.com/grantwatch/grantwatch/dashboards/queries/queriestest"
)

// grafana stands where Grafana does: it starts the plugin's process and speaks the protocol with it.
type grafana struct {
	data        grpcplugin.DataClient
	resource    grpcplugin.ResourceClient
	stream      grpcplugin.StreamClient
	diagnostics grpcplugin.DiagnosticsClient
	started     time.Duration
	output      *lockedBuffer // what the plugin wrote to its log
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

func start(tb testing.TB) *grafana {
	tb.Helper()
	g := &grafana{output: &lockedBuffer{}}
	begun := time.Now()
	client := goplugin.NewClient(&goplugin.ClientConfig{
		HandshakeConfig: goplugin.HandshakeConfig{ProtocolVersion: grpcplugin.ProtocolVersion, MagicCookieKey: grpcplugin.MagicCookieKey, MagicCookieValue: grpcplugin.MagicCookieValue},
		VersionedPlugins: map[int]goplugin.PluginSet{grpcplugin.ProtocolVersion: {
			"data": &grpcplugin.DataGRPCPlugin{}, "resource": &grpcplugin.ResourceGRPCPlugin{}, "stream": &grpcplugin.StreamGRPCPlugin{}, "diagnostics": &grpcplugin.DiagnosticsGRPCPlugin{},
		}},
		Cmd: exec.Command(rig.binary), AllowedProtocols: []goplugin.Protocol{goplugin.ProtocolGRPC}, Stderr: g.output,
		Logger: hclog.New(&hclog.LoggerOptions{Output: g.output, Level: hclog.Debug}),
	})
	tb.Cleanup(client.Kill)
	rpc, err := client.Client()
	if err != nil {
		tb.Fatal(err)
	}
	g.started = time.Since(begun)
	for name, to := range map[string]func(any){
		"data": func(v any) { g.data = v.(grpcplugin.DataClient) }, "resource": func(v any) { g.resource = v.(grpcplugin.ResourceClient) },
		"stream": func(v any) { g.stream = v.(grpcplugin.StreamClient) }, "diagnostics": func(v any) { g.diagnostics = v.(grpcplugin.DiagnosticsClient) },
	} {
		v, err := rpc.Dispense(name)
		if err != nil {
			tb.Fatal(err)
		}
		to(v)
	}
	return g
}

// source is one data source as Grafana keeps it.
type source struct {
	id      int64
	json    map[string]any
	secrets map[string]string
	updated time.Time
}

// sourceOf is a data source for a database, which everybody may see all of unless json says otherwise.
func sourceOf(id int64, database string, settings map[string]any) source {
	v := map[string]any{"server": "http://" + rig.addr + "/" + database, "defaultTeams": []string{"*"}, "pollSeconds": 1}
	for k, x := range settings {
		v[k] = x
	}
	return source{id, v, map[string]string{"password": password}, queriestest.AsOf}
}

func (s source) as(user *backend.User) backend.PluginContext {
	b, err := json.Marshal(s.json)
	if err != nil {
		panic(err)
	}
	return backend.PluginContext{PluginID: "grantwatch-datasource", User: user, DataSourceInstanceSettings: &backend.DataSourceInstanceSettings{
		ID: s.id, UID: "gw", Name: "Grantwatch", Type: "grantwatch-datasource", JSONData: b, DecryptedSecureJSONData: s.secrets, Updated: s.updated,
	}}
}

// ask is one request for the answers of one panel.
type ask struct {
	query    string
	params   map[string]any
	extra    map[string]any
	from, to time.Time
	headers  map[string]string
}

func (g *grafana) query(ctx context.Context, pc backend.PluginContext, a ask) (backend.DataResponse, error) {
	m := map[string]any{"refId": "A", "query": a.query, "params": a.params, "datasource": map[string]any{"uid": "gw"}}
	for k, v := range a.extra {
		m[k] = v
	}
	text, err := json.Marshal(m)
	if err != nil {
		return backend.DataResponse{}, err
	}
	if a.to.IsZero() {
		a.from, a.to = queriestest.AsOf.AddDate(0, 0, -14), queriestest.AsOf.Add(time.Second)
	}
	res, err := g.data.QueryData(ctx, backend.ToProto().QueryDataRequest(&backend.QueryDataRequest{PluginContext: pc, Headers: a.headers, Queries: []backend.DataQuery{{
		RefID: "A", JSON: text, Interval: 24 * time.Hour, MaxDataPoints: 1000, TimeRange: backend.TimeRange{From: a.from, To: a.to},
	}}}))
	if err != nil {
		return backend.DataResponse{}, err
	}
	back, err := backend.FromProto().QueryDataResponse(res)
	if err != nil {
		return backend.DataResponse{}, err
	}
	one, ok := back.Responses["A"]
	if !ok {
		return one, errors.New("there is no answer")
	}
	return one, nil
}

func (g *grafana) frame(tb testing.TB, pc backend.PluginContext, a ask) *data.Frame {
	tb.Helper()
	got, err := g.query(tb.Context(), pc, a)
	if err != nil || got.Error != nil {
		tb.Fatalf("%s: %v %v\n%s", a.query, err, got.Error, g.output)
	}
	if len(got.Frames) != 1 {
		tb.Fatalf("%s: %d frames", a.query, len(got.Frames))
	}
	return got.Frames[0]
}

func (g *grafana) health(tb testing.TB, pc backend.PluginContext) *backend.CheckHealthResult {
	tb.Helper()
	res, err := g.diagnostics.CheckHealth(tb.Context(), &pluginv2.CheckHealthRequest{PluginContext: backend.ToProto().PluginContext(pc)})
	if err != nil {
		tb.Fatal(err)
	}
	return backend.FromProto().CheckHealthResponse(res)
}

func (g *grafana) call(tb testing.TB, pc backend.PluginContext, path string) (int, string) {
	tb.Helper()
	base, _, _ := strings.Cut(path, "?")
	calls, err := g.resource.CallResource(tb.Context(), backend.ToProto().CallResourceRequest(&backend.CallResourceRequest{PluginContext: pc, Path: base, URL: path, Method: "GET"}))
	if err != nil {
		tb.Fatal(err)
	}
	status, body := 0, ""
	for {
		one, err := calls.Recv()
		if errors.Is(err, io.EOF) {
			return status, body
		}
		if err != nil {
			tb.Fatal(err)
		}
		if one.Code != 0 {
			status = int(one.Code)
		}
		body += string(one.Body)
	}
}

func indent(tb testing.TB, text []byte) []byte {
	tb.Helper()
	var b bytes.Buffer
	if err := json.Indent(&b, text, "", " "); err != nil {
		tb.Fatal(err)
	}
	b.WriteByte('\n')
	return b.Bytes()
}
