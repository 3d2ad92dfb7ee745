package datasource_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"fmt"
	mrand "math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/grantwatch/grantwatch/dashboards/queries"
)

const wallTeams = 6

// hostile are values that may stand in a parameter, a login or a token.
var hostile = []string{
	`'`, `"`, `\`, `\'`, `' OR 1=1 --`, `') OR ('1'='1`, `'; DROP TABLE findings; --`, `{teams:Array(String)}`, `{all:UInt8}`, `1) UNION ALL SELECT * FROM findings --`, `%`, `_`, `tm%`, `tm_`, `*`, `$__all'`, "`",
	`/**/`, "\n", "\t", "\\N", `\x00`, "NULL", `[]`, `['tm0','tm1']`, `tm0','tm1`, `$team`, `${team}`, "日本語", "\u202e", "\u212a", "😀", `<script>`, `=1+1`, `..`, ` tm0`, `tm0 `, `TM0`, strings.Repeat("a", 2048),
}

// issuer signs tokens as Grafana does.
type issuer struct {
	key, other *ecdsa.PrivateKey
	url        string
}

func newIssuer(t *testing.T) *issuer {
	t.Helper()
	i := &issuer{}
	for _, k := range []**ecdsa.PrivateKey{&i.key, &i.other} {
		made, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		*k = made
	}
	set, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: &i.key.PublicKey, KeyID: "one", Algorithm: "ES256", Use: "sig"}}})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(set) }))
	t.Cleanup(server.Close)
	i.url = server.URL
	return i
}

func (i *issuer) token(t *testing.T, key *ecdsa.PrivateKey, login, email, audience string, until time.Time) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: key, KeyID: "one"}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	text, err := jwt.Signed(signer).Claims(map[string]any{"iss": "grafana", "aud": audience, "exp": until.Unix(), "username": login, "email": email, "sub": "user:1"}).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// model is what the test believes that a user may see, written down apart from the code that is tested.
type model struct {
	users    map[string][]int // login or e-mail, small letters
	roles    map[string][]int
	defaults []int
}

func (m *model) scope(u *backend.User) map[int]bool {
	out, named := map[int]bool{}, false
	add := func(teams []int) {
		named = true
		for _, n := range teams {
			out[n] = true
		}
	}
	if u != nil {
		ascii := func(s string) string {
			return strings.Map(func(r rune) rune {
				if r >= 'A' && r <= 'Z' {
					return r + 32
				}
				return r
			}, s)
		}
		// A login and an e-mail address may be named by two rules.
		seen := map[string]bool{}
		for _, name := range []string{ascii(u.Login), ascii(u.Email)} {
			if teams, ok := m.users[name]; ok && !seen[name] && name != "" {
				seen[name] = true
				add(teams)
			}
		}
		if teams, ok := m.roles[u.Role]; ok {
			add(teams)
		}
	}
	if !named {
		add(m.defaults)
	}
	return out
}

func (m *model) settings() map[string]any {
	names := func(teams []int) []string {
		out := []string{}
		for _, n := range teams {
			out = append(out, "tm"+strconv.Itoa(n))
		}
		return out
	}
	var scopes []map[string]any
	for user, teams := range m.users {
		scopes = append(scopes, map[string]any{"users": []string{user}, "teams": names(teams)})
	}
	for role, teams := range m.roles {
		scopes = append(scopes, map[string]any{"roles": []string{role}, "teams": names(teams)})
	}
	return map[string]any{"forwardIdentity": true, "scopes": scopes, "defaultTeams": names(m.defaults)}
}

func randomTeams(r *mrand.Rand, most int) []int { return r.Perm(wallTeams)[:r.IntN(most+1)] }

// TestTeamsAreWalls asks 10 000 random questions as random users with random parameters and tokens, through the
// plugin's own protocol. No row, label or sum of a team that the user may not see may come back.
func TestTeamsAreWalls(t *testing.T) {
	e := database(t, "walls")
	text, err := os.ReadFile("testdata/walls.sql")
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Statements(t.Context(), string(text), nil); err != nil {
		t.Fatal(err)
	}
	asked := 10_000
	if s := os.Getenv("GRANTWATCH_WALLS"); s != "" {
		if asked, err = strconv.Atoi(s); err != nil {
			t.Fatal(err)
		}
	}
	seed := uint64(20260901)
	sign := newIssuer(t)
	g := start(t)
	const workers, perUser = 4, 10
	var wait sync.WaitGroup
	counts := make([]outcome, workers)
	for w := range workers {
		wait.Add(1)
		go func() {
			defer wait.Done()
			r := mrand.New(mrand.NewPCG(seed, uint64(w)))
			for round := range asked / workers / perUser {
				id := int64(w*100000 + round/20 + 1) // twenty users of one data source, then one with other settings
				one := newWalls(r, id)
				withToken := id%2 == 0
				if withToken {
					one.source.json["identityToken"] = map[string]any{"header": "X-Grafana-Id", "jwksUrl": sign.url, "issuer": "grafana", "audience": "org:1"}
				}
				one.question(t, r, g, sign, withToken, perUser, &counts[w])
			}
		}()
	}
	wait.Wait()
	total := outcome{}
	for _, c := range counts {
		total.answered += c.answered
		total.rows += c.rows
		total.refused += c.refused
		total.wrong += c.wrong
	}
	t.Logf("asked %d: %d answered with %d rows, %d refused for the parameters or the scope, %d for the token", total.answered+total.refused+total.wrong, total.answered, total.rows, total.refused, total.wrong)
	if total.answered < asked/4 || total.rows < asked/4 || total.refused < asked/20 {
		t.Error("the questions were not worth much")
	}
}

type outcome struct{ answered, rows, refused, wrong int }

type walls struct {
	model  model
	source source
}

// newWalls makes settings that are the same for the same id.
func newWalls(_ *mrand.Rand, id int64) *walls {
	r := mrand.New(mrand.NewPCG(7, uint64(id)))
	w := &walls{model: model{users: map[string][]int{}, roles: map[string][]int{}, defaults: nil}}
	for n := range 6 {
		w.model.users["u"+strconv.Itoa(n)] = randomTeams(r, 3)
		w.model.users["u"+strconv.Itoa(n)+"@corp.example"] = randomTeams(r, 2)
	}
	w.model.users["kim"] = []int{5}
	w.model.users[`o'dd \ "`] = randomTeams(r, 3)
	if r.IntN(2) == 0 {
		w.model.roles["Editor"] = randomTeams(r, 3)
	}
	if r.IntN(2) == 0 {
		w.model.defaults = randomTeams(r, 1)
	}
	w.source = sourceOf(id, "walls", w.model.settings())
	return w
}

func randomUser(r *mrand.Rand) *backend.User {
	n := strconv.Itoa(r.IntN(7))
	u := &backend.User{Login: "u" + n, Role: []string{"Viewer", "Editor", "Admin", "", "editor"}[r.IntN(5)]}
	switch r.IntN(8) {
	case 0:
		return nil
	case 1:
		u.Login = "U" + n
	case 2:
		u.Login, u.Email = "", "u"+n+"@CORP.example"
	case 3:
		u.Email = "u" + strconv.Itoa(r.IntN(7)) + "@corp.example"
	case 4:
		u.Login = hostile[r.IntN(len(hostile))]
	case 5:
		u.Login = "\u212aim" // a K that Unicode makes a k
	case 6:
		u.Login = `o'dd \ "`
	}
	return u
}

// question asks some queries as one user and looks at what comes back.
func (w *walls) question(t *testing.T, r *mrand.Rand, g *grafana, sign *issuer, withToken bool, many int, c *outcome) {
	user := randomUser(r)
	headers, known := map[string]string{}, true
	if withToken {
		headers, known = w.token(t, r, sign, user)
	}
	sees := w.model.scope(user)
	all := queries.All()
	var list []backend.DataQuery
	asks := map[string]asked{}
	for n := range many {
		q := all[r.IntN(len(all))]
		a := randomAsk(r, &q)
		text, err := json.Marshal(map[string]any{"query": q.Name, "params": a.params, "scope": "*", "teams": []string{"tm0"}, "all": 1, "sql": "SELECT 1", "rawSql": "SELECT 1"})
		if err != nil {
			t.Error(err)
			return
		}
		id := strconv.Itoa(n)
		asks[id] = a
		list = append(list, backend.DataQuery{RefID: id, JSON: text, Interval: 24 * time.Hour, MaxDataPoints: 100,
			TimeRange: backend.TimeRange{From: time.Date(2026, 8, 20, 0, 0, 0, 0, time.UTC), To: time.Date(2026, 9, 1, 0, 0, 1, 0, time.UTC)}})
	}
	if r.IntN(3) == 0 {
		headers[backend.FromAlertHeaderName] = "true"
	}
	res, err := g.data.QueryData(context.Background(), backend.ToProto().QueryDataRequest(&backend.QueryDataRequest{PluginContext: w.source.as(user), Headers: headers, Queries: list}))
	if err != nil {
		t.Errorf("the protocol failed: %v\n%s", err, g.output)
		return
	}
	back, err := backend.FromProto().QueryDataResponse(res)
	if err != nil {
		t.Error(err)
		return
	}
	if headers[backend.FromAlertHeaderName] == "true" && withToken && headers["http_X-Grafana-Id"] == "" {
		sees, known = w.model.scope(nil), true // an alert rule has no token, and sees what anybody sees
	}
	for id, a := range asks {
		got := back.Responses[id]
		switch {
		case !known:
			c.wrong++
			if got.Error == nil || len(got.Frames) > 0 {
				t.Errorf("user %+v with the headers %q was answered: %s", user, headers, a.query.Name)
			}
		case got.Error != nil:
			c.refused++
			if got.Status >= 500 && got.Status != 502 || strings.Contains(got.Error.Error(), "FINAL") {
				t.Errorf("%s %v: %v %v", a.query.Name, a.params, got.Status, got.Error)
			}
			if got.Status == backend.StatusBadGateway || got.Status == backend.StatusTimeout {
				t.Errorf("%s %v: %v", a.query.Name, a.params, got.Error)
			}
		default:
			c.answered++
			for _, f := range got.Frames {
				c.rows += f.Rows()
				if why := leak(f, &a, sees); why != "" {
					t.Errorf("user %+v sees %v, asked %s %v, and got %s", user, sees, a.query.Name, a.params, why)
				}
			}
		}
	}
}

// token gives a header, and says whether it proves who the user is.
func (w *walls) token(t *testing.T, r *mrand.Rand, sign *issuer, user *backend.User) (map[string]string, bool) {
	later := time.Now().Add(time.Hour)
	named := backend.User{Login: "u1", Email: "u2@corp.example"}
	if user != nil {
		named = *user
	}
	key, audience, until := sign.key, "org:1", later
	good := user == nil || named.Email != "" || named.Login != ""
	switch r.IntN(16) {
	case 0:
		return map[string]string{}, user == nil
	case 1:
		return map[string]string{"http_X-Grafana-Id": hostile[r.IntN(len(hostile))]}, user == nil
	case 2:
		key, good = sign.other, false
	case 3:
		audience, good = "org:2", false
	case 4:
		until, good = time.Now().Add(-time.Hour), false
	case 5: // of somebody else
		named, good = backend.User{Login: "somebody", Email: "somebody@corp.example"}, false
	case 6:
		return map[string]string{"http_X-Grafana-Id": "eyJhbGciOiJub25lIn0.eyJ1c2VybmFtZSI6InUxIn0."}, user == nil
	}
	if user == nil {
		good = true // without a user nothing but the default is seen, whatever the token says
	}
	return map[string]string{"http_X-Grafana-Id": sign.token(t, key, named.Login, named.Email, audience, until)}, good
}

type asked struct {
	query   queries.Query
	params  map[string]any
	teams   map[int]bool // nil: all
	filters bool
}

func randomAsk(r *mrand.Rand, q *queries.Query) asked {
	a := asked{query: *q, params: map[string]any{}}
	some := func() string {
		n := r.IntN(wallTeams)
		return fmt.Sprintf("tm%d%s", n, []string{"_name", "_uid", "_feed", "_provider", "_KIND", "_rule", "_f0", "_person", ""}[r.IntN(9)])
	}
	for _, p := range q.Params {
		switch {
		case p.Kind == queries.KindTeam:
			switch r.IntN(4) {
			case 0:
				list := []string{}
				a.teams = map[int]bool{}
				for range 1 + r.IntN(3) {
					n := r.IntN(wallTeams)
					a.teams[n] = true
					list = append(list, "tm"+strconv.Itoa(n))
				}
				a.params["team"] = list
			case 1:
				a.params["team"] = queries.AllValue
			case 2:
				a.params["team"] = []string{hostile[r.IntN(len(hostile))], "*"}
				a.teams = map[int]bool{}
			}
		case p.Needed && p.Kind == queries.KindIdentity:
			a.params[p.Name] = []string{"shared", "everybody", some(), some(), hostile[r.IntN(len(hostile))]}[r.IntN(5)]
			a.filters = true
		case p.Needed:
			a.params[p.Name] = []string{"open", "coverage", "kind"}
		case r.IntN(4) == 0:
			a.filters = true
			var v any
			switch {
			case p.Kind == queries.KindInt:
				v = []any{1, 2, 500, "7", -1, hostile[r.IntN(len(hostile))]}[r.IntN(6)]
			case p.Choices != nil && r.IntN(4) > 0:
				v = p.Choices[r.IntN(len(p.Choices))]
			case r.IntN(2) == 0:
				v = some()
			default:
				v = hostile[r.IntN(len(hostile))]
			}
			if p.Multi && r.IntN(2) == 0 {
				v = []any{v, some()}
			}
			a.params[p.Name] = v
		}
	}
	return a
}

var owned = regexp.MustCompile(`\btm([0-9]+)`)

// leak says what in a frame belongs to a team that may not be seen.
func leak(f *data.Frame, a *asked, sees map[int]bool) string {
	for _, field := range f.Fields {
		for name, value := range field.Labels {
			if why := foreign(value, a, sees); why != "" {
				return "label " + name + ": " + why
			}
		}
		for i := range field.Len() {
			switch v := field.At(i).(type) {
			case string:
				if why := foreign(v, a, sees); why != "" {
					return field.Name + ": " + why
				}
			case json.RawMessage:
				if why := foreign(string(v), a, sees); why != "" {
					return field.Name + ": " + why
				}
			}
		}
	}
	// Sums without names: team n adds 2^n, so that each one's part is a bit of its own.
	bits := map[string][]string{"findings_trend": {"opened"}, "pipeline_records": {"received", "stored"}}
	for _, name := range bits[a.query.Name] {
		field, at := f.FieldByName(name)
		if at < 0 || a.filters {
			continue
		}
		sum := int64(0)
		for i := range field.Len() {
			n, _ := field.At(i).(int64)
			sum += n
		}
		want := int64(0)
		for n := range wallTeams {
			if sees[n] && (a.teams == nil || a.teams[n]) {
				want += 1 << n
			}
		}
		if sum != want {
			return fmt.Sprintf("%s: a sum of %d where %d can be seen", name, sum, want)
		}
	}
	return ""
}

func foreign(text string, a *asked, sees map[int]bool) string {
	for _, m := range owned.FindAllStringSubmatch(text, -1) {
		n, _ := strconv.Atoi(m[1])
		if !sees[n] {
			return text
		}
		if a.teams != nil && !a.teams[n] && slices.ContainsFunc(a.query.Params, func(p queries.Param) bool { return p.Kind == queries.KindTeam }) {
			return text + " (which was not asked for)"
		}
	}
	return ""
}
