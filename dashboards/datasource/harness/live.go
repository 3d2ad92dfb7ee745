package main

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/grafana/grafana-plugin-sdk-go/backend"

	"github.com/grantwatch/grantwatch/dashboards/queries/queriestest"
)

// live runs the plugin's stream of a channel for as long as somebody listens, as server-sent events.
func (g *grafana) live(w http.ResponseWriter, r *http.Request) {
	path := r.URL.Query().Get("path")
	run, err := g.stream.RunStream(r.Context(), backend.ToProto().RunStreamRequest(&backend.RunStreamRequest{PluginContext: g.context, Path: path}))
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	g.streams.Add(1)
	defer g.streams.Add(-1)
	w.Header().Set("Content-Type", "text/event-stream")
	w.WriteHeader(http.StatusOK)
	out := http.NewResponseController(w)
	_ = out.Flush() // whoever asked may be gone
	for {
		packet, err := run.Recv()
		if err != nil {
			if !errors.Is(err, io.EOF) && r.Context().Err() == nil {
				fmt.Printf("stream %s: %v\n", path, err)
			}
			return
		}
		fmt.Fprintf(w, "data: %s\n\n", packet.Data) // the JSON of a frame is one line
		_ = out.Flush()
	}
}

// addFinding writes a finding, as an evaluation would.
func addFinding(w http.ResponseWriter, r *http.Request, server, secret string) {
	u, err := url.Parse(server)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	e := queriestest.Engine{Client: http.DefaultClient, URL: "http://" + u.Host, Password: secret, Database: strings.TrimPrefix(u.Path, "/")}
	_, err = e.Ask(r.Context(), `INSERT INTO findings (team, fingerprint, kind, verdict, severity, state, first_seen, last_seen, body, version)
		SELECT 'payments', {f:String}, 'OUT_OF_BAND', 'VIOLATION', 'high', 'open', '2026-09-01 01:00:00', '2026-09-01 01:00:00', '{}', toUnixTimestamp64Micro(now64(6))`,
		map[string]string{"param_f": r.URL.Query().Get("fingerprint")})
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}
