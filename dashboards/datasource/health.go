package datasource

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"

	"github.com/grantwatch/grantwatch/store"
)

// mostSkew is how far the clocks of the store and of the plugin may be apart before ages are wrong.
const mostSkew = 30 * time.Second

// CheckHealth says what is wrong, in words, and what is odd though it works.
func (i *Instance) CheckHealth(ctx context.Context, _ *backend.CheckHealthRequest) (*backend.CheckHealthResult, error) {
	if i.problem != nil {
		return unwell(i.problem.Error(), nil), nil
	}
	ctx, cancel := context.WithTimeout(ctx, 8*time.Second)
	defer cancel()
	s, err := i.connect(ctx)
	if err != nil {
		return i.unwellBy(err), nil
	}
	had, known, err := s.SchemaState(ctx)
	if err != nil {
		return i.unwellBy(err), nil
	}
	details := map[string]any{"schema": had, "schema_known": known, "database": s.Database()}
	switch {
	case had == 0:
		return unwell(fmt.Sprintf("the database %s has no tables of Grantwatch: is it the right one, and has Grantwatch written to it?", s.Database()), details), nil
	case had < known:
		return unwell(fmt.Sprintf("the tables are older than this plugin (schema %d, %d is needed): update Grantwatch, or run grantwatch migrate", had, known), details), nil
	case had > known:
		return unwell(fmt.Sprintf("the tables are newer than this plugin (schema %d, it knows %d): update the plugin", had, known), details), nil
	}
	asked := time.Now()
	clock, err := s.Clock(ctx)
	if err != nil {
		return i.unwellBy(err), nil
	}
	skew := clock.Sub(asked.Add(time.Since(asked) / 2)).Round(time.Second)
	details["clock_skew_seconds"] = skew.Seconds()
	if skew.Abs() > mostSkew {
		return unwell(fmt.Sprintf("the clocks of the server and of Grafana are %s apart: ages and \"now\" would be wrong", skew.Abs()), details), nil
	}
	last, err := s.LastEvaluation(ctx)
	if err != nil {
		return i.unwellBy(err), nil
	}
	text := "connected; no evaluation yet, so that there are no findings and no figures to show"
	if !last.IsZero() {
		details["last_evaluation"] = last.Format(time.RFC3339)
		text = "connected; last evaluation " + last.Format(time.RFC3339)
	}
	if i.settings.ForwardIdentity && len(i.settings.Scopes) == 0 && len(i.settings.DefaultTeams) == 0 || !i.settings.ForwardIdentity && len(i.settings.DefaultTeams) == 0 {
		text += "; nobody sees anything yet: there are no default teams and no rules for users"
	}
	return &backend.CheckHealthResult{Status: backend.HealthStatusOk, Message: text, JSONDetails: encode(details)}, nil
}

func (i *Instance) unwellBy(err error) *backend.CheckHealthResult {
	i.log.Warn("health", "error", i.safe(err))
	text := "the server answers with an error; the plugin's log has it"
	switch store.FaultOf(err) {
	case store.FaultUnreachable:
		text = "nobody answers at the address: is the server running, and may Grafana reach it?"
	case store.FaultPassword:
		text = "the server does not take the user or the password"
	case store.FaultDatabase:
		text = "the server has no such database"
	case store.FaultDenied:
		text = "the user may not read the tables of Grantwatch"
	case store.FaultTLS:
		text = "the server's certificate is not trusted"
	case store.FaultTimeout:
		text = "the server took too long"
	}
	return unwell(text, nil)
}

func unwell(text string, details map[string]any) *backend.CheckHealthResult {
	return &backend.CheckHealthResult{Status: backend.HealthStatusError, Message: text, JSONDetails: encode(details)}
}

func encode(details map[string]any) []byte {
	if details == nil {
		return nil
	}
	b, err := json.Marshal(details)
	if err != nil {
		return nil
	}
	return b
}
