// Package grafana has the dashboards and alert rules for Grafana. They are written in Go and committed as what Grafana
// reads: `make generate` writes json/*.json and deploy/grafana/provisioning/alerting, and a test compares them.
//
// Dashboards are in the classic JSON model of schema 41, which Grafana 11.6 wrote and later ones read. Every figure comes
// from a named query of dashboards/queries; nothing is computed here.
package grafana
