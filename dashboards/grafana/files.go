package grafana

import (
	"bytes"
	"encoding/json"
)

// All are the dashboards.
func All() []Dashboard {
	return []Dashboard{soc(), team(), identity(), coverage(), rules(), pipeline()}
}

// AlertsFile is where the alert rules are written, from the root of the repository.
const AlertsFile = "deploy/grafana/provisioning/alerting/grantwatch.yaml"

// Files are all files that are generated, by their path from the root of the repository.
func Files() (map[string][]byte, error) {
	out := map[string][]byte{}
	for _, d := range All() {
		var b bytes.Buffer
		enc := json.NewEncoder(&b)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", "  ")
		if err := enc.Encode(d); err != nil {
			return nil, err
		}
		out["dashboards/grafana/json/"+d.UID+".json"] = b.Bytes()
	}
	var err error
	out[AlertsFile], err = alerts()
	return out, err
}
