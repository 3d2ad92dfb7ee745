package datasource

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"

	"github.com/grantwatch/grantwatch/dashboards/queries"
)

// spec is one query as editors list it.
type spec struct {
	Name        string           `json:"name"`
	Title       string           `json:"title"`
	Description string           `json:"description"`
	Unit        string           `json:"unit,omitempty"`
	Shape       queries.Shape    `json:"shape"`
	Streaming   bool             `json:"streaming,omitempty"`
	Variable    string           `json:"variable,omitempty"`
	Alerting    bool             `json:"alerting"`
	TimeRange   string           `json:"time_range"`
	Params      []paramSpec      `json:"params"`
	Columns     []queries.Column `json:"columns"`
}

type paramSpec struct {
	Name        string   `json:"name"`
	Type        string   `json:"type"`
	Multi       bool     `json:"multi,omitempty"`
	Needed      bool     `json:"needed,omitempty"`
	Default     any      `json:"default,omitempty"`
	Min         *int64   `json:"min,omitempty"`
	Max         *int64   `json:"max,omitempty"`
	Options     []string `json:"options,omitempty"`
	Description string   `json:"description"`
}

func specs() []spec {
	var out []spec
	for _, q := range queries.All() {
		s := spec{
			Name: q.Name, Title: q.Title, Description: q.Description, Unit: q.Unit, Shape: q.Shape, Streaming: q.Name == streamed, Variable: q.Variable,
			Alerting: q.Shape == queries.NumericLong || q.Shape == queries.SeriesLong || q.Shape == queries.SeriesWide, TimeRange: q.TimeRange,
			Params: []paramSpec{}, Columns: q.Columns,
		}
		for _, p := range q.Params {
			one := paramSpec{Name: p.Name, Type: string(p.Kind), Multi: p.Multi, Needed: p.Needed, Options: p.Choices, Description: p.Description}
			if p.Kind == queries.KindInt {
				one.Min, one.Max = &p.Min, &p.Max
				if n, err := strconv.ParseInt(strings.Join(p.Default, ""), 10, 64); err == nil {
					one.Default = n
				}
			} else if len(p.Default) > 0 {
				one.Default = p.Default
			}
			s.Params = append(s.Params, one)
		}
		out = append(out, s)
	}
	return out
}

// routes are what editors ask beside queries. Every list is within the scope of whoever asks.
func (i *Instance) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /queries", func(w http.ResponseWriter, _ *http.Request) { reply(w, http.StatusOK, specs()) })
	mux.HandleFunc("GET /identities", i.identities)
	for _, name := range []string{"teams", "providers", "kinds", "severities", "feeds", "figures"} {
		mux.HandleFunc("GET /"+name, func(w http.ResponseWriter, r *http.Request) {
			values, _, ok := i.values(w, r, name)
			if ok {
				reply(w, http.StatusOK, values)
			}
		})
	}
	return mux
}

// identities is for completion while somebody types.
func (i *Instance) identities(w http.ResponseWriter, r *http.Request) {
	type identity struct {
		UID  string `json:"uid"`
		Name string `json:"name"`
	}
	values, texts, ok := i.values(w, r, "identities")
	if !ok {
		return
	}
	out := make([]identity, len(values))
	for n := range values {
		out[n] = identity{values[n], texts[n]}
	}
	// What begins with what was typed comes first, then what has it anywhere.
	prefix := strings.ToLower(r.URL.Query().Get("prefix"))
	slices.SortStableFunc(out, func(a, b identity) int {
		return later(a.Name, a.UID, prefix) - later(b.Name, b.UID, prefix)
	})
	reply(w, http.StatusOK, out)
}

func later(name, uid, prefix string) int {
	if strings.HasPrefix(strings.ToLower(name), prefix) || strings.HasPrefix(strings.ToLower(uid), prefix) {
		return 0
	}
	return 1
}

// values asks one of the queries for variables.
func (i *Instance) values(w http.ResponseWriter, r *http.Request, name string) (values, texts []string, ok bool) {
	ctx := r.Context()
	scope, err := i.who(ctx, backend.PluginConfigFromContext(ctx), r.Header.Get)
	if err != nil {
		i.refuse(w, err)
		return nil, nil, false
	}
	q, _ := queries.Find(name)
	params := queries.Params{}
	given := r.URL.Query()
	for key, param := range map[string]string{"prefix": "text", "limit": "limit"} {
		if _, has := q.Param(param); has && given.Get(key) != "" {
			params[param] = []string{given.Get(key)}
		}
	}
	if teams := given["team"]; len(teams) > 0 {
		params["team"] = teams
	}
	now := time.Now().UTC()
	got, err := i.run(ctx, scope, name, params, queries.Range{From: now.AddDate(0, 0, -1), To: now})
	if err != nil {
		i.refuse(w, err)
		return nil, nil, false
	}
	at := slices.IndexFunc(got.Columns, func(c queries.Column) bool { return c.Name == q.Variable })
	values = got.Values[at].Texts
	texts = values
	if n := slices.IndexFunc(got.Columns, func(c queries.Column) bool { return c.Name == "text" }); n >= 0 {
		texts = got.Values[n].Texts
	}
	return values, texts, true
}

func (i *Instance) refuse(w http.ResponseWriter, err error) {
	text, status, _ := i.answer(err)
	reply(w, int(status), map[string]string{"message": text})
}

func reply(w http.ResponseWriter, status int, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		status, b = http.StatusInternalServerError, []byte(fmt.Sprintf("{%q:%q}", "message", "the answer could not be written"))
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(b) // whoever asked may be gone
}
