package web

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/dashboards/report/viewtest"
	"github.com/grantwatch/grantwatch/dashboards/web/signin"
	"github.com/grantwatch/grantwatch/detect"
	"github.com/grantwatch/grantwatch/detect/ledger"
)

// markedView is a view in which every text of a team's row says whose it is: ⟦payments⟧.
func markedView(n int) *ledger.View {
	v := viewtest.Organisation(n)
	for i := range v.Findings {
		f := &v.Findings[i]
		m := mark(f.Team)
		f.Why, f.Title, f.Proposal, f.Note = f.Why+m, f.Title+m, f.Proposal+m, m
		f.Evidence = append([]string{"act, event feed" + m + " e" + fmt.Sprint(i) + m}, f.Evidence...)
		f.BlindSpots, f.UsedActions, f.Feeds = []string{m}, []string{m}, []string{"feed" + m}
		if f.Identity != nil {
			id := *f.Identity
			// Some names are known to several teams: only the texts beside them tell whose row it is.
			id.Owner, id.Person = "owner"+m, ""
			if i%3 > 0 {
				id.Name, id.UID = id.Name+m, id.UID+m
			}
			f.Identity = &id
		}
		if f.Grant != nil {
			g := *f.Grant
			g.Resource, g.Path, g.GrantedBy = g.Resource+m, g.Path+m, g.GrantedBy+m
			f.Grant = &g
		}
		if f.Exception != nil {
			f.Exception = &access.FindingException{Reason: m, Approver: m, Expires: f.Exception.Expires}
		}
		f.Handling = &access.Handling{State: "acknowledged", By: m, At: viewtest.Now, Why: m}
	}
	for i := range v.Feeds {
		v.Feeds[i].Name += mark(v.Feeds[i].Team)
		for j := range v.Feeds[i].Gaps {
			v.Feeds[i].Gaps[j].Why += mark(v.Feeds[i].Team)
		}
	}
	for i := range v.Changes {
		v.Changes[i].Why, v.Changes[i].Who = v.Changes[i].Why+mark(v.Changes[i].Team), mark(v.Changes[i].Team)
	}
	for i := range v.Rules {
		v.Rules[i].Status += mark(v.Rules[i].Team)
	}
	for i := range v.Teams {
		v.Teams[i].Owners = []string{mark(v.Teams[i].Name)}
	}
	for _, t := range v.Teams { // what else a view carries of teams
		m := mark(t.Name)
		for i := range v.Feeds {
			if v.Feeds[i].Team == t.Name {
				v.FeedDays = append(v.FeedDays, detect.FeedDay{Team: t.Name, Feed: v.Feeds[i].Name, Day: viewtest.Now.Truncate(24*time.Hour).AddDate(0, 0, -3), Covered: 0.5, Gaps: []access.Gap{{Why: m}}})
			}
		}
		for i := range v.Findings {
			if id := v.Findings[i].Identity; id != nil && v.Findings[i].Team == t.Name {
				v.Credentials = append(v.Credentials, detect.CredentialAnswer{Team: t.Name, IdentityUID: id.UID, Credential: "key" + m, Issuer: detect.Answer{State: detect.Known, Value: m, Evidence: m}})
			}
		}
		v.Governance = append(v.Governance, ledger.Recommendation{Team: t.Name, Layer: "policy", Model: "local", Why: m, Counterfactual: m, Rule: m})
	}
	v.Notes = []string{mark("everything")}
	for i := range v.Registers {
		v.Registers[i].What += mark("everything")
	}
	return v
}

// marked finds marks, also those that were cut short for the page.
var marked = regexp.MustCompile(`⟦([a-z-]*)`)

// sees reports whether a mark, or what is left of one, is of a team that a reader sees.
func sees(who signin.Reader, team string) bool {
	return who.Scope.All || slices.ContainsFunc(who.Scope.Teams, func(t string) bool { return strings.HasPrefix(t, team) })
}

// TestTeamsAreWalls asks as ten thousand random readers for random pages with random parameters. No answer may hold a row
// of a team that the reader does not see: no text of it, and no fingerprint.
func TestTeamsAreWalls(t *testing.T) {
	t.Parallel()
	readers := 10_000
	if raceDetector {
		readers = 1000
	}
	v := markedView(24)
	ev := evidenceOf(v, mark)
	now := time.Now()
	in := &SignIn{Sessions: &signin.Sessions{Idle: time.Hour, Absolute: time.Hour, Now: func() time.Time { return now }}, Secure: true}
	h := New(Config{View: func() *ledger.View { return v }, Evidence: ev, Reports: reportFiles(), SignIn: in, Way: signin.Way{TLS: true}, Hosts: []string{"page.example"}})
	teamOf := map[string]string{}
	var names []string
	for i := range v.Findings {
		teamOf[v.Findings[i].Fingerprint] = v.Findings[i].Team
		if id := v.Findings[i].Identity; id != nil {
			names = append(names, id.UID, id.Name, "nhi-"+id.UID)
		}
	}
	dice := rand.New(rand.NewPCG(5, 19))
	w := &walker{dice: dice, view: v, names: names}
	fingerprint := regexp.MustCompile(`[0-9a-f]{32}`)
	answered := map[int]int{}
	seenOwn, rows := 0, 0
	for range readers {
		who := w.reader()
		key := in.Sessions.Begin(who, time.Time{})
		target := w.target()
		r := httptest.NewRequest(http.MethodGet, target, nil)
		r.Host = "page.example"
		r.Header.Set("Cookie", "__Host-grantwatch-session="+key)
		if dice.IntN(20) == 0 {
			r.Header.Set("X-Forwarded-For", "127.0.0.1")
			r.Header.Set("X-Forwarded-User", "admin")
		}
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, r)
		answered[rec.Code]++
		body := rec.Body.String()
		if asked, err := url.QueryUnescape(target); err == nil { // what the reader wrote itself is no row
			body = strings.ReplaceAll(body, asked, "")
		}
		for _, m := range marked.FindAllStringSubmatch(withoutEcho(body), -1) {
			if rows++; !sees(who, m[1]) {
				t.Fatalf("a reader of %v asked for %s and was shown a row of %q", who.Scope, target, m[1])
			}
			seenOwn++
		}
		for _, fp := range fingerprint.FindAllString(body, -1) {
			if team, known := teamOf[fp]; known && !who.Scope.Sees(team) && !strings.Contains(target, fp) {
				t.Fatalf("a reader of %v asked for %s and was shown a finding of %q", who.Scope, target, team)
			}
		}
		if rec.Code == http.StatusOK && strings.HasPrefix(target, "/reports/2") && !who.Reports() {
			t.Fatalf("a reader of %v opened %s", who.Scope, target)
		}
		in.Sessions.End(key)
	}
	t.Logf("%d readers, %d rows shown, answers %v", readers, rows, answered)
	if answered[http.StatusOK] < readers/4 || seenOwn < readers/4 {
		t.Errorf("answers %v with %d rows of their own: too few were shown for this to prove anything", answered, seenOwn)
	}
}

// withoutEcho takes out where a page repeats what its reader asked for: the search box, the filter's form and addresses.
func withoutEcho(body string) string { return echoes.ReplaceAllString(body, "") }

var echoes = regexp.MustCompile(`(?s)value="[^"]*"|href="/(findings|identities|teams|feeds)\?[^"]*"|href="/findings\.(csv|json)[^"]*"|Only of rule.*?</p>|Nobody goes by.*?</p>|bearing on <code>.*?</code>|<option.*?</option>`)

type walker struct {
	dice  *rand.Rand
	view  *ledger.View
	names []string
}

func (w *walker) reader() signin.Reader {
	var teams []string
	for _, t := range w.view.Teams {
		if w.dice.IntN(3) == 0 {
			teams = append(teams, t.Name)
		}
	}
	switch w.dice.IntN(20) {
	case 0:
		return signin.Reader{Name: "admin", Scope: ledger.Everything}
	case 1:
		return signin.Reader{Name: "board", Board: true, Scope: ledger.TeamScope(teams...)}
	case 2:
		teams = []string{"", "(no team)", "pay", "PAYMENTS", "payments\x00identity"}
	}
	return signin.Reader{Name: "reader", Scope: ledger.TeamScope(teams...)}
}

func (w *walker) team() string {
	return slices.Concat([]string{"", "(no team)", "payments\x00", "%", "nobody"}, []string{w.view.Teams[w.dice.IntN(len(w.view.Teams))].Name})[min(5, w.dice.IntN(9))]
}

func (w *walker) target() string {
	name := w.names[w.dice.IntN(len(w.names))]
	fp := w.view.Findings[w.dice.IntN(len(w.view.Findings))].Fingerprint
	q := url.Values{}
	for _, p := range [][]string{{"team", w.team()}, {"q", name}, {"q", "⟦" + w.team() + "⟧"}, {"q", ""}, {"show", "open"}, {"show", "excepted"}, {"kind", "UNUSED_GRANT"}, {"severity", "high"}, {"state", "open"}, {"sort", "-who"}, {"page", "2"}, {"rule", "unused-grant"}, {"control", "PR.AA-05"}, {"scope", "all"}, {"teams", "*"}, {"admin", "true"}} {
		if w.dice.IntN(6) == 0 {
			q.Add(p[0], p[1])
		}
	}
	paths := []string{"/", "/findings", "/findings", "/findings.csv", "/findings.json", "/findings/" + fp, "/findings/" + fp, "/teams", "/teams/" + url.PathEscape(w.team()), "/feeds", "/identities", "/identities", "/identities/" + url.PathEscape(name), "/identities/" + url.PathEscape(name), "/rules", "/reports/", "/reports/2026-W47.html", "/findings/" + fp + "/", "/teams//", "/signin"}
	out := paths[w.dice.IntN(len(paths))]
	if len(q) > 0 {
		out += "?" + q.Encode()
	}
	return out
}

// TestForgedCookiesOpenNothing tries random, expired and bent cookies.
func TestForgedCookiesOpenNothing(t *testing.T) {
	v := markedView(20)
	now := time.Now()
	in := &SignIn{Sessions: &signin.Sessions{Idle: time.Hour, Absolute: time.Hour, Now: func() time.Time { return now }}, Secure: true}
	h := New(Config{View: func() *ledger.View { return v }, SignIn: in, Way: signin.Way{TLS: true}, Hosts: []string{"page.example"}})
	try := func(cookie string) bool {
		r := httptest.NewRequest(http.MethodGet, "/findings.json", nil)
		r.Host = "page.example"
		r.Header.Set("Cookie", cookie)
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, r)
		return rec.Code == http.StatusOK || strings.Contains(rec.Body.String(), "fingerprint")
	}
	key := in.Sessions.Begin(signin.Reader{Scope: ledger.Everything}, time.Time{})
	if !try("__Host-grantwatch-session=" + key) {
		t.Fatal("the true cookie opens nothing")
	}
	dice := rand.New(rand.NewPCG(1, 2))
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=\" ;,%"
	for range 10_000 {
		b := []byte(key)
		switch dice.IntN(4) {
		case 0:
			b[dice.IntN(len(b))] ^= byte(1 + dice.IntN(63))
		case 1:
			b = b[:dice.IntN(len(b))]
		case 2:
			b = append(b, letters[dice.IntN(62)])
		default:
			for i := range b {
				b[i] = letters[dice.IntN(len(letters))]
			}
		}
		if string(b) != key && try("__Host-grantwatch-session="+string(b)) && strings.Trim(string(b), "\" ;") != key {
			t.Fatalf("%q opens a session", b)
		}
	}
	for _, other := range []string{"grantwatch-session=" + key, "session=" + key, "__Host-grantwatch-begun=" + key, "__host-grantwatch-session=" + key} {
		if try(other) {
			t.Errorf("%.30s… opens a session", other)
		}
	}
	now = now.Add(time.Hour)
	if try("__Host-grantwatch-session=" + key) {
		t.Error("an expired cookie opens a session")
	}
}
