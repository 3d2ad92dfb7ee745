// Package metrics counts what the ingesters do and serves it to Prometheus, beside profiles, on a private port. The parts
// that are counted know nothing of it: they declare observers, and this package is one. docs/metrics.md names every metric.
package metrics
