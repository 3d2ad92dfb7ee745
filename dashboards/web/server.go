package web

import (
	"io/fs"
	"net/http"
	"sync"
	"time"

	"github.com/grantwatch/grantwatch/detect/ledger"
)

// Config says what the page shows and to whom.
type Config struct {
	Version string
	// View gives the newest evaluation; nil, or a nil result, means that there has not been one yet. A view must not be
	// changed once it was handed out: what the page derives from it is kept until another pointer comes.
	View func() *ledger.View
	// History gives a finding's steps, oldest first; nil when nothing keeps them.
	History func(fingerprint string) []ledger.Change
	// Reports holds the weekly reports; nil when there are none.
	Reports fs.FS
	// Hosts are the names, besides loopback's, under which the page may be asked for. A request for any other name is
	// refused, so that no foreign site can read the page through a name that it points here (DNS rebinding).
	Hosts []string
	// Now dates the page, so that an evaluation that is old is said to be. Nil means the evaluation's own time.
	Now func() time.Time
	// Title names the installation in the page's head; may be empty.
	Title string
}

// staleAfter is how old an evaluation may be before every page says so.
const staleAfter = 26 * time.Hour

type server struct {
	Config
	mu   sync.Mutex
	last *index
}

// New makes the handler that serves the page.
func New(c Config) http.Handler {
	s := &server{Config: c}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.overview)
	mux.HandleFunc("GET /findings", s.findings)
	mux.HandleFunc("GET /findings.csv", s.findingsCSV)
	mux.HandleFunc("GET /findings.json", s.findingsJSON)
	mux.HandleFunc("GET /findings/{fingerprint}", s.finding)
	mux.HandleFunc("GET /teams", s.teams)
	mux.HandleFunc("GET /teams/{name}", s.team)
	mux.HandleFunc("GET /feeds", s.feeds)
	mux.HandleFunc("GET /identities/{uid}", s.identity)
	mux.HandleFunc("GET /rules", s.rules)
	mux.HandleFunc("GET /reports/{$}", s.reports)
	mux.HandleFunc("GET /reports/{path...}", s.reportFile)
	mux.HandleFunc("GET /assets/{name}", s.asset)
	mux.HandleFunc("GET /healthz", health)
	mux.HandleFunc("/", s.notFound)
	return guard(c.Hosts, mux)
}

// index gives what is derived from the newest view, deriving it once per view.
func (s *server) index() *index {
	var v *ledger.View
	if s.View != nil {
		v = s.View()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.last == nil || s.last.source != v {
		s.last = newIndex(v)
	}
	return s.last
}

func (s *server) now(ix *index) time.Time {
	if s.Now != nil {
		return s.Now().UTC()
	}
	return ix.AsOf.UTC()
}

// health answers whether the process serves; it tells nothing of what it knows, and so to whom does not matter.
func health(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = w.Write([]byte("ok\n")) // nobody is left to tell when this fails
}
