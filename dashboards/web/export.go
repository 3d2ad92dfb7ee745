package web

import (
	"log/slog"
	"net/http"

	"github.com/grantwatch/grantwatch/dashboards/report"
)

func (s *server) findingsCSV(w http.ResponseWriter, r *http.Request) {
	ix := s.index()
	found, _ := ix.apply(parseFilter(r.URL.Query()))
	w.Header().Set("Content-Type", "text/csv; charset=utf-8; header=present")
	w.Header().Set("Content-Disposition", `attachment; filename="findings-`+ix.AsOf.UTC().Format("20060102T150405Z")+`.csv"`)
	if err := report.FindingsCSV(w, found); err != nil {
		slog.Debug("sending findings", "error", err) // the reader has gone
	}
}

func (s *server) findingsJSON(w http.ResponseWriter, r *http.Request) {
	ix := s.index()
	found, _ := ix.apply(parseFilter(r.URL.Query()))
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Disposition", `inline; filename="findings.json"`)
	if err := report.FindingsJSON(w, ix.AsOf, found); err != nil {
		slog.Debug("sending findings", "error", err) // the reader has gone
	}
}
