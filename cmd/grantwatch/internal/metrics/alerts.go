package metrics

import "github.com/prometheus/client_golang/prometheus"

// alerts are the metrics of telling.
type alerts struct {
	messages *prometheus.CounterVec
	held     *prometheus.GaugeVec
	hits     prometheus.Counter
}

func newAlerts() *alerts {
	a := &alerts{
		messages: counter("grantwatch_alert_messages_total", "Messages by what became of them: sent, updated or failed.", "result"),
		held:     prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "grantwatch_alert_held", Help: "What the last round held back, by reason: findings, and messages of unchanged and other_sender."}, []string{"reason"}),
		hits:     prometheus.NewCounter(prometheus.CounterOpts{Name: "grantwatch_alert_hits_total", Help: "Hits of event rules that were judged at once, before the next evaluation."}),
	}
	for _, r := range []string{"sent", "updated", "failed"} {
		a.messages.WithLabelValues(r)
	}
	return a
}

// Alerted counts a round of alerts.
func (m *Metrics) Alerted(sent, updated, failed int, held map[string]int) {
	m.alerts.messages.WithLabelValues("sent").Add(float64(sent))
	m.alerts.messages.WithLabelValues("updated").Add(float64(updated))
	m.alerts.messages.WithLabelValues("failed").Add(float64(failed))
	m.alerts.held.Reset()
	for r, n := range held {
		m.alerts.held.WithLabelValues(r).Set(float64(n))
	}
}

// Judged counts hits that were judged at once.
func (m *Metrics) Judged(hits int) { m.alerts.hits.Add(float64(hits)) }
