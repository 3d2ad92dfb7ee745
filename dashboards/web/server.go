package web

import (
	"context"
	"io/fs"
	"net/http"
	"sync"
	"time"

	"github.com/grantwatch/grantwatch/dashboards/web/signin"
	"github.com/grantwatch/grantwatch/detect"
	"github.com/grantwatch/grantwatch/detect/ledger"
	"github.com/grantwatch/grantwatch/store"
)

// Config says what the page shows and to whom.
type Config struct {
	Version string
	// View gives the newest evaluation; nil, or a nil result, means that there has not been one yet. A view must not be
	// changed once it was handed out: what the page derives from it is kept until another pointer comes.
	View func() *ledger.View
	// Evidence answers for what is not in the view; nil when nothing keeps it.
	Evidence Evidence
	// Reports holds the weekly reports; nil when there are none.
	Reports fs.FS
	// Hosts are the names, besides loopback's, under which the page may be asked for. A request for any other name is
	// refused, so that no foreign site can read the page through a name that it points here (DNS rebinding).
	Hosts []string
	// Now dates the page, so that an evaluation that is old is said to be. Nil means the evaluation's own time.
	Now func() time.Time
	// Title names the installation in the page's head; may be empty.
	Title string
	// SignIn says who may read; nil lets everybody who reaches the page see all, which is for loopback only.
	SignIn *SignIn
	// Way is how requests come in.
	Way signin.Way
}

// Evidence is what is looked up when a page asks for it. Every question carries the scope of whoever asks, and the
// answer must hold nothing from beyond it.
type Evidence interface {
	// Roster is who is who in the newest evaluation; nil before the first.
	Roster() *detect.Roster
	// History gives a finding's steps, oldest first.
	History(ctx context.Context, s ledger.Scope, fingerprint string) ([]ledger.Change, error)
	// Life is what one identity may do and did.
	Life(ctx context.Context, s ledger.Scope, who *detect.Listed) (*Life, error)
	// Raw gives records as they came, by the ids of their events, as far as they are kept.
	Raw(ctx context.Context, s ledger.Scope, ids []string) ([]store.RawEvent, error)
}

// staleAfter is how old an evaluation may be before every page says so.
const staleAfter = 26 * time.Hour

// server holds everything. Handlers never see it: each is given a visit, which holds what one reader may see.
type server struct {
	c Config

	mu     sync.Mutex
	source *ledger.View
	sights map[string]*sight
}

// New makes the handler that serves the page.
func New(c Config) http.Handler {
	s := &server{c: c}
	mux := http.NewServeMux()
	for pattern, h := range map[string]func(*visit){
		"GET /{$}": overview, "GET /findings": findings, "GET /findings.csv": findingsCSV, "GET /findings.json": findingsJSON, "GET /findings/{fingerprint}": finding,
		"GET /teams": teams, "GET /teams/{name}": team, "GET /feeds": feeds, "GET /identities": identities, "GET /identities/{uid}": identity,
		"GET /rules": rules, "GET /reports/{$}": reports, "GET /reports/{path...}": reportFile, "POST /signout": signOut, "/": notFound,
	} {
		mux.HandleFunc(pattern, s.behind(h))
	}
	for pattern, h := range map[string]func(*visit){"GET /signin": signInPage, "POST /signin": signInToken, "GET /signin/oidc": signInBegin, "GET /signin/callback": signInFinish, "GET /signout": signedOut} {
		mux.HandleFunc(pattern, s.before(h))
	}
	mux.HandleFunc("POST /theme", s.theme)
	mux.HandleFunc("GET /assets/{name}", s.asset)
	mux.HandleFunc("GET /healthz", health)
	return s.guard(mux)
}

// health answers whether the process serves; it tells nothing of what it knows, and so to whom does not matter.
func health(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = w.Write([]byte("ok\n")) // nobody is left to tell when this fails
}
