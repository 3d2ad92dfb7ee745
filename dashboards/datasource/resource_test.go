package datasource_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/grafana/grafana-plugin-sdk-go/backend"

	"github.com/grantwatch/grantwatch/dashboards/queries"
)

func TestResources(t *testing.T) {
	organisation(t, "resources")
	g := start(t)
	s := sourceOf(1, "resources", map[string]any{"forwardIdentity": true, "defaultTeams": []string{}, "scopes": []any{
		map[string]any{"users": []string{"soc"}, "teams": []string{"*"}}, map[string]any{"users": []string{"li"}, "teams": []string{"platform"}},
	}})
	soc, li, eve := s.as(&backend.User{Login: "soc"}), s.as(&backend.User{Login: "li"}), s.as(&backend.User{Login: "eve"})
	for _, c := range []struct {
		pc     backend.PluginContext
		path   string
		status int
		want   string
	}{
		{soc, "teams", 200, `["it's \\ odd","payments","platform"]`},
		{li, "teams", 200, `["platform"]`},
		{eve, "teams", 200, `[]`},
		{li, "teams?team=payments", 403, `{"message":"query teams: out of scope: none of the teams asked for is yours to see"}`},
		{li, "providers", 200, `["kubernetes"]`},
		{li, "kinds", 200, `["FEED_SILENT","OUT_OF_BAND","UNUSED_GRANT"]`},
		{soc, "severities", 200, `["critical","high","medium","low","info"]`},
		{li, "feeds", 200, `["platform-k8s"]`},
		{soc, "identities?prefix=cleo&limit=1", 200, `[{"uid":"arn:aws:iam::111122223333:user/cleo","name":"arn:aws:iam::111122223333:user/cleo (AIDAONE)"}]`},
		{soc, "identities?prefix=cleo&limit=10", 200, `[{"uid":"cleo","name":"Cleo Karst (cleo)"},{"uid":"arn:aws:iam::111122223333:user/cleo","name":"arn:aws:iam::111122223333:user/cleo (AIDAONE)"}]`},
		{li, "identities?prefix=cleo", 200, `[]`},
		{li, "identities?limit=0", 400, `{"message":"query identities: parameter limit: \"0\" is no whole number from 1 to 5000"}`},
		{soc, "identities?prefix='%20OR%201=1%20--", 200, `[]`},
	} {
		status, body := g.call(t, c.pc, c.path)
		if status != c.status || body != c.want {
			t.Errorf("%s by %s: %d %s", c.path, c.pc.User.Login, status, body)
		}
	}
	if status, _ := g.call(t, soc, "secrets"); status != 404 {
		t.Errorf("a resource that is not there: %d", status)
	}
	status, body := g.call(t, eve, "queries")
	var list []struct {
		Name   string `json:"name"`
		Params []struct {
			Name string `json:"name"`
			Type string `json:"type"`
		} `json:"params"`
	}
	if err := json.Unmarshal([]byte(body), &list); err != nil || status != 200 || len(list) != len(queries.All()) {
		t.Errorf("queries: %d %v, %d of %d", status, err, len(list), len(queries.All()))
	}
	if strings.Contains(body, "FINAL") {
		t.Error("the list of queries has statements in it")
	}
}
