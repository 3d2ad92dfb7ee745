package web

import (
	"log/slog"

	"github.com/grantwatch/grantwatch/dashboards/report"
)

func findingsCSV(v *visit) {
	w := v.w
	found, _ := v.apply(parseFilter(v.r.URL.Query()))
	w.Header().Set("Content-Type", "text/csv; charset=utf-8; header=present")
	w.Header().Set("Content-Disposition", `attachment; filename="findings-`+v.AsOf.UTC().Format("20060102T150405Z")+`.csv"`)
	if err := report.FindingsCSV(w, found); err != nil {
		slog.Debug("sending findings", "error", err) // the reader has gone
	}
}

func findingsJSON(v *visit) {
	w := v.w
	found, _ := v.apply(parseFilter(v.r.URL.Query()))
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Disposition", `inline; filename="findings.json"`)
	if err := report.FindingsJSON(w, v.AsOf, found); err != nil {
		slog.Debug("sending findings", "error", err) // the reader has gone
	}
}
