// Command harness stands where Grafana does for the tests of the editors in a browser: it starts an engine with a small
// organisation in it and the plugin's process, and serves the part of Grafana's HTTP interface that the front end speaks.
// Nothing of the plugin is replaced; there is no sign-in, so it listens on loopback and is of no other use.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/backend/grpcplugin"
	"github.com/grafana/grafana-plugin-sdk-go/genproto/pluginv2"
	"github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"

	"github.com/grantwatch/grantwatch/dashboards/queries/queriestest"
	"github.com/grantwatch/grantwatch/store"
	"github.com/grantwatch/grantwatch/store/engine"
)

const password = "reader-of-the-harness"

func main() {
	if len(os.Args) > 1 && os.Args[1] == "engine" {
		exit(serveEngine(os.Args[2:]))
	}
	binary := flag.String("plugin", "", "the plugin's binary")
	files := flag.String("files", "", "folders to serve, NAME=FOLDER, with commas")
	at := flag.String("store", "", "address of a store that has data, http://HOST:PORT/DATABASE, its password in GRANTWATCH_ENGINE_PASSWORD; a small organisation in one of its own without it")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	exit(run(ctx, *binary, *files, *at))
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "harness:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// serveEngine is the engine's own process: this program again, as the command is its own engine.
func serveEngine(args []string) error {
	fs := flag.NewFlagSet("engine", flag.ContinueOnError)
	data, listen := fs.String("data", "", ""), fs.String("listen", "", "")
	if err := fs.Parse(args); err != nil {
		return err
	}
	return engine.Serve(context.Background(), engine.ServeConfig{DataDir: *data, Listen: *listen, Password: os.Getenv("GRANTWATCH_ENGINE_PASSWORD")})
}

func run(ctx context.Context, binary, files, at string) error {
	secret := os.Getenv("GRANTWATCH_ENGINE_PASSWORD")
	if at == "" {
		dir, err := os.MkdirTemp("", "harness-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		addr, ended, err := startEngine(ctx, dir)
		if err != nil {
			return err
		}
		defer ended()
		if err := fill(ctx, addr); err != nil {
			return err
		}
		at, secret = "http://"+addr+"/harness", password
	}
	g, err := startPlugin(binary, at, secret)
	if err != nil {
		return err
	}
	defer g.client.Kill()
	mux := http.NewServeMux()
	mux.HandleFunc("POST /api/ds/query", g.query)
	mux.HandleFunc("GET /api/datasources/uid/gw/health", g.health)
	mux.HandleFunc("GET /api/datasources/uid/gw/resources/{path...}", g.resource)
	mux.HandleFunc("GET /api/live", g.live)
	mux.HandleFunc("GET /harness/streams", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, g.streams.Load()) })
	mux.HandleFunc("POST /harness/finding", func(w http.ResponseWriter, r *http.Request) { addFinding(w, r, at, secret) })
	for _, pair := range strings.Split(files, ",") {
		if name, folder, ok := strings.Cut(pair, "="); ok {
			mux.Handle("GET /"+name+"/", http.StripPrefix("/"+name, http.FileServer(http.Dir(folder))))
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	go func() { <-ctx.Done(); _ = server.Close() }()
	fmt.Printf("harness http://%s\n", l.Addr())
	if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func startEngine(ctx context.Context, dir string) (addr string, ended func(), err error) {
	if _, err := engine.Fetch(ctx, nil); err != nil {
		return "", nil, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	addr = l.Addr().String()
	if err := l.Close(); err != nil {
		return "", nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return "", nil, err
	}
	cmd := exec.CommandContext(ctx, self, "engine", "--data", filepath.Join(dir, "data"), "--listen", addr)
	cmd.Env = append(os.Environ(), "GRANTWATCH_ENGINE_PASSWORD="+password)
	cmd.Stderr = os.Stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 10 * time.Second
	if err := cmd.Start(); err != nil {
		return "", nil, err
	}
	return addr, func() { _ = cmd.Process.Signal(os.Interrupt); _ = cmd.Wait() }, nil
}

func fill(ctx context.Context, addr string) error {
	s, err := store.Open(ctx, store.Options{DSN: "http://default:" + password + "@" + addr + "/harness"})
	if err != nil {
		return err
	}
	defer func() { _ = s.Close() }() // the harness ends with it
	if _, err := s.Migrate(ctx, queriestest.AsOf); err != nil {
		return err
	}
	return queriestest.Engine{Client: http.DefaultClient, URL: "http://" + addr, Password: password, Database: "harness"}.Organisation(ctx)
}

// grafana holds the plugin's process.
type grafana struct {
	client      *goplugin.Client
	data        grpcplugin.DataClient
	resources   grpcplugin.ResourceClient
	diagnostics grpcplugin.DiagnosticsClient
	stream      grpcplugin.StreamClient
	context     backend.PluginContext
	streams     atomic.Int64 // that run
}

func startPlugin(binary, server, secret string) (*grafana, error) {
	g := &grafana{client: goplugin.NewClient(&goplugin.ClientConfig{
		HandshakeConfig: goplugin.HandshakeConfig{ProtocolVersion: grpcplugin.ProtocolVersion, MagicCookieKey: grpcplugin.MagicCookieKey, MagicCookieValue: grpcplugin.MagicCookieValue},
		VersionedPlugins: map[int]goplugin.PluginSet{grpcplugin.ProtocolVersion: {
			"data": &grpcplugin.DataGRPCPlugin{}, "resource": &grpcplugin.ResourceGRPCPlugin{}, "stream": &grpcplugin.StreamGRPCPlugin{}, "diagnostics": &grpcplugin.DiagnosticsGRPCPlugin{},
		}},
		Cmd: exec.Command(binary), AllowedProtocols: []goplugin.Protocol{goplugin.ProtocolGRPC},
		Logger: hclog.New(&hclog.LoggerOptions{Output: os.Stderr, Level: hclog.Warn}),
	})}
	rpc, err := g.client.Client()
	if err != nil {
		return nil, err
	}
	ok := true
	for name, to := range map[string]func(any){
		"data": func(v any) { g.data, ok = v.(grpcplugin.DataClient) }, "resource": func(v any) { g.resources, ok = v.(grpcplugin.ResourceClient) },
		"stream":      func(v any) { g.stream, ok = v.(grpcplugin.StreamClient) },
		"diagnostics": func(v any) { g.diagnostics, ok = v.(grpcplugin.DiagnosticsClient) },
	} {
		v, err := rpc.Dispense(name)
		if err != nil {
			return nil, err
		}
		if to(v); !ok {
			return nil, fmt.Errorf("the plugin's %s speaks another protocol", name)
		}
	}
	settings, err := json.Marshal(map[string]any{"server": server, "defaultTeams": []string{"*"}, "pollSeconds": 1})
	g.context = backend.PluginContext{Namespace: "default", PluginID: "grantwatch-datasource", DataSourceInstanceSettings: &backend.DataSourceInstanceSettings{
		ID: 1, UID: "gw", Name: "Grantwatch", Type: "grantwatch-datasource", JSONData: settings, DecryptedSecureJSONData: map[string]string{"password": secret}, Updated: queriestest.AsOf,
	}}
	return g, err
}

// query is POST /api/ds/query.
func (g *grafana) query(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Queries  []json.RawMessage `json:"queries"`
		From, To string
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20)).Decode(&body); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	from, errFrom := strconv.ParseInt(body.From, 10, 64)
	to, errTo := strconv.ParseInt(body.To, 10, 64)
	if err := errors.Join(errFrom, errTo); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	req := &backend.QueryDataRequest{PluginContext: g.context}
	for _, q := range body.Queries {
		var common struct {
			RefID         string
			IntervalMS    int64
			MaxDataPoints int64
		}
		if err := json.Unmarshal(q, &common); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		req.Queries = append(req.Queries, backend.DataQuery{RefID: common.RefID, JSON: q, Interval: time.Duration(common.IntervalMS) * time.Millisecond,
			MaxDataPoints: common.MaxDataPoints, TimeRange: backend.TimeRange{From: time.UnixMilli(from).UTC(), To: time.UnixMilli(to).UTC()}})
	}
	res, err := g.data.QueryData(r.Context(), backend.ToProto().QueryDataRequest(req))
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	back, err := backend.FromProto().QueryDataResponse(res)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	status := http.StatusOK
	for _, one := range back.Responses {
		if one.Error != nil {
			status = http.StatusBadRequest // as Grafana does
		}
	}
	reply(w, status, back)
}

func (g *grafana) health(w http.ResponseWriter, r *http.Request) {
	res, err := g.diagnostics.CheckHealth(r.Context(), &pluginv2.CheckHealthRequest{PluginContext: backend.ToProto().PluginContext(g.context)})
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	reply(w, http.StatusOK, map[string]any{"status": res.Status.String(), "message": res.Message, "details": json.RawMessage(res.JsonDetails)})
}

func (g *grafana) resource(w http.ResponseWriter, r *http.Request) {
	path := r.PathValue("path")
	calls, err := g.resources.CallResource(r.Context(), backend.ToProto().CallResourceRequest(&backend.CallResourceRequest{
		PluginContext: g.context, Path: path, URL: path + "?" + r.URL.RawQuery, Method: r.Method,
	}))
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	for {
		one, err := calls.Recv()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		if one.Code != 0 {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(int(one.Code))
		}
		_, _ = w.Write(one.Body) // whoever asked may be gone
	}
}

func reply(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // whoever asked may be gone
}
