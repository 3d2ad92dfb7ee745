package grafana_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/grantwatch/grantwatch/dashboards/grafana"
	"github.com/grantwatch/grantwatch/dashboards/queries"
)

const root = "../.."

func TestFilesAreWhatIsGenerated(t *testing.T) {
	files, err := grafana.Files()
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range files {
		if got, err := os.ReadFile(filepath.Join(root, name)); err != nil || string(got) != string(want) {
			t.Errorf("%s is not what is generated (%v): run make generate", name, err)
		}
	}
	found, err := filepath.Glob("json/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range found {
		if files["dashboards/grafana/"+name] == nil {
			t.Errorf("nothing makes %s", name)
		}
	}
}

// panels are all panels that show something.
func panels(d grafana.Dashboard) []grafana.Panel {
	return slices.DeleteFunc(slices.Clone(d.Panels), func(p grafana.Panel) bool { return p.Type == "row" })
}

func TestDashboards(t *testing.T) {
	uids, ids := map[string]bool{}, 0
	for _, d := range grafana.All() {
		t.Run(d.UID, func(t *testing.T) {
			if uids[d.UID] || !strings.HasPrefix(d.UID, "grantwatch-") || len(d.UID) > 40 {
				t.Error("its uid is taken or not ours")
			}
			uids[d.UID] = true
			if d.SchemaVersion != 41 || d.Timezone != "browser" || d.Refresh == "" || d.Description == "" || !slices.Contains(d.Tags, "grantwatch") {
				t.Errorf("schema %d, zone %q, refresh %q, description %q, tags %v", d.SchemaVersion, d.Timezone, d.Refresh, d.Description, d.Tags)
			}
			seen := map[int]bool{}
			for _, p := range d.Panels {
				if seen[p.ID] || p.ID == 0 {
					t.Errorf("two panels have the number %d", p.ID)
				}
				seen[p.ID] = true
			}
			if len(panels(d)) < 3 {
				t.Errorf("it has %d panels only", len(panels(d)))
			}
			layout(t, d)
			sources(t, d)
			for _, p := range panels(d) {
				ids++
				t.Run(p.Title, func(t *testing.T) { panel(t, d, p) })
			}
			for _, m := range d.Annotations.List {
				if q := valid(t, d, "annotation "+m.Name, m.Target); q != nil && q.Shape != queries.Annotations {
					t.Errorf("annotation %s: query %s gives a %s", m.Name, q.Name, q.Shape)
				}
			}
			variables(t, d)
		})
	}
	if len(uids) != 6 || ids < 40 {
		t.Errorf("%d dashboards, %d panels: is the list whole?", len(uids), ids)
	}
}

// layout checks that no panels overlap and that nothing leaves the grid.
func layout(t *testing.T, d grafana.Dashboard) {
	t.Helper()
	taken := map[[2]int]string{}
	for _, p := range d.Panels {
		if p.GridPos.X < 0 || p.GridPos.X+p.GridPos.W > 24 || p.GridPos.H < 1 || p.GridPos.W < 1 {
			t.Errorf("%s leaves the grid: %+v", p.Title, p.GridPos)
		}
		for x := range p.GridPos.W {
			for y := range p.GridPos.H {
				at := [2]int{p.GridPos.X + x, p.GridPos.Y + y}
				if taken[at] != "" {
					t.Fatalf("%s lies on %s", p.Title, taken[at])
				}
				taken[at] = p.Title
			}
		}
	}
}

// sources checks that no data source is named but by the variable.
func sources(t *testing.T, d grafana.Dashboard) {
	t.Helper()
	text, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	var tree any
	if err := json.Unmarshal(text, &tree); err != nil {
		t.Fatal(err)
	}
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, x := range v {
				walk(x)
			}
		case map[string]any:
			for key, x := range v {
				if ref, _ := x.(map[string]any); key == "datasource" && (ref["type"] != grafana.PluginID || ref["uid"] != "${datasource}") {
					t.Errorf("a data source is named: %v", x)
				}
				walk(x)
			}
		}
	}
	walk(tree)
}

func panel(t *testing.T, d grafana.Dashboard, p grafana.Panel) {
	if p.Description == "" || p.Title == "" || p.FieldConfig == nil || p.FieldConfig.Defaults.Unit == "" || p.FieldConfig.Defaults.NoValue == "" {
		t.Errorf("description %q, field config %+v: title, description, unit and a text for no data are needed", p.Description, p.FieldConfig)
	}
	if len(p.Targets) == 0 {
		t.Error("it asks nothing")
	}
	for _, x := range p.Targets {
		q := valid(t, d, "target "+x.RefID, x)
		if q == nil {
			continue
		}
		fits(t, p, q, x)
		unit := p.FieldConfig.Defaults.Unit
		if at := slices.IndexFunc(q.Columns, func(c queries.Column) bool { return c.Name == x.Column }); at >= 0 && q.Columns[at].Unit != unit {
			t.Errorf("column %s is in %q and printed in %q", x.Column, q.Columns[at].Unit, unit)
		}
	}
	if th := p.FieldConfig.Defaults.Thresholds; th != nil {
		for _, s := range th.Steps {
			if s.Value != nil && !strings.Contains(p.Description, strings.TrimSuffix(grafana.ThresholdText(*s.Value, p.FieldConfig.Defaults.Unit), " ")) && !shadow(th, *s.Value) {
				t.Errorf("the threshold %s is told by colour alone: name it in the description", grafana.ThresholdText(*s.Value, p.FieldConfig.Defaults.Unit))
			}
		}
	}
}

// shadow says that a threshold is the softer of the two of a floor: the text names the harder one.
func shadow(th *grafana.Thresholds, v float64) bool {
	return th.Steps[0].Color == "red" && v == *th.Steps[1].Value && len(th.Steps) == 3
}

// fits checks that a panel can draw what its query gives.
func fits(t *testing.T, p grafana.Panel, q *queries.Query, x grafana.Target) {
	t.Helper()
	may := map[string][]queries.Shape{
		"table":          {queries.Table, queries.NumericLong, queries.Annotations},
		"stat":           {queries.NumericLong, queries.SeriesWide},
		"bargauge":       {queries.NumericLong},
		"timeseries":     {queries.SeriesLong, queries.SeriesWide},
		"status-history": {queries.SeriesLong},
		"logs":           {queries.LogLines},
	}
	if !slices.Contains(may[p.Type], q.Shape) {
		t.Errorf("a %s cannot draw %s, which is a %s", p.Type, q.Name, q.Shape)
	}
	if x.Streaming && q.Name != "findings" {
		t.Errorf("%s does not stream", q.Name)
	}
	if (p.Type == "stat" || p.Type == "bargauge") && x.Column == "" {
		t.Error("it does not say which number it shows")
	}
	for _, tr := range p.Transformations {
		options, _ := tr["options"].(map[string]any)
		hidden, _ := options["excludeByName"].(map[string]any)
		for name := range hidden {
			if !slices.ContainsFunc(q.Columns, func(c queries.Column) bool { return c.Name == name }) {
				t.Errorf("it hides the column %s, which %s does not have", name, q.Name)
			}
		}
		if tr["id"] != "organize" {
			t.Errorf("the transformation %v computes; figures come from queries", tr["id"])
		}
	}
}

var variable = regexp.MustCompile(`\$\{?([A-Za-z_]+)`)

// valid checks a target against the list of queries: its name, its parameters, their values, its column.
func valid(t *testing.T, d grafana.Dashboard, where string, x grafana.Target) *queries.Query {
	t.Helper()
	q, ok := queries.Find(x.Query)
	if !ok {
		t.Errorf("%s: there is no query %q", where, x.Query)
		return nil
	}
	if x.Column != "" && !slices.ContainsFunc(q.Columns, func(c queries.Column) bool {
		return c.Name == x.Column && (c.Type == queries.Count || c.Type == queries.Number)
	}) {
		t.Errorf("%s: %s has no column of numbers %q", where, x.Query, x.Column)
	}
	for name, value := range x.Params {
		p, ok := q.Param(name)
		if !ok {
			t.Errorf("%s: %s has no parameter %q", where, x.Query, name)
			continue
		}
		list, many := value.([]string)
		if !many {
			list = []string{fmt.Sprint(value)}
		}
		if many != p.Multi {
			t.Errorf("%s: %s of %s: one value or several?", where, name, x.Query)
		}
		for _, v := range list {
			if m := variable.FindStringSubmatch(v); m != nil && v != queries.AllValue {
				if !slices.ContainsFunc(d.Templating.List, func(x grafana.Variable) bool { return x.Name == m[1] }) {
					t.Errorf("%s: %s has no variable %s", where, d.UID, m[1])
				}
			} else if p.Choices != nil && v != queries.AllValue && !slices.Contains(p.Choices, v) {
				t.Errorf("%s: %s of %s cannot be %q", where, name, x.Query, v)
			}
		}
	}
	for _, p := range q.Params {
		if _, given := x.Params[p.Name]; p.Needed && !given {
			t.Errorf("%s: %s needs %s", where, x.Query, p.Name)
		}
	}
	// What can be narrowed by the chosen teams is narrowed by them: a chooser that changes nothing deceives.
	for _, v := range d.Templating.List {
		if _, takes := q.Param(v.Name); takes && v.Name == "team" {
			if _, given := x.Params[v.Name]; !given && q.Name != "teams" {
				t.Errorf("%s: %s could be narrowed by %s and is not", where, x.Query, v.Name)
			}
		}
	}
	return q
}

func variables(t *testing.T, d grafana.Dashboard) {
	t.Helper()
	if first := d.Templating.List[0]; first.Type != "datasource" || first.Name != "datasource" || first.Query != grafana.PluginID {
		t.Error("the first variable is the data source")
	}
	text, err := json.Marshal(d.Panels)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range d.Templating.List[1:] {
		x, ok := v.Query.(grafana.Target)
		if !ok {
			t.Fatalf("variable %s has no query", v.Name)
		}
		if q := valid(t, d, "variable "+v.Name, x); q != nil && q.Variable == "" {
			t.Errorf("variable %s: %s offers no values", v.Name, q.Name)
		}
		if v.IncludeAll != v.Multi || v.IncludeAll && (v.AllValue == nil || *v.AllValue != queries.AllValue) {
			t.Errorf("variable %s: All is not what the backend takes for all", v.Name)
		}
		if !strings.Contains(string(text), "$"+v.Name) {
			t.Errorf("variable %s changes nothing", v.Name)
		}
	}
}

func TestLinksLeadSomewhere(t *testing.T) {
	known := map[string]grafana.Dashboard{}
	for _, d := range grafana.All() {
		known[d.UID] = d
	}
	where := regexp.MustCompile(`^/d/([a-z-]+)(?:\?(.*))?$`)
	const docs = "https://github.com/grantwatch/grantwatch/blob/main/"
	found := 0
	check := func(from, url string) {
		found++
		if page, ok := strings.CutPrefix(url, docs); ok {
			if _, err := os.Stat(filepath.Join(root, page)); err != nil {
				t.Errorf("%s links to %s, which is not there", from, page)
			}
			return
		}
		m := where.FindStringSubmatch(url)
		if len(m) < 3 || known[m[1]].UID == "" {
			t.Errorf("%s links to %s", from, url)
			return
		}
		for _, v := range regexp.MustCompile(`var-([a-z]+)=`).FindAllStringSubmatch(m[2], -1) {
			if !slices.ContainsFunc(known[m[1]].Templating.List, func(x grafana.Variable) bool { return x.Name == v[1] }) {
				t.Errorf("%s sets the variable %s, which %s does not have", from, v[1], m[1])
			}
		}
	}
	for _, d := range grafana.All() {
		if len(d.Links) != len(known) {
			t.Errorf("%s has %d links: one to each other dashboard and one to the runbooks", d.UID, len(d.Links))
		}
		for _, l := range d.Links {
			check(d.UID, l.URL)
		}
		for _, p := range panels(d) {
			for _, l := range p.Links {
				check(d.UID+" "+p.Title, l.URL)
			}
			for _, o := range p.FieldConfig.Overrides {
				for _, prop := range o.Properties {
					if links, ok := prop.Value.([]grafana.Link); ok {
						for _, l := range links {
							check(d.UID+" "+p.Title+" "+o.Matcher.Options, l.URL)
							if strings.Contains(l.URL, "__data") && !strings.Contains(l.URL, ":percentencode}") {
								t.Errorf("%s: a value goes into an address as it is: %s", p.Title, l.URL)
							}
						}
					}
				}
			}
		}
	}
	if found < 60 {
		t.Errorf("%d links only", found)
	}
}

func TestAlertRules(t *testing.T) {
	files, err := grafana.Files()
	if err != nil {
		t.Fatal(err)
	}
	text := string(files[grafana.AlertsFile])
	if strings.Contains(text, "$") {
		t.Error("Grafana would take a dollar sign for a variable of its environment")
	}
	var got struct {
		Groups []struct {
			Rules []struct {
				UID, Title, NoDataState, Condition, DashboardUID string
				PanelID                                          int
				Annotations                                      map[string]string
				Data                                             []struct {
					RefID, DatasourceUID string
					Model                map[string]any
				}
			}
		}
	}
	if err := yaml.Unmarshal([]byte(strings.NewReplacer("noDataState", "nodatastate", "dashboardUid", "dashboarduid", "panelId", "panelid", "refId", "refid", "datasourceUid", "datasourceuid").Replace(text)), &got); err != nil {
		t.Fatal(err)
	}
	rules := got.Groups[0].Rules
	if len(rules) != 5 {
		t.Fatalf("%d rules", len(rules))
	}
	provisioned, err := os.ReadFile(filepath.Join(root, "deploy/grafana/provisioning/datasources/grantwatch.yaml"))
	if err != nil || !strings.Contains(string(provisioned), "uid: "+grafana.DataSourceUID) || !strings.Contains(string(provisioned), "type: "+grafana.PluginID) {
		t.Errorf("the data source is not provisioned under the uid that alert rules name: %v", err)
	}
	seen := map[string]bool{}
	for _, r := range rules {
		if seen[r.UID] || r.UID == "" || len(r.UID) > 40 {
			t.Errorf("uid %q", r.UID)
		}
		seen[r.UID] = true
		if len(r.Data) != 3 || r.Data[0].DatasourceUID != grafana.DataSourceUID || r.Condition != "C" {
			t.Errorf("%s: %+v", r.UID, r)
			continue
		}
		q, ok := queries.Find(fmt.Sprint(r.Data[0].Model["query"]))
		if !ok || q.Shape != queries.NumericLong && q.Shape != queries.SeriesLong && q.Shape != queries.SeriesWide {
			t.Errorf("%s: no alert rule can be set on %v", r.UID, r.Data[0].Model["query"])
		}
		// Labels that a summary prints are labels that the series have.
		for _, m := range regexp.MustCompile(`\.Labels\.(\w+)`).FindAllStringSubmatch(r.Annotations["summary"], -1) {
			if !slices.ContainsFunc(q.Columns, func(c queries.Column) bool { return c.Name == m[1] && c.Type == queries.Text }) {
				t.Errorf("%s prints the label %s, which %s does not give", r.UID, m[1], q.Name)
			}
		}
		// Whoever is woken by a rule about a feed must not have to look for which one.
		if strings.Contains(r.Annotations["summary"], "feed ") {
			for _, label := range []string{"feed", "team"} {
				if !strings.Contains(r.Annotations["summary"], "{{ .Labels."+label+" }}") {
					t.Errorf("%s: the summary does not name the %s: %s", r.UID, label, r.Annotations["summary"])
				}
			}
		}
		page, _ := strings.CutPrefix(r.Annotations["runbook_url"], "https://github.com/grantwatch/grantwatch/blob/main/")
		if book, err := os.ReadFile(filepath.Join(root, page)); err != nil || !strings.Contains(string(book), r.UID) {
			t.Errorf("%s: its runbook %s is not there or does not name it: %v", r.UID, page, err)
		}
	}
}
